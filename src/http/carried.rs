//! A form that was sent after its session had ended: what was typed is sealed into the page that asks to sign in again,
//! and comes back with the sign-in. Only the person who typed it gets it back, to send it under the new session.

use std::future::ready;
use std::time::Duration;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest};
use askama::Template;
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::pages::{self, Frame};
use super::reply::Reply;
use super::typed::{self, TypedFields};
use super::{App, browser};
use crate::clock::{HOUR, Micros};
use crate::forms::PAIRS;
use crate::identity;

/// Bytes of a form that is carried.
pub const LONGEST: usize = 256 << 10;
/// How long a form of that size may take to arrive.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Forms that are read ahead at the same moment: they lie in memory before anybody is known to have sent them.
pub const PLACES: usize = 64;
/// How long it may take to sign in again.
const LIFE: Micros = 12 * HOUR;

/// A form that waits for its person.
#[derive(Debug, Serialize, Deserialize)]
pub struct CarriedForm {
    person: String,
    at: Micros,
    path: String,
    multipart: bool,
    fields: Vec<(String, String)>,
}

/// Reads a short form of a page before anything else does, and puts it back for whoever reads it next. A form that does
/// not arrive whole is put back as cut off, so that nobody takes its beginning for all of it.
pub(super) async fn read_ahead(req: &mut ServiceRequest) -> Option<TypedFields> {
    let length = req
        .headers()
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse::<usize>()
        .ok()?;
    let html_form = req
        .content_type()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded");
    let ours = browser::is_page(req.path()) && browser::check_origin(req.request()).is_ok();
    if *req.method() != Method::POST || !html_form || length > LONGEST || !ours || req.path() == "/sign-in" {
        return None;
    }
    let app = req.app_data::<App>()?.clone();
    // Of a browser that never was signed in here nothing is carried. Whoever finds no place is served all the same; only
    // what was typed is not carried over a new sign-in.
    browser::former_session(req.request(), &app)?;
    let _place = app.forms.enter()?;
    read_and_put_back(req, length).await
}

async fn read_and_put_back(req: &mut ServiceRequest, length: usize) -> Option<TypedFields> {
    let whole = read_whole(req.take_payload(), length).await;
    let fields = whole.as_ref().ok().map(|bytes| {
        let pairs = url::form_urlencoded::parse(bytes).into_owned();
        TypedFields(pairs.take(PAIRS).collect())
    });
    let again = Box::pin(stream::once(ready(whole)));
    req.set_payload(Payload::Stream { payload: again });
    fields
}

async fn read_whole<S>(mut payload: S, length: usize) -> Result<Bytes, PayloadError>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let mut bytes = Vec::new();
    let all = async {
        while let Some(piece) = payload.next().await {
            bytes.extend_from_slice(&piece?);
        }
        Ok(())
    };
    let cut_off = || PayloadError::Incomplete(None);
    let arrived: Result<(), PayloadError> = tokio::time::timeout(LONGEST_WAIT, all).await.map_err(|_| cut_off())?;
    arrived?;
    (bytes.len() == length).then(|| bytes.into()).ok_or_else(cut_off)
}

/// What was typed, sealed, where the session that has ended was of the person whose form it says it is. Passwords are left
/// out.
pub(super) async fn seal(req: &HttpRequest, app: &App, typed: &TypedFields) -> Option<String> {
    let session = browser::former_session(req, app)?;
    let owner = app.gate.db().read(move |conn| identity::owner(conn, &session)).await;
    let person = owner.ok()?.filter(|owner| typed.hidden(typed::PERSON) == Some(owner))?;
    let kept = |(name, _): &&(String, String)| !name.contains("password") && name != typed::FORM_TOKEN;
    let multipart = req.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let form = CarriedForm {
        person,
        at: app.gate.now(),
        path: req.path().to_owned(),
        multipart: multipart.is_some_and(|kind| kind.starts_with("multipart/")),
        fields: typed.0.iter().filter(kept).cloned().collect(),
    };
    let text = serde_json::to_string(&form).ok().filter(|text| text.len() <= LONGEST)?;
    app.seals.seal(&text).ok()
}

/// The form that a sign-in brought back, for the person who typed it and nobody else.
pub fn brought_back(req: &HttpRequest, app: &App, user: &str) -> Option<CarriedForm> {
    let sealed = typed::hidden(req, typed::CARRIED)?;
    let form: CarriedForm = serde_json::from_str(&app.seals.open(&sealed)?).ok()?;
    (form.person == user && app.gate.now() - form.at <= LIFE).then_some(form)
}

/// A field of the form as the person reads it.
struct TypedLine {
    name: String,
    text: String,
}

#[derive(Template)]
#[template(path = "http/pages/carried.html")]
struct CarriedPage {
    frame: Frame,
    form: CarriedForm,
    shown: Vec<TypedLine>,
}

/// Shows what was typed before the session ended, to be sent again under the new one.
pub fn page(req: &HttpRequest, app: &App, session: &str, form: CarriedForm) -> Reply {
    let mut frame = Frame::outside(req, "Nothing is lost");
    frame.form_token = app.form_tokens.of(session);
    let said = |(name, text): &&(String, String)| !typed::HIDDEN.contains(&name.as_str()) && !text.is_empty();
    let line = |(name, text): &(String, String)| TypedLine {
        name: crate::text::label(&name.trim_end_matches("[]").replace('.', " ")),
        text: crate::text::block(text),
    };
    let shown = form.fields.iter().filter(said).map(line).collect();
    pages::show(&CarriedPage { frame, form, shown }, None)
}

/// Keeps the fields of a form with files for the page that asks to sign in again; the files themselves are not kept. Where
/// the form was read before its session ended, that stands.
pub fn remember(req: &HttpRequest, fields: Vec<(String, String)>) {
    let mut kept = req.extensions_mut();
    if !kept.contains::<TypedFields>() {
        kept.insert(TypedFields(fields));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pieces: Vec<Result<Bytes, PayloadError>>) -> impl Stream<Item = Result<Bytes, PayloadError>> + Unpin {
        stream::iter(pieces)
    }

    #[actix_web::test]
    async fn only_a_whole_form_is_read_ahead() {
        let piece = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
        let whole = read_whole(sent(vec![piece("reason=not "), piece("now")]), 14).await;
        assert_eq!(whole.unwrap(), "reason=not now");
        let short = read_whole(sent(vec![piece("reason=not ")]), 14).await;
        assert!(short.is_err());
        let broken = vec![piece("reason=not "), Err(PayloadError::Incomplete(None))];
        assert!(read_whole(sent(broken), 14).await.is_err());
    }

    #[actix_web::test]
    async fn a_form_that_breaks_off_is_put_back_as_broken_off() {
        use actix_web::test::TestRequest;
        let form = || {
            TestRequest::post()
                .uri("/cases")
                .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        };
        let mut short = form()
            .set_payload("reason=not ")
            .insert_header((CONTENT_LENGTH, 14))
            .to_srv_request();
        assert!(read_and_put_back(&mut short, 14).await.is_none());
        assert!(short.take_payload().next().await.unwrap().is_err());
        let mut whole = form()
            .set_payload("reason=no")
            .insert_header((CONTENT_LENGTH, 9))
            .to_srv_request();
        assert_eq!(
            read_and_put_back(&mut whole, 9).await.unwrap().hidden("reason"),
            Some("no")
        );
        assert_eq!(whole.take_payload().next().await.unwrap().unwrap(), "reason=no");
    }
}
