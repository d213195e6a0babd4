//! A version of the policy as its pages show it: a line for each thing it says, with a column a level.

use crate::authorization_policies::model::{
    AskedField, AuthorizationPolicy, Level, LevelTerms, PolicyState, PolicyTerms, Sentence,
};
use crate::http::pages::FormView;
use crate::text::{Moment, Zone, block, counted, label, line};

/// One thing that a policy says, of each level or of all together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLine {
    /// What it is about.
    pub name: String,
    /// What it says: one value, or one a level.
    pub values: Vec<String>,
}

/// A version as a list and its own page show it.
pub struct ShownVersion {
    pub id: String,
    pub number: i64,
    pub state: PolicyState,
    pub state_name: String,
    pub author: String,
    pub proposed: Moment,
    pub reason: String,
    pub sha256: String,
    /// By whom it was decided, when and why, where it was.
    pub decided: Option<(String, Moment, String)>,
}

impl ShownVersion {
    /// In a zone.
    pub fn of(policy: &AuthorizationPolicy, zone: Zone) -> Self {
        Self {
            id: policy.id.clone(),
            number: policy.number,
            state: policy.state,
            state_name: label(policy.state.as_str()),
            author: line(&policy.author.name),
            proposed: zone.at(policy.proposed_at.0),
            reason: block(&policy.reason),
            sha256: policy.sha256.clone(),
            decided: policy.decision.as_ref().map(|decision| {
                let reason = decision.reason.as_deref().map(block).unwrap_or_default();
                (line(&decision.by.name), zone.at(decision.at.0), reason)
            }),
        }
    }

    /// The look of the chip that names the state.
    pub fn tone(&self) -> &'static str {
        match self.state {
            PolicyState::Proposed => " chip--warn",
            PolicyState::Adopted => " chip--ok",
            PolicyState::Declined => " chip--bad",
            PolicyState::Withdrawn => "",
        }
    }
}

/// All that a policy says.
pub fn lines(terms: &PolicyTerms) -> Vec<PolicyLine> {
    let of_level = |name: &str, says: &dyn Fn(&LevelTerms) -> String| PolicyLine {
        name: name.to_owned(),
        values: Level::ALL.iter().map(|level| says(terms.of(*level))).collect(),
    };
    let days = |n: u64| counted(n, "day", "days");
    let whole = |name: &str, value: String| PolicyLine {
        name: name.to_owned(),
        values: vec![value],
    };
    vec![
        of_level("Approvals", &|one| match (one.approvals, one.above_unit) {
            (1, _) => "one supervisor".to_owned(),
            (n, true) => format!("{n} supervisors, one of them above the unit"),
            (n, false) => format!("{n} supervisors"),
        }),
        of_level("Longest window", &|one| days(one.longest_days)),
        of_level("Looked at again", &|one| {
            one.review_days
                .map_or("not asked for".to_owned(), |n| format!("within {}", days(n)))
        }),
        of_level("Devices", &|one| {
            listed(one.devices.iter().map(|device| device.as_str()))
        }),
        of_level("Training", &|one| one.training.as_str().to_owned()),
        of_level("Standing order", &standing_order),
        of_level("Plan or legal process", &|one| {
            if one.plan {
                "named in the request"
            } else {
                "not asked for"
            }
            .to_owned()
        }),
        of_level("The request answers", &|one| {
            let asks = listed(one.asks.iter().map(|field| field.label()));
            if asks.is_empty() {
                "purpose and predicate".to_owned()
            } else {
                format!("purpose, predicate, {}", asks.to_lowercase())
            }
        }),
        of_level("The requester confirms", &|one| told(&one.requester_confirms)),
        of_level("Each approver confirms", &|one| told(&one.approver_confirms)),
        whole("Forbidden purposes", told(&terms.forbidden_purposes)),
        whole(
            "Closing report",
            format!("within {} of the end", days(terms.closing_days)),
        ),
        whole("Rules of conduct", told(&terms.conduct)),
    ]
}

