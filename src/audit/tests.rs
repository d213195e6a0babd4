//! A small installation, whole, and then with one thing changed behind the ledger's back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::{Places, Report, run};
use crate::clock::{Clock, SetClock};
use crate::db::tables::{capture_entries, capture_files, captures, cases, files, grants, members, units, users};
use crate::db::{Db, Location, migrate};
use crate::error::Result;
use crate::gate::{Gate, NewEvent, Tx};
use crate::ledger::{self, Action, Appended, Journal};
use crate::policy::Policy;
use crate::proof::{Digest, canon};

const CASE: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f778";
const CAPTURE: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f701";
const USER: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f702";
const GRANT: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f705";
const UNIT: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f703";

pub(crate) struct Installation {
    folder: tempfile::TempDir,
    db: Db,
    gate: Gate,
    clock: SetClock,
    _runtime: tokio::runtime::Runtime,
}

impl Installation {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("casetrail.db"));
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        migrate::migrate(&location).unwrap();
        let db = Db::open(&location, 2).unwrap();
        let clock = SetClock::at(1_795_000_000_000_000);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let journal = runtime.block_on(async { Journal::start(db.clone(), Arc::new(clock.clone()), None) });
        let gate = Gate::new(db.clone(), journal, Arc::new(Policy::new().unwrap()), Arc::new(clock.clone()));
        let made = Self { folder, db, gate, clock, _runtime: runtime };
        made.integrate();
        made.house();
        made.case();
        made.integrate();
        made
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn integrate(&self) {
        let (keys, now) = (self.path("keys"), self.clock.now());
        let mut signer = ledger::start::open(&self.db, &keys, Some("audit.test/log"), false, now, UNIT).unwrap();
        while ledger::run_once(&self.db, &mut signer, now).unwrap().1 {}
    }

    pub(crate) fn keep(&self, f: impl Fn(&mut Tx<'_>) -> Result<()> + Send + Sync + 'static) {
        self.gate.housekeep_blocking(ledger::operator("tester"), f).unwrap();
    }

    fn house(&self) {
        self.keep(|tx| {
            let unit = json!({"name": "Missing persons"});
            let leaf = append(tx, NewEvent::new(Action::UnitCreated, ("unit", UNIT), 1, unit)).leaf;
            let row = (units::id.eq(UNIT), units::name.eq("Missing persons"), units::path.eq(format!("/{UNIT}/")), units::version.eq(1i64), units::leaf.eq(bytes(&leaf)));
            diesel::insert_into(units::table).values(row).execute(tx.conn)?;
            let user = json!({"username": "marta", "name": "Marta", "roles": ["investigator"], "unit_id": UNIT, "disabled": false});
            let leaf = append(tx, NewEvent::new(Action::UserCreated, ("user", USER), 1, user)).leaf;
            let who = (users::id.eq(USER), users::username.eq("marta"), users::name.eq("Marta"), users::roles.eq("[\"investigator\"]"), users::unit_id.eq(UNIT));
            let state = (users::password_hash.eq(""), users::must_change.eq(false), users::failures.eq(0i64), users::failures_since.eq(0i64), users::locked.eq(false), users::disabled.eq(false));
            let row = (who, state, users::created_at.eq(1i64), users::version.eq(1i64), users::leaf.eq(bytes(&leaf)));
            diesel::insert_into(users::table).values(row).execute(tx.conn)?;
            Ok(())
        });
    }

    fn case(&self) {
        self.keep(|tx| case_row(tx, "open", 1, Action::CaseOpened));
        self.keep(|tx| case_row(tx, "suspended", 2, Action::CaseSuspended));
        let shot = self.store(b"the screenshot");
        self.keep(move |tx| capture_row(tx, &shot, &Digest::of(b"withheld")));
        self.keep(correction_row);
        self.keep(access_rows);
    }

    fn store(&self, content: &'static [u8]) -> Digest {
        let digest = Digest::of(content);
        let path = super::files::path_of(&self.path("files"), &digest);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self.keep(move |tx| {
            let row = (
                files::sha256.eq(bytes(&Digest::of(content))),
                files::size.eq(i64::try_from(content.len()).unwrap()),
                files::crc32.eq(i64::from(crc32fast::hash(content))),
                files::media_type.eq("text/plain"),
                files::state.eq("stored"),
                files::stored_at.eq(1i64),
            );
            diesel::insert_into(files::table).values(row).execute(tx.conn)?;
            Ok(())
        });
        digest
    }

    pub(crate) fn audit(&self) -> Report {
        let places = Places { files: self.path("files"), keys: self.path("keys"), known: Vec::new() };
        run(&self.db, &places, &mut |_, _, _| {}).unwrap()
    }

    /// As somebody with the database's file would.
    fn tamper(&self, sql: &str) {
        let mut conn = SqliteConnection::establish(self.path("casetrail.db").to_str().unwrap()).unwrap();
        let triggers = ["events", "records", "leaves", "checkpoints"]
            .iter()
            .flat_map(|t| [format!("{t}_no_update"), format!("{t}_no_delete")])
            .chain(["tiles_grow".into(), "tiles_no_delete".into()]);
        triggers.for_each(|t| conn.batch_execute(&format!("DROP TRIGGER {t}")).unwrap());
        conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
        conn.batch_execute(sql).unwrap();
    }
}

