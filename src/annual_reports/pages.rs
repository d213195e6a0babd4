//! The annual report as a page.

use askama::Template;

use super::masking::SMALLEST;
use super::reads;
use crate::http::pages::{self, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::subjects::platform_name;
use crate::text::{Moment, Zone, label, line};

/// A table of the report as the page shows it.
struct ShownTable {
    name: &'static str,
    heading: &'static str,
    says: &'static str,
    rows: Vec<(String, String)>,
}

/// Heading and meaning of each table.
const HEADINGS: [(&str, &str, &str); 6] = [
    ("levels", "By level", "Shares of all requests."),
    ("kinds", "By kind of case", "Shares of all requests."),
    (
        "decisions",
        "By decision",
        "Shares of all requests. Refused are those that were denied or returned.",
    ),
    (
        "outcomes",
        "By outcome",
        "Shares of all requests, by their closing reports.",
    ),
    ("platforms", "By platform", "One request may be for several."),
    (
        "exceptions",
        "Exceptions",
        "Captures that came in that year by class, and approvals against a check.",
    ),
];

#[derive(Template)]
#[template(path = "annual_reports/pages/report.html")]
struct ReportPage {
    frame: Frame,
    year: i64,
    smallest: u64,
    as_of: Moment,
    requests: String,
    tables: Vec<ShownTable>,
}

pub(super) async fn show(page: PageRequest) -> Reply {
    let report = reads::report(&page.app.gate, &page.ctx, page.query("year")).await?;
    let word = |table: &str, word: &str| match table {
        "platforms" => line(&platform_name(word)),
        _ => label(word),
    };
    let tables = report
        .tables()
        .into_iter()
        .zip(HEADINGS)
        .map(|((name, counts), (_, heading, says))| ShownTable {
            name,
            heading,
            says,
            rows: counts
                .iter()
                .map(|one| (word(name, &one.word), one.count.says()))
                .collect(),
        });
    let title = format!("Annual report {}", report.year);
    let shown = ReportPage {
        year: report.year,
        smallest: SMALLEST,
        as_of: Zone::named(None).at(report.as_of.0),
        requests: report.requests.says(),
        tables: tables.collect(),
        frame: page.frame(&title, Nav::Oversight).await?,
    };
    pages::show(&shown, None)
}
