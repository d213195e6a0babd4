//! The events of a case as people read them: newest first, with the names of things beside their identifiers, and how the
//! chain stands. Whoever may not read the case gets identifiers alone.

use std::collections::HashMap;

use diesel::prelude::*;
use serde_json::{Value, json};

use super::reads::{ShownEvent, views};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{accounts, authorizations, captures, checkpoints, packets, subjects};
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::ledger::read::{self, Newest, StoredEvent};
use crate::ledger::{self, Action};
use crate::policy::Act;
use crate::proof::event;
use crate::proof::id::Digest;
use crate::text::{label, line};

/// Which events of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseLog {
    /// What changed the case, and what left it.
    Custody,
    /// Who looked, searched, was refused.
    Accesses,
}

impl CaseLog {
    fn act(self) -> Act {
        match self {
            Self::Custody => Act::CaseEventsRead,
            Self::Accesses => Act::CaseAccessesRead,
        }
    }

    fn stream(self, case: &str) -> String {
        match self {
            Self::Custody => ledger::case_stream(case),
            Self::Accesses => ledger::access_stream(case),
        }
    }
}

/// What is looked for among the events of a case.
#[derive(Debug, Clone, Default)]
pub struct TrailSearch {
    /// Only about the item of this number.
    pub item: Option<i64>,
    /// Only by this person.
    pub actor: Option<String>,
    /// Only these actions; none: all.
    pub actions: Vec<&'static str>,
    /// Before this place.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: i64,
}

/// How a chain stands.
#[derive(Debug, Clone)]
pub struct ChainState {
    /// How many events it has.
    pub events: i64,
    /// The leaf of the last one.
    pub head: Option<Digest>,
    /// The size and the time of the last checkpoint.
    pub checkpoint: Option<(i64, Micros)>,
    /// Whether that checkpoint covers the last event.
    pub signed: bool,
    /// Whether the events that were found hash to their leaves, and each follows on the one before it.
    pub sound: bool,
}

/// A thing by its name, and its page.
#[derive(Debug, Clone)]
pub struct NamedThing {
    pub name: String,
    pub address: Option<String>,
}

/// What a page shows of the events of a case.
pub struct FoundTrail {
    pub events: Vec<ShownEvent>,
    pub chain: ChainState,
    /// The things that the events are about, by id; empty for whoever may not read the case.
    pub things: HashMap<String, NamedThing>,
    /// Whether the reader may read the case.
    pub reads_case: bool,
    /// Whether the reader may see who looked.
    pub reads_accesses: bool,
}

/// The events of a case that a search finds, newest first.
pub async fn trail(
    gate: &Gate,
    requester: &RequestCtx,
    (log, case): (CaseLog, String),
    search: TrailSearch,
) -> Result<FoundTrail> {
    let stream = log.stream(&case);
    let detail = json!({"stream": stream, "before": search.before, "item": search.item, "actor": search.actor});
    let view = View::new(Action::CustodyViewed, "case", &case, detail);
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| found(ctx, (log, &case, &stream), &search);
    gate.view(requester, log.act(), scope, view, read).await
}

fn found(
    ctx: &mut ReadCtx<'_>,
    (log, case, stream): (CaseLog, &str, &str),
    search: &TrailSearch,
) -> Result<FoundTrail> {
    let reads_case = ctx.may(Act::CustodyRead);
    // A number of an item is known to the readers of the case alone.
    let object = match search.item {
        Some(item) if reads_case => Some(item_id(ctx.conn, case, item)?.unwrap_or_default()),
        _ => None,
    };
    let newest = Newest {
        object,
        actor: search.actor.clone(),
        actions: search.actions.clone(),
        before: search.before,
        limit: search.limit,
    };
    let stored = read::newest(ctx.conn, stream, &newest)?;
    let chain = chain_state(ctx.conn, stream, &stored)?;
    let events = views(ctx, stored, log.act())?;
    let things = match reads_case {
        true => things(ctx, &events)?,
        false => HashMap::new(),
    };
    Ok(FoundTrail {
        events,
        chain,
        things,
        reads_case,
        reads_accesses: ctx.may(Act::CaseAccessesRead),
    })
}

fn item_id(conn: &mut AnyConn, case: &str, item: i64) -> Result<Option<String>> {
    let found = captures::table.filter(captures::case_id.eq(case).and(captures::item.eq(item)));
    Ok(found.select(captures::id).first(conn).optional()?)
}

