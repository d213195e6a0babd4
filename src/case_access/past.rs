//! What a case and the people of the agency were at a moment, from their records: the versions that were in force then.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Deserialize;

use crate::cases::projection::VERSIONS;
use crate::cases::store as cases;
use crate::cases::{Case, Grant, Recusal, Right};
use crate::clock::Micros;
use crate::db::tables::{events, records, recusals, roster, units, users};
use crate::db::{self, AnyConn};
use crate::error::Result;
use crate::identity::Person;
use crate::ledger::{self, Action};
use crate::policy::{CaseFacts, Relation, Role};
use crate::users::store::UserRecord;

use super::model::{AccessGround, GroundKind};

/// What records a version of a user.
const USER_VERSIONS: [Action; 7] = [
    Action::UserCreated,
    Action::UserChanged,
    Action::UserDisabled,
    Action::UserEnabled,
    Action::UserLocked,
    Action::UserUnlocked,
    Action::PasswordReset,
];

impl PastPerson {
    fn is_supervisor(&self) -> bool {
        self.roles.contains(&Role::Supervisor)
    }
}

/// A case as it was at a moment.
pub struct PastCase {
    /// Its version of then.
    pub case: Case,
    /// Its unit's path, which never changes.
    pub unit_path: String,
    members: Vec<String>,
    grants: Vec<Grant>,
    /// To whom a supervisor's reach over its unit was delegated.
    delegates: Vec<String>,
    recused: Vec<String>,
}

/// Somebody of the agency as they were at a moment.
pub struct PastPerson {
    /// Who.
    pub person: Person,
    /// Their sign-in name.
    pub username: String,
    /// What they were.
    pub roles: Vec<Role>,
    unit_path: String,
}

impl PastCase {
    /// A case at a moment, among the people of then; `None` before it was opened.
    pub fn at(conn: &mut AnyConn, (id, at): (&str, Micros), people: &[PastPerson]) -> Result<Option<Self>> {
        let stream = ledger::case_stream(id);
        let Some(body) = ledger::read::version_at(conn, (&stream, id), VERSIONS, at)? else {
            return Ok(None);
        };
        let case: Case = serde_json::from_str(&body)?;
        let path: Option<String> = units::table
            .find(&case.unit_id)
            .select(units::path)
            .first(conn)
            .optional()?;
        let grants = cases::all_grants_of(conn, id)?.into_iter();
        let ran = |end: Option<Micros>, until: Micros| at < end.unwrap_or(until).min(until);
        let running = grants
            .filter(|grant| grant.granted_at.0 <= at && ran(grant.ended_at.map(|end| end.0), grant.until.0))
            .collect();
        let unit_path = path.unwrap_or_default();
        Ok(Some(Self {
            delegates: delegates_at(conn, (&unit_path, at), people)?,
            recused: recused_at(conn, id, at)?,
            unit_path,
            members: members_at(conn, &stream, at)?,
            grants: running,
            case,
        }))
    }

    /// What a person was to the case.
    pub fn relation_of(&self, person: &PastPerson) -> Relation {
        let id = &person.person.id;
        let own = || self.grants.iter().filter(|grant| grant.user.id == *id);
        let given = |right| own().any(|grant| grant.captures.is_empty() && grant.rights.contains(&right));
        let in_part = |grant: &Grant| !grant.captures.is_empty() && grant.rights.contains(&Right::Read);
        Relation {
            lead: self.case.lead.id == *id,
            member: self.members.contains(id),
            proposed_lead: self.case.proposed_lead.as_ref().is_some_and(|next| next.id == *id),
            supervises: person.is_supervisor()
                && (self.unit_path.starts_with(&person.unit_path) || self.delegates.contains(id)),
            granted_read: given(Right::Read),
            granted_export: given(Right::Export),
            granted_decide: given(Right::Decide),
            granted_captures: own().any(in_part),
            // The question is about the case.
            granted_this_capture: false,
            recused: self.recused.contains(id),
        }
    }

    /// What the rules see of the case for somebody with this relation to it.
    pub fn facts_for(&self, relation: Relation) -> CaseFacts {
        CaseFacts {
            relation,
            handling: self.case.handling,
            status: self.case.status,
        }
    }

    /// What tied a person to the case, in words.
    pub fn grounds_of(&self, person: &PastPerson) -> Vec<AccessGround> {
        let relation = self.relation_of(person);
        let plain = [
            (relation.lead, GroundKind::Lead),
            (relation.member, GroundKind::Member),
            (relation.proposed_lead, GroundKind::ProposedLead),
            (relation.supervises, GroundKind::Unit),
        ];
        let plain = plain.into_iter().filter(|(holds, _)| *holds);
        let mut grounds: Vec<AccessGround> = plain.map(|(_, kind)| AccessGround::plain(kind)).collect();
        let own = self.grants.iter().filter(|grant| grant.user.id == person.person.id);
        grounds.extend(own.map(AccessGround::grant));
        grounds
    }
}

