//! The ledger over HTTP: custody of captures, events and accesses of cases, proofs for outsiders.
//!
//! Events are identifiers and digests; records are shown only to who may read what they tell of.

mod api;
mod log;

use actix_web::web::{self, ServiceConfig};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/api/v1/captures/{id}/custody", web::get().to(api::of_capture))
        .route("/api/v1/captures/{id}/receipt", web::get().to(log::receipt))
        .route("/api/v1/cases/{id}/events", web::get().to(api::of_case))
        .route("/api/v1/cases/{id}/accesses", web::get().to(api::accesses))
        .route("/api/v1/ledger/events", web::get().to(api::of_agency))
        .route("/api/v1/ledger/key", web::get().to(log::key))
        .route("/api/v1/ledger/checkpoint", web::get().to(log::checkpoint))
        .route("/api/v1/ledger/inclusion", web::get().to(log::inclusion))
        .route("/api/v1/ledger/consistency", web::get().to(log::consistency))
        .route("/api/v1/ledger/tile/{path:.*}", web::get().to(log::tile));
}
