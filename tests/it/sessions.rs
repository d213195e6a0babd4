//! Signing in and out, and what a bearer is worth.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::{App, PASSWORD, hours};

const AGENCY: &str = "agency";

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

both_databases!(signing_in_opens_a_session);
fn signing_in_opens_a_session(app: &App) {
    let opened = app.leaves(AGENCY, "session.opened", &app.lead, || {
        app.sign_in("Lead", PASSWORD).is(201)
    });
    let me = app.bearing(&text(&opened["access_token"])).get("/api/v1/me").is(200);
    assert_eq!(
        (&me["id"], &me["username"], &me["roles"]),
        (&json!(app.lead.id), &json!("lead"), &json!(["investigator"]))
    );
    assert_eq!(me["units"][0]["name"], "squad");
    let other = app.sign_in("lead", PASSWORD).is(201);
    assert_ne!(other["access_token"], opened["access_token"]);
}

both_databases!(every_reason_to_refuse_gets_the_same_answer);
fn every_reason_to_refuse_gets_the_same_answer(app: &App) {
    let version = app.administrator.get(&format!("/api/v1/users/{}", app.far.id)).is(200)["version"]
        .as_i64()
        .unwrap();
    app.administrator
        .patch(
            &format!("/api/v1/users/{}", app.far.id),
            version,
            json!({"disabled": true}),
        )
        .is(200);
    let wrong = app.sign_in("lead", "not it").problem(401, "sign-in-refused");
    assert_eq!(
        app.sign_in("no-such-person", "not it").problem(401, "sign-in-refused"),
        wrong
    );
    assert_eq!(app.sign_in("far", PASSWORD).problem(401, "sign-in-refused"), wrong);
    let last = app.events(AGENCY).pop().unwrap();
    assert_eq!(
        (&last["action"], &last["actor"]["kind"]),
        (&json!("session.refused"), &json!("anonymous"))
    );
    let record = app.last_record(AGENCY);
    assert!(!record.to_string().contains(PASSWORD));
}

both_databases!(the_fifth_failure_locks_until_an_administrator_releases);
fn the_fifth_failure_locks_until_an_administrator_releases(app: &App) {
    for _ in 0..4 {
        app.sign_in("lead", "wrong").is(401);
    }
    assert_eq!(app.count(AGENCY, "user.locked"), 0);
    app.sign_in("lead", "wrong").is(401);
    assert_eq!(app.count(AGENCY, "user.locked"), 1);
    app.advance(hours(30));
    // It was never signed in to from here.
    app.sign_in("lead", PASSWORD).problem(401, "sign-in-refused");
    let path = format!("/api/v1/users/{}", app.lead.id);
    let version = app.administrator.get(&path).is(200)["version"].as_i64().unwrap();
    app.leaves(AGENCY, "user.unlocked", &app.administrator, || {
        app.administrator
            .patch(&path, version, json!({"locked": false}))
            .is(200)
    });
    app.sign_in("lead", PASSWORD).is(201);
}

both_databases!(failures_far_apart_do_not_lock);
fn failures_far_apart_do_not_lock(app: &App) {
    for _ in 0..6 {
        app.sign_in("lead", "wrong").is(401);
        app.advance(hours(1));
    }
    app.sign_in("lead", PASSWORD).is(201);
}

both_databases!(a_one_time_password_is_changed_first);
fn a_one_time_password_is_changed_first(app: &App) {
    let new = json!({"username": "newcomer", "name": "Nia Newcomer", "roles": ["investigator"]});
    let made = app.administrator.post("/api/v1/users", new).is(201);
    let once = text(&made["one_time_password"]);
    let opened = app.sign_in("newcomer", &once).is(201);
    let client = app.bearing(&text(&opened["access_token"]));
    assert_eq!(client.get("/api/v1/me").is(200)["password_change_due"], true);
    client
        .get("/api/v1/users?username=lead")
        .problem(403, "password-change-first");
    client
        .post("/api/v1/cases", json!({"title": "x", "kind": "online_crime"}))
        .problem(403, "password-change-first");
    let change = |current: &str, new: &str| {
        client.put(
            "/api/v1/me/password",
            json!({"current_password": current, "new_password": new}),
        )
    };
    change("not it", "another lantern by the pier").refuses(422, "current_password", "right");
    change(&once, "short").is(422);
    change(&once, "another lantern by the pier").is(204);
    assert_eq!(app.count(AGENCY, "password.changed"), 1);
    client.get("/api/v1/users?username=lead").is(200);
    app.sign_in("newcomer", &once).is(401);
    app.sign_in("newcomer", "another lantern by the pier").is(201);
}

