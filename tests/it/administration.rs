//! What an administrator does beside users: units, trainings, sessions, tokens; the settings and the state of the
//! installation. And what everybody does with their own account.

use diesel::{RunQueryDsl, sql_query};
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::{Browser, Page};
use crate::kit::{App, Client, PASSWORD, hours};

const AGENCY: &str = "agency";

/// A client with a session of its own, and not the token that the tests' people have.
fn session(app: &App, username: &str, of: &Client) -> Client {
    let opened = app.sign_in(username, PASSWORD).is(201);
    app.bearing_as(&of.id, opened["access_token"].as_str().unwrap())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

both_databases!(a_token_is_made_used_listed_and_ended);
fn a_token_is_made_used_listed_and_ended(app: &App) {
    let lead = session(app, "lead", &app.lead);
    let new = json!({"name": "capture station 2", "until": app.at(hours(24))});
    let made = app.leaves(AGENCY, "token.issued", &app.lead, || {
        lead.post("/api/v1/me/tokens", new.clone()).is(201)
    });
    assert!(!app.last_record(AGENCY).to_string().contains(text(&made["token"])));
    let program = app.bearing_as(&app.lead.id, text(&made["token"]));
    program.get("/api/v1/me").is(200);
    let mine = lead.get("/api/v1/me/tokens").is(200);
    let listed = mine["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["id"] == made["id"])
        .unwrap();
    assert_eq!(listed["name"], "capture station 2");
    assert!(listed["used_at"].is_string(), "{listed}");
    assert!(!mine.to_string().contains(text(&made["token"])));
    // A token makes no token, and one that is over none either.
    program.post("/api/v1/me/tokens", new).problem(403, "forbidden");
    lead.post("/api/v1/me/tokens", json!({"name": "x", "until": app.at(-1)}))
        .refuses(422, "until", "range");
    lead.post("/api/v1/me/tokens", json!({"until": app.at(1)}))
        .refuses(422, "name", "required");
    // Nobody else ends it but an administrator.
    let own = format!("/api/v1/me/tokens/{}", text(&made["id"]));
    app.member.delete(&own).problem(404, "not-found");
    app.leaves(AGENCY, "token.revoked", &app.lead, || lead.delete(&own).is(204));
    program.get("/api/v1/me").problem(401, "not-signed-in");
    lead.delete(&own).problem(404, "not-found");
}

both_databases!(an_administrator_sees_and_ends_what_others_carry);
fn an_administrator_sees_and_ends_what_others_carry(app: &App) {
    let admin = &app.administrator;
    let (first, second) = (session(app, "lead", &app.lead), session(app, "lead", &app.lead));
    let path = format!("/api/v1/users/{}", app.lead.id);
    let sessions = admin.get(&format!("{path}/sessions")).is(200);
    assert_eq!(sessions["items"].as_array().unwrap().len(), 2);
    assert_eq!(sessions["items"][0]["address"], "127.0.0.1");
    let before = app.count(AGENCY, "session.closed");
    admin.delete(&format!("{path}/sessions")).is(204);
    assert_eq!(app.count(AGENCY, "session.closed"), before + 2);
    for gone in [first, second] {
        gone.get("/api/v1/me").problem(401, "not-signed-in");
    }
    admin.delete(&format!("{path}/sessions")).problem(409, "conflict");
    let tokens = admin.get(&format!("{path}/tokens")).is(200);
    let token = text(&tokens["items"][0]["id"]).to_owned();
    let other = format!("/api/v1/users/{}/tokens/{token}", app.member.id);
    admin.delete(&other).problem(404, "not-found");
    app.leaves(AGENCY, "token.revoked", admin, || {
        admin.delete(&format!("{path}/tokens/{token}")).is(204)
    });
    app.lead.get("/api/v1/me").problem(401, "not-signed-in");
    for client in [&app.supervisor, &app.auditor] {
        client.get(&format!("{path}/sessions")).problem(403, "forbidden");
        client.delete(&format!("{path}/sessions")).problem(403, "forbidden");
    }
}

both_databases!(a_person_ends_their_other_sessions);
fn a_person_ends_their_other_sessions(app: &App) {
    let (here, there) = (Browser::signed_in(app, "lead"), Browser::signed_in(app, "lead"));
    let page = here.get("/account").is(200);
    page.says("This one");
    page.says("End all others");
    app.leaves(AGENCY, "session.closed", &app.lead, || {
        here.post("/account/sessions/end", &[]).is(303)
    });
    assert_eq!(there.get("/cases").status, 303);
    here.get("/account").is(200).does_not_say("End all others");
    let third = session(app, "lead", &app.lead);
    let all = third.get("/api/v1/me/sessions").is(200);
    let newest = text(&all["items"][0]["id"]).to_owned();
    here.post(&format!("/account/sessions/{newest}/end"), &[]).is(303);
    third.get("/api/v1/me").problem(401, "not-signed-in");
}

/// The one-time password that a page shows.
fn once(page: &Page) -> String {
    let rest = page.text.split("id=\"once\">").nth(1).unwrap_or_default();
    rest.split('<').next().unwrap_or_default().to_owned()
}

both_databases!(a_new_one_time_password_unlocks_and_must_be_changed);
fn a_new_one_time_password_unlocks_and_must_be_changed(app: &App) {
    for _ in 0..5 {
        app.sign_in("lead", "wrong").problem(401, "sign-in-refused");
    }
    app.sign_in("lead", PASSWORD).problem(401, "sign-in-refused");
    let admin = Browser::signed_in(app, "administrator");
    admin.get("/").is(200).says("lead is locked");
    let path = format!("/users/{}", app.lead.id);
    let page = admin.get(&path).is(200);
    page.says("Five failed sign-ins in fifteen minutes");
    let version = page.hidden("version");
    let fields = [("version", version.as_str()), ("reset_password", "true")];
    let page = app.leaves(AGENCY, "password.reset", &app.administrator, || {
        admin.post(&path, &fields).is(200)
    });
    let password = once(&page);
    assert_eq!(password.len(), 19, "{password}");
    assert_eq!(app.last_record(AGENCY)["locked"], false);
    admin.get(&path).is(200).does_not_say(&password);
    let opened = app.sign_in("lead", &password).is(201);
    let lead = app.bearing_as(&app.lead.id, text(&opened["access_token"]));
    lead.get("/api/v1/cases").problem(403, "password-change-first");
    // Not even a token, which would outlive the one-time password.
    lead.post("/api/v1/me/tokens", json!({"name": "x", "until": app.at(hours(1))}))
        .problem(403, "password-change-first");
}

both_databases!(a_person_is_added_found_and_changed_on_pages);
fn a_person_is_added_found_and_changed_on_pages(app: &App) {
    let admin = Browser::signed_in(app, "administrator");
    let page = admin
        .post("/users", &[("username", "9x"), ("name", "Rae Rookie")])
        .is(422);
    page.says("value=\"Rae Rookie\"");
    page.says("must begin with a letter");
    let fields = [
        ("username", "rookie"),
        ("name", "Rae Rookie"),
        ("roles[]", "investigator"),
        ("unit_id", app.units["squad"].as_str()),
    ];
    let page = app.leaves(AGENCY, "user.created", &app.administrator, || {
        admin.post("/users", &fields).is(200)
    });
    assert_eq!(once(&page).len(), 19);
    let found = admin.get("/users?search=ROOK").is(200);
    found.says("Rae Rookie");
    found.does_not_say("Lena Lead");
    admin.get("/users?search=%25").is(200).says("Lena Lead");
    admin.get("/users?role=auditor").is(200).does_not_say("Rae Rookie");
    let id = app.administrator.get("/api/v1/users?search=rookie").is(200);
    let path = format!("/users/{}", text(&id["items"][0]["id"]));
    let version = admin.get(&path).is(200).hidden("version");
    let change = [
        ("version", version.as_str()),
        ("name", "Rae R. Rookie"),
        ("roles[]", "investigator"),
        ("roles[]", "auditor"),
        ("unit_id", app.units["north"].as_str()),
    ];
    app.leaves(AGENCY, "user.changed", &app.administrator, || {
        admin.post(&path, &change).is(303)
    });
    admin.post(&path, &change).is(412).says("Rae R. Rookie");
    // Boxes of which none is ticked are no boxes left out.
    let none = [("version", "2"), ("name", "Rae R. Rookie"), ("roles[]", "")];
    admin.post(&path, &none).is(422).says("must name at least one role");
    let all_at_once = admin.post("/users", &[("roles[]", ""), ("name", "")]).is(422);
    all_at_once.says("must name at least one role");
    all_at_once.says("must be given");
    let page = admin.get(&path).is(200);
    page.says("Investigator, Auditor");
    page.says("Never signed in");
    let version = page.hidden("version");
    let disable = [("version", version.as_str()), ("disabled", "true")];
    admin.post(&path, &disable).is(303);
    admin.get(&path).is(200).says("Disabled");
}

both_databases!(trainings_are_recorded_and_ended_on_the_page);
fn trainings_are_recorded_and_ended_on_the_page(app: &App) {
    let admin = Browser::signed_in(app, "administrator");
    let path = format!("/users/{}", app.lead.id);
    let refused = admin.post(&format!("{path}/trainings"), &[("name", "x"), ("completed_on", "soon")]);
    refused.is(422).says("must be a day such as 2026-11-22");
    let backwards = [
        ("name", "x"),
        ("completed_on", "2026-03-01"),
        ("expires_on", "2025-03-01"),
    ];
    let refused = admin.post(&format!("{path}/trainings"), &backwards);
    refused.is(422).says("must not lie before the day of completion");
    let fields = [
        ("name", "Open sources, basic"),
        ("completed_on", "2026-03-01"),
        ("expires_on", "2028-03-01"),
    ];
    app.leaves(AGENCY, "training.recorded", &app.administrator, || {
        admin.post(&format!("{path}/trainings"), &fields).is(303)
    });
    admin.get(&path).is(200).says("Until 2028-03-01");
    let listed = app.administrator.get(&format!("/api/v1{path}/trainings")).is(200);
    let end = format!("{path}/trainings/{}/end", text(&listed["items"][0]["id"]));
    app.leaves(AGENCY, "training.ended", &app.administrator, || {
        admin.post(&end, &[]).is(303)
    });
    admin.get(&path).is(200).says("Ended 2026-11-22");
    admin.post(&end, &[]).is(409);
    // Of somebody else there is no such training.
    let other = end.replace(&app.lead.id, &app.member.id);
    assert_eq!(admin.post(&other, &[]).status, 404);
}

both_databases!(units_are_made_and_renamed);
fn units_are_made_and_renamed(app: &App) {
    let admin = Browser::signed_in(app, "administrator");
    let fields = [("name", "east"), ("parent_id", app.units["north"].as_str())];
    app.leaves(AGENCY, "unit.created", &app.administrator, || {
        admin.post("/units", &fields).is(303)
    });
    let page = admin.get("/units").is(200);
    page.says("<bdi>east</bdi>");
    let path = format!("/api/v1/units/{}", app.units["south"]);
    let renamed = app.leaves(AGENCY, "unit.changed", &app.administrator, || {
        app.administrator.patch(&path, 1, json!({"name": "Harbor"})).is(200)
    });
    assert_eq!((&renamed["name"], &renamed["version"]), (&json!("Harbor"), &json!(2)));
    app.administrator
        .patch(&path, 1, json!({"name": "late"}))
        .problem(412, "stale-version");
    let form = [("version", "2"), ("name", "")];
    admin.post(&format!("/units/{}", app.units["south"]), &form).is(422);
    let form = [("version", "2"), ("name", "Harbor South")];
    admin.post(&format!("/units/{}", app.units["south"]), &form).is(303);
    admin.get("/units").is(200).says("Harbor South");
    app.lead.patch(&path, 3, json!({"name": "x"})).problem(403, "forbidden");
}

both_databases!(settings_are_shown_without_secrets with ("metrics_token", "a secret of the tests"));
fn settings_are_shown_without_secrets(app: &App) {
    let shown = app.administrator.get("/api/v1/settings").is(200);
    let of = |name: &str| {
        let all = shown["items"].as_array().unwrap().iter();
        all.clone().find(|s| s["name"] == name).unwrap().clone()
    };
    assert_eq!(
        (&of("upload_idle")["value"], &of("upload_idle")["source"]),
        (&json!("2"), &json!("flag"))
    );
    assert_eq!(of("log_format")["source"], "default");
    assert_eq!(of("metrics_token")["value"], Value::Null);
    // What is left empty is told as what counts.
    let value = |name: &str| of(name)["value"].as_str().unwrap().to_owned();
    assert!(value("port").parse::<u16>().is_ok() && value("workers").parse::<u16>().unwrap() > 0);
    assert!(value("origin").starts_with("casetrail.invalid/"), "{}", value("origin"));
    assert!(value("files").ends_with("files"), "{}", value("files"));
    let admin = Browser::signed_in(app, "administrator");
    let page = admin.get("/settings").is(200);
    page.says("upload_idle");
    page.does_not_say("a secret of the tests");
    app.auditor.get("/api/v1/settings").problem(403, "forbidden");
}

both_databases!(the_installation_tells_of_the_machine_and_of_no_case);
fn the_installation_tells_of_the_machine_and_of_no_case(app: &App) {
    app.goes_behind();
    let case = app.case();
    app.leave(&case);
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "original"}]}));
    app.lead.upload(&case, &capture, &[("f", b"twelve bytes")]).is(201);
    let plant = |conn: &mut casetrail::db::AnyConn| {
        for (kind, object, error) in [
            ("packet-builder", "p", "of a case"),
            ("packet-builder", "q", "of another case"),
            ("retries", "", "the disk is full"),
        ] {
            let row = format!(
                "INSERT INTO jobs (kind, object, state, due_at, attempts, lease, leased_until, cancel, step, done, total, error) \
                 VALUES ('{kind}', '{object}', 'failed', 1, 1, '', 0, FALSE, '', 0, 0, '{error}')"
            );
            sql_query(row).execute(conn)?;
        }
        Ok(())
    };
    app.db().write_blocking(plant).unwrap();
    let shown = app.administrator.get("/api/v1/installation").is(200);
    assert_eq!((&shown["files"], &shown["file_bytes"]), (&Value::Null, &json!(12)));
    let failed = &shown["failed_jobs"];
    assert_eq!(
        failed[0],
        json!({"kind": "packet-builder", "due_at": null, "reason": null})
    );
    assert_eq!(
        (failed.as_array().unwrap().len(), &failed[1]["reason"]),
        (2, &json!("the disk is full"))
    );
    let told = shown.to_string();
    assert!(
        told.contains("the disk is full") && !told.contains("of a case"),
        "{told}"
    );
    assert!(!told.contains(&case.id), "{told}");
    assert!(shown["free_bytes"].as_u64().unwrap() > 0 && shown["database_bytes"].as_u64().unwrap() > 0);
    let admin = Browser::signed_in(app, "administrator");
    for path in ["/", "/installation", "/users", "/units", "/settings"] {
        let page = admin.get(path).is(200);
        page.does_not_say("Threats to a council member");
        page.does_not_say(&case.id);
    }
    admin
        .get("/installation")
        .is(200)
        .says("No backup of this installation is recorded");
    admin.get("/").is(200).says("2 kinds of jobs failed");
    for username in ["lead", "supervisor", "auditor"] {
        let browser = Browser::signed_in(app, username);
        for path in ["/installation", "/settings", "/units", "/users"] {
            assert_eq!(browser.get(path).status, 403, "{username}: {path}");
        }
        app.lead.get("/api/v1/installation").problem(403, "forbidden");
    }
}

both_databases!(a_token_is_shown_once_on_the_account_page);
fn a_token_is_shown_once_on_the_account_page(app: &App) {
    let lead = Browser::signed_in(app, "lead");
    let page = lead
        .post("/account/tokens", &[("name", "station"), ("form_zone", "UTC")])
        .is(422);
    page.says("value=\"station\"");
    let fields = [("name", "station"), ("form_zone", "UTC"), ("until", "2026-12-24T12:00")];
    let page = app.leaves(AGENCY, "token.issued", &app.lead, || {
        lead.post("/account/tokens", &fields).is(200)
    });
    let token = page.text.split("ct_").nth(1).unwrap().split('<').next().unwrap();
    app.bearing(&format!("ct_{token}")).get("/api/v1/me").is(200);
    let page = lead.get("/account").is(200);
    page.does_not_say(token);
    page.says("ends 2026-12-24 12:00:00 UTC");
}
