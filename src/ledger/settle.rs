//! Waiting until the tree has everything and is signed: before a server listens, and when it leaves.

use std::time::Duration;

use diesel::prelude::*;

use super::{Journal, read, tree};
use crate::db::tables::outbox;
use crate::db::{AnyConn, Reader};
use crate::error::Result;

/// How often is asked.
const ASK: Duration = Duration::from_millis(20);

/// Waits until everything that was appended is in the tree and the tree is signed; `false` when the time is over before.
pub async fn settle(db: &Reader, journal: &Journal, most: Duration) -> bool {
    let settled = async {
        loop {
            journal.hurry();
            match db.read(is_settled).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(e) => tracing::warn!(error = %e, "it cannot be read whether the log is signed"),
            }
            tokio::time::sleep(ASK).await;
        }
    };
    tokio::time::timeout(most, settled).await.is_ok()
}

fn is_settled(conn: &mut AnyConn) -> Result<bool> {
    let waiting: Option<i64> = outbox::table.select(outbox::id).first(conn).optional()?;
    let size = tree::state(conn)?.and_then(|state| i64::try_from(state.size).ok());
    Ok(waiting.is_none() && size == read::newest_checkpoint(conn)?.map(|(size, _)| size))
}
