//! The pages around a session: sign in, sign out, change the password; one's own account; people and units.

mod account;
mod people;
mod units;

mod settings;

use actix_web::cookie::Cookie;
use actix_web::http::header::{CLEAR_SITE_DATA, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{reads, sessions};
use crate::error::{Error, Result};
use crate::gate::{RequestCtx, Scope};
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::Page;
use crate::http::reply::Reply;
use crate::http::{App, WriteRequest, browser, carried, client_address};
use crate::identity::{Credential, Opened};
use crate::policy::Act;
use crate::text::line;

pub(super) use account::{account, create_token, end_own_session, end_own_sessions, end_own_token};
pub(super) use people::{change, create, end_sessions, end_token, end_training, person, train, users};
pub(super) use units::{create_unit, rename_unit, units};

pub(super) use settings::{keep_settings, settings};

#[derive(Template)]
#[template(path = "users/pages/sign_in.html")]
struct SignInPage {
    frame: Frame,
    form: FormView,
    /// Where the person wanted to go.
    next: String,
}

pub(super) async fn sign_in_form(req: HttpRequest) -> Reply {
    sign_in_page(&req, FormView::default())
}

fn sign_in_page(req: &HttpRequest, form: FormView) -> Reply {
    let page = SignInPage {
        frame: Frame::outside(req, "Sign in"),
        next: next(req),
        form,
    };
    pages::show(&page, Some(&page.form))
}

/// Where to go after signing in: an address of ours, or the first screen. Another site's address is not taken, and none
/// with characters that a browser would drop or turn.
fn next(req: &HttpRequest) -> String {
    let wanted = pages::query_value(req, "next").filter(|next| {
        let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        plain && next.starts_with('/') && !next.starts_with("//")
    });
    wanted.unwrap_or_else(|| "/".into())
}

pub(super) async fn sign_in(req: HttpRequest, mut payload: Payload, app: App) -> Reply {
    match sessions::open_session(&req, &mut payload, &app).await {
        Ok(opened) => {
            sessions::end_older(&req, &app).await?;
            signed_in(&req, &app, &opened).await
        }
        Err(e) if e.code == "sign-in-refused" => sign_in_page(&req, FormView::told(&req, &e)),
        Err(e) => sign_in_page(&req, FormView::refused(&req, e)?),
    }
}

/// Where somebody goes who has just signed in: to what they typed before their last session ended, or where they wanted to.
async fn signed_in(req: &HttpRequest, app: &App, opened: &Opened) -> Reply {
    let ctx = RequestCtx {
        credential: Credential::Session(opened.session.clone()),
        address: client_address::address(req),
        idempotency_key: None,
    };
    let caller = app.gate.check(&ctx, Act::SessionOwn, Scope::Agency).await?.caller;
    let answer = match carried::brought_back(req, app, &caller.user) {
        Some(form) if !caller.must_change => carried::page(req, app, &opened.session, form)?,
        _ => pages::see_other(&next(req)),
    };
    with_cookie(answer, &browser::session_cookie(app, &opened.session)?)
}

fn with_cookie(mut answer: HttpResponse, cookie: &Cookie<'_>) -> Reply {
    answer.add_cookie(cookie).map_err(Error::internal)?;
    Ok(answer)
}

/// Ends the session, and has the browser forget all that it keeps of this site.
pub(super) async fn sign_out(mut request: WriteRequest) -> Reply {
    request.button_form().await?;
    sessions::end_session(request).await?;
    let mut answer = pages::see_other("/sign-in");
    // Not "cookies": that would take those of every other site of the agency's domain.
    let all = HeaderValue::from_static("\"cache\", \"storage\"");
    answer.headers_mut().insert(CLEAR_SITE_DATA, all);
    with_cookie(answer, &browser::no_cookie())
}

#[derive(Template)]
#[template(path = "users/pages/password.html")]
struct PasswordPage {
    frame: Frame,
    form: FormView,
    /// Whether nothing else is shown before it is changed.
    due: bool,
}

pub(super) async fn password_form(page: PageRequest) -> Reply {
    password_page(&page, FormView::default()).await
}

async fn password_page(page: &PageRequest, form: FormView) -> Reply {
    let frame = page.frame("Change your password", Nav::None).await?;
    let due = frame.person.as_ref().is_some_and(|person| person.must_change);
    let page = PasswordPage { frame, form, due };
    pages::show(&page, Some(&page.form))
}

pub(super) async fn change_password(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = sessions::set_own_password(request).await;
    let address = |()| "/?done=password-changed".to_owned();
    pages::answer(&page.req, made, address, async |form| password_page(&page, form).await).await
}

/// Used by a page's script: a request that only says that the browser is in use. Its answer renews the cookie, and says
/// who is signed in and which token their forms have, for a page whose session had ended.
pub(super) async fn keep_alive(page: PageRequest) -> Result<HttpResponse> {
    let frame = page.frame("", Nav::None).await?;
    Ok(HttpResponse::NoContent()
        .insert_header(("x-form-token", frame.form_token.as_str()))
        .insert_header(("x-person", frame.person_id()))
        .finish())
}

/// Colleagues that a form proposes; of more, the user name is typed.
const PROPOSED: usize = 500;

/// A colleague whom a form proposes.
pub struct Colleague {
    pub username: String,
    pub about: String,
}

impl Colleague {
    /// Those whom the forms of a page propose; the page includes `users/pages/colleagues.html`.
    ///
    /// # Errors
    /// Refused to those who do not work with cases.
    pub async fn all(page: &PageRequest) -> Result<Vec<Self>> {
        let found = reads::colleagues(&page.app.gate, &page.ctx, &Page::first(PROPOSED)).await?;
        let shown = found.into_iter().take(PROPOSED).map(|user| {
            let roles: Vec<&str> = user.roles.iter().map(|role| role.as_str()).collect();
            Self {
                about: line(&format!("{}, {}, {}", user.name, roles.join(", "), user.unit.name)),
                username: user.username,
            }
        });
        Ok(shown.collect())
    }
}
