//! Examinations: what the server reads in a capture's files once they are recorded (docs/adr/0068-examinations.md).
//!
//! An examination is derived, and is no evidence: whoever has the file can read it again. It is recorded all the same
//! (`capture.examined`), so that nobody changes afterwards what a decision rested on. Nothing waits for it.

mod job;
pub(super) mod store;
mod view;

use super::model::{CaptureState, StoredCapture};
use crate::db::AnyConn;
use crate::error::{Error, Result};
pub(super) use job::order;
pub use job::run_examinations;
pub use store::last as last_examination;
pub(super) use view::ExaminationView;

/// Refuses to ask for an examination that nobody would make, or that is to be made anyway.
///
/// # Errors
/// A conflict that says which of them it is.
pub(super) fn may_be_asked(conn: &mut AnyConn, stored: &StoredCapture) -> Result<()> {
    let refused = match stored {
        _ if stored.capture.files.is_empty() => "This capture has no files that could be read.",
        _ if stored.state == CaptureState::Quarantined => "This capture is kept from use: its files are not read.",
        _ if store::is_wanted(conn, &stored.capture.id)? => {
            "An examination of this capture is under way: what it finds is shown with the capture, soon."
        }
        _ => return Ok(()),
    };
    Err(Error::conflict(refused))
}
