//! `casetrail user` and `casetrail token`: changes at the machine itself, recorded as done by the operator. They go
//! through the gate like everything else. No server need run, and one may.

use std::io::Read;
use std::process::ExitCode;

use clap::Subcommand;
use diesel::prelude::*;
use serde_json::json;

use super::failure::{Done, Failure};
use super::installation::{self, OperatorGate};
use super::output;
use crate::clock::{self, Clock, SystemClock};
use crate::config::Config;
use crate::db::tables::units;
use crate::db::{Reader, migrate};
use crate::error::{Error, Result};
use crate::forms::Form;
use crate::lookalike::fold;
use crate::policy::Role;
use crate::users::store::{self, UserSearch};
use crate::users::{NewUser, UserView, ops};
use crate::{identity, ledger};

/// `casetrail user …`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user; without --password-stdin a one-time password is printed once
    Add {
        /// The name to sign in with
        username: String,
        /// investigator, supervisor, prosecutor, auditor or administrator; may be given more than once
        #[arg(long = "role", required = true, value_name = "ROLE")]
        roles: Vec<Role>,
        /// The person's name
        #[arg(long)]
        name: String,
        /// The unit, by name or id [default: the agency]
        #[arg(long)]
        unit: Option<String>,
        /// Read the password, one line, from standard input; it need not be changed
        #[arg(long)]
        password_stdin: bool,
    },
    /// List all users
    List,
    /// Set a one-time password, printed once, and end all sessions
    Reset {
        /// The name to sign in with
        username: String,
    },
    /// Release a user who is locked after failed sign-ins; the password stays
    Unlock {
        /// The name to sign in with
        username: String,
    },
    /// Disable a user and end all sessions and tokens
    Disable {
        /// The name to sign in with
        username: String,
    },
}

/// `casetrail token …`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Issue a bearer token with this user's rights; it is printed once
    Add {
        /// The user's sign-in name
        username: String,
        /// When it ends, RFC 3339 with a zone [default: in 365 days]
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// Revoke a token at once
    Revoke {
        /// The token, or the id printed with it
        token: String,
    },
}

/// The gate of an installation that has a log.
fn open(config: &Config) -> std::result::Result<OperatorGate, Failure> {
    let db = installation::open(config)?;
    migrate::migrate(&config.database()?)?;
    if db.read_blocking(ledger::state)?.is_none() {
        return Err(Failure::unreadable(
            "this installation has no log yet: start `casetrail serve` once, which makes its keys and its first administrator",
        ));
    }
    Ok(OperatorGate::over(db)?)
}

