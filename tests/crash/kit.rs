//! A home for one test: a folder with the demo in it, on either database, and the program to run on it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};
use serde_json::{Value, json};
use tempfile::TempDir;

pub use crate::bytes::bytes;
pub use crate::databases::Database;
use crate::http::Client;
use crate::postgres::{self, TestDatabase};

pub const CASETRAIL: &str = env!("CARGO_BIN_EXE_casetrail");

/// Runs a test that makes its homes itself.
pub fn run(database: Database, test: fn(Database)) {
    test(database);
}

/// Says something past the test harness, which keeps what passing tests print to itself.
pub fn say(text: impl AsRef<str>) {
    // A closed standard error has nobody to tell.
    let _ = writeln!(std::io::stderr(), "crash: {}", text.as_ref());
}

/// Whether a program can be run here.
pub fn has(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// An installation with the demo's people and cases in a folder of its own.
pub struct Home {
    pub dir: TempDir,
    pub base: Database,
    pub data: PathBuf,
    pub story: Value,
    pub database: Option<TestDatabase>,
    pub env: Vec<(String, String)>,
}

impl Home {
    /// A copy of the demo.
    pub fn new(base: Database) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("casetrail-crash-")
            .tempdir()
            .expect("a temporary folder");
        let data = dir.path().join("data");
        Self::at(base, dir, data)
    }

    /// Waits until this many files have begun to arrive, which a first piece of 256 KiB does.
    pub fn await_arriving(&self, count: usize) {
        let began = || fs::read_dir(self.files().join("incoming")).expect("incoming").count();
        let mut missing = || Some(began()).filter(|n| *n < count).map(|n| format!("{n} of {count}"));
        await_that("uploads begin", &mut missing);
    }

    /// The same with its data in a folder somewhere else.
    pub fn at(base: Database, dir: TempDir, data: PathBuf) -> Self {
        let demo = demo(base);
        copy(&demo.data, &data);
        Self {
            dir,
            base,
            data,
            story: demo.story.clone(),
            database: demo.database.as_ref().map(TestDatabase::copy_of),
            env: Vec::new(),
        }
    }

    /// A setting for everything that runs here.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.env
            .push((format!("CASETRAIL_{}", name.to_uppercase()), value.to_owned()));
        self
    }

    /// The program on this home, not yet started. The folder is its working folder, for `casetrail.toml`.
    pub fn command(&self, args: &[&str]) -> Command {
        self.wrapped(Command::new(CASETRAIL), args)
    }

    /// The same on another data folder.
    pub fn command_on(&self, data: &Path, args: &[&str]) -> Command {
        self.wrapped_on(data, Command::new(CASETRAIL), args)
    }

    pub fn wrapped(&self, command: Command, args: &[&str]) -> Command {
        self.wrapped_on(&self.data, command, args)
    }

    fn wrapped_on(&self, data: &Path, mut command: Command, args: &[&str]) -> Command {
        command
            .args(args)
            .arg("--data-dir")
            .arg(data)
            .current_dir(self.dir.path());
        command.args(self.database.iter().flat_map(|d| ["--database".into(), d.url()]));
        clean(&mut command);
        command.envs(self.env.iter().map(|(k, v)| (k, v)));
        command
    }

    /// Runs it to its end; a server that starts where it should refuse is ended after five minutes, and exits with 124.
    pub fn run(&self, args: &[&str]) -> Output {
        let mut limited = Command::new("timeout");
        limited.args(["300", CASETRAIL]);
        self.wrapped(limited, args).output().expect("casetrail runs")
    }

    pub fn serve(&self) -> Server {
        Server::start(self.command(SERVE), self.dir.path())
    }

    /// Signs somebody in.
    pub fn sign_in(&self, server: &Server, role: &str, n: usize) -> Client {
        let user = self.user(role, n);
        let answer = server
            .nobody()
            .post(
                "/api/v1/sessions",
                &json!({"username": user["username"], "password": user["password"]}),
            )
            .expect(201);
        Client {
            addr: server.addr,
            token: answer.json()["access_token"].as_str().expect("a token").to_owned(),
        }
    }

    pub fn user(&self, role: &str, n: usize) -> &Value {
        let users = self.story["users"].as_array().expect("users");
        users
            .iter()
            .filter(|u| u["roles"][0] == role)
            .nth(n)
            .expect("a user of the role")
    }

    pub fn case(&self, n: usize) -> &str {
        self.story["cases"][n]["id"].as_str().expect("a case")
    }

    /// The audit's exit code and report.
    pub fn audit(&self) -> (i32, Value) {
        let out = self.run(&["audit", "--json"]);
        let report = serde_json::from_slice(&out.stdout).unwrap_or(Value::Null);
        (out.status.code().unwrap_or(-1), report)
    }

    /// Nothing is wrong here.
    pub fn assert_clean(&self) -> Value {
        let out = self.run(&["audit", "--json"]);
        assert!(
            out.status.success(),
            "audit: {}\n{}{}",
            out.status,
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        serde_json::from_slice(&out.stdout).expect("a report")
    }

    pub fn db_file(&self) -> PathBuf {
        self.data.join("casetrail.db")
    }

    pub fn files(&self) -> PathBuf {
        self.data.join("files")
    }

    /// Where a file's bytes lie.
    pub fn file(&self, sha256: &str) -> PathBuf {
        self.files().join("sha256").join(&sha256[..2]).join(sha256)
    }
}

