//! Commands over a whole small installation: back up, restore, begin a new log, add users.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use self::postgres::{TestDatabase, has_postgres};
use super::failure::Failure;
use super::{CommandLine, dispatch};
use crate::audit::fixture::Installation;
use crate::audit::{self, Places};
use crate::blobs::Local;
use crate::db::{Db, Location};
use crate::gate::NewEvent;
use crate::ledger::{self, Action};

use clap::Parser;

#[path = "../../tests/common/postgres.rs"]
mod postgres;
#[path = "../../tests/common/skip.rs"]
mod skip;

/// Runs a command line; `None` when it succeeded.
fn failure(words: &[&str]) -> Option<Failure> {
    let line = CommandLine::try_parse_from(std::iter::once("casetrail").chain(words.iter().copied())).unwrap();
    dispatch(line).err()
}

fn succeeds(words: &[&str]) {
    if let Some(f) = failure(words) {
        panic!("{words:?}: {}", f.text());
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn state(data: &Path) -> ledger::TreeState {
    open(data).read_blocking(ledger::state).unwrap().unwrap()
}

fn open(data: &Path) -> Db {
    Db::open(&Location::Sqlite(data.join("casetrail.db")), 1).unwrap()
}

fn audited(data: &Path) -> audit::AuditReport {
    let places = Places {
        store: Arc::new(Local::at(
            &data.join("files"),
            &data.join("packets"),
            &data.join("pictures"),
        )),
        keys: data.join("keys"),
        scratch: data.join("keys"),
        known: Vec::new(),
    };
    audit::run(&open(data).reader(), &places, &mut |_, _, _| Ok(())).unwrap()
}

/// An installation with a backup, to which something was added and signed after it.
struct Backed {
    made: Installation,
    /// Where the backup lies.
    outside: tempfile::TempDir,
}

impl Backed {
    fn new() -> Self {
        let made = Installation::new();
        std::fs::write(made.path("secret"), b"0123456789abcdef0123456789abcdef").unwrap();
        let outside = tempfile::tempdir().unwrap();
        succeeds(&[
            "backup",
            text(&outside.path().join("backup")),
            "--data-dir",
            text(&made.path("")),
        ]);
        made.keep(|tx| {
            tx.append(NewEvent::new(Action::LedgerViewed, ("agency", "agency"), 1, json!({})))
                .map(|_| ())
        });
        made.integrate();
        Self { made, outside }
    }

    fn restore(&self, more: &[&str]) -> Option<Failure> {
        let (backup, to) = (self.outside.path().join("backup"), self.made.path("restored"));
        let words = ["restore", text(&backup), "--data-dir", text(&to)];
        failure(&[&words[..], more].concat())
    }
}

#[test]
fn a_backup_is_restored_as_it_was() {
    let backed = Backed::new();
    assert!(backed.restore(&[]).is_none());
    let restored = backed.made.path("restored");
    let report = audited(&restored);
    assert!(report.clean, "{}", report.text());
    assert_eq!((state(&restored).size, state(&restored).read_only), (9, false));
    assert_eq!(std::fs::read(restored.join("secret")).unwrap().len(), 32);
    assert!(
        backed
            .restore(&[])
            .is_some_and(|f| f.code == 2 && f.text().contains("empty or new"))
    );
    // backup.made, ledger.viewed, and between them the clock of the fixture that stands behind the machine's.
    let report = backed.made.audit();
    assert_eq!((report.clean, report.counts.leaves), (true, 12));
}

#[test]
fn an_older_state_is_read_only() {
    let backed = Backed::new();
    let last = backed.made.path("keys/log.checkpoint");
    assert!(backed.restore(&["--checkpoint", text(&last)]).is_none());
    let restored = backed.made.path("restored");
    assert!(state(&restored).read_only);
    assert!(restored.join("keys/last-known.checkpoint").exists());
    assert!(audited(&restored).clean);
}

#[test]
fn a_new_log_continues_an_older_state() {
    let backed = Backed::new();
    let last = backed.made.path("keys/log.checkpoint");
    assert!(backed.restore(&["--checkpoint", text(&last), "--new-log"]).is_none());
    let restored = backed.made.path("restored");
    let (old, new) = (state(&backed.made.path("")), state(&restored));
    assert_eq!(
        (new.origin.as_str(), new.size, new.read_only),
        ("audit.test/log/2", 10, false)
    );
    assert_ne!(new.vkey, old.vkey);
    let report = audited(&restored);
    assert!(report.clean && report.notices.is_empty(), "{}", report.text());
    let events = open(&restored)
        .read_blocking(|c| ledger::read::of_stream(c, "agency", 3, 10))
        .unwrap();
    let event = crate::proof::event::Event::parse(&events[0].body).unwrap();
    assert_eq!(
        (event.action.as_str(), &event.attest["last_known"]["size"]),
        ("log.succeeded", &json!(12))
    );
    let kept: Vec<_> = std::fs::read_dir(restored.join("keys"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(kept.len(), 5, "{kept:?}");
    // The triggers are back.
    let write = open(&restored).write_blocking(|c| {
        Ok(diesel::connection::SimpleConnection::batch_execute(
            c,
            "DELETE FROM leaves",
        )?)
    });
    assert!(write.is_err_and(|e| e.detail.contains("append-only")));
}

#[test]
fn a_changed_backup_and_a_foreign_checkpoint_are_refused() {
    let backed = Backed::new();
    let foreign = backed.made.path("foreign");
    std::fs::write(&foreign, b"nothing\n").unwrap();
    assert!(
        backed
            .restore(&["--checkpoint", text(&foreign)])
            .is_some_and(|f| f.code == 2)
    );
    // Nothing is restored into the backup itself.
    let backup = backed.outside.path().join("backup");
    let inside = backup.join("files/restored");
    let refused = failure(&["restore", text(&backup), "--data-dir", text(&inside)]);
    assert!(refused.is_some_and(|f| f.text().contains("lies in the backup itself")) && !inside.exists());
    let key = backup.join("keys/log.key");
    std::fs::write(&key, b"changed").unwrap();
    assert!(
        backed
            .restore(&[])
            .is_some_and(|f| f.text().contains("keys/log.key of the backup was changed"))
    );
    std::fs::remove_file(backed.outside.path().join("backup/backup.json")).unwrap();
    assert!(
        backed
            .restore(&[])
            .is_some_and(|f| f.code == 2 && f.text().contains("no backup"))
    );
}

#[test]
fn damage_at_the_source_is_told() {
    let made = Installation::new();
    let file = made.file(&crate::proof::Digest::of(b"the screenshot"));
    std::fs::write(file, b"another").unwrap();
    for inside in ["backup", "files/backup", "x/../keys/b"] {
        let told = failure(&["backup", text(&made.path(inside)), "--data-dir", text(&made.path(""))]).unwrap();
        assert_eq!((told.code, &*told.errors[0].rule), (2, "outside"), "{inside}");
    }
    let outside = tempfile::tempdir().unwrap();
    let told = failure(&["backup", text(outside.path()), "--data-dir", text(&made.path(""))]).unwrap();
    assert!(
        told.code == 1
            && told
                .text()
                .contains("damaged or missing in the installation itself (1)"),
        "{}",
        told.text()
    );
}

#[test]
fn the_operator_adds_users_and_tokens() {
    let made = Installation::new();
    let data = made.path("");
    let here = ["--data-dir", text(&data)];
    let run = |words: &[&str]| failure(&[words, &here[..]].concat());
    assert!(
        run(&[
            "user",
            "add",
            "bo",
            "--role",
            "supervisor",
            "--name",
            "Bo Lind",
            "--unit",
            "Missing persons"
        ])
        .is_none()
    );
    assert!(
        run(&["user", "add", "bo", "--role", "auditor", "--name", "Bo"]).is_some_and(|f| f.text().contains("taken"))
    );
    assert!(run(&["user", "add", "Not good", "--role", "auditor", "--name", "Bo"]).is_some_and(|f| f.code == 2));
    assert!(
        run(&[
            "user", "add", "al", "--role", "auditor", "--name", "Al", "--unit", "nowhere"
        ])
        .is_some_and(|f| f.text().contains("--unit"))
    );
    for words in [
        &["user", "list"][..],
        &["user", "reset", "bo"],
        &["token", "add", "bo"],
        &["user", "disable", "bo"],
    ] {
        assert!(run(words).is_none(), "{words:?}");
    }
    let chief = ["user", "add", "chief", "--role", "administrator", "--name", "Chief"];
    assert!(run(&chief).is_none());
    let last = run(&["user", "disable", "chief"]);
    assert!(last.is_some_and(|f| f.text().contains("without an administrator")));
    assert!(run(&["user", "disable", "nobody"]).is_some_and(|f| f.text().contains("there is no user")));
    assert!(run(&["token", "revoke", "ct_unknown"]).is_some());
    made.integrate();
    let report = made.audit();
    assert!(report.clean, "{}", report.text());
    assert_eq!(report.counts.events, 9 + 5);
}

#[test]
fn there_must_be_an_installation() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&["audit"][..], &["user", "list"], &["backup", "/nowhere/x"]] {
        let told = failure(&[words, &["--data-dir", text(folder.path())]].concat()).unwrap();
        assert!(
            told.code == 2 && told.text().contains("no installation here"),
            "{words:?} {}",
            told.text()
        );
    }
}

#[test]
fn postgresql_is_audited_backed_up_and_restored_too() {
    if !has_postgres() {
        return;
    }
    let databases = [(); 2].map(|()| TestDatabase::new());
    let [first, second] = databases.each_ref().map(TestDatabase::url);
    let made = Installation::on(tempfile::tempdir().unwrap(), Location::Postgres(first.clone()));
    let report = made.audit();
    assert!(report.clean && report.counts.events == 9, "{}", report.text());
    let outside = tempfile::tempdir().unwrap();
    let (data, out, to) = (made.path(""), outside.path().join("backup"), made.path("restored"));
    succeeds(&["backup", text(&out), "--data-dir", text(&data), "--database", &first]);
    succeeds(&["restore", text(&out), "--data-dir", text(&to), "--database", &second]);
    let refused = failure(&[
        "restore",
        text(&out),
        "--data-dir",
        text(&made.path("x")),
        "--database",
        &second,
        "--new-log",
    ]);
    assert!(refused.is_some_and(|f| f.code == 2));
    made.gate.housekeep_blocking(ledger::operator("t"), |tx| {
        let sql = "ALTER TABLE events DISABLE TRIGGER ALL; UPDATE events SET action = 'case.closed' WHERE action = 'case.opened'";
        Ok(diesel::connection::SimpleConnection::batch_execute(tx.conn, sql)?)
    })
    .unwrap();
    let report = made.audit();
    assert_eq!(
        report.faults.iter().map(|f| f.rule).collect::<Vec<_>>(),
        ["event-columns"],
        "{}",
        report.text()
    );
}
