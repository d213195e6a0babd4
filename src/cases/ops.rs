//! Opening and changing a case.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::access;
use super::model::{self, CasePatch, NewCase, NewGrant};
use super::store;
use crate::clock::DAY;
use crate::db::canonical;
use crate::db::tables::{cases, users};
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::identity::Caller;
use crate::ledger::{Action, Appended};
use crate::policy::{Act, Handling, Role};
use crate::users::store as people;

/// How long the named supervisor of a restricted or confidential case may decide, unless given again.
const DECIDES_FOR: i64 = 730 * DAY;

/// Opens a case; the opener becomes lead. Answers the case as shown.
pub fn open(tx: &mut Tx<'_>, new: &NewCase) -> Result<Recorded<Value>> {
    let unit = new.unit_id.clone().unwrap_or_else(|| tx.caller.unit_id.clone());
    let unit = people::unit(tx.conn, &unit)?.ok_or_else(|| Error::field("unit_id", "exists", "is no unit"))?;
    let number = new.number.clone().unwrap_or_else(model::provisional_number);
    free_number(tx, &number)?;
    let supervisor = new.supervisor_id.as_deref().map(|id| decider(tx, id)).transpose()?;
    let lead = json!({"id": tx.caller.user, "name": tx.caller.name});
    let id = tx.new_id();
    let shown_supervisor = supervisor.as_ref().map(|s| json!({"id": s.user, "name": s.name}));
    let record = model::record(new, &id, &number, &unit.id, lead, shown_supervisor, tx.now);
    let made = tx.append(NewEvent::new(Action::CaseOpened, ("case", &id), 1, record.clone()).in_case(&id))?;
    insert(tx, &record, &unit.path, &made)?;
    if let Some(supervisor) = supervisor.filter(|_| new.handling != Handling::Standard) {
        let until = tx.now + DECIDES_FOR;
        let reason = "named as deciding supervisor when the case was opened".to_owned();
        let grant = NewGrant {
            user_id: supervisor.user,
            until,
            read: true,
            export: false,
            decide: true,
            reason,
        };
        access::insert_grant(tx, &id, &grant)?;
    }
    tx.answer(model::shown(&record, &[], 0)?)
}

/// A taken number is refused as taken, and says nothing else.
fn free_number(tx: &mut Tx<'_>, number: &str) -> Result<()> {
    let taken: Option<String> = cases::table
        .filter(cases::number.eq(number))
        .select(cases::id)
        .first(tx.conn)
        .optional()?;
    match taken {
        None => Ok(()),
        Some(_) => Err(number_taken()),
    }
}

fn number_taken() -> Error {
    let errors = vec![crate::error::FieldError {
        field: "number".into(),
        rule: "unique".into(),
        message: "is taken: check it, or leave it out for a provisional one".into(),
    }];
    Error {
        slug: "taken",
        errors,
        ..Error::conflict("number: is taken")
    }
}

/// The supervisor named to decide must be one, and not the one who opens.
fn decider(tx: &mut Tx<'_>, id: &str) -> Result<Caller> {
    let named = people::named(tx.conn, "supervisor_id", id)?;
    if !named.is(Role::Supervisor) {
        return Err(Error::field("supervisor_id", "role", "must be a supervisor"));
    }
    if named.user == tx.caller.user && tx.ground.is_none() {
        return Err(works_on_it());
    }
    Ok(named)
}

/// The same for a case that exists: neither its lead nor a member. A supervisor who restricts may name themselves.
fn decider_of(tx: &mut Tx<'_>, id: &str, next: &Value) -> Result<Caller> {
    let named = decider(tx, id)?;
    let case = tx.case()?.case_id.clone();
    let works = next["lead"]["id"] == json!(named.user) || store::member_since(tx.conn, &case, &named.user)?.is_some();
    if works { Err(works_on_it()) } else { Ok(named) }
}

fn works_on_it() -> Error {
    Error::field(
        "supervisor_id",
        "other",
        "must be somebody else: nobody decides in a case they work on",
    )
}

fn insert(tx: &mut Tx<'_>, record: &Value, unit_path: &str, made: &Appended) -> Result<()> {
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let row = (
        cases::id.eq(text("id")),
        cases::number.eq(text("number")),
        cases::kind.eq(text("kind")),
        cases::status.eq(text("status")),
        cases::handling.eq(text("handling")),
        cases::unit_id.eq(text("unit_id")),
        cases::unit_path.eq(unit_path),
        cases::lead_id.eq(&tx.caller.user),
        cases::opened_at.eq(made.at),
        cases::changed_at.eq(made.at),
        cases::items.eq(0i64),
        cases::held.eq(0i64),
        cases::authorizations.eq(0i64),
        cases::version.eq(1i64),
        cases::leaf.eq(made.leaf.as_bytes().to_vec()),
        cases::body.eq(canonical(record)?),
    );
    match diesel::insert_into(cases::table)
        .values(row)
        .execute(tx.conn)
        .map_err(Error::from)
    {
        Ok(_) => Ok(()),
        Err(e) if e.slug == "taken" => Err(number_taken()),
        Err(e) => Err(e),
    }
}

