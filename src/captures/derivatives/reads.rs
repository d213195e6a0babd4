//! What may be looked at of derivatives; each read is entered in the access log.

use serde_json::json;

use super::model::{Derivative, DerivativeKind};
use super::store;
use crate::captures::reads::{self, FileLook};
use crate::captures::store as captures;
use crate::captures::{FileEntry, FileFound};
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::ledger::Action;
use crate::policy::Act;
use crate::proof::id::Digest;

/// The derivatives of a capture, oldest first; none while the capture is closed to the reader.
pub async fn of_capture(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Vec<Derivative>> {
    let view = View::new(Action::CaptureViewed, "capture", &id, json!({"derivatives": true}));
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stored = captures::capture(ctx.conn, &id)?;
        if stored.state.is_closed() && !ctx.may(Act::CaptureReadHeld) {
            return Ok(Vec::new());
        }
        store::of_capture(ctx.conn, &id)
    };
    gate.view(requester, Act::CaptureRead, scope, view, read).await
}

/// The redactions of a case whose captures may leave, with the item and the digest of each, for whoever asks for a packet.
pub async fn for_packets(gate: &Gate, requester: &RequestCtx, case: String) -> Result<Vec<Derivative>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let mut all = store::of_case(ctx.conn, &case)?;
        all.retain(|one| one.kind != DerivativeKind::Duplicate);
        let ids: Vec<String> = all.iter().map(|one| one.capture.id.clone()).collect();
        let closed = captures::closed(ctx.conn, &ids)?;
        let is_closed = |one: &Derivative| closed.iter().any(|stored| stored.capture.id == one.capture.id);
        Ok(all.into_iter().filter(|one| !is_closed(one)).collect())
    };
    gate.read(requester, Act::CaptureRead, scope, read).await
}

/// A file of a capture of which a redaction is to be made, for whoever may make one. It is recorded as a preview of the file.
pub async fn source(gate: &Gate, requester: &RequestCtx, (id, sha256): (String, Digest)) -> Result<FileEntry> {
    gate.check(requester, Act::DerivativeMake, Scope::Capture(id.clone()))
        .await?;
    let found: FileFound = reads::own_file(gate, requester, (id, sha256), FileLook::Preview).await?;
    Ok(found.file)
}