fn bytes(digest: &Digest) -> Vec<u8> {
    digest.as_bytes().to_vec()
}

fn append(tx: &mut Tx<'_>, event: NewEvent<'_>) -> Appended {
    tx.append(event).unwrap()
}

fn canonical(value: &Value) -> String {
    String::from_utf8(canon::to_strict(value).unwrap()).unwrap()
}

fn case_row(tx: &mut Tx<'_>, status: &'static str, version: i64, action: Action) -> Result<()> {
    let record = json!({"id": CASE, "number": "26-1", "kind": "missing_person", "status": status, "handling": "standard", "unit_id": UNIT, "lead": {"id": USER, "name": "Marta"}});
    let leaf = append(tx, NewEvent::new(action, ("case", CASE), version, record.clone()).in_case(CASE)).leaf;
    if version > 1 {
        diesel::delete(cases::table).execute(tx.conn)?;
    }
    let what = (cases::id.eq(CASE), cases::number.eq("26-1"), cases::kind.eq("missing_person"), cases::status.eq(status), cases::handling.eq("standard"));
    let whose = (cases::unit_id.eq(UNIT), cases::unit_path.eq(format!("/{UNIT}/")), cases::lead_id.eq(USER), cases::opened_at.eq(1i64), cases::changed_at.eq(1i64));
    let counts = (cases::items.eq(1i64), cases::held.eq(0i64), cases::authorizations.eq(0i64), cases::version.eq(version));
    let row = (what, whose, counts, cases::leaf.eq(bytes(&leaf)), cases::body.eq(canonical(&record)));
    diesel::insert_into(cases::table).values(row).execute(tx.conn)?;
    Ok(())
}

fn capture_row(tx: &mut Tx<'_>, shot: &Digest, withheld: &Digest) -> Result<()> {
    let mut attest = Map::new();
    attest.insert("files".into(), json!([{"sha256": shot, "size": 14, "role": "screenshot"}, {"sha256": withheld, "size": 9, "role": "original"}]));
    let record = json!({"id": CAPTURE, "case_id": CASE, "state": "logged", "text": "Saw this girl"});
    let event = NewEvent::new(Action::CaptureRecorded, ("capture", CAPTURE), 1, record.clone()).in_case(CASE).attesting(attest);
    let event = append(tx, event);
    let what = (captures::id.eq(CAPTURE), captures::case_id.eq(CASE), captures::item.eq(1i64), captures::kind.eq("post"), captures::state.eq("logged"));
    let how = (captures::basis.eq("authorization"), captures::capturer_id.eq(USER), captures::open_question.eq(false));
    let when = (captures::captured_at.eq(1i64), captures::received_at.eq(1i64), captures::version.eq(1i64), captures::seq.eq(event.seq));
    let row = (what, how, when, captures::leaf.eq(bytes(&event.leaf)), captures::body.eq(canonical(&record)));
    diesel::insert_into(captures::table).values(row).execute(tx.conn)?;
    for (n, (digest, withheld)) in [(shot, false), (withheld, true)].into_iter().enumerate() {
        let row = (
            capture_files::capture_id.eq(CAPTURE),
            capture_files::n.eq(i64::try_from(n).unwrap()),
            capture_files::sha256.eq(bytes(digest)),
            capture_files::withheld.eq(withheld),
        );
        diesel::insert_into(capture_files::table).values(row).execute(tx.conn)?;
    }
    Ok(())
}

