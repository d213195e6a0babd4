//! Derivatives: what somebody made from a capture for those who may not see all of it.
//!
//! A redaction is a copy of a picture with boxes filled by the server, or a text with parts of it blotted out, or both. It
//! names its parent by digest, what was done, with which tool, why and by whom; the event `derivative.made` binds that. The
//! original is never changed: its bytes and its record stay, and a packet that names the redaction carries neither
//! ([adr/0064](../../docs/adr/0064-redactions.md)). The bytes of a derivative are stored as all files are, and never changed.

mod api;
mod make;
mod model;
mod ops;
mod pages;
pub mod reads;
pub mod store;
mod told;

pub use model::{Derivative, DerivedFile};
pub use pages::DerivativeLine;

pub(super) use api::{make as make_by_api, of_capture, preview, read};
pub(super) use pages::{form, send};
