//! Browsers: the session in a cookie, and what keeps other sites from using it.
//!
//! The cookie holds a token of fifteen minutes, which every answer to a browser in use renews; the session's row decides
//! whether it is good. A request that changes something must come from one of our own pages: the browser says so in
//! `Sec-Fetch-Site` or `Origin`, and the form carries the token of its session.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HOST, HeaderValue, ORIGIN, SET_COOKIE};

use super::App;
use crate::clock::{Micros, SECOND};
use crate::error::{Error, Kind, Result};
use crate::identity::{self, Credential, LIFE};
use crate::ledger;

const COOKIE: &str = "__Host-casetrail";
/// A token older than this is replaced by the answer to the next request.
const RENEWED_AFTER: Micros = 60 * SECOND;

/// Whether a path belongs to a page: all but the API, the pages' own assets, and what a monitor asks for.
pub fn is_page(path: &str) -> bool {
    const OTHERS: &[&str] = &["/healthz", "/readyz", "/metrics", "/favicon.ico", "/verify.html"];
    !path.starts_with("/api/") && !path.starts_with("/static/") && !OTHERS.contains(&path)
}

/// Whether a request changes something, for which a browser must prove more than its cookie.
pub(super) fn may_change(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The session of the request's cookie, where the cookie is genuine.
pub fn credential(req: &HttpRequest, app: &App) -> Option<Credential> {
    let shown = app.cookie_tokens.check(shown_cookie(req)?, app.gate.now())?;
    Some(Credential::Session(shown.session))
}

/// The session that the request's cookie names, where the cookie is genuine; it may have ended. It proves that this browser
/// was signed in, and opens nothing.
pub(crate) fn former_session(req: &HttpRequest, app: &App) -> Option<String> {
    Some(app.cookie_tokens.genuine(shown_cookie(req)?)?.session)
}

/// The cookie's value as it was sent. Browsers guard the prefix of exactly this name, so none that would decode to it
/// counts; and of two with this name none does.
fn shown_cookie(req: &HttpRequest) -> Option<&str> {
    let headers = req.headers().get_all(header::COOKIE);
    let pairs = headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim_start().strip_prefix(COOKIE)?.strip_prefix('='));
    values.next().filter(|_| values.next().is_none())
}

/// Refuses a change that another site's page sends with the cookie of somebody signed in here.
pub(super) fn check_origin(req: &HttpRequest) -> Result<()> {
    let headers = req.headers();
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let ours = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => is_own_origin(req, origin),
        // Neither is sent by what is no browser, which holds no other site's pages.
        (None, None) => true,
    };
    if ours {
        return Ok(());
    }
    let detail = "This request came from another site's page. Open Casetrail itself, and send it from there.";
    Err(Error::new(Kind::Forbidden, "forbidden", detail))
}

/// HTTP/2 names the host in the request line, HTTP/1.1 in a header.
fn is_own_origin(req: &HttpRequest, origin: &str) -> bool {
    let header = req.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = req.uri().authority().map(|authority| authority.as_str()).or(header);
    let named = origin.split_once("://").map(|(_, named)| named);
    host.is_some() && host == named
}

/// Refuses a form that does not carry its session's token. Nobody signed in: nothing to forge.
pub fn check_form_token(app: &App, credential: Option<&Credential>, shown: Option<&str>) -> Result<()> {
    let Some(Credential::Session(session)) = credential else {
        return Ok(());
    };
    if app.form_tokens.is_right(session, shown.unwrap_or_default()) {
        return Ok(());
    }
    let detail = "This form belongs to another session. Nothing was changed; reload the page and send it again.";
    Err(Error::new(Kind::Forbidden, "forbidden", detail))
}

/// The cookie of a session just opened.
pub fn session_cookie(app: &App, session: &str) -> Result<Cookie<'static>> {
    let (token, _) = app.cookie_tokens.issue(session, app.gate.now())?;
    Ok(cookie(token))
}

/// A cookie that takes the browser's session away.
pub fn no_cookie() -> Cookie<'static> {
    let mut gone = cookie(String::new());
    gone.make_removal();
    gone
}

fn cookie(value: String) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

/// Gives a browser in use a new token before its old one ends. A sign-out's own cookie stays as it is, and a page that
/// only looks again by itself (`?watch`) is no use. Where it fails, the answer stays what it is: the old token is still
/// good for a while.
pub(super) async fn renew<B>(app: &App, response: &mut ServiceResponse<B>) {
    if let Err(e) = try_renew(app, response).await {
        tracing::warn!(error = %e, "a browser's session could not be renewed");
    }
}

async fn try_renew<B>(app: &App, response: &mut ServiceResponse<B>) -> Result<()> {
    let (now, req) = (app.gate.now(), response.request());
    let due = shown_cookie(req)
        .filter(|_| req.query_string() != "watch")
        .and_then(|cookie| app.cookie_tokens.check(cookie, now))
        .filter(|shown| shown.ends - now < LIFE * SECOND - RENEWED_AFTER);
    let Some(shown) = due.filter(|_| !response.headers().contains_key(SET_COOKIE)) else {
        return Ok(());
    };
    let session = shown.session.clone();
    app.gate
        .housekeep(ledger::anonymous(), move |tx| {
            identity::keep_alive(tx.conn, &session, now)
        })
        .await?;
    let cookie = session_cookie(app, &shown.session)?.to_string();
    let value = HeaderValue::from_str(&cookie).map_err(Error::internal)?;
    response.headers_mut().append(SET_COOKIE, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_change_comes_from_our_own_page() {
        let sent = |headers: &[(&'static str, &'static str)]| {
            let request = headers.iter().fold(TestRequest::post(), |r, h| r.insert_header(*h));
            check_origin(&request.to_http_request()).is_ok()
        };
        assert!(sent(&[]));
        assert!(sent(&[("sec-fetch-site", "same-origin")]));
        assert!(sent(&[
            ("host", "ct.example:8443"),
            ("origin", "https://ct.example:8443")
        ]));
        for site in ["same-site", "cross-site", "none", ""] {
            assert!(!sent(&[("sec-fetch-site", site)]), "{site}");
        }
        for origin in [
            "https://evil.example",
            "null",
            "https://ct.example:8443.evil.example",
            "",
        ] {
            assert!(!sent(&[("host", "ct.example:8443"), ("origin", origin)]), "{origin}");
        }
        assert!(!sent(&[("origin", "https://ct.example")]));
    }

    #[test]
    fn the_api_and_assets_are_no_pages() {
        for path in ["/", "/cases", "/sign-in", "/apiary"] {
            assert!(is_page(path), "{path}");
        }
        for path in ["/api/v1/cases", "/static/app.css", "/healthz", "/metrics"] {
            assert!(!is_page(path), "{path}");
        }
    }
}
