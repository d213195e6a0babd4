//! Events over HTTP: one read each.

use actix_web::HttpRequest;

use super::reads::{self, ShownEvent};
use crate::error::{Error, Result};
use crate::gate::RequestCtx;
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{App, PathId};
use crate::ledger::Action;
use crate::ledger::read::EventSearch;

pub(super) async fn of_capture(req: HttpRequest, id: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_capture(&app.gate, &requester, id.0, &page).await?;
    reply(&req, &page, found)
}

pub(super) async fn of_case(req: HttpRequest, case: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_case(&app.gate, &requester, case.0, &page).await?;
    reply(&req, &page, found)
}

pub(super) async fn accesses(req: HttpRequest, case: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::accesses(&app.gate, &requester, case.0, &page).await?;
    reply(&req, &page, found)
}

pub(super) async fn of_agency(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, FILTERS)?;
    let found = reads::of_agency(&app.gate, &requester, search(&page)?).await?;
    page.reply_exact(&req, Listed::of(found, &page, reads::place, |e| e))
}

/// What a search of the agency's events is narrowed by.
pub(super) const FILTERS: &[&str] = &["actor", "action", "object", "case", "kind", "from", "to"];

pub(super) fn search(page: &Page) -> Result<EventSearch> {
    Ok(EventSearch {
        actor: page.filter("actor").map(str::to_owned),
        action: page.filter("action").map(action).transpose()?,
        object: page.filter("object").map(str::to_owned),
        case: page.id("case", "a case's")?,
        kind: page.word("kind")?,
        from: page.time("from")?,
        to: page.time("to")?,
        after: page.place(reads::placed)?,
        limit: page.limit as i64 + 1,
    })
}

/// An action by its word; there are too many to list them in a refusal.
fn action(text: &str) -> Result<String> {
    let known = Action::ALL.iter().any(|action| action.as_str() == text);
    let refused = || {
        let message = "must be an action as events name it, such as capture.recorded";
        Error::field("action", "one_of", message)
    };
    known.then(|| text.to_owned()).ok_or_else(refused)
}

fn reply(req: &HttpRequest, page: &Page, found: Vec<ShownEvent>) -> Reply {
    page.reply_exact(req, Listed::of(found, page, |e| e.key.to_string(), |e| e))
}