pub const SERVE: &[&str] = &["serve", "--http", "--port", "0"];

/// Nothing of this process's own settings reaches the program.
fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("CASETRAIL_")) {
        command.env_remove(name);
    }
    command
        .env("CASETRAIL_LOG_FORMAT", "text")
        .env("CASETRAIL_DISK_RESERVE", "1048576");
}

/// A program that listens.
pub struct Server {
    child: Child,
    pub addr: SocketAddr,
    pub log: PathBuf,
    ended: Option<ExitStatus>,
}

/// Where a line of the log says that the server listens.
fn listens_at(line: &str) -> Option<SocketAddr> {
    let (_, url) = line.split_once(" at http")?;
    let told = url.strip_prefix("://").map(str::to_owned);
    let told = told.or_else(|| Some(url.strip_prefix("s://")?.replace("localhost", "127.0.0.1")));
    told?.parse().ok()
}

static LOGS: AtomicU32 = AtomicU32::new(0);

impl Server {
    /// Starts it and waits until it says where it listens.
    pub fn start(mut command: Command, folder: &Path) -> Self {
        let log = folder.join(format!("log-{}", LOGS.fetch_add(1, Ordering::Relaxed)));
        let told = File::create(&log).expect("a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(told)
            .spawn()
            .expect("casetrail starts");
        let mut server = Self {
            child,
            addr: ([127, 0, 0, 1], 0).into(),
            log,
            ended: None,
        };
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(addr) = server.log().lines().find_map(listens_at) {
                server.addr = addr;
                return server;
            }
            if let Some(status) = server.child.try_wait().expect("the child") {
                panic!("the server ended ({status}):\n{}", server.log());
            }
            assert!(Instant::now() < until, "the server does not listen:\n{}", server.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn nobody(&self) -> Client {
        Client {
            addr: self.addr,
            token: String::new(),
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM to exactly this process.
    pub fn terminate(&self) {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .expect("a process id");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("the server runs");
    }

    /// SIGKILL, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("the server runs");
        let status = self.child.wait().expect("the child");
        assert_eq!(status.signal(), Some(9));
        self.ended = Some(status);
    }

    /// Waits for its end.
    pub fn wait(&mut self, most: Duration) -> ExitStatus {
        let until = Instant::now() + most;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child") {
                self.ended = Some(status);
                return status;
            }
            assert!(Instant::now() < until, "the server does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it as an operator does.
    pub fn stop(mut self) {
        self.terminate();
        let status = self.wait(Duration::from_secs(11));
        assert!(status.success(), "{status}\n{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.ended.is_none() {
            // It may have ended by itself.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            eprintln!(
                "the server's last lines:\n{}",
                tail.into_iter().rev().collect::<Vec<_>>().join("\n")
            );
        }
    }
}

struct Demo {
    data: PathBuf,
    story: Value,
    database: Option<TestDatabase>,
}

/// The demo is told once for each database and copied from there.
fn demo(base: Database) -> &'static Demo {
    static SQLITE: OnceLock<Demo> = OnceLock::new();
    static POSTGRES: OnceLock<Demo> = OnceLock::new();
    match base {
        Database::Sqlite => SQLITE.get_or_init(|| tell_demo("sqlite", None)),
        Database::Postgres => POSTGRES.get_or_init(|| tell_demo("postgres", Some(TestDatabase::new()))),
    }
}

fn tell_demo(name: &str, database: Option<TestDatabase>) -> Demo {
    // One folder for all runs, because nobody removes it at the end of one.
    let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-demo-{name}-{}", std::process::id() % 4));
    // It is there from an earlier run, or not.
    let _ = fs::remove_dir_all(&data);
    let mut command = Command::new(CASETRAIL);
    command
        .args(["demo", "--json", "--http", "--port", "0", "--data-dir"])
        .arg(&data);
    command.args(database.iter().flat_map(|d| ["--database".into(), d.url()]));
    clean(&mut command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("casetrail starts");
    let mut line = String::new();
    let mut told = BufReader::new(child.stdout.take().expect("standard output"));
    told.read_line(&mut line).expect("a line");
    let story: Value = serde_json::from_str(&line).expect("one line of JSON");
    let port = story["url"]
        .as_str()
        .and_then(|u| u.rsplit(':').next()?.parse::<u16>().ok())
        .expect("a port");
    assert_ne!(port, 0, "the address that was told has the real port");
    let mut server = Server {
        child,
        addr: ([127, 0, 0, 1], port).into(),
        log: PathBuf::new(),
        ended: None,
    };
    server.nobody().get("/readyz").expect(200);
    await_signed(&data, &mut Sql::of(&data, database.as_ref()));
    server.terminate();
    assert!(server.wait(Duration::from_secs(11)).success());
    let mut more = String::new();
    told.read_line(&mut more).expect("standard output");
    assert_eq!(more, "", "one line on standard output and nothing else ever");
    Demo { data, story, database }
}

/// Waits until the log has taken in every event and signed its tree, which the contract allows a second for.
pub fn await_signed(data: &Path, sql: &mut Sql) {
    let mut behind = || {
        let waiting = sql.number("SELECT COUNT(*) AS n FROM outbox");
        let leaves = sql.number("SELECT COUNT(*) AS n FROM leaves");
        let checkpoint = fs::read_to_string(data.join("keys/log.checkpoint")).unwrap_or_default();
        let signed = checkpoint.lines().nth(1).and_then(|size| size.parse().ok());
        (waiting > 0 || signed != Some(leaves)).then(|| format!("{waiting} of {leaves} wait, signed are {signed:?}"))
    };
    await_that("the log's tree is signed", &mut behind);
}

/// Waits until a condition holds. `missing` says what it still lacks.
pub fn await_that(what: &str, missing: &mut dyn FnMut() -> Option<String>) {
    let until = Instant::now() + Duration::from_secs(20);
    while let Some(lack) = missing() {
        assert!(Instant::now() < until, "{what}: {lack}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A database by the server's Unix-domain socket, in both spellings that there are; none where that cannot be reached.
pub fn by_socket(database: &TestDatabase) -> Option<[String; 2]> {
    #[derive(diesel::QueryableByName)]
    struct Place {
        #[diesel(sql_type = diesel::sql_types::Text)]
        folders: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        port: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        user: String,
    }
    let query = "SELECT current_setting('unix_socket_directories') AS folders, current_setting('port') AS port, \
                 current_user::text AS user";
    let Place { folders, port, user } = diesel::sql_query(query)
        .get_result(&mut postgres::connect())
        .expect("where it listens");
    let folder = folders
        .split(',')
        .next()
        .map(str::trim)
        .filter(|f| f.starts_with('/'))?;
    let name = database.name();
    let spellings = [
        format!("postgres://{user}@/{name}?host={folder}&port={port}"),
        format!("postgres://{user}@{}:{port}/{name}", folder.replace('/', "%2F")),
    ];
    // The server may be on another machine, or know other accounts there.
    PgConnection::establish(&spellings[0]).ok().map(|_| spellings)
}

/// Copies a folder with what is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    let done = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(done.expect("cp").success());
}

/// A direct way into a home's database, past the program.
pub enum Sql {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Sql {
    pub fn open(home: &Home) -> Self {
        Self::of(&home.data, home.database.as_ref())
    }

    /// The database of a data folder.
    fn of(data: &Path, database: Option<&TestDatabase>) -> Self {
        match database {
            None => {
                let file = data.join("casetrail.db");
                let mut conn = SqliteConnection::establish(file.to_str().expect("UTF-8")).expect("the database opens");
                conn.batch_execute("PRAGMA busy_timeout = 10000").expect("a pragma");
                Self::Sqlite(conn)
            }
            Some(own) => Self::Postgres(PgConnection::establish(&own.url()).expect("the database opens")),
        }
    }

    pub fn run(&mut self, sql: &str) -> Result<(), diesel::result::Error> {
        match self {
            Self::Sqlite(c) => c.batch_execute(sql),
            Self::Postgres(c) => c.batch_execute(sql),
        }
    }

    /// The numbers in a column named `n`.
    pub fn numbers(&mut self, sql: &str) -> Vec<i64> {
        self.load::<Number>(sql).into_iter().map(|r| r.n).collect()
    }

    pub fn number(&mut self, sql: &str) -> i64 {
        self.numbers(sql)[0]
    }

    pub fn load<T>(&mut self, sql: &str) -> Vec<T>
    where
        T: diesel::deserialize::QueryableByName<diesel::sqlite::Sqlite>
            + diesel::deserialize::QueryableByName<diesel::pg::Pg>
            + 'static,
    {
        use diesel::RunQueryDsl;
        match self {
            Self::Sqlite(c) => diesel::sql_query(sql).load(c).unwrap_or_else(|e| panic!("{sql}: {e}")),
            Self::Postgres(c) => diesel::sql_query(sql).load(c).unwrap_or_else(|e| panic!("{sql}: {e}")),
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

pub fn sha256(bytes: &[u8]) -> String {
    casetrail::proof::id::Digest::of(bytes).to_string()
}
