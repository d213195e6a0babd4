//! The log's signing key, and the last checkpoint it signed, kept beside it.
//!
//! The key is made only where no log exists; a missing or other key refuses to start. The signer never signs a tree
//! that is smaller than the last one, or that does not contain it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::clock::random;
use crate::durable::{replace, write_secret};
use crate::error::{Error, Kind, Result};
use crate::proof::checkpoint::{Checkpoint, Note, Signer, VerifyingKey};
use crate::proof::id::Digest;
use crate::proof::merkle;

/// The name of the key's file.
const KEY: &str = "log.key";

/// The key and what it signed last.
pub struct LogSigner {
    signer: Signer,
    last_file: PathBuf,
    last: Option<Checkpoint>,
}

impl LogSigner {
    /// Makes a new key in a folder that has none.
    pub fn create(folder: &Path, origin: &str) -> Result<Self> {
        let seed = Digest(random());
        write_secret(&folder.join(KEY), format!("{seed}\n").as_bytes())?;
        Self::adopt(folder, origin)
    }

    /// Opens the key of an existing log and holds it against the vkey that the database keeps.
    pub fn open(folder: &Path, origin: &str, vkey: &str) -> Result<Self> {
        let signer = read_key(folder, origin)?;
        if signer.vkey().to_string() != vkey {
            return Err(refused(format!(
                "{} is another key than the log's ({vkey}): put the right one back",
                folder.join(KEY).display()
            )));
        }
        Self::with(signer, folder)
    }

    /// Takes up a key that a first start made and never signed with, because it was cut off.
    pub fn adopt(folder: &Path, origin: &str) -> Result<Self> {
        Self::with(read_key(folder, origin)?, folder)
    }

    fn with(signer: Signer, folder: &Path) -> Result<Self> {
        let last_file = folder.join("log.checkpoint");
        let last = match fs::read(&last_file) {
            Ok(bytes) => Some(read_last(&bytes, &signer.vkey().to_string())?),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => return Err(e.into()),
        };
        Ok(Self {
            signer,
            last_file,
            last,
        })
    }

    /// The public key, as a C2SP vkey.
    pub fn vkey(&self) -> String {
        self.signer.vkey().to_string()
    }

    /// What was signed last.
    pub fn last(&self) -> Option<&Checkpoint> {
        self.last.as_ref()
    }

    /// Signs a committed tree, after syncing the note beside the key. `proof` leads from the last size to this one.
    pub fn sign(&mut self, checkpoint: &Checkpoint, proof: &[Digest]) -> Result<String> {
        if let Some(last) = &self.last {
            check_grows(last, checkpoint, proof)?;
        }
        let note = self.signer.sign(checkpoint);
        replace(
            &self.last_file,
            &self.last_file.with_extension("checkpoint.new"),
            note.as_bytes(),
        )?;
        self.last = Some(checkpoint.clone());
        Ok(note)
    }
}

fn read_key(folder: &Path, origin: &str) -> Result<Signer> {
    let file = folder.join(KEY);
    let text = fs::read_to_string(&file).map_err(|e| {
        refused(format!(
            "the log's key {} cannot be read ({e}): put it back from your backup; a log without its key cannot go on",
            file.display()
        ))
    })?;
    let seed: Digest = text
        .trim()
        .parse()
        .map_err(|_| refused(format!("{} is not a key of this log", file.display())))?;
    Signer::from_seed(origin, seed.as_bytes()).map_err(|e| refused(format!("the log cannot be named {origin:?}: {e}")))
}

/// Reads the last checkpoint, as it lies beside the key, and verifies the log's signature on it.
pub fn read_last(bytes: &[u8], vkey: &str) -> Result<Checkpoint> {
    let broken = "keys/log.checkpoint, the last checkpoint that was signed, is damaged: put it back from your backup";
    signed(bytes, vkey).map_err(|_| refused(broken.to_owned()))
}

/// Reads a note that this key signed; or says why it is none.
pub fn signed(note: &[u8], vkey: &str) -> std::result::Result<Checkpoint, String> {
    let key = VerifyingKey::parse(vkey).map_err(|e| format!("the log's stored key: {e}"))?;
    let note = Note::parse(note).map_err(|e| e.to_string())?;
    match note.verify(&[key]) {
        Err(e) => Err(e.to_string()),
        Ok(by) if by.is_empty() => Err("the log's key has not signed it".into()),
        Ok(_) => Checkpoint::parse(&note.text).map_err(|e| e.to_string()),
    }
}

fn check_grows(last: &Checkpoint, next: &Checkpoint, proof: &[Digest]) -> Result<()> {
    if next.size < last.size {
        return Err(refused(format!(
            "the database holds a tree of {} leaves, but {} were signed before: it is an older copy; restore with --new-log, or put the newer database back",
            next.size, last.size
        )));
    }
    let grows = last.size == 0 || merkle::verify_consistency(last.size, next.size, proof, last.root, next.root);
    if grows {
        Ok(())
    } else {
        Err(refused(
            "the database's tree does not contain the one signed before: its history was changed".to_owned(),
        ))
    }
}

fn refused(detail: String) -> Error {
    Error::new(Kind::Conflict, "log-key", detail)
}
