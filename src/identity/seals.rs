//! Texts that leave the server and come back unread: sealed with a key of the installation (AES-256-GCM).

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::secret::Secret;
use crate::error::{Error, Result};

/// Seals and opens texts.
pub struct Seals(RandomizedNonceKey);

impl Seals {
    /// With a key derived from the installation's secret.
    pub fn new(secret: &Secret) -> Result<Self> {
        let key = secret.derive("casetrail sealed form v1");
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key);
        Ok(Self(key.map_err(|_| Error::internal("no key for sealed forms"))?))
    }

    /// A text that only this installation can read.
    pub fn seal(&self, text: &str) -> Result<String> {
        let mut bytes = text.as_bytes().to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::empty(), &mut bytes);
        let nonce = nonce.map_err(|_| Error::internal("a form could not be sealed"))?;
        bytes.splice(0..0, *nonce.as_ref());
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What was sealed here, where nobody changed it.
    pub fn open(&self, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let text = self.0.open_in_place(nonce, Aad::empty(), &mut rest).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_here_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let seals =
            |name: &str| Seals::new(&Secret::open(&folder.path().join(name)).expect("a secret")).expect("seals");
        let (ours, other) = (seals("a"), seals("b"));
        let sealed = ours.seal("words that were typed").expect("sealed");
        assert!(!sealed.contains("typed") && sealed != ours.seal("words that were typed").expect("sealed"));
        assert_eq!(ours.open(&sealed).as_deref(), Some("words that were typed"));
        assert_eq!(other.open(&sealed), None);
        for wrong in ["", "AAAA", &sealed[1..], &format!("{sealed}A")] {
            assert_eq!(ours.open(wrong), None, "{wrong}");
        }
    }
}
