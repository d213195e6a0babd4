//! From the issue event to the log's tree, its signed checkpoint, and who vouches for that.

use super::{Anchor, Verdict, Walk, rule};
use crate::proof::checkpoint::{Checkpoint, KeyKind, Note, TlogProof, VerifyingKey};
use crate::proof::event::{self, Event};
use crate::proof::packet::*;
use crate::proof::{Digest, merkle, time};

/// The event `packet.issued`, and what it attests.
pub(super) struct Issued {
    pub leaf: Digest,
    pub event: Event,
    pub attest: Attest,
}

impl Walk<'_> {
    /// `issued.json` is a `packet.issued` event of a case stream; the tags it attests are those in the packet.
    pub(super) fn issued(&mut self) {
        let Some(bytes) = self.small(ISSUED) else { return };
        let issued = match read_issued(&bytes) {
            Ok(issued) => issued,
            Err(message) => return self.report.fail(ISSUED, "issued.event", message),
        };
        let mut expected = ATTESTED_TAGS;
        expected.sort_unstable();
        let tags = &issued.attest.tags;
        self.report.require(tags.keys().eq(expected), ISSUED, rule::TAGS);
        for (name, digest) in tags {
            let same = self.files.digest(name) == Some(*digest);
            self.report.require(same, name, rule::TAG_BYTES);
        }
        self.issued = Some(issued);
    }

    /// The manifest is the one attested; the issue is in the tree; the tree's checkpoint is signed by the key shown.
    pub(super) fn log(&mut self) {
        if let Some(issued) = &self.issued {
            let same = self.files.digest(MANIFEST) == Some(issued.attest.manifest_sha256);
            self.report.require(same, MANIFEST, rule::ATTESTED_MANIFEST);
        }
        let Some(proof) = self.small(ISSUED_PROOF) else { return };
        let Ok(proof) = TlogProof::parse(&proof) else {
            return self.report.broken(ISSUED_PROOF, rule::PROOF);
        };
        if let Some(checkpoint) = self.small(CHECKPOINT) {
            let same = checkpoint == proof.note.as_bytes();
            self.report.require(same, CHECKPOINT, rule::CHECKPOINT);
        }
        let note = Note::parse(proof.note.as_bytes());
        let Ok((note, checkpoint)) = note.and_then(|note| Checkpoint::parse(&note.text).map(|c| (note, c))) else {
            return self.report.broken(ISSUED_PROOF, rule::NOTE);
        };
        let included = self.issued.as_ref().is_some_and(|issued| {
            merkle::verify_inclusion(
                proof.index,
                checkpoint.size,
                issued.leaf,
                &proof.hashes,
                checkpoint.root,
            )
        });
        self.report
            .require(included && proof.extra.is_none(), ISSUED_PROOF, rule::INCLUSION);
        self.report.counts.proofs += u64::from(included);
        self.keys(&note, &checkpoint);
        self.note = Some(note);
    }

    /// `log.vkey` and `log.pem` are one key, named as the origin, and it signed the checkpoint.
    fn keys(&mut self, note: &Note, checkpoint: &Checkpoint) {
        let head = self.report.packet.as_ref();
        let origin = head.is_none_or(|head| head.origin == checkpoint.origin);
        self.report.require(origin, PACKET, rule::ORIGIN);
        let Some(text) = self.small(LOG_VKEY) else { return };
        let vkey = std::str::from_utf8(&text).ok().and_then(|text| text.strip_suffix('\n'));
        let vkey = vkey.and_then(|vkey| VerifyingKey::parse(vkey).ok());
        let Some(vkey) = vkey.filter(|key| key.kind() == KeyKind::Log) else {
            return self.report.broken(LOG_VKEY, rule::VKEY);
        };
        if let Some(pem) = self.small(LOG_PEM) {
            self.report.require(pem == vkey.pem().as_bytes(), LOG_PEM, rule::PEM);
        }
        let signed = vkey.name() == checkpoint.origin
            && note
                .verify(std::slice::from_ref(&vkey))
                .is_ok_and(|found| found.len() == 1);
        if self.report.require(signed, CHECKPOINT, rule::SIGNATURE) {
            self.report.counts.signatures += 1;
            self.report.signer = Some(vkey.to_string());
        }
    }

    /// Signer, witnesses, time: what the caller trusts, against the checkpoint.
    pub(super) fn trust_chain(&mut self) {
        self.signer();
        self.witnesses();
        let mut entries = self.files.source.entries().iter();
        if self.trust.require_time {
            self.report.broken(ANCHORS, rule::TIME);
        } else if entries.any(|entry| entry.path.starts_with(ANCHORS)) {
            self.report.tell(Verdict::NotChecked, ANCHORS, rule::TIME_NOT_CHECKED);
        } else {
            self.report.tell(Verdict::Absent, "", rule::NO_TIME);
        }
    }

    fn signer(&mut self) {
        let key = self.trust.key.as_slice();
        let logs = self.trust.policy.as_ref().map_or(&[][..], |policy| &policy.logs);
        if key.is_empty() && logs.is_empty() {
            return self
                .report
                .tell(Verdict::NotChecked, CHECKPOINT, rule::SIGNER_NOT_CHECKED);
        }
        self.trusted = true;
        for (keys, what) in [(key, "the key given"), (logs, "any log of the policy")] {
            if !keys.is_empty() && !self.signed_by(keys) {
                self.trusted = false;
                self.report
                    .fail(CHECKPOINT, "signer", format!("is not signed by {what}"));
            }
        }
        if self.trusted {
            self.report.tell(Verdict::Passed, CHECKPOINT, rule::SIGNER_TRUSTED);
        }
    }

    /// Whether one of these keys is a log's, is named as the origin, and signed the checkpoint.
    fn signed_by(&self, keys: &[VerifyingKey]) -> bool {
        let Some(note) = &self.note else { return false };
        let origin = note.text.split('\n').next();
        let named = |key: &VerifyingKey| key.kind() == KeyKind::Log && Some(key.name()) == origin;
        note.verify(keys)
            .is_ok_and(|found| found.iter().any(|found| named(&keys[found.key])))
    }

    fn witnesses(&mut self) {
        let Some(policy) = &self.trust.policy else {
            return self.no_policy();
        };
        let verified = self.note.as_ref().map(|note| note.verify(&policy.witnesses));
        let Some(Ok(verified)) = verified else {
            return self.report.broken(CHECKPOINT, rule::COSIGNATURE);
        };
        self.report.counts.signatures += verified.len() as u64;
        for found in &verified {
            let seconds = i64::try_from(found.time.unwrap_or(0)).unwrap_or(0);
            self.report.anchored.push(Anchor {
                by: policy.witnesses[found.key].name().to_owned(),
                at: time::format_at(seconds.saturating_mul(1_000_000)),
            });
        }
        let signed: Vec<usize> = verified.iter().map(|found| found.key).collect();
        match (policy.satisfied(&signed), signed.len(), self.trust.require_witness) {
            (true, 0, false) => self.report.tell(Verdict::Absent, CHECKPOINT, rule::NO_WITNESS),
            (true, n, _) if n > 0 => {
                let message = format!("cosigned by {n} witnesses, as the policy asks");
                self.report.say(Verdict::Passed, CHECKPOINT, "witness", message);
            }
            _ => self.report.broken(CHECKPOINT, rule::QUORUM),
        }
    }

    /// Witnesses, where no policy names them.
    fn no_policy(&mut self) {
        let others = self.note.as_ref().map_or(0, |n| n.signatures.len().saturating_sub(1));
        if self.trust.require_witness {
            self.report.broken(CHECKPOINT, rule::WITNESS_UNNAMED);
        } else if others == 0 {
            self.report.tell(Verdict::Absent, CHECKPOINT, rule::NO_WITNESS);
        } else {
            let message = format!("{others} further signatures, and no policy to check them with");
            self.report.say(Verdict::NotChecked, CHECKPOINT, "witness", message);
        }
    }
}

fn read_issued(bytes: &[u8]) -> Result<Issued, String> {
    let mut event = Event::parse(bytes).map_err(|e| e.to_string())?;
    if event.action != "packet.issued" || event.object.type_ != "packet" || !event.stream.starts_with("case:") {
        return Err("is not a packet.issued event of a case".into());
    }
    let attest = std::mem::take(&mut event.attest);
    Ok(Issued {
        leaf: event::leaf(bytes),
        attest: serde_json::from_value(attest.into()).map_err(|e| format!("attest: {e}"))?,
        event,
    })
}
