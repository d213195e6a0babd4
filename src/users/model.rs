//! What a user, a unit and a training are, and how they are read from what was sent.

use serde_json::{Value, json};

use crate::error::Result;
use crate::forms::{Form, LINE};
use crate::policy::Role;

/// A user about to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The sign-in name: lower case, never used again.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// At least one role.
    pub roles: Vec<Role>,
    /// The unit; the top one where none is named.
    pub unit_id: Option<String>,
}

impl NewUser {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let new = Self {
            username: form.required("username", 64).to_lowercase(),
            name: form.required("name", LINE),
            roles: form.words("roles", 5),
            unit_id: form.id("unit_id"),
        };
        if !new.username.is_empty() && !is_username(&new.username) {
            form.refuse(
                "username",
                "form",
                "must begin with a letter and hold only a-z, 0-9, dot, dash and underscore",
            );
        }
        if new.roles.is_empty() && form.ok() {
            form.refuse("roles", "required", "must name at least one role");
        }
        form.done()?;
        Ok(new)
    }
}

/// Whether a text can be a sign-in name.
pub fn is_username(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= 64 && text.chars().all(rest)
}

/// What an administrator changes of a user.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    /// Another name.
    pub name: Option<String>,
    /// Other roles.
    pub roles: Option<Vec<Role>>,
    /// Another unit.
    pub unit_id: Option<String>,
    /// Disable, or enable again.
    pub disabled: Option<bool>,
    /// Release after too many failures; only `false`.
    pub unlock: bool,
    /// Set a one-time password.
    pub reset_password: bool,
}

impl UserPatch {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let roles = form.has("roles").then(|| form.words("roles", 5));
        let name = form.has("name").then(|| form.required("name", LINE));
        let patch = Self {
            name,
            unit_id: form.id("unit_id"),
            disabled: form.flag("disabled"),
            unlock: form.has("locked"),
            reset_password: form.flag("reset_password").unwrap_or(false),
            roles,
        };
        if form.flag("locked") == Some(true) {
            form.refuse(
                "locked",
                "only_false",
                "is set by failed sign-ins alone; to shut a user out, set disabled",
            );
        }
        if patch.roles.as_ref().is_some_and(Vec::is_empty) {
            form.refuse(
                "roles",
                "required",
                "must name at least one role; to shut a user out, set disabled",
            );
        }
        form.done()?;
        Ok(patch)
    }
}

/// A unit about to be made.
#[derive(Debug, Clone)]
pub struct NewUnit {
    /// Its name.
    pub name: String,
    /// The unit it is a part of.
    pub parent_id: Option<String>,
}

impl NewUnit {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let new = Self {
            name: form.required("name", LINE),
            parent_id: form.id("parent_id"),
        };
        form.done()?;
        Ok(new)
    }
}

/// A training about to be recorded, as its record's content.
pub fn training(mut form: Form) -> Result<Value> {
    let name = form.required("name", LINE);
    let (completed_on, expires_on) = (form.required("completed_on", 10), form.text("expires_on", 10));
    let reference = form.text("reference", LINE);
    for (field, day) in [
        ("completed_on", Some(&completed_on)),
        ("expires_on", expires_on.as_ref()),
    ] {
        if day.is_some_and(|d| !d.is_empty() && d.parse::<chrono::NaiveDate>().is_err()) {
            form.refuse(field, "date", "must be a day such as 2026-11-22");
        }
    }
    form.done()?;
    Ok(json!({"name": name, "completed_on": completed_on, "expires_on": expires_on, "reference": reference}))
}
