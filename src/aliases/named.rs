//! Which aliases a covert authorization names. Its record, which goes to court, says how many; which ones stands in the
//! agency's stream alone, as the use of an alias by a capture does.

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use super::model::{Alias, NamedBy};
use super::store;
use crate::cases::store::{VisibleTo, visible};
use crate::clock::Micros;
use crate::db::tables::{alias_namings, authorizations, cases};
use crate::db::{AnyConn, canonical};
use crate::error::{FieldError, Result};
use crate::gate::Tx;
use crate::identity::{Caller, Person};
use crate::ledger::Action;
use crate::proof::id::Digest;
use crate::{both, fixed};

/// The aliases that an authorization names: the record of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasNaming {
    pub authorization_id: String,
    pub case_id: String,
    /// The ids, in the order of the request.
    pub aliases: Vec<String>,
    pub version: i64,
}

/// Keeps a version that an event with this leaf recorded.
pub fn save(conn: &mut AnyConn, naming: &AliasNaming, leaf: &Digest) -> Result<()> {
    let row = (
        alias_namings::case_id.eq(&naming.case_id),
        alias_namings::version.eq(naming.version),
        alias_namings::leaf.eq(leaf.as_bytes().to_vec()),
        alias_namings::body.eq(canonical(naming)?),
    );
    let id = &naming.authorization_id;
    if naming.version > 1 {
        diesel::update(alias_namings::table.find(id)).set(row).execute(conn)?;
    } else {
        let id = alias_namings::authorization_id.eq(id);
        diesel::insert_into(alias_namings::table)
            .values((id, row))
            .execute(conn)?;
    }
    Ok(())
}

/// Records which aliases an authorization of the transaction's case names, where that is not what it named before.
///
/// # Errors
/// Where the database fails.
pub fn name_in(tx: &mut Tx<'_>, (case_id, authorization_id): (&str, &str), named: &[String]) -> Result<()> {
    let before = last(tx.conn, authorization_id)?;
    if before.as_ref().map_or(&[][..], |before| &before.aliases) == named {
        return Ok(());
    }
    let naming = AliasNaming {
        authorization_id: authorization_id.to_owned(),
        case_id: case_id.to_owned(),
        aliases: named.to_vec(),
        version: before.map_or(0, |before| before.version) + 1,
    };
    let object = ("alias_naming", authorization_id);
    let made = tx.record(Action::AliasNamingRecorded, object, naming.version, &naming)?;
    save(tx.conn, &naming, &made.leaf)
}

fixed! {
    LastNaming -> Text: "SELECT body FROM alias_namings WHERE authorization_id = ", authorization: String as Text,
    " AND leaf = (SELECT e.leaf FROM events e WHERE e.object = alias_namings.authorization_id AND e.stream = 'agency' ORDER BY e.seq DESC LIMIT 1)"
}

fixed! {
    NamingsOf -> Text: "SELECT body FROM alias_namings WHERE case_id = ", case: String as Text,
    " AND leaf = (SELECT e.leaf FROM events e WHERE e.object = alias_namings.authorization_id AND e.stream = 'agency' ORDER BY e.seq DESC LIMIT 1) LIMIT 1000"
}

fixed! {
    LastVersion -> Text: "SELECT body FROM aliases WHERE id = ", id: String as Text,
    " AND leaf = (SELECT e.leaf FROM events e WHERE e.object = aliases.id AND e.stream = 'agency' ORDER BY e.seq DESC LIMIT 1)"
}

