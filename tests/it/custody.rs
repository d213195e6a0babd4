//! The ledger over HTTP, checked as an outsider would check it: with the proof core alone.

use std::collections::HashMap;
use std::sync::Arc;

use casetrail::clock::SystemClock;
use casetrail::db::Db;
use casetrail::ledger::{self, Action, Draft, Journal};
use casetrail::proof::Digest;
use casetrail::proof::chain::Chain;
use casetrail::proof::checkpoint::{Checkpoint, Note, TlogProof, VerifyingKey};
use casetrail::proof::event::{EventRef, leaf};
use casetrail::proof::merkle::{self, Tile, TileId, Tiles, parse_tile_path, tile_path};
use casetrail::proof::{canon, record};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::{App, Client};

fn key(app: &App) -> VerifyingKey {
    VerifyingKey::parse(app.lead.get("/api/v1/ledger/key").is(200)["vkey"].as_str().unwrap()).unwrap()
}

/// The newest checkpoint, after everything so far is in the tree.
fn checkpoint(app: &App) -> Checkpoint {
    let total = app.state.gate.db().read_blocking(|conn| {
        use diesel::prelude::*;
        Ok(casetrail::db::tables::events::table.count().get_result::<i64>(conn)?)
    });
    let total = u64::try_from(total.unwrap()).unwrap();
    for _ in 0..100 {
        app.state.gate.journal().hurry();
        let (key, note) = (key(app), app.lead.get("/api/v1/ledger/checkpoint"));
        let note = std::str::from_utf8(&note.body).unwrap();
        // Until this log has signed for itself, the newest is the template's.
        if note.starts_with(key.name()) {
            let found = verified(&key, note);
            if found.size >= total {
                return found;
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("the tree does not grow to {total}");
}

fn verified(key: &VerifyingKey, note: &str) -> Checkpoint {
    let note = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(note.verify(std::slice::from_ref(key)).unwrap().len(), 1);
    Checkpoint::parse(&note.text).unwrap()
}

fn digests(list: &Value) -> Vec<Digest> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|d| d.as_str().unwrap().parse().unwrap())
        .collect()
}

struct Fetched<'a>(&'a Client, u64, std::cell::RefCell<HashMap<TileId, Arc<Tile>>>);

impl Tiles for Fetched<'_> {
    type Error = String;

    fn tile(&self, id: TileId) -> Result<Arc<Tile>, String> {
        if let Some(known) = self.2.borrow().get(&id) {
            return Ok(known.clone());
        }
        let hashes = (self.1 >> (8 * u64::from(id.level))) - id.index * 256;
        let path = tile_path(id, usize::try_from(hashes.min(256)).unwrap());
        assert!(parse_tile_path(&path).is_some());
        let answer = self.0.get(&format!("/api/v1/ledger/{}", path.trim_start_matches('/')));
        let tile = (answer.status == 200)
            .then(|| Tile::new(&answer.body))
            .flatten()
            .ok_or(path)?;
        let tile = Arc::new(tile);
        self.2.borrow_mut().insert(id, tile.clone());
        Ok(tile)
    }
}

