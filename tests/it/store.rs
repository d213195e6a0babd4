//! The way of a file from upload to packet, with a store that knows no folders.

use casetrail::blobs::Shelf;
use casetrail::proof::Digest;
use serde_json::json;

use crate::both_databases;
use crate::kit::App;
use crate::packets::{download, ready, verifies};

const SHOT: &[u8] = b"\x89PNG\r\n\x1a\n 0123456789";

both_databases!(a_file_goes_from_upload_to_packet_in_memory);
fn a_file_goes_from_upload_to_packet_in_memory(disk: &App) {
    let app = App::in_memory(disk.database);
    let case = app.case();
    app.leave(&case);
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "original", "name": "a.png"}]}));
    let made = app.lead.upload(&case, &capture, &[("f", SHOT)]).is(201);
    let id = made["id"].as_str().unwrap();

    let path = format!("/api/v1/files/{id}/{}", Digest::of(SHOT));
    assert_eq!(app.lead.get(&path).body, SHOT);
    let range = |range: &str| app.lead.send(app.lead.request("GET", &path).header("Range", range));
    let some = range("bytes=9-12");
    assert_eq!(
        (some.status, some.body.as_slice(), some.header("content-range")),
        (206, &b"0123"[..], "bytes 9-12/19")
    );
    assert_eq!(range("bytes=99-").status, 416);
    let verdict = app
        .lead
        .post(&format!("/api/v1/captures/{id}/verifications"), json!({}))
        .is(201);
    assert!(verdict.to_string().contains("\"passed\""), "{verdict}");

    let asked = app
        .exporter
        .post(&case.path("packets"), json!({"purpose": "internal"}))
        .is(202);
    let packet = ready(&app.exporter, &asked);
    let (_folder, file) = download(&app.exporter, &packet);
    verifies(&app, &file);

    let list = |shelf| app.state.blobs.list(shelf).unwrap().count();
    assert_eq!((list(Shelf::Files), list(Shelf::Packets)), (1, 1));
    app.audit();
    for folder in ["files", "packets"] {
        assert!(!app.folder().join(folder).exists(), "{folder}");
    }
}
