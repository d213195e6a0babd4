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
        for (name, digest) in tags.iter().filter(|(name, _)| ATTESTED_TAGS.contains(&name.as_str())) {
            let same = self.files.digest(name) == Some(*digest);
            self.report.require(same, name, rule::TAG_BYTES);
        }
        self.issued = Some(issued);
    }

    /// The manifest is the one attested; the issue is in the tree; the tree's checkpoint is signed by the key shown.
    pub(super) fn log(&mut self) {
        if let Some(issued) = &self.issued {
            let same = self.files.digest(MANIFEST) == Some(issued.attest.manifest_sha256);
            // Another manifest has another evidence hash, and that is one finding.
            if self.report.require(same, MANIFEST, rule::ATTESTED_MANIFEST) {
                self.evidence(issued.attest.evidence_sha256);
            }
        }
        let Some(proof) = self.small(ISSUED_PROOF) else { return };
        let Ok(proof) = TlogProof::parse(&proof) else {
            return self.report.broken(ISSUED_PROOF, rule::PROOF);
        };
        if self
            .small(CHECKPOINT)
            .is_some_and(|beside| beside != proof.note.as_bytes())
        {
            return self.report.broken(CHECKPOINT, rule::CHECKPOINT);
        }
        let note = Note::parse(proof.note.as_bytes());
        let Ok((note, checkpoint)) = note.and_then(|note| Checkpoint::parse(&note.text).map(|c| (note, c))) else {
            return self.report.broken(ISSUED_PROOF, rule::NOTE);
        };
        if proof.extra.is_some() {
            self.report.tell(Verdict::NotChecked, ISSUED_PROOF, rule::EXTRA);
        }
        self.keys(&note, &checkpoint);
        // What nobody signed proves no place in a tree.
        if !self.unsigned {
            self.included(&proof, &checkpoint);
        }
        self.note = Some(note);
    }

    /// The evidence hash attested is the manifest's; packets of an earlier layout attest none.
    fn evidence(&mut self, attested: Option<Digest>) {
        let Some(head) = &self.report.packet else { return };
        let due = head.papers >= Some(EVIDENCE_SINCE);
        let same = attested.is_some() == due && attested.is_none_or(|attested| self.evidence == Some(attested));
        if self.report.require(same, MANIFEST, rule::EVIDENCE) {
            self.report.evidence = attested;
        }
    }

    /// The issue is a leaf of the checkpoint's tree, and `packet.json` names the log of that tree.
    fn included(&mut self, proof: &TlogProof, checkpoint: &Checkpoint) {
        let head = self.report.packet.as_ref();
        let origin = head.is_none_or(|head| head.origin == checkpoint.origin);
        self.report.require(origin, PACKET, rule::ORIGIN);
        let Some(issued) = &self.issued else { return };
        let (size, root) = (checkpoint.size, checkpoint.root);
        let included = merkle::verify_inclusion(proof.index, size, issued.leaf, &proof.hashes, root);
        self.report.require(included, ISSUED_PROOF, rule::INCLUSION);
        self.report.counts.proofs += u64::from(included);
    }

    /// `log.vkey` and `log.pem` are one key, named as the origin, and it signed the checkpoint.
    fn keys(&mut self, note: &Note, checkpoint: &Checkpoint) {
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
        self.unsigned = !signed;
        if self.report.require(signed, CHECKPOINT, rule::SIGNATURE) {
            self.report.counts.signatures += 1;
            self.report.signer = Some(vkey.to_string());
        }
        self.others(note, &vkey);
    }

    /// Signature lines that are neither the log's nor of a witness of the policy. Anyone can add one.
    fn others(&mut self, note: &Note, log: &VerifyingKey) {
        let policy = self.trust.policy.iter().flat_map(|policy| policy.signers());
        let given = self.trust.key.iter().map(|key| (key.name(), key.id()));
        let expected: Vec<(&str, [u8; 4])> = policy.chain(given).collect();
        let own = (log.name(), log.id());
        let lines = note.signatures.iter();
        let others = lines.filter(|line| {
            let line = (line.name.as_str(), line.id);
            line != own && !expected.contains(&line)
        });
        let names: Vec<&str> = others.map(|line| line.name.as_str()).collect();
        if !names.is_empty() {
            let message = format!(
                "bears signatures that nobody named and nothing checks: {}",
                names.join(", ")
            );
            self.report.say(Verdict::NotChecked, CHECKPOINT, OTHERS, message);
        }
    }

    /// No time tokens are read by this version.
    pub(super) fn time(&mut self) {
        if self.trust.require_time {
            self.report.broken("", rule::TIME);
        } else {
            self.report.tell(Verdict::Absent, "", rule::NO_TIME);
        }
    }

    /// The checkpoint is signed by the key given, and by a log of the policy.
    pub(super) fn signer(&mut self) {
        let key = self.trust.key.as_slice();
        let logs = self.trust.policy.as_ref().map_or(&[][..], |policy| &policy.logs);
        let lists_logs = self.trust.policy.as_ref().is_some_and(|policy| policy.lists_logs);
        if key.is_empty() && !lists_logs {
            return self
                .report
                .tell(Verdict::NotChecked, CHECKPOINT, rule::SIGNER_NOT_CHECKED);
        }
        let Some(note) = &self.note else { return };
        let origin = note.text.split('\n').next().unwrap_or_default();
        self.trusted = true;
        let asked = [
            (!key.is_empty(), key, "the key given"),
            (lists_logs, logs, "any log of the policy"),
        ];
        for (_, keys, what) in asked.into_iter().filter(|(asked, ..)| *asked) {
            if signed_by(note, origin, keys) {
                continue;
            }
            self.trusted = false;
            if self.unsigned {
                self.report
                    .tell(Verdict::NotChecked, CHECKPOINT, rule::SIGNER_OF_NOTHING);
                continue;
            }
            let message = match keys.first() {
                Some(other) if keys.iter().all(|key| key.name() != origin) => {
                    format!("is of the log {origin}, and {what} is of {}", other.name())
                }
                _ => format!("is not signed by {what}"),
            };
            self.report.fail(CHECKPOINT, "signer", message);
        }
        if self.trusted {
            self.report.tell(Verdict::Passed, CHECKPOINT, rule::SIGNER_TRUSTED);
        }
    }

    /// The quorum of the policy has cosigned, each witness at a time that can be.
    pub(super) fn witnesses(&mut self) {
        let Some(note) = &self.note else { return };
        let Some(policy) = &self.trust.policy else {
            return match (self.trust.require_witness, note.signatures.len()) {
                (true, _) => self.report.broken(CHECKPOINT, rule::WITNESS_UNNAMED),
                (false, 0 | 1) => self.report.tell(Verdict::Absent, CHECKPOINT, rule::NO_WITNESS),
                // Other signatures are named where the log's is looked for.
                (false, _) => {}
            };
        };
        for witness in &policy.unread {
            let message = format!(
                "{} has a key of a kind that cannot be checked here: it counts as absent",
                witness.name
            );
            self.report.say(Verdict::NotChecked, CHECKPOINT, "witness", message);
        }
        let Ok(verified) = note.verify(&policy.witnesses) else {
            return self.report.broken(CHECKPOINT, rule::COSIGNATURE);
        };
        self.report.counts.signatures += verified.len() as u64;
        for found in &verified {
            // A time beyond what this can say has not verified.
            let seconds = found.time.and_then(|time| i64::try_from(time).ok()).unwrap_or_default();
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
}

/// Whether one of these keys is a log's, is named as the origin, and signed the checkpoint.
fn signed_by(note: &Note, origin: &str, keys: &[VerifyingKey]) -> bool {
    let named = |key: &VerifyingKey| key.kind() == KeyKind::Log && key.name() == origin;
    note.verify(keys)
        .is_ok_and(|found| found.iter().any(|found| named(&keys[found.key])))
}

/// The rule under which signatures of others are named.
pub const OTHERS: &str = "log.signatures";

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
