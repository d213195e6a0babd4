//! Uploads in several requests: what was sent is kept, nobody else may touch it, and a capture that names one takes it in
//! like any file.

use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use casetrail::captures::SweepUploads;
use casetrail::proof::Digest;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::{Browser, Page};
use crate::kit::{Answer, App, Case, Client, days, hours};

const BYTES: &[u8] = b"\x89PNG\r\n\x1a\n the bytes of an upload that comes in pieces";

fn metadata(case: &Case, more: &[(&str, &str)]) -> String {
    let pair = |(name, text): (&str, &str)| format!("{name} {}", STANDARD.encode(text));
    let own = [
        ("case", case.id.as_str()),
        ("filename", "pier2.png"),
        ("filetype", "image/png"),
    ];
    own.into_iter()
        .chain(more.iter().copied())
        .map(pair)
        .collect::<Vec<_>>()
        .join(",")
}

fn begin_with(who: &Client, metadata: &str, length: usize) -> Answer {
    let request = who.request("POST", "/api/v1/uploads").header("Tus-Resumable", "1.0.0");
    who.send(
        request
            .header("Upload-Length", length)
            .header("Upload-Metadata", metadata),
    )
}

/// The path of an upload just begun.
fn begin(who: &Client, case: &Case, more: &[(&str, &str)], length: usize) -> String {
    let answer = begin_with(who, &metadata(case, more), length);
    let path = answer.header("location").to_owned();
    assert_eq!(answer.header("upload-offset"), "0");
    answer.is(201);
    path
}

/// The id of an upload just begun.
pub fn begun(who: &Client, case: &Case) -> String {
    begin(who, case, &[], BYTES.len())
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned()
}

fn append(who: &Client, path: &str, offset: usize, bytes: &[u8]) -> Answer {
    let request = who
        .request("PATCH", path)
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Offset", offset)
        .header("Content-Type", "application/offset+octet-stream");
    who.send(request.body(bytes.to_vec()))
}

fn ask(who: &Client, method: &str, path: &str) -> Answer {
    who.send(who.request(method, path).header("Tus-Resumable", "1.0.0"))
}

fn offset(who: &Client, path: &str) -> String {
    let answer = ask(who, "HEAD", path);
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    answer.header("upload-offset").to_owned()
}

fn whole(who: &Client, case: &Case) -> String {
    let path = begin(who, case, &[], BYTES.len());
    append(who, &path, 0, BYTES).is(204);
    path.rsplit('/').next().unwrap().to_owned()
}

fn naming(app: &App, id: &str) -> Value {
    app.post_with(json!({"files": [{"upload": id, "role": "screenshot", "sha256": Digest::of(BYTES)}]}))
}

both_databases!(an_upload_comes_in_pieces_and_becomes_a_file);
fn an_upload_comes_in_pieces_and_becomes_a_file(app: &App) {
    let case = app.case();
    app.leave(&case);
    let sha256 = Digest::of(BYTES).to_string();
    let path = begin(&app.lead, &case, &[("sha256", &sha256)], BYTES.len());
    let answer = append(&app.lead, &path, 0, &BYTES[..10]);
    assert_eq!((answer.status, answer.header("upload-offset")), (204, "10"));
    assert!(answer.header("upload-expires").ends_with("GMT"));
    // What is sent to another place is refused and changes nothing.
    append(&app.lead, &path, 3, &BYTES[3..]).problem(409, "conflict");
    append(&app.lead, &path, 20, &BYTES[20..]).problem(409, "conflict");
    assert_eq!(offset(&app.lead, &path), "10");
    let listed = app.lead.get(&case.path("uploads")).is(200);
    assert_eq!(
        (&listed["items"][0]["received"], &listed["items"][0]["sha256"]),
        (&json!(10), &Value::Null)
    );
    append(&app.lead, &path, 10, &BYTES[10..]).is(204);
    assert_eq!(offset(&app.lead, &path), BYTES.len().to_string());
    // The last piece again, as after an answer that was lost.
    append(&app.lead, &path, BYTES.len(), b"").is(204);

    let id = path.rsplit('/').next().unwrap();
    let made = app.lead.log(&case, naming(app, id)).is(201);
    let file = &made["files"][0];
    assert_eq!(
        (
            &file["sha256"],
            &file["size"],
            &file["name"],
            &file["media_type"],
            &file["declared_type"]
        ),
        (
            &json!(sha256),
            &json!(BYTES.len()),
            &json!("pier2.png"),
            &json!("image/png"),
            &json!("image/png")
        )
    );
    assert_eq!(app.lead.get(&case.path("uploads")).is(200)["items"], json!([]));
    let file = format!("/api/v1/files/{}/{sha256}", made["id"].as_str().unwrap());
    assert_eq!(app.supervisor.get(&file).body, BYTES);
}

