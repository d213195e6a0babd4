//! Sessions and tokens: the rows from which the caller and its roles follow, and whether the session has ended.

use std::collections::HashMap;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use serde::{Deserialize, Serialize};

use super::delegated::delegated_units;
use super::{Network, ShownRefresh};
use crate::clock::{DAY, HOUR, Micros, Timestamp, random};
use crate::db::AnyConn;
use crate::db::tables::sessions;
use crate::error::{Error, Result};
use crate::policy::Role;
use crate::proof::id::Digest;
use crate::{both, fixed};

/// A session ends after this time whatever happens (CJIS IA-11).
const LONGEST: Micros = 12 * HOUR;
/// A session that is not refreshed for this time is over (CJIS SC-10).
const IDLE: Micros = HOUR;
/// A token without an end of its own.
const TOKEN_LIFE: Micros = 365 * DAY;

/// A credential that is genuine; whether it is still good, the database says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A session's id, from an access token.
    Session(String),
    /// The hash of an opaque token.
    Token(Digest),
    /// The operator at the machine itself, by OS user name.
    Operator(String),
    /// A job of the server, by its registered name.
    Job(&'static str),
}

/// A person as records name people: the id, and the name as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The user's id.
    pub id: String,
    /// The user's name.
    pub name: String,
}

/// The caller, as the database says now.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The session's or token's id; the job's or operator's name.
    pub session: String,
    /// The user's id; empty for jobs and operators.
    pub user: String,
    /// The user's sign-in name.
    pub username: String,
    /// The user's name.
    pub name: String,
    /// The user's roles.
    pub roles: Vec<Role>,
    /// The user's unit.
    pub unit_id: String,
    /// The unit's path from the top, `/id/id/`.
    pub unit_path: String,
    /// The units over which other supervisors' reach is delegated to them now, with those below; looked up for supervisors.
    pub delegated: Vec<String>,
    /// Whether the password must be changed before anything else.
    pub must_change: bool,
}

impl Caller {
    /// The caller of what no person asks for: jobs, first starts.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// The caller as records name people.
    pub fn person(&self) -> Person {
        Person {
            id: self.user.clone(),
            name: self.name.clone(),
        }
    }

    /// Whether the person has a role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether a unit is the person's own, lies below it, or is delegated to them. Only a supervisor's reach gives anything.
    pub fn reaches(&self, unit_id: &str, unit_path: &str) -> bool {
        unit_path.starts_with(&self.unit_path) || self.delegated.iter().any(|id| id == unit_id)
    }

    /// Looks up whose reach is delegated to a supervisor.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn with_delegations(mut self, conn: &mut AnyConn, now: Micros) -> Result<Self> {
        if self.is(Role::Supervisor) {
            self.delegated = delegated_units(conn, &self.user, now)?;
        }
        Ok(self)
    }
}

type SessionRow = (
    (String, String, i64, i64, Option<i64>),
    (String, String, String, String, bool, bool),
    (String, String),
);

type RowSql = (
    (Text, Text, BigInt, BigInt, Nullable<BigInt>),
    (Text, Text, Text, Text, Bool, Bool),
    (Text, Text),
);

// A row is used only as far as the ledger stands behind it: the user's version is that of the last event that made one,
// and the last event about the session or token is that it began, after which its user was neither disabled nor given
// another password. The list of actions is that of the index `user_versions`.
fixed! {
    BySession -> RowSql: "SELECT s.id, s.kind, s.expires_at, s.refreshed_at, s.ended_at, u.id, u.username, u.name, u.roles, \
     u.must_change, u.disabled, n.id, n.path FROM sessions s JOIN users u ON u.id = s.user_id JOIN units n ON n.id = u.unit_id \
     WHERE s.kind = 'session' \
     AND u.leaf = (SELECT e.leaf FROM events e WHERE e.object = u.id AND e.action IN ('user.created', 'user.changed', \
     'user.disabled', 'user.enabled', 'user.locked', 'user.unlocked', 'password.reset') ORDER BY e.seq DESC LIMIT 1) \
     AND 'session.opened' = (SELECT e.action FROM events e WHERE e.object = s.id AND e.stream = 'agency' \
     ORDER BY e.seq DESC LIMIT 1) \
     AND NOT EXISTS (SELECT 1 FROM events r WHERE r.object = u.id AND r.action IN ('user.created', 'user.changed', \
     'user.disabled', 'user.enabled', 'user.locked', 'user.unlocked', 'password.reset') \
     AND r.action IN ('password.reset', 'user.disabled') AND r.stream = 'agency' AND r.seq > (SELECT e.seq FROM events e \
     WHERE e.object = s.id AND e.stream = 'agency' ORDER BY e.seq DESC LIMIT 1)) AND s.id = ", id: String as Text, ""
}

