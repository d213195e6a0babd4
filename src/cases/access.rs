//! Who works on a case, and who was let in: members and grants.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::model::NewGrant;
use super::store;
use crate::clock::{self, Micros};
use crate::db::canonical;
use crate::db::tables::{grants, members};
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::Action;
use crate::policy::{Act, Role};
use crate::users::store as people;

/// Makes somebody a member; a repeat changes nothing.
pub fn add_member(tx: &mut Tx<'_>, user: &str) -> Result<Recorded<Value>> {
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
        return Ok(tx.unchanged(member(user, since)));
    }
    let made = tx.append(member_event(
        Action::MemberAdded,
        &case.case_id,
        &person.user,
        &person.name,
    ))?;
    let back = diesel::update(members::table.find((&case.case_id, user)))
        .set((members::since.eq(made.at), members::ended_at.eq(None::<Micros>)))
        .execute(tx.conn)?;
    if back == 0 {
        diesel::insert_into(members::table)
            .values((
                members::case_id.eq(&case.case_id),
                members::user_id.eq(user),
                members::since.eq(made.at),
            ))
            .execute(tx.conn)?;
    }
    tx.answer(member(user, made.at))
}

/// Ends somebody's membership; a repeat changes nothing.
pub fn remove_member(tx: &mut Tx<'_>, user: &str) -> Result<Recorded<()>> {
    let case = tx.case()?.clone();
    if case.lead_id == user {
        return Err(Error::conflict(
            "The lead cannot be removed: hand the lead over first, with PATCH lead_id on the case.",
        ));
    }
    if store::member_since(tx.conn, &case.case_id, user)?.is_none() {
        return Ok(tx.unchanged(()));
    }
    let name = people::person(tx.conn, user)?.map(|p| p["name"].as_str().unwrap_or_default().to_owned());
    let made = tx.append(member_event(
        Action::MemberRemoved,
        &case.case_id,
        user,
        &name.unwrap_or_default(),
    ))?;
    diesel::update(members::table.find((&case.case_id, user)))
        .set(members::ended_at.eq(made.at))
        .execute(tx.conn)?;
    tx.answer(())
}

fn member(user: &str, since: Micros) -> Value {
    json!({"user_id": user, "since": clock::format(since)})
}

fn member_event<'e>(action: Action, case: &str, user: &'e str, name: &str) -> NewEvent<'e> {
    let record = json!({"case_id": case, "user": {"id": user, "name": name}});
    NewEvent::new(action, ("user", user), 1, record)
}

/// Gives somebody access that ends by itself. `decide` is the lead's to give; the rest is that supervisor's.
pub fn give(tx: &mut Tx<'_>, new: &NewGrant) -> Result<Recorded<Value>> {
    if new.user_id == tx.caller.user {
        let rules = vec!["nobody-decides-own-request".to_owned()];
        return Err(Error::forbidden(
            rules,
            "You may not give access to yourself: the rule `nobody-decides-own-request` forbids it.",
        ));
    }
    let wanted = [(new.decide, Act::GrantDecide), (new.read || new.export, Act::GrantGive)];
    if let Some((_, act)) = wanted.iter().find(|(asked, act)| *asked && !tx.may(*act)) {
        return Err(Error::forbidden(
            Vec::new(),
            format!("You may not do this ({}) here.", act.as_str()),
        ));
    }
    let person = people::named(tx.conn, "user_id", &new.user_id)?;
    let needs = [
        (new.export, Role::Prosecutor, "export"),
        (new.decide, Role::Supervisor, "decide"),
    ];
    if let Some((_, role, right)) = needs.iter().find(|(asked, role, _)| *asked && !person.is(*role)) {
        return Err(Error::field(
            "user_id",
            "role",
            format!("must be a {} to be given {right}", role.as_str()),
        ));
    }
    let case = tx.case()?.case_id.clone();
    let record = insert_grant(tx, &case, new)?;
    tx.answer(shown(&record))
}

/// Inserts a grant with its event.
pub fn insert_grant(tx: &mut Tx<'_>, case: &str, new: &NewGrant) -> Result<Value> {
    let id = tx.new_id();
    let user = people::person(tx.conn, &new.user_id)?;
    let record = json!({
        "id": id, "case_id": case, "user": user, "rights": new.rights(), "reason": new.reason,
        "granted_by": {"id": tx.caller.user, "name": tx.caller.name}, "granted_at": clock::format(tx.now),
        "until": clock::format(new.until), "ended_at": null, "version": 1,
    });
    let made = tx.append(NewEvent::new(Action::GrantGiven, ("grant", &id), 1, record.clone()).in_case(case))?;
    diesel::insert_into(grants::table)
        .values((
            grants::id.eq(&id),
            grants::case_id.eq(case),
            grants::user_id.eq(&new.user_id),
            grants::can_read.eq(new.read),
            grants::can_export.eq(new.export),
            grants::can_decide.eq(new.decide),
            grants::created_at.eq(made.at),
            grants::until.eq(new.until),
            grants::version.eq(1i64),
            grants::leaf.eq(made.leaf.as_bytes().to_vec()),
            grants::body.eq(canonical(&record)?),
        ))
        .execute(tx.conn)?;
    Ok(record)
}

/// Ends a grant before its time; a repeat changes nothing.
pub fn end_grant(tx: &mut Tx<'_>, id: &str) -> Result<Recorded<()>> {
    let (ended, body): (Option<Micros>, String) = grants::table
        .find(id)
        .select((grants::ended_at, grants::body))
        .first(tx.conn)?;
    if ended.is_some() {
        return Ok(tx.unchanged(()));
    }
    let mut record: Value = serde_json::from_str(&body)?;
    record["ended_at"] = json!(clock::format(tx.now));
    record["ended_by"] = json!({"id": tx.caller.user, "name": tx.caller.name});
    record["version"] = json!(2);
    let made = tx.append(NewEvent::new(Action::GrantEnded, ("grant", id), 2, record.clone()))?;
    diesel::update(grants::table.find(id))
        .set((
            grants::ended_at.eq(made.at),
            grants::version.eq(2i64),
            grants::leaf.eq(made.leaf.as_bytes().to_vec()),
            grants::body.eq(canonical(&record)?),
        ))
        .execute(tx.conn)?;
    tx.answer(())
}

/// A grant as the API shows it.
pub fn shown(record: &Value) -> Value {
    let mut out = record.clone();
    out["user_id"] = out["user"]["id"].take();
    if let Some(fields) = out.as_object_mut() {
        fields.remove("user");
    }
    out
}
