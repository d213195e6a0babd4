//! Supplements: what is new since an earlier packet, and no more.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case, with};
use crate::packets::{ask, download, filled, ready, unpack, verifies};

/// A packet of the case's first two items.
fn first(app: &App) -> (Case, Vec<Value>, Value) {
    let (case, made) = filled(app);
    let body = json!({"purpose": "discovery", "captures": [made[0]["id"], made[1]["id"]]});
    let packet = ready(&app.exporter, &ask(&app.exporter, &case, body));
    (case, made, packet)
}

fn difference(app: &App, packet: &Value) -> Vec<(i64, String)> {
    let path = format!("/api/v1/packets/{}/difference", packet["id"].as_str().unwrap());
    let found = app.exporter.get(&path).is(200);
    assert_eq!(found["supplement_of"]["name"], packet["name"]);
    let row = |one: &Value| (one["item"].as_i64().unwrap(), one["since"].as_str().unwrap().to_owned());
    found["captures"].as_array().unwrap().iter().map(row).collect()
}

fn correct(app: &App, capture: &Value) {
    let path = format!("/api/v1/captures/{}/corrections", capture["id"].as_str().unwrap());
    let body = json!({"text": "as it says now", "reason": "a word was misread"});
    app.lead.post(&path, body).is(201);
}

both_databases!(a_supplement_shows_what_is_new_and_no_more);
fn a_supplement_shows_what_is_new_and_no_more(app: &App) {
    let (case, made, packet) = first(app);
    assert_eq!(difference(app, &packet), []);
    let body = |more: Value| with(json!({"purpose": "supplement", "supplement_of": packet["id"]}), more);
    app.exporter
        .post(&case.path("packets"), body(json!({})))
        .refuses(422, "supplement_of", "not_empty");
    // A correction of what was shown, and the release of what was held.
    correct(app, &made[1]);
    let decide = format!("/api/v1/captures/{}/decision", made[2]["id"].as_str().unwrap());
    app.supervisor
        .post(&decide, json!({"outcome": "accept", "reason": "of use"}))
        .is(200);
    assert_eq!(difference(app, &packet), [(2, "changed".into()), (3, "added".into())]);
    let old = body(json!({"captures": [made[2]["id"], made[0]["id"]]}));
    app.exporter
        .post(&case.path("packets"), old)
        .refuses(422, "captures[1]", "new");
    let asked = ask(&app.exporter, &case, body(json!({})));
    assert_eq!(asked["supplement_of"]["id"], packet["id"]);
    let second = ready(&app.exporter, &asked);
    let (_folder, zip) = download(&app.exporter, &second);
    verifies(app, &zip);
    let Some(folder) = unpack(&zip) else { return };
    let read = |name: &str| std::fs::read_to_string(folder.join("data").join(name)).unwrap();
    let shown: Value = serde_json::from_str(&read("packet.json")).unwrap();
    let since: Vec<_> = shown["exhibits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["item"].clone(), one["since"].clone()))
        .collect();
    assert_eq!(since, [(json!(2), json!("changed")), (json!(3), json!("added"))]);
    assert_eq!(shown["packet"]["supplement_of"]["name"], packet["name"]);
    let page = read("index.html");
    assert!(page.contains("It is a supplement") && page.contains("Added since the earlier packet"));
    // The next one adds to both.
    correct(app, &made[0]);
    assert_eq!(difference(app, &second), [(1, "changed".into())]);
    assert_eq!(
        difference(app, &packet),
        [(1, "changed".into()), (2, "changed".into()), (3, "added".into())]
    );
}

both_databases!(a_packet_of_everything_is_added_to_as_well);
fn a_packet_of_everything_is_added_to_as_well(app: &App) {
    let (case, made) = filled(app);
    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "internal"})),
    );
    assert_eq!(difference(app, &packet), []);
    let decide = format!("/api/v1/captures/{}/decision", made[2]["id"].as_str().unwrap());
    app.supervisor
        .post(&decide, json!({"outcome": "ratify", "reason": "of use"}))
        .is(200);
    correct(app, &made[0]);
    assert_eq!(difference(app, &packet), [(1, "changed".into()), (3, "added".into())]);
}

both_databases!(what_a_supplement_may_not_name_is_refused);
fn what_a_supplement_may_not_name_is_refused(app: &App) {
    let (case, made, packet) = first(app);
    let other = app.case();
    app.grant(&other, &app.exporter, &["export"]);
    let ask = |case: &Case, body: Value| app.exporter.post(&case.path("packets"), body);
    let names = |id: &Value| json!({"purpose": "supplement", "supplement_of": id});
    app.leaves_nothing(&case.stream, || {
        ask(&case, json!({"purpose": "discovery", "supplement_of": packet["id"]})).refuses(
            422,
            "supplement_of",
            "either",
        );
        ask(&case, names(&made[0]["id"])).refuses(422, "supplement_of", "exists");
        ask(&case, names(&json!("x"))).refuses(422, "supplement_of", "uuid");
        ask(&other, names(&packet["id"])).refuses(422, "supplement_of", "exists");
    });
    let path = format!("/api/v1/packets/{}/difference", packet["id"].as_str().unwrap());
    for client in [&app.lead, &app.member, &app.supervisor] {
        client.get(&path).problem(403, "forbidden");
    }
    for client in [&app.stranger, &app.administrator] {
        client.get(&path).problem(404, "not-found");
    }
}

both_databases!(the_page_chooses_what_is_new);
fn the_page_chooses_what_is_new(app: &App) {
    let (case, made, packet) = first(app);
    correct(app, &made[1]);
    let browser = Browser::signed_in(app, "exporter");
    let new = format!("/cases/{}/packets/new", case.id);
    browser.get(&new).is(200).says("A supplement adds to");
    let id = packet["id"].as_str().unwrap();
    let picked = [
        ("purpose", "supplement"),
        ("supplement_of", id),
        ("items", "1"),
        ("do", "new"),
    ];
    let page = browser.post(&new, &picked).is(200);
    page.says("1 exhibit was shown there and changed since");
    page.says("value=\"2\" aria-describedby=\"h-items\"");
    let old = [
        ("purpose", "supplement"),
        ("supplement_of", id),
        ("items", "1 2"),
        ("do", "look"),
    ];
    browser
        .post(&new, &old)
        .is(200)
        .says("Not new, and refused in a supplement: item 1.");
    let packets = format!("/cases/{}/packets", case.id);
    browser
        .post(
            &packets,
            &[("purpose", "supplement"), ("supplement_of", id), ("items", "1 2")],
        )
        .is(422)
        .says("nothing about it changed since");
    let asked = [("purpose", "supplement"), ("supplement_of", id), ("items", "2")];
    let made = browser.post(&packets, &asked).is(303);
    let shown = browser.get(made.leads_to()).is(200);
    shown.says("Supplement to");
    shown.says(packet["name"].as_str().unwrap());
    // The script puts what a button changes into places that are there from the first.
    browser.get(&new).is(200).says("data-part=\"difference\"");
}
