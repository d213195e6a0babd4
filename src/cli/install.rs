//! `casetrail user` and `casetrail token`: changes at the machine itself, also beside a running server, recorded as
//! done by the operator. They go through the gate like everything else, and no server need run.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use diesel::prelude::*;
use serde_json::json;

use super::failure::{Done, Failure};
use super::installation;
use super::output;
use crate::clock::{self, Clock, SystemClock};
use crate::config::Config;
use crate::db::tables::{units, users};
use crate::db::{Reader, migrate};
use crate::error::{Error, Result};
use crate::forms::Form;
use crate::gate::{Gate, Recorded, Tx};
use crate::identity::{self, Passwords};
use crate::ledger::{self, Journal};
use crate::policy::{Policy, Role};
use crate::users::{NewUser, UserView, ops};

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

/// The gate of an installation, for the operator at the machine.
struct OperatorGate {
    gate: Gate,
    runtime: tokio::runtime::Runtime,
    operator: String,
}

impl OperatorGate {
    fn open(config: &Config) -> std::result::Result<Self, Failure> {
        let db = installation::open(config)?;
        migrate::migrate(&config.database()?)?;
        if db.read_blocking(ledger::state)?.is_none() {
            return Err(Failure::unreadable(
                "this installation has no log yet: start `casetrail serve` once, which makes its keys and its first administrator",
            ));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        // Without a signer this process only appends; the server takes what it wrote into the tree.
        let journal = runtime.block_on(async { Journal::start(db.clone(), clock.clone(), None) });
        let policy = Policy::new().map_err(Error::internal)?;
        Ok(Self {
            gate: Gate::new(db, journal, Arc::new(policy), clock),
            runtime,
            operator: installation::os_user(),
        })
    }

    fn db(&self) -> &Reader {
        self.gate.db()
    }

    /// One change and its event, by the operator.
    fn change<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Tx<'_>) -> Result<Recorded<T>> + Send + Sync + 'static,
    ) -> Result<T> {
        self.gate
            .housekeep_blocking(ledger::operator(&self.operator), move |tx| answer(f(tx)?))
    }

    fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.runtime.block_on(async { Passwords::new()?.hash(password).await })
    }
}

/// The answer of a recorded change.
fn answer<T>(recorded: Recorded<T>) -> Result<T> {
    let mut out = None;
    let _ = recorded.map(|answer| out = Some(answer));
    out.ok_or_else(|| Error::internal("a recorded change without its answer"))
}

