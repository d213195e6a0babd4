//! Refresh tokens. Each names its session and how often that was refreshed before, under a key of the installation, so
//! that every spent one is known for what it is, however many came after it. No secret of a session lies in the database.

use subtle::ConstantTimeEq;

use super::secret::Secret;
use crate::proof::id::hex;

/// Makes and reads refresh tokens.
pub struct RefreshTokens(Secret);

/// What a genuine refresh token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRefresh {
    /// The session.
    pub session: String,
    /// How often it was refreshed before this token was given.
    pub generation: i64,
}

impl RefreshTokens {
    /// With a key derived from the installation's secret for each token.
    pub fn new(secret: &Secret) -> Self {
        Self(secret.of("casetrail refresh tokens v1"))
    }

    /// The token for the next refresh of a session.
    pub fn of(&self, session: &str, generation: i64) -> String {
        let key = self.0.derive(&format!("{session} {generation}"));
        format!("{session}.{generation}.{}", hex(&key))
    }

    /// What a token says that was made here. It takes as long for a wrong one as for the right one.
    pub fn read(&self, shown: &str) -> Option<ShownRefresh> {
        let (session, rest) = shown.split_once('.')?;
        let generation: i64 = rest.split_once('.')?.0.parse().ok()?;
        let genuine: bool = self.of(session, generation).as_bytes().ct_eq(shown.as_bytes()).into();
        genuine.then(|| ShownRefresh {
            session: session.to_owned(),
            generation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_by_the_installation_that_made_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let tokens = |name: &str| RefreshTokens::new(&Secret::open(&folder.path().join(name)).expect("a secret"));
        let (ours, other) = (tokens("a"), tokens("b"));
        let token = ours.of("019ab1c4", 7);
        let said = ShownRefresh {
            session: "019ab1c4".into(),
            generation: 7,
        };
        assert_eq!(ours.read(&token), Some(said));
        assert_eq!(other.read(&token), None);
        for wrong in [
            "",
            "a.b",
            "019ab1c4.7.",
            &token.replace(".7.", ".6."),
            &token.replace("019", "029"),
            &token[1..],
        ] {
            assert_eq!(ours.read(wrong), None, "{wrong}");
        }
    }
}
