//! The JSON routes of disclosures, their links and receipts.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;

use super::link::{LinkView, MadeLink, NewLink};
use super::model::{Acknowledgement, NewAcknowledgement, NewDisclosure};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page, refuse_parameters};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::policy::Act;

/// `POST /packets/{id}/disclosures`
pub async fn disclose(PathId(id): PathId, request: WriteRequest) -> Reply {
    let (scope, place) = (Scope::Packet(id.clone()), format!("/api/v1/packets/{id}/disclosures"));
    let verb = move |tx: &mut Tx<'_>, new: &NewDisclosure| ops::disclose(tx, &id, new);
    let made = request
        .write(Act::PacketDisclose, scope, NewDisclosure::parse, verb)
        .await?;
    Ok(HttpResponse::Created().insert_header((LOCATION, place)).json(made))
}

/// `GET /packets/{id}/disclosures`
pub async fn disclosures(req: HttpRequest, id: PathId, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_packet(&app.gate, &requester, id.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |d| d.id.clone(), |d| d))
}

/// `POST /packets/{id}/disclosures/{disclosure_id}/links`
pub async fn make_link(ids: PathIds, request: WriteRequest) -> Reply {
    Ok(HttpResponse::Created().json(new_link(ids, request).await?))
}

/// Makes a link, for the API and for a page. Nothing of its secrets is kept for a retry.
pub async fn new_link(PathIds(packet, disclosure): PathIds, mut request: WriteRequest) -> Result<MadeLink> {
    let scope = Scope::Packet(packet.clone());
    request.check(Act::PacketDisclose, &scope).await?;
    let new = NewLink::parse(request.plain_form().await?)?;
    let verb = move |tx: &mut Tx<'_>| ops::make_link(tx, (&packet, &disclosure), &new);
    request.transact(Act::PacketDisclose, scope, verb).await
}

/// `GET /packets/{id}/links`
pub async fn links(req: HttpRequest, id: PathId, app: App, requester: RequestCtx) -> Reply {
    refuse_parameters(&req)?;
    whole(&reads::links(&app.gate, &requester, id.0).await?)
}

/// `POST /packets/{id}/links/{link_id}/revocation`
pub async fn revoke(ids: PathIds, request: WriteRequest) -> Reply {
    reply::ok(&end_link(ids, request).await?)
}

/// Takes a link back, for the API and for a page.
pub async fn end_link(PathIds(packet, link): PathIds, mut request: WriteRequest) -> Result<LinkView> {
    let scope = Scope::Packet(packet.clone());
    request.check(Act::PacketDisclose, &scope).await?;
    request.optional_form().await?.done()?;
    let verb = move |tx: &mut Tx<'_>| ops::revoke(tx, &packet, &link);
    request.transact(Act::PacketDisclose, scope, verb).await
}

/// `POST /packets/{id}/disclosures/{disclosure_id}/acknowledgements`
pub async fn acknowledge(ids: PathIds, request: WriteRequest) -> Reply {
    Ok(HttpResponse::Created().json(new_acknowledgement(ids, request).await?))
}

/// Records a receipt that came otherwise, for the API and for a page.
pub async fn new_acknowledgement(
    PathIds(packet, disclosure): PathIds,
    request: WriteRequest,
) -> Result<Acknowledgement> {
    let scope = Scope::Packet(packet.clone());
    let verb = move |tx: &mut Tx<'_>, new: &NewAcknowledgement| ops::acknowledge(tx, (&packet, &disclosure), new);
    request
        .write(Act::PacketDisclose, scope, NewAcknowledgement::parse, verb)
        .await
}

/// `GET /packets/{id}/acknowledgements`
pub async fn acknowledgements(req: HttpRequest, id: PathId, app: App, requester: RequestCtx) -> Reply {
    refuse_parameters(&req)?;
    whole(&reads::acknowledgements(&app.gate, &requester, id.0).await?)
}

/// A list that has one page.
fn whole<T: Serialize>(items: &[T]) -> Reply {
    reply::ok(&json!({"items": items, "next": null}))
}
