//! What may be looked at of captures; each read is entered in the access log. A closed capture is shown without its
//! content, unless the reader may decide it.

mod items;
mod of_case;

use serde_json::json;

pub use items::{ItemFound, ItemRights, custody, item};
pub use of_case::{Beside, Evidence, FoundCapture, beside, evidence, items, new_items, of_case, standing};

use super::derivatives;
use super::duplicates;
use super::examinations;
use super::judge::{self, JudgedAgainst};
use super::model::{CaptureState, CaptureView, DecisionOutcome, FileEntry, NewCapture, ReviewOutcome, StoredCapture};
use super::pictures::store::{self as pictures, PictureRow};
use super::preview::CapturePreview;
use super::store::{self, CaptureSearch, WaitingCapture, WaitingSort};
use crate::authorization_policies;
use crate::authorizations::{self, Level};
use crate::cases::{self, Case};
use crate::clock::{MINUTE, Micros};
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View, part_in_authorization};
use crate::ledger::read::StoredEvent;
use crate::ledger::{self, Action};
use crate::policy::Act;
use crate::proof::id::Digest;

/// A session that reads a file is recorded once, and may read the same file of the same capture again for this long.
const FILE_VIEW_COVERS: i64 = 10 * MINUTE;

/// How a file is asked for. Each has an action of its own, so that the ledger tells who took a file from who saw it, and an
/// entry for one covers none of the others.
#[derive(Clone, Copy)]
pub enum FileLook {
    /// A preview, made by us.
    Preview,
    /// Its bytes.
    Bytes,
    /// What is known of it, without its bytes.
    Head,
    /// Its bytes, to be kept elsewhere.
    Download,
}

impl FileLook {
    /// The entry for it. Each download has one; only what one press asks for in several requests shares it.
    fn view(self, id: &str, sha256: Digest) -> View {
        let (action, covers) = match self {
            Self::Preview => (Action::PreviewViewed, FILE_VIEW_COVERS),
            Self::Head => (Action::CaptureViewed, MINUTE),
            Self::Bytes => (Action::FileViewed, FILE_VIEW_COVERS),
            Self::Download => (Action::FileDownloaded, MINUTE),
        };
        View {
            covers,
            ..View::new(action, "capture", id, json!({"sha256": sha256}))
        }
    }
}

/// A capture. The person has then opened this version of it, by whichever door.
pub async fn capture(gate: &Gate, requester: &RequestCtx, id: String) -> Result<CaptureView> {
    Ok(item(gate, requester, id).await?.view)
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
        let against = JudgedAgainst::read(ctx.conn, (&case, &ctx.caller.user), &new, &not_required)?;
        let verdict = judge::judge(&new, &ctx.caller.user, ctx.now, &against);
        let digests: Vec<Digest> = new.files.iter().filter_map(|file| file.sha256).collect();
        let here = duplicates::of(ctx.conn, &case, &new, &digests)?;
        Ok(CapturePreview::of(new, verdict, here))
    };
    gate.read(requester, Act::CaptureRecord, scope, read).await
}

/// The standing orders of the policy in force that hold in a case, each with its level, for whoever may log there.
pub async fn orders(gate: &Gate, requester: &RequestCtx, case: String) -> Result<Vec<(Level, String)>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let policy = authorization_policies::in_force_at(ctx.conn)?;
        if policy.adopted.is_none() {
            return Ok(Vec::new());
        }
        let units = cases::store::unit_names(ctx.conn, &case)?;
        let of = |level: &Level| {
            let order = policy.terms.of(*level).order_for(&units)?;
            Some((*level, order.to_owned()))
        };
        Ok(Level::ALL.iter().filter_map(of).collect())
    };
    gate.read(requester, Act::CaptureRecord, scope, read).await
}

