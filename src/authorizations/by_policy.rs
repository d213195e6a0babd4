//! The checks of a request against the agency's authorization policy. None of them refuses it: whoever approves against
//! one says why, and that stands in the record.

use super::check::{CheckVerdict, Decider, RequestCheck, check};
use super::model::Authorization;
use crate::authorization_policies::{AskedField, LevelTerms};
use crate::clock::{DAY, Micros};
use crate::text::{counted, label};

fn weighed(name: &str, fits: Result<String, String>) -> RequestCheck {
    match fits {
        Ok(why) => check(name, CheckVerdict::Passed, why),
        Err(why) => check(name, CheckVerdict::NeedsReason, why),
    }
}

fn days(span: Micros) -> u64 {
    u64::try_from((span + DAY - 1) / DAY).unwrap_or(0)
}

/// The window is not longer than the policy's longest.
pub fn length(asked: &Authorization, policy: &LevelTerms, now: Micros) -> RequestCheck {
    let long = days(asked.terms.ends_at.0 - asked.terms.starts_at.0.max(now));
    let (long, most) = (counted(long, "day", "days"), (long, policy.longest_days));
    let longest = counted(most.1, "day", "days");
    weighed(
        "length",
        match most.0 <= most.1 {
            true => Ok(format!(
                "The policy allows {longest} at the level {}.",
                asked.terms.level
            )),
            false => Err(format!(
                "It asks for {long}; the policy allows {longest} at the level {}.",
                asked.terms.level
            )),
        },
    )
}

/// Its devices are those of the policy.
pub fn devices(asked: &Authorization, policy: &LevelTerms) -> RequestCheck {
    let beyond: Vec<&str> = asked
        .terms
        .devices
        .iter()
        .filter(|device| !policy.devices.contains(device))
        .map(|device| device.as_str())
        .collect();
    weighed(
        "devices",
        match beyond.is_empty() {
            true => Ok("The policy allows these devices.".to_owned()),
            false => Err(format!(
                "The policy does not allow this at the level {}: {}.",
                asked.terms.level,
                beyond.join(", ")
            )),
        },
    )
}

/// Somebody looks again in time whether it is still needed.
pub fn review(asked: &Authorization, policy: &LevelTerms, now: Micros) -> Option<RequestCheck> {
    let most = policy.review_days?;
    let starts = asked.terms.starts_at.0.max(now);
    let by = asked.terms.review_at.map_or(asked.terms.ends_at.0, |at| at.0);
    let within = counted(most, "day", "days");
    Some(weighed(
        "review",
        match days(by - starts) <= most {
            true => Ok(format!("Looked at again within {within}.")),
            false => Err(format!(
                "The policy has it looked at again within {within}; its review comes later."
            )),
        },
    ))
}

/// The texts are there for which the policy asks.
pub fn answers(asked: &Authorization, policy: &LevelTerms) -> Option<RequestCheck> {
    let missing: Vec<String> = policy
        .asks
        .iter()
        .filter(|field| asked.terms.answer(**field).is_none())
        .map(|field: &AskedField| field.label().to_lowercase())
        .collect();
    (!policy.asks.is_empty()).then(|| {
        weighed(
            "answers",
            match missing.is_empty() {
                true => Ok("All that the policy asks is answered.".to_owned()),
                false => Err(format!(
                    "The policy asks for this, and nothing is said: {}.",
                    missing.join(", ")
                )),
            },
        )
    })
}

/// A plan or a legal process is named where the policy asks for one.
pub fn plan(asked: &Authorization, policy: &LevelTerms) -> Option<RequestCheck> {
    policy.plan.then(|| {
        weighed(
            "plan",
            match &asked.terms.plan {
                Some(plan) => Ok(format!("It rests on {plan}.")),
                None => Err("The policy asks for a plan or a legal process, and none is named.".to_owned()),
            },
        )
    })
}

/// Whether another authorization of the case runs beside it. `others` are the numbers of those.
pub fn overlap(asked: &Authorization, others: &[i64]) -> RequestCheck {
    if others.is_empty() {
        let told = match asked.terms.renews {
            Some(_) => "Beside the one that it renews, no other one of its level runs for these holders and platforms.",
            None => "No other one of its level runs beside it for these holders and platforms.",
        };
        return check("overlap", CheckVerdict::Passed, told);
    }
    let numbers: Vec<String> = others.iter().map(|number| format!("A-{number}")).collect();
    let told = format!(
        "{} covers holders and platforms of it at the level {} for a part of the same time. Is this one needed as well?",
        numbers.join(", "),
        label(asked.terms.level.as_str()).to_lowercase()
    );
    check("overlap", CheckVerdict::NeedsYou, told)
}

/// How many approvals it needs, where that is more than one, and whether this one would be the last.
pub fn second_approval(asked: &Authorization, policy: &LevelTerms, decider: Decider<'_>) -> Option<RequestCheck> {
    if policy.approvals < 2 {
        return None;
    }
    let Some(first) = asked.approvals.first() else {
        let above = if policy.above_unit {
            ", one of them above the unit"
        } else {
            ""
        };
        let told = format!("Two supervisors approve it{above}. With the first approval it covers nothing yet.");
        return Some(check("approvals", CheckVerdict::Passed, told));
    };
    if policy.above_unit && first.above_unit != Some(true) && !decider.above_unit {
        let told = format!(
            "{} approved it, who is not above the unit: the second approval is given by somebody who is.",
            first.by.name
        );
        return Some(check("approvals", CheckVerdict::Failed, told));
    }
    let told = format!("{} gave the first approval; this one is the last.", first.by.name);
    Some(check("approvals", CheckVerdict::Passed, told))
}
