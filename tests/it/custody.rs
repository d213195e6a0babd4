//! The ledger over HTTP, checked as an outsider would check it: with the proof core alone.

use std::collections::HashMap;
use std::sync::Arc;

use casetrail::ledger;
use casetrail::proof::Digest;
use casetrail::proof::checkpoint::{Checkpoint, Note, TlogProof, VerifyingKey};
use casetrail::proof::event::leaf;
use casetrail::proof::merkle::{self, Tile, TileId, Tiles, parse_tile_path, tile_path};
use casetrail::proof::{canon, record};
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::{App, Client};

fn key(app: &App) -> VerifyingKey {
    VerifyingKey::parse(app.lead.get("/api/v1/ledger/key").is(200)["vkey"].as_str().unwrap()).unwrap()
}

/// The newest checkpoint, after everything so far is in the tree.
pub fn checkpoint(app: &App) -> Checkpoint {
    let total = app.state.gate.db().read_blocking(|conn| {
        use diesel::prelude::*;
        Ok(casetrail::db::tables::events::table.count().get_result::<i64>(conn)?)
    });
    let total = u64::try_from(total.unwrap()).unwrap();
    for _ in 0..100 {
        app.state.gate.journal().hurry();
        let (key, note) = (key(app), app.lead.get("/api/v1/ledger/checkpoint"));
        let note = std::str::from_utf8(&note.body).unwrap();
        // Until this log has signed for itself, the newest is the template's.
        if note.starts_with(key.name()) {
            let found = verified(&key, note);
            if found.size >= total {
                return found;
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("the tree does not grow to {total}");
}

fn verified(key: &VerifyingKey, note: &str) -> Checkpoint {
    let note = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(note.verify(std::slice::from_ref(key)).unwrap().len(), 1);
    Checkpoint::parse(&note.text).unwrap()
}

fn digests(list: &Value) -> Vec<Digest> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|d| d.as_str().unwrap().parse().unwrap())
        .collect()
}

struct Fetched<'a>(&'a Client, u64, std::cell::RefCell<HashMap<TileId, Arc<Tile>>>);

impl Tiles for Fetched<'_> {
    type Error = String;

    fn tile(&self, id: TileId) -> Result<Arc<Tile>, String> {
        if let Some(known) = self.2.borrow().get(&id) {
            return Ok(known.clone());
        }
        let hashes = (self.1 >> (8 * u64::from(id.level))) - id.index * 256;
        let path = tile_path(id, usize::try_from(hashes.min(256)).unwrap());
        assert!(parse_tile_path(&path).is_some());
        let answer = self.0.get(&format!("/api/v1/ledger/{}", path.trim_start_matches('/')));
        let tile = (answer.status == 200)
            .then(|| Tile::new(&answer.body))
            .flatten()
            .ok_or(path)?;
        let tile = Arc::new(tile);
        self.2.borrow_mut().insert(id, tile.clone());
        Ok(tile)
    }
}

both_databases!(a_receipt_verifies_without_us);
fn a_receipt_verifies_without_us(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app.lead.log(&case, app.post()).is(201);
    let path = format!("/api/v1/captures/{}/receipt", made["id"].as_str().unwrap());
    app.stranger.get(&path).problem(404, "not-found");
    app.auditor.get(&path).problem(404, "not-found");
    let answer = app.exporter.get(&path);
    assert_eq!(answer.status, 200);
    let proof = TlogProof::parse(&answer.body).unwrap();
    let checkpoint = verified(&key(app), &proof.note);
    let event = app
        .events(&case.stream)
        .into_iter()
        .find(|e| e["action"] == "capture.recorded")
        .unwrap();
    let leaf = leaf(&canon::to_jcs(&event).unwrap());
    assert_eq!(made["event"]["leaf"], json!(leaf));
    assert!(merkle::verify_inclusion(
        proof.index,
        checkpoint.size,
        leaf,
        &proof.hashes,
        checkpoint.root
    ));
    assert!(!merkle::verify_inclusion(
        proof.index + 1,
        checkpoint.size,
        leaf,
        &proof.hashes,
        checkpoint.root
    ));
}

