//! Asking for leave, deciding, and ending it.

use super::additions::{AdditionDecision, AdditionOutcome, NewAddition};
use super::check::{Decider, RequestCheck};
use super::checks;
use super::closing::{ClosingReport, NewClosing};
use super::model::{
    Addition, Amendment, Authorization, AuthorizationDecision, AuthorizationState, Outcome, Request, Ruling, Terms,
};
use super::oral::{NewOralApproval, OralApproval};
use super::review::{LeaveReview, next_review};
use super::store;
use super::under_policy::under_policy;
use crate::aliases;
use crate::authorization_policies::{self, PolicyInForce, PolicyRef, TrainingDemand};
use crate::cases::{self, Stage};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Recorded, Scope, Tx};
use crate::identity::{self, Person};
use crate::ledger::Action;
use crate::policy::Act;
use crate::users::store as people;
use crate::versions::SeenVersions;

/// Who is to be covered: people who can log in the case, its lead and its members.
pub(super) fn holders(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<Person>> {
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
    let holders = holders(tx, &wanted.holders)?;
    let asked = under_policy(tx, wanted, None)?;
    let next = Authorization {
        number: store::next_number(tx.conn, &case_id)?,
        attested: asked.attested,
        forbidden_purposes: asked.forbidden_purposes,
        aliases_named: wanted.aliases.len() as u64,
        ..first_version(tx, holders, (asked.terms, asked.policy))?
    };
    let made = save(tx, next, Action::AuthorizationRequested)?;
    aliases::name_in(tx, (&case_id, &made.peek().id), &wanted.aliases)?;
    Ok(made)
}

/// The first version of what the caller asks for in the case, without its number and what the policy adds.
pub(super) fn first_version(
    tx: &mut Tx<'_>,
    holders: Vec<Person>,
    (terms, policy): (Terms, PolicyRef),
) -> Result<Authorization> {
    Ok(Authorization {
        id: tx.new_id(),
        case_id: tx.case_id()?,
        number: 0,
        state: AuthorizationState::Requested,
        holders,
        terms,
        requester: tx.me(),
        requested_at: Timestamp(tx.now),
        effective_from: None,
        decision: None,
        revoked: None,
        policy: Some(policy),
        attested: Vec::new(),
        forbidden_purposes: Vec::new(),
        aliases_named: 0,
        training_required: false,
        approvals: Vec::new(),
        additions: Vec::new(),
        closing: None,
        emergency: None,
        oral: None,
        reviews: Vec::new(),
        register_number: Some(register_number(tx)?),
        version: 1,
    })
}

/// What requests of all cases wait for in turn, so that their numbers in the register have no gap.
const REGISTER: &str = "register";

/// The next number of the register. A request that fails gives it back, because nobody else takes one before it ends.
fn register_number(tx: &mut Tx<'_>) -> Result<i64> {
    tx.lock(REGISTER)?;
    store::next_in_register(tx.conn)
}

/// Mends a returned request and asks again.
pub fn amend(tx: &mut Tx<'_>, id: &str, seen: &SeenVersions, amendment: &Amendment) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    seen.check(before.version)?;
    if before.state != AuthorizationState::Returned {
        return Err(wrong_state(&before, tx.now, "mended", "returned"));
    }
    let named = aliases::named_in(tx.conn, id)?;
    let wanted = amendment.apply(&before, &named, tx.now)?;
    let holders = holders(tx, &wanted.holders)?;
    let asked = under_policy(tx, &wanted, Some(id))?;
    let next = Authorization {
        holders,
        terms: asked.terms,
        requested_at: Timestamp(tx.now),
        policy: Some(asked.policy),
        attested: asked.attested,
        forbidden_purposes: asked.forbidden_purposes,
        aliases_named: wanted.aliases.len() as u64,
        approvals: Vec::new(),
        oral: None,
        ..before.next(AuthorizationState::Requested)
    };
    let made = save(tx, next, Action::AuthorizationAmended)?;
    aliases::name_in(tx, (&made.peek().case_id, id), &wanted.aliases)?;
    Ok(made)
}

fn wrong_state(found: &Authorization, now: i64, verb: &str, needed: &str) -> Error {
    let state = found.state_at(now);
    Error::conflict(format!(
        "This authorization is {state}; only one that is {needed} can be {verb}."
    ))
}

/// Records a version of an authorization: its event, its row, its holders.
pub(super) fn save(tx: &mut Tx<'_>, next: Authorization, action: Action) -> Result<Recorded<Authorization>> {
    let record = serde_json::to_value(&next)?;
    let event = NewEvent::new(action, ("authorization", &next.id), next.version, record).in_case(&next.case_id);
    let made = tx.append(event)?;
    store::save(tx.conn, &next, &made.leaf)?;
    Ok(made.answering(next))
}

/// Approves, denies or returns. An approval counts from the start or from now, whichever is later, and is refused while
/// a check of the request has failed. Where the policy asks for two approvals, the first one covers nothing yet.
pub fn decide(tx: &mut Tx<'_>, id: &str, decision: &AuthorizationDecision) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    if before.state == AuthorizationState::Emergency {
        decision.seen.check(before.version)?;
        return rule_on_emergency(tx, before, decision);
    }
    if before.state != AuthorizationState::Requested {
        return Err(wrong_state(&before, tx.now, "decided", "requested"));
    }
    decision.seen.check(before.version)?;
    let policy = authorization_policies::in_force_at(tx.conn)?;
    let decider = Decider {
        may: tx.may(Act::AuthorizationDecide),
        above_unit: checks::is_above(tx.caller, tx.case()?),
        context: tx.case()?,
    };
    let above_unit = decider.above_unit;
    let checks = checks::weigh(tx.conn, (&before, &policy), decider, tx.now)?;
    let ruling = Ruling {
        conditions: decision.conditions.clone(),
        policy: Some(policy.reference.clone()),
        checks: checks.clone(),
        ..ruling(tx, Some(decision.outcome), decision.reason.clone())?
    };
    let (state, action) = match decision.outcome {
        Outcome::Approve => {
            return approve(
                tx,
                (before, &policy, checks),
                Ruling {
                    above_unit: Some(above_unit),
                    ..ruling
                },
            );
        }
        Outcome::Deny => (AuthorizationState::Denied, Action::AuthorizationDenied),
        Outcome::Return => (AuthorizationState::Returned, Action::AuthorizationReturned),
        outcome => {
            let message = format!(
                "must be approve, deny or return: a request is no emergency, and there is nothing to {outcome}"
            );
            return Err(Error::field("decision", "emergency", message));
        }
    };
    let next = Authorization {
        effective_from: None,
        decision: Some(ruling),
        ..before.next(state)
    };
    save(tx, next, action)
}

