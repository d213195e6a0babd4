//! A real server a test: over HTTP on loopback, on a copy of a database that was migrated and peopled once.
//!
//! `both_databases!(name);` makes two tests of a function that takes an `App`, `name::sqlite` and `name::postgres`;
//! `both_databases!(name with ("upload_idle", "1"));` makes them under another setting.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use casetrail::app::{self, With};
use casetrail::audit::{self, Places};
use casetrail::blobs::{Local, Memory, Shelf, Store};
use casetrail::clock::{self, Clock, DAY, HOUR, Micros, SetClock};
use casetrail::config::Config;
use casetrail::ledger;
use casetrail::proof::Digest;
use casetrail::{audits, http, packets};
use serde_json::{Value, json};
use tempfile::TempDir;

pub mod browser;
mod client;
mod jobs;
mod recorded;
mod template;

pub use client::{Answer, Client};
pub use jobs::Jobs;
pub use template::config;
use template::template;

pub use crate::databases::Database;
pub use crate::postgres::{TestDatabase, has_postgres};

/// The password of everyone in the template.
pub const PASSWORD: &str = "green lantern by the ferry 7";

/// Runs a test on a copy of the template, and audits what it left.
pub fn run(database: Database, test: fn(&App)) {
    run_on(&App::with(database, &[]), test);
}

