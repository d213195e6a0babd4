//! The pages of audits: those that were carried out, and one with its progress or its report.

use askama::Template;
use serde::Deserialize;

use super::model::{AuditState, AuditView};
use super::{api, reads};
use crate::error::Result;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::text::{Moment, Zone, count, counted, groups, label, line, size};

/// What an audit does, in its order.
const STEPS: &[(&str, &str)] = &[
    ("database", "the database's own pages"),
    ("events", "events and records"),
    ("tree", "the tree"),
    ("replay", "the rows that the ledger makes"),
    ("rows", "rows compared with them"),
    ("files", "files"),
    ("packets", "packets"),
];

/// An audit as a page shows it.
struct ShownAudit {
    id: String,
    state: AuditState,
    state_name: String,
    requested_by: String,
    requested: Moment,
    finished: Option<Moment>,
    verdict: String,
    progress: String,
    done: i64,
    total: i64,
    error: Option<String>,
    digest: Vec<String>,
}

impl ShownAudit {
    fn of(audit: &AuditView) -> Self {
        let zone = Zone::named(None);
        Self {
            id: audit.asked.id.clone(),
            state: audit.state,
            state_name: label(audit.state.as_str()),
            requested_by: line(&audit.asked.requested_by.name),
            requested: zone.at(audit.asked.requested_at.0),
            finished: audit.finished_at.map(|at| zone.at(at.0)),
            verdict: verdict(audit),
            progress: progress(audit),
            done: audit.done,
            total: audit.total.max(1),
            error: audit.error.as_deref().map(line),
            digest: audit.report_sha256.as_ref().map(groups).unwrap_or_default(),
        }
    }

    /// How its state looks: the end of a class of the style sheet.
    fn look(&self) -> &'static str {
        match self.state {
            AuditState::Clean => "ok",
            AuditState::Faulty => "bad",
            AuditState::Failed | AuditState::Cancelled => "part",
            AuditState::Queued | AuditState::Running => "info",
        }
    }
}

fn verdict(audit: &AuditView) -> String {
    match audit.state {
        AuditState::Clean => "Clean: every event, record, row, file and packet is as the ledger says".into(),
        AuditState::Faulty => counted(audit.faults.unwrap_or(0), "fault found", "faults found"),
        AuditState::Failed => "The audit could not be carried out".into(),
        AuditState::Cancelled => "The audit was called off".into(),
        AuditState::Queued => "The audit waits for the server".into(),
        AuditState::Running => "The audit is under way".into(),
    }
}

/// What is read now, in words: bytes for files and packets, numbers for all else.
fn progress(audit: &AuditView) -> String {
    // The job of a later version may be at a step that this one does not know.
    let known = STEPS.iter().position(|(word, _)| *word == audit.step);
    let at = known.unwrap_or_default();
    let (_, name) = STEPS[at];
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    let (done, total) = (number(audit.done), number(audit.total));
    let much = match (audit.step.as_str(), total) {
        ("", _) => return "Not begun yet".into(),
        ("files" | "packets", _) => format!("{} of {}", size(done), size(total)),
        (_, 0) => count(done),
        _ => format!("{} of {}", count(done), count(total)),
    };
    format!("Step {} of {}: {name}, {much}", at + 1, STEPS.len())
}

#[derive(Template)]
#[template(path = "audits/pages/list.html")]
struct AuditListPage {
    frame: Frame,
    all: Vec<ShownAudit>,
    under_way: bool,
    next: Option<String>,
    form: FormView,
}

pub(super) async fn list(page: PageRequest) -> Reply {
    list_page(&page, FormView::default()).await
}

async fn list_page(page: &PageRequest, form: FormView) -> Reply {
    let query = Page::read(&page.req, &["done"])?;
    let found = reads::list(&page.app.gate, &page.ctx, &query).await?;
    let listed = Listed::of(found, &query, api::cursor, |audit| ShownAudit::of(&audit));
    let shown = AuditListPage {
        frame: page.frame("Audits", Nav::Audits).await?,
        under_way: listed.items.iter().any(|audit| audit.state.is_under_way()),
        next: listed.next.map(|next| query.next_address("/audits", &next)),
        all: listed.items,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn start(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::asked(request).await;
    let address = |made: AuditView| format!("/audits/{}", made.asked.id);
    pages::answer(&page.req, made, address, async |form| list_page(&page, form).await).await
}

/// A finding of a report that was kept, perhaps by another version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct KeptFinding {
    rule: String,
    place: String,
    what: String,
    way_out: String,
}

impl KeptFinding {
    /// Without characters that make a reader see something else.
    fn readable(self) -> Self {
        Self {
            rule: line(&self.rule),
            place: line(&self.place),
            what: line(&self.what),
            way_out: line(&self.way_out),
        }
    }
}

/// A report that was kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct KeptReport {
    counts: serde_json::Map<String, serde_json::Value>,
    faults: Vec<KeptFinding>,
    more_faults: u64,
    notices: Vec<KeptFinding>,
    more_notices: u64,
}

impl KeptReport {
    fn of(audit: &AuditView) -> Result<Self> {
        let report = audit.report.clone().unwrap_or_else(|| serde_json::json!({}));
        let kept: Self = serde_json::from_value(report)?;
        Ok(Self {
            faults: kept.faults.into_iter().map(KeptFinding::readable).collect(),
            notices: kept.notices.into_iter().map(KeptFinding::readable).collect(),
            ..kept
        })
    }

    /// What was read, in words.
    fn read(&self) -> Vec<(String, String)> {
        let number = |value: &serde_json::Value| value.as_u64().unwrap_or(0);
        let told = self.counts.iter().map(|(name, value)| match name.as_str() {
            "bytes" => ("Bytes of files".to_owned(), size(number(value))),
            "waiting" => ("Events not in the tree yet".to_owned(), count(number(value))),
            _ => (label(name), count(number(value))),
        });
        told.collect()
    }
}

#[derive(Template)]
#[template(path = "audits/pages/one.html")]
struct AuditPage {
    frame: Frame,
    shown: ShownAudit,
    report: KeptReport,
    form: FormView,
}

pub(super) async fn one(id: PathId, page: PageRequest) -> Reply {
    one_page(&page, id.0, FormView::default()).await
}

async fn one_page(page: &PageRequest, id: String, form: FormView) -> Reply {
    let audit = reads::one(&page.app.gate, &page.ctx, id).await?;
    let shown = AuditPage {
        frame: page.frame("Audit", Nav::Audits).await?,
        shown: ShownAudit::of(&audit),
        report: KeptReport::of(&audit)?,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn cancel(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::called_off(id.0.clone(), request).await;
    let address = |made: AuditView| format!("/audits/{}", made.asked.id);
    let again = async |form| one_page(&page, id.0.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}
