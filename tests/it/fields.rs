//! What the record of a capture holds is told by the API, by the packet's page and by `packet.json`: a field that is
//! forgotten in one of them fails here.

use std::fs;

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::App;
use crate::packets::{ask, download, ready};

const SHOT: &[u8] = b"\x89PNG\r\n\x1a\n every field";

/// Every particular, each with a value of its own.
fn whole(app: &App) -> Value {
    app.post_with(json!({
        "platform": "instagram", "url": "https://seen.example/p", "final_url": "https://led.example/p",
        "account": {"handle": "@handle_of_account", "platform_id": "id-of-account-4711"}, "visibility": "followers_only",
        "access_means": "official_account", "text": "the words of the post", "platform_time_text": "Nov 21 at 9",
        "captured_at_basis": "file_date", "posted_at": "2026-11-21T21:47:11Z", "posted_at_basis": "shown", "method": "browser_extension",
        "tool": {"name": "Name of tool", "version": "version 156.7"}, "level": "overt", "device": "agency",
        "note": "a note of the capturer",
        "files": [
            {"part": "shot", "name": "name-of-file.png", "role": "screenshot"},
            {"role": "original", "sha256": "ab".repeat(32), "size": 123_456,
             "withheld": {"reason": "why it is withheld", "referral": "REF-815"}},
        ],
    }))
}

/// The records of a capture's events, by action.
fn record(app: &App, id: &str, action: &str) -> Value {
    let custody = app.lead.get(&format!("/api/v1/captures/{id}/custody")).is(200);
    let events = custody["items"].as_array().unwrap().clone();
    let found = events.into_iter().find(|e| e["event"]["action"] == action);
    found.expect("an event")["record"].clone()
}

/// What a record calls otherwise than the API does.
fn api_name(name: &str) -> &str {
    match name {
        "capturer" => "captured_by",
        other => other,
    }
}

/// Each text, number and yes or no of a record, by its path.
fn leaves(path: &str, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(n, v)| leaves(&format!("{path}.{n}"), v, out)),
        Value::Array(all) => all.iter().for_each(|v| leaves(path, v, out)),
        Value::String(text) => out.push((path.to_owned(), text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What the page says otherwise, or not: ids that no reader needs.
const NOT_ON_THE_PAGE: &[&str] = &[
    ".case_id",
    ".capturer.id",
    ".basis.id",
    ".correction.by.id",
    ".files.declared_type",
];

/// Whether the page shows a value: as it stands, as a time or a digest in groups, or as a word for people.
fn is_shown(page: &str, value: &str) -> bool {
    let time = value
        .get(..19)
        .filter(|_| value.ends_with('Z'))
        .map(|t| t.replace('T', " "));
    let groups = value.get(..8).filter(|_| value.len() == 64);
    let word = value.replace('_', " ");
    let page = page.to_lowercase();
    let shown = |text: &str| page.contains(&text.to_lowercase());
    time.map_or_else(
        || groups.map_or_else(|| shown(value) || shown(&word), shown),
        |t| shown(&t),
    )
}

both_databases!(what_a_record_holds_is_told_everywhere);
fn what_a_record_holds_is_told_everywhere(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app.lead.upload(&case, &whole(app), &[("shot", SHOT)]).is(201);
    let id = made["id"].as_str().unwrap();
    let first = record(app, id, "capture.recorded");
    let correction = json!({"text": "the corrected words", "device": "other", "reason": "a reason to correct"});
    app.lead
        .post(&format!("/api/v1/captures/{id}/corrections"), correction)
        .is(201);
    let corrected = record(app, id, "capture.corrected");

    let shown = app.lead.get(&format!("/api/v1/captures/{id}")).is(200);
    for (name, value) in corrected.as_object().unwrap() {
        assert_eq!(&shown[api_name(name)], value, "{name} in the API");
    }

    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "internal"})),
    );
    let (_folder, file) = download(&app.exporter, &packet);
    let zip = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
    for record in [&first, &corrected] {
        let said = serde_json::to_string(record).unwrap();
        assert!(zip.contains(&said), "packet.json holds the record whole: {said}");
    }
    let page = zip.split("<!doctype html>").nth(1).unwrap();
    let page = page.split("</html>").next().unwrap();
    let mut told = Vec::new();
    leaves("", &first, &mut told);
    leaves("", &corrected, &mut told);
    for (path, value) in told
        .iter()
        .filter(|(path, _)| !NOT_ON_THE_PAGE.contains(&path.as_str()))
    {
        assert!(is_shown(page, value), "{path} ({value}) is not on the packet's page");
    }
}
