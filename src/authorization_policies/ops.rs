//! Proposing a version of the authorization policy, countersigning it, and taking it back.

use super::model::{AuthorizationPolicy, Level, NewPolicy, PolicyAnswer, PolicyOutcome, PolicyRuling, PolicyState};
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, FieldError, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;

/// The object of a version's events.
pub const NOUN: &str = "authorization_policy";

/// Proposes a version. One waits at a time, so that versions are adopted in the order of their numbers.
pub fn propose(tx: &mut Tx<'_>, new: &NewPolicy) -> Result<Recorded<AuthorizationPolicy>> {
    if let Some(waiting) = store::proposed(tx.conn)? {
        return Err(Error::conflict(format!(
            "Version {} waits for its countersignature: have it decided or taken back first.",
            waiting.number
        )));
    }
    FieldError::refuse(unknown_units(tx, new)?)?;
    let sha256 = new.terms.sha256()?;
    if store::in_force(tx.conn)?.reference.sha256 == sha256 {
        let message = "says what the policy in force says: change something, or leave it";
        return Err(Error::field("terms", "changed", message));
    }
    let policy = AuthorizationPolicy {
        id: tx.new_id(),
        number: store::next_number(tx.conn)?,
        state: PolicyState::Proposed,
        terms: new.terms.clone(),
        sha256,
        reason: new.reason.clone(),
        author: tx.me(),
        proposed_at: Timestamp(tx.now),
        decision: None,
        version: 1,
    };
    save(tx, policy, Action::AuthorizationPolicyProposed)
}

/// Units of standing orders that the agency does not have.
fn unknown_units(tx: &mut Tx<'_>, new: &NewPolicy) -> Result<Vec<FieldError>> {
    let known = store::unit_names(tx.conn)?;
    let mut broken = Vec::new();
    for level in Level::ALL {
        let named = new.terms.of(*level).standing_order_units.iter().enumerate();
        for (i, name) in named.filter(|(_, name)| !known.contains(name)) {
            let field = format!("terms.{level}.standing_order_units[{i}]");
            let message =
                format!("{name:.60}: no unit of the agency has this name: write it as the list of units does");
            broken.push(FieldError::new(field, "exists", message));
        }
    }
    Ok(broken)
}

/// Adopts or declines a version. Nobody countersigns what they wrote.
pub fn decide(tx: &mut Tx<'_>, id: &str, answer: &PolicyAnswer) -> Result<Recorded<AuthorizationPolicy>> {
    let before = waiting(tx, id)?;
    if before.author.id == tx.caller.user {
        return Err(Error::conflict(
            "You wrote this version: another supervisor countersigns it. To take it back is yours.",
        ));
    }
    let (state, action) = match answer.outcome {
        PolicyOutcome::Adopt => (PolicyState::Adopted, Action::AuthorizationPolicyAdopted),
        PolicyOutcome::Decline => (PolicyState::Declined, Action::AuthorizationPolicyDeclined),
    };
    let decision = PolicyRuling {
        by: tx.me(),
        at: Timestamp(tx.now),
        reason: answer.reason.clone(),
    };
    let next = AuthorizationPolicy {
        state,
        decision: Some(decision),
        version: before.version + 1,
        ..before
    };
    save(tx, next, action)
}

/// Takes a version back; only its author does.
pub fn withdraw(tx: &mut Tx<'_>, id: &str) -> Result<Recorded<AuthorizationPolicy>> {
    let before = waiting(tx, id)?;
    if before.author.id != tx.caller.user {
        let told = format!(
            "{} wrote this version: only they take it back. A supervisor may decline it.",
            before.author.name
        );
        return Err(Error::conflict(told));
    }
    let next = AuthorizationPolicy {
        state: PolicyState::Withdrawn,
        version: before.version + 1,
        ..before
    };
    save(tx, next, Action::AuthorizationPolicyWithdrawn)
}

fn waiting(tx: &mut Tx<'_>, id: &str) -> Result<AuthorizationPolicy> {
    let found = store::get(tx.conn, id)?;
    match found.state {
        PolicyState::Proposed => Ok(found),
        state => Err(Error::conflict(format!(
            "Version {} is {state} already: propose another one to change the policy.",
            found.number
        ))),
    }
}

fn save(tx: &mut Tx<'_>, policy: AuthorizationPolicy, action: Action) -> Result<Recorded<AuthorizationPolicy>> {
    let made = tx.record(action, (NOUN, &policy.id), policy.version, &policy)?;
    store::save(tx.conn, &policy, &made.leaf)?;
    Ok(made.answering(policy))
}
