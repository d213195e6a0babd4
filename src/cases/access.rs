//! Who works on a case, and who was let in: members and grants.

use serde_json::json;

use super::granted;
use super::model::{Grant, Member, NewGrant, Right};
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Change, NewEvent, Recorded, Tx};
use crate::identity::Person;
use crate::ledger::{Action, Appended};
use crate::policy::{Act, Role};
use crate::users::store as people;

/// Makes somebody a member; a repeat changes nothing.
pub fn add_member(tx: &mut Tx<'_>, user: &str) -> Result<Change<Member>> {
    let case = tx.case()?.clone();
    let person = people::named(tx.conn, "user_id", user)?;
    if !person.is(Role::Investigator) && !person.is(Role::Supervisor) {
        return Err(Error::field(
            "user_id",
            "role",
            "must be an investigator or a supervisor to work on a case",
        ));
    }
    if case.lead_id == person.user {
        return Err(Error::conflict("The lead works on the case already."));
    }
    if let Some(since) = store::member_since(tx.conn, &case.case_id, user)? {
        return Ok(Change::Unchanged(member(user, since)));
    }
    let made = record_member(tx, Action::MemberAdded, &person.person())?;
    let member = member(user, made.at);
    store::put_member(tx.conn, &case.case_id, &member)?;
    Ok(Change::Recorded(made.answering(member)))
}

/// Keeps a former lead as a member, who then goes on working on the case unless removed.
pub fn keep_as_member(tx: &mut Tx<'_>, former: &Person) -> Result<()> {
    let case = tx.case_id()?;
    if store::member_since(tx.conn, &case, &former.id)?.is_some() {
        return Ok(());
    }
    let made = record_member(tx, Action::MemberAdded, former)?;
    store::put_member(tx.conn, &case, &member(&former.id, made.at))
}

/// Ends somebody's membership; a repeat changes nothing.
pub fn remove_member(tx: &mut Tx<'_>, user: &str) -> Result<Change<()>> {
    let case = tx.case()?.clone();
    if case.lead_id == user {
        return Err(Error::conflict(
            "The lead cannot be removed: propose another lead first, with PATCH lead_id on the case, and let them accept.",
        ));
    }
    if store::member_since(tx.conn, &case.case_id, user)?.is_none() {
        return Ok(Change::Unchanged(()));
    }
    let person = people::person(tx.conn, user)?;
    let made = record_member(tx, Action::MemberRemoved, &person)?;
    store::end_member(tx.conn, &case.case_id, user, made.at)?;
    Ok(Change::Recorded(made.answering(())))
}

fn member(user: &str, since: i64) -> Member {
    Member {
        user_id: user.to_owned(),
        since: Timestamp(since),
    }
}

fn record_member(tx: &mut Tx<'_>, action: Action, person: &Person) -> Result<Appended> {
    let record = json!({"case_id": tx.case_id()?, "user": person});
    tx.record(action, ("user", &person.id), 1, &record)
}

/// The right that the door asks for. `give` asks for the other.
pub fn act_for(new: &NewGrant) -> Act {
    match new.gives(Right::Decide) {
        true => Act::GrantDecide,
        false => Act::GrantGive,
    }
}

/// Gives somebody access that ends by itself. `Act::GrantDecide` is needed for `decide`, `Act::GrantGive` for the rest.
pub fn give(tx: &mut Tx<'_>, new: &NewGrant) -> Result<Recorded<Grant>> {
    if new.user_id == tx.caller.user {
        let rules = vec!["nobody-decides-own-request".to_owned()];
        return Err(Error::forbidden(
            rules,
            "You may not give access to yourself: the rule `nobody-decides-own-request` forbids it.",
        ));
    }
    let others = new.gives(Right::Read) || new.gives(Right::Export);
    let wanted = [(new.gives(Right::Decide), Act::GrantDecide), (others, Act::GrantGive)];
    may_each(tx, &wanted)?;
    let person = people::named(tx.conn, "user_id", &new.user_id)?;
    let needs = [(Right::Export, Role::Prosecutor), (Right::Decide, Role::Supervisor)];
    if let Some((right, role)) = needs
        .iter()
        .find(|(right, role)| new.gives(*right) && !person.is(*role))
    {
        return Err(Error::field(
            "user_id",
            "role",
            format!("must be a {role} to be given {right}"),
        ));
    }
    let case = tx.case_id()?;
    record_grant(tx, &case, new)
}

/// Refuses where one of these acts is asked for and the caller may not do it here.
pub fn may_each(tx: &Tx<'_>, wanted: &[(bool, Act)]) -> Result<()> {
    match wanted.iter().find(|(asked, act)| *asked && !tx.may(*act)) {
        None => Ok(()),
        Some((_, act)) => Err(Error::forbidden(
            Vec::new(),
            format!("You may not do this ({act}) here."),
        )),
    }
}

/// Records a grant.
pub fn record_grant(tx: &mut Tx<'_>, case: &str, new: &NewGrant) -> Result<Recorded<Grant>> {
    let grant = Grant {
        id: tx.new_id(),
        case_id: case.to_owned(),
        user: people::person(tx.conn, &new.user_id)?,
        rights: new.rights.clone(),
        captures: granted::of_case(tx.conn, case, &new.captures)?,
        reason: new.reason.clone(),
        granted_by: tx.me(),
        granted_at: Timestamp(tx.now),
        until: Timestamp(new.until),
        ended_at: None,
        ended_by: None,
        end_reason: None,
        origin: new.origin.clone(),
        version: 1,
    };
    save(tx, grant, Action::GrantGiven)
}

/// Ends a grant before its time, for a reason where one is given; a repeat changes nothing.
pub fn end_grant(tx: &mut Tx<'_>, id: &str, reason: Option<&str>) -> Result<Change<()>> {
    let grant = store::grant(tx.conn, id)?;
    if grant.ended_at.is_some() {
        return Ok(Change::Unchanged(()));
    }
    let ended = Grant {
        ended_at: Some(Timestamp(tx.now)),
        ended_by: Some(tx.me()),
        end_reason: reason.map(str::to_owned),
        version: grant.version + 1,
        ..grant
    };
    Ok(Change::Recorded(save(tx, ended, Action::GrantEnded)?.map(drop)))
}

fn save(tx: &mut Tx<'_>, grant: Grant, action: Action) -> Result<Recorded<Grant>> {
    let record = serde_json::to_value(&grant)?;
    let event = NewEvent::new(action, ("grant", &grant.id), grant.version, record).in_case(&grant.case_id);
    let made = tx.append(event)?;
    store::save_grant(tx.conn, &grant, &made.leaf)?;
    Ok(made.answering(grant))
}
