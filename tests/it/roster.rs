//! Who is on call, who stands in, and who recused themselves.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{Answer, App, Case, Client, days, hours};

const PATH: &str = "/api/v1/roster";

fn entry(app: &App, kind: &str, (to, unit): (&Client, &str), until: i64) -> Value {
    json!({"kind": kind, "unit_id": app.units[unit], "user_id": to.id, "reason": "as arranged", "until": app.at(until)})
}

/// The reach of somebody over a unit, delegated for a week; the entry's path.
pub fn delegated(app: &App, by: &Client, to: &Client, unit: &str) -> String {
    let made = by.post(PATH, entry(app, "delegation", (to, unit), days(7))).is(201);
    format!("{PATH}/{}", made["id"].as_str().unwrap())
}

/// Somebody on call for a unit for a week.
pub fn on_call(app: &App, by: &Client, who: &Client, unit: &str) -> Value {
    by.post(PATH, entry(app, "on_call", (who, unit), days(7))).is(201)
}

fn asked(app: &App, case: &Case) -> String {
    let made = app.lead.post(&case.path("authorizations"), app.request()).is(201);
    format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap())
}

fn approve(client: &Client, path: &str) -> Answer {
    client.post(
        &format!("{path}/decision"),
        json!({"decision": "approve", "reason": "needed"}),
    )
}

