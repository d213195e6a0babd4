//! `casetrail restore`: an installation out of a backup, proved before anyone may write to it.
//!
//! Every byte is held against `backup.json` while it is copied, then the whole installation is audited, and its tree
//! must contain the backup's own checkpoint and the one that somebody outside remembers (`--checkpoint`). A state
//! older than that may not go on as if nothing had been signed since: it is read-only, or continues as a new log.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use diesel::prelude::*;

use super::backup::{self, BackupEntry, FORMAT, MANIFEST, Manifest};
use super::failure::{Done, Failure};
use super::new_log::{self, KnownCheckpoint};
use super::output::{self, Counted, ProgressDisplay};
use super::{Common, audit as told, installation};
use crate::audit::AuditReport;
use crate::blobs::Local;
use crate::config::Config;
use crate::db::tables::log_state;
use crate::db::{Db, Location, migrate};
use crate::durable;
use crate::ledger::{self, TreeState};
use crate::proof::Digest;
use crate::proof::checkpoint::{Checkpoint, VerifyingKey};

/// What stands on the command line after `restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The backup's folder
    backup: PathBuf,
    /// The last checkpoint known from elsewhere: keys/log.checkpoint of the lost machine, or what an outsider kept of /api/v1/ledger/checkpoint
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Continue an older state under a new origin and key
    #[arg(long)]
    new_log: bool,
}

