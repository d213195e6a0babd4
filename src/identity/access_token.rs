//! Access tokens: a JWT (EdDSA, pinned) that carries the id of a session and when the token ends. It decides nothing:
//! what its bearer may do is read from the database.
//!
//! The API takes one as a bearer token, the pages take one in a cookie. Each has a key of its own, so that neither door
//! takes what was made for the other.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::clock::{Micros, SECOND};
use crate::error::{Error, Result};

/// Seconds an access token is good for. A browser that asks for nothing so long has to sign in again.
pub const LIFE: i64 = 15 * 60;
const ISSUER: &str = "casetrail";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sid: String,
    exp: i64,
}

/// Where a token is shown.
#[derive(Debug, Clone, Copy)]
pub enum TokenUse {
    /// In `Authorization`, to the API.
    Bearer,
    /// In a browser's cookie, to the pages.
    Cookie,
}

impl TokenUse {
    /// What the key is derived for. The first keeps its wording: another one would end every session.
    fn purpose(self) -> &'static str {
        match self {
            Self::Bearer => "casetrail session envelope v1",
            Self::Cookie => "casetrail browser cookie v1",
        }
    }
}

/// What a genuine token says: its session, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownToken {
    /// The session's id.
    pub session: String,
    /// When the token ends.
    pub ends: Micros,
}

/// Issues and checks access tokens of one use.
pub struct AccessTokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    rules: Validation,
}

impl AccessTokens {
    /// With a key derived from the installation's secret.
    pub fn new(secret: &Secret, shown: TokenUse) -> Result<Self> {
        let key = SigningKey::from_bytes(&secret.derive(shown.purpose()));
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
        Some(self.check(token, now)?.session)
    }

    /// What a token says that is genuine and not over.
    pub fn check(&self, token: &str, now: Micros) -> Option<ShownToken> {
        self.genuine(token).filter(|shown| shown.ends > now)
    }

    /// What a token says that is genuine. It may be over, and opens nothing by itself.
    pub fn genuine(&self, token: &str) -> Option<ShownToken> {
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.verifying, &self.rules).ok()?;
        Some(ShownToken {
            ends: decoded.claims.exp.checked_mul(SECOND)?,
            session: decoded.claims.sid,
        })
    }
}
