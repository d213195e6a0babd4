//! A case has a new lead when that person accepts, and not before; nobody makes themselves one.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, Client};

/// Proposes another lead; the case as it is then.
#[track_caller]
pub fn proposed(case: &Case, by: &Client, to: &Client) -> Value {
    let version = version(case, by);
    by.patch(&case.path(""), version, json!({"lead_id": to.id, "reason": "on leave"}))
        .is(200)
}

/// Proposes another lead, who accepts; the case as it is then.
#[track_caller]
pub fn handed_over(case: &Case, by: &Client, to: &Client) -> Value {
    let version = proposed(case, by, to)["version"].as_i64().unwrap();
    to.patch(&case.path(""), version, json!({"lead_id": to.id})).is(200)
}

fn version(case: &Case, reader: &Client) -> i64 {
    reader.get(&case.path("")).is(200)["version"].as_i64().unwrap()
}

both_databases!(a_case_keeps_its_lead_until_another_accepts);
fn a_case_keeps_its_lead_until_another_accepts(app: &App) {
    let case = app.case();
    let offered = app.leaves(&case.stream, "case.lead_proposed", &app.supervisor, || {
        proposed(&case, &app.supervisor, &app.stranger)
    });
    assert_eq!(offered["lead_id"], json!(app.lead.id));
    let (next, made) = (&offered["proposed_lead"], &offered["proposal"]);
    assert_eq!(
        (&next["id"], &next["name"], &made["by"]["name"], &made["reason"]),
        (
            &json!(app.stranger.id),
            &json!("Stan Stranger"),
            &json!("Sue Supervisor"),
            &json!("on leave")
        )
    );
    // The lead goes on as before, and so does what they change.
    app.lead
        .patch(&case.path(""), 2, json!({"title": "Mine still"}))
        .is(200);
    app.lead.log(&case, app.post()).is(201);
    app.stranger
        .patch(&case.path(""), 3, json!({"title": "Mine already"}))
        .problem(403, "forbidden");
    app.stranger.log(&case, app.post()).problem(403, "forbidden");
    let before = app.events(&case.stream).len();
    app.stranger
        .patch(&case.path(""), 2, json!({"lead_id": app.stranger.id}))
        .problem(412, "stale-version");
    let taken = app
        .stranger
        .patch(&case.path(""), 3, json!({"lead_id": app.stranger.id}))
        .is(200);
    assert_eq!(taken["lead_id"], json!(app.stranger.id));
    assert_eq!(taken["proposed_lead"], Value::Null);
    let new = app.events(&case.stream).split_off(before);
    let actions: Vec<&str> = new.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["case.lead_accepted", "member.added"]);
    assert_eq!(new[1]["object"]["id"], json!(app.lead.id));
    app.lead.get(&case.path("")).is(200);
    app.lead
        .patch(&case.path(""), 4, json!({"title": "Mine again"}))
        .problem(403, "forbidden");
    app.stranger
        .patch(&case.path(""), 4, json!({"title": "Taken over"}))
        .is(200);
    app.stranger
        .delete(&case.path(&format!("members/{}", app.lead.id)))
        .is(204);
    app.lead.get(&case.path("")).problem(404, "not-found");
    // A member takes over and hands back: nobody is a member twice.
    handed_over(&case, &app.stranger, &app.member);
    proposed(&case, &app.member, &app.stranger);
    app.leaves(&case.stream, "case.lead_accepted", &app.stranger, || {
        app.stranger
            .patch(&case.path(""), 8, json!({"lead_id": app.stranger.id}))
            .is(200)
    });
    app.prosecutor
        .patch(&case.path(""), 9, json!({"lead_id": app.member.id}))
        .problem(404, "not-found");
}

