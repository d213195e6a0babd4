//! What may be looked at of the roster: all of it, by everybody who is signed in.

use super::model::{RosterEntry, RosterKind};
use super::store;
use crate::clock::Micros;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::Act;
use crate::users;

/// A page of the entries, the newest first, and the time of reading.
pub async fn entries(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<(Vec<RosterEntry>, Micros)> {
    let page = page.clone();
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::list(ctx.conn, page.after.as_deref(), page.limit + 1)?;
        Ok((found, ctx.now))
    };
    gate.read(requester, Act::RosterRead, Scope::Agency, read).await
}

/// One entry.
pub async fn entry(gate: &Gate, requester: &RequestCtx, id: String) -> Result<RosterEntry> {
    let read = move |ctx: &mut ReadCtx<'_>| store::get(ctx.conn, &id);
    gate.read(requester, Act::RosterRead, Scope::Agency, read).await
}

/// Entries that have not ended and are shown at most, and units that a form offers at most.
const SHOWN: usize = 200;

/// What the page of the roster begins with.
pub struct RosterNow {
    /// The entries that have not ended, by their start.
    pub lasting: Vec<RosterEntry>,
    /// The units within the caller's reach, by id and name; empty for those who keep no roster.
    pub units: Vec<(String, String)>,
    /// Whether the caller keeps it.
    pub keeps: bool,
    /// Those of the entries that the caller may end.
    pub ends: Vec<String>,
    /// The time of reading.
    pub now: Micros,
}

/// See [`RosterNow`].
pub async fn now(gate: &Gate, requester: &RequestCtx) -> Result<RosterNow> {
    let read = |ctx: &mut ReadCtx<'_>| {
        let (lasting, keeps) = (store::lasting(ctx.conn, ctx.now, SHOWN)?, ctx.may(Act::RosterKeep));
        let all = users::store::units(ctx.conn, None, SHOWN)?;
        let own = |id: &str| {
            all.iter()
                .any(|unit| unit.id == id && unit.path.starts_with(&ctx.caller.unit_path))
        };
        let mine = |entry: &&RosterEntry| {
            let concerned = [&entry.given_by.id, &entry.user.id].contains(&&ctx.caller.user);
            keeps && (concerned || own(&entry.unit.id))
        };
        let reached = all
            .iter()
            .filter(|unit| keeps && ctx.caller.reaches(&unit.id, &unit.path));
        Ok(RosterNow {
            ends: lasting.iter().filter(mine).map(|entry| entry.id.clone()).collect(),
            units: reached.map(|unit| (unit.id.clone(), unit.name.clone())).collect(),
            lasting,
            keeps,
            now: ctx.now,
        })
    };
    gate.read(requester, Act::RosterRead, Scope::Agency, read).await
}

/// That somebody is on call for a unit now, or stands in for a supervisor of one.
#[derive(Debug, Clone)]
pub struct DutyNow {
    /// The unit's name.
    pub unit: String,
    /// For whom they stand in; `None` where they are on call.
    pub instead_of: Option<String>,
    /// When it ends by itself.
    pub until: Micros,
}

/// What the caller has on the roster now.
pub async fn duties(gate: &Gate, requester: &RequestCtx) -> Result<Vec<DutyNow>> {
    let duty = |entry: RosterEntry| DutyNow {
        instead_of: (entry.kind == RosterKind::Delegation).then_some(entry.given_by.name),
        unit: entry.unit.name,
        until: entry.until.0,
    };
    let read = move |ctx: &mut ReadCtx<'_>| {
        let mine = store::of_user(ctx.conn, &ctx.caller.user, ctx.now)?;
        Ok(mine.into_iter().map(duty).collect())
    };
    gate.read(requester, Act::RosterRead, Scope::Agency, read).await
}
