//! Opening and changing a case.

use super::access;
use super::model::{self, Case, CasePatch, CaseView, NewCase, NewGrant, Right};
use super::store;
use crate::clock::{DAY, Timestamp};
use crate::error::{Error, FieldError, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::identity::Caller;
use crate::ledger::Action;
use crate::policy::{Act, CaseStatus, Role};
use crate::users::store::{self as people, UnitRow};
use crate::versions::SeenVersions;

/// How long the named supervisor of a restricted or confidential case may decide, unless given again.
const DECIDES_FOR: i64 = 730 * DAY;

/// Opens a case; the opener becomes lead.
pub fn open(tx: &mut Tx<'_>, new: &NewCase) -> Result<Recorded<CaseView>> {
    let unit = people::unit(tx.conn, "unit_id", new.unit_id.as_ref().unwrap_or(&tx.caller.unit_id))?;
    let number = new.number.clone().unwrap_or_else(model::provisional_number);
    refuse_taken(tx, &number, "")?;
    let supervisor = new.supervisor_id.as_deref().map(|id| decider(tx, id)).transpose()?;
    let case = Case {
        id: tx.new_id(),
        number,
        provisional: new.number.is_none(),
        title: new.title.clone(),
        kind: new.kind,
        status: CaseStatus::Open,
        disposition: None,
        handling: new.handling,
        court_order: new.court_order.clone(),
        time_zone: new.time_zone.clone(),
        jurisdiction: new.jurisdiction.clone(),
        offense: new.offense.clone(),
        unit_id: unit.id.clone(),
        lead: tx.me(),
        supervisor: supervisor.as_ref().map(Caller::person),
        particulars: new.particulars.clone(),
        opened_at: Timestamp(tx.now),
        changed_at: Timestamp(tx.now),
        version: 1,
        reason: None,
    };
    let made = save(tx, case, &unit, Action::CaseOpened)?;
    let case = made.peek();
    if let Some(supervisor) = supervisor.filter(|_| case.is_closely_kept()) {
        let reason = "named as deciding supervisor when the case was opened";
        name_decider(tx, &case.id, supervisor.user, reason)?;
    }
    Ok(made.map(|case| CaseView {
        case,
        members: Vec::new(),
        held: 0,
    }))
}

/// Refuses a number that another case has than the one with this id. The answer says nothing else about the case that has it.
fn refuse_taken(tx: &mut Tx<'_>, number: &str, but: &str) -> Result<()> {
    if store::is_taken(tx.conn, number, but)? {
        return Err(number_taken());
    }
    Ok(())
}

fn number_taken() -> Error {
    let message = "is taken: check it, or leave it out for a provisional one";
    Error {
        code: "taken",
        errors: vec![FieldError::new("number", "unique", message)],
        ..Error::conflict("number: is taken")
    }
}

/// The supervisor who is named to decide: another person than the one who names.
fn decider(tx: &mut Tx<'_>, id: &str) -> Result<Caller> {
    let named = people::named(tx.conn, "supervisor_id", id)?;
    if !named.is(Role::Supervisor) {
        return Err(Error::field("supervisor_id", "role", "must be a supervisor"));
    }
    if named.user == tx.caller.user {
        return Err(works_on_it());
    }
    Ok(named)
}

/// The same for a case that exists: not its lead, not who hands it over just now, and no member.
fn decider_of(tx: &mut Tx<'_>, id: &str, case: &Case) -> Result<Caller> {
    let named = decider(tx, id)?;
    let leads = case.lead.id == named.user || tx.case()?.lead_id == named.user;
    let works = leads || store::member_since(tx.conn, &case.id, &named.user)?.is_some();
    if works { Err(works_on_it()) } else { Ok(named) }
}

fn works_on_it() -> Error {
    Error::field(
        "supervisor_id",
        "other",
        "must be somebody else: nobody names themselves, and nobody decides in a case they work on",
    )
}

/// Records a version of a case: its event and its row.
fn save(tx: &mut Tx<'_>, case: Case, unit: &UnitRow, action: Action) -> Result<Recorded<Case>> {
    let record = serde_json::to_value(&case)?;
    let made = tx.append(NewEvent::new(action, ("case", &case.id), case.version, record).in_case(&case.id))?;
    let kept = store::save(tx.conn, &case, &unit.path, &made.leaf);
    // Another case may have taken the number after `refuse_taken` looked.
    kept.map_err(|e| if e.code == "taken" { number_taken() } else { e })?;
    Ok(made.answering(case))
}

/// Makes the next version of a case.
pub fn change(tx: &mut Tx<'_>, seen: &SeenVersions, patch: &CasePatch) -> Result<Recorded<CaseView>> {
    let CaseView {
        case: before,
        members,
        held,
    } = store::view(tx.conn, &tx.case_id()?)?;
    seen.check(before.version)?;
    may_all(tx, patch)?;
    let mut next = patch.apply(&before, tx.now)?;
    if next.number != before.number {
        refuse_taken(tx, &next.number, &next.id)?;
    }
    put_people(tx, patch, &mut next)?;
    if next.is_closely_kept() && !before.is_closely_kept() && patch.supervisor_id.is_none() {
        return Err(Error::field(
            "supervisor_id",
            "required",
            "must name the supervisor who decides in a restricted or confidential case",
        ));
    }
    let unit = people::unit(tx.conn, "unit_id", &next.unit_id)?;
    let made = save(tx, next, &unit, action_of(&before, patch.status))?;
    let next = made.peek().clone();
    if next.lead.id != before.lead.id {
        access::keep_as_member(tx, &before.lead)?;
    }
    if let Some(supervisor) = patch.supervisor_id.clone().filter(|_| next.is_closely_kept()) {
        name_decider(tx, &next.id, supervisor, "named as deciding supervisor")?;
    }
    Ok(made.map(|case| CaseView { case, members, held }))
}

/// Refuses a patch unless the caller has every right that it needs.
fn may_all(tx: &Tx<'_>, patch: &CasePatch) -> Result<()> {
    let closely_kept = tx.case()?.handling != crate::policy::Handling::Standard;
    let wanted = [
        (patch.handling.is_some(), Act::CaseRestrict),
        (patch.lead_id.is_some(), Act::MemberChange),
        // In a case that is closely kept, only the lead says who decides.
        (patch.supervisor_id.is_some() && closely_kept, Act::GrantDecide),
        (patch.needs_case_change(), Act::CaseChange),
    ];
    access::may_each(tx, &wanted)
}

fn put_people(tx: &mut Tx<'_>, patch: &CasePatch, next: &mut Case) -> Result<()> {
    if let Some(id) = &patch.lead_id {
        let lead = people::named(tx.conn, "lead_id", id)?;
        if !lead.is(Role::Investigator) && !lead.is(Role::Supervisor) {
            return Err(Error::field(
                "lead_id",
                "role",
                "must be an investigator or a supervisor",
            ));
        }
        let decides = next
            .supervisor
            .as_ref()
            .is_some_and(|supervisor| supervisor.id == lead.user);
        if next.is_closely_kept() && decides && patch.supervisor_id.is_none() {
            return Err(Error::field(
                "lead_id",
                "other",
                "decides in this case, and nobody decides in a case they work on: name another deciding supervisor first",
            ));
        }
        next.lead = lead.person();
    }
    if let Some(id) = &patch.unit_id {
        next.unit_id = people::unit(tx.conn, "unit_id", id)?.id;
    }
    if let Some(id) = &patch.supervisor_id {
        next.supervisor = Some(decider_of(tx, id, next)?.person());
    }
    Ok(())
}

/// Lets the named supervisor decide in a case that is closely kept.
fn name_decider(tx: &mut Tx<'_>, case: &str, user_id: String, reason: &str) -> Result<()> {
    let grant = NewGrant {
        user_id,
        until: tx.now + DECIDES_FOR,
        rights: vec![Right::Read, Right::Decide],
        reason: reason.to_owned(),
    };
    access::record_grant(tx, case, &grant).map(drop)
}

fn action_of(before: &Case, status: Option<CaseStatus>) -> Action {
    match status.filter(|status| *status != before.status) {
        None => Action::CaseChanged,
        Some(CaseStatus::Closed) => Action::CaseClosed,
        Some(CaseStatus::Suspended) => Action::CaseSuspended,
        Some(CaseStatus::Open) => Action::CaseReopened,
    }
}

/// The right that the door asks for. `may_all` asks for the others.
pub fn act_for(patch: &CasePatch) -> Act {
    match (patch.status, patch.handling) {
        (Some(_), _) => Act::CaseClose,
        (None, Some(_)) => Act::CaseRestrict,
        (None, None) => Act::CaseChange,
    }
}
