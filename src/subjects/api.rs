//! Subjects and accounts over HTTP.

use actix_web::HttpRequest;
use actix_web::web::{Path, Payload};
use serde_json::Value;

use super::{model, ops, store};
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

fn show((_, body): store::Row) -> Value {
    serde_json::from_str(&body).unwrap_or(Value::Null)
}

pub(super) async fn subjects(req: HttpRequest, path: Path<String>, visit: Visit, app: App) -> Reply {
    let (id, scope) = case(&path)?;
    let page = Page::read(&req, &[])?;
    let asked = page.clone();
    let rows = app
        .gate
        .read(&visit, Act::SubjectRead, scope, move |look| {
            store::subjects(look.conn, &id, asked.after.as_deref(), asked.limit + 1)
        })
        .await?;
    page.reply(&req, Listed::of(rows, &page, |(id, _)| id.clone(), show))
}

pub(super) async fn accounts(req: HttpRequest, path: Path<String>, visit: Visit, app: App) -> Reply {
    let (id, scope) = case(&path)?;
    let page = Page::read(&req, &[])?;
    let asked = page.clone();
    let rows = app
        .gate
        .read(&visit, Act::AccountRead, scope, move |look| {
            store::accounts(look.conn, &id, asked.after.as_deref(), asked.limit + 1)
        })
        .await?;
    page.reply(&req, Listed::of(rows, &page, |(id, _)| id.clone(), show))
}

pub(super) async fn add_subject(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let (_, scope) = case(&path)?;
    app.gate.check(&visit, Act::SubjectWrite, scope.clone()).await?;
    let given = model::subject(body::form(&req, payload, &mut visit).await?, true)?;
    let made = app
        .gate
        .write(&visit, Act::SubjectWrite, scope, move |tx| ops::add_subject(tx, &given))
        .await?;
    reply::created(&format!("cases/{path}/subjects"), &made)
}

pub(super) async fn change_subject(
    req: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
    visit: Visit,
    app: App,
) -> Reply {
    let (_, scope) = case(&path.0)?;
    app.gate.check(&visit, Act::SubjectWrite, scope.clone()).await?;
    let id = parse_id(&path.1).ok_or_else(Error::not_found)?;
    let version = visit::if_match(&req)?;
    let given = model::subject(body::plain_form(&req, payload).await?, false)?;
    let shown = app
        .gate
        .write(&visit, Act::SubjectWrite, scope, move |tx| {
            ops::change_subject(tx, &id, version, &given)
        })
        .await?;
    reply::versioned(&shown)
}

pub(super) async fn add_account(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let (_, scope) = case(&path)?;
    app.gate.check(&visit, Act::AccountWrite, scope.clone()).await?;
    let given = model::account(body::form(&req, payload, &mut visit).await?, true)?;
    let made = app
        .gate
        .write(&visit, Act::AccountWrite, scope, move |tx| ops::add_account(tx, &given))
        .await?;
    reply::created(&format!("cases/{path}/accounts"), &made)
}

pub(super) async fn change_account(
    req: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
    visit: Visit,
    app: App,
) -> Reply {
    let (_, scope) = case(&path.0)?;
    app.gate.check(&visit, Act::AccountWrite, scope.clone()).await?;
    let id = parse_id(&path.1).ok_or_else(Error::not_found)?;
    let version = visit::if_match(&req)?;
    let given = model::account(body::plain_form(&req, payload).await?, false)?;
    let shown = app
        .gate
        .write(&visit, Act::AccountWrite, scope, move |tx| {
            ops::change_account(tx, &id, version, &given)
        })
        .await?;
    reply::versioned(&shown)
}
