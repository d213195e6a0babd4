//! Notes now and then that a token is in use, so that its owner sees which one is not any more.

use std::collections::HashMap;
use std::sync::Mutex;

use super::App;
use crate::clock::{MINUTE, Micros};
use crate::identity::{self, Credential};
use crate::ledger;
use crate::proof::id::Digest;

/// A use is written down at most so often.
const EVERY: Micros = 5 * MINUTE;
/// Tokens remembered at the most.
const KEPT: usize = 10_000;

/// When each token's use was last written down by this server.
#[derive(Default)]
pub struct TokenUses(Mutex<HashMap<Digest, Micros>>);

impl TokenUses {
    /// Whether this use is to be written down; then the next ones are not, for a while.
    fn is_due(&self, token: &Digest, now: Micros) -> bool {
        let Ok(mut known) = self.0.lock() else { return false };
        if known.get(token).is_some_and(|at| *at > now - EVERY) {
            return false;
        }
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(*token, now);
        true
    }
}

/// Notes the use of a token. Where it fails, nothing but the time of the last use is lost.
pub(super) async fn note(app: &App, credential: Option<Credential>) {
    let now = app.gate.now();
    let Some(Credential::Token(token)) = credential.filter(|c| is_due(app, c, now)) else {
        return;
    };
    let noted = app
        .gate
        .housekeep(ledger::anonymous(), move |tx| identity::note_use(tx.conn, &token, now));
    if let Err(e) = noted.await {
        tracing::warn!(error = %e, "the use of a token could not be noted");
    }
}

fn is_due(app: &App, credential: &Credential, now: Micros) -> bool {
    matches!(credential, Credential::Token(token) if app.token_uses.is_due(token, now))
}