#[derive(Deserialize)]
struct MemberOf {
    user: Person,
}

/// Who was a member then, by id.
fn members_at(conn: &mut AnyConn, stream: &str, at: Micros) -> Result<Vec<String>> {
    let actions = [Action::MemberAdded.as_str(), Action::MemberRemoved.as_str()];
    let rows: Vec<(String, String)> = events::table
        .inner_join(records::table.on(records::stream.eq(events::stream).and(records::seq.eq(events::seq))))
        .filter(events::stream.eq(stream).and(events::action.eq_any(actions)))
        .filter(events::at.le(at))
        .order(events::seq)
        .select((events::action, records::body))
        .load(conn)?;
    let mut members = BTreeMap::new();
    for (action, body) in rows {
        let member: MemberOf = serde_json::from_str(&body)?;
        members.insert(member.user.id, action == Action::MemberAdded.as_str());
    }
    let stayed = members.into_iter().filter(|(_, stays)| *stays);
    Ok(stayed.map(|(id, _)| id).collect())
}

/// Those to whom a supervisor's reach over a unit was delegated then. As now, a delegation is never stronger than whoever
/// gave it was.
fn delegates_at(conn: &mut AnyConn, (path, at): (&str, Micros), people: &[PastPerson]) -> Result<Vec<String>> {
    let rows: Vec<(String, String, String)> = roster::table
        .inner_join(units::table.on(units::id.eq(roster::unit_id)))
        .filter(roster::kind.eq("delegation"))
        .filter(roster::starts_at.le(at).and(roster::until.gt(at)))
        .filter(roster::ended_at.is_null().or(roster::ended_at.gt(at)))
        .select((roster::user_id, roster::given_by, units::path))
        .load(conn)?;
    let holds = |given_by: &str, unit: &str| {
        let mut givers = people.iter().filter(|person| person.person.id == given_by);
        givers.any(|giver| giver.is_supervisor() && unit.starts_with(&giver.unit_path))
    };
    let over = rows
        .into_iter()
        .filter(|(_, given_by, unit)| path.starts_with(unit.as_str()) && holds(given_by, unit));
    Ok(over.map(|(user, ..)| user).collect())
}

/// Who had recused themselves from a case then.
fn recused_at(conn: &mut AnyConn, case: &str, at: Micros) -> Result<Vec<String>> {
    let found = recusals::table.filter(recusals::case_id.eq(case));
    let recusals: Vec<Recusal> = db::records(conn, found.select(recusals::body))?;
    let then = recusals.into_iter().filter(|recusal| recusal.at.0 <= at);
    Ok(then.map(|recusal| recusal.user.id).collect())
}

/// Everybody who could sign in then, by name. One statement: each user's last record until then, by the index of the
/// events about one thing.
pub fn people_at(conn: &mut AnyConn, at: Micros) -> Result<Vec<PastPerson>> {
    let actions: Vec<&str> = USER_VERSIONS.iter().map(|action| action.as_str()).collect();
    let last = events::table
        .filter(events::object.eq(users::id).and(events::stream.eq(ledger::AGENCY)))
        .filter(events::action.eq_any(actions).and(events::at.le(at)))
        .order(events::seq.desc())
        .select(events::seq)
        .limit(1)
        .single_value();
    let bodies: Vec<String> = users::table
        .inner_join(records::table.on(records::stream.eq(ledger::AGENCY).and(records::seq.nullable().eq(last))))
        .order((users::name, users::id))
        .select(records::body)
        .load(conn)?;
    let paths: Vec<(String, String)> = units::table.select((units::id, units::path)).load(conn)?;
    let paths: BTreeMap<String, String> = paths.into_iter().collect();
    let mut people = Vec::with_capacity(bodies.len());
    for body in bodies {
        let user: UserRecord = serde_json::from_str(&body)?;
        // Where no unit is known, no path begins with what stands for it.
        let unit_path = paths.get(&user.unit_id).cloned().unwrap_or_else(|| "?".to_owned());
        if !user.disabled {
            people.push(PastPerson {
                person: Person {
                    id: user.id,
                    name: user.name,
                },
                username: user.username,
                roles: user.roles,
                unit_path,
            });
        }
    }
    Ok(people)
}
