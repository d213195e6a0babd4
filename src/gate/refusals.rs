//! Refusals in the access log. Repeats within a minute coalesce into one count, told by the next one recorded.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::json;

use super::relation::Scope;
use crate::clock::{MINUTE, Micros};
use crate::error::Error;
use crate::identity::Credential;
use crate::ledger::{self, Action, Draft};
use crate::policy::Act;

/// Refusals remembered at the most; beyond it the oldest minute is forgotten.
const KEPT: usize = 20_000;

type RefusalKey = (Credential, Act, Scope);

#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<RefusalKey, (Micros, u64)>>);

impl Refusals {
    /// Whether this refusal is to be recorded now, with the number of repeats that were not.
    pub fn is_new(&self, credential: &Credential, act: Act, scope: &Scope, now: Micros) -> Option<u64> {
        let mut seen = self.0.lock().ok()?;
        if seen.len() > KEPT {
            seen.retain(|_, (at, _)| *at > now - MINUTE);
            if seen.len() > KEPT {
                seen.clear();
            }
        }
        let entry = seen
            .entry((credential.clone(), act, scope.clone()))
            .or_insert((Micros::MIN, 0));
        if entry.0 > now - MINUTE {
            entry.1 += 1;
            return None;
        }
        let repeats = entry.1;
        *entry = (now, 0);
        Some(repeats)
    }

    /// Forgets a refusal that could not be recorded, so that the next one is.
    pub fn forget(&self, credential: &Credential, act: Act, scope: &Scope) {
        if let Ok(mut seen) = self.0.lock() {
            seen.remove(&(credential.clone(), act, scope.clone()));
        }
    }
}

/// With what was answered, and how many repeats of it were not recorded.
pub(super) fn draft(case: Option<&str>, act: Act, scope: &Scope, address: &str, (e, repeats): (&Error, u64)) -> Draft {
    let stream = case.map_or_else(|| ledger::AGENCY.to_owned(), ledger::access_stream);
    let record =
        json!({"act": act.as_str(), "answer": e.code, "rules": e.rules, "address": address, "repeats_before": repeats});
    Draft::new(stream, Action::AccessRefused, scope.object(), record)
}
