//! The bytes of a file. The access log has the read before the first byte leaves. Headers keep a browser from running
//! them.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, ContentDisposition, DispositionParam, DispositionType,
};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponseBuilder};
use serde_json::json;

use super::reads::{self, FileFound, FileLook};
use crate::blobs::ExpectedBytes;
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::RequestCtx;
use crate::http::App;
use crate::http::head::is_head;
use crate::http::pages::query_value;
use crate::http::paging::parameters;
use crate::http::ranges::{self, StoredBytes};
use crate::http::reply::Reply;
use crate::page::words::{is_picture, player};
use crate::proof::id::Digest;
use crate::verify::endings::ending;
use crate::verify::papers::PAPERS;

/// Whether a browser may show it in place; all else is a download.
fn is_inline(media_type: &str) -> bool {
    is_picture(media_type) || player(media_type).is_some() || media_type == "application/pdf"
}

pub(super) async fn read(req: HttpRequest, path: Path<(String, String)>, requester: RequestCtx, app: App) -> Reply {
    let found = reads::file(&app.gate, &requester, named(&path)?, asked(&req)?).await?;
    send(&req, &app, &found).await
}

/// `?download` takes the file out; without it the bytes are read. HEAD is answered without them.
fn asked(req: &HttpRequest) -> Result<FileLook> {
    let asked = parameters(req, &["download"])?;
    Ok(match asked.is_empty() {
        _ if is_head(req) => FileLook::Head,
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

async fn send(req: &HttpRequest, app: &App, found: &FileFound) -> Reply {
    let sha256 = found.file.sha256;
    let media_type = found.file.media_type.as_deref().unwrap_or_default();
    let (kind, disposition) = match is_inline(media_type) {
        true if query_value(req, "download").is_none() => (media_type, DispositionType::Inline),
        true => (media_type, DispositionType::Attachment),
        false => ("application/octet-stream", DispositionType::Attachment),
    };
    let ending = ending(Some(PAPERS), media_type, found.file.name.as_deref());
    let name = format!("item-{}-{}.{ending}", found.item, &sha256.to_string()[..12]);
    let disposition = ContentDisposition {
        disposition,
        parameters: vec![DispositionParam::Filename(name)],
    };
    let stored = StoredBytes {
        expected: ExpectedBytes::file(sha256, found.file.size),
        asked: json!({"case_id": found.case, "item": found.item}),
        kind: kind.to_owned(),
    };
    let describe = |response: &mut HttpResponseBuilder| {
        response
            .insert_header((CONTENT_DISPOSITION, disposition))
            .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .insert_header((CACHE_CONTROL, "no-store"));
    };
    // Its entry in the access log stands already.
    ranges::send(req, app, stored, describe, async || Ok(())).await
}
