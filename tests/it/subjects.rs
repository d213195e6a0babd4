//! Subjects and accounts.

use serde_json::json;

use crate::both_databases;
use crate::kit::App;

both_databases!(subjects_are_added_and_changed_by_version);
fn subjects_are_added_and_changed_by_version(app: &App) {
    let case = app.case();
    let path = case.path("subjects");
    let new = json!({"role": "victim", "name": "Ana", "juvenile": "unknown", "date_of_birth": "unknown"});
    app.leaves_nothing(&case.stream, || {
        app.stranger.post(&path, new.clone()).problem(404, "not-found");
        app.exporter.post(&path, new.clone()).problem(403, "forbidden");
        app.auditor.get(&path).problem(404, "not-found");
    });
    let made = app.leaves(&case.stream, "subject.added", &app.member, || {
        app.member.post_keyed(&path, "s", &new).is(201)
    });
    assert_eq!(
        app.leaves_nothing(&case.stream, || app.member.post_keyed(&path, "s", &new).is(201)),
        made
    );
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let body = json!({"juvenile": true, "reason": "birth certificate"});
    app.stranger.patch(&one, 1, body.clone()).problem(404, "not-found");
    let changed = app.leaves(&case.stream, "subject.changed", &app.lead, || {
        app.lead.patch(&one, 1, body.clone()).is(200)
    });
    assert_eq!(
        (&changed["juvenile"], &changed["name"], &changed["version"]),
        (&json!(true), &json!("Ana"), &json!(2))
    );
    app.leaves_nothing(&case.stream, || {
        app.lead.patch(&one, 1, body).problem(412, "stale-version")
    });
    assert_eq!(app.exporter.get(&path).is(200)["items"].as_array().unwrap().len(), 1);
    app.lead
        .post(&path, json!({"role": "king", "date_of_birth": "soon"}))
        .refuses(422, "date_of_birth", "date");
    app.lead.post(&path, json!({})).refuses(422, "role", "required");
}

both_databases!(accounts_are_tied_with_the_basis_of_it);
fn accounts_are_tied_with_the_basis_of_it(app: &App) {
    let case = app.case();
    let subject = app
        .lead
        .post(&case.path("subjects"), json!({"role": "suspect", "name": "unknown"}))
        .is(201);
    let path = case.path("accounts");
    app.lead
        .post(&path, json!({"platform": "instagram"}))
        .refuses(422, "handle", "required");
    app.lead
        .post(&path, json!({"platform": "Insta Gram", "handle": "x"}))
        .refuses(422, "platform", "form");
    let tied = json!({"platform": "instagram", "handle": "@h", "subject_id": subject["id"]});
    app.lead
        .post(&path, tied.clone())
        .refuses(422, "attribution", "required");
    let new = crate::kit::with(tied, json!({"attribution": "same photo as in report 12"}));
    app.stranger.post(&path, new.clone()).problem(404, "not-found");
    let made = app.leaves(&case.stream, "account.added", &app.lead, || {
        app.lead.post(&path, new.clone()).is(201)
    });
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let changed = app.leaves(&case.stream, "account.changed", &app.lead, || {
        app.lead.patch(&one, 1, json!({"platform_id": "17"})).is(200)
    });
    assert_eq!(changed["version"], 2);
    app.lead
        .patch(&one, 1, json!({"platform_id": "18"}))
        .problem(412, "stale-version");
    // A subject of another case is none of this one.
    let other = app.case();
    let theirs = app
        .lead
        .post(&other.path("subjects"), json!({"role": "witness"}))
        .is(201);
    let wrong = json!({"platform": "web", "handle": "x", "subject_id": theirs["id"], "attribution": "guess"});
    app.lead.post(&path, wrong).refuses(422, "subject_id", "exists");
    app.lead
        .patch(
            &other.path(&format!("accounts/{}", made["id"].as_str().unwrap())),
            2,
            json!({"handle": "y"}),
        )
        .problem(404, "not-found");
}
