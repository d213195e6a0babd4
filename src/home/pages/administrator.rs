//! An administrator's first screen: the health of the installation, and what needs them.

use crate::clock::Timestamp;
use crate::error::Result;
use crate::http::pages::PageRequest;
use crate::installation::{self, Health};
use crate::text::{Moment, Zone, counted, short_size};

/// How one part of the installation stands: what, in a word, more, and how it looks.
pub(super) struct MachineVerdict {
    pub what: &'static str,
    pub word: String,
    pub more: String,
    /// `ok`, `warn` or `bad`.
    pub look: &'static str,
}

/// Something that an administrator has to see to: words, more, address.
pub(super) type Need = (String, &'static str, String);

/// The health of the installation in words.
pub(super) struct AdministratorPart {
    pub verdicts: Vec<MachineVerdict>,
    pub needs: Vec<Need>,
}

impl AdministratorPart {
    pub(super) async fn of(page: &PageRequest) -> Result<Self> {
        let health = installation::health(&page.app, &page.ctx).await?;
        Ok(Self {
            verdicts: vec![
                server(&health),
                disk(&health),
                backup(&health),
                jobs(&health),
                certificate(&health),
                ledger(&health),
            ],
            needs: needs(&health),
        })
    }
}

fn told(at: Timestamp) -> Moment {
    Zone::named(None).at(at.0)
}

fn day(at: Timestamp) -> String {
    told(at).utc.chars().take(10).collect()
}

fn server(health: &Health) -> MachineVerdict {
    let since = health.started_at.map(|at| format!("since {}, ", told(at).minute()));
    MachineVerdict {
        what: "Server",
        word: if health.read_only { "Read-only" } else { "Running" }.into(),
        more: format!("{}version {}", since.unwrap_or_default(), health.version),
        look: if health.read_only { "bad" } else { "ok" },
    }
}

fn disk(health: &Health) -> MachineVerdict {
    MachineVerdict {
        what: "Disk",
        word: format!("{} free", short_size(health.free_bytes)),
        more: "where evidence files are stored".into(),
        look: if health.is_disk_low() { "warn" } else { "ok" },
    }
}

fn backup(health: &Health) -> MachineVerdict {
    MachineVerdict {
        what: "Backup",
        word: health
            .backups
            .first()
            .map_or_else(|| "None".into(), |last| day(last.made_at)),
        more: match health.backups.first() {
            Some(last) => format!("made {}", told(last.made_at).minute()),
            None => "no backup is recorded".into(),
        },
        look: if health.is_backup_due() { "warn" } else { "ok" },
    }
}

fn jobs(health: &Health) -> MachineVerdict {
    let failed = health.failed_jobs.len() as u64;
    MachineVerdict {
        what: "Jobs",
        word: if failed == 0 {
            "None failed".into()
        } else {
            counted(failed, "kind failed", "kinds failed")
        },
        more: "what the server does by itself".into(),
        look: if failed == 0 { "ok" } else { "bad" },
    }
}

fn certificate(health: &Health) -> MachineVerdict {
    let (word, more) = match (health.plain_http, health.certificate_ends_at) {
        (true, _) => ("None".into(), "plain HTTP on this machine, behind a proxy"),
        (false, Some(at)) => (day(at), "the day it ends"),
        (false, None) => ("Not readable".into(), "its end cannot be told"),
    };
    MachineVerdict {
        what: "Certificate",
        word,
        more: more.into(),
        look: if health.is_certificate_due() { "warn" } else { "ok" },
    }
}

fn ledger(health: &Health) -> MachineVerdict {
    let (word, look) = match health.audit_faults {
        Some(0) => ("Clean", "ok"),
        Some(_) => ("Faults found", "bad"),
        None => ("No audit yet", "warn"),
    };
    MachineVerdict {
        what: "Ledger",
        word: word.into(),
        more: match health.audited_at {
            Some(at) => format!("audit of {}; never anchored", told(at).minute()),
            None => "an auditor runs it; never anchored".into(),
        },
        look,
    }
}

fn needs(health: &Health) -> Vec<Need> {
    let state = || "/installation".to_owned();
    let locked = health.locked.iter().map(|(id, username)| {
        let words = format!("{username} is locked");
        (
            words,
            "Five failed sign-ins in fifteen minutes.",
            format!("/users/{id}"),
        )
    });
    let mut needs: Vec<Need> = locked.collect();
    let failed = health.failed_jobs.len() as u64;
    let all = [
        (
            failed > 0,
            counted(failed, "kind of job failed", "kinds of jobs failed"),
            "Their reasons stand on the page of the installation.",
        ),
        (
            health.is_disk_low(),
            "The disk is filling".into(),
            "Uploads stop where the reserve begins.",
        ),
        (
            health.is_backup_due(),
            "No backup within a week".into(),
            "At the machine: casetrail backup, then keep the copy elsewhere.",
        ),
        (
            health.is_certificate_due(),
            "The certificate ends within a month".into(),
            "Replace its files; no restart is needed.",
        ),
        (
            health.audit_faults.is_some_and(|n| n > 0),
            "The last audit found faults".into(),
            "The auditor has the report; at the machine, casetrail audit says what.",
        ),
    ];
    needs.extend(
        all.into_iter()
            .filter(|(is, ..)| *is)
            .map(|(_, words, more)| (words, more, state())),
    );
    needs
}
