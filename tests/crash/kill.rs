//! Killed while it writes: what was answered is there, what was not can be sent again.

use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::both_databases;
use crate::database;
use crate::http::{Answer, Client};
use crate::kit::{self, Database, Home, Server, Sql};

both_databases!(killed_while_it_writes);
both_databases!(what_a_kill_cut_off_is_told_of);

const UPLOADS: usize = 200;
/// A folder is used for so many rounds; an audit of all that ever was would take longer each time.
const ROUNDS_A_HOME: usize = 5;

fn killed_while_it_writes(base: Database) {
    let rounds: usize = std::env::var("CASETRAIL_CRASH_ROUNDS")
        .ok()
        .and_then(|r| r.parse().ok())
        .unwrap_or(3);
    let began = Instant::now();
    // A different moment in each run; the round's own says which.
    let seed = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(1, |d| d.as_nanos() as u64);
    let mut home = Home::new(base).with("uploads_per_user", "1000");
    let mut seen = Seen::default();
    for round in 0..rounds {
        if round > 0 && round % ROUNDS_A_HOME == 0 {
            home = Home::new(base).with("uploads_per_user", "1000");
        }
        let moment = seed.wrapping_add((round as u64).wrapping_mul(7919));
        kill_once(&home, moment, &mut seen);
    }
    let Seen {
        answered,
        unanswered,
        kept,
        swept,
    } = seen;
    kit::say(format!(
        "killed {rounds} times on {base:?} in {:.1} s: {answered} of {} uploads were answered, all are there; of {unanswered} others {kept} had been kept; {swept} leftovers swept",
        began.elapsed().as_secs_f64(),
        rounds * UPLOADS
    ));
}

#[derive(Default)]
struct Seen {
    answered: usize,
    unanswered: usize,
    kept: i64,
    swept: usize,
}

/// On both sides of 256 KiB: a file that comes in pieces lies in `incoming` while it arrives, a smaller one for moments.
fn size(moment: u64, n: usize) -> usize {
    let x = moment.wrapping_add(n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    1000 + (x as usize) % 499_000
}

fn file(moment: u64, n: usize) -> Vec<u8> {
    kit::bytes(moment.wrapping_add(n as u64), size(moment, n))
}

fn kill_once(home: &Home, moment: u64, seen: &mut Seen) {
    let server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let before = database::captures(&mut Sql::open(home));
    let answers = upload_until_killed(home, server, &client, moment);
    let left = fs::read_dir(home.files().join("incoming")).expect("incoming").count();
    let mut sql = Sql::open(home);
    let kept = database::captures(&mut sql) - before;
    let sweeps = database::events(&mut sql, "uploads.swept");

    let server = home.serve();
    let client = Client {
        addr: server.addr,
        ..client
    };
    let told = database::events(&mut sql, "uploads.swept") - sweeps;
    assert_eq!(told, i64::from(left > 0), "{left} leftovers");
    assert_eq!(
        fs::read_dir(home.files().join("incoming")).expect("incoming").count(),
        0
    );
    // Their sessions outlive the crash: the same bearer asks.
    retry_all(home, &client, moment, &answers);
    assert_eq!(
        database::captures(&mut sql) - before,
        UPLOADS as i64,
        "each key made exactly one capture"
    );
    server.stop();
    database::assert_chains(&mut sql);
    drop(sql);
    home.assert_clean();
    let answered = answers.iter().flatten().count();
    assert!(kept >= answered as i64, "{answered} were answered, {kept} are there");
    seen.answered += answered;
    seen.unanswered += UPLOADS - answered;
    seen.kept += kept - answered as i64;
    seen.swept += left;
}

/// The ids that were answered with 201 before the kill.
fn upload_until_killed(home: &Home, mut server: Server, client: &Client, moment: u64) -> Vec<Option<String>> {
    let done = AtomicUsize::new(0);
    let enough = 5 + (moment >> 7) as usize % (UPLOADS - 20);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..UPLOADS)
            .map(|n| {
                let done = &done;
                scope.spawn(move || {
                    let answer = client
                        .upload(home.case(case(n)), Some(&key(moment, n)), &file(moment, n))
                        .ok()?;
                    // So many at once may be told to come back; that is no acknowledgement.
                    if answer.status == 503 && answer.header("retry-after").is_some() {
                        return None;
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                    Some(id(answer))
                })
            })
            .collect();
        let until = Instant::now() + Duration::from_secs(60);
        while done.load(Ordering::Relaxed) < enough && Instant::now() < until {
            std::thread::sleep(Duration::from_micros(200 + moment % 977));
        }
        server.kill();
        all.into_iter().map(|t| t.join().expect("a client")).collect()
    })
}

/// Two cases, so two chains: in the first an authorization covers what is logged, in the other it is held.
fn case(n: usize) -> usize {
    if n.is_multiple_of(3) { 4 } else { 0 }
}

fn key(moment: u64, n: usize) -> String {
    format!("key-{moment:x}-{n}")
}

fn id(answer: Answer) -> String {
    answer.expect(201).json()["id"].as_str().expect("an id").to_owned()
}

/// Sends everything again, and reads what it made.
fn retry_all(home: &Home, client: &Client, moment: u64, answers: &[Option<String>]) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(before) = answers.get(n) else { return };
                    retry(home, client, moment, n, before.as_deref());
                }
            });
        }
    });
}

fn retry(home: &Home, client: &Client, moment: u64, n: usize, before: Option<&str>) {
    let file = file(moment, n);
    let sha256 = kit::sha256(&file);
    if before.is_some() {
        // Before the retry, which would bring the bytes again.
        let stored = fs::read(home.file(&sha256)).unwrap_or_else(|e| panic!("an acknowledged file is gone: {e}"));
        assert_eq!(kit::sha256(&stored), sha256, "an acknowledged file has other bytes");
    }
    let again = client
        .upload(home.case(case(n)), Some(&key(moment, n)), &file)
        .expect("an answer");
    let again = id(again);
    if let Some(before) = before {
        assert_eq!(again, before, "a retry made another capture");
    }
    if n % 4 > 1 {
        return;
    }
    let shown = client.get(&format!("/api/v1/captures/{again}")).expect(200).json();
    assert_eq!(shown["files"][0]["sha256"], sha256.as_str());
    let read = client.get(&format!("/api/v1/files/{again}/{sha256}"));
    if case(n) == 0 {
        assert_eq!(kit::sha256(&read.expect(200).body), sha256);
    } else {
        read.expect(403);
        assert_eq!(kit::sha256(&fs::read(home.file(&sha256)).expect("a kept file")), sha256);
    }
}

/// Three uploads of which some pieces have come: files without an owner, removed and counted at the next start.
fn what_a_kill_cut_off_is_told_of(base: Database) {
    let home = Home::new(base);
    let mut server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let begun: Vec<_> = (0..3)
        .map(|n| {
            let mut stream = client.begin_upload(home.case(0), 1_000_000).expect("an upload");
            stream.write_all(&kit::bytes(n, 600_000)).expect("bytes");
            stream
        })
        .collect();
    home.await_arriving(begun.len());
    let left = || fs::read_dir(home.files().join("incoming")).expect("incoming").count();
    server.kill();
    assert_eq!(left(), begun.len(), "a kill removes nothing");
    let mut sql = Sql::open(&home);
    let before = database::events(&mut sql, "uploads.swept");
    home.serve().stop();
    assert_eq!(database::events(&mut sql, "uploads.swept") - before, 1);
    assert_eq!(left(), 0);
    home.assert_clean();
}
