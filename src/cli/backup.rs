//! `casetrail backup`: a copy of an installation that is one moment of it, taken while it serves.
//!
//! The last checkpoint is copied first, then one snapshot of the database, then the files that this snapshot names. Each
//! step can only find more than the one before it names. `backup.json` is written last, so a folder without it is no
//! backup.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{QueryableByName, sql_query};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::failure::{Done, Failure};
use super::installation::{self, OperatorGate};
use super::output::{self, Counted, ProgressDisplay};
use crate::blobs::{Hashed, Key, Local, Shelf, Store, WHOLE, hash};
use crate::clock::{self, Clock, SystemClock};
use crate::config::Config;
use crate::db::location::without_password;
use crate::db::tables::files as rows;
use crate::db::{AnyConn, Db, Location, snapshot};
use crate::durable;
use crate::error::{Error, Result};
use crate::gate::NewEvent;
use crate::ledger::{self, Action, TreeState};
use crate::proof::Digest;

/// The form of `backup.json`.
pub const FORMAT: &str = "casetrail-backup/1";
/// The list of a backup.
pub const MANIFEST: &str = "backup.json";
/// The list of evidence files, as `sha256sum -c` reads it.
const FILES: &str = "files.sha256";

/// What stands on the command line after `backup`.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// An empty or new folder
    out: PathBuf,
}

/// What a backup is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `casetrail-backup/1`.
    pub format: String,
    /// The version of the program that made it.
    pub program: String,
    /// When.
    pub made_at: String,
    /// The installation's id.
    pub installation: String,
    /// `casetrail.db`, or `casetrail.pgdump`.
    pub database: String,
    /// The tree in the snapshot.
    pub tree: BackupTree,
    /// Evidence files.
    pub files: Count,
    /// Everything but the evidence files; these stand in `files.sha256`, which is here.
    pub entries: Vec<BackupEntry>,
}

/// A tree, as a backup knows it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupTree {
    /// The log's name.
    pub origin: String,
    /// Its key.
    pub vkey: String,
    /// Its leaves.
    pub size: u64,
    /// Its root.
    pub root: Digest,
}

/// How many files, of how many bytes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// One file of a backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupEntry {
    /// Below the backup's folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: Digest,
}

/// What is under way.
struct Copy<'a> {
    out: &'a Path,
    progress: ProgressDisplay,
    entries: Vec<BackupEntry>,
    files: Count,
    /// Files that are not what their name says, or not there.
    damaged: Vec<String>,
}

/// Copies the installation.
pub fn run(config: &Config, args: &BackupArgs) -> Done {
    check_outside(&args.out, config)?;
    let db = installation::open(config)?;
    if !installation::is_empty(&args.out)? {
        return Err(installation::not_empty("OUT", &args.out));
    }
    durable::make_folder(&args.out)?;
    fs::set_permissions(&args.out, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    let mut copy = Copy {
        out: &args.out,
        progress: ProgressDisplay::new(),
        entries: Vec::new(),
        files: Count::default(),
        damaged: Vec::new(),
    };
    let done = copy.everything(config, &db);
    copy.progress.end();
    let state = done?;
    let manifest = copy.finish(&db, &state)?;
    output::print(&format!(
        "backup of {} in {}\ntree of {} leaves, root {}\n{} evidence files with {} bytes\nsha256 of {MANIFEST}: {manifest}\n",
        state.origin,
        args.out.display(),
        state.size,
        state.root,
        copy.files.count,
        copy.files.bytes
    ));
    if copy.damaged.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let list: String = copy.damaged.iter().map(|d| format!("\n  {d}")).collect();
    Err(Failure::failed(format!(
        "the copy is whole but for files that are damaged or missing in the installation itself ({}); `casetrail audit` says more:{list}",
        copy.damaged.len()
    )))
}

/// A copy that lies in what it is a copy of is lost with it.
fn check_outside(out: &Path, config: &Config) -> std::result::Result<(), Failure> {
    for inner in [config.data_dir(), config.files()] {
        if resolved(out).starts_with(resolved(&inner)) {
            let message = format!(
                "lies in the installation itself ({}): name a folder outside, best on another disk",
                inner.display()
            );
            return Err(Failure::field("OUT", "outside", message));
        }
    }
    Ok(())
}

/// A path without links, also where its end is still to be made.
pub(super) fn resolved(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(whole), ..) => whole,
        (_, Some(above), Some(name)) if above.as_os_str().is_empty() => resolved(Path::new(".")).join(name),
        (_, Some(above), Some(name)) => resolved(above).join(name),
        _ => path.to_owned(),
    }
}

