//! Audits over HTTP.

use actix_web::{HttpRequest, HttpResponse};

use super::model::{AuditView, nothing};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;

pub(super) async fn list(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::list(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, cursor, |audit| audit))
}

/// Where the page after this audit begins.
pub(super) fn cursor(audit: &AuditView) -> String {
    audit.asked.requested_at.0.to_string()
}

pub(super) async fn one(id: PathId, requester: RequestCtx, app: App) -> Reply {
    reply::ok(&reads::one(&app.gate, &requester, id.0).await?)
}

pub(super) async fn start(request: WriteRequest) -> Reply {
    Ok(HttpResponse::Accepted().json(asked(request).await?))
}

/// Asks for an audit, for the API and for a page, and wakes whoever carries it out.
pub(super) async fn asked(request: WriteRequest) -> Result<AuditView> {
    let app = request.app.clone();
    let verb = |tx: &mut Tx<'_>, (): &()| ops::start(tx);
    let made = request.write(Act::AuditRun, Scope::Agency, nothing, verb).await?;
    app.audits.notify_one();
    Ok(made)
}

pub(super) async fn cancel(id: PathId, request: WriteRequest) -> Reply {
    reply::ok(&called_off(id.0, request).await?)
}

/// Calls an audit off, for the API and for a page.
pub(super) async fn called_off(id: String, request: WriteRequest) -> Result<AuditView> {
    let verb = move |tx: &mut Tx<'_>, (): &()| ops::cancel(tx, &id);
    request.write(Act::AuditRun, Scope::Agency, nothing, verb).await
}
