//! Captures: what covers them, who reads them, what is said about them later.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::{App, Case, Client, days, hours, with};
use casetrail::proof::Digest;

fn rule<'v>(capture: &'v Value, name: &str) -> &'v Value {
    capture["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .find(|l| l["rule"] == name)
        .map_or(&Value::Null, |l| &l["passed"])
}

fn id(capture: &Value) -> String {
    format!("/api/v1/captures/{}", capture["id"].as_str().unwrap())
}

fn file(part: &str, role: &str, bytes: &[u8]) -> Value {
    json!({"part": part, "name": format!("{part}.png"), "role": role, "sha256": Digest::of(bytes).to_string()})
}

const BYTES: &[u8] = b"\x89PNG\r\n\x1a\n and what follows IEND\xaeB`\x82";

fn held(app: &App, case: &Case) -> Value {
    let held = app
        .lead
        .upload(
            case,
            &app.post_with(json!({"files": [file("shot", "screenshot", BYTES)]})),
            &[("shot", BYTES)],
        )
        .is(201);
    assert_eq!(held["state"], "held");
    held
}

fn decide(client: &Client, capture: &Value, outcome: &str) -> crate::kit::Answer {
    client.post(
        &format!("{}/decision", id(capture)),
        json!({"outcome": outcome, "reason": "looked at it"}),
    )
}

both_databases!(a_covered_capture_is_logged_with_its_files);
fn a_covered_capture_is_logged_with_its_files(app: &App) {
    let case = app.case();
    let leave = app.leave(&case);
    let capture =
        app.post_with(json!({"files": [file("shot", "screenshot", BYTES), file("orig", "original", b"text")]}));
    let answer = app.leaves(&case.stream, "capture.recorded", &app.lead, || {
        app.lead.upload(&case, &capture, &[("shot", BYTES), ("orig", b"text")])
    });
    assert!(answer.header("location").starts_with("/api/v1/captures/"));
    let made = answer.is(201);
    assert_eq!(
        (&made["state"], &made["item"], &made["flags"]),
        (&json!("logged"), &json!(1), &json!([]))
    );
    assert_eq!(
        made["basis"],
        json!({"kind": "authorization", "id": leave, "reason": null})
    );
    for name in ["holder", "state", "platform", "account", "level", "device", "window"] {
        assert_eq!(rule(&made, name), &json!(true), "{name}");
    }
    let files = made["files"].as_array().unwrap();
    assert_eq!(
        (&files[0]["media_type"], &files[0]["declared_type"], &files[0]["size"]),
        (&json!("image/png"), &json!("image/png"), &json!(BYTES.len()))
    );
    assert_eq!(files[1]["media_type"], "text/plain");
    let event = app.events(&case.stream).pop().unwrap();
    assert_eq!(event["seq"], made["event"]["seq"]);
    assert_eq!(
        event["attest"]["files"][0],
        json!({"sha256": Digest::of(BYTES), "size": BYTES.len(), "role": "screenshot"})
    );
    assert_eq!(app.lead.get(&id(&made)).is(200), made);
    assert_eq!(app.stored(), (2, 0));
    assert_eq!(app.member.log(&case, app.post()).is(201)["item"], 2);
    let listed = app.exporter.get(&case.path("captures")).is(200);
    assert_eq!(
        listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["item"].as_i64().unwrap())
            .collect::<Vec<_>>(),
        [1, 2]
    );
}

both_databases!(who_may_not_log_stores_nothing);
fn who_may_not_log_stores_nothing(app: &App) {
    let case = app.case();
    let capture = app.post_with(json!({"files": [file("shot", "screenshot", BYTES)]}));
    app.leaves_nothing(&case.stream, || {
        app.stranger
            .upload(&case, &capture, &[("shot", BYTES)])
            .problem(404, "not-found");
        app.auditor
            .upload(&case, &capture, &[("shot", BYTES)])
            .problem(404, "not-found");
        app.administrator.log(&case, app.post()).problem(404, "not-found");
        app.far.log(&case, app.post()).problem(404, "not-found");
        app.supervisor
            .upload(&case, &capture, &[("shot", BYTES)])
            .problem(403, "forbidden");
        app.exporter.log(&case, app.post()).problem(403, "forbidden");
        app.nobody
            .upload(&case, &capture, &[("shot", BYTES)])
            .problem(401, "not-signed-in");
    });
    assert_eq!(app.stored(), (0, 0));
}

