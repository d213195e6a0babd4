//! A migrated and peopled installation, made once for each database and copied for each test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use casetrail::app;
use casetrail::clock::{DAY, HOUR, SetClock};
use casetrail::config::Config;
use casetrail::http;
use casetrail::ledger;
use casetrail::policy::Role;
use casetrail::proof::Digest;
use casetrail::proof::checkpoint::Signer;
use casetrail::users::{NewUnit, NewUser, ops};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use super::{Database, PASSWORD, at, beginning};
use crate::postgres::{self, TestDatabase};

const PEOPLE: &[(&str, &str, &[Role], &str)] = &[
    ("lead", "Lena Lead", &[Role::Investigator], "squad"),
    ("member", "Mo Member", &[Role::Investigator], "squad"),
    ("stranger", "Stan Stranger", &[Role::Investigator], "squad"),
    ("supervisor", "Sue Supervisor", &[Role::Supervisor], "north"),
    ("deputy", "Dee Deputy", &[Role::Supervisor], "north"),
    ("far", "Fay Far", &[Role::Supervisor], "south"),
    ("exporter", "Erin Exporter", &[Role::Prosecutor], "agency"),
    ("prosecutor", "Paul Prosecutor", &[Role::Prosecutor], "agency"),
    ("auditor", "Ada Auditor", &[Role::Auditor], "agency"),
    ("administrator", "Adam Administrator", &[Role::Administrator], "agency"),
    (
        "double",
        "Dora Double",
        &[Role::Investigator, Role::Supervisor],
        "north",
    ),
];

pub(super) struct Known {
    pub id: String,
    pub token: String,
}

/// A migrated and peopled installation, copied for each test.
pub(super) struct Template {
    folder: PathBuf,
    database: Option<TestDatabase>,
    pub(super) people: BTreeMap<String, Known>,
    pub(super) units: BTreeMap<String, String>,
}

pub(super) fn template(database: Database) -> &'static Template {
    static SQLITE: OnceLock<Template> = OnceLock::new();
    static POSTGRES: OnceLock<Template> = OnceLock::new();
    match database {
        Database::Sqlite => SQLITE.get_or_init(|| Template::make(database)),
        Database::Postgres => POSTGRES.get_or_init(|| Template::make(database)),
    }
}

/// A folder of this run, in memory where there is such a place (what survives a crash is the crash tests' question),
/// else below the build's own; those of runs that are over go.
fn run_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let memory = Path::new("/dev/shm/casetrail-it");
        let in_memory = fs::create_dir_all(memory).is_ok();
        let all = if in_memory {
            memory.to_owned()
        } else {
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("it")
        };
        fs::create_dir_all(&all).unwrap();
        for old in fs::read_dir(&all).unwrap().flatten() {
            if !Path::new("/proc").join(old.file_name()).exists() {
                // Another run may be tidying up too.
                let _ = fs::remove_dir_all(old.path());
            }
        }
        let own = all.join(std::process::id().to_string());
        fs::create_dir_all(&own).unwrap();
        own
    })
}

fn serial() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Template {
    fn make(database: Database) -> Self {
        let folder = run_folder().join(format!("template-{database:?}"));
        let database = (database == Database::Postgres).then(TestDatabase::new);
        let config = config(&folder, database.as_ref(), &[]);
        let (people, units) = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let with = at(&SetClock::at(beginning() - HOUR));
                let opened = app::open(&config, with).await.unwrap();
                let planted = plant(&opened.app).await;
                let gate = &opened.app.gate;
                assert!(ledger::settle(gate.db(), gate.journal(), Duration::from_secs(10)).await);
                planted
            })
        })
        .join()
        .unwrap();
        match &database {
            None => {
                let mut conn = SqliteConnection::establish(folder.join("casetrail.db").to_str().unwrap()).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA wal_checkpoint(TRUNCATE);")
                    .unwrap();
            }
            Some(database) => {
                super::recorded::watch(&database.url());
                postgres::execute(&format!(
                    "ALTER DATABASE {name} ALLOW_CONNECTIONS false; \
                     SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';",
                    name = database.name()
                ));
            }
        }
        Self {
            folder,
            database,
            people,
            units,
        }
    }

    /// A copy: its folder and, on PostgreSQL, its database.
    pub(super) fn copy(&self) -> (TempDir, Option<TestDatabase>) {
        let folder = tempfile::tempdir_in(run_folder()).unwrap();
        fs::create_dir(folder.path().join("keys")).unwrap();
        for file in fs::read_dir(self.folder.join("keys")).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.path().join("keys").join(file.file_name())).unwrap();
        }
        let database = self.database.as_ref().map(TestDatabase::copy_of);
        if database.is_none() {
            fs::copy(self.folder.join("casetrail.db"), folder.path().join("casetrail.db")).unwrap();
        }
        rename_log(folder.path(), database.as_ref());
        (folder, database)
    }
}

