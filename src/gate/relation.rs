//! What a caller is to a case: lead, member, supervisor of its unit, grantee, or nothing; and their part in the
//! authorization or capture asked about.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::former_member::{left_since_packet, left_since_receipt, left_since_request};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{
    access_requests, aliases, authorization_holders, authorizations, captures, cases, grants, packets, units, users,
};
use crate::error::{Error, Result};
use crate::identity::Caller;
use crate::policy::{Act, CaseFacts, CaseStatus, Facts, Handling, Policy, Question, Relation, Role};
use crate::{both, fixed};

/// The purpose of packets that that supervisor reads, because they release them.
const REFERRAL: &str = "referral";

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The agency itself.
    Agency,
    /// A case, by its id.
    Case(String),
    /// An authorization.
    Authorization(String),
    /// A capture.
    Capture(String),
    /// A packet.
    Packet(String),
    /// A grant.
    Grant(String),
    /// An alias. It belongs to no case, and exists for few.
    Alias(String),
    /// A request for access, which lies in the case of its number where there is one.
    AccessRequest(String),
}

impl Scope {
    /// The case it names itself, whether that exists or not.
    pub fn named_case(&self) -> Option<String> {
        match self {
            Self::Case(id) => Some(id.clone()),
            _ => None,
        }
    }

    /// Kind and id, for the access log.
    pub fn object(&self) -> (&'static str, &str) {
        match self {
            Self::Agency => ("agency", "agency"),
            Self::Case(id) => ("case", id),
            Self::Authorization(id) => ("authorization", id),
            Self::Capture(id) => ("capture", id),
            Self::Packet(id) => ("packet", id),
            Self::Grant(id) => ("grant", id),
            // No entry of a log tells that an alias was asked about.
            Self::Alias(_) => ("agency", "agency"),
            Self::AccessRequest(id) => ("access_request", id),
        }
    }
}

/// A case as a decision needs it, and where the caller stands in it.
#[derive(Debug, Clone)]
pub struct CaseContext {
    /// The case's id.
    pub case_id: String,
    /// Its lead.
    pub lead_id: String,
    /// Its unit.
    pub unit_id: String,
    /// Its unit's path.
    pub unit_path: String,
    /// How closely it is kept.
    pub handling: Handling,
    /// Where it stands.
    pub status: CaseStatus,
    /// Its version.
    pub version: i64,
    /// Items in it.
    pub items: i64,
    /// Captures in it that are held.
    pub held: i64,
    /// What the caller is to it.
    pub relation: Relation,
    /// The caller's part in the thing asked about.
    pub facts: Facts,
}

/// The case that a scope lies in; `None` where it does not exist.
pub fn case_of(conn: &mut AnyConn, scope: &Scope) -> Result<Option<String>> {
    let found = match scope {
        Scope::Agency | Scope::Alias(_) => return Ok(None),
        Scope::Case(id) => {
            let query = cases::table.find(id).select(cases::id);
            both!(conn, |c| query.get_result(c))
        }
        Scope::Authorization(id) => authorizations::table
            .find(id)
            .select(authorizations::case_id)
            .first(conn),
        Scope::Capture(id) => captures::table.find(id).select(captures::case_id).first(conn),
        Scope::Packet(id) => packets::table.find(id).select(packets::case_id).first(conn),
        Scope::Grant(id) => grants::table.find(id).select(grants::case_id).first(conn),
        Scope::AccessRequest(id) => access_requests::table
            .find(id)
            .select(access_requests::case_id.assume_not_null())
            .filter(access_requests::case_id.is_not_null())
            .first(conn),
    };
    Ok(found.optional()?)
}

/// Where a caller stands, before their part in the thing is looked at. `exists` says whether there is such a thing; the same
/// is asked of the database and computed where there is none, so that a refusal costs the same.
pub(super) struct CallerStanding {
    pub exists: bool,
    pub context: CaseContext,
}

type Texts = (String, String, String, String, String, String);
type CaseAndRelation = (Texts, (i64, i64, i64), (bool, bool, bool, bool, bool, bool, bool));

type CaseSql = (
    (Text, Text, Text, Text, Text, Text),
    (BigInt, BigInt, BigInt),
    (Bool, Bool, Bool, Bool, Bool, Bool, Bool),
);

/// A grant that counts: only where its row is that of the last event about it. One of the whole case and one of chosen
/// captures are never the same.
macro_rules! granted {
    ($what:literal) => {
        concat!(
            ", EXISTS (SELECT 1 FROM grants g WHERE g.user_id = q.me AND g.case_id = COALESCE(c.id, q.thing) AND g.ended_at IS NULL \
             AND g.until > q.now AND ",
            $what,
            " AND g.leaf = (SELECT e.leaf FROM events e WHERE e.object = g.id AND e.stream = 'case:' || g.case_id \
             ORDER BY e.seq DESC LIMIT 1))"
        )
    };
}

