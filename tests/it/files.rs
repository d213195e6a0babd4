//! A file's bytes: as they came, to those who may, recorded first.

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Case};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use casetrail::proof::Digest;

const HTML: &[u8] = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0123456789";

fn logged(app: &App, case: &Case, bytes: &[u8]) -> String {
    let capture =
        app.post_with(json!({"files": [{"part": "f", "role": "original", "name": "../../etc/passwd\u{202e}gpj.exe"}]}));
    let made = app.lead.upload(case, &capture, &[("f", bytes)]).is(201);
    format!("/api/v1/files/{}/{}", made["id"].as_str().unwrap(), Digest::of(bytes))
}

both_databases!(bytes_come_back_as_they_went_in);
fn bytes_come_back_as_they_went_in(app: &App) {
    let case = app.case();
    app.leave(&case);
    for (bytes, kind, shown) in [
        (PNG, "image/png", "inline"),
        (HTML, "application/octet-stream", "attachment"),
        (&b""[..], "application/octet-stream", "attachment"),
    ] {
        let path = logged(app, &case, bytes);
        let answer = app.lead.get(&path);
        assert_eq!(
            (answer.status, answer.body.as_slice(), answer.header("content-type")),
            (200, bytes, kind)
        );
        assert_eq!(
            answer.header("repr-digest"),
            format!("sha-256=:{}:", STANDARD.encode(Digest::of(bytes).as_bytes()))
        );
        assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        let disposition = answer.header("content-disposition");
        assert!(
            disposition.starts_with(shown) && !disposition.contains("passwd"),
            "{disposition}"
        );
        let head = app.lead.send(app.lead.request("HEAD", &path));
        assert_eq!(
            (head.status, head.body.len(), head.header("content-length")),
            (200, 0, bytes.len().to_string().as_str())
        );
        assert_eq!(head.header("repr-digest"), answer.header("repr-digest"));
    }
}

both_databases!(digests_are_spelled_as_published);
fn digests_are_spelled_as_published(app: &App) {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/http-digest/vectors.json")).unwrap();
    let case = app.case();
    app.leave(&case);
    for vector in vectors["cases"].as_array().unwrap() {
        let path = logged(app, &case, vector["content_utf8"].as_str().unwrap().as_bytes());
        assert_eq!(
            app.lead.get(&path).header("repr-digest"),
            vector["field"].as_str().unwrap()
        );
    }
}

both_databases!(ranges_are_served);
fn ranges_are_served(app: &App) {
    let case = app.case();
    app.leave(&case);
    let path = logged(app, &case, PNG);
    let range = |range: &str| app.lead.send(app.lead.request("GET", &path).header("Range", range));
    let some = range("bytes=8-11");
    assert_eq!(
        (some.status, some.body.as_slice(), some.header("content-range")),
        (206, &b"0123"[..], "bytes 8-11/18")
    );
    assert_eq!(
        some.header("repr-digest"),
        format!("sha-256=:{}:", STANDARD.encode(Digest::of(PNG).as_bytes()))
    );
    assert_eq!(range("bytes=-2").body, b"89");
    assert_eq!(range("bytes=16-").body, b"89");
    assert_eq!(range("bytes=99-").status, 416);
}

both_databases!(a_view_is_recorded_before_the_first_byte_and_covers_ten_minutes);
fn a_view_is_recorded_before_the_first_byte_and_covers_ten_minutes(app: &App) {
    let case = app.case();
    app.leave(&case);
    let path = logged(app, &case, PNG);
    let seen = || app.count(&case.accesses, "file.viewed");
    for _ in 0..5 {
        app.lead.get(&path);
    }
    app.lead.send(app.lead.request("HEAD", &path));
    assert_eq!(seen(), 1);
    let event = app.events(&case.accesses).pop().unwrap();
    assert_eq!(event["actor"]["id"], json!(app.lead.id));
    assert_eq!(app.last_record(&case.accesses)["sha256"], json!(Digest::of(PNG)));
    app.member.get(&path);
    assert_eq!(seen(), 2);
    app.advance(9 * 60_000_000);
    app.lead.get(&path);
    assert_eq!(seen(), 2);
    app.advance(2 * 60_000_000);
    app.lead.get(&path);
    assert_eq!(seen(), 3);
}

