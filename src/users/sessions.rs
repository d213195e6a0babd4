//! Signing in and out, and one's own password.

use std::time::Duration;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::model::{self, PasswordChange, SignIn};
use super::ops::SignInPlace;
use super::{ops, reads, store};
use crate::clock;
use crate::db::AnyConn;
use crate::error::{Error, Kind, Result};
use crate::gate::{RequestCtx, Scope};
use crate::http::paging::refuse_parameters;
use crate::http::reply::{self, Reply};
use crate::http::{App, WriteRequest, body, browser, client_address};
use crate::identity::{Network, Opened, Passwords, SignInAttempt};
use crate::ledger;
use crate::policy::{Act, Role};

pub(super) async fn sign_in(req: HttpRequest, mut payload: Payload, app: App) -> Reply {
    refuse_parameters(&req)?;
    let opened = open_session(&req, &mut payload, &app).await?;
    Ok(HttpResponse::Created().json(tokens(&app, &opened)?))
}

/// How long an administrator at the machine itself waits for a turn while too much fails there.
const MACHINE_WAIT: Duration = Duration::from_secs(15);
/// How long each of these turns takes, whatever comes of it.
const MACHINE_TURN: Duration = Duration::from_secs(2);

/// Opens a session for whoever sends a user's name and password. The API and the sign-in page both end here.
pub(super) async fn open_session(req: &HttpRequest, payload: &mut Payload, app: &App) -> Result<Opened> {
    let wanted = SignIn::parse(body::open_form(req, payload).await?)?;
    let place = SignInPlace {
        address: client_address::address(req),
        at_machine: client_address::is_at_machine(req),
        too_many: false,
        turned_away: 0,
    };
    let done = match app.attempts.enter(Network::of(&place.address), app.gate.now()) {
        Ok(attempt) => attempted(app, wanted.clone(), place.clone(), attempt).await,
        Err(seconds) => Err(slowed(seconds)),
    };
    match done {
        // Neither its own failures nor a crowd from elsewhere shut the machine out.
        Err(e) if place.at_machine && [SLOWED, Passwords::QUEUE_FULL].contains(&e.code) => {
            at_machine(app, wanted, &place).await
        }
        done => done,
    }
}

async fn attempted(app: &App, wanted: SignIn, mut place: SignInPlace, attempt: SignInAttempt) -> Result<Opened> {
    let (username, network) = (wanted.username, Network::of(&place.address));
    let user = user(app, username).await?;
    if let Some(user) = &user {
        place.too_many = app.attempts.is_one_too_many(&user.id, network, app.gate.now());
    }
    let known = user.as_ref().map(|u| u.password_hash.clone());
    let right = app.passwords.check_sign_in(wanted.password, known).await?;
    if let Some(user) = user.as_ref().filter(|_| right)
        && let Some(opened) = open(app, user, &place).await?
    {
        app.attempts.forget(&user.id, network);
        attempt.succeeded();
        return Ok(opened);
    }
    place.turned_away = attempt.turned_away();
    Err(refuse(app, user.filter(|_| !right).map(|u| u.id), place).await?)
}

/// At the machine itself an administrator is let in whatever fails there, in turns that take as long for whoever guesses;
/// everybody else is told to wait, and not whether there is such a user.
async fn at_machine(app: &App, wanted: SignIn, place: &SignInPlace) -> Result<Opened> {
    let refused = || slowed(MACHINE_TURN.as_secs() as u32);
    let turn = app.machine_sign_ins.wait(MACHINE_WAIT).await.ok_or_else(refused)?;
    // Held also where the caller does not wait for the answer.
    tokio::spawn(async move {
        tokio::time::sleep(MACHINE_TURN).await;
        drop(turn);
    });
    let user = user(app, wanted.username).await?;
    let user = user.filter(|user| user.administers().unwrap_or(false));
    let known = user.as_ref().map(|u| u.password_hash.clone());
    let right = app.passwords.check_at_machine(wanted.password, known).await?;
    let opened = match user.filter(|_| right) {
        Some(user) => open(app, &user, place).await?,
        None => None,
    };
    opened.ok_or_else(refused)
}

async fn user(app: &App, username: String) -> Result<Option<store::UserRow>> {
    let read = move |conn: &mut AnyConn| store::by_username(conn, &username);
    app.gate.db().read(read).await
}

async fn open(app: &App, user: &store::UserRow, place: &SignInPlace) -> Result<Option<Opened>> {
    let role = user.roles()?.first().copied().unwrap_or(Role::Investigator);
    let (user, place) = (user.clone(), place.clone());
    app.gate
        .housekeep(ledger::person(&user.id.clone(), role.as_str()), move |tx| {
            ops::sign_in(tx, &user, &place)
        })
        .await
}

/// One answer for every reason, so that nobody learns which names exist.
/// A failure counts where the password was wrong.
async fn refuse(app: &App, counted: Option<String>, place: SignInPlace) -> Result<Error> {
    app.gate
        .housekeep(ledger::anonymous(), move |tx| {
            ops::refuse_sign_in(tx, counted.as_deref(), &place)
        })
        .await?;
    let detail = "The user name or the password is wrong, or the user is locked or disabled. After five failures in \
                  fifteen minutes a user is locked until an administrator releases them, but for where they signed in \
                  before.";
    Ok(Error::new(Kind::Unauthenticated, "sign-in-refused", detail))
}

/// The same for every name: it is the place that waits.
/// The problem where a place is slowed.
const SLOWED: &str = "too-many-sign-ins";

fn slowed(seconds: u32) -> Error {
    let detail = "Too many sign-ins failed where you call from. Wait a little before the next one.";
    Error {
        retry_after: Some(seconds),
        ..Error::new(Kind::TooMany, SLOWED, detail)
    }
}

fn tokens(app: &App, opened: &Opened) -> Result<Value> {
    let refresh = app.refresh_tokens.of(&opened.session, opened.generation);
    let (token, ends) = app.access_tokens.issue(&opened.session, app.gate.now())?;
    Ok(json!({"access_token": token, "expires_at": clock::format(ends), "refresh_token": refresh}))
}

pub(super) async fn refresh(req: HttpRequest, mut payload: Payload, app: App) -> Reply {
    refuse_parameters(&req)?;
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
        address: client_address::address(req),
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
    if !request.app.passwords.check(wanted.current, known).await? {
        // Whoever has a session may not guess here what they may not guess at the sign-in.
        let (user, address) = (authorized.caller.user.clone(), request.ctx.address.clone());
        let place = SignInPlace {
            address,
            at_machine: false,
            too_many: false,
            turned_away: 0,
        };
        refuse(&request.app, Some(user), place).await?;
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
