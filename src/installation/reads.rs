//! What an administrator may look at of the installation.

use std::sync::Arc;

use serde::Serialize;

use super::store::{self, Backup, FailedJob};
use crate::audits;
use crate::blobs::Store;
use crate::clock::{DAY, Micros, Timestamp};
use crate::config::{Config, ShownSetting};
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::ledger;
use crate::policy::Act;

/// How the installation stands. Nothing in it tells of a case.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// The version of the program.
    pub version: &'static str,
    /// When the server was started.
    pub started_at: Option<Timestamp>,
    /// Whether it is a demonstration.
    pub demo: bool,
    /// Whether it was restored from an older state and takes no change.
    pub read_only: bool,
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// The bytes of the database.
    pub database_bytes: u64,
    /// The bytes of all evidence files. How many they are is not told.
    pub file_bytes: u64,
    /// Bytes that are free where files are stored, and how many of them are kept in reserve.
    pub free_bytes: u64,
    pub reserve_bytes: u64,
    /// When the certificate ends; none with plain HTTP, or where it cannot be read.
    pub certificate_ends_at: Option<Timestamp>,
    /// Whether plain HTTP is spoken.
    pub plain_http: bool,
    /// The last backups, the latest first.
    pub backups: Vec<Backup>,
    /// Kinds of jobs of which some failed.
    pub failed_jobs: Vec<FailedJob>,
    /// When the tree was last signed.
    pub signed_at: Option<Timestamp>,
    /// When an audit last came to its end, and how many faults it found.
    pub audited_at: Option<Timestamp>,
    pub audit_faults: Option<u64>,
    /// Users who are locked: id and sign-in name.
    pub locked: Vec<(String, String)>,
    /// The time of this answer.
    pub now: Timestamp,
}

/// How the installation stands.
pub async fn health(
    gate: &Gate,
    requester: &RequestCtx,
    (settings, store): (Config, Arc<dyn Store>),
    certificate_ends: Option<Micros>,
) -> Result<Health> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let mut health = of_machine(ctx, &settings, &*store)?;
        health.certificate_ends_at = certificate_ends.map(Timestamp);
        let last = audits::last(ctx.conn)?;
        health.audited_at = last.as_ref().map(|last| Timestamp(last.at));
        health.audit_faults = last.map(|last| last.faults);
        Ok(health)
    };
    gate.read(requester, Act::InstallationRead, Scope::Agency, read).await
}

fn of_machine(ctx: &mut ReadCtx<'_>, settings: &Config, files_store: &dyn Store) -> Result<Health> {
    let location = settings.database()?;
    let log = ledger::state(ctx.conn)?.ok_or_else(|| Error::internal("the log has no state"))?;
    Ok(Health {
        version: env!("CARGO_PKG_VERSION"),
        started_at: store::last_start(ctx.conn)?.map(Timestamp),
        demo: log.demo,
        read_only: log.read_only,
        database: location.kind(),
        database_bytes: store::database_bytes(ctx.conn, &location)?,
        file_bytes: store::stored_bytes(ctx.conn)?,
        free_bytes: files_store.free_bytes()?,
        reserve_bytes: settings.limits()?.reserve,
        certificate_ends_at: None,
        plain_http: settings.http()?,
        backups: store::backups(ctx.conn)?,
        failed_jobs: store::failed_jobs(ctx.conn)?,
        signed_at: ledger::read::signed_at(ctx.conn)?.map(|(_, at)| Timestamp(at)),
        audited_at: None,
        audit_faults: None,
        locked: store::locked(ctx.conn)?,
        now: Timestamp(ctx.now),
    })
}

impl Health {
    /// Whether less is free than ten times what is kept in reserve, and less than ten gigabytes.
    pub fn is_disk_low(&self) -> bool {
        self.free_bytes < self.reserve_bytes.saturating_mul(10).max(10_000_000_000)
    }

    /// Whether the last backup is older than a week, or there is none.
    pub fn is_backup_due(&self) -> bool {
        let last = self.backups.first().map(|backup| backup.made_at.0);
        last.is_none_or(|at| at < self.now.0 - 7 * DAY)
    }

    /// Whether the certificate ends within a month.
    pub fn is_certificate_due(&self) -> bool {
        self.certificate_ends_at.is_some_and(|at| at.0 < self.now.0 + 30 * DAY)
    }
}

/// The settings in force. The log knows its name where no setting gives one.
pub async fn settings(gate: &Gate, requester: &RequestCtx, settings: Config) -> Result<Vec<ShownSetting>> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let mut shown = settings.shown();
        let origin = shown.iter_mut().find(|one| one.name == "origin");
        if let (Some(origin), Some(log)) = (origin, ledger::state(ctx.conn)?) {
            origin.value = Some(log.origin);
        }
        Ok(shown)
    };
    gate.read(requester, Act::InstallationRead, Scope::Agency, read).await
}