/// A capture as somebody reads it who is to decide about it or to review it: with its case.
pub struct WeighedCapture {
    pub view: CaptureView,
    pub case: Case,
    /// The authorization on which it rests, where that was cut off: its number, the word of what happened, and when.
    pub cut_off: Option<(i64, &'static str, Micros)>,
    pub rights: ItemRights,
}

/// See [`WeighedCapture`].
pub async fn weighed(gate: &Gate, requester: &RequestCtx, id: String) -> Result<WeighedCapture> {
    let view = View::new(Action::CaptureViewed, "capture", &id, json!({}));
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stored = store::capture(ctx.conn, &id)?;
        let case = cases::store::case(ctx.conn, &stored.capture.case_id)?;
        let closed = stored.state.is_closed() && !ctx.may(Act::CaptureReadHeld);
        let stored_basis = stored.capture.basis.id.clone();
        let view = match closed {
            true => stored.withheld(),
            false => stored.open(examinations::store::with_remarks(ctx.conn, &id)?),
        };
        let rests_on = stored_basis.filter(|_| !closed);
        let cut_off = match rests_on {
            Some(id) => authorizations::cut_off(ctx.conn, (&case.id, &id), ctx.now)?,
            None => None,
        };
        let rights = ItemRights::of(ctx);
        Ok(WeighedCapture {
            view,
            case,
            cut_off,
            rights,
        })
    };
    gate.view(requester, Act::CaptureRead, scope, view, read).await
}

/// The last word on a capture.
pub enum LastWord {
    Decided(DecisionOutcome),
    Reviewed(ReviewOutcome),
}

/// What became of a capture: its number, its state, and the last word on it where the reader may see that.
pub struct CaptureFate {
    pub item: i64,
    pub state: CaptureState,
    pub word: Option<LastWord>,
}

/// See [`CaptureFate`]. It shows nothing of the evidence, so the access log has nothing of it.
pub async fn fate(gate: &Gate, requester: &RequestCtx, id: String) -> Result<CaptureFate> {
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stored = store::capture(ctx.conn, &id)?;
        let closed = stored.state.is_closed() && !ctx.may(Act::CaptureReadHeld);
        let said = (!closed).then(|| store::remarks_of(ctx.conn, &id)).transpose()?;
        let said = said.unwrap_or_default();
        let decided = said.decision.map(|d| (d.at, LastWord::Decided(d.said.said.outcome)));
        let reviewed = said
            .reviews
            .into_iter()
            .map(|r| (r.at, LastWord::Reviewed(r.said.outcome)));
        let last = decided.into_iter().chain(reviewed).max_by_key(|(at, _)| *at);
        Ok(CaptureFate {
            item: stored.capture.item,
            state: stored.state,
            word: last.map(|(_, word)| word),
        })
    };
    gate.read(requester, Act::CaptureRead, scope, read).await
}

/// Captures in all cases whose captures the caller may decide, newest first; the caller may open each of them.
pub async fn to_decide(gate: &Gate, requester: &RequestCtx, search: CaptureSearch) -> Result<Vec<CaptureView>> {
    let CaptureSearch {
        state,
        basis,
        before,
        ids,
        limit,
    } = &search;
    let detail = json!({"state": state, "basis": basis, "before": before, "ids": ids, "limit": limit});
    let view = View::new(Action::CapturesListed, "agency", "agency", detail);
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::to_decide(ctx.conn, ctx.caller, &search, ctx.now)?;
        views(ctx, found, |ctx, stored| Ok(!takes_part(ctx, stored)?))
    };
    gate.view(requester, Act::CaptureList, Scope::Agency, view, read).await
}

/// Captures that wait for the caller, oldest first; the caller may open each of them.
pub async fn waiting(
    gate: &Gate,
    requester: &RequestCtx,
    sort: WaitingSort,
    (after, limit): (Option<String>, usize),
) -> Result<Vec<WaitingCapture>> {
    let detail = json!({"waiting": sort, "after": after, "limit": limit});
    let view = View::new(Action::CapturesListed, "agency", "agency", detail);
    let read = move |ctx: &mut ReadCtx<'_>| {
        let page = (after.as_deref(), limit);
        store::waiting(ctx.conn, ctx.caller, sort, page, ctx.now)
    };
    gate.view(requester, Act::CaptureList, Scope::Agency, view, read).await
}

