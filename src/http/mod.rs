//! What every handler shares: who is at the door, bodies, paging, problems, headers.

pub mod body;
pub mod headers;
mod json;
pub mod multipart;
pub mod pages;
pub mod paging;
pub mod path;
pub mod ranges;
pub mod reply;
pub mod tls;
pub mod visit;
mod write_request;

use std::sync::Arc;

pub use path::{PathId, PathIds};
pub use write_request::WriteRequest;

use crate::blobs::Blobs;
use crate::gate::Gate;
use crate::identity::{Envelopes, Passwords};

/// Limits of what is taken in.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one file.
    pub file: u64,
    /// Uploads at once for one user.
    pub uploads: usize,
    /// Bytes that stay free on the disk.
    pub reserve: u64,
    /// Seconds without a byte after which an upload is given up.
    pub idle: u64,
    /// Levels for which the agency's policy needs no authorization.
    pub not_required: Vec<String>,
}

/// What handlers reach; one for the whole server.
pub struct State {
    /// The doors.
    pub gate: Gate,
    /// Sessions' envelopes.
    pub envelopes: Envelopes,
    /// Password hashing.
    pub passwords: Passwords,
    /// Stored bytes: evidence files and packets.
    pub blobs: Blobs,
    /// Limits.
    pub limits: Limits,
    /// Uploads under way, by user.
    pub uploads: crate::captures::Uploads,
    /// Wakes the packet builder.
    pub builder: tokio::sync::Notify,
    /// Prints the metrics.
    pub metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
    /// Whether `/metrics` answers beyond loopback with this token only.
    pub metrics_token: Option<String>,
    /// Whether hashes of the ledger may be read without signing in.
    pub public_ledger: bool,
}

/// The state as handlers take it.
pub type App = actix_web::web::Data<State>;

/// A state for actix.
pub fn shared(state: State) -> App {
    App::from(Arc::new(state))
}
