//! Side ways around "nobody decides an own request": to leave the case first, or to name oneself. And what an authorization
//! covers of somebody who had left.

use serde_json::json;

use crate::both_databases;
use crate::decide::{asked, held};
use crate::handover::handed_over;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client, hours, with};

both_databases!(who_leaves_a_case_decides_nothing_of_that_time);
fn who_leaves_a_case_decides_nothing_of_that_time(app: &App) {
    let case = app.case();
    let membership = case.path(&format!("members/{}", app.deputy.id));
    let decide = |id: &str| {
        app.deputy.post(
            &format!("/api/v1/authorizations/{id}/decision"),
            json!({"decision": "approve"}),
        )
    };
    app.advance(hours(1));
    let before = asked(app, &case, json!({}));
    app.advance(hours(1));
    app.lead.put(&membership, json!({})).is(200);
    app.advance(hours(1));
    let (during, kept) = (asked(app, &case, json!({})), held(app, &case));
    app.advance(hours(1));
    app.supervisor.delete(&membership).is(204);
    app.advance(hours(1));
    let after = asked(app, &case, json!({}));
    // What was asked while they worked on it, and what had not been decided when they began to.
    for id in [&before, &during] {
        let refused = decide(id).problem(403, "forbidden");
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("nobody-decides-after-working-on-it"), "{detail}");
    }
    let listed = |path: &str| app.deputy.get(path).is(200)["items"].to_string();
    let queue = Browser::signed_in(app, "deputy").get("/approvals").is(200).text;
    for id in [&before, &during, &kept] {
        assert!(!queue.contains(id.as_str()), "the queue holds {id}");
    }
    assert!(queue.contains(after.as_str()), "the queue lacks {after}");
    assert!(!listed("/api/v1/captures?state=held").contains(&kept));
    let decision = format!("/api/v1/captures/{kept}/decision");
    let accept = json!({"outcome": "accept", "reason": "of use"});
    app.deputy.post(&decision, accept.clone()).problem(403, "forbidden");
    // The content of what is held stays closed to them, in the list of the case as well.
    for path in [format!("/api/v1/captures/{kept}"), case.path("captures")] {
        assert!(
            !app.deputy.get(&path).is(200).to_string().contains("\"text\""),
            "{path}"
        );
    }
    decide(&after).is(200);
    app.supervisor.post(&decision, accept).is(200);
}

both_databases!(a_request_counts_from_when_it_was_first_asked);
fn a_request_counts_from_when_it_was_first_asked(app: &App) {
    let case = app.case();
    let membership = case.path(&format!("members/{}", app.deputy.id));
    app.lead.put(&membership, json!({})).is(200);
    let id = asked(app, &case, json!({}));
    let path = format!("/api/v1/authorizations/{id}");
    app.advance(hours(1));
    app.lead.delete(&membership).is(204);
    app.advance(hours(1));
    let back = json!({"decision": "return", "reason": "say which accounts"});
    app.supervisor.post(&format!("{path}/decision"), back).is(200);
    app.lead
        .patch(&path, 2, json!({"purpose": "Find River, last seen at the ferry"}))
        .is(200);
    let again = json!({"decision": "approve"});
    app.deputy
        .post(&format!("{path}/decision"), again)
        .problem(403, "forbidden");
    let page = Browser::signed_in(app, "deputy").get(&format!("/authorizations/{id}"));
    page.is(200).does_not_say("value=\"approve\"");
}

both_databases!(nobody_names_themselves_to_decide);
fn nobody_names_themselves_to_decide(app: &App) {
    let case = app.case();
    let restrict = json!({"handling": "restricted", "supervisor_id": app.supervisor.id});
    app.supervisor
        .patch(&case.path(""), 1, restrict)
        .refuses(422, "supervisor_id", "other");
    // Who leads it until this very change is named by nobody else either.
    let own = app.double.post(
        "/api/v1/cases",
        json!({"title": "Harbour", "kind": "online_crime", "particulars": crate::kit::online()}),
    );
    let own = Case::named(own.is(201)["id"].as_str().unwrap());
    let over = json!({"handling": "restricted", "lead_id": app.member.id, "supervisor_id": app.double.id});
    app.supervisor
        .patch(&own.path(""), 1, over)
        .refuses(422, "supervisor_id", "other");
    // Handing the case over in the same breath changes nothing.
    let led = app.double.post(
        "/api/v1/cases",
        json!({
            "title": "Threats", "kind": "online_crime", "handling": "restricted", "supervisor_id": app.deputy.id,
            "particulars": crate::kit::online(),
        }),
    );
    let led = Case::named(led.is(201)["id"].as_str().unwrap());
    let over = json!({"lead_id": app.member.id, "supervisor_id": app.double.id});
    app.double
        .patch(&led.path(""), 1, over)
        .refuses(422, "supervisor_id", "other");
    // Who led it stays a member, and is named by nobody while they are one.
    handed_over(&led, &app.double, &app.member);
    app.member
        .patch(&led.path(""), 3, json!({"supervisor_id": app.double.id}))
        .refuses(422, "supervisor_id", "other");
}

both_databases!(an_authorization_covers_nothing_of_the_time_out_of_the_case);
fn an_authorization_covers_nothing_of_the_time_out_of_the_case(app: &App) {
    let case = app.case();
    app.leave_of(
        &case,
        with(app.request(), json!({"holders": [app.lead.id, app.member.id]})),
    );
    let membership = case.path(&format!("members/{}", app.member.id));
    app.advance(hours(1));
    let working = app.at(0);
    app.advance(hours(1));
    app.lead.delete(&membership).is(204);
    app.advance(hours(1));
    let out = app.at(0);
    app.advance(hours(1));
    app.lead.put(&membership, json!({})).is(200);
    app.advance(hours(1));
    let judged = |by: &Client, captured_at: &str| {
        let url = format!("https://instagram.example/p/{}/{captured_at}", by.id);
        let item = by
            .log(&case, app.post_with(json!({"captured_at": captured_at, "url": url})))
            .is(201);
        let lines = item["coverage"].as_array().unwrap().clone();
        let holder = lines.into_iter().find(|line| line["rule"] == "holder").unwrap();
        (item["state"].clone(), holder["why"].clone())
    };
    let covered = (json!("logged"), json!("the capturer is a holder"));
    assert_eq!(judged(&app.member, &app.at(0)), covered);
    assert_eq!(judged(&app.member, &working), covered, "they had not left yet");
    let beyond = (
        json!("held"),
        json!("the capturer did not work in the case at that time"),
    );
    assert_eq!(judged(&app.member, &out), beyond);
    // Who led the case all the time worked in it, also when another leads it now.
    assert_eq!(judged(&app.lead, &out), covered);
    handed_over(&case, &app.lead, &app.member);
    assert_eq!(judged(&app.lead, &working), covered);
    assert_eq!(judged(&app.member, &out), beyond, "a lead, who was out then");
}