/// The case of a thing, and what a user is to it. One statement: each is a way to a database that is a server, and every
/// request asks this once or twice. It reads narrow columns only, looks up as much where there is nothing, and answers a row
/// in any case. Written out, because Diesel's walk over the same took longer than SQLite's answer. `$chosen` says of which
/// grants of chosen captures the thing is one; of most things of a case it is none.
macro_rules! standing_on {
    ($name:ident: $join:literal, $chosen:literal) => {
        fixed! {
            $name -> CaseSql: concat!(
                "SELECT COALESCE(c.id, ''), COALESCE(c.lead_id, ''), COALESCE(c.unit_id, ''), COALESCE(c.unit_path, ''), \
                 COALESCE(c.handling, 'standard'), COALESCE(c.status, 'open'), COALESCE(c.version, 0), COALESCE(c.items, 0), \
                 COALESCE(c.held, 0), EXISTS (SELECT 1 FROM members m WHERE m.case_id = COALESCE(c.id, q.thing) AND \
                 m.user_id = q.me AND m.ended_at IS NULL), \
                  c.proposed_lead_id IS NOT NULL AND c.proposed_lead_id = q.me",
                granted!("g.can_read AND g.chosen = 0"), granted!("g.can_export AND g.chosen = 0"),
                granted!("g.can_decide AND g.chosen = 0"), granted!($chosen),
                ", EXISTS (SELECT 1 FROM recusals r WHERE r.case_id = COALESCE(c.id, q.thing) AND r.user_id = q.me)",
                " FROM (SELECT CAST("
            ),
            user: String as Text, " AS TEXT) AS me, CAST(",
            now: Micros as BigInt, " AS BIGINT) AS now, CAST(",
            thing: String as Text, concat!(" AS TEXT) AS thing) q ", $join)
        }
    };
}

standing_on!(OnCase: "LEFT JOIN cases c ON c.id = q.thing", "g.can_read AND g.chosen > 0");
standing_on!(OnAuthorization: "LEFT JOIN authorizations t ON t.id = q.thing LEFT JOIN cases c ON c.id = t.case_id", "1 = 0");
standing_on!(OnCapture: "LEFT JOIN captures t ON t.id = q.thing LEFT JOIN cases c ON c.id = t.case_id",
    "g.can_read AND g.chosen > 0 AND EXISTS (SELECT 1 FROM grant_captures k WHERE k.grant_id = g.id AND k.capture_id = q.thing)");
standing_on!(OnPacket: "LEFT JOIN packets t ON t.id = q.thing LEFT JOIN cases c ON c.id = t.case_id", "1 = 0");
standing_on!(OnGrant: "LEFT JOIN grants t ON t.id = q.thing LEFT JOIN cases c ON c.id = t.case_id", "1 = 0");
standing_on!(OnAccessRequest: "LEFT JOIN access_requests t ON t.id = q.thing LEFT JOIN cases c ON c.id = t.case_id", "1 = 0");

/// Where a caller stands; `None` at the agency, where nobody stands in a case.
pub(super) fn standing(
    conn: &mut AnyConn,
    caller: &Caller,
    scope: &Scope,
    now: Micros,
) -> Result<Option<CallerStanding>> {
    macro_rules! ask {
        ($on:ident, $id:expr) => {{
            let query = $on {
                user: caller.user.clone(),
                now,
                thing: $id.clone(),
            };
            both!(conn, |c| query.get_result(c))
        }};
    }
    let row: CaseAndRelation = match scope {
        Scope::Agency | Scope::Alias(_) => return Ok(None),
        Scope::Case(id) => ask!(OnCase, id),
        Scope::Authorization(id) => ask!(OnAuthorization, id),
        Scope::Capture(id) => ask!(OnCapture, id),
        Scope::Packet(id) => ask!(OnPacket, id),
        Scope::Grant(id) => ask!(OnGrant, id),
        Scope::AccessRequest(id) => ask!(OnAccessRequest, id),
    }?;
    let ((case_id, lead_id, unit_id, unit_path, handling, status), (version, items, held), mine) = row;
    let (member, proposed_lead, granted_read, granted_export, granted_decide, granted_captures, recused) = mine;
    let exists = !case_id.is_empty();
    let relation = Relation {
        lead: caller.user == lead_id,
        member,
        proposed_lead,
        supervises: exists && caller.is(Role::Supervisor) && caller.reaches(&unit_id, &unit_path),
        granted_read,
        granted_export,
        granted_decide,
        granted_captures,
        granted_this_capture: granted_captures && matches!(scope, Scope::Capture(_)),
        recused,
    };
    let context = CaseContext {
        handling: word(&handling)?,
        status: word(&status)?,
        case_id,
        lead_id,
        unit_id,
        unit_path,
        version,
        items,
        held,
        relation,
        facts: Facts::default(),
    };
    Ok(Some(CallerStanding { exists, context }))
}

fn word<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse()
        .map_err(|_| Error::internal(format!("a stored word is unknown: {text}")))
}

