//! What a user, a unit and a training are, and how they are read from what was sent.

use serde::{Deserialize, Serialize};

use crate::clock::{self, Micros, Timestamp};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, is_day};
use crate::identity::rules;
use crate::lookalike::fold;
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
    /// Reads and checks it, with the one-time password, where the administrator chose one.
    pub fn parse_with_password(mut form: Form) -> Result<(Self, Option<String>)> {
        let chosen = form.text("password", 1000);
        let new = Self::parse(form)?;
        match chosen.as_ref().and_then(|p| rules("password", p, &new.username)) {
            Some(broken) => Err(Error::invalid(vec![broken])),
            None => Ok((new, chosen)),
        }
    }

    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let new = Self {
            username: fold(&form.required("username", 64)),
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
        if new.roles.is_empty() && !form.is_refused("roles") {
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
        if patch.roles.as_ref().is_some_and(Vec::is_empty) && !form.is_refused("roles") {
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
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| Self {
            name: form.required("name", LINE),
            parent_id: form.id("parent_id"),
        })
    }
}

/// What is changed of a unit.
#[derive(Debug, Clone)]
pub struct UnitPatch {
    /// Its name.
    pub name: String,
}

impl UnitPatch {
    /// Reads and checks it.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| Self {
            name: form.required("name", LINE),
        })
    }
}

/// A token about to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// By which its owner knows it.
    pub name: String,
    /// When it ends.
    pub until: Micros,
}

impl NewToken {
    /// Reads and checks it. That it ends in the future is checked where the time is known.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| Self {
            name: form.required("name", 100),
            until: form.required_time("until"),
        })
    }
}

/// A token that was made; its text is shown in this answer and nowhere else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MadeToken {
    pub id: String,
    pub name: String,
    pub until: Timestamp,
    pub token: String,
}

/// A training of a user: its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Training {
    pub id: String,
    pub user_id: String,
    #[serde(flatten)]
    pub completed: NewTraining,
    pub recorded_by: String,
    pub recorded_at: Timestamp,
    /// When it was ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// A training as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTraining {
    pub name: String,
    pub completed_on: String,
    pub expires_on: Option<String>,
    pub reference: Option<String>,
}

impl Training {
    /// Whether it counts at a moment: completed on that day or before, not past its last day, and not ended. Days are
    /// those of UTC.
    pub fn counts_at(&self, at: Micros) -> bool {
        let moment = clock::format(at);
        let day = &moment[..10];
        let ended = self.ended_at.is_some_and(|ended| ended.0 <= at);
        let over = self.completed.expires_on.as_deref().is_some_and(|last| last < day);
        self.completed.completed_on.as_str() <= day && !over && !ended
    }
}

impl NewTraining {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let new = Self {
            name: form.required("name", LINE),
            completed_on: form.required("completed_on", 10),
            expires_on: form.text("expires_on", 10),
            reference: form.filled("reference", LINE),
        };
        let days = [
            ("completed_on", Some(&new.completed_on)),
            ("expires_on", new.expires_on.as_ref()),
        ];
        for (field, day) in days {
            if day.is_some_and(|d| !d.is_empty() && !is_day(d)) {
                form.refuse(field, "date", "must be a day such as 2026-11-22");
            }
        }
        // Days of this form are in the order of time.
        if new.expires_on.as_ref().is_some_and(|day| *day < new.completed_on) && form.ok() {
            let message = format!("must not lie before the day of completion, {}", new.completed_on);
            form.refuse("expires_on", "after_start", message);
        }
        form.done()?;
        Ok(new)
    }
}

/// A unit: its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    pub id: String,
    pub name: String,
    pub parent_id: Option<String>,
    pub version: i64,
}

/// A unit as users name theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitName {
    pub id: String,
    pub name: String,
}

/// A user as everyone signed in may find them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFound {
    pub id: String,
    pub username: String,
    pub name: String,
    pub roles: Vec<Role>,
    pub unit: UnitName,
}

/// A user as administrators see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserView {
    #[serde(flatten)]
    pub found: UserFound,
    pub disabled: bool,
    pub locked: bool,
    pub password_change_due: bool,
    pub last_signed_in_at: Option<Timestamp>,
    pub version: i64,
}

/// Both passwords, as they are sent. Only the hash of the new one is kept, and none of it in the ledger.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    pub current: String,
    pub new: String,
}

impl PasswordChange {
    /// Reads and checks it, for a user of this sign-in name.
    pub fn parse(mut form: Form, username: &str) -> Result<Self> {
        let change = Self {
            current: form.required("current_password", 1000),
            new: form.required("new_password", 1000),
        };
        if let Some(broken) = rules("new_password", &change.new, username).filter(|_| form.ok()) {
            form.refuse(&broken.field, &broken.rule, broken.message);
        }
        if change.current == change.new {
            form.refuse("new_password", "different", "must differ from the current one");
        }
        form.done()?;
        Ok(change)
    }
}

/// What somebody signs in with.
#[derive(Clone)]
pub struct SignIn {
    pub username: String,
    pub password: String,
}

impl SignIn {
    /// Reads it. There is no second factor yet; a client that sends a code already is not refused.
    pub fn parse(mut form: Form) -> Result<Self> {
        let parsed = Self {
            username: fold(&form.required("username", 200)),
            password: form.required("password", 1000),
        };
        form.text("code", 32);
        form.done()?;
        Ok(parsed)
    }
}

/// Reads the refresh token that a session is prolonged with.
pub fn refresh_token(form: Form) -> Result<String> {
    form.read(|form| form.required("refresh_token", 500))
}
