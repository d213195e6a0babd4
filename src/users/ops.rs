//! What is done to users, units and trainings.

mod sign_in;

use diesel::prelude::*;
use serde_json::json;

use super::model::{
    MadeToken, NewToken, NewTraining, NewUnit, NewUser, Training, Unit, UnitPatch, UserPatch, UserView,
};
use super::store::{self, UserRow};
use crate::clock::{Micros, Timestamp};
use crate::db::AnyConn;
use crate::db::tables::sessions;
use crate::error::{Error, FieldError, Kind, Result};
use crate::gate::{Recorded, Tx};
use crate::identity::{self, CredentialKind, NewSecret};
use crate::ledger::{Action, Appended};
use crate::proof::id::Digest;
use crate::versions::SeenVersions;

pub use sign_in::{SignInPlace, refresh, refuse_sign_in, sign_in, sign_out};

/// How long a password that somebody else set is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Password {
    /// Until the user signs in, who must then change it.
    ForOneUse,
    /// As long as the user keeps it.
    ToKeep,
}

/// Makes a user.
pub fn create(tx: &mut Tx<'_>, new: &NewUser, password_hash: &str, password: Password) -> Result<Recorded<UserView>> {
    let unit = match &new.unit_id {
        Some(id) => store::unit(tx.conn, "unit_id", id)?,
        None => store::top_unit(tx.conn)?.ok_or_else(|| Error::internal("there is no unit"))?,
    };
    if store::by_username(tx.conn, &new.username)?.is_some() {
        return Err(Error {
            code: "taken",
            errors: vec![FieldError::new("username", "unique", "is taken: choose another")],
            ..Error::conflict(format!("username: {} is taken; choose another", new.username))
        });
    }
    let row = UserRow {
        id: tx.new_id(),
        username: new.username.clone(),
        name: new.name.clone(),
        roles: serde_json::to_string(&new.roles)?,
        unit_id: unit.id,
        password_hash: password_hash.to_owned(),
        must_change: password == Password::ForOneUse,
        failures: 0,
        failures_since: 0,
        locked: false,
        disabled: false,
        version: 1,
    };
    let made = tx.record(Action::UserCreated, ("user", &row.id), 1, &row.record()?)?;
    store::insert_user(tx.conn, &row, made.at, &made.leaf)?;
    Ok(made.answering(row.view(unit.name)?))
}

/// Changes a user, but nobody's own roles or unit, and never the last administrator into none. `new_hash` is the hash of a
/// new one-time password. A user who is disabled, or whose password is reset, is signed out everywhere at once.
pub fn change(
    tx: &mut Tx<'_>,
    id: &str,
    seen: &SeenVersions,
    patch: &UserPatch,
    new_hash: Option<&str>,
) -> Result<Recorded<UserView>> {
    let before = store::user(tx.conn, id)?;
    seen.check(before.version)?;
    if patch.disabled == Some(true) && before.id == tx.caller.user {
        return Err(Error::conflict(
            "You cannot disable yourself: another administrator must.",
        ));
    }
    let mut row = before.clone();
    row.version += 1;
    row.name = patch.name.clone().unwrap_or(row.name);
    if let Some(roles) = &patch.roles {
        row.roles = serde_json::to_string(roles)?;
    }
    if let Some(unit) = &patch.unit_id {
        row.unit_id = store::unit(tx.conn, "unit_id", unit)?.id;
    }
    row.disabled = patch.disabled.unwrap_or(row.disabled);
    // A new password is what somebody who was locked out needs.
    row.locked = row.locked && !patch.unlock && new_hash.is_none();
    if let Some(hash) = new_hash {
        (row.password_hash, row.must_change) = (hash.to_owned(), true);
    }
    let broken = [
        own_change(&tx.caller.user, &before, &row)?,
        last_administrator(tx.conn, &before, &row)?,
    ];
    FieldError::refuse(broken.into_iter().flatten().collect())?;
    if !row.locked {
        row.failures = 0;
    }
    let (made, view) = save(tx, &row, action_of(&before, &row, new_hash))?;
    if row.disabled || new_hash.is_some() {
        identity::end_all(tx.conn, id, "", made.at)?;
    }
    Ok(made.answering(view))
}

