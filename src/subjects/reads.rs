//! What may be looked at of subjects and accounts.

use super::model::{Account, Subject};
use super::store;
use crate::error::Result;
use crate::gate::{Gate, Look, Scope, Visit};
use crate::http::paging::Page;
use crate::policy::Act;

/// A page of the subjects of a case.
pub async fn subjects(gate: &Gate, visit: &Visit, case: String, page: &Page) -> Result<Vec<Subject>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |look: &mut Look<'_>| store::subjects(look.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(visit, Act::SubjectRead, scope, read).await
}

/// A page of the accounts of a case.
pub async fn accounts(gate: &Gate, visit: &Visit, case: String, page: &Page) -> Result<Vec<Account>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |look: &mut Look<'_>| store::accounts(look.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(visit, Act::AccountRead, scope, read).await
}
