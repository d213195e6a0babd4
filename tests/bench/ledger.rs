//! Rows 11 to 14 of docs/performance.md, in process: durable chained appends, the walk of a chain, inclusion proofs.
//!
//! Prints a JSON line a row. `CASETRAIL_BENCH_POSTGRES` names an empty database for the PostgreSQL rows,
//! `CASETRAIL_BENCH_SOCKET` another one by its server's Unix-domain socket; rows are skipped without theirs.
//! `CASETRAIL_BENCH_SECONDS` says how long each row runs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use casetrail::clock::{Clock, SystemClock};
use casetrail::db::{Db, Location, migrate};
use casetrail::ledger::{self, Action, Draft, Journal};
use casetrail::proof::chain::Chain;
use casetrail::proof::event::{self, Actor, EventRef};
use casetrail::proof::id::Digest;
use casetrail::proof::merkle::{self, Tile, TileId, Tiles};
use serde_json::{Map, json};

/// The program's own (src/main.rs), so that what is measured is what runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let seconds = var("CASETRAIL_BENCH_SECONDS")
        .and_then(|s| s.parse().ok())
        .unwrap_or(3.0);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sqlite = Location::Sqlite(folder.path().join("bench.db"));
    appends(1, "casetrail-sqlite", &sqlite, folder.path(), seconds);
    let servers = [
        (2, "casetrail-postgres", "CASETRAIL_BENCH_POSTGRES"),
        (3, "casetrail-postgres-socket", "CASETRAIL_BENCH_SOCKET"),
    ];
    for (installation, name, setting) in servers {
        let Some(url) = var(setting) else {
            eprintln!("{setting} is not set: no rows for {name}");
            continue;
        };
        let keys = folder.path().join(name);
        std::fs::create_dir_all(&keys).expect("a folder for keys");
        appends(installation, name, &Location::Postgres(url), &keys, seconds);
    }
    chain_walk();
    inclusion_proofs();
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads its own environment")]
fn var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Each log of this process has an origin of its own, as two installations have.
fn appends(installation: u8, name: &str, location: &Location, keys: &Path, seconds: f64) {
    migrate::migrate(location).expect("migrated");
    let db = Db::open(location, 8).expect("opened");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let log = ledger::start::NewLog {
        origin: None,
        demo: true,
        now: clock.now(),
        installation: &format!("0000000{installation}-0000-7000-8000-000000000001"),
    };
    let signer = ledger::start::open(&db, keys, &log).expect("a log");
    let tell = |case: String, rate: f64| {
        println!(
            "{}",
            json!({"suite": "custody", "contestant": name, "case": case, "per_s": rate.round()})
        );
    };
    runtime.block_on(async {
        let journal = Journal::start(db, clock, Some(signer));
        tell("append c=1".into(), one_thread(&journal, seconds));
        for clients in [1, 8, 32] {
            let rate = run(&journal, clients, seconds).await;
            tell(format!("append from tasks c={clients}"), rate);
        }
    });
}

/// One thread that may block, as that of a request that shows evidence: it appends, and goes on when that is durable.
fn one_thread(journal: &Journal, seconds: f64) -> f64 {
    let journal = journal.clone();
    let appending = move || {
        let (started, mut done) = (Instant::now(), 0u64);
        while started.elapsed().as_secs_f64() < seconds {
            journal.append_blocking(person(), draft()).expect("appended");
            done += 1;
        }
        done as f64 / started.elapsed().as_secs_f64()
    };
    std::thread::spawn(appending).join().expect("a thread")
}

fn person() -> Actor {
    ledger::person("00000000-0000-7000-8000-000000000002", "investigator")
}

