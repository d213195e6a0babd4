//! An authorization as the papers show it.

use serde_json::{Value, json};

use super::{PaperView, TimelineMoment, times, words};
use crate::page::records::{list, said};
use crate::page::{rulings, words as page_words};
use crate::text::{Fact, label};

/// What a request answers of what inspectors ask, by pointer and label.
const ANSWERS: &[(&str, &str)] = &[
    ("/necessity", "Necessity"),
    ("/proportionality", "Proportionality"),
    ("/intrusion", "Intrusion into others’ privacy"),
    ("/confidential_material", "Confidential material"),
    ("/plan", "Plan or legal process"),
];

/// The authorization, and its lines of the timeline.
pub(super) fn parts(view: &PaperView<'_>, record: &Value) -> (Value, Vec<TimelineMoment>) {
    let (zone, letters) = (view.story.zone, view.letters);
    let number = record["number"].to_string();
    let told = |pointer: &str| times::told(zone, record, pointer);
    let person = |pointer: &str| letters.maybe(said(record, pointer));
    let reason = |pointer: &str| letters.maybe(said(record, pointer).map(words::stopped).as_deref());
    let searches = list(record, "searches").iter().filter_map(Value::as_str);
    let searches = page_words::searches(searches);
    let joined = |name: &str, each: fn(&Value) -> Option<String>, between: &str| {
        let all: Vec<String> = list(record, name).iter().filter_map(each).collect();
        (!all.is_empty()).then(|| letters.rich(&all.join(between)))
    };
    let word = |value: &Value| value.as_str().map(label);
    let attested = list(record, "attestations").iter().filter_map(Value::as_str);
    let attested: Vec<String> = attested.map(|word| rulings::attested(record, word)).collect();
    let part = |facts: Vec<Fact>| {
        facts
            .iter()
            .map(|fact| json!([fact.label, letters.rich(&fact.value)]))
            .collect::<Vec<_>>()
    };
    let decided = record["decision"].is_object().then(|| {
        json!({
            "outcome": said(record, "/decision/outcome").map_or("Decided".into(), outcome), "at": told("/decision/at"),
            "by": person("/decision/by/name"), "reason": reason("/decision/reason"), "conditions": said(record, "/decision/conditions").map(|text| letters.rich(text)),
            "policy": rulings::policy(&record["decision"]["policy"]), "checks": rulings::checks(&record["decision"]["checks"]).map(|text| letters.rich(&text)),
            "confirmed": rulings::sentences(&record["decision"]["confirmed"]).map(|text| letters.rich(&text)),
        })
    });
    let revoked = record["revoked"].is_object().then(
        || json!({"at": told("/revoked/at"), "by": person("/revoked/by/name"), "reason": reason("/revoked/reason")}),
    );
    let shown = json!({
        "id": record["id"], "no": number, "level": said(record, "/level").map(label), "state": said(record, "/state").map_or("unknown".into(), label),
        "purpose": person("/purpose"), "predicate": person("/predicate"),
        "holders": joined("holders", |holder| said(holder, "/name").map(str::to_owned), ", "),
        "platforms": joined("platforms", |platform| platform.as_str().map(label), ", "),
        "accounts": joined("accounts", account, ", ").unwrap_or_else(|| json!("All accounts of these platforms")),
        "searches": letters.rich(&searches),
        "scope": person("/scope_note"), "devices": list(record, "devices").iter().filter_map(word).collect::<Vec<_>>().join(", "),
        "attestations": attested, "requester": person("/requester/name"), "requested": told("/requested_at"), "starts": told("/starts_at"),
        "effective": told("/effective_from"), "ends": told(end(record)), "review": told("/review_at"),
        "answers": answers(view, record),
        "policy": rulings::policy(&record["policy"]), "forbidden": rulings::sentences(&record["forbidden_purposes"]).map(|text| letters.rich(&text)),
        "first": part(rulings::ruling(&record["approvals"][0], zone)), "closing": part(rulings::closing(&record["closing"], zone)),
        "emergency": part(rulings::emergency(&record["emergency"])), "oral": part(rulings::oral(&record["oral"], zone)),
        "reviews": part(rulings::reviews(&record["reviews"], zone)),
        "additions": part(rulings::additions(&record["additions"], zone)),
        "decision": decided, "revoked": revoked, "exhibits": [],
    });
    (shown, moments(view, record, &number))
}

