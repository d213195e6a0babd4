//! The ledger: the agency's append-only log of events (contract section 3).
//!
//! An event, its salted record and the change it tells of are one transaction. Streams are hash chains, one a case,
//! so that cases don't wait for each other; the sequencer takes all of them into one Merkle tree. This is the only
//! room that writes events; nothing updates or deletes them.

mod action;
mod append;
mod journal;
mod past;
mod pg_append;
pub mod read;
mod rows;
mod sequencer;
mod settle;
mod signer;
pub mod start;
mod stream_head;
mod tree;

use crate::proof::event::Actor;

pub use action::{Action, Home};
pub use append::{Appended, Draft, Heads};
pub use journal::{Journal, PendingAppend};
pub use past::{PastEvent, Unreadable, each_past_event};
pub use sequencer::run_once;
pub use settle::settle;
pub use signer::{LogSigner, read_last, signed};
pub use tree::{
    StoredTiles, TreeState, consistency, inclusion, index_of, is_read_only, leaf_at, read_tile, root, state,
};

/// The stream of a case's custody.
pub fn case_stream(case_id: &str) -> String {
    format!("case:{case_id}")
}

/// The stream of a case's access log.
pub fn access_stream(case_id: &str) -> String {
    format!("access:{case_id}")
}

/// The agency's own stream.
pub const AGENCY: &str = "agency";

/// A person as the actor of an event, in the role in which they act.
pub fn person(id: &str, role: &str) -> Actor {
    Actor {
        role: Some(role.to_owned()),
        ..actor("person", Some(id))
    }
}

/// A job of the server, by its registered name.
pub fn job(name: &str) -> Actor {
    actor("job", Some(name))
}

/// The operator at the machine itself, by OS user name.
pub fn operator(os_user: &str) -> Actor {
    actor("operator", Some(os_user))
}

/// Somebody who is not signed in.
pub fn anonymous() -> Actor {
    actor("anonymous", None)
}

fn actor(kind: &str, id: Option<&str>) -> Actor {
    Actor {
        kind: kind.to_owned(),
        id: id.map(str::to_owned),
        role: None,
    }
}