both_databases!(each_basis_is_logged_or_held);
fn each_basis_is_logged_or_held(app: &App) {
    let case = app.case();
    let log = |fields: Value| app.lead.log(&case, app.post_with(fields)).is(201);
    let reason = |kind: &str| json!({"basis": {"kind": kind, "reason": "because"}});
    for (kind, state) in [
        ("emergency", "logged"),
        ("legal_process", "logged"),
        ("consent", "logged"),
        ("third_party", "logged"),
        ("exception", "held"),
        ("not_required", "held"),
    ] {
        let made = log(reason(kind));
        assert_eq!((&made["state"], &made["basis"]["kind"]), (&json!(state), &json!(kind)));
    }
    // Handed over: neither level nor device nor platform is asked for.
    let handed = app
        .post_with(json!({"basis": {"kind": "legal_process", "reason": "warrant 9"}, "level": null, "device": null}));
    assert_eq!(app.lead.log(&case, handed).is(201)["state"], "logged");
    // No leave at all: held as an exception the server proposes.
    let bare = log(json!({}));
    assert_eq!(
        (&bare["state"], &bare["basis"]["kind"]),
        (&json!("held"), &json!("exception"))
    );
    assert_eq!(rule(&bare, "state"), &json!(false));
    app.lead
        .log(&case, app.post_with(json!({"basis": {"kind": "emergency"}})))
        .refuses(422, "basis.reason", "required");
    app.lead
        .log(&case, app.post_with(json!({"basis": {"kind": "authorization"}})))
        .refuses(422, "basis.id", "required");
    app.lead
        .log(&case, app.post_with(json!({"level": null})))
        .refuses(422, "level", "required");
    app.lead
        .log(&case, app.post_with(json!({"device": null})))
        .refuses(422, "device", "required");
    app.lead
        .log(&case, app.post_with(json!({"url": null})))
        .refuses(422, "url", "required");
}

both_databases!(each_rule_of_cover_is_told);
fn each_rule_of_cover_is_told(app: &App) {
    let case = app.case();
    let wanted = with(
        app.request(),
        json!({
            "level": "discreet", "accounts": [{"platform": "instagram", "handle": "@HarborLight_77"}, {"platform": "web", "platform_id": "42"}],
        }),
    );
    let leave = app.leave_of(&case, wanted);
    let log = |client: &Client, fields: Value| {
        client
            .log(
                &case,
                with(
                    app.post_with(json!({"basis": {"kind": "authorization", "id": leave}})),
                    fields,
                ),
            )
            .is(201)
    };
    assert_eq!(log(&app.lead, json!({}))["state"], "logged");
    assert_eq!(log(&app.lead, json!({"level": "discreet"}))["state"], "logged");
    let held = |capture: Value, name: &str| {
        assert_eq!(capture["state"], "held", "{name}");
        assert_eq!(rule(&capture, name), &json!(false), "{capture}");
    };
    held(log(&app.lead, json!({"level": "covert"})), "level");
    held(log(&app.lead, json!({"platform": "tiktok"})), "platform");
    held(log(&app.lead, json!({"device": "personal"})), "device");
    held(log(&app.lead, json!({"account": {"handle": "@somebody"}})), "account");
    held(log(&app.lead, json!({"captured_at": app.at(-days(2))})), "window");
    app.lead
        .put(&case.path(&format!("members/{}", app.stranger.id)), json!({}))
        .is(200);
    held(log(&app.stranger, json!({})), "holder");
    // What cannot be told does not hold.
    let unknown = log(&app.lead, json!({"account": null}));
    assert_eq!(
        (&unknown["state"], rule(&unknown, "account")),
        (&json!("logged"), &Value::Null)
    );
    let other_way = log(&app.lead, json!({"platform": "web", "account": {"handle": "@x"}}));
    assert_eq!(
        (&other_way["state"], rule(&other_way, "account")),
        (&json!("logged"), &Value::Null)
    );
    // An authorization of another case covers nothing here.
    let other = app.case();
    let foreign = app.leave(&other);
    let made = app
        .lead
        .log(
            &case,
            app.post_with(json!({"basis": {"kind": "authorization", "id": foreign}})),
        )
        .is(201);
    assert_eq!(made["state"], "held");
}

