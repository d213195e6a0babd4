//! A small installation for tests: a unit, a user, a case with a capture, a correction, a member and a grant.

use std::path::PathBuf;
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::{AuditReport, Places, run};
use crate::blobs::{Local, Store};
use crate::clock::{Clock, SetClock};
use crate::db::tables::{capture_entries, capture_files, captures, cases, files, grants, members, units, users};
use crate::db::{Db, Location, migrate};
use crate::error::Result;
use crate::gate::{Gate, NewEvent, Tx};
use crate::ledger::{self, Action, Appended, Journal};
use crate::policy::Policy;
use crate::proof::{Digest, canon};

pub const CASE: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f778";
pub const CAPTURE: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f701";
pub const USER: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f702";
pub const GRANT: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f705";
pub const UNIT: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f703";

pub struct Installation {
    folder: tempfile::TempDir,
    pub db: Db,
    pub gate: Gate,
    clock: SetClock,
    _runtime: tokio::runtime::Runtime,
}

impl Installation {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("casetrail.db"));
        Self::on(folder, location)
    }

    /// In an empty database.
    pub fn on(folder: tempfile::TempDir, location: Location) -> Self {
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        migrate::migrate(&location).unwrap();
        let db = Db::open(&location, 2).unwrap();
        let clock = SetClock::at(1_795_000_000_000_000);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let journal = runtime.block_on(async { Journal::start(db.clone(), Arc::new(clock.clone()), None) });
        let gate = Gate::new(
            db.clone(),
            journal,
            Arc::new(Policy::new().unwrap()),
            Arc::new(clock.clone()),
        );
        let made = Self {
            folder,
            db,
            gate,
            clock,
            _runtime: runtime,
        };
        made.integrate();
        made.house();
        made.case();
        made.integrate();
        made
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where a file lies.
    pub fn file(&self, sha256: &Digest) -> PathBuf {
        self.path("files").join(Local::relative_path(sha256))
    }

    pub fn files(&self) -> Arc<dyn Store> {
        Arc::new(Local::at(
            &self.path("files"),
            &self.path("packets"),
            &self.path("pictures"),
        ))
    }

    pub fn integrate(&self) {
        let (keys, now) = (self.path("keys"), self.clock.now());
        let log = ledger::start::NewLog {
            origin: Some("audit.test/log"),
            demo: false,
            now,
            installation: UNIT,
        };
        let mut signer = ledger::start::open(&self.db, &keys, &log).unwrap();
        while ledger::run_once(&self.db, &mut signer, now).unwrap().1 {}
    }

    pub fn keep(&self, f: impl Fn(&mut Tx<'_>) -> Result<()> + Send + Sync + 'static) {
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
        let path = self.file(&digest);
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

    pub fn audit(&self) -> AuditReport {
        let places = Places {
            store: self.files(),
            keys: self.path("keys"),
            known: Vec::new(),
        };
        run(&self.db.reader(), &places, &mut |_, _, _| Ok(())).unwrap()
    }

    /// As somebody with the database's file would.
    pub fn tamper(&self, sql: &str) {
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
    let leaf = append(
        tx,
        NewEvent::new(action, ("case", CASE), version, record.clone()).in_case(CASE),
    )
    .leaf;
    if version > 1 {
        diesel::delete(cases::table).execute(tx.conn)?;
    }
    let what = (
        cases::id.eq(CASE),
        cases::number.eq("26-1"),
        cases::kind.eq("missing_person"),
        cases::status.eq(status),
        cases::handling.eq("standard"),
    );
    let whose = (
        cases::unit_id.eq(UNIT),
        cases::unit_path.eq(format!("/{UNIT}/")),
        cases::lead_id.eq(USER),
        cases::opened_at.eq(1i64),
        cases::changed_at.eq(1i64),
    );
    let counts = (
        cases::items.eq(1i64),
        cases::held.eq(0i64),
        cases::authorizations.eq(0i64),
        cases::version.eq(version),
    );
    let row = (
        what,
        whose,
        counts,
        cases::leaf.eq(bytes(&leaf)),
        cases::body.eq(canonical(&record)),
    );
    diesel::insert_into(cases::table).values(row).execute(tx.conn)?;
    Ok(())
}

fn capture_row(tx: &mut Tx<'_>, shot: &Digest, withheld: &Digest) -> Result<()> {
    let mut attest = Map::new();
    attest.insert("files".into(), json!([{"sha256": shot, "size": 14, "role": "screenshot"}, {"sha256": withheld, "size": 9, "role": "original"}]));
    let record = json!({"id": CAPTURE, "case_id": CASE, "state": "logged", "text": "Saw this girl"});
    let event = NewEvent::new(Action::CaptureRecorded, ("capture", CAPTURE), 1, record.clone())
        .in_case(CASE)
        .attesting(attest);
    let event = append(tx, event);
    let what = (
        captures::id.eq(CAPTURE),
        captures::case_id.eq(CASE),
        captures::item.eq(1i64),
        captures::kind.eq("post"),
        captures::state.eq("logged"),
    );
    let how = (
        captures::basis.eq("authorization"),
        captures::capturer_id.eq(USER),
        captures::open_question.eq(false),
    );
    let when = (
        captures::captured_at.eq(1i64),
        captures::received_at.eq(1i64),
        captures::version.eq(1i64),
        captures::seq.eq(event.seq),
    );
    let row = (
        what,
        how,
        when,
        captures::leaf.eq(bytes(&event.leaf)),
        captures::body.eq(canonical(&record)),
    );
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
    diesel::insert_into(capture_entries::table)
        .values(row)
        .execute(tx.conn)?;
    diesel::update(captures::table)
        .set((captures::version.eq(2i64), captures::body.eq(canonical(&record))))
        .execute(tx.conn)?;
    Ok(())
}

fn access_rows(tx: &mut Tx<'_>) -> Result<()> {
    let member = json!({"case_id": CASE, "user": {"id": USER, "name": "Marta"}});
    append(
        tx,
        NewEvent::new(Action::MemberAdded, ("user", USER), 1, member).in_case(CASE),
    );
    let row = (
        members::case_id.eq(CASE),
        members::user_id.eq(USER),
        members::since.eq(1i64),
    );
    diesel::insert_into(members::table).values(row).execute(tx.conn)?;
    let record = json!({"id": GRANT, "case_id": CASE, "user": {"id": USER, "name": "Marta"}, "rights": ["read"], "until": "2026-12-01T00:00:00.000000Z"});
    let leaf = append(
        tx,
        NewEvent::new(Action::GrantGiven, ("grant", GRANT), 1, record.clone()).in_case(CASE),
    )
    .leaf;
    let rights = (
        grants::can_read.eq(true),
        grants::can_export.eq(false),
        grants::can_decide.eq(false),
    );
    let row = (
        (
            grants::id.eq(GRANT),
            grants::case_id.eq(CASE),
            grants::user_id.eq(USER),
            grants::created_at.eq(1i64),
        ),
        (
            rights,
            grants::until.eq(1_796_083_200_000_000i64),
            grants::version.eq(1i64),
        ),
        (grants::leaf.eq(bytes(&leaf)), grants::body.eq(canonical(&record))),
    );
    diesel::insert_into(grants::table).values(row).execute(tx.conn)?;
    Ok(())
}
