//! The JSON routes of exhibit lists.

use actix_web::HttpRequest;
use serde_json::json;

use super::model::{ExhibitList, ListChange, NewExhibitList};
use super::{ops, reads};
use crate::error::{Error, Result};
use crate::forms::{Form, Word};
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page, parameters};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::packets::model::Purpose;
use crate::versions::SeenVersions;

/// `GET /cases/{id}/exhibit-lists`
pub async fn list(req: HttpRequest, case: PathId, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_case(&app.gate, &requester, case.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |list| list.id.clone(), |list| list))
}

/// `POST /cases/{id}/exhibit-lists`
pub async fn add(case: PathId, request: WriteRequest) -> Reply {
    let place = format!("cases/{}/exhibit-lists", case.0);
    let made = save_new(case.0, request, async |form| Ok(form)).await?;
    reply::created(&place, (&made.id, made.version), &made)
}

/// Saves a new list, for the API and for a page. Who may follows from its purpose, so the body is read once the caller may
/// keep any list at all. `named` puts in what the form names in another way.
pub async fn save_new(
    case: String,
    mut request: WriteRequest,
    named: impl AsyncFnOnce(Form) -> Result<Form>,
) -> Result<ExhibitList> {
    let scope = Scope::Case(case.clone());
    let any = reads::act_for_any(&request.app.gate, &request.ctx, case).await?;
    request.check(any, &scope).await?;
    let form = request.form().await?;
    let act = form
        .peek("purpose")
        .and_then(Purpose::from_word)
        .map_or(any, Purpose::act);
    request.check(act, &scope).await?;
    let new = NewExhibitList::parse(named(form).await?)?;
    request.transact(act, scope, move |tx| ops::add(tx, &new)).await
}

/// `GET /cases/{id}/exhibit-lists/{list_id}`: as it is now, or `version`.
pub async fn one(req: HttpRequest, PathIds(case, id): PathIds, app: App, requester: RequestCtx) -> Reply {
    let named = parameters(&req, &["version"])?.pop();
    let read = |(_, text): (String, String)| text.parse().ok().filter(|n| *n > 0);
    let wrong = || Error::field("version", "whole_number", "must be a version of this list, such as 1");
    let version = named.map(|named| read(named).ok_or_else(wrong)).transpose()?;
    let found = reads::list(&app.gate, &requester, (case, id), version).await?;
    reply::versioned(found.version, &found)
}

/// `PATCH /cases/{id}/exhibit-lists/{list_id}`
pub async fn change(ids: PathIds, request: WriteRequest) -> Reply {
    let made = save_next(ids, request, ListChange::parse).await?;
    reply::versioned(made.version, &made)
}

/// Saves a list's next version, for the API and for a page.
pub async fn save_next(
    PathIds(case, id): PathIds,
    request: WriteRequest,
    parse: impl FnOnce(Form) -> Result<ListChange>,
) -> Result<ExhibitList> {
    let act = reads::act_for(&request.app.gate, &request.ctx, case.clone(), id.clone()).await?;
    let verb = move |tx: &mut Tx<'_>, seen: &SeenVersions, change: &ListChange| ops::change(tx, &id, seen, change);
    request.change(act, Scope::Case(case), parse, verb).await
}

/// `GET /cases/{id}/exhibit-lists/{list_id}/missing`
pub async fn missing(PathIds(case, id): PathIds, app: App, requester: RequestCtx) -> Reply {
    let found = reads::missing(&app.gate, &requester, (case, id)).await?;
    let stops = found.iter().any(|one| one.stops);
    reply::ok(&json!({"items": found, "stops": stops}))
}
