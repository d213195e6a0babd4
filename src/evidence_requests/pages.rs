//! The page of a case's evidence requests: what was asked, by when, and what was answered.

use askama::Template;

use super::api;
use super::model::{EvidenceRequest, EvidenceRequestState};
use super::reads::{self, EvidenceRequestRights};
use crate::cases::{CasePage, Tab};
use crate::clock;
use crate::error::Result;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, PathIds, WriteRequest};
use crate::text::{Moment, block, label, line};

/// A request as the page shows it.
struct ShownRequest {
    id: String,
    what: String,
    due_on: String,
    /// Whether the day is over and nobody has answered.
    overdue: bool,
    state: EvidenceRequestState,
    state_name: String,
    asked_by: String,
    asked: Moment,
    ending: Option<ShownEnding>,
}

/// How it ended.
struct ShownEnding {
    text: String,
    by: String,
    at: Moment,
}

impl ShownRequest {
    fn of(request: &EvidenceRequest, page: &CasePage, today: &str) -> Self {
        let is_open = request.state == EvidenceRequestState::Open;
        Self {
            id: request.id.clone(),
            what: block(&request.what),
            due_on: request.due_on.clone(),
            overdue: is_open && request.due_on.as_str() < today,
            state: request.state,
            state_name: label(request.state.as_str()),
            asked_by: line(&request.asked_by.name),
            asked: page.at(request.asked_at.0),
            ending: request.ending.as_ref().map(|ending| ShownEnding {
                text: ending.text.as_deref().map(block).unwrap_or_default(),
                by: line(&ending.by.name),
                at: page.at(ending.at.0),
            }),
        }
    }

    fn is_open(&self) -> bool {
        self.state == EvidenceRequestState::Open
    }
}

#[derive(Template)]
#[template(path = "evidence_requests/pages/list.html")]
struct EvidenceRequestPage {
    frame: Frame,
    page: CasePage,
    all: Vec<ShownRequest>,
    rights: EvidenceRequestRights,
    next: Option<String>,
    /// The request whose form was refused, where one was.
    refused: Option<String>,
    form: FormView,
}

impl EvidenceRequestPage {
    /// Whether the form that was refused is that of this request, or the one that asks.
    fn is_refused(&self, id: &str) -> bool {
        self.form.is_refused() && self.refused.as_deref().unwrap_or_default() == id
    }
}

pub async fn list(case: PathId, page: PageRequest) -> Reply {
    shown(&page, (case.0, None), FormView::default()).await
}

async fn shown(page: &PageRequest, (case, refused): (String, Option<String>), form: FormView) -> Reply {
    let (gate, ctx) = (&page.app.gate, &page.ctx);
    let query = Page::read(&page.req, &["done"])?;
    let (mut frame, case_page) = CasePage::of(page, &case, Tab::Requests).await?;
    frame.title = format!("Requests, {}", line(&case_page.case.number));
    let found = reads::of_case(gate, ctx, case.clone(), &query).await?;
    let today = clock::format(gate.now());
    let listed = Listed::of(
        found,
        &query,
        |one| one.id.clone(),
        |one| ShownRequest::of(&one, &case_page, &today[..10]),
    );
    let shown = EvidenceRequestPage {
        rights: reads::rights(gate, ctx, case).await?,
        next: listed.next.map(|next| query.next_address(page.req.path(), &next)),
        all: listed.items,
        page: case_page,
        frame,
        refused,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub async fn add(case: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::ask(case.0.clone(), request).await;
    after(&page, (case.0, None), "evidence-asked", made).await
}

pub async fn answer(ids: PathIds, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let PathIds(case, id) = &ids;
    let place = (case.clone(), Some(id.clone()));
    let made = api::give_answer(ids, request).await;
    after(&page, place, "evidence-answered", made).await
}

pub async fn withdraw(ids: PathIds, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let PathIds(case, id) = &ids;
    let place = (case.clone(), Some(id.clone()));
    let made = api::take_back(ids, request).await;
    after(&page, place, "evidence-withdrawn", made).await
}

/// Back to the page, which says what was done, or shows what was typed again.
async fn after(
    page: &PageRequest,
    place: (String, Option<String>),
    done: &str,
    made: Result<EvidenceRequest>,
) -> Reply {
    let address = |made: EvidenceRequest| format!("/cases/{}/evidence-requests?done={done}", made.case_id);
    let again = async |form| shown(page, place.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}
