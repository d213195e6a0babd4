//! A packet encrypted for the person to whom it goes, in the format age (age-encryption.org/v1): whoever keeps it on the
//! way has nothing. Only X25519 keys are taken.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use age::stream::StreamWriter;
use age::x25519::Recipient;

use crate::error::{Error, Result};

/// The end of an encrypted packet's file name.
pub const ENDING: &str = ".age";

/// A public key, as `age-keygen` prints it.
pub fn key(text: &str) -> Option<Recipient> {
    text.parse().ok()
}

/// Encrypts what is written to `out`, to any of these keys.
///
/// # Errors
/// A key is none, or `out` takes nothing.
pub fn encrypted<W: Write>(keys: &[String], out: W) -> Result<StreamWriter<W>> {
    let read = |text: &String| key(text).ok_or_else(|| Error::internal("a stored key of age cannot be read"));
    let keys: Vec<Recipient> = keys.iter().map(read).collect::<Result<_>>()?;
    let each = keys.iter().map(|key| key as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(each).map_err(Error::internal)?;
    Ok(encryptor.wrap_output(out)?)
}

/// Encrypts piece by piece.
pub struct PieceWrapper {
    writer: Option<StreamWriter<Outgoing>>,
    out: Outgoing,
}

/// What is encrypted and not yet taken.
#[derive(Clone, Default)]
struct Outgoing(Arc<Mutex<Vec<u8>>>);

impl Outgoing {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl PieceWrapper {
    /// For these keys.
    pub fn new(keys: &[String]) -> Result<Self> {
        let out = Outgoing::default();
        Ok(Self {
            writer: Some(encrypted(keys, out.clone())?),
            out,
        })
    }

    /// What is ready once this piece is taken; `None` ends the file. After its end there is nothing.
    pub fn next(&mut self, piece: Option<&[u8]>) -> Result<Option<Vec<u8>>> {
        let Some(mut writer) = self.writer.take() else {
            return Ok(None);
        };
        match piece {
            Some(piece) => {
                writer.write_all(piece)?;
                self.writer = Some(writer);
            }
            None => drop(writer.finish()?),
        }
        Ok(Some(self.out.take()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn only_the_owner_of_the_key_reads_it() {
        let (owner, other) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
        let keys = [owner.to_public().to_string()];
        let mut wrapper = PieceWrapper::new(&keys).expect("a wrapper");
        let plain: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
        let mut wrapped = Vec::new();
        for piece in plain.chunks(70_001).map(Some).chain([None]) {
            wrapped.extend(wrapper.next(piece).expect("encrypted").expect("a piece"));
        }
        assert!(wrapper.next(None).expect("over").is_none());
        let open = |identity: &age::x25519::Identity| {
            let decryptor = age::Decryptor::new(wrapped.as_slice()).expect("an age file");
            let mut read = Vec::new();
            let mut reader = decryptor
                .decrypt(std::iter::once(identity as &dyn age::Identity))
                .ok()?;
            reader.read_to_end(&mut read).ok()?;
            Some(read)
        };
        assert_eq!(open(&owner), Some(plain));
        assert_eq!(open(&other), None);
    }
}
