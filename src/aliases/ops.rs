//! Asking for an alias, deciding about it, reviewing and retiring it, and recording under which a capture was made.

use super::model::{Alias, AliasAnswer, AliasOutcome, AliasState, AliasUse, AliasWord, NewAlias};
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::identity::Person;
use crate::ledger::Action;
use crate::policy::Role;
use crate::users::store as people;

/// Asks for an alias, for oneself or, as a supervisor, for a person of one's units.
pub fn ask(tx: &mut Tx<'_>, new: &NewAlias) -> Result<Recorded<Alias>> {
    let alias = Alias {
        id: tx.new_id(),
        state: AliasState::Requested,
        holder: holder(tx, new.holder.as_deref())?,
        terms: new.terms.clone(),
        requester: tx.me(),
        requested_at: Timestamp(tx.now),
        decision: None,
        reviews: Vec::new(),
        retirement: None,
        version: 1,
    };
    save(tx, alias, Action::AliasRequested)
}

fn holder(tx: &mut Tx<'_>, named: Option<&str>) -> Result<Person> {
    let Some(id) = named.filter(|id| *id != tx.caller.user) else {
        return Ok(tx.me());
    };
    let person = people::named(tx.conn, "holder", id)?;
    let supervises = tx.caller.is(Role::Supervisor) && person.unit_path.starts_with(&tx.caller.unit_path);
    let works = person.is(Role::Investigator) || person.is(Role::Supervisor);
    if supervises && works {
        return Ok(person.person());
    }
    let message =
        "must be you, or an investigator or supervisor of a unit that you supervise: leave it out to ask for yourself";
    Err(Error::field("holder", "exists", message))
}

/// Approves or declines an alias. It counts from now on. Nobody decides what they asked for or hold.
pub fn decide(tx: &mut Tx<'_>, id: &str, answer: &AliasAnswer) -> Result<Recorded<Alias>> {
    let before = store::get(tx.conn, id)?;
    if before.state != AliasState::Requested {
        let told = format!("This alias is {}; only one that is requested is decided.", before.state);
        return Err(Error::conflict(told));
    }
    not_by_its_holder(tx, &before)?;
    if before.requester.id == tx.caller.user {
        return Err(Error::conflict(
            "You asked for this alias: another supervisor of the holder's unit decides.",
        ));
    }
    let (state, action) = match answer.outcome {
        AliasOutcome::Approve => (AliasState::Approved, Action::AliasApproved),
        AliasOutcome::Decline => (AliasState::Declined, Action::AliasDeclined),
    };
    let next = Alias {
        state,
        decision: Some(word(tx, answer.reason.clone())),
        version: before.version + 1,
        ..before
    };
    save(tx, next, action)
}

/// Reviews an alias that counts or whose review is overdue. The next review is due thirty days from now.
pub fn review(tx: &mut Tx<'_>, id: &str, note: &str) -> Result<Recorded<Alias>> {
    let mut next = store::get(tx.conn, id)?;
    if next.state != AliasState::Approved {
        let told = format!("This alias is {}; only one that is approved is reviewed.", next.state);
        return Err(Error::conflict(told));
    }
    not_by_its_holder(tx, &next)?;
    next.reviews.push(word(tx, Some(note.to_owned())));
    next.version += 1;
    save(tx, next, Action::AliasReviewed)
}

/// Retires an alias, or takes back that it was asked for.
pub fn retire(tx: &mut Tx<'_>, id: &str, reason: &str) -> Result<Recorded<Alias>> {
    let before = store::get(tx.conn, id)?;
    if matches!(before.state, AliasState::Declined | AliasState::Retired) {
        let told = format!("This alias is {} already: nothing is covered under it.", before.state);
        return Err(Error::conflict(told));
    }
    let next = Alias {
        state: AliasState::Retired,
        retirement: Some(word(tx, Some(reason.to_owned()))),
        version: before.version + 1,
        ..before
    };
    save(tx, next, Action::AliasRetired)
}

/// Records under which alias a capture was made. It stands in the agency's stream and in no record of the case, so that
/// nothing that leaves with the case tells it.
///
/// # Errors
/// Where the database fails.
pub fn record_use(tx: &mut Tx<'_>, made: &AliasUse) -> Result<()> {
    let recorded = tx.record(Action::AliasUseRecorded, ("alias_use", &made.capture_id), 1, made)?;
    store::save_use(tx.conn, made, &recorded.leaf)
}

fn not_by_its_holder(tx: &Tx<'_>, alias: &Alias) -> Result<()> {
    match alias.holder.id == tx.caller.user {
        true => Err(Error::conflict(
            "You hold this alias: a supervisor of your unit decides.",
        )),
        false => Ok(()),
    }
}

fn word(tx: &Tx<'_>, text: Option<String>) -> AliasWord {
    AliasWord {
        by: tx.me(),
        at: Timestamp(tx.now),
        text,
    }
}

fn save(tx: &mut Tx<'_>, alias: Alias, action: Action) -> Result<Recorded<Alias>> {
    let made = tx.record(action, ("alias", &alias.id), alias.version, &alias)?;
    store::save(tx.conn, &alias, &made.leaf)?;
    Ok(made.answering(alias))
}
