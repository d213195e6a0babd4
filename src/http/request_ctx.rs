//! The caller of a request. The middleware checks the credential before any extractor runs (actix resolves extractors
//! concurrently); the gate then reads session and user from the database.

use std::future::{Ready, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};

use super::client_address::address;
use super::{App, browser, paging, token_uses, typed};
use crate::error::{Error, Kind, Result};
use crate::gate::{IdempotencyHeader, Replayed, RequestCtx};
use crate::identity::Credential;
use crate::proof::id::Digest;
use crate::versions::SeenVersions;

/// Routes below `/api/v1` that need nobody signed in.
fn is_open(method: &Method, path: &str) -> bool {
    *method == Method::POST && matches!(path, "/api/v1/sessions" | "/api/v1/sessions/refresh")
}

/// What a route asks for before anything of it runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RouteDoor {
    /// Nobody need be signed in.
    Open,
    /// A bearer token.
    Api,
    /// A browser's cookie; for a change, proof that our own page sent it.
    Page,
}

impl RouteDoor {
    fn of(req: &ServiceRequest, app: &App) -> Self {
        let path = req.path();
        if browser::is_page(path) {
            // Whoever comes by a link has no account.
            let open = path == "/sign-in" || path.starts_with("/d/");
            return if open { Self::Open } else { Self::Page };
        }
        let open = is_open(req.method(), path) || (app.public_ledger && is_public_ledger(path));
        if path.starts_with("/api/v1/") && !open {
            Self::Api
        } else {
            Self::Open
        }
    }
}

/// Checks the credential that a route asks for, or answers 401.
pub async fn identify<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let Some(app) = req.app_data::<App>().cloned() else {
        return Ok(next.call(req).await?.map_into_left_body());
    };
    let door = RouteDoor::of(&req, &app);
    match admit(req.request(), door, &app) {
        Ok(Some(credential)) => {
            req.extensions_mut().insert(credential);
        }
        Ok(None) => {}
        Err(e) => {
            // With the error in it, from which a page is made; `into_response` would drop it.
            let answer = HttpResponse::from_error(e).map_into_right_body();
            return Ok(ServiceResponse::new(req.into_parts().0, answer));
        }
    }
    let mut response = next.call(req).await?;
    match door {
        RouteDoor::Page => browser::renew(&app, &mut response).await,
        RouteDoor::Api if response.status() != StatusCode::UNAUTHORIZED => {
            let used = response.request().extensions().get::<Credential>().cloned();
            token_uses::note(&app, used).await;
        }
        RouteDoor::Api | RouteDoor::Open => {}
    }
    Ok(response.map_into_left_body())
}

fn admit(req: &HttpRequest, door: RouteDoor, app: &App) -> Result<Option<Credential>> {
    // The router decodes what the door would not see: no route of ours begins with an escape.
    let first = req.path().trim_start_matches('/').split('/').next();
    if first.is_some_and(|segment| segment.contains('%')) {
        return Err(Error::not_found());
    }
    if browser::is_page(req.path()) && browser::may_change(req.method()) {
        browser::check_origin(req)?;
    }
    match door {
        RouteDoor::Open => Ok(None),
        RouteDoor::Api => credential(req, app).map(Some).ok_or_else(Error::unauthenticated),
        // A page asks for the caller itself, and answers 401 to nobody; what is no page is 404.
        RouteDoor::Page => Ok(browser::credential(req, app)),
    }
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
    let credential = credential.ok_or_else(Error::unauthenticated)?;
    paging::refuse_parameters(req)?;
    Ok(RequestCtx {
        credential,
        address: address(req),
        idempotency_key: None,
    })
}

/// The client's idempotency key, bare or in quotes; of a page, that of its form.
pub fn idempotency_header(req: &HttpRequest) -> Result<Option<IdempotencyHeader>> {
    let hidden = typed::hidden(req, typed::IDEMPOTENCY_KEY);
    let header = req
        .headers()
        .get("idempotency-key")
        .map(|value| value.to_str().unwrap_or_default());
    let Some(text) = hidden.as_deref().or(header) else {
        return Ok(None);
    };
    let text = text.trim();
    let key = unquoted(text).unwrap_or(text);
    if key.is_empty() || key.len() > 255 || key.chars().any(|c| !c.is_ascii_graphic()) {
        let message = "must be 1 to 255 visible ASCII characters, such as a UUID";
        return Err(Error::field("Idempotency-Key", "form", message));
    }
    Ok(Some(IdempotencyHeader {
        route: format!("{} {}", req.method(), req.path()),
        key: key.to_owned(),
        replayed: replayed(req),
    }))
}

/// The mark of this request by which its answer is known to be an earlier one's.
fn replayed(req: &HttpRequest) -> Replayed {
    let mut known = req.extensions_mut();
    if let Some(mark) = known.get::<Replayed>() {
        return mark.clone();
    }
    let mark = Replayed::default();
    known.insert(mark.clone());
    mark
}

/// The versions that `If-Match` names; of a page, the one that its form was filled from.
pub fn if_match(req: &HttpRequest) -> Result<SeenVersions> {
    if let Some(version) = typed::hidden(req, typed::VERSION) {
        return Ok(SeenVersions::parse(&format!("\"{version}\"")));
    }
    let values = req.headers().get_all("if-match");
    let named: Vec<&str> = values.map(|value| value.to_str().unwrap_or_default()).collect();
    if named.is_empty() {
        let detail = "Send If-Match with the version you read (the ETag of the GET), so that nobody's change is lost.";
        return Err(Error::new(Kind::VersionRequired, "version-required", detail));
    }
    Ok(SeenVersions::parse(&named.join(",")))
}

fn unquoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}