/// The same under another setting.
pub fn run_with(database: Database, test: fn(&App), setting: (&'static str, &str)) {
    run_on(&App::with(database, &[setting]), test);
}

fn run_on(app: &App, test: fn(&App)) {
    test(app);
    app.audit();
}

/// When the template's history ends and every test begins.
pub fn beginning() -> Micros {
    clock::parse("2026-11-22T12:00:00Z").unwrap()
}

pub fn days(n: i64) -> Micros {
    n * DAY
}

pub fn hours(n: i64) -> Micros {
    n * HOUR
}

/// A running server with its people and its clock.
pub struct App {
    /// What its handlers reach.
    pub state: http::App,
    pub url: String,
    pub clock: SetClock,
    pub database: Database,
    pub lead: Client,
    pub member: Client,
    pub stranger: Client,
    /// Of the unit above the lead's.
    pub supervisor: Client,
    /// Of the same unit, for what takes a second one.
    pub deputy: Client,
    /// Of another unit.
    pub far: Client,
    /// Holds a grant with export on the cases that `case` makes.
    pub exporter: Client,
    /// Holds none.
    pub prosecutor: Client,
    pub auditor: Client,
    pub administrator: Client,
    /// Investigator and supervisor at once.
    pub double: Client,
    pub nobody: Client,
    pub units: BTreeMap<String, String>,
    damaged: AtomicBool,
    // Dropped in this order: the server ends before its database and its folder go.
    _server: Server,
    _database: Option<TestDatabase>,
    folder: TempDir,
}

impl App {
    /// Starts a server, with some settings of its own.
    pub fn with(database: Database, settings: &[(&'static str, &str)]) -> Self {
        Self::start(database, settings, None)
    }

    /// The server's database, opened beside it: for what a test does behind its back.
    pub fn db(&self) -> casetrail::db::Db {
        casetrail::db::Db::open(self.state.gate.db().location(), 6).unwrap()
    }

    /// Starts a server that keeps files and packets in memory.
    pub fn in_memory(database: Database) -> Self {
        Self::start(database, &[], Some(Arc::new(Memory::default())))
    }

    fn start(database: Database, settings: &[(&'static str, &str)], store: Option<Arc<dyn Store>>) -> Self {
        let template = template(database);
        let (folder, copied) = template.copy();
        let clock = SetClock::at(beginning());
        let with = With { store, ..at(&clock) };
        let server = Server::start(config(folder.path(), copied.as_ref(), settings), with);
        let (state, url) = (server.state.clone(), server.url.clone());
        let client = |who: &str| {
            let known = &template.people[who];
            Client {
                id: known.id.clone(),
                token: Some(known.token.clone()),
                ..Client::nobody(&url, &clock)
            }
        };
        Self {
            lead: client("lead"),
            member: client("member"),
            stranger: client("stranger"),
            supervisor: client("supervisor"),
            deputy: client("deputy"),
            far: client("far"),
            exporter: client("exporter"),
            prosecutor: client("prosecutor"),
            auditor: client("auditor"),
            administrator: client("administrator"),
            double: client("double"),
            nobody: Client::nobody(&url, &clock),
            units: template.units.clone(),
            state,
            url,
            clock,
            database,
            damaged: AtomicBool::new(false),
            _server: server,
            _database: copied,
            folder,
        }
    }

    /// Where a stored file lies.
    pub fn file(&self, sha256: &Digest) -> PathBuf {
        self.folder().join("files").join(Local::relative_path(sha256))
    }

    /// Where the installation keeps its files and packets.
    pub fn store(&self) -> Arc<dyn Store> {
        self.state.blobs.store()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Moves the clock.
    pub fn advance(&self, by: Micros) {
        self.clock.advance(by);
    }

    /// The time so far from now, as text.
    pub fn at(&self, from_now: Micros) -> String {
        clock::format(self.clock.now() + from_now)
    }

    /// A client that signed in with a password.
    pub fn sign_in(&self, username: &str, password: &str) -> Answer {
        self.nobody
            .post("/api/v1/sessions", json!({"username": username, "password": password}))
    }

    /// A client with another bearer.
    pub fn bearing(&self, token: &str) -> Client {
        self.bearing_as("", token)
    }

    /// The same, of a known person.
    pub fn bearing_as(&self, id: &str, token: &str) -> Client {
        Client {
            id: id.to_owned(),
            token: Some(token.to_owned()),
            ..self.nobody.clone()
        }
    }

    /// A test that bends files, or writes rows past the program, is not audited afterwards.
    pub fn goes_behind(&self) {
        self.damaged.store(true, Ordering::Relaxed);
        self.lets_tables_be_planted();
    }

    /// Whatever a test did over HTTP, every row, record and file is afterwards as the ledger says. The key is a new one
    /// for each copy of the template, whose last checkpoint another has signed.
    pub fn audit(&self) {
        if self.damaged.load(Ordering::Relaxed) {
            return;
        }
        let report = self.report();
        let other = |f: &&audit::AuditFinding| !["checkpoint", "last-checkpoint"].contains(&f.rule);
        let faults: Vec<_> = report.faults.iter().filter(other).collect();
        assert!(faults.is_empty(), "the audit found {faults:#?}");
    }

    /// What the audit says now.
    pub fn report(&self) -> audit::AuditReport {
        let places = Places {
            store: self.state.blobs.store(),
            keys: self.folder.path().join("keys"),
            scratch: self.folder.path().join("keys"),
            known: Vec::new(),
        };
        audit::run(self.state.gate.db(), &places, &mut |_, _, _| Ok(())).unwrap()
    }

    /// The events of a stream.
    pub fn events(&self, stream: &str) -> Vec<Value> {
        let read = |conn: &mut _| ledger::read::of_stream(conn, stream, 0, 100_000);
        let found = self.state.gate.db().read_blocking(read).unwrap();
        found.iter().map(|e| serde_json::from_slice(&e.body).unwrap()).collect()
    }

    /// The record of the last event of a stream.
    pub fn last_record(&self, stream: &str) -> Value {
        let read = |conn: &mut _| {
            let (seq, _) = ledger::read::head(conn, stream)?.unwrap();
            ledger::read::record(conn, stream, seq)
        };
        let (_, text) = self.state.gate.db().read_blocking(read).unwrap().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Runs `f`, which must leave exactly this one event by this person in the stream.
    #[track_caller]
    pub fn leaves<T>(&self, stream: &str, action: &str, by: &Client, f: impl FnOnce() -> T) -> T {
        let before = self.events(stream).len();
        let done = f();
        let after = self.events(stream);
        let new: Vec<&Value> = after[before..].iter().collect();
        assert_eq!(
            new.iter().map(|e| e["action"].as_str().unwrap()).collect::<Vec<_>>(),
            [action],
            "in {stream}"
        );
        assert_eq!(new[0]["actor"]["kind"], "person");
        assert_eq!(new[0]["actor"]["id"], json!(by.id), "the actor of {action}");
        done
    }

    /// Runs `f`, which must leave nothing in the stream.
    #[track_caller]
    pub fn leaves_nothing<T>(&self, stream: &str, f: impl FnOnce() -> T) -> T {
        let before = self.events(stream).len();
        let done = f();
        let after = self.events(stream);
        assert_eq!(
            after.len(),
            before,
            "{stream} grew by {:?}",
            after[before..].iter().map(|e| &e["action"]).collect::<Vec<_>>()
        );
        done
    }

    /// How often an action stands in a stream.
    pub fn count(&self, stream: &str, action: &str) -> usize {
        self.events(stream).iter().filter(|e| e["action"] == action).count()
    }

    /// Runs `f`, which must leave none of these actions in the agency's stream; a refusal stands there as one of its own.
    #[track_caller]
    pub fn leaves_none<T>(&self, actions: &str, f: impl FnOnce() -> T) -> T {
        let counted = || {
            let events = self.events("agency").into_iter();
            events
                .filter(|e| e["action"].as_str().unwrap().starts_with(actions))
                .count()
        };
        let before = counted();
        let done = f();
        assert_eq!(counted(), before, "the agency's stream grew by {actions}");
        done
    }

    /// Hashes of everything in the store, and of what lies half received.
    pub fn stored(&self) -> (usize, usize) {
        let incoming = fs::read_dir(self.folder().join("files/incoming")).unwrap().count();
        (self.state.blobs.list(Shelf::Files).unwrap().count(), incoming)
    }

    /// A case that the lead opened: nothing due, a member, an exporter.
    pub fn case(&self) -> Case {
        self.case_of(json!({"title": "Threats to a council member", "kind": "online_crime", "particulars": online()}))
    }

    /// A case as given, with a member and, where it is standard, an exporter.
    pub fn case_of(&self, new: Value) -> Case {
        let handling = new["handling"].as_str().unwrap_or("standard").to_owned();
        let made = self.lead.post("/api/v1/cases", new).is(201);
        let case = Case::named(made["id"].as_str().unwrap());
        self.lead
            .put(&case.path(&format!("members/{}", self.member.id)), json!({}))
            .is(200);
        if handling == "standard" {
            self.grant(&case, &self.exporter, &["read", "export"]);
        }
        case
    }

    /// Access for somebody, given by the supervisor for 400 days.
    pub fn grant(&self, case: &Case, to: &Client, rights: &[&str]) -> String {
        let grant = json!({"user_id": to.id, "until": self.at(days(400)), "rights": rights, "reason": "as asked"});
        self.supervisor.post(&case.path("grants"), grant).is(201)["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// What asks for overt leave on web and instagram for lead and member, for 90 days.
    pub fn request(&self) -> Value {
        json!({
            "level": "overt", "holders": [self.lead.id, self.member.id], "platforms": ["web", "instagram"],
            "purpose": "find who wrote the threats", "predicate": "report 12, agency policy 4.12(b)",
            "devices": ["agency"], "starts_at": self.at(-1), "ends_at": self.at(days(90)),
            "attestations": ["not_based_solely_on_protected_activity", "no_contact"],
        })
    }

    /// An approved authorization in a case; its id.
    pub fn leave(&self, case: &Case) -> String {
        self.leave_of(case, self.request())
    }

    /// The same with other content.
    pub fn leave_of(&self, case: &Case, request: Value) -> String {
        let made = self.lead.post(&case.path("authorizations"), request).is(201);
        let id = made["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/authorizations/{id}/decision");
        let approve = json!({"decision": "approve", "reason": "needed, and nothing less would do"});
        let first = self.supervisor.post(&path, approve.clone()).is(200);
        if first["state"] == "requested" {
            self.deputy.post(&path, approve).is(200);
        }
        id
    }

    /// A post as it was found now.
    pub fn post(&self) -> Value {
        json!({
            "kind": "post", "platform": "instagram", "url": "https://instagram.example/p/1", "account": {"handle": "@harborlight_77"},
            "text": "Saw this girl by the ferry tonight", "captured_at": self.at(0), "method": "manual_screenshot",
            "tool": {"name": "Chromium", "version": "156.0"}, "level": "overt", "device": "agency",
        })
    }

    /// The same with some fields set, or taken out by null.
    pub fn post_with(&self, fields: Value) -> Value {
        with(self.post(), fields)
    }
}

/// A value with some fields set, or taken out by null.
pub fn with(mut value: Value, fields: Value) -> Value {
    for (name, field) in fields.as_object().unwrap() {
        match field {
            Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
            _ => value[name] = field.clone(),
        }
    }
    value
}

/// Particulars of an online crime with nothing due.
pub fn online() -> Value {
    json!({"offense": "threats", "victim_reference": "V-1", "platforms": ["instagram", "web"]})
}

/// Particulars of a missing person with nothing due.
pub fn missing() -> Value {
    json!({
        "name": "Ana Rivers", "date_of_birth": "2010-04-17", "last_seen_at": "2026-11-20T21:00:00Z",
        "last_seen_where": "ferry terminal", "description": "green jacket", "endangered": true,
        "ncic": {"number": "unknown", "entered_at": "unknown"},
    })
}

/// What a server gets that lives at a time of the test's.
pub fn at(clock: &SetClock) -> With {
    With {
        clock: Arc::new(clock.clone()),
        demo: false,
        metrics: None,
        store: None,
        decoder: env!("CARGO_BIN_EXE_casetrail").into(),
        program,
    }
}

/// The digest of the tests' own program, read once: it is a large one, and every test starts a server.
fn program() -> Option<Digest> {
    static DIGEST: OnceLock<Option<Digest>> = OnceLock::new();
    *DIGEST.get_or_init(app::program_digest)
}

async fn serve(config: Config, with: With, tell: mpsc::Sender<(http::App, String, ServerHandle)>) {
    let opened = app::open(&config, with).await.unwrap();
    let socket = app::bind(&config).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let builder = tokio::spawn(packets::run_builder(opened.app.clone(), stopped.clone()));
    let audits = tokio::spawn(audits::run_worker(opened.app.clone(), stopped));
    let server = app::listen(opened.app.clone(), socket, None, config.workers()).unwrap();
    tell.send((opened.app.clone(), url, server.handle())).unwrap();
    server.await.unwrap();
    stop.send(true).unwrap();
    builder.await.unwrap();
    audits.await.unwrap();
}

/// A server on a thread of this process, stopped when it is dropped.
pub struct Server {
    /// What its handlers reach.
    pub state: http::App,
    pub url: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(config: Config, with: With) -> Self {
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || actix_web::rt::System::new().block_on(serve(config, with, tell)));
        let (state, url, handle) = told.recv().expect("the server starts");
        Self {
            state,
            url,
            handle,
            thread: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The command is sent by the call itself; its answer is the thread's end.
        drop(self.handle.stop(false));
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            assert!(ended.is_some_and(|e| e.is_ok()), "the server ended badly");
        }
    }
}

/// A case, by the paths and streams that its id names.
#[derive(Clone, Debug)]
pub struct Case {
    pub id: String,
    /// Its custody.
    pub stream: String,
    /// Its access log.
    pub accesses: String,
}

impl Case {
    pub fn named(id: &str) -> Self {
        Self {
            id: id.into(),
            stream: ledger::case_stream(id),
            accesses: ledger::access_stream(id),
        }
    }

    /// The case's own path, or one below it.
    pub fn path(&self, below: &str) -> String {
        let end = if below.is_empty() {
            String::new()
        } else {
            format!("/{below}")
        };
        format!("/api/v1/cases/{}{end}", self.id)
    }
}
