//! What people and broken programs send: each is told field, rule and way out, and nothing is half written.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use casetrail::clock::SECOND;
use casetrail::db::Db;
use casetrail::proof::Digest;
use diesel::{RunQueryDsl, sql_query};
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::{App, Case, PASSWORD, online, with};

const BYTES: &[u8] = b"\x89PNG\r\n\x1a\n and what follows";
const BOUNDARY: &str = "a-boundary-of-these-tests";

/// A multipart request by hand: head, then as much of the body as is given, of a body that claims to be longer.
fn raw(app: &App, case: &Case, body: &[u8], claimed: usize) -> TcpStream {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
         Content-Length: {claimed}\r\n\r\n",
        case.path("captures"),
        app.lead.token.as_ref().unwrap(),
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    stream
}

/// The part `capture` and the beginning of the part `shot`.
fn begun(capture: &Value) -> Vec<u8> {
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"capture\"\r\n\r\n{capture}\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"shot\"; filename=\"s.png\"\r\nContent-Type: image/png\r\n\r\n",
    )
    .into_bytes();
    body.extend_from_slice(BYTES);
    body
}

/// The same with so much of it that a file is begun.
fn long(capture: &Value) -> Vec<u8> {
    [begun(capture), vec![7; 900_000]].concat()
}

fn with_file(app: &App) -> Value {
    app.post_with(json!({"files": [{"part": "shot", "role": "screenshot"}]}))
}

