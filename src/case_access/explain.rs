//! Who may see a case, what a person may do in it, and by which rules: now, or at a moment that is past.
//!
//! Both are answered from the records of case and people, by the rules of today. What a person may do about one thing also
//! depends on their part in it (nobody decides an own request); that is asked where it is done.

use super::model::{ActAnswer, CaseReader, CaseReaders, CaseSight, PersonsAccess};
use super::past::{PastCase, PastPerson, people_at};
use crate::clock::{Micros, Timestamp};
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::policy::{Act, CaseFacts, Decision, Facts, Policy, Question, Relation};

/// Everybody who could see a case at a moment, by name, and why.
pub fn readers(conn: &mut AnyConn, policy: &Policy, (case, at): (&str, Micros)) -> Result<CaseReaders> {
    let people = people_at(conn, at)?;
    let readers = match PastCase::at(conn, (case, at), &people)? {
        Some(past) => people
            .iter()
            .filter_map(|person| reader(policy, &past, person))
            .collect(),
        None => Vec::new(),
    };
    Ok(CaseReaders {
        case_id: case.to_owned(),
        at: Timestamp(at),
        people: readers,
    })
}

fn reader(policy: &Policy, past: &PastCase, person: &PastPerson) -> Option<CaseReader> {
    let all = decide(policy, past, person, Act::CaptureRead);
    let outline = decide(policy, past, person, Act::CaseRead);
    let chosen = decide(policy, past, person, Act::CaseCaptureList);
    let (sees, rules) = match (all.allowed, outline.allowed, chosen.allowed) {
        (true, ..) => (CaseSight::Everything, all.rules),
        (false, true, _) => (CaseSight::Outline, outline.rules),
        (false, false, true) => (CaseSight::ChosenCaptures, chosen.rules),
        (false, false, false) => return None,
    };
    Some(CaseReader {
        user: person.person.clone(),
        username: person.username.clone(),
        sees,
        grounds: past.grounds_of(person),
        rules,
    })
}

/// What a person may do in a case, act by act.
pub fn person(conn: &mut AnyConn, policy: &Policy, (case, at): (&str, Micros), user: &str) -> Result<PersonsAccess> {
    let mut people = people_at(conn, at)?;
    let past = PastCase::at(conn, (case, at), &people)?;
    let found = people
        .iter()
        .position(|person| person.person.id == user || person.username == user);
    let message = "is nobody who could sign in then: give an id or a user name";
    let person = people.swap_remove(found.ok_or_else(|| Error::field("user", "exists", message))?);
    let acts = Act::ALL.iter().filter(|act| act.is_on_case()).map(|act| {
        let decision = past.as_ref().map(|past| decide(policy, past, &person, *act));
        let decision = decision.unwrap_or_default();
        let chosen = past.as_ref().map(|past| about_chosen(policy, past, &person, *act));
        let chosen = chosen.filter(|chosen| chosen.allowed && !decision.allowed);
        ActAnswer {
            act: *act,
            chosen_captures: chosen.is_some(),
            allowed: decision.allowed,
            rules: chosen.unwrap_or(decision).rules,
        }
    });
    Ok(PersonsAccess {
        case_id: case.to_owned(),
        at: Timestamp(at),
        acts: acts.collect(),
        grounds: past.as_ref().map(|past| past.grounds_of(&person)).unwrap_or_default(),
        roles: person.roles,
        username: person.username,
        user: person.person,
    })
}

/// Whether a person may do this about the captures that were chosen for them.
fn about_chosen(policy: &Policy, past: &PastCase, person: &PastPerson, act: Act) -> Decision {
    let relation = past.relation_of(person);
    let relation = Relation {
        granted_this_capture: relation.granted_captures,
        ..relation
    };
    asked(policy, past.facts_for(relation), person, act)
}

fn decide(policy: &Policy, past: &PastCase, person: &PastPerson, act: Act) -> Decision {
    asked(policy, past.facts_for(past.relation_of(person)), person, act)
}

fn asked(policy: &Policy, case: CaseFacts, person: &PastPerson, act: Act) -> Decision {
    policy.decide(&Question {
        act,
        roles: &person.roles,
        case: Some(case),
        facts: Facts::default(),
    })
}
