//! Aliases that a supervisor includes in what leaves with a case. Packets withhold aliases as a class; one that is included
//! is a record of the case from then on, which every packet that is built later shows. It names the alias and its accounts,
//! and never its holder.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::model::{Alias, AliasAccount};
use super::{named, store};
use crate::cases::store::{VisibleTo, visible};
use crate::clock::{Micros, Timestamp};
use crate::db::tables::{alias_disclosures, alias_namings, alias_uses, captures, cases};
use crate::db::{self, AnyConn, canonical};
use crate::error::{Error, Result};
use crate::forms::{Form, REASON};
use crate::gate::{Recorded, Tx};
use crate::identity::{Caller, Person};
use crate::ledger::Action;
use crate::proof::id::Digest;

/// An alias that goes with a case: the record of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasDisclosure {
    pub id: String,
    pub case_id: String,
    pub alias_id: String,
    /// The name under which it goes, as it stood then.
    pub name: String,
    pub accounts: Vec<AliasAccount>,
    pub reason: String,
    pub by: Person,
    pub at: Timestamp,
}

/// An inclusion about to be recorded.
#[derive(Debug, Clone)]
pub struct NewAliasDisclosure {
    pub alias_id: String,
    pub reason: String,
}

impl NewAliasDisclosure {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let new = Self {
            alias_id: form.required_id("alias_id"),
            reason: form.required("reason", REASON),
        };
        form.done()?;
        Ok(new)
    }
}

/// Includes an alias in what leaves with the case. Whoever does sees it in the registry and does not hold it: the record
/// names who did, and no real name of a holder stands beside an alias.
pub fn disclose(tx: &mut Tx<'_>, new: &NewAliasDisclosure) -> Result<Recorded<AliasDisclosure>> {
    let case_id = tx.case_id()?;
    let alias = match store::sees(tx.conn, tx.caller, &new.alias_id)? {
        true => store::get(tx.conn, &new.alias_id)?,
        false => return Err(unknown()),
    };
    if alias.holder.id == tx.caller.user {
        return Err(Error::conflict(
            "You hold this alias, and the record would show your name beside it: another supervisor of your unit includes it.",
        ));
    }
    if !is_of_case(tx.conn, &case_id, &alias)? {
        let message = "stands behind no capture and no authorization of this case: include it where it was used";
        return Err(Error::field("alias_id", "used", message));
    }
    if is_included(tx.conn, &case_id, &alias.id)? {
        return Err(Error::conflict(
            "This alias is included in what leaves with this case already: a record is never taken back.",
        ));
    }
    let made = AliasDisclosure {
        id: tx.new_id(),
        case_id,
        alias_id: alias.id,
        name: alias.terms.name,
        accounts: alias.terms.accounts,
        reason: new.reason.clone(),
        by: tx.me(),
        at: Timestamp(tx.now),
    };
    let recorded = tx.record(
        Action::AliasDisclosureRecorded,
        ("alias_disclosure", &made.id),
        1,
        &made,
    )?;
    save(tx.conn, &made, &recorded.leaf)?;
    Ok(recorded.answering(made))
}

fn unknown() -> Error {
    let message = "is no alias that you may see in the registry: take the id from the address of its page";
    Error::field("alias_id", "exists", message)
}

/// Whether a capture of the case was made under an alias, or an authorization of the case names it.
fn is_of_case(conn: &mut AnyConn, case: &str, alias: &Alias) -> Result<bool> {
    let used: i64 = alias_uses::table
        .inner_join(captures::table.on(captures::id.eq(alias_uses::capture_id)))
        .filter(alias_uses::alias_id.eq(&alias.id).and(captures::case_id.eq(case)))
        .count()
        .get_result(conn)?;
    Ok(used > 0 || !named::named_with(conn, case, &alias.id)?.is_empty())
}

fn is_included(conn: &mut AnyConn, case: &str, alias: &str) -> Result<bool> {
    let found: i64 = alias_disclosures::table
        .filter(
            alias_disclosures::case_id
                .eq(case)
                .and(alias_disclosures::alias_id.eq(alias)),
        )
        .count()
        .get_result(conn)?;
    Ok(found > 0)
}

/// Keeps what an event with this leaf recorded.
pub fn save(conn: &mut AnyConn, made: &AliasDisclosure, leaf: &Digest) -> Result<()> {
    diesel::insert_into(alias_disclosures::table)
        .values((
            alias_disclosures::id.eq(&made.id),
            alias_disclosures::alias_id.eq(&made.alias_id),
            alias_disclosures::case_id.eq(&made.case_id),
            alias_disclosures::leaf.eq(leaf.as_bytes().to_vec()),
            alias_disclosures::body.eq(canonical(made)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// The aliases that are included in what leaves with a case, the newest first.
pub fn of_case(conn: &mut AnyConn, case: &str, before: Option<&str>, limit: usize) -> Result<Vec<AliasDisclosure>> {
    // No id begins with a letter beyond f.
    let earlier = alias_disclosures::id.lt(before.unwrap_or("g").to_owned());
    let found = alias_disclosures::table
        .filter(alias_disclosures::case_id.eq(case).and(earlier))
        .order(alias_disclosures::id.desc())
        .limit(limit as i64);
    db::records(conn, found.select(alias_disclosures::body))
}

/// A case in which an alias was used or is named, for a supervisor who may read both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseOfAlias {
    pub case_id: String,
    /// The case's number.
    pub number: String,
    /// Whether the alias is included in what leaves with it.
    pub is_included: bool,
}

/// Cases that an alias's page shows at most.
const CASES: i64 = 50;

/// The cases in which an alias was used or is named, of those that a caller may read, the newest first.
pub fn cases_of(conn: &mut AnyConn, (alias, caller, now): (&str, &Caller, Micros)) -> Result<Vec<CaseOfAlias>> {
    let sees = VisibleTo::of(caller, now);
    let used = alias_uses::table
        .inner_join(captures::table.on(captures::id.eq(alias_uses::capture_id)))
        .filter(alias_uses::alias_id.eq(alias))
        .select(captures::case_id);
    let named = alias_namings::table
        // An id is hex and dashes, and stands in quotes.
        .filter(alias_namings::body.like(format!("%\"{alias}\"%")))
        .select(alias_namings::case_id);
    let rows: Vec<(String, String)> = cases::table
        .filter(visible(&sees))
        .filter(cases::id.eq_any(used).or(cases::id.eq_any(named)))
        .order(cases::id.desc())
        .limit(CASES)
        .select((cases::id, cases::number))
        .load(conn)?;
    let included: Vec<String> = alias_disclosures::table
        .filter(alias_disclosures::alias_id.eq(alias))
        .select(alias_disclosures::case_id)
        .load(conn)?;
    let of = |(case_id, number): (String, String)| CaseOfAlias {
        is_included: included.contains(&case_id),
        case_id,
        number,
    };
    Ok(rows.into_iter().map(of).collect())
}