/// Makes the next version of a case.
pub fn change(tx: &mut Tx<'_>, version: i64, patch: &CasePatch) -> Result<Recorded<Value>> {
    let id = tx.case()?.case_id.clone();
    let row = store::case(tx.conn, &id)?.ok_or_else(Error::not_found)?;
    if row.version != version {
        return Err(Error::stale());
    }
    may_all(tx, patch)?;
    let before: Value = serde_json::from_str(&row.body)?;
    let mut next = patch.apply(&before, tx.now)?;
    if next["number"] != before["number"] {
        free_number(tx, next["number"].as_str().unwrap_or_default())?;
    }
    put_people(tx, patch, &mut next)?;
    if next["handling"] != "standard" && before["handling"] == "standard" && patch.supervisor_id.is_none() {
        return Err(Error::field(
            "supervisor_id",
            "required",
            "must name the supervisor who decides in a restricted or confidential case",
        ));
    }
    let action = action_of(&before, &next);
    let made = tx.append(NewEvent::new(action, ("case", &id), row.version + 1, next.clone()))?;
    update(tx, &id, &next, &made)?;
    if patch.supervisor_id.is_some() && next["handling"] != "standard" {
        name_decider(tx, &id, &next)?;
    }
    let members = store::members_of(tx.conn, std::slice::from_ref(&id))?;
    let members: Vec<_> = members.into_iter().map(|(_, user, since)| (user, since)).collect();
    tx.answer(model::shown(&next, &members, row.held)?)
}

/// One patch may ask for several rights at once; each is needed.
fn may_all(tx: &Tx<'_>, patch: &CasePatch) -> Result<()> {
    let closely_kept = tx.case()?.handling != Handling::Standard;
    let wanted = [
        (patch.handling.is_some(), Act::CaseRestrict),
        (patch.lead_id.is_some(), Act::MemberChange),
        // In a case that is closely kept only the lead says who decides.
        (patch.supervisor_id.is_some() && closely_kept, Act::GrantDecide),
        (patch.changes_particulars(), Act::CaseChange),
    ];
    match wanted.iter().find(|(asked, act)| *asked && !tx.may(*act)) {
        Some((_, act)) => Err(Error::forbidden(
            Vec::new(),
            format!("You may not do this ({}) here.", act.as_str()),
        )),
        None => Ok(()),
    }
}

fn put_people(tx: &mut Tx<'_>, patch: &CasePatch, next: &mut Value) -> Result<()> {
    if let Some(id) = &patch.lead_id {
        let lead = people::named(tx.conn, "lead_id", id)?;
        if !lead.is(Role::Investigator) && !lead.is(Role::Supervisor) {
            return Err(Error::field(
                "lead_id",
                "role",
                "must be an investigator or a supervisor",
            ));
        }
        next["lead"] = json!({"id": lead.user, "name": lead.name});
    }
    if let Some(id) = &patch.unit_id {
        next["unit_id"] = json!(
            people::unit(tx.conn, id)?
                .ok_or_else(|| Error::field("unit_id", "exists", "is no unit"))?
                .id
        );
    }
    if let Some(id) = &patch.supervisor_id {
        let named = decider_of(tx, id, next)?;
        next["supervisor"] = json!({"id": named.user, "name": named.name});
    }
    Ok(())
}

fn name_decider(tx: &mut Tx<'_>, id: &str, next: &Value) -> Result<()> {
    let user_id = next["supervisor"]["id"].as_str().unwrap_or_default().to_owned();
    let reason = "named as deciding supervisor".to_owned();
    let grant = NewGrant {
        user_id,
        until: tx.now + DECIDES_FOR,
        read: true,
        export: false,
        decide: true,
        reason,
    };
    access::insert_grant(tx, id, &grant).map(|_| ())
}

fn action_of(before: &Value, next: &Value) -> Action {
    if before["status"] == next["status"] {
        return Action::CaseChanged;
    }
    match next["status"].as_str() {
        Some("closed") => Action::CaseClosed,
        Some("suspended") => Action::CaseSuspended,
        _ => Action::CaseReopened,
    }
}

fn update(tx: &mut Tx<'_>, id: &str, next: &Value, made: &Appended) -> Result<()> {
    let text = |name: &str| next[name].as_str().unwrap_or_default().to_owned();
    let unit = people::unit(tx.conn, &text("unit_id"))?.ok_or_else(|| Error::internal("a case without its unit"))?;
    let lead: String = users::table
        .find(next["lead"]["id"].as_str().unwrap_or_default())
        .select(users::id)
        .first(tx.conn)?;
    diesel::update(cases::table.find(id))
        .set((
            cases::number.eq(text("number")),
            cases::status.eq(text("status")),
            cases::handling.eq(text("handling")),
            cases::unit_id.eq(unit.id),
            cases::unit_path.eq(unit.path),
            cases::lead_id.eq(lead),
            cases::changed_at.eq(made.at),
            cases::version.eq(next["version"].as_i64().unwrap_or_default()),
            cases::leaf.eq(made.leaf.as_bytes().to_vec()),
            cases::body.eq(canonical(next)?),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Which right a change needs first: the door asks for it before anything else.
pub fn act_for(patch: &CasePatch) -> Act {
    match (patch.status, patch.handling) {
        (Some(_), _) => Act::CaseClose,
        (None, Some(_)) => Act::CaseRestrict,
        (None, None) => Act::CaseChange,
    }
}
