//! Events with their records, as far as the reader may see them.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::Path;
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::captures::{store as captures, takes_part};
use crate::db::AnyConn;
use crate::db::tables::{leaves, records};
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::{ReadCtx, RequestCtx, Scope, View};
use crate::http::App;
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::ledger::read::{self, EventSearch, StoredEvent};
use crate::ledger::{self, Action};
use crate::policy::Act;
use crate::proof::id::{Digest, hex};

/// Rows of a list: the key by which the next page begins, and what is shown.
type EventPage = Vec<(String, Value)>;

pub(super) async fn of_capture(req: HttpRequest, path: Path<String>, requester: RequestCtx, app: App) -> Reply {
    let id = parse_id(&path).ok_or_else(Error::not_found)?;
    let page = Page::read(&req, &[])?;
    let (from, limit) = (page.after_number()?.map_or(0, |n| n + 1), page.limit as i64 + 1);
    let view = View::new(Action::CustodyViewed, "capture", &id, json!({"from": from}));
    let object = id.clone();
    let rows = app
        .gate
        .view(&requester, Act::CustodyRead, Scope::Capture(id), view, move |ctx| {
            let stream = ledger::case_stream(&ctx.case()?.case_id.clone());
            let found = read::of_object(ctx.conn, &stream, &object, from, limit)?;
            shown(ctx, found, Act::CaptureRead)
        })
        .await?;
    page.reply(&req, listed(rows, &page))
}

pub(super) async fn of_case(req: HttpRequest, path: Path<String>, requester: RequestCtx, app: App) -> Reply {
    stream(req, path, requester, app, Act::CaseEventsRead).await
}

pub(super) async fn accesses(req: HttpRequest, path: Path<String>, requester: RequestCtx, app: App) -> Reply {
    stream(req, path, requester, app, Act::CaseAccessesRead).await
}

async fn stream(req: HttpRequest, path: Path<String>, requester: RequestCtx, app: App, act: Act) -> Reply {
    let id = parse_id(&path).ok_or_else(Error::not_found)?;
    let page = Page::read(&req, &[])?;
    let (from, limit) = (page.after_number()?.map_or(0, |n| n + 1), page.limit as i64 + 1);
    let name = if act == Act::CaseAccessesRead {
        ledger::access_stream(&id)
    } else {
        ledger::case_stream(&id)
    };
    let view = View::new(
        Action::CustodyViewed,
        "case",
        &id,
        json!({"stream": name, "from": from}),
    );
    let rows = app
        .gate
        .view(&requester, act, Scope::Case(id), view, move |ctx| {
            let found = read::of_stream(ctx.conn, &name, from, limit)?;
            shown(ctx, found, act)
        })
        .await?;
    page.reply(&req, listed(rows, &page))
}

pub(super) async fn of_agency(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &["actor", "action", "from", "to"])?;
    let search = EventSearch {
        actor: page.filter("actor").map(str::to_owned),
        action: page.filter("action").map(str::to_owned),
        from: page.time("from")?,
        to: page.time("to")?,
        after: page.after_number()?.map_or(0, |n| n + 1),
        limit: page.limit as i64 + 1,
    };
    let detail = json!({"actor": search.actor, "action": search.action, "after": search.after});
    let view = View::new(Action::LedgerViewed, "agency", "agency", detail);
    let rows = app
        .gate
        .view(&requester, Act::LedgerRead, Scope::Agency, view, move |ctx| {
            let found = read::search(ctx.conn, &search)?;
            found
                .into_iter()
                .map(|(index, event)| Ok((index.to_string(), one(&event, Some(index), None, None)?)))
                .collect::<Result<EventPage>>()
        })
        .await?;
    page.reply(&req, listed(rows, &page))
}

fn listed(rows: EventPage, page: &Page) -> Listed {
    Listed::of(rows, page, |(key, _)| key.clone(), |(_, shown)| shown)
}

/// Auditors see identifiers, never records; readers of the case see records, but not those of what is held from them.
fn shown(ctx: &mut ReadCtx<'_>, found: Vec<StoredEvent>, act: Act) -> Result<EventPage> {
    let reads = ctx.may(Act::CaseRead) || act == Act::CaptureRead;
    let indexes = indexes(ctx.conn, &found)?;
    let records = if reads {
        records_of(ctx.conn, &found)?
    } else {
        HashMap::new()
    };
    let closed = if reads {
        closed_captures(ctx, &found)?
    } else {
        HashMap::new()
    };
    let mut out = Vec::with_capacity(found.len());
    for event in found {
        let index = indexes.get(&event.leaf).copied();
        let class = closed.get(&object_of(&event)?).copied();
        let record = records.get(&event.leaf).filter(|_| class.is_none());
        out.push((event.seq.to_string(), one(&event, index, record, class)?));
    }
    Ok(out)
}

fn one(
    event: &StoredEvent,
    index: Option<i64>,
    record: Option<&(Vec<u8>, String)>,
    class: Option<&str>,
) -> Result<Value> {
    let leaf = Digest::from_slice(&event.leaf).ok_or_else(|| Error::internal("a stored leaf is damaged"))?;
    let body: Value = serde_json::from_slice(&event.body)?;
    let content: Option<Value> = record.map(|(_, text)| serde_json::from_str(text)).transpose()?;
    Ok(json!({
        "event": body, "leaf": leaf, "index": index, "record": content, "salt": record.map(|(salt, _)| hex(salt)),
        "withheld": class,
    }))
}

fn object_of(event: &StoredEvent) -> Result<String> {
    let body: Value = serde_json::from_slice(&event.body)?;
    Ok(body["object"]["id"].as_str().unwrap_or_default().to_owned())
}

/// The places in the tree of events of one stream, by their leaves.
fn indexes(conn: &mut AnyConn, found: &[StoredEvent]) -> Result<HashMap<Vec<u8>, i64>> {
    // A page shows one stream.
    let Some(first) = found.first() else {
        return Ok(HashMap::new());
    };
    let wanted: Vec<i64> = found.iter().map(|e| e.seq).collect();
    let rows: Vec<(Vec<u8>, i64)> = leaves::table
        .filter(leaves::stream.eq(&first.stream).and(leaves::seq.eq_any(wanted)))
        .select((leaves::leaf, leaves::idx))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// By leaf: salt and body.
type Records = HashMap<Vec<u8>, (Vec<u8>, String)>;

fn records_of(conn: &mut AnyConn, found: &[StoredEvent]) -> Result<Records> {
    let Some(first) = found.first() else {
        return Ok(HashMap::new());
    };
    let wanted: Vec<i64> = found.iter().map(|e| e.seq).collect();
    let rows: Vec<(Vec<u8>, Vec<u8>, String)> = records::table
        .filter(records::stream.eq(&first.stream).and(records::seq.eq_any(wanted)))
        .select((records::leaf, records::salt, records::body))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(leaf, salt, body)| (leaf, (salt, body)))
        .collect())
}

/// The captures of these events whose content is closed to this reader, with their class.
fn closed_captures(ctx: &mut ReadCtx<'_>, found: &[StoredEvent]) -> Result<HashMap<String, &'static str>> {
    let ids: Result<Vec<String>> = found.iter().map(object_of).collect();
    let decides = ctx.may(Act::CaptureReadHeld);
    let mut closed = HashMap::new();
    for row in captures::closed(ctx.conn, &ids?)? {
        if !decides || takes_part(ctx, &row)? {
            closed.insert(row.capture.id, row.state.as_str());
        }
    }
    Ok(closed)
}
