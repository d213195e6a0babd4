//! An installation as a command finds it on this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failure;
use crate::audit::Places;
use crate::blobs::Local;
use crate::config::Config;
use crate::db::{Db, Location, migrate};

/// The folder of the log's key, its last checkpoint and the secret.
pub fn keys(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

/// Where the parts lie that are not in the database.
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

/// Who sits at this machine, for the ledger: the name of the user that this process runs as.
pub fn os_user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(&known, uid).unwrap_or_else(|| format!("uid {uid}"))
}

fn name_of(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, found) = (fields.next()?, fields.nth(1)?);
        (found.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn names_come_from_the_list_of_users() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nmarta:x:1000:1000::/home/marta:/bin/sh\nbroken\n";
        assert_eq!(name_of(passwd, 1000).as_deref(), Some("marta"));
        assert_eq!(name_of(passwd, 7), None);
    }
}
