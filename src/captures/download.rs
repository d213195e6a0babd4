//! The bytes of a file. The access log has the read before the first byte leaves. Headers keep a browser from running
//! them.

use actix_web::HttpRequest;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ContentDisposition, DispositionParam,
    DispositionType, HeaderName,
};
use actix_web::web::Path;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::reads::{self, FileFound, FileLook};
use crate::blobs::Key;
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::RequestCtx;
use crate::http::App;
use crate::http::paging::parameters;
use crate::http::ranges;
use crate::http::reply::Reply;
use crate::proof::id::Digest;
use crate::verify::endings::ending;
use crate::verify::papers::PAPERS;

/// What a browser may show in place; all else is a download.
const INLINE: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "video/mp4",
    "video/webm",
    "application/pdf",
    "audio/mpeg",
    "audio/ogg",
    "audio/m4a",
    "audio/aac",
    "audio/x-wav",
    "audio/x-flac",
];

pub(super) async fn read(req: HttpRequest, path: Path<(String, String)>, requester: RequestCtx, app: App) -> Reply {
    let look = asked(&req)?;
    let found = reads::file(&app.gate, &requester, named(&path)?, look).await?;
    send(&req, &app, &found, look).await
}

/// `?download` takes the file out; without it the bytes are read.
fn asked(req: &HttpRequest) -> Result<FileLook> {
    let asked = parameters(req, &["download"])?;
    Ok(match asked.is_empty() {
        true => FileLook::Bytes,
        false => FileLook::Download,
    })
}

/// The capture and the file that a path names.
pub(super) fn named((id, sha256): &(String, String)) -> Result<(String, Digest)> {
    let id = parse_id(id).ok_or_else(Error::not_found)?;
    let sha256 = sha256.to_lowercase().parse().map_err(|_| Error::not_found())?;
    Ok((id, sha256))
}

async fn send(req: &HttpRequest, app: &App, found: &FileFound, look: FileLook) -> Reply {
    let sha256 = found.file.sha256;
    let media_type = found.file.media_type.as_deref().unwrap_or_default();
    let (kind, disposition) = match (INLINE.contains(&media_type), look) {
        (true, FileLook::Download) => (media_type, DispositionType::Attachment),
        (true, _) => (media_type, DispositionType::Inline),
        (false, _) => ("application/octet-stream", DispositionType::Attachment),
    };
    let ending = ending(Some(PAPERS), media_type, found.file.name.as_deref());
    let name = format!("item-{}-{}.{ending}", found.item, &sha256.to_string()[..12]);
    let disposition = ContentDisposition {
        disposition,
        parameters: vec![DispositionParam::Filename(name)],
    };
    let digest = format!("sha-256=:{}:", STANDARD.encode(sha256.as_bytes()));
    ranges::send(req, &app.blobs, Key::File(sha256), |response| {
        response
            .insert_header((CONTENT_TYPE, kind))
            .insert_header((CONTENT_DISPOSITION, disposition))
            .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((HeaderName::from_static("repr-digest"), digest));
    })
    .await
}
