//! Subjects and accounts over HTTP, where they are shown as they are recorded.

use actix_web::HttpRequest;

use super::model::{AccountPatch, NewAccount, NewSubject, SubjectPatch};
use super::{ops, reads};
use crate::gate::{RequestCtx, Scope};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::policy::Act;

pub(super) async fn subjects(req: HttpRequest, id: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::subjects(&app.gate, &requester, id.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |s| s.id.clone(), |s| s))
}

pub(super) async fn accounts(req: HttpRequest, id: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::accounts(&app.gate, &requester, id.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |a| a.id.clone(), |a| a))
}

pub(super) async fn add_subject(case: PathId, request: WriteRequest) -> Reply {
    let (place, scope) = (format!("cases/{}/subjects", case.0), Scope::Case(case.0));
    let made = request
        .write(Act::SubjectWrite, scope, NewSubject::parse, ops::add_subject)
        .await?;
    reply::created(&place, (&made.id, made.version), &made)
}

pub(super) async fn change_subject(PathIds(case, id): PathIds, request: WriteRequest) -> Reply {
    let made = request
        .change(
            Act::SubjectWrite,
            Scope::Case(case),
            SubjectPatch::parse,
            move |tx, version, patch| ops::change_subject(tx, &id, version, patch),
        )
        .await?;
    reply::versioned(made.version, &made)
}

pub(super) async fn add_account(case: PathId, request: WriteRequest) -> Reply {
    let (place, scope) = (format!("cases/{}/accounts", case.0), Scope::Case(case.0));
    let made = request
        .write(Act::AccountWrite, scope, NewAccount::parse, ops::add_account)
        .await?;
    reply::created(&place, (&made.id, made.version), &made)
}

pub(super) async fn change_account(PathIds(case, id): PathIds, request: WriteRequest) -> Reply {
    let made = request
        .change(
            Act::AccountWrite,
            Scope::Case(case),
            AccountPatch::parse,
            move |tx, version, patch| ops::change_account(tx, &id, version, patch),
        )
        .await?;
    reply::versioned(made.version, &made)
}
