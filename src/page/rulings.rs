//! What an authorization's record says of the policy under which it was asked for and decided, of the checks, of each
//! approval and of its end: in facts that pages and papers show alike.

use serde_json::Value;

use super::records::list;
use super::words;
use crate::text::{Fact, Zone, counted, label, phrase};

/// Fields of an authorization's record that this module tells.
pub const TOLD: &[&str] = &[
    "policy",
    "attested",
    "forbidden_purposes",
    "approvals",
    "decision",
    "revoked",
    "closing",
    "renews",
    "emergency",
    "oral",
    "reviews",
    "additions",
];

/// The policy's version and digest.
pub fn policy(reference: &Value) -> Option<String> {
    let number = reference["number"].as_i64()?;
    let sha256: Vec<char> = reference["sha256"].as_str().unwrap_or_default().chars().collect();
    let groups: Vec<String> = sha256.chunks(4).map(|group| group.iter().collect()).collect();
    let version = match number {
        0 => "The one that ships with Casetrail".to_owned(),
        number => format!("Version {number}"),
    };
    Some(format!("{version}, SHA-256 {}", groups.join(" ")))
}

/// The sentence that a requester confirmed under a word: as it was kept, else as earlier releases said it.
pub fn attested(record: &Value, word: &str) -> String {
    let kept = record["attested"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|one| one["word"] == word);
    let says = kept
        .and_then(|one| one["says"].as_str())
        .or_else(|| words::attestation(word));
    says.map_or_else(|| label(word), str::to_owned)
}

