//! Uploads that came to nothing, in the access log.

use serde_json::{Map, json};

use crate::error::{Error, Kind};
use crate::gate::{Authorized, Gate, RequestCtx, actor_of};
use crate::ledger::{Action, Draft, access_stream};

/// Bytes that were refused, or that stopped coming, are an event about the case (product.md, rule 2).
pub(super) async fn note_failed(gate: &Gate, authorized: &Authorized, case: &str, requester: &RequestCtx, e: &Error) {
    let dropped = e.kind == Kind::Timeout || e.errors.iter().any(|f| f.rule == "complete");
    let action = if dropped {
        Action::UploadDropped
    } else {
        Action::UploadRefused
    };
    let draft = Draft {
        stream: access_stream(case),
        action,
        object_type: "case",
        object_id: case.to_owned(),
        version: 1,
        record: json!({"answer": e.code, "errors": e.errors, "address": requester.address}),
        attest: Map::new(),
    };
    if let Err(lost) = gate
        .note(actor_of(&authorized.caller, authorized.context.as_ref()), draft)
        .await
    {
        tracing::error!(error = %lost, "a failed upload could not be recorded");
    }
}
