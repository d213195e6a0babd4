//! What may be looked at of exhibit lists, each with its place in the access log. Whoever may ask for a packet for a purpose
//! keeps the lists for it, and nobody else sees them: they are working papers.

use std::collections::HashMap;

use serde_json::json;

use super::missing::{self, MissingAnswer};
use super::model::{ExhibitList, ListOutline};
use super::{ops, store};
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::http::paging::Page;
use crate::ledger::{self, Action};
use crate::packets::model::Purpose;
use crate::policy::Act;

/// What a caller must be allowed to do for lists of a case at all: ask for packets, or where they may not, for referrals.
pub async fn act_for_any(gate: &Gate, requester: &RequestCtx, case: String) -> Result<Act> {
    let read = |ctx: &mut ReadCtx<'_>| Ok(any(ctx));
    gate.read(requester, Act::CaseRead, Scope::Case(case), read).await
}

fn any(ctx: &ReadCtx<'_>) -> Act {
    match !ctx.may(Act::PacketRequest) && ctx.may(Act::PacketReferral) {
        true => Act::PacketReferral,
        false => Act::PacketRequest,
    }
}

/// What a caller must be allowed to do for this list. To callers who may keep no list the door says so before it is looked
/// for.
pub async fn act_for(gate: &Gate, requester: &RequestCtx, case: String, id: String) -> Result<Act> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let any = any(ctx);
        match ctx.may(any) {
            true => Ok(store::list(ctx.conn, &case, &id)?.purpose.act()),
            false => Ok(any),
        }
    };
    gate.read(requester, Act::CaseRead, scope, read).await
}

/// A page of the lists of a case that the caller keeps, oldest first.
pub async fn of_case(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<ListOutline>> {
    let act = act_for_any(gate, requester, case.clone()).await?;
    let detail = json!({"list": "exhibit_lists", "after": page.after});
    let view = View::new(Action::PacketViewed, "case", &case, detail);
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let all = Purpose::ALL.iter().copied();
        let purposes: Vec<Purpose> = all.filter(|purpose| ctx.may(purpose.act())).collect();
        let found = store::of_case(ctx.conn, (&case, &purposes), page.after.as_deref(), page.limit + 1)?;
        Ok(found.iter().map(ExhibitList::outline).collect())
    };
    gate.view(requester, act, scope, view, read).await
}

/// A list as it is now, or one version of it.
pub async fn list(
    gate: &Gate,
    requester: &RequestCtx,
    (case, id): (String, String),
    version: Option<i64>,
) -> Result<ExhibitList> {
    let act = act_for(gate, requester, case.clone(), id.clone()).await?;
    let (scope, view) = (Scope::Case(case.clone()), looked(&id, json!({"version": version})));
    let read = move |ctx: &mut ReadCtx<'_>| {
        let now = store::list(ctx.conn, &case, &id)?;
        match version.filter(|version| *version != now.version) {
            None => Ok(now),
            Some(version) => {
                let stream = ledger::case_stream(&case);
                let saved = [Action::ExhibitListSaved];
                let body = ledger::read::version_of(ctx.conn, (&stream, &id), &saved, version)?;
                Ok(serde_json::from_str(&body.ok_or_else(Error::not_found)?)?)
            }
        }
    };
    gate.view(requester, act, scope, view, read).await
}

/// What is missing before a packet is asked for with a list.
pub async fn missing(gate: &Gate, requester: &RequestCtx, (case, id): (String, String)) -> Result<Vec<MissingAnswer>> {
    let act = act_for(gate, requester, case.clone(), id.clone()).await?;
    let (scope, view) = (Scope::Case(case.clone()), looked(&id, json!({"list": "missing"})));
    let read = move |ctx: &mut ReadCtx<'_>| {
        let list = store::list(ctx.conn, &case, &id)?;
        missing::of_list(ctx.conn, &list)
    };
    gate.view(requester, act, scope, view, read).await
}

/// The items of some captures of a case, by their ids.
pub async fn items(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    ids: Vec<String>,
) -> Result<HashMap<String, i64>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        store::items(ctx.conn, &case, &ids)
    };
    gate.read(requester, Act::CaptureRead, scope, read).await
}

fn looked(id: &str, detail: serde_json::Value) -> View {
    View::new(Action::PacketViewed, ops::NOUN, id, detail)
}