both_databases!(a_covert_capture_without_its_alias_is_held);
fn a_covert_capture_without_its_alias_is_held(app: &App) {
    let case = app.case();
    let alias = crate::aliases::approved(app);
    app.leave_of(&case, crate::aliases::covert(app, &[&alias]));
    let made = app.lead.log(&case, app.post_with(json!({"level": "covert"}))).is(201);
    assert_eq!(
        (&made["state"], &made["flags"]),
        (&json!("held"), &json!(["alias_missing"]))
    );
}

both_databases!(clocks_are_flagged_and_never_refused);
fn clocks_are_flagged_and_never_refused(app: &App) {
    let case = app.case();
    app.leave(&case);
    let future = app
        .lead
        .log(&case, app.post_with(json!({"captured_at": app.at(days(400))})))
        .is(201);
    assert_eq!(
        (&future["state"], &future["flags"]),
        (&json!("logged"), &json!(["future_clock"]))
    );
    let early = app.post();
    app.advance(hours(2));
    let late = app.lead.log(&case, early).is(201);
    assert_eq!(
        (&late["state"], &late["flags"]),
        (&json!("logged"), &json!(["late_entry"]))
    );
    let odd = app
        .lead
        .log(&case, app.post_with(json!({"posted_at": app.at(hours(1))})))
        .is(201);
    assert_eq!(odd["flags"], json!(["posted_after_capture"]));
}

both_databases!(a_held_capture_shows_each_reader_their_part);
fn a_held_capture_shows_each_reader_their_part(app: &App) {
    let case = app.case();
    let held = held(app, &case);
    for client in [&app.lead, &app.member, &app.exporter] {
        let shown = client.get(&id(&held)).is(200);
        for hidden in ["text", "url", "account", "note", "tool"] {
            assert!(shown.get(hidden).is_none_or(Value::is_null), "{hidden}: {shown}");
        }
        assert_eq!(shown["withheld"]["class"], "held");
        assert_eq!(
            shown["files"],
            json!([{"sha256": Digest::of(BYTES), "size": BYTES.len(), "role": "screenshot"}])
        );
        let listed = client.get(&case.path("captures")).is(200);
        assert!(!listed.to_string().contains("ferry"), "{listed}");
        let custody = client.get(&format!("{}/custody", id(&held))).is(200);
        assert!(!custody.to_string().contains("ferry"), "{custody}");
        let events = client.get(&case.path("events")).is(200);
        assert!(!events.to_string().contains("ferry"), "{events}");
        client
            .get(&format!(
                "/api/v1/files/{}/{}",
                held["id"].as_str().unwrap(),
                Digest::of(BYTES)
            ))
            .problem(403, "forbidden");
    }
    let shown = app.supervisor.get(&id(&held)).is(200);
    assert!(shown["text"].as_str().unwrap().contains("ferry"));
    app.supervisor
        .get(&format!(
            "/api/v1/files/{}/{}",
            held["id"].as_str().unwrap(),
            Digest::of(BYTES)
        ))
        .is(200);
    for client in [
        &app.stranger,
        &app.far,
        &app.auditor,
        &app.administrator,
        &app.prosecutor,
    ] {
        client.get(&id(&held)).problem(404, "not-found");
    }
    let case = app.lead.get(&case.path("")).is(200);
    assert_eq!(
        (&case["held_count"], &case["withheld"][0]["class"]),
        (&json!(1), &json!("held"))
    );
}

