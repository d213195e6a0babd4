//! Find over HTTP.

use actix_web::HttpRequest;

use super::model::Sought;
use super::reads;
use crate::error::Result;
use crate::gate::RequestCtx;
use crate::http::App;
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;

pub(super) async fn find(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &["q", "case"])?;
    let passed = page.after_number()?.unwrap_or(0);
    let found = reads::find(&app.gate, &requester, wanted(&page)?).await?;
    // The hits are few, and in the same order as long as nothing changes: a cursor is how many were shown.
    let hits = (1..).zip(found.hits).skip_while(|(place, _)| *place <= passed);
    let hits: Vec<(i64, _)> = hits.take(page.limit + 1).collect();
    let listed = Listed::of(hits, &page, |(place, _)| place.to_string(), |(_, hit)| hit);
    page.reply_cut(&req, (listed, found.more))
}

fn wanted(page: &Page) -> Result<Sought> {
    page.id("case", "a case's")?;
    Sought::parse(page.filter("q").unwrap_or_default(), page.filter("case"))
}
