//! Subjects and accounts over HTTP, where they are shown as they are recorded, with what is odd about them.

use actix_web::HttpRequest;
use serde::Serialize;

use super::model::{CaseEntry, EntryFlag, EntryPatch, parse_new};
use super::store::KeptEntry;
use super::{ops, reads};
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::versions::SeenVersions;

/// An entry as it is answered.
#[derive(Serialize)]
struct ShownEntry<F> {
    #[serde(flatten)]
    entry: CaseEntry<F>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<Vec<EntryFlag>>,
}

fn shown<F: KeptEntry>(entry: CaseEntry<F>) -> ShownEntry<F> {
    ShownEntry {
        flags: entry.fields.flags(),
        entry,
    }
}

pub(super) async fn list<F: KeptEntry>(req: HttpRequest, id: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_case::<F>(&app.gate, &requester, id.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |e| e.id.clone(), shown))
}

pub(super) async fn add<F: KeptEntry>(case: PathId, request: WriteRequest) -> Reply {
    let (place, scope) = (format!("cases/{}/{}", case.0, F::PLACE), Scope::Case(case.0));
    let made = request.write(F::WRITE, scope, parse_new::<F>, ops::add).await?;
    reply::created(&place, (&made.id.clone(), made.version), &shown(made))
}

pub(super) async fn change<F: KeptEntry>(PathIds(case, id): PathIds, request: WriteRequest) -> Reply {
    let verb = move |tx: &mut Tx<'_>, seen: &SeenVersions, patch: &EntryPatch<F>| ops::change(tx, &id, seen, patch);
    let made = request
        .change(F::WRITE, Scope::Case(case), EntryPatch::parse, verb)
        .await?;
    reply::versioned(made.version, &shown(made))
}
