//! The pages of the installation: its health, and the settings in force.

use askama::Template;

use super::reads::{self, Health};
use super::{api, store::Backup};
use crate::clock::Timestamp;
use crate::config::ShownSetting;
use crate::error::Result;
use crate::http::pages::{self, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::text::{Moment, Zone, count, label, line, short_size};

#[derive(Template)]
#[template(path = "installation/pages/settings.html")]
struct SettingsPage {
    frame: Frame,
    settings: Vec<ShownSetting>,
}

pub(super) async fn settings(page: PageRequest) -> Reply {
    let settings = reads::settings(&page.app.gate, &page.ctx, page.app.settings.clone()).await?;
    let frame = page.frame("Settings in force", Nav::Installation).await?;
    pages::show(&SettingsPage { frame, settings }, None)
}

/// A backup as the page shows it.
struct ShownBackup {
    at: Moment,
    size: String,
    manifest: String,
}

impl ShownBackup {
    fn of(backup: &Backup) -> Self {
        Self {
            at: told(backup.made_at),
            size: count(backup.size),
            manifest: line(&backup.manifest),
        }
    }
}

/// A kind of failed jobs as the page shows it: what, when, why.
type ShownFailure = (String, Option<Moment>, Option<String>);

#[derive(Template)]
#[template(path = "installation/pages/installation.html")]
struct InstallationPage {
    frame: Frame,
    health: Health,
    facts: Vec<(&'static str, String)>,
    backups: Vec<ShownBackup>,
    failed: Vec<ShownFailure>,
}

fn told(at: Timestamp) -> Moment {
    Zone::named(None).at(at.0)
}

pub(super) async fn installation(page: PageRequest) -> Reply {
    pages::show(&InstallationPage::of(&page).await?, None)
}

impl InstallationPage {
    async fn of(page: &PageRequest) -> Result<Self> {
        let health = api::health(&page.app, &page.ctx).await?;
        let failed = health.failed_jobs.iter();
        Ok(Self {
            frame: page.frame("Installation", Nav::Installation).await?,
            facts: facts(&health),
            backups: health.backups.iter().map(ShownBackup::of).collect(),
            failed: failed
                .map(|job| {
                    (
                        label(&job.kind.replace('-', " ")),
                        job.due_at.map(told),
                        job.reason.as_deref().map(line),
                    )
                })
                .collect(),
            health,
        })
    }
}

/// What the machine tells of itself.
fn facts(health: &Health) -> Vec<(&'static str, String)> {
    let known = |at: Option<Timestamp>, otherwise: &str| match at {
        Some(at) => told(at).minute(),
        None => otherwise.to_owned(),
    };
    let certificate = match health.plain_http {
        true => "none: plain HTTP on this machine, behind a proxy".into(),
        false => known(health.certificate_ends_at, "cannot be read"),
    };
    vec![
        ("Version", health.version.to_owned()),
        ("Started", known(health.started_at, "not recorded")),
        (
            "Database",
            format!("{}, {}", health.database, short_size(health.database_bytes)),
        ),
        ("Evidence files", short_size(health.file_bytes)),
        ("Free on their disk", short_size(health.free_bytes)),
        ("Kept in reserve", short_size(health.reserve_bytes)),
        ("Certificate ends", certificate),
        ("Ledger last signed", known(health.signed_at, "not yet")),
        ("Last audit", known(health.audited_at, "none from here yet")),
    ]
}