both_databases!(custody_tells_everything_about_a_capture);
fn custody_tells_everything_about_a_capture(app: &App) {
    let case = app.case();
    app.leave(&case);
    let made = app.lead.log(&case, app.post()).is(201);
    let id = made["id"].as_str().unwrap();
    app.member
        .post(&format!("/api/v1/captures/{id}/notes"), json!({"text": "a word"}))
        .is(201);
    app.member
        .post(
            &format!("/api/v1/captures/{id}/reviews"),
            json!({"outcome": "accurate"}),
        )
        .is(201);
    checkpoint(app);
    let path = format!("/api/v1/captures/{id}/custody");
    let custody = app.exporter.get(&path).is(200);
    let items = custody["items"].as_array().unwrap();
    let actions: Vec<&str> = items.iter().map(|i| i["event"]["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["capture.recorded", "capture.annotated", "capture.reviewed"]);
    for item in items {
        let bytes = canon::to_jcs(&item["event"]).unwrap();
        assert_eq!(item["leaf"], json!(leaf(&bytes)));
        assert!(item["index"].is_i64());
        let mut salt = [0; 32];
        assert!(casetrail::proof::id::unhex(
            item["salt"].as_str().unwrap().as_bytes(),
            &mut salt
        ));
        assert_eq!(
            item["event"]["record"],
            json!(record::hash(&item["record"], &salt).unwrap())
        );
    }
    let paged = app.exporter.get(&format!("{path}?limit=2")).is(200);
    let rest = app
        .exporter
        .get(&format!("{path}?limit=2&cursor={}", paged["next"].as_str().unwrap()))
        .is(200);
    assert_eq!(
        (rest["items"].as_array().unwrap().len(), &rest["items"][0]),
        (1, &items[2])
    );
    for client in [&app.stranger, &app.auditor, &app.far, &app.administrator] {
        client.get(&path).problem(404, "not-found");
    }
}

both_databases!(an_auditor_sees_identifiers_and_no_records);
fn an_auditor_sees_identifiers_and_no_records(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.lead.log(&case, app.post()).is(201);
    checkpoint(app);
    for path in [
        case.path("events"),
        case.path("accesses"),
        "/api/v1/ledger/events?limit=100".to_owned(),
    ] {
        let list = app.auditor.get(&path).is(200);
        assert!(!list["items"].as_array().unwrap().is_empty());
        assert!(
            list["items"]
                .as_array()
                .unwrap()
                .iter()
                .all(|i| i["record"].is_null() && i["salt"].is_null()),
            "{path}"
        );
        assert!(!list.to_string().contains("ferry"));
    }
    for below in [
        "",
        "captures",
        "authorizations",
        "subjects",
        "accounts",
        "packets",
        "grants",
    ] {
        app.auditor.get(&case.path(below)).problem(404, "not-found");
    }
    let mine = app
        .auditor
        .get(&format!(
            "/api/v1/ledger/events?actor={}&action=capture.recorded",
            app.lead.id
        ))
        .is(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    let none = app.auditor.get("/api/v1/ledger/events?to=2020-01-01T00:00:00Z").is(200);
    assert_eq!(none["items"], json!([]));
    app.auditor
        .get("/api/v1/ledger/events?from=yesterday")
        .refuses(422, "from", "rfc3339");
    assert!(app.count("agency", "ledger.viewed") >= 1);
    for client in [&app.lead, &app.supervisor, &app.exporter, &app.administrator] {
        client.get("/api/v1/ledger/events").problem(403, "forbidden");
    }
}

both_databases!(the_tree_proves_itself);
fn the_tree_proves_itself(app: &App) {
    let first = checkpoint(app);
    let case = app.case();
    app.leave(&case);
    for _ in 0..5 {
        app.lead.log(&case, app.post()).is(201);
    }
    let last = checkpoint(app);
    assert!(last.size > first.size);
    let shown = app
        .stranger
        .get(&format!(
            "/api/v1/ledger/consistency?from={}&to={}",
            first.size, last.size
        ))
        .is(200);
    assert_eq!(
        (&shown["from_root"], &shown["to_root"]),
        (&json!(first.root), &json!(last.root))
    );
    assert!(merkle::verify_consistency(
        first.size,
        last.size,
        &digests(&shown["path"]),
        first.root,
        last.root
    ));
    for index in [0, first.size, last.size - 1] {
        let shown = app
            .auditor
            .get(&format!("/api/v1/ledger/inclusion?index={index}&size={}", last.size))
            .is(200);
        let leaf: Digest = shown["leaf"].as_str().unwrap().parse().unwrap();
        assert!(merkle::verify_inclusion(
            index,
            last.size,
            leaf,
            &digests(&shown["path"]),
            last.root
        ));
    }
    let tiles = Fetched(&app.lead, last.size, Default::default());
    assert_eq!(merkle::root(&tiles, last.size).unwrap(), last.root);
    let broken = [
        ("inclusion?size=1", "index"),
        ("inclusion?index=x&size=1", "index"),
        ("inclusion?index=9&size=9", "index"),
        ("inclusion?index=0&size=99999", "size"),
        ("consistency?from=0&to=1", "from"),
        ("consistency?from=1&to=99999", "to"),
    ];
    for (query, field) in broken {
        let problem = app.lead.get(&format!("/api/v1/ledger/{query}")).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], json!(field), "{query}");
    }
    app.lead
        .get("/api/v1/ledger/tile/0/000.p/255")
        .problem(404, "not-found");
    app.lead.get("/api/v1/ledger/tile/0/x").problem(404, "not-found");
    app.nobody
        .get("/api/v1/ledger/checkpoint")
        .problem(401, "not-signed-in");
}

both_databases!(streams_are_chains);
fn streams_are_chains(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.lead.log(&case, app.post()).is(201);
    app.stranger.get(&case.path("")).is(404);
    for stream in [&case.stream, &case.accesses, "agency"] {
        let mut before = Value::Null;
        let mut at = String::new();
        for (seq, event) in app.events(stream).iter().enumerate() {
            assert_eq!((&event["seq"], &event["prev"]), (&json!(seq), &before), "{stream}");
            let now = event["at"].as_str().unwrap().to_owned();
            assert!(now >= at && now.len() == 27);
            at = now;
            before = json!(leaf(&canon::to_jcs(event).unwrap()));
        }
    }
}

#[test]
fn hashes_may_be_public() {
    let app = App::with(crate::kit::Database::Sqlite, &[("public_ledger", "true")]);
    assert_eq!(app.nobody.get("/api/v1/ledger/checkpoint").status, 200);
    app.nobody.get("/api/v1/ledger/key").is(200);
    app.nobody.get("/api/v1/ledger/events").problem(401, "not-signed-in");
}

both_databases!(a_place_is_held_to_its_leaf);
/// A row that leads to another event than its leaf's gets no place in the tree, and so no receipt and no proof.
fn a_place_is_held_to_its_leaf(app: &App) {
    let case = app.case();
    app.leave(&case);
    let stream = ledger::case_stream(&case.id);
    checkpoint(app);
    let events = app
        .state
        .gate
        .db()
        .read_blocking(|conn| ledger::read::of_stream(conn, &stream, 0, 2))
        .unwrap();
    let [first, second] = &events[..] else {
        panic!("two events at least")
    };
    let index = |seq: i64, leaf: &[u8]| {
        app.state
            .gate
            .db()
            .read_blocking(|conn| ledger::index_of(conn, &stream, seq, leaf))
    };
    assert!(index(first.seq, &first.leaf).unwrap().is_some());
    assert!(index(second.seq, &first.leaf).is_err());
    assert_eq!(index(1000, &first.leaf).unwrap(), None);
}
