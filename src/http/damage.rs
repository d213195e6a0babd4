//! Stored bytes that are not what was recorded: each is an event that the auditor finds, once in ten minutes.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::App;
use crate::blobs::{DAMAGED, ExpectedBytes, Key};
use crate::clock::{MINUTE, Micros};
use crate::db::blocking;
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Tx};
use crate::ledger::{self, Action};

/// How long an event covers the same bytes.
const COVERS: Micros = 10 * MINUTE;
/// Damaged bytes remembered at the most.
const KEPT: usize = 10_000;

/// When the damage of stored bytes was last recorded.
#[derive(Default)]
pub struct Damages(Mutex<HashMap<Key, Micros>>);

impl Damages {
    fn is_new(&self, key: &Key, now: Micros) -> bool {
        let Ok(mut known) = self.0.lock() else { return true };
        known.retain(|_, at| *at > now - COVERS);
        let new = known.len() >= KEPT || !known.contains_key(key);
        known.insert(key.clone(), now);
        new
    }

    fn forget(&self, key: &Key) {
        if let Ok(mut known) = self.0.lock() {
            known.remove(key);
        }
    }
}

/// Records that bytes are damaged, where `e` says so. `asked` says what was asked for. Blocks.
pub fn note(app: &App, expected: &ExpectedBytes, asked: &Value, e: &Error) {
    if e.code != DAMAGED || !app.damages.is_new(&expected.key, app.gate.now()) {
        return;
    }
    metrics::counter!("casetrail_damaged_bytes_total").increment(1);
    tracing::error!(detail = %e.detail, "stored bytes are damaged");
    let sha256 = expected.sha256.to_string();
    let record = json!({"sha256": sha256, "size": expected.size, "asked": asked, "found": e.detail});
    let append = move |tx: &mut Tx<'_>| {
        let event = NewEvent::new(Action::FileDamaged, ("file", &sha256), 1, record.clone());
        tx.append(event).map(|_| ())
    };
    if let Err(lost) = app.gate.housekeep_blocking(ledger::job("reading"), append) {
        app.damages.forget(&expected.key);
        tracing::error!(error = %lost, "damaged bytes could not be recorded");
    }
}

/// Runs what reads stored bytes on a thread that may block, and records it where they are damaged.
pub async fn noted<T: Send + 'static>(
    app: &App,
    (expected, asked): (&ExpectedBytes, &Value),
    read: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (app, expected, asked) = (app.clone(), expected.clone(), asked.clone());
    blocking(move || {
        let done = read();
        if let Err(e) = &done {
            note(&app, &expected, &asked, e);
        }
        done
    })
    .await
}