fn approve(
    tx: &mut Tx<'_>,
    (before, policy, checks): (Authorization, &PolicyInForce, Vec<RequestCheck>),
    ruling: Ruling,
) -> Result<Recorded<Authorization>> {
    checks::require(&checks, ruling.reason.as_deref())?;
    let of_level = policy.terms.of(before.terms.level);
    let ruling = Ruling {
        confirmed: of_level.approver_confirms.clone(),
        confirms_oral: before.oral.as_ref().is_some_and(|oral| oral.by.id == tx.caller.user),
        ..ruling
    };
    let given = u64::try_from(before.approvals.len()).unwrap_or(0) + 1;
    if given < of_level.approvals {
        let mut approvals = before.approvals.clone();
        approvals.push(ruling);
        let next = Authorization {
            approvals,
            ..before.next(AuthorizationState::Requested)
        };
        return save(tx, next, Action::AuthorizationPartApproved);
    }
    let next = Authorization {
        effective_from: Some(before.terms.starts_at.max(Timestamp(tx.now))),
        training_required: of_level.training == TrainingDemand::Required,
        decision: Some(ruling),
        ..before.next(AuthorizationState::Approved)
    };
    save(tx, next, Action::AuthorizationApproved)
}

fn ruling(tx: &mut Tx<'_>, outcome: Option<Outcome>, reason: Option<String>) -> Result<Ruling> {
    let case = tx.case()?;
    let by_delegation_of = identity::delegator(tx.conn, tx.caller, (&case.unit_id, &case.unit_path), tx.now)?;
    Ok(Ruling {
        by: tx.me(),
        at: Timestamp(tx.now),
        outcome: outcome.map(|outcome| outcome.as_str().into()),
        reason,
        conditions: None,
        policy: None,
        checks: Vec::new(),
        confirmed: Vec::new(),
        above_unit: None,
        by_delegation_of,
        confirms_oral: false,
    })
}

/// Accounts that one authorization is asked to cover besides, at the most.
const ADDITIONS: usize = 200;