/// So many clients, each of which sends the next append when the last one is durable; all in one stream.
async fn run(journal: &Journal, clients: usize, seconds: f64) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(seconds);
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (journal, done) = (journal.clone(), done.clone());
            tokio::spawn(async move {
                while Instant::now() < end {
                    journal.append(person(), draft()).await.expect("appended");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a client");
    }
    done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

fn draft() -> Draft {
    let case = "00000000-0000-7000-8000-000000000003";
    Draft {
        stream: ledger::access_stream(case),
        action: Action::FileViewed,
        object_type: "capture",
        object_id: "00000000-0000-7000-8000-000000000004".into(),
        version: 1,
        record: json!({"address": "127.0.0.1", "sha256": Digest::of(b"bench"), "why": "opened original for review"}),
        attest: Map::new(),
    }
}

fn chain_walk() {
    const EVENTS: u64 = 200_000;
    let (mut lines, mut prev) = (Vec::new(), None);
    for seq in 0..EVENTS {
        let event = event::Event {
            v: 1,
            stream: "case:00000000-0000-7000-8000-000000000003".into(),
            seq,
            prev,
            at: 1_700_000_000_000_000 + seq as i64,
            actor: ledger::job("bench"),
            action: "capture.recorded".into(),
            object: event::Object {
                type_: "capture".into(),
                id: "00000000-0000-7000-8000-000000000004".into(),
                version: 1,
            },
            record: Digest::of(&seq.to_be_bytes()),
            attest: Map::new(),
        };
        let body = event.canonical().expect("canonical");
        prev = Some(event::leaf(&body));
        lines.push(body);
    }
    let bytes = lines.iter().map(Vec::len).sum::<usize>() as u64 / EVENTS;
    let rate = median_rate(5, || {
        let mut chain = Chain::new("case:00000000-0000-7000-8000-000000000003");
        for line in &lines {
            let event = EventRef::parse(line).expect("an event");
            chain.push(&event, event::leaf(line)).expect("a link");
        }
        EVENTS
    });
    println!(
        "{}",
        json!({"suite": "custody", "contestant": "casetrail", "case": format!("chain verify, {bytes} B events"), "per_s": rate.round()})
    );
}

struct Kept(std::collections::HashMap<TileId, Arc<Tile>>);

impl Tiles for Kept {
    type Error = std::convert::Infallible;

    fn tile(&self, id: TileId) -> Result<Arc<Tile>, Self::Error> {
        Ok(self
            .0
            .get(&id)
            .cloned()
            .unwrap_or_else(|| Arc::new(Tile::new(&[]).expect("an empty tile"))))
    }
}

fn inclusion_proofs() {
    const LEAVES: u64 = 100_000;
    let leaves: Vec<Digest> = (0..LEAVES).map(|n| merkle::leaf_hash(&n.to_be_bytes())).collect();
    let mut tiles = Kept(Default::default());
    let started = Instant::now();
    for changed in leaves.chunks(4096).scan(0u64, |size, some| {
        let at = *size;
        *size += some.len() as u64;
        Some((at, some))
    }) {
        for (id, bytes) in merkle::extend(&tiles, changed.0, changed.1).expect("extended") {
            tiles.0.insert(id, Arc::new(Tile::new(&bytes).expect("a tile")));
        }
    }
    let append = LEAVES as f64 / started.elapsed().as_secs_f64();
    println!(
        "{}",
        json!({"suite": "custody", "contestant": "casetrail", "case": "merkle append, 100k leaves", "per_s": append.round()})
    );
    let rate = median_rate(5, || {
        for n in 0..LEAVES {
            let index = n.wrapping_mul(7919) % LEAVES;
            std::hint::black_box(merkle::inclusion_proof(&tiles, index, LEAVES).expect("a proof"));
        }
        LEAVES
    });
    println!(
        "{}",
        json!({"suite": "custody", "contestant": "casetrail", "case": "inclusion proof, 100k leaves", "per_s": rate.round()})
    );
}

/// The median rate of some rounds.
fn median_rate(rounds: usize, mut round: impl FnMut() -> u64) -> f64 {
    let mut rates: Vec<f64> = (0..rounds)
        .map(|_| {
            let started = Instant::now();
            let done = round();
            done as f64 / started.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[rounds / 2]
}
