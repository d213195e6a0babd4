//! Refusals in the access log. Repeats within a minute coalesce into one count, and so do all of one caller beyond a few;
//! both are told by the next one recorded.

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
    /// Not recorded, and not a repeat.
    others: u64,
    seen: HashMap<(Act, Scope), (Micros, u64)>,
}

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
    pub fn is_new(&self, credential: &Credential, act: Act, scope: &Scope, now: Micros) -> Option<Unrecorded> {
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
            caller.seen.retain(|_, (at, _)| *at > now - HOUR);
        }
        let key = (act, scope.clone());
        if let Some((at, repeats)) = caller.seen.get_mut(&key)
            && *at > now - MINUTE
        {
            *repeats += 1;
            return None;
        }
        if caller.singly >= SINGLY {
            caller.others += 1;
            return None;
        }
        caller.singly += 1;
        let before = caller.seen.insert(key, (now, 0));
        Some(Unrecorded {
            repeats: before.map_or(0, |(_, repeats)| repeats),
            others: std::mem::take(&mut caller.others),
        })
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
pub(super) fn draft(
    case: Option<&str>,
    act: Act,
    scope: &Scope,
    address: &str,
    (e, before): (&Error, Unrecorded),
) -> Draft {
    let stream = case.map_or_else(|| ledger::AGENCY.to_owned(), ledger::access_stream);
    let record = json!({
        "act": act.as_str(), "answer": e.code, "rules": e.rules, "address": address,
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
        let asks =
            |who: usize, id: usize, at| all.is_new(&caller(who), Act::CaseRead, &Scope::Case(format!("{id}")), at);
        let first: Vec<_> = (0..500).filter_map(|id| asks(1, id, now)).collect();
        assert_eq!(first, [Unrecorded::default(); SINGLY]);
        assert_eq!(asks(2, 0, now), Some(Unrecorded::default()));
        assert_eq!(asks(1, 0, now), None);
        let told = |repeats, others| Some(Unrecorded { repeats, others });
        assert_eq!(asks(1, 0, now + MINUTE), told(1, 490));
        assert_eq!(asks(1, 900, now + MINUTE), told(0, 0));
    }
}
