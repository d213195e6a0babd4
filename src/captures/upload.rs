//! Taking a capture in: JSON alone, or multipart whose first part is `capture` and then one part a file, streamed.
//!
//! Order: may this caller log here at all, before a byte of the body is taken; then the JSON; then the files, hashed
//! while they arrive, synced and put under their hashes; then the one transaction. A refusal on the way leaves nothing.

use std::collections::HashMap;
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Path, Payload};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use serde_json::{Map, Value, json};

use super::model::{FileEntry, NewCapture, NewFile};
use super::ops::{self, Arrived};
use crate::blobs::{Incoming, Received};
use crate::error::{Error, FieldError, Kind, Result};
use crate::forms::{Form, parse_id};
use crate::gate::{Scope, Visit, actor_of};
use crate::http::body::{self, LIMIT};
use crate::http::reply::{self, Reply};
use crate::http::{App, visit};
use crate::ledger::{Action, Draft, access_stream};
use crate::policy::Act;
use crate::proof::canon;
use crate::proof::id::Digest;

/// Bytes of a refused body that are read and dropped, so that the sender can read the answer.
const DRAIN: usize = 64 << 20;

pub(super) async fn record(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let mut payload = payload.into_inner();
    let multipart = content_type(&req).starts_with("multipart/form-data");
    if !multipart {
        let case = parse_id(&path).ok_or_else(Error::not_found)?;
        app.gate
            .check(&visit, Act::CaptureRecord, Scope::Case(case.clone()))
            .await?;
        let form = body::form(
            &req,
            Payload::from_request(&req, &mut payload)
                .await
                .map_err(Error::internal)?,
            &mut visit,
        )
        .await?;
        let new = NewCapture::parse(form)?;
        return finish(&app, &visit, case, new, Vec::new()).await;
    }
    let body = Multipart::from_request(&req, &mut payload).await.map_err(broken)?;
    // In a task of its own: when the sender's connection breaks, the server drops the handler, and what was dropped
    // could not be recorded.
    let taking = actix_web::rt::spawn(async move {
        let mut parts = Parts { body, over: false };
        let done = receive(&req, &path, &mut parts, &mut visit, &app).await;
        // Who fell silent is not waited for once more.
        if done.as_ref().is_err_and(|e| e.kind != Kind::Timeout) {
            drain(parts).await;
        }
        done
    });
    taking
        .await
        .unwrap_or_else(|e| Err(Error::internal(format!("an upload's task ended badly: {e}"))))
}

fn content_type(req: &HttpRequest) -> String {
    req.headers()
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase()
}

async fn receive(req: &HttpRequest, path: &str, parts: &mut Parts, visit: &mut Visit, app: &App) -> Reply {
    let case = parse_id(path).ok_or_else(Error::not_found)?;
    let announced = req
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<u64>().ok())
        .unwrap_or(0);
    let (blobs, needed) = (app.blobs.clone(), app.limits.reserve.saturating_add(announced));
    let (passed, room) = app
        .gate
        .read(visit, Act::CaptureRecord, Scope::Case(case.clone()), move |look| {
            // On the same thread, which may block; who has too many uploads under way is told that first.
            Ok((look.passed(), blobs.check_reserve(needed)))
        })
        .await?;
    let _place = app.uploads.enter(&passed.caller.user, app.limits.uploads)?;
    room?;
    let (new, json) = first_part(parts, app).await?;
    let mut begun = false;
    let taken = take_files(parts, &new, app, &mut begun).await;
    if let (Err(e), true) = (&taken, begun) {
        note_failed(app, &passed, &case, visit, e).await;
    }
    let arrived = taken?;
    visit.repeat = visit::repeat(req, || fingerprint(json, &arrived))?;
    finish(app, visit, case, new, arrived).await
}

/// A multipart body. It panics when asked again after a failure, as of a missing boundary.
struct Parts {
    body: Multipart,
    over: bool,
}

