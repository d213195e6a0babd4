//! The pages around a session: sign in, sign out, change the password.

use actix_web::cookie::Cookie;
use actix_web::http::header::{CLEAR_SITE_DATA, HeaderValue};
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::api::{self, WithPassword};
use super::model::UserView;
use super::store::UserSearch;
use super::{reads, sessions};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::gate::{RequestCtx, Scope};
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{App, WriteRequest, browser, carried, request_ctx};
use crate::identity::{Credential, Opened};
use crate::policy::{Act, Role};
use crate::text::{label, line};

#[derive(Template)]
#[template(path = "users/pages/sign_in.html")]
struct SignInPage {
    frame: Frame,
    form: FormView,
    /// Where the person wanted to go.
    next: String,
}

pub(super) async fn sign_in_form(req: HttpRequest, app: App) -> Reply {
    sign_in_page(&req, &app, FormView::default())
}

fn sign_in_page(req: &HttpRequest, app: &App, form: FormView) -> Reply {
    let page = SignInPage {
        frame: Frame::outside(Some(app), "Sign in"),
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
        Ok(opened) => signed_in(&req, &app, &opened).await,
        Err(e) if e.code == "sign-in-refused" => sign_in_page(&req, &app, FormView::told(&req, &e)),
        Err(e) => sign_in_page(&req, &app, FormView::refused(&req, e)?),
    }
}

/// Where somebody goes who has just signed in: to what they typed before their last session ended, or where they wanted to.
async fn signed_in(req: &HttpRequest, app: &App, opened: &Opened) -> Reply {
    let ctx = RequestCtx {
        credential: Credential::Session(opened.session.clone()),
        address: request_ctx::address(req),
        idempotency_key: None,
    };
    let caller = app.gate.check(&ctx, Act::SessionOwn, Scope::Agency).await?.caller;
    let answer = match carried::brought_back(req, app, &caller.user) {
        Some(form) if !caller.must_change => carried::page(app, &opened.session, form)?,
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
    request.plain_form().await?;
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

/// A user in the list.
struct UserLine {
    id: String,
    username: String,
    name: String,
    roles: String,
    unit: String,
    disabled: bool,
    locked: bool,
    version: i64,
}

impl UserLine {
    fn of(user: UserView) -> Self {
        let roles: Vec<&str> = user.found.roles.iter().map(|role| role.as_str()).collect();
        Self {
            roles: roles.join(", "),
            name: line(&user.found.name),
            unit: line(&user.found.unit.name),
            id: user.found.id,
            username: user.found.username,
            disabled: user.disabled,
            locked: user.locked,
            version: user.version,
        }
    }
}

#[derive(Template)]
#[template(path = "users/pages/list.html")]
struct UsersPage {
    frame: Frame,
    users: Vec<UserLine>,
    next: Option<String>,
    roles: Vec<(&'static str, String)>,
    units: Vec<(String, String)>,
    /// Whose one-time password is shown, and the password.
    one_time: Option<(String, String)>,
    form: FormView,
}

pub(super) async fn users(page: PageRequest) -> Reply {
    users_page(&page, None, FormView::default()).await
}

async fn users_page(page: &PageRequest, one_time: Option<(String, String)>, form: FormView) -> Reply {
    let query = Page::read(&page.req, &["done"])?;
    let search = UserSearch {
        after: query.after.clone(),
        limit: query.limit + 1,
        ..UserSearch::default()
    };
    let found = reads::users(&page.app.gate, &page.ctx, search).await?;
    let listed = Listed::of(found, &query, |u| u.found.username.clone(), UserLine::of);
    let units = reads::units(&page.app.gate, &page.ctx, &Page::first(100)).await?;
    let shown = UsersPage {
        frame: page.frame("People", Nav::People).await?,
        next: listed.next.map(|next| query.next_address("/users", &next)),
        users: listed.items,
        roles: Role::WORDS.iter().map(|(word, _)| (*word, label(word))).collect(),
        units: units.into_iter().map(|unit| (unit.id, line(&unit.name))).collect(),
        one_time,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn create(request: WriteRequest) -> Reply {
    let page = request.page()?;
    after(&page, api::make_user(request).await).await
}

pub(super) async fn change(path: Path<String>, request: WriteRequest) -> Reply {
    let page = request.page()?;
    after(&page, api::change_user(&path, request).await).await
}

/// Back to the users. A one-time password is shown in this answer and nowhere else, so it is no redirect.
async fn after(page: &PageRequest, made: Result<WithPassword>) -> Reply {
    match made {
        Ok(WithPassword {
            user,
            one_time_password: Some(password),
        }) => users_page(page, Some((user.found.username, password)), FormView::default()).await,
        Ok(_) => Ok(pages::see_other("/users?done=saved")),
        Err(e) => users_page(page, None, FormView::refused(&page.req, e)?).await,
    }
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
