//! Derivatives over HTTP.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse};

use super::asked::{BOXES, NewRedaction};
use super::model::Derivative;
use super::{make, ops, reads};
use crate::error::{Error, Kind, Result};
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page, parameters};
use crate::http::reply::Reply;
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::pictures::PixelBox;
use crate::policy::Act;
use crate::proof::id::Digest;

pub async fn of_capture(req: HttpRequest, id: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let mut found = reads::of_capture(&app.gate, &requester, id.0).await?;
    if let Some(after) = &page.after {
        found.retain(|one| one.id > *after);
    }
    found.truncate(page.limit + 1);
    page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
}

pub async fn read(ids: PathIds, requester: RequestCtx, app: App) -> Reply {
    let found = reads::of_capture(&app.gate, &requester, ids.0).await?;
    let found = found.into_iter().find(|one| one.id == ids.1);
    Ok(HttpResponse::Ok().json(found.ok_or_else(Error::not_found)?))
}

pub async fn make(id: PathId, mut request: WriteRequest) -> Reply {
    request
        .check(Act::DerivativeMake, &Scope::Capture(id.0.clone()))
        .await?;
    let new = NewRedaction::parse(request.form().await?)?;
    Ok(HttpResponse::Created().json(record(id.0, request, new).await?))
}

/// Makes a redaction that was read: its bytes first, then its event.
pub(super) async fn record(id: String, request: WriteRequest, new: NewRedaction) -> Result<Derivative> {
    let scope = Scope::Capture(id.clone());
    let file = match &new.file {
        Some((sha256, _)) => {
            let found = reads::source(&request.app.gate, &request.ctx, (id.clone(), *sha256)).await;
            Some(found.map_err(no_file)?)
        }
        None => None,
    };
    // It goes on where nobody waits for the answer any more: a film may take minutes, and its copy is then with the item.
    let work = async move {
        let bytes = make::stored(&request.app, file.as_ref(), &new).await?;
        let verb = move |tx: &mut Tx<'_>| ops::redact(tx, &id, (&new, bytes.as_ref()));
        request.transact(Act::DerivativeMake, scope, verb).await
    };
    let done = actix_web::rt::spawn(work).await;
    done.map_err(|e| Error::internal(format!("a redaction broke off: {e}")))?
}

fn no_file(e: Error) -> Error {
    let message = "is no file of this capture whose bytes are kept here: name one by its SHA-256";
    match e.kind {
        Kind::NotFound => Error::field("file", "exists", message),
        _ => e,
    }
}

/// What a redaction would look like. It is made anew each time and kept nowhere.
pub async fn preview(req: HttpRequest, id: PathId, requester: RequestCtx, app: App) -> Reply {
    // The names tell nothing of a capture; what they hold is read after the door.
    let asked = parameters(&req, &["file", "page", "boxes"])?;
    let scope = Scope::Capture(id.0.clone());
    app.gate.check(&requester, Act::DerivativeMake, scope).await?;
    let value = |name: &str| asked.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let file = value("file").and_then(|text| text.to_lowercase().parse::<Digest>().ok());
    let file = file.ok_or_else(|| Error::field("file", "form", "must be the SHA-256 of a file of this capture"))?;
    let page = match value("page") {
        None => 1,
        Some(text) => text.parse().map_err(|_| {
            Error::field(
                "page",
                "whole_number",
                "must be a whole number: the page of a PDF, from 1",
            )
        })?,
    };
    let boxes = boxes(value("boxes").unwrap_or_default())?;
    let file = reads::source(&app.gate, &requester, (id.0, file)).await?;
    let made = make::look(&app, &file, (page, boxes)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, made.media_type))
        .insert_header((CONTENT_DISPOSITION, "inline"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(made.bytes))
}

/// Reads [`boxes_text`].
fn boxes(text: &str) -> Result<Vec<PixelBox>> {
    let read = |one: &str| PixelBox::read(one).filter(|one| one.page.is_none());
    let all: Option<Vec<PixelBox>> = text.split(';').filter(|one| !one.is_empty()).map(read).collect();
    let all = all.filter(|all| all.len() <= BOXES);
    let message = "must be boxes as x,y,width,height with ; between them, at most 200";
    all.ok_or_else(|| Error::field("boxes", "form", message))
}

/// Boxes of one picture or page as the address of a preview has them.
pub(super) fn boxes_text(boxes: &[PixelBox]) -> String {
    let one = |b: &PixelBox| format!("{},{},{},{}", b.x, b.y, b.width, b.height);
    boxes.iter().map(one).collect::<Vec<_>>().join(";")
}
