//! The caller of a request. The middleware checks the credential before any extractor runs (actix resolves extractors
//! concurrently); the gate then reads session and user from the database.

use std::future::{Ready, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError};

use super::App;
use crate::error::{Error, Kind, Result};
use crate::gate::{IdempotencyHeader, RequestCtx};
use crate::identity::Credential;
use crate::proof::id::Digest;

/// Routes below `/api/v1` that need nobody signed in.
fn is_open(method: &Method, path: &str) -> bool {
    *method == Method::POST && matches!(path, "/api/v1/sessions" | "/api/v1/sessions/refresh")
}

/// Checks the bearer's credential, or answers 401.
pub async fn identify<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let app = req.app_data::<App>().cloned();
    let path = req.path();
    let wants = path.starts_with("/api/v1/") && !is_open(req.method(), path);
    let open_ledger = app.as_ref().is_some_and(|a| a.public_ledger) && is_public_ledger(path);
    if let (true, Some(app)) = (wants && !open_ledger, app) {
        match credential(req.request(), &app) {
            Some(credential) => {
                req.extensions_mut().insert(credential);
            }
            None => {
                let answer = Error::unauthenticated().error_response().map_into_right_body();
                return Ok(req.into_response(answer));
            }
        }
    }
    Ok(next.call(req).await?.map_into_left_body())
}

/// Routes that show hashes only; a setting opens them to everyone.
fn is_public_ledger(path: &str) -> bool {
    path.starts_with("/api/v1/ledger/") && path != "/api/v1/ledger/events"
}

fn credential(req: &HttpRequest, app: &App) -> Option<Credential> {
    let header = req.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    if token.starts_with("ct_") {
        return Some(Credential::Token(Digest::of(token.as_bytes())));
    }
    app.access_tokens
        .session(token, app.gate.now())
        .map(Credential::Session)
}

impl FromRequest for RequestCtx {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request_ctx(req))
    }
}

pub(super) fn request_ctx(req: &HttpRequest) -> Result<RequestCtx> {
    let credential = req.extensions().get::<Credential>().cloned();
    Ok(RequestCtx {
        credential: credential.ok_or_else(Error::unauthenticated)?,
        address: address(req),
        idempotency_key: None,
    })
}

/// The client's IP address.
pub fn address(req: &HttpRequest) -> String {
    req.peer_addr().map(|a| a.ip().to_string()).unwrap_or_default()
}

/// The client's idempotency key, bare or in quotes.
pub fn idempotency_header(req: &HttpRequest) -> Result<Option<IdempotencyHeader>> {
    let Some(value) = req.headers().get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let key = unquoted(text).unwrap_or(text);
    if key.is_empty() || key.len() > 255 || key.chars().any(|c| !c.is_ascii_graphic()) {
        let message = "must be 1 to 255 visible ASCII characters, such as a UUID";
        return Err(Error::field("Idempotency-Key", "form", message));
    }
    Ok(Some(IdempotencyHeader {
        route: format!("{} {}", req.method(), req.path()),
        key: key.to_owned(),
    }))
}

/// The version that `If-Match` names.
pub fn if_match(req: &HttpRequest) -> Result<i64> {
    let Some(value) = req.headers().get("if-match") else {
        let detail = "Send If-Match with the version you read (the ETag of the GET), so that nobody's change is lost.";
        return Err(Error::new(Kind::VersionRequired, "version-required", detail));
    };
    let version = unquoted(value.to_str().unwrap_or_default().trim()).and_then(|t| t.parse().ok());
    version.ok_or_else(Error::stale)
}

fn unquoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}
