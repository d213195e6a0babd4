//! Sign-ins that fail: they slow down the place they come from, and lock nobody out who was there before.

use casetrail::users::ops;
use serde_json::json;

use crate::both_databases;
use crate::kit::browser::sent;
use crate::kit::{Answer, App, PASSWORD, days, hours};

const AGENCY: &str = "agency";
const MINUTE: i64 = 60_000_000;
const STRANGER: &str = "127.0.0.9";

fn tries(app: &App, from: &str, (username, password): (&str, &str)) -> Answer {
    let words = json!({"username": username, "password": password});
    app.nobody.from(from).post("/api/v1/sessions", words)
}

/// As a proxy that nobody trusts passes it on: not at the machine itself.
fn passed_on(app: &App, from: &str, (username, password): (&str, &str)) -> Answer {
    let words = json!({"username": username, "password": password});
    let client = app.nobody.from(from);
    let request = client.request("POST", "/api/v1/sessions").json(&words);
    client.send(request.header("X-Forwarded-For", "127.0.0.1"))
}

fn locks(app: &App, username: &str) {
    for _ in 0..5 {
        tries(app, STRANGER, (username, "wrong")).problem(401, "sign-in-refused");
    }
    tries(app, STRANGER, (username, PASSWORD)).problem(401, "sign-in-refused");
}

both_databases!(strangers_lock_nobody_out_where_they_were_before);
fn strangers_lock_nobody_out_where_they_were_before(app: &App) {
    tries(app, "127.0.0.1", ("lead", PASSWORD)).is(201);
    locks(app, "lead");
    let path = format!("/api/v1/users/{}", app.lead.id);
    for _ in 0..2 {
        tries(app, "127.0.0.1", ("lead", PASSWORD)).is(201);
        assert_eq!(app.administrator.get(&path).is(200)["locked"], true);
        tries(app, "127.0.0.8", ("lead", PASSWORD)).is(401);
    }
    // Who is there guesses no more than elsewhere.
    let wrong: Vec<_> = (0..5)
        .map(|_| tries(app, "127.0.0.1", ("lead", "wrong")).problem(401, "sign-in-refused"))
        .collect();
    let refused = tries(app, "127.0.0.1", ("lead", PASSWORD)).problem(401, "sign-in-refused");
    assert!(wrong.iter().all(|said| *said == refused));
    app.advance(16 * MINUTE);
    tries(app, "127.0.0.1", ("lead", PASSWORD)).is(201);
    app.advance(days(91));
    tries(app, "127.0.0.1", ("lead", PASSWORD)).is(401);
}

both_databases!(an_operator_releases_whom_strangers_locked);
fn an_operator_releases_whom_strangers_locked(app: &App) {
    locks(app, "lead");
    let id = app.lead.id.clone();
    let unlocks = || {
        let id = id.clone();
        let done = app
            .state
            .gate
            .housekeep_blocking(casetrail::ledger::operator("tests"), move |tx| {
                ops::unlock(tx, &id).map(drop)
            });
        done.is_ok()
    };
    assert_eq!((unlocks(), unlocks()), (true, false));
    let last = app.events(AGENCY).pop().unwrap();
    assert_eq!(
        (&last["action"], &last["actor"]["kind"]),
        (&json!("user.unlocked"), &json!("operator"))
    );
    tries(app, STRANGER, ("lead", PASSWORD)).is(201);
}

both_databases!(an_administrator_signs_in_at_the_machine_whatever_fails);
fn an_administrator_signs_in_at_the_machine_whatever_fails(app: &App) {
    for _ in 0..5 {
        tries(app, STRANGER, ("administrator", "wrong")).is(401);
        tries(app, STRANGER, ("supervisor", "wrong")).is(401);
    }
    // Not for others at the machine, and not through a proxy on it.
    tries(app, STRANGER, ("supervisor", PASSWORD)).is(401);
    passed_on(app, STRANGER, ("administrator", PASSWORD)).is(401);
    tries(app, STRANGER, ("administrator", PASSWORD)).is(201);
    // Nor does the place's slowing keep them out.
    while passed_on(app, STRANGER, ("nobody", "wrong")).status == 401 {}
    let begun = std::time::Instant::now();
    for (username, password) in [("administrator", "wrong"), ("nobody", "wrong"), ("lead", PASSWORD)] {
        tries(app, STRANGER, (username, password)).problem(429, "too-many-sign-ins");
    }
    passed_on(app, STRANGER, ("administrator", PASSWORD)).problem(429, "too-many-sign-ins");
    tries(app, STRANGER, ("administrator", PASSWORD)).is(201);
    assert!(begun.elapsed().as_secs() >= 6, "guesses come in turns");
}

both_databases!(a_place_that_fails_waits_and_no_other);
fn a_place_that_fails_waits_and_no_other(app: &App) {
    let names = ["lead", "member", "stranger", "far", "nobody", "no-one"];
    for n in 0..20 {
        passed_on(app, STRANGER, (names[n % 6], "wrong")).problem(401, "sign-in-refused");
    }
    let slowed = passed_on(app, STRANGER, ("lead", PASSWORD));
    let seconds: i64 = slowed.header("retry-after").parse().unwrap();
    assert!((1..=2).contains(&seconds));
    let told = slowed.problem(429, "too-many-sign-ins");
    let refused = app.count(AGENCY, "session.refused");
    for username in ["lead", "auditor", "no-one-at-all"] {
        assert_eq!(passed_on(app, STRANGER, (username, "wrong")).problem(429, "too-many-sign-ins"), told);
    }
    assert_eq!(app.count(AGENCY, "session.refused"), refused);
    let form = [("username", "auditor"), ("password", PASSWORD)];
    let page = |from: &str| {
        let client = app.nobody.from(from);
        let request = client.request("POST", "/sign-in");
        sent(request.header("X-Forwarded-For", "127.0.0.1"), &form)
    };
    page("127.0.0.1").is(303);
    page(STRANGER).is(429).says("Wait a little before the next one.");
    passed_on(app, "127.0.0.8", ("supervisor", PASSWORD)).is(201);
    app.advance(seconds * 1_000_000);
    passed_on(app, STRANGER, ("auditor", "wrong")).is(401);
    assert_eq!(app.last_record(AGENCY)["turned_away_before"], 5);
    // Longer each time, until nothing failed for a while.
    let slowed = passed_on(app, STRANGER, ("auditor", PASSWORD));
    assert!(slowed.header("retry-after").parse::<i64>().unwrap() > seconds);
    slowed.is(429);
    app.advance(hours(1));
    passed_on(app, STRANGER, ("auditor", PASSWORD)).is(201);
}
