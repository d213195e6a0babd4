//! The small installation, whole, and then with one thing changed behind the ledger's back.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::fixture::{CAPTURE, CASE, Installation, UNIT, USER};
use super::{AuditReport, Places, run};
use crate::blobs::Memory;
use crate::db::{Db, Location, migrate};
use crate::gate::NewEvent;
use crate::ledger::Action;
use crate::proof::Digest;

/// What is done, which rules it breaks, and where the first of them is found.
const CHANGES: &[(&str, &[&str], &str)] = &[
    // The text in the event's own bytes.
    (
        "UPDATE events SET body = CAST(replace(CAST(body AS TEXT), 'case.suspended', 'case.suspendee') AS BLOB)",
        &["event-leaf", "event-columns", "row-columns"],
        "event case:",
    ),
    (
        "UPDATE events SET body = CAST('{}' AS BLOB) WHERE action = 'capture.corrected'",
        &["event-leaf", "event-unreadable", "row-columns", "row-event"],
        "seq 3",
    ),
    (
        "UPDATE events SET action = 'case.closed' WHERE action = 'case.suspended'",
        &["event-columns"],
        "seq 1",
    ),
    (
        "UPDATE events SET actor = 'nobody' WHERE seq = 0 AND stream LIKE 'case:%'",
        &["event-columns"],
        "seq 0",
    ),
    (
        "UPDATE events SET at = at + 1 WHERE action = 'case.suspended'",
        &["event-columns"],
        "seq 1",
    ),
    (
        "DELETE FROM events WHERE action = 'grant.given'",
        &["record-stray", "leaf-unknown", "row-event"],
        "stream case:",
    ),
    (
        "DELETE FROM events WHERE action = 'case.suspended'",
        &["event-chain", "record-stray", "leaf-unknown", "row-columns"],
        "seq 2",
    ),
    (
        "UPDATE records SET body = replace(body, 'Saw this girl', 'Saw that girl')",
        &["record-hash"],
        "seq 2",
    ),
    (
        "DELETE FROM records WHERE body LIKE '%Saw this girl%'",
        &[
            "record-missing",
            "event-projection",
            "row-columns",
            "row-event",
            "row-event",
            "row-event",
            "row-event",
            "row-event",
        ],
        "seq 2",
    ),
    (
        "DELETE FROM leaves WHERE idx = 8",
        &[
            "last-checkpoint",
            "checkpoint-root",
            "tile",
            "tree-size",
            "leaf-missing",
            "row-event",
        ],
        "log.checkpoint",
    ),
    (
        "UPDATE leaves SET leaf = zeroblob(32) WHERE idx = 8",
        &[
            "leaf-unknown",
            "last-checkpoint",
            "checkpoint-root",
            "tile",
            "tree-root",
            "leaf-missing",
        ],
        "leaf 8",
    ),
    (
        "UPDATE leaves SET seq = seq + 1 WHERE idx = 8",
        &["leaf-place", "row-event"],
        "leaf 8",
    ),
    (
        "UPDATE tiles SET hashes = zeroblob(length(hashes))",
        &["tile"],
        "tile level 0 index 0",
    ),
    ("INSERT INTO tiles VALUES (3, 0, zeroblob(32))", &["tile"], "tiles"),
    ("UPDATE log_state SET root = zeroblob(32)", &["tree-root"], "log_state"),
    ("UPDATE log_state SET size = 8", &["tree-size"], "log_state"),
    (
        "UPDATE checkpoints SET root = zeroblob(32) WHERE size = 9",
        &["checkpoint"],
        "checkpoint 9",
    ),
    (
        "UPDATE checkpoints SET note = replace(note, 'audit.test', 'audit.tost') WHERE size = 9",
        &["checkpoint"],
        "checkpoint 9",
    ),
    (
        "INSERT INTO outbox (leaf, stream, seq) SELECT leaf, stream, seq FROM leaves WHERE idx = 1",
        &["leaf-unknown", "event-projection"],
        "outbox",
    ),
    (
        "UPDATE cases SET body = replace(body, '26-1', '26-2')",
        &["row-body"],
        CASE,
    ),
    (
        "UPDATE cases SET lead_id = '019ab1c4-7000-7008-8f21-3c5a7e90f704'",
        &["row-columns"],
        CASE,
    ),
    ("UPDATE cases SET proposed_lead_id = lead_id", &["row-columns"], CASE),
    ("UPDATE members SET ended_at = 1", &["row-columns"], USER),
    (
        "INSERT INTO members SELECT case_id, 'x', 1, NULL FROM members",
        &["row-event"],
        "member x",
    ),
    ("UPDATE grants SET until = until + 1", &["row-columns"], "grant"),
    ("UPDATE grants SET can_export = TRUE", &["row-columns"], "grant"),
    ("UPDATE grants SET chosen = 1", &["row-columns"], "grant"),
    (
        "INSERT INTO grant_captures VALUES ('g', 'c')",
        &["row-event"],
        "capture c of grant g",
    ),
    ("UPDATE users SET disabled = TRUE", &["row-columns"], USER),
    ("UPDATE cases SET handling = 'confidential'", &["row-columns"], CASE),
    (
        "UPDATE cases SET version = 1, status = 'open', leaf = (SELECT leaf FROM events WHERE action = 'case.opened'), body = (SELECT r.body FROM events e JOIN records r ON r.leaf = e.leaf WHERE e.action = 'case.opened')",
        &["row-version"],
        CASE,
    ),
    ("UPDATE users SET roles = '[\"supervisor\"]'", &["row-columns"], USER),
    (
        "UPDATE captures SET body = replace(body, 'woman', 'man')",
        &["row-body"],
        CAPTURE,
    ),
    ("UPDATE captures SET state = 'reviewed'", &["row-columns"], CAPTURE),
    (
        "INSERT INTO authorization_holders VALUES ('a', 'u')",
        &["row-event"],
        "holder u of authorization a",
    ),
    (
        "UPDATE captures SET leaf = (SELECT leaf FROM events WHERE action = 'case.opened')",
        &["row-columns"],
        CAPTURE,
    ),
    (
        "UPDATE capture_entries SET body = replace(body, 'woman', 'man')",
        &["row-body"],
        CAPTURE,
    ),
    ("DELETE FROM capture_files WHERE n = 0", &["row-gone"], CAPTURE),
    (
        "UPDATE capture_files SET sha256 = zeroblob(32) WHERE n = 1",
        &["row-columns"],
        CAPTURE,
    ),
    ("DELETE FROM files", &["row-gone"], "file "),
    ("UPDATE files SET size = 15", &["row-columns", "file-row"], "file "),
    ("UPDATE files SET crc32 = 1", &["file-row"], "file "),
    ("DELETE FROM captures", &["row-gone"], CAPTURE),
];

