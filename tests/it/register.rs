//! The register of authorizations: running numbers without a gap, no text, and errors that are reported and answered.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client, days, with};

const PATH: &str = "/api/v1/register";

fn asked(app: &App, case: &Case) -> Value {
    app.lead.post(&case.path("authorizations"), app.request()).is(201)
}

fn numbers(client: &Client) -> Vec<(Value, Value)> {
    let page = client.get(PATH).is(200);
    let all = page["items"].as_array().unwrap();
    all.iter()
        .map(|one| (one["register_number"].clone(), one["id"].clone()))
        .collect()
}

both_databases!(a_request_gets_the_next_number_and_a_refused_one_leaves_no_gap);
fn a_request_gets_the_next_number_and_a_refused_one_leaves_no_gap(app: &App) {
    let (first, second) = (app.case(), app.case());
    let one = asked(app, &first);
    assert_eq!((&one["register_number"], &one["number"]), (&json!(1), &json!(1)));
    // One that is refused in its transaction gives its number back.
    app.lead
        .post(
            &first.path("authorizations"),
            with(app.request(), json!({"attestations": []})),
        )
        .refuses(422, "attestations", "required");
    let two = asked(app, &second);
    assert_eq!((&two["register_number"], &two["number"]), (&json!(2), &json!(1)));
    let three = asked(app, &first);
    let path = format!("/api/v1/authorizations/{}", three["id"].as_str().unwrap());
    app.lead.post(&format!("{path}/withdrawal"), json!({})).is(200);
    assert_eq!(app.lead.get(&path).is(200)["register_number"], 3, "it keeps its number");
    let four = asked(app, &second);
    let wanted: Vec<(Value, Value)> = [&four, &three, &two, &one]
        .iter()
        .map(|asked| (asked["register_number"].clone(), asked["id"].clone()))
        .collect();
    assert_eq!(numbers(&app.auditor), wanted);
    assert_eq!(numbers(&app.supervisor), wanted);
    let page = app.auditor.get(&format!("{PATH}?limit=3")).is(200);
    let next = format!("{PATH}?limit=3&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(app.auditor.get(&next).is(200)["items"][0]["register_number"], 1);
}

#[test]
fn requests_at_once_share_no_number() {
    if !crate::kit::has_postgres() {
        return;
    }
    let app = App::with(crate::kit::Database::Postgres, &[]);
    let cases: Vec<Case> = (0..8).map(|_| app.case()).collect();
    std::thread::scope(|threads| {
        for case in &cases {
            threads.spawn(|| asked(&app, case));
        }
    });
    let mut found: Vec<i64> = numbers(&app.auditor)
        .iter()
        .map(|(number, _)| number.as_i64().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3, 4, 5, 6, 7, 8]);
}

both_databases!(an_entry_tells_who_decided_what_and_no_text);
fn an_entry_tells_who_decided_what_and_no_text(app: &App) {
    let case = app.case();
    let leave = app.leave(&case);
    let revoke = json!({"reason": "no longer needed"});
    app.supervisor
        .post(&format!("/api/v1/authorizations/{leave}/revocation"), revoke)
        .is(200);
    let entry = app.auditor.get(PATH).is(200)["items"][0].clone();
    assert_eq!(
        (&entry["state"], &entry["level"], &entry["requester"]["id"]),
        (&json!("revoked"), &json!("overt"), &json!(app.lead.id))
    );
    let outcomes: Vec<&str> = entry["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ruling| ruling["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["approve", "revoke"]);
    let told = entry.to_string();
    for text in [
        "find who wrote",
        "report 12",
        "no longer needed",
        "council member",
        "nothing less",
    ] {
        assert!(!told.contains(text), "{told}");
    }
    let answer = app.auditor.get(&format!("{PATH}/csv"));
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let table = String::from_utf8(answer.body).unwrap();
    assert!(
        table
            .lines()
            .nth(1)
            .unwrap()
            .starts_with(&format!("1,{leave},{}", case.id)),
        "{table}"
    );
}

