//! The cut: the last event that the packet shows, and what becomes of every capture recorded up to it.

use std::collections::{HashMap, HashSet};

use super::pick::Pick;
use super::store::{self, ListedCapture};
use super::work::Work;
use crate::captures::CaptureState;
use crate::error::{Error, Result};
use crate::ledger;
use crate::proof::id::Digest;
use crate::proof::packet::EVIDENCE_SINCE;
use crate::verify::papers;
use crate::words;

words! {
    /// What becomes of a capture in the inventory. All but the first are also the classes under which its records are
    /// withheld.
    Status {
        /// It is an exhibit.
        Included = "included",
        /// It could have been, and was not asked for.
        NotSelected = "not_selected",
        /// Nothing covers it, and no supervisor has decided.
        Held = "held",
        /// A supervisor quarantined it.
        Quarantined = "quarantined",
        /// Its bytes and records are gone, by decision.
        Disposed = "disposed",
        /// It is an exhibit of which a redacted copy stands in the packet.
        Redacted = "redacted",
        /// No capture, but a working paper: its record goes with no packet.
        Withheld = "withheld",
        /// No capture, but another packet and its way: its record names recipients that this one need not know.
        OtherPacket = "other_packet",
    }
}

/// A capture's place in the inventory.
#[derive(Debug, Clone, Copy)]
pub struct Disposition {
    /// What becomes of it.
    pub status: Status,
    /// Why it is not included.
    pub why: Option<&'static str>,
    /// Its exhibit's number.
    pub exhibit: Option<u32>,
}

/// The cut through a case's stream.
pub struct CaseCut {
    /// The stream.
    pub stream: String,
    /// The last event shown.
    pub seq: i64,
    /// Its leaf.
    pub leaf: Digest,
    /// Every capture recorded up to it.
    pub dispositions: HashMap<String, Disposition>,
    /// The derivatives that stand in the packet.
    pub derivatives: HashSet<String>,
    /// This packet and those that it supplements; `None` where its papers are older, and records of all packets are shown.
    pub lineage: Option<HashSet<String>>,
}

/// Cuts at the stream's head as it is now.
pub fn make(work: &Work<'_>, picks: &[Pick]) -> Result<CaseCut> {
    let stream = ledger::case_stream(&work.packet.case_id);
    let head = work.read(|conn| ledger::read::head(conn, &stream))?;
    let (seq, leaf) = head.ok_or_else(|| Error::internal("a case without events"))?;
    let dispositions = dispositions(work, picks, seq)?;
    Ok(CaseCut {
        stream,
        seq,
        leaf,
        dispositions,
        derivatives: picks.iter().flat_map(Pick::derivatives).collect(),
        lineage: (work.request.papers() >= Some(EVIDENCE_SINCE))
            .then(|| lineage(work))
            .transpose()?,
    })
}

/// The packet, and those that it supplements: their readers are its readers. What is recorded of other packets names other
/// recipients and matters.
fn lineage(work: &Work<'_>) -> Result<HashSet<String>> {
    let mut lineage = HashSet::from([work.packet.id.clone()]);
    let mut next = work.request.supplement_of.clone();
    while let Some(earlier) = next.filter(|earlier| lineage.insert(earlier.id.clone())) {
        next = work
            .read(|conn| store::packet(conn, &earlier.id)?.request())?
            .supplement_of;
    }
    Ok(lineage)
}

/// The states are read after the cut, so that a capture quarantined meanwhile is seen here and leaves in no packet.
fn dispositions(work: &Work<'_>, picks: &[Pick], cut: i64) -> Result<HashMap<String, Disposition>> {
    let exhibits: HashMap<&str, &Pick> = picks.iter().map(|p| (p.id.as_str(), p)).collect();
    let mut dispositions = HashMap::with_capacity(picks.len());
    work.captures(|page| {
        for row in page.into_iter().filter(|row| row.seq <= cut) {
            let disposition = disposition(work, &row, exhibits.get(row.id.as_str()).copied())?;
            dispositions.insert(row.id, disposition);
        }
        Ok(())
    })?;
    Ok(dispositions)
}

fn disposition(work: &Work<'_>, row: &ListedCapture, pick: Option<&Pick>) -> Result<Disposition> {
    let state = store::capture_state(&row.state)?;
    let (status, why) = match (state, pick) {
        (CaptureState::Logged | CaptureState::Reviewed, Some(pick)) if pick.redactions.is_some() => {
            (Status::Redacted, None)
        }
        (CaptureState::Logged | CaptureState::Reviewed, Some(_)) => (Status::Included, None),
        (state, Some(_)) => {
            let (item, state) = (row.item, state.as_str());
            let why = format!("item {item} became {state} while the packet was built; ask again");
            return Err(Error::conflict(why));
        }
        (CaptureState::Held, None) => (Status::Held, Some(papers::HELD)),
        (CaptureState::Quarantined, None) => (Status::Quarantined, Some(papers::QUARANTINED)),
        (CaptureState::Logged | CaptureState::Reviewed, None) => (Status::NotSelected, Some(unselected(work, row))),
    };
    let exhibit = pick.map(|pick| pick.exhibit);
    Ok(Disposition { status, why, exhibit })
}

fn unselected(work: &Work<'_>, row: &ListedCapture) -> &'static str {
    match work.request.captures {
        None if row.received_at > work.started_at => papers::LATE,
        None => papers::NOT_YET,
        Some(_) => papers::NOT_ASKED,
    }
}
