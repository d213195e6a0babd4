//! Reads the bodies of forms: at most `LIMIT` bytes, and refused when the client sends nothing for 30 seconds.

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Payload;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde_json::Value;

use super::json::Once;
use super::typed::{self, TypedFields};
use super::{App, browser, request_ctx};
use crate::error::{Error, Kind, Result};
use crate::forms::{Form, PAIRS};
use crate::gate::RequestCtx;
use crate::identity::Credential;
use crate::proof::id::Digest;

/// Bytes of a JSON body at the most.
pub const LIMIT: usize = 2 << 20;

/// Reads a form, and notes an idempotency key on the request where the client sent one.
pub async fn form(req: &HttpRequest, payload: &mut Payload, ctx: &mut RequestCtx) -> Result<Form> {
    let bytes = bytes(req, payload).await?;
    form_with_key(req, ctx, &bytes, &bytes)
}

/// Reads a form that may be left out.
pub async fn optional_form(req: &HttpRequest, payload: &mut Payload, ctx: &mut RequestCtx) -> Result<Form> {
    let bytes = bytes(req, payload).await?;
    form_with_key(req, ctx, &bytes, if bytes.is_empty() { b"{}" } else { &bytes })
}

/// Reads a form where nobody is signed in, or a retry is harmless anyway.
pub async fn plain_form(req: &HttpRequest, payload: &mut Payload) -> Result<Form> {
    parse_form(req, &bytes(req, payload).await?)
}

/// The form comes first: a page's key stands in it.
fn form_with_key(req: &HttpRequest, ctx: &mut RequestCtx, sent: &[u8], bytes: &[u8]) -> Result<Form> {
    let form = parse_form(req, bytes)?;
    ctx.idempotency_key = request_ctx::idempotency_header(req)?.map(|key| key.of(Digest::of(sent)));
    Ok(form)
}

/// A JSON object, or outside the API an HTML form.
fn parse_form(req: &HttpRequest, bytes: &[u8]) -> Result<Form> {
    if is_html_form(req) {
        let pairs = url::form_urlencoded::parse(bytes).into_owned();
        let pairs: Vec<_> = pairs.take(PAIRS + 1).collect();
        return match pairs.len() > PAIRS {
            true => Err(too_many_fields()),
            false => page_form(req, pairs),
        };
    }
    Form::new(parse(bytes)?)
}

/// More fields than any form of a page has.
pub fn too_many_fields() -> Error {
    let message = format!("has more than {PAIRS} fields: reload the page");
    Error::field("body", "too_many", message)
}

/// What a page's form sent, once its token is right. What was typed is kept with the request, so that a page can show it
/// again.
pub fn page_form(req: &HttpRequest, pairs: Vec<(String, String)>) -> Result<Form> {
    let typed = TypedFields(pairs);
    let app = req.app_data::<App>().ok_or_else(|| Error::internal("no state"))?;
    browser::check_form_token(
        app,
        req.extensions().get::<Credential>(),
        typed.hidden(typed::FORM_TOKEN),
    )?;
    let zone = typed.hidden(typed::ZONE).and_then(|name| name.parse().ok());
    req.extensions_mut().insert(typed.clone());
    let fields = typed
        .0
        .into_iter()
        .filter(|(name, _)| !typed::HIDDEN.contains(&name.as_str()));
    Form::from_pairs(fields, zone)
}

/// What an HTML form sends is taken outside the API only.
fn is_html_form(req: &HttpRequest) -> bool {
    !req.path().starts_with("/api/")
        && req
            .content_type()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Parses JSON, or says where it breaks.
pub fn parse(bytes: &[u8]) -> Result<Value> {
    match serde_json::from_slice(bytes) {
        Ok(Once(value)) => Ok(value),
        Err(e) if e.is_data() => Err(Error::field("body", "once", format!("{e}: which one is meant?"))),
        Err(e) => Err(Error::field("body", "json", format!("is not JSON: {e}"))),
    }
}

async fn bytes(req: &HttpRequest, payload: &mut Payload) -> Result<Vec<u8>> {
    expect_json(req)?;
    let mut out = Vec::new();
    loop {
        let next = tokio::time::timeout(Duration::from_secs(30), payload.next()).await;
        let Some(chunk) = next.map_err(|_| silent())? else {
            return Ok(out);
        };
        let chunk = chunk.map_err(|_| cut_off())?;
        if out.len() + chunk.len() > LIMIT {
            let detail = format!("A JSON body has at most {LIMIT} bytes.");
            return Err(Error::new(Kind::TooLarge, "too-large", detail));
        }
        out.extend_from_slice(&chunk);
    }
}

fn expect_json(req: &HttpRequest) -> Result<()> {
    let kind = req.content_type().to_ascii_lowercase();
    // A page takes its own forms and nothing else: other sites cannot send JSON, but they can send a body without a type.
    if browser::is_page(req.path()) {
        if is_html_form(req) {
            return Ok(());
        }
        let detail = "This page takes what its own form sends.";
        return Err(Error::new(Kind::Unsupported, "unsupported-media-type", detail));
    }
    let json = kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"));
    if json || !req.headers().contains_key(CONTENT_TYPE) {
        return Ok(());
    }
    let detail = format!("This route takes application/json, not {kind}.");
    Err(Error::new(Kind::Unsupported, "unsupported-media-type", detail))
}

/// The client sent nothing for too long.
pub fn silent() -> Error {
    let detail = "Nothing arrived for too long. Nothing was kept; send it again.";
    Error::new(Kind::Timeout, "too-slow", detail)
}

/// The body was cut off.
pub fn cut_off() -> Error {
    let message = "ended before its end: nothing was kept; send it again";
    Error::field("body", "complete", message)
}
