//! Drafts of certificates for a packet: which were asked for, from which words they are made, and what the agency's ledger
//! says of the system that recorded the exhibits.
//!
//! They go into a packet where somebody asks for them, and never by themselves: a draft is for the person who may sign it.

pub mod asked;
#[cfg(feature = "pdf")]
pub mod check;
pub mod folder;
#[cfg(feature = "pdf")]
pub mod system;
