//! Find over HTTP.

use actix_web::HttpRequest;
use serde_json::json;

use super::model::Sought;
use super::reads;
use crate::error::{Error, Result};
use crate::gate::RequestCtx;
use crate::http::App;
use crate::http::paging::Page;
use crate::http::reply::{self, Reply};

pub(super) async fn find(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let found = reads::find(&app.gate, &requester, wanted(&req)?).await?;
    reply::ok(&json!({"items": found.hits, "next": null, "more": found.more}))
}

fn wanted(req: &HttpRequest) -> Result<Sought> {
    let query = Page::read(req, &["q", "case"])?;
    if let Some(case) = query
        .filter("case")
        .filter(|case| crate::forms::parse_id(case).is_none())
    {
        let message = format!("must be the id of a case, and {case} is none");
        return Err(Error::field("case", "uuid", message));
    }
    Sought::parse(query.filter("q").unwrap_or_default(), query.filter("case"))
}