fixed! {
    ByToken -> RowSql: "SELECT s.id, s.kind, s.expires_at, s.refreshed_at, s.ended_at, u.id, u.username, u.name, u.roles, \
     u.must_change, u.disabled, n.id, n.path FROM sessions s JOIN users u ON u.id = s.user_id JOIN units n ON n.id = u.unit_id \
     WHERE s.kind = 'token' \
     AND u.leaf = (SELECT e.leaf FROM events e WHERE e.object = u.id AND e.action IN ('user.created', 'user.changed', \
     'user.disabled', 'user.enabled', 'user.locked', 'user.unlocked', 'password.reset') ORDER BY e.seq DESC LIMIT 1) \
     AND 'token.issued' = (SELECT e.action FROM events e WHERE e.object = s.id AND e.stream = 'agency' \
     ORDER BY e.seq DESC LIMIT 1) \
     AND NOT EXISTS (SELECT 1 FROM events r WHERE r.object = u.id AND r.action IN ('user.created', 'user.changed', \
     'user.disabled', 'user.enabled', 'user.locked', 'user.unlocked', 'password.reset') \
     AND r.action IN ('password.reset', 'user.disabled') AND r.stream = 'agency' AND r.seq > (SELECT e.seq FROM events e \
     WHERE e.object = s.id AND e.stream = 'agency' ORDER BY e.seq DESC LIMIT 1)) AND s.secret_hash = ", secret: Vec<u8> as Binary, ""
}

/// Looks a credential up. A session that is over or revoked, or whose user is disabled, is refused in the same words.
pub fn resolve(conn: &mut AnyConn, credential: &Credential, now: Micros) -> Result<Caller> {
    // Each request asks this at least once.
    let row: Option<SessionRow> = match credential {
        Credential::Session(id) => {
            let mine = BySession { id: id.clone() };
            both!(conn, |c| mine.get_result(c))
        }
        Credential::Token(hash) => {
            let secret = hash.as_bytes().to_vec();
            let mine = ByToken { secret };
            both!(conn, |c| mine.get_result(c))
        }
        Credential::Operator(_) | Credential::Job(_) => return Err(Error::internal("not a person")),
    }
    .optional()?;
    caller(row.ok_or_else(Error::unauthenticated)?, now)?.with_delegations(conn, now)
}

fn caller(row: SessionRow, now: Micros) -> Result<Caller> {
    let (of_session, of_user, (unit_id, unit_path)) = row;
    let (session, kind, expires, refreshed, ended) = of_session;
    let (user, username, name, roles, must_change, disabled) = of_user;
    let idle = kind == "session" && now > refreshed + IDLE;
    if disabled || ended.is_some() || now >= expires || idle {
        return Err(Error::unauthenticated());
    }
    Ok(Caller {
        session,
        user,
        username,
        name,
        roles: serde_json::from_str(&roles)?,
        unit_id,
        unit_path,
        delegated: Vec::new(),
        must_change,
    })
}

/// Whose a session is or was.
pub fn owner(conn: &mut AnyConn, session: &str) -> Result<Option<String>> {
    let found = sessions::table.filter(sessions::id.eq(session).and(sessions::kind.eq("session")));
    Ok(found.select(sessions::user_id).first(conn).optional()?)
}

/// A session just opened or refreshed.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The session's id.
    pub session: String,
    /// How often it was refreshed.
    pub generation: i64,
}

fn secret() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// Adds a session or token of a user, from now until it ends.
fn add(conn: &mut AnyConn, kind: &str, (id, user): (&str, &str), secret: &Digest, time: Range<Micros>) -> Result<()> {
    let row = (
        sessions::id.eq(id),
        sessions::user_id.eq(user),
        sessions::kind.eq(kind),
        sessions::secret_hash.eq(secret.as_bytes().to_vec()),
        sessions::created_at.eq(time.start),
        sessions::refreshed_at.eq(time.start),
        sessions::expires_at.eq(time.end),
    );
    diesel::insert_into(sessions::table).values(row).execute(conn)?;
    Ok(())
}

/// Opens a session for a user who signed in from this address.
pub fn open(conn: &mut AnyConn, (id, user): (&str, &str), address: &str, now: Micros) -> Result<Opened> {
    add(conn, "session", (id, user), &unbound_secret(id), now..now + LONGEST)?;
    diesel::update(sessions::table.find(id))
        .set(sessions::address.eq(address))
        .execute(conn)?;
    Ok(Opened {
        session: id.to_owned(),
        generation: 0,
    })
}

/// The text of a new opaque token, which is shown once.
#[derive(Clone)]
pub struct NewSecret(String);

impl NewSecret {
    /// A token that nobody has yet.
    pub fn token() -> Self {
        Self(format!("ct_{}", secret()))
    }

