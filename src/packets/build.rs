//! The order of making (contract section 4): standard duplicates, files, cut, custody, documents and papers, manifest, issue, proofs, sync.

use std::sync::Arc;

use super::custody::Custody;
use super::model::Packet;
#[cfg(not(feature = "pdf"))]
use super::no_papers::NoPapers as Papers;
#[cfg(feature = "pdf")]
use super::papers::Papers;
use super::work::Work;
use super::zip::Bag;
use super::{cut, documents, duplicates, issue, ops, pick, profiles, read_ahead};
use crate::blobs::WrittenPacket;
use crate::error::{Error, Result};
use crate::http;
use crate::jobs::Progress;
use crate::ledger;
use crate::proof::packet::{PROFILES, VERIFY_PAGE};

/// Builds a packet on the calling thread. Its file is synced, and still to be put into the store; a failure leaves none.
pub fn build(state: &http::State, packet: &Packet, progress: &Arc<Progress>) -> Result<WrittenPacket> {
    let work = prepare(state, packet, progress)?;
    let mut picks = pick::select(&work)?;
    duplicates::put(state, &work, &mut picks)?;
    let total = pick::total(&work, &picks)?;
    state.blobs.check_reserve(state.limits.reserve.saturating_add(total))?;
    let mut bag = Bag::create(&state.blobs, &packet.name, total)?;

    progress.begin("exhibits", total)?;
    read_ahead::copy(&work, &picks, &mut bag)?;
    let cut = cut::make(&work, &picks)?;
    let custody = Custody::write(&work, cut, &mut bag)?;
    let papers = Papers::plan(state, &work, &picks)?;
    let pdf = papers.as_ref().map(Papers::named).transpose()?;
    let head = documents::head(&work, &custody, pdf);
    progress.begin("pages", picks.len() as u64)?;
    documents::inventory(&work, &custody, &mut bag)?;
    let beside = documents::packet(&work, &custody, (&picks, &head), &mut bag)?;
    let organization = documents::organization(&work)?;
    let papers = papers
        .map(|papers| papers.draft(&work, &organization, &mut bag))
        .transpose()?;
    // The pages follow from both documents, among which they stand in the ZIP; so do the papers.
    bag.pages()?;
    papers
        .as_ref()
        .map_or(Ok(()), |papers| papers.certificates(&work, &mut bag))?;
    bag.add_drafts_before("data/exhibits")?;
    papers
        .as_ref()
        .map_or(Ok(()), |papers| papers.exhibits(&work, &mut bag))?;
    bag.add_drafts_before(PROFILES)?;
    profiles::write(&work, &beside.folders, &mut bag)?;
    bag.add_drafts_before("data/report")?;
    papers.map_or(Ok(()), |papers| papers.report(&work, &mut bag))?;
    bag.add_drafts_before(VERIFY_PAGE)?;
    documents::verifier(&work, &mut bag)?;
    documents::manifest(&work, (&custody, &head), &mut bag)?;

    progress.begin("issue", 1)?;
    let extras = beside.extras(&work);
    let issued = issue::issue(&work, (&state.gate, extras), &custody, &bag)?;
    issue::proofs(&work, &state.gate, &custody, &issued, &mut bag)?;
    progress.begin("sync", 1)?;
    bag.finish()
}

fn prepare<'a>(state: &'a http::State, packet: &'a Packet, progress: &'a Arc<Progress>) -> Result<Work<'a>> {
    let db = state.gate.db();
    let log = db.read_blocking(|conn| {
        ops::refuse_read_only(conn)?;
        ledger::state(conn)
    })?;
    Ok(Work {
        db,
        blobs: &state.blobs,
        packet,
        request: packet.request()?,
        started_at: packet
            .started_at
            .ok_or_else(|| Error::internal("a build that did not begin"))?,
        log: log.ok_or_else(|| Error::internal("the log has no state"))?,
        progress,
    })
}
