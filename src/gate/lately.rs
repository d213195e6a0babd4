//! Who was let in a moment ago. Only for what the transaction asks again: whether bytes may begin to come at all.
//!
//! An answer is forgotten after a second, and at once when this server changes anything but the captures of a case.
//! Another process on the same database (the command line, a second server) is what the second is for.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Passed;
use super::relation::Scope;
use crate::clock::{Micros, SECOND};
use crate::identity::Credential;
use crate::policy::Act;

/// Answers remembered at the most.
const KEPT: usize = 10_000;

type Key = (Credential, Act, Scope);

struct Answer {
    passed: Passed,
    at: Micros,
    changes: u64,
}

#[derive(Default)]
pub(super) struct Lately {
    changes: AtomicU64,
    answers: Mutex<HashMap<Key, Answer>>,
}

impl Lately {
    /// Changes committed so far: to be read before asking.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Something was committed on which an answer may rest.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// What was found within the last second, where nothing changed since.
    pub fn find(&self, credential: &Credential, act: Act, scope: &Scope, now: Micros) -> Option<Passed> {
        let answers = self.answers.lock().ok()?;
        let answer = answers.get(&(credential.clone(), act, scope.clone()))?;
        let fresh = (answer.at..answer.at + SECOND).contains(&now) && answer.changes == self.changes();
        fresh.then(|| answer.passed.clone())
    }

    /// Remembers what was found, asked when there had been so many changes.
    pub fn remember(&self, key: Key, passed: Passed, at: Micros, changes: u64) {
        let Ok(mut answers) = self.answers.lock() else { return };
        if answers.len() >= KEPT {
            answers.clear();
        }
        answers.insert(key, Answer { passed, at, changes });
    }
}
