//! The captures of a case: a page of them by filter and order, and what stands beside one of them.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{takes_part, views};
use crate::captures::lists::{self, ListReader, NewItems};
use crate::captures::model::{CaptureQuery, CaptureView, Place, StoredCapture};
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::ledger::Action;
use crate::policy::Act;

/// A capture in a list of its case.
pub struct FoundCapture {
    pub view: CaptureView,
    /// Where it stands in the order of the list.
    pub place: Place,
    /// Whether it is new to the reader.
    pub is_new: bool,
    /// Whether nothing covered it when it was logged.
    pub uncovered: bool,
}

/// A page of the captures of a case.
pub async fn of_case(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    asked: CaptureQuery,
) -> Result<Vec<FoundCapture>> {
    let view = View::new(Action::CapturesListed, "case", &case, asked.detail());
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| found(ctx, &case, &asked);
    gate.view(requester, Act::CaseCaptureList, scope, view, read).await
}

/// What the page of a case's evidence shows.
pub struct Evidence {
    pub found: Vec<FoundCapture>,
    /// How many items the filter lets through.
    pub total: i64,
    /// How many of them stand before the first of this page.
    pub before: i64,
    /// Platforms and capturers to filter by.
    pub facets: Vec<(Option<String>, String)>,
    /// Whether the caller may add notes, and review.
    pub annotates: bool,
    pub reviews: bool,
}

/// A page of the evidence of a case: from the place that the query names, or around an item.
pub async fn evidence(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    (asked, around): (CaptureQuery, Option<i64>),
) -> Result<Evidence> {
    let mut detail = asked.detail();
    if let Some(item) = around {
        detail["around_item"] = View::number(item);
    }
    let view = View::new(Action::CapturesListed, "case", &case, detail);
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let asked = match around {
            Some(item) => around_item(ctx, &case, asked, item)?,
            None => asked,
        };
        let reader = ListReader::of(ctx);
        let total = lists::count(ctx.conn, &case, &asked.filter, &reader)?;
        let found = found(ctx, &case, &asked)?;
        let before = match (asked.after, found.first()) {
            (Some(_), Some(first)) => lists::count_before(ctx.conn, &case, &asked, (&reader, first.place))?,
            _ => 0,
        };
        Ok(Evidence {
            found,
            total,
            before,
            facets: lists::facets(ctx.conn, &case, &reader)?,
            annotates: ctx.may(Act::CaptureAnnotate),
            reviews: ctx.may(Act::CaptureReview),
        })
    };
    gate.view(requester, Act::CaseCaptureList, scope, view, read).await
}

/// The query whose page holds an item: the first page where it stands there, else one with half a page before it.
fn around_item(ctx: &mut ReadCtx<'_>, case: &str, asked: CaptureQuery, item: i64) -> Result<CaptureQuery> {
    let reader = ListReader::of(ctx);
    let Some((place, _)) = lists::place(ctx.conn, (case, &reader), item, asked.sort)? else {
        return Ok(asked);
    };
    let back = CaptureQuery {
        sort: asked.sort.reversed(),
        after: Some(place),
        ..asked.clone()
    };
    let before = lists::places(ctx.conn, case, &back, &reader)?;
    let after = match before.len() < asked.limit - 1 {
        true => None,
        false => before.get(asked.limit / 2).map(|(place, _)| *place),
    };
    Ok(CaptureQuery { after, ..asked })
}

/// An item among those of a filter, with what stands beside it.
pub struct Beside {
    /// Its id.
    pub id: String,
    pub item: i64,
    /// How many items the filter lets through, and how many of them stand before it.
    pub total: i64,
    pub before: i64,
    /// The items before it and after it, each in the order of the list.
    pub earlier: Vec<FoundCapture>,
    pub later: Vec<FoundCapture>,
}

/// An item of a case among those that a filter lets through, as a part of the list; without an item the first. None where
/// there is no such item. The item itself may be one that the filter leaves out by now.
pub async fn beside(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    (asked, item): (CaptureQuery, Option<i64>),
) -> Result<Option<Beside>> {
    let mut detail = asked.detail();
    detail["beside_item"] = item.map_or(Value::Null, View::number);
    let view = View::new(Action::CapturesListed, "case", &case, detail);
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| beside_item(ctx, &case, &asked, item);
    gate.view(requester, Act::CaptureRead, scope, view, read).await
}

