//! Users, units and trainings: the administrator's, who for every case gets 404.

use serde_json::json;

use crate::both_databases;
use crate::kit::{App, PASSWORD};

const AGENCY: &str = "agency";

both_databases!(an_administrator_makes_and_changes_users);
fn an_administrator_makes_and_changes_users(app: &App) {
    let admin = &app.administrator;
    let new =
        json!({"username": "rookie", "name": "Rae Rookie", "roles": ["investigator"], "unit_id": app.units["squad"]});
    let answer = app.leaves(AGENCY, "user.created", admin, || {
        admin.post("/api/v1/users", new.clone())
    });
    assert!(answer.header("location").starts_with("/api/v1/users/"));
    let made = answer.is(201);
    assert_eq!(made["one_time_password"].as_str().unwrap().len(), 19);
    let path = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
    let read = admin.get(&path);
    assert_eq!(read.header("etag"), "\"1\"");
    assert!(read.is(200).get("one_time_password").is_none());
    app.leaves_nothing(AGENCY, || admin.post("/api/v1/users", new).problem(409, "taken"));
    let changed = app.leaves(AGENCY, "user.changed", admin, || {
        admin.patch(&path, 1, json!({"name": "Rae R."})).is(200)
    });
    assert_eq!((&changed["name"], &changed["version"]), (&json!("Rae R."), &json!(2)));
    app.leaves_nothing(AGENCY, || {
        admin
            .patch(&path, 1, json!({"name": "late"}))
            .problem(412, "stale-version")
    });
    app.leaves_nothing(AGENCY, || {
        admin
            .send(admin.request("PATCH", &path).json(&json!({"name": "x"})))
            .problem(428, "version-required")
    });
    let reset = app.leaves(AGENCY, "password.reset", admin, || {
        admin.patch(&path, 2, json!({"reset_password": true})).is(200)
    });
    assert!(reset["one_time_password"].is_string());
    admin
        .patch(&path, 3, json!({"roles": []}))
        .refuses(422, "roles", "required");
    admin
        .patch(&path, 3, json!({"locked": true}))
        .refuses(422, "locked", "only_false");
    admin
        .patch(&path, 3, json!({"unit_id": app.lead.id}))
        .refuses(422, "unit_id", "exists");
    let own = format!("/api/v1/users/{}", admin.id);
    admin.patch(&own, 1, json!({"disabled": true})).problem(409, "conflict");
}

both_databases!(nobody_changes_their_own_roles_or_unit);
fn nobody_changes_their_own_roles_or_unit(app: &App) {
    let admin = &app.administrator;
    let own = format!("/api/v1/users/{}", admin.id);
    let before = admin.get(&own).is(200);
    app.leaves_nothing(AGENCY, || {
        for roles in [json!(["administrator", "supervisor"]), json!(["auditor"])] {
            admin
                .patch(&own, 1, json!({"roles": roles}))
                .refuses(422, "roles", "own");
        }
        admin
            .patch(&own, 1, json!({"unit_id": app.units["squad"]}))
            .refuses(422, "unit_id", "own");
    });
    // What a page sends of them unchanged is no change; another administrator may.
    let same = json!({"name": "A. Admin", "roles": ["administrator"], "unit_id": before["unit"]["id"]});
    admin.patch(&own, 1, same).is(200);
    let new = json!({"username": "second", "name": "Second", "roles": ["administrator"], "password": PASSWORD});
    let second = admin.post("/api/v1/users", new).is(201);
    let path = format!("/api/v1/users/{}", second["id"].as_str().unwrap());
    admin
        .patch(&path, 1, json!({"roles": ["auditor"], "unit_id": app.units["squad"]}))
        .is(200);
}

both_databases!(broken_users_are_refused_field_by_field);
fn broken_users_are_refused_field_by_field(app: &App) {
    let admin = &app.administrator;
    app.leaves_nothing(AGENCY, || {
        let answer = admin.post(
            "/api/v1/users",
            json!({"username": "9x!", "roles": ["king"], "extra": 1}),
        );
        let problem = answer.refuses(422, "username", "form");
        assert_eq!(problem["errors"].as_array().unwrap().len(), 4, "{problem}");
        admin
            .post(
                "/api/v1/users",
                json!({"username": "ok", "name": "Ok", "roles": ["auditor"], "password": "short"}),
            )
            .is(422);
    });
}