/// Asks that an approved authorization cover an account that turned up.
pub fn ask_addition(tx: &mut Tx<'_>, id: &str, new: &NewAddition) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    if before.state_at(tx.now) != AuthorizationState::Approved {
        return Err(wrong_state(&before, tx.now, "added to", "approved"));
    }
    if before.terms.accounts.is_empty() {
        let told = "It covers all accounts of its platforms already: there is nothing to add.";
        return Err(Error::conflict(told));
    }
    if before.additions.len() == ADDITIONS {
        let told = format!("{ADDITIONS} accounts were asked for already: ask for an authorization that names them.");
        return Err(Error::conflict(told));
    }
    if !before.terms.platforms.contains(&new.account.platform) {
        let platforms = before.terms.platforms.join(", ");
        let message =
            format!("must be one of those that it covers: {platforms}. For another one ask for another authorization");
        return Err(Error::field("platform", "covered", message));
    }
    let mut additions = before.additions.clone();
    additions.push(Addition {
        id: tx.new_id(),
        account: new.account.clone(),
        reason: new.reason.clone(),
        requester: tx.me(),
        requested_at: Timestamp(tx.now),
        decision: None,
    });
    let state = before.state;
    let next = Authorization {
        additions,
        ..before.next(state)
    };
    save(tx, next, Action::AdditionRequested)
}

/// Approves or denies an addition. What is approved is covered from now on, and never backwards.
pub fn decide_addition(
    tx: &mut Tx<'_>,
    (id, addition): (&str, &str),
    said: &AdditionDecision,
) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    if before.state_at(tx.now) != AuthorizationState::Approved {
        return Err(wrong_state(&before, tx.now, "added to", "approved"));
    }
    let mut additions = before.additions.clone();
    let asked = additions.iter_mut().find(|one| one.id == addition);
    let asked = asked.ok_or_else(Error::not_found)?;
    if asked.decision.is_some() {
        return Err(Error::conflict(
            "This was decided already: ask for the account anew to change that.",
        ));
    }
    asked.decision = Some(Ruling {
        outcome: Some(said.outcome.as_str().to_owned()),
        ..ruling(tx, None, said.reason.clone())?
    });
    let action = match said.outcome {
        AdditionOutcome::Approve => Action::AdditionApproved,
        AdditionOutcome::Deny => Action::AdditionDenied,
    };
    let state = before.state;
    let next = Authorization {
        additions,
        ..before.next(state)
    };
    save(tx, next, action)
}

/// Confirms or repudiates an emergency that runs.
fn rule_on_emergency(
    tx: &mut Tx<'_>,
    before: Authorization,
    decision: &AuthorizationDecision,
) -> Result<Recorded<Authorization>> {
    if before.state_at(tx.now) == AuthorizationState::Lapsed {
        return Err(Error::conflict(
            "This emergency has lapsed: nobody confirmed it in time. Decide each capture that was made under it.",
        ));
    }
    let policy = authorization_policies::in_force_at(tx.conn)?;
    let decider = Decider {
        may: tx.may(Act::AuthorizationDecide),
        above_unit: checks::is_above(tx.caller, tx.case()?),
        context: tx.case()?,
    };
    let above_unit = decider.above_unit;
    let weighed: Vec<RequestCheck> = checks::weigh(tx.conn, (&before, &policy), decider, tx.now)?;
    let ruling = Ruling {
        policy: Some(policy.reference.clone()),
        checks: weighed.clone(),
        above_unit: Some(above_unit),
        ..ruling(tx, Some(decision.outcome), decision.reason.clone())?
    };
    match decision.outcome {
        Outcome::Confirm => {
            checks::require(&weighed, ruling.reason.as_deref())?;
            let ruling = Ruling {
                confirmed: policy.terms.of(before.terms.level).approver_confirms.clone(),
                conditions: decision.conditions.clone(),
                ..ruling
            };
            let next = Authorization {
                decision: Some(ruling),
                ..before.next(AuthorizationState::Approved)
            };
            save(tx, next, Action::AuthorizationConfirmed)
        }
        Outcome::Repudiate => {
            let next = Authorization {
                decision: Some(ruling),
                ..before.next(AuthorizationState::Repudiated)
            };
            save(tx, next, Action::AuthorizationRepudiated)
        }
        outcome => Err(Error::field(
            "decision",
            "emergency",
            format!("must be confirm or repudiate: an emergency runs already, and there is nothing to {outcome}"),
        )),
    }
}

/// Records that nobody confirmed an emergency before its end.
fn lapse(tx: &mut Tx<'_>, before: Authorization) -> Result<()> {
    let next = before.next(AuthorizationState::Lapsed);
    save(tx, next, Action::AuthorizationLapsed).map(drop)
}

