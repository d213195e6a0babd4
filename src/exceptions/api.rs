//! The JSON routes of exceptions, and their table.

use actix_web::HttpRequest;

use super::model::{FoundException, NewSignOff, SignOff};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;

/// `GET /exceptions`
pub async fn list(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, reads::FILTERS)?;
    let found = reads::list(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, FoundException::key, |one| one))
}

/// The columns of the table.
const COLUMNS: &[&str] = &[
    "class",
    "object",
    "object_id",
    "number",
    "object_state",
    "case_id",
    "case_number",
    "person_id",
    "person",
    "since",
    "state",
    "signed_off_by",
    "signed_off_at",
    "note",
];

/// `GET /exceptions/csv`
pub async fn table(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::of_table(&req, reads::FILTERS)?;
    let found = reads::list(&app.gate, &requester, &page).await?;
    page.reply_table(
        &req,
        "exceptions",
        Listed::of(found, &page, FoundException::key, row),
        COLUMNS,
    )
}

fn row(one: FoundException) -> Vec<String> {
    let person = one.person.unwrap_or_else(|| crate::identity::Person {
        id: String::new(),
        name: String::new(),
    });
    let signed = one.signed_off.as_ref();
    vec![
        one.class.to_string(),
        one.object.to_string(),
        one.object_id,
        one.number.to_string(),
        one.object_state,
        one.case_id,
        one.case_number,
        person.id,
        person.name,
        one.since.to_string(),
        one.state.to_string(),
        signed.map(|signed| signed.by.name.clone()).unwrap_or_default(),
        signed.map(|signed| signed.at.to_string()).unwrap_or_default(),
        signed.and_then(|signed| signed.note.clone()).unwrap_or_default(),
    ]
}

/// `GET /captures/{id}/exceptions`
pub async fn of_capture(req: HttpRequest, id: PathId, app: App, requester: RequestCtx) -> Reply {
    of_object(&req, &app, &requester, Scope::Capture(id.0)).await
}

/// `GET /authorizations/{id}/exceptions`
pub async fn of_authorization(req: HttpRequest, id: PathId, app: App, requester: RequestCtx) -> Reply {
    of_object(&req, &app, &requester, Scope::Authorization(id.0)).await
}

async fn of_object(req: &HttpRequest, app: &App, requester: &RequestCtx, scope: Scope) -> Reply {
    let page = Page::read(req, &[])?;
    let (found, _) = reads::of_object(&app.gate, requester, scope).await?;
    page.reply(req, Listed::of(found, &page, FoundException::key, |one| one))
}

/// `POST /captures/{id}/exceptions`
pub async fn sign_capture(id: PathId, request: WriteRequest) -> Reply {
    let made = signed_capture(id.0, request).await?;
    reply::versioned(made.version, &made)
}

/// Signs off an exception to a capture, for the API and for a page.
pub async fn signed_capture(id: String, request: WriteRequest) -> Result<SignOff> {
    let (act, scope) = (Act::ExceptionSignOff, Scope::Capture(id));
    request.write_to(act, scope, NewSignOff::parse, ops::sign_capture).await
}

/// `POST /authorizations/{id}/exceptions`
pub async fn sign_authorization(id: PathId, request: WriteRequest) -> Reply {
    let made = signed_authorization(id.0, request).await?;
    reply::versioned(made.version, &made)
}

/// Signs off an exception to an authorization, for the API and for a page.
pub async fn signed_authorization(id: String, request: WriteRequest) -> Result<SignOff> {
    let (act, scope) = (Act::ExceptionSignOff, Scope::Authorization(id));
    request
        .write_to(act, scope, NewSignOff::parse, ops::sign_authorization)
        .await
}