/// Waits for what a background task does.
#[track_caller]
fn soon(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(8);
    while !done() {
        assert!(Instant::now() < until, "{what} does not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What another process does that signs a person out.
fn end_sessions_elsewhere(app: &App, user: &str) {
    app.goes_behind();
    let db = Db::open(app.state.gate.db().location(), 6).unwrap();
    let ended = format!("UPDATE sessions SET ended_at = 1 WHERE user_id = '{user}'");
    db.write_blocking(move |conn| Ok(sql_query(&ended).execute(conn)?))
        .unwrap();
}

both_databases!(wrong_kinds_are_told_by_field_and_rule);
fn wrong_kinds_are_told_by_field_and_rule(app: &App) {
    let case = app.case();
    let log = |fields: Value| app.lead.log(&case, app.post_with(fields));
    app.leaves_nothing(&case.stream, || {
        log(json!({"kind": 5})).refuses(422, "kind", "text");
        log(json!({"kind": "film"})).refuses(422, "kind", "one_of");
        log(json!({"account": "x"})).refuses(422, "account", "object");
        log(json!({"files": {}})).refuses(422, "files", "list");
        log(json!({"files": [7]})).refuses(422, "files[0]", "object");
        log(json!({"files": [{"role": "original", "part": "p", "size": -1}]})).refuses(
            422,
            "files[0].size",
            "whole_number",
        );
        log(json!({"files": [{"role": "original", "part": "p", "sha256": "zz"}]})).refuses(
            422,
            "files[0].sha256",
            "form",
        );
        log(json!({"tool": {"name": "x"}})).refuses(422, "tool.version", "required");
        log(json!({"basis": {"kind": "authorization", "id": "x"}})).refuses(422, "basis.id", "uuid");
        log(json!({"colour": "red"})).refuses(422, "colour", "unknown");
        let many: Vec<Value> = (0..101)
            .map(|n| json!({"part": format!("p{n}"), "role": "original"}))
            .collect();
        log(json!({"files": many})).refuses(422, "files", "too_many");
        let several = log(json!({"kind": 5, "method": "magic", "captured_at": "now"})).refuses(422, "method", "one_of");
        assert_eq!(
            several["errors"].as_array().unwrap().len(),
            3,
            "every broken rule is told at once: {several}"
        );
        app.lead
            .patch(&case.path(""), 1, json!({"particulars": {"platforms": "web"}}))
            .refuses(422, "particulars.platforms", "list");
        app.lead
            .post(&case.path("subjects"), json!({"role": "victim", "juvenile": "maybe"}))
            .refuses(422, "juvenile", "boolean");
    });
}

both_databases!(bodies_that_are_no_json_are_told_where);
fn bodies_that_are_no_json_are_told_where(app: &App) {
    let case = app.case();
    let send = |kind: &str, body: Vec<u8>| {
        app.lead.send(
            app.lead
                .request("POST", &case.path("captures"))
                .header("Content-Type", kind)
                .body(body),
        )
    };
    app.leaves_nothing(&case.stream, || {
        send("application/json", b"{\"kind\": ".to_vec()).refuses(422, "body", "json");
        send("application/json", b"[1]".to_vec()).refuses(422, "body", "object");
        send("application/json", Vec::new()).refuses(422, "body", "json");
        // Which of two was meant must not be guessed, not even where both are the same.
        send(
            "application/json",
            b"{\"kind\": \"link\", \"url\": \"https://a.example\", \"kind\": \"post\"}".to_vec(),
        )
        .refuses(422, "body", "once");
        send(
            "application/json",
            b"{\"kind\": \"link\", \"tool\": {\"name\": \"a\", \"name\": \"a\"}}".to_vec(),
        )
        .refuses(422, "body", "once");
        send("application/json", [b"[".repeat(5000), b"]".repeat(5000)].concat()).refuses(422, "body", "json");
        send("text/plain", b"hello".to_vec()).problem(415, "unsupported-media-type");
        // What a form in a page can send without a script is refused by the API, so that no foreign page can write there.
        send("application/x-www-form-urlencoded", b"title=hello".to_vec()).problem(415, "unsupported-media-type");
        send("application/json", vec![b' '; 3 << 20]).problem(413, "too-large");
        send("multipart/form-data", b"x".to_vec()).refuses(422, "body", "multipart");
        // Who may not log is told that, and not what is wrong with the body.
        for (who, status) in [(&app.stranger, 404), (&app.bearing("ct_nobody"), 401)] {
            let request = who
                .request("POST", &case.path("captures"))
                .header("content-type", "multipart/form-data");
            who.send(request.body(b"x".to_vec())).is(status);
        }
        send("multipart/form-data; boundary=x", b"no parts here".to_vec()).is(422);
    });
    assert_eq!(app.stored(), (0, 0));
}

both_databases!(times_have_a_zone);
fn times_have_a_zone(app: &App) {
    let case = app.case();
    app.leaves_nothing(&case.stream, || {
        for time in [
            "2026-11-22T14:07:31",
            "2026-11-22",
            "22.11.2026 14:07",
            "1763820451",
            "2026-02-30T00:00:00Z",
            "+12026-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
        ] {
            app.lead
                .log(&case, app.post_with(json!({"captured_at": time})))
                .refuses(422, "captured_at", "rfc3339");
            let grant = json!({"user_id": app.prosecutor.id, "until": time, "rights": ["read"], "reason": "x"});
            app.supervisor
                .post(&case.path("grants"), grant)
                .refuses(422, "until", "rfc3339");
        }
        let request = with(app.request(), json!({"starts_at": app.at(10), "ends_at": app.at(5)}));
        app.lead
            .post(&case.path("authorizations"), request)
            .refuses(422, "ends_at", "after_start");
    });
    let zoned = app
        .lead
        .log(
            &case,
            app.post_with(json!({"captured_at": "2026-11-22T07:00:00.5-05:00"})),
        )
        .is(201);
    assert_eq!(zoned["captured_at"], "2026-11-22T12:00:00.500000Z");
}

both_databases!(long_texts_are_told_their_length);
fn long_texts_are_told_their_length(app: &App) {
    let case = app.case();
    let long = "x".repeat(100_001);
    app.leaves_nothing(&case.stream, || {
        let refused = app.lead.log(&case, app.post_with(json!({"text": long}))).refuses(422, "text", "too_long");
        assert!(refused["errors"][0]["message"].as_str().unwrap().contains("100000"));
        app.lead.patch(&case.path(""), 1, json!({"title": long})).refuses(422, "title", "too_long");
        app.supervisor.post(&case.path("grants"), json!({"user_id": app.prosecutor.id, "until": app.at(9_000_000_000), "rights": ["read"], "reason": long})).refuses(422, "reason", "too_long");
        app.lead.post(&case.path("authorizations"), with(app.request(), json!({"purpose": long}))).refuses(422, "purpose", "too_long");
    });
    app.lead
        .post("/api/v1/cases", json!({"title": long, "kind": "online_crime"}))
        .refuses(422, "title", "too_long");
    // Counted in characters, not bytes, and 100,000 of them are kept, whatever they are.
    let most = "\u{1f511}".repeat(100_000);
    let made = app
        .lead
        .log(
            &case,
            app.post_with(json!({"text": most, "basis": {"kind": "emergency", "reason": "x"}})),
        )
        .is(201);
    assert_eq!(made["text"], json!(most));
}

both_databases!(every_script_is_kept_exactly);
fn every_script_is_kept_exactly(app: &App) {
    let text =
        "\u{202e}שלום مرحبا\u{202c} 👩‍👧‍👦🧥⛴️ e\u{301} é ﬁ ключ 鍵 \u{feff}\t\r\n\u{1}\u{7f} \"\\/ \u{fffd}\u{10ffff}";
    let made = app
        .lead
        .post(
            "/api/v1/cases",
            json!({"title": text, "kind": "online_crime", "particulars": online()}),
        )
        .is(201);
    let case = Case::named(made["id"].as_str().unwrap());
    assert_eq!(app.lead.get(&case.path("")).is(200)["title"], text);
    let files = json!([{"part": "f", "name": text, "role": "original"}]);
    let capture = app.post_with(json!({"text": text, "basis": {"kind": "emergency", "reason": text}, "account": {"handle": text}, "files": files}));
    let made = app.lead.upload(&case, &capture, &[("f", BYTES)]).is(201);
    let shown = app
        .lead
        .get(&format!("/api/v1/captures/{}", made["id"].as_str().unwrap()))
        .is(200);
    for place in [
        &shown["text"],
        &shown["basis"]["reason"],
        &shown["account"]["handle"],
        &shown["files"][0]["name"],
    ] {
        assert_eq!(*place, text);
    }
    assert_eq!(app.last_record(&case.stream)["text"], text);
}

both_databases!(nul_characters_are_refused);
fn nul_characters_are_refused(app: &App) {
    let case = app.case();
    app.leaves_nothing(&case.stream, || {
        app.lead
            .log(&case, app.post_with(json!({"text": "a\u{0}b"})))
            .refuses(422, "text", "no_nul");
        app.lead
            .log(&case, app.post_with(json!({"account": {"handle": "\u{0}"}})))
            .refuses(422, "account.handle", "no_nul");
        app.lead
            .patch(&case.path(""), 1, json!({"title": "\u{0}"}))
            .refuses(422, "title", "no_nul");
        app.lead
            .post(
                &case.path("authorizations"),
                with(app.request(), json!({"searches": ["a\u{0}"]})),
            )
            .refuses(422, "searches[0]", "no_nul");
    });
    app.lead
        .post("/api/v1/cases", json!({"title": "\u{0}", "kind": "online_crime"}))
        .refuses(422, "title", "no_nul");
    app.sign_in("lead\u{0}", PASSWORD).refuses(422, "username", "no_nul");
    app.lead.get("/api/v1/cases?number=%00").is(422);
    app.lead.get("/api/v1/users?username=%00").is(422);
    app.auditor.get("/api/v1/ledger/events?action=%00").is(422);
}

both_databases!(parts_come_as_the_json_names_them);
fn parts_come_as_the_json_names_them(app: &App) {
    let case = app.case();
    let capture = with_file(app);
    let send = |files: &[(&str, &[u8])]| app.lead.upload(&case, &capture, files);
    app.leaves_nothing(&case.stream, || {
        let mut form = reqwest::blocking::multipart::Form::new();
        form = form
            .part("shot", reqwest::blocking::multipart::Part::bytes(BYTES))
            .text("capture", capture.to_string());
        app.lead
            .send(app.lead.request("POST", &case.path("captures")).multipart(form))
            .refuses(422, "capture", "first");
        send(&[("other", BYTES)]).refuses(422, "other", "named");
        send(&[("shot", BYTES), ("extra", BYTES)]).refuses(422, "extra", "named");
        send(&[]).refuses(422, "files[0].part", "arrives");
        send(&[("shot", BYTES), ("shot", BYTES)]).refuses(422, "shot", "once");
        app.lead
            .log(&case, capture.clone())
            .refuses(422, "files[0].part", "arrives");
        let twice =
            app.post_with(json!({"files": [{"part": "a", "role": "original"}, {"part": "a", "role": "original"}]}));
        app.lead
            .upload(&case, &twice, &[("a", BYTES)])
            .refuses(422, "files[1].part", "unique");
        let broken = app.post_with(json!({"kind": "film", "files": [{"part": "shot", "role": "screenshot"}]}));
        app.lead
            .upload(&case, &broken, &[("shot", BYTES)])
            .refuses(422, "kind", "one_of");
    });
    assert_eq!(app.stored(), (0, 0));
    // Refused once bytes had begun to come: an event in the access log.
    assert!(app.count(&case.accesses, "upload.refused") >= 3);
    assert_eq!(app.count(&case.accesses, "upload.dropped"), 0);
    send(&[("shot", BYTES)]).is(201);
}

both_databases!(a_file_beyond_the_limit_is_refused with ("max_file", "1000"));
fn a_file_beyond_the_limit_is_refused(app: &App) {
    let case = app.case();
    let capture = with_file(app);
    app.leaves_nothing(&case.stream, || {
        app.lead
            .upload(&case, &capture, &[("shot", &[7; 1001])])
            .problem(413, "too-large")
    });
    assert_eq!(app.count(&case.accesses, "upload.refused"), 1);
    app.lead.upload(&case, &capture, &[("shot", &[7; 1000])]).is(201);
    assert_eq!(app.stored(), (1, 0));
}

both_databases!(a_client_that_vanishes_leaves_an_event_and_nothing_else);
fn a_client_that_vanishes_leaves_an_event_and_nothing_else(app: &App) {
    let case = app.case();
    let body = long(&with_file(app));
    let stream = raw(app, &case, &body, body.len() + 5000);
    soon("the upload begins", || app.stored().1 == 1);
    drop(stream);
    soon("upload.dropped", || app.count(&case.accesses, "upload.dropped") == 1);
    assert_eq!(
        app.events(&case.accesses).pop().unwrap()["actor"]["id"],
        json!(app.lead.id)
    );
    soon("the leftover goes", || app.stored() == (0, 0));
    assert_eq!(app.count(&case.stream, "capture.recorded"), 0);
}

both_databases!(a_body_cut_off_in_the_middle_is_told);
fn a_body_cut_off_in_the_middle_is_told(app: &App) {
    let case = app.case();
    let body = long(&with_file(app));
    let mut stream = raw(app, &case, &body, body.len() + 5000);
    soon("the upload begins", || app.stored().1 == 1);
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.is_empty() || answer.contains("ended before its end"), "{answer}");
    soon("upload.dropped", || app.count(&case.accesses, "upload.dropped") == 1);
    soon("the leftover goes", || app.stored() == (0, 0));
    let body = begun(&with_file(app));
    // A closing boundary that is missing, in a body that is as long as it says.
    let mut stream = raw(app, &case, &body, body.len());
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains("422 Unprocessable") && answer.contains("application/problem+json"),
        "{answer}"
    );
    soon("the leftover goes", || app.stored() == (0, 0));
    assert_eq!(app.count(&case.stream, "capture.recorded"), 0);
}

both_databases!(a_part_whose_head_does_not_end_is_refused);
/// A head that never ends, and what is no part at all.
fn a_part_whose_head_does_not_end_is_refused(app: &App) {
    let case = app.case();
    let endless = [b"--a-boundary-of-these-tests\r\nX-Long: ".to_vec(), vec![b'x'; 300_000]].concat();
    for body in [endless, vec![b'x'; 300_000]] {
        let mut stream = raw(app, &case, &body, body.len());
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 422") && answer.contains("has more than 16384 bytes"),
            "{answer}"
        );
    }
    assert_eq!(app.stored(), (0, 0));
}