/// Nobody changes their own roles or unit: an administrator could let themselves into cases.
fn own_change(caller: &str, before: &UserRow, after: &UserRow) -> Result<Option<FieldError>> {
    if before.id != caller {
        return Ok(None);
    }
    let sorted = |row: &UserRow| {
        let mut roles = row.roles()?;
        roles.sort_unstable();
        Ok::<_, Error>(roles)
    };
    let message = "is your own, which nobody changes for themselves: ask another administrator";
    let refused = |field: &str| Some(FieldError::new(field, "own", message));
    Ok(match sorted(before)? != sorted(after)? {
        true => refused("roles"),
        false if before.unit_id != after.unit_id => refused("unit_id"),
        false => None,
    })
}

/// Nothing leaves an installation that had an administrator without one: nobody could make another from the pages.
fn last_administrator(conn: &mut AnyConn, before: &UserRow, after: &UserRow) -> Result<Option<FieldError>> {
    let stays = !before.administers()? || after.administers()?;
    if stays || store::other_administrators(conn, &before.id)? {
        return Ok(None);
    }
    let field = if after.disabled { "disabled" } else { "roles" };
    let message = "would leave this installation without an administrator: make somebody else one first";
    Ok(Some(FieldError::new(field, "last", message)))
}

fn action_of(before: &UserRow, after: &UserRow, new_hash: Option<&str>) -> Action {
    match (before.disabled, after.disabled) {
        (false, true) => Action::UserDisabled,
        (true, false) => Action::UserEnabled,
        _ if new_hash.is_some() => Action::PasswordReset,
        _ if before.locked && !after.locked => Action::UserUnlocked,
        _ => Action::UserChanged,
    }
}

fn save(tx: &mut Tx<'_>, row: &UserRow, action: Action) -> Result<(Appended, UserView)> {
    let made = tx.record(action, ("user", &row.id), row.version, &row.record()?)?;
    store::update_user(tx.conn, row, &made.leaf)?;
    let unit = store::unit_name(tx.conn, &row.unit_id)?;
    Ok((made, row.view(unit)?))
}

/// Sets a one-time password, as the operator at the machine.
pub fn reset(tx: &mut Tx<'_>, id: &str, hash: &str) -> Result<Recorded<UserView>> {
    let patch = UserPatch {
        unlock: true,
        ..UserPatch::default()
    };
    change_current(tx, id, &patch, Some(hash))
}

/// Releases a locked user, as the operator at the machine.
pub fn unlock(tx: &mut Tx<'_>, id: &str) -> Result<Recorded<UserView>> {
    if !store::user(tx.conn, id)?.locked {
        return Err(Error::conflict("This user is not locked."));
    }
    let patch = UserPatch {
        unlock: true,
        ..UserPatch::default()
    };
    change_current(tx, id, &patch, None)
}

/// Disables a user, as the operator at the machine.
pub fn disable(tx: &mut Tx<'_>, id: &str) -> Result<Recorded<UserView>> {
    let patch = UserPatch {
        disabled: Some(true),
        ..UserPatch::default()
    };
    change_current(tx, id, &patch, None)
}

fn change_current(tx: &mut Tx<'_>, id: &str, patch: &UserPatch, new_hash: Option<&str>) -> Result<Recorded<UserView>> {
    tx.lock(crate::ledger::AGENCY)?;
    let version = store::user(tx.conn, id)?.version;
    change(tx, id, &SeenVersions::These(vec![version]), patch, new_hash)
}

/// Changes the caller's own password; all their other sessions end.
pub fn change_own_password(tx: &mut Tx<'_>, hash: &str) -> Result<Recorded<()>> {
    let row = store::user(tx.conn, &tx.caller.user)?;
    let bound = Digest::of(hash.as_bytes());
    let record = json!({"id": row.id, "session": tx.caller.session, "password_sha256": bound});
    let made = tx.record(Action::PasswordChanged, ("user", &row.id), row.version, &record)?;
    store::set_password(tx.conn, &row.id, hash)?;
    identity::end_all(tx.conn, &row.id, &tx.caller.session, made.at)?;
    Ok(made.answering(()))
}