fn rules(report: &AuditReport) -> Vec<&'static str> {
    report.faults.iter().map(|f| f.rule).collect()
}

#[test]
fn a_whole_installation_is_clean() {
    let made = Installation::new();
    let report = made.audit();
    assert!(report.clean, "{}", report.text());
    assert!(report.text().starts_with("CLEAN"), "{}", report.text());
    assert_eq!(
        (report.counts.events, report.counts.captures, report.counts.files),
        (9, 1, 1)
    );
    assert_eq!(
        (report.counts.leaves, report.counts.records, report.counts.waiting),
        (9, 9, 0)
    );
    assert!(report.notices.is_empty(), "{}", report.text());
}

#[test]
fn what_waits_and_what_no_row_names_are_notices() {
    let made = Installation::new();
    made.keep(|tx| {
        tx.append(NewEvent::new(Action::BackupMade, ("installation", UNIT), 1, json!({})))
            .map(|_| ())
    });
    let stray = made.file(&Digest::of(b"stray"));
    std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
    std::fs::write(stray, b"stray").unwrap();
    let report = made.audit();
    assert!(report.clean, "{}", report.text());
    assert_eq!(
        report.notices.iter().map(|n| n.rule).collect::<Vec<_>>(),
        ["waiting", "file-unnamed"]
    );
}

#[test]
fn every_change_behind_the_ledger_is_found() {
    let mut missed = Vec::new();
    for (sql, expected, place) in CHANGES {
        let made = Installation::new();
        made.tamper(sql);
        let report = made.audit();
        let found = report.faults.first().is_some_and(|first| first.place.contains(place));
        if rules(&report) != *expected || !found || !report.text().starts_with("NOT CLEAN") {
            missed.push(format!("{sql}: {:?} expected\n{}", expected, report.text()));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn changed_and_missing_files_are_found() {
    let made = Installation::new();
    let path = made.file(&Digest::of(b"the screenshot"));
    std::fs::write(&path, b"the screen shot").unwrap();
    assert_eq!(rules(&made.audit()), ["file-bytes"]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(rules(&made.audit()), ["file-missing"]);
}

#[test]
fn the_key_and_what_it_signed_last_are_held_against_the_log() {
    let made = Installation::new();
    let swap = |from: &str, text: &[u8]| std::fs::write(made.path(from), text).unwrap();
    let key = std::fs::read(made.path("keys/log.key")).unwrap();
    swap("keys/log.key", format!("{}\n", Digest::of(b"another key")).as_bytes());
    assert_eq!(rules(&made.audit()), ["key"]);
    swap("keys/log.key", &key);
    let note = std::fs::read(made.path("keys/log.checkpoint")).unwrap();
    swap("keys/log.checkpoint", b"nothing\n");
    assert_eq!(rules(&made.audit()), ["last-checkpoint"]);
    std::fs::remove_file(made.path("keys/log.checkpoint")).unwrap();
    let report = made.audit();
    assert!(
        report.clean && report.notices[0].rule == "last-checkpoint",
        "{}",
        report.text()
    );
    swap("keys/log.checkpoint", &note);
    assert!(made.audit().clean);
}

#[test]
fn a_database_older_than_what_was_signed_is_found() {
    let made = Installation::new();
    let old = made.path("old.db");
    made.tamper(&format!("VACUUM INTO '{}'", old.display()));
    made.keep(|tx| {
        tx.append(NewEvent::new(Action::BackupMade, ("installation", UNIT), 1, json!({})))
            .map(|_| ())
    });
    made.integrate();
    let db = Db::open(&Location::Sqlite(old), 1).unwrap();
    let places = Places {
        store: made.files(),
        keys: made.path("keys"),
        scratch: made.path("keys"),
        known: Vec::new(),
    };
    let report = run(&db.reader(), &places, &mut |_, _, _| Ok(())).unwrap();
    assert_eq!(rules(&report), ["last-checkpoint"], "{}", report.text());
    assert!(report.faults[0].what.contains("10 leaves"), "{}", report.text());
}

#[test]
fn an_empty_database_cannot_be_audited() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("casetrail.db"));
    migrate::migrate(&location).unwrap();
    let db = Db::open(&location, 1).unwrap();
    let places = Places {
        store: Arc::new(Memory::default()),
        keys: Path::new("keys").into(),
        scratch: folder.path().into(),
        known: Vec::new(),
    };
    assert!(
        run(&db.reader(), &places, &mut |_, _, _| Ok(()))
            .unwrap_err()
            .detail
            .contains("no log")
    );
}
