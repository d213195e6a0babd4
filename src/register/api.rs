//! The JSON routes of the register, and its table.

use actix_web::HttpRequest;

use super::model::{ErrorReader, NewErrorAnswer, RegisterEntry, RegisterError, ShownRegisterError, note};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::policy::Act;

/// `GET /register`
pub async fn list(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::list(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, RegisterEntry::key, |one| one))
}

/// The columns of the table.
const COLUMNS: &[&str] = &[
    "register_number",
    "authorization_id",
    "case_id",
    "case_number",
    "number",
    "level",
    "platforms",
    "state",
    "requester_id",
    "requester",
    "holders",
    "requested_at",
    "starts_at",
    "ends_at",
    "effective_from",
    "decisions",
    "closing",
    "captures",
    "errors",
    "open_errors",
];

/// `GET /register/csv`
pub async fn table(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::of_table(&req, &[])?;
    let found = reads::list(&app.gate, &requester, &page).await?;
    page.reply_table(
        &req,
        "register",
        Listed::of(found, &page, RegisterEntry::key, row),
        COLUMNS,
    )
}

fn row(entry: RegisterEntry) -> Vec<String> {
    let holders: Vec<&str> = entry.holders.iter().map(|holder| holder.name.as_str()).collect();
    let decisions: Vec<String> = entry
        .decisions
        .iter()
        .map(|ruling| format!("{} by {} at {}", ruling.outcome, ruling.by.name, ruling.at))
        .collect();
    let closing = entry.closing.as_ref();
    vec![
        entry
            .register_number
            .map(|number| number.to_string())
            .unwrap_or_default(),
        entry.id,
        entry.case_id,
        entry.case_number,
        entry.number.to_string(),
        entry.level.to_string(),
        entry.platforms.join("; "),
        entry.state.to_string(),
        entry.requester.id,
        entry.requester.name,
        holders.join("; "),
        entry.requested_at.to_string(),
        entry.starts_at.to_string(),
        entry.ends_at.to_string(),
        entry.effective_from.map(|at| at.to_string()).unwrap_or_default(),
        decisions.join("; "),
        closing.map(|closing| closing.outcome.clone()).unwrap_or_default(),
        closing.map(|closing| closing.captures.to_string()).unwrap_or_default(),
        entry.errors.to_string(),
        entry.open_errors.to_string(),
    ]
}

/// `GET /authorizations/{id}/errors`
pub async fn errors(req: HttpRequest, id: PathId, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::errors(&app.gate, &requester, id.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
}

/// `POST /authorizations/{id}/errors`
pub async fn report(id: PathId, request: WriteRequest) -> Reply {
    let made = reported(id.0, request).await?;
    reply::versioned(made.version, &ShownRegisterError::of(made, ErrorReader::OfCase))
}

/// Reports an error, for the API and for a page.
pub async fn reported(id: String, request: WriteRequest) -> Result<RegisterError> {
    let verb = |tx: &mut Tx<'_>, id: &str, note: &String| ops::report(tx, id, note);
    let (act, scope) = (Act::RegisterErrorReport, Scope::Authorization(id));
    request.write_to(act, scope, note, verb).await
}

/// `POST /authorizations/{id}/errors/{error_id}/answer`
pub async fn answer(ids: PathIds, request: WriteRequest) -> Reply {
    let made = answered(ids, request).await?;
    reply::versioned(made.version, &ShownRegisterError::of(made, ErrorReader::OfCase))
}

/// Answers the report of an error, for the API and for a page.
pub async fn answered(PathIds(id, error): PathIds, request: WriteRequest) -> Result<RegisterError> {
    let verb = move |tx: &mut Tx<'_>, id: &str, new: &NewErrorAnswer| ops::answer(tx, (id, &error), new);
    let (act, scope) = (Act::RegisterErrorAnswer, Scope::Authorization(id));
    request.write_to(act, scope, NewErrorAnswer::parse, verb).await
}
