//! The JSON routes of evidence requests.

use actix_web::HttpRequest;

use super::model::{EvidenceRequest, NewEvidenceAnswer, NewEvidenceRequest, withdrawal};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::policy::Act;

/// `GET /cases/{id}/evidence-requests`
pub async fn list(req: HttpRequest, case: PathId, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_case(&app.gate, &requester, case.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
}

/// `POST /cases/{id}/evidence-requests`
pub async fn add(case: PathId, request: WriteRequest) -> Reply {
    let place = format!("cases/{}/evidence-requests", case.0);
    let made = ask(case.0, request).await?;
    reply::created(&place, (&made.id, made.version), &made)
}

/// Asks for something, for the API and for a page.
pub async fn ask(case: String, request: WriteRequest) -> Result<EvidenceRequest> {
    let (act, scope) = (Act::EvidenceRequestMake, Scope::Case(case));
    request.write(act, scope, NewEvidenceRequest::parse, ops::add).await
}

/// `GET /cases/{id}/evidence-requests/{request_id}`
pub async fn one(PathIds(case, id): PathIds, app: App, requester: RequestCtx) -> Reply {
    let found = reads::one(&app.gate, &requester, (case, id)).await?;
    reply::versioned(found.version, &found)
}

/// `POST /cases/{id}/evidence-requests/{request_id}/answer`
pub async fn answer(ids: PathIds, request: WriteRequest) -> Reply {
    let made = give_answer(ids, request).await?;
    reply::versioned(made.version, &made)
}

/// Answers or declines, for the API and for a page.
pub async fn give_answer(PathIds(case, id): PathIds, request: WriteRequest) -> Result<EvidenceRequest> {
    let verb = move |tx: &mut Tx<'_>, new: &NewEvidenceAnswer| ops::answer(tx, &id, new);
    let (act, scope) = (Act::EvidenceRequestAnswer, Scope::Case(case));
    request.write(act, scope, NewEvidenceAnswer::parse, verb).await
}

/// `POST /cases/{id}/evidence-requests/{request_id}/withdrawal`
pub async fn withdraw(ids: PathIds, request: WriteRequest) -> Reply {
    let made = take_back(ids, request).await?;
    reply::versioned(made.version, &made)
}

/// Takes a request back, for the API and for a page.
pub async fn take_back(PathIds(case, id): PathIds, mut request: WriteRequest) -> Result<EvidenceRequest> {
    let (act, scope) = (Act::EvidenceRequestMake, Scope::Case(case));
    request.check(act, &scope).await?;
    let text = withdrawal(request.optional_form().await?)?;
    let verb = move |tx: &mut Tx<'_>| ops::withdraw(tx, &id, text.clone());
    request.transact(act, scope, verb).await
}
