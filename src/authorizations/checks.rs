//! What speaks for and against a request: the checks that its decider reads, and that an approval obeys. One function
//! makes them, for the page, the API and the decision itself.

use super::check::{CheckVerdict, Decider, RequestCheck, check};
use super::model::{Authorization, AuthorizationState};
use super::{by_policy, store};
use crate::aliases;
use crate::authorization_policies::{Level, PolicyInForce, TrainingDemand};
use crate::cases::{self, Case, Stage};
use crate::clock::{self, DAY, Micros};
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::gate::CaseContext;
use crate::identity::{Caller, Person};
use crate::lookalike::is_blank;
use crate::page;
use crate::policy::{CaseStatus, Role};
use crate::subjects;
use crate::text::{Zone, counted};
use crate::users::{self, Training};

/// Whether somebody supervises a unit above that of a case, as their own or by delegation.
pub fn is_above(caller: &Caller, case: &CaseContext) -> bool {
    let above = case.unit_path.starts_with(&caller.unit_path) && case.unit_path != caller.unit_path;
    let mut ancestors = case
        .unit_path
        .split('/')
        .filter(|id| !id.is_empty() && *id != case.unit_id);
    let delegated = ancestors.any(|id| caller.delegated.iter().any(|unit| unit == id));
    caller.is(Role::Supervisor) && (above || delegated)
}

/// A holder whom a request names.
struct NamedHolder<'a> {
    person: &'a Person,
    signs_in: bool,
    works: bool,
    training: Option<Training>,
}

/// The checks of a request, those that stand against it first.
///
/// # Errors
/// Where the database fails.
pub fn weigh(
    conn: &mut AnyConn,
    (asked, policy): (&Authorization, &PolicyInForce),
    decider: Decider<'_>,
    now: Micros,
) -> Result<Vec<RequestCheck>> {
    let case = cases::store::case(conn, &asked.case_id)?;
    let holders = named_holders(conn, asked, &case, now)?;
    let young = subjects::juveniles(conn, &case.id)?;
    let others = store::running_beside(conn, asked, now)?;
    let of_level = policy.terms.of(asked.terms.level);
    let mut all = vec![
        of_state(asked, now),
        of_case(&case),
        of_particulars(asked, &case),
        of_window(asked, &case, now),
        of_decider(decider),
        of_holders(&holders),
        of_attestations(asked),
        by_policy::length(asked, of_level, now),
        by_policy::devices(asked, of_level),
        by_policy::overlap(asked, &others),
    ];
    all.extend(of_renewed(conn, asked, now)?);
    all.extend(of_oral(asked));
    all.extend(by_policy::review(asked, of_level, now).filter(|_| asked.emergency.is_none()));
    if asked.emergency.is_none() {
        all.extend(of_aliases(conn, asked, now)?);
        all.extend(by_policy::answers(asked, of_level));
        all.extend(by_policy::plan(asked, of_level));
        all.extend(by_policy::second_approval(asked, of_level, decider));
    }
    all.extend(of_training(&holders, of_level.training, now));
    all.extend(of_juveniles(&young));
    all.sort_by_key(|check| check.verdict);
    Ok(all)
}

/// Refuses an approval while a check has failed, and one without a reason where the policy speaks against it.
///
/// # Errors
/// A conflict that tells why, or the missing reason.
pub fn require(checks: &[RequestCheck], reason: Option<&str>) -> Result<()> {
    let of = |verdict| {
        let those = checks.iter().filter(move |check| check.verdict == verdict);
        those.map(|check| check.why.as_str()).collect::<Vec<_>>().join(" ")
    };
    let (failed, against) = (of(CheckVerdict::Failed), of(CheckVerdict::NeedsReason));
    if !failed.is_empty() {
        return Err(Error::conflict(failed));
    }
    if !against.is_empty() && reason.is_none_or(is_blank) {
        let message = format!("must say why it is approved all the same: {against}");
        return Err(Error::field("reason", "required", message));
    }
    Ok(())
}

