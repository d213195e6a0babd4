//! The annual report as JSON and as a table.

use actix_web::HttpRequest;

use super::reads;
use crate::error::Result;
use crate::gate::RequestCtx;
use crate::http::App;
use crate::http::paging::parameters;
use crate::http::reply::{self, Reply};
use crate::http::sheet;

/// `GET /reports/annual`
pub async fn report(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    reply::ok(&reads::report(&app.gate, &requester, year(&req)?).await?)
}

fn year(req: &HttpRequest) -> Result<Option<String>> {
    Ok(parameters(req, &["year"])?.pop().map(|(_, value)| value))
}

/// `GET /reports/annual/csv`
pub async fn table(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let report = reads::report(&app.gate, &requester, year(&req)?).await?;
    let total = vec!["requests".to_owned(), String::new(), report.requests.says()];
    let counted = report.tables().into_iter().flat_map(|(name, counts)| {
        counts
            .iter()
            .map(move |one| vec![name.to_owned(), one.word.clone(), one.count.says()])
    });
    let rows: Vec<Vec<String>> = std::iter::once(total).chain(counted).collect();
    let name = format!("annual-report-{}", report.year);
    sheet::answer(&name, &sheet::text(&["table", "of", "count"], &rows), None)
}
