//! Asking for access, answering, and breaking the glass. A request is an event of the agency, whether or not a case has the
//! number that was typed; only the grant that comes of it is an event of the case.

use super::model::{
    AccessAnswer, AccessOutcome, AccessRequest, AccessRequestKind, AccessRequestState, AskedAccess, GLASS,
    NewAccessAnswer, NewAccessRequest,
};
use super::store;
use crate::cases::{Grant, GrantOrigin, NewGrant, Right, record_grant};
use crate::clock::{Micros, Timestamp};
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::{Recorded, Tx};
use crate::identity::Person;
use crate::ledger::{self, Action};
use crate::lookalike::fold;
use crate::policy::Role;
use crate::users::store as people;

/// The object of a request's events.
pub const NOUN: &str = "access_request";
/// Requests of one person that wait at the same time.
const WAITING: i64 = 10;

/// Asks for access.
pub fn ask(tx: &mut Tx<'_>, new: &NewAccessRequest) -> Result<Recorded<AskedAccess>> {
    if new.rights.contains(&Right::Export) && !tx.caller.is(Role::Prosecutor) {
        let message = "is for prosecutors: ask to read";
        return Err(Error::field("export", "role", message));
    }
    let second = match &new.second {
        Some(name) => Some(second(tx, name)?),
        None => None,
    };
    if store::waiting_of(tx.conn, &tx.caller.user, tx.now)? >= WAITING {
        let detail = format!("{WAITING} of your requests wait for an answer: wait for one of them, or take one back.");
        return Err(Error::conflict(detail));
    }
    let case_id = store::case_of_number(tx.conn, &new.number)?;
    // The same is asked where there is no such case, so that it takes as long.
    let case = case_id.as_deref().unwrap_or_default();
    if store::reads(tx.conn, tx.caller, case, tx.now)? {
        return Err(Error::conflict("You read this case already: find it under Cases."));
    }
    let request = AccessRequest {
        id: tx.new_id(),
        version: 1,
        kind: new.kind(),
        state: AccessRequestState::Asked,
        number: new.number.clone(),
        case_id,
        rights: new.rights.clone(),
        reason: new.reason.clone(),
        asked_by: tx.me(),
        asked_at: Timestamp(tx.now),
        second,
        ends_at: Timestamp(new.ends_at(tx.now)),
        answer: None,
    };
    let now = tx.now;
    Ok(save(tx, request, Action::AccessRequested)?.map(|request| request.as_asked(now)))
}

/// The second person of a break-glass request: another one, who is a supervisor.
fn second(tx: &mut Tx<'_>, name: &str) -> Result<Person> {
    let id = match parse_id(name) {
        Some(id) => id,
        None => people::by_username(tx.conn, &fold(name))?
            .map(|row| row.id)
            .unwrap_or_default(),
    };
    let person = people::named(tx.conn, "second", &id)?;
    if person.user == tx.caller.user {
        let message = "must be somebody else: two people break the glass";
        return Err(Error::field("second", "other", message));
    }
    if !person.is(Role::Supervisor) {
        let message = "must be a supervisor, of whatever unit";
        return Err(Error::field("second", "role", message));
    }
    Ok(person.person())
}

/// Answers a request in a case where the caller decides.
pub fn answer(tx: &mut Tx<'_>, id: &str, new: &NewAccessAnswer) -> Result<Recorded<AccessRequest>> {
    let case = tx.case_id()?;
    let request = open(tx, id, AccessRequestKind::Access)?;
    let given = match new.outcome {
        AccessOutcome::Denied => None,
        AccessOutcome::Granted => {
            let until = new.until(tx.now)?;
            let origin = GrantOrigin {
                access_request_id: Some(id.to_owned()),
                break_glass: false,
            };
            Some(give(tx, &case, &request, (until, origin))?)
        }
    };
    end(tx, request, (new, given))
}

