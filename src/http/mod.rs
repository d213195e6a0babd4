//! What every handler shares: the caller, request bodies, paging, problems, headers, TLS.

mod assets;
pub mod body;
pub mod browser;
pub mod carried;
pub mod client_address;
pub mod damage;
pub mod decision;
pub mod drafts;
pub mod fields;
pub mod head;
pub mod headers;
mod json;
mod labels;
pub mod listener;
pub mod looks;
pub mod multipart;
pub mod paced;
pub mod pages;
pub mod paging;
pub mod path;
pub mod ranges;
pub mod refusal;
pub mod reply;
pub mod request_ctx;
pub mod server;
pub mod sheet;
pub mod system;
pub mod tls;
pub mod token_uses;
mod typed;
pub mod unread;
pub mod upload_slots;
pub mod work_slots;
mod write_request;

use damage::Damages;
pub use path::{PathId, PathIds};
use token_uses::TokenUses;
use upload_slots::UploadSlots;
use work_slots::WorkSlots;
pub use write_request::WriteRequest;

use crate::blobs::Blobs;
use crate::config::{Config, Limits, TrustedProxies};
use crate::gate::Gate;
use crate::identity::{AccessTokens, FormTokens, Passwords, RefreshTokens, Seals, SignInAttempts};
use crate::pictures::{ExaminationDesk, PictureDesk};

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
    /// Tokens with which a program goes on with a session.
    pub refresh_tokens: RefreshTokens,
    /// Tokens of the forms in pages.
    pub form_tokens: FormTokens,
    /// Whether this installation is a demonstration; every page says so.
    pub demo: bool,
    /// Password hashing.
    pub passwords: Passwords,
    /// How fast somebody may try to sign in.
    pub attempts: SignInAttempts,
    /// How fast somebody without an account may try the codes of links.
    pub link_attempts: SignInAttempts,
    /// Where an administrator at the machine itself signs in while too much fails there.
    pub machine_sign_ins: WorkSlots,
    /// Stored bytes: evidence files and packets.
    pub blobs: Blobs,
    /// Limits.
    pub limits: Limits,
    /// Uploads under way, by user.
    pub uploads: UploadSlots,
    /// Forms that are read before anybody is known to have sent them.
    pub forms: WorkSlots,
    /// Stored bytes that were found damaged.
    pub damages: Damages,
    /// Files that are verified.
    pub verifications: WorkSlots,
    /// Pictures that are redacted.
    pub redactions: WorkSlots,
    /// Files that are redacted and may take minutes.
    pub long_redactions: WorkSlots,
    /// When the use of each token was last noted.
    pub token_uses: TokenUses,
    /// Wakes the packet builder.
    pub builder: tokio::sync::Notify,
    /// Wakes whoever carries out audits.
    pub audits: tokio::sync::Notify,
    /// The settings in force.
    pub settings: Config,
    /// What makes thumbnails and previews, and which are asked for.
    pub pictures: PictureDesk,
    /// Which captures are to be examined.
    pub examinations: ExaminationDesk,
    /// The fonts of papers in PDF.
    #[cfg(feature = "pdf")]
    pub fonts: crate::paper::FontShelf,
    /// Prints the metrics.
    pub metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
    /// Whether `/metrics` answers beyond loopback with this token only.
    pub metrics_token: Option<String>,
    /// The proxies that are believed about a client's address.
    pub trusted_proxies: TrustedProxies,
    /// Whether hashes of the ledger may be read without signing in.
    pub public_ledger: bool,
}

/// The state as handlers take it.
pub type App = actix_web::web::Data<State>;
