//! The installation on this machine that a command works on: its folders, its database, its gate, its user.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::failure::Failure;
use super::output;
use crate::audit::Places;
use crate::blobs::Local;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::db::{BUSY, Db, Location, Reader, migrate};
use crate::error::{Error, Result};
use crate::gate::{Gate, Recorded, Tx};
use crate::identity::Passwords;
use crate::ledger::{self, Journal};
use crate::policy::Policy;

/// How often a change waits again for a database that another process writes to; each wait is SQLite's `busy_timeout`.
const WAITS: u32 = 11;

/// The folder of the log's key, its last checkpoint and the secret.
pub fn keys(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

/// The folders that an audit reads.
pub fn places(config: &Config) -> Places {
    Places {
        store: Arc::new(store(config)),
        keys: keys(&config.data_dir()),
        scratch: keys(&config.data_dir()),
        known: Vec::new(),
    }
}

/// The folders of evidence files and packets. The folders themselves may be missing.
pub fn store(config: &Config) -> Local {
    Local::at(&config.files(), &config.packets(), &config.pictures())
}

/// Opens the database of an installation that exists; a command that reads must not make one.
pub fn open(config: &Config) -> std::result::Result<Db, Failure> {
    let location = config.database()?;
    if let Location::Sqlite(file) = &location
        && !file.exists()
    {
        let detail = format!(
            "there is no installation here: {} does not exist. Name its folder with --data-dir, or start one with `casetrail serve`",
            file.display()
        );
        return Err(Failure::unreadable(detail));
    }
    migrate::check(&location).map_err(|e| Failure::from(e).with_code(2))?;
    Db::open(&location, 2).map_err(|e| Failure::from(e).with_code(2))
}

/// Whether a folder holds nothing, or is not there.
pub fn is_empty(folder: &Path) -> std::result::Result<bool, Failure> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(e) => Err(Failure::unreadable(format!("{} cannot be read: {e}", folder.display()))),
    }
}

/// A folder that has to be empty, and is not.
pub fn not_empty(argument: &str, folder: &Path) -> Failure {
    let message = format!(
        "{} holds something already: name an empty or new folder",
        folder.display()
    );
    Failure::field(argument, "empty", message)
}

/// The gate of an installation, for the operator at the machine. No server need run.
pub struct OperatorGate {
    gate: Gate,
    runtime: Runtime,
}

impl OperatorGate {
    /// Over a database that is open. Without a signer this process only appends; the server takes what it wrote into the
    /// tree.
    pub fn over(db: Db) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let journal = runtime.block_on(async { Journal::start(db.clone(), clock.clone(), None) });
        let policy = Arc::new(Policy::new().map_err(Error::internal)?);
        let gate = Gate::new(db, journal, policy, clock);
        Ok(Self { gate, runtime })
    }

    /// The database, for reading.
    pub fn db(&self) -> &Reader {
        self.gate.db()
    }

    /// One change and its event, by the operator. A server that writes without a pause gives up the database between
    /// two of its transactions only, and SQLite keeps no queue: who waits asks again, for two minutes in all.
    pub fn change<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Tx<'_>) -> Result<Recorded<T>> + Send + Sync + 'static,
    ) -> Result<T> {
        let change = Arc::new(f);
        let mut waits = 0;
        loop {
            let change = Arc::clone(&change);
            let done = self.gate.housekeep_blocking(ledger::operator(&os_user()), move |tx| {
                change(tx).map(Recorded::into_answer)
            });
            match done {
                Err(e) if e.code == BUSY && waits < WAITS => {
                    if waits == 0 {
                        output::complain("another process is writing to the database; this waits its turn");
                    }
                    waits += 1;
                }
                done => return done,
            }
        }
    }

    /// The hash of a password.
    pub fn hash(&self, password: String) -> Result<String> {
        self.runtime.block_on(async { Passwords::new()?.hash(password).await })
    }
}

/// The operator, for the ledger: the name of the system user that this process runs as, also one of LDAP or SSSD.
pub fn os_user() -> String {
    let uid = uzers::get_current_uid();
    let name = uzers::get_user_by_uid(uid).map(|user| user.name().to_string_lossy().into_owned());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("uid {uid}"))
}
