//! The JSON routes of impeachment flags.

use actix_web::HttpRequest;

use super::model::{ImpeachmentFlag, NewFlag, clearing};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::policy::Act;

/// `GET /cases/{id}/impeachment-flags`
pub async fn list(req: HttpRequest, case: PathId, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_case(&app.gate, &requester, case.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
}

/// `POST /cases/{id}/impeachment-flags`
pub async fn raise(case: PathId, request: WriteRequest) -> Reply {
    let made = raised(case.0, request).await?;
    reply::versioned(made.version, &made)
}

/// Raises a flag, for the API and for a page.
pub async fn raised(case: String, request: WriteRequest) -> Result<ImpeachmentFlag> {
    let (act, scope) = (Act::ImpeachmentFlagMake, Scope::Case(case));
    request.write(act, scope, NewFlag::parse, ops::raise).await
}

/// `POST /cases/{id}/impeachment-flags/{flag_id}/clearing`
pub async fn clear(ids: PathIds, request: WriteRequest) -> Reply {
    let made = cleared(ids, request).await?;
    reply::versioned(made.version, &made)
}

/// Clears a flag, for the API and for a page.
pub async fn cleared(PathIds(case, id): PathIds, request: WriteRequest) -> Result<ImpeachmentFlag> {
    let verb = move |tx: &mut Tx<'_>, reason: &String| ops::clear(tx, &id, reason);
    let (act, scope) = (Act::ImpeachmentFlagClear, Scope::Case(case));
    request.write(act, scope, clearing, verb).await
}
