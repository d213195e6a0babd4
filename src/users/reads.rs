//! What may be looked at of users, units and trainings.

use super::model::{Training, Unit, UnitName, UserFound, UserView};
use super::store::{self, Search, UnitRow};
use crate::error::{Error, Result};
use crate::gate::{Gate, Look, Scope, Visit};
use crate::http::paging::Page;
use crate::identity::Caller;
use crate::policy::Act;

/// A user, to whoever keeps users. What is no id names nobody.
pub async fn user(gate: &Gate, visit: &Visit, id: Option<String>) -> Result<UserView> {
    let read = move |look: &mut Look<'_>| {
        let user = existing(look, id.as_deref())?;
        user.view(store::unit_name(look.conn, &user.unit_id)?)
    };
    gate.read(visit, Act::UserList, Scope::Agency, read).await
}

fn existing(look: &mut Look<'_>, id: Option<&str>) -> Result<store::UserRow> {
    let user = id.map(|id| store::user(look.conn, id)).transpose()?.flatten();
    user.ok_or_else(Error::not_found)
}

/// Users, to whoever keeps them.
pub async fn users(gate: &Gate, visit: &Visit, search: Search) -> Result<Vec<UserView>> {
    let read = move |look: &mut Look<'_>| store::list(look.conn, &search);
    gate.read(visit, Act::UserList, Scope::Agency, read).await
}

/// A person by sign-in name: anyone signed in may find them, to make them a member or a holder.
pub async fn by_username(gate: &Gate, visit: &Visit, username: String) -> Result<UserFound> {
    let read = move |look: &mut Look<'_>| {
        let user = store::by_username(look.conn, &username)?.ok_or_else(Error::not_found)?;
        user.found(store::unit_name(look.conn, &user.unit_id)?)
    };
    gate.read(visit, Act::UserLookup, Scope::Agency, read).await
}

/// A page of a user's trainings.
pub async fn trainings(gate: &Gate, visit: &Visit, id: Option<String>, page: &Page) -> Result<Vec<Training>> {
    let page = page.clone();
    let read = move |look: &mut Look<'_>| {
        let user = existing(look, id.as_deref())?;
        store::trainings(look.conn, &user.id, page.after.as_deref(), page.limit + 1)
    };
    gate.read(visit, Act::TrainingList, Scope::Agency, read).await
}

/// A page of the units.
pub async fn units(gate: &Gate, visit: &Visit, page: &Page) -> Result<Vec<Unit>> {
    let page = page.clone();
    let read = move |look: &mut Look<'_>| {
        let rows = store::units(look.conn, page.after.as_deref(), page.limit + 1)?;
        Ok(rows.iter().map(UnitRow::unit).collect())
    };
    gate.read(visit, Act::UnitList, Scope::Agency, read).await
}

/// Who is calling, with the unit's name.
pub async fn me(gate: &Gate, visit: &Visit) -> Result<(Caller, UnitName)> {
    let read = |look: &mut Look<'_>| {
        let id = look.caller.unit_id.clone();
        let name = store::unit_name(look.conn, &id)?;
        Ok((look.caller.clone(), UnitName { id, name }))
    };
    gate.read(visit, Act::SessionOwn, Scope::Agency, read).await
}

/// The hash of the caller's own password.
pub async fn own_password_hash(gate: &Gate, visit: &Visit) -> Result<Option<String>> {
    let read = |look: &mut Look<'_>| Ok(store::user(look.conn, &look.caller.user)?.map(|u| u.password_hash));
    gate.read(visit, Act::SessionOwn, Scope::Agency, read).await
}
