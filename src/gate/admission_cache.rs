//! Admission of an upload before its body is taken, and a cache of it for small ones.
//!
//! The transaction always asks again, so what is admitted here is only that bytes may begin to come. An admission holds
//! for a second at the most. It ends before that when this server changes anything but the captures of a case, or when
//! the transaction refuses an upload that it let in. The second is for what this server does not see: another process
//! on the same database, or a change whose caller went away before it was committed.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::relation::Scope;
use super::{Authorized, Gate, RequestCtx};
use crate::clock::{Micros, SECOND};
use crate::error::Result;
use crate::identity::Credential;
use crate::policy::Act;

/// Bytes of an upload that is small. For larger ones the disk must be asked each time.
const SMALL: u64 = 1 << 20;
/// Admissions remembered at the most.
const CAPACITY: usize = 10_000;

impl Gate {
    /// Whether this caller may record a capture in this case, and `room` finds room for it. `announced` is the length
    /// of the body as its sender tells it. `room` runs on a thread that may block. It does not run if the cache
    /// answers: the room is checked again before each file is made.
    pub async fn admit_upload<F>(
        &self,
        request: &RequestCtx,
        scope: Scope,
        announced: u64,
        room: F,
    ) -> Result<Authorized>
    where
        F: FnOnce() -> Result<()> + Send + 'static,
    {
        let cache = &self.0.admissions;
        if (1..=SMALL).contains(&announced)
            && let Some(authorized) = cache.find(&request.credential, &scope, self.now())
        {
            return Ok(authorized);
        }
        let (at, changes) = (self.now(), cache.changes());
        let admitted = |ctx: &mut super::ReadCtx<'_>| room().map(|()| ctx.authorized());
        let authorized = self.read(request, Act::CaptureRecord, scope.clone(), admitted).await?;
        let admission = Admission {
            authorized: authorized.clone(),
            at,
            changes,
        };
        cache.remember((request.credential.clone(), scope), admission);
        Ok(authorized)
    }
}

type AdmissionKey = (Credential, Scope);

struct Admission {
    authorized: Authorized,
    at: Micros,
    /// Changes that had been committed when it was asked.
    changes: u64,
}

#[derive(Default)]
pub(super) struct AdmissionCache {
    changes: AtomicU64,
    admissions: Mutex<HashMap<AdmissionKey, Admission>>,
}

impl AdmissionCache {
    /// Changes committed so far: to be read before asking.
    fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Something was committed on which an admission may rest.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// An admission of the last second, where nothing changed since.
    fn find(&self, credential: &Credential, scope: &Scope, now: Micros) -> Option<Authorized> {
        let admissions = self.admissions.lock().ok()?;
        let found = admissions.get(&(credential.clone(), scope.clone()))?;
        let fresh = (found.at..found.at + SECOND).contains(&now) && found.changes == self.changes();
        fresh.then(|| found.authorized.clone())
    }

    /// Forgets an admission that the transaction did not bear out.
    pub fn forget(&self, credential: &Credential, scope: &Scope) {
        if let Ok(mut admissions) = self.admissions.lock() {
            admissions.remove(&(credential.clone(), scope.clone()));
        }
    }

    fn remember(&self, key: AdmissionKey, admission: Admission) {
        let Ok(mut admissions) = self.admissions.lock() else {
            return;
        };
        if admissions.len() >= CAPACITY {
            admissions.clear();
        }
        admissions.insert(key, admission);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Caller;

    fn key(case: &str) -> AdmissionKey {
        (Credential::Session("s".into()), Scope::Case(case.into()))
    }

    /// Remembers an admission that was asked then, after so many changes.
    fn remember(cache: &AdmissionCache, case: &str, at: Micros, changes: u64) {
        let caller = Caller::nobody();
        let authorized = Authorized { caller, context: None };
        cache.remember(
            key(case),
            Admission {
                authorized,
                at,
                changes,
            },
        );
    }

    fn found(cache: &AdmissionCache, (credential, scope): AdmissionKey, now: Micros) -> bool {
        cache.find(&credential, &scope, now).is_some()
    }

    #[test]
    fn an_admission_holds_for_a_second_for_the_same_question() {
        let cache = AdmissionCache::default();
        assert!(!found(&cache, key("a"), 10 * SECOND));
        remember(&cache, "a", 10 * SECOND, cache.changes());
        assert!(found(&cache, key("a"), 10 * SECOND) && found(&cache, key("a"), 11 * SECOND - 1));
        assert!(!found(&cache, key("a"), 11 * SECOND), "too old");
        assert!(!found(&cache, key("a"), 10 * SECOND - 1), "from the future");
        assert!(!found(&cache, key("b"), 10 * SECOND), "another case");
        let other = (Credential::Session("t".into()), key("a").1);
        assert!(!found(&cache, other, 10 * SECOND), "another session");
    }

    #[test]
    fn a_change_ends_every_admission_and_those_still_on_their_way() {
        let cache = AdmissionCache::default();
        remember(&cache, "a", SECOND, cache.changes());
        let asked_before = cache.changes();
        cache.changed();
        assert!(!found(&cache, key("a"), SECOND));
        remember(&cache, "a", SECOND, asked_before);
        assert!(!found(&cache, key("a"), SECOND));
    }

    #[test]
    fn what_the_transaction_refuses_is_forgotten() {
        let cache = AdmissionCache::default();
        remember(&cache, "a", SECOND, 0);
        remember(&cache, "b", SECOND, 0);
        let (credential, scope) = key("a");
        cache.forget(&credential, &scope);
        assert!(!found(&cache, key("a"), SECOND) && found(&cache, key("b"), SECOND));
    }

    #[test]
    fn memory_is_bounded() {
        let cache = AdmissionCache::default();
        for n in 0..=CAPACITY {
            remember(&cache, &n.to_string(), SECOND, 0);
        }
        assert_eq!(cache.admissions.lock().expect("the admissions").len(), 1);
    }
}
