//! Exhibit lists: which captures are exhibits, in which order, under which number, with which title, and what is said of the
//! others. A list is saved in versions; a packet is asked for with one of them.
//!
//! A number that a packet gave to a capture is never given to another capture of the case (`numbers`). A list's record is a
//! working paper of whoever may ask for such a packet: no packet shows it. What goes out stands in the packet's request.

pub mod api;
pub mod asked;
pub mod missing;
pub mod model;
mod numbers;
mod ops;
pub mod reads;
pub mod requested;
mod scheme;
pub mod store;
