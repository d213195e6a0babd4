//! The JSON routes of the rules of conduct.

use serde_json::json;

use super::model::{ConductAcknowledgement, acknowledged};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::reply::{self, Reply};
use crate::http::{App, WriteRequest};
use crate::policy::Act;

/// `GET /conduct`
pub async fn read(app: App, requester: RequestCtx) -> Reply {
    let own = reads::own(&app.gate, &requester).await?;
    reply::ok(&json!({
        "policy": own.rules.policy,
        "sentences": own.rules.sentences,
        "sha256": own.rules.sha256,
        "acknowledged_at": own.acknowledged.as_ref().map(|made| made.at),
    }))
}

/// `POST /conduct/acknowledgements`
pub async fn acknowledge(request: WriteRequest) -> Reply {
    let made = made(request).await?;
    reply::versioned(made.version, &made)
}

/// Acknowledges the rules, for the API and for a page.
pub async fn made(request: WriteRequest) -> Result<ConductAcknowledgement> {
    let (act, scope) = (Act::ConductOwn, Scope::Agency);
    let verb = |tx: &mut Tx<'_>, sha256: &String| ops::acknowledge(tx, sha256);
    request.write(act, scope, acknowledged, verb).await
}