/// Reports how an authorization ended. One that still runs ends by it.
pub fn close(tx: &mut Tx<'_>, id: &str, new: &NewClosing) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    let state = match before.state_at(tx.now) {
        AuthorizationState::Approved => AuthorizationState::Ended,
        state @ (AuthorizationState::Expired | AuthorizationState::Revoked) if before.closing.is_none() => state,
        state => {
            let told = match before.closing {
                Some(_) => {
                    "Its closing report was made already: add what is missing as a note to the captures concerned."
                        .to_owned()
                }
                None => format!("This authorization is {state}; a closing report is about one that was approved."),
            };
            return Err(Error::conflict(told));
        }
    };
    let closing = ClosingReport {
        by: tx.me(),
        at: Timestamp(tx.now),
        outcome: new.outcome,
        report: new.report.clone(),
        confidential_material: new.confidential_material.clone(),
        captures: store::count_covered(tx.conn, &before)?,
    };
    let next = Authorization {
        closing: Some(closing),
        ..before.next(state)
    };
    save(tx, next, Action::AuthorizationClosed)
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

/// Records what the requester heard: a supervisor who may decide the request approved it by word of mouth. It stays
/// requested, and covers nothing.
pub fn record_oral(tx: &mut Tx<'_>, id: &str, new: &NewOralApproval) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    if before.state != AuthorizationState::Requested {
        return Err(wrong_state(&before, tx.now, "approved by word of mouth", "requested"));
    }
    let by = people::named(tx.conn, "by", &new.by)?.person();
    let scope = Scope::Authorization(id.to_owned());
    if !tx.may_on_behalf(&by.id, Act::AuthorizationDecide, &scope)? {
        let message = "must be a supervisor who may decide this request: their word counts for nothing else";
        return Err(Error::field("by", "decides", message));
    }
    let oral = OralApproval {
        by,
        given_at: Timestamp(new.given_at),
        how: new.how,
        said: new.said.clone(),
        recorded_by: tx.me(),
        recorded_at: Timestamp(tx.now),
    };
    let next = Authorization {
        oral: Some(oral),
        ..before.next(AuthorizationState::Requested)
    };
    save(tx, next, Action::AuthorizationOrallyApproved)
}

/// Records that a running authorization is still needed, and when somebody looks again by the policy in force.
pub fn review(tx: &mut Tx<'_>, id: &str, reason: &str) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    if before.state_at(tx.now) != AuthorizationState::Approved {
        return Err(wrong_state(&before, tx.now, "reviewed", "approved"));
    }
    let policy = authorization_policies::in_force_at(tx.conn)?;
    let next_at = next_review(policy.terms.of(before.terms.level), tx.now, before.terms.ends_at);
    let review = LeaveReview {
        by: tx.me(),
        at: Timestamp(tx.now),
        reason: reason.to_owned(),
        due_at: before.terms.review_at,
        next_at,
    };
    let mut next = before.next(AuthorizationState::Approved);
    next.terms.review_at = next_at;
    next.reviews.push(review);
    save(tx, next, Action::AuthorizationReviewed)
}

/// Ends leave at once.
pub fn revoke(tx: &mut Tx<'_>, id: &str, reason: &str) -> Result<Recorded<Authorization>> {
    let before = store::get(tx.conn, id)?;
    if before.state_at(tx.now) != AuthorizationState::Approved {
        return Err(wrong_state(&before, tx.now, "revoked", "approved"));
    }
    let next = Authorization {
        revoked: Some(ruling(tx, None, Some(reason.to_owned()))?),
        ..before.next(AuthorizationState::Revoked)
    };
    save(tx, next, Action::AuthorizationRevoked)
}

/// Records that leave came to its end, or that an emergency lapsed; a job's verb.
pub fn expire(tx: &mut Tx<'_>, id: &str, case_id: &str) -> Result<()> {
    tx.lock(&crate::ledger::case_stream(case_id))?;
    let before = store::get(tx.conn, id)?;
    match (before.state, before.state_at(tx.now)) {
        (AuthorizationState::Emergency, AuthorizationState::Lapsed) => return lapse(tx, before),
        (AuthorizationState::Approved, AuthorizationState::Expired) => {}
        _ => return Ok(()),
    }
    let next = before.next(AuthorizationState::Expired);
    save(tx, next, Action::AuthorizationExpired).map(drop)
}