/// Sentences, one after the other.
pub fn sentences(all: &Value) -> Option<String> {
    let all: Vec<&str> = all.as_array()?.iter().filter_map(|one| one["says"].as_str()).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// The checks as they stood: each that did not pass with why, and how many passed.
pub fn checks(all: &Value) -> Option<String> {
    let all = all.as_array().filter(|all| !all.is_empty())?;
    let passed = all.iter().filter(|one| one["verdict"] == "passed").count();
    let against = all.iter().filter(|one| one["verdict"] != "passed").map(|one| {
        let name = words::check(one["check"].as_str().unwrap_or_default());
        let stood = match one["verdict"].as_str() {
            Some("needs_reason") => "against the policy",
            Some("failed") => "failed",
            _ => "to be thought about",
        };
        format!("{name}, {stood}: {}", one["why"].as_str().unwrap_or_default())
    });
    let passed = format!("{} passed.", counted(passed as u64, "check", "checks"));
    Some(against.chain([passed]).collect::<Vec<_>>().join(" "))
}

/// What an authorization that came into force was approved against: each check of the policy that asked for a reason, once,
/// and the reasons given. Nothing where it was against none.
pub fn against(record: &Value) -> Vec<String> {
    let rulings = list(record, "approvals").iter().chain([&record["decision"]]);
    let mut told: Vec<String> = Vec::new();
    let gives = |ruling: &&Value| !matches!(ruling["outcome"].as_str(), Some("deny" | "return" | "repudiate"));
    for ruling in rulings.filter(|_| !record["effective_from"].is_null()).filter(gives) {
        let mut checks = list(ruling, "checks")
            .iter()
            .filter(|one| one["verdict"] == "needs_reason")
            .peekable();
        let reason = ruling["reason"].as_str().filter(|_| checks.peek().is_some());
        let whys = checks.map(|one| {
            let name = words::check(one["check"].as_str().unwrap_or_default());
            format!("{name}: {}", one["why"].as_str().unwrap_or_default())
        });
        let all: Vec<String> = whys.chain(reason.map(|reason| format!("Reason: {reason}"))).collect();
        told.extend(all.into_iter().filter(|one| !told.contains(one)).collect::<Vec<_>>());
    }
    told
}

/// A supervisor's word: by whom, when, why, under which conditions, policy and checks.
pub fn ruling(said: &Value, zone: Zone) -> Vec<Fact> {
    let told = |name: &str, field: &Value| Some(Fact::new(name, phrase(field, zone)?));
    let text = |name: &str, text: Option<String>| Some(Fact::new(name, text?));
    if !said.is_object() {
        return Vec::new();
    }
    let above = said["above_unit"].as_bool().filter(|above| *above);
    let oral = said["confirms_oral"].as_bool().filter(|oral| *oral);
    [
        text("Outcome", said["outcome"].as_str().map(label)),
        told("By", &said["by"]),
        told("By delegation of", &said["by_delegation_of"]),
        text("Of a unit above the case’s", above.map(|_| "yes".to_owned())),
        told("At", &said["at"]),
        text(
            "Confirms what was said by word of mouth",
            oral.map(|_| "yes".to_owned()),
        ),
        told("Reason", &said["reason"]),
        told("Conditions", &said["conditions"]),
        text("Policy", policy(&said["policy"])),
        text("Checks", checks(&said["checks"])),
        text("Confirmed", sentences(&said["confirmed"])),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How an emergency began: whom it paged.
pub fn emergency(said: &Value) -> Vec<Fact> {
    let Some(paged) = said["paged"].as_array() else {
        return Vec::new();
    };
    let names: Vec<String> = paged
        .iter()
        .filter_map(|person| person["name"].as_str())
        .map(crate::text::line)
        .collect();
    let paged = match names.is_empty() {
        true => "nobody was on call".to_owned(),
        false => names.join(", "),
    };
    vec![
        Fact::new(
            "Started",
            "for danger to life, without a supervisor, by the one who asked",
        ),
        Fact::new("Paged", paged),
    ]
}

/// An oral approval, as the requester recorded it.
pub fn oral(said: &Value, zone: Zone) -> Vec<Fact> {
    if !said.is_object() {
        return Vec::new();
    }
    let told = |name: &str, field: &Value| Some(Fact::new(name, phrase(field, zone)?));
    [
        told("By", &said["by"]),
        told("Given, as the requester says", &said["given_at"]),
        said["how"].as_str().map(|how| Fact::new("How", label(how))),
        told("What was said", &said["said"]),
        told("Recorded by", &said["recorded_by"]),
        told("Recorded at", &said["recorded_at"]),
        Some(Fact::new(
            "It counts",
            "from the written approval of the same person, and never before",
        )),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The accounts that it was asked to cover while it ran, a fact each.
pub fn additions(said: &Value, zone: Zone) -> Vec<Fact> {
    let all = said.as_array().into_iter().flatten();
    all.map(|one| addition(one, zone)).collect()
}

fn addition(said: &Value, zone: Zone) -> Fact {
    let plain = |field: &Value| field.as_str().map(crate::text::line);
    let account = &said["account"];
    let named = ["handle", "platform_id", "url"]
        .iter()
        .find_map(|field| plain(&account[*field]));
    let name = format!(
        "{}, {}",
        plain(&account["platform"]).unwrap_or_default(),
        named.unwrap_or_default()
    );
    let person = |of: &Value| plain(&of["name"]).unwrap_or_default();
    let at = |field: &Value| phrase(field, zone).unwrap_or_default();
    let asked = format!(
        "asked for by {}, {}: {}",
        person(&said["requester"]),
        at(&said["requested_at"]),
        plain(&said["reason"]).unwrap_or_default()
    );
    let decision = &said["decision"];
    let why = plain(&decision["reason"])
        .map(|why| format!(": {why}"))
        .unwrap_or_default();
    let (by, when) = (person(&decision["by"]), at(&decision["at"]));
    let answered = match decision["outcome"].as_str() {
        Some("approve") => format!("added by {by}, {when}, and covered from then on{why}"),
        Some(_) => format!("denied by {by}, {when}{why}"),
        None => "not decided".to_owned(),
    };
    Fact::new(&name, format!("{asked}. {answered}"))
}

/// The reviews after which it continued, a fact each.
pub fn reviews(said: &Value, zone: Zone) -> Vec<Fact> {
    let all = said.as_array().into_iter().flatten();
    let one = |review: &Value| {
        let at = phrase(&review["at"], zone)?;
        let by = review["by"]["name"].as_str().map(crate::text::line).unwrap_or_default();
        let why = phrase(&review["reason"], zone).unwrap_or_default();
        Some(Fact::new(&at, format!("continues, says {by}: {why}")))
    };
    all.filter_map(one).collect()
}

/// The closing report.
pub fn closing(said: &Value, zone: Zone) -> Vec<Fact> {
    if !said.is_object() {
        return Vec::new();
    }
    let told = |name: &str, field: &Value| Some(Fact::new(name, phrase(field, zone)?));
    [
        said["outcome"].as_str().map(|word| Fact::new("Outcome", label(word))),
        told("By", &said["by"]),
        told("At", &said["at"]),
        told("Report", &said["report"]),
        told("Confidential material", &said["confidential_material"]),
        told("Captures that rested on it", &said["captures"]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_ruling_tells_what_stood_against_it() {
        let said = json!({
            "by": {"id": "s", "name": "S. Uper"}, "at": "2026-11-28T10:00:00.000000Z", "outcome": "approve", "reason": "a child is missing",
            "conditions": "no contact", "policy": {"number": 3, "sha256": "ab"}, "above_unit": true,
            "checks": [{"check": "length", "verdict": "needs_reason", "why": "Too long."}, {"check": "state", "verdict": "passed", "why": "x"}],
            "confirmed": [{"word": "a", "says": "Needed."}],
        });
        let told: Vec<String> = ruling(&said, Zone::named(None))
            .into_iter()
            .map(|fact| format!("{}: {}", fact.label, fact.value))
            .collect();
        assert!(
            told.contains(&"Checks: Longest window, against the policy: Too long. 1 check passed.".to_owned()),
            "{told:?}"
        );
        assert!(
            told.contains(&"Policy: Version 3, SHA-256 ab".to_owned())
                && told.contains(&"Confirmed: Needed.".to_owned())
        );
        assert!(told.contains(&"Conditions: no contact".to_owned()));
        assert!(ruling(&Value::Null, Zone::named(None)).is_empty());
    }

    #[test]
    fn an_approval_is_told_against_what_it_was_and_a_refusal_is_not() {
        let checks = json!([{"check": "length", "verdict": "needs_reason", "why": "Too long."}, {"check": "state", "verdict": "passed", "why": "x"}]);
        let decided = |outcome: &str, effective: Value| {
            let ruling = json!({"outcome": outcome, "reason": "a child is missing", "checks": checks});
            against(&json!({"effective_from": effective, "approvals": [ruling.clone()], "decision": ruling}))
        };
        let at = json!("2026-11-28T10:00:00.000000Z");
        let told = ["Longest window: Too long.", "Reason: a child is missing"];
        assert_eq!(decided("approve", at.clone()), told, "each once, of two approvals");
        assert_eq!(decided("confirm", at.clone()), told);
        for never in ["deny", "return", "repudiate"] {
            assert!(decided(never, at.clone()).is_empty(), "{never}");
        }
        assert!(decided("approve", Value::Null).is_empty(), "it never came into force");
        assert!(against(&json!({"effective_from": at, "decision": null})).is_empty());
    }
}
