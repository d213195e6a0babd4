//! Passwords: argon2id, few at a time, so that a burst of sign-ins cannot exhaust memory. Sign-ins have turns of their own,
//! fewer than there are processors, and a short queue: strangers do not slow down whoever is signed in.

use std::num::NonZero;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::random;
use crate::error::{Error, FieldError, Result};
use crate::threads::blocking;

/// Sign-ins that wait for their turn at the most.
const WAITING: usize = 64;

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    /// Of whoever is signed in.
    turns: Arc<Semaphore>,
    /// Of sign-ins.
    sign_ins: Arc<Semaphore>,
    /// Of sign-ins of administrators at the machine itself, whom no flood from elsewhere keeps out.
    machine: Arc<Semaphore>,
    /// Of sign-ins that have a turn or wait for one.
    waiting: Arc<Semaphore>,
    /// A hash for unknown users, so that their sign-in takes as long as anybody's.
    decoy: Arc<str>,
}

impl Passwords {
    /// The problem where too many sign in at once.
    pub const QUEUE_FULL: &str = "busy";

    /// Two at a time of those who are signed in; of sign-ins half as many as there are processors.
    pub fn new() -> Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let sign_ins = (processors / 2).clamp(1, 4);
        Ok(Self {
            turns: Arc::new(Semaphore::new(2)),
            sign_ins: Arc::new(Semaphore::new(sign_ins)),
            machine: Arc::new(Semaphore::new(1)),
            waiting: Arc::new(Semaphore::new(sign_ins + WAITING)),
            decoy: hash(&one_time())?.into(),
        })
    }

    /// Hashes a password.
    pub async fn hash(&self, password: String) -> Result<String> {
        let turn = turn(&self.turns).await?;
        in_turn(turn, move || hash(&password)).await
    }

    /// Whether the password of somebody who is signed in matches.
    pub async fn check(&self, password: String, hash: String) -> Result<bool> {
        let turn = turn(&self.turns).await?;
        in_turn(turn, move || Ok(matches(&password, &hash))).await
    }

    /// Whether the password of a sign-in matches. Without a hash (no such user) it takes as long, and never matches.
    ///
    /// # Errors
    /// Too many wait for their turn already.
    pub async fn check_sign_in(&self, password: String, hash: Option<String>) -> Result<bool> {
        let busy = |_| Error::unavailable(Self::QUEUE_FULL, "Too many sign in at the moment. Send it again.", 2);
        let waiting = self.waiting.clone().try_acquire_owned().map_err(busy)?;
        let turn = turn(&self.sign_ins).await?;
        self.matches(password, hash, (turn, waiting)).await
    }

    /// The same at the machine itself, one after the other.
    pub async fn check_at_machine(&self, password: String, hash: Option<String>) -> Result<bool> {
        let turn = turn(&self.machine).await?;
        self.matches(password, hash, turn).await
    }

    async fn matches(&self, password: String, hash: Option<String>, turn: impl Send + 'static) -> Result<bool> {
        let (known, hash) = (hash.is_some(), hash.unwrap_or_else(|| self.decoy.to_string()));
        in_turn(turn, move || Ok(matches(&password, &hash) && known)).await
    }
}

async fn turn(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    turns.clone().acquire_owned().await.map_err(Error::internal)
}

/// Works with a turn, which ends with the work, also where nobody waits for it any more.
async fn in_turn<T: Send + 'static>(
    turn: impl Send + 'static,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    blocking(move || {
        let done = work();
        drop(turn);
        done
    })
    .await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn strangers_wait_among_themselves() {
        let passwords = Passwords::new().expect("made");
        let all = passwords.sign_ins.available_permits();
        let taken = passwords.sign_ins.clone().acquire_many_owned(all as u32).await;
        let waits = (0..WAITING + all).map(|_| passwords.check_sign_in("a guess".into(), None));
        let mut waits: Vec<_> = waits.map(Box::pin).collect();
        for wait in &mut waits {
            assert!(futures_util::poll!(wait).is_pending());
        }
        let refused = passwords.check_sign_in("a guess".into(), None).await;
        assert_eq!(refused.expect_err("too many").code, "busy");
        // Whoever is signed in does not notice.
        let hash = passwords
            .hash("green lantern by the ferry".into())
            .await
            .expect("hashed");
        assert!(
            passwords
                .check("green lantern by the ferry".into(), hash)
                .await
                .expect("checked")
        );
        // Nor does an administrator at the machine.
        let hash = passwords
            .hash("green lantern by the ferry".into())
            .await
            .expect("hashed");
        let right = passwords.check_at_machine("green lantern by the ferry".into(), Some(hash));
        assert!(right.await.expect("checked"));
        assert!(
            !passwords
                .check_at_machine("a guess".into(), None)
                .await
                .expect("checked")
        );
        drop(taken);
        assert!(!waits.remove(0).await.expect("checked"));
    }
}