/// Issues an opaque token; its text is shown once.
pub fn token(tx: &mut Tx<'_>, user: &str, until: Option<Micros>) -> Result<Recorded<(String, String)>> {
    let row = store::user(tx.conn, user)?;
    let (id, token) = (tx.new_id(), NewSecret::token());
    let record = json!({
        "id": id, "user_id": row.id, "until": until.map(crate::clock::format), "token_sha256": token.sha256(),
    });
    let made = tx.record(Action::TokenIssued, ("token", &id), 1, &record)?;
    identity::keep_token(tx.conn, (&id, &row.id), &token, made.at, until)?;
    Ok(made.answering((id, token.text())))
}

/// Makes a token for the caller. Whoever still has to change a one-time password makes none.
pub fn own_token(tx: &mut Tx<'_>, new: &NewToken) -> Result<Recorded<MadeToken>> {
    if tx.caller.must_change {
        let detail = "This password was set for one use. Change it first.";
        return Err(Error::new(Kind::Forbidden, "password-change-first", detail));
    }
    if new.until <= tx.now {
        return Err(Error::field("until", "range", "must lie in the future"));
    }
    let (id, user, token) = (tx.new_id(), tx.caller.user.clone(), NewSecret::token());
    let until = Timestamp(new.until);
    let record = json!({
        "id": id, "user_id": user, "name": new.name, "until": until, "token_sha256": token.sha256(),
    });
    let made = tx.record(Action::TokenIssued, ("token", &id), 1, &record)?;
    identity::keep_token(tx.conn, (&id, &user), &token, made.at, Some(new.until))?;
    identity::name_token(tx.conn, &id, &new.name)?;
    Ok(made.answering(MadeToken {
        id,
        name: new.name.clone(),
        until,
        token: token.text(),
    }))
}

/// Ends a token of this user.
pub fn end_token(tx: &mut Tx<'_>, user: &str, id: &str) -> Result<Recorded<()>> {
    live(tx, user, CredentialKind::Token, id)?;
    let record = json!({"id": id, "user_id": user});
    let made = tx.record(Action::TokenRevoked, ("token", id), 1, &record)?;
    identity::end(tx.conn, id, made.at)?;
    Ok(made.answering(()))
}

/// Ends a session of this user.
pub fn end_session(tx: &mut Tx<'_>, user: &str, id: &str) -> Result<Recorded<()>> {
    live(tx, user, CredentialKind::Session, id)?;
    close(tx, user, id)
}

/// Ends all sessions of this user but the caller's own.
pub fn end_sessions(tx: &mut Tx<'_>, user: &str) -> Result<Recorded<()>> {
    let own = tx.caller.session.clone();
    let all = identity::live(tx.conn, user, CredentialKind::Session, tx.now)?;
    let mut ended = None;
    for session in all.iter().filter(|session| session.id != own) {
        ended = Some(close(tx, user, &session.id)?);
    }
    ended.ok_or_else(|| Error::conflict("There is no other session."))
}

fn close(tx: &mut Tx<'_>, user: &str, id: &str) -> Result<Recorded<()>> {
    let record = json!({"session": id, "user_id": user, "why": "it was ended"});
    let made = tx.record(Action::SessionClosed, ("session", id), 1, &record)?;
    identity::end(tx.conn, id, made.at)?;
    Ok(made.answering(()))
}

/// Refuses an id that is no live session or token of this user.
fn live(tx: &mut Tx<'_>, user: &str, kind: CredentialKind, id: &str) -> Result<()> {
    let all = identity::live(tx.conn, user, kind, tx.now)?;
    let found = all.iter().any(|one| one.id == id);
    found.then_some(()).ok_or_else(Error::not_found)
}