both_databases!(a_delegate_decides_as_a_supervisor_of_the_unit_while_it_lasts);
fn a_delegate_decides_as_a_supervisor_of_the_unit_while_it_lasts(app: &App) {
    let case = app.case();
    let (first, second) = (asked(app, &case), asked(app, &case));
    approve(&app.far, &first).problem(404, "not-found");
    let until = days(3);
    let made = app.leaves("agency", "roster.entered", &app.supervisor, || {
        app.supervisor
            .post(PATH, entry(app, "delegation", (&app.far, "squad"), until))
            .is(201)
    });
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    assert_eq!(
        (&made["user"]["id"], &made["given_by"]["id"]),
        (&json!(app.far.id), &json!(app.supervisor.id))
    );
    // Lists and single decisions know of it.
    let seen = app.far.get("/api/v1/cases").is(200);
    assert!(
        seen["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["id"] == json!(case.id))
    );
    let told = app.far.get("/api/v1/authorizations?state=requested").is(200);
    assert_eq!(told["items"].as_array().unwrap().len(), 2);
    let given = approve(&app.far, &first).is(200);
    assert_eq!(given["decision"]["by_delegation_of"], json!(app.supervisor.id));
    let third = asked(app, &case);
    let own = approve(&app.supervisor, &third).is(200);
    assert_eq!(own["decision"]["by_delegation_of"], Value::Null);
    Browser::signed_in(app, "lead")
        .get(&first.replace("/api/v1", ""))
        .is(200)
        .says("by delegation of");
    // Whom to ask is told with them.
    let refused = approve(&app.exporter, &second).problem(403, "forbidden");
    assert!(
        refused.to_string().contains("Far") || refused.to_string().contains("far"),
        "{refused}"
    );
    // It opens no case that is kept more closely.
    let kept = app.case_of(json!({
        "title": "x", "kind": "online_crime", "handling": "restricted", "supervisor_id": app.supervisor.id,
        "particulars": crate::kit::online(),
    }));
    app.far.get(&kept.path("")).problem(404, "not-found");
    // It ends by itself.
    app.advance(until);
    approve(&app.far, &second).problem(404, "not-found");
    app.supervisor
        .post(&format!("{path}/end"), json!({"reason": "over"}))
        .problem(409, "conflict");
    // And before its time, by whoever has it.
    let again = delegated(app, &app.supervisor, &app.far, "north");
    app.far.get(&second).is(200);
    for client in [&app.lead, &app.auditor] {
        client
            .post(&format!("{again}/end"), json!({"reason": "no"}))
            .problem(403, "forbidden");
    }
    app.far
        .post(&format!("{again}/end"), json!({}))
        .refuses(422, "reason", "required");
    app.leaves("agency", "roster.ended", &app.far, || {
        app.far
            .post(&format!("{again}/end"), json!({"reason": "back at work"}))
            .is(200)
    });
    app.far.get(&second).problem(404, "not-found");
}

both_databases!(every_prohibition_holds_for_a_delegate);
fn every_prohibition_holds_for_a_delegate(app: &App) {
    delegated(app, &app.supervisor, &app.far, "north");
    let case = app.case();
    app.lead
        .put(&case.path(&format!("members/{}", app.far.id)), json!({}))
        .is(200);
    let path = asked(app, &case);
    approve(&app.far, &path).problem(403, "forbidden");
    app.lead.delete(&case.path(&format!("members/{}", app.far.id))).is(204);
    // Nobody leaves a case to decide it.
    approve(&app.far, &path).problem(403, "forbidden");
    // Nobody delegates on what was delegated to them.
    app.far
        .post(PATH, entry(app, "delegation", (&app.deputy, "squad"), days(1)))
        .refuses(422, "unit_id", "reach");
}

both_databases!(a_delegation_is_never_stronger_than_whoever_gave_it);
fn a_delegation_is_never_stronger_than_whoever_gave_it(app: &App) {
    let case = app.case();
    let path = asked(app, &case);
    delegated(app, &app.supervisor, &app.far, "squad");
    app.far.get(&path).is(200);
    let user = format!("/api/v1/users/{}", app.supervisor.id);
    let version = app.administrator.get(&user).is(200)["version"].as_i64().unwrap();
    app.administrator
        .patch(&user, version, json!({"unit_id": app.units["south"]}))
        .is(200);
    app.far.get(&path).problem(404, "not-found");
}

both_databases!(what_an_entry_lacks_is_named_by_field);
fn what_an_entry_lacks_is_named_by_field(app: &App) {
    app.leaves_nothing("agency", || {
        let post = |by: &Client, kind: &str, to: (&Client, &str), until| by.post(PATH, entry(app, kind, to, until));
        post(&app.supervisor, "delegation", (&app.far, "squad"), days(91)).refuses(422, "until", "range");
        post(&app.supervisor, "delegation", (&app.far, "squad"), -1).refuses(422, "until", "after_start");
        post(&app.supervisor, "delegation", (&app.far, "south"), days(1)).refuses(422, "unit_id", "reach");
        post(&app.supervisor, "delegation", (&app.lead, "squad"), days(1)).refuses(422, "user_id", "role");
        post(&app.supervisor, "delegation", (&app.supervisor, "squad"), days(1)).refuses(422, "user_id", "reach");
        post(&app.supervisor, "delegation", (&app.deputy, "squad"), days(1)).refuses(422, "user_id", "reach");
        // Being on call gives no right, so that only who can decide is put there.
        post(&app.supervisor, "on_call", (&app.far, "squad"), days(1)).refuses(422, "user_id", "reach");
        app.supervisor.post(PATH, json!({})).refuses(422, "kind", "required");
        let early = crate::kit::with(
            entry(app, "on_call", (&app.deputy, "squad"), days(1)),
            json!({"starts_at": app.at(-hours(1))}),
        );
        app.supervisor.post(PATH, early).refuses(422, "starts_at", "future");
    });
    for client in [&app.lead, &app.exporter, &app.auditor, &app.administrator] {
        client
            .post(PATH, entry(app, "on_call", (&app.deputy, "squad"), days(1)))
            .problem(403, "forbidden");
    }
    let made = on_call(app, &app.supervisor, &app.deputy, "squad");
    let one = format!("{PATH}/{}", made["id"].as_str().unwrap());
    assert_eq!(app.auditor.get(&one).is(200)["user"]["id"], json!(app.deputy.id));
    assert_eq!(app.lead.get(PATH).is(200)["items"][0]["id"], made["id"]);
    app.nobody.get(PATH).problem(401, "not-signed-in");
}

both_databases!(who_recuses_themselves_decides_nothing_more);
fn who_recuses_themselves_decides_nothing_more(app: &App) {
    let case = app.case();
    let path = asked(app, &case);
    let recusals = case.path("recusals");
    let reason = json!({"reason": "the suspect is a neighbour"});
    app.leaves_nothing(&case.stream, || {
        app.supervisor
            .post(&recusals, json!({}))
            .refuses(422, "reason", "required");
        for client in [&app.lead, &app.member, &app.exporter] {
            client.post(&recusals, reason.clone()).problem(403, "forbidden");
        }
        app.far.post(&recusals, reason.clone()).problem(404, "not-found");
        app.stranger.post(&recusals, reason.clone()).problem(404, "not-found");
    });
    app.leaves(&case.stream, "recusal.declared", &app.supervisor, || {
        app.supervisor.post(&recusals, reason.clone()).is(201)
    });
    let refused = approve(&app.supervisor, &path).problem(403, "forbidden");
    assert!(
        refused.to_string().contains("nobody-decides-after-recusal"),
        "{refused}"
    );
    app.supervisor.post(&recusals, reason).problem(403, "forbidden");
    assert_eq!(
        app.lead.get(&recusals).is(200)["items"][0]["user"]["id"],
        json!(app.supervisor.id)
    );
    // They still read it; another supervisor decides.
    app.supervisor.get(&path).is(200);
    let waits = Browser::signed_in(app, "supervisor").get("/approvals").is(200);
    waits.does_not_say("A-1 ");
    approve(&app.deputy, &path).is(200);
}

both_databases!(the_pages_of_roster_and_recusal);
fn the_pages_of_roster_and_recusal(app: &App) {
    let supervisor = Browser::signed_in(app, "supervisor");
    let until = app.at(days(2));
    let fields = [
        ("kind", "on_call"),
        ("unit_id", app.units["squad"].as_str()),
        ("person", "deputy"),
        ("reason", "nights"),
        ("until", until.as_str()),
    ];
    let wrong: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (*n, if *n == "person" { "nobody.here" } else { *v }))
        .collect();
    let refused = supervisor.post("/roster", &wrong).is(422);
    refused.says("names nobody here");
    refused.says("nights");
    let made = app.leaves("agency", "roster.entered", &app.supervisor, || {
        supervisor.post("/roster", &fields).is(303)
    });
    assert_eq!(made.leads_to(), "/roster");
    let page = Browser::signed_in(app, "lead").get("/roster").is(200);
    page.says("on call for <bdi>squad</bdi>");
    page.does_not_say("Enter another");
    Browser::signed_in(app, "deputy")
        .get("/")
        .is(200)
        .says("You are on call for squad");
    let entries = app.lead.get(PATH).is(200);
    let end = format!("/roster/{}/end", entries["items"][0]["id"].as_str().unwrap());
    supervisor.post(&end, &[("reason", "swapped")]).is(303);
    supervisor.get("/roster").is(200).says("swapped");
    let case = app.case();
    let recuse = format!("/cases/{}/recusals", case.id);
    supervisor.post(&recuse, &[("recusal", "yes")]).is(422);
    supervisor
        .post(&recuse, &[("recusal", "yes"), ("reason", "a neighbour")])
        .is(303);
    let team = supervisor.get(&format!("/cases/{}/team", case.id)).is(200);
    team.says("a neighbour");
    team.does_not_say("Recuse yourself");
}
