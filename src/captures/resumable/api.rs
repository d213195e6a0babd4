//! tus 1.0 over HTTP, for the API (bearer) and for pages (cookie, with the form token in the header `X-Form-Token`).

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use futures_util::StreamExt;
use serde::Serialize;

use super::store::{self, UploadRow};
use super::{LIFE, OPEN, drop_upload, own, unused};
use crate::blobs::{Incoming, UploadTurn};
use crate::captures::refused::note_failed;
use crate::clock::{self, Timestamp};
use crate::error::{Error, Kind, Result};
use crate::forms::{FILE_NAME, LINE, parse_id};
use crate::gate::{Authorized, RequestCtx, Scope, actor_of};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest, body, browser, pages};
use crate::proof::id::Digest;
use crate::threads::blocking;

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,termination,expiration";
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// Bytes after which a long request notes how far it is.
const NOTED: u64 = 64 << 20;

fn header<'a>(req: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    req.headers().get(name).and_then(|value| value.to_str().ok())
}

/// A header that is a number of bytes.
fn bytes_in(req: &HttpRequest, name: &HeaderName) -> Result<u64> {
    let number = header(req, name)
        .and_then(|text| text.parse().ok())
        .filter(|n| *n < 1 << 53);
    number.ok_or_else(|| Error::field(name.as_str(), "whole_number", "must be given: a whole number of bytes"))
}

/// Refuses another version of the protocol, and a page's request without the token of its session.
fn check(req: &HttpRequest, requester: &RequestCtx, app: &App) -> Result<()> {
    if browser::is_page(req.path()) {
        let shown = header(req, &HeaderName::from_static("x-form-token"));
        browser::check_form_token(app, Some(&requester.credential), shown)?;
    }
    if header(req, &RESUMABLE) == Some(VERSION) {
        return Ok(());
    }
    let detail = format!("This server speaks tus {VERSION}: send Tus-Resumable: {VERSION}.");
    Err(Error::new(Kind::Stale, "tus-version", detail))
}

fn tus(mut answer: HttpResponseBuilder) -> HttpResponseBuilder {
    answer.insert_header((RESUMABLE, VERSION));
    answer
}

/// How far an upload is, and until when it is kept.
fn with_state(mut answer: HttpResponseBuilder, row: &UploadRow) -> HttpResponse {
    let ends = DateTime::from_timestamp_micros(row.created_at + LIFE).unwrap_or_default();
    answer
        .insert_header((OFFSET, row.received.to_string()))
        .insert_header((EXPIRES, ends.format("%a, %d %b %Y %H:%M:%S GMT").to_string()))
        .finish()
}

/// What this server takes.
pub async fn options(_requester: RequestCtx, app: App) -> Reply {
    Ok(tus(HttpResponse::NoContent())
        .insert_header(("tus-version", VERSION))
        .insert_header(("tus-extension", EXTENSIONS))
        .insert_header(("tus-max-size", app.limits.file.to_string()))
        .finish())
}

/// An upload about to begin.
struct NewUpload {
    case: String,
    name: String,
    media_type: Option<String>,
    sha256: Option<Digest>,
    size: u64,
}

impl NewUpload {
    fn of(req: &HttpRequest) -> Result<Self> {
        let said = metadata(header(req, &METADATA).unwrap_or_default())?;
        let value = |name: &str| said.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let wrong = |message: &str| Error::field("upload-metadata", "form", message);
        let case = value("case").and_then(|id| parse_id(&id));
        let sha256 = value("sha256").map(|text| text.to_lowercase().parse());
        let name = value("filename").unwrap_or_default();
        if name.chars().count() > FILE_NAME || name.contains('\0') {
            return Err(wrong("filename must have at most 1100 characters, and no NUL"));
        }
        Ok(Self {
            case: case.ok_or_else(|| wrong("must name the case that the file is for: `case` and its id in base64"))?,
            sha256: sha256
                .transpose()
                .map_err(|_| wrong("sha256 must be 64 hexadecimal digits"))?,
            media_type: value("filetype").filter(|kind| kind.len() <= LINE),
            size: bytes_in(req, &LENGTH)?,
            name,
        })
    }
}

