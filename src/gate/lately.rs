//! Who was let in a moment ago. Only for what the transaction asks again: whether bytes may begin to come at all.
//!
//! An answer is forgotten after a second; before, when this server changes anything but the captures of a case, or when
//! the transaction refuses what the answer let in. Another process on the same database (the command line, a second
//! server) is what the second is for, and a change whose caller went away before it was committed.

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

pub(super) type Key = (Credential, Act, Scope);

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

    /// Forgets an answer that the transaction did not bear out.
    pub fn forget(&self, key: &Key) {
        if let Ok(mut answers) = self.answers.lock() {
            answers.remove(key);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Caller;

    fn passed() -> Passed {
        let caller = Caller::nobody();
        Passed { caller, ground: None }
    }

    fn key(case: &str) -> Key {
        (
            Credential::Session("s".into()),
            Act::CaptureRecord,
            Scope::Case(case.into()),
        )
    }

    #[test]
    fn an_answer_holds_for_a_second_for_the_same_question() {
        let lately = Lately::default();
        let found = |(credential, act, scope): Key, now| lately.find(&credential, act, &scope, now).is_some();
        assert!(!found(key("a"), 10 * SECOND));
        lately.remember(key("a"), passed(), 10 * SECOND, lately.changes());
        assert!(found(key("a"), 10 * SECOND) && found(key("a"), 11 * SECOND - 1));
        assert!(!found(key("a"), 11 * SECOND), "too old");
        assert!(!found(key("a"), 10 * SECOND - 1), "from the future");
        assert!(!found(key("b"), 10 * SECOND), "another case");
        let (credential, _, scope) = key("a");
        assert!(
            !found((credential.clone(), Act::CaseRead, scope.clone()), 10 * SECOND),
            "another act"
        );
        assert!(
            !found(
                (Credential::Session("t".into()), Act::CaptureRecord, scope),
                10 * SECOND
            ),
            "another session"
        );
    }

    #[test]
    fn a_change_ends_every_answer_and_those_still_on_their_way() {
        let lately = Lately::default();
        let found = || {
            let (credential, act, scope) = key("a");
            lately.find(&credential, act, &scope, SECOND).is_some()
        };
        lately.remember(key("a"), passed(), SECOND, lately.changes());
        let asked_before = lately.changes();
        lately.changed();
        assert!(!found());
        lately.remember(key("a"), passed(), SECOND, asked_before);
        assert!(!found());
    }

    #[test]
    fn what_the_transaction_refuses_is_forgotten() {
        let lately = Lately::default();
        lately.remember(key("a"), passed(), SECOND, 0);
        lately.remember(key("b"), passed(), SECOND, 0);
        lately.forget(&key("a"));
        let found = |(credential, act, scope): Key| lately.find(&credential, act, &scope, SECOND).is_some();
        assert!(!found(key("a")) && found(key("b")));
    }

    #[test]
    fn memory_is_bounded() {
        let lately = Lately::default();
        for n in 0..=KEPT {
            lately.remember(key(&n.to_string()), passed(), SECOND, 0);
        }
        assert_eq!(lately.answers.lock().expect("the answers").len(), 1);
    }
}