both_databases!(a_sender_that_falls_silent_is_given_up with ("upload_idle", "1"));
fn a_sender_that_falls_silent_is_given_up(app: &App) {
    let case = app.case();
    let body = begun(&with_file(app));
    let mut stream = raw(app, &case, &body, body.len() + 5000);
    soon("upload.dropped", || app.count(&case.accesses, "upload.dropped") == 1);
    soon("the leftover goes", || app.stored() == (0, 0));
    let mut answer = [0; 400];
    let read = stream.read(&mut answer).unwrap();
    assert!(
        String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&answer[..read])
    );
}

both_databases!(a_revoked_session_writes_nothing);
fn a_revoked_session_writes_nothing(app: &App) {
    let case = app.case();
    let session = app.sign_in("lead", PASSWORD).is(201);
    let client = app.bearing(session["access_token"].as_str().unwrap());
    client.delete("/api/v1/sessions/current").is(204);
    app.leaves_nothing(&case.stream, || {
        client
            .upload(&case, &with_file(app), &[("shot", BYTES)])
            .problem(401, "not-signed-in");
        client.log(&case, app.post()).problem(401, "not-signed-in");
    });
    assert_eq!(app.stored(), (0, 0));
}

both_databases!(who_was_let_in_a_moment_ago_is_asked_again);
/// Who was let in a moment ago is not asked at the door again, and writes nothing where that has changed.
fn who_was_let_in_a_moment_ago_is_asked_again(app: &App) {
    let case = app.case();
    let session = app.sign_in("member", PASSWORD).is(201);
    let member = app.bearing(session["access_token"].as_str().unwrap());
    let upload = |bytes: &[u8]| member.upload(&case, &with_file(app), &[("shot", bytes)]);
    upload(BYTES).is(201);
    // Here: the door knows at once, so that not even the bytes are taken.
    app.lead
        .delete(&case.path(&format!("members/{}", app.member.id)))
        .is(204);
    app.leaves_nothing(&case.stream, || upload(b"no longer").problem(404, "not-found"));
    assert_eq!(app.stored(), (1, 0));
    app.lead
        .put(&case.path(&format!("members/{}", app.member.id)), json!({}))
        .is(200);
    upload(b"again").is(201);
    assert_eq!(app.stored(), (2, 0));
    // By another process, such as the command line: the transaction asks in any case.
    end_sessions_elsewhere(app, &app.member.id);
    app.leaves_nothing(&case.stream, || upload(b"ended").problem(401, "not-signed-in"));
    // Its bytes lie there unnamed. After that the door knows too.
    assert_eq!(app.stored(), (3, 0));
    upload(b"once more").problem(401, "not-signed-in");
    assert_eq!(app.stored(), (3, 0));
    assert_eq!(app.last_record(&case.stream)["files"][0]["size"], 5);
}