/// Confirms or declines a break-glass request as its second person. Where no case has the number, nothing opens.
pub fn confirm(tx: &mut Tx<'_>, id: &str, new: &NewAccessAnswer) -> Result<Recorded<AskedAccess>> {
    let found = store::find(tx.conn, id)?;
    if found.second.as_ref().is_none_or(|second| second.id != tx.caller.user) {
        return Err(Error::not_found());
    }
    // In the order in which every other change of a case locks: its stream, then the agency's.
    if let Some(case) = &found.case_id {
        tx.lock(&ledger::case_stream(case))?;
    }
    let request = open(tx, id, AccessRequestKind::BreakGlass)?;
    let given = match (new.outcome, request.case_id.clone()) {
        (AccessOutcome::Granted, Some(case)) => {
            let origin = GrantOrigin {
                access_request_id: Some(id.to_owned()),
                break_glass: true,
            };
            Some(give(tx, &case, &request, (tx.now + GLASS, origin))?)
        }
        _ => None,
    };
    let now = tx.now;
    // The second person learns that it opened, and not which case.
    let answer = |request: AccessRequest| AskedAccess {
        case_id: None,
        ..request.as_asked(now)
    };
    Ok(end(tx, request, (new, given))?.map(answer))
}

/// Takes a request back.
pub fn withdraw(tx: &mut Tx<'_>, id: &str) -> Result<Recorded<AskedAccess>> {
    let found = store::find(tx.conn, id)?;
    if found.asked_by.id != tx.caller.user {
        return Err(Error::not_found());
    }
    tx.lock(ledger::AGENCY)?;
    let request = store::find(tx.conn, id)?;
    let now = tx.now;
    if request.as_asked(now).state != super::model::AskedState::Asked {
        return Err(Error::conflict(
            "This request waits no more: there is nothing to take back.",
        ));
    }
    let request = AccessRequest {
        version: request.version + 1,
        state: AccessRequestState::Withdrawn,
        ..request
    };
    Ok(save(tx, request, Action::AccessRequestWithdrawn)?.map(|request| request.as_asked(now)))
}

/// A request that still waits, with the agency's stream locked: nobody else ends it meanwhile.
fn open(tx: &mut Tx<'_>, id: &str, kind: AccessRequestKind) -> Result<AccessRequest> {
    tx.lock(ledger::AGENCY)?;
    let request = store::find(tx.conn, id)?;
    if request.kind != kind {
        return Err(Error::not_found());
    }
    if !request.is_open(tx.now) {
        let detail = "This request waits no more: it was answered, taken back, or its time is over.";
        return Err(Error::conflict(detail));
    }
    Ok(request)
}

fn give(tx: &mut Tx<'_>, case: &str, request: &AccessRequest, (until, origin): (Micros, GrantOrigin)) -> Result<Grant> {
    let asker = people::named(tx.conn, "asked_by", &request.asked_by.id)?;
    let new = NewGrant {
        captures: Vec::new(),
        user_id: asker.user,
        until,
        rights: request.rights.clone(),
        reason: request.reason.clone(),
        origin,
    };
    Ok(record_grant(tx, case, &new)?.into_answer())
}

fn end(
    tx: &mut Tx<'_>,
    request: AccessRequest,
    (new, given): (&NewAccessAnswer, Option<Grant>),
) -> Result<Recorded<AccessRequest>> {
    let (state, action) = match (new.outcome, request.kind) {
        (AccessOutcome::Granted, AccessRequestKind::Access) => {
            (AccessRequestState::Granted, Action::AccessRequestGranted)
        }
        (AccessOutcome::Granted, AccessRequestKind::BreakGlass) => (AccessRequestState::Granted, Action::GlassBroken),
        (AccessOutcome::Denied, _) => (AccessRequestState::Denied, Action::AccessRequestDenied),
    };
    let answer = AccessAnswer {
        reason: new.reason.clone(),
        grant_id: given.as_ref().map(|grant| grant.id.clone()),
        until: given.as_ref().map(|grant| grant.until),
        by: tx.me(),
        at: Timestamp(tx.now),
    };
    let request = AccessRequest {
        version: request.version + 1,
        state,
        answer: Some(answer),
        ..request
    };
    save(tx, request, action)
}

fn save(tx: &mut Tx<'_>, request: AccessRequest, action: Action) -> Result<Recorded<AccessRequest>> {
    let made = tx.record(action, (NOUN, &request.id), request.version, &request)?;
    store::save(tx.conn, &request, &made.leaf)?;
    Ok(made.answering(request))
}