/// The pairs of `Upload-Metadata`: a name, a space, a text in base64; commas between them.
fn metadata(text: &str) -> Result<Vec<(String, String)>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, coded) = pair.split_once(' ').unwrap_or((pair, ""));
            let value = STANDARD
                .decode(coded.trim())
                .ok()
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let value = value.ok_or_else(|| Error::field("upload-metadata", "form", "must hold texts in base64"))?;
            Ok((name.to_owned(), value))
        })
        .collect()
}

/// Begins an upload. Whether its sender may log in the case is asked first.
pub async fn begin(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    check(&req, &requester, &app)?;
    let new = NewUpload::of(&req)?;
    let authorized = admit(&app, &requester, &new.case, new.size).await?;
    within_limit(new.size, app.limits.file)?;
    let row = keep(&app, &authorized, new).await?;
    let row = end_if_whole(&app, &requester, &authorized, row).await?;
    let base = if browser::is_page(req.path()) {
        "/uploads"
    } else {
        "/api/v1/uploads"
    };
    let mut answer = tus(HttpResponse::Created());
    answer.insert_header((LOCATION, format!("{base}/{}", row.id)));
    Ok(with_state(answer, &row))
}

fn within_limit(size: u64, limit: u64) -> Result<()> {
    if size <= limit {
        return Ok(());
    }
    let detail = format!("A file has at most {limit} bytes here (setting max_file). Nothing was kept.");
    Err(Error::new(Kind::TooLarge, "too-large", detail))
}

/// Whether the caller may log in this case, and `more` bytes find room.
async fn admit(app: &App, requester: &RequestCtx, case: &str, more: u64) -> Result<Authorized> {
    let (blobs, needed) = (app.blobs.clone(), app.limits.reserve.saturating_add(more));
    let room = move || blobs.check_reserve(needed);
    let scope = Scope::Case(case.to_owned());
    app.gate.admit_upload(requester, scope, more, room).await
}

async fn keep(app: &App, authorized: &Authorized, new: NewUpload) -> Result<UploadRow> {
    let now = app.gate.now();
    let row = UploadRow {
        id: clock::new_id(now),
        user_id: authorized.caller.user.clone(),
        case_id: new.case,
        name: new.name,
        declared_type: new.media_type,
        declared_sha256: new.sha256.map(|sha256| sha256.as_bytes().to_vec()),
        size: i64::try_from(new.size).unwrap_or(i64::MAX),
        received: 0,
        sha256: None,
        crc32: None,
        media_type: None,
        used: false,
        created_at: now,
    };
    let kept = row.clone();
    let begin = move |tx: &mut crate::gate::Tx<'_>| {
        if store::count(tx.conn, &kept.user_id)? >= OPEN {
            let detail = format!("You have {OPEN} uploads that no capture names yet: log them, or end some.");
            return Err(Error::new(Kind::TooMany, "too-many-uploads", detail));
        }
        store::insert(tx.conn, &kept)
    };
    let actor = actor_of(&authorized.caller, authorized.context.as_ref());
    app.gate.housekeep(actor, begin).await?;
    Ok(row)
}