both_databases!(who_was_let_in_with_a_small_file_is_asked_for_a_large_one);
/// A large body is never taken on the word of a moment ago.
fn who_was_let_in_with_a_small_file_is_asked_for_a_large_one(app: &App) {
    let case = app.case();
    let upload = |bytes: &[u8]| app.member.upload(&case, &with_file(app), &[("shot", bytes)]);
    upload(BYTES).is(201);
    end_sessions_elsewhere(app, &app.member.id);
    app.leaves_nothing(&case.stream, || upload(&[7; 1 << 20]).problem(401, "not-signed-in"));
    assert_eq!(app.stored(), (1, 0));
}

both_databases!(who_was_let_in_is_asked_after_a_second);
/// What is told once holds for a second and no longer.
fn who_was_let_in_is_asked_after_a_second(app: &App) {
    let case = app.case();
    let upload = |bytes: &[u8]| app.member.upload(&case, &with_file(app), &[("shot", bytes)]);
    upload(BYTES).is(201);
    end_sessions_elsewhere(app, &app.member.id);
    app.advance(SECOND);
    app.leaves_nothing(&case.stream, || upload(b"ended").problem(401, "not-signed-in"));
    assert_eq!(app.stored(), (1, 0));
}

both_databases!(ids_of_another_case_are_nothing_here);
fn ids_of_another_case_are_nothing_here(app: &App) {
    let (case, other) = (
        app.case(),
        app.stranger
            .post(
                "/api/v1/cases",
                json!({"title": "Theirs", "kind": "online_crime", "particulars": online()}),
            )
            .is(201),
    );
    let other = Case::named(other["id"].as_str().unwrap());
    let theirs = app.stranger.log(&other, app.post()).is(201);
    let id = theirs["id"].as_str().unwrap();
    app.leaves_nothing(&other.stream, || {
        for (path, body) in [
            (format!("/api/v1/captures/{id}/notes"), json!({"text": "x"})),
            (
                format!("/api/v1/captures/{id}/corrections"),
                json!({"text": "x", "reason": "y"}),
            ),
            (format!("/api/v1/captures/{id}/reviews"), json!({"outcome": "accurate"})),
            (
                format!("/api/v1/captures/{id}/decision"),
                json!({"outcome": "accept", "reason": "y"}),
            ),
            (format!("/api/v1/captures/{id}/verifications"), json!({})),
        ] {
            let theirs = app.lead.post(&path, body.clone()).problem(404, "not-found");
            // What is there and what is not answer the same.
            let nothing = app
                .lead
                .post(&path.replace(id, "01930000-0000-7000-8000-000000000000"), body)
                .problem(404, "not-found");
            assert_eq!(theirs, nothing);
        }
    });
    app.lead.get("/api/v1/captures/not-an-id").problem(404, "not-found");
    app.lead.get(&format!("/api/v1/cases/{id}")).problem(404, "not-found");
    app.lead
        .get(&case.path("").to_uppercase().replace("/API/V1/CASES", "/api/v1/cases"))
        .is(200);
}

