//! Queries over users, units and trainings.

use std::collections::HashMap;

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use super::model::{Training, Unit, UnitName, UserFound, UserView};
use crate::clock::{MINUTE, Micros, Timestamp};
use crate::db::tables::{trainings, units, users};
use crate::db::{self, AnyConn};
use crate::error::{Error, Result};
use crate::identity::{self, Caller, Person};
use crate::policy::Role;
use crate::proof::id::Digest;

/// A user's row, without its leaf and the time it was made.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users)]
pub struct UserRow {
    pub id: String,
    pub username: String,
    pub name: String,
    pub roles: String,
    pub unit_id: String,
    pub password_hash: String,
    pub must_change: bool,
    pub failures: i64,
    pub failures_since: i64,
    pub locked: bool,
    pub disabled: bool,
    pub version: i64,
}

/// The record of a user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserRecord {
    pub id: String,
    pub username: String,
    pub name: String,
    pub roles: Vec<Role>,
    pub unit_id: String,
    #[serde(default)]
    pub disabled: bool,
    #[serde(default)]
    pub locked: bool,
    pub version: i64,
    /// SHA-256 of the password's hash as the row keeps it, salt included: it shows that the hash was put in by nobody
    /// else, and helps nobody to guess. Records of earlier releases have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_sha256: Option<Digest>,
    /// Whether the password is for one use. Records of earlier releases do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_change_due: Option<bool>,
}

/// A unit's row.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = units)]
pub struct UnitRow {
    pub id: String,
    pub name: String,
    pub parent_id: Option<String>,
    pub path: String,
    pub version: i64,
}

impl UnitRow {
    /// The unit, without its place in the tree of units.
    pub fn unit(&self) -> Unit {
        Unit {
            id: self.id.clone(),
            name: self.name.clone(),
            parent_id: self.parent_id.clone(),
            version: self.version,
        }
    }
}

impl UserRow {
    /// The roles.
    pub fn roles(&self) -> Result<Vec<Role>> {
        Ok(serde_json::from_str(&self.roles)?)
    }

    /// Whether they may administer: their role says so, and they are not disabled.
    pub fn administers(&self) -> Result<bool> {
        Ok(!self.disabled && self.roles()?.contains(&Role::Administrator))
    }

    /// What the ledger keeps of a user: never the password, but the digest of its hash.
    pub fn record(&self) -> Result<UserRecord> {
        Ok(UserRecord {
            id: self.id.clone(),
            username: self.username.clone(),
            name: self.name.clone(),
            roles: self.roles()?,
            unit_id: self.unit_id.clone(),
            disabled: self.disabled,
            locked: self.locked,
            version: self.version,
            password_sha256: Some(Digest::of(self.password_hash.as_bytes())),
            password_change_due: Some(self.must_change),
        })
    }

    /// What everyone signed in may find.
    pub fn found(&self, unit_name: String) -> Result<UserFound> {
        Ok(UserFound {
            id: self.id.clone(),
            username: self.username.clone(),
            name: self.name.clone(),
            roles: self.roles()?,
            unit: UnitName {
                id: self.unit_id.clone(),
                name: unit_name,
            },
        })
    }

    /// What an administrator sees.
    pub fn view(&self, unit_name: String) -> Result<UserView> {
        Ok(UserView {
            found: self.found(unit_name)?,
            disabled: self.disabled,
            locked: self.locked,
            password_change_due: self.must_change,
            last_signed_in_at: None,
            version: self.version,
        })
    }
}

/// Failed sign-ins count together within this time.
pub const WINDOW: Micros = 15 * MINUTE;

/// Keeps a user that an event with this leaf recorded then.
pub fn insert_user(conn: &mut AnyConn, row: &UserRow, at: Micros, leaf: &Digest) -> Result<()> {
    let rest = (users::created_at.eq(at), users::leaf.eq(leaf.as_bytes().to_vec()));
    diesel::insert_into(users::table)
        .values((row.clone(), rest))
        .execute(conn)?;
    Ok(())
}

