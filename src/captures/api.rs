//! Captures over HTTP, but for taking them in.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use serde_json::value::RawValue;

use super::entries;
use super::model::{self, BasisKind, DecisionOutcome, ReviewOutcome, State};
use super::shown::Shown;
use super::store::{self, CaptureRow, EntryRow};
use crate::error::{Error, Result};
use crate::forms::{REASON, TEXT, parse_id};
use crate::gate::{Look, Scope, View, Visit, part_in_basis};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, body};
use crate::ledger::Action;
use crate::policy::Act;

pub(super) fn capture(path: &str) -> Result<(String, Scope)> {
    let id = parse_id(path).ok_or_else(Error::not_found)?;
    Ok((id.clone(), Scope::Capture(id)))
}

/// A capture as this reader sees it: what is held shows its content only to who may decide it.
fn show<'a>(row: &'a CaptureRow, entries: &'a [EntryRow], reads_held: bool) -> Result<Shown<'a>> {
    let closed = matches!(row.state.as_str(), "held" | "quarantined");
    if closed && !reads_held {
        Shown::withheld(row)
    } else {
        Shown::open(row, entries)
    }
}

pub(super) async fn of_case(req: HttpRequest, path: Path<String>, visit: Visit, app: App) -> Reply {
    let id = parse_id(&path).ok_or_else(Error::not_found)?;
    let page = Page::read(&req, &[])?;
    let (after, limit) = (page.after_number()?.unwrap_or(0), page.limit + 1);
    let view = View::new(
        Action::CapturesListed,
        "case",
        &id,
        json!({"after_item": after, "limit": page.limit}),
    );
    let case = id.clone();
    let rows = app
        .gate
        .view(&visit, Act::CaptureRead, Scope::Case(id), view, move |look| {
            let rows = store::of_case(look.conn, &case, after, limit)?;
            let decides = look.may(Act::CaptureReadHeld);
            shown_all(look, rows, decides)
        })
        .await?;
    page.reply(
        &req,
        Listed::of(rows, &page, |(row, _)| row.item.to_string(), |(_, shown)| shown),
    )
}

type Rows = Vec<(CaptureRow, Box<RawValue>)>;

fn shown_all(look: &mut Look<'_>, rows: Vec<CaptureRow>, decides: bool) -> Result<Rows> {
    let ids: Vec<String> = rows.iter().map(|r| r.id.clone()).collect();
    let said = store::entries(look.conn, &ids)?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let own = said.partition_point(|e| e.capture_id < row.id);
        let end = said.partition_point(|e| e.capture_id <= row.id);
        let reads = decides && !takes_part(look, &row)?;
        let shown = show(&row, said.get(own..end).unwrap_or_default(), reads)?.raw()?;
        out.push((row, shown));
    }
    Ok(out)
}

/// Nobody decides about a capture they made, nor about one whose authorization they asked for or hold; asked only for
/// what is closed.
pub fn takes_part(look: &mut Look<'_>, row: &CaptureRow) -> Result<bool> {
    if !matches!(row.state.as_str(), "held" | "quarantined") {
        return Ok(false);
    }
    let (requester, holder) = part_in_basis(look.conn, look.caller, &row.body)?;
    Ok(requester || holder || row.capturer_id == look.caller.user)
}

pub(super) async fn to_decide(req: HttpRequest, visit: Visit, app: App) -> Reply {
    let page = Page::read(&req, &["state", "basis"])?;
    let search = store::Search {
        state: page.word::<State>("state")?.map(|s| s.as_str().to_owned()),
        basis: page.word::<BasisKind>("basis")?.map(|b| b.as_str().to_owned()),
        before: page.after.clone(),
        limit: page.limit + 1,
    };
    let view = View::new(
        Action::CapturesListed,
        "agency",
        "agency",
        json!({"state": search.state, "basis": search.basis, "before": search.before}),
    );
    let rows = app
        .gate
        .view(&visit, Act::SessionOwn, Scope::Agency, view, move |look| {
            look.settled()?;
            let rows = store::to_decide(look.conn, look.caller, &search, look.now)?;
            shown_all(look, rows, true)
        })
        .await?;
    page.reply(
        &req,
        Listed::of(rows, &page, |(row, _)| row.id.clone(), |(_, shown)| shown),
    )
}

pub(super) async fn read(path: Path<String>, visit: Visit, app: App) -> Reply {
    let (id, scope) = capture(&path)?;
    let view = View::new(Action::CaptureViewed, "capture", &id, json!({}));
    let shown = app
        .gate
        .view(&visit, Act::CaptureRead, scope, view, move |look| {
            let row = store::capture(look.conn, &id)?;
            let said = store::entries(look.conn, std::slice::from_ref(&id))?;
            show(&row, &said, look.may(Act::CaptureReadHeld))?.value()
        })
        .await?;
    reply::versioned(&shown)
}

pub(super) async fn annotate(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let (id, scope) = capture(&path)?;
    app.gate.check(&visit, Act::CaptureAnnotate, scope.clone()).await?;
    let mut form = body::form(&req, payload, &mut visit).await?;
    let text = form.required("text", TEXT);
    form.done()?;
    let made = app
        .gate
        .write(&visit, Act::CaptureAnnotate, scope, move |tx| {
            entries::annotate(tx, &id, &text)
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

pub(super) async fn correct(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let (id, scope) = capture(&path)?;
    app.gate.check(&visit, Act::CaptureCorrect, scope.clone()).await?;
    let (fields, reason) = model::correction(body::form(&req, payload, &mut visit).await?)?;
    let made = app
        .gate
        .write(&visit, Act::CaptureCorrect, scope, move |tx| {
            entries::correct(tx, &id, &fields, &reason)
        })
        .await?;
    reply::created("captures", &made)
}

pub(super) async fn review(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let (id, scope) = capture(&path)?;
    app.gate.check(&visit, Act::CaptureReview, scope.clone()).await?;
    let mut form = body::form(&req, payload, &mut visit).await?;
    let outcome = form
        .required_word::<ReviewOutcome>("outcome")
        .unwrap_or(ReviewOutcome::Returned);
    let note = if outcome == ReviewOutcome::Returned {
        Some(form.required("note", TEXT))
    } else {
        form.text("note", TEXT)
    };
    form.done()?;
    let made = app
        .gate
        .write(&visit, Act::CaptureReview, scope, move |tx| {
            entries::review(tx, &id, outcome, note.as_deref())
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

pub(super) async fn decide(
    req: HttpRequest,
    path: Path<String>,
    payload: Payload,
    mut visit: Visit,
    app: App,
) -> Reply {
    let (id, scope) = capture(&path)?;
    app.gate.check(&visit, Act::CaptureDecide, scope.clone()).await?;
    let mut form = body::form(&req, payload, &mut visit).await?;
    let outcome = form
        .required_word::<DecisionOutcome>("outcome")
        .unwrap_or(DecisionOutcome::Quarantine);
    let reason = form.required("reason", REASON);
    form.done()?;
    let shown = app
        .gate
        .write(&visit, Act::CaptureDecide, scope, move |tx| {
            entries::decide(tx, &id, outcome, &reason)
        })
        .await?;
    reply::versioned(&shown)
}