fn correction_row(tx: &mut Tx<'_>) -> Result<()> {
    let record = json!({"id": CAPTURE, "case_id": CASE, "state": "logged", "text": "Saw this woman"});
    let event = NewEvent::new(Action::CaptureCorrected, ("capture", CAPTURE), 2, record.clone()).in_case(CASE);
    let leaf = bytes(&append(tx, event).leaf);
    let row = (
        capture_entries::id.eq("e1"),
        capture_entries::capture_id.eq(CAPTURE),
        capture_entries::kind.eq("correction"),
        capture_entries::version.eq(2i64),
        capture_entries::leaf.eq(leaf),
        capture_entries::body.eq(canonical(&record)),
    );
    diesel::insert_into(capture_entries::table).values(row).execute(tx.conn)?;
    diesel::update(captures::table).set((captures::version.eq(2i64), captures::body.eq(canonical(&record)))).execute(tx.conn)?;
    Ok(())
}

fn access_rows(tx: &mut Tx<'_>) -> Result<()> {
    let member = json!({"case_id": CASE, "user": {"id": USER, "name": "Marta"}});
    append(tx, NewEvent::new(Action::MemberAdded, ("user", USER), 1, member).in_case(CASE));
    let row = (members::case_id.eq(CASE), members::user_id.eq(USER), members::since.eq(1i64));
    diesel::insert_into(members::table).values(row).execute(tx.conn)?;
    let record = json!({"id": GRANT, "case_id": CASE, "user": {"id": USER, "name": "Marta"}, "rights": ["read"], "until": "2026-12-01T00:00:00.000000Z"});
    let leaf = append(tx, NewEvent::new(Action::GrantGiven, ("grant", GRANT), 1, record.clone()).in_case(CASE)).leaf;
    let rights = (grants::can_read.eq(true), grants::can_export.eq(false), grants::can_decide.eq(false));
    let row = (
        (grants::id.eq(GRANT), grants::case_id.eq(CASE), grants::user_id.eq(USER), grants::created_at.eq(1i64)),
        (rights, grants::until.eq(1_796_083_200_000_000i64), grants::version.eq(1i64)),
        (grants::leaf.eq(bytes(&leaf)), grants::body.eq(canonical(&record))),
    );
    diesel::insert_into(grants::table).values(row).execute(tx.conn)?;
    Ok(())
}

fn rules(report: &Report) -> Vec<&'static str> {
    report.faults.iter().map(|f| f.rule).collect()
}

#[test]
fn a_whole_installation_is_clean() {
    let made = Installation::new();
    let report = made.audit();
    assert!(report.clean, "{}", report.text());
    assert!(report.text().starts_with("CLEAN"), "{}", report.text());
    assert_eq!((report.counts.events, report.counts.captures, report.counts.files), (9, 1, 1));
    assert_eq!((report.counts.leaves, report.counts.records, report.counts.waiting), (9, 9, 0));
    assert!(report.notices.is_empty(), "{}", report.text());
}

