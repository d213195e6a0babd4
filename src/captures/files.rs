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

use super::reads::{self, FileFound};
use crate::db::blocking;
use crate::error::Error;
use crate::forms::parse_id;
use crate::gate::Visit;
use crate::http::App;
use crate::http::reply::{self, Reply};
use crate::proof::id::Digest;

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

pub(super) async fn read(req: HttpRequest, path: Path<(String, String)>, visit: Visit, app: App) -> Reply {
    let id = parse_id(&path.0).ok_or_else(Error::not_found)?;
    let sha256: Digest = path.1.to_lowercase().parse().map_err(|_| Error::not_found())?;
    let found = reads::file(&app.gate, &visit, id, sha256).await?;
    let blobs = app.blobs.clone();
    let file = blocking(move || blobs.read(&sha256)).await?;
    send(&req, &app, &found, file)
}

fn send(req: &HttpRequest, app: &App, found: &FileFound, file: std::fs::File) -> Reply {
    let sha256 = found.file.sha256;
    let path = app.blobs.path(&sha256);
    let media_type = found.file.media_type.as_deref().unwrap_or_default();
    let kind = if INLINE.contains(&media_type) {
        media_type
    } else {
        "application/octet-stream"
    };
    let name = format!("item-{}-{}", found.item, &sha256.to_string()[..12]);
    let disposition = if kind == "application/octet-stream" {
        DispositionType::Attachment
    } else {
        DispositionType::Inline
    };
    let file = NamedFile::from_file(file, &path)
        .map_err(|e| Error::internal(format!("a stored file cannot be read: {sha256} ({e})")))?
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
    let digest = format!("sha-256=:{}:", STANDARD.encode(sha256.as_bytes()));
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
