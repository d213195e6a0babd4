//! What may be looked at of authorizations. Each is given with the time it was read at, which decides its state.

use super::model::Authorization;
use super::store::{self, Search};
use crate::clock::Micros;
use crate::error::Result;
use crate::gate::{Gate, Look, Scope, Visit};
use crate::http::paging::Page;
use crate::policy::Act;

/// An authorization.
pub async fn authorization(gate: &Gate, visit: &Visit, id: String) -> Result<(Authorization, Micros)> {
    let scope = Scope::Authorization(id.clone());
    let read = move |look: &mut Look<'_>| Ok((store::get(look.conn, &id)?, look.now));
    gate.read(visit, Act::AuthorizationRead, scope, read).await
}

/// A page of the authorizations of a case, in the order of their numbers.
pub async fn of_case(gate: &Gate, visit: &Visit, case: String, page: &Page) -> Result<(Vec<Authorization>, Micros)> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |look: &mut Look<'_>| {
        let found = store::of_case(look.conn, &case, page.after.as_deref(), page.limit + 1)?;
        Ok((found, look.now))
    };
    gate.read(visit, Act::AuthorizationRead, scope, read).await
}

/// Authorizations over the cases that the caller may read, newest first.
pub async fn authorizations(gate: &Gate, visit: &Visit, search: Search) -> Result<(Vec<Authorization>, Micros)> {
    let read = move |look: &mut Look<'_>| Ok((store::list(look.conn, look.caller, &search, look.now)?, look.now));
    gate.read(visit, Act::AuthorizationList, Scope::Agency, read).await
}