/// Each as this reader sees it; `opens` is asked for what is closed.
pub(super) fn views(
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
/// rests on, or they left the case since it came in. Nobody decides where they have a part. Always false for an open capture.
pub fn takes_part(ctx: &mut ReadCtx<'_>, stored: &StoredCapture) -> Result<bool> {
    let capture = &stored.capture;
    if !stored.state.is_closed() {
        return Ok(false);
    }
    if capture.capturer.id == ctx.caller.user || store::left_its_case(ctx.conn, &capture.id, &ctx.caller.user)? {
        return Ok(true);
    }
    let Some(authorization) = &capture.basis.id else {
        return Ok(false);
    };
    if authorizations::number_of(ctx.conn, (&capture.case_id, authorization))?.is_none() {
        return Ok(false);
    }
    let part = part_in_authorization(ctx.conn, ctx.caller, authorization)?;
    Ok(part.requester || part.holder)
}

/// A file of a capture, whose bytes may leave.
pub struct FileFound {
    pub file: FileEntry,
    /// The number of its capture in the case.
    pub item: i64,
    /// The case of its capture.
    pub case: String,
}

/// A file of this capture, or of a derivative of it. A digest alone opens no file.
pub async fn file(
    gate: &Gate,
    requester: &RequestCtx,
    (id, sha256): (String, Digest),
    look: FileLook,
) -> Result<FileFound> {
    let view = look.view(&id, sha256);
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stored = store::capture(ctx.conn, &id)?;
        open_file(ctx, stored, sha256)
    };
    gate.view(requester, Act::FileRead, scope, view, read).await
}

/// A file with which this capture was recorded.
pub async fn own_file(
    gate: &Gate,
    requester: &RequestCtx,
    (id, sha256): (String, Digest),
    look: FileLook,
) -> Result<FileFound> {
    let view = look.view(&id, sha256);
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stored = store::capture(ctx.conn, &id)?;
        let found = open_file(ctx, stored.clone(), sha256)?;
        let own = stored.capture.files.iter().any(|file| file.sha256 == sha256);
        Some(found).filter(|_| own).ok_or_else(Error::not_found)
    };
    gate.view(requester, Act::FileRead, scope, view, read).await
}

/// A file of a capture or of a derivative of it, where its bytes are here and the capture is not closed to the caller.
fn open_file(ctx: &mut ReadCtx<'_>, stored: StoredCapture, sha256: Digest) -> Result<FileFound> {
    if stored.state.is_closed() && !ctx.may(Act::CaptureReadHeld) {
        return Err(bytes_are_closed(stored.state));
    }
    let mut files = stored.capture.files.into_iter();
    let own = files.find(|f| f.sha256 == sha256 && f.withheld.is_none());
    let file = match own {
        Some(file) => Some(file),
        None => derivatives::store::with_file(ctx.conn, &stored.capture.id, &sha256)?
            .and_then(|made| made.file)
            .map(|file| file.entry()),
    };
    Ok(FileFound {
        file: file.ok_or_else(Error::not_found)?,
        item: stored.capture.item,
        case: stored.capture.case_id,
    })
}

/// A file whose thumbnail is asked for.
pub struct ThumbnailFound {
    pub file: FileEntry,
    /// Whether its capture is marked graphic: then the thumbnail stays here.
    pub graphic: bool,
}

/// A file whose thumbnail may leave. Thumbnails are seen with the list of a case, so that they are recorded as a look at the
/// list: one entry covers all thumbnails of the case. That of a closed capture is evidence that few may see, and is recorded
/// as a preview of the file.
pub async fn thumbnail(gate: &Gate, requester: &RequestCtx, id: String, sha256: Digest) -> Result<ThumbnailFound> {
    let (scope, capture) = (Scope::Capture(id.clone()), id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stored = store::capture(ctx.conn, &id)?;
        let open_in = (!stored.state.is_closed()).then(|| stored.capture.case_id.clone());
        let graphic = store::remarks_of(ctx.conn, &id)?.is_graphic();
        let file = open_file(ctx, stored, sha256)?.file;
        Ok((open_in, ThumbnailFound { file, graphic }))
    };
    let (open_in, found) = gate.read(requester, Act::FileRead, scope, read).await?;
    let Some(case) = open_in else {
        self::file(gate, requester, (capture, sha256), FileLook::Preview).await?;
        return Ok(found);
    };
    let view = View {
        covers: FILE_VIEW_COVERS,
        ..View::new(Action::CapturesListed, "case", &case, json!({"thumbnails": true}))
    };
    let scope = Scope::Case(case);
    gate.view(requester, Act::CaseCaptureList, scope, view, |_| Ok(()))
        .await?;
    Ok(found)
}

/// What became of the picture of a file of this capture. It is no evidence, and the look at the capture is recorded.
pub async fn picture(gate: &Gate, requester: &RequestCtx, id: String, sha256: Digest) -> Result<Option<PictureRow>> {
    let scope = Scope::Capture(id);
    let read = move |ctx: &mut ReadCtx<'_>| pictures::of(ctx.conn, &sha256);
    gate.read(requester, Act::FileRead, scope, read).await
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