both_databases! {
    fn a_receipt_verifies_without_us(app) {
        let case = app.case();
        app.leave(&case);
        let made = app.lead.log(&case, app.post()).is(201);
        let path = format!("/api/v1/captures/{}/receipt", made["id"].as_str().unwrap());
        app.stranger.get(&path).problem(404, "not-found");
        app.auditor.get(&path).problem(404, "not-found");
        let answer = app.exporter.get(&path);
        assert_eq!(answer.status, 200);
        let proof = TlogProof::parse(&answer.body).unwrap();
        let checkpoint = verified(&key(app), &proof.note);
        let event = app.events(&case.stream).into_iter().find(|e| e["action"] == "capture.recorded").unwrap();
        let leaf = leaf(&canon::to_jcs(&event).unwrap());
        assert_eq!(made["event"]["leaf"], json!(leaf));
        assert!(merkle::verify_inclusion(proof.index, checkpoint.size, leaf, &proof.hashes, checkpoint.root));
        assert!(!merkle::verify_inclusion(proof.index + 1, checkpoint.size, leaf, &proof.hashes, checkpoint.root));
    }

    fn custody_tells_everything_about_a_capture(app) {
        let case = app.case();
        app.leave(&case);
        let made = app.lead.log(&case, app.post()).is(201);
        let id = made["id"].as_str().unwrap();
        app.member.post(&format!("/api/v1/captures/{id}/notes"), json!({"text": "a word"})).is(201);
        app.member.post(&format!("/api/v1/captures/{id}/reviews"), json!({"outcome": "accurate"})).is(201);
        checkpoint(app);
        let path = format!("/api/v1/captures/{id}/custody");
        let custody = app.exporter.get(&path).is(200);
        let items = custody["items"].as_array().unwrap();
        let actions: Vec<&str> = items.iter().map(|i| i["event"]["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["capture.recorded", "capture.annotated", "capture.reviewed"]);
        for item in items {
            let bytes = canon::to_jcs(&item["event"]).unwrap();
            assert_eq!(item["leaf"], json!(leaf(&bytes)));
            assert!(item["index"].is_i64());
            let mut salt = [0; 32];
            assert!(casetrail::proof::id::unhex(item["salt"].as_str().unwrap().as_bytes(), &mut salt));
            assert_eq!(item["event"]["record"], json!(record::hash(&item["record"], &salt).unwrap()));
        }
        let paged = app.exporter.get(&format!("{path}?limit=2")).is(200);
        let rest = app.exporter.get(&format!("{path}?limit=2&cursor={}", paged["next"].as_str().unwrap())).is(200);
        assert_eq!((rest["items"].as_array().unwrap().len(), &rest["items"][0]), (1, &items[2]));
        for client in [&app.stranger, &app.auditor, &app.far, &app.administrator] {
            client.get(&path).problem(404, "not-found");
        }
    }

    fn an_auditor_sees_identifiers_and_no_records(app) {
        let case = app.case();
        app.leave(&case);
        app.lead.log(&case, app.post()).is(201);
        checkpoint(app);
        for path in [case.path("events"), case.path("accesses"), "/api/v1/ledger/events?limit=100".to_owned()] {
            let list = app.auditor.get(&path).is(200);
            assert!(!list["items"].as_array().unwrap().is_empty());
            assert!(list["items"].as_array().unwrap().iter().all(|i| i["record"].is_null() && i["salt"].is_null()), "{path}");
            assert!(!list.to_string().contains("ferry"));
        }
        for below in ["", "captures", "authorizations", "subjects", "accounts", "packets", "grants"] {
            app.auditor.get(&case.path(below)).problem(404, "not-found");
        }
        let mine = app.auditor.get(&format!("/api/v1/ledger/events?actor={}&action=capture.recorded", app.lead.id)).is(200);
        assert_eq!(mine["items"].as_array().unwrap().len(), 1);
        let none = app.auditor.get("/api/v1/ledger/events?to=2020-01-01T00:00:00Z").is(200);
        assert_eq!(none["items"], json!([]));
        app.auditor.get("/api/v1/ledger/events?from=yesterday").refuses(422, "from", "rfc3339");
        assert!(app.count("agency", "ledger.viewed") >= 1);
        for client in [&app.lead, &app.supervisor, &app.exporter, &app.administrator] {
            client.get("/api/v1/ledger/events").problem(403, "forbidden");
        }
    }

    fn the_tree_proves_itself(app) {
        let first = checkpoint(app);
        let case = app.case();
        app.leave(&case);
        for _ in 0..5 {
            app.lead.log(&case, app.post()).is(201);
        }
        let last = checkpoint(app);
        assert!(last.size > first.size);
        let shown = app.stranger.get(&format!("/api/v1/ledger/consistency?from={}&to={}", first.size, last.size)).is(200);
        assert_eq!((&shown["from_root"], &shown["to_root"]), (&json!(first.root), &json!(last.root)));
        assert!(merkle::verify_consistency(first.size, last.size, &digests(&shown["path"]), first.root, last.root));
        for index in [0, first.size, last.size - 1] {
            let shown = app.auditor.get(&format!("/api/v1/ledger/inclusion?index={index}&size={}", last.size)).is(200);
            let leaf: Digest = shown["leaf"].as_str().unwrap().parse().unwrap();
            assert!(merkle::verify_inclusion(index, last.size, leaf, &digests(&shown["path"]), last.root));
        }
        let tiles = Fetched(&app.lead, last.size, Default::default());
        assert_eq!(merkle::root(&tiles, last.size).unwrap(), last.root);
        let broken = [
            ("inclusion?index=0", "size"), ("inclusion?index=x&size=1", "index"), ("inclusion?index=9&size=9", "index"),
            ("inclusion?index=0&size=99999", "size"), ("consistency?from=0&to=1", "from"), ("consistency?from=1&to=99999", "to"),
        ];
        for (query, field) in broken {
            let problem = app.lead.get(&format!("/api/v1/ledger/{query}")).problem(422, "invalid");
            assert_eq!(problem["errors"][0]["field"], json!(field), "{query}");
        }
        app.lead.get("/api/v1/ledger/tile/0/000.p/255").problem(404, "not-found");
        app.lead.get("/api/v1/ledger/tile/0/x").problem(404, "not-found");
        app.nobody.get("/api/v1/ledger/checkpoint").problem(401, "not-signed-in");
    }

    fn streams_are_chains(app) {
        let case = app.case();
        app.leave(&case);
        app.lead.log(&case, app.post()).is(201);
        app.stranger.get(&case.path("")).is(404);
        for stream in [&case.stream, &case.accesses, "agency"] {
            let mut before = Value::Null;
            let mut at = String::new();
            for (seq, event) in app.events(stream).iter().enumerate() {
                assert_eq!((&event["seq"], &event["prev"]), (&json!(seq), &before), "{stream}");
                let now = event["at"].as_str().unwrap().to_owned();
                assert!(now >= at && now.len() == 27);
                at = now;
                before = json!(leaf(&canon::to_jcs(event).unwrap()));
            }
        }
    }
}

#[test]
fn hashes_may_be_public() {
    let app = App::with(crate::kit::Database::Sqlite, &[("public_ledger", "true")]);
    assert_eq!(app.nobody.get("/api/v1/ledger/checkpoint").status, 200);
    app.nobody.get("/api/v1/ledger/key").is(200);
    app.nobody.get("/api/v1/ledger/events").problem(401, "not-signed-in");
}

both_databases! {
    /// A process remembers where a stream ended; another that wrote meanwhile must not make it fork.
    fn two_processes_append_to_one_stream_without_a_fork(app) {
        let stream = ledger::access_stream(&app.case().id);
        let draft = |n: usize| viewed(&stream, n);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let before = app.events(&stream).len();
        runtime.block_on(async {
            let journals: Vec<Journal> = (0..2)
                .map(|_| {
                    let db = Db::open(app.state.gate.db().location(), 6).unwrap();
                    Journal::start(db, Arc::new(SystemClock), None)
                })
                .collect();
            // By turns, so that what each remembers is always out of date; then both at once.
            for n in 0..20 {
                journals[n % 2].append(ledger::job("test"), draft(n)).await.unwrap();
            }
            let all = (20..120).map(|n| journals[n % 2].append(ledger::job("test"), draft(n)));
            for done in futures_util::future::join_all(all).await {
                done.unwrap();
            }
            // And one alone, which remembers rightly.
            for n in 120..140 {
                journals[0].append(ledger::job("test"), draft(n)).await.unwrap();
            }
        });
        let found = app.state.gate.db().read_blocking(|conn| ledger::read::of_stream(conn, &stream, 0, 1000)).unwrap();
        assert_eq!(found.len() - before, 140);
        let mut chain = Chain::new(&stream);
        for event in &found {
            chain.push(&EventRef::parse(&event.body).unwrap(), leaf(&event.body)).unwrap();
        }
    }
}

both_databases! {
    /// What a process remembers of a stream's end goes with the server's process in which it saw it, and with the tables.
    /// It is not built upon where the connection was lost, nor where something in between handed the connection to another
    /// process, nor where the tables were restored under it. In each case the server may know less than before.
    fn an_append_follows_the_event_that_stands(app) {
        let stream = ledger::access_stream(&app.case().id);
        app.goes_behind();
        let db = Db::open(app.state.gate.db().location(), 6).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let _inside = runtime.enter();
        let journal = Journal::start(db.clone(), Arc::new(SystemClock), None);
        let append = || journal.append_blocking(ledger::job("test"), viewed(&stream, 0)).unwrap();
        let append_many = || {
            let all = (0..20).map(|n| journal.append(ledger::job("test"), viewed(&stream, n)));
            let done = runtime.block_on(futures_util::future::join_all(all));
            assert!(done.into_iter().all(|d| d.is_ok()));
        };
        let bend = |statement: &str| {
            let statement = statement.to_owned();
            db.write_blocking(move |conn| Ok(conn.batch_execute(&statement)?)).unwrap();
        };
        let tables = ["events", "records", "outbox", "leaves"];
        let lose_last = || {
            let last = chained(app, &stream) - 1;
            for table in tables {
                bend(&format!("DELETE FROM {table} WHERE stream = '{stream}' AND seq >= {last}"));
            }
        };
        for table in ["events", "records", "leaves"] {
            bend(&match db.is_server() {
                true => format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
                false => format!("DROP TRIGGER {table}_no_delete"),
            });
        }
        for _ in 0..3 {
            append();
        }
        lose_last();
        if db.is_server() {
            bend("SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()");
        }
        append();
        append();
        chained(app, &stream);

        if db.is_server() {
            bend("CREATE FUNCTION hop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                  PERFORM set_config('casetrail.session', 'another', false); RETURN NULL; END $$; \
                  CREATE TRIGGER hop AFTER INSERT ON outbox EXECUTE FUNCTION hop()");
        }
        append();
        lose_last();
        append();
        lose_last();
        append_many();
        lose_last();
        append_many();
        chained(app, &stream);

        if db.is_server() {
            bend("DROP TRIGGER hop ON outbox");
            bend("SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()");
        }
        append();
        append();
        lose_last();
        if db.is_server() {
            bend("ALTER TABLE events RENAME TO older; ALTER INDEX events_pkey RENAME TO older_pkey; \
                  CREATE TABLE events (LIKE older INCLUDING ALL); INSERT INTO events SELECT * FROM older");
        }
        append();
        append_many();
        chained(app, &stream);
    }
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

both_databases! {
    /// Where the last event of a stream was removed, its place is not given again: the tree has a leaf there, which could
    /// not grow any more, and the hole stays to be seen.
    fn the_place_of_a_removed_event_stays_empty(app) {
        app.goes_behind();
        let db = app.state.gate.db();
        for removed_too in [None, Some("records")] {
            let case = app.case();
            let stream = ledger::case_stream(&case.id);
            let add = || app.lead.post(&case.path("subjects"), json!({"role": "victim", "name": "Somebody"})).is(201);
            add();
            checkpoint(app);
            let last = app.events(&stream).last().unwrap()["seq"].as_i64().unwrap();
            for table in std::iter::once("events").chain(removed_too) {
                let (open, shut) = match db.is_server() {
                    true => (format!("ALTER TABLE {table} DISABLE TRIGGER ALL"), format!("ALTER TABLE {table} ENABLE TRIGGER ALL")),
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
}

both_databases! {
    /// Others write to a stream whose end is remembered, and hold it meanwhile.
    fn an_append_waits_for_whoever_holds_the_stream(app) {
        let case = app.case();
        let stream = ledger::access_stream(&case.id);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let _inside = runtime.enter();
        let db = Db::open(app.state.gate.db().location(), 6).unwrap();
        let journal = Journal::start(db.clone(), Arc::new(SystemClock), None);
        for n in 0..3 {
            journal.append_blocking(ledger::job("test"), viewed(&stream, n)).unwrap();
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
        journal.append_blocking(ledger::job("test"), viewed(&stream, 2000)).unwrap();
        holder.join().unwrap().unwrap();
        let found = app.state.gate.db().read_blocking(|conn| ledger::read::of_stream(conn, &stream, 0, 1000)).unwrap();
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
}

both_databases! {
    /// Threads that append themselves and tasks that wait in line, of two processes, in one stream: each is there once.
    fn threads_and_tasks_append_in_one_line(app) {
        let stream = ledger::access_stream(&app.case().id);
        let before = app.events(&stream).len();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let _inside = runtime.enter();
        let journals: Vec<Journal> = (0..2)
            .map(|_| Journal::start(Db::open(app.state.gate.db().location(), 6).unwrap(), Arc::new(SystemClock), None))
            .collect();
        let threads: Vec<_> = (0..6)
            .map(|n| {
                let (journal, stream) = (journals[n % 2].clone(), stream.clone());
                std::thread::spawn(move || {
                    for i in 0..20 {
                        journal.append_blocking(ledger::job("test"), viewed(&stream, n * 100 + i)).unwrap();
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
        let found = app.state.gate.db().read_blocking(|conn| ledger::read::of_stream(conn, &stream, 0, 1000)).unwrap();
        assert_eq!(found.len() - before, 6 * 20 + 60);
        let mut chain = Chain::new(&stream);
        for event in &found {
            chain.push(&EventRef::parse(&event.body).unwrap(), leaf(&event.body)).unwrap();
        }
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

both_databases! {
    /// A row that leads to another event than its leaf's gets no place in the tree, and so no receipt and no proof.
    fn a_place_is_held_to_its_leaf(app) {
        let case = app.case();
        app.leave(&case);
        let stream = ledger::case_stream(&case.id);
        checkpoint(app);
        let events = app.state.gate.db().read_blocking(|conn| ledger::read::of_stream(conn, &stream, 0, 2)).unwrap();
        let [first, second] = &events[..] else { panic!("two events at least") };
        let index = |seq: i64, leaf: &[u8]| {
            app.state.gate.db().read_blocking(|conn| ledger::index_of(conn, &stream, seq, leaf))
        };
        assert!(index(first.seq, &first.leaf).unwrap().is_some());
        assert!(index(second.seq, &first.leaf).is_err());
        assert_eq!(index(1000, &first.leaf).unwrap(), None);
    }
}
