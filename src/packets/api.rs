//! The JSON routes of packets, and the way their bytes leave.

use actix_web::http::header::{CONTENT_DISPOSITION, LOCATION};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::json;

use super::certificates::folder;
use super::model::{NewPacket, Packet, PacketView, Purpose};
use super::release::{self, NewRelease};
use super::released::Release;
use super::{ops, reads};
use crate::blobs::{ExpectedBytes, Key};
use crate::error::{Error, Result};
use crate::forms::{Form, Word};
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::head::is_head;
use crate::http::paging::{Listed, Page};
use crate::http::ranges::{self, StoredBytes};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;

/// `POST /cases/{id}/packets`
pub async fn request(case: PathId, request: WriteRequest) -> Reply {
    let packet = ask(case.0, request, async |form| Ok(form)).await?;
    let place = format!("/api/v1/packets/{}", packet.id);
    Ok(HttpResponse::Accepted().insert_header((LOCATION, place)).json(packet))
}

/// Asks for a packet, for the API and for a page. What it takes follows from the purpose; who may ask for no kind of packet
/// is refused before the body is read. `named` puts the captures in where the form names something else.
pub async fn ask(
    case: String,
    mut request: WriteRequest,
    named: impl AsyncFnOnce(Form) -> Result<Form>,
) -> Result<PacketView> {
    let scope = Scope::Case(case.clone());
    if !reads::may_ask_for_any(&request.app.gate, &request.ctx, case).await? {
        request.check(Act::PacketRequest, &scope).await?;
    }
    let form = request.form().await?;
    let purpose = form.peek("purpose").and_then(Purpose::from_word);
    let act = purpose.map_or(Act::PacketRequest, Purpose::act);
    // Nobody is told of a mistake in what they may not ask for.
    if purpose.is_some() {
        request.check(act, &scope).await?;
    }
    let new = NewPacket::parse(named(form).await?)?;
    let app = request.app.clone();
    if let Some(asked) = &new.certificates {
        folder::known(&app.settings.certificates(), &asked.jurisdiction)?;
    }
    let verb = move |tx: &mut Tx<'_>| ops::request(tx, &new);
    let packet = request.transact(act, scope, verb).await?;
    app.builder.notify_one();
    Ok(packet)
}

/// `GET /cases/{id}/packets`
pub async fn list(req: HttpRequest, case: PathId, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_case(&app.gate, &requester, case.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |p| p.id.clone(), |p| p))
}

/// `GET /packets/{id}`
pub async fn one(id: PathId, app: App, requester: RequestCtx) -> Reply {
    reply::ok(&reads::packet(&app.gate, &requester, id.0).await?)
}

/// `GET /packets/{id}/file`: its bytes, whole or in ranges, each time recorded as a download before the first of them
/// leaves. HEAD is answered without them, and recorded as a look at the packet.
pub async fn file(req: HttpRequest, PathId(id): PathId, request: WriteRequest) -> Reply {
    let app = request.app.clone();
    let packet = reads::ready(&app.gate, &request.ctx, id.clone()).await?;
    if is_head(&req) {
        reads::packet(&app.gate, &request.ctx, id.clone()).await?;
    }
    let disposition = format!("attachment; filename=\"{}.zip\"", packet.name);
    let describe = |response: &mut HttpResponseBuilder| {
        response.insert_header((CONTENT_DISPOSITION, disposition));
    };
    let (scope, address) = (Scope::Packet(id.clone()), request.ctx.address.clone());
    let verb = move |tx: &mut Tx<'_>| ops::download(tx, &id, &address);
    let leave = async || request.transact(Act::PacketRead, scope, verb).await;
    ranges::send(&req, &app, stored(&packet)?, describe, leave).await
}

/// `GET /packets/{id}/difference`: what is new in the case since it was issued.
pub async fn difference(id: PathId, app: App, requester: RequestCtx) -> Reply {
    reply::ok(&reads::difference(&app.gate, &requester, id.0).await?)
}

/// `POST /packets/{id}/cancellation`
pub async fn cancel(PathId(id): PathId, request: WriteRequest) -> Reply {
    reply::ok(&call_off(id, request).await?)
}

/// Calls a build off, for the API and for a page.
pub async fn call_off(id: String, mut request: WriteRequest) -> Result<PacketView> {
    let scope = Scope::Packet(id.clone());
    let act = reads::act_of(&request.app.gate, &request.ctx, id.clone()).await?;
    request.check(act, &scope).await?;
    request.optional_form().await?.done()?;
    let verb = move |tx: &mut Tx<'_>| ops::cancel(tx, &id);
    request.transact(act, scope, verb).await
}

/// `POST /packets/{id}/release`
pub async fn release(PathId(id): PathId, request: WriteRequest) -> Reply {
    reply::ok(&decide_release(id, request, async |form| Ok(form)).await?)
}

/// Releases a referral or refuses to, for the API and for a page, whose form says a little more.
pub async fn decide_release(
    id: String,
    mut request: WriteRequest,
    told: impl AsyncFnOnce(Form) -> Result<Form>,
) -> Result<Release> {
    let scope = Scope::Packet(id.clone());
    request.check(Act::PacketRelease, &scope).await?;
    let new = NewRelease::parse(told(request.optional_form().await?).await?)?;
    let verb = move |tx: &mut Tx<'_>| release::decide(tx, &id, &new);
    request.transact(Act::PacketRelease, scope, verb).await
}

/// The packet's bytes, and what they must be.
pub fn stored(packet: &Packet) -> Result<StoredBytes> {
    let size = packet.size.and_then(|size| u64::try_from(size).ok());
    let (sha256, size) = packet
        .digest()
        .zip(size)
        .ok_or_else(|| Error::internal(format!("packet {} is ready without a digest", packet.id)))?;
    Ok(StoredBytes {
        expected: ExpectedBytes {
            key: Key::Packet(packet.id.clone()),
            sha256,
            size,
        },
        asked: json!({"case_id": packet.case_id, "packet_id": packet.id}),
        kind: "application/zip".to_owned(),
    })
}
