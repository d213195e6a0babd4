//! Passwords: argon2id, two at a time, so that a burst of sign-ins cannot exhaust memory.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::clock::random;
use crate::error::{Error, FieldError, Result};
use crate::threads::blocking;

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// A hash for unknown users, so that their sign-in takes as long as anybody's.
    decoy: Arc<str>,
}

impl Passwords {
    /// Two at a time.
    pub fn new() -> Result<Self> {
        Ok(Self {
            turns: Arc::new(Semaphore::new(2)),
            decoy: hash(&one_time())?.into(),
        })
    }

    /// Hashes a password.
    pub async fn hash(&self, password: String) -> Result<String> {
        let _turn = self.turns.acquire().await.map_err(Error::internal)?;
        blocking(move || hash(&password)).await
    }

    /// Whether the password matches. Without a hash (no such user) it takes as long, and never matches.
    pub async fn check(&self, password: String, hash: Option<String>) -> Result<bool> {
        let _turn = self.turns.acquire().await.map_err(Error::internal)?;
        let (known, hash) = (hash.is_some(), hash.unwrap_or_else(|| self.decoy.to_string()));
        blocking(move || Ok(matches(&password, &hash) && known)).await
    }
}

/// Hashes a password on the calling thread.
pub(super) fn hash(password: &str) -> Result<String> {
    let hash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &random::<16>())
        .map_err(|e| Error::internal(format!("password hash: {e}")))?;
    Ok(hash.to_string())
}

fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok())
}

/// A one-time password: 80 random bits in groups that can be read out.
pub fn one_time() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters = random::<16>().map(|b| char::from(LETTERS[usize::from(b % 32)]));
    let groups: Vec<String> = letters.chunks(4).map(String::from_iter).collect();
    groups.join("-")
}

/// The rules of a chosen password (CJIS IA-5): long enough, not the user's name, not one of the most common.
pub fn rules(field: &str, password: &str, username: &str) -> Option<FieldError> {
    let length = password.chars().count();
    let mut plain = password.to_lowercase();
    plain.retain(char::is_alphanumeric);
    let common = |word: &&str| plain.starts_with(word) && plain.len() < word.len() + 5;
    let (rule, message) = if length < 12 {
        (
            "too_short",
            "must have at least 12 characters; several words are easier to keep than signs",
        )
    } else if length > 256 {
        ("too_long", "must have at most 256 characters")
    } else if plain.contains(&username.to_lowercase()) {
        ("not_the_username", "must not contain the user name")
    } else if COMMON.iter().any(common) {
        (
            "common",
            "is among the first that are tried: choose several unrelated words",
        )
    } else {
        return None;
    };
    Some(FieldError {
        field: field.into(),
        rule: rule.into(),
        message: message.into(),
    })
}

const COMMON: &[&str] = &[
    "password",
    "passw0rd",
    "123456789",
    "1234567890",
    "qwertyuiop",
    "qwerty123",
    "letmein",
    "welcome",
    "iloveyou",
    "administrator",
    "changeme",
    "casetrail",
    "111111111111",
    "abcdefghijkl",
    "monkey",
    "dragon",
    "football",
    "baseball",
];
