//! The installation's secret: one file, from which every key but the log's derives, so that sessions survive a restart.

use std::fs;
use std::path::Path;

use hkdf::Hkdf;
use sha2::Sha256;

use crate::clock::random;
use crate::durable::write_secret;
use crate::error::{Error, Result};

/// 32 random bytes that never leave the data folder.
pub struct Secret([u8; 32]);

impl Secret {
    /// Reads the secret, or makes it where there is none.
    pub fn open(file: &Path) -> Result<Self> {
        match fs::read(file) {
            Ok(bytes) => bytes.try_into().map(Self).map_err(|_| {
                Error::internal(format!(
                    "{} is damaged: remove it (everyone signs in again), or put it back",
                    file.display()
                ))
            }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let secret = random::<32>();
                write_secret(file, &secret)?;
                Ok(Self(secret))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// A secret for one purpose, from which keys derive in their turn.
    pub fn of(&self, purpose: &str) -> Self {
        Self(self.derive(purpose))
    }

    /// A key for one purpose (RFC 5869).
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0u8; 32];
        // 32 bytes are far below HKDF's bound of 255 blocks, the only way this fails.
        let _ = Hkdf::<Sha256>::new(None, &self.0).expand(purpose.as_bytes(), &mut key);
        key
    }
}
