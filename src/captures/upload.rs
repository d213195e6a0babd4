//! Taking a capture in: JSON alone, or multipart whose first part is `capture` and then one part a file, streamed.
//!
//! The order is fixed. First: may this caller log here at all? Until that is known, no byte of the body is taken. Then
//! comes the JSON, then the files: hashed while they arrive, synced, and put under their hashes. Only then is the one
//! transaction queued. A refusal before that leaves nothing; a refusal by the transaction leaves files that no row
//! names.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use actix_web::web::{Path, Payload};
use actix_web::{FromRequest, HttpRequest};
use serde_json::Value;

use super::api::created;
use super::arrival::{self, Arriving};
use super::model::{CaptureView, FILES, FileRole, NewCapture, PageArrival};
use super::refused::note_failed;
use super::resumable::UploadRow;
use super::{ops, resumable};
use crate::error::{Error, Kind, Result};
use crate::forms::{LINE, PAIRS, parse_id};
use crate::gate::{IdempotencyHeader, Prepared, RequestCtx, Scope, Tx};
use crate::http::body::{self, LIMIT};
use crate::http::multipart::{PartHead, Parts};
use crate::http::reply::Reply;
use crate::http::{App, WriteRequest, browser, carried, request_ctx};
use crate::policy::Act;

pub(super) async fn record(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    requester: RequestCtx,
    app: App,
) -> Reply {
    created(&take(req, path, payload, requester, app).await?)
}

/// Takes a capture in, from the API or from a page's form.
pub(super) async fn take(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    requester: RequestCtx,
    app: App,
) -> Result<CaptureView> {
    let mut payload = payload.into_inner();
    let content_type = content_type(&req);
    if !content_type.to_ascii_lowercase().starts_with("multipart/form-data") {
        let case = parse_id(&path).ok_or_else(Error::not_found)?;
        return without_files(WriteRequest::from_request(&req, &mut payload).await?, case).await;
    }
    // A wrong boundary is told only to callers whom the door lets in.
    let mut parts = Parts::of(content_type, payload, Duration::from_secs(app.limits.idle));
    // A task of its own, because the server drops the handler when the sender's connection breaks, and a dropped
    // handler could not record that.
    let taking = actix_web::rt::spawn(async move {
        let done = receive(&req, &path, &mut parts, &requester, &app).await;
        let ended = done.as_ref().is_err_and(|e| e.kind == Kind::Unauthenticated);
        if let Ok(parts) = &mut parts
            && ended
            && browser::is_page(req.path())
        {
            remember_typed(&req, parts).await;
        }
        done
    });
    taking
        .await
        .unwrap_or_else(|e| Err(Error::internal(format!("an upload's task ended badly: {e}"))))
}

fn content_type(req: &HttpRequest) -> &str {
    let value = req.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    value.unwrap_or_default()
}

async fn receive(
    req: &HttpRequest,
    path: &str,
    parts: &mut Result<Parts>,
    requester: &RequestCtx,
    app: &App,
) -> Result<CaptureView> {
    let case = parse_id(path).ok_or_else(Error::not_found)?;
    let announced = req
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<u64>().ok())
        .unwrap_or(0);
    let (blobs, needed) = (app.blobs.clone(), app.limits.reserve.saturating_add(announced));
    let room = move || blobs.check_reserve(needed);
    let scope = Scope::Case(case.clone());
    let authorized = app.gate.admit_upload(requester, scope, announced, room).await?;
    let _place = app.uploads.enter(&authorized.caller.user, app.limits.uploads)?;
    body::expect_plain(req)?;
    let parts = parts.as_mut().map_err(|e| e.clone())?;
    let mut begun = false;
    let upload = if browser::is_page(req.path()) {
        let fields = page_fields(req, parts, (requester, &case)).await?;
        take_page_files(parts, fields, app, &mut begun).await
    } else {
        let key = request_ctx::idempotency_header(req)?;
        let (mut new, key) = first_part(parts, key).await?;
        let brought = resumable::bring(app, requester, &case, &mut new).await?;
        let files = take_files(parts, (&new, brought), app, &mut begun).await;
        files.map(|files| Upload { new, files, key })
    };
    let made = match upload {
        Ok(upload) => with_files(app, requester, &case, upload).await,
        Err(e) => Err(e),
    };
    if let Ok(Ok(view)) = &made {
        app.pictures.ask(view.digests());
        if !view.digests().is_empty() {
            app.examinations.ask(view.outline().id.clone());
        }
    }
    if let (Err(e), true) = (&made, begun) {
        note_failed(&app.gate, &authorized, &case, requester, e).await;
    }
    made?
}