/// A caller's part in the thing asked about, which exists and which they may see.
pub(super) fn facts(conn: &mut AnyConn, caller: &Caller, scope: &Scope) -> Result<Facts> {
    let mut facts = Facts::default();
    match scope {
        Scope::Authorization(id) => {
            facts = part_in_authorization(conn, caller, id)?;
            facts.former_member = left_the_case_of_request(conn, caller, id)?;
        }
        Scope::Packet(id) => {
            let (requester, purpose, left): (String, String, bool) = packets::table
                .find(id)
                .select((packets::requested_by, packets::purpose, left_since_packet(&caller.user)))
                .first(conn)?;
            facts.requester = requester == caller.user;
            facts.referral = purpose == REFERRAL;
            facts.former_member = left;
        }
        Scope::Capture(id) => {
            // What a capture claims of another case gives nobody a part in it.
            let own = authorizations::table
                .filter(authorizations::id.nullable().eq(captures::basis_id))
                .filter(authorizations::case_id.eq(captures::case_id))
                .select(authorizations::id)
                .single_value();
            let (capturer, basis, left): (String, Option<String>, bool) = captures::table
                .find(id)
                .select((captures::capturer_id, own, left_since_receipt(&caller.user)))
                .first(conn)?;
            if let Some(authorization) = basis {
                facts = part_in_authorization(conn, caller, &authorization)?;
            }
            facts.capturer = capturer == caller.user;
            facts.former_member = left;
        }
        Scope::AccessRequest(id) => {
            let asker: String = access_requests::table
                .find(id)
                .select(access_requests::asker_id)
                .first(conn)?;
            facts.requester = asker == caller.user;
        }
        _ => {}
    }
    Ok(facts)
}

/// Whether a caller left the case of an authorization since it was first asked for.
fn left_the_case_of_request(conn: &mut AnyConn, caller: &Caller, id: &str) -> Result<bool> {
    let asked = authorizations::table.find(id);
    let left: Option<bool> = asked.select(left_since_request(&caller.user)).first(conn).optional()?;
    Ok(left.unwrap_or_default())
}

/// A caller's part in an authorization: whether they asked for it, and whether they are a holder of it.
pub fn part_in_authorization(conn: &mut AnyConn, caller: &Caller, id: &str) -> Result<Facts> {
    let asked: Option<(String, Option<String>)> = authorizations::table
        .find(id)
        .select((authorizations::requester_id, authorizations::first_approver_id))
        .first(conn)
        .optional()?;
    let (requester, approver) = asked.unwrap_or_default();
    let held: Option<String> = authorization_holders::table
        .find((id, &caller.user))
        .select(authorization_holders::user_id)
        .first(conn)
        .optional()?;
    Ok(Facts {
        requester: requester == caller.user,
        approver: approver.as_deref() == Some(caller.user.as_str()),
        holder: held.is_some(),
        ..Facts::default()
    })
}

/// Whether an alias exists for a caller: they hold it, or supervise its holder's unit.
pub(super) fn sees_alias(conn: &mut AnyConn, caller: &Caller, id: &str) -> Result<bool> {
    let found: Option<(String, String)> = aliases::table
        .inner_join(users::table.on(users::id.eq(aliases::holder_id)))
        .inner_join(units::table.on(units::id.eq(users::unit_id)))
        .filter(aliases::id.eq(id))
        .select((aliases::holder_id, units::path))
        .first(conn)
        .optional()?;
    let supervises = |path: &str| caller.is(Role::Supervisor) && path.starts_with(&caller.unit_path);
    Ok(found.is_some_and(|(holder, path)| holder == caller.user || supervises(&path)))
}

/// Whether a caller may do something where they stand.
pub(super) fn may(policy: &Policy, caller: &Caller, act: Act, context: Option<&CaseContext>) -> bool {
    policy.decide(&question(caller, act, context)).allowed
}

/// What policy is asked.
pub(super) fn question<'a>(caller: &'a Caller, act: Act, context: Option<&CaseContext>) -> Question<'a> {
    Question {
        act,
        roles: &caller.roles,
        case: context.map(|context| CaseFacts {
            relation: context.relation,
            handling: context.handling,
            status: context.status,
        }),
        facts: context.map(|context| context.facts).unwrap_or_default(),
    }
}

/// The role in which a person acts on a case: what their relation rests on, else the first they hold.
pub(super) fn role_in(caller: &Caller, context: Option<&CaseContext>) -> Role {
    let first = caller.roles.first().copied().unwrap_or(Role::Investigator);
    let Some(relation) = context.map(|g| g.relation) else {
        return first;
    };
    let wanted = if relation.lead || relation.member {
        Role::Investigator
    } else if relation.supervises || relation.granted_decide {
        Role::Supervisor
    } else if relation.granted_export || relation.granted_read || relation.granted_captures {
        Role::Prosecutor
    } else {
        first
    };
    if caller.is(wanted) { wanted } else { first }
}
