//! The installation on this machine that a command works on: its folders, its database, its user.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::Failure;
use crate::audit::Places;
use crate::blobs::Local;
use crate::config::Config;
use crate::db::{Db, Location, migrate};

/// The folder of the log's key, its last checkpoint and the secret.
pub fn keys(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

/// The folders that an audit reads.
pub fn places(config: &Config) -> Places {
    Places {
        store: Arc::new(store(config)),
        keys: keys(&config.data_dir()),
        known: Vec::new(),
    }
}

/// The folders of evidence files and packets. The folders themselves may be missing.
pub fn store(config: &Config) -> Local {
    Local::at(&config.files(), &config.packets())
}

/// Opens the database of an installation that exists; a command that reads must not make one.
pub fn open(config: &Config) -> Result<Db, Failure> {
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
pub fn is_empty(folder: &Path) -> Result<bool, Failure> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(e) => Err(Failure::unreadable(format!("{} cannot be read: {e}", folder.display()))),
    }
}

/// The operator, for the ledger: the name of the system user that this process runs as, also one of LDAP or SSSD.
pub fn os_user() -> String {
    let uid = uzers::get_current_uid();
    let name = uzers::get_user_by_uid(uid).map(|user| user.name().to_string_lossy().into_owned());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("uid {uid}"))
}
