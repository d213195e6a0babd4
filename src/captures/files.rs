//! A file's bytes: recorded before the first one, and sent so that a browser does nothing with them but keep them.

use actix_web::HttpRequest;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ContentDisposition, DispositionParam,
    DispositionType, HeaderName,
};
use actix_web::web::Path;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::store;
use crate::blobs::Key;
use crate::clock::MINUTE;
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::{Look, Scope, View, Visit};
use crate::http::App;
use crate::http::ranges;
use crate::http::reply::Reply;
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
    send(&req, &app, &found).await
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

async fn send(req: &HttpRequest, app: &App, found: &Found) -> Reply {
    let shown_in_place = INLINE.contains(&found.media_type.as_str());
    let (kind, disposition) = match shown_in_place {
        true => (found.media_type.as_str(), DispositionType::Inline),
        false => ("application/octet-stream", DispositionType::Attachment),
    };
    let name = format!("item-{}-{}", found.item, &found.sha256.to_string()[..12]);
    let disposition = ContentDisposition {
        disposition,
        parameters: vec![DispositionParam::Filename(name)],
    };
    let digest = format!("sha-256=:{}:", STANDARD.encode(found.sha256.as_bytes()));
    ranges::send(req, &app.blobs, Key::File(found.sha256), |response| {
        response
            .insert_header((CONTENT_TYPE, kind))
            .insert_header((CONTENT_DISPOSITION, disposition))
            .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((HeaderName::from_static("repr-digest"), digest));
    })
    .await
}
