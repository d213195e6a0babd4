//! What may be looked at: who may see a case and why, and requests for access.

use serde::Serialize;

use super::model::{AccessRequest, AskedAccess, CaseReaders, PersonsAccess};
use super::{explain, store};
use crate::clock::{DAY, Micros};
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::{Act, Role};
use crate::words;

/// How long a broken glass is told on the first screens.
const TOLD: Micros = 7 * DAY;
/// Of how many a first screen tells.
const SHOWN: usize = 20;

/// What is asked about who may see a case.
#[derive(Debug, Clone, Default)]
pub struct AccessQuestion {
    /// About one person, by id or user name; else about all.
    pub user: Option<String>,
    /// At this moment; else now.
    pub at: Option<Micros>,
}

/// The answer: about all, or about one.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum AccessExplained {
    /// Everybody who could see it.
    Readers(CaseReaders),
    /// What one person might do.
    Person(PersonsAccess),
}

/// Who may see a case, or what one person may do in it.
pub async fn explained(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    question: AccessQuestion,
) -> Result<AccessExplained> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let at = question.at.unwrap_or(ctx.now);
        if at > ctx.now {
            let message = "must not lie in the future: nobody knows who will see the case";
            return Err(Error::field("at", "past", message));
        }
        Ok(match &question.user {
            None => AccessExplained::Readers(explain::readers(ctx.conn, ctx.policy, (&case, at))?),
            Some(user) => AccessExplained::Person(explain::person(ctx.conn, ctx.policy, (&case, at), user)?),
        })
    };
    gate.read(requester, Act::CaseAccessExplain, scope, read).await
}

words! {
    /// Which requests are listed.
    AccessRequestList {
        /// Those that the caller made.
        Mine = "mine",
        /// Break-glass requests that name the caller as the second person.
        ToConfirm = "to_confirm",
        /// Those in cases where the caller decides.
        ToDecide = "to_decide",
    }
}

/// A page of requests, the newest first.
pub async fn mine(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<AskedAccess>> {
    let page = page.clone();
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::of_asker(ctx.conn, &ctx.caller.user, page.after.as_deref(), page.limit + 1)?;
        Ok(found.iter().map(|one| one.as_asked(ctx.now)).collect())
    };
    gate.read(requester, Act::AccessRequestOwn, Scope::Agency, read).await
}

/// A page of the break-glass requests that wait for the caller. Of the case they tell no more than what was typed.
pub async fn to_confirm(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<AccessRequest>> {
    let page = page.clone();
    let read = move |ctx: &mut ReadCtx<'_>| {
        let whom = (ctx.caller.user.as_str(), ctx.now);
        let found = store::of_second(ctx.conn, whom, page.after.as_deref(), page.limit + 1)?;
        let without_case = |one: AccessRequest| AccessRequest { case_id: None, ..one };
        Ok(found.into_iter().map(without_case).collect())
    };
    gate.read(requester, Act::AccessRequestOwn, Scope::Agency, read).await
}

/// A page of the requests that the caller may answer.
pub async fn to_decide(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<AccessRequest>> {
    let page = page.clone();
    let read = move |ctx: &mut ReadCtx<'_>| {
        let whom = (ctx.caller, ctx.now);
        store::to_decide(ctx.conn, whom, page.after.as_deref(), page.limit + 1)
    };
    gate.read(requester, Act::AccessRequestOwn, Scope::Agency, read).await
}

/// What a first screen tells of access.
#[derive(Debug, Default)]
pub struct AccessDesk {
    /// What waits for the caller as a second person.
    pub to_confirm: Vec<AccessRequest>,
    /// What waits for the caller's decision.
    pub to_decide: Vec<AccessRequest>,
    /// Glasses broken lately in the cases that the caller leads.
    pub broken: Vec<AccessRequest>,
}

/// What a first screen of casework tells of access.
pub async fn desk(gate: &Gate, requester: &RequestCtx) -> Result<AccessDesk> {
    let read = |ctx: &mut ReadCtx<'_>| {
        let (user, now) = (ctx.caller.user.clone(), ctx.now);
        let supervisor = ctx.caller.is(Role::Supervisor);
        Ok(AccessDesk {
            to_confirm: match supervisor {
                true => store::of_second(ctx.conn, (&user, now), None, SHOWN)?,
                false => Vec::new(),
            },
            to_decide: match supervisor {
                true => store::to_decide(ctx.conn, (ctx.caller, now), None, SHOWN)?,
                false => Vec::new(),
            },
            broken: store::broken_since(ctx.conn, now - TOLD, Some(&user), SHOWN as i64)?,
        })
    };
    gate.read(requester, Act::AccessRequestOwn, Scope::Agency, read).await
}

/// Glasses broken lately anywhere, for the auditor: identifiers only.
pub async fn broken(gate: &Gate, requester: &RequestCtx) -> Result<Vec<AccessRequest>> {
    let read = |ctx: &mut ReadCtx<'_>| store::broken_since(ctx.conn, ctx.now - TOLD, None, SHOWN as i64);
    gate.read(requester, Act::LedgerRead, Scope::Agency, read).await
}
