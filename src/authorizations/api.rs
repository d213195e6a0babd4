//! Authorizations over HTTP.

use actix_web::HttpRequest;
use actix_web::web::{Path, Payload};
use serde_json::Value;

use super::model::{self, Authorization, Request, State};
use super::{ops, store};
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::{Scope, Visit};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, body, visit};
use crate::policy::Act;

fn case(path: &str) -> Result<(String, Scope)> {
    let id = parse_id(path).ok_or_else(Error::not_found)?;
    Ok((id.clone(), Scope::Case(id)))
}

fn authorization(path: &str) -> Result<(String, Scope)> {
    let id = parse_id(path).ok_or_else(Error::not_found)?;
    Ok((id.clone(), Scope::Authorization(id)))
}

pub(super) async fn request(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let (_, scope) = case(&path)?;
    app.gate.check(&visit, Act::AuthorizationRequest, scope.clone()).await?;
    let wanted = Request::parse(body::form(&req, payload, &mut visit).await?, app.gate.now())?;
    let made = app
        .gate
        .write(&visit, Act::AuthorizationRequest, scope, move |tx| {
            ops::request(tx, &wanted)
        })
        .await?;
    reply::created("authorizations", &made)
}

fn rows(found: Vec<Authorization>, now: i64) -> Result<Vec<(String, Value)>> {
    found.into_iter().map(|a| Ok((a.id.clone(), a.shown(now)?))).collect()
}

pub(super) async fn of_case(req: HttpRequest, path: Path<String>, visit: Visit, app: App) -> Reply {
    let (id, scope) = case(&path)?;
    let page = Page::read(&req, &[])?;
    let asked = page.clone();
    let found = app
        .gate
        .read(&visit, Act::AuthorizationRead, scope, move |look| {
            rows(
                store::of_case(look.conn, &id, asked.after.as_deref(), asked.limit + 1)?,
                look.now,
            )
        })
        .await?;
    page.reply(&req, Listed::of(found, &page, |(id, _)| id.clone(), |(_, shown)| shown))
}

pub(super) async fn list(req: HttpRequest, visit: Visit, app: App) -> Reply {
    let page = Page::read(&req, &["state"])?;
    let state = page.word::<State>("state")?;
    let asked = page.clone();
    let found = app
        .gate
        .read(&visit, Act::SessionOwn, Scope::Agency, move |look| {
            look.settled()?;
            let found = store::list(
                look.conn,
                look.caller,
                state,
                asked.after.as_deref(),
                asked.limit + 1,
                look.now,
            )?;
            rows(found, look.now)
        })
        .await?;
    page.reply(&req, Listed::of(found, &page, |(id, _)| id.clone(), |(_, shown)| shown))
}

pub(super) async fn read(path: Path<String>, visit: Visit, app: App) -> Reply {
    let (id, scope) = authorization(&path)?;
    let shown = app
        .gate
        .read(&visit, Act::AuthorizationRead, scope, move |look| {
            store::get(look.conn, &id)?.shown(look.now)
        })
        .await?;
    reply::versioned(&shown)
}

pub(super) async fn amend(req: HttpRequest, path: Path<String>, payload: Payload, visit: Visit, app: App) -> Reply {
    let (id, scope) = authorization(&path)?;
    app.gate.check(&visit, Act::AuthorizationAmend, scope.clone()).await?;
    let version = visit::if_match(&req)?;
    let patch = ops::patch_of(body::plain_form(&req, payload).await?);
    let shown = app
        .gate
        .write(&visit, Act::AuthorizationAmend, scope, move |tx| {
            ops::amend(tx, &id, version, &patch)
        })
        .await?;
    reply::versioned(&shown)
}

pub(super) async fn decide(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let (id, scope) = authorization(&path)?;
    app.gate.check(&visit, Act::AuthorizationDecide, scope.clone()).await?;
    let (outcome, reason) = model::decision(body::form(&req, payload, &mut visit).await?)?;
    let shown = app
        .gate
        .write(&visit, Act::AuthorizationDecide, scope, move |tx| {
            ops::decide(tx, &id, outcome, reason.as_deref())
        })
        .await?;
    reply::versioned(&shown)
}

pub(super) async fn withdraw(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let (id, scope) = authorization(&path)?;
    app.gate
        .check(&visit, Act::AuthorizationWithdraw, scope.clone())
        .await?;
    model::reason(body::form_or_empty(&req, payload, &mut visit).await?, false)?;
    let shown = app
        .gate
        .write(&visit, Act::AuthorizationWithdraw, scope, move |tx| {
            ops::withdraw(tx, &id)
        })
        .await?;
    reply::versioned(&shown)
}

pub(super) async fn revoke(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let (id, scope) = authorization(&path)?;
    app.gate.check(&visit, Act::AuthorizationRevoke, scope.clone()).await?;
    let reason = model::reason(body::form(&req, payload, &mut visit).await?, true)?;
    let shown = app
        .gate
        .write(&visit, Act::AuthorizationRevoke, scope, move |tx| {
            ops::revoke(tx, &id, reason.as_deref())
        })
        .await?;
    reply::versioned(&shown)
}
