//! A file's bytes: recorded before the first one, and sent so that a browser does nothing with them but keep them.

use actix_files::NamedFile;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentDisposition, DispositionParam, DispositionType, HeaderName,
    HeaderValue,
};
use actix_web::web::Path;
use actix_web::{HttpRequest, mime};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::store;
use crate::clock::MINUTE;
use crate::db::blocking;
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::{Look, Scope, View, Visit};
use crate::http::App;
use crate::http::reply::{self, Reply};
use crate::ledger::Action;
use crate::policy::Act;
use crate::proof::id::Digest;

/// The first request per session, capture and file is recorded, and covers further ones this long.
const COVERS: i64 = 10 * MINUTE;
/// What a browser may show in place; all else is a download.
const INLINE: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "video/mp4",
    "video/webm",
    "application/pdf",
];

/// What goes out: which file, of which item, of which kind.
struct Found {
    sha256: Digest,
    item: i64,
    media_type: String,
}

pub(super) async fn read(req: HttpRequest, path: Path<(String, String)>, visit: Visit, app: App) -> Reply {
    let id = parse_id(&path.0).ok_or_else(Error::not_found)?;
    let sha256: Digest = path.1.to_lowercase().parse().map_err(|_| Error::not_found())?;
    let view = View {
        covers: COVERS,
        ..View::new(Action::FileViewed, "capture", &id, json!({"sha256": sha256}))
    };
    let capture = id.clone();
    let found = app
        .gate
        .view(&visit, Act::FileRead, Scope::Capture(id), view, move |look| {
            find(look, &capture, sha256)
        })
        .await?;
    let (blobs, sha256) = (app.blobs.clone(), found.sha256);
    let file = blocking(move || blobs.read(&sha256)).await?;
    send(&req, &app, &found, file)
}

fn find(look: &mut Look<'_>, capture: &str, sha256: Digest) -> Result<Found> {
    let row = store::capture(look.conn, capture)?;
    if matches!(row.state.as_str(), "held" | "quarantined") && !look.may(Act::CaptureReadHeld) {
        let detail = format!(
            "This capture is {}: its bytes are for the supervisor who may decide it.",
            row.state
        );
        return Err(Error::forbidden(Vec::new(), detail));
    }
    // Knowing a digest gives nothing: the file is looked for among this capture's own.
    let file = store::file_of(look.conn, capture, &sha256)?
        .filter(|f| !f.withheld)
        .ok_or_else(Error::not_found)?;
    Ok(Found {
        sha256,
        item: row.item,
        media_type: file.media_type.unwrap_or_default(),
    })
}

fn send(req: &HttpRequest, app: &App, found: &Found, file: std::fs::File) -> Reply {
    let path = app.blobs.path(&found.sha256);
    let kind = if INLINE.contains(&found.media_type.as_str()) {
        found.media_type.as_str()
    } else {
        "application/octet-stream"
    };
    let name = format!("item-{}-{}", found.item, &found.sha256.to_string()[..12]);
    let disposition = if kind == "application/octet-stream" {
        DispositionType::Attachment
    } else {
        DispositionType::Inline
    };
    let file = NamedFile::from_file(file, &path)
        .map_err(|e| Error::internal(format!("a stored file cannot be read: {} ({e})", found.sha256)))?
        .use_etag(false)
        .use_last_modified(false)
        .set_content_type(kind.parse().unwrap_or(mime::APPLICATION_OCTET_STREAM))
        .set_content_disposition(ContentDisposition {
            disposition,
            parameters: vec![DispositionParam::Filename(name)],
        });
    let mut response = file.into_response(req);
    if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok(reply::out_of_range(&response));
    }
    let digest = format!("sha-256=:{}:", STANDARD.encode(found.sha256.as_bytes()));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&digest) {
        headers.insert(HeaderName::from_static("repr-digest"), value);
    }
    Ok(response)
}