/// Keeps a version of a user that an event with this leaf recorded.
pub fn update_user(conn: &mut AnyConn, row: &UserRow, leaf: &Digest) -> Result<()> {
    diesel::update(users::table.find(&row.id))
        .set((row, users::leaf.eq(leaf.as_bytes().to_vec())))
        .execute(conn)?;
    Ok(())
}

/// Keeps the password that a user chose for themselves.
pub fn set_password(conn: &mut AnyConn, user: &str, hash: &str) -> Result<()> {
    diesel::update(users::table.find(user))
        .set((users::password_hash.eq(hash), users::must_change.eq(false)))
        .execute(conn)?;
    Ok(())
}

/// Counts a failed sign-in, and gives the user with that.
pub fn count_failure(conn: &mut AnyConn, user: &str, at: Micros) -> Result<UserRow> {
    let mut row = self::user(conn, user)?;
    let recent = row.failures > 0 && row.failures_since > at - WINDOW;
    (row.failures, row.failures_since) = match recent {
        true => (row.failures + 1, row.failures_since),
        false => (1, at),
    };
    diesel::update(users::table.find(user))
        .set((
            users::failures.eq(row.failures),
            users::failures_since.eq(row.failures_since),
        ))
        .execute(conn)?;
    Ok(row)
}

/// A sign-in was right: those that failed before count no more.
pub fn forget_failures(conn: &mut AnyConn, user: &str) -> Result<()> {
    diesel::update(users::table.find(user))
        .set(users::failures.eq(0i64))
        .execute(conn)?;
    Ok(())
}

/// Keeps a version of a unit that an event with this leaf recorded. Its path never changes.
pub fn save_unit(conn: &mut AnyConn, unit: &Unit, leaf: &Digest) -> Result<()> {
    let row = (
        units::name.eq(&unit.name),
        units::version.eq(unit.version),
        units::leaf.eq(leaf.as_bytes().to_vec()),
    );
    if unit.version > 1 {
        diesel::update(units::table.find(&unit.id)).set(row).execute(conn)?;
        return Ok(());
    }
    let above = match &unit.parent_id {
        Some(parent) => unit_by_id(conn, parent)?.path,
        None => "/".to_owned(),
    };
    let place = (
        units::id.eq(&unit.id),
        units::parent_id.eq(&unit.parent_id),
        units::path.eq(format!("{above}{}/", unit.id)),
    );
    diesel::insert_into(units::table).values((place, row)).execute(conn)?;
    Ok(())
}

/// Keeps a version of a training that an event with this leaf recorded.
pub fn save_training(conn: &mut AnyConn, training: &Training, leaf: &Digest) -> Result<()> {
    let row = (
        trainings::leaf.eq(leaf.as_bytes().to_vec()),
        trainings::body.eq(db::canonical(training)?),
    );
    if training.ended_at.is_some() {
        diesel::update(trainings::table.find(&training.id))
            .set(row)
            .execute(conn)?;
        return Ok(());
    }
    let whose = (
        trainings::id.eq(&training.id),
        trainings::user_id.eq(&training.user_id),
        trainings::created_at.eq(training.recorded_at.0),
    );
    diesel::insert_into(trainings::table)
        .values((whose, row))
        .execute(conn)?;
    Ok(())
}

/// The name of a unit.
pub fn unit_name(conn: &mut AnyConn, id: &str) -> Result<String> {
    let name: Option<String> = units::table.find(id).select(units::name).first(conn).optional()?;
    Ok(name.unwrap_or_default())
}

/// A user by id.
pub fn user(conn: &mut AnyConn, id: &str) -> Result<UserRow> {
    let found = users::table.find(id).select(UserRow::as_select());
    found.first(conn).optional()?.ok_or_else(Error::not_found)
}

/// Whether anybody but this user administers.
pub fn other_administrators(conn: &mut AnyConn, but: &str) -> Result<bool> {
    let role = format!("%\"{}\"%", Role::Administrator.as_str());
    let others = users::table.filter(users::id.ne(but).and(users::disabled.eq(false)));
    Ok(diesel::select(exists(others.filter(users::roles.like(role)))).get_result(conn)?)
}

