//! Signing in and out, and one's own password.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::model::{self, PasswordChange, SignIn};
use super::{ops, reads, store};
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::gate::{RequestCtx, Scope};
use crate::http::reply::{self, Reply};
use crate::http::{App, WriteRequest, body, browser, request_ctx};
use crate::identity::Opened;
use crate::ledger;
use crate::policy::{Act, Role};

pub(super) async fn sign_in(req: HttpRequest, mut payload: Payload, app: App) -> Reply {
    let opened = open_session(&req, &mut payload, &app).await?;
    Ok(HttpResponse::Created().json(tokens(&app, &opened)?))
}

/// Opens a session for whoever sends a user's name and password. The API and the sign-in page both end here.
pub(super) async fn open_session(req: &HttpRequest, payload: &mut Payload, app: &App) -> Result<Opened> {
    let wanted = SignIn::parse(body::open_form(req, payload).await?)?;
    let username = wanted.username;
    let user = app
        .gate
        .db()
        .read(move |conn| store::by_username(conn, &username))
        .await?;
    let known = user.as_ref().map(|u| u.password_hash.clone());
    let right = app.passwords.check(wanted.password, known).await?;
    let address = request_ctx::address(req);
    let opened = match &user {
        Some(user) if right && !user.locked && !user.disabled => open(app, user, &address).await?,
        _ => None,
    };
    match opened {
        Some(opened) => Ok(opened),
        None => Err(refuse(app, user.filter(|_| !right).map(|u| u.id), address).await?),
    }
}

async fn open(app: &App, user: &store::UserRow, address: &str) -> Result<Option<Opened>> {
    let role = user.roles()?.first().copied().unwrap_or(Role::Investigator);
    let (user, address) = (user.clone(), address.to_owned());
    app.gate
        .housekeep(ledger::person(&user.id.clone(), role.as_str()), move |tx| {
            ops::sign_in(tx, &user, &address)
        })
        .await
}

/// One answer for every reason, so that nobody learns which names exist.
/// A failure counts where the password was wrong.
async fn refuse(app: &App, counted: Option<String>, address: String) -> Result<Error> {
    app.gate
        .housekeep(ledger::anonymous(), move |tx| {
            ops::refuse_sign_in(tx, counted.as_deref(), &address)
        })
        .await?;
    let detail = "The user name or the password is wrong, or the user is locked or disabled. After five failures in \
                  fifteen minutes a user stays locked until an administrator releases them.";
    Ok(Error::new(Kind::Unauthenticated, "sign-in-refused", detail))
}

fn tokens(app: &App, opened: &Opened) -> Result<Value> {
    let refresh = app.refresh_tokens.of(&opened.session, opened.generation);
    let (token, ends) = app.access_tokens.issue(&opened.session, app.gate.now())?;
    Ok(json!({"access_token": token, "expires_at": clock::format(ends), "refresh_token": refresh}))
}

pub(super) async fn refresh(req: HttpRequest, mut payload: Payload, app: App) -> Reply {
    let shown = model::refresh_token(body::open_form(&req, &mut payload).await?)?;
    let shown = app.refresh_tokens.read(&shown).ok_or_else(Error::unauthenticated)?;
    let opened = app
        .gate
        .housekeep(ledger::anonymous(), move |tx| ops::refresh(tx, &shown))
        .await?;
    reply::ok(&tokens(&app, &opened.ok_or_else(Error::unauthenticated)?)?)
}

pub(super) async fn sign_out(request: WriteRequest) -> Reply {
    end_session(request).await?;
    reply::nothing()
}

/// Ends the caller's session.
pub(super) async fn end_session(request: WriteRequest) -> Result<()> {
    request.transact(Act::SessionOwn, Scope::Agency, ops::sign_out).await?;
    Ok(())
}

/// Ends the session that a browser had before it signed in again: nobody could end it any more.
pub(super) async fn end_older(req: &HttpRequest, app: &App) -> Result<()> {
    let Some(credential) = browser::credential(req, app) else {
        return Ok(());
    };
    let older = RequestCtx {
        credential,
        address: request_ctx::address(req),
        idempotency_key: None,
    };
    let ended = app
        .gate
        .write(&older, Act::SessionOwn, Scope::Agency, ops::sign_out)
        .await;
    match ended {
        Err(e) if e.kind != Kind::Unauthenticated && e.kind != Kind::Forbidden => Err(e),
        _ => Ok(()),
    }
}

pub(super) async fn me(requester: RequestCtx, app: App) -> Reply {
    let (caller, unit) = reads::me(&app.gate, &requester).await?;
    reply::ok(&json!({
        "id": caller.user, "username": caller.username, "name": caller.name, "roles": caller.roles, "units": [unit],
        "password_change_due": caller.must_change,
    }))
}

pub(super) async fn change_password(request: WriteRequest) -> Reply {
    set_own_password(request).await?;
    reply::nothing()
}

/// Changes the caller's own password.
pub(super) async fn set_own_password(mut request: WriteRequest) -> Result<()> {
    let authorized = request.check(Act::SessionOwn, &Scope::Agency).await?;
    let wanted = PasswordChange::parse(request.plain_form().await?, &authorized.caller.username)?;
    let known = reads::own_password_hash(&request.app.gate, &request.ctx).await?;
    if !request.app.passwords.check(wanted.current, Some(known)).await? {
        // Whoever has a session may not guess here what they may not guess at the sign-in.
        let (user, address) = (authorized.caller.user.clone(), request.ctx.address.clone());
        refuse(&request.app, Some(user), address).await?;
        return Err(Error::field("current_password", "right", "is not your password now"));
    }
    let hash = request.app.passwords.hash(wanted.new).await?;
    request
        .transact(Act::SessionOwn, Scope::Agency, move |tx| {
            ops::change_own_password(tx, &hash)
        })
        .await?;
    Ok(())
}