both_databases!(a_supervisor_accepts_ratifies_or_quarantines_what_is_held);
fn a_supervisor_accepts_ratifies_or_quarantines_what_is_held(app: &App) {
    let case = app.case();
    for (outcome, action, state) in [
        ("accept", "capture.accepted", "logged"),
        ("ratify", "capture.ratified", "logged"),
        ("quarantine", "capture.quarantined", "quarantined"),
    ] {
        let held = held(app, &case);
        app.leaves_nothing(&case.stream, || {
            decide(&app.stranger, &held, outcome).problem(404, "not-found");
            decide(&app.lead, &held, outcome).problem(403, "forbidden");
            decide(&app.member, &held, outcome).problem(403, "forbidden");
            app.supervisor
                .post(&format!("{}/decision", id(&held)), json!({"outcome": outcome}))
                .refuses(422, "reason", "required");
            decide(&app.supervisor, &held, "confirm").problem(409, "conflict");
        });
        let done = app.leaves(&case.stream, action, &app.supervisor, || {
            decide(&app.supervisor, &held, outcome).is(200)
        });
        assert_eq!(
            (&done["state"], &done["decision"]["outcome"]),
            (&json!(state), &json!(outcome))
        );
        app.leaves_nothing(&case.stream, || {
            decide(&app.supervisor, &held, outcome).problem(409, "conflict")
        });
        // That it was an exception stays.
        assert_eq!(done["basis"]["kind"], "exception");
        let seen = app.lead.get(&id(&held)).is(200);
        assert_eq!(seen.get("text").is_some_and(Value::is_string), state == "logged");
    }
    assert_eq!(app.lead.get(&case.path("")).is(200)["held_count"], 0);
}

both_databases!(an_emergency_is_confirmed_or_repudiated);
fn an_emergency_is_confirmed_or_repudiated(app: &App) {
    let case = app.case();
    let emergency = || {
        app.lead
            .log(
                &case,
                app.post_with(json!({"basis": {"kind": "emergency", "reason": "danger to life"}})),
            )
            .is(201)
    };
    let (good, bad) = (emergency(), emergency());
    let waiting = app.supervisor.get("/api/v1/captures?basis=emergency").is(200);
    assert_eq!(waiting["items"].as_array().unwrap().len(), 2);
    decide(&app.supervisor, &good, "accept").problem(409, "conflict");
    let done = app.leaves(&case.stream, "capture.confirmed", &app.supervisor, || {
        decide(&app.supervisor, &good, "confirm").is(200)
    });
    assert_eq!(done["state"], "logged");
    let done = app.leaves(&case.stream, "capture.repudiated", &app.supervisor, || {
        decide(&app.supervisor, &bad, "repudiate").is(200)
    });
    assert_eq!(done["state"], "quarantined");
    decide(&app.supervisor, &good, "repudiate").problem(409, "conflict");
}

