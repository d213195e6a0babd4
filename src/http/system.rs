//! Routes outside the API: health, readiness, metrics, the API's description and the page over it.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::assets::is_known;
use super::client_address::is_at_machine;
use super::paging::parameters;
use super::reply::at;
use super::{App, reply};
use crate::error::Error;
use crate::proof::Digest;
use crate::verify::verifier::PAGE as PAGE_OF_VERIFIER;

const DESCRIPTION: &str = include_str!("../../schema/openapi.json");
const PAGE: &str = include_str!("assets/api.html");
const SCRIPT: &str = include_str!("assets/api.js");
const STYLE: &str = include_str!("assets/api.css");
/// What the page of the verifier may do: run what it holds itself, in a worker too, and load nothing.
const VERIFIER_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; style-src 'unsafe-inline'; \
                               worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The routes of this file.
pub fn routes(config: &mut web::ServiceConfig) {
    super::assets::routes(config);
    config
        .service(at("/healthz", "GET").route(web::get().to(health)))
        .service(at("/readyz", "GET").route(web::get().to(ready)))
        .service(at("/metrics", "GET").route(web::get().to(metrics)))
        // There is no picture; saying so keeps browsers' logs clean.
        .service(at("/favicon.ico", "GET").route(web::get().to(|| async { reply::nothing() })))
        .service(at("/verify.html", "GET").route(web::get().to(verifier)))
        .service(at("/api/openapi.json", "GET").route(web::get().to(|| asset("application/json", DESCRIPTION))))
        .service(at("/api/docs", "GET").route(web::get().to(|| asset("text/html; charset=utf-8", PAGE))))
        .service(at("/api/docs/api.js", "GET").route(web::get().to(|| asset("text/javascript; charset=utf-8", SCRIPT))))
        .service(at("/api/docs/api.css", "GET").route(web::get().to(|| asset("text/css; charset=utf-8", STYLE))));
}

async fn health(req: HttpRequest) -> reply::Reply {
    parameters(&req, &[])?;
    reply::ok(&json!({"status": "ok"}))
}

/// Ready when the database answers and the tree is published.
async fn ready(req: HttpRequest, app: App) -> reply::Reply {
    parameters(&req, &[])?;
    let state = app.gate.db().read(crate::ledger::state).await?;
    state.ok_or_else(|| Error::unavailable("unavailable", "The log is not open yet.", 2))?;
    let (blobs, reserve) = (app.blobs.clone(), app.limits.reserve);
    crate::threads::blocking(move || blobs.check_reserve(reserve)).await?;
    reply::ok(&json!({"status": "ready"}))
}

async fn metrics(req: HttpRequest, app: App) -> reply::Reply {
    if !is_at_machine(&req) && !shows_token(&req, app.metrics_token.as_deref()) {
        return Err(Error::not_found());
    }
    let text = app.metrics.as_ref().map(|m| m.render()).unwrap_or_default();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4"))
        .body(text))
}

/// Compared in constant time: how long it takes must not say how much of the token was right.
fn shows_token(req: &HttpRequest, token: Option<&str>) -> bool {
    let header = req.headers().get("authorization").and_then(|v| v.to_str().ok());
    let shown = header.and_then(|v| v.strip_prefix("Bearer "));
    let both = token.zip(shown);
    both.is_some_and(|(token, shown)| token.as_bytes().ct_eq(shown.as_bytes()).into())
}

/// The verifier as a page, for everyone: it reads a packet on the reader's own computer. It is what packets hold.
async fn verifier(req: HttpRequest) -> reply::Reply {
    let page = PAGE_OF_VERIFIER.ok_or_else(Error::not_found)?;
    let tag = format!("\"{}\"", Digest::of(page));
    let known = is_known(&req, &tag);
    let mut answer = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, VERIFIER_POLICY));
    Ok(if known { answer.finish() } else { answer.body(page) })
}

async fn asset(kind: &'static str, text: &'static str) -> reply::Reply {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                  frame-ancestors 'none'; form-action 'none'";
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .body(text))
}