both_databases!(who_is_proposed_sees_what_the_case_is_about_and_no_more_of_it);
fn who_is_proposed_sees_what_the_case_is_about_and_no_more_of_it(app: &App) {
    let case = app.case_of(json!({
        "title": "Threats", "kind": "online_crime", "handling": "restricted", "supervisor_id": app.deputy.id,
        "particulars": crate::kit::online(),
    }));
    let item = app.lead.log(&case, app.post()).is(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let listed = |path: &str| app.stranger.get(path).is(200)["items"].as_array().unwrap().len();
    app.stranger.get(&case.path("")).problem(404, "not-found");
    assert_eq!(listed("/api/v1/cases"), 0);
    proposed(&case, &app.lead, &app.stranger);
    let offered = app.stranger.get(&case.path("")).is(200);
    assert_eq!(offered["proposed_lead"]["id"], json!(app.stranger.id));
    assert_eq!(listed("/api/v1/cases"), 1);
    for path in [
        "captures",
        "subjects",
        "accounts",
        "authorizations",
        "events",
        "accesses",
    ] {
        app.stranger.get(&case.path(path)).problem(403, "forbidden");
    }
    app.stranger
        .get(&format!("/api/v1/captures/{item}"))
        .problem(403, "forbidden");
    assert_eq!(listed("/api/v1/authorizations"), 0);
    let page = Browser::signed_in(app, "stranger");
    page.get("/").is(200).says("You are to lead this case");
    page.get(&format!("/cases/{}", case.id))
        .is(200)
        .does_not_say("Log evidence");
    // Another cannot answer, and knows nothing of it.
    let accept = json!({"lead_id": app.stranger.id});
    app.member.patch(&case.path(""), 2, accept).problem(403, "forbidden");
    app.double
        .patch(&case.path(""), 2, json!({"lead_id": app.double.id}))
        .problem(404, "not-found");
    // Who answers changes nothing else by that.
    for more in [
        json!({"disposition": "arrest"}),
        json!({"supervisor_id": app.supervisor.id}),
        json!({"title": "Mine"}),
    ] {
        let accept = crate::kit::with(json!({"lead_id": app.stranger.id}), more);
        app.stranger.patch(&case.path(""), 2, accept).problem(403, "forbidden");
    }
    // Who declines sees no more of it.
    app.leaves(&case.stream, "case.lead_declined", &app.stranger, || {
        app.stranger
            .patch(&case.path(""), 2, json!({"lead_id": app.lead.id, "reason": "no time"}))
            .is(200)
    });
    app.stranger.get(&case.path("")).problem(404, "not-found");
    assert_eq!(listed("/api/v1/cases"), 0);
    // Nor does who waited too long.
    proposed(&case, &app.lead, &app.stranger);
    app.leaves(&case.stream, "case.lead_withdrawn", &app.lead, || {
        app.lead
            .patch(&case.path(""), 4, json!({"lead_id": app.lead.id}))
            .is(200)
    });
    app.stranger
        .patch(&case.path(""), 5, json!({"lead_id": app.stranger.id}))
        .problem(404, "not-found");
    // What was not proposed cannot be taken back: that changes nothing of the lead.
    app.leaves(&case.stream, "case.changed", &app.lead, || {
        app.lead
            .patch(&case.path(""), 5, json!({"lead_id": app.lead.id}))
            .is(200)
    });
    // A grant does not make it more, nor does the role of an auditor show records.
    app.auditor
        .patch(&case.path(""), 6, json!({"lead_id": app.auditor.id}))
        .problem(404, "not-found");
}

both_databases!(nobody_makes_themselves_lead);
fn nobody_makes_themselves_lead(app: &App) {
    let case = app.case();
    let own = |who: &Client, more: Value| {
        let patch = crate::kit::with(json!({"lead_id": who.id}), more);
        who.patch(&case.path(""), 1, patch)
    };
    app.leaves_nothing(&case.stream, || {
        own(&app.supervisor, json!({})).refuses(422, "lead_id", "other");
        own(&app.supervisor, json!({"title": "Mine"})).refuses(422, "lead_id", "other");
        own(&app.double, json!({"status": "suspended"})).refuses(422, "lead_id", "other");
        let restricted = json!({"handling": "restricted", "supervisor_id": app.deputy.id});
        own(&app.supervisor, restricted).refuses(422, "lead_id", "other");
        own(&app.member, json!({})).problem(403, "forbidden")
    });
    // A supervisor is proposed by another, and accepts.
    let taken = handed_over(&case, &app.deputy, &app.supervisor);
    assert_eq!(taken["lead_id"], json!(app.supervisor.id));
}

both_databases!(whoever_decides_in_a_restricted_case_does_not_lead_it);
fn whoever_decides_in_a_restricted_case_does_not_lead_it(app: &App) {
    let case = app.case_of(json!({
        "title": "Threats", "kind": "online_crime", "handling": "restricted", "supervisor_id": app.deputy.id,
    }));
    app.leaves_nothing(&case.stream, || {
        app.lead
            .patch(&case.path(""), 1, json!({"lead_id": app.deputy.id}))
            .refuses(422, "lead_id", "other")
    });
    let both = json!({"lead_id": app.deputy.id, "supervisor_id": app.supervisor.id});
    app.lead.patch(&case.path(""), 1, both).is(200);
    // Nor is who is to lead it named to decide.
    app.lead
        .patch(&case.path(""), 2, json!({"supervisor_id": app.deputy.id}))
        .refuses(422, "supervisor_id", "other");
    app.deputy
        .patch(&case.path(""), 2, json!({"lead_id": app.deputy.id}))
        .is(200);
}

both_databases!(a_case_whose_lead_is_gone_gets_another);
fn a_case_whose_lead_is_gone_gets_another(app: &App) {
    let kept = app.case_of(json!({
        "title": "Threats", "kind": "online_crime", "handling": "confidential", "supervisor_id": app.far.id,
    }));
    let case = app.case();
    let lead = format!("/api/v1/users/{}", app.lead.id);
    let version = app.administrator.get(&lead).is(200)["version"].as_i64().unwrap();
    app.administrator
        .patch(&lead, version, json!({"disabled": true}))
        .is(200);
    handed_over(&case, &app.supervisor, &app.stranger);
    // Who decides in it proposes, wherever their unit is; not a supervisor of the unit, who does not see it.
    app.supervisor
        .patch(&kept.path(""), 1, json!({"lead_id": app.member.id}))
        .problem(404, "not-found");
    let taken = handed_over(&kept, &app.far, &app.member);
    assert_eq!(taken["lead_id"], json!(app.member.id));
}

both_databases!(a_case_that_closes_takes_no_new_lead);
fn a_case_that_closes_takes_no_new_lead(app: &App) {
    let case = app.case();
    let close = json!({"status": "closed", "disposition": "unfounded"});
    let both = crate::kit::with(close.clone(), json!({"lead_id": app.member.id}));
    app.lead.patch(&case.path(""), 1, both).refuses(422, "lead_id", "open");
    proposed(&case, &app.lead, &app.stranger);
    let closed = app.lead.patch(&case.path(""), 2, close).is(200);
    assert_eq!(closed["proposed_lead"], Value::Null);
    app.stranger.get(&case.path("")).problem(404, "not-found");
    app.lead
        .patch(&case.path(""), 3, json!({"lead_id": app.member.id}))
        .problem(409, "case-closed");
}

both_databases!(the_team_s_page_hands_over_with_two);
fn the_team_s_page_hands_over_with_two(app: &App) {
    let case = app.case();
    let (lead, next) = (Browser::signed_in(app, "lead"), Browser::signed_in(app, "deputy"));
    let team = format!("/cases/{}/team", case.id);
    let send = |who: &Browser, lead_id: &str| {
        let version = who.get(&team).is(200).hidden("version");
        let fields = [
            ("version", version.as_str()),
            ("lead_id", lead_id),
            ("reason", "on leave"),
        ];
        who.post(&format!("/cases/{}/lead", case.id), &fields)
    };
    lead.get(&team).is(200).says("Hand over the lead");
    let sent = send(&lead, &app.deputy.id).is(303);
    assert!(sent.location.ends_with("done=lead-proposed"), "{}", sent.location);
    let page = lead.get(&team).is(200);
    page.says("<bdi>Dee Deputy</bdi>, proposed by <bdi>Lena Lead</bdi>");
    page.says("on leave");
    page.says("Take it back");
    page.does_not_say("Accept the lead");
    next.get("/").is(200).says("Needs your answer");
    next.get(&team).is(200).says("Accept the lead");
    let sent = send(&next, &app.lead.id).is(303);
    assert_eq!(sent.location, "/?done=lead-declined");
    next.get("/").is(200).does_not_say("Needs your answer");
    send(&lead, &app.deputy.id).is(303);
    let sent = send(&lead, &app.lead.id).is(303);
    assert!(sent.location.ends_with("done=lead-withdrawn"), "{}", sent.location);
    send(&lead, &app.deputy.id).is(303);
    let sent = send(&next, &app.deputy.id).is(303);
    assert!(sent.location.ends_with("done=lead-accepted"), "{}", sent.location);
    let custody = lead.get(&format!("/cases/{}/custody", case.id)).is(200);
    custody.says("lead accepted");
}

both_databases!(a_member_who_took_over_is_named_as_lead_alone);
fn a_member_who_took_over_is_named_as_lead_alone(app: &App) {
    let case = app.case();
    let path = case.path(&format!("members/{}", app.member.id));
    app.lead.put(&path, json!({})).is(200);
    handed_over(&case, &app.lead, &app.member);
    let page = Browser::signed_in(app, "member")
        .get(&format!("/cases/{}/team", case.id))
        .is(200);
    assert_eq!(
        page.text
            .matches("<div class=\"list__main\"><bdi>Mo Member</bdi>")
            .count(),
        1
    );
    page.says("<div class=\"list__main\"><bdi>Lena Lead</bdi>");
}