impl Parts {
    async fn next(&mut self) -> Option<std::result::Result<Field, MultipartError>> {
        if self.over {
            return None;
        }
        let next = self.body.next().await;
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The part `capture` comes first, so that nothing is taken that the JSON doesn't name.
async fn first_part(parts: &mut Parts, app: &App) -> Result<(NewCapture, Value)> {
    let idle = Duration::from_secs(app.limits.idle);
    let first = next_part(parts, idle).await?;
    let Some(mut field) = first.filter(|f| f.name() == Some("capture")) else {
        return Err(Error::field(
            "capture",
            "first",
            "must be the first part of the body, as JSON; the files follow it",
        ));
    };
    let mut bytes = Vec::new();
    while let Some(chunk) = next_chunk(&mut field, idle).await? {
        if bytes.len() + chunk.len() > LIMIT {
            return Err(Error::new(
                Kind::TooLarge,
                "too-large",
                format!("The part `capture` has at most {LIMIT} bytes."),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    let value = body::parse(&bytes)?;
    Ok((NewCapture::parse(Form::new(value.clone())?)?, value))
}

async fn next_part(parts: &mut Parts, idle: Duration) -> Result<Option<Field>> {
    let next = tokio::time::timeout(idle, parts.next())
        .await
        .map_err(|_| body::silent())?;
    next.transpose().map_err(broken)
}

async fn next_chunk(field: &mut Field, idle: Duration) -> Result<Option<bytes::Bytes>> {
    let next = tokio::time::timeout(idle, field.next())
        .await
        .map_err(|_| body::silent())?;
    next.transpose().map_err(broken)
}

fn broken(e: impl std::fmt::Debug) -> Error {
    let text = format!("{e:?}");
    if text.contains("Incomplete") || text.contains("Payload") || text.contains("NotConsumed") {
        return body::cut_off();
    }
    let short: String = text.chars().take(80).collect();
    Error::field(
        "body",
        "multipart",
        format!("is not well-formed multipart/form-data ({short}): send the part `capture`, then one part a file"),
    )
}

/// Files that have come and are kept, and those that are named as hashes only, in the order of the JSON.
async fn take_files(
    parts: &mut Parts,
    new: &NewCapture,
    app: &App,
    begun: &mut bool,
) -> Result<Vec<(FileEntry, Option<Received>)>> {
    let idle = Duration::from_secs(app.limits.idle);
    let mut declared: Vec<Option<Option<String>>> = vec![None; new.files.len()];
    let mut whole: Vec<(usize, Received)> = Vec::new();
    let mut last: Option<(usize, Incoming)> = None;
    while let Some(mut field) = next_part(parts, idle).await? {
        *begun = true;
        if let Some((place, incoming)) = last.take() {
            let received = incoming.finish().await?;
            as_declared(place, &new.files[place], &received)?;
            whole.push((place, received));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let place = new.files.iter().position(|f| f.part.as_deref() == Some(&name));
        let place = place.ok_or_else(|| part_error(&name, "named", "is not named by files[].part of the JSON"))?;
        if declared[place].is_some() {
            return Err(part_error(&name, "once", "came twice"));
        }
        declared[place] = Some(field.content_type().map(ToString::to_string));
        let mut incoming = app.blobs.receive(app.limits.file, app.limits.reserve);
        while let Some(chunk) = next_chunk(&mut field, idle).await? {
            incoming.push(&chunk).await?;
        }
        last = Some((place, incoming));
    }
    for (i, (file, declared)) in new.files.iter().zip(&declared).enumerate() {
        if declared.is_none() && !is_hash_only(file) {
            return Err(never_came(i, file));
        }
    }
    let mut come = keep(app, new, whole, last).await?;
    new.files
        .iter()
        .zip(declared)
        .enumerate()
        .map(|(i, (file, declared))| entry(i, file, come.remove(&i).map(|received| (received, declared.flatten()))))
        .collect()
}

/// Puts what came under its hashes. The last file is written on the same thread, and looked at before any is put there.
async fn keep(
    app: &App,
    new: &NewCapture,
    whole: Vec<(usize, Received)>,
    last: Option<(usize, Incoming)>,
) -> Result<HashMap<usize, Received>> {
    let (mut places, files): (Vec<usize>, Vec<Received>) = whole.into_iter().unzip();
    let (at, last) = last.unzip();
    places.extend(at);
    let Some(at) = places.last().copied() else {
        return Ok(HashMap::new());
    };
    let file = new.files[at].clone();
    let kept = app
        .blobs
        .keep(files, last, move |received| as_declared(at, &file, received))
        .await?;
    Ok(places.into_iter().zip(kept).collect())
}

fn part_error(name: &str, rule: &str, message: &str) -> Error {
    let shown: String = name.chars().take(100).collect();
    Error::field(shown, rule, format!("{message}; nothing was kept"))
}

/// What arrived must be what was declared; if not, both values are told and nothing is kept.
fn as_declared(i: usize, file: &NewFile, received: &Received) -> Result<()> {
    let mut errors = Vec::new();
    if let Some(declared) = file.sha256.filter(|d| *d != received.sha256) {
        let message = format!(
            "declared {declared}, received {}: the bytes changed on the way, or another file was sent; nothing was kept",
            received.sha256
        );
        errors.push(FieldError {
            field: format!("files[{i}].sha256"),
            rule: "matches".into(),
            message,
        });
    }
    if let Some(declared) = file.size.filter(|s| *s != received.size) {
        let message = format!(
            "declared {declared} bytes, received {}; nothing was kept",
            received.size
        );
        errors.push(FieldError {
            field: format!("files[{i}].size"),
            rule: "matches".into(),
            message,
        });
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Error {
        slug: "digest-mismatch",
        ..Error::invalid(errors)
    })
}

fn entry(i: usize, file: &NewFile, come: Option<(Received, Option<String>)>) -> Result<(FileEntry, Option<Received>)> {
    let fixed = |sha256, size, media_type, declared_type| FileEntry {
        sha256,
        size,
        role: file.role,
        name: file.name.clone(),
        media_type,
        declared_type,
        withheld: file.withheld.clone(),
    };
    match (come, file.sha256, file.size) {
        (Some((received, declared)), ..) => {
            let entry = fixed(
                received.sha256,
                received.size,
                Some(received.media_type.to_owned()),
                declared,
            );
            Ok((entry, Some(received)))
        }
        (None, Some(sha256), Some(size)) if is_hash_only(file) => Ok((fixed(sha256, size, None, None), None)),
        _ => Err(never_came(i, file)),
    }
}

/// Whether only the digest of a file is recorded, its bytes staying elsewhere.
fn is_hash_only(file: &NewFile) -> bool {
    file.withheld.is_some() && file.sha256.is_some() && file.size.is_some()
}

fn never_came(i: usize, file: &NewFile) -> Error {
    let part = file.part.as_deref().unwrap_or_default();
    Error::field(
        format!("files[{i}].part"),
        "arrives",
        format!("names the part {part}, which never came; nothing was kept"),
    )
}

/// What makes a retry the same: the JSON and the digests of what came.
fn fingerprint(json: Value, files: &[(FileEntry, Option<Received>)]) -> Result<Digest> {
    let digests: Vec<String> = files.iter().map(|(f, _)| f.sha256.to_string()).collect();
    let both = json!({"capture": json, "files": digests});
    let bytes = canon::to_jcs(&both).map_err(|e| Error::field("capture", "json", e.to_string()))?;
    Ok(Digest::of(&bytes))
}

async fn finish(
    app: &App,
    visit: &Visit,
    case: String,
    new: NewCapture,
    taken: Vec<(FileEntry, Option<Received>)>,
) -> Reply {
    let taken = if taken.is_empty() && !new.files.is_empty() {
        hash_only(&new)?
    } else {
        taken
    };
    let received = taken.iter().filter(|(_, received)| received.is_some()).count();
    metrics::counter!("casetrail_files_received_total").increment(received as u64);
    let arrived: Vec<Arrived> = taken
        .into_iter()
        .map(|(entry, received)| Arrived {
            entry,
            crc32: received.map_or(0, |r| r.crc32),
        })
        .collect();
    let not_required = app.limits.not_required.clone();
    let made = app
        .gate
        .write(visit, Act::CaptureRecord, Scope::Case(case), move |tx| {
            ops::record(tx, &new, &arrived, &not_required)
        })
        .await?;
    let (id, shown) = made;
    reply::created_as("captures", &id, 1, &shown)
}

fn hash_only(new: &NewCapture) -> Result<Vec<(FileEntry, Option<Received>)>> {
    new.files
        .iter()
        .enumerate()
        .map(|(i, file)| entry(i, file, None))
        .collect()
}

/// Bytes that were refused, or that stopped coming, are an event about the case (product.md, rule 2).
async fn note_failed(app: &App, passed: &crate::gate::Passed, case: &str, visit: &Visit, e: &Error) {
    let dropped = e.kind == Kind::Timeout || e.errors.iter().any(|f| f.rule == "complete");
    let action = if dropped {
        Action::UploadDropped
    } else {
        Action::UploadRefused
    };
    let draft = Draft {
        stream: access_stream(case),
        action,
        object_type: "case",
        object_id: case.to_owned(),
        version: 1,
        record: json!({"answer": e.slug, "errors": e.errors, "address": visit.address}),
        attest: Map::new(),
    };
    if let Err(lost) = app
        .gate
        .note(actor_of(&passed.caller, passed.ground.as_ref()), draft)
        .await
    {
        tracing::error!(error = %lost, "a failed upload could not be recorded");
    }
}

/// Reads what is still on its way, within bounds: a sender in the middle of a body reads no answer.
async fn drain(mut parts: Parts) {
    let mut left = DRAIN;
    let all = async {
        while let Some(Ok(mut field)) = parts.next().await {
            while let Some(Ok(chunk)) = field.next().await {
                left = left.saturating_sub(chunk.len());
                if left == 0 {
                    return;
                }
            }
        }
    };
    // A sender that takes longer than this is cut off.
    let _ = tokio::time::timeout(Duration::from_secs(10), all).await;
}
