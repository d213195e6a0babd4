//! Asking for leave, deciding, and ending it.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::model::{self, Authorization, Base, Outcome, Person, Request, State, Word, instant};
use super::store;
use crate::clock;
use crate::db::canonical;
use crate::db::tables::{authorization_holders, authorizations, cases};
use crate::error::{Error, Result};
use crate::forms::Form;
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::{Action, Appended};
use crate::users::store as people;

fn me(tx: &Tx<'_>) -> Person {
    Person {
        id: tx.caller.user.clone(),
        name: tx.caller.name.clone(),
    }
}

fn holders(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<Person>> {
    let named = ids.iter().enumerate().map(|(i, id)| {
        let person = people::named(tx.conn, &format!("holders[{i}]"), id)?;
        Ok(Person {
            id: person.user,
            name: person.name,
        })
    });
    named.collect()
}

/// Asks for leave. What the case owes before its first authorization comes first.
pub fn request(tx: &mut Tx<'_>, wanted: &Request) -> Result<Recorded<Value>> {
    let case_id = tx.case()?.case_id.clone();
    crate::cases::nothing_due(tx.conn, &case_id, "authorization")?;
    let number: i64 = cases::table
        .find(&case_id)
        .select(cases::authorizations)
        .first(tx.conn)?;
    let holders = holders(tx, &wanted.holders)?;
    let base = Base {
        id: tx.new_id(),
        case_id: case_id.clone(),
        number: number + 1,
        requester: me(tx),
        decision: None,
        version: 1,
        now: tx.now,
    };
    let made = wanted.applied(holders, base);
    let event = tx.append(NewEvent::new(
        Action::AuthorizationRequested,
        ("authorization", &made.id),
        1,
        made.record()?,
    ))?;
    diesel::update(cases::table.find(&case_id))
        .set(cases::authorizations.eq(number + 1))
        .execute(tx.conn)?;
    insert(tx, &made, &event)?;
    tx.answer(made.shown(tx.now)?)
}

fn insert(tx: &mut Tx<'_>, made: &Authorization, event: &Appended) -> Result<()> {
    diesel::insert_into(authorizations::table)
        .values((
            authorizations::id.eq(&made.id),
            authorizations::case_id.eq(&made.case_id),
            authorizations::number.eq(made.number),
            authorizations::state.eq(made.state.as_str()),
            authorizations::requester_id.eq(&made.requester.id),
            authorizations::starts_at.eq(instant(&made.starts_at)),
            authorizations::ends_at.eq(instant(&made.ends_at)),
            authorizations::version.eq(made.version),
            authorizations::leaf.eq(event.leaf.as_bytes().to_vec()),
            authorizations::body.eq(canonical(&made.record()?)?),
        ))
        .execute(tx.conn)?;
    insert_holders(tx, made)
}

fn insert_holders(tx: &mut Tx<'_>, made: &Authorization) -> Result<()> {
    for holder in &made.holders {
        diesel::insert_into(authorization_holders::table)
            .values((
                authorization_holders::authorization_id.eq(&made.id),
                authorization_holders::user_id.eq(&holder.id),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

/// Mends a returned request and asks again.
pub fn amend(tx: &mut Tx<'_>, id: &str, version: i64, patch: &Value) -> Result<Recorded<Value>> {
    let before = store::get(tx.conn, id)?;
    if before.version != version {
        return Err(Error::stale());
    }
    if before.state != State::Returned {
        return Err(wrong_state(&before, tx.now, "mended", "returned"));
    }
    let wanted = model::amended(&before, Form::new(patch.clone())?, tx.now)?;
    let holders = holders(tx, &wanted.holders)?;
    let base = Base {
        id: before.id.clone(),
        case_id: before.case_id.clone(),
        number: before.number,
        requester: before.requester.clone(),
        decision: before.decision.clone(),
        version: version + 1,
        now: tx.now,
    };
    let next = wanted.applied(holders, base);
    diesel::delete(authorization_holders::table.filter(authorization_holders::authorization_id.eq(id)))
        .execute(tx.conn)?;
    insert_holders(tx, &next)?;
    save(tx, &next, Action::AuthorizationAmended)
}

fn wrong_state(found: &Authorization, now: i64, verb: &str, needed: &str) -> Error {
    let state = found.state_at(now).as_str();
    Error::conflict(format!(
        "This authorization is {state}; only one that is {needed} can be {verb}."
    ))
}

fn save(tx: &mut Tx<'_>, next: &Authorization, action: Action) -> Result<Recorded<Value>> {
    let record = next.record()?;
    let event = tx.append(
        NewEvent::new(action, ("authorization", &next.id), next.version, record.clone()).in_case(&next.case_id),
    )?;
    diesel::update(authorizations::table.find(&next.id))
        .set((
            authorizations::state.eq(next.state.as_str()),
            authorizations::starts_at.eq(instant(&next.starts_at)),
            authorizations::ends_at.eq(instant(&next.ends_at)),
            authorizations::version.eq(next.version),
            authorizations::leaf.eq(event.leaf.as_bytes().to_vec()),
            authorizations::body.eq(canonical(&record)?),
        ))
        .execute(tx.conn)?;
    tx.answer(next.shown(tx.now)?)
}

/// Approves, denies or returns. It counts from the later of its start and this moment.
pub fn decide(tx: &mut Tx<'_>, id: &str, outcome: Outcome, reason: Option<&str>) -> Result<Recorded<Value>> {
    let before = store::get(tx.conn, id)?;
    if before.state != State::Requested {
        return Err(wrong_state(&before, tx.now, "decided", "requested"));
    }
    if outcome == Outcome::Approve && instant(&before.ends_at) <= tx.now {
        return Err(Error::conflict(
            "The end that was asked for has passed: return it, so that the requester can ask for another.",
        ));
    }
    let (state, action) = match outcome {
        Outcome::Approve => (State::Approved, Action::AuthorizationApproved),
        Outcome::Deny => (State::Denied, Action::AuthorizationDenied),
        Outcome::Return => (State::Returned, Action::AuthorizationReturned),
    };
    let now = clock::format(tx.now);
    let effective = instant(&before.starts_at).max(tx.now);
    let next = Authorization {
        state,
        effective_from: (outcome == Outcome::Approve).then(|| clock::format(effective)),
        decision: Some(Word {
            by: me(tx),
            at: now,
            outcome: Some(outcome.as_str().into()),
            reason: reason.map(str::to_owned),
        }),
        version: before.version + 1,
        ..before
    };
    save(tx, &next, action)
}

/// Takes a request back.
pub fn withdraw(tx: &mut Tx<'_>, id: &str) -> Result<Recorded<Value>> {
    let before = store::get(tx.conn, id)?;
    if !matches!(before.state, State::Requested | State::Returned) {
        return Err(wrong_state(&before, tx.now, "withdrawn", "requested or returned"));
    }
    let next = Authorization {
        state: State::Withdrawn,
        version: before.version + 1,
        ..before
    };
    save(tx, &next, Action::AuthorizationWithdrawn)
}

/// Ends leave at once.
pub fn revoke(tx: &mut Tx<'_>, id: &str, reason: Option<&str>) -> Result<Recorded<Value>> {
    let before = store::get(tx.conn, id)?;
    if before.state_at(tx.now) != State::Approved {
        return Err(wrong_state(&before, tx.now, "revoked", "approved"));
    }
    let word = Word {
        by: me(tx),
        at: clock::format(tx.now),
        outcome: None,
        reason: reason.map(str::to_owned),
    };
    let next = Authorization {
        state: State::Revoked,
        revoked: Some(word),
        version: before.version + 1,
        ..before
    };
    save(tx, &next, Action::AuthorizationRevoked)
}

/// Records that leave came to its end; a job's verb.
pub fn expire(tx: &mut Tx<'_>, id: &str, case_id: &str) -> Result<()> {
    tx.lock(&crate::ledger::case_stream(case_id))?;
    let before = store::get(tx.conn, id)?;
    if before.state != State::Approved || before.state_at(tx.now) != State::Expired {
        return Ok(());
    }
    let next = Authorization {
        state: State::Expired,
        version: before.version + 1,
        ..before
    };
    save(tx, &next, Action::AuthorizationExpired).map(|_| ())
}

/// What a requester changes, kept as it was sent until the stored request is read.
pub fn patch_of(form: Form) -> Value {
    json!(form.into_fields())
}
