//! Starting an emergency authorization. A supervisor's word on it and its lapse stand with those of requests.

use super::emergency::{EmergencyStart, LASTS};
use super::model::{Authorization, AuthorizationState, Request};
use super::ops;
use super::store;
use super::under_policy::{UnderPolicy, under_policy};
use crate::authorization_policies::{self, TrainingDemand};
use crate::clock::{self, Timestamp};
use crate::error::{Error, Result};
use crate::gate::{Recorded, Scope, Tx};
use crate::identity::Person;
use crate::ledger::Action;
use crate::policy::Act;
use crate::roster;

/// Starts an emergency authorization: it counts from now on, for four hours. What is due in the case does not stop it.
pub fn start(tx: &mut Tx<'_>, wanted: &Request) -> Result<Recorded<Authorization>> {
    let case_id = tx.case_id()?;
    let holders = ops::holders(tx, &wanted.holders)?;
    let mut people: Vec<&str> = holders.iter().map(|holder| holder.id.as_str()).collect();
    people.push(&tx.caller.user);
    if let Some(number) = store::running_emergency(tx.conn, (&case_id, &people), tx.now)? {
        return Err(Error::conflict(format!(
            "The emergency A-{number} runs in this case, of one who would start or hold this one, and waits for a supervisor: work under it until that word, and ask for an authorization beside it."
        )));
    }
    if let Some((number, until)) = store::repudiated_emergency(tx.conn, (&case_id, &people), tx.now)? {
        return Err(Error::conflict(format!(
            "A supervisor repudiated the emergency A-{number} in this case, and who had started or held it starts or holds no other here until {}: ask for an authorization, which a supervisor decides.",
            clock::format(until)
        )));
    }
    let asked: UnderPolicy = under_policy(tx, wanted, None)?;
    let policy = authorization_policies::in_force_at(tx.conn)?;
    let training = policy.terms.of(asked.terms.level).training;
    let paged = whom_to_page(tx, &holders)?;
    let mut terms = asked.terms;
    terms.starts_at = Timestamp(tx.now);
    terms.ends_at = Timestamp(tx.now + LASTS);
    terms.review_at = None;
    let next = Authorization {
        number: store::next_number(tx.conn, &case_id)?,
        state: AuthorizationState::Emergency,
        effective_from: Some(Timestamp(tx.now)),
        emergency: Some(EmergencyStart { paged }),
        training_required: training == TrainingDemand::Required,
        attested: asked.attested,
        forbidden_purposes: asked.forbidden_purposes,
        ..ops::first_version(tx, holders, (terms, asked.policy))?
    };
    ops::save(tx, next, Action::AuthorizationStarted)
}

/// Who is on call for the case's unit and may decide in it, neither its starter nor one of its holders.
fn whom_to_page(tx: &mut Tx<'_>, holders: &[Person]) -> Result<Vec<Person>> {
    let case = tx.case()?.clone();
    let scope = Scope::Case(case.case_id.clone());
    let mut paged = Vec::new();
    for person in roster::on_call(tx.conn, &case.unit_path, tx.now)? {
        let has_part = person.id == tx.caller.user || holders.iter().any(|holder| holder.id == person.id);
        if !has_part && tx.may_on_behalf(&person.id, Act::AuthorizationDecide, &scope)? {
            paged.push(person);
        }
    }
    Ok(paged)
}