/// What happened to it, for the timeline.
fn moments(view: &PaperView<'_>, record: &Value, number: &str) -> Vec<TimelineMoment> {
    let zone = view.story.zone;
    let decided = |word: &str| (said(record, "/decision/outcome") == Some(word)).then_some("/decision/at");
    let begins = match record["emergency"].is_object() {
        true => "started as an emergency",
        false => "requested",
    };
    let moments = [
        (begins, Some("/requested_at")),
        (
            "approved by word of mouth, as the requester says",
            Some("/oral/given_at"),
        ),
        ("approved by the first of two", Some("/approvals/0/at")),
        ("approved", decided("approve")),
        ("denied", decided("deny")),
        ("returned, to be changed", decided("return")),
        ("confirmed", decided("confirm")),
        ("repudiated", decided("repudiate")),
        ("revoked", Some("/revoked/at")),
        ("reported on at its end", Some("/closing/at")),
    ];
    let line = |at, what: String| {
        let what = view.letters.rich(&format!("Authorization no. {number} {what}"));
        json!({"at": times::time(zone, Some(at)), "what": what, "exhibit": null, "basis": "The agency server’s clock."})
    };
    let moment = |(what, at): (&str, Option<&str>)| {
        let at = times::instant(record, at?)?;
        Some((at, line(at, what.to_owned())))
    };
    let additions = list(record, "additions").iter().flat_map(|one| {
        let account = account(&one["account"]).unwrap_or_else(|| "an account".into());
        let answered = match said(one, "/decision/outcome") {
            Some("approve") => "was given the account",
            _ => "was refused the account",
        };
        [
            ("is asked to reach the account", "/requested_at"),
            (answered, "/decision/at"),
        ]
        .map(|(what, at)| {
            let at = times::instant(one, at)?;
            Some((at, line(at, format!("{what} {account}"))))
        })
    });
    let moments = moments.into_iter().filter_map(moment);
    moments.chain(additions.flatten()).collect()
}

/// How many aliases it names, and what it answers of what inspectors ask.
fn answers(view: &PaperView<'_>, record: &Value) -> Vec<Value> {
    let letters = view.letters;
    let aliases = page_words::aliases(record["aliases_named"].as_u64().unwrap_or_default());
    let aliases = aliases.map(|told| json!(["Aliases", letters.rich(&told)]));
    let asked = |(pointer, label): &(&str, &str)| Some(json!([label, letters.rich(said(record, pointer)?)]));
    aliases.into_iter().chain(ANSWERS.iter().filter_map(asked)).collect()
}

/// Where the record says when it ceased to count: its end, or the revocation or closing report that came before.
fn end(record: &Value) -> &'static str {
    match said(record, "/state") {
        Some("revoked") => "/revoked/at",
        Some("ended") => "/closing/at",
        Some("repudiated") => "/decision/at",
        _ => "/ends_at",
    }
}

fn account(account: &Value) -> Option<String> {
    let handle = said(account, "/handle")?;
    Some(match said(account, "/platform") {
        Some(platform) => format!("{handle} ({})", label(platform)),
        None => handle.to_owned(),
    })
}

fn outcome(word: &str) -> String {
    match word {
        "approve" => "Approved".into(),
        "deny" => "Denied".into(),
        "return" => "Returned".into(),
        "confirm" => "Confirmed".into(),
        "repudiate" => "Repudiated".into(),
        other => words::capital(&label(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_revoked_or_ended_is_in_force_until_then() {
        let of = |state: &str| end(&json!({"state": state}));
        assert_eq!((of("approved"), of("expired")), ("/ends_at", "/ends_at"));
        assert_eq!((of("revoked"), of("ended")), ("/revoked/at", "/closing/at"));
        assert_eq!((of("repudiated"), of("lapsed")), ("/decision/at", "/ends_at"));
    }
}
