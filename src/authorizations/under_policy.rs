//! A request read by the policy in force: what it has to say and confirm, and what the policy adds to it.

use super::model::{Level, Request, Terms};
use super::store;
use crate::aliases;
use crate::authorization_policies::{self, PolicyInForce, PolicyRef, PolicyTerms, Sentence, TrainingDemand};
use crate::clock::{DAY, Timestamp};
use crate::conduct;
use crate::error::{FieldError, Result};
use crate::gate::Tx;
use crate::users::store as people;

/// What the policy adds to a request: the sentences that it confirms, and the review where none was asked for.
pub(super) struct UnderPolicy {
    pub terms: Terms,
    pub policy: PolicyRef,
    pub attested: Vec<Sentence>,
    pub forbidden_purposes: Vec<Sentence>,
}

/// Reads a request by the policy in force: a sentence that its level asks for has to be confirmed.
pub(super) fn under_policy(tx: &mut Tx<'_>, wanted: &Request, own_id: Option<&str>) -> Result<UnderPolicy> {
    let policy = authorization_policies::in_force_at(tx.conn)?;
    let mut terms = wanted.terms.clone();
    let of_level = policy.terms.of(terms.level);
    let mut broken = Vec::new();
    for missing in of_level
        .requester_confirms
        .iter()
        .filter(|one| !terms.attestations.contains(&one.word))
    {
        let message = format!(
            "must hold {}, “{}”: confirm it",
            missing.word,
            missing.says.trim_end_matches('.')
        );
        broken.push(FieldError::new("attestations", "required", message));
    }
    let known = |word: &String| {
        Level::ALL
            .iter()
            .find_map(|level| sentence(&policy.terms, *level, word))
    };
    for (i, _) in terms
        .attestations
        .iter()
        .enumerate()
        .filter(|(_, word)| known(word).is_none())
    {
        let message = "is no sentence of the policy in force: read it at /api/v1/authorization-policies/in-force";
        broken.push(FieldError::new(format!("attestations[{i}]"), "one_of", message));
    }
    if let Some(renewed) = &terms.renews {
        let case = tx.case_id()?;
        let before = store::find_in(tx.conn, (&case, renewed))?;
        if own_id == Some(renewed.as_str()) || before.is_none_or(|before| before.effective_from.is_none()) {
            let message = "is no authorization of this case that was ever approved: leave it out, or name one";
            broken.push(FieldError::new("renews", "exists", message));
        }
    }
    if of_level.training == TrainingDemand::Required {
        broken.extend(untrained(tx, &wanted.holders)?);
    }
    broken.extend(aliases::not_in_force(
        tx.conn,
        &wanted.aliases,
        (&wanted.holders, tx.now),
    )?);
    broken.extend(unacknowledged(tx, &policy)?);
    FieldError::refuse(broken)?;
    let starts = terms.starts_at.0.max(tx.now);
    if let (Some(days), None) = (of_level.review_days, terms.review_at) {
        let by = starts.saturating_add(i64::try_from(days).unwrap_or(0).saturating_mul(DAY));
        terms.review_at = Some(Timestamp(by).min(terms.ends_at));
    }
    let confirmed: Vec<Sentence> = terms.attestations.iter().filter_map(known).collect();
    Ok(UnderPolicy {
        attested: confirmed,
        forbidden_purposes: policy.terms.forbidden_purposes.clone(),
        policy: policy.reference,
        terms,
    })
}

/// That the caller has yet to acknowledge the rules of conduct in force, where they have.
fn unacknowledged(tx: &mut Tx<'_>, policy: &PolicyInForce) -> Result<Option<FieldError>> {
    let missing = conduct::missing(tx.conn, &tx.caller.user, policy)?;
    let told = |number: i64| {
        let message = format!(
            "of the rules of conduct of version {number} is missing: read and acknowledge them at /conduct, or with \
             POST /api/v1/conduct/acknowledgements, and ask again"
        );
        FieldError::new("acknowledgement", "required", message)
    };
    Ok(missing.map(told))
}

/// Holders without a training that counts now.
fn untrained(tx: &mut Tx<'_>, holders: &[String]) -> Result<Vec<FieldError>> {
    let lacking = people::untrained(tx.conn, holders, tx.now)?;
    let message =
        "has no training on record that counts today, which the policy requires: have one recorded, or leave them out";
    let of_them = holders.iter().enumerate().filter(|(_, id)| lacking.contains(id));
    Ok(of_them
        .map(|(i, _)| FieldError::new(format!("holders[{i}]"), "training", message))
        .collect())
}

/// The sentence of a level that a requester confirms under this word.
fn sentence(policy: &PolicyTerms, level: Level, word: &str) -> Option<Sentence> {
    policy
        .of(level)
        .requester_confirms
        .iter()
        .find(|one| one.word == word)
        .cloned()
}