fn last(conn: &mut AnyConn, authorization: &str) -> Result<Option<AliasNaming>> {
    let query = LastNaming {
        authorization: authorization.to_owned(),
    };
    let body: Option<String> = both!(conn, |c| query.get_result(c)).optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// The ids of the aliases that an authorization names, as far as its row is that of the last event about it.
///
/// # Errors
/// Where the database fails.
pub fn named_in(conn: &mut AnyConn, authorization: &str) -> Result<Vec<String>> {
    Ok(last(conn, authorization)?.map_or_else(Vec::new, |naming| naming.aliases))
}

/// The authorizations of a case that name an alias. Captures are judged by it.
///
/// # Errors
/// Where the database fails.
pub fn named_with(conn: &mut AnyConn, case: &str, alias: &str) -> Result<Vec<String>> {
    let query = NamingsOf { case: case.to_owned() };
    let bodies: Vec<String> = both!(conn, |c| query.load(c))?;
    let mut all = Vec::new();
    for body in bodies {
        let naming: AliasNaming = serde_json::from_str(&body)?;
        if naming.aliases.iter().any(|named| named == alias) {
            all.push(naming.authorization_id);
        }
    }
    Ok(all)
}

/// Whether an alias is in force and held by one of these.
fn is_in_force(conn: &mut AnyConn, id: &str, (holders, now): (&[String], Micros)) -> Result<bool> {
    let query = LastVersion { id: id.to_owned() };
    let body: Option<String> = both!(conn, |c| query.get_result(c)).optional()?;
    let alias: Option<Alias> = body.map(|body| serde_json::from_str(&body)).transpose()?;
    Ok(alias.is_some_and(|alias| alias.counts_at(now) && holders.contains(&alias.holder.id)))
}

/// What a request refuses of the aliases that it names. One that does not exist, that of somebody else and one that does
/// not count are the same answer.
///
/// # Errors
/// Where the database fails.
pub fn not_in_force(
    conn: &mut AnyConn,
    named: &[String],
    (holders, now): (&[String], Micros),
) -> Result<Vec<FieldError>> {
    let message = "is no alias in force that a holder of this authorization holds: name one that is approved, reviewed within thirty days and not retired, or have it reviewed first";
    let mut refused = Vec::new();
    for (i, id) in named.iter().enumerate() {
        if !is_in_force(conn, id, (holders, now))? {
            refused.push(FieldError::new(format!("aliases[{i}]"), "in_force", message));
        }
    }
    Ok(refused)
}

/// How many aliases an authorization names, and how many of them are in force and held by one of its holders.
///
/// # Errors
/// Where the database fails.
pub fn all_in_force(
    conn: &mut AnyConn,
    authorization: &str,
    (holders, now): (&[Person], Micros),
) -> Result<(u64, u64)> {
    let holders: Vec<String> = holders.iter().map(|holder| holder.id.clone()).collect();
    let (mut named, mut counting) = (0, 0);
    for id in named_in(conn, authorization)? {
        named += 1;
        counting += u64::from(is_in_force(conn, &id, (&holders, now))?);
    }
    Ok((named, counting))
}

/// The aliases that a person holds and that count now, to choose from.
///
/// # Errors
/// Where the database fails.
pub fn in_use_of(conn: &mut AnyConn, holder: &str, now: Micros) -> Result<Vec<Alias>> {
    let mut held = store::held(conn, holder)?;
    held.retain(|alias| alias.counts_at(now));
    Ok(held)
}

/// Those of the aliases which an authorization names that exist for a caller, in its order.
///
/// # Errors
/// Where the database fails.
pub fn seen_of(conn: &mut AnyConn, caller: &Caller, authorization: &str) -> Result<Vec<String>> {
    let named = named_in(conn, authorization)?;
    store::seen_among(conn, caller, &named)
}

/// Authorizations that a registry's entry shows at most.
const SHOWN: i64 = 100;

/// The authorizations that name an alias, of cases that a caller may read, the newest first.
pub fn naming(conn: &mut AnyConn, (alias, caller, now): (&str, &Caller, Micros)) -> Result<Vec<NamedBy>> {
    let sees = VisibleTo::of(caller, now);
    let rows: Vec<(String, i64)> = alias_namings::table
        .inner_join(cases::table.on(cases::id.eq(alias_namings::case_id)))
        .inner_join(authorizations::table.on(authorizations::id.eq(alias_namings::authorization_id)))
        // An id is hex and dashes, and stands in quotes.
        .filter(alias_namings::body.like(format!("%\"{alias}\"%")))
        .filter(visible(&sees))
        .order(alias_namings::authorization_id.desc())
        .limit(SHOWN)
        .select((alias_namings::body, authorizations::number))
        .load(conn)?;
    let mut all = Vec::new();
    for (body, number) in rows {
        let AliasNaming {
            authorization_id,
            case_id,
            aliases,
            ..
        } = serde_json::from_str(&body)?;
        if aliases.iter().any(|named| named == alias) {
            all.push(NamedBy {
                authorization_id,
                case_id,
                number,
            });
        }
    }
    Ok(all)
}