/// The names of users by their ids.
pub fn names(conn: &mut AnyConn, ids: Vec<String>) -> Result<HashMap<String, String>> {
    let query = users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::name));
    let rows: Vec<(String, String)> = query.load(conn)?;
    Ok(rows.into_iter().collect())
}

/// All users.
pub fn users(conn: &mut AnyConn) -> Result<Vec<UserRow>> {
    Ok(users::table.select(UserRow::as_select()).load(conn)?)
}

/// A user by sign-in name.
pub fn by_username(conn: &mut AnyConn, username: &str) -> Result<Option<UserRow>> {
    Ok(users::table
        .filter(users::username.eq(username))
        .select(UserRow::as_select())
        .first(conn)
        .optional()?)
}

/// Those who can sign in, in the order of their sign-in names.
pub fn colleagues(conn: &mut AnyConn, after: Option<&str>, limit: usize) -> Result<Vec<UserFound>> {
    let rows: Vec<(UserRow, String)> = users::table
        .inner_join(units::table.on(units::id.eq(users::unit_id)))
        .filter(
            users::disabled
                .eq(false)
                .and(users::username.gt(after.unwrap_or_default())),
        )
        .order(users::username)
        .limit(limit as i64)
        .select((UserRow::as_select(), units::name))
        .load(conn)?;
    rows.into_iter().map(|(user, unit)| user.found(unit)).collect()
}

/// What a list of users is asked for.
#[derive(Debug, Clone, Default)]
pub struct UserSearch {
    /// A part of the sign-in name or the name.
    pub named: Option<String>,
    pub role: Option<String>,
    pub unit: Option<String>,
    pub after: Option<String>,
    pub limit: usize,
}

/// Users in the order of their sign-in names.
pub fn list(conn: &mut AnyConn, search: &UserSearch) -> Result<Vec<UserView>> {
    let mut query = users::table
        .inner_join(units::table.on(units::id.eq(users::unit_id)))
        .select((UserRow::as_select(), units::name))
        .order(users::username)
        .limit(search.limit as i64)
        .into_boxed();
    if let Some(named) = &search.named {
        let part = format!("%{}%", named.to_lowercase().replace(['%', '_', '\\'], ""));
        let name = sql::<Text>("lower(users.name)");
        query = query.filter(users::username.like(part.clone()).or(name.like(part)));
    }
    if let Some(role) = &search.role {
        query = query.filter(users::roles.like(format!("%\"{role}\"%")));
    }
    if let Some(unit) = &search.unit {
        query = query.filter(users::unit_id.eq(unit));
    }
    if let Some(after) = &search.after {
        query = query.filter(users::username.gt(after));
    }
    let rows: Vec<(UserRow, String)> = query.load(conn)?;
    let views: Result<Vec<UserView>> = rows.into_iter().map(|(user, unit)| user.view(unit)).collect();
    with_last_sign_in(conn, views?)
}

/// Users with when each last signed in.
pub fn with_last_sign_in(conn: &mut AnyConn, mut views: Vec<UserView>) -> Result<Vec<UserView>> {
    let ids: Vec<String> = views.iter().map(|user| user.found.id.clone()).collect();
    let last = identity::last_signed_in(conn, &ids)?;
    for user in &mut views {
        user.last_signed_in_at = last.get(&user.found.id).copied().map(Timestamp);
    }
    Ok(views)
}

/// A training by id, of this user.
pub fn training(conn: &mut AnyConn, user: &str, id: &str) -> Result<Training> {
    let found = trainings::table.find(id).filter(trainings::user_id.eq(user));
    let body: Option<String> = found.select(trainings::body).first(conn).optional()?;
    Ok(serde_json::from_str(&body.ok_or_else(Error::not_found)?)?)
}

/// A unit by id.
pub fn unit_by_id(conn: &mut AnyConn, id: &str) -> Result<UnitRow> {
    let found = units::table.find(id).select(UnitRow::as_select());
    found.first(conn).optional()?.ok_or_else(Error::not_found)
}

