//! What may be looked at of captures; each read is entered in the access log. A closed capture is shown without its
//! content, unless the reader may decide it.

use serde_json::json;

use super::duplicates;
use super::judge;
use super::model::{CaptureState, CaptureView, FileEntry, NewCapture, StoredCapture};
use super::preview::CapturePreview;
use super::store::{self, CaptureSearch};
use crate::clock::MINUTE;
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View, part_in_authorization};
use crate::http::paging::Page;
use crate::ledger::read::StoredEvent;
use crate::ledger::{self, Action};
use crate::policy::Act;
use crate::proof::id::Digest;

/// A session that reads a file is recorded once, and may read the same file of the same capture again for this long.
const FILE_VIEW_COVERS: i64 = 10 * MINUTE;

/// A capture.
pub async fn capture(gate: &Gate, requester: &RequestCtx, id: String) -> Result<CaptureView> {
    let view = View::new(Action::CaptureViewed, "capture", &id, json!({}));
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stored = store::capture(ctx.conn, &id)?;
        if stored.state.is_closed() && !ctx.may(Act::CaptureReadHeld) {
            return Ok(stored.withheld());
        }
        Ok(stored.open(store::remarks_of(ctx.conn, &id)?))
    };
    gate.view(requester, Act::CaptureRead, scope, view, read).await
}

/// What recording a capture would say, for a person who may log in this case. It looks at no evidence but at what the
/// person says themselves, so the access log has nothing of it.
pub async fn preview(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    new: NewCapture,
    not_required: Vec<String>,
) -> Result<CapturePreview> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let known = crate::authorizations::store::once_approved(ctx.conn, &case)?;
        let verdict = judge::judge(&new, &ctx.caller.user, ctx.now, &known, &not_required);
        let digests: Vec<Digest> = new.files.iter().filter_map(|file| file.sha256).collect();
        let here = duplicates::of(ctx.conn, &case, &new, &digests)?;
        Ok(CapturePreview::of(new, verdict, here))
    };
    gate.read(requester, Act::CaptureRecord, scope, read).await
}

/// What the caller may do with a capture, so that its page offers nothing else. Each write asks policy again.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of policy")]
pub struct ItemRights {
    pub annotates: bool,
    pub corrects: bool,
    pub reviews: bool,
    pub decides: bool,
}

/// See [`ItemRights`].
pub async fn item_rights(gate: &Gate, requester: &RequestCtx, id: String) -> Result<ItemRights> {
    let read = |ctx: &mut ReadCtx<'_>| {
        Ok(ItemRights {
            annotates: ctx.may(Act::CaptureAnnotate),
            corrects: ctx.may(Act::CaptureCorrect),
            reviews: ctx.may(Act::CaptureReview),
            decides: ctx.may(Act::CaptureDecide),
        })
    };
    gate.read(requester, Act::CaptureRead, Scope::Capture(id), read).await
}

/// A page of the captures of a case, in the order of their items.
pub async fn of_case(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<CaptureView>> {
    let (after, limit) = (page.after_number()?.unwrap_or(0), page.limit + 1);
    let detail = json!({"after_item": after, "limit": page.limit});
    let view = View::new(Action::CapturesListed, "case", &case, detail);
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::of_case(ctx.conn, &case, after, limit)?;
        let decides = ctx.may(Act::CaptureReadHeld);
        views(ctx, found, |ctx, stored| Ok(decides && !takes_part(ctx, stored)?))
    };
    gate.view(requester, Act::CaptureRead, scope, view, read).await
}

/// Captures in all cases whose captures the caller may decide, newest first; the caller may open each of them.
pub async fn to_decide(gate: &Gate, requester: &RequestCtx, search: CaptureSearch) -> Result<Vec<CaptureView>> {
    let detail = json!({"state": search.state, "basis": search.basis, "before": search.before});
    let view = View::new(Action::CapturesListed, "agency", "agency", detail);
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::to_decide(ctx.conn, ctx.caller, &search, ctx.now)?;
        views(ctx, found, |ctx, stored| Ok(!takes_part(ctx, stored)?))
    };
    gate.view(requester, Act::CaptureList, Scope::Agency, view, read).await
}

/// Each as this reader sees it; `opens` is asked for what is closed.
fn views(
    ctx: &mut ReadCtx<'_>,
    found: Vec<StoredCapture>,
    opens: impl Fn(&mut ReadCtx<'_>, &StoredCapture) -> Result<bool>,
) -> Result<Vec<CaptureView>> {
    let ids: Vec<String> = found.iter().map(|s| s.capture.id.clone()).collect();
    let mut said = store::remarks(ctx.conn, &ids)?;
    let mut views = Vec::with_capacity(found.len());
    for stored in found {
        let view = if stored.state.is_closed() && !opens(ctx, &stored)? {
            stored.withheld()
        } else {
            let said = said.remove(&stored.capture.id);
            stored.open(said.unwrap_or_default())
        };
        views.push(view);
    }
    Ok(views)
}

/// Whether the caller has a part in a closed capture: they made it, or they asked for or hold the authorization that it
/// rests on. Nobody decides where they have a part. Always false for an open capture.
pub fn takes_part(ctx: &mut ReadCtx<'_>, stored: &StoredCapture) -> Result<bool> {
    let capture = &stored.capture;
    if !stored.state.is_closed() {
        return Ok(false);
    }
    if capture.capturer.id == ctx.caller.user {
        return Ok(true);
    }
    let Some(authorization) = &capture.basis.id else {
        return Ok(false);
    };
    let part = part_in_authorization(ctx.conn, ctx.caller, authorization)?;
    Ok(part.requester || part.holder)
}

/// A file of a capture, whose bytes may leave.
pub struct FileFound {
    pub file: FileEntry,
    /// The number of its capture in the case.
    pub item: i64,
}

/// A file of this capture. A digest alone opens no file.
pub async fn file(gate: &Gate, requester: &RequestCtx, id: String, sha256: Digest) -> Result<FileFound> {
    let view = View {
        covers: FILE_VIEW_COVERS,
        ..View::new(Action::FileViewed, "capture", &id, json!({"sha256": sha256}))
    };
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stored = store::capture(ctx.conn, &id)?;
        if stored.state.is_closed() && !ctx.may(Act::CaptureReadHeld) {
            return Err(bytes_are_closed(stored.state));
        }
        let mut files = stored.capture.files.into_iter();
        let file = files.find(|f| f.sha256 == sha256 && f.withheld.is_none());
        Ok(FileFound {
            file: file.ok_or_else(Error::not_found)?,
            item: stored.capture.item,
        })
    };
    gate.view(requester, Act::FileRead, scope, view, read).await
}

fn bytes_are_closed(state: CaptureState) -> Error {
    let detail = format!(
        "This capture is {}: its bytes are for the supervisor who may decide it.",
        state.as_str()
    );
    Error::forbidden(Vec::new(), detail)
}

/// A capture with its recording as the ledger has it.
pub struct Recording {
    pub stored: StoredCapture,
    pub event: Option<StoredEvent>,
    pub record: Option<ledger::read::Record>,
}

/// What a verification compares. None of it is shown to anybody.
pub async fn recorded(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Recording> {
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stored = store::capture(ctx.conn, &id)?;
        let stream = ledger::case_stream(&stored.capture.case_id);
        Ok(Recording {
            event: ledger::read::of_stream(ctx.conn, &stream, stored.seq, 1)?.pop(),
            record: ledger::read::record(ctx.conn, &stream, stored.seq)?,
            stored,
        })
    };
    gate.read(requester, Act::CaptureVerify, scope, read).await
}
