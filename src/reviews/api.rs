//! The JSON routes of reviews.

use actix_web::HttpRequest;

use super::model::{NewSignature, ReviewKind, ReviewSignature, ReviewTask, kind_of};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, WriteRequest};
use crate::policy::Act;

/// `GET /reviews`
pub async fn list(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &["state"])?;
    let found = reads::list(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, ReviewTask::key, |one| one))
}

/// `POST /reviews`
pub async fn sign(request: WriteRequest) -> Reply {
    let made = signed(request).await?;
    reply::versioned(made.version, &made)
}

/// Signs a review, for the API and for a page. Which right is needed depends on what is reviewed.
pub async fn signed(mut request: WriteRequest) -> Result<ReviewSignature> {
    let scope = Scope::Agency;
    request.check(Act::ReviewList, &scope).await?;
    let form = request.form().await?;
    let kind = kind_of(&form);
    let act = match kind {
        ReviewKind::AccessLog => Act::AccessLogReview,
        ReviewKind::AccessRights => Act::AccessRightsReview,
    };
    request.check(act, &scope).await?;
    let new = NewSignature::parse(form)?;
    let verb = move |tx: &mut Tx<'_>| ops::sign(tx, kind, &new);
    request.transact(act, scope, verb).await
}

/// `GET /access-rights`
pub async fn rights(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::access(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, |one| one.case_id.clone(), |one| one))
}
