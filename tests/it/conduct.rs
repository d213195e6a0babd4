//! The rules of conduct: acknowledged by their text before somebody first asks for an authorization.

use serde_json::{Value, json};

use crate::authorization_policies::adopt;
use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Client};

const PATH: &str = "/api/v1/conduct";

fn rules() -> Value {
    json!([
        {"word": "no_comment_on_guilt", "says": "I say nothing about the guilt of anybody."},
        {"word": "no_political_activity", "says": "Nothing political with the agency’s accounts."},
    ])
}

fn acknowledge(client: &Client) -> crate::kit::Answer {
    let sha256 = client.get(PATH).is(200)["sha256"].clone();
    client.post(&format!("{PATH}/acknowledgements"), json!({"sha256": sha256}))
}

both_databases!(nobody_asks_for_an_authorization_before_they_acknowledged_the_rules);
fn nobody_asks_for_an_authorization_before_they_acknowledged_the_rules(app: &App) {
    let case = app.case();
    let ask = |client: &Client| client.post(&case.path("authorizations"), app.request());
    // The policy that ships has no rules: nothing is asked.
    assert_eq!(app.lead.get(PATH).is(200)["sentences"], json!([]));
    acknowledge(&app.lead).problem(409, "conflict");
    ask(&app.lead).is(201);
    adopt(app, |terms| terms["conduct"] = rules());
    let own = app.lead.get(PATH).is(200);
    assert_eq!((&own["policy"], &own["sentences"]), (&json!(1), &rules()));
    assert_eq!(own["acknowledged_at"], Value::Null);
    app.leaves_nothing(&case.stream, || {
        let problem = ask(&app.lead).refuses(422, "acknowledgement", "required");
        assert!(problem.to_string().contains("/conduct"), "{problem}");
    });
    let made = app.leaves("agency", "conduct.acknowledged", &app.lead, || {
        acknowledge(&app.lead).is(200)
    });
    assert_eq!((&made["policy"], &made["user"]["id"]), (&json!(1), &json!(app.lead.id)));
    app.leaves_none("conduct.", || acknowledge(&app.lead).problem(409, "conflict"));
    ask(&app.lead).is(201);
    // Each for themselves.
    ask(&app.member).refuses(422, "acknowledgement", "required");
    // A later version that leaves the rules as they are asks nobody again; one that changes them asks everybody.
    adopt(app, |terms| terms["closing_days"] = json!(9));
    ask(&app.lead).is(201);
    adopt(app, |terms| {
        terms["conduct"][0]["says"] = json!("I say nothing about guilt.")
    });
    ask(&app.lead).refuses(422, "acknowledgement", "required");
    acknowledge(&app.lead).is(200);
    ask(&app.lead).is(201);
}

both_databases!(only_the_rules_that_were_read_are_acknowledged);
fn only_the_rules_that_were_read_are_acknowledged(app: &App) {
    adopt(app, |terms| terms["conduct"] = rules());
    let path = format!("{PATH}/acknowledgements");
    app.leaves_none("conduct.", || {
        app.lead.post(&path, json!({})).refuses(422, "sha256", "required");
        let other = json!({"sha256": "0".repeat(64)});
        app.lead.post(&path, other).refuses(422, "sha256", "current");
        app.nobody.post(&path, json!({})).problem(401, "not-signed-in");
        app.nobody.get(PATH).problem(401, "not-signed-in");
    });
    for client in [&app.supervisor, &app.exporter, &app.auditor, &app.administrator] {
        acknowledge(client).is(200);
    }
    let lead = Browser::signed_in(app, "lead");
    let page = lead.get("/conduct").is(200);
    page.says("I say nothing about the guilt of anybody.");
    let sha256 = page.hidden("sha256");
    let done = lead.post("/conduct", &[("sha256", &sha256)]).is(303);
    lead.get(&done.location).is(200).says("You acknowledged them");
    // The form that proposes a policy keeps the rules.
    let new = Browser::signed_in(app, "supervisor")
        .get("/authorization-policies/new")
        .is(200);
    new.says("no_comment_on_guilt: I say nothing about the guilt of anybody.");
}
