//! A refusal as a page, for browsers. The API answers `application/problem+json`; outside it, whoever asks for HTML gets
//! the same words as a page, under the same status.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::pages::{self, Frame, Nav, PageRequest};
use super::typed::TypedFields;
use super::{App, browser, carried, headers, reply};
use crate::error::{Error, FieldError, Kind};

#[derive(Template)]
#[template(path = "http/pages/refusal.html")]
struct RefusalPage<'a> {
    frame: Frame,
    icon: &'static str,
    detail: &'a str,
    errors: &'a [FieldError],
    rules: &'a [String],
    /// Whom to ask, where the person may know that.
    ask: Option<&'a str>,
    /// Whether nobody is signed in any more.
    signed_out: bool,
    /// Whether there is nothing at this address, or nothing that the person may know of.
    nowhere: bool,
    /// What names the request in the server's log, where something inside failed.
    reference: Option<String>,
    /// The form that was sent, sealed, where it is kept over a new sign-in.
    carried: Option<String>,
}

/// Turns a refusal into a page where the request is a browser's. Whoever has to sign in first, or to change a password
/// first, is led there.
pub async fn as_page<B: MessageBody>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let wants_page = browser::is_page(req.path()) && accepts_html(req.headers());
    let typed = carried::read_ahead(&mut req).await;
    let answer = next.call(req).await?;
    let refusal = answer.response().error().and_then(|e| e.as_error::<Error>());
    let page = match refusal.filter(|_| wants_page) {
        Some(e) => match elsewhere(answer.request(), e) {
            Some(led) => Some(led),
            None => page(&answer, e, typed).await,
        },
        None => None,
    };
    match page {
        Some(page) => Ok(answer.into_response(page.map_into_right_body())),
        None => Ok(answer.map_into_left_body()),
    }
}

/// Where somebody is led who asked for a page and has to do something else first.
fn elsewhere(req: &HttpRequest, e: &Error) -> Option<HttpResponse> {
    if browser::may_change(req.method()) {
        return None;
    }
    match e.code {
        "not-signed-in" => {
            let wanted = req.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
            let back: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
            Some(pages::see_other(&format!("/sign-in?next={back}")))
        }
        "password-change-first" if req.path() != "/password" => Some(pages::see_other("/password")),
        _ => None,
    }
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|v| v.to_str().ok());
    accepted.is_some_and(|kinds| kinds.split(',').any(|kind| kind.trim().starts_with("text/html")))
}

/// The page, with the status and the other headers of the answer that it replaces.
async fn page<B>(answer: &ServiceResponse<B>, e: &Error, typed: Option<TypedFields>) -> Option<HttpResponse> {
    let (head, req) = (answer.response().head(), answer.request());
    let typed = typed.unwrap_or_else(|| TypedFields::of(req));
    let carried = match req.app_data::<App>() {
        Some(app) if e.code == "not-signed-in" => carried::seal(req, app, &typed).await,
        _ => None,
    };
    let text = RefusalPage::of(req, e, carried).await.render().ok()?;
    let mut page = pages::html(head.status, &text);
    for (name, value) in head.headers().iter().filter(|(name, _)| **name != CONTENT_TYPE) {
        page.headers_mut().append(name.clone(), value.clone());
    }
    Some(page)
}

impl<'a> RefusalPage<'a> {
    async fn of(req: &HttpRequest, e: &'a Error, carried: Option<String>) -> Self {
        let signed_out = e.code == "not-signed-in";
        Self {
            frame: frame(req, reply::title_of(e)).await,
            icon: icon(e.kind),
            detail: match (signed_out, e.kind) {
                (true, _) if carried.is_some() => {
                    "Your session has ended. What you typed is not lost: sign in again, and it is here to be sent."
                }
                (true, _) => "Your session has ended, and what you sent was not taken. Sign in again.",
                (_, Kind::NotFound) => {
                    "There is no such page, or you may not know of it. The answer is the same in both cases."
                }
                // The API names the act of policy; a person has no use for its name.
                (_, Kind::Forbidden) if reply::detail_of(e).starts_with("You may not do this (") => {
                    "Neither your role nor your part in this case gives you this."
                }
                _ => reply::detail_of(e),
            },
            nowhere: e.kind == Kind::NotFound,
            reference: (e.kind == Kind::Internal).then(|| headers::reference(req)).flatten(),
            signed_out,
            carried,
            errors: &e.errors,
            rules: &e.rules,
            ask: e.ask.as_deref(),
        }
    }
}

/// The frame of whoever is signed in, with their places; where nobody is, or the database does not answer, the plain one.
async fn frame(req: &HttpRequest, title: &str) -> Frame {
    let known = match PageRequest::of(req) {
        Ok(page) => page.frame(title, Nav::None).await,
        Err(e) => Err(e),
    };
    known.unwrap_or_else(|_| Frame::outside(req, title))
}

fn icon(kind: Kind) -> &'static str {
    match kind {
        Kind::NotFound => "search",
        Kind::Forbidden | Kind::Unauthenticated => "stop",
        _ => "alert",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::middleware::from_fn;
    use actix_web::{App, test, web};

    use super::*;

    async fn refused() -> reply::Reply {
        let mut e = Error::field("title", "required", "must be <given>");
        e.retry_after = Some(3);
        Err(e)
    }

    async fn answer(path: &str, accept: &str) -> (StatusCode, String, String, String) {
        let app = App::new().default_service(web::to(refused)).wrap(from_fn(as_page));
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri(path).insert_header((ACCEPT, accept));
        let answer = test::call_service(&app, request.to_request()).await;
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (status, kind, retry) = (answer.status(), header("content-type"), header("retry-after"));
        let body = test::read_body(answer).await;
        (status, kind, retry, String::from_utf8_lossy(&body).into_owned())
    }

    #[actix_web::test]
    async fn a_browser_gets_a_page_and_the_api_a_problem() {
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        let (status, kind, retry, body) = answer("/cases", browser).await;
        assert_eq!(
            (status.as_u16(), kind.as_str(), retry.as_str()),
            (422, "text/html; charset=utf-8", "3")
        );
        assert!(
            body.contains("<strong>Title</strong> must be &#60;given&#62;"),
            "{body}"
        );
        for (path, accept) in [
            ("/api/v1/cases", browser),
            ("/cases", "application/json"),
            ("/cases", "*/*"),
        ] {
            let (status, kind, _, body) = answer(path, accept).await;
            assert_eq!((status.as_u16(), kind.as_str()), (422, "application/problem+json"));
            assert!(body.contains("must be <given>"), "{body}");
        }
    }
}
