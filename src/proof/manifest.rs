//! Manifests of a bag (BagIt 1.0, RFC 8493), and the hash of those of their lines that are evidence.

use std::collections::BTreeMap;

use super::Digest;
use super::layout::{CUSTODY, EXHIBITS, INVENTORY, PACKET, is_path};

/// A byte-canonical manifest: lower-case hex, two spaces, path, LF, bytewise sorted.
pub fn manifest(files: &BTreeMap<String, Digest>) -> String {
    files
        .iter()
        .map(|(path, digest)| format!("{digest}  {path}\n"))
        .collect()
}

/// SHA-256 of the manifest's lines for exhibits, custody, `packet.json` and `inventory.json`, in the manifest's order.
/// Papers under `data/` print it: the hash of the manifest that lists them cannot stand in them.
#[derive(Debug, Clone, Default)]
pub struct EvidenceHash(sha2::Sha256);

impl EvidenceHash {
    /// Whether the line of this path counts.
    pub fn covers(path: &str) -> bool {
        path.starts_with(EXHIBITS) || path.starts_with(CUSTODY) || [PACKET, INVENTORY].contains(&path)
    }

    /// The hash of the files of a manifest.
    pub fn of(files: &BTreeMap<String, Digest>) -> Digest {
        let mut hash = Self::default();
        for (path, digest) in files {
            hash.add(path, *digest);
        }
        hash.finish()
    }

    /// Takes in a line, where its path counts. Lines come in the manifest's order.
    pub fn add(&mut self, path: &str, digest: Digest) {
        use sha2::Digest as _;
        if Self::covers(path) {
            self.0.update(format!("{digest}  {path}\n"));
        }
    }

    /// The hash of the lines so far.
    pub fn finish(self) -> Digest {
        use sha2::Digest as _;
        Digest(self.0.finalize().into())
    }
}

/// Reads one line of a manifest, without its LF.
pub fn manifest_line(line: &[u8]) -> Option<(&str, Digest)> {
    let (digest, path) = (
        Digest::from_hex(line.get(..64)?)?,
        std::str::from_utf8(line.get(66..)?).ok()?,
    );
    (&line[64..66] == b"  " && is_path(path)).then_some((path, digest))
}
