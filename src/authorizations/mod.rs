//! Authorizations: leave to use social media for one case, asked for by those who work on it and decided by a
//! supervisor who does not.
//!
//! It counts from the later of its start and its approval: nothing is ever covered backwards. Expiry is computed when
//! used; the job only records the fact.

mod api;
mod coverage;
mod model;
pub mod ops;
pub mod store;

use actix_web::web::{self, ServiceConfig};

pub use coverage::{Line, Seen};
pub use model::{Authorization, Device, Level, State};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/api/v1/cases/{id}/authorizations", web::get().to(api::of_case))
        .route("/api/v1/cases/{id}/authorizations", web::post().to(api::request))
        .route("/api/v1/authorizations", web::get().to(api::list))
        .route("/api/v1/authorizations/{id}", web::get().to(api::read))
        .route("/api/v1/authorizations/{id}", web::patch().to(api::amend))
        .route("/api/v1/authorizations/{id}/decision", web::post().to(api::decide))
        .route("/api/v1/authorizations/{id}/withdrawal", web::post().to(api::withdraw))
        .route("/api/v1/authorizations/{id}/revocation", web::post().to(api::revoke));
}