#[test]
fn what_waits_and_what_no_row_names_are_notices() {
    let made = Installation::new();
    made.keep(|tx| tx.append(NewEvent::new(Action::BackupMade, ("installation", UNIT), 1, json!({}))).map(|_| ()));
    let stray = super::files::path_of(&made.path("files"), &Digest::of(b"stray"));
    std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
    std::fs::write(stray, b"stray").unwrap();
    let report = made.audit();
    assert!(report.clean, "{}", report.text());
    assert_eq!(report.notices.iter().map(|n| n.rule).collect::<Vec<_>>(), ["waiting", "file-unnamed"]);
}

#[test]
fn every_change_behind_the_ledger_is_found() {
    let changes: &[(&str, &[&str], &str)] = &[
        // The text in the event's own bytes.
        ("UPDATE events SET body = CAST(replace(CAST(body AS TEXT), 'case.suspended', 'case.suspendee') AS BLOB)", &["event-leaf", "event-columns"], "event case:"),
        ("UPDATE events SET body = CAST('{}' AS BLOB) WHERE action = 'capture.corrected'", &["event-leaf", "event-unreadable"], "seq 3"),
        ("UPDATE events SET action = 'case.closed' WHERE action = 'case.suspended'", &["event-columns"], "seq 1"),
        ("UPDATE events SET actor = 'nobody' WHERE seq = 0 AND stream LIKE 'case:%'", &["event-columns"], "seq 0"),
        ("UPDATE events SET at = at + 1 WHERE action = 'case.suspended'", &["event-columns"], "seq 1"),
        ("DELETE FROM events WHERE action = 'grant.given'", &["head", "record-stray", "leaf-unknown"], "stream case:"),
        ("DELETE FROM events WHERE action = 'case.suspended'", &["event-chain", "record-stray", "leaf-unknown"], "seq 2"),
        ("DELETE FROM events WHERE stream LIKE 'case:%'", &["head", "record-stray", "record-stray", "record-stray", "record-stray", "record-stray", "record-stray", "leaf-unknown", "leaf-unknown", "leaf-unknown", "leaf-unknown", "leaf-unknown", "leaf-unknown", "member", "capture-event"], "stream case:"),
        ("UPDATE records SET body = replace(body, 'Saw this girl', 'Saw that girl')", &["record-hash"], "seq 2"),
        ("DELETE FROM records WHERE body LIKE '%Saw this girl%'", &["record-missing"], "seq 2"),
        ("UPDATE stream_heads SET at = at + 1 WHERE stream = 'agency'", &["head"], "stream agency"),
        ("DELETE FROM stream_heads WHERE stream = 'agency'", &["head"], "stream agency"),
        ("DELETE FROM leaves WHERE idx = 8", &["last-checkpoint", "checkpoint-root", "tile", "tree-size", "leaf-missing"], "log.checkpoint"),
        ("UPDATE leaves SET leaf = zeroblob(32) WHERE idx = 8", &["leaf-unknown", "last-checkpoint", "checkpoint-root", "tile", "tree-root", "leaf-missing"], "leaf 8"),
        ("UPDATE tiles SET hashes = zeroblob(length(hashes))", &["tile"], "tile level 0 index 0"),
        ("INSERT INTO tiles VALUES (3, 0, zeroblob(32))", &["tile"], "tiles"),
        ("UPDATE log_state SET root = zeroblob(32)", &["tree-root"], "log_state"),
        ("UPDATE log_state SET size = 8", &["tree-size"], "log_state"),
        ("UPDATE checkpoints SET root = zeroblob(32) WHERE size = 9", &["checkpoint"], "checkpoint 9"),
        ("UPDATE checkpoints SET note = replace(note, 'audit.test', 'audit.tost') WHERE size = 9", &["checkpoint"], "checkpoint 9"),
        ("INSERT INTO outbox (leaf) SELECT leaf FROM leaves WHERE idx = 1", &["leaf-unknown"], "outbox"),
        ("UPDATE cases SET body = replace(body, '26-1', '26-2')", &["row-body"], CASE),
        ("UPDATE cases SET lead_id = '019ab1c4-7000-7008-8f21-3c5a7e90f704'", &["row-columns"], CASE),
        ("UPDATE members SET ended_at = 1", &["member"], USER),
        ("INSERT INTO members SELECT case_id, 'x', 1, NULL FROM members", &["member"], "member x"),
        ("UPDATE grants SET until = until + 1", &["row-columns"], "grant"),
        ("UPDATE grants SET can_export = TRUE", &["row-columns"], "grant"),
        ("UPDATE users SET disabled = TRUE", &["row-columns"], USER),
        ("UPDATE cases SET handling = 'confidential'", &["row-columns"], CASE),
        ("UPDATE cases SET version = 1, status = 'open', leaf = (SELECT leaf FROM events WHERE action = 'case.opened'), body = (SELECT r.body FROM events e JOIN records r ON r.leaf = e.leaf WHERE e.action = 'case.opened')", &["row-version"], CASE),
        ("UPDATE users SET roles = '[\"supervisor\"]'", &["row-columns"], USER),
        ("UPDATE captures SET body = replace(body, 'woman', 'man')", &["row-body"], CAPTURE),
        ("UPDATE captures SET state = 'reviewed'", &["row-columns"], CAPTURE),
        ("INSERT INTO authorization_holders VALUES ('a', 'u')", &["holder"], "holder u of authorization a"),
        ("UPDATE captures SET leaf = (SELECT leaf FROM events WHERE action = 'case.opened')", &["capture-event"], CAPTURE),
        ("UPDATE capture_entries SET body = replace(body, 'woman', 'man')", &["row-body"], "e1"),
        ("DELETE FROM capture_files WHERE n = 0", &["capture-files"], CAPTURE),
        ("UPDATE capture_files SET sha256 = zeroblob(32) WHERE n = 1", &["capture-files"], CAPTURE),
        ("DELETE FROM files", &["file-row"], CAPTURE),
        ("UPDATE files SET size = 15", &["capture-files", "file-row"], CAPTURE),
        ("UPDATE files SET crc32 = 1", &["file-row"], "file "),
        ("DELETE FROM captures", &["capture-event"], CAPTURE),
    ];
    for (sql, expected, place) in changes {
        let made = Installation::new();
        made.tamper(sql);
        let report = made.audit();
        assert_eq!(rules(&report), *expected, "{sql}\n{}", report.text());
        assert!(report.faults[0].place.contains(place), "{sql}\n{}", report.text());
        assert!(report.text().starts_with("NOT CLEAN"));
    }
}