fn beside_item(ctx: &mut ReadCtx<'_>, case: &str, asked: &CaptureQuery, item: Option<i64>) -> Result<Option<Beside>> {
    let reader = ListReader::of(ctx);
    let item = match item {
        Some(item) => Some(item),
        None => {
            let first = CaptureQuery {
                limit: 1,
                ..asked.clone()
            };
            let first = lists::places(ctx.conn, case, &first, &reader)?;
            first.first().map(|(place, _)| place.item)
        }
    };
    let standing = item.map(|item| lists::place(ctx.conn, (case, &reader), item, asked.sort));
    let Some((place, id)) = standing.transpose()?.flatten() else {
        return Ok(None);
    };
    let from = |sort| CaptureQuery {
        sort,
        after: Some(place),
        ..asked.clone()
    };
    let mut earlier = found(ctx, case, &from(asked.sort.reversed()))?;
    earlier.reverse();
    let later = found(ctx, case, &from(asked.sort))?;
    Ok(Some(Beside {
        id,
        item: place.item,
        total: lists::count(ctx.conn, case, &asked.filter, &reader)?,
        before: lists::count_before(ctx.conn, case, asked, (&reader, place))?,
        earlier,
        later,
    }))
}

/// Where an item stands among those that a filter lets through: numbers and ids, and no content.
pub struct Standing {
    pub total: i64,
    /// How many stand before it.
    pub before: i64,
    /// The items beside it, with their ids.
    pub previous: Option<(i64, String)>,
    pub next: Option<(i64, String)>,
}

/// Where an item stands in a list of its case.
pub async fn standing(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    (asked, item): (CaptureQuery, i64),
) -> Result<Option<Standing>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let reader = ListReader::of(ctx);
        let Some((place, _)) = lists::place(ctx.conn, (&case, &reader), item, asked.sort)? else {
            return Ok(None);
        };
        let mut next_in = |sort| {
            let one = CaptureQuery {
                sort,
                after: Some(place),
                limit: 1,
                ..asked.clone()
            };
            let found = lists::places(ctx.conn, &case, &one, &reader)?.pop();
            Ok::<_, Error>(found.map(|(place, id)| (place.item, id)))
        };
        let (previous, next) = (next_in(asked.sort.reversed())?, next_in(asked.sort)?);
        Ok(Some(Standing {
            total: lists::count(ctx.conn, &case, &asked.filter, &reader)?,
            before: lists::count_before(ctx.conn, &case, &asked, (&reader, place))?,
            previous,
            next,
        }))
    };
    gate.read(requester, Act::CaseCaptureList, scope, read).await
}

/// Captures of a case as this reader sees them.
fn found(ctx: &mut ReadCtx<'_>, case: &str, asked: &CaptureQuery) -> Result<Vec<FoundCapture>> {
    let (me, reader) = (ctx.caller.user.clone(), ListReader::of(ctx));
    let page = lists::page(ctx.conn, case, asked, &reader)?;
    let items: Vec<i64> = page.iter().map(|(place, _)| place.item).collect();
    let seen = lists::seen(ctx.conn, &me, case, &items)?;
    let is_new = |stored: &StoredCapture| {
        let (capture, closed) = (&stored.capture, stored.state.is_closed());
        !closed && capture.is_news_to(&me) && seen.get(&capture.item) < Some(&capture.version)
    };
    let marks = |(place, stored): &(Place, StoredCapture)| (*place, is_new(stored), stored.capture.is_uncovered());
    let marks: Vec<(Place, bool, bool)> = page.iter().map(marks).collect();
    let decides = ctx.may(Act::CaptureReadHeld);
    let stored = page.into_iter().map(|(_, stored)| stored).collect();
    let views = views(ctx, stored, |ctx, stored| Ok(decides && !takes_part(ctx, stored)?))?;
    let found = views
        .into_iter()
        .zip(marks)
        .map(|(view, (place, is_new, uncovered))| FoundCapture {
            view,
            place,
            is_new,
            uncovered,
        });
    Ok(found.collect())
}

/// The items of some captures of a case, by their ids.
pub async fn items(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    ids: Vec<String>,
) -> Result<HashMap<String, i64>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| lists::items(ctx.conn, &case, &ids);
    gate.read(requester, Act::CaptureRead, scope, read).await
}

/// What is new to the caller in some cases, by their ids.
pub async fn new_items(gate: &Gate, requester: &RequestCtx, cases: Vec<String>) -> Result<HashMap<String, NewItems>> {
    let view = View::new(Action::CapturesListed, "agency", "agency", json!({"new": "counted"}));
    let read = move |ctx: &mut ReadCtx<'_>| lists::new_items(ctx.conn, ctx.caller, &cases, ctx.now);
    gate.view(requester, Act::CaseList, Scope::Agency, view, read).await
}