fn of_state(asked: &Authorization, now: Micros) -> RequestCheck {
    match asked.state_at(now) {
        AuthorizationState::Requested => check(
            "state",
            CheckVerdict::Passed,
            "It is requested and waits for a decision.",
        ),
        AuthorizationState::Emergency => check(
            "state",
            CheckVerdict::Passed,
            "It runs as an emergency and waits for a supervisor’s word.",
        ),
        state => check(
            "state",
            CheckVerdict::Failed,
            format!("This authorization is {state}; only one that is requested can be decided."),
        ),
    }
}

fn of_case(case: &Case) -> RequestCheck {
    match case.status {
        CaseStatus::Open => check("case", CheckVerdict::Passed, "The case is open."),
        CaseStatus::Suspended => check("case", CheckVerdict::NeedsYou, "The case is suspended."),
        CaseStatus::Closed => check(
            "case",
            CheckVerdict::NeedsYou,
            "The case is closed: nobody logs under this before it is reopened.",
        ),
    }
}

/// What is due stops a request, and not the word on an emergency, which runs already.
fn of_particulars(asked: &Authorization, case: &Case) -> RequestCheck {
    match case.require(Stage::Authorization) {
        Ok(()) => check(
            "particulars",
            CheckVerdict::Passed,
            "Nothing is due before an authorization.",
        ),
        Err(e) if asked.emergency.is_some() => check("particulars", CheckVerdict::NeedsYou, e.detail),
        Err(e) => check("particulars", CheckVerdict::Failed, e.detail),
    }
}

fn of_window(asked: &Authorization, case: &Case, now: Micros) -> RequestCheck {
    let (starts, ends) = (asked.terms.starts_at.0.max(now), asked.terms.ends_at.0);
    if ends <= now {
        return check(
            "window",
            CheckVerdict::Failed,
            "The end that was asked for has passed: return it, so that the requester can ask for another.",
        );
    }
    let shown = |at| Zone::named(Some(&case.time_zone)).at(at).shown().to_owned();
    let from = match asked.terms.starts_at.0 > now {
        true => shown(starts),
        false => "the approval".to_owned(),
    };
    let days = u64::try_from((ends - starts + DAY - 1) / DAY).unwrap_or(0);
    let long = counted(days, "day", "days");
    check(
        "window",
        CheckVerdict::Passed,
        format!("At most {long}, from {from} to {}.", shown(ends)),
    )
}

/// Whether somebody looked in time at the authorization that this one continues.
fn of_renewed(conn: &mut AnyConn, asked: &Authorization, now: Micros) -> Result<Option<RequestCheck>> {
    let Some(renewed) = asked.terms.renews.as_deref() else {
        return Ok(None);
    };
    let Some(before) = store::find(conn, renewed)? else {
        return Ok(None);
    };
    let Some(due) = before.terms.review_at.filter(|at| at.0 < now) else {
        let why = format!("No review of A-{}, which it continues, is overdue.", before.number);
        return Ok(Some(check("renewed", CheckVerdict::Passed, why)));
    };
    let why = format!(
        "A-{}, which it continues, was to be looked at again by {}, and nobody has recorded that.",
        before.number,
        clock::format(due.0)
    );
    Ok(Some(check("renewed", CheckVerdict::NeedsYou, why)))
}

/// Whether a covert request names an alias that counts. It tells how many, and nothing by which one could be known: the
/// checks stand in the record of the case.
fn of_aliases(conn: &mut AnyConn, asked: &Authorization, now: Micros) -> Result<Option<RequestCheck>> {
    if asked.terms.level != Level::Covert {
        return Ok(None);
    }
    let (named, counting) = aliases::all_in_force(conn, &asked.id, (&asked.holders, now))?;
    let told = page::words::aliases(named).unwrap_or_default();
    let (verdict, why) = match counting {
        _ if named == 0 => (
            CheckVerdict::Failed,
            "It names no alias: return it, so that the requester can name one that is in force.".to_owned(),
        ),
        0 => (
            CheckVerdict::Failed,
            format!("It names {told}; none is in force and held by a holder: have one reviewed, or return it."),
        ),
        n if n == named => (
            CheckVerdict::Passed,
            format!("It names {told}, in force and held by its holders."),
        ),
        n => (
            CheckVerdict::NeedsYou,
            format!("It names {told}, of which {n} in force."),
        ),
    };
    Ok(Some(check("alias", verdict, why)))
}

