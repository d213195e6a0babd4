//! Subjects, the people a case is about, and accounts, which are tied to them, with the basis of that attribution, or
//! not. A change is a new version; nothing is deleted.

mod api;
mod model;
mod ops;
mod store;

use actix_web::web::{self, ServiceConfig};

pub use model::{is_platform, platform};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/api/v1/cases/{id}/subjects", web::get().to(api::subjects))
        .route("/api/v1/cases/{id}/subjects", web::post().to(api::add_subject))
        .route(
            "/api/v1/cases/{id}/subjects/{subject_id}",
            web::patch().to(api::change_subject),
        )
        .route("/api/v1/cases/{id}/accounts", web::get().to(api::accounts))
        .route("/api/v1/cases/{id}/accounts", web::post().to(api::add_account))
        .route(
            "/api/v1/cases/{id}/accounts/{account_id}",
            web::patch().to(api::change_account),
        );
}
