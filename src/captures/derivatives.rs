//! Derivatives: what somebody made from a capture for those who may not see all of it.
//!
//! A redaction is a copy of a picture with boxes filled by the server, a PDF drawn anew with boxes filled, a film with ranges of time black and silent, a web archive
//! without sessions and names, or a text with parts of it blotted out. It
//! names its parent by digest, what was done, with which tool, why and by whom; the event `derivative.made` binds that. The
//! original is never changed: its bytes and its record stay, and a packet that names the redaction carries neither
//! ([adr/0064](../../docs/adr/0064-redactions.md)). The bytes of a derivative are stored as all files are, and never changed.

mod api;
mod asked;
mod make;
mod model;
mod ops;
mod pages;
pub mod reads;
mod sanitized;
pub mod store;
mod told;

pub use model::{Derivative, DerivedFile};
pub use pages::DerivativeLine;
pub use sanitized::is_unsanitized;

pub(super) use api::{make as make_by_api, of_capture, preview, read};
pub(super) use pages::{form, send};
