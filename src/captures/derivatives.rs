//! Derivatives: what was made from a capture, for those who may not see all of it, or cannot play it.
//!
//! A redaction is a copy of a picture with boxes filled by the server, a PDF drawn anew with boxes filled, a film with ranges of
//! time black and silent, a web archive without sessions and names, or a text with parts of it blotted out. It names its parent
//! by digest, what was done, with which tool, why and by whom; the event `derivative.made` binds that. The original is never
//! changed: its bytes and its record stay, and a packet that names the redaction carries neither
//! ([adr/0064](../../docs/adr/0064-redactions.md), [adr/0067](../../docs/adr/0067-redactions-of-documents-films-and-archives.md)).
//! A standard duplicate is the same file in a format that courts play; it is made where a packet wants one
//! ([adr/0066](../../docs/adr/0066-standard-duplicates.md)). The bytes of a derivative are stored as all files are, and never
//! changed.

mod api;
mod asked;
pub mod duplicate;
mod make;
mod model;
mod ops;
mod pages;
pub mod reads;
mod sanitized;
pub mod store;
mod told;

pub use model::{Derivative, DerivativeKind, DerivedFile};
pub use pages::DerivativeLine;
pub use sanitized::is_unsanitized;

pub(super) use api::{make as make_by_api, of_capture, preview, read};
pub(super) use pages::{form, send};