/// Ends a token, named by its id or its text.
pub fn revoke_token(tx: &mut Tx<'_>, id_or_token: &str) -> Result<Recorded<()>> {
    let hash = Digest::of(id_or_token.as_bytes()).as_bytes().to_vec();
    let id: Option<String> = sessions::table
        .filter(
            sessions::kind
                .eq("token")
                .and(sessions::id.eq(id_or_token).or(sessions::secret_hash.eq(hash))),
        )
        .select(sessions::id)
        .first(tx.conn)
        .optional()?;
    let id = id.ok_or_else(Error::not_found)?;
    let made = tx.record(Action::TokenRevoked, ("token", &id), 1, &json!({"id": id}))?;
    // A refusal takes the event back.
    match identity::end(tx.conn, &id, made.at)? {
        true => Ok(made.answering(())),
        false => Err(Error::conflict("That token is over already.")),
    }
}

/// Makes a unit.
pub fn create_unit(tx: &mut Tx<'_>, new: &NewUnit) -> Result<Recorded<Unit>> {
    let parent = match &new.parent_id {
        Some(id) => Some(store::unit(tx.conn, "parent_id", id)?),
        None => store::top_unit(tx.conn)?,
    };
    let id = tx.new_id();
    let unit = Unit {
        id,
        name: new.name.clone(),
        parent_id: parent.map(|p| p.id),
        version: 1,
    };
    let made = tx.record(Action::UnitCreated, ("unit", &unit.id), 1, &unit)?;
    store::save_unit(tx.conn, &unit, &made.leaf)?;
    Ok(made.answering(unit))
}

/// Renames a unit.
pub fn rename_unit(tx: &mut Tx<'_>, id: &str, seen: &SeenVersions, patch: &UnitPatch) -> Result<Recorded<Unit>> {
    let row = store::unit_by_id(tx.conn, id)?;
    seen.check(row.version)?;
    let unit = Unit {
        name: patch.name.clone(),
        version: row.version + 1,
        ..row.unit()
    };
    let made = tx.record(Action::UnitChanged, ("unit", id), unit.version, &unit)?;
    store::save_unit(tx.conn, &unit, &made.leaf)?;
    Ok(made.answering(unit))
}

/// Records a training of a user.
pub fn train(tx: &mut Tx<'_>, user: &str, new: &NewTraining) -> Result<Recorded<Training>> {
    let row = store::user(tx.conn, user)?;
    let training = Training {
        id: tx.new_id(),
        user_id: row.id,
        completed: new.clone(),
        recorded_by: tx.caller.user.clone(),
        recorded_at: Timestamp(tx.now),
        ended_at: None,
    };
    let made = tx.record(Action::TrainingRecorded, ("training", &training.id), 1, &training)?;
    store::save_training(tx.conn, &training, &made.leaf)?;
    Ok(made.answering(training))
}

/// Ends a training before its time: it was recorded in error, or it counts no more.
pub fn end_training(tx: &mut Tx<'_>, user: &str, id: &str) -> Result<Recorded<Training>> {
    let before = store::training(tx.conn, user, id)?;
    if before.ended_at.is_some() {
        return Err(Error::conflict("This training is ended already."));
    }
    let training = Training {
        ended_at: Some(Timestamp(tx.now)),
        ..before
    };
    let made = tx.record(Action::TrainingEnded, ("training", id), 2, &training)?;
    store::save_training(tx.conn, &training, &made.leaf)?;
    Ok(made.answering(training))
}

/// Makes the top unit and the first administrator. Where there is a unit already, does nothing and gives `false`.
pub fn first_start(tx: &mut Tx<'_>, agency: &str, password_hash: &str) -> Result<bool> {
    tx.lock(crate::ledger::AGENCY)?;
    if store::top_unit(tx.conn)?.is_some() {
        return Ok(false);
    }
    create_unit(
        tx,
        &NewUnit {
            name: agency.to_owned(),
            parent_id: None,
        },
    )?;
    let admin = NewUser {
        username: "admin".into(),
        name: "Administrator".into(),
        roles: vec![crate::policy::Role::Administrator],
        unit_id: None,
    };
    create(tx, &admin, password_hash, Password::ForOneUse)?;
    Ok(true)
}
