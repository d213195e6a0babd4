//! Reads the bodies of forms: at most `LIMIT` bytes, and refused when the client sends nothing for 30 seconds. Before anybody
//! is known to have sent it, less is read, and for a shorter time.

use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Payload;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde_json::Value;

use super::json::Once;
use super::typed::{self, TypedFields};
use super::work_slots::WorkSlot;
use super::{App, browser, carried, request_ctx};
use crate::decoded;
use crate::error::{Error, Kind, Result};
use crate::forms::{Form, PAIRS};
use crate::gate::RequestCtx;
use crate::identity::Credential;
use crate::proof::id::Digest;

/// Bytes of a JSON body at the most.
pub const LIMIT: usize = 2 << 20;
/// How long a body may be silent.
const IDLE: Duration = Duration::from_secs(30);

/// How much is read of a body that nobody is known to have sent, and how long all of it may take.
struct OpenLimit {
    bytes: usize,
    whole: Duration,
}

/// What signs in, or renews a session.
const OPEN: OpenLimit = OpenLimit {
    bytes: 64 << 10,
    whole: Duration::from_secs(10),
};
/// A sign-in that brings a form back.
const BRINGING: OpenLimit = OpenLimit {
    bytes: 2 * carried::LONGEST,
    whole: carried::LONGEST_WAIT,
};

/// Reads a form, and notes an idempotency key on the request where the client sent one.
pub async fn form(req: &HttpRequest, payload: &mut Payload, ctx: &mut RequestCtx) -> Result<Form> {
    let bytes = bytes(req, payload, LIMIT).await?;
    form_with_key(req, ctx, &bytes, &bytes)
}

/// Reads a form that may be left out.
pub async fn optional_form(req: &HttpRequest, payload: &mut Payload, ctx: &mut RequestCtx) -> Result<Form> {
    let bytes = bytes(req, payload, LIMIT).await?;
    form_with_key(req, ctx, &bytes, if bytes.is_empty() { b"{}" } else { &bytes })
}

/// Reads a form of which a retry is harmless.
pub async fn plain_form(req: &HttpRequest, payload: &mut Payload) -> Result<Form> {
    parse_form(req, &bytes(req, payload, LIMIT).await?)
}

/// Reads a form before anybody is known to have sent it: little, and for a short time. A page's sign-in may bring a form
/// that was carried, for which it takes a place.
pub async fn open_form(req: &HttpRequest, payload: &mut Payload) -> Result<Form> {
    let brings = announced(req) > OPEN.bytes && was_signed_in(req);
    let _place = brings.then(|| place(req)).transpose()?;
    let limit = if brings { &BRINGING } else { &OPEN };
    parse_form(req, &bytes_within(req, payload, limit).await?)
}

/// Whether a page's form comes from a browser that was signed in here: no other has one to bring back.
fn was_signed_in(req: &HttpRequest) -> bool {
    let app = req.app_data::<App>().filter(|_| browser::is_page(req.path()));
    app.is_some_and(|app| browser::former_session(req, app).is_some())
}

fn announced(req: &HttpRequest) -> usize {
    let length = req.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn place(req: &HttpRequest) -> Result<WorkSlot> {
    let app = req.app_data::<App>().ok_or_else(|| Error::internal("no state"))?;
    let detail = "Too many forms are brought back at the moment. Nothing is lost: send it again.";
    app.forms.enter().ok_or_else(|| Error::unavailable("busy", detail, 2))
}

async fn bytes_within(req: &HttpRequest, payload: &mut Payload, limit: &OpenLimit) -> Result<Vec<u8>> {
    let all = tokio::time::timeout(limit.whole, bytes(req, payload, limit.bytes)).await;
    all.map_err(|_| silent())?
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
    json_form(bytes)
}

/// A form from JSON, which knows whether something in it was no character.
pub fn json_form(bytes: &[u8]) -> Result<Form> {
    let sent = decoded::read(bytes);
    let form = Form::new(parse(&sent.text)?)?;
    Ok(if sent.repaired { form.repaired() } else { form })
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
fn parse(text: &str) -> Result<Value> {
    match serde_json::from_str(text) {
        Ok(Once(value)) => Ok(value),
        Err(e) if e.is_data() => Err(Error::field("body", "once", format!("{e}: which one is meant?"))),
        Err(e) => Err(Error::field("body", "json", format!("is not JSON: {e}"))),
    }
}

async fn bytes(req: &HttpRequest, payload: &mut Payload, most: usize) -> Result<Vec<u8>> {
    expect_json(req)?;
    // Whoever waits to be told to go on is told this in its place.
    if announced(req) > most {
        return Err(too_large(most));
    }
    let mut out = Vec::new();
    loop {
        let next = tokio::time::timeout(IDLE, payload.next()).await;
        let Some(chunk) = next.map_err(|_| silent())? else {
            return Ok(out);
        };
        let chunk = chunk.map_err(|_| cut_off())?;
        if out.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        out.extend_from_slice(&chunk);
    }
}

fn too_large(most: usize) -> Error {
    let detail = format!("A body has at most {most} bytes here.");
    Error::new(Kind::TooLarge, "too-large", detail)
}

/// Refuses a body that is to be decoded first.
pub fn expect_plain(req: &HttpRequest) -> Result<()> {
    let coding = req
        .headers()
        .get(CONTENT_ENCODING)
        .map(|value| value.to_str().unwrap_or("?"));
    match coding.filter(|coding| !coding.trim().eq_ignore_ascii_case("identity")) {
        Some(coding) => {
            let detail = format!("Content-Encoding {coding} is not undone here: send the body as it is.");
            Err(Error::new(Kind::Unsupported, "unsupported-media-type", detail))
        }
        None => Ok(()),
    }
}

fn expect_json(req: &HttpRequest) -> Result<()> {
    expect_plain(req)?;
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

#[cfg(test)]
mod tests {
    use actix_web::FromRequest;
    use actix_web::test::TestRequest;
    use actix_web::web::Bytes;
    use futures_util::stream;

    use super::*;

    async fn read(pieces: usize, limit: &OpenLimit) -> Result<Vec<u8>> {
        let (req, _) = TestRequest::post().uri("/api/v1/sessions").to_http_parts();
        let drops = stream::unfold(0, move |n| async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            (n < pieces).then(|| (Ok(Bytes::from_static(b"{")), n + 1))
        });
        let mut sent =
            actix_web::dev::Payload::from(Box::pin(drops) as std::pin::Pin<Box<dyn futures_util::Stream<Item = _>>>);
        let mut payload = Payload::from_request(&req, &mut sent).into_inner().unwrap();
        bytes_within(&req, &mut payload, limit).await
    }

    #[actix_web::test]
    async fn of_a_stranger_little_is_read_and_for_a_short_time() {
        let limit = OpenLimit {
            bytes: 8,
            whole: Duration::from_millis(400),
        };
        assert_eq!(read(8, &limit).await.unwrap().len(), 8);
        assert_eq!(read(9, &limit).await.unwrap_err().kind, Kind::TooLarge);
        // Each byte comes in time, and all of them do not.
        let slow = OpenLimit { bytes: 1_000, ..limit };
        assert_eq!(read(1_000, &slow).await.unwrap_err().kind, Kind::Timeout);
    }
}
