//! Signing in and out, and one's own password.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{ops, store};
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::forms::Form;
use crate::gate::{Scope, Visit};
use crate::http::reply::{self, Reply};
use crate::http::{App, body, visit};
use crate::identity::{self, Opened};
use crate::ledger;
use crate::policy::{Act, Role};

struct SignIn {
    username: String,
    password: String,
}

impl SignIn {
    fn parse(mut form: Form) -> Result<Self> {
        let parsed = Self {
            username: form.required("username", 200).to_lowercase(),
            password: form.required("password", 1000),
        };
        // A second factor joins later; a client that already sends its code is not refused for it.
        form.text("code", 32);
        form.done()?;
        Ok(parsed)
    }
}

pub(super) async fn sign_in(req: HttpRequest, payload: Payload, app: App) -> Reply {
    let wanted = SignIn::parse(body::plain_form(&req, payload).await?)?;
    let username = wanted.username.clone();
    let user = app
        .gate
        .db()
        .read(move |conn| store::by_username(conn, &username))
        .await?;
    let right = app
        .passwords
        .check(wanted.password, user.as_ref().map(|u| u.password_hash.clone()))
        .await?;
    let address = visit::address(&req);
    let opened = match &user {
        Some(user) if right && !user.locked && !user.disabled => open(&app, user, &address).await?,
        _ => None,
    };
    match opened {
        Some(opened) => Ok(HttpResponse::Created().json(tokens(&app, &opened)?)),
        None => refuse(&app, user, right, address).await,
    }
}

async fn open(app: &App, user: &store::UserRow, address: &str) -> Result<Option<Opened>> {
    let role = serde_json::from_str::<Vec<Role>>(&user.roles)?
        .first()
        .copied()
        .unwrap_or(Role::Investigator);
    let (user, address) = (user.clone(), address.to_owned());
    app.gate
        .housekeep(ledger::person(&user.id.clone(), role.as_str()), move |tx| {
            ops::sign_in(tx, &user, &address)
        })
        .await
}

/// One answer for every reason, so that nobody learns which names exist.
async fn refuse(app: &App, user: Option<store::UserRow>, right: bool, address: String) -> Reply {
    let counted = user.filter(|_| !right).map(|u| u.id);
    app.gate
        .housekeep(ledger::anonymous(), move |tx| {
            ops::refuse_sign_in(tx, counted.as_deref(), &address)
        })
        .await?;
    let detail = "The user name or the password is wrong, or the user is locked or disabled. After five failures in \
                  fifteen minutes a user stays locked until an administrator releases them.";
    Err(Error::new(Kind::Unauthenticated, "sign-in-refused", detail))
}

fn tokens(app: &App, opened: &Opened) -> Result<Value> {
    let (token, ends) = app.access_tokens.issue(&opened.session, app.gate.now())?;
    Ok(json!({"access_token": token, "expires_at": clock::format(ends), "refresh_token": opened.refresh}))
}

pub(super) async fn refresh(req: HttpRequest, payload: Payload, app: App) -> Reply {
    let mut form = body::plain_form(&req, payload).await?;
    let shown = form.required("refresh_token", 500);
    form.done()?;
    let opened = app
        .gate
        .housekeep(ledger::anonymous(), move |tx| ops::refresh(tx, &shown))
        .await?;
    reply::ok(&tokens(&app, &opened.ok_or_else(Error::unauthenticated)?)?)
}

pub(super) async fn sign_out(visit: Visit, app: App) -> Reply {
    app.gate
        .write(&visit, Act::SessionOwn, Scope::Agency, ops::sign_out)
        .await?;
    reply::nothing()
}

pub(super) async fn me(visit: Visit, app: App) -> Reply {
    let me = app
        .gate
        .read(&visit, Act::SessionOwn, Scope::Agency, |look| {
            let unit = store::unit(look.conn, &look.caller.unit_id)?
                .map(|u| u.name)
                .unwrap_or_default();
            Ok(json!({
                "id": look.caller.user, "username": look.caller.username, "name": look.caller.name,
                "roles": look.caller.roles, "units": [{"id": look.caller.unit_id, "name": unit}],
                "password_change_due": look.caller.must_change,
            }))
        })
        .await?;
    reply::ok(&me)
}

pub(super) async fn change_password(req: HttpRequest, payload: Payload, visit: Visit, app: App) -> Reply {
    let passed = app.gate.check(&visit, Act::SessionOwn, Scope::Agency).await?;
    let mut form = body::plain_form(&req, payload).await?;
    let (current, new) = (
        form.required("current_password", 1000),
        form.required("new_password", 1000),
    );
    if let Some(broken) = identity::rules("new_password", &new, &passed.caller.username).filter(|_| form.ok()) {
        form.refuse(&broken.field, &broken.rule, broken.message);
    }
    if current == new {
        form.refuse("new_password", "different", "must differ from the current one");
    }
    form.done()?;
    let id = passed.caller.user.clone();
    let hash = app
        .gate
        .db()
        .read(move |conn| Ok(store::user(conn, &id)?.map(|u| u.password_hash)))
        .await?;
    if !app.passwords.check(current, hash).await? {
        return Err(Error::field("current_password", "right", "is not your password now"));
    }
    let hash = app.passwords.hash(new).await?;
    app.gate
        .write(&visit, Act::SessionOwn, Scope::Agency, move |tx| {
            ops::change_own_password(tx, &hash)
        })
        .await?;
    reply::nothing()
}