/// Restores a backup and prints what was proved.
pub fn run(common: &Common, args: RestoreArgs) -> Done {
    let manifest = read_manifest(&args.backup)?;
    let config = target(common, &manifest)?;
    check_apart(&args.backup, &config)?;
    let outside = args
        .checkpoint
        .as_deref()
        .map(|file| read_checkpoint(file, &manifest))
        .transpose()?;
    let location = config.database()?;
    if args.new_log && matches!(location, Location::Postgres(_)) {
        return Err(Failure::unreadable(
            "--new-log is not there for PostgreSQL yet: restore without it (the state is read-only if it is older), or use SQLite",
        ));
    }
    bring_back(&args.backup, &manifest, &config, &location)?;
    migrate::migrate(&location)?;
    let db = Db::open(&location, 2)?;
    let state = db
        .read_blocking(ledger::state)?
        .ok_or_else(|| Failure::failed("the restored database holds no log"))?;
    let report = prove(&config, &db, &manifest, outside.as_ref())?;
    if !report.whole() {
        keep_from_writing(&db)?;
        output::print(&report.proved());
        return Err(Failure::failed(format!(
            "NOT WHOLE: what was restored in {} is damaged, and is read-only: use another backup",
            config.data_dir().display()
        )));
    }
    let whole_words = match report.clean {
        true => "it is whole",
        false => "it is whole but for packets, which can be asked for again",
    };
    let known = last_known(&db, &state, outside)?;
    let older = known.checkpoint.size > state.size;
    let how = if args.new_log {
        let began = new_log::begin(&db, &installation::keys(&config.data_dir()), &state, &known)?;
        told::watched(ProgressDisplay::new(), &db, &installation::places(&config)).and_then(whole)?;
        began
    } else if older {
        keep_from_writing(&db)?;
        let last = installation::keys(&config.data_dir()).join("last-known.checkpoint");
        backup::create(&last)?.write_all(known.note.as_bytes())?;
        read_only(&known, &state, whole_words)
    } else if args.checkpoint.is_some() {
        format!(
            "RESTORED: {whole_words} and contains the checkpoint given, so nothing signed is missing: the log goes on.\n"
        )
    } else {
        goes_on(&manifest, whole_words)
    };
    // What was proved first, and what to make of it last and alone.
    output::print(&format!(
        "{}restored in {}\n\n{how}",
        report.proved(),
        config.data_dir().display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn read_manifest(folder: &Path) -> Result<Manifest, Failure> {
    let file = folder.join(MANIFEST);
    let text = fs::read(&file).map_err(|e| {
        Failure::unreadable(format!(
            "{} cannot be read ({e}): this is no backup, or one that was cut off",
            file.display()
        ))
    })?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|e| Failure::unreadable(format!("{} is no list of a backup: {e}", file.display())))?;
    if manifest.format != FORMAT || !manifest.entries.iter().all(|e| backup::is_inside(&e.path)) {
        let detail = format!("{} is of another form than {FORMAT}", file.display());
        return Err(Failure::unreadable(detail));
    }
    Ok(manifest)
}

/// The settings of the new installation, whose folder must be named and empty.
fn target(common: &Common, manifest: &Manifest) -> Result<Config, Failure> {
    if common.data_dir.is_none() {
        let message = "name the new installation's folder";
        return Err(Failure::field("--data-dir", "required", message));
    }
    let config = common.settings()?;
    let data = config.data_dir();
    if !installation::is_empty(&data)? || !installation::is_empty(&config.files())? {
        return Err(installation::not_empty("--data-dir", &data));
    }
    let wanted = backup::database_name(&config.database()?);
    if manifest.database != wanted {
        let other = if wanted == "casetrail.db" {
            "is of a PostgreSQL database: name an empty one with --database postgres://…"
        } else {
            "is of a SQLite database: leave --database out"
        };
        return Err(Failure::field(
            "--database",
            "same_kind",
            format!("this backup {other}"),
        ));
    }
    if let Location::Sqlite(file) = config.database()?
        && file.exists()
    {
        let message = format!("{} exists already", file.display());
        return Err(Failure::field("--database", "empty", message));
    }
    Ok(config)
}

/// A checkpoint from outside must be one of this very log.
/// What is restored does not lie in the backup, which would then hold more than it says.
fn check_apart(backup: &Path, config: &Config) -> Result<(), Failure> {
    if backup::resolved(&config.data_dir()).starts_with(backup::resolved(backup)) {
        let message = "lies in the backup itself: name a folder outside";
        return Err(Failure::field("--data-dir", "outside", message));
    }
    Ok(())
}

fn read_checkpoint(file: &Path, manifest: &Manifest) -> Result<KnownCheckpoint, Failure> {
    let refuse = |message: String| Failure::field("--checkpoint", "checkpoint", message);
    super::items::regular(file, "--checkpoint")?;
    let bytes = fs::read(file).map_err(|e| refuse(format!("{}: {e}", file.display())))?;
    VerifyingKey::parse(&manifest.tree.vkey).map_err(|e| Failure::unreadable(format!("the backup's key: {e}")))?;
    let checkpoint = ledger::read_last(&bytes, &manifest.tree.vkey).map_err(|_| {
        refuse(format!(
            "{} is no checkpoint that this log ({}) signed",
            file.display(),
            manifest.tree.vkey
        ))
    })?;
    Ok(KnownCheckpoint {
        checkpoint,
        note: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

/// Copies everything, each byte held against the list.
fn bring_back(from: &Path, manifest: &Manifest, config: &Config, location: &Location) -> Result<(), Failure> {
    let data = config.data_dir();
    durable::make_folder(&data)?;
    let mut progress = ProgressDisplay::new();
    for entry in &manifest.entries {
        match (entry.path.as_str(), location) {
            ("casetrail.db", Location::Sqlite(file)) => checked(from, entry, file)?,
            ("casetrail.pgdump", Location::Postgres(url)) => pg_restore(from, entry, &data, url)?,
            ("files.sha256", _) => checked(from, entry, &data.join("restored.sha256"))?,
            (path, _) => checked(from, entry, &data.join(path))?,
        }
    }
    evidence(from, manifest, config, &mut progress)?;
    progress.end();
    fs::remove_file(data.join("restored.sha256"))?;
    backup::sync(&data)?;
    Ok(backup::sync(&config.files())?)
}

fn checked(from: &Path, entry: &BackupEntry, to: &Path) -> Result<(), Failure> {
    let copied =
        backup::copy(&from.join(&entry.path), to).map_err(|e| Failure::failed(format!("{}: {e}", entry.path)))?;
    same(&entry.path, &copied.sha256, &entry.sha256)
}

fn same(path: &str, found: &Digest, wanted: &Digest) -> Result<(), Failure> {
    if found == wanted {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{path} of the backup was changed or damaged (sha256 {found}, it was {wanted}): remove what was restored, and use another backup"
    )))
}

fn pg_restore(from: &Path, entry: &BackupEntry, data: &Path, url: &str) -> Result<(), Failure> {
    let copy = data.join("restoring.pgdump");
    checked(from, entry, &copy)?;
    let mut command = backup::postgres("pg_restore", url);
    command
        .args([
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            "--single-transaction",
        ])
        .arg(&copy);
    let done = backup::finish(command, "pg_restore");
    fs::remove_file(&copy)?;
    Ok(done?)
}

/// The evidence files, by the list whose own digest was just held against `backup.json`.
fn evidence(from: &Path, manifest: &Manifest, config: &Config, progress: &mut ProgressDisplay) -> Result<(), Failure> {
    let list = BufReader::new(File::open(config.data_dir().join("restored.sha256"))?);
    durable::make_folder(&config.files())?;
    for (n, line) in (1..).zip(list.lines()) {
        let line = line?;
        let broken = || Failure::failed(format!("line {n} of files.sha256 is broken"));
        let sha256: Digest = line
            .split("  ")
            .next()
            .and_then(|d| d.parse().ok())
            .ok_or_else(broken)?;
        let path = Local::relative_path(&sha256);
        let source = from.join("files").join(&path);
        let copied = backup::copy(&source, &config.files().join(&path))
            .map_err(|e| Failure::failed(format!("{}: {e}", source.display())))?;
        same(&source.display().to_string(), &copied.sha256, &sha256)?;
        progress.show("files", Counted::Things, n, manifest.files.count);
    }
    Ok(())
}

/// The audit, with the checkpoints that this state must contain.
fn prove(
    config: &Config,
    db: &Db,
    manifest: &Manifest,
    outside: Option<&KnownCheckpoint>,
) -> Result<AuditReport, Failure> {
    let tree = &manifest.tree;
    let mut places = installation::places(config);
    let own = Checkpoint {
        origin: tree.origin.clone(),
        size: tree.size,
        root: tree.root,
    };
    places.known.push(("the backup's own tree".into(), own));
    // A larger one cannot be contained; that is what makes the state an older one.
    if let Some(known) = outside.filter(|k| k.checkpoint.size <= tree.size) {
        places
            .known
            .push(("the checkpoint given".into(), known.checkpoint.clone()));
    }
    told::watched(ProgressDisplay::new(), db, &places)
}

fn whole(report: AuditReport) -> Result<AuditReport, Failure> {
    if report.whole() {
        return Ok(report);
    }
    output::complain(report.text().trim_end());
    Err(Failure::failed("the new log is not whole"))
}

fn last_known(db: &Db, state: &TreeState, outside: Option<KnownCheckpoint>) -> Result<KnownCheckpoint, Failure> {
    let newest = db.read_blocking(ledger::read::newest_checkpoint)?;
    let stored = newest.and_then(|(_, note)| {
        let checkpoint = ledger::read_last(note.as_bytes(), &state.vkey).ok()?;
        Some(KnownCheckpoint { checkpoint, note })
    });
    outside
        .into_iter()
        .chain(stored)
        .max_by_key(|k| k.checkpoint.size)
        .ok_or_else(|| Failure::failed("the backup holds no signed checkpoint: it is of a log that never signed"))
}

fn keep_from_writing(db: &Db) -> crate::error::Result<()> {
    db.write_blocking(|conn| {
        diesel::update(log_state::table)
            .set(log_state::read_only.eq(true))
            .execute(conn)?;
        Ok(())
    })
}

fn read_only(known: &KnownCheckpoint, state: &TreeState, whole: &str) -> String {
    format!(
        "READ-ONLY: {whole}, but this state has {} leaves, and {} were signed later. What came between is lost here, and going on would be a second history.\n\
         To work on: find a newer backup, or restore this one again with --new-log. A backup that was made while the server ran lies behind by its own event at least.\n",
        state.size, known.checkpoint.size
    )
}

fn goes_on(manifest: &Manifest, whole: &str) -> String {
    format!(
        "RESTORED: {whole} and contains the backup's own checkpoint. Whether the log went on after {} is not known here: before serving it, restore with --checkpoint if anyone holds a later one (the lost machine's keys/log.checkpoint, a monitor, a packet's proof/checkpoint).\n",
        manifest.made_at
    )
}