/// Runs `casetrail user …`.
pub fn user(config: &Config, command: UserCommand) -> Done {
    let gate = open(config)?;
    match command {
        UserCommand::Add {
            username,
            roles,
            name,
            unit,
            password_stdin,
        } => {
            let unit_id = unit.map(|u| unit_id(gate.db(), &u)).transpose()?;
            let form = Form::new(json!({"username": username, "name": name, "roles": roles, "unit_id": unit_id}))?;
            let new = NewUser::parse(form)?;
            let typed = password_stdin.then(|| typed(&new.username)).transpose()?;
            add(&gate, new, typed)?;
        }
        UserCommand::List => {
            let everybody = gate.db().read_blocking(|conn| store::list(conn, &EVERYBODY))?;
            output::print(&table(&everybody));
        }
        UserCommand::Reset { username } => {
            let (id, password) = (user_id(gate.db(), &username)?, identity::one_time());
            let hash = gate.hash(password.clone())?;
            gate.change(move |tx| ops::reset(tx, &id, &hash))?;
            output::print(&format!("user {username} has a new password\n"));
            print_once(&password);
        }
        UserCommand::Unlock { username } => {
            let id = user_id(gate.db(), &username)?;
            gate.change(move |tx| ops::unlock(tx, &id))?;
            output::print(&format!("user {username} is released\n"));
        }
        UserCommand::Disable { username } => {
            let id = user_id(gate.db(), &username)?;
            gate.change(move |tx| ops::disable(tx, &id))?;
            output::print(&format!("user {username} is disabled; all sessions and tokens ended\n"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds a user with the password that was typed, or with one for one use.
fn add(gate: &OperatorGate, new: NewUser, typed: Option<String>) -> Result<()> {
    let kind = match typed {
        Some(_) => ops::Password::ToKeep,
        None => ops::Password::ForOneUse,
    };
    let password = typed.unwrap_or_else(identity::one_time);
    let hash = gate.hash(password.clone())?;
    let made = gate.change(move |tx| ops::create(tx, &new, &hash, kind))?.found;
    output::print(&format!("user {} added, id {}\n", made.username, made.id));
    if kind == ops::Password::ForOneUse {
        print_once(&password);
    }
    Ok(())
}

fn print_once(password: &str) {
    output::print(&format!(
        "one-time password: {password}\nIt is shown only here, and must be changed at the first sign-in.\n"
    ));
}

/// A password from standard input, if it keeps the rules.
fn typed(username: &str) -> std::result::Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().take(1 << 16).read_to_string(&mut text)?;
    let password = text.lines().next().unwrap_or_default().to_owned();
    match identity::rules("password", &password, username) {
        Some(broken) => Err(Error::invalid(vec![broken]).into()),
        None => Ok(password),
    }
}

/// The search that finds all users.
const EVERYBODY: UserSearch = UserSearch {
    named: None,
    role: None,
    unit: None,
    after: None,
    limit: i64::MAX as usize,
};

fn table(users: &[UserView]) -> String {
    let state = |user: &UserView| match user {
        UserView { disabled: true, .. } => "disabled",
        UserView { locked: true, .. } => "locked",
        UserView {
            password_change_due: true,
            ..
        } => "one-time password",
        _ => "active",
    };
    let head = ["USERNAME", "NAME", "ROLES", "UNIT", "STATE", "ID"].map(str::to_owned);
    let cells = |user: &UserView| {
        let found = &user.found;
        let roles: Vec<&str> = found.roles.iter().map(|role| role.as_str()).collect();
        let roles = roles.join(",");
        [
            &found.username,
            &found.name,
            &roles,
            &found.unit.name,
            state(user),
            &found.id,
        ]
        .map(output::clean)
    };
    let lines: Vec<[String; 6]> = std::iter::once(head).chain(users.iter().map(cells)).collect();
    let widths: Vec<usize> = (0..6)
        .map(|n| lines.iter().map(|l| l[n].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |cells: &[String; 6]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

fn user_id(db: &Reader, username: &str) -> Result<String> {
    let found = db.read_blocking(|conn| store::by_username(conn, &fold(username)))?;
    found.map(|user| user.id).ok_or_else(|| {
        let message = format!("there is no user {username:?}: `casetrail user list` prints them all");
        Error::field("username", "unknown_reference", message)
    })
}

fn unit_id(db: &Reader, unit: &str) -> Result<String> {
    let found: Vec<String> = db.read_blocking(|conn| {
        let called = units::table.filter(units::id.eq(unit).or(units::name.eq(unit)));
        Ok(called.select(units::id).load(conn)?)
    })?;
    let message = match found.as_slice() {
        [id] => return Ok(id.clone()),
        [] => format!("there is no unit {unit:?}"),
        _ => format!("several units are called {unit:?}: name one by its id"),
    };
    Err(Error::field("--unit", "unknown_reference", message))
}

/// Runs `casetrail token …`.
pub fn token(config: &Config, command: TokenCommand) -> Done {
    match command {
        TokenCommand::Add { username, until } => {
            let until = until.map(|t| end(&t)).transpose()?;
            let gate = open(config)?;
            let id = user_id(gate.db(), &username)?;
            let (id, token) = gate.change(move |tx| ops::token(tx, &id, until))?;
            // The token alone on standard output, so that a script can take it as it comes.
            output::print(&format!("{token}\n"));
            output::complain(&format!(
                "token {id} for {username}: shown only here, keep it like a password, as CASETRAIL_TOKEN"
            ));
        }
        TokenCommand::Revoke { token } => {
            open(config)?.change(move |tx| ops::revoke_token(tx, &token))?;
            output::print("the token is revoked\n");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn end(text: &str) -> Result<clock::Micros> {
    let until = clock::parse(text).ok_or_else(|| {
        Error::field(
            "--until",
            "format",
            "must be RFC 3339 with a zone, such as 2027-01-31T00:00:00Z",
        )
    })?;
    if until <= SystemClock.now() {
        return Err(Error::field("--until", "range", "must lie in the future"));
    }
    Ok(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_listed_in_columns() {
        let row = |username: &str, roles: &str, must_change, disabled| {
            let row = store::UserRow {
                id: "id1".into(),
                username: username.into(),
                name: "Marta Vance".into(),
                roles: roles.into(),
                unit_id: String::new(),
                password_hash: String::new(),
                must_change,
                failures: 0,
                failures_since: 0,
                locked: false,
                disabled,
                version: 1,
            };
            row.view("Agency".into()).unwrap()
        };
        let text = table(&[
            row("marta", "[\"investigator\",\"auditor\"]", false, false),
            row("bo", "[]", true, true),
            row("al", "[]", true, false),
        ]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "USERNAME  NAME         ROLES                 UNIT    STATE              ID"
        );
        assert_eq!(
            lines[1],
            "marta     Marta Vance  investigator,auditor  Agency  active             id1"
        );
        assert!(lines[2].contains("disabled") && lines[3].contains("one-time password"));
    }

    #[test]
    fn tokens_end_in_the_future() {
        assert!(end("2020-01-01T00:00:00Z").is_err() && end("soon").is_err());
        assert!(end("2999-01-01T00:00:00+01:00").is_ok());
    }
}
