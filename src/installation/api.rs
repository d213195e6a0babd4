//! Settings and health over HTTP.

use serde_json::json;

use super::reads::{self, Health};
use crate::error::Result;
use crate::gate::RequestCtx;
use crate::http::reply::{self, Reply};
use crate::http::{App, tls};
use crate::threads::blocking;

pub(super) async fn settings(requester: RequestCtx, app: App) -> Reply {
    let found = reads::settings(&app.gate, &requester, app.settings.clone()).await?;
    reply::ok(&json!({"items": found, "next": null}))
}

pub(super) async fn installation(requester: RequestCtx, app: App) -> Reply {
    reply::ok(&health(&app, &requester).await?)
}

/// How the installation stands, for the API and for pages.
pub async fn health(app: &App, requester: &RequestCtx) -> Result<Health> {
    let cert = app.settings.certificate();
    let ends = blocking(move || Ok(cert.and_then(|cert| tls::ends(&cert)))).await?;
    let machine = (app.settings.clone(), app.blobs.store());
    reads::health(&app.gate, requester, machine, ends).await
}
