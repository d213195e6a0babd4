//! PostgreSQL's connections: each serves more than once, and one that was cut is not given to anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use casetrail::clock::SystemClock;
use casetrail::db::{AnyConn, Db};
use casetrail::error::Result;
use casetrail::ledger::{self, Action, Draft, Journal};
use casetrail::proof::chain::Chain;
use casetrail::proof::event::{EventRef, leaf};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Integer, Text};
use serde_json::{Value, json};

use crate::kit::{App, Database, has_postgres};

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

#[test]
fn a_returned_connection_serves_again() {
    if !has_postgres() {
        return;
    }
    let app = App::with(Database::Postgres, &[]);
    let ask = || {
        app.state.gate.db().read_blocking(|conn| {
            let found: Backend = sql_query("SELECT pg_backend_pid() AS pid").get_result(conn)?;
            Ok(found.pid)
        })
    };
    let pids: BTreeSet<i32> = (0..50).map(|_| ask().unwrap()).collect();
    // The readers are a third of the connections.
    assert!(pids.len() <= 8, "{} connections for 50 reads", pids.len());
}

#[derive(QueryableByName)]
struct Cut {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// Ends every other connection to this database; answers how many.
fn cut_the_others(conn: &mut AnyConn) -> Result<i64> {
    let cut = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let found: Cut = sql_query(cut).get_result(conn)?;
    Ok(found.n)
}

#[test]
fn a_server_that_came_back_serves_at_once() {
    if !has_postgres() {
        return;
    }
    let app = App::with(Database::Postgres, &[]);
    let case = app.case();
    // Several of both kinds, idle when they are cut.
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| app.lead.get(&case.path("")).is(200));
        }
    });
    assert!(app.state.gate.db().read_blocking(cut_the_others).unwrap() >= 2);
    for n in 0..12 {
        app.lead
            .post(
                &case.path("subjects"),
                serde_json::json!({"role": "victim", "name": format!("{n}")}),
            )
            .is(201);
        app.lead.get(&case.path("subjects")).is(200);
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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    let open = || Db::open(app.state.gate.db().location(), 6).unwrap();
    let journals: Vec<Journal> = (0..2)
        .map(|_| Journal::start(open(), Arc::new(SystemClock), None))
        .collect();
    let done = AtomicBool::new(false);
    let draft = |n: usize| Draft {
        stream: stream.clone(),
        action: Action::FileViewed,
        object_type: "capture",
        object_id: "1".into(),
        version: 1,
        record: json!({"n": n}),
        attest: Default::default(),
    };
    let mut answered = BTreeSet::new();
    let cuts = std::thread::scope(|threads| {
        let cutter = threads.spawn(|| {
            let cutting = open();
            let mut cuts = 0;
            while !done.load(Ordering::SeqCst) {
                cuts += cutting.read_blocking(cut_the_others).unwrap_or(0);
                std::thread::sleep(Duration::from_millis(7));
            }
            cuts
        });
        let appending: Vec<_> = (0..4)
            .map(|t| {
                let (journal, draft) = (journals[t % 2].clone(), &draft);
                threads.spawn(move || -> Vec<usize> {
                    let mine = (0..70).map(|i| t * 1000 + i);
                    mine.filter(|n| journal.append_blocking(ledger::job("test"), draft(*n)).is_ok())
                        .collect()
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
                answered.extend(futures_util::future::join_all(batch).await.into_iter().flatten());
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
