//! The pages of the register: its entries, and one with the errors reported in it.

use askama::Template;

use super::model::{ErrorFinding, RegisterEntry, RegisterError, RegisterErrorState, ShownRegisterError};
use super::{api, reads};
use crate::error::Result;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, PathIds, WriteRequest};
use crate::subjects::platform_name;
use crate::text::{Moment, Zone, block, label, line};

/// An entry as a page shows it.
struct RegisteredLine {
    id: String,
    /// Its running number, or that it has none.
    number: String,
    case_number: String,
    case_id: String,
    /// Its number in the case.
    in_case: i64,
    level: String,
    platforms: String,
    state: String,
    requester: String,
    holders: String,
    requested: Moment,
    starts: Moment,
    ends: Moment,
    counts_from: Option<Moment>,
    decisions: Vec<(String, String, Moment)>,
    closing: Option<(String, Moment)>,
    errors: i64,
    open_errors: i64,
}

impl RegisteredLine {
    fn of(entry: RegisterEntry) -> Self {
        let zone = Zone::named(None);
        let platforms: Vec<String> = entry.platforms.iter().map(|platform| platform_name(platform)).collect();
        let holders: Vec<String> = entry.holders.iter().map(|holder| line(&holder.name)).collect();
        let number = entry.register_number.map(|number| format!("No. {number}"));
        Self {
            number: number.unwrap_or_else(|| "No number".to_owned()),
            id: entry.id,
            case_number: line(&entry.case_number),
            case_id: entry.case_id,
            in_case: entry.number,
            level: label(entry.level.as_str()),
            platforms: line(&platforms.join(", ")),
            state: label(entry.state.as_str()),
            requester: line(&entry.requester.name),
            holders: holders.join(", "),
            requested: zone.at(entry.requested_at.0),
            starts: zone.at(entry.starts_at.0),
            ends: zone.at(entry.ends_at.0),
            counts_from: entry.effective_from.map(|at| zone.at(at.0)),
            decisions: entry
                .decisions
                .iter()
                .map(|ruling| (label(&ruling.outcome), line(&ruling.by.name), zone.at(ruling.at.0)))
                .collect(),
            closing: entry
                .closing
                .as_ref()
                .map(|closing| (label(&closing.outcome), zone.at(closing.at.0))),
            errors: entry.errors,
            open_errors: entry.open_errors,
        }
    }
}

/// The report of an error as a page shows it.
struct ShownReport {
    id: String,
    open: bool,
    state: String,
    by: String,
    at: Moment,
    note: Option<String>,
    answer: Option<(String, String, Moment, Option<String>)>,
}

impl ShownReport {
    fn of(error: ShownRegisterError) -> Self {
        let zone = Zone::named(None);
        let found = error.finding.map(|finding| match finding {
            ErrorFinding::EntryWrong => "The entry is wrong",
            ErrorFinding::EntryRight => "The entry is right",
        });
        let answered = (found, error.answered_by, error.answered_at, error.answer);
        Self {
            id: error.id,
            open: error.state == RegisterErrorState::Reported,
            state: label(error.state.as_str()),
            by: line(&error.by.name),
            at: zone.at(error.at.0),
            note: error.note.as_deref().map(block),
            answer: match answered {
                (Some(found), Some(by), Some(at), text) => {
                    let text = text.as_deref().map(block);
                    Some((found.to_owned(), line(&by.name), zone.at(at.0), text))
                }
                _ => None,
            },
        }
    }
}

#[derive(Template)]
#[template(path = "register/pages/list.html")]
struct RegisterPage {
    frame: Frame,
    all: Vec<RegisteredLine>,
    next: Option<String>,
}

pub(super) async fn list(page: PageRequest) -> Reply {
    let query = Page::read(&page.req, &[])?;
    let found = reads::list(&page.app.gate, &page.ctx, &query).await?;
    let listed = Listed::of(found, &query, RegisterEntry::key, RegisteredLine::of);
    let shown = RegisterPage {
        frame: page.frame("Register of authorizations", Nav::Oversight).await?,
        next: listed.next.map(|next| query.next_address("/register", &next)),
        all: listed.items,
    };
    pages::show(&shown, None)
}

#[derive(Template)]
#[template(path = "register/pages/one.html")]
struct EntryPage {
    frame: Frame,
    entry: RegisteredLine,
    reports: Vec<ShownReport>,
    may_report: bool,
    may_answer: bool,
    opens: bool,
    /// The report whose answer was refused, where one was.
    refused: Option<String>,
    form: FormView,
}

impl EntryPage {
    /// Whether the form that was refused is that of this report, or the one that reports.
    fn is_refused(&self, id: &str) -> bool {
        self.form.is_refused() && self.refused.as_deref().unwrap_or_default() == id
    }
}

pub(super) async fn one(id: PathId, page: PageRequest) -> Reply {
    shown(&page, (id.0, None), FormView::default()).await
}

async fn shown(page: &PageRequest, (id, refused): (String, Option<String>), form: FormView) -> Reply {
    let found = reads::entry(&page.app.gate, &page.ctx, id).await?;
    let entry = RegisteredLine::of(found.entry);
    let title = format!("Register, {}", entry.number);
    let shown = EntryPage {
        frame: page.frame(&title, Nav::Oversight).await?,
        entry,
        reports: found.errors.into_iter().map(ShownReport::of).collect(),
        may_report: found.reports,
        may_answer: found.answers,
        opens: found.opens,
        refused,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn report(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::reported(id.0.clone(), request).await;
    after(&page, (id.0, None), "error-reported", made).await
}

pub(super) async fn answer(ids: PathIds, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let place = (ids.0.clone(), Some(ids.1.clone()));
    let made = api::answered(ids, request).await;
    after(&page, place, "error-answered", made).await
}

async fn after(page: &PageRequest, place: (String, Option<String>), done: &str, made: Result<RegisterError>) -> Reply {
    let address = |made: RegisterError| format!("/register/{}?done={done}", made.authorization_id);
    let again = async |form| shown(page, place.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}
