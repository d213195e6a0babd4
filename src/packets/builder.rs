//! The builder: takes the oldest packet asked for, builds it on a thread that may block, tells how far it is, and
//! notes how it ended. One at a time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use super::build;
use super::issue::JOB;
use super::model::Packet;
use super::progress::{Progress, Step, stopped};
use super::store;
use crate::blobs::{Key, Written};
use crate::db::blocking;
use crate::error::{Error, Kind, Result};
use crate::gate::{NewEvent, Tx};
use crate::http::App;
use crate::ledger::{self, Action};

/// How often progress is written down.
const TICK: Duration = Duration::from_millis(300);
/// How long the builder sleeps where nobody wakes it: another process may have taken a request.
const LOOK: Duration = Duration::from_secs(2);

/// Builds packets until `stop` becomes true or its sender is gone.
pub async fn run_builder(app: App, mut stop: watch::Receiver<bool>) {
    if is_read_only(&app).await {
        tracing::warn!("this installation is read-only: packets asked for in it are not built");
        return;
    }
    if let Err(e) = recover(&app).await {
        tracing::error!(error = %e, "packets left unfinished could not be marked as failed");
    }
    while !*stop.borrow() {
        match next(&app).await {
            Ok(Some(packet)) => one(&app, packet, stop.clone()).await,
            Ok(None) => {
                if idle(&app, &mut stop).await.is_err() {
                    return;
                }
            }
            Err(e) => {
                tracing::error!(error = %e, "the packet builder cannot read its queue; it tries again");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

/// A log that may not grow could record neither a packet nor its failure.
async fn is_read_only(app: &App) -> bool {
    matches!(app.gate.db().read(ledger::state).await, Ok(Some(state)) if state.read_only)
}

async fn idle(app: &App, stop: &mut watch::Receiver<bool>) -> std::result::Result<(), watch::error::RecvError> {
    tokio::select! {
        () = app.builder.notified() => Ok(()),
        () = tokio::time::sleep(LOOK) => Ok(()),
        changed = stop.changed() => changed,
    }
}

/// What a stop cut off is told to whoever waits for it, and its parts go.
async fn recover(app: &App) -> Result<()> {
    let left = app
        .gate
        .db()
        .read(|conn| store::in_state(conn, "building", i64::MAX))
        .await?;
    for packet in left {
        fail(app, &packet, &stopped()).await?;
    }
    Ok(())
}

/// Takes the oldest packet that waits.
async fn next(app: &App) -> Result<Option<Packet>> {
    let waiting = app.gate.db().read(|conn| store::in_state(conn, "queued", 1)).await?;
    let Some(packet) = waiting.into_iter().next() else {
        return Ok(None);
    };
    let id = packet.id.clone();
    let started = app
        .gate
        .housekeep(ledger::job(JOB), move |tx| {
            Ok(store::start(tx.conn, &id, tx.now)?.then_some(tx.now))
        })
        .await?;
    // Where another builder was first there may still be more waiting; the next look finds out.
    Ok(started.map(|at| Packet {
        started_at: Some(at),
        ..packet
    }))
}

async fn one(app: &App, packet: Packet, stop: watch::Receiver<bool>) {
    let progress = Arc::new(Progress::new(stop));
    let ended = match watched(app, &packet, progress).await {
        Ok(built) => ready(app, &packet, built).await,
        Err(e) => Err(e),
    };
    if let Err(e) = ended {
        tracing::warn!(packet = %packet.id, error = %e, "a packet could not be built");
        if let Err(lost) = fail(app, &packet, &e).await {
            tracing::error!(packet = %packet.id, error = %lost, "the failure of a packet could not be recorded");
        }
    }
}

/// Builds, and writes progress down while the build runs.
async fn watched(app: &App, packet: &Packet, progress: Arc<Progress>) -> Result<Written> {
    let (state, job, told) = (app.clone(), packet.clone(), progress.clone());
    let mut build = tokio::spawn(blocking(move || build::build(&state, &job, &told)));
    let (mut tick, mut last) = (tokio::time::interval(TICK), None);
    loop {
        tokio::select! {
            done = &mut build => return done.unwrap_or_else(|e| Err(Error::internal(e))),
            _ = tick.tick() => {
                let now = progress.now();
                if last.replace(now) != Some(now) && let Err(e) = tell(app, &packet.id, now).await {
                    tracing::warn!(packet = %packet.id, error = %e, "a packet's progress could not be written down");
                }
            }
        }
    }
}

async fn tell(app: &App, id: &str, step: Step) -> Result<()> {
    let id = id.to_owned();
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let keep = move |tx: &mut Tx<'_>| store::step(tx.conn, &id, step.name, count(step.done), count(step.total));
    app.gate.housekeep(ledger::job(JOB), keep).await
}

/// Puts the packet's file into the store, then notes that it is there.
async fn ready(app: &App, packet: &Packet, written: Written) -> Result<()> {
    let (size, sha256) = (i64::try_from(written.size).map_err(Error::internal)?, written.sha256);
    let (id, blobs, key) = (packet.id.clone(), app.blobs.clone(), Key::Packet(packet.id.clone()));
    blocking(move || Ok(blobs.put(&key, written.file)?)).await?;
    app.gate
        .housekeep(ledger::job(JOB), move |tx| {
            store::ready(tx.conn, &id, tx.now, size, &sha256)
        })
        .await
}

/// Notes that a packet failed, as an event, and clears its parts away.
async fn fail(app: &App, packet: &Packet, e: &Error) -> Result<()> {
    let (blobs, key, why) = (app.blobs.clone(), Key::Packet(packet.id.clone()), reason(e));
    blocking(move || Ok(blobs.remove(&key)?)).await?;
    let (id, case) = (packet.id.clone(), packet.case_id.clone());
    let keep = move |tx: &mut Tx<'_>| {
        tx.lock(&ledger::case_stream(&case))?;
        store::failed(tx.conn, &id, tx.now, &why)?;
        let content = json!({"packet_id": id, "reason": why});
        tx.append(NewEvent::new(Action::PacketFailed, ("packet", &id), 1, content).in_case(&case))
            .map(drop)
    };
    app.gate.housekeep(ledger::job(JOB), keep).await
}

/// What broke inside is for the log alone; everything else is for whoever asked.
fn reason(e: &Error) -> String {
    match e.kind {
        Kind::Internal => {
            tracing::error!(slug = e.slug, detail = %e.detail, "a packet failed inside");
            "something inside failed; the server's log says what. Ask again".into()
        }
        _ => e.detail.clone(),
    }
}