both_databases!(a_retry_that_names_an_upload_answers_the_same);
fn a_retry_that_names_an_upload_answers_the_same(app: &App) {
    let case = app.case();
    let capture = naming(app, &whole(&app.lead, &case));
    let once = app.lead.post_keyed(&case.path("captures"), "k-1", &capture).is(201);
    let again = app.lead.post_keyed(&case.path("captures"), "k-1", &capture).is(201);
    assert_eq!(once["id"], again["id"]);
    // Beside a part that comes with the capture.
    let id = whole(&app.lead, &case);
    let both = json!({"files": [{"upload": id, "role": "original"}, {"part": "f", "role": "screenshot"}]});
    let made = app
        .lead
        .upload(&case, &app.post_with(both), &[("f", b"with it")])
        .is(201);
    assert_eq!(made["files"].as_array().unwrap().len(), 2);
}

both_databases!(bytes_that_are_not_as_declared_are_not_kept);
fn bytes_that_are_not_as_declared_are_not_kept(app: &App) {
    let case = app.case();
    let other = Digest::of(b"others").to_string();
    let path = begin(&app.lead, &case, &[("sha256", &other)], BYTES.len());
    let access = case.accesses.clone();
    app.leaves(&access, "upload.refused", &app.lead, || {
        append(&app.lead, &path, 0, BYTES).problem(422, "digest-mismatch")
    });
    assert_eq!(ask(&app.lead, "HEAD", &path).status, 404);
    // More than was announced is refused, and what was announced stays.
    let path = begin(&app.lead, &case, &[], 4);
    append(&app.lead, &path, 0, b"12345").problem(413, "too-large");
    // And what a capture declares is compared too.
    let id = whole(&app.lead, &case);
    let wrong = json!({"files": [{"upload": id, "role": "screenshot", "sha256": other}]});
    app.lead
        .log(&case, app.post_with(wrong))
        .problem(422, "digest-mismatch");
    app.lead.log(&case, naming(app, &id)).is(201);
}

both_databases!(an_upload_belongs_to_who_began_it_and_to_its_case);
fn an_upload_belongs_to_who_began_it_and_to_its_case(app: &App) {
    let (case, other) = (app.case(), app.case());
    let path = begin(&app.lead, &case, &[], BYTES.len());
    for who in [&app.member, &app.stranger, &app.supervisor] {
        assert_eq!(ask(who, "HEAD", &path).status, 404);
        append(who, &path, 0, BYTES).problem(404, "not-found");
        ask(who, "DELETE", &path).problem(404, "not-found");
    }
    assert_eq!(app.member.get(&case.path("uploads")).is(200)["items"], json!([]));
    append(&app.lead, &path, 0, BYTES).is(204);
    let id = path.rsplit('/').next().unwrap();
    app.member
        .log(&case, naming(app, id))
        .refuses(422, "files[0].upload", "exists");
    app.lead
        .log(&other, naming(app, id))
        .refuses(422, "files[0].upload", "exists");
    let half = begin(&app.lead, &case, &[], BYTES.len());
    let half = naming(app, half.rsplit('/').next().unwrap());
    app.lead.log(&case, half).refuses(422, "files[0].upload", "exists");
}

