//! The order in which one capture reaches the disk, as the kernel saw it.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::both_databases;
use crate::kit::{self, Database, Home, SERVE, Server};
use crate::skip::skip;

both_databases!(synced_before_it_is_answered);

/// One system call: the lines at which it began and returned, and what was told of it.
#[derive(Debug)]
struct Call {
    began: usize,
    ended: usize,
    text: String,
}

fn synced_before_it_is_answered(base: Database) {
    if !can_trace() {
        return skip("the order of syncs", "strace is missing or may not trace here");
    }
    let home = Home::new(base);
    let trace = home.dir.path().join("trace");
    let mut strace = Command::new("strace");
    // -D: the program stays the child of this test, and strace watches from the side.
    strace.args(["-D", "-f", "-y", "-s", "20000", "-e", "signal=none", "-e"]);
    strace.arg(
        "trace=fsync,fdatasync,sync_file_range,rename,renameat,renameat2,pwrite64,write,writev,sendto,sendmsg,recvfrom",
    );
    strace.arg("-o").arg(&trace).arg(kit::CASETRAIL);
    let server = Server::start(home.wrapped(strace, SERVE), home.dir.path());
    let client = home.sign_in(&server, "investigator", 0);
    // One that comes in pieces, and one that is there whole before it is written.
    let files = [kit::bytes(1, 300_000), kit::bytes(2, 100_000)];
    let ids = files.each_ref().map(|file| {
        let made = client.upload(home.case(0), None, file).expect("an answer");
        made.expect(201).json()["id"].as_str().expect("an id").to_owned()
    });
    server.stop();
    let calls = read(&trace);
    for (file, id) in files.iter().zip(&ids) {
        in_order(&calls, &home, base, &kit::sha256(file), id);
    }
}

/// File, folder and database are synced, in this order, before the capture is answered.
fn in_order(calls: &[Call], home: &Home, base: Database, sha256: &str, id: &str) {
    let answer = find(calls, 0, "the answer", |c| {
        is_write(c) && c.contains("HTTP/1.1 201 Created") && c.contains(id)
    });
    let renamed = find(calls, 0, "the rename", |c| {
        c.starts_with("rename") && c.contains(sha256)
    });
    let from = format!("<{}>", renamed.text.split('"').nth(1).expect("a path"));
    let on_it = |what: &str, is: fn(&str) -> bool| {
        let mut all = calls.iter().filter(|c| is(&c.text) && c.text.contains(&from));
        all.next_back().unwrap_or_else(|| panic!("{what} was not seen"))
    };
    let written = on_it("the last of its bytes", is_write);
    let begun = on_it("that the disk begins", |c| c.starts_with("sync_file_range("));
    let synced = on_it("the file's sync", is_sync);
    let folder = home.file(sha256).parent().expect("a folder").display().to_string();
    let foldered = find(calls, renamed.ended, "the folder's sync", |c| {
        is_sync(c) && c.contains(&format!("<{folder}>"))
    });
    follows(written, begun, "the disk begins when all is written");
    follows(begun, synced, "all is written before the sync");
    follows(synced, renamed, "the file is synced before it lies under its hash");
    follows(renamed, foldered, "the folder is synced after the rename");
    let committed = match base {
        Database::Sqlite => committed_in_wal(calls, id, foldered),
        Database::Postgres => committed_over_there(calls, id, foldered),
    };
    follows(foldered, committed, "the files are safe before the database is");
    follows(committed, answer, "nobody is answered before the database is safe");
}

/// The log's first page that names the capture begins its transaction; the next sync of the log is that commit's,
/// because SQLite has one writer. Later pages may name it too: a job examines the capture as soon as it stands.
fn committed_in_wal<'a>(calls: &'a [Call], id: &str, after: &Call) -> &'a Call {
    let first = find(calls, 0, "a page that names the capture", |c| {
        c.starts_with("pwrite64") && c.contains("casetrail.db-wal>") && c.contains(id)
    });
    follows(after, first, "the files are safe before the database writes");
    find(calls, first.ended, "the log's sync", |c| {
        is_sync(c) && c.contains("casetrail.db-wal>")
    })
}

/// The server said that it committed: a COMMIT sent after the insert, and its answer read on the same socket.
fn committed_over_there<'a>(calls: &'a [Call], id: &str, after: &Call) -> &'a Call {
    let sent = |from: usize, what: &str| {
        let found = |c: &str| is_send(c) && c.contains(what);
        find(calls, from, what, found)
    };
    let insert = sent(after.ended, id);
    let socket = fd(&insert.text).to_owned();
    let commit = find(calls, insert.ended, "COMMIT", |c| {
        is_send(c) && fd(c) == socket && c.contains("COMMIT")
    });
    find(calls, commit.began, "COMMIT's answer", |c| {
        c.starts_with("recvfrom") && fd(c) == socket && c.contains("COMMIT")
    })
}

fn can_trace() -> bool {
    kit::has("strace")
        && Command::new("strace")
            .args(["-f", "-o", "/dev/null", "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
}

fn is_sync(call: &str) -> bool {
    call.starts_with("fsync(") || call.starts_with("fdatasync(")
}

fn is_write(call: &str) -> bool {
    is_send(call) || call.starts_with("write(") || call.starts_with("writev(")
}

fn is_send(call: &str) -> bool {
    call.starts_with("sendto(") || call.starts_with("sendmsg(")
}

/// The first argument, with the path or socket behind it.
fn fd(call: &str) -> &str {
    call.split_once('(')
        .and_then(|(_, rest)| rest.split([',', ')']).next())
        .unwrap_or_default()
}

fn find<'a>(calls: &'a [Call], from: usize, what: &str, is: impl Fn(&str) -> bool) -> &'a Call {
    calls
        .iter()
        .find(|c| c.began >= from && is(&c.text))
        .unwrap_or_else(|| panic!("{what} was not seen after line {from}"))
}

fn follows(first: &Call, second: &Call, rule: &str) {
    let shown = |c: &Call| {
        format!(
            "{}..{} {}",
            c.began,
            c.ended,
            c.text.chars().take(120).collect::<String>()
        )
    };
    assert!(
        first.ended < second.began || (second.text.starts_with("recvfrom") && first.ended < second.ended),
        "{rule}:\n{}\n{}",
        shown(first),
        shown(second)
    );
}

/// Reads a trace; a call that was interrupted by others' lines began at its first and ended at its last.
fn read(trace: &Path) -> Vec<Call> {
    // The watcher may still write its last lines.
    std::thread::sleep(Duration::from_millis(200));
    let text = String::from_utf8_lossy(&std::fs::read(trace).expect("a trace")).into_owned();
    let mut open: HashMap<&str, (usize, String)> = HashMap::new();
    let mut calls = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let Some((pid, rest)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            open.insert(pid, (n, begun.to_owned()));
        } else if let Some((_, tail)) = rest.strip_prefix("<... ").and_then(|r| r.split_once(" resumed>")) {
            let Some((began, head)) = open.remove(pid) else {
                continue;
            };
            calls.push(Call {
                began,
                ended: n,
                text: head + tail,
            });
        } else {
            calls.push(Call {
                began: n,
                ended: n,
                text: rest.to_owned(),
            });
        }
    }
    calls.sort_by_key(|c| c.began);
    calls
}
