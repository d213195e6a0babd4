//! The JSON routes of packets, and the way their bytes leave.

use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, LOCATION};
use actix_web::{HttpRequest, HttpResponse};

use super::model::{NewDisclosure, NewPacket, Packet, PacketView, Purpose};
use super::{ops, reads};
use crate::blobs::{BlobReader, Blobs, Key, WHOLE};
use crate::db::blocking;
use crate::error::{Error, Result};
use crate::forms::Form;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::ranges::pieces;
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;
use crate::proof::b64;

/// `POST /cases/{id}/packets`
pub async fn request(case: PathId, request: WriteRequest) -> Reply {
    let packet = ask(case.0, request, async |form| Ok(form)).await?;
    let place = format!("/api/v1/packets/{}", packet.id);
    Ok(HttpResponse::Accepted().insert_header((LOCATION, place)).json(packet))
}

/// Asks for a packet, for the API and for a page. Everybody who may ask for any kind of packet is told that this version
/// builds no referrals; others are refused before the body is read. `named` puts the
/// captures in where the form names something else.
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
    if form.peek("purpose") != Some(Purpose::Referral.as_str()) {
        request.check(Act::PacketRequest, &scope).await?;
    }
    let asked = NewPacket::parse(named(form).await?)?;
    let (app, new) = (request.app.clone(), asked.supported()?);
    let verb = move |tx: &mut Tx<'_>| ops::request(tx, &new);
    let packet = request.transact(Act::PacketRequest, scope, verb).await?;
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

/// `GET /packets/{id}/file`
pub async fn file(PathId(id): PathId, request: WriteRequest) -> Reply {
    let packet = reads::ready(&request.app.gate, &request.ctx, id.clone()).await?;
    let (blobs, wanted) = (request.app.blobs.clone(), packet.clone());
    let file = blocking(move || open(&blobs, &wanted)).await?;
    let (scope, address) = (Scope::Packet(id.clone()), request.ctx.address.clone());
    let verb = move |tx: &mut Tx<'_>| ops::download(tx, &id, &address);
    request.transact(Act::PacketRead, scope, verb).await?;
    send(&packet, file)
}

/// `POST /packets/{id}/cancellation`
pub async fn cancel(PathId(id): PathId, request: WriteRequest) -> Reply {
    reply::ok(&call_off(id, request).await?)
}

/// Calls a build off, for the API and for a page.
pub async fn call_off(id: String, mut request: WriteRequest) -> Result<PacketView> {
    let scope = Scope::Packet(id.clone());
    request.check(Act::PacketRequest, &scope).await?;
    request.optional_form().await?.done()?;
    let verb = move |tx: &mut Tx<'_>| ops::cancel(tx, &id);
    request.transact(Act::PacketRequest, scope, verb).await
}

/// Opens the packet's file, which must be as long as it was made.
fn open(blobs: &Blobs, packet: &Packet) -> Result<BlobReader> {
    let key = Key::Packet(packet.id.clone());
    let size = blobs.size(&key)?.and_then(|size| i64::try_from(size).ok());
    if size.is_none() || size != packet.size {
        return Err(Error::internal(format!(
            "the file of packet {} is not as long as it was made",
            packet.id
        )));
    }
    Ok(blobs.open(&key, WHOLE)?)
}

/// Answers with the packet's bytes, all of them or a broken connection.
fn send(packet: &Packet, file: BlobReader) -> Reply {
    let size = packet.size.and_then(|s| u64::try_from(s).ok()).unwrap_or(0);
    let digest = packet.digest().map(|d| b64::encode(d.as_bytes())).unwrap_or_default();
    let disposition = format!("attachment; filename=\"{}.zip\"", packet.name);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((HeaderName::from_static("repr-digest"), format!("sha-256=:{digest}:")))
        .body(SizedStream::new(size, pieces(file))))
}

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
    let found = reads::disclosures(&app.gate, &requester, id.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |d| d.id.clone(), |d| d))
}
