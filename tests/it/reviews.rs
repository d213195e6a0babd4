//! Reviews that come back by the calendar: a week of the access log, a year of who may see what.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Client, days};

const PATH: &str = "/api/v1/reviews";

fn tasks(client: &Client, kind: &str) -> Vec<(String, String)> {
    let all = client.get(&format!("{PATH}?limit=100")).is(200);
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    all["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["kind"] == kind)
        .map(|one| (text(one, "period"), text(one, "state")))
        .collect()
}

fn sign(client: &Client, kind: &str, period: &str) -> crate::kit::Answer {
    client.post(
        PATH,
        json!({"kind": kind, "period": period, "note": "nothing to ask about"}),
    )
}

both_databases!(a_week_is_signed_once_by_an_auditor);
fn a_week_is_signed_once_by_an_auditor(app: &App) {
    // The tests begin on 22 November 2026, a Sunday.
    app.advance(days(1));
    let (period, state) = tasks(&app.auditor, "access_log")[0].clone();
    assert_eq!((period.as_str(), state.as_str()), ("2026-W47", "due"));
    app.leaves_none("review.", || {
        sign(&app.auditor, "access_log", "2026-W48").refuses(422, "period", "exists");
        sign(&app.auditor, "odd", "2026-W47").refuses(422, "kind", "one_of");
        app.auditor
            .post(PATH, json!({"kind": "access_log", "period": "2026-W47"}))
            .refuses(422, "note", "required");
        sign(&app.supervisor, "access_log", "2026-W47").problem(403, "forbidden");
    });
    let signed = app.leaves("agency", "review.signed_off", &app.auditor, || {
        sign(&app.auditor, "access_log", "2026-W47").is(200)
    });
    assert!(signed["counted"]["accesses"].is_u64() && signed["counted"]["refusals"].is_u64());
    app.leaves_none("review.", || {
        sign(&app.auditor, "access_log", "2026-W47").problem(409, "conflict")
    });
    assert_eq!(tasks(&app.auditor, "access_log")[0].1, "signed");
    // The next week ends, and a week later it is overdue, which the first screen tells.
    app.advance(days(14));
    assert!(tasks(&app.auditor, "access_log").contains(&("2026-W48".to_owned(), "overdue".to_owned())));
    let auditor = Browser::signed_in(app, "auditor");
    auditor
        .get("/")
        .is(200)
        .says("The access log of 2026-W48 is not reviewed");
    let done = auditor
        .post(
            "/reviews",
            &[("kind", "access_log"), ("period", "2026-W48"), ("note", "looked at")],
        )
        .is(303);
    auditor.get(&done.location).is(200).says("looked at");
    auditor
        .get("/")
        .is(200)
        .does_not_say("The access log of 2026-W48 is not reviewed");
}

both_databases!(a_year_is_signed_by_a_supervisor_of_the_unit);
fn a_year_is_signed_by_a_supervisor_of_the_unit(app: &App) {
    let case = app.case();
    app.case_of(json!({
        "title": "Kept close", "kind": "online_crime", "handling": "confidential", "supervisor_id": app.deputy.id,
        "particulars": crate::kit::online(),
    }));
    let rights = app.supervisor.get("/api/v1/access-rights").is(200);
    let listed = rights["items"].as_array().unwrap();
    assert_eq!(listed.len(), 1, "a case that they may not read is none");
    assert_eq!(
        (&listed[0]["case_id"], &listed[0]["lead"]["id"]),
        (&json!(case.id), &json!(app.lead.id))
    );
    assert_eq!(listed[0]["members"][0]["id"], app.member.id);
    assert_eq!(listed[0]["grants"][0]["rights"], json!(["read", "export"]));
    assert_eq!(
        tasks(&app.supervisor, "access_rights"),
        [("2026".to_owned(), "due".to_owned())]
    );
    app.leaves_none("review.", || {
        sign(&app.auditor, "access_rights", "2026").problem(403, "forbidden");
        sign(&app.supervisor, "access_rights", "2025").refuses(422, "period", "exists");
    });
    app.advance(days(41));
    let supervisor = Browser::signed_in(app, "supervisor");
    supervisor
        .get("/")
        .is(200)
        .says("Who may see what is not reviewed for 2026");
    let signed = app.leaves("agency", "review.signed_off", &app.supervisor, || {
        sign(&app.supervisor, "access_rights", "2026").is(200)
    });
    assert_eq!(signed["counted"], json!({"cases": 1, "members": 1, "grants": 1}));
    // Another supervisor of the same unit has nothing left to sign; one of another unit has.
    app.leaves_none("review.", || {
        sign(&app.deputy, "access_rights", "2026").problem(409, "conflict")
    });
    sign(&app.far, "access_rights", "2026").is(200);
    supervisor
        .get("/")
        .is(200)
        .does_not_say("Who may see what is not reviewed");
    supervisor.get("/access-rights").is(200).says("Lena Lead");
    supervisor.get("/reviews").is(200).says("nothing to ask about");
}

both_databases!(who_sees_reviews);
fn who_sees_reviews(app: &App) {
    for client in [&app.lead, &app.exporter, &app.administrator] {
        client.get(PATH).problem(403, "forbidden");
        client.get("/api/v1/access-rights").problem(403, "forbidden");
        sign(client, "access_log", "2026-W46").problem(403, "forbidden");
    }
    app.auditor.get("/api/v1/access-rights").problem(403, "forbidden");
    app.auditor
        .get(&format!("{PATH}?state=odd"))
        .refuses(422, "state", "one_of");
    app.nobody.get(PATH).problem(401, "not-signed-in");
}
