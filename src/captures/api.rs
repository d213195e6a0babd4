//! Captures over HTTP: one read or one write each. `upload` takes them in.

use actix_web::{HttpRequest, HttpResponse};

use super::model::{BasisKind, CaptureNote, CaptureState, CaptureView, NewCapture, NewCorrection, NewDecision, Review};
use super::preview::CapturePreview;
use super::store::CaptureSearch;
use super::{reads, remarks};
use crate::error::Result;
use crate::forms::Form;
use crate::gate::{RequestCtx, Scope};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;

pub(super) async fn of_case(req: HttpRequest, case: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_case(&app.gate, &requester, case.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |c| c.outline().item.to_string(), |c| c))
}

pub(super) async fn to_decide(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &["state", "basis"])?;
    let found = reads::to_decide(&app.gate, &requester, search(&page)?).await?;
    page.reply(&req, Listed::of(found, &page, |c| c.outline().id.clone(), |c| c))
}

fn search(page: &Page) -> Result<CaptureSearch> {
    Ok(CaptureSearch {
        state: page.word::<CaptureState>("state")?.map(|s| s.as_str().to_owned()),
        basis: page.word::<BasisKind>("basis")?.map(|b| b.as_str().to_owned()),
        before: page.after.clone(),
        limit: page.limit + 1,
    })
}

pub(super) async fn preview(case: PathId, request: WriteRequest) -> Reply {
    reply::ok(&preview_of(case.0, request, Ok).await?)
}

/// What recording the capture would say that a form sketches; `as_capture` makes the fields of a capture from it.
pub(super) async fn preview_of(
    case: String,
    mut request: WriteRequest,
    as_capture: impl FnOnce(Form) -> Result<Form>,
) -> Result<CapturePreview> {
    let scope = Scope::Case(case.clone());
    request.check(Act::CaptureRecord, &scope).await?;
    let form = as_capture(request.plain_form().await?)?;
    let (gate, free) = (&request.app.gate, request.app.limits.not_required.clone());
    let new = NewCapture::sketch(form, gate.now())?;
    reads::preview(gate, &request.ctx, case, new, free).await
}

pub(super) async fn read(id: PathId, requester: RequestCtx, app: App) -> Reply {
    let found = reads::capture(&app.gate, &requester, id.0).await?;
    reply::versioned(found.outline().version, &found)
}

pub(super) async fn annotate(id: PathId, request: WriteRequest) -> Reply {
    let scope = Scope::Capture(id.0);
    let made = request
        .write_to(Act::CaptureAnnotate, scope, CaptureNote::parse, remarks::annotate)
        .await?;
    Ok(HttpResponse::Created().json(made))
}

pub(super) async fn correct(id: PathId, request: WriteRequest) -> Reply {
    let scope = Scope::Capture(id.0);
    let made = request
        .write_to(Act::CaptureCorrect, scope, NewCorrection::parse, remarks::correct)
        .await?;
    created(&made)
}

pub(super) async fn review(id: PathId, request: WriteRequest) -> Reply {
    let scope = Scope::Capture(id.0);
    let made = request
        .write_to(Act::CaptureReview, scope, Review::parse, remarks::review)
        .await?;
    Ok(HttpResponse::Created().json(made))
}

pub(super) async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let scope = Scope::Capture(id.0);
    let made = request
        .write_to(Act::CaptureDecide, scope, NewDecision::parse, remarks::decide)
        .await?;
    reply::versioned(made.outline().version, &made)
}

/// 201 with a capture that was just recorded or corrected.
pub(super) fn created(made: &CaptureView) -> Reply {
    reply::created("captures", (&made.outline().id, made.outline().version), made)
}