/// How many bytes of an upload are kept. A request that still writes to it stops.
pub async fn offset(id: PathId, req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let row = own(&app.gate, &requester, id.0.clone()).await?;
    check(&req, &requester, &app)?;
    admit(&app, &requester, &row.case_id, 0).await?;
    let _turn = app.blobs.turn(&id.0).await?;
    let row = own(&app.gate, &requester, id.0).await?;
    let mut answer = tus(HttpResponse::Ok());
    answer
        .insert_header((LENGTH, row.size.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"));
    Ok(with_state(answer, &row))
}

/// Takes the bytes of an upload that follow.
pub async fn append(id: PathId, req: HttpRequest, requester: RequestCtx, app: App, payload: Payload) -> Reply {
    let row = own(&app.gate, &requester, id.0).await?;
    check(&req, &requester, &app)?;
    let announced = header(&req, &CONTENT_LENGTH)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let authorized = admit(&app, &requester, &row.case_id, announced).await?;
    let from = bytes_in(&req, &OFFSET)?;
    expect_bytes(&req)?;
    // A task of its own: where the connection breaks, what has come is kept.
    let taking = actix_web::rt::spawn(async move {
        let _place = app.uploads.enter(&authorized.caller.user, app.limits.uploads)?;
        let row = take(&app, &requester, (row, from), payload).await?;
        end_if_whole(&app, &requester, &authorized, row).await
    });
    let done = taking.await.map_err(Error::internal)?;
    Ok(with_state(tus(HttpResponse::NoContent()), &done?))
}

fn expect_bytes(req: &HttpRequest) -> Result<()> {
    if header(req, &CONTENT_TYPE) == Some("application/offset+octet-stream") {
        return Ok(());
    }
    let detail = "The bytes of an upload come as application/offset+octet-stream.";
    Err(Error::new(Kind::Unsupported, "unsupported-media-type", detail))
}

/// Writes what comes, from the place that the sender names; the upload as it stands then. What has come is kept, also
/// where the sender stops in the middle.
async fn take(
    app: &App,
    requester: &RequestCtx,
    (row, from): (UploadRow, u64),
    mut payload: Payload,
) -> Result<UploadRow> {
    let mut turn = app.blobs.turn(&row.id).await?;
    // As the request before left it.
    let row = own(&app.gate, requester, row.id).await?;
    if row.whole().is_some() {
        return at_its_end(row, from);
    }
    let (blobs, id, kept) = (app.blobs.clone(), row.id.clone(), row.offset());
    let (resumed, mut turn) = blocking(move || Ok((blobs.resume(&mut turn, &id, kept)?, turn))).await?;
    let here = resumed.size();
    if here != from {
        turn.keep(resumed);
        note_offset(app, &row.id, here).await?;
        return Err(elsewhere(here));
    }
    let mut incoming = app.blobs.go_on(resumed, row.length(), app.limits.reserve);
    let ended = loop {
        let (so_far, ended) = receive(incoming, &turn, &mut payload, app.limits.idle).await?;
        let resumed = so_far.pause().await?;
        note_offset(app, &row.id, resumed.size()).await?;
        if let Some(ended) = ended {
            turn.keep(resumed);
            break ended;
        }
        incoming = app.blobs.go_on(resumed, row.length(), app.limits.reserve);
    };
    drop(turn);
    ended?;
    own(&app.gate, requester, row.id).await
}

fn at_its_end(row: UploadRow, from: u64) -> Result<UploadRow> {
    match from == row.length() {
        true => Ok(row),
        false => Err(elsewhere(row.length())),
    }
}

fn elsewhere(here: u64) -> Error {
    Error::conflict(format!(
        "The server has the first {here} bytes: ask with HEAD, and send what follows them."
    ))
}

/// Takes bytes until some are to be noted (`None`), or no more come: with how that ended.
async fn receive(
    mut incoming: Incoming,
    turn: &UploadTurn,
    payload: &mut Payload,
    idle: u64,
) -> Result<(Incoming, Option<Result<()>>)> {
    let mut taken = 0;
    while taken < NOTED {
        let next = tokio::select! {
            next = tokio::time::timeout(Duration::from_secs(idle), payload.next()) => next,
            () = turn.wanted() => return Ok((incoming, Some(Err(taken_over())))),
        };
        let ended = match next {
            Ok(Some(Ok(bytes))) => {
                taken += bytes.len() as u64;
                match incoming.push(&bytes).await {
                    Ok(()) => continue,
                    Err(e) => Err(e),
                }
            }
            Ok(None) => Ok(()),
            Ok(Some(Err(_))) => Err(body::cut_off()),
            Err(_) => Err(body::silent()),
        };
        return Ok((incoming, Some(ended)));
    }
    Ok((incoming, None))
}

fn taken_over() -> Error {
    Error::conflict("Another request goes on with this upload. What this one sent is kept.")
}

async fn note_offset(app: &App, id: &str, at: u64) -> Result<()> {
    let id = id.to_owned();
    let note = move |tx: &mut crate::gate::Tx<'_>| store::advance(tx.conn, &id, at);
    app.gate.housekeep(crate::ledger::job("uploads"), note).await
}

/// Where all bytes have come: what they are, compared with what was declared. Others are not kept.
async fn end_if_whole(app: &App, requester: &RequestCtx, authorized: &Authorized, row: UploadRow) -> Result<UploadRow> {
    if row.received < row.size || row.whole().is_some() {
        return Ok(row);
    }
    let mut turn = app.blobs.turn(&row.id).await?;
    let (blobs, id, size) = (app.blobs.clone(), row.id.clone(), row.length());
    let (resumed, turn) = blocking(move || Ok((blobs.resume(&mut turn, &id, size)?, turn))).await?;
    let whole = resumed.finish();
    drop(turn);
    let right = row
        .declared_sha256
        .as_deref()
        .is_none_or(|declared| declared == whole.hashed.sha256.as_bytes());
    let (id, blobs) = (row.id.clone(), app.blobs.clone());
    let actor = actor_of(&authorized.caller, authorized.context.as_ref());
    if right {
        let finish = move |tx: &mut crate::gate::Tx<'_>| store::finish(tx.conn, &id, &whole);
        app.gate.housekeep(actor, finish).await?;
        return own(&app.gate, requester, row.id).await;
    }
    let e = other_bytes(&row, &whole.hashed.sha256);
    app.gate.housekeep(actor, move |tx| store::remove(tx.conn, &id)).await?;
    note_failed(&app.gate, authorized, &row.case_id, requester, &e).await;
    let id = row.id;
    blocking(move || blobs.forget(&id)).await?;
    Err(e)
}

fn other_bytes(row: &UploadRow, found: &Digest) -> Error {
    let declared = row.declared_sha256.as_deref().and_then(Digest::from_slice);
    let declared = declared.map(|declared| declared.to_string()).unwrap_or_default();
    let message = format!(
        "declared {declared}, received {found}: the bytes changed on the way, or another file was sent; nothing was kept"
    );
    Error {
        code: "digest-mismatch",
        ..Error::field("sha256", "matches", message)
    }
}

/// Ends an upload before a capture names it.
pub async fn end(id: PathId, req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let row = own(&app.gate, &requester, id.0).await?;
    check(&req, &requester, &app)?;
    end_row(&app, &requester, row).await?;
    Ok(tus(HttpResponse::NoContent()).finish())
}

/// The same from a page's form.
pub async fn end_by_form(id: PathId, mut request: WriteRequest) -> Reply {
    let row = own(&request.app.gate, &request.ctx, id.0).await?;
    // The button stands in the composer, whose fields come with it.
    request.plain_form().await?;
    let back = format!("/cases/{}/evidence?done=upload-ended", row.case_id);
    end_row(&request.app, &request.ctx, row).await?;
    Ok(pages::see_other(&back))
}

async fn end_row(app: &App, requester: &RequestCtx, row: UploadRow) -> Result<()> {
    let authorized = admit(app, requester, &row.case_id, 0).await?;
    let turn = app.blobs.turn(&row.id).await?;
    let actor = actor_of(&authorized.caller, authorized.context.as_ref());
    let (blobs, id) = (app.blobs.clone(), row.id.clone());
    let end = move |tx: &mut crate::gate::Tx<'_>| drop_upload(tx, &row.user_id, &row.id);
    app.gate.housekeep(actor, end).await?;
    drop(turn);
    blocking(move || blobs.forget(&id)).await
}

/// An upload as its sender sees it.
#[derive(Debug, Serialize)]
struct UploadView {
    id: String,
    case_id: String,
    name: String,
    size: i64,
    received: i64,
    /// Of the whole file, once it has come.
    sha256: Option<Digest>,
    declared_sha256: Option<Digest>,
    expires_at: Timestamp,
}

impl UploadView {
    fn of(row: UploadRow) -> Self {
        let digest = |bytes: Option<Vec<u8>>| bytes.as_deref().and_then(Digest::from_slice);
        Self {
            id: row.id,
            case_id: row.case_id,
            name: row.name,
            size: row.size,
            received: row.received,
            sha256: digest(row.sha256),
            declared_sha256: digest(row.declared_sha256),
            expires_at: Timestamp(row.created_at + LIFE),
        }
    }
}

/// The caller's own uploads to a case that no capture names yet.
pub async fn of_case(case: PathId, requester: RequestCtx, app: App) -> Reply {
    let found = unused(&app.gate, &requester, case.0).await?;
    let items: Vec<UploadView> = found.into_iter().map(UploadView::of).collect();
    reply::ok(&serde_json::json!({"items": items, "next": null}))
}