both_databases!(a_session_guesses_no_password);
fn a_session_guesses_no_password(app: &App) {
    let client = app.bearing(&text(&app.sign_in("lead", PASSWORD).is(201)["access_token"]));
    let change = |current: &str| {
        let words = json!({"current_password": current, "new_password": "another lantern by the pier"});
        client.put("/api/v1/me/password", words)
    };
    for _ in 0..5 {
        change("not it").refuses(422, "current_password", "right");
    }
    assert_eq!(app.count(AGENCY, "user.locked"), 1);
    // Right and wrong look the same now.
    change("not it").problem(409, "conflict");
    change(PASSWORD).problem(409, "conflict");
    app.nobody
        .from("127.0.0.9")
        .post("/api/v1/sessions", json!({"username": "lead", "password": PASSWORD}))
        .is(401);
}

both_databases!(changing_a_password_ends_the_other_sessions);
fn changing_a_password_ends_the_other_sessions(app: &App) {
    let here = app.bearing(&text(&app.sign_in("lead", PASSWORD).is(201)["access_token"]));
    let there = app.bearing(&text(&app.sign_in("lead", PASSWORD).is(201)["access_token"]));
    here.put(
        "/api/v1/me/password",
        json!({"current_password": PASSWORD, "new_password": "another lantern by the pier"}),
    )
    .is(204);
    here.get("/api/v1/me").is(200);
    there.get("/api/v1/me").is(401);
    app.lead.get("/api/v1/me").is(401);
}

both_databases!(a_refresh_rotates_and_a_spent_one_ends_the_session);
fn a_refresh_rotates_and_a_spent_one_ends_the_session(app: &App) {
    let first = app.sign_in("lead", PASSWORD).is(201);
    let refresh = |token: &Value| {
        app.nobody
            .post("/api/v1/sessions/refresh", json!({"refresh_token": token}))
    };
    app.advance(hours(1) - 60_000_000);
    let second = refresh(&first["refresh_token"]).is(200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let client = app.bearing(&text(&second["access_token"]));
    client.get("/api/v1/me").is(200);
    // However many came after it, a spent one ends the session, and that is an event.
    let third = refresh(&second["refresh_token"]).is(200);
    let closed = app.count("agency", "session.closed");
    refresh(&first["refresh_token"]).is(401);
    assert_eq!(app.count("agency", "session.closed"), closed + 1);
    client.get("/api/v1/me").is(401);
    refresh(&third["refresh_token"]).is(401);
    // Each further use is an event too.
    let refused = app.count("agency", "session.refused");
    refresh(&first["refresh_token"]).is(401);
    refresh(&second["refresh_token"]).is(401);
    assert_eq!(app.count("agency", "session.refused"), refused + 2);
    let bent = text(&third["refresh_token"]).replacen(".2.", ".1.", 1);
    for wrong in ["nonsense", "a.b", bent.as_str()] {
        refresh(&json!(wrong)).is(401);
    }
    assert_eq!(app.count("agency", "session.closed"), closed + 1);
}

both_databases!(a_session_ends_when_idle_and_after_twelve_hours);
fn a_session_ends_when_idle_and_after_twelve_hours(app: &App) {
    let opened = app.sign_in("lead", PASSWORD).is(201);
    let client = app.bearing(&text(&opened["access_token"]));
    app.advance(16 * 60_000_000);
    client.get("/api/v1/me").is(401);
    let mut refresh = opened["refresh_token"].clone();
    for _ in 0..14 {
        app.advance(50 * 60_000_000);
        let answer = app
            .nobody
            .post("/api/v1/sessions/refresh", json!({"refresh_token": refresh}));
        if answer.status == 401 {
            break;
        }
        refresh = answer.is(200)["refresh_token"].clone();
    }
    app.nobody
        .post("/api/v1/sessions/refresh", json!({"refresh_token": refresh}))
        .is(401);
    let idle = app.sign_in("lead", PASSWORD).is(201);
    app.advance(hours(1) + 60_000_000);
    app.nobody
        .post(
            "/api/v1/sessions/refresh",
            json!({"refresh_token": idle["refresh_token"]}),
        )
        .is(401);
}

both_databases!(signing_out_ends_it_at_once);
fn signing_out_ends_it_at_once(app: &App) {
    let client = app.bearing_as(
        &app.lead.id,
        &text(&app.sign_in("lead", PASSWORD).is(201)["access_token"]),
    );
    app.leaves(AGENCY, "session.closed", &client, || {
        client.delete("/api/v1/sessions/current").is(204)
    });
    client.get("/api/v1/me").is(401);
    client.delete("/api/v1/sessions/current").is(401);
}

both_databases!(disabling_a_user_ends_sessions_and_tokens_at_once);
fn disabling_a_user_ends_sessions_and_tokens_at_once(app: &App) {
    let client = app.bearing(&text(&app.sign_in("lead", PASSWORD).is(201)["access_token"]));
    let path = format!("/api/v1/users/{}", app.lead.id);
    let version = app.administrator.get(&path).is(200)["version"].as_i64().unwrap();
    app.leaves(AGENCY, "user.disabled", &app.administrator, || {
        app.administrator
            .patch(&path, version, json!({"disabled": true}))
            .is(200)
    });
    client.get("/api/v1/me").is(401);
    app.lead.get("/api/v1/me").is(401);
}

both_databases!(a_forged_bearer_is_nobody);
fn a_forged_bearer_is_nobody(app: &App) {
    let token = text(&app.sign_in("lead", PASSWORD).is(201)["access_token"]);
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let header = |alg: &str| URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
    let signed = |secret: &[u8]| {
        let key = jsonwebtoken::EncodingKey::from_secret(secret);
        let claims: Value = serde_json::from_str(&claims).unwrap();
        jsonwebtoken::encode(
            &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256),
            &claims,
            &key,
        )
        .unwrap()
    };
    let vkey = app.lead.get("/api/v1/ledger/key").is(200);
    let mut last = parts[2].to_owned();
    let flipped = if last.starts_with('A') { 'B' } else { 'A' };
    last.replace_range(0..1, &flipped.to_string());
    let forged = [
        format!("{}.{}.", header("none"), parts[1]),
        format!("{}.{}.{}", header("none"), parts[1], parts[2]),
        format!("{}.{}.{}", header("HS512"), parts[1], parts[2]),
        signed(b""),
        signed(b"secret"),
        signed(vkey["vkey"].as_str().unwrap().as_bytes()),
        signed(vkey["pem"].as_str().unwrap().as_bytes()),
        format!("{}.{}.{last}", parts[0], parts[1]),
        format!(
            "{}.{}.{}",
            parts[0],
            URL_SAFE_NO_PAD.encode(claims.replace("exp\":1", "exp\":9")),
            parts[2]
        ),
        token[..token.len() - 3].to_owned(),
        "ct_0000000000000000000000000000000000000000000".into(),
        String::new(),
    ];
    for bearer in forged {
        app.bearing(&bearer).get("/api/v1/me").problem(401, "not-signed-in");
    }
    app.bearing(&token).get("/api/v1/me").is(200);
}