impl Copy<'_> {
    fn everything(&mut self, config: &Config, db: &Db) -> Result<TreeState> {
        let (data, location) = (config.data_dir(), config.database()?);
        let last = installation::keys(&data).join("log.checkpoint");
        if last.exists() {
            self.one(&last, "keys/log.checkpoint")?;
        }
        self.progress.show("database", Counted::Things, 0, 0);
        let state = self.database(config, db, &location)?;
        for folder in ["keys", "tls"] {
            self.folder(&data, folder)?;
        }
        self.packets(&installation::store(config))?;
        if data.join("secret").is_file() {
            self.one(&data.join("secret"), "secret")?;
        }
        Ok(state)
    }

    fn database(&mut self, config: &Config, db: &Db, location: &Location) -> Result<TreeState> {
        let state = match location {
            Location::Sqlite(_) => {
                let to = self.out.join("casetrail.db");
                vacuum(db, &to)?;
                // The copy itself says which files belong to it.
                let conn = SqliteConnection::establish(&to.to_string_lossy()).map_err(Error::internal)?;
                self.evidence(&mut AnyConn::Sqlite(conn), &installation::store(config))?
            }
            Location::Postgres(url) => db.read_blocking(|conn| {
                snapshot(conn, |conn| {
                    dump(conn, url, &self.out.join("casetrail.pgdump"))?;
                    self.evidence(conn, &installation::store(config))
                })
            })?,
        };
        self.list(database_name(location))?;
        Ok(state)
    }

    /// Lists a file that was written into the backup.
    fn list(&mut self, name: &str) -> Result<()> {
        let hashed = hash(File::open(self.out.join(name))?, |_| Ok(()))?;
        self.entries.push(entry(name, hashed));
        Ok(())
    }

    /// Copies the files that the snapshot names, each held against its name.
    fn evidence(&mut self, conn: &mut AnyConn, store: &dyn Store) -> Result<TreeState> {
        let state = ledger::state(conn)?
            .ok_or_else(|| Error::internal("the database holds no log: there is nothing to back up"))?;
        let total: i64 = rows::table.count().get_result(conn)?;
        let total = u64::try_from(total).unwrap_or(0);
        let mut list = BufWriter::new(create(&self.out.join(FILES))?);
        let mut from = Vec::new();
        loop {
            let page: Vec<Vec<u8>> = rows::table
                .filter(rows::sha256.gt(from.clone()))
                .order(rows::sha256)
                .limit(500)
                .select(rows::sha256)
                .load(conn)?;
            let Some(last) = page.last() else { break };
            from.clone_from(last);
            for sha256 in page.iter().filter_map(|s| Digest::from_slice(s)) {
                self.file(store, &sha256, &mut list)?;
                self.progress.show("files", Counted::Things, self.files.count, total);
            }
        }
        list.flush()?;
        drop(list);
        self.list(FILES)?;
        Ok(state)
    }

    fn file(&mut self, store: &dyn Store, sha256: &Digest, list: &mut impl Write) -> Result<()> {
        let path = format!("files/{}", Local::relative_path(sha256));
        let to = self.out.join(&path);
        let key = Key::File(*sha256);
        let source = match store.open(&key, WHOLE) {
            Err(e) if e.kind() == ErrorKind::NotFound => {
                self.damaged.push(format!("{sha256}: is missing"));
                return Ok(());
            }
            source => source,
        };
        match source.map_err(Error::from).and_then(|source| write_copy(source, &to)) {
            Ok(hashed) if hashed.sha256 == *sha256 => {
                self.files.count += 1;
                self.files.bytes += hashed.size;
                writeln!(list, "{sha256}  {path}")?;
                return Ok(());
            }
            Ok(hashed) => self
                .damaged
                .push(format!("{sha256}: its bytes hash to {}", hashed.sha256)),
            Err(e) if e.kind != crate::error::Kind::Unavailable => self.damaged.push(format!("{sha256}: {e}")),
            Err(e) => return Err(e),
        }
        // What is damaged must not look like a copy.
        let _ = fs::remove_file(&to);
        Ok(())
    }

    fn folder(&mut self, data: &Path, folder: &str) -> Result<()> {
        let Ok(entries) = fs::read_dir(data.join(folder)) else {
            return Ok(());
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}/{name}");
            // The last checkpoint was copied before the database.
            let taken = self.entries.iter().any(|e| e.path == path) || path.ends_with(".new");
            if entry.file_type()?.is_file() && !taken {
                self.one(&entry.path(), &path)?;
            }
        }
        Ok(())
    }

    /// Copies the packets that are ready.
    fn packets(&mut self, store: &dyn Store) -> Result<()> {
        // Where the folder is missing, no packet was ever made.
        for found in store.list(Shelf::Packets).into_iter().flatten() {
            if let Some(key @ Key::Packet(id)) = &found?.key {
                let path = format!("packets/{id}.zip");
                let hashed = write_copy(store.open(key, WHOLE)?, &self.out.join(&path))?;
                self.entries.push(entry(path, hashed));
            }
        }
        Ok(())
    }

    fn one(&mut self, from: &Path, path: &str) -> Result<()> {
        let hashed = copy(from, &self.out.join(path))?;
        self.entries.push(entry(path, hashed));
        Ok(())
    }

    /// Syncs the copy, writes its list, and records that it was made.
    fn finish(&mut self, db: &Db, state: &TreeState) -> Result<Digest> {
        let now = SystemClock.now();
        let manifest = Manifest {
            format: FORMAT.into(),
            program: env!("CARGO_PKG_VERSION").into(),
            made_at: clock::format(now),
            installation: state.installation.clone(),
            database: database_name(db.location()).into(),
            tree: BackupTree {
                origin: state.origin.clone(),
                vkey: state.vkey.clone(),
                size: state.size,
                root: state.root,
            },
            files: Count { ..self.files },
            entries: std::mem::take(&mut self.entries),
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(Error::from)?;
        sync(self.out)?;
        create(&self.out.join(MANIFEST))?.write_all(&text)?;
        sync(self.out)?;
        let sha256 = Digest::of(&text);
        if !state.read_only {
            record(db, state, self.files.count, sha256)?;
        }
        Ok(sha256)
    }
}

