//! Examinations: what the server reads in a capture's files once they are recorded (docs/adr/0068-examinations.md).
//!
//! An examination is derived, and is no evidence: whoever has the file can read it again. It is recorded all the same
//! (`capture.examined`), so that nobody changes afterwards what a decision rested on. Nothing waits for it.

mod job;
pub(super) mod store;
mod view;

pub use job::run_examinations;
pub(super) use view::ExaminationView;
