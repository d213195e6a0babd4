//! What every handler shares: the caller, request bodies, paging, problems, headers, TLS.

mod assets;
pub mod body;
pub mod browser;
pub mod carried;
pub mod drafts;
pub mod headers;
mod json;
pub mod multipart;
pub mod pages;
pub mod paging;
pub mod path;
pub mod ranges;
pub mod refusal;
pub mod reply;
pub mod request_ctx;
pub mod system;
pub mod tls;
mod typed;
pub mod upload_slots;
mod write_request;

pub use path::{PathId, PathIds};
use upload_slots::UploadSlots;
pub use write_request::WriteRequest;

use crate::blobs::Blobs;
use crate::config::Limits;
use crate::gate::Gate;
use crate::identity::{AccessTokens, FormTokens, Passwords, Seals};

/// The state that handlers share; one for the whole server.
pub struct State {
    /// The doors.
    pub gate: Gate,
    /// Access tokens of the API.
    pub access_tokens: AccessTokens,
    /// Access tokens in browsers' cookies.
    pub cookie_tokens: AccessTokens,
    /// Seals forms that are carried over a new sign-in.
    pub seals: Seals,
    /// Tokens of the forms in pages.
    pub form_tokens: FormTokens,
    /// Whether this installation is a demonstration; every page says so.
    pub demo: bool,
    /// Password hashing.
    pub passwords: Passwords,
    /// Stored bytes: evidence files and packets.
    pub blobs: Blobs,
    /// Limits.
    pub limits: Limits,
    /// Uploads under way, by user.
    pub uploads: UploadSlots,
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