both_databases!(nothing_is_taken_from_who_may_not_log_there);
fn nothing_is_taken_from_who_may_not_log_there(app: &App) {
    let case = app.case();
    let metadata = metadata(&case, &[]);
    begin_with(&app.stranger, &metadata, 4).problem(404, "not-found");
    begin_with(&app.exporter, &metadata, 4).problem(403, "forbidden");
    begin_with(&app.lead, "filename eA==", 4).refuses(422, "upload-metadata", "form");
    begin_with(&app.lead, "case *", 4).refuses(422, "upload-metadata", "form");
    let path = begin(&app.member, &case, &[], BYTES.len());
    app.member.send(app.member.request("HEAD", &path)).is(412);
    append(&app.member, &path, 0, &BYTES[..4]).is(204);
    // Who is no member any more goes on with nothing.
    app.lead
        .delete(&case.path(&format!("members/{}", app.member.id)))
        .is(204);
    append(&app.member, &path, 4, &BYTES[4..]).problem(404, "not-found");
    assert_eq!(ask(&app.member, "HEAD", &path).status, 404);
    app.leaves_nothing(&case.stream, || {
        ask(&app.member, "DELETE", &path).problem(404, "not-found")
    });
    assert_eq!(app.count(&case.accesses, "upload.dropped"), 0);
    assert_eq!(app.state.blobs.partials().unwrap().len(), 1, "nothing of it went");
}

both_databases!(what_a_capture_took_meanwhile_is_not_told_as_dropped);
fn what_a_capture_took_meanwhile_is_not_told_as_dropped(app: &App) {
    let case = app.case();
    app.leave(&case);
    let id = whole(&app.lead, &case);
    let path = format!("/api/v1/uploads/{id}");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let held = runtime.block_on(app.state.blobs.turn(&id)).unwrap();
    thread::scope(|scope| {
        let ends = scope.spawn(|| ask(&app.lead, "DELETE", &path).is(204));
        // It has read the upload's row, and waits for its turn.
        thread::sleep(Duration::from_millis(500));
        assert!(!ends.is_finished());
        app.lead.log(&case, naming(app, &id)).is(201);
        drop(held);
        ends.join().unwrap();
    });
    assert_eq!(app.count(&case.accesses, "upload.dropped"), 0);
}

both_databases!(what_is_too_large_does_not_begin with ("max_file", "1000"));
fn what_is_too_large_does_not_begin(app: &App) {
    let case = app.case();
    begin_with(&app.lead, &metadata(&case, &[]), 1001).problem(413, "too-large");
    let options = app.lead.send(app.lead.request("OPTIONS", "/api/v1/uploads"));
    assert_eq!(
        (options.header("tus-max-size"), options.header("tus-version")),
        ("1000", "1.0.0")
    );
    begin(&app.lead, &case, &[], 1000);
}

both_databases!(an_empty_file_has_come_when_it_begins);
fn an_empty_file_has_come_when_it_begins(app: &App) {
    let case = app.case();
    let path = begin(&app.lead, &case, &[], 0);
    let named = json!({"files": [{"upload": path.rsplit('/').next().unwrap(), "role": "original"}]});
    let made = app.lead.log(&case, app.post_with(named)).is(201);
    assert_eq!(made["files"][0]["size"], 0);
}

both_databases!(an_upload_ends_by_its_sender_or_after_a_day);
fn an_upload_ends_by_its_sender_or_after_a_day(app: &App) {
    let case = app.case();
    app.leave(&case);
    let path = begin(&app.lead, &case, &[], BYTES.len());
    append(&app.lead, &path, 0, &BYTES[..7]).is(204);
    app.leaves(&case.accesses, "upload.dropped", &app.lead, || {
        ask(&app.lead, "DELETE", &path).is(204)
    });
    assert_eq!(ask(&app.lead, "HEAD", &path).status, 404);

    let (half, used) = (begin(&app.lead, &case, &[], BYTES.len()), whole(&app.lead, &case));
    append(&app.lead, &half, 0, &BYTES[..7]).is(204);
    whole(&app.lead, &case);
    let made = app.lead.log(&case, naming(app, &used)).is(201);
    let sweep = SweepUploads {
        gate: app.state.gate.clone(),
        blobs: app.state.blobs.clone(),
    };
    assert_eq!(sweep.sweep().unwrap(), 0);
    let files = || app.state.blobs.partials().unwrap().len();
    assert_eq!((app.count("agency", "uploads.swept"), files()), (0, 2));
    app.advance(days(1) + hours(1));
    assert_eq!(sweep.sweep().unwrap(), 2, "one half come, one that no capture names");
    assert_eq!((app.last_record("agency")["count"].clone(), files()), (json!(2), 0));
    assert_eq!(sweep.sweep().unwrap(), 0);
    let file = format!("/api/v1/files/{}/{}", made["id"].as_str().unwrap(), Digest::of(BYTES));
    assert_eq!(app.supervisor.get(&file).body, BYTES, "what a capture names stays");
}