#[test]
fn changed_and_missing_files_are_found() {
    let made = Installation::new();
    let path = super::files::path_of(&made.path("files"), &Digest::of(b"the screenshot"));
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
    assert!(report.clean && report.notices[0].rule == "last-checkpoint", "{}", report.text());
    swap("keys/log.checkpoint", &note);
    assert!(made.audit().clean);
}

#[test]
fn a_database_older_than_what_was_signed_is_found() {
    let made = Installation::new();
    let old = made.path("old.db");
    made.tamper(&format!("VACUUM INTO '{}'", old.display()));
    made.keep(|tx| tx.append(NewEvent::new(Action::BackupMade, ("installation", UNIT), 1, json!({}))).map(|_| ()));
    made.integrate();
    let db = Db::open(&Location::Sqlite(old), 1).unwrap();
    let places = Places { files: made.path("files"), keys: made.path("keys"), known: Vec::new() };
    let report = run(&db, &places, &mut |_, _, _| {}).unwrap();
    assert_eq!(rules(&report), ["last-checkpoint"], "{}", report.text());
    assert!(report.faults[0].what.contains("10 leaves"), "{}", report.text());
}

#[test]
fn an_empty_database_cannot_be_audited() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("casetrail.db"));
    migrate::migrate(&location).unwrap();
    let db = Db::open(&location, 1).unwrap();
    let places = Places { files: Path::new("files").into(), keys: Path::new("keys").into(), known: Vec::new() };
    assert!(run(&db, &places, &mut |_, _, _| {}).unwrap_err().detail.contains("no log"));
}
