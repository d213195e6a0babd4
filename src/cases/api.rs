//! Cases, members and grants over HTTP.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::model::{self, CasePatch, NewCase, NewGrant};
use super::particulars::Kind;
use super::{access, ops, store};
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::{Scope, View, Visit};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, body, visit};
use crate::ledger::Action;
use crate::policy::{Act, CaseStatus};

/// The case that a path names; what is no id names nothing.
fn case(path: &str) -> Result<(String, Scope)> {
    let id = parse_id(path).ok_or_else(Error::not_found)?;
    Ok((id.clone(), Scope::Case(id)))
}

pub(super) async fn open(req: HttpRequest, payload: Payload, mut visit: Visit, app: App) -> Reply {
    app.gate.check(&visit, Act::CaseOpen, Scope::Agency).await?;
    let new = NewCase::parse(body::form(&req, payload, &mut visit).await?)?;
    let made = app
        .gate
        .write(&visit, Act::CaseOpen, Scope::Agency, move |tx| ops::open(tx, &new))
        .await?;
    reply::created("cases", &made)
}

pub(super) async fn list(req: HttpRequest, visit: Visit, app: App) -> Reply {
    let page = Page::read(&req, &["number", "kind", "status"])?;
    let search = store::Search {
        number: page.filter("number").map(str::to_owned),
        kind: page.word::<Kind>("kind")?.map(|k| k.as_str().to_owned()),
        status: page.word::<CaseStatus>("status")?.map(|s| s.as_str().to_owned()),
        before: page.after.clone(),
        limit: page.limit + 1,
    };
    let detail = json!({"number": search.number, "kind": search.kind, "status": search.status, "before": search.before, "limit": page.limit});
    let view = View::new(Action::CasesListed, "agency", "agency", detail);
    let rows = app
        .gate
        .view(&visit, Act::SessionOwn, Scope::Agency, view, move |look| {
            look.settled()?;
            let rows = store::list(look.conn, look.caller, &search, look.now)?;
            let ids: Vec<String> = rows.iter().map(|r| r.id.clone()).collect();
            let members = store::members_of(look.conn, &ids)?;
            rows.into_iter()
                .map(|row| Ok((row.id.clone(), show(&row, &members)?)))
                .collect::<Result<Vec<_>>>()
        })
        .await?;
    page.reply(&req, Listed::of(rows, &page, |(id, _)| id.clone(), |(_, shown)| shown))
}

fn show(row: &store::CaseRow, members: &[(String, String, i64)]) -> Result<Value> {
    let own = members.iter().filter(|(case, _, _)| *case == row.id);
    let own: Vec<_> = own.map(|(_, user, since)| (user.clone(), *since)).collect();
    model::shown(&serde_json::from_str(&row.body)?, &own, row.held)
}

pub(super) async fn read(path: Path<String>, visit: Visit, app: App) -> Reply {
    let (id, scope) = case(&path)?;
    let view = View::new(Action::CaseViewed, "case", &id, json!({}));
    let shown = app
        .gate
        .view(&visit, Act::CaseRead, scope, view, move |look| {
            let row = store::case(look.conn, &id)?.ok_or_else(Error::not_found)?;
            let members = store::members_of(look.conn, std::slice::from_ref(&id))?;
            show(&row, &members)
        })
        .await?;
    reply::versioned(&shown)
}

pub(super) async fn change(req: HttpRequest, path: Path<String>, payload: Payload, visit: Visit, app: App) -> Reply {
    let (_, scope) = case(&path)?;
    app.gate.check(&visit, Act::CaseRead, scope.clone()).await?;
    let patch = CasePatch::parse(body::plain_form(&req, payload).await?)?;
    let act = ops::act_for(&patch);
    app.gate.check(&visit, act, scope.clone()).await?;
    let version = visit::if_match(&req)?;
    let shown = app
        .gate
        .write(&visit, act, scope, move |tx| ops::change(tx, version, &patch))
        .await?;
    reply::versioned(&shown)
}

pub(super) async fn add_member(path: Path<(String, String)>, visit: Visit, app: App) -> Reply {
    let (_, scope) = case(&path.0)?;
    let user = parse_id(&path.1).unwrap_or_default();
    let member = app
        .gate
        .write(&visit, Act::MemberChange, scope, move |tx| {
            access::add_member(tx, &user)
        })
        .await?;
    reply::ok(&member)
}

pub(super) async fn remove_member(path: Path<(String, String)>, visit: Visit, app: App) -> Reply {
    let (_, scope) = case(&path.0)?;
    let user = parse_id(&path.1).unwrap_or_default();
    app.gate
        .write(&visit, Act::MemberChange, scope, move |tx| {
            access::remove_member(tx, &user)
        })
        .await?;
    reply::nothing()
}

pub(super) async fn grants(req: HttpRequest, path: Path<String>, visit: Visit, app: App) -> Reply {
    let (id, scope) = case(&path)?;
    let page = Page::read(&req, &[])?;
    let asked = page.clone();
    let rows = app
        .gate
        .read(&visit, Act::CaseRead, scope, move |look| {
            store::grants_of(look.conn, &id, asked.after.as_deref(), asked.limit + 1)
        })
        .await?;
    let show = |(_, body): (String, String)| access::shown(&serde_json::from_str(&body).unwrap_or(Value::Null));
    page.reply(&req, Listed::of(rows, &page, |(id, _)| id.clone(), show))
}

pub(super) async fn give(req: HttpRequest, path: Path<String>, payload: Payload, mut visit: Visit, app: App) -> Reply {
    let (_, scope) = case(&path)?;
    app.gate.check(&visit, Act::CaseRead, scope.clone()).await?;
    let new = NewGrant::parse(body::form(&req, payload, &mut visit).await?, app.gate.now())?;
    let act = if new.decide { Act::GrantDecide } else { Act::GrantGive };
    let made = app
        .gate
        .write(&visit, act, scope, move |tx| access::give(tx, &new))
        .await?;
    Ok(HttpResponse::Created().json(made))
}

pub(super) async fn end_grant(path: Path<String>, visit: Visit, app: App) -> Reply {
    let id = parse_id(&path).ok_or_else(Error::not_found)?;
    app.gate
        .write(&visit, Act::GrantEnd, Scope::Grant(id.clone()), move |tx| {
            access::end_grant(tx, &id)
        })
        .await?;
    reply::nothing()
}
