//! Sign-ins that fail: they slow down the place they come from, and lock nobody out who was there before.

use casetrail::config::Config;
use casetrail::users::ops;
use serde_json::{Value, json};

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

both_databases!(a_flood_from_elsewhere_keeps_no_administrator_out_of_the_machine);
fn a_flood_from_elsewhere_keeps_no_administrator_out_of_the_machine(app: &App) {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    let (over, answered, busy) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for n in 0..48 {
            let (over, answered, busy) = (&over, &answered, &busy);
            scope.spawn(move || {
                let from = format!("127.0.1.{n}");
                while !over.load(Ordering::SeqCst) {
                    // Through a proxy, so that nobody takes them for someone at the machine.
                    let status = passed_on(app, &from, ("administrator", "wrong")).status;
                    answered.fetch_add(1, Ordering::SeqCst);
                    busy.fetch_add(usize::from(status != 401), Ordering::SeqCst);
                }
            });
        }
        while answered.load(Ordering::SeqCst) < 200 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let mut waited = Vec::new();
        for _ in 0..3 {
            let begun = std::time::Instant::now();
            let status = tries(app, "127.0.0.1", ("administrator", PASSWORD)).status;
            waited.push((status, begun.elapsed().as_secs()));
        }
        over.store(true, Ordering::SeqCst);
        let let_in = waited.iter().all(|(status, seconds)| *status == 201 && *seconds < 30);
        assert!(
            let_in,
            "{waited:?}, of {answered:?} of the flood {busy:?} were turned away"
        );
    });
    assert_eq!(app.administrator.get("/api/v1/me").is(200)["username"], "administrator");
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
        assert_eq!(
            passed_on(app, STRANGER, (username, "wrong")).problem(429, "too-many-sign-ins"),
            told
        );
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

/// As a proxy on this machine passes it on.
fn through_proxy(app: &App, said: (&'static str, &str), (username, password): (&str, &str)) -> Answer {
    let words = json!({"username": username, "password": password});
    let request = app.nobody.request("POST", "/api/v1/sessions").json(&words);
    app.nobody.send(request.header(said.0, said.1))
}

fn recorded(app: &App) -> Value {
    app.last_record(AGENCY)["address"].clone()
}

both_databases!(a_trusted_proxy_is_believed with ("trusted_proxies", "127.0.0.1, 10.1.0.0/16"));
fn a_trusted_proxy_is_believed(app: &App) {
    let here = ("X-Forwarded-For", "203.0.113.7, 198.51.100.1, 10.1.0.9");
    let opened = through_proxy(app, here, ("lead", PASSWORD)).is(201);
    assert_eq!(recorded(app), "198.51.100.1");
    let client = app.bearing(opened["access_token"].as_str().unwrap());
    let sessions = client.get("/api/v1/me/sessions").is(200);
    assert_eq!(sessions["items"][0]["address"], "198.51.100.1");
    let standard = (
        "Forwarded",
        "for=203.0.113.7, for=\"[2001:db8:1:2::1]:4711\";proto=https",
    );
    through_proxy(app, standard, ("lead", PASSWORD)).is(201);
    assert_eq!(recorded(app), "2001:db8:1:2::1");
    // Each has an address of their own: failing, slowed, or known.
    for n in 0..25 {
        let status = through_proxy(app, ("X-Forwarded-For", "203.0.113.7"), ("lead", "wrong")).status;
        assert_eq!(status, if n < 20 { 401 } else { 429 });
    }
    through_proxy(app, here, ("lead", PASSWORD)).is(201);
    let neighbour = ("X-Forwarded-For", "2001:db8:1:2:ffff::2");
    through_proxy(app, neighbour, ("lead", PASSWORD)).is(201);
    through_proxy(app, ("X-Forwarded-For", "2001:db8:1:3::1"), ("lead", PASSWORD)).is(401);
    // Who calls without the proxy says what they like.
    let words = json!({"username": "member", "password": PASSWORD});
    let stranger = app.nobody.from(STRANGER);
    let request = stranger.request("POST", "/api/v1/sessions").json(&words);
    stranger.send(request.header("X-Forwarded-For", "198.51.100.1")).is(201);
    assert_eq!(recorded(app), STRANGER);
}

both_databases!(nobody_is_believed_who_is_not_named);
fn nobody_is_believed_who_is_not_named(app: &App) {
    for said in [("X-Forwarded-For", "198.51.100.1"), ("Forwarded", "for=198.51.100.1")] {
        through_proxy(app, said, ("lead", PASSWORD)).is(201);
        assert_eq!(recorded(app), "127.0.0.1");
    }
    for bad in ["localhost", "0.0.0.0/0", "10.0.0.0/33"] {
        let refused = Config::load(&[("trusted_proxies", bad.to_owned())]).unwrap_err();
        assert_eq!(refused.errors[0].field, "trusted_proxies");
    }
}