both_databases!(a_stranger_who_uploads_stores_nothing);
fn a_stranger_who_uploads_stores_nothing(app: &App) {
    let case = app.case();
    let capture = with_file(app);
    let refused = app
        .stranger
        .upload(&case, &capture, &[("shot", &[1; 300_000])])
        .problem(404, "not-found");
    let nowhere = Case::named("01930000-0000-7000-8000-000000000000");
    assert_eq!(
        app.stranger
            .upload(&nowhere, &capture, &[("shot", &[1; 300_000])])
            .problem(404, "not-found"),
        refused
    );
    assert_eq!(app.stored(), (0, 0));
    assert!(!app.file(&Digest::of(&[1; 300_000])).exists());
    let last = app.events(&case.accesses).pop().unwrap();
    assert_eq!(
        (&last["action"], &last["actor"]["id"]),
        (&json!("access.refused"), &json!(app.stranger.id))
    );
}

both_databases!(addresses_that_do_not_exist_are_problems_too);
fn addresses_that_do_not_exist_are_problems_too(app: &App) {
    app.lead.get("/api/v1/nothing").problem(404, "not-found");
    app.nobody.get("/elsewhere").problem(404, "not-found");
    app.nobody.get("/api/v1/nothing").problem(401, "not-signed-in");
    let wrong = app.lead.delete("/api/v1/cases");
    assert_eq!(wrong.header("allow"), "GET, HEAD, POST");
    wrong.problem(405, "method-not-allowed");
    app.nobody.delete("/api/v1/cases").problem(401, "not-signed-in");
}