    /// What the row and the record keep of it. It tells nobody 256 random bits.
    pub fn sha256(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// The text.
    pub fn text(self) -> String {
        self.0
    }
}

/// Keeps a token of a user that was issued then.
pub fn keep_token(
    conn: &mut AnyConn,
    (id, user): (&str, &str),
    token: &NewSecret,
    at: Micros,
    until: Option<Micros>,
) -> Result<()> {
    add(
        conn,
        "token",
        (id, user),
        &token.sha256(),
        at..until.unwrap_or(at + TOKEN_LIFE),
    )
}

/// Gives a token the name by which its owner knows it.
pub fn name_token(conn: &mut AnyConn, id: &str, name: &str) -> Result<()> {
    diesel::update(sessions::table.find(id))
        .set(sessions::name.eq(name))
        .execute(conn)?;
    Ok(())
}

/// Notes that a token is in use.
pub fn note_use(conn: &mut AnyConn, token: &Digest, now: Micros) -> Result<()> {
    let used = sessions::table.filter(sessions::secret_hash.eq(token.as_bytes().to_vec()));
    diesel::update(used.filter(sessions::ended_at.is_null()))
        .set(sessions::used_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// A session or token as its event tells of it.
#[derive(Debug, Clone)]
pub struct PastCredential {
    pub kind: CredentialKind,
    pub id: String,
    pub user: String,
    /// When it began.
    pub at: Micros,
    /// When it ends by itself, where the event says so.
    pub until: Option<Micros>,
    pub name: Option<String>,
    pub address: Option<String>,
    /// What the record binds of its secret.
    pub secret_hash: Option<Digest>,
}

/// Stands for the hash of a secret where there is none, or no record binds it: nothing hashes to it.
pub fn unbound_secret(id: &str) -> Digest {
    Digest::of(format!("unbound {id}").as_bytes())
}

/// Makes the row of a session or token from its event.
pub fn insert_past(conn: &mut AnyConn, past: &PastCredential) -> Result<()> {
    let (kind, life) = match past.kind {
        CredentialKind::Session => ("session", LONGEST),
        CredentialKind::Token => ("token", TOKEN_LIFE),
    };
    let secret = past.secret_hash.unwrap_or_else(|| unbound_secret(&past.id));
    let row = (
        sessions::id.eq(&past.id),
        sessions::user_id.eq(&past.user),
        sessions::kind.eq(kind),
        sessions::secret_hash.eq(secret.as_bytes().to_vec()),
        sessions::created_at.eq(past.at),
        sessions::refreshed_at.eq(past.at),
        sessions::expires_at.eq(past.until.unwrap_or(past.at + life)),
        sessions::name.eq(&past.name),
        sessions::address.eq(&past.address),
    );
    diesel::insert_into(sessions::table).values(row).execute(conn)?;
    Ok(())
}

/// Notes that one of a user's sessions went on and all others ended, where the event does not say which. The times of
/// those that may have ended are negative until another event ends them.
pub fn end_perhaps(conn: &mut AnyConn, user: &str, at: Micros) -> Result<()> {
    let mine = sessions::table.filter(sessions::user_id.eq(user).and(sessions::ended_at.is_null()));
    diesel::update(mine).set(sessions::ended_at.eq(-at)).execute(conn)?;
    Ok(())
}

/// What a person carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// Sessions, opened by signing in.
    Session,
    /// Tokens, for programs.
    Token,
}

/// A session or token that has not ended, as its owner sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LiveCredential {
    /// Its id.
    pub id: String,
    /// A token's name.
    pub name: Option<String>,
    /// Where a session was opened from.
    pub address: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to a few minutes.
    pub used_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// The columns of one of these: id, name, address, beginning, last refresh, last use, end.
type LiveRow = (String, Option<String>, Option<String>, i64, i64, Option<i64>, i64);

/// A user's sessions or tokens that have not ended, the latest first.
pub fn live(conn: &mut AnyConn, user: &str, kind: CredentialKind, now: Micros) -> Result<Vec<LiveCredential>> {
    /// A person has few of them.
    const MOST: i64 = 1000;
    let (word, since) = match kind {
        CredentialKind::Session => ("session", now - IDLE),
        CredentialKind::Token => ("token", 0),
    };
    let rows: Vec<LiveRow> = sessions::table
        .filter(sessions::user_id.eq(user).and(sessions::kind.eq(word)))
        .filter(sessions::ended_at.is_null().and(sessions::expires_at.gt(now)))
        .filter(sessions::refreshed_at.ge(since))
        .order((sessions::created_at.desc(), sessions::id.desc()))
        .limit(MOST)
        .select((
            sessions::id,
            sessions::name,
            sessions::address,
            sessions::created_at,
            sessions::refreshed_at,
            sessions::used_at,
            sessions::expires_at,
        ))
        .load(conn)?;
    let shown = |(id, name, address, created, refreshed, used, expires): LiveRow| LiveCredential {
        id,
        name,
        address,
        created_at: Timestamp(created),
        used_at: match kind {
            CredentialKind::Session => Some(Timestamp(refreshed)),
            CredentialKind::Token => used.map(Timestamp),
        },
        expires_at: Timestamp(expires),
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// When each of these users last signed in.
pub fn last_signed_in(conn: &mut AnyConn, users: &[String]) -> Result<HashMap<String, Micros>> {
    let rows: Vec<(String, Option<Micros>)> = sessions::table
        .filter(sessions::user_id.eq_any(users).and(sessions::kind.eq("session")))
        .group_by(sessions::user_id)
        .select((sessions::user_id, diesel::dsl::max(sessions::created_at)))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(user, at)| Some((user, at?))).collect())
}

/// Whether a user opened a session from this place since then.
pub fn signed_in_from(conn: &mut AnyConn, user: &str, place: Network, since: Micros) -> Result<bool> {
    let recent = sessions::kind.eq("session").and(sessions::created_at.gt(since));
    let known: Vec<Option<String>> = sessions::table
        .filter(sessions::user_id.eq(user).and(recent))
        .select(sessions::address)
        .distinct()
        .load(conn)?;
    Ok(known.iter().flatten().any(|address| Network::of(address) == place))
}

/// The result of a refresh.
#[derive(Debug, Clone)]
pub enum Refreshed {
    /// The session goes on, with a new token.
    Yes(Opened),
    /// The token belongs to no session that goes on.
    No,
    /// The token was used before: somebody has a copy, and the session was ended.
    Stolen(String),
    /// The same of a session that had ended already.
    Spent(String),
}

/// Goes on with a session. A token that was used before ends it: somebody has a copy.
pub fn refresh(conn: &mut AnyConn, shown: &ShownRefresh, now: Micros) -> Result<Refreshed> {
    let id = shown.session.as_str();
    let mine = sessions::table.filter(sessions::id.eq(id).and(sessions::kind.eq("session")));
    let generation: Option<i64> = mine.select(sessions::generation).first(conn).optional()?;
    let stolen = |conn: &mut AnyConn| {
        Ok(match end(conn, id, now)? {
            true => Refreshed::Stolen(id.to_owned()),
            false => Refreshed::Spent(id.to_owned()),
        })
    };
    match generation {
        Some(generation) if shown.generation < generation => return stolen(conn),
        Some(generation) if shown.generation == generation => {}
        _ => return Ok(Refreshed::No),
    }
    if resolve(conn, &Credential::Session(id.to_owned()), now).is_err() {
        return Ok(Refreshed::No);
    }
    let next = shown.generation + 1;
    let rotated = diesel::update(
        sessions::table
            .find(id)
            .filter(sessions::generation.eq(shown.generation)),
    )
    .set((sessions::generation.eq(next), sessions::refreshed_at.eq(now)))
    .execute(conn)?;
    if rotated == 0 {
        // Two showed the same token at once; the other one was first, so this one is a copy.
        return stolen(conn);
    }
    Ok(Refreshed::Yes(Opened {
        session: id.to_owned(),
        generation: next,
    }))
}

/// Notes that a session's browser is in use, so that it is not over for idleness. A session that is over stays over.
pub fn keep_alive(conn: &mut AnyConn, id: &str, now: Micros) -> Result<()> {
    let lives = sessions::ended_at.is_null().and(sessions::refreshed_at.ge(now - IDLE));
    diesel::update(sessions::table.filter(sessions::id.eq(id).and(lives)))
        .set(sessions::refreshed_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Ends a session or token at once; `false` if it was over or is none.
pub fn end(conn: &mut AnyConn, id: &str, now: Micros) -> Result<bool> {
    let open = sessions::ended_at.is_null().or(sessions::ended_at.lt(0));
    let ended = diesel::update(sessions::table.filter(sessions::id.eq(id).and(open)))
        .set(sessions::ended_at.eq(now))
        .execute(conn)?;
    Ok(ended > 0)
}

/// Ends all sessions and tokens of a user but one.
pub fn end_all(conn: &mut AnyConn, user: &str, but: &str, now: Micros) -> Result<usize> {
    let mine = sessions::table.filter(
        sessions::user_id
            .eq(user)
            .and(sessions::ended_at.is_null().or(sessions::ended_at.lt(0)))
            .and(sessions::id.ne(but)),
    );
    Ok(diesel::update(mine).set(sessions::ended_at.eq(now)).execute(conn)?)
}
