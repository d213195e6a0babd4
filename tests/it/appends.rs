//! Appends to the ledger by several at once, and where a stream's end is not what it was: each is there once, and no
//! chain has a hole or a fork.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use casetrail::clock::SystemClock;
use casetrail::db::{Db, Location};
use casetrail::ledger::{self, Action, Draft, Journal};
use casetrail::proof::chain::Chain;
use casetrail::proof::event::{EventRef, leaf};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::both_databases;
use crate::connections::cut_the_others;
use crate::custody::checkpoint;
use crate::kit::{App, Database, has_postgres};
use crate::postgres;

both_databases!(two_processes_append_to_one_stream_without_a_fork);
/// Each reads where the stream ends; neither makes it fork.
fn two_processes_append_to_one_stream_without_a_fork(app: &App) {
    let stream = ledger::access_stream(&app.case().id);
    let draft = |n: usize| viewed(&stream, n);
    let runtime = two_threads();
    let before = app.events(&stream).len();
    runtime.block_on(async {
        let journals: Vec<Journal> = (0..2)
            .map(|_| {
                let db = Db::open(app.state.gate.db().location(), 6).unwrap();
                Journal::start(db, Arc::new(SystemClock), None)
            })
            .collect();
        // By turns, then both at once.
        for n in 0..20 {
            journals[n % 2].append(ledger::job("test"), draft(n)).await.unwrap();
        }
        let all = (20..120).map(|n| journals[n % 2].append(ledger::job("test"), draft(n)));
        for done in futures_util::future::join_all(all).await {
            done.unwrap();
        }
        // And one alone.
        for n in 120..140 {
            journals[0].append(ledger::job("test"), draft(n)).await.unwrap();
        }
    });
    let found = app
        .state
        .gate
        .db()
        .read_blocking(|conn| ledger::read::of_stream(conn, &stream, 0, 1000))
        .unwrap();
    assert_eq!(found.len() - before, 140);
    let mut chain = Chain::new(&stream);
    for event in &found {
        chain
            .push(&EventRef::parse(&event.body).unwrap(), leaf(&event.body))
            .unwrap();
    }
}

both_databases!(an_append_follows_the_event_that_stands);
/// Nothing is remembered of a stream's end: where events at the end are gone, as after a server lost them or its tables
/// were restored under a living connection, the next follows the event that stands.
fn an_append_follows_the_event_that_stands(app: &App) {
    let stream = ledger::access_stream(&app.case().id);
    app.goes_behind();
    let db = Db::open(app.state.gate.db().location(), 6).unwrap();
    let runtime = two_threads();
    let _inside = runtime.enter();
    let journal = Journal::start(db.clone(), Arc::new(SystemClock), None);
    let append = || {
        journal
            .append_blocking(ledger::job("test"), viewed(&stream, 0))
            .unwrap()
    };
    let append_many = || {
        let all = (0..20).map(|n| journal.append(ledger::job("test"), viewed(&stream, n)));
        let done = runtime.block_on(futures_util::future::join_all(all));
        assert!(done.into_iter().all(|d| d.is_ok()));
    };
    let bend = |statement: &str| {
        let statement = statement.to_owned();
        db.write_blocking(move |conn| Ok(conn.batch_execute(&statement)?))
            .unwrap();
    };
    let tables = ["events", "records", "outbox", "leaves"];
    let lose_last = || {
        let last = chained(app, &stream) - 1;
        for table in tables {
            bend(&format!(
                "DELETE FROM {table} WHERE stream = '{stream}' AND seq >= {last}"
            ));
        }
    };
    for table in ["events", "records", "leaves"] {
        bend(&match is_server(&db) {
            true => format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
            false => format!("DROP TRIGGER {table}_no_delete"),
        });
    }
    for _ in 0..3 {
        append();
    }
    lose_last();
    append();
    lose_last();
    append();
    append_many();
    lose_last();
    append_many();
    chained(app, &stream);

    if is_server(&db) {
        bend(
            "ALTER TABLE events RENAME TO older; ALTER INDEX events_pkey RENAME TO older_pkey; \
              CREATE TABLE events (LIKE older INCLUDING ALL); INSERT INTO events SELECT * FROM older",
        );
    }
    append();
    append_many();
    chained(app, &stream);
}

