//! An auditor's first screen: how the ledger stands, and a search of it.

use crate::audits::{self, LedgerHealth};
use crate::case_access::{self, AccessRequest};
use crate::error::Result;
use crate::http::pages::PageRequest;
use crate::text::{Moment, Zone, count, counted, line};

/// How the ledger stands, in words.
pub(super) struct AuditorPart {
    pub size: String,
    pub waiting: i64,
    /// The last signature: over how many events, and when.
    pub signed: Option<(String, Moment)>,
    /// The last audit: its id, when it ended, and how many faults it found.
    pub last: Option<(String, Moment, u64)>,
    pub under_way: Option<String>,
    /// Days with the refusals of each, today last.
    pub refusals: Vec<(String, usize)>,
    /// Glasses that were broken in the last week, as identifiers: by whom, with whom, of which number, when.
    pub broken: Vec<String>,
}

impl AuditorPart {
    pub(super) async fn of(page: &PageRequest) -> Result<Self> {
        let health = audits::ledger_health(&page.app.gate, &page.ctx).await?;
        let LedgerHealth {
            size,
            waiting,
            signed,
            last,
            under_way,
            refusals,
        } = health;
        let broken = case_access::broken(&page.app.gate, &page.ctx).await?;
        let zone = Zone::named(None);
        let day = |at| zone.at(at).utc.chars().take(10).collect();
        Ok(Self {
            size: count(size),
            waiting,
            signed: signed.map(|(size, at)| (count(size), zone.at(at))),
            last: last.map(|last| (last.id, zone.at(last.at), last.faults)),
            under_way,
            broken: broken.iter().map(|one| broken_line(one, zone)).collect(),
            refusals: refusals.into_iter().map(|(at, n)| (day(at), n)).collect(),
        })
    }

    /// How its verdict looks: the end of a class of the style sheet.
    pub(super) fn look(&self) -> &'static str {
        match self.last {
            None => "part",
            Some((.., 0)) => "ok",
            Some(_) => "bad",
        }
    }

    pub(super) fn verdict(&self) -> String {
        match &self.last {
            None => "No audit yet".into(),
            Some((_, at, 0)) => format!("The last audit, {}, found nothing wrong", at.minute()),
            Some((_, at, faults)) => {
                let found = counted(*faults, "fault", "faults");
                format!("The last audit, {}, found {found}", at.minute())
            }
        }
    }
}

fn broken_line(one: &AccessRequest, zone: Zone) -> String {
    let at = one.answer.as_ref().map_or(one.asked_at, |answer| answer.at);
    let second = one
        .second
        .as_ref()
        .map_or_else(String::new, |second| line(&second.name));
    let (who, number) = (line(&one.asked_by.name), line(&one.number));
    format!("{who} with {second}: {number}, {}", zone.at(at.0).minute())
}
