//! Refusals in the access log. Repeats within a minute coalesce into one count, and so do all of one caller beyond a few;
//! both are told by the next one recorded. Where none follows, the last of them is recorded after the minute, with the count.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::json;

use super::relation::Scope;
use crate::clock::{HOUR, MINUTE, Micros};
use crate::error::Error;
use crate::identity::Credential;
use crate::ledger::{self, Action, Draft};
use crate::policy::Act;

/// Callers remembered at the most; beyond it the oldest minute is forgotten.
const KEPT: usize = 20_000;
/// Refusals of one caller that are recorded one by one within a minute, whether what was asked for exists or not.
const SINGLY: usize = 10;

#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<Credential, RefusedCaller>>);

/// What was refused to one caller.
#[derive(Default)]
struct RefusedCaller {
    minute: Micros,
    singly: usize,
    /// Not recorded, and not a repeat: how many, and the last of them.
    others: (u64, Option<Refusal>),
    seen: HashMap<(Act, Scope), SeenRefusal>,
}

/// A refusal that was recorded.
struct SeenRefusal {
    at: Micros,
    /// How often it was repeated since, and the last time.
    repeats: (u64, Option<Refusal>),
}

/// Something that was refused.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub act: Act,
    pub scope: Scope,
    /// Where the caller was.
    pub address: String,
    /// What was answered.
    pub answer: Error,
}

/// A refusal that was only counted, with how many there were before it.
pub(super) type LeftRefusal = (Credential, Refusal, Unrecorded);

/// What was not recorded before a refusal that is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Unrecorded {
    /// Of the same.
    repeats: u64,
    /// Of others of the same caller.
    others: u64,
}

impl Refusals {
    /// Whether this refusal is to be recorded now, with the number of those that were not.
    pub fn is_new(&self, credential: &Credential, refusal: &Refusal, now: Micros) -> Option<Unrecorded> {
        let mut callers = self.0.lock().ok()?;
        if callers.len() > KEPT {
            callers.retain(|_, caller| caller.minute > now - MINUTE);
            if callers.len() > KEPT {
                callers.clear();
            }
        }
        let caller = callers.entry(credential.clone()).or_default();
        if caller.minute <= now - MINUTE {
            (caller.minute, caller.singly) = (now, 0);
            caller.seen.retain(|_, seen| seen.at > now - HOUR);
        }
        let key = (refusal.act, refusal.scope.clone());
        if let Some(seen) = caller.seen.get_mut(&key)
            && seen.at > now - MINUTE
        {
            seen.repeats = (seen.repeats.0 + 1, Some(refusal.clone()));
            return None;
        }
        if caller.singly >= SINGLY {
            caller.others = (caller.others.0 + 1, Some(refusal.clone()));
            return None;
        }
        caller.singly += 1;
        let seen = SeenRefusal {
            at: now,
            repeats: (0, None),
        };
        let before = caller.seen.insert(key, seen);
        Some(Unrecorded {
            repeats: before.map_or(0, |seen| seen.repeats.0),
            others: std::mem::take(&mut caller.others).0,
        })
    }

    /// What was only counted, and whose minute is over: of each count the last refusal, with those before it.
    pub fn left(&self, now: Micros) -> Vec<LeftRefusal> {
        let Ok(mut callers) = self.0.lock() else {
            return Vec::new();
        };
        let mut left = Vec::new();
        for (credential, caller) in callers.iter_mut().filter(|(_, caller)| caller.minute <= now - MINUTE) {
            for seen in caller.seen.values_mut().filter(|seen| seen.at <= now - MINUTE) {
                if let (count, Some(last)) = std::mem::take(&mut seen.repeats) {
                    let (repeats, others) = (count.saturating_sub(1), 0);
                    left.push((credential.clone(), last, Unrecorded { repeats, others }));
                }
            }
            if let (count, Some(last)) = std::mem::take(&mut caller.others) {
                let (repeats, others) = (0, count.saturating_sub(1));
                left.push((credential.clone(), last, Unrecorded { repeats, others }));
            }
        }
        left
    }

    /// Forgets a refusal that could not be recorded, so that the next one is.
    pub fn forget(&self, credential: &Credential, act: Act, scope: &Scope) {
        if let Ok(mut callers) = self.0.lock()
            && let Some(caller) = callers.get_mut(credential)
        {
            caller.seen.remove(&(act, scope.clone()));
            caller.singly = caller.singly.saturating_sub(1);
        }
    }
}

/// With what was answered, and how many were not recorded. What does not exist has no stream of its own.
pub(super) fn draft(case: Option<&str>, refusal: &Refusal, before: Unrecorded) -> Draft {
    let scope = &refusal.scope;
    // Of an alias the log says the same, whether there is one or not.
    let unseen = Error::not_found();
    let e = match scope {
        Scope::Alias(_) => &unseen,
        _ => &refusal.answer,
    };
    let stream = case.map_or_else(|| ledger::AGENCY.to_owned(), ledger::access_stream);
    let record = json!({
        "act": refusal.act.as_str(), "answer": e.code, "rules": e.rules, "address": refusal.address,
        "repeats_before": before.repeats, "others_before": before.others,
    });
    Draft::new(stream, Action::AccessRefused, scope.object(), record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_has_a_few_entries_a_minute_whatever_is_asked_for() {
        let (all, now) = (Refusals::default(), 1_000 * MINUTE);
        let caller = |n: usize| Credential::Session(format!("{n}"));
        let refusal = |id: usize| Refusal {
            act: Act::CaseRead,
            scope: Scope::Case(format!("{id}")),
            address: String::new(),
            answer: Error::not_found(),
        };
        let asks = |who: usize, id: usize, at| all.is_new(&caller(who), &refusal(id), at);
        let first: Vec<_> = (0..500).filter_map(|id| asks(1, id, now)).collect();
        assert_eq!(first, [Unrecorded::default(); SINGLY]);
        assert_eq!(asks(2, 0, now), Some(Unrecorded::default()));
        assert_eq!(asks(1, 0, now), None);
        let told = |repeats, others| Some(Unrecorded { repeats, others });
        assert_eq!(asks(1, 0, now + MINUTE), told(1, 490));
        assert_eq!(asks(1, 900, now + MINUTE), told(0, 0));
        assert!(all.left(now + 3 * MINUTE).is_empty());
        // Where none follows, the last is left with the number of those before it.
        (0..3).for_each(|_| assert_eq!(asks(1, 900, now + MINUTE), None));
        let others: Vec<_> = (0..20).map(|id| asks(2, 100 + id, now + MINUTE)).collect();
        assert_eq!(others.iter().flatten().count(), SINGLY);
        assert!(all.left(now + MINUTE + 1).is_empty(), "its minute is not over");
        let mut left: Vec<_> = all.left(i64::MAX).into_iter().map(|(_, _, before)| before).collect();
        left.sort_by_key(|before| before.others);
        let unrecorded = |repeats, others| Unrecorded { repeats, others };
        assert_eq!(left, [unrecorded(2, 0), unrecorded(0, 9)]);
        assert!(all.left(i64::MAX).is_empty());
    }
}
