//! The bearer's envelope: a JWT (EdDSA, pinned) of the session's id and its end, and nothing to decide by.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::clock::{Micros, SECOND};
use crate::error::{Error, Result};

/// Seconds an envelope is good for.
pub const LIFE: i64 = 15 * 60;
const ISSUER: &str = "casetrail";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sid: String,
    exp: i64,
}

/// Seals and opens envelopes.
pub struct Envelopes {
    seal: EncodingKey,
    open: DecodingKey,
    rules: Validation,
}

impl Envelopes {
    /// With a key derived from the installation's secret.
    pub fn new(secret: &Secret) -> Result<Self> {
        let key = SigningKey::from_bytes(&secret.derive("casetrail session envelope v1"));
        let der = key.to_pkcs8_der().map_err(Error::internal)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "iss"]);
        // The end is held against the server's own clock, below.
        rules.validate_exp = false;
        Ok(Self {
            seal: EncodingKey::from_ed_der(der.as_bytes()),
            open: DecodingKey::from_ed_der(key.verifying_key().as_bytes()),
            rules,
        })
    }

    /// An envelope for a session, and its end in microseconds.
    pub fn seal(&self, session: &str, now: Micros) -> Result<(String, Micros)> {
        let exp = now / SECOND + LIFE;
        let claims = Claims {
            iss: ISSUER.into(),
            sid: session.to_owned(),
            exp,
        };
        let token =
            jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.seal).map_err(Error::internal)?;
        Ok((token, exp * SECOND))
    }

    /// The session in an envelope that is genuine and not over.
    pub fn open(&self, token: &str, now: Micros) -> Option<String> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.open, &self.rules).ok()?;
        (data.claims.exp * SECOND > now).then_some(data.claims.sid)
    }
}
