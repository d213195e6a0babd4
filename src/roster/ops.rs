//! Putting somebody on call, delegating one's reach, and ending either.

use super::model::{NewEntry, RosterEntry, RosterKind};
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::identity::Caller;
use crate::ledger::Action;
use crate::policy::Role;
use crate::users::UnitName;
use crate::users::store::{self as people, UnitRow};

/// The object of an entry's events.
const NOUN: &str = "roster";

/// Enters a duty on call or a delegation.
pub fn enter(tx: &mut Tx<'_>, new: &NewEntry) -> Result<Recorded<RosterEntry>> {
    let unit = within_reach(tx, new)?;
    let person = people::named(tx.conn, "user_id", &new.user_id)?;
    if !person.is(Role::Supervisor) {
        return Err(Error::field(
            "user_id",
            "role",
            "must be a supervisor: only they decide",
        ));
    }
    let person = person.with_delegations(tx.conn, new.starts_at)?;
    may_stand(tx, new, (&person, &unit))?;
    let entry = RosterEntry {
        id: tx.new_id(),
        kind: new.kind,
        unit: UnitName {
            id: unit.id,
            name: unit.name,
        },
        user: person.person(),
        given_by: tx.me(),
        given_at: Timestamp(tx.now),
        reason: new.reason.clone(),
        starts_at: Timestamp(new.starts_at),
        until: Timestamp(new.until),
        ended_at: None,
        ended_by: None,
        end_reason: None,
        version: 1,
    };
    save(tx, entry, Action::RosterEntered)
}

/// The unit, where the caller may enter something for it. Nobody delegates on what was delegated to them.
fn within_reach(tx: &mut Tx<'_>, new: &NewEntry) -> Result<UnitRow> {
    let unit = people::unit(tx.conn, "unit_id", &new.unit_id)?;
    let own = unit.path.starts_with(&tx.caller.unit_path);
    let message = match new.kind {
        RosterKind::OnCall if tx.caller.reaches(&unit.id, &unit.path) => return Ok(unit),
        RosterKind::Delegation if own => return Ok(unit),
        RosterKind::OnCall => "must be a unit within your reach: yours, one below it, or one delegated to you",
        RosterKind::Delegation => {
            "must be your own unit or one below it: nobody delegates on what was delegated to them"
        }
    };
    Err(Error::field("unit_id", "reach", message))
}

/// Refuses somebody on call who could not decide, and a delegation that would give nothing.
fn may_stand(tx: &Tx<'_>, new: &NewEntry, (person, unit): (&Caller, &UnitRow)) -> Result<()> {
    let reaches = person.reaches(&unit.id, &unit.path);
    let message = match new.kind {
        RosterKind::OnCall if !reaches => {
            "must be a supervisor whose reach includes the unit when the duty begins: delegate a reach over it to them first"
        }
        RosterKind::Delegation if person.user == tx.caller.user => "must be another supervisor than you",
        RosterKind::Delegation if unit.path.starts_with(&person.unit_path) => {
            "supervises this unit already: a delegation would give them nothing"
        }
        _ => return Ok(()),
    };
    Err(Error::field("user_id", "reach", message))
}

/// Ends an entry before its time: whoever entered it, whom it is about, or a supervisor whose own reach includes the unit.
pub fn end(tx: &mut Tx<'_>, id: &str, reason: &str) -> Result<Recorded<RosterEntry>> {
    let before = store::get(tx.conn, id)?;
    let unit = people::unit_by_id(tx.conn, &before.unit.id)?;
    let concerned = [&before.given_by.id, &before.user.id].contains(&&tx.caller.user);
    if !concerned && !unit.path.starts_with(&tx.caller.unit_path) {
        let told = "You may not end this: whoever entered it does, whom it is about, or a supervisor of the unit.";
        return Err(Error::forbidden(Vec::new(), told));
    }
    if before.is_over(tx.now) {
        return Err(Error::conflict(
            "This entry has ended already: there is nothing to end.",
        ));
    }
    let ended = RosterEntry {
        ended_at: Some(Timestamp(tx.now)),
        ended_by: Some(tx.me()),
        end_reason: Some(reason.to_owned()),
        version: before.version + 1,
        ..before
    };
    save(tx, ended, Action::RosterEnded)
}

fn save(tx: &mut Tx<'_>, entry: RosterEntry, action: Action) -> Result<Recorded<RosterEntry>> {
    let made = tx.record(action, (NOUN, &entry.id), entry.version, &entry)?;
    store::save(tx.conn, &entry, &made.leaf)?;
    Ok(made.answering(entry))
}
