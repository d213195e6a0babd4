//! Queries over users, units and trainings.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::db::AnyConn;
use crate::db::tables::{trainings, units, users};
use crate::error::{Error, Result};
use crate::identity::Caller;

/// A user's row.
#[derive(Debug, Clone, Queryable, Selectable)]
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

impl UserRow {
    /// The roles, as JSON.
    pub fn role_words(&self) -> Value {
        serde_json::from_str(&self.roles).unwrap_or(Value::Null)
    }

    /// What the ledger keeps of a user: never the password.
    pub fn record(&self) -> Value {
        json!({
            "id": self.id, "username": self.username, "name": self.name, "roles": self.role_words(),
            "unit_id": self.unit_id, "disabled": self.disabled, "locked": self.locked, "version": self.version,
        })
    }

    /// What an administrator sees.
    pub fn shown(&self, unit_name: &str) -> Value {
        json!({
            "id": self.id, "username": self.username, "name": self.name, "roles": self.role_words(),
            "unit": {"id": self.unit_id, "name": unit_name}, "disabled": self.disabled, "locked": self.locked,
            "password_change_due": self.must_change, "version": self.version,
        })
    }
}

/// A user by id.
pub fn user(conn: &mut AnyConn, id: &str) -> Result<Option<UserRow>> {
    Ok(users::table
        .find(id)
        .select(UserRow::as_select())
        .first(conn)
        .optional()?)
}

/// A user by sign-in name.
pub fn by_username(conn: &mut AnyConn, username: &str) -> Result<Option<UserRow>> {
    Ok(users::table
        .filter(users::username.eq(username))
        .select(UserRow::as_select())
        .first(conn)
        .optional()?)
}

/// Users with their unit's name, in the order of their names.
pub fn list(
    conn: &mut AnyConn,
    role: Option<&str>,
    unit: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(UserRow, String)>> {
    let mut query = users::table
        .inner_join(units::table.on(units::id.eq(users::unit_id)))
        .select((UserRow::as_select(), units::name))
        .order(users::username)
        .limit(limit as i64)
        .into_boxed();
    if let Some(role) = role {
        query = query.filter(users::roles.like(format!("%\"{role}\"%")));
    }
    if let Some(unit) = unit {
        query = query.filter(users::unit_id.eq(unit));
    }
    if let Some(after) = after {
        query = query.filter(users::username.gt(after));
    }
    Ok(query.load(conn)?)
}

/// A unit by id.
pub fn unit(conn: &mut AnyConn, id: &str) -> Result<Option<UnitRow>> {
    Ok(units::table
        .find(id)
        .select(UnitRow::as_select())
        .first(conn)
        .optional()?)
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
    let mut query = units::table
        .order(units::id)
        .limit(limit as i64)
        .select(UnitRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(units::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// A user's trainings.
pub fn trainings(conn: &mut AnyConn, user: &str, after: Option<&str>, limit: usize) -> Result<Vec<(String, String)>> {
    let mut query = trainings::table
        .filter(trainings::user_id.eq(user))
        .order(trainings::id)
        .limit(limit as i64)
        .select((trainings::id, trainings::body))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(trainings::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Id and name of a person, as records tell of people.
pub fn person(conn: &mut AnyConn, id: &str) -> Result<Option<Value>> {
    let name: Option<String> = users::table.find(id).select(users::name).first(conn).optional()?;
    Ok(name.map(|name| json!({"id": id, "name": name})))
}

/// A user as a caller, to ask what they may do; `None` where there is no such user or they are disabled.
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