both_databases!(a_page_sends_uploads_with_its_form_token);
fn a_page_sends_uploads_with_its_form_token(app: &App) {
    let (case, lead) = (app.case(), Browser::signed_in(app, "lead"));
    let token = lead.form_token();
    let begin = |token: &str| {
        let request = lead.request("POST", "/uploads").header("Tus-Resumable", "1.0.0");
        let request = request
            .header("X-Form-Token", token)
            .header("Upload-Length", BYTES.len());
        Page::of(request.header("Upload-Metadata", metadata(&case, &[])).send().unwrap())
    };
    begin("").is(403);
    let path = begin(&token).is(201).location;
    assert!(path.starts_with("/uploads/"), "{path}");
    let append = |site: &str| {
        let request = lead.client.request("PATCH", &path).header("Cookie", &lead.cookie);
        let request = request.header("Sec-Fetch-Site", site).header("Tus-Resumable", "1.0.0");
        let request = request.header("X-Form-Token", &token).header("Upload-Offset", "0");
        let request = request.header("Content-Type", "application/offset+octet-stream");
        Page::of(request.body(BYTES).send().unwrap())
    };
    append("cross-site").is(403);
    for method in ["PATCH", "DELETE"] {
        for token in ["", "0", &Browser::signed_in(app, "member").form_token()] {
            let request = lead.client.request(method, &path).header("Cookie", &lead.cookie);
            let request = request
                .header("Sec-Fetch-Site", "same-origin")
                .header("Tus-Resumable", "1.0.0");
            let request = request.header("Upload-Offset", "0").header("X-Form-Token", token);
            let request = request.header("Content-Type", "application/offset+octet-stream");
            Page::of(request.body(BYTES).send().unwrap()).is(403);
        }
    }
    append("same-origin").is(204);
    // The page offers it, before the field for files: no text is taken after a file.
    let page = lead.get(&format!("/cases/{}/evidence", case.id)).is(200);
    let place = |field: &str| page.text.find(&format!("name=\"{field}\"")).unwrap();
    assert!(place("upload") < place("file"));
    let id = path.rsplit('/').next().unwrap();
    let fields = [
        ("url", "https://www.instagram.com/p/C8/"),
        ("method", "manual_screenshot"),
        ("level", "overt"),
        ("device", "agency"),
        ("tool.name", "Chromium"),
        ("tool.version", "156"),
        ("upload", id),
    ];
    let made = lead.log(&case.id, &fields, None).is(303);
    let made = app
        .supervisor
        .get(&format!("/api/v1/captures/{}", made.capture()))
        .is(200);
    assert_eq!(
        (&made["files"][0]["name"], &made["files"][0]["role"]),
        (&json!("pier2.png"), &json!("screenshot"))
    );
    // One that is gone keeps what was typed.
    let gone = fields.map(|(n, v)| {
        if n == "upload" {
            (n, "01930000-0000-7000-8000-000000000000")
        } else {
            (n, v)
        }
    });
    let page = lead.log(&case.id, &gone, None).is(422);
    page.says("is gone: uploads are kept for a day");
    page.says("https://www.instagram.com/p/C8/");
    let ended = begin(&token).is(201).location;
    lead.post(&format!("{ended}/end"), &[]).is(303);
    assert_eq!(app.lead.get(&case.path("uploads")).is(200)["items"], json!([]));
}
