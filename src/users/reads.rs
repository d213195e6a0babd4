//! What may be looked at of users, units and trainings.

use std::collections::HashMap;

use super::model::{Training, Unit, UnitName, UserFound, UserView};
use super::store::{self, UnitRow, UserSearch};
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::identity::{self, Caller, CredentialKind, LiveCredential};
use crate::policy::Act;

/// A user, for administrators. `None` stands for a path that holds no id: it names nobody.
pub async fn user(gate: &Gate, requester: &RequestCtx, id: Option<String>) -> Result<UserView> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let user = existing(ctx, id.as_deref())?;
        let view = user.view(store::unit_name(ctx.conn, &user.unit_id)?)?;
        let shown = store::with_last_sign_in(ctx.conn, vec![view])?.pop();
        shown.ok_or_else(Error::not_found)
    };
    gate.read(requester, Act::UserList, Scope::Agency, read).await
}

fn existing(ctx: &mut ReadCtx<'_>, id: Option<&str>) -> Result<store::UserRow> {
    store::user(ctx.conn, id.ok_or_else(Error::not_found)?)
}

/// Users, for administrators.
pub async fn users(gate: &Gate, requester: &RequestCtx, search: UserSearch) -> Result<Vec<UserView>> {
    let read = move |ctx: &mut ReadCtx<'_>| store::list(ctx.conn, &search);
    gate.read(requester, Act::UserList, Scope::Agency, read).await
}

/// A person by sign-in name: anyone signed in may find them, to make them a member or a holder.
pub async fn by_username(gate: &Gate, requester: &RequestCtx, username: String) -> Result<UserFound> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let user = store::by_username(ctx.conn, &username)?.ok_or_else(Error::not_found)?;
        user.found(store::unit_name(ctx.conn, &user.unit_id)?)
    };
    gate.read(requester, Act::UserLookup, Scope::Agency, read).await
}

/// A page of those who can sign in, for a form that names one of them.
pub async fn colleagues(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<UserFound>> {
    let page = page.clone();
    let read = move |ctx: &mut ReadCtx<'_>| store::colleagues(ctx.conn, page.after.as_deref(), page.limit + 1);
    gate.read(requester, Act::ColleagueList, Scope::Agency, read).await
}

/// The id of a colleague by sign-in name, for a form; nobody's name is no refusal.
pub async fn id_of(gate: &Gate, requester: &RequestCtx, username: String) -> Result<Option<String>> {
    let read = move |ctx: &mut ReadCtx<'_>| Ok(store::by_username(ctx.conn, &username)?.map(|user| user.id));
    gate.read(requester, Act::UserLookup, Scope::Agency, read).await
}

/// The names of people by their ids, which anyone signed in may know of a colleague.
pub async fn names(gate: &Gate, requester: &RequestCtx, ids: Vec<String>) -> Result<HashMap<String, String>> {
    let read = move |ctx: &mut ReadCtx<'_>| store::names(ctx.conn, ids);
    gate.read(requester, Act::UserLookup, Scope::Agency, read).await
}

/// A page of a user's trainings.
pub async fn trainings(gate: &Gate, requester: &RequestCtx, id: Option<String>, page: &Page) -> Result<Vec<Training>> {
    let page = page.clone();
    let read = move |ctx: &mut ReadCtx<'_>| {
        let user = existing(ctx, id.as_deref())?;
        store::trainings(ctx.conn, &user.id, page.after.as_deref(), page.limit + 1)
    };
    gate.read(requester, Act::TrainingList, Scope::Agency, read).await
}

/// The sessions or tokens of a user, for administrators.
pub async fn credentials(
    gate: &Gate,
    requester: &RequestCtx,
    user: String,
    kind: CredentialKind,
) -> Result<Vec<LiveCredential>> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let user = store::user(ctx.conn, &user)?;
        identity::live(ctx.conn, &user.id, kind, ctx.now)
    };
    gate.read(requester, Act::UserList, Scope::Agency, read).await
}

/// The caller's own sessions or tokens.
pub async fn own_credentials(gate: &Gate, requester: &RequestCtx, kind: CredentialKind) -> Result<Vec<LiveCredential>> {
    let read = move |ctx: &mut ReadCtx<'_>| identity::live(ctx.conn, &ctx.caller.user, kind, ctx.now);
    gate.read(requester, Act::SessionOwn, Scope::Agency, read).await
}

/// A page of the units.
pub async fn units(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<Unit>> {
    let page = page.clone();
    let read = move |ctx: &mut ReadCtx<'_>| {
        let rows = store::units(ctx.conn, page.after.as_deref(), page.limit + 1)?;
        Ok(rows.iter().map(UnitRow::unit).collect())
    };
    gate.read(requester, Act::UnitList, Scope::Agency, read).await
}

/// Who is calling, with the unit's name.
pub async fn me(gate: &Gate, requester: &RequestCtx) -> Result<(Caller, UnitName)> {
    let read = |ctx: &mut ReadCtx<'_>| {
        let id = ctx.caller.unit_id.clone();
        let name = store::unit_name(ctx.conn, &id)?;
        Ok((ctx.caller.clone(), UnitName { id, name }))
    };
    gate.read(requester, Act::SessionOwn, Scope::Agency, read).await
}

/// The hash of the caller's own password. A locked user is told nothing about a password, not even here.
pub async fn own_password_hash(gate: &Gate, requester: &RequestCtx) -> Result<String> {
    let read = |ctx: &mut ReadCtx<'_>| {
        let row = store::user(ctx.conn, &ctx.caller.user)?;
        match row.locked {
            true => Err(Error::conflict(
                "Your user is locked after wrong passwords: an administrator releases it.",
            )),
            false => Ok(row.password_hash),
        }
    };
    gate.read(requester, Act::SessionOwn, Scope::Agency, read).await
}
