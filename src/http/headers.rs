//! The middleware around every request: a request id, one log line, metrics, and headers that let a browser do nothing with
//! an answer but show it.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest};

use super::listener::Connection;
use super::paced::PacedBody;
use crate::gate::Replayed;

/// Wraps a request in its id, its log line and the fixed headers.
pub async fn wrap<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<PacedBody>, actix_web::Error> {
    let started = Instant::now();
    if let Some(connection) = req.conn_data::<Connection>() {
        connection.is_open();
    }
    let id = crate::proof::id::hex(&crate::clock::random::<8>());
    let method = req.method().to_string();
    req.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.call(req).await?;
    let route = response.request().match_pattern().unwrap_or_else(|| "none".into());
    let status = response.status().as_u16();
    let millis = started.elapsed().as_secs_f64() * 1000.0;
    // The pattern, never the path: a path may hold what somebody typed.
    tracing::info!(request = %id, %method, %route, status, ms = format!("{millis:.1}"), "answered");
    let labels = [
        ("method", method_label(&method).to_owned()),
        ("route", route),
        ("status", status.to_string()),
    ];
    metrics::counter!("casetrail_requests_total", &labels).increment(1);
    metrics::histogram!("casetrail_request_seconds").record(millis / 1000.0);
    set_headers(&mut response, &id);
    let (req, answer) = response.into_parts();
    let answer = answer.map_body(|_, body| PacedBody::of(&req, body.boxed()));
    Ok(ServiceResponse::new(req, answer))
}

/// What names a request in the log.
struct RequestId(String);

/// What names this request in the log, for whoever has to tell of it.
pub fn reference(req: &HttpRequest) -> Option<String> {
    req.extensions().get::<RequestId>().map(|id| id.0.clone())
}

/// The method as a label of metrics. Each label is kept for ever, and anyone may send any word as a method.
fn method_label(method: &str) -> &str {
    const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    if METHODS.contains(&method) { method } else { "other" }
}

fn set_headers<B>(response: &mut ServiceResponse<B>, id: &str) {
    let mark = response.request().extensions().get::<Replayed>().cloned();
    let headers = response.headers_mut();
    if mark.is_some_and(|mark| mark.is_told()) {
        headers.insert(
            HeaderName::from_static("idempotency-replayed"),
            HeaderValue::from_static("true"),
        );
    }
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // An answer may say something else about its cache and its content.
    let usual = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in usual {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}
