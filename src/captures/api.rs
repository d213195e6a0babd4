//! Captures over HTTP: one read or one write each. `upload` takes them in.

use actix_web::{HttpRequest, HttpResponse};

use super::model::{
    BasisKind, CaptureFilter, CaptureMark, CaptureNote, CaptureQuery, CaptureState, CaptureView, ExaminationWish,
    NewCapture, NewCorrection, NewDecision, NewTo, Place, Remark, Review, Sort,
};
use super::preview::CapturePreview;
use super::store::CaptureSearch;
use super::{reads, remarks};
use crate::clock::{self, DAY, Micros};
use crate::error::{Error, Result};
use crate::forms::Form;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;
use crate::subjects::account_key;
use crate::text::Zone;

/// The parameters that a list of a case's captures takes beside `limit` and `cursor`.
pub const FILTERS: &[&str] = &[
    "kind",
    "platform",
    "state",
    "basis",
    "covered",
    "captured_by",
    "account",
    "from",
    "to",
    "new",
    "sort",
];

/// What a query asks for, and the order unless it names one. A day without a time is one of this zone, and as the end it is
/// meant with all its hours.
pub fn query(page: &Page, unless: Sort, zone: Zone) -> Result<CaptureQuery> {
    let sort = page.word("sort")?.unwrap_or(unless);
    let filter = CaptureFilter {
        kind: page.word("kind")?,
        platform: page.filter("platform").map(str::to_owned),
        state: page.word("state")?,
        basis: page.word("basis")?,
        covered: page.flag("covered")?,
        captured_by: page.id("captured_by", "a user's")?,
        account: page.filter("account").map(account_key),
        from: time(page, "from", zone, 0)?,
        to: time(page, "to", zone, DAY)?,
        new: page.filter("new").map(NewTo::parse).transpose()?,
    };
    Ok(CaptureQuery {
        filter,
        sort,
        after: after(page, sort)?,
        limit: page.limit + 1,
    })
}

fn after(page: &Page, sort: Sort) -> Result<Option<Place>> {
    Ok(match sort {
        Sort::Item | Sort::ItemDown => page.after_number()?.map(|item| Place { time: 0, item }),
        _ => page.after_pair()?.map(|(time, item)| Place { time, item }),
    })
}

/// An instant, or a day, which counts from its first hour and so much later.
fn time(page: &Page, name: &str, zone: Zone, later: Micros) -> Result<Option<Micros>> {
    let refused = || {
        Error::field(
            name,
            "rfc3339",
            "must be a time with its zone, or a day such as 2026-11-22",
        )
    };
    let read = |text: &str| {
        let day = || zone.midnight(text, later / DAY);
        clock::parse(text).or_else(day).ok_or_else(refused)
    };
    page.filter(name).map(read).transpose()
}

pub(super) async fn of_case(req: HttpRequest, case: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, FILTERS)?;
    let asked = query(&page, Sort::Item, Zone::named(None))?;
    let sort = asked.sort;
    let found = reads::of_case(&app.gate, &requester, case.0, asked).await?;
    page.reply(&req, Listed::of(found, &page, |f| f.place.cursor(sort), |f| f.view))
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
        ..CaptureSearch::default()
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

pub(super) async fn mark(id: PathId, request: WriteRequest) -> Reply {
    let scope = Scope::Capture(id.0);
    let made = request
        .write_to(Act::CaptureAnnotate, scope, CaptureMark::parse, remarks::mark)
        .await?;
    Ok(HttpResponse::Created().json(made))
}

pub(super) async fn examine(id: PathId, request: WriteRequest) -> Reply {
    Ok(HttpResponse::Created().json(examination_asked(id.0, request).await?))
}

/// Asks for another examination, for the API and for a page, and wakes the job.
pub(super) async fn examination_asked(id: String, request: WriteRequest) -> Result<Remark<ExaminationWish>> {
    let (app, scope) = (request.app.clone(), Scope::Capture(id));
    let (parse, verb) = (ExaminationWish::parse, remarks::request_examination);
    let made = request.write_to(Act::CaptureAnnotate, scope, parse, verb).await?;
    app.examinations.job.notify_one();
    Ok(made)
}

pub(super) async fn correct(id: PathId, request: WriteRequest) -> Reply {
    let scope = Scope::Capture(id.0);
    let made = request
        .write_to(Act::CaptureCorrect, scope, NewCorrection::parse, remarks::correct)
        .await?;
    created(&made)
}

pub(super) async fn review(id: PathId, request: WriteRequest) -> Reply {
    Ok(HttpResponse::Created().json(reviewed(id.0, request).await?))
}

/// Reviews a capture in the version that was seen, for the API, where `If-Match` may name it, and for a page.
pub(super) async fn reviewed(id: String, mut request: WriteRequest) -> Result<Remark<Review>> {
    request.check(Act::CaptureReview, &Scope::Capture(id.clone())).await?;
    let review = Review::parse(request.form().await?)?;
    record_review(request, id, review).await
}

/// The same, once it is read.
pub(super) async fn record_review(request: WriteRequest, id: String, review: Review) -> Result<Remark<Review>> {
    let (scope, seen) = (Scope::Capture(id.clone()), request.version_seen()?);
    let verb = move |tx: &mut Tx<'_>| remarks::review_seen(tx, (&id, &seen), &review);
    request.transact(Act::CaptureReview, scope, verb).await
}

pub(super) async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let made = decided(id.0, request).await?;
    reply::versioned(made.outline().version, &made)
}

/// Decides about a capture in the version that was seen, for the API, where `If-Match` may name it, and for a page.
pub(super) async fn decided(id: String, mut request: WriteRequest) -> Result<CaptureView> {
    request.check(Act::CaptureDecide, &Scope::Capture(id.clone())).await?;
    let decision = NewDecision::parse(request.form().await?)?;
    record_decision(request, id, decision).await
}

/// The same, once it is read.
pub(super) async fn record_decision(request: WriteRequest, id: String, decision: NewDecision) -> Result<CaptureView> {
    let (scope, seen) = (Scope::Capture(id.clone()), request.version_seen()?);
    let verb = move |tx: &mut Tx<'_>| remarks::decide_seen(tx, (&id, &seen), &decision);
    request.transact(Act::CaptureDecide, scope, verb).await
}

/// 201 with a capture that was just recorded or corrected.
pub(super) fn created(made: &CaptureView) -> Reply {
    reply::created("captures", (&made.outline().id, made.outline().version), made)
}
