//! The issue: the event that binds the packet's manifest, its place in the tree, and the proofs that go with it.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::custody::{Custody, each_event};
use super::model::JOB;
use super::work::Work;
use super::zip::Bag;
use crate::error::{Error, Result};
use crate::gate::{Gate, NewEvent};
use crate::ledger::{self, Action, Appended};
use crate::proof::checkpoint::{TlogProof, VerifyingKey};
use crate::proof::packet::{
    self, ATTESTED_TAGS, BETWEEN, CHECKPOINT, ISSUED, ISSUED_PROOF, LOG_PEM, LOG_VKEY, MANIFEST, TAGMANIFEST,
};

/// How often the log is asked whether it has signed.
const ASK: Duration = Duration::from_millis(20);
/// How often at the most: five seconds in all.
const TIMES: u32 = 250;

/// Appends `packet.issued`. From here on a failure is one of an issued packet.
pub fn issue(work: &Work<'_>, gate: &Gate, custody: &Custody, bag: &Bag) -> Result<Appended> {
    let (id, case, attest) = (
        work.packet.id.clone(),
        work.packet.case_id.clone(),
        attest(custody, bag)?,
    );
    let exhibits = custody
        .cut
        .dispositions
        .values()
        .filter(|f| f.exhibit.is_some())
        .count();
    let content = json!({
        "id": id, "name": work.packet.name, "purpose": work.packet.purpose, "requested_by": work.request.requested_by,
        "exhibits": exhibits, "captures": custody.cut.dispositions.len(),
        "payload": {"bytes": bag.payload_bytes, "files": bag.payload.len()},
    });
    let progress = work.progress.clone();
    gate.housekeep_blocking(ledger::job(JOB), move |tx| {
        // A builder that lost its lease appends nothing.
        progress.hold(tx)?;
        let event = NewEvent::new(Action::PacketIssued, ("packet", &id), 1, content.clone());
        tx.append(event.in_case(&case).attesting(attest.clone()))
    })
}

fn attest(custody: &Custody, bag: &Bag) -> Result<Map<String, Value>> {
    let digest = |name: &str| {
        bag.tags
            .get(name)
            .ok_or_else(|| Error::internal(format!("{name} is not written yet")))
    };
    let tags = ATTESTED_TAGS
        .iter()
        .map(|name| Ok(((*name).to_owned(), json!(digest(name)?))))
        .collect::<Result<Map<_, _>>>()?;
    let mut attest = Map::new();
    attest.insert("manifest_sha256".into(), json!(digest(MANIFEST)?));
    attest.insert("tags".into(), Value::Object(tags));
    attest.insert("through".into(), json!(custody.cut.seq));
    attest.insert("head".into(), json!(custody.cut.leaf));
    attest.insert("size".into(), json!(custody.cut.dispositions.len()));
    Ok(attest)
}

/// Writes `proof/` and the tag manifest.
pub fn proofs(work: &Work<'_>, gate: &Gate, custody: &Custody, issued: &Appended, bag: &mut Bag) -> Result<()> {
    let (index, size, note) = covered(work, gate, issued)?;
    let hashes = work.db.read_blocking(|conn| ledger::inclusion(conn, index, size))?;
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
        .db
        .read_blocking(|conn| ledger::read::of_stream(conn, stream, issued.seq, 1))?
        .pop();
    bag.add(
        ISSUED,
        &event.ok_or_else(|| Error::internal("packet.issued vanished"))?.body,
    )?;
    bag.add(
        ISSUED_PROOF,
        TlogProof {
            extra: None,
            index,
            hashes,
            note,
        }
        .format()
        .as_bytes(),
    )?;
    bag.add(LOG_PEM, key.pem().as_bytes())?;
    bag.add(LOG_VKEY, format!("{key}\n").as_bytes())?;
    let tags = packet::manifest(&bag.tags);
    bag.add(TAGMANIFEST, tags.as_bytes())
}

/// Waits until a signed checkpoint covers the event: its index, and the checkpoint's size and note.
fn covered(work: &Work<'_>, gate: &Gate, event: &Appended) -> Result<(u64, u64, String)> {
    for _ in 0..TIMES {
        gate.journal().hurry();
        let found = work.db.read_blocking(|conn| {
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
