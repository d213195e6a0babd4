//! Access tokens: a JWT (EdDSA, pinned) that carries the id of a session and when the token ends. It decides nothing:
//! what its bearer may do is read from the database.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::clock::{Micros, SECOND};
use crate::error::{Error, Result};

/// Seconds an access token is good for.
const LIFE: i64 = 15 * 60;
const ISSUER: &str = "casetrail";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sid: String,
    exp: i64,
}

/// Issues and checks access tokens.
pub struct AccessTokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    rules: Validation,
}

impl AccessTokens {
    /// With a key derived from the installation's secret.
    pub fn new(secret: &Secret) -> Result<Self> {
        // The purpose keeps its first wording: another one would end every session.
        let key = SigningKey::from_bytes(&secret.derive("casetrail session envelope v1"));
        let der = key.to_pkcs8_der().map_err(Error::internal)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "iss"]);
        // The end is compared with the server's own clock, below.
        rules.validate_exp = false;
        Ok(Self {
            signing: EncodingKey::from_ed_der(der.as_bytes()),
            verifying: DecodingKey::from_ed_der(key.verifying_key().as_bytes()),
            rules,
        })
    }

    /// A token for a session, and when it ends.
    pub fn issue(&self, session: &str, now: Micros) -> Result<(String, Micros)> {
        let exp = now / SECOND + LIFE;
        let claims = Claims {
            iss: ISSUER.into(),
            sid: session.to_owned(),
            exp,
        };
        let token =
            jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.signing).map_err(Error::internal)?;
        Ok((token, exp * SECOND))
    }

    /// The session of a token that is genuine and not over.
    pub fn session(&self, token: &str, now: Micros) -> Option<String> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.verifying, &self.rules).ok()?;
        (data.claims.exp * SECOND > now).then_some(data.claims.sid)
    }
}
