//! The roster over HTTP: one read or one write each, and their JSON.

use actix_web::HttpRequest;

use super::model::{NewEntry, RosterEntry, end_of_entry};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;

/// `GET /roster`
pub async fn list(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let (found, _) = reads::entries(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
}

/// `GET /roster/{id}`
pub async fn one(id: PathId, app: App, requester: RequestCtx) -> Reply {
    let found = reads::entry(&app.gate, &requester, id.0).await?;
    reply::versioned(found.version, &found)
}

/// `POST /roster`
pub async fn enter(request: WriteRequest) -> Reply {
    let now = request.app.gate.now();
    let (act, parse) = (Act::RosterKeep, |form| NewEntry::parse(form, now));
    let made = request.write(act, Scope::Agency, parse, ops::enter).await?;
    reply::created("roster", (&made.id, made.version), &made)
}

/// `POST /roster/{id}/end`
pub async fn end(id: PathId, request: WriteRequest) -> Reply {
    let made = ended(id.0, request).await?;
    reply::versioned(made.version, &made)
}

/// Ends an entry, for the API and for a page.
pub async fn ended(id: String, request: WriteRequest) -> Result<RosterEntry> {
    let verb = move |tx: &mut Tx<'_>, reason: &String| ops::end(tx, &id, reason);
    request.write(Act::RosterKeep, Scope::Agency, end_of_entry, verb).await
}
