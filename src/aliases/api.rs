//! The JSON routes of the registry of aliases.

use actix_web::HttpRequest;

use super::disclosed::{self, AliasDisclosure, NewAliasDisclosure};
use super::model::{Alias, AliasAnswer, AliasView, NewAlias, retirement_reason, review_note};
use super::{ops, reads};
use crate::error::Result;
use crate::forms::Form;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;

/// `GET /aliases`
pub async fn list(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::list(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, |one| one.alias.id.clone(), |one| one))
}

/// `GET /aliases/{id}`
pub async fn one(id: PathId, app: App, requester: RequestCtx) -> Reply {
    let (found, _) = reads::one(&app.gate, &requester, id.0).await?;
    reply::versioned(found.alias.version, &found)
}

/// `GET /aliases/{id}/uses`
pub async fn uses(req: HttpRequest, id: PathId, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::uses(&app.gate, &requester, id.0, &page).await?;
    page.reply(
        &req,
        Listed::of(found, &page, |one| one.made.capture_id.clone(), |one| one),
    )
}

/// `POST /aliases`
pub async fn ask(request: WriteRequest) -> Reply {
    let app = request.app.clone();
    let made = request
        .write(Act::AliasRequest, Scope::Agency, NewAlias::parse, ops::ask)
        .await?;
    let id = made.id.clone();
    reply::created("aliases", (&id, made.version), &AliasView::of(made, app.gate.now()))
}

/// `POST /aliases/{id}/decision`
pub async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let app = request.app.clone();
    as_it_stands(&app, give_answer(id.0, request).await?)
}

/// Approves or declines an alias, for the API and for a page.
pub async fn give_answer(id: String, request: WriteRequest) -> Result<Alias> {
    let scope = Scope::Alias(id.clone());
    let verb = move |tx: &mut Tx<'_>, answer: &AliasAnswer| ops::decide(tx, &id, answer);
    request.write(Act::AliasDecide, scope, AliasAnswer::parse, verb).await
}

/// `POST /aliases/{id}/reviews`
pub async fn review(id: PathId, request: WriteRequest) -> Reply {
    let app = request.app.clone();
    as_it_stands(&app, reviewed(id.0, request).await?)
}

/// Reviews an alias, for the API and for a page.
pub async fn reviewed(id: String, request: WriteRequest) -> Result<Alias> {
    let scope = Scope::Alias(id.clone());
    let verb = move |tx: &mut Tx<'_>, note: &String| ops::review(tx, &id, note);
    request.write(Act::AliasReview, scope, review_note, verb).await
}

/// `POST /aliases/{id}/retirement`
pub async fn retire(id: PathId, request: WriteRequest) -> Reply {
    let app = request.app.clone();
    as_it_stands(&app, retired(id.0, request).await?)
}

/// Retires an alias, for the API and for a page.
pub async fn retired(id: String, request: WriteRequest) -> Result<Alias> {
    let scope = Scope::Alias(id.clone());
    let verb = move |tx: &mut Tx<'_>, reason: &String| ops::retire(tx, &id, reason);
    request.write(Act::AliasRetire, scope, retirement_reason, verb).await
}

/// `GET /cases/{id}/alias-disclosures`
pub async fn disclosures(req: HttpRequest, case: PathId, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::disclosures(&app.gate, &requester, case.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
}

/// `POST /cases/{id}/alias-disclosures`
pub async fn disclose(case: PathId, request: WriteRequest) -> Reply {
    reply::versioned(1, &included(case.0, request, NewAliasDisclosure::parse).await?)
}

/// Includes an alias in what leaves with a case, for the API and for a page.
pub async fn included(
    case: String,
    request: WriteRequest,
    parse: impl FnOnce(Form) -> Result<NewAliasDisclosure>,
) -> Result<AliasDisclosure> {
    let (act, scope) = (Act::AliasDisclose, Scope::Case(case));
    request.write(act, scope, parse, disclosed::disclose).await
}

fn as_it_stands(app: &App, made: Alias) -> Reply {
    reply::versioned(made.version, &AliasView::of(made, app.gate.now()))
}