fn chain_state(conn: &mut AnyConn, stream: &str, found: &[StoredEvent]) -> Result<ChainState> {
    let head = read::head(conn, stream)?;
    let checkpoint: Option<(i64, Micros)> = checkpoints::table
        .order(checkpoints::size.desc())
        .select((checkpoints::size, checkpoints::at))
        .first(conn)
        .optional()?;
    let place = match &head {
        Some((seq, leaf)) => ledger::index_of(conn, stream, *seq, leaf.as_bytes())?,
        None => None,
    };
    let size = checkpoint.and_then(|(size, _)| u64::try_from(size).ok());
    Ok(ChainState {
        events: head.map_or(0, |(seq, _)| seq + 1),
        head: head.map(|(_, leaf)| leaf),
        checkpoint,
        signed: place.zip(size).is_some_and(|(place, size)| place < size),
        sound: is_sound(found),
    })
}

/// Whether each event hashes to its leaf, and names the leaf of the one before it where that was found too.
fn is_sound(found: &[StoredEvent]) -> bool {
    let hashes = found
        .iter()
        .all(|stored| event::leaf(&stored.body).as_bytes()[..] == stored.leaf[..]);
    let follows = |pair: &[StoredEvent]| match pair {
        [later, before] if later.seq == before.seq + 1 => {
            let read = event::EventRef::parse(&later.body);
            read.is_ok_and(|event| event.prev.is_some_and(|prev| prev.as_bytes()[..] == before.leaf[..]))
        }
        _ => true,
    };
    hashes && found.windows(2).all(follows)
}

type Things = HashMap<String, NamedThing>;

fn put(things: &mut Things, id: String, name: String, address: Option<String>) {
    things.insert(id, NamedThing { name, address });
}

/// The names of the things that these events are about, one query for each kind.
fn things(ctx: &mut ReadCtx<'_>, events: &[ShownEvent]) -> Result<Things> {
    let mut ids: Vec<String> = events.iter().map(|event| event.text("/object/id").to_owned()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut things = Things::new();
    let items: Vec<(String, i64)> = captures::table
        .filter(captures::id.eq_any(&ids))
        .select((captures::id, captures::item))
        .load(ctx.conn)?;
    for (id, item) in items {
        let address = Some(format!("/captures/{id}"));
        put(&mut things, id, format!("Item {item}"), address);
    }
    let numbers: Vec<(String, i64)> = authorizations::table
        .filter(authorizations::id.eq_any(&ids))
        .select((authorizations::id, authorizations::number))
        .load(ctx.conn)?;
    for (id, number) in numbers {
        let address = Some(format!("/authorizations/{id}"));
        put(&mut things, id, format!("A-{number}"), address);
    }
    name_packets(ctx, &ids, &mut things)?;
    name_people(ctx.conn, &ids, &mut things)?;
    Ok(things)
}

fn name_packets(ctx: &mut ReadCtx<'_>, ids: &[String], things: &mut Things) -> Result<()> {
    let may = ctx.may(Act::PacketRead);
    let found: Vec<(String, String)> = packets::table
        .filter(packets::id.eq_any(ids))
        .select((packets::id, packets::purpose))
        .load(ctx.conn)?;
    for (id, purpose) in found {
        let address = may.then(|| format!("/packets/{id}"));
        put(
            things,
            id,
            format!("Packet for {}", label(&purpose).to_lowercase()),
            address,
        );
    }
    Ok(())
}

/// Subjects by their names, accounts by their handles.
fn name_people(conn: &mut AnyConn, ids: &[String], things: &mut Things) -> Result<()> {
    let mut bodies: Vec<(String, String)> = subjects::table
        .filter(subjects::id.eq_any(ids))
        .select((subjects::id, subjects::body))
        .load(conn)?;
    let accounts: Vec<(String, String)> = accounts::table
        .filter(accounts::id.eq_any(ids))
        .select((accounts::id, accounts::body))
        .load(conn)?;
    bodies.extend(accounts);
    for (id, body) in bodies {
        let body: Value = serde_json::from_str(&body)?;
        let known = ["name", "handle", "platform_id", "url"];
        let name = known.iter().find_map(|field| body.get(field)?.as_str());
        let case = body.get("case_id").and_then(Value::as_str).unwrap_or_default();
        let address = format!("/cases/{case}/people#{id}");
        put(
            things,
            id,
            name.map_or_else(|| "Name not known".to_owned(), line),
            Some(address),
        );
    }
    Ok(())
}

impl ShownEvent {
    /// A text of the event, by its path.
    pub fn text(&self, path: &str) -> &str {
        self.event.pointer(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text of its record, where the reader may read that.
    pub fn said(&self, path: &str) -> Option<&str> {
        let found = self.record.as_ref()?.pointer(path)?.as_str();
        found.filter(|text| !text.trim().is_empty())
    }
}

/// A place in a chain, as a page's cursor gives it.
pub fn place(text: Option<&str>) -> Result<Option<i64>> {
    let number = |text: &str| {
        text.parse()
            .map_err(|_| Error::field("item", "whole_number", "must be the number of an item"))
    };
    text.map(number).transpose()
}