both_databases!(a_revoked_token_is_over);
fn a_revoked_token_is_over(app: &App) {
    let id = app.lead.id.clone();
    let made = app
        .state
        .gate
        .housekeep_blocking(casetrail::ledger::operator("tests"), move |tx| {
            Ok(casetrail::users::ops::token(tx, &id, None)?.peek().clone())
        })
        .unwrap();
    let client = app.bearing(&made.1);
    client.get("/api/v1/me").is(200);
    app.state
        .gate
        .housekeep_blocking(casetrail::ledger::operator("tests"), move |tx| {
            casetrail::users::ops::revoke_token(tx, &made.0).map(drop)
        })
        .unwrap();
    client.get("/api/v1/me").is(401);
    assert_eq!(
        (
            app.count(AGENCY, "token.revoked"),
            app.events(AGENCY).pop().unwrap()["actor"]["kind"].clone()
        ),
        (1, json!("operator"))
    );
    let id = app.lead.id.clone();
    let until = app.clock.clone();
    let short = app
        .state
        .gate
        .housekeep_blocking(casetrail::ledger::operator("tests"), move |tx| {
            use casetrail::clock::Clock;
            Ok(casetrail::users::ops::token(tx, &id, Some(until.now() + hours(2)))?
                .peek()
                .1
                .clone())
        })
        .unwrap();
    app.bearing(&short).get("/api/v1/me").is(200);
    app.advance(hours(3));
    app.bearing(&short).get("/api/v1/me").is(401);
}

both_databases!(a_session_that_a_reset_ended_is_not_opened_behind_the_ledger);
fn a_session_that_a_reset_ended_is_not_opened_behind_the_ledger(app: &App) {
    app.goes_behind();
    let opened = app.sign_in("member", PASSWORD).is(201);
    let client = app.bearing(&text(&opened["access_token"]));
    client.get("/api/v1/me").is(200);
    let path = format!("/api/v1/users/{}", app.member.id);
    let version = app.administrator.get(&path).is(200)["version"].as_i64().unwrap();
    app.administrator
        .patch(&path, version, json!({"reset_password": true}))
        .is(200);
    client.get("/api/v1/me").is(401);
    let reopened = app.db().write_blocking(|conn| {
        use diesel::RunQueryDsl;
        Ok(diesel::sql_query("UPDATE sessions SET ended_at = NULL").execute(conn)?)
    });
    assert!(reopened.unwrap() > 0);
    client.get("/api/v1/me").is(401);
    app.member.get("/api/v1/me").is(401);
    // Others go on.
    app.lead.get("/api/v1/me").is(200);
}
