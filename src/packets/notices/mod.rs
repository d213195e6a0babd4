//! Notices of intent to offer certified records (Fed. R. Evid. 902(11), which (13) and (14) follow): to whom one was given,
//! when and how, what was made available and where, and what was answered.
//!
//! A notice has versions: the answer is one, and so is every correction of it. The first version stays in the ledger.

pub mod api;
pub mod model;
pub mod ops;
pub mod reads;
pub mod store;