/// Keeps what was typed into a page's form whose session has ended meanwhile: it comes back after the next sign-in. Nothing
/// is kept of a browser that never was signed in. It lies in memory while it comes, so there are few places for it, it must
/// be short, and all of it must come in time.
async fn remember_typed(req: &HttpRequest, parts: &mut Parts) {
    let app = req
        .app_data::<App>()
        .filter(|app| browser::former_session(req, app).is_some());
    let Some(_place) = app.and_then(|app| app.forms.enter()) else {
        return;
    };
    let texts = page_pairs(parts, carried::LONGEST);
    // What cannot be read is lost with the request.
    if let Ok(Ok((pairs, _))) = tokio::time::timeout(carried::LONGEST_WAIT, texts).await {
        carried::remember(req, pairs);
    }
}

/// The refusal of a page's form that nobody signed in sends, with what was typed kept beside it.
pub(super) async fn signed_out(req: &HttpRequest, payload: Payload, e: Error) -> Error {
    let parts = Parts::of(content_type(req), payload.into_inner(), carried::LONGEST_WAIT);
    if let Ok(mut parts) = parts {
        remember_typed(req, &mut parts).await;
    }
    e
}

/// Takes the parts that follow, each under the name that the JSON gives it.
async fn take_files(
    parts: &mut Parts,
    (new, mut files): (&NewCapture, Arriving),
    app: &App,
    begun: &mut bool,
) -> Result<Arriving> {
    while let Some(head) = parts.next().await? {
        *begun = true;
        files.complete(new).await?;
        let place = files.begin(new, &head.name, head.media_type)?;
        take_file(parts, &mut files, place, app).await?;
    }
    files.check_all_came(new)?;
    Ok(files)
}

async fn take_file(parts: &mut Parts, files: &mut Arriving, place: usize, app: &App) -> Result<()> {
    let mut incoming = app.blobs.receive(app.limits.file, app.limits.reserve);
    while let Some(chunk) = parts.chunk().await? {
        incoming.push(&chunk).await?;
    }
    files.end(place, incoming.end().await?);
    Ok(())
}

/// What a page's form said before its files.
struct PageFields {
    new: NewCapture,
    /// What the files are; none where each is to be told by its name.
    role: Option<FileRole>,
    key: Option<(IdempotencyHeader, Value)>,
    /// The head of the first file's part, which has been read already.
    first: Option<PartHead>,
    /// What finished uploads brought.
    files: Arriving,
}

/// The fields of a page's form, and the files that finished uploads brought before. They come before its other files, so
/// that nothing is taken for a form that is wrong.
async fn page_fields(
    req: &HttpRequest,
    parts: &mut Parts,
    (requester, case): (&RequestCtx, &str),
) -> Result<PageFields> {
    let (pairs, first) = page_pairs(parts, LIMIT).await?;
    let said = serde_json::to_value(&pairs)?;
    let mut form = body::page_form(req, pairs)?;
    let role = form.word("file_role");
    let uploads = form.texts("upload", FILES, LINE);
    let key = request_ctx::idempotency_header(req)?.map(|key| (key, said));
    let app = req.app_data::<App>().ok_or_else(|| Error::internal("no state"))?;
    let uploads = brought_before(app, requester, case, uploads).await?;
    let brought = uploads
        .first()
        .map(|row| (row.name.as_str(), row.media_type.as_deref()));
    let sent = || {
        let head = first.as_ref()?;
        let name = head.file_name.as_deref().filter(|name| !name.is_empty())?;
        Some((name, head.media_type.as_deref()))
    };
    let arrival = PageArrival {
        now: app.gate.now(),
        file: brought.or_else(sent),
        role,
        agent: agent(req),
    };
    let mut new = NewCapture::of_page(form, &arrival)?;
    for row in &uploads {
        new.add_upload(&row.id, &row.name, role)?;
    }
    Ok(PageFields {
        files: resumable::bring(app, requester, case, &mut new).await?,
        new,
        role,
        key,
        first,
    })
}

