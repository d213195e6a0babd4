//! What the pages load: styles, scripts, fonts and icons, compiled in. Nothing comes from another host.
//!
//! Templates, styles and scripts write `"/static/NAME"`. What leaves this server says `"/static/VERSION/NAME"`: the build
//! (`build.rs`) puts the version of all assets together into styles and scripts, `versioned` into pages. A browser keeps
//! such an address for ever, and an update has others. The plain address works too, and is asked about each time.

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap,
    IF_NONE_MATCH, VARY,
};
use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::reply::{Reply, at};
use crate::error::Error;

/// A hash over all assets.
const VERSION: &str = env!("CASETRAIL_ASSETS");

/// An asset: its name, its type, its bytes, and the same compressed where that is worth it.
type Asset = (&'static str, &'static str, &'static [u8], &'static [u8]);

/// The assets of these names, each with its type, as the build prepared them.
macro_rules! assets {
    ($($name:literal $kind:literal),* $(,)?) => { &[$((
        $name,
        $kind,
        include_bytes!(concat!(env!("OUT_DIR"), "/assets/", $name)),
        include_bytes!(concat!(env!("OUT_DIR"), "/assets/", $name, ".gz")),
    )),*] };
}

const ASSETS: &[Asset] = assets![
    "tokens.css" "text/css; charset=utf-8",
    "fonts.css" "text/css; charset=utf-8",
    "app.css" "text/css; charset=utf-8",
    "app.js" "text/javascript; charset=utf-8",
    "find.js" "text/javascript; charset=utf-8",
    "keys.js" "text/javascript; charset=utf-8",
    "session.js" "text/javascript; charset=utf-8",
    "composer.js" "text/javascript; charset=utf-8",
    "export.js" "text/javascript; charset=utf-8",
    "queue.js" "text/javascript; charset=utf-8",
    "evidence.js" "text/javascript; charset=utf-8",
    "review.js" "text/javascript; charset=utf-8",
    "viewer.js" "text/javascript; charset=utf-8",
    "redact.css" "text/css; charset=utf-8",
    "redact.js" "text/javascript; charset=utf-8",
    "uploads.js" "text/javascript; charset=utf-8",
    "drafts.js" "text/javascript; charset=utf-8",
    "hash-worker.js" "text/javascript; charset=utf-8",
    // hash-wasm 4.13.0, dist/sha256.umd.min.js, (c) Dani Biro, MIT.
    "hash-wasm-sha256.js" "text/javascript; charset=utf-8",
    "icons.svg" "image/svg+xml",
    "mark.svg" "image/svg+xml",
    "public-sans-400.woff2" "font/woff2",
    "public-sans-600.woff2" "font/woff2",
    "public-sans-700.woff2" "font/woff2",
    "roboto-mono-400.woff2" "font/woff2",
];

/// What the worker that hashes may do: run our own scripts, and WebAssembly, which no page may. A worker has the policy of
/// its own answer.
const WORKER_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/static/{name}", "GET").route(web::get().to(plain)))
        .service(at("/static/{version}/{name}", "GET").route(web::get().to(of_version)));
}

/// A page with the version in the addresses of what it loads. What somebody typed cannot look like one: a page has quotes
/// of its own only in its markup.
pub(super) fn versioned(page: &str) -> String {
    page.replace("\"/static/", concat!("\"/static/", env!("CASETRAIL_ASSETS"), "/"))
}

async fn plain(name: Path<String>, req: HttpRequest) -> Reply {
    answer(&req, &name, "no-cache")
}

/// A page of an earlier version asks for what that had; it gets what there is now, and nothing keeps it.
async fn of_version(path: Path<(String, String)>, req: HttpRequest) -> Reply {
    let (version, name) = path.into_inner();
    let kept = match version == VERSION {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    answer(&req, &name, kept)
}

/// Whether the browser has what this tag names already.
pub(super) fn is_known(req: &HttpRequest, tag: &str) -> bool {
    let known = req.headers().get(IF_NONE_MATCH);
    known.is_some_and(|known| known.as_bytes() == tag.as_bytes())
}

fn answer(req: &HttpRequest, name: &str, kept: &'static str) -> Reply {
    let (_, kind, whole, small) = ASSETS
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(Error::not_found)?;
    let gz = !small.is_empty() && takes_gzip(req.headers());
    let tag = format!("\"{VERSION}-{name}{}\"", if gz { ".gz" } else { "" });
    let known = is_known(req, &tag);
    let mut answer = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, kept));
    answer
        .insert_header((CONTENT_TYPE, *kind))
        .insert_header((VARY, "Accept-Encoding"));
    if gz {
        answer.insert_header((CONTENT_ENCODING, "gzip"));
    }
    if name == "hash-worker.js" {
        answer.insert_header((CONTENT_SECURITY_POLICY, WORKER_POLICY));
    }
    Ok(match known {
        true => answer.finish(),
        false => answer.body(if gz { *small } else { *whole }),
    })
}

/// Whether a client takes gzip (RFC 9110 section 12.5.3), as every browser does.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    let mut codings = accepted.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !weight.replace(' ', "").starts_with("q=0")
    })
}