/// Gives a copied log a name of its own: one process keeps what it knows of a log by its name.
fn rename_log(folder: &Path, database: Option<&TestDatabase>) {
    let seed = fs::read_to_string(folder.join("keys/log.key")).unwrap();
    let seed: Digest = seed.trim().parse().unwrap();
    let origin = format!("casetrail.invalid/test-{}", serial());
    let vkey = Signer::from_seed(&origin, seed.as_bytes()).unwrap().vkey().to_string();
    fs::remove_file(folder.join("keys/log.checkpoint")).unwrap();
    let statement = format!("UPDATE log_state SET origin = '{origin}', vkey = '{vkey}'");
    match database {
        Some(database) => PgConnection::establish(&database.url())
            .unwrap()
            .batch_execute(&statement)
            .unwrap(),
        None => {
            let file = folder.join("casetrail.db");
            let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
            conn.batch_execute(&statement).unwrap();
        }
    }
}

type Planted = (BTreeMap<String, Known>, BTreeMap<String, String>);

/// The agency of the tests: units agency > north > squad, agency > south, and one or more people of each role.
async fn plant(app: &http::App) -> Planted {
    // One hash for all: it is what takes time.
    let hash = app.passwords.hash(PASSWORD.into()).await.unwrap();
    let made = app
        .gate
        .housekeep(ledger::operator("tests"), move |tx| {
            ops::first_start(tx, "Agency", &hash)?;
            let top = casetrail::users::store::top_unit(tx.conn)?.unwrap().id;
            let mut units = BTreeMap::from([("agency".to_owned(), top)]);
            for (name, parent) in [("north", "agency"), ("south", "agency"), ("squad", "north")] {
                let new = NewUnit {
                    name: name.into(),
                    parent_id: Some(units[parent].clone()),
                };
                let made = ops::create_unit(tx, &new)?;
                units.insert(name.into(), made.peek().id.clone());
            }
            let mut people = Vec::new();
            for (username, name, roles, unit) in PEOPLE {
                let new = NewUser {
                    username: (*username).into(),
                    name: (*name).into(),
                    roles: roles.to_vec(),
                    unit_id: Some(units[*unit].clone()),
                };
                let id = ops::create(tx, &new, &hash, ops::Password::ToKeep)?
                    .peek()
                    .found
                    .id
                    .clone();
                let until = Some(beginning() + 4000 * DAY);
                let token = ops::token(tx, &id, until)?.peek().1.clone();
                people.push(((*username).to_owned(), id, token));
            }
            Ok((people, units))
        })
        .await
        .unwrap();
    let people = made
        .0
        .into_iter()
        .map(|(name, id, token)| (name, Known { id, token }))
        .collect();
    (people, made.1)
}

/// The settings of a server that listens on loopback without TLS.
pub fn config(folder: &Path, database: Option<&TestDatabase>, more: &[(&'static str, &str)]) -> Config {
    let database = match database {
        Some(database) => database.url(),
        None => format!("sqlite://{}", folder.join("casetrail.db").display()),
    };
    let mut flags = vec![
        ("data_dir", folder.display().to_string()),
        ("database", database),
        ("http", "true".into()),
        ("port", "0".into()),
        ("bind", "127.0.0.1".into()),
        ("workers", "1".into()),
        ("connections", "4".into()),
        ("disk_reserve", "0".into()),
        ("upload_idle", "2".into()),
    ];
    flags.extend(more.iter().map(|(n, v)| (*n, (*v).to_owned())));
    Config::load(&flags).unwrap()
}
