//! Reports of misuse: to the auditors, past the chain of command, and unseen by those whom they name.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Client};

const PATH: &str = "/api/v1/misuse-reports";

/// Another auditor.
fn second_auditor(app: &App) -> Client {
    let new = json!({"username": "second", "name": "Sam Second", "roles": ["auditor"], "unit_id": app.units["agency"]});
    let made = app.administrator.post("/api/v1/users", new).is(201);
    let password = made["one_time_password"].as_str().unwrap();
    let session = app.sign_in("second", password).is(201);
    let client = app.bearing_as(made["id"].as_str().unwrap(), session["access_token"].as_str().unwrap());
    let body = json!({"current_password": password, "new_password": "another lantern by the pier"});
    client.put("/api/v1/me/password", body).is(204);
    client
}

fn reported(by: &Client, names: &[&str]) -> String {
    let body = json!({"text": "looked up a neighbour", "usernames": names, "case": "26-1"});
    by.post(PATH, body).is(201)["id"].as_str().unwrap().to_owned()
}

fn sees(client: &Client, id: &str) -> bool {
    let listed = client.get(PATH).is(200);
    let is_listed = listed["items"].as_array().unwrap().iter().any(|one| one["id"] == id);
    let status = client.get(&format!("{PATH}/{id}")).status;
    assert_eq!(is_listed, status == 200, "list and report agree");
    assert!(is_listed || status == 404);
    is_listed
}

both_databases!(a_report_is_seen_by_its_reporter_and_by_auditors_whom_it_does_not_name);
fn a_report_is_seen_by_its_reporter_and_by_auditors_whom_it_does_not_name(app: &App) {
    let second = second_auditor(app);
    let id = app.leaves("agency", "misuse_report.received", &app.member, || {
        reported(&app.member, &["SUPERVISOR", "auditor"])
    });
    assert!(sees(&app.member, &id) && sees(&second, &id));
    for client in [
        &app.auditor,
        &app.supervisor,
        &app.lead,
        &app.administrator,
        &app.deputy,
    ] {
        assert!(!sees(client, &id));
    }
    // The named auditor can do nothing to it, and gets what something gets that does not exist.
    let examination = format!("{PATH}/{id}/examination");
    app.leaves_none("misuse_report.", || {
        app.auditor.post(&examination, json!({})).problem(404, "not-found");
        app.auditor
            .post(
                &format!("{PATH}/{id}/closing"),
                json!({"outcome": "referred", "text": "x"}),
            )
            .problem(404, "not-found");
    });
    let absent = app.auditor.get(&format!("{PATH}/01930000-0000-7000-8000-000000000000"));
    let hidden = app.auditor.get(&format!("{PATH}/{id}"));
    assert_eq!(
        (hidden.status, hidden.json()["type"].clone()),
        (absent.status, absent.json()["type"].clone())
    );
    let found = second.get(&format!("{PATH}/{id}")).is(200);
    assert_eq!(found["names"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&found["reporter"]["id"], &found["case"]),
        (&json!(app.member.id), &json!("26-1"))
    );
}

both_databases!(no_search_of_the_ledger_betrays_a_report);
fn no_search_of_the_ledger_betrays_a_report(app: &App) {
    let second = second_auditor(app);
    let id = reported(&app.member, &["auditor"]);
    second.post(&format!("{PATH}/{id}/examination"), json!({})).is(200);
    for query in [
        "",
        "?kind=agency",
        "?action=misuse_report.received",
        &format!("?object={id}"),
        &format!("?actor={}", app.member.id),
    ] {
        for client in [&app.auditor, &second] {
            let found = client.get(&format!("/api/v1/ledger/events{query}")).is(200).to_string();
            assert!(
                !found.contains("misuse_report") && !found.contains(&id),
                "{query}: {found}"
            );
        }
    }
    // Its records tell identifiers to nobody either: they are in no stream of a case.
    let auditor = Browser::signed_in(app, "auditor");
    auditor.get("/misuse").is(200).says("None that you made");
    assert_eq!(auditor.get(&format!("/misuse/{id}")).status, 404);
}

both_databases!(a_report_is_examined_and_closed_by_another);
fn a_report_is_examined_and_closed_by_another(app: &App) {
    let second = second_auditor(app);
    let id = reported(&app.auditor, &[]);
    let (examination, closing) = (format!("{PATH}/{id}/examination"), format!("{PATH}/{id}/closing"));
    let end = json!({"outcome": "substantiated", "text": "the access log shows it"});
    app.leaves_none("misuse_report.", || {
        // Whoever reported it does not examine it.
        app.auditor.post(&examination, json!({})).problem(409, "conflict");
        second.post(&closing, end.clone()).problem(409, "conflict");
        app.lead.post(&examination, json!({})).problem(403, "forbidden");
    });
    app.leaves("agency", "misuse_report.examined", &second, || {
        second.post(&examination, json!({})).is(200)
    });
    app.leaves_none("misuse_report.", || {
        second.post(&examination, json!({})).problem(409, "conflict");
        second
            .post(&closing, json!({"outcome": "odd"}))
            .refuses(422, "outcome", "one_of");
    });
    let closed = app.leaves("agency", "misuse_report.closed", &second, || {
        second.post(&closing, end).is(200)
    });
    assert_eq!((&closed["state"], &closed["version"]), (&json!("closed"), &json!(3)));
    let read: Value = app.auditor.get(&format!("{PATH}/{id}")).is(200);
    assert_eq!(read["closing"]["text"], "the access log shows it");
}

both_databases!(what_a_report_lacks_is_named_by_field);
fn what_a_report_lacks_is_named_by_field(app: &App) {
    app.leaves_none("misuse_report.", || {
        app.lead.post(PATH, json!({})).refuses(422, "text", "required");
        let odd = json!({"text": "x", "usernames": ["nobody-here"]});
        app.lead.post(PATH, odd).refuses(422, "usernames[0]", "exists");
        // Nobody would be left to examine it.
        let all = json!({"text": "x", "usernames": ["auditor"]});
        app.lead.post(PATH, all).refuses(422, "usernames", "other");
        app.nobody
            .post(PATH, json!({"text": "x"}))
            .problem(401, "not-signed-in");
    });
    let lead = Browser::signed_in(app, "lead");
    let refused = lead.post(
        "/misuse",
        &[("text", "kept as typed"), ("usernames", "member, nobody-here")],
    );
    refused.is(422).says("kept as typed");
    let done = lead
        .post(
            "/misuse",
            &[("text", "looked up a neighbour"), ("usernames", "member, far")],
        )
        .is(303);
    let page = lead.get(&done.location).is(200);
    page.says("Mo Member");
    page.says("Fay Far");
    let auditor = Browser::signed_in(app, "auditor");
    let own = done.location.split('?').next().unwrap().to_owned();
    auditor.post(&format!("{own}/examination"), &[]).is(303);
    let closed = auditor
        .post(
            &format!("{own}/closing"),
            &[("outcome", "unsubstantiated"), ("text", "no trace")],
        )
        .is(303);
    lead.get(&closed.location).is(200).says("no trace");
}
