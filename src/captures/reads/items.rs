//! One item for its page: all its versions, what the reader may do with it, and its custody.

use serde_json::json;

use crate::authorizations;
use crate::captures::derivatives::{self, Derivative};
use crate::captures::model::{Capture, CaptureView, StoredCapture};
use crate::captures::{examinations, lists, store};
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, Tx, View, actor_of};
use crate::ledger::read::StoredEvent;
use crate::ledger::{self, Action};
use crate::policy::Act;

/// An item as its page shows it.
pub struct ItemFound {
    pub view: CaptureView,
    /// Whether nothing covered it when it was logged.
    pub uncovered: bool,
    /// Every version, the first one first; none where its content is not shown.
    pub versions: Vec<Capture>,
    /// Whether it was new to the reader until now.
    pub is_new: bool,
    /// The number of the authorization that it rests on.
    pub authorization: Option<i64>,
    pub rights: ItemRights,
    /// What was made from it, oldest first; nothing while its content is not shown.
    pub derivatives: Vec<Derivative>,
}

/// What the caller may do with a capture, so that its page offers nothing else. Each write asks policy again.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of policy")]
pub struct ItemRights {
    pub annotates: bool,
    pub corrects: bool,
    pub reviews: bool,
    pub decides: bool,
    pub reads_custody: bool,
    pub redacts: bool,
}

impl ItemRights {
    /// What policy answers to the caller.
    pub(super) fn of(ctx: &ReadCtx<'_>) -> Self {
        Self {
            annotates: ctx.may(Act::CaptureAnnotate),
            corrects: ctx.may(Act::CaptureCorrect),
            reviews: ctx.may(Act::CaptureReview),
            decides: ctx.may(Act::CaptureDecide),
            reads_custody: ctx.may(Act::CustodyRead),
            redacts: ctx.may(Act::DerivativeMake),
        }
    }
}

/// An item for its page. The person has then opened this version of it, where they could read it.
pub async fn item(gate: &Gate, requester: &RequestCtx, id: String) -> Result<ItemFound> {
    let view = View::new(Action::CaptureViewed, "capture", &id, json!({}));
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stored = store::capture(ctx.conn, &id)?;
        let opened = stored.clone();
        if stored.state.is_closed() && !ctx.may(Act::CaptureReadHeld) {
            return Ok((as_item(ctx, &opened, stored.withheld(), Vec::new())?, None));
        }
        let versions = versions(ctx, &stored)?;
        let view = stored.open(examinations::store::with_remarks(ctx.conn, &id)?);
        let mut found = as_item(ctx, &opened, view, versions)?;
        let unseen = is_unseen(ctx, &opened)?;
        found.is_new = unseen && !opened.state.is_closed() && opened.capture.is_news_to(&ctx.caller.user);
        let opener = (ctx.caller.user.clone(), actor_of(ctx.caller, ctx.context));
        Ok((found, unseen.then_some((opener, opened))))
    };
    let (found, opened) = gate.view(requester, Act::CaptureRead, scope, view, read).await?;
    if let Some(((me, actor), opened)) = opened {
        let mark = move |tx: &mut Tx<'_>| lists::mark_seen(tx.conn, &me, &opened, tx.now);
        if let Err(lost) = gate.housekeep(actor, mark).await {
            tracing::warn!(error = %lost, "an opened item stays marked as new");
        }
    }
    Ok(found)
}

fn is_unseen(ctx: &mut ReadCtx<'_>, stored: &StoredCapture) -> Result<bool> {
    let capture = &stored.capture;
    let seen = lists::seen(ctx.conn, &ctx.caller.user, &capture.case_id, &[capture.item])?;
    Ok(seen.get(&capture.item) < Some(&capture.version))
}

fn as_item(
    ctx: &mut ReadCtx<'_>,
    stored: &StoredCapture,
    view: CaptureView,
    versions: Vec<Capture>,
) -> Result<ItemFound> {
    let view_is_open = matches!(view, CaptureView::Open(_));
    let named = stored.capture.basis.id.as_deref();
    let named = named.filter(|_| ctx.may(Act::AuthorizationRead));
    let number = named
        .map(|id| authorizations::number_of(ctx.conn, (&stored.capture.case_id, id)))
        .transpose()?;
    Ok(ItemFound {
        view,
        uncovered: stored.capture.is_uncovered(),
        versions,
        is_new: false,
        derivatives: match view_is_open {
            true => derivatives::store::of_capture(ctx.conn, &stored.capture.id)?,
            false => Vec::new(),
        },
        authorization: number.flatten(),
        rights: ItemRights::of(ctx),
    })
}

/// Every version of a capture, as the ledger's records and the corrections keep them.
fn versions(ctx: &mut ReadCtx<'_>, stored: &StoredCapture) -> Result<Vec<Capture>> {
    let mut all = Vec::new();
    if stored.capture.version > 1 {
        let stream = ledger::case_stream(&stored.capture.case_id);
        let first = ledger::read::record(ctx.conn, &stream, stored.seq)?;
        all.extend(first.map(|(_, body)| serde_json::from_str(&body)).transpose()?);
        all.extend(store::corrections(ctx.conn, &stored.capture.id)?);
    }
    Ok(all)
}

/// The custody of an item for its page, oldest event first: at most so many.
pub async fn custody(gate: &Gate, requester: &RequestCtx, id: String, limit: i64) -> Result<Vec<StoredEvent>> {
    let view = View::new(Action::CustodyViewed, "capture", &id, json!({"from": 0}));
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stream = ledger::case_stream(&ctx.case()?.case_id);
        ledger::read::of_object(ctx.conn, &stream, &id, 0, limit)
    };
    gate.view(requester, Act::CustodyRead, scope, view, read).await
}
