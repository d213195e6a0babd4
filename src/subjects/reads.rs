//! What may be looked at of subjects and accounts.

use super::mentions::{self, Mention};
use super::model::CaseEntry;
use super::store::KeptEntry;
use crate::error::{Kind, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::ledger;
use crate::policy::Act;

/// A page of the entries of a case.
pub async fn of_case<F: KeptEntry>(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    page: &Page,
) -> Result<Vec<CaseEntry<F>>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| F::of_case(ctx.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(requester, F::READ, scope, read).await
}

/// What one version of an entry said; `None` where there is none.
pub async fn version_of<F: KeptEntry>(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    (id, version): (String, i64),
) -> Result<Option<CaseEntry<F>>> {
    let (scope, stream) = (Scope::Case(case.clone()), ledger::case_stream(&case));
    let read = move |ctx: &mut ReadCtx<'_>| {
        let made = [F::ADDED, F::CHANGED, F::RENAMED];
        let found = ledger::read::version_of(ctx.conn, (&stream, &id), &made, version)?;
        Ok(found.map(|body| serde_json::from_str(&body)).transpose()?)
    };
    gate.read(requester, F::READ, scope, read).await
}

/// An entry of a case; `None` where it has none of this id.
pub async fn entry<F: KeptEntry>(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    id: String,
) -> Result<Option<CaseEntry<F>>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| match F::find(ctx.conn, &case, &id) {
        Err(e) if e.kind == Kind::NotFound => Ok(None),
        found => found.map(Some),
    };
    gate.read(requester, F::READ, scope, read).await
}

/// The accounts that the captures of a case name, as far as their content is open to its readers.
pub async fn mentions(gate: &Gate, requester: &RequestCtx, case: String) -> Result<Vec<Mention>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| mentions::mentions(ctx.conn, &case);
    gate.read(requester, Act::CaptureRead, scope, read).await
}
