//! Asking for leave, deciding, and ending it.

use super::checks::{self, Decider};
use super::model::{Amendment, Authorization, AuthorizationDecision, AuthorizationState, Outcome, Request, Ruling};
use super::store;
use crate::cases::{self, Stage};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::identity::Person;
use crate::ledger::Action;
use crate::policy::Act;
use crate::users::store as people;
use crate::versions::SeenVersions;

/// Who is to be covered: people who can log in the case, its lead and its members.
fn holders(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<Person>> {
    let case = tx.case()?.clone();
    let mut holders = Vec::with_capacity(ids.len());
    for (i, id) in ids.iter().enumerate() {
        let field = format!("holders[{i}]");
        let person = people::named(tx.conn, &field, id)?.person();
        let member = cases::store::member_since(tx.conn, &case.case_id, id)?;
        if person.id != case.lead_id && member.is_none() {
            let message = "must work on this case, as its lead or a member, to log in it: add them to it first, or leave them out";
            return Err(Error::field(field, "works", message));
        }
        holders.push(person);
    }
    Ok(holders)
}

/// Asks for leave. Refused while the case owes what is due before an authorization.
pub fn request(tx: &mut Tx<'_>, wanted: &Request) -> Result<Recorded<Authorization>> {
    let case_id = tx.case_id()?;
    crate::cases::nothing_due(tx.conn, &case_id, Stage::Authorization)?;
    let next = Authorization {
        id: tx.new_id(),
        number: store::next_number(tx.conn, &case_id)?,
        case_id,
        state: AuthorizationState::Requested,
        holders: holders(tx, &wanted.holders)?,
        terms: wanted.terms.clone(),
        requester: tx.me(),
        requested_at: Timestamp(tx.now),
        effective_from: None,
        decision: None,
        revoked: None,
        version: 1,
    };
    save(tx, next, Action::AuthorizationRequested)
}

/// Mends a returned request and asks again.
pub fn amend(tx: &mut Tx<'_>, id: &str, seen: &SeenVersions, amendment: &Amendment) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    seen.check(before.version)?;
    if before.state != AuthorizationState::Returned {
        return Err(wrong_state(&before, tx.now, "mended", "returned"));
    }
    let wanted = amendment.apply(&before, tx.now)?;
    let next = Authorization {
        holders: holders(tx, &wanted.holders)?,
        terms: wanted.terms,
        requested_at: Timestamp(tx.now),
        ..before.next(AuthorizationState::Requested)
    };
    save(tx, next, Action::AuthorizationAmended)
}

fn wrong_state(found: &Authorization, now: i64, verb: &str, needed: &str) -> Error {
    let state = found.state_at(now);
    Error::conflict(format!(
        "This authorization is {state}; only one that is {needed} can be {verb}."
    ))
}

/// Records a version of an authorization: its event, its row, its holders.
fn save(tx: &mut Tx<'_>, next: Authorization, action: Action) -> Result<Recorded<Authorization>> {
    let record = serde_json::to_value(&next)?;
    let event = NewEvent::new(action, ("authorization", &next.id), next.version, record).in_case(&next.case_id);
    let made = tx.append(event)?;
    store::save(tx.conn, &next, &made.leaf)?;
    Ok(made.answering(next))
}

/// Approves, denies or returns. An approval counts from the start or from now, whichever is later, and is refused while
/// a check of the request has failed.
pub fn decide(tx: &mut Tx<'_>, id: &str, decision: &AuthorizationDecision) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    if before.state != AuthorizationState::Requested {
        return Err(wrong_state(&before, tx.now, "decided", "requested"));
    }
    decision.seen.check(before.version)?;
    let approved = decision.outcome == Outcome::Approve;
    if approved {
        let decider = Decider {
            may: tx.may(Act::AuthorizationDecide),
            context: tx.case()?,
        };
        checks::require(&checks::weigh(tx.conn, &before, decider, tx.now)?)?;
    }
    let (state, action) = match decision.outcome {
        Outcome::Approve => (AuthorizationState::Approved, Action::AuthorizationApproved),
        Outcome::Deny => (AuthorizationState::Denied, Action::AuthorizationDenied),
        Outcome::Return => (AuthorizationState::Returned, Action::AuthorizationReturned),
    };
    let next = Authorization {
        effective_from: approved.then(|| before.terms.starts_at.max(Timestamp(tx.now))),
        decision: Some(ruling(tx, Some(decision.outcome), decision.reason.clone())),
        ..before.next(state)
    };
    save(tx, next, action)
}

fn ruling(tx: &Tx<'_>, outcome: Option<Outcome>, reason: Option<String>) -> Ruling {
    Ruling {
        by: tx.me(),
        at: Timestamp(tx.now),
        outcome: outcome.map(|outcome| outcome.as_str().into()),
        reason,
    }
}

/// Takes a request back.
pub fn withdraw(tx: &mut Tx<'_>, id: &str) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    if !matches!(
        before.state,
        AuthorizationState::Requested | AuthorizationState::Returned
    ) {
        return Err(wrong_state(&before, tx.now, "withdrawn", "requested or returned"));
    }
    let next = before.next(AuthorizationState::Withdrawn);
    save(tx, next, Action::AuthorizationWithdrawn)
}

/// Ends leave at once.
pub fn revoke(tx: &mut Tx<'_>, id: &str, reason: &str) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    if before.state_at(tx.now) != AuthorizationState::Approved {
        return Err(wrong_state(&before, tx.now, "revoked", "approved"));
    }
    let next = Authorization {
        revoked: Some(ruling(tx, None, Some(reason.to_owned()))),
        ..before.next(AuthorizationState::Revoked)
    };
    save(tx, next, Action::AuthorizationRevoked)
}

/// Records that leave came to its end; a job's verb.
pub fn expire(tx: &mut Tx<'_>, id: &str, case_id: &str) -> Result<()> {
    tx.lock(&crate::ledger::case_stream(case_id))?;
    let before = store::get(tx.conn, id)?;
    if before.state != AuthorizationState::Approved || before.state_at(tx.now) != AuthorizationState::Expired {
        return Ok(());
    }
    let next = before.next(AuthorizationState::Expired);
    save(tx, next, Action::AuthorizationExpired).map(drop)
}