/// Runs `casetrail user …`.
pub fn user(config: &Config, command: UserCommand) -> Done {
    let desk = OperatorGate::open(config)?;
    match command {
        UserCommand::Add {
            username,
            roles,
            name,
            unit,
            password_stdin,
        } => {
            let unit_id = unit.map(|u| unit_id(desk.db(), &u)).transpose()?;
            let form = Form::new(json!({"username": username, "name": name, "roles": roles, "unit_id": unit_id}))?;
            let new = NewUser::parse(form)?;
            match password_stdin {
                true => add_with_own_password(&desk, new)?,
                false => add_with_one_time_password(&desk, new)?,
            }
        }
        UserCommand::List => output::print(&list(desk.db())?),
        UserCommand::Reset { username } => reset(&desk, &username)?,
        UserCommand::Disable { username } => {
            let id = user_id(desk.db(), &username)?;
            desk.change(move |tx| ops::disable(tx, &id))?;
            output::print(&format!("user {username} is disabled; all sessions and tokens ended\n"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn add_with_own_password(desk: &OperatorGate, new: NewUser) -> std::result::Result<(), Failure> {
    let hash = desk.hash(&typed(&new.username)?)?;
    let kind = ops::Password::ToKeep;
    print_added(&desk.change(move |tx| ops::create(tx, &new, &hash, kind))?);
    Ok(())
}

fn add_with_one_time_password(desk: &OperatorGate, new: NewUser) -> std::result::Result<(), Failure> {
    let password = identity::one_time();
    let hash = desk.hash(&password)?;
    let kind = ops::Password::ForOneUse;
    print_added(&desk.change(move |tx| ops::create(tx, &new, &hash, kind))?);
    print_once(&password);
    Ok(())
}

fn print_added(made: &UserView) {
    let (username, id) = (&made.found.username, &made.found.id);
    output::print(&format!("user {username} added, id {id}\n"));
}

fn reset(desk: &OperatorGate, username: &str) -> std::result::Result<(), Failure> {
    let id = user_id(desk.db(), username)?;
    let password = identity::one_time();
    let hash = desk.hash(&password)?;
    desk.change(move |tx| ops::reset(tx, &id, &hash))?;
    output::print(&format!("user {username} has a new password\n"));
    print_once(&password);
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

type ListedUser = (String, String, String, String, String, bool, bool, bool);

fn list(db: &Reader) -> Result<String> {
    let rows: Vec<ListedUser> = db.read_blocking(|conn| {
        Ok(users::table
            .inner_join(units::table.on(units::id.eq(users::unit_id)))
            .order(users::username)
            .select((
                users::username,
                users::name,
                users::roles,
                units::name,
                users::id,
                users::must_change,
                users::locked,
                users::disabled,
            ))
            .load(conn)?)
    })?;
    Ok(table(&rows))
}

fn table(rows: &[ListedUser]) -> String {
    let state = |row: &ListedUser| match (row.7, row.6, row.5) {
        (true, _, _) => "disabled",
        (_, true, _) => "locked",
        (_, _, true) => "one-time password",
        _ => "active",
    };
    let roles =
        |text: &str| serde_json::from_str::<Vec<String>>(text).map_or_else(|_| text.to_owned(), |r| r.join(","));
    let head = ["USERNAME", "NAME", "ROLES", "UNIT", "STATE", "ID"].map(str::to_owned);
    let lines: Vec<[String; 6]> = std::iter::once(head)
        .chain(rows.iter().map(|r| {
            [
                r.0.clone(),
                r.1.clone(),
                roles(&r.2),
                r.3.clone(),
                state(r).into(),
                r.4.clone(),
            ]
        }))
        .map(|cells| cells.map(|cell| output::clean(&cell)))
        .collect();
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
    let name = username.to_owned();
    let found: Option<String> = db.read_blocking(|conn| {
        Ok(users::table
            .filter(users::username.eq(&name))
            .select(users::id)
            .first(conn)
            .optional()?)
    })?;
    found.ok_or_else(|| {
        Error::field(
            "username",
            "unknown_reference",
            format!("there is no user {username:?}: `casetrail user list` prints them all"),
        )
    })
}

fn unit_id(db: &Reader, unit: &str) -> Result<String> {
    let found: Vec<(String, String)> = db.read_blocking(|conn| {
        Ok(units::table
            .filter(units::id.eq(unit).or(units::name.eq(unit)))
            .select((units::id, units::name))
            .load(conn)?)
    })?;
    match found.as_slice() {
        [(id, _)] => Ok(id.clone()),
        [] => Err(Error::field(
            "--unit",
            "unknown_reference",
            format!("there is no unit {unit:?}"),
        )),
        _ => Err(Error::field(
            "--unit",
            "unknown_reference",
            format!("several units are called {unit:?}: name one by its id"),
        )),
    }
}

/// Runs `casetrail token …`.
pub fn token(config: &Config, command: TokenCommand) -> Done {
    match command {
        TokenCommand::Add { username, until } => {
            let until = until.map(|t| end(&t)).transpose()?;
            let desk = OperatorGate::open(config)?;
            let id = user_id(desk.db(), &username)?;
            let (id, token) = desk.change(move |tx| ops::token(tx, &id, until))?;
            // The token alone on standard output, so that a script can take it as it comes.
            output::print(&format!("{token}\n"));
            eprintln!("token {id} for {username}: shown only here, keep it like a password, as CASETRAIL_TOKEN");
        }
        TokenCommand::Revoke { token } => {
            let desk = OperatorGate::open(config)?;
            desk.change(move |tx| ops::revoke_token(tx, &token))?;
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
        let row = |username: &str, roles: &str, must_change, disabled| -> ListedUser {
            (
                username.into(),
                "Marta Vance".into(),
                roles.into(),
                "Agency".into(),
                "id1".into(),
                must_change,
                false,
                disabled,
            )
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