/// A unit that a form names; the refusal names the field.
pub fn unit(conn: &mut AnyConn, field: &str, id: &str) -> Result<UnitRow> {
    let found = units::table.find(id).select(UnitRow::as_select());
    let found = found.first(conn).optional()?;
    found.ok_or_else(|| Error::field(field, "exists", "is no unit"))
}

/// The unit at the top.
pub fn top_unit(conn: &mut AnyConn) -> Result<Option<UnitRow>> {
    Ok(units::table
        .filter(units::parent_id.is_null())
        .order(units::id)
        .select(UnitRow::as_select())
        .first(conn)
        .optional()?)
}

/// Units in the order of their ids.
pub fn units(conn: &mut AnyConn, after: Option<&str>, limit: usize) -> Result<Vec<UnitRow>> {
    let found = units::table.filter(units::id.gt(after.unwrap_or_default()));
    let page = found.order(units::id).limit(limit as i64);
    Ok(page.select(UnitRow::as_select()).load(conn)?)
}

/// A user's trainings, oldest first.
pub fn trainings(conn: &mut AnyConn, user: &str, after: Option<&str>, limit: usize) -> Result<Vec<Training>> {
    let later = trainings::id.gt(after.unwrap_or_default());
    let found = trainings::table.filter(trainings::user_id.eq(user).and(later));
    db::records(
        conn,
        found.order(trainings::id).limit(limit as i64).select(trainings::body),
    )
}

/// Those of these users who can sign in.
pub fn who_sign_in(conn: &mut AnyConn, ids: &[String]) -> Result<Vec<String>> {
    let active = users::id.eq_any(ids.to_vec()).and(users::disabled.eq(false));
    Ok(users::table.filter(active).select(users::id).load(conn)?)
}

/// The trainings of these users.
pub fn trainings_of(conn: &mut AnyConn, ids: &[String]) -> Result<Vec<Training>> {
    let found = trainings::table.filter(trainings::user_id.eq_any(ids.to_vec()));
    db::records(conn, found.order(trainings::id).select(trainings::body))
}

/// Those of these users who have no training that counts at a moment.
pub fn untrained(conn: &mut AnyConn, ids: &[String], at: Micros) -> Result<Vec<String>> {
    let trainings = trainings_of(conn, ids)?;
    let counts = |id: &&String| trainings.iter().any(|one| one.user_id == **id && one.counts_at(at));
    Ok(ids.iter().filter(|id| !counts(id)).cloned().collect())
}

/// A person as records name people. Who is gone from the table has no name.
pub fn person(conn: &mut AnyConn, id: &str) -> Result<Person> {
    let name: Option<String> = users::table.find(id).select(users::name).first(conn).optional()?;
    Ok(Person {
        id: id.to_owned(),
        name: name.unwrap_or_default(),
    })
}

/// A user as a caller, to ask what they are, without what is delegated to them; `None` where there is no such user or they are disabled.
pub fn as_caller(conn: &mut AnyConn, id: &str) -> Result<Option<Caller>> {
    let row: Option<(UserRow, String)> = users::table
        .inner_join(units::table.on(units::id.eq(users::unit_id)))
        .filter(users::id.eq(id).and(users::disabled.eq(false)))
        .select((UserRow::as_select(), units::path))
        .first(conn)
        .optional()?;
    let Some((user, unit_path)) = row else { return Ok(None) };
    Ok(Some(Caller {
        session: String::new(),
        roles: serde_json::from_str(&user.roles)?,
        user: user.id,
        username: user.username,
        name: user.name,
        unit_id: user.unit_id,
        unit_path,
        delegated: Vec::new(),
        must_change: false,
    }))
}

/// A user that a form names; the refusal names the field.
pub fn named(conn: &mut AnyConn, field: &str, id: &str) -> Result<Caller> {
    as_caller(conn, id)?.ok_or_else(|| {
        Error::field(
            field,
            "exists",
            "is no user that can sign in: look the user up with GET /api/v1/users?username=",
        )
    })
}
