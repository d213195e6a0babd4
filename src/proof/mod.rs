//! The proof core: bytes in, values out. It never reads a clock, a file, the
//! network or randomness, and uses no other module of this crate, so that what
//! a packet proves can be re-checked, and re-implemented, from these files alone.
#![forbid(unsafe_code)]

pub mod b64;
pub mod canon;
mod certificates;
pub mod chain;
pub mod checkpoint;
mod duplicates;
pub mod event;
pub mod id;
mod layout;
pub mod lines;
mod manifest;
pub mod merkle;
pub mod packet;
pub mod record;
mod rows;
pub mod time;

pub use id::Digest;
