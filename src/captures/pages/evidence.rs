//! The evidence of a case, below the form that logs more.

use actix_web::HttpRequest;
use actix_web::web::{Path, Payload};
use askama::Template;

use super::Shot;
use super::composer::{Composer, ComposerInput};
use crate::captures::api::created;
use crate::captures::model::CaptureView;
use crate::captures::{reads, upload};
use crate::cases::{CasePage, Tab};
use crate::http::pages::{self, Frame, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, drafts};

/// Items a page.
const ITEMS: usize = 60;

#[derive(Template)]
#[template(path = "captures/pages/evidence.html")]
struct EvidencePage {
    frame: Frame,
    page: CasePage,
    shots: Vec<Shot>,
    next: Option<String>,
    composer: Composer,
}

pub async fn evidence(id: PathId, page: PageRequest) -> Reply {
    evidence_page(&page, &id.0, ComposerInput::opened(&page, &id.0).await?).await
}

pub(super) async fn evidence_page(page: &PageRequest, id: &str, asked: ComposerInput) -> Reply {
    let query = Page {
        limit: ITEMS,
        ..Page::read(&page.req, &["done", "draft"])?
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
        composer: Composer::of(page, &case_page, &frame, asked).await?,
        next: listed
            .next
            .map(|next| query.next_address(&format!("/cases/{id}/evidence"), &next)),
        shots: listed.items,
        page: case_page,
        frame,
    };
    pages::show(&shown, Some(&shown.composer.form))
}

pub async fn log(req: HttpRequest, path: Path<String>, payload: Payload) -> Reply {
    let page = match PageRequest::of(&req) {
        Ok(page) => page,
        Err(e) => return Err(upload::signed_out(&req, payload, e).await),
    };
    let (case, ctx, app) = (path.clone(), page.ctx.clone(), page.app.clone());
    let made = upload::take(req, path, payload, ctx, app).await;
    if pages::is_partial(&page.req) {
        return created(&made?);
    }
    if made.is_ok() {
        drafts::sent(&page).await;
    }
    let again = async |form| evidence_page(&page, &case, ComposerInput::form(form)).await;
    pages::answer(&page.req, made, logged_at, again).await
}

/// The address of a capture just logged, which says whether it is held.
fn logged_at(made: CaptureView) -> String {
    let done = if made.outline().state.is_closed() {
        "held"
    } else {
        "logged"
    };
    format!("/captures/{}?done={done}", made.outline().id)
}