/// What the requester recorded of an oral approval.
fn of_oral(asked: &Authorization) -> Option<RequestCheck> {
    let oral = asked.oral.as_ref()?;
    let why = format!(
        "{} records that {} approved it by word of mouth at {}. It counts from a written approval on, and what was captured \
         before is covered by neither.",
        oral.recorded_by.name,
        oral.by.name,
        clock::format(oral.given_at.0)
    );
    Some(check("oral", CheckVerdict::NeedsYou, why))
}

fn of_decider(decider: Decider<'_>) -> RequestCheck {
    if decider.may {
        let why = "You did not ask for it, do not hold it, and do not work on this case.";
        return check("decider", CheckVerdict::Passed, why);
    }
    let (relation, facts) = (decider.context.relation, decider.context.facts);
    let why = if facts.requester {
        "You asked for it: nobody decides an own request."
    } else if facts.holder {
        "You are a holder of it: nobody decides what covers them."
    } else if relation.lead || relation.member {
        "You work on this case: nobody decides in a case they work on."
    } else if relation.recused {
        "You recused yourself from this case: you decide nothing in it."
    } else if facts.approver {
        "You gave the first approval: another supervisor gives the second."
    } else if facts.former_member {
        "You worked on this case after it was asked for: nobody leaves a case to decide what came while they worked on it."
    } else {
        "You do not decide in this case."
    };
    check("decider", CheckVerdict::Failed, why)
}

fn named_holders<'a>(
    conn: &mut AnyConn,
    asked: &'a Authorization,
    case: &Case,
    now: Micros,
) -> Result<Vec<NamedHolder<'a>>> {
    let ids: Vec<String> = asked.holders.iter().map(|holder| holder.id.clone()).collect();
    let signs_in = users::store::who_sign_in(conn, &ids)?;
    let members = cases::store::members(conn, &case.id)?;
    let trainings = users::store::trainings_of(conn, &ids)?;
    let one = |person: &'a Person| NamedHolder {
        person,
        signs_in: signs_in.contains(&person.id),
        works: case.lead.id == person.id || members.iter().any(|member| member.id == person.id),
        training: longest(
            trainings
                .iter()
                .filter(|t| t.user_id == person.id && t.ended_at.is_none()),
            now,
        ),
    };
    Ok(asked.holders.iter().map(one).collect())
}

/// The training that counts now and for longest; one without an end before all others.
fn longest<'t>(trainings: impl Iterator<Item = &'t Training>, now: Micros) -> Option<Training> {
    let lasts = |training: &&Training| {
        let last = training.completed.expires_on.clone();
        (training.counts_at(now), last.is_none(), last)
    };
    trainings.max_by_key(lasts).cloned()
}

