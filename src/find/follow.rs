//! Keeps the keys beside the records: it follows the tree, and makes anew the keys of each thing that an event changed.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::key;
use super::store::{self, Keyed};
use crate::captures;
use crate::db::AnyConn;
use crate::error::Result;
use crate::gate::{Gate, Tx};
use crate::ledger;

/// Whose work it is, in the log.
const JOB: &str = "find-keys";
/// How often it looks whether the tree has grown.
const LOOK: Duration = Duration::from_secs(1);

/// Follows the tree until `stop` becomes true or its sender is gone. Several servers may do so: each step is taken once.
pub async fn follow(gate: Gate, mut stop: watch::Receiver<bool>) {
    if matches!(gate.db().read(ledger::state).await, Ok(Some(state)) if state.read_only) {
        return;
    }
    while !*stop.borrow() {
        if let Err(e) = catch_up(&gate).await {
            tracing::error!(job = JOB, error = %e, "what find looks up could not be kept; it tries again");
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

/// Makes the keys of everything that the tree holds. A look that finds nothing new writes nothing.
///
/// # Errors
/// Where the database fails.
pub async fn catch_up(gate: &Gate) -> Result<()> {
    while gate.db().read(store::next_step).await?.is_some() {
        gate.housekeep(ledger::job(JOB), step).await?;
    }
    Ok(())
}

/// The keys of what one stretch of the tree changed.
fn step(tx: &mut Tx<'_>) -> Result<()> {
    let Some(stretch) = store::next_step(tx.conn)? else {
        return Ok(());
    };
    let changed = store::changed(tx.conn, &stretch)?;
    if !store::advance(tx.conn, &stretch)? {
        // Another server has done it.
        return Ok(());
    }
    for keyed in made(tx.conn, changed)? {
        store::replace(tx.conn, &keyed)?;
    }
    Ok(())
}

/// The things of these ids with the keys of their current records.
fn made(conn: &mut AnyConn, changed: store::Changed) -> Result<Vec<Keyed>> {
    let ids = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>();
    let mut all = store::case_keys(conn, ids(changed.cases))?;
    for capture in store::captures_of(conn, ids(changed.captures))? {
        let mut keys = key::of_capture(&capture);
        if let Some(made) = captures::last_examination(conn, &capture.id)? {
            keys.extend(key::of_examination(&capture, &made));
        }
        all.push(Keyed::capture(&capture, keys));
    }
    for account in store::accounts_of(conn, ids(changed.accounts))? {
        all.push(Keyed::account(&account, key::of_account(&account)));
    }
    Ok(all)
}
