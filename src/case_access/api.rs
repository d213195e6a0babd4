//! The JSON routes of access: who may see a case, and requests for access.

use actix_web::{HttpRequest, HttpResponse};

use super::model::{AccessRequest, AskedAccess, NewAccessAnswer, NewAccessRequest};
use super::ops;
use super::reads::{self, AccessQuestion, AccessRequestList};
use crate::clock;
use crate::error::{Error, Result};
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page, parameters};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;

/// `GET /cases/{id}/access`
pub async fn explained(req: HttpRequest, case: PathId, app: App, requester: RequestCtx) -> Reply {
    let question = question(&req)?;
    reply::ok(&reads::explained(&app.gate, &requester, case.0, question).await?)
}

/// What is asked of `GET /cases/{id}/access`.
fn question(req: &HttpRequest) -> Result<AccessQuestion> {
    let mut asked = AccessQuestion::default();
    for (name, value) in parameters(req, &["user", "at"])? {
        match name.as_str() {
            "user" => asked.user = Some(value),
            _ => {
                let message = "must be a time such as 2026-11-22T18:03:11Z";
                asked.at = Some(clock::parse(&value).ok_or_else(|| Error::field("at", "rfc3339", message))?);
            }
        }
    }
    Ok(asked)
}

/// `GET /access-requests`
pub async fn list(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &["list"])?;
    let gate = &app.gate;
    match page.word("list")?.unwrap_or(AccessRequestList::Mine) {
        AccessRequestList::Mine => {
            let found = reads::mine(gate, &requester, &page).await?;
            page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
        }
        AccessRequestList::ToConfirm => {
            let found = reads::to_confirm(gate, &requester, &page).await?;
            page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
        }
        AccessRequestList::ToDecide => {
            let found = reads::to_decide(gate, &requester, &page).await?;
            page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
        }
    }
}

/// `POST /access-requests`
pub async fn ask(request: WriteRequest) -> Reply {
    Ok(HttpResponse::Created().json(ask_for(request).await?))
}

/// Asks for access, for the API and for a page.
pub async fn ask_for(request: WriteRequest) -> Result<AskedAccess> {
    request
        .write(Act::AccessRequestOwn, Scope::Agency, NewAccessRequest::parse, ops::ask)
        .await
}

/// `POST /access-requests/{id}/decision`
pub async fn decide(id: PathId, request: WriteRequest) -> Reply {
    reply::ok(&give_answer(id.0, request).await?)
}

/// Answers a request, for the API and for a page.
pub async fn give_answer(id: String, request: WriteRequest) -> Result<AccessRequest> {
    let scope = Scope::AccessRequest(id.clone());
    let verb = move |tx: &mut Tx<'_>, new: &NewAccessAnswer| ops::answer(tx, &id, new);
    request.write(Act::GrantGive, scope, NewAccessAnswer::parse, verb).await
}

/// `POST /access-requests/{id}/confirmation`
pub async fn confirm(id: PathId, request: WriteRequest) -> Reply {
    reply::ok(&give_confirmation(id.0, request).await?)
}

/// Confirms or declines as the second person, for the API and for a page.
pub async fn give_confirmation(id: String, request: WriteRequest) -> Result<AskedAccess> {
    let verb = move |tx: &mut Tx<'_>, new: &NewAccessAnswer| ops::confirm(tx, &id, new);
    request
        .write(Act::GlassBreak, Scope::Agency, NewAccessAnswer::parse, verb)
        .await
}

/// `POST /access-requests/{id}/withdrawal`
pub async fn withdraw(id: PathId, request: WriteRequest) -> Reply {
    reply::ok(&take_back(id.0, request).await?)
}

/// Takes a request back, for the API and for a page.
pub async fn take_back(id: String, mut request: WriteRequest) -> Result<AskedAccess> {
    let (act, scope) = (Act::AccessRequestOwn, Scope::Agency);
    request.check(act, &scope).await?;
    request.optional_form().await?.done()?;
    let verb = move |tx: &mut Tx<'_>| ops::withdraw(tx, &id);
    request.transact(act, scope, verb).await
}
