//! Backed up while it takes captures in, and brought back.

use std::fs;
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::both_databases;
use crate::database;
use crate::http::{Client, capture};
use crate::kit::{self, Database, Home, SERVE, Server, Sql};
use crate::postgres::{TestDatabase, has_postgres};
use crate::skip::skip;

both_databases!(backed_up_while_it_serves);

fn succeeded(out: Output) -> String {
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(out.status.success(), "{}\n{told}", out.status);
    told
}

/// Takes a backup in the middle of uploads; answers what had been answered before it began.
fn back_up(home: &Home, client: &Client) -> Vec<String> {
    let (done, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|t| {
                let (done, stop) = (&done, &stop);
                scope.spawn(move || {
                    let mut made = Vec::new();
                    for n in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let answer = client
                            .upload(home.case(0), None, &kit::bytes(t * 10_000 + n, 40_000))
                            .expect("an answer")
                            .expect(201);
                        let before = done.fetch_add(1, Ordering::Relaxed);
                        made.push((before, answer.json()["id"].as_str().expect("an id").to_owned()));
                    }
                    made
                })
            })
            .collect();
        while done.load(Ordering::Relaxed) < 20 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let before = done.load(Ordering::Relaxed);
        let backup = home.run(&["backup", "copy"]);
        // First of all: the clients would go on for ever behind a backup that failed.
        stop.store(true, Ordering::Relaxed);
        succeeded(backup);
        let made: Vec<(usize, String)> = all.into_iter().flat_map(|t| t.join().expect("a client")).collect();
        made.into_iter()
            .filter(|(n, _)| *n < before)
            .map(|(_, id)| id)
            .collect()
    })
}

/// A home for a copy of another one's backup.
fn restored(home: &Home) -> Home {
    let dir = tempfile::tempdir().expect("a folder");
    Home {
        data: dir.path().join("data"),
        dir,
        base: home.base,
        story: home.story.clone(),
        database: home.database.is_some().then(TestDatabase::new),
        env: Vec::new(),
    }
}

fn restore(home: &Home, more: &[&str]) -> (Home, String) {
    restore_from(home, "copy", more)
}

fn restore_from(home: &Home, backup: &str, more: &[&str]) -> (Home, String) {
    let new = restored(home);
    let backup = home.dir.path().join(backup).display().to_string();
    let mut args = vec!["restore", &backup];
    args.extend_from_slice(more);
    let told = succeeded(new.run(&args));
    (new, told)
}

/// A server on the same machine is reached by its socket as well: serving, audit, backup and restore.
#[test]
fn a_database_by_its_socket() {
    if !has_postgres() {
        return;
    }
    if !kit::has("pg_dump") {
        return skip("a database by its socket", "pg_dump is not there");
    }
    let mut home = Home::new(Database::Postgres);
    let database = home.database.take().expect("a database");
    let Some(spellings) = kit::by_socket(&database) else {
        return skip("a database by its socket", "that of this server cannot be reached");
    };
    for (n, url) in spellings.iter().enumerate() {
        home.env = vec![("CASETRAIL_DATABASE".into(), url.clone())];
        let server = home.serve();
        let client = home.sign_in(&server, "investigator", 0);
        client
            .upload(home.case(0), None, &kit::bytes(n as u64, 1000))
            .expect("an answer")
            .expect(201);
        server.stop();
        home.assert_clean();
        let name = format!("copy{n}");
        succeeded(home.run(&["backup", &name]));
        let empty = TestDatabase::new();
        let mut new = restored(&home);
        new.env = vec![(
            "CASETRAIL_DATABASE".into(),
            kit::by_socket(&empty).expect("a socket")[n].clone(),
        )];
        succeeded(new.run(&["restore", &home.dir.path().join(&name).display().to_string()]));
        new.assert_clean();
    }
}

fn backed_up_while_it_serves(base: Database) {
    if base == Database::Postgres && !kit::has("pg_dump") {
        return skip("backups of PostgreSQL", "pg_dump is not there");
    }
    let home = Home::new(base);
    let server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let before = back_up(&home, &client);
    client
        .upload(home.case(0), None, &kit::bytes(424_242, 1000))
        .expect("an answer")
        .expect(201);
    // The tree grows past the backup, and is signed.
    kit::await_signed(&home.data, &mut Sql::open(&home));
    server.stop();
    home.assert_clean();

    let (new, _) = restore(&home, &[]);
    new.assert_clean();
    let server = new.serve();
    let client = Client {
        addr: server.addr,
        ..client
    };
    for id in &before {
        client.get(&format!("/api/v1/captures/{id}")).expect(200);
    }
    client
        .upload(new.case(0), None, &kit::bytes(5, 1000))
        .expect("an answer")
        .expect(201);
    server.stop();
    new.assert_clean();
    database::assert_chains(&mut Sql::open(&new));

    let checkpoint = home.data.join("keys/log.checkpoint").display().to_string();
    is_read_only(&home, &checkpoint);
    if base == Database::Sqlite {
        goes_on_anew(&home, &checkpoint);
    }
    kit::say(format!(
        "backed up during uploads on {base:?}: {} captures that were answered before are in it",
        before.len()
    ));
    does_not_stop_at_packets(&home);
    is_complete_or_nothing(&home);
}

