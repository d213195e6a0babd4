//! Thumbnails and previews of captures' files: a job makes them, a route shows them.
//!
//! They are no evidence. They lie apart from it, may be removed, and are made again when somebody looks. That one could not
//! be made is remembered with its reason, and is not tried again. No event tells of their making; looking at one is a look at
//! evidence, and is recorded as one (docs/adr/0036-pictures.md).

mod job;
mod serve;
pub(super) mod store;

pub use job::run_pictures;
pub(super) use job::words_of;
pub(super) use serve::show;
