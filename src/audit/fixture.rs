//! A small installation for tests: a unit, a user, a case with a capture, a correction, a member and a grant.

use std::path::PathBuf;
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::{AuditReport, Places, run};
use crate::blobs::{Local, Store};
use crate::clock::{Clock, SetClock};
use crate::db::tables::{files, users};
use crate::db::{Db, Location, migrate};
use crate::error::Result;
use crate::gate::{Gate, NewEvent, Tx};
use crate::ledger::{self, Action, Journal};
use crate::policy::Policy;
use crate::projections;
use crate::proof::Digest;

pub const CASE: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f778";
pub const CAPTURE: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f701";
pub const USER: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f702";
pub const GRANT: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f705";
const TIME: &str = "2026-11-16T00:00:00.000000Z";
const PASSWORD: &str = "as a hash is kept";
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
        made.history();
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

    /// People and a case with a capture, as their events tell; the rows are made from these.
    fn history(&self) {
        let shot = self.store(b"the screenshot");
        self.keep(move |tx| {
            let unit = json!({"id": UNIT, "name": "Missing persons", "parent_id": null, "version": 1});
            append(tx, NewEvent::new(Action::UnitCreated, ("unit", UNIT), 1, unit));
            let user = json!({
                "id": USER, "username": "marta", "name": "marta", "roles": ["investigator"], "unit_id": UNIT,
                "version": 1, "disabled": false, "locked": false, "password_change_due": false,
                "password_sha256": Digest::of(PASSWORD.as_bytes()),
            });
            append(tx, NewEvent::new(Action::UserCreated, ("user", USER), 1, user));
            of_case(tx, Action::CaseOpened, ("case", CASE), &case("open", 1));
            of_case(tx, Action::CaseSuspended, ("case", CASE), &case("suspended", 2));
            capture(tx, &shot);
            let member = json!({"case_id": CASE, "user": {"id": USER, "name": "marta"}});
            of_case(tx, Action::MemberAdded, ("user", USER), &member);
            of_case(tx, Action::GrantGiven, ("grant", GRANT), &grant());
            Ok(())
        });
        self.integrate();
        let (reader, crc32) = (self.db.reader(), i64::from(crc32fast::hash(b"the screenshot")));
        let made = self.db.write_blocking(move |target| {
            let broken = &mut |(place, why): (String, _)| panic!("{place}: {why:?}");
            reader.read_blocking(|source| projections::replay(source, target, &mut |_, _| Ok(()), broken))?;
            diesel::update(files::table)
                .set(files::crc32.eq(crc32))
                .execute(target)?;
            let password = users::password_hash.eq(PASSWORD);
            diesel::update(users::table).set(password).execute(target)?;
            Ok(())
        });
        made.unwrap();
    }

    fn store(&self, content: &'static [u8]) -> Digest {
        let digest = Digest::of(content);
        let path = self.file(&digest);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        digest
    }

    pub fn audit(&self) -> AuditReport {
        let places = Places {
            store: self.files(),
            keys: self.path("keys"),
            scratch: self.path("keys"),
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

fn append(tx: &mut Tx<'_>, event: NewEvent<'_>) {
    tx.append(event).unwrap();
}

/// An event of the case about a thing whose record says its version, or has one only.
fn of_case(tx: &mut Tx<'_>, action: Action, thing: (&'static str, &str), record: &Value) {
    let version = record["version"].as_i64().unwrap_or(1);
    append(tx, NewEvent::new(action, thing, version, record.clone()).in_case(CASE));
}

fn case(status: &str, version: i64) -> Value {
    json!({
        "id": CASE, "number": "26-1", "provisional": false, "title": "Missing: Dana", "kind": "missing_person",
        "status": status, "disposition": null, "handling": "standard", "court_order": null, "time_zone": "UTC",
        "jurisdiction": null, "offense": null, "unit_id": UNIT, "lead": {"id": USER, "name": "marta"},
        "supervisor": null, "particulars": {}, "opened_at": TIME, "changed_at": TIME, "version": version,
        "reason": null,
    })
}

fn capture(tx: &mut Tx<'_>, shot: &Digest) {
    let files = json!([
        {"sha256": shot, "size": 14, "role": "screenshot", "name": null, "media_type": "text/plain", "declared_type": null},
        {"sha256": Digest::of(b"withheld"), "size": 9, "role": "original", "name": null, "media_type": null,
         "declared_type": null, "withheld": {"reason": "kept by the laboratory", "referral": null}},
    ]);
    let mut record = json!({
        "id": CAPTURE, "case_id": CASE, "item": 1, "version": 1, "kind": "post", "captured_at": TIME,
        "received_at": TIME, "capturer": {"id": USER, "name": "marta"}, "state": "logged",
        "basis": {"kind": "consent", "id": null, "reason": "the mother's"}, "coverage": [], "flags": [],
        "files": files, "text": "Saw this girl",
    });
    let attest = Map::from_iter([("files".to_owned(), files)]);
    let event = NewEvent::new(Action::CaptureRecorded, ("capture", CAPTURE), 1, record.clone()).in_case(CASE);
    append(tx, event.attesting(attest));
    record["version"] = json!(2);
    record["text"] = json!("Saw this woman");
    record["correction"] = json!({"at": TIME, "by": {"id": USER, "name": "marta"}, "reason": "misread"});
    of_case(tx, Action::CaptureCorrected, ("capture", CAPTURE), &record);
}

fn grant() -> Value {
    let marta = json!({"id": USER, "name": "marta"});
    json!({
        "id": GRANT, "case_id": CASE, "user": {"id": USER, "name": "marta"}, "rights": ["read"], "reason": "helps",
        "granted_by": marta, "granted_at": TIME, "until": "2026-12-01T00:00:00.000000Z", "ended_at": null,
        "version": 1,
    })
}