/// The event says which state left the installation, and how its copy is known again.
fn record(db: &Db, state: &TreeState, count: u64, manifest: Digest) -> Result<()> {
    let id = state.installation.clone();
    let said = json!({"size": state.size, "root": state.root, "files": count, "manifest": manifest});
    OperatorGate::over(db.clone())?.change(move |tx| {
        let made = NewEvent::new(Action::BackupMade, ("installation", &id), 1, said.clone());
        Ok(tx.append(made)?.answering(()))
    })
}

/// The name of the database's copy.
pub fn database_name(location: &Location) -> &'static str {
    match location {
        Location::Sqlite(_) => "casetrail.db",
        Location::Postgres(_) => "casetrail.pgdump",
    }
}

/// One statement, one snapshot; writers go on beside it.
fn vacuum(db: &Db, to: &Path) -> Result<()> {
    let to = to
        .to_str()
        .ok_or_else(|| Error::field("OUT", "utf8", "the path must be UTF-8"))?
        .replace('\'', "''");
    db.read_blocking(|conn| {
        // The connection may write nothing else: it is given back as it was.
        conn.batch_execute("PRAGMA query_only = OFF")?;
        let done = conn.batch_execute(&format!("VACUUM INTO '{to}'"));
        conn.batch_execute("PRAGMA query_only = ON")?;
        Ok(done?)
    })
}

