//! Evidence requests: what a prosecutor asks of those who work on a case, and what they answer.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case};
use crate::packets::{ask, download, ready, verifies};

const WHAT: &str = "The whole thread around item 2, with <b>replies";

fn asked(app: &App, case: &Case) -> Value {
    let body = json!({"what": WHAT, "due_on": "2031-01-31"});
    app.exporter.post(&case.path("evidence-requests"), body).is(201)
}

fn path(case: &Case, request: &Value, rest: &str) -> String {
    let id = request["id"].as_str().unwrap();
    case.path(&format!("evidence-requests/{id}{rest}"))
}

both_databases!(what_is_asked_is_answered_once);
fn what_is_asked_is_answered_once(app: &App) {
    let case = app.case();
    app.grant(&case, &app.exporter, &["export"]);
    let (first, second, third) = (asked(app, &case), asked(app, &case), asked(app, &case));
    assert_eq!((&first["state"], &first["version"]), (&json!("open"), &json!(1)));
    let answered = app
        .member
        .post(&path(&case, &first, "/answer"), json!({"text": "Items 14 to 18."}))
        .is(200);
    assert_eq!(answered["state"], "answered");
    assert_eq!(answered["ending"]["by"]["id"], app.member.id);
    let no = json!({"outcome": "declined", "text": "The account is gone."});
    let declined = app.lead.post(&path(&case, &second, "/answer"), no.clone()).is(200);
    assert_eq!(declined["state"], "declined");
    let back = app
        .exporter
        .post(&path(&case, &third, "/withdrawal"), json!({"text": "found"}))
        .is(200);
    assert_eq!(back["state"], "withdrawn");
    // What ended stays as it ended.
    app.leaves_nothing(&case.stream, || {
        for ended in [&first, &second, &third] {
            app.lead
                .post(&path(&case, ended, "/answer"), no.clone())
                .problem(409, "conflict");
            app.exporter
                .post(&path(&case, ended, "/withdrawal"), json!({}))
                .problem(409, "conflict");
        }
    });
    // The newest comes first, and pages hold each once.
    let listed = app.lead.get(&case.path("evidence-requests?limit=2")).is(200);
    let ids = |page: &Value| -> Vec<Value> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].clone())
            .collect()
    };
    assert_eq!(ids(&listed), [third["id"].clone(), second["id"].clone()]);
    let next = case.path(&format!(
        "evidence-requests?limit=2&cursor={}",
        listed["next"].as_str().unwrap()
    ));
    assert_eq!(ids(&app.lead.get(&next).is(200)), [first["id"].clone()]);
    assert_eq!(
        app.exporter.get(&path(&case, &first, "")).is(200)["ending"]["text"],
        "Items 14 to 18."
    );
}

both_databases!(what_a_request_lacks_is_named_by_field);
fn what_a_request_lacks_is_named_by_field(app: &App) {
    let case = app.case();
    app.grant(&case, &app.exporter, &["export"]);
    let request = asked(app, &case);
    let add = case.path("evidence-requests");
    let answer = path(&case, &request, "/answer");
    app.leaves_nothing(&case.stream, || {
        for (body, field, rule) in [
            (json!({"what": "x"}), "due_on", "required"),
            (json!({"what": "x", "due_on": "soon"}), "due_on", "date"),
            (json!({"what": "x", "due_on": "2020-01-01"}), "due_on", "future"),
            (json!({"due_on": "2031-01-01"}), "what", "required"),
            (
                json!({"what": "x", "due_on": "2031-01-01", "items": [1]}),
                "items",
                "unknown",
            ),
        ] {
            app.exporter.post(&add, body).refuses(422, field, rule);
        }
        app.lead.post(&answer, json!({})).refuses(422, "text", "required");
        app.lead
            .post(&answer, json!({"outcome": "maybe", "text": "x"}))
            .refuses(422, "outcome", "one_of");
    });
}

both_databases!(only_those_of_the_case_ask_and_answer);
fn only_those_of_the_case_ask_and_answer(app: &App) {
    let case = app.case();
    app.grant(&case, &app.exporter, &["export"]);
    app.grant(&case, &app.prosecutor, &["read"]);
    let request = asked(app, &case);
    let (add, answer, withdrawal) = (
        case.path("evidence-requests"),
        path(&case, &request, "/answer"),
        path(&case, &request, "/withdrawal"),
    );
    let new = json!({"what": "x", "due_on": "2031-01-01"});
    let text = json!({"text": "x"});
    app.leaves_nothing(&case.stream, || {
        for client in [&app.lead, &app.member, &app.supervisor, &app.prosecutor] {
            client.post(&add, new.clone()).problem(403, "forbidden");
            client.post(&withdrawal, json!({})).problem(403, "forbidden");
        }
        for client in [&app.exporter, &app.supervisor, &app.prosecutor] {
            client.post(&answer, text.clone()).problem(403, "forbidden");
        }
        for client in [&app.stranger, &app.far, &app.administrator, &app.auditor] {
            client.get(&add).problem(404, "not-found");
            client.get(&path(&case, &request, "")).problem(404, "not-found");
            client.post(&add, new.clone()).problem(404, "not-found");
            client.post(&answer, text.clone()).problem(404, "not-found");
            client.post(&withdrawal, json!({})).problem(404, "not-found");
        }
    });
    for client in [&app.lead, &app.member, &app.supervisor, &app.prosecutor] {
        client.get(&add).is(200);
    }
    // A request of another case is nothing here.
    let other = app.case();
    app.lead
        .post(&path(&other, &request, "/answer"), text)
        .problem(404, "not-found");
}

both_databases!(no_packet_shows_what_was_asked);
fn no_packet_shows_what_was_asked(app: &App) {
    let case = app.case();
    app.grant(&case, &app.exporter, &["export"]);
    let request = asked(app, &case);
    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "discovery"})),
    );
    let (_folder, zip) = download(&app.exporter, &packet);
    verifies(app, &zip);
    let bytes = std::fs::read(&zip).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("evidence_request.made") && holds(request["id"].as_str().unwrap()));
    assert!(!holds("The whole thread around"));
}

both_databases!(requests_have_a_page_and_a_place_on_the_first_screen);
fn requests_have_a_page_and_a_place_on_the_first_screen(app: &App) {
    let case = app.case();
    app.grant(&case, &app.exporter, &["export"]);
    let place = format!("/cases/{}/evidence-requests", case.id);
    let exporter = Browser::signed_in(app, "exporter");
    exporter.get(&place).is(200).says("Nothing was asked");
    let typed = exporter
        .post(&place, &[("what", WHAT), ("due_on", "2020-01-01")])
        .is(422);
    typed.says("with &#60;b&#62;replies");
    typed.says("lies in the past");
    exporter
        .post(&place, &[("what", WHAT), ("due_on", "2031-01-31")])
        .is(303);
    let lead = Browser::signed_in(app, "lead");
    lead.get("/").is(200).says("A request is due on 2031-01-31");
    let page = lead.get(&place).is(200);
    page.says("with &#60;b&#62;replies");
    let all = app.lead.get(&case.path("evidence-requests")).is(200);
    let answer = format!("{place}/{}/answer", all["items"][0]["id"].as_str().unwrap());
    lead.post(&answer, &[("text", " "), ("outcome", "declined")]).is(422);
    lead.post(&answer, &[("text", "Items 14 to 18."), ("outcome", "answered")])
        .is(303);
    exporter.get(&place).is(200).says("Items 14 to 18.");
    assert!(!lead.get("/").is(200).text.contains("A request is due"));
}
