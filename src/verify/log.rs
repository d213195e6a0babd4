//! From the issue event to the log's tree, its signed checkpoint, and who vouches for that.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::{Anchor, Verdict, Walk};
use crate::proof::checkpoint::{Checkpoint, KeyKind, Note, TlogProof, VerifyingKey};
use crate::proof::event::{self, EventRef};
use crate::proof::packet::*;
use crate::proof::{Digest, merkle, time};

/// What the event `packet.issued` says, as far as the rest is held to it.
pub(super) struct Issued {
    pub leaf: Digest,
    pub stream: String,
    pub seq: u64,
    pub prev: Option<Digest>,
    pub at: i64,
    /// Id of the packet.
    pub packet: String,
    pub attest: Attest,
}

/// `attest` of `packet.issued` (contract section 4).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attest {
    pub manifest_sha256: Digest,
    pub tags: BTreeMap<String, Digest>,
    /// `seq` of the cut, and its leaf.
    pub through: u64,
    pub head: Digest,
    /// Captures in the inventory.
    pub size: u64,
}

impl Walk<'_> {
    /// `issued.json` is a `packet.issued` event of a case stream; the tags it attests are those in the packet.
    pub(super) fn issued(&mut self) {
        let Some(bytes) = self.small(ISSUED) else { return };
        let issued = match read_issued(&bytes) {
            Ok(issued) => issued,
            Err(message) => return self.report.fail(ISSUED, "issued.event", message),
        };
        let names: Vec<&str> = issued.attest.tags.keys().map(String::as_str).collect();
        let mut expected = ATTESTED_TAGS;
        expected.sort_unstable();
        self.report.require(
            names == expected,
            ISSUED,
            "issued.tags",
            "does not attest exactly bagit.txt, bag-info.txt and HOW-TO-VERIFY.txt",
        );
        for (name, digest) in &issued.attest.tags {
            self.report.require(
                self.digest(name) == Some(*digest),
                name,
                "issued.tags",
                "its bytes are not those that packet.issued attests",
            );
        }
        self.issued = Some(issued);
    }

    /// The manifest is the one attested; the issue is in the tree; the tree's checkpoint is signed by the key shown.
    pub(super) fn log(&mut self) {
        if let Some(issued) = &self.issued {
            let same = self.digest(MANIFEST) == Some(issued.attest.manifest_sha256);
            self.report.require(
                same,
                MANIFEST,
                "issued.manifest",
                "is not the manifest that packet.issued attests",
            );
        }
        let Some(proof) = self.small(ISSUED_PROOF) else { return };
        let Ok(proof) = TlogProof::parse(&proof) else {
            return self.report.fail(ISSUED_PROOF, "log.proof", "is not a tlog-proof");
        };
        if let Some(checkpoint) = self.small(CHECKPOINT) {
            let same = checkpoint == proof.note.as_bytes();
            self.report.require(
                same,
                CHECKPOINT,
                "log.checkpoint",
                "is not the checkpoint inside issued.tlog-proof",
            );
        }
        let note = Note::parse(proof.note.as_bytes());
        let Some((note, checkpoint)) = note
            .and_then(|note| Checkpoint::parse(&note.text).map(|c| (note, c)))
            .ok()
        else {
            return self.report.fail(
                ISSUED_PROOF,
                "log.checkpoint",
                "its checkpoint is not a signed note of origin, size and root",
            );
        };
        let leaf = self.issued.as_ref().map(|issued| issued.leaf);
        let included = leaf.is_some_and(|leaf| {
            merkle::verify_inclusion(proof.index, checkpoint.size, leaf, &proof.hashes, checkpoint.root)
        });
        self.report.require(
            included && proof.extra.is_none(),
            ISSUED_PROOF,
            "log.inclusion",
            "does not prove that issued.json is in the log's tree",
        );
        self.report.counts.proofs += u64::from(included);
        self.keys(&note, &checkpoint);
        self.note = Some(note);
    }

    /// `log.vkey` and `log.pem` are one key, named as the origin, and it signed the checkpoint.
    fn keys(&mut self, note: &Note, checkpoint: &Checkpoint) {
        let origin = self
            .report
            .packet
            .as_ref()
            .is_none_or(|head| head.origin == checkpoint.origin);
        self.report.require(
            origin,
            PACKET,
            "log.origin",
            "names another log than the checkpoint does",
        );
        let Some(text) = self.small(LOG_VKEY) else { return };
        let vkey = std::str::from_utf8(&text).ok().and_then(|text| text.strip_suffix('\n'));
        let Some(vkey) = vkey
            .and_then(|vkey| VerifyingKey::parse(vkey).ok())
            .filter(|key| key.kind() == KeyKind::Log)
        else {
            return self
                .report
                .fail(LOG_VKEY, "log.vkey", "is not the vkey of an Ed25519 log and LF");
        };
        if let Some(pem) = self.small(LOG_PEM) {
            self.report.require(
                pem == vkey.pem().as_bytes(),
                LOG_PEM,
                "log.pem",
                "is not the key in log.vkey",
            );
        }
        let signed = vkey.name() == checkpoint.origin
            && note
                .verify(std::slice::from_ref(&vkey))
                .is_ok_and(|found| found.len() == 1);
        if self.report.require(
            signed,
            CHECKPOINT,
            "log.signature",
            "is not signed by the key in log.vkey under the log's name",
        ) {
            self.report.counts.signatures += 1;
            self.report.signer = Some(vkey.to_string());
        }
    }

    /// Signer, witnesses, time: what the caller trusts, against the checkpoint.
    pub(super) fn trust_chain(&mut self) {
        self.signer();
        self.witnesses();
        let anchors = self
            .source
            .entries()
            .iter()
            .any(|entry| entry.path.starts_with(ANCHORS));
        if self.trust.require_time {
            self.report
                .fail(ANCHORS, "time", "a time token is required, and this version reads none");
        } else if anchors {
            self.report.say(
                Verdict::NotChecked,
                ANCHORS,
                "time",
                "anchors are present; this version does not read them",
            );
        } else {
            self.report.say(
                Verdict::Absent,
                "",
                "time",
                "no time authority has stamped this packet's checkpoint",
            );
        }
    }

    fn signer(&mut self) {
        let keys: Vec<VerifyingKey> = self.trust.key.iter().cloned().collect();
        let logs = self
            .trust
            .policy
            .as_ref()
            .map(|policy| policy.logs.clone())
            .filter(|logs| !logs.is_empty());
        if keys.is_empty() && logs.is_none() {
            return self.report.say(
                Verdict::NotChecked,
                CHECKPOINT,
                "signer",
                "no key was given; anyone could have made this packet",
            );
        }
        let mut trusted = true;
        for (given, what) in [
            (Some(keys).filter(|k| !k.is_empty()), "the key given"),
            (logs, "any log of the policy"),
        ] {
            let Some(given) = given else { continue };
            if self.signed_by(&given).is_none() {
                trusted = false;
                self.report
                    .fail(CHECKPOINT, "signer", format!("is not signed by {what}"));
            }
        }
        if trusted {
            self.report
                .say(Verdict::Passed, CHECKPOINT, "signer", "is signed by the log you trust");
        }
        self.trusted = trusted;
    }

    /// The key among these that is a log's, is named as the origin, and signed the checkpoint.
    fn signed_by(&self, keys: &[VerifyingKey]) -> Option<usize> {
        let note = self.note.as_ref()?;
        let origin = note.text.split('\n').next()?;
        let named = |key: &VerifyingKey| key.kind() == KeyKind::Log && key.name() == origin;
        note.verify(keys)
            .ok()?
            .into_iter()
            .map(|found| found.key)
            .find(|key| named(&keys[*key]))
    }

    fn witnesses(&mut self) {
        let Some(policy) = &self.trust.policy else {
            let others = self
                .note
                .as_ref()
                .map_or(0, |note| note.signatures.len().saturating_sub(1));
            return match (self.trust.require_witness, others) {
                (true, _) => self.report.fail(
                    CHECKPOINT,
                    "witness",
                    "a witness is required, and no policy says which to trust",
                ),
                (false, 0) => self.report.say(
                    Verdict::Absent,
                    CHECKPOINT,
                    "witness",
                    "no outside witness has cosigned: never anchored",
                ),
                (false, n) => self.report.say(
                    Verdict::NotChecked,
                    CHECKPOINT,
                    "witness",
                    format!("{n} further signatures, and no policy to check them with"),
                ),
            };
        };
        let verified = match self.note.as_ref().map(|note| note.verify(&policy.witnesses)) {
            Some(Ok(verified)) => verified,
            _ => {
                return self
                    .report
                    .fail(CHECKPOINT, "witness", "a witness's cosignature does not verify");
            }
        };
        self.report.counts.signatures += verified.len() as u64;
        for found in &verified {
            let at = time::format_at(
                i64::try_from(found.time.unwrap_or(0))
                    .unwrap_or(0)
                    .saturating_mul(1_000_000),
            );
            self.report.anchored.push(Anchor {
                by: policy.witnesses[found.key].name().to_owned(),
                at,
            });
        }
        let signed: Vec<usize> = verified.iter().map(|found| found.key).collect();
        match (policy.satisfied(&signed), signed.len(), self.trust.require_witness) {
            (true, 0, false) => self.report.say(
                Verdict::Absent,
                CHECKPOINT,
                "witness",
                "no outside witness has cosigned: never anchored",
            ),
            (true, n, _) if n > 0 => self.report.say(
                Verdict::Passed,
                CHECKPOINT,
                "witness",
                format!("cosigned by {n} witnesses, as the policy asks"),
            ),
            _ => self
                .report
                .fail(CHECKPOINT, "witness", "too few witnesses of the policy have cosigned"),
        }
    }
}

fn read_issued(bytes: &[u8]) -> Result<Issued, String> {
    let event = EventRef::parse(bytes)
        .and_then(|event| event.to_event())
        .map_err(|e| e.to_string())?;
    if event.action != "packet.issued" || event.object.type_ != "packet" || !event.stream.starts_with("case:") {
        return Err("is not a packet.issued event of a case".into());
    }
    let attest = serde_json::from_value(event.attest.into()).map_err(|e| format!("attest: {e}"))?;
    let (leaf, packet) = (event::leaf(bytes), event.object.id);
    Ok(Issued {
        leaf,
        stream: event.stream,
        seq: event.seq,
        prev: event.prev,
        at: event.at,
        packet,
        attest,
    })
}
