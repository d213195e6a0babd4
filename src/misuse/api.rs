//! The JSON routes of reports of misuse.

use actix_web::HttpRequest;

use super::model::{MisuseRecord, NewMisuse, NewMisuseClosing};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;

/// `GET /misuse-reports`
pub async fn list(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::list(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
}

/// `GET /misuse-reports/{id}`
pub async fn one(id: PathId, app: App, requester: RequestCtx) -> Reply {
    let (found, _) = reads::one(&app.gate, &requester, id.0).await?;
    reply::versioned(found.version, &found)
}

/// `POST /misuse-reports`
pub async fn report(request: WriteRequest) -> Reply {
    let made = reported(request).await?;
    reply::created("misuse-reports", (&made.id, made.version), &made)
}

/// Reports misuse, for the API and for a page.
pub async fn reported(request: WriteRequest) -> Result<MisuseRecord> {
    let (act, scope) = (Act::MisuseReport, Scope::Agency);
    request.write(act, scope, NewMisuse::parse, ops::report).await
}

/// `POST /misuse-reports/{id}/examination`
pub async fn examine(id: PathId, request: WriteRequest) -> Reply {
    let made = examined(id.0, request).await?;
    reply::versioned(made.version, &made)
}

/// Begins to examine a report, for the API and for a page.
pub async fn examined(id: String, mut request: WriteRequest) -> Result<MisuseRecord> {
    let (act, scope) = (Act::MisuseExamine, Scope::Agency);
    request.check(act, &scope).await?;
    request.optional_form().await?.done()?;
    let verb = move |tx: &mut Tx<'_>| ops::examine(tx, &id);
    request.transact(act, scope, verb).await
}

/// `POST /misuse-reports/{id}/closing`
pub async fn close(id: PathId, request: WriteRequest) -> Reply {
    let made = closed(id.0, request).await?;
    reply::versioned(made.version, &made)
}

/// Closes a report, for the API and for a page.
pub async fn closed(id: String, request: WriteRequest) -> Result<MisuseRecord> {
    let verb = move |tx: &mut Tx<'_>, new: &NewMisuseClosing| ops::close(tx, &id, new);
    let (act, scope) = (Act::MisuseExamine, Scope::Agency);
    request.write(act, scope, NewMisuseClosing::parse, verb).await
}