/// Packets can be exported anew: one that was taken away for room is no fault, one that is damaged is, and neither keeps a
/// restored installation from working.
fn does_not_stop_at_packets(home: &Home) {
    let server = home.serve();
    let prosecutor = home.sign_in(&server, "prosecutor", 1);
    let files: Vec<_> = (0..2)
        .map(|_| {
            let id = prosecutor.packet(home.case(0));
            home.data.join(format!("packets/{id}.zip"))
        })
        .collect();
    server.stop();
    home.assert_clean();
    fs::remove_file(&files[0]).expect("a packet");
    let report = home.assert_clean();
    assert!(report["notices"].to_string().contains("packet-missing"), "{report}");
    let mut bytes = fs::read(&files[1]).expect("a packet");
    bytes[100] ^= 1;
    fs::write(&files[1], bytes).expect("a packet");
    let (code, report) = home.audit();
    assert_eq!(
        (code, &report["faults"][0]["rule"]),
        (1, &"packet-bytes".into()),
        "{report}"
    );

    succeeded(home.run(&["backup", "later"]));
    let (new, told) = restore_from(home, "later", &[]);
    assert!(told.contains("packet-bytes"), "{told}");
    let server = new.serve();
    let client = new.sign_in(&server, "investigator", 0);
    client
        .upload(new.case(0), None, &kit::bytes(7, 1000))
        .expect("an answer")
        .expect(201);
    server.stop();
}

/// An older state than one that was signed: it is shown, and takes nothing.
fn is_read_only(home: &Home, checkpoint: &str) {
    let (old, told) = restore(home, &["--checkpoint", checkpoint]);
    assert!(told.contains("READ-ONLY"), "{told}");
    let before = fs::read(old.data.join("keys/log.checkpoint")).ok();
    let server = old.serve();
    let client = old.sign_in(&server, "investigator", 0);
    client.get("/api/v1/cases").expect(200);
    let captures = database::captures(&mut Sql::open(&old));
    let refused = client.post(&format!("/api/v1/cases/{}/captures", old.case(0)), &capture("no", 0));
    assert_eq!((refused.status, refused.slug().as_str()), (503, "read-only"));
    let refused = client.upload(old.case(0), None, b"no").expect("an answer");
    assert_eq!((refused.status, refused.slug().as_str()), (503, "read-only"));
    assert_eq!(database::captures(&mut Sql::open(&old)), captures);
    server.stop();
    assert_eq!(
        before,
        fs::read(old.data.join("keys/log.checkpoint")).ok(),
        "nothing was signed"
    );
    old.assert_clean();
}

fn goes_on_anew(home: &Home, checkpoint: &str) {
    let (new, told) = restore(home, &["--checkpoint", checkpoint, "--new-log"]);
    assert!(told.contains("NEW LOG"), "{told}");
    new.assert_clean();
    let server = Server::start(new.command(SERVE), new.dir.path());
    let client = new.sign_in(&server, "investigator", 0);
    client
        .upload(new.case(0), None, &kit::bytes(6, 1000))
        .expect("an answer")
        .expect(201);
    server.stop();
    assert_eq!(database::events(&mut Sql::open(&new), "log.succeeded"), 1);
    database::assert_chains(&mut Sql::open(&new));
    new.assert_clean();
}

/// A backup with a changed byte, or cut off, is refused.
fn is_complete_or_nothing(home: &Home) {
    let copy = home.dir.path().join("copy");
    let folder = fs::read_dir(copy.join("files/sha256"))
        .expect("files")
        .flatten()
        .find(|d| fs::read_dir(d.path()).is_ok_and(|mut f| f.next().is_some()))
        .expect("a folder");
    let file = fs::read_dir(folder.path())
        .expect("files")
        .flatten()
        .next()
        .expect("a file")
        .path();
    let mut bytes = fs::read(&file).expect("a file");
    bytes[0] ^= 1;
    fs::write(&file, bytes).expect("a file");
    let new = restored(home);
    let out = new.run(&["restore", &copy.display().to_string()]);
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && told.contains("changed or damaged"), "{told}");
    fs::remove_file(copy.join("backup.json")).expect("the list");
    let new = restored(home);
    assert!(!new.run(&["restore", &copy.display().to_string()]).status.success());
}
