//! Users, units and trainings over HTTP.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::model::{self, NewUnit, NewUser, UserPatch};
use super::{ops, store};
use crate::error::{Error, Result};
use crate::forms::{Form, parse_id};
use crate::gate::{Scope, Visit};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, body, visit};
use crate::identity::{one_time, rules};
use crate::policy::{Act, Role};

/// The id in a path; what is no id names nothing.
fn id(path: Path<String>) -> Result<String> {
    parse_id(&path.into_inner()).ok_or_else(Error::not_found)
}

pub(super) async fn users(req: HttpRequest, visit: Visit, app: App) -> Reply {
    let page = Page::read(&req, &["username", "role", "unit_id"])?;
    if let Some(username) = page.filter("username") {
        return lookup(&visit, &app, username.to_lowercase()).await;
    }
    page.word::<Role>("role")?;
    let asked = page.clone();
    let rows = app
        .gate
        .read(&visit, Act::UserList, Scope::Agency, move |look| {
            store::list(
                look.conn,
                asked.filter("role"),
                asked.filter("unit_id"),
                asked.after.as_deref(),
                asked.limit + 1,
            )
        })
        .await?;
    page.reply(
        &req,
        Listed::of(rows, &page, |(u, _)| u.username.clone(), |(u, unit)| u.shown(&unit)),
    )
}

/// Anyone signed in may find a person by user name, to make them a member or a holder.
async fn lookup(visit: &Visit, app: &App, username: String) -> Reply {
    let found = app
        .gate
        .read(visit, Act::UserLookup, Scope::Agency, move |look| {
            let user = store::by_username(look.conn, &username)?.ok_or_else(Error::not_found)?;
            let unit = store::unit(look.conn, &user.unit_id)?
                .map(|u| u.name)
                .unwrap_or_default();
            Ok(json!({
                "id": user.id, "username": user.username, "name": user.name, "roles": user.role_words(),
                "unit": {"id": user.unit_id, "name": unit},
            }))
        })
        .await?;
    reply::ok(&found)
}

pub(super) async fn user(path: Path<String>, visit: Visit, app: App) -> Reply {
    let id = parse_id(&path);
    let shown = app
        .gate
        .read(&visit, Act::UserList, Scope::Agency, move |look| {
            let user = id
                .map(|id| store::user(look.conn, &id))
                .transpose()?
                .flatten()
                .ok_or_else(Error::not_found)?;
            let unit = store::unit(look.conn, &user.unit_id)?
                .map(|u| u.name)
                .unwrap_or_default();
            Ok(user.shown(&unit))
        })
        .await?;
    reply::versioned(&shown)
}

pub(super) async fn create(req: HttpRequest, payload: Payload, visit: Visit, app: App) -> Reply {
    app.gate.check(&visit, Act::UserWrite, Scope::Agency).await?;
    let mut form = body::plain_form(&req, payload).await?;
    let chosen = chosen_password(&mut form);
    let new = NewUser::parse(form)?;
    if let Some(broken) = chosen.as_ref().and_then(|p| rules("password", p, &new.username)) {
        return Err(Error::invalid(vec![broken]));
    }
    let once = chosen.is_none().then(one_time);
    let hash = app.passwords.hash(chosen.or(once.clone()).unwrap_or_default()).await?;
    let mut made = app
        .gate
        .write(&visit, Act::UserWrite, Scope::Agency, move |tx| {
            ops::create(tx, &new, &hash, true)
        })
        .await?;
    show_once(&mut made, once);
    reply::created("users", &made)
}

fn chosen_password(form: &mut Form) -> Option<String> {
    form.text("password", 1000)
}

/// The one-time password is shown in this answer and nowhere else.
fn show_once(shown: &mut Value, once: Option<String>) {
    if let Some(once) = once {
        shown["one_time_password"] = json!(once);
    }
}

pub(super) async fn change(req: HttpRequest, path: Path<String>, payload: Payload, visit: Visit, app: App) -> Reply {
    app.gate.check(&visit, Act::UserWrite, Scope::Agency).await?;
    let id = id(path)?;
    let version = visit::if_match(&req)?;
    let patch = UserPatch::parse(body::plain_form(&req, payload).await?)?;
    let once = patch.reset_password.then(one_time);
    let hash = match &once {
        Some(once) => Some(app.passwords.hash(once.clone()).await?),
        None => None,
    };
    let mut shown = app
        .gate
        .write(&visit, Act::UserWrite, Scope::Agency, move |tx| {
            ops::change(tx, &id, version, &patch, hash.as_deref())
        })
        .await?;
    show_once(&mut shown, once);
    reply::versioned(&shown)
}

pub(super) async fn trainings(req: HttpRequest, path: Path<String>, visit: Visit, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let (id, asked) = (parse_id(&path), page.clone());
    let rows = app
        .gate
        .read(&visit, Act::TrainingList, Scope::Agency, move |look| {
            let user = id
                .map(|id| store::user(look.conn, &id))
                .transpose()?
                .flatten()
                .ok_or_else(Error::not_found)?;
            store::trainings(look.conn, &user.id, asked.after.as_deref(), asked.limit + 1)
        })
        .await?;
    let show = |(_, body): (String, String)| serde_json::from_str(&body).unwrap_or(Value::Null);
    page.reply(&req, Listed::of(rows, &page, |(id, _)| id.clone(), show))
}

pub(super) async fn train(req: HttpRequest, path: Path<String>, payload: Payload, mut visit: Visit, app: App) -> Reply {
    app.gate.check(&visit, Act::TrainingWrite, Scope::Agency).await?;
    let id = id(path)?;
    let content = model::training(body::form(&req, payload, &mut visit).await?)?;
    let made = app
        .gate
        .write(&visit, Act::TrainingWrite, Scope::Agency, move |tx| {
            ops::train(tx, &id, &content)
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

pub(super) async fn units(req: HttpRequest, visit: Visit, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let asked = page.clone();
    let rows = app
        .gate
        .read(&visit, Act::UnitList, Scope::Agency, move |look| {
            store::units(look.conn, asked.after.as_deref(), asked.limit + 1)
        })
        .await?;
    let show = |u: store::UnitRow| json!({"id": u.id, "name": u.name, "parent_id": u.parent_id, "version": u.version});
    page.reply(&req, Listed::of(rows, &page, |u| u.id.clone(), show))
}

pub(super) async fn create_unit(req: HttpRequest, payload: Payload, mut visit: Visit, app: App) -> Reply {
    app.gate.check(&visit, Act::UnitWrite, Scope::Agency).await?;
    let new = NewUnit::parse(body::form(&req, payload, &mut visit).await?)?;
    let made = app
        .gate
        .write(&visit, Act::UnitWrite, Scope::Agency, move |tx| {
            ops::create_unit(tx, &new)
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}
