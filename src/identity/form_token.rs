//! Tokens against forged requests: each form of a page carries the one of its session.

use subtle::ConstantTimeEq;

use super::secret::Secret;
use crate::proof::id::hex;

/// Makes and checks the tokens of forms.
pub struct FormTokens(Secret);

impl FormTokens {
    /// With a key derived from the installation's secret for each session.
    pub fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// The token of a session's forms: 64 hexadecimal digits.
    pub fn of(&self, session: &str) -> String {
        hex(&self.0.derive(&format!("casetrail form token v1 {session}")))
    }

    /// Whether this is the token of that session. It takes as long for a wrong one as for the right one.
    pub fn is_right(&self, session: &str, shown: &str) -> bool {
        self.of(session).as_bytes().ct_eq(shown.as_bytes()).into()
    }
}