fn standing_order(one: &LevelTerms) -> String {
    let units = one.standing_order_units.iter().map(|unit| line(unit));
    let units: Vec<String> = units.collect();
    match (&one.standing_order, units.is_empty()) {
        (None, _) => "none: each case is asked for".to_owned(),
        (Some(order), true) => line(order),
        (Some(order), false) => format!(
            "{}, for cases of {} and of the units below",
            line(order),
            units.join(", ")
        ),
    }
}

/// What a version changes: each line with the value in force and the proposed one.
pub fn changes(before: &PolicyTerms, after: &PolicyTerms) -> Vec<PolicyLine> {
    let mut all = Vec::new();
    for (old, new) in lines(before).into_iter().zip(lines(after)) {
        for (i, (was, is)) in old
            .values
            .iter()
            .zip(&new.values)
            .enumerate()
            .filter(|(_, (was, is))| was != is)
        {
            let level = Level::ALL.get(i).filter(|_| new.values.len() > 1);
            let name = level.map_or_else(|| new.name.clone(), |level| format!("{}, {level}", new.name));
            all.push(PolicyLine {
                name,
                values: vec![was.clone(), is.clone()],
            });
        }
    }
    all
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn told(sentences: &[Sentence]) -> String {
    let all: Vec<String> = sentences.iter().map(|one| line(&one.says)).collect();
    if all.is_empty() {
        "nothing".to_owned()
    } else {
        all.join(" ")
    }
}

/// A policy as the form that proposes another shows it at first.
pub fn typed(terms: &PolicyTerms) -> FormView {
    FormView::kept(typed_pairs(terms))
}

fn typed_pairs(terms: &PolicyTerms) -> Vec<(String, String)> {
    let mut values = vec![
        (
            "terms.forbidden_purposes".to_owned(),
            as_lines(&terms.forbidden_purposes),
        ),
        ("terms.closing_days".to_owned(), terms.closing_days.to_string()),
        ("terms.conduct".to_owned(), as_lines(&terms.conduct)),
    ];
    for level in Level::ALL {
        let one = terms.of(*level);
        let mut put = |field: &str, value: String| values.push((format!("terms.{level}.{field}"), value));
        put("approvals", one.approvals.to_string());
        put("longest_days", one.longest_days.to_string());
        put(
            "review_days",
            one.review_days.map(|n| n.to_string()).unwrap_or_default(),
        );
        put("training", one.training.as_str().to_owned());
        put("standing_order", one.standing_order.clone().unwrap_or_default());
        put("standing_order_units", one.standing_order_units.join("\n"));
        put("requester_confirms", as_lines(&one.requester_confirms));
        put("approver_confirms", as_lines(&one.approver_confirms));
        if one.above_unit {
            put("above_unit", "true".to_owned());
        }
        if one.plan {
            put("plan", "true".to_owned());
        }
        one.devices
            .iter()
            .for_each(|device| put("devices[]", device.as_str().to_owned()));
        one.asks
            .iter()
            .for_each(|field: &AskedField| put("asks[]", field.as_str().to_owned()));
    }
    values
}

fn as_lines(sentences: &[Sentence]) -> String {
    let all: Vec<String> = sentences
        .iter()
        .map(|one| format!("{}: {}", one.word, one.says))
        .collect();
    all.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization_policies::model::NewPolicy;
    use crate::forms::Form;

    fn shipped() -> PolicyTerms {
        PolicyTerms::shipped().expect("the shipped policy")
    }

    #[test]
    fn the_form_gives_back_what_it_showed() {
        let mut pairs = typed_pairs(&shipped());
        pairs.push(("reason".to_owned(), "because".to_owned()));
        let form = Form::from_pairs(pairs.into_iter(), None).expect("a form");
        assert_eq!(NewPolicy::parse(form).expect("read").terms, shipped());
    }

    #[test]
    fn a_change_is_told_with_its_level() {
        let mut after = shipped();
        after.discreet.longest_days = 60;
        after.closing_days = 7;
        let told: Vec<String> = changes(&shipped(), &after)
            .iter()
            .map(|one| format!("{}: {:?}", one.name, one.values))
            .collect();
        assert_eq!(
            told,
            [
                "Longest window, discreet: [\"90 days\", \"60 days\"]",
                "Closing report: [\"within 14 days of the end\", \"within 7 days of the end\"]",
            ]
        );
    }
}