both_databases!(the_list_to_decide_is_the_deciders);
fn the_list_to_decide_is_the_deciders(app: &App) {
    let case = app.case();
    let held = held(app, &case);
    let seen = |client: &Client| {
        client.get("/api/v1/captures?state=held").is(200)["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((seen(&app.supervisor), seen(&app.deputy)), (1, 1));
    assert_eq!(seen(&app.far), 0);
    for client in [
        &app.lead,
        &app.member,
        &app.stranger,
        &app.exporter,
        &app.auditor,
        &app.administrator,
    ] {
        client.get("/api/v1/captures?state=held").problem(403, "forbidden");
    }
    app.lead
        .put(&case.path(&format!("members/{}", app.deputy.id)), json!({}))
        .is(200);
    assert_eq!(seen(&app.deputy), 0);
    decide(&app.deputy, &held, "accept").problem(403, "forbidden");
}

both_databases!(corrections_stand_beside_the_first_version);
fn corrections_stand_beside_the_first_version(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app
        .lead
        .upload(
            &case,
            &app.post_with(json!({"files": [file("shot", "screenshot", BYTES)]})),
            &[("shot", BYTES)],
        )
        .is(201);
    let path = format!("{}/corrections", id(&made));
    let body = json!({"platform": "tiktok", "text": "mended", "reason": "typing error"});
    app.leaves_nothing(&case.stream, || {
        app.stranger.post(&path, body.clone()).problem(404, "not-found");
        app.supervisor.post(&path, body.clone()).problem(403, "forbidden");
        app.lead
            .post(&path, json!({"reason": "x"}))
            .refuses(422, "body", "something");
        app.lead
            .post(&path, json!({"text": "x"}))
            .refuses(422, "reason", "required");
        app.lead
            .post(&path, json!({"files": [], "reason": "x"}))
            .refuses(422, "files", "unknown");
        app.lead
            .post(&path, json!({"kind": "photo", "reason": "x"}))
            .refuses(422, "kind", "unknown");
    });
    let corrected = app.leaves(&case.stream, "capture.corrected", &app.member, || {
        app.member.post_keyed(&path, "c", &body).is(201)
    });
    app.leaves_nothing(&case.stream, || app.member.post_keyed(&path, "c", &body).is(201));
    assert_eq!(
        (&corrected["version"], &corrected["text"], &corrected["state"]),
        (&json!(2), &json!("mended"), &json!("logged"))
    );
    assert_eq!(
        (&corrected["coverage"], &corrected["files"], &corrected["event"]),
        (&made["coverage"], &made["files"], &made["event"])
    );
    assert_eq!(app.lead.get(&id(&made)).is(200)["text"], "mended");
    assert_eq!(app.count(&case.stream, "capture.recorded"), 1);
}

both_databases!(correcting_a_held_capture_opens_nothing);
fn correcting_a_held_capture_opens_nothing(app: &App) {
    let case = app.case();
    let held = held(app, &case);
    let body = json!({"text": "still secret", "reason": "typing error"});
    let answer = app.lead.post(&format!("{}/corrections", id(&held)), body).is(201);
    assert!(answer.get("text").is_none_or(Value::is_null), "{answer}");
    assert_eq!(app.supervisor.get(&id(&held)).is(200)["text"], "still secret");
}

both_databases!(notes_are_added);
fn notes_are_added(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app.lead.log(&case, app.post()).is(201);
    let path = format!("{}/notes", id(&made));
    app.stranger.post(&path, json!({"text": "x"})).problem(404, "not-found");
    app.exporter.post(&path, json!({"text": "x"})).problem(403, "forbidden");
    app.lead
        .post(&path, json!({"text": " "}))
        .refuses(422, "text", "required");
    let note = json!({"text": "the ferry is the 21:40"});
    let first = app.leaves(&case.stream, "capture.annotated", &app.member, || {
        app.member.post_keyed(&path, "n", &note).is(201)
    });
    assert_eq!(
        app.leaves_nothing(&case.stream, || app.member.post_keyed(&path, "n", &note).is(201)),
        first
    );
    let shown = app.lead.get(&id(&made)).is(200);
    assert_eq!(shown["notes"][0]["text"], "the ferry is the 21:40");
}

both_databases!(a_second_person_reviews);
fn a_second_person_reviews(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app.lead.log(&case, app.post()).is(201);
    let path = format!("{}/reviews", id(&made));
    let good = json!({"outcome": "accurate"});
    app.stranger.post(&path, good.clone()).problem(404, "not-found");
    app.lead.post(&path, good.clone()).problem(403, "forbidden");
    app.exporter.post(&path, good.clone()).problem(403, "forbidden");
    app.member
        .post(&path, json!({"outcome": "returned"}))
        .refuses(422, "note", "required");
    app.leaves(&case.stream, "capture.reviewed", &app.member, || {
        app.member.post(&path, good.clone()).is(201)
    });
    assert_eq!(app.lead.get(&id(&made)).is(200)["state"], "reviewed");
    app.leaves(&case.stream, "capture.reviewed", &app.supervisor, || {
        app.supervisor
            .post(&path, json!({"outcome": "returned", "note": "wrong time"}))
            .is(201)
    });
    assert_eq!(app.lead.get(&id(&made)).is(200)["state"], "logged");
    let held = app
        .lead
        .log(&case, app.post_with(json!({"platform": "tiktok"})))
        .is(201);
    app.supervisor
        .post(&format!("{}/reviews", id(&held)), good)
        .problem(409, "conflict");
}

both_databases!(what_may_not_be_copied_is_logged_as_its_hash);
fn what_may_not_be_copied_is_logged_as_its_hash(app: &App) {
    let case = app.case();
    app.leave(&case);
    let sha256 = Digest::of(b"never here").to_string();
    let files = json!([{"role": "original", "sha256": sha256, "size": 10, "withheld": {"reason": "must not be copied", "referral": "R-12"}}]);
    let made = app.lead.log(&case, app.post_with(json!({"files": files}))).is(201);
    assert_eq!(
        (
            &made["state"],
            &made["files"][0]["sha256"],
            &made["files"][0]["withheld"]["referral"]
        ),
        (&json!("logged"), &json!(sha256), &json!("R-12"))
    );
    app.lead
        .get(&format!("/api/v1/files/{}/{sha256}", made["id"].as_str().unwrap()))
        .problem(404, "not-found");
    assert_eq!(app.stored(), (0, 0));
    let verdict = app
        .lead
        .post(&format!("{}/verifications", id(&made)), json!({}))
        .is(201);
    assert_eq!(verdict["verdict"], "not_checked");
    app.lead
        .log(
            &case,
            app.post_with(json!({"files": [{"role": "original", "withheld": {"reason": "x"}}]})),
        )
        .refuses(422, "files[0].sha256", "required");
}

both_databases!(a_search_that_found_nothing_is_a_capture);
fn a_search_that_found_nothing_is_a_capture(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app
        .lead
        .log(
            &case,
            app.post_with(json!({"kind": "lookup", "text": "nothing found", "account": null})),
        )
        .is(201);
    assert_eq!((&made["kind"], &made["state"]), (&json!("lookup"), &json!("logged")));
}

both_databases!(bytes_that_are_not_those_declared_are_refused);
fn bytes_that_are_not_those_declared_are_refused(app: &App) {
    let case = app.case();
    let declared = Digest::of(b"other").to_string();
    let capture = app.post_with(json!({"files": [{"part": "shot", "role": "screenshot", "sha256": declared}]}));
    app.leaves_nothing(&case.stream, || {
        let refused = app
            .lead
            .upload(&case, &capture, &[("shot", BYTES)])
            .refuses(422, "files[0].sha256", "matches");
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.contains(&declared) && message.contains(&Digest::of(BYTES).to_string()),
            "{message}"
        );
        assert_eq!(refused["type"], "/problems/digest-mismatch");
    });
    let sized = app.post_with(json!({"files": [{"part": "shot", "role": "screenshot", "size": 3}]}));
    app.lead
        .upload(&case, &sized, &[("shot", BYTES)])
        .refuses(422, "files[0].size", "matches");
    // Neither is kept of two, whichever of them is wrong.
    for (wrong, good) in [(0, 1), (1, 0)] {
        let mut files = json!([{"part": "a", "role": "original"}, {"part": "b", "role": "screenshot"}]);
        files[wrong]["sha256"] = json!(declared);
        let several = app.post_with(json!({"files": files}));
        let parts: [&[u8]; 2] = [b"the first of two", b"the second of two"];
        app.lead
            .upload(&case, &several, &[("a", parts[0]), ("b", parts[1])])
            .refuses(422, &format!("files[{wrong}].sha256"), "matches");
        assert!(!app.file(&Digest::of(parts[good])).exists());
        assert!(!app.file(&Digest::of(parts[wrong])).exists());
    }
    assert_eq!(app.count(&case.accesses, "upload.refused"), 4);
    let last = app.events(&case.accesses).pop().unwrap();
    assert_eq!(last["actor"]["id"], json!(app.lead.id));
    assert_eq!(app.stored(), (0, 0));
}

both_databases!(a_retry_with_its_key_answers_the_same);
fn a_retry_with_its_key_answers_the_same(app: &App) {
    let case = app.case();
    app.leave(&case);
    let plain = app.post();
    let first = app.lead.post_keyed(&case.path("captures"), "j", &plain).is(201);
    assert_eq!(
        app.leaves_nothing(&case.stream, || app
            .lead
            .post_keyed(&case.path("captures"), "j", &plain)
            .is(201)),
        first
    );
    let capture = app.post_with(json!({"files": [{"part": "shot", "role": "screenshot"}]}));
    let send = |bytes: &[u8]| {
        app.lead.send(
            app.lead
                .uploading(&case, &capture, &[("shot", bytes)])
                .header("Idempotency-Key", "\"m\""),
        )
    };
    let first = app.leaves(&case.stream, "capture.recorded", &app.lead, || send(BYTES).is(201));
    assert_eq!(app.leaves_nothing(&case.stream, || send(BYTES).is(201)), first);
    app.leaves_nothing(&case.stream, || {
        send(b"other bytes").problem(422, "idempotency-conflict")
    });
}

both_databases!(twins_in_flight_make_one_capture);
fn twins_in_flight_make_one_capture(app: &App) {
    let case = app.case();
    app.leave(&case);
    let capture = app.post_with(json!({"files": [{"part": "shot", "role": "screenshot"}]}));
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let send = || {
            app.lead
                .send(
                    app.lead
                        .uploading(&case, &capture, &[("shot", BYTES)])
                        .header("Idempotency-Key", "twin"),
                )
                .is(201)
        };
        let all: Vec<_> = (0..6).map(|_| scope.spawn(send)).collect();
        all.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|a| *a == answers[0]));
    assert_eq!(app.count(&case.stream, "capture.recorded"), 1);
    assert_eq!(app.stored(), (1, 0));
}

