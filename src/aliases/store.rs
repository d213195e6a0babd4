//! Queries over the registry of aliases.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::model::{Alias, AliasUse, AliasUseView};
use crate::cases::store::{VisibleTo, visible};
use crate::clock::Micros;
use crate::db::tables::{alias_uses, aliases, captures, cases, units, users};
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::identity::Caller;
use crate::policy::Role;
use crate::proof::id::Digest;
use crate::{both, fixed};

/// Keeps a version that an event with this leaf recorded. The first makes the row, a later one replaces it.
pub fn save(conn: &mut AnyConn, alias: &Alias, leaf: &Digest) -> Result<()> {
    let row = (
        aliases::holder_id.eq(&alias.holder.id),
        aliases::state.eq(alias.state.as_str()),
        aliases::version.eq(alias.version),
        aliases::leaf.eq(leaf.as_bytes().to_vec()),
        aliases::body.eq(canonical(alias)?),
    );
    if alias.version > 1 {
        diesel::update(aliases::table.find(&alias.id)).set(row).execute(conn)?;
    } else {
        let id = aliases::id.eq(&alias.id);
        diesel::insert_into(aliases::table).values((id, row)).execute(conn)?;
    }
    Ok(())
}

/// Keeps that a capture was made under an alias.
pub fn save_use(conn: &mut AnyConn, made: &AliasUse, leaf: &Digest) -> Result<()> {
    diesel::insert_into(alias_uses::table)
        .values((
            alias_uses::capture_id.eq(&made.capture_id),
            alias_uses::alias_id.eq(&made.alias_id),
            alias_uses::leaf.eq(leaf.as_bytes().to_vec()),
            alias_uses::body.eq(canonical(made)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// An alias by id.
pub fn get(conn: &mut AnyConn, id: &str) -> Result<Alias> {
    db::record(conn, aliases::table.find(id).select(aliases::body))
}

fixed! {
    HeldBy -> Text: "SELECT body FROM aliases WHERE id = ", id: String as Text, " AND holder_id = ", holder: String as Text,
    " AND leaf = (SELECT e.leaf FROM events e WHERE e.object = aliases.id AND e.stream = 'agency' ORDER BY e.seq DESC LIMIT 1)"
}

/// An alias by id, where this person holds it, as far as its row is that of the last event about it. Captures are judged
/// by it.
///
/// # Errors
/// Where the database fails.
pub fn held_by(conn: &mut AnyConn, id: &str, holder: &str) -> Result<Option<Alias>> {
    let query = HeldBy {
        id: id.to_owned(),
        holder: holder.to_owned(),
    };
    let body: Option<String> = both!(conn, |c| query.get_result(c)).optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// The alias under which a capture was made; none where it was made under none.
///
/// # Errors
/// Where the database fails.
pub fn used_by(conn: &mut AnyConn, capture: &str) -> Result<Option<Alias>> {
    let used = alias_uses::table.filter(alias_uses::capture_id.eq(capture));
    let found = aliases::table.filter(aliases::id.eq_any(used.select(alias_uses::alias_id)));
    Ok(db::records(conn, found.select(aliases::body))?.pop())
}

/// Whether an alias exists for a caller, as the gate has it: they hold it, or supervise its holder's unit.
pub fn sees(conn: &mut AnyConn, caller: &Caller, id: &str) -> Result<bool> {
    Ok(!seen_among(conn, caller, &[id.to_owned()])?.is_empty())
}

/// Those of these aliases that exist for a caller, in this order.
pub fn seen_among(conn: &mut AnyConn, caller: &Caller, ids: &[String]) -> Result<Vec<String>> {
    let rows: Vec<(String, String, String)> = aliases::table
        .inner_join(users::table.on(users::id.eq(aliases::holder_id)))
        .inner_join(units::table.on(units::id.eq(users::unit_id)))
        .filter(aliases::id.eq_any(ids))
        .select((aliases::id, aliases::holder_id, units::path))
        .load(conn)?;
    let supervises = |path: &str| caller.is(Role::Supervisor) && path.starts_with(&caller.unit_path);
    let sees = |id: &&String| {
        let mut of_it = rows.iter().filter(|(found, _, _)| found == *id);
        of_it.any(|(_, holder, path)| *holder == caller.user || supervises(path))
    };
    Ok(ids.iter().filter(sees).cloned().collect())
}

/// The aliases that exist for a caller, the newest first: those that they hold, and for a supervisor those held in their
/// units.
pub fn list(conn: &mut AnyConn, caller: &Caller, before: Option<&str>, limit: usize) -> Result<Vec<Alias>> {
    let units_of = match caller.is(Role::Supervisor) {
        true => format!("{}%", caller.unit_path),
        false => String::new(),
    };
    let found = aliases::table
        .inner_join(users::table.on(users::id.eq(aliases::holder_id)))
        .inner_join(units::table.on(units::id.eq(users::unit_id)))
        .filter(aliases::holder_id.eq(&caller.user).or(units::path.like(units_of)))
        // Ids of version 7 sort by time; no id begins with a letter beyond f.
        .filter(aliases::id.lt(before.unwrap_or("g").to_owned()))
        .order(aliases::id.desc())
        .limit(limit as i64);
    db::records(conn, found.select(aliases::body))
}

/// The aliases that a person holds.
pub fn held(conn: &mut AnyConn, holder: &str) -> Result<Vec<Alias>> {
    let found = aliases::table.filter(aliases::holder_id.eq(holder)).order(aliases::id);
    db::records(conn, found.select(aliases::body))
}

/// Captures under an alias in cases that a caller may read, the newest first.
pub fn uses(
    conn: &mut AnyConn,
    (id, caller, now): (&str, &Caller, Micros),
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<AliasUseView>> {
    let sees = VisibleTo::of(caller, now);
    let rows: Vec<(String, i64)> = alias_uses::table
        .inner_join(captures::table.on(captures::id.eq(alias_uses::capture_id)))
        .inner_join(cases::table.on(cases::id.eq(captures::case_id)))
        .filter(alias_uses::alias_id.eq(id))
        .filter(alias_uses::capture_id.lt(before.unwrap_or("g").to_owned()))
        .filter(visible(&sees))
        .order(alias_uses::capture_id.desc())
        .limit(limit as i64)
        .select((alias_uses::body, captures::item))
        .load(conn)?;
    let read = |(body, item): (String, i64)| {
        Ok(AliasUseView {
            made: serde_json::from_str(&body)?,
            item,
        })
    };
    rows.into_iter().map(read).collect()
}
