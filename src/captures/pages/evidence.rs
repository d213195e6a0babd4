//! The evidence of a case, below the form that logs more.

use askama::Template;

use super::Shot;
use super::composer::{Choices, covered, first_capture_form};
use crate::captures::reads;
use crate::cases::{CasePage, Tab};
use crate::http::PathId;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;

/// Items a page.
const ITEMS: usize = 60;

#[derive(Template)]
#[template(path = "captures/pages/evidence.html")]
struct EvidencePage {
    frame: Frame,
    page: CasePage,
    shots: Vec<Shot>,
    next: Option<String>,
    /// What the person may look at now, by authorization.
    covered: Vec<String>,
    choices: Choices,
    form: FormView,
}

pub async fn evidence(id: PathId, page: PageRequest) -> Reply {
    evidence_page(&page, &id.0, first_capture_form(&page.req)).await
}

pub async fn evidence_page(page: &PageRequest, id: &str, form: FormView) -> Reply {
    let query = Page {
        limit: ITEMS,
        ..Page::read(&page.req, &["done"])?
    };
    let (frame, case_page) = CasePage::of(page, id, Tab::Evidence).await?;
    let found = reads::of_case(&page.app.gate, &page.ctx, id.to_owned(), &query).await?;
    let listed = Listed::of(
        found,
        &query,
        |c| c.outline().item.to_string(),
        |c| Shot::of(&c, &case_page),
    );
    let shown = EvidencePage {
        covered: covered(page, &case_page, &frame).await?,
        next: listed
            .next
            .map(|next| query.next_address(&format!("/cases/{id}/evidence"), &next)),
        shots: listed.items,
        choices: Choices::all(),
        page: case_page,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}