both_databases!(each_download_is_an_entry_of_its_own);
fn each_download_is_an_entry_of_its_own(app: &App) {
    let case = app.case();
    app.leave(&case);
    let path = logged(app, &case, PNG);
    let (id, sha256) = (path.split('/').nth(4).unwrap(), Digest::of(PNG).to_string());
    let seen = || app.count(&case.accesses, "file.viewed");
    let taken = || app.count(&case.accesses, "file.downloaded");
    let take = || app.lead.get(&format!("{path}?download"));
    // Whoever has looked at the item and its picture, and then takes the file, has an entry that says so.
    app.lead.get(&format!("/api/v1/captures/{id}"));
    app.lead.get(&format!("/api/v1/pictures/{id}/{sha256}?size=preview"));
    app.lead.get(&path);
    assert_eq!((seen(), taken()), (1, 0));
    let file = take();
    assert_eq!((file.status, &file.body[..]), (200, PNG));
    let name = format!("attachment; filename=\"item-1-{}.png\"", &sha256[..12]);
    assert_eq!(file.header("content-disposition"), name);
    assert_eq!((seen(), taken()), (1, 1));
    let event = app.events(&case.accesses).pop().unwrap();
    assert_eq!(
        (&event["action"], &event["object"]["id"]),
        (&json!("file.downloaded"), &json!(id))
    );
    assert_eq!(app.last_record(&case.accesses)["sha256"], json!(sha256));
    // A browser that asks for the same file in several requests takes it once; a minute later it is taken again.
    take();
    assert_eq!(taken(), 1);
    for more in 2..4 {
        app.advance(61_000_000);
        take();
        assert_eq!((seen(), taken()), (1, more));
    }
    // The pages ask for it so, and name what was done.
    let lead = Browser::signed_in(app, "lead");
    lead.get(&format!("/captures/{id}"))
        .is(200)
        .says(&format!("/files/{id}/{sha256}?download"));
    let page = Browser::signed_in(app, "supervisor")
        .get(&format!("/cases/{}/accesses", case.id))
        .is(200);
    page.says("file taken out");
    page.says(&format!("SHA-256 {}", &sha256[..12]));
    let auditor = Browser::signed_in(app, "auditor");
    auditor
        .get("/ledger")
        .is(200)
        .says("<a class=\"small\" href=\"/ledger?action=File+downloaded\">");
    auditor
        .get("/ledger?action=File+downloaded")
        .is(200)
        .says("File downloaded</td>");
}

both_databases!(knowing_a_digest_gives_nothing);
fn knowing_a_digest_gives_nothing(app: &App) {
    let (case, other) = (
        app.case(),
        app.lead
            .post(
                "/api/v1/cases",
                json!({"title": "Own", "kind": "online_crime", "particulars": crate::kit::online()}),
            )
            .is(201),
    );
    let other = Case::named(other["id"].as_str().unwrap());
    app.leave(&case);
    app.leave_of(
        &other,
        crate::kit::with(app.request(), json!({"holders": [app.lead.id]})),
    );
    let path = logged(app, &case, PNG);
    let theirs = logged(app, &other, HTML);
    for client in [
        &app.stranger,
        &app.far,
        &app.prosecutor,
        &app.auditor,
        &app.administrator,
    ] {
        assert_eq!(client.get(&path).status, 404);
        assert_eq!(client.send(client.request("HEAD", &path)).status, 404);
    }
    assert_eq!(app.nobody.get(&path).status, 401);
    // The exporter reads one case; a digest of the other, under a capture of the one, is nothing.
    let capture = path.split('/').nth(4).unwrap();
    app.exporter.get(&path);
    app.exporter
        .get(&format!("/api/v1/files/{capture}/{}", Digest::of(HTML)))
        .problem(404, "not-found");
    app.exporter.get(&theirs).problem(404, "not-found");
    app.lead
        .get(&format!("/api/v1/files/{capture}/{}", "0".repeat(64)))
        .problem(404, "not-found");
    app.lead
        .get(&format!("/api/v1/files/{capture}/..%2f..%2fkeys%2fsecret"))
        .problem(404, "not-found");
    app.lead
        .get(&format!("/api/v1/files/x/{}", Digest::of(PNG)))
        .problem(404, "not-found");
}

both_databases!(the_same_bytes_are_kept_once);
fn the_same_bytes_are_kept_once(app: &App) {
    let case = app.case();
    app.leave(&case);
    let (a, b) = (logged(app, &case, PNG), logged(app, &case, PNG));
    assert_ne!(a, b);
    assert_eq!(app.stored(), (1, 0));
    assert_eq!(app.lead.get(&a).body, app.lead.get(&b).body);
}