/// The texts of a page's form, together `most` bytes at the most, and the head of the first file after them.
async fn page_pairs(parts: &mut Parts, most: usize) -> Result<(Vec<(String, String)>, Option<PartHead>)> {
    let (mut pairs, mut length) = (Vec::new(), 0);
    while let Some(head) = parts.next().await? {
        if head.file_name.is_some() {
            return Ok((pairs, Some(head)));
        }
        if pairs.len() == PAIRS {
            return Err(body::too_many_fields());
        }
        length += head.name.len();
        let text = small_part(parts, &mut length, most).await?;
        // What is no UTF-8 no browser sends; it is shown as what it is not.
        pairs.push((head.name, String::from_utf8_lossy(&text).into_owned()));
    }
    Ok((pairs, None))
}

/// The finished uploads that a page's form names.
async fn brought_before(app: &App, requester: &RequestCtx, case: &str, ids: Vec<String>) -> Result<Vec<UploadRow>> {
    let gone = || {
        Error::field(
            "file",
            "exists",
            "is gone: uploads are kept for a day; choose the file again",
        )
    };
    let rows = resumable::whole(&app.gate, requester, case, ids).await?;
    rows.into_iter().map(|row| row.ok_or_else(gone)).collect()
}

/// What the browser says that it is.
fn agent(req: &HttpRequest) -> &str {
    let value = req.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// Takes the files of a page's form. A field for files that was left empty brings none.
async fn take_page_files(parts: &mut Parts, fields: PageFields, app: &App, begun: &mut bool) -> Result<Upload> {
    let PageFields {
        mut new,
        role,
        key,
        first,
        mut files,
    } = fields;
    let mut next = first;
    while let Some(head) = next {
        let (part, name) = (head.name, head.file_name);
        let name = name.filter(|_| part == "file").ok_or_else(|| {
            let message = "comes after the files, or is no field for files: reload the page";
            Error::field(&part, "named", message)
        })?;
        if !name.is_empty() {
            *begun = true;
            files.complete(&new).await?;
            new.add_file(&name, role)?;
            let place = files.add(head.media_type);
            take_file(parts, &mut files, place, app).await?;
        }
        next = parts.next().await?;
    }
    new.check_says_something()?;
    Ok(Upload { new, files, key })
}

/// A capture with its files as they came.
struct Upload {
    new: NewCapture,
    files: Arriving,
    /// Where the client sent an idempotency key: the key, and the JSON that it is for.
    key: Option<(IdempotencyHeader, Value)>,
}

/// Makes the files durable, then records the capture. The outer result fails where the files did not become durable:
/// that is the upload's failure to note. The gate notes the refusals after that.
async fn with_files(app: &App, requester: &RequestCtx, case: &str, upload: Upload) -> Result<Result<CaptureView>> {
    let Upload { new, files, key } = upload;
    let (new, blobs) = (Arc::new(new), app.blobs.clone());
    let durable = Arc::new(AtomicBool::new(false));
    let (named, kept) = (new.clone(), durable.clone());
    let prepare = move || {
        let (content, files) = files.write(&named)?;
        let idempotency_key = match key {
            Some((key, json)) => Some(key.of(arrival::fingerprint(json, &content)?)),
            None => None,
        };
        let count = files.len() as u64;
        blobs.keep(files)?;
        kept.store(true, Ordering::SeqCst);
        metrics::counter!("casetrail_files_received_total").increment(count);
        Ok(Prepared {
            content,
            idempotency_key,
        })
    };
    let not_required = app.limits.not_required.clone();
    let scope = Scope::Case(case.to_owned());
    let made = app
        .gate
        .write_prepared(requester, Act::CaptureRecord, scope, prepare, move |tx, arrived| {
            ops::record(tx, &new, arrived, &not_required)
        })
        .await;
    match made {
        Err(e) if !durable.load(Ordering::SeqCst) => Err(e),
        made => Ok(made),
    }
}

/// Reads the part `capture`. It comes first, so that no file is taken that the JSON does not name. A key is given back
/// with the JSON that it is for.
async fn first_part(
    parts: &mut Parts,
    key: Option<IdempotencyHeader>,
) -> Result<(NewCapture, Option<(IdempotencyHeader, Value)>)> {
    let first = parts.next().await?;
    if first.is_none_or(|head| head.name != "capture") {
        return Err(Error::field(
            "capture",
            "first",
            "must be the first part of the body, as JSON; the files follow it",
        ));
    }
    let form = body::json_form(&small_part(parts, &mut 0, LIMIT).await?)?;
    let key = key.map(|key| (key, Value::Object(form.clone().into_fields())));
    Ok((NewCapture::parse(form)?, key))
}

/// The bytes of a part that is no file. All such parts of a body together have at most `most` bytes.
async fn small_part(parts: &mut Parts, length: &mut usize, most: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Also before the first piece: an empty part has a name that counts.
    within_limit(*length, most)?;
    while let Some(chunk) = parts.chunk().await? {
        *length += chunk.len();
        within_limit(*length, most)?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn within_limit(length: usize, most: usize) -> Result<()> {
    if length <= most {
        return Ok(());
    }
    let detail = format!("What is said beside the files has at most {most} bytes.");
    Err(Error::new(Kind::TooLarge, "too-large", detail))
}

/// Takes a capture that brings no bytes with it; uploads may have brought them before.
async fn without_files(mut request: WriteRequest, case: String) -> Result<CaptureView> {
    let scope = Scope::Case(case.clone());
    request.check(Act::CaptureRecord, &scope).await?;
    let form = request.form().await?;
    let said = Value::Object(form.clone().into_fields());
    let mut new = NewCapture::parse(form)?;
    let app = request.app.clone();
    if !new.uploads().is_empty() {
        let files = resumable::bring(&app, &request.ctx, &case, &mut new).await?;
        files.check_all_came(&new)?;
        let key = request.idempotency_header()?.map(|key| (key, said));
        let upload = Upload { new, files, key };
        return with_files(&app, &request.ctx, &case, upload).await?;
    }
    let arrived = arrival::hashes_only(&new)?;
    let not_required = app.limits.not_required.clone();
    let verb = move |tx: &mut Tx<'_>| ops::record(tx, &new, &arrived, &not_required);
    request.transact(Act::CaptureRecord, scope, verb).await
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use actix_web::web::Bytes;
    use futures_util::{Stream, stream};

    use super::*;

    #[actix_web::test]
    async fn of_a_form_that_nobody_may_send_little_is_kept() {
        let text = "x".repeat(1_000);
        let body = format!("--b\r\nContent-Disposition: form-data; name=\"url\"\r\n\r\n{text}\r\n--b--\r\n");
        for (most, kept) in [(1_003, true), (1_002, false)] {
            let piece = Ok(Bytes::from(body.clone()));
            let payload = actix_web::dev::Payload::Stream {
                payload: Box::pin(stream::iter([piece])) as Pin<Box<dyn Stream<Item = _>>>,
            };
            let mut parts = Parts::of("multipart/form-data; boundary=b", payload, Duration::from_secs(1)).unwrap();
            assert_eq!(page_pairs(&mut parts, most).await.is_ok(), kept, "{most}");
        }
    }
}
