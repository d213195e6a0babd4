//! Background jobs: record expiries, delete old idempotency keys. Nothing waits for the expiry of an authorization to be
//! recorded: wherever it matters it follows from the time.

use std::time::Duration;

use diesel::prelude::*;
use tokio::sync::watch;

use crate::authorizations;
use crate::clock::DAY;
use crate::db::tables::idempotency;
use crate::error::Result;
use crate::http::App;
use crate::ledger;

/// Runs the jobs until told to stop.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(Duration::from_secs(20));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = tick.tick() => {}
        }
        if let Err(e) = once(&app).await {
            tracing::error!(error = %e, "a job failed; it tries again");
        }
    }
}

/// One round of all jobs.
pub async fn once(app: &App) -> Result<()> {
    expire(app).await?;
    forget_keys(app).await
}

async fn expire(app: &App) -> Result<()> {
    let now = app.gate.now();
    let overdue = app
        .gate
        .db()
        .read(move |conn| authorizations::store::overdue(conn, now))
        .await?;
    for (id, case_id) in overdue {
        app.gate
            .housekeep(ledger::job("expiry"), move |tx| {
                authorizations::ops::expire(tx, &id, &case_id)
            })
            .await?;
    }
    Ok(())
}

async fn forget_keys(app: &App) -> Result<()> {
    app.gate
        .housekeep(ledger::job("retries"), |tx| {
            let old = idempotency::table.filter(idempotency::created_at.lt(tx.now - 2 * DAY));
            diesel::delete(old).execute(tx.conn)?;
            Ok(())
        })
        .await
}