both_databases!(an_error_is_reported_by_a_reader_and_answered_by_a_supervisor);
fn an_error_is_reported_by_a_reader_and_answered_by_a_supervisor(app: &App) {
    let case = app.case();
    let leave = app.leave(&case);
    let path = format!("/api/v1/authorizations/{leave}/errors");
    let report = |by: &Client, note: &str| by.post(&path, json!({"note": note}));
    let made = app.leaves("agency", "register_error.reported", &app.member, || {
        report(&app.member, "the end is a month late").is(200)
    });
    let of_auditor = report(&app.auditor, "two holders of one name").is(200);
    app.leaves_none("register_error.", || {
        report(&app.auditor, " ").refuses(422, "note", "required");
        for client in [&app.stranger, &app.far, &app.administrator] {
            report(client, "x").problem(404, "not-found");
            client.get(&path).problem(404, "not-found");
        }
    });
    // The auditor reads what auditors wrote.
    let notes = |client: &Client| -> Vec<Value> {
        let all = client.get(&path).is(200);
        all["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["note"].clone())
            .collect()
    };
    assert_eq!(notes(&app.auditor), [json!("two holders of one name"), Value::Null]);
    assert_eq!(
        notes(&app.lead),
        [json!("two holders of one name"), json!("the end is a month late")]
    );
    let entry = |client: &Client| client.get(PATH).is(200)["items"][0].clone();
    assert_eq!(
        (&entry(&app.auditor)["open_errors"], &entry(&app.auditor)["errors"]),
        (&json!(2), &json!(2))
    );
    let answer = |by: &Client, report: &Value| {
        let body = json!({"finding": "entry_wrong", "text": "it ends on 23 December"});
        by.post(&format!("{path}/{}/answer", report["id"].as_str().unwrap()), body)
    };
    app.leaves_none("register_error.", || {
        for client in [&app.lead, &app.member, &app.exporter] {
            answer(client, &made).problem(403, "forbidden");
        }
        answer(&app.auditor, &made).problem(404, "not-found");
        app.supervisor
            .post(
                &format!("{path}/{}/answer", made["id"].as_str().unwrap()),
                json!({"finding": "so", "text": "x"}),
            )
            .refuses(422, "finding", "one_of");
    });
    let answered = app.leaves("agency", "register_error.answered", &app.supervisor, || {
        answer(&app.supervisor, &made).is(200)
    });
    assert_eq!(
        (&answered["state"], &answered["finding"], &answered["answered_by"]["id"]),
        (&json!("answered"), &json!("entry_wrong"), &json!(app.supervisor.id))
    );
    app.leaves_none("register_error.", || {
        answer(&app.supervisor, &made).problem(409, "conflict")
    });
    answer(&app.deputy, &of_auditor).is(200);
    assert_eq!(entry(&app.supervisor)["open_errors"], 0);
}

both_databases!(who_reads_the_register);
fn who_reads_the_register(app: &App) {
    let kept = app.case_of(json!({
        "title": "Kept close", "kind": "online_crime", "handling": "confidential", "supervisor_id": app.deputy.id,
        "particulars": crate::kit::online(),
    }));
    let made = asked(app, &kept);
    for client in [&app.lead, &app.exporter, &app.administrator, &app.stranger] {
        client.get(PATH).problem(403, "forbidden");
        client.get(&format!("{PATH}/csv")).problem(403, "forbidden");
    }
    assert_eq!(numbers(&app.auditor).len(), 1);
    assert_eq!(numbers(&app.deputy).len(), 1);
    assert!(numbers(&app.supervisor).is_empty() && numbers(&app.far).is_empty());
    let page = format!("/register/{}", made["id"].as_str().unwrap());
    let auditor = Browser::signed_in(app, "auditor");
    auditor.get("/register").is(200).says("No. 1");
    let entry = auditor.get(&page).is(200);
    entry.says("No. 1");
    entry.does_not_say("Kept close");
    entry.does_not_say("find who wrote");
    let errors = format!("{page}/errors");
    auditor
        .post(&errors, &[("note", "")])
        .is(422)
        .says("Nothing was recorded yet");
    let done = auditor.post(&errors, &[("note", "a wrong day")]).is(303);
    auditor.get(&done.location).is(200).says("a wrong day");
    assert_eq!(Browser::signed_in(app, "supervisor").get(&page).status, 404);
    let deputy = Browser::signed_in(app, "deputy");
    let report = deputy.get(&page).is(200);
    report.says("The entry is wrong");
    app.advance(days(1));
}