both_databases!(others_find_a_person_by_name_and_nothing_more);
fn others_find_a_person_by_name_and_nothing_more(app: &App) {
    for client in [&app.lead, &app.supervisor, &app.prosecutor, &app.auditor] {
        let found = client.get("/api/v1/users?username=MEMBER").is(200);
        assert_eq!(
            (&found["id"], &found["unit"]["name"]),
            (&json!(app.member.id), &json!("squad"))
        );
        client
            .get("/api/v1/users?username=nobody-here")
            .problem(404, "not-found");
        client.get("/api/v1/users").problem(403, "forbidden");
        client.get("/api/v1/units").problem(403, "forbidden");
        client
            .get(&format!("/api/v1/users/{}", app.member.id))
            .problem(403, "forbidden");
        client
            .post(
                "/api/v1/users",
                json!({"username": "x", "name": "x", "roles": ["auditor"]}),
            )
            .problem(403, "forbidden");
        client
            .post("/api/v1/units", json!({"name": "x"}))
            .problem(403, "forbidden");
        client
            .post(
                &format!("/api/v1/users/{}/trainings", app.member.id),
                json!({"name": "x", "completed_on": "2026-01-01"}),
            )
            .problem(403, "forbidden");
    }
    assert_eq!(app.count(AGENCY, "user.created"), 12);
}

both_databases!(units_and_trainings_are_recorded);
fn units_and_trainings_are_recorded(app: &App) {
    let admin = &app.administrator;
    let unit = app.leaves(AGENCY, "unit.created", admin, || {
        admin.post("/api/v1/units", json!({"name": "east"})).is(201)
    });
    let listed = admin.get("/api/v1/units").is(200);
    assert!(
        listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|u| u["id"] == unit["id"])
    );
    admin
        .post("/api/v1/units", json!({"name": "x", "parent_id": app.lead.id}))
        .refuses(422, "parent_id", "exists");
    let path = format!("/api/v1/users/{}/trainings", app.lead.id);
    let new = json!({"name": "Open sources, basic", "completed_on": "2026-03-01", "expires_on": "2028-03-01"});
    let made = app.leaves(AGENCY, "training.recorded", admin, || {
        admin.post_keyed(&path, "t1", &new).is(201)
    });
    let again = app.leaves_nothing(AGENCY, || admin.post_keyed(&path, "t1", &new).is(201));
    assert_eq!(made, again);
    admin
        .post(&path, json!({"name": "x", "completed_on": "yesterday"}))
        .refuses(422, "completed_on", "date");
    let listed = admin.get(&path).is(200);
    assert_eq!(listed["items"], json!([made]));
}

both_databases!(lists_of_users_come_in_pages);
fn lists_of_users_come_in_pages(app: &App) {
    let mut seen = Vec::new();
    let mut path = "/api/v1/users?limit=5".to_owned();
    loop {
        let answer = app.administrator.get(&path);
        let link = answer.header("link").to_owned();
        let page = answer.is(200);
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|u| u["username"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            assert_eq!(link, "");
            break;
        };
        assert!(link.contains("rel=\"next\"") && link.contains(next));
        path = format!("/api/v1/users?limit=5&cursor={next}");
    }
    assert_eq!(seen.len(), 12);
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(seen, sorted);
    app.administrator
        .get("/api/v1/users?limit=101")
        .refuses(422, "limit", "range");
    app.administrator
        .get("/api/v1/users?cursor=***")
        .refuses(422, "cursor", "from_next");
    app.administrator
        .get("/api/v1/users?color=red")
        .refuses(422, "color", "unknown");
}

both_databases!(an_administrator_gets_404_for_every_case);
fn an_administrator_gets_404_for_every_case(app: &App) {
    let case = app.case();
    let admin = &app.administrator;
    for below in [
        "",
        "captures",
        "authorizations",
        "subjects",
        "accounts",
        "events",
        "accesses",
        "grants",
        "packets",
    ] {
        admin.get(&case.path(below)).problem(404, "not-found");
    }
    admin.get("/api/v1/cases").problem(403, "forbidden");
    admin
        .post("/api/v1/cases", json!({"title": "x", "kind": "online_crime"}))
        .problem(403, "forbidden");
}