both_databases!(many_at_once_have_items_without_gaps);
fn many_at_once_have_items_without_gaps(app: &App) {
    let case = app.case();
    app.leave(&case);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..8).for_each(|_| drop(app.lead.log(&case, app.post()).is(201))));
        }
    });
    let listed = app.lead.get(&case.path("captures?limit=100")).is(200);
    let items: Vec<i64> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["item"].as_i64().unwrap())
        .collect();
    assert_eq!(items, (1..=32).collect::<Vec<i64>>());
}

both_databases!(verifying_reads_everything_again);
fn verifying_reads_everything_again(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app
        .lead
        .upload(
            &case,
            &app.post_with(json!({"files": [file("shot", "screenshot", BYTES)]})),
            &[("shot", BYTES)],
        )
        .is(201);
    let path = format!("{}/verifications", id(&made));
    app.stranger.post(&path, json!({})).problem(404, "not-found");
    let verdict = app.leaves(&case.stream, "capture.verified", &app.auditor, || {
        app.auditor.post(&path, json!({})).is(201)
    });
    assert_eq!(verdict["verdict"], "passed");
    let stored = app.file(&Digest::of(BYTES));
    app.goes_behind();
    std::fs::write(stored, b"\x89PNG\r\n\x1a\n and what FOLLOWS").unwrap();
    let verdict = app.lead.post(&path, json!({})).is(201);
    assert_eq!(verdict["verdict"], "failed");
    assert!(
        verdict["checks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|c| c["verdict"] == "failed" && c["what"] == "file")
    );
}

both_databases!(the_agency_may_need_no_leave_for_a_level with ("not_required_levels", "overt"));
fn the_agency_may_need_no_leave_for_a_level(app: &App) {
    let case = app.case();
    let claim = json!({"basis": {"kind": "not_required", "reason": "policy 4.1"}});
    assert_eq!(
        app.lead.log(&case, app.post_with(claim.clone())).is(201)["state"],
        "logged"
    );
    assert_eq!(
        app.lead
            .log(&case, app.post_with(with(claim, json!({"level": "discreet"}))))
            .is(201)["state"],
        "held"
    );
}
