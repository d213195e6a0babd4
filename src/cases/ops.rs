//! Opening and changing a case.

use super::access;
use super::handover::Handover;
use super::model::{self, Case, CasePatch, CaseView, GrantOrigin, NewCase, NewGrant, Right};
use super::store;
use crate::clock::{DAY, Timestamp};
use crate::error::{Error, FieldError, Result};
use crate::gate::{Authorized, NewEvent, Recorded, Tx};
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
        proposed_lead: None,
        proposal: None,
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

/// The same for a case that exists: not its lead, not who ceases to be that just now or is proposed, and no member.
fn decider_of(tx: &mut Tx<'_>, id: &str, case: &Case) -> Result<Caller> {
    let named = decider(tx, id)?;
    let proposed = case
        .proposed_lead
        .as_ref()
        .is_some_and(|proposed| proposed.id == named.user);
    let leads = case.lead.id == named.user || tx.case()?.lead_id == named.user;
    let works = leads || proposed || store::member_since(tx.conn, &case.id, &named.user)?.is_some();
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
    let handover = handover(tx, patch)?;
    may_all(tx, patch, handover)?;
    let mut next = patch.apply(&before, tx.now)?;
    if next.number != before.number {
        refuse_taken(tx, &next.number, &next.id)?;
    }
    if let (Some(handover), Some(id)) = (handover, &patch.lead_id) {
        handover.put(tx, id, &mut next)?;
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
    let handed = handover.and_then(|handover| handover.action(&before));
    let action = action_of(&before, patch.status)
        .or(handed)
        .unwrap_or(Action::CaseChanged);
    let made = save(tx, next, &unit, action)?;
    let next = made.peek().clone();
    if next.lead.id != before.lead.id {
        access::keep_as_member(tx, &before.lead)?;
    }
    if let Some(supervisor) = patch.supervisor_id.clone().filter(|_| next.is_closely_kept()) {
        name_decider(tx, &next.id, supervisor, "named as deciding supervisor")?;
    }
    Ok(made.map(|case| CaseView { case, members, held }))
}

fn handover(tx: &Tx<'_>, patch: &CasePatch) -> Result<Option<Handover>> {
    let case = tx.case()?;
    let meant = |id: &String| Handover::meant(tx.caller, case, id);
    Ok(patch.lead_id.as_ref().map(meant))
}

/// Refuses a patch unless the caller has every right that it needs.
fn may_all(tx: &Tx<'_>, patch: &CasePatch, handover: Option<Handover>) -> Result<()> {
    let closely_kept = tx.case()?.handling != crate::policy::Handling::Standard;
    let wanted = [
        (patch.handling.is_some(), Act::CaseRestrict),
        (handover.is_some(), handover.map_or(Act::LeadPropose, Handover::act)),
        // In a case that is closely kept, only the lead says who decides.
        (patch.supervisor_id.is_some() && closely_kept, Act::GrantDecide),
        (patch.needs_case_change(), Act::CaseChange),
    ];
    access::may_each(tx, &wanted)
}

fn put_people(tx: &mut Tx<'_>, patch: &CasePatch, next: &mut Case) -> Result<()> {
    let leads = next
        .proposed_lead
        .as_ref()
        .map_or(&next.lead.id, |proposed| &proposed.id);
    let decides = next
        .supervisor
        .as_ref()
        .is_some_and(|supervisor| supervisor.id == *leads);
    if patch.lead_id.is_some() && next.is_closely_kept() && decides && patch.supervisor_id.is_none() {
        return Err(Error::field(
            "lead_id",
            "other",
            "decides in this case, and nobody decides in a case they work on: name another deciding supervisor first",
        ));
    }
    if let Some(id) = &patch.unit_id {
        let unit = people::unit(tx.conn, "unit_id", id)?.id;
        if unit != next.unit_id && store::holds_leave(tx.conn, &next.id, tx.now)? {
            let message = "cannot change while an authorization of the case is asked for or runs, because the unit says who decides: have it decided, withdraw it or end it first";
            return Err(Error::field("unit_id", "leave", message));
        }
        if unit != next.unit_id && store::holds_work(tx.conn, &next.id)? && !tx.may(Act::CaseRestrict) {
            let message = "is changed by a supervisor who decides in this case, once leave was asked for or something was captured in it, because the unit says who decides: ask one of them";
            return Err(Error::field("unit_id", "decides", message));
        }
        next.unit_id = unit;
    }
    if let Some(id) = &patch.supervisor_id {
        next.supervisor = Some(decider_of(tx, id, next)?.person());
    }
    Ok(())
}

/// Lets the named supervisor decide in a case that is closely kept.
fn name_decider(tx: &mut Tx<'_>, case: &str, user_id: String, reason: &str) -> Result<()> {
    let grant = NewGrant {
        captures: Vec::new(),
        user_id,
        until: tx.now + DECIDES_FOR,
        rights: vec![Right::Read, Right::Decide],
        reason: reason.to_owned(),
        origin: GrantOrigin::default(),
    };
    access::record_grant(tx, case, &grant).map(drop)
}

/// What becomes of the status, where that changes.
fn action_of(before: &Case, status: Option<CaseStatus>) -> Option<Action> {
    let action = match status.filter(|status| *status != before.status)? {
        CaseStatus::Closed => Action::CaseClosed,
        CaseStatus::Suspended => Action::CaseSuspended,
        CaseStatus::Open => Action::CaseReopened,
    };
    Some(action)
}

/// The right that the door asks for. `may_all` asks for the others.
pub fn act_for(patch: &CasePatch, asking: &Authorized) -> Act {
    let handed = asking.context.as_ref().zip(patch.lead_id.as_ref());
    match (patch.status, patch.handling, handed) {
        (Some(_), ..) => Act::CaseClose,
        (None, Some(_), _) => Act::CaseRestrict,
        (None, None, Some((case, id))) if patch.is_handover() => Handover::meant(&asking.caller, case, id).act(),
        _ => Act::CaseChange,
    }
}
