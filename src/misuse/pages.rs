//! The pages of reports of misuse: one's own with the form that makes another, and one report.

use askama::Template;

use super::model::{MisuseOutcome, MisuseRecord, MisuseState};
use super::{api, reads};
use crate::error::Result;
use crate::forms::Word;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::text::{Moment, Zone, block, label, line};

/// A report as a page shows it.
struct ShownMisuse {
    id: String,
    state: MisuseState,
    state_name: String,
    text: String,
    names: Vec<String>,
    case: Option<String>,
    reporter: String,
    at: Moment,
    examiner: Option<(String, Moment)>,
    closing: Option<(String, String, String, Moment)>,
}

impl ShownMisuse {
    fn of(report: &MisuseRecord) -> Self {
        let zone = Zone::named(None);
        Self {
            id: report.id.clone(),
            state: report.state,
            state_name: label(report.state.as_str()),
            text: block(&report.text),
            names: report.names.iter().map(|person| line(&person.name)).collect(),
            case: report.case.as_deref().map(line),
            reporter: line(&report.reporter.name),
            at: zone.at(report.at.0),
            examiner: report
                .examiner
                .as_ref()
                .map(|examiner| (line(&examiner.by.name), zone.at(examiner.at.0))),
            closing: report.closing.as_ref().map(|closing| {
                let outcome = label(closing.outcome.as_str());
                (
                    outcome,
                    block(&closing.text),
                    line(&closing.by.name),
                    zone.at(closing.at.0),
                )
            }),
        }
    }

    /// The look of the chip that names the state.
    fn tone(&self) -> &'static str {
        match self.state {
            MisuseState::Received => " chip--warn",
            MisuseState::UnderExamination => " chip--info",
            MisuseState::Closed => " chip--ok",
        }
    }
}

#[derive(Template)]
#[template(path = "misuse/pages/list.html")]
struct MisusePage {
    frame: Frame,
    all: Vec<ShownMisuse>,
    next: Option<String>,
    form: FormView,
}

pub(super) async fn list(page: PageRequest) -> Reply {
    list_page(&page, FormView::default()).await
}

async fn list_page(page: &PageRequest, form: FormView) -> Reply {
    let query = Page::read(&page.req, &["done"])?;
    let found = reads::list(&page.app.gate, &page.ctx, &query).await?;
    let listed = Listed::of(found, &query, |one| one.id.clone(), |one| ShownMisuse::of(&one));
    let shown = MisusePage {
        frame: page.frame("Misuse", Nav::Oversight).await?,
        next: listed.next.map(|next| query.next_address("/misuse", &next)),
        all: listed.items,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn report(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::reported(request).await;
    let address = |made: MisuseRecord| format!("/misuse/{}?done=misuse-reported", made.id);
    let again = async |form: FormView| list_page(&page, form).await;
    pages::answer(&page.req, made, address, again).await
}

#[derive(Template)]
#[template(path = "misuse/pages/one.html")]
struct MisuseReportPage {
    frame: Frame,
    one: ShownMisuse,
    /// Whether the reader may examine and close it.
    examines: bool,
    outcomes: Vec<(&'static str, String)>,
    form: FormView,
}

pub(super) async fn one(id: PathId, page: PageRequest) -> Reply {
    one_page(&page, id.0, FormView::default()).await
}

async fn one_page(page: &PageRequest, id: String, form: FormView) -> Reply {
    let (found, examines) = reads::one(&page.app.gate, &page.ctx, id).await?;
    let words = MisuseOutcome::WORDS.iter();
    let shown = MisuseReportPage {
        frame: page.frame("Report of misuse", Nav::Oversight).await?,
        one: ShownMisuse::of(&found),
        examines,
        outcomes: words.map(|(word, _)| (*word, label(word))).collect(),
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn examine(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::examined(id.0.clone(), request).await;
    after(&page, id.0, "misuse-examined", made).await
}

pub(super) async fn close(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::closed(id.0.clone(), request).await;
    after(&page, id.0, "misuse-closed", made).await
}

async fn after(page: &PageRequest, id: String, done: &str, made: Result<MisuseRecord>) -> Reply {
    let address = |made: MisuseRecord| format!("/misuse/{}?done={done}", made.id);
    let again = async |form| one_page(page, id.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}
