//! The issue: the event that binds the packet's manifest, its place in the tree, and the proofs that go with it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::custody::{Custody, each_event};
use super::lists;
use super::model::{IssuedContent, IssuedPayload, JOB};
use super::output::IssuedExtras;
use super::work::Work;
use super::zip::Bag;
use crate::error::{Error, Result};
use crate::gate::{Gate, NewEvent};
use crate::ledger::{self, Action, Appended};
use crate::proof::checkpoint::{TlogProof, VerifyingKey};
use crate::proof::packet::{
    self, ATTESTED_TAGS, Attest, BETWEEN, CHECKPOINT, EvidenceHash, ISSUED, ISSUED_PROOF, LOG_PEM, LOG_VKEY, MANIFEST,
    TAGMANIFEST,
};

/// The pause between two questions whether the log has signed.
const ASK: Duration = Duration::from_millis(20);
/// How often the log is asked at most: five seconds in all.
const TIMES: u32 = 250;

/// Appends `packet.issued`. If the build fails after this, the ledger shows an issued packet that has no file.
pub fn issue(
    work: &Work<'_>,
    (gate, extras): (&Gate, Option<IssuedExtras>),
    custody: &Custody,
    bag: &Bag<'_>,
) -> Result<Appended> {
    let (id, case) = (work.packet.id.clone(), work.packet.case_id.clone());
    let content = content(work, (custody, extras), bag)?;
    let attest: Map<String, Value> = serde_json::from_value(serde_json::to_value(attest(work, custody, bag)?)?)?;
    let progress = work.progress.clone();
    gate.housekeep_blocking(ledger::job(JOB), move |tx| {
        // A builder that lost its lease appends nothing.
        progress.hold(tx)?;
        let event = NewEvent::new(Action::PacketIssued, ("packet", &id), 1, content.clone());
        let issued = tx.append(event.in_case(&case).attesting(attest.clone()))?;
        lists::store::set_issued(tx.conn, &id)?;
        Ok(issued)
    })
}

/// The record of `packet.issued`.
fn content(work: &Work<'_>, (custody, extras): (&Custody, Option<IssuedExtras>), bag: &Bag<'_>) -> Result<Value> {
    let dispositions = &custody.cut.dispositions;
    let mut inventory = BTreeMap::new();
    for disposition in dispositions.values() {
        *inventory.entry(disposition.status.as_str().to_owned()).or_default() += 1;
    }
    let holds = IssuedContent {
        exhibits: dispositions.values().filter(|d| d.exhibit.is_some()).count() as u64,
        captures: dispositions.len() as u64,
        inventory,
        extras,
        payload: IssuedPayload {
            bytes: bag.payload_bytes,
            files: bag.payload.len() as u64,
        },
    };
    let mut content = serde_json::to_value(holds)?;
    content["id"] = json!(work.packet.id);
    content["name"] = json!(work.packet.name);
    content["purpose"] = json!(work.packet.purpose);
    content["requested_by"] = json!(work.request.requested_by);
    Ok(content)
}

fn attest(work: &Work<'_>, custody: &Custody, bag: &Bag<'_>) -> Result<Attest> {
    let digest = |name: &str| {
        let written = bag.tags.get(name).copied();
        written.ok_or_else(|| Error::internal(format!("{name} is not written yet")))
    };
    let tag = |name: &str| Ok((name.to_owned(), digest(name)?));
    Ok(Attest {
        manifest_sha256: digest(MANIFEST)?,
        evidence_sha256: (work.request.papers() >= Some(packet::EVIDENCE_SINCE))
            .then(|| EvidenceHash::of(&bag.payload)),
        tags: ATTESTED_TAGS.into_iter().map(tag).collect::<Result<_>>()?,
        through: custody.cut.seq.unsigned_abs(),
        head: custody.cut.leaf,
        size: custody.cut.dispositions.len() as u64,
    })
}

/// Writes `proof/` and the tag manifest.
pub fn proofs(work: &Work<'_>, gate: &Gate, custody: &Custody, issued: &Appended, bag: &mut Bag<'_>) -> Result<()> {
    let (index, size, note) = covered(work, gate, issued)?;
    let hashes = work.read(|conn| ledger::inclusion(conn, index, size))?;
    let key = VerifyingKey::parse(&work.log.vkey).map_err(Error::internal)?;
    let stream = &custody.cut.stream;
    bag.spool(BETWEEN, |out| {
        each_event(work, stream, custody.cut.seq + 1, issued.seq - 1, |event| {
            out.write_all(&event.body)?;
            Ok(out.write_all(b"\n")?)
        })
    })?;
    bag.add(CHECKPOINT, note.as_bytes())?;
    let event = work
        .read(|conn| ledger::read::of_stream(conn, stream, issued.seq, 1))?
        .pop();
    let event = event.ok_or_else(|| Error::internal("packet.issued vanished"))?;
    bag.add(ISSUED, &event.body)?;
    let proof = TlogProof {
        extra: None,
        index,
        hashes,
        note,
    };
    bag.add(ISSUED_PROOF, proof.format().as_bytes())?;
    bag.add(LOG_PEM, key.pem().as_bytes())?;
    bag.add(LOG_VKEY, format!("{key}\n").as_bytes())?;
    let tags = packet::manifest(&bag.tags);
    bag.add(TAGMANIFEST, tags.as_bytes())
}

/// Waits until a signed checkpoint covers the event: its index, and the checkpoint's size and note.
fn covered(work: &Work<'_>, gate: &Gate, event: &Appended) -> Result<(u64, u64, String)> {
    for _ in 0..TIMES {
        gate.journal().hurry();
        let found = work.read(|conn| {
            let index = ledger::index_of(conn, &event.stream, event.seq, event.leaf.as_bytes())?;
            Ok((index, ledger::read::newest_checkpoint(conn)?))
        })?;
        if let (Some(index), Some((size, note))) = found {
            let size = u64::try_from(size).map_err(Error::internal)?;
            if size > index {
                return Ok((index, size, note));
            }
        }
        work.progress.check()?;
        std::thread::sleep(ASK);
    }
    let why = "the log did not sign a checkpoint over the packet within five seconds; ask again";
    Err(Error::unavailable("log-slow", why, 5))
}
