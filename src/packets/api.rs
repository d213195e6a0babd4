//! The JSON routes of packets, and the way their bytes leave.

use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, LOCATION};
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::model::{NewDisclosure, NewPacket, Packet, Purpose};
use super::{ops, store};
use crate::blobs::{Blobs, Key, Reader, WHOLE};
use crate::db::blocking;
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::{Scope, View, Visit};
use crate::http::paging::{Listed, Page};
use crate::http::ranges::pieces;
use crate::http::reply::{self, Reply};
use crate::http::{App, body};
use crate::ledger::Action;
use crate::policy::Act;

fn id(path: Path<String>) -> Result<String> {
    parse_id(&path).ok_or_else(Error::not_found)
}

/// `POST /cases/{id}/packets`
pub async fn request(req: HttpRequest, path: Path<String>, payload: Payload, app: App, mut visit: Visit) -> Reply {
    let scope = Scope::Case(id(path)?);
    let asked = NewPacket::read(body::form(&req, payload, &mut visit).await?);
    may_ask(&app, &visit, &scope, asked.as_ref().ok().map(|a| a.purpose)).await?;
    let new = asked?.supported()?;
    let packet: Value = app
        .gate
        .write(&visit, Act::PacketRequest, scope, move |tx| ops::request(tx, &new))
        .await?;
    app.builder.notify_one();
    let place = format!("/api/v1/packets/{}", packet["id"].as_str().unwrap_or_default());
    Ok(HttpResponse::Accepted().insert_header((LOCATION, place)).json(packet))
}

/// Whoever may ask for this case's packets is told what is wrong with the request; everyone else only that they may
/// not. A referral is told to be missing to both who could ever ask for one.
async fn may_ask(app: &App, visit: &Visit, scope: &Scope, purpose: Option<Purpose>) -> Result<()> {
    if purpose == Some(Purpose::Referral) {
        let either =
            |look: &mut crate::gate::Look<'_>| Ok(look.may(Act::PacketRequest) || look.may(Act::PacketReferral));
        if app.gate.read(visit, Act::CaseRead, scope.clone(), either).await? {
            return Ok(());
        }
    }
    app.gate.check(visit, Act::PacketRequest, scope.clone()).await.map(drop)
}

/// `GET /cases/{id}/packets`
pub async fn list(req: HttpRequest, path: Path<String>, app: App, visit: Visit) -> Reply {
    let (case, page) = (id(path)?, Page::read(&req, &[])?);
    let view = View::new(
        Action::PacketViewed,
        "case",
        &case,
        json!({"list": "packets", "after": page.after}),
    );
    let (wanted, scope) = (page.clone(), Scope::Case(case.clone()));
    let read = move |look: &mut crate::gate::Look<'_>| {
        let rows = store::of_case(look.conn, &case, wanted.after.as_deref(), more(&wanted))?;
        let rows = rows
            .into_iter()
            .map(|p| Ok((p.id.clone(), p.show()?)))
            .collect::<Result<Vec<_>>>()?;
        Ok(Listed::of(rows, &wanted, |r| r.0.clone(), |r| r.1))
    };
    let listed = app.gate.view(&visit, Act::PacketRead, scope, view, read).await?;
    page.reply(&req, listed)
}

/// One row more than the page tells whether more follow.
fn more(page: &Page) -> i64 {
    i64::try_from(page.limit).unwrap_or(100) + 1
}

/// `GET /packets/{id}`
pub async fn one(path: Path<String>, app: App, visit: Visit) -> Reply {
    let id = id(path)?;
    let view = View::new(Action::PacketViewed, "packet", &id, json!({}));
    let scope = Scope::Packet(id.clone());
    let shown = app
        .gate
        .view(&visit, Act::PacketRead, scope, view, move |look| {
            store::packet(look.conn, &id)?.show()
        })
        .await?;
    reply::ok(&shown)
}

/// `GET /packets/{id}/file`
pub async fn file(path: Path<String>, app: App, visit: Visit) -> Reply {
    let id = id(path)?;
    let (scope, wanted) = (Scope::Packet(id.clone()), id.clone());
    let packet = app
        .gate
        .read(&visit, Act::PacketRead, scope.clone(), move |look| {
            store::packet(look.conn, &wanted)
        })
        .await?;
    if !packet.is_ready() {
        return Err(ops::not_ready(&packet));
    }
    let (blobs, wanted) = (app.blobs.clone(), packet.clone());
    let file = blocking(move || open(&blobs, &wanted)).await?;
    let address = visit.address.clone();
    app.gate
        .write(&visit, Act::PacketRead, scope, move |tx| {
            ops::download(tx, &id, &address)
        })
        .await?;
    send(&packet, file)
}

/// Opens the packet's file, which must be as long as it was made.
fn open(blobs: &Blobs, packet: &Packet) -> Result<Reader> {
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
fn send(packet: &Packet, file: Reader) -> Reply {
    let size = packet.size.and_then(|s| u64::try_from(s).ok()).unwrap_or(0);
    let digest = packet
        .digest()
        .map(|d| STANDARD.encode(d.as_bytes()))
        .unwrap_or_default();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}.zip\"", packet.name),
        ))
        .insert_header((HeaderName::from_static("repr-digest"), format!("sha-256=:{digest}:")))
        .body(SizedStream::new(size, pieces(file))))
}

/// `POST /packets/{id}/disclosures`
pub async fn disclose(req: HttpRequest, path: Path<String>, payload: Payload, app: App, mut visit: Visit) -> Reply {
    let id = id(path)?;
    let scope = Scope::Packet(id.clone());
    let form = body::form(&req, payload, &mut visit).await?;
    app.gate.check(&visit, Act::PacketDisclose, scope.clone()).await?;
    let (new, packet) = (NewDisclosure::read(form)?, id.clone());
    let made: Value = app
        .gate
        .write(&visit, Act::PacketDisclose, scope, move |tx| {
            ops::disclose(tx, &packet, &new)
        })
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/packets/{id}/disclosures")))
        .json(made))
}

/// `GET /packets/{id}/disclosures`
pub async fn disclosures(req: HttpRequest, path: Path<String>, app: App, visit: Visit) -> Reply {
    let (id, page) = (id(path)?, Page::read(&req, &[])?);
    let view = View::new(
        Action::PacketViewed,
        "packet",
        &id,
        json!({"list": "disclosures", "after": page.after}),
    );
    let (wanted, scope) = (page.clone(), Scope::Packet(id.clone()));
    let read = move |look: &mut crate::gate::Look<'_>| {
        let rows = store::disclosures_of(look.conn, &id, wanted.after.as_deref(), more(&wanted))?;
        let parse = |(id, body): (String, String)| Ok((id, serde_json::from_str::<Value>(&body)?));
        let rows = rows.into_iter().map(parse).collect::<Result<Vec<_>>>()?;
        Ok(Listed::of(rows, &wanted, |r| r.0.clone(), |r| r.1))
    };
    let listed = app.gate.view(&visit, Act::PacketRead, scope, view, read).await?;
    page.reply(&req, listed)
}