fn of_holders(holders: &[NamedHolder<'_>]) -> RequestCheck {
    let names = |broken: &dyn Fn(&NamedHolder<'_>) -> bool| {
        let found = holders.iter().filter(|holder| broken(holder));
        found
            .map(|holder| holder.person.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (gone, outside) = (names(&|h| !h.signs_in), names(&|h| h.signs_in && !h.works));
    if !gone.is_empty() {
        return check(
            "holders",
            CheckVerdict::Failed,
            format!("Cannot sign in any more: {gone}. Return it, so that the requester leaves them out."),
        );
    }
    if !outside.is_empty() {
        let why = format!(
            "Neither lead nor member of this case any more, so they cannot log in it: {outside}. Return it, so that the \
             requester leaves them out."
        );
        return check("holders", CheckVerdict::Failed, why);
    }
    let all = names(&|_| true);
    check(
        "holders",
        CheckVerdict::Passed,
        format!("All work on this case: {all}."),
    )
}

/// Told where the policy requires trainings, and where it advises them and the agency keeps those of at least one holder.
fn of_training(holders: &[NamedHolder<'_>], demand: TrainingDemand, now: Micros) -> Option<RequestCheck> {
    let lack = match demand {
        TrainingDemand::Nothing => return None,
        TrainingDemand::Required => CheckVerdict::Failed,
        TrainingDemand::Advised => {
            holders.iter().find(|holder| holder.training.is_some())?;
            CheckVerdict::NeedsYou
        }
    };
    let (mut lacking, mut held) = (Vec::new(), Vec::new());
    for holder in holders {
        let name = &holder.person.name;
        let Some(training) = &holder.training else {
            lacking.push(format!("{name} has none on record"));
            continue;
        };
        let done = &training.completed;
        match &done.expires_on {
            Some(day) if day.as_str() < &clock::format(now)[..10] => {
                lacking.push(format!("that of {name} ended on {day}"))
            }
            _ if !training.counts_at(now) => lacking.push(format!("that of {name} counts from {}", done.completed_on)),
            Some(day) => held.push(format!("{name}, {} until {day}", done.name)),
            None => held.push(format!("{name}, {}", done.name)),
        }
    }
    Some(match lacking.is_empty() {
        true => check("training", CheckVerdict::Passed, format!("{}.", held.join("; "))),
        false => check(
            "training",
            lack,
            format!("No training that counts: {}.", lacking.join("; ")),
        ),
    })
}

fn of_attestations(asked: &Authorization) -> RequestCheck {
    check("attested", CheckVerdict::Passed, attested(asked).join(" "))
}

/// The sentences that the requester confirmed. A request of an earlier release names them by their words alone.
pub fn attested(asked: &Authorization) -> Vec<String> {
    let says = |word: &String| {
        let kept = asked
            .attested
            .iter()
            .find(|one| one.word == *word)
            .map(|one| one.says.clone());
        kept.or_else(|| page::words::attestation(word).map(str::to_owned))
    };
    asked.terms.attestations.iter().filter_map(says).collect()
}

fn of_juveniles(young: &[String]) -> Option<RequestCheck> {
    let names = young.join(", ");
    let why = format!("{names}. Does the purpose say why it is needed? A reason that you give stands in the record.");
    (!young.is_empty()).then(|| check("juvenile", CheckVerdict::NeedsYou, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn training(expires: Option<&str>) -> Training {
        Training {
            id: "t".into(),
            user_id: "u".into(),
            completed: crate::users::NewTraining {
                name: "28 CFR 23".into(),
                completed_on: "2026-01-01".into(),
                expires_on: expires.map(str::to_owned),
                reference: None,
            },
            recorded_by: "a".into(),
            recorded_at: Timestamp(0),
            ended_at: None,
        }
    }

    #[test]
    fn the_training_that_counts_for_longest_counts() {
        let now = clock::parse("2026-05-01T12:00:00.000000Z").expect("a time");
        let last = |kept: &[Training]| longest(kept.iter(), now).expect("one").completed.expires_on;
        let kept = [training(Some("2026-06-01")), training(Some("2027-06-01"))];
        assert_eq!(last(&kept).as_deref(), Some("2027-06-01"));
        assert_eq!(last(&[training(Some("2099-06-01")), training(None)]), None);
        // One that is not completed yet does not count, however long it will.
        let mut later = training(None);
        later.completed.completed_on = "2026-05-02".into();
        assert_eq!(
            last(&[later, training(Some("2026-06-01"))]).as_deref(),
            Some("2026-06-01")
        );
    }

    #[test]
    fn an_approval_obeys_what_failed_and_nothing_else() {
        let one = |verdict| check("window", verdict, "The end has passed.");
        assert!(require(&[one(CheckVerdict::Passed), one(CheckVerdict::NeedsYou)], None).is_ok());
        let refused =
            require(&[one(CheckVerdict::Passed), one(CheckVerdict::Failed)], Some("so")).expect_err("refused");
        assert_eq!(refused.detail, "The end has passed.");
    }

    #[test]
    fn against_the_policy_an_approval_says_why() {
        let checks = [check(
            "length",
            CheckVerdict::NeedsReason,
            "Longer than the policy allows.",
        )];
        for silent in [None, Some(""), Some(" ")] {
            let refused = require(&checks, silent).expect_err("refused");
            assert_eq!(
                (refused.errors[0].field.as_str(), refused.errors[0].rule.as_str()),
                ("reason", "required")
            );
        }
        assert!(require(&checks, Some("a child is missing")).is_ok());
    }
}
