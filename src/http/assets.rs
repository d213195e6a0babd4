//! What the pages load: styles, script and icons, compiled in. Nothing comes from another host.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::reply::{Reply, at};
use crate::error::Error;
use crate::proof::id::Digest;

/// The assets of these names, each with its type and its bytes.
macro_rules! assets {
    ($($name:literal $kind:literal),* $(,)?) => { &[$(($name, $kind, include_bytes!(concat!("assets/", $name)))),*] };
}

const ASSETS: &[(&str, &str, &[u8])] = assets![
    "tokens.css" "text/css; charset=utf-8",
    "app.css" "text/css; charset=utf-8",
    "app.js" "text/javascript; charset=utf-8",
    "session.js" "text/javascript; charset=utf-8",
    "composer.js" "text/javascript; charset=utf-8",
    "uploads.js" "text/javascript; charset=utf-8",
    "drafts.js" "text/javascript; charset=utf-8",
    "hash-worker.js" "text/javascript; charset=utf-8",
    // hash-wasm 4.13.0, dist/sha256.umd.min.js, (c) Dani Biro, MIT.
    "hash-wasm-sha256.js" "text/javascript; charset=utf-8",
    "icons.svg" "image/svg+xml",
    "mark.svg" "image/svg+xml",
];

/// What the worker that hashes may do: run our own scripts, and WebAssembly, which no page may. A worker has the policy of
/// its own answer.
const WORKER_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(at("/static/{name}", "GET").route(web::get().to(asset)));
}

/// A browser keeps them and asks each time whether they changed, so that an update is seen at once.
async fn asset(name: Path<String>, req: HttpRequest) -> Reply {
    let found = ASSETS.iter().find(|(known, ..)| *known == name.as_str());
    let (_, kind, bytes) = found.ok_or_else(Error::not_found)?;
    let tag = format!("\"{}\"", Digest::of(bytes));
    let known = req
        .headers()
        .get(IF_NONE_MATCH)
        .is_some_and(|v| v.as_bytes() == tag.as_bytes());
    let mut answer = match known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    answer
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "no-cache"));
    answer.insert_header((CONTENT_TYPE, *kind));
    if name.as_str() == "hash-worker.js" {
        answer.insert_header((CONTENT_SECURITY_POLICY, WORKER_POLICY));
    }
    Ok(if known { answer.finish() } else { answer.body(*bytes) })
}
