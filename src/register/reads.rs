//! What may be looked at of the register.

use super::model::{ErrorReader, RegisterEntry, ShownRegisterError, placed};
use super::store::{self, RegisterSearch};
use crate::cases::Overseen;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::Act;

/// A page of the register over the cases that the caller oversees.
pub async fn list(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<RegisterEntry>> {
    let search = RegisterSearch {
        after: page.place(placed)?,
        id: None,
        limit: page.limit + 1,
    };
    let read = move |ctx: &mut ReadCtx<'_>| {
        let overseen = Overseen::by(ctx.caller, ctx.now);
        store::list(ctx.conn, &overseen, &search, ctx.now)
    };
    gate.read(requester, Act::RegisterList, Scope::Agency, read).await
}

/// A page of the errors that were reported in an entry.
pub async fn errors(gate: &Gate, requester: &RequestCtx, id: String, page: &Page) -> Result<Vec<ShownRegisterError>> {
    let (scope, page) = (Scope::Authorization(id.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::errors_of(ctx.conn, &id, page.after.as_deref(), page.limit + 1)?;
        let reader = reader(ctx);
        Ok(found
            .into_iter()
            .map(|error| ShownRegisterError::of(error, reader))
            .collect())
    };
    gate.read(requester, Act::RegisterRead, scope, read).await
}

fn reader(ctx: &ReadCtx<'_>) -> ErrorReader {
    match ctx.may(Act::AuthorizationRead) {
        true => ErrorReader::OfCase,
        false => ErrorReader::OfIdentifiers,
    }
}

/// An entry as its own page shows it.
pub struct WholeEntry {
    /// The entry.
    pub entry: RegisterEntry,
    /// The newest errors that were reported in it.
    pub errors: Vec<ShownRegisterError>,
    /// Whether the caller may report another one.
    pub reports: bool,
    /// Whether the caller may answer one.
    pub answers: bool,
    /// Whether the caller may open the authorization itself.
    pub opens: bool,
}

/// Errors that the page of an entry shows.
const SHOWN: usize = 50;

/// One entry, with its errors and what the caller may do.
pub async fn entry(gate: &Gate, requester: &RequestCtx, id: String) -> Result<WholeEntry> {
    let scope = Scope::Authorization(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let reader = reader(ctx);
        let errors = store::errors_of(ctx.conn, &id, None, SHOWN)?;
        Ok(WholeEntry {
            entry: store::entry(ctx.conn, &id, ctx.now)?,
            errors: errors
                .into_iter()
                .map(|error| ShownRegisterError::of(error, reader))
                .collect(),
            reports: ctx.may(Act::RegisterErrorReport),
            answers: ctx.may(Act::RegisterErrorAnswer),
            opens: reader == ErrorReader::OfCase,
        })
    };
    gate.read(requester, Act::RegisterRead, scope, read).await
}