fn is_server(db: &Db) -> bool {
    matches!(db.location(), Location::Postgres(_))
}

/// A runtime of its own, as a process that appends has one.
fn two_threads() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Holds a stream's events to be a chain without a hole; answers how many they are.
fn chained(app: &App, stream: &str) -> usize {
    let found = app
        .state
        .gate
        .db()
        .read_blocking(|conn| ledger::read::of_stream(conn, stream, 0, 1000))
        .unwrap();
    let mut chain = Chain::new(stream);
    for event in &found {
        chain
            .push(&EventRef::parse(&event.body).unwrap(), leaf(&event.body))
            .unwrap();
    }
    found.len()
}

both_databases!(the_place_of_a_removed_event_stays_empty);
/// Where the last event of a stream was removed, its place is not given again: the tree has a leaf there, which could
/// not grow any more, and the hole stays to be seen.
fn the_place_of_a_removed_event_stays_empty(app: &App) {
    app.goes_behind();
    let db = &app.db();
    for removed_too in [None, Some("records")] {
        let case = app.case();
        let stream = ledger::case_stream(&case.id);
        let add = || {
            app.lead
                .post(&case.path("subjects"), json!({"role": "victim", "name": "Somebody"}))
                .is(201)
        };
        add();
        checkpoint(app);
        let last = app.events(&stream).last().unwrap()["seq"].as_i64().unwrap();
        for table in std::iter::once("events").chain(removed_too) {
            let (open, shut) = match is_server(db) {
                true => (
                    format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
                    format!("ALTER TABLE {table} ENABLE TRIGGER ALL"),
                ),
                false => (format!("DROP TRIGGER IF EXISTS {table}_no_delete"), String::new()),
            };
            let delete = format!("{open}; DELETE FROM {table} WHERE stream = '{stream}' AND seq = {last}; {shut}");
            db.write_blocking(move |conn| Ok(conn.batch_execute(&delete)?)).unwrap();
        }
        let before = checkpoint(app).size;
        add();
        let grown = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            checkpoint(app).size > before
        });
        assert!(grown, "the tree does not go on");
        let seqs: Vec<i64> = app.events(&stream).iter().map(|e| e["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs[seqs.len() - 2..], [last - 1, last + 1]);
    }
}

