//! The JSON routes of notices.

use actix_web::HttpRequest;

use super::model::{NewAnswer, NewNotice, Notice};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::policy::Act;
use crate::versions::SeenVersions;

/// `POST /packets/{id}/notices`
pub async fn give(PathId(id): PathId, request: WriteRequest) -> Reply {
    let (scope, place) = (Scope::Packet(id.clone()), format!("packets/{id}/notices"));
    let made = request
        .write_to(Act::PacketNotice, scope, NewNotice::parse, ops::give)
        .await?;
    reply::created(&place, (&made.id, made.version), &made)
}

/// `GET /packets/{id}/notices`
pub async fn list(req: HttpRequest, id: PathId, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_packet(&app.gate, &requester, id.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |n| n.id.clone(), |n| n))
}

/// `GET /packets/{id}/notices/{notice_id}`
pub async fn one(PathIds(packet, id): PathIds, app: App, requester: RequestCtx) -> Reply {
    let found = reads::notice(&app.gate, &requester, (packet, id)).await?;
    reply::versioned(found.version, &found)
}

/// `PATCH /packets/{id}/notices/{notice_id}`: what was answered.
pub async fn answer(ids: PathIds, request: WriteRequest) -> Reply {
    let made = record_answer(ids, request).await?;
    reply::versioned(made.version, &made)
}

/// Records what was answered, for the API and for a page.
pub async fn record_answer(PathIds(packet, id): PathIds, request: WriteRequest) -> Result<Notice> {
    let scope = Scope::Packet(packet.clone());
    let verb = move |tx: &mut Tx<'_>, seen: &SeenVersions, new: &NewAnswer| ops::answer(tx, (&packet, &id), seen, new);
    request.change(Act::PacketNotice, scope, NewAnswer::parse, verb).await
}
