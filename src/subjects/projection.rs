//! The rows of subjects and accounts that follow from what was recorded of them.

use super::model::{Account, Subject};
use super::store::KeptEntry;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::{Action, PastEvent};

/// Makes what follows from an event about a subject or an account.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    match past.action {
        Some(Action::SubjectAdded | Action::SubjectChanged) => {
            KeptEntry::save(conn, &past.read::<Subject>()?, &past.leaf)
        }
        Some(Action::AccountAdded | Action::AccountChanged | Action::AccountRenamed) => {
            KeptEntry::save(conn, &past.read::<Account>()?, &past.leaf)
        }
        _ => Ok(()),
    }
}