both_databases!(an_append_waits_for_whoever_holds_the_stream);
/// Others write to a stream that the journal writes to, and hold it meanwhile.
fn an_append_waits_for_whoever_holds_the_stream(app: &App) {
    let case = app.case();
    let stream = ledger::access_stream(&case.id);
    let runtime = two_threads();
    let _inside = runtime.enter();
    let db = Db::open(app.state.gate.db().location(), 6).unwrap();
    let journal = Journal::start(db.clone(), Arc::new(SystemClock), None);
    for n in 0..3 {
        journal
            .append_blocking(ledger::job("test"), viewed(&stream, n))
            .unwrap();
    }
    let before = app.events(&stream).len();
    let (held, of) = (Arc::new(std::sync::Barrier::new(2)), stream.clone());
    let (holding, again) = (held.clone(), std::sync::atomic::AtomicBool::new(false));
    let holder = std::thread::spawn(move || {
        db.write_blocking(move |conn| {
            let mut heads = ledger::Heads::lock(conn, &[&of])?;
            if !again.swap(true, std::sync::atomic::Ordering::SeqCst) {
                holding.wait();
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
            heads.append(conn, &ledger::job("test"), 0, &viewed(&of, 1000))?;
            heads.flush(conn)
        })
    });
    held.wait();
    journal
        .append_blocking(ledger::job("test"), viewed(&stream, 2000))
        .unwrap();
    holder.join().unwrap().unwrap();
    let found = app
        .state
        .gate
        .db()
        .read_blocking(|conn| ledger::read::of_stream(conn, &stream, 0, 1000))
        .unwrap();
    let mut chain = Chain::new(&stream);
    let mut actions = Vec::new();
    for event in &found {
        let read = EventRef::parse(&event.body).unwrap();
        chain.push(&read, leaf(&event.body)).unwrap();
        actions.push(read.action.into_owned());
    }
    // The holder's clock stands far behind, which is an event too.
    assert_eq!(actions[before..], ["clock.clamped", "file.viewed", "file.viewed"]);
}

both_databases!(threads_and_tasks_append_in_one_line);
/// Threads that append themselves and tasks that wait in line, of two processes, in one stream: each is there once.
fn threads_and_tasks_append_in_one_line(app: &App) {
    let stream = ledger::access_stream(&app.case().id);
    let before = app.events(&stream).len();
    let runtime = two_threads();
    let _inside = runtime.enter();
    let journals: Vec<Journal> = (0..2)
        .map(|_| {
            Journal::start(
                Db::open(app.state.gate.db().location(), 6).unwrap(),
                Arc::new(SystemClock),
                None,
            )
        })
        .collect();
    let threads: Vec<_> = (0..6)
        .map(|n| {
            let (journal, stream) = (journals[n % 2].clone(), stream.clone());
            std::thread::spawn(move || {
                for i in 0..20 {
                    journal
                        .append_blocking(ledger::job("test"), viewed(&stream, n * 100 + i))
                        .unwrap();
                }
            })
        })
        .collect();
    runtime.block_on(async {
        let all = (0..60).map(|n| journals[n % 2].append(ledger::job("test"), viewed(&stream, 1000 + n)));
        for done in futures_util::future::join_all(all).await {
            done.unwrap();
        }
    });
    for thread in threads {
        thread.join().unwrap();
    }
    let found = app
        .state
        .gate
        .db()
        .read_blocking(|conn| ledger::read::of_stream(conn, &stream, 0, 1000))
        .unwrap();
    assert_eq!(found.len() - before, 6 * 20 + 60);
    let mut chain = Chain::new(&stream);
    for event in &found {
        chain
            .push(&EventRef::parse(&event.body).unwrap(), leaf(&event.body))
            .unwrap();
    }
}

/// A view of something, numbered.
fn viewed(stream: &str, n: usize) -> Draft {
    Draft {
        stream: stream.to_owned(),
        action: Action::FileViewed,
        object_type: "capture",
        object_id: "1".into(),
        version: 1,
        record: json!({"n": n}),
        attest: Default::default(),
    }
}

/// Two processes append to one access log, alone and in batches, while their connections are cut again and again: what
/// was answered is there once, what was not at most once, and the chain has neither hole nor fork.
#[test]
fn an_append_whose_connection_is_cut_is_there_once() {
    if !has_postgres() {
        return;
    }
    let app = App::with(Database::Postgres, &[]);
    let stream = ledger::access_stream(&app.case().id);
    let runtime = two_threads();
    let _inside = runtime.enter();
    let open = || Db::open(app.state.gate.db().location(), 6).unwrap();
    let journals: Vec<Journal> = (0..2)
        .map(|_| Journal::start(open(), Arc::new(SystemClock), None))
        .collect();
    let done = AtomicBool::new(false);
    let answers = AtomicUsize::new(0);
    let draft = |n: usize| viewed(&stream, n);
    let mut answered = BTreeSet::new();
    let cuts = std::thread::scope(|threads| {
        // Cuts come close together, and after some of them nothing is cut until an append was answered, so that a slow
        // machine has answers too.
        let cutter = threads.spawn(|| {
            let cutting = open();
            let mut cuts = 0;
            for round in 1.. {
                let before = answers.load(Ordering::SeqCst);
                cuts += cutting.read_blocking(cut_the_others).unwrap_or(0);
                std::thread::sleep(Duration::from_millis(7));
                let quiet = || answers.load(Ordering::SeqCst) < before + 4;
                while round % 4 == 0 && quiet() && !done.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                if done.load(Ordering::SeqCst) {
                    break;
                }
            }
            cuts
        });
        let appending: Vec<_> = (0..4)
            .map(|t| {
                let (journal, draft, answers) = (journals[t % 2].clone(), &draft, &answers);
                threads.spawn(move || -> Vec<usize> {
                    let mine = (0..70).map(|i| t * 1000 + i);
                    let done = mine.filter(|n| journal.append_blocking(ledger::job("test"), draft(*n)).is_ok());
                    done.inspect(|_| _ = answers.fetch_add(1, Ordering::SeqCst)).collect()
                })
            })
            .collect();
        runtime.block_on(async {
            for round in 0..8 {
                let batch = (0..20).map(|i| {
                    let (n, journal) = (10_000 + round * 100 + i, &journals[i % 2]);
                    let append = journal.append(ledger::job("test"), draft(n));
                    async move { append.await.ok().map(|()| n) }
                });
                let done: Vec<usize> = futures_util::future::join_all(batch)
                    .await
                    .into_iter()
                    .flatten()
                    .collect();
                answers.fetch_add(done.len(), Ordering::SeqCst);
                answered.extend(done);
            }
        });
        answered.extend(appending.into_iter().flat_map(|t| t.join().unwrap()));
        done.store(true, Ordering::SeqCst);
        cutter.join().unwrap()
    });
    assert!(cuts > 20, "only {cuts} connections were cut");
    assert!(answered.len() > 50, "only {} of 440 were answered", answered.len());

    let db = open();
    let found = db
        .read_blocking(|conn| ledger::read::of_stream(conn, &stream, 0, 10_000))
        .unwrap();
    let mut chain = Chain::new(&stream);
    for event in &found {
        chain
            .push(&EventRef::parse(&event.body).unwrap(), leaf(&event.body))
            .unwrap();
    }
    let records = sql_query("SELECT body FROM records WHERE stream = $1").bind::<Text, _>(&stream);
    let records: Vec<Body> = db.read_blocking(|conn| Ok(records.load(conn)?)).unwrap();
    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    for record in records {
        let record: Value = serde_json::from_str(&record.body).unwrap();
        if let Some(n) = record["n"].as_u64() {
            *times.entry(n).or_default() += 1;
        }
    }
    assert!(times.values().all(|t| *t == 1), "written twice: {times:?}");
    let missing: Vec<_> = answered.iter().filter(|n| !times.contains_key(&(**n as u64))).collect();
    assert!(missing.is_empty(), "answered and not there: {missing:?}");
}

#[derive(QueryableByName)]
struct Body {
    #[diesel(sql_type = Text)]
    body: String,
}

/// The journal appends on a connection that is open already, and on new ones when they can be opened again.
#[test]
fn an_append_goes_on_where_no_connection_can_be_opened() {
    if !has_postgres() {
        return;
    }
    let app = App::with(Database::Postgres, &[]);
    let stream = ledger::access_stream(&app.case().id);
    let runtime = two_threads();
    let _inside = runtime.enter();
    let location = app.state.gate.db().location();
    let db = Db::open(location, 6).unwrap();
    let journal = Journal::start(db.clone(), Arc::new(SystemClock), None);
    let (_, name) = location
        .to_string()
        .rsplit_once('/')
        .map(|(s, n)| (s.to_owned(), n.to_owned()))
        .unwrap();
    postgres::execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    let shut: Vec<_> = (0..3)
        .map(|n| journal.append_blocking(ledger::job("test"), viewed(&stream, n)))
        .collect();
    postgres::execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    assert!(shut.iter().all(Result::is_ok), "{shut:?}");
    for n in 3..6 {
        journal
            .append_blocking(ledger::job("test"), viewed(&stream, n))
            .unwrap();
    }
    chained(&app, &stream);
}