/// `pg_dump` on the snapshot of this very transaction.
fn dump(conn: &mut AnyConn, url: &str, to: &Path) -> Result<()> {
    #[derive(QueryableByName)]
    struct Exported {
        #[diesel(sql_type = diesel::sql_types::Text)]
        id: String,
    }
    let exported: Exported = sql_query("SELECT pg_export_snapshot() AS id").get_result(conn)?;
    let mut command = postgres("pg_dump", url);
    command
        .arg("--format=custom")
        .arg(format!("--snapshot={}", exported.id))
        .arg("--file")
        .arg(to);
    finish(command, "pg_dump")
}

/// A PostgreSQL program for this database; the password does not stand on its command line.
pub fn postgres(program: &str, url: &str) -> Command {
    let (url, password) = without_password(url);
    let mut command = Command::new(program);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command.arg("--dbname").arg(url).stdin(Stdio::null());
    command
}

/// Runs a program to its end; what it complains of is the failure.
pub fn finish(mut command: Command, name: &str) -> Result<()> {
    let done = command.output().map_err(|e| Error::internal(format!("{name} cannot be run ({e}): install PostgreSQL's client programs of the server's version, and have them on PATH")))?;
    if done.status.success() {
        return Ok(());
    }
    Err(Error::internal(format!(
        "{name} failed: {}",
        String::from_utf8_lossy(&done.stderr).trim()
    )))
}

/// A new file that only its owner reads.
pub fn create(file: &Path) -> Result<File> {
    if let Some(folder) = file.parent() {
        durable::make_folder(folder)?;
    }
    Ok(durable::new_file(file)?)
}

/// Copies a file, and says what was copied. It is on the disk after `sync`.
pub fn copy(from: &Path, to: &Path) -> Result<Hashed> {
    write_copy(File::open(from)?, to)
}

/// The same from an open file.
pub fn write_copy(source: impl Read, to: &Path) -> Result<Hashed> {
    let mut target = create(to)?;
    Ok(hash(source, |piece| target.write_all(piece))?)
}

fn entry(path: impl Into<String>, hashed: Hashed) -> BackupEntry {
    BackupEntry {
        path: path.into(),
        size: hashed.size,
        sha256: hashed.sha256,
    }
}

/// Everything written to the file system of a folder reaches the disk, files and folders alike.
pub fn sync(folder: &Path) -> Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?).map_err(std::io::Error::from)?)
}

/// Whether a path of a backup stays inside it.
pub fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|c| matches!(c, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert!(is_inside("keys/log.key") && is_inside("casetrail.db"));
        for bad in ["", "/etc/passwd", "../x", "keys/../../x", "."] {
            assert!(!is_inside(bad), "{bad}");
        }
    }

    #[test]
    fn passwords_leave_the_command_line() {
        let command = postgres("pg_dump", "postgres://u:p%40+s@host/db?sslmode=require");
        let args: Vec<_> = command.get_args().map(|a| a.to_string_lossy().into_owned()).collect();
        assert_eq!(args, ["--dbname", "postgres://u@host/db?sslmode=require"]);
        let env: Vec<_> = command
            .get_envs()
            .map(|(k, v)| (k.to_owned(), v.map(|v| v.to_owned())))
            .collect();
        assert_eq!(env, [("PGPASSWORD".into(), Some("p@+s".into()))]);
    }
}
