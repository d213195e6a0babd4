//! The ledger over HTTP: custody of captures, events and accesses of cases, proofs for outsiders.
//!
//! Events hold identifiers and digests. A record is shown only to readers who may read what it tells of.

mod api;
mod pages;
mod proofs;
mod reads;
mod trail;
mod words;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/cases/{id}/custody", "GET").route(web::get().to(pages::trail::custody)))
        .service(at("/cases/{id}/accesses", "GET").route(web::get().to(pages::trail::accesses)))
        .service(at("/ledger", "GET").route(web::get().to(pages::ledger)))
        .service(at("/ledger/log", "GET").route(web::get().to(pages::log)))
        .service(at("/api/v1/captures/{id}/custody", "GET").route(web::get().to(api::of_capture)))
        .service(at("/api/v1/captures/{id}/receipt", "GET").route(web::get().to(proofs::receipt)))
        .service(at("/api/v1/cases/{id}/events", "GET").route(web::get().to(api::of_case)))
        .service(at("/api/v1/cases/{id}/accesses", "GET").route(web::get().to(api::accesses)))
        .service(at("/api/v1/ledger/events", "GET").route(web::get().to(api::of_agency)))
        .service(at("/api/v1/ledger/key", "GET").route(web::get().to(proofs::key)))
        .service(at("/api/v1/ledger/checkpoint", "GET").route(web::get().to(proofs::checkpoint)))
        .service(at("/api/v1/ledger/inclusion", "GET").route(web::get().to(proofs::inclusion)))
        .service(at("/api/v1/ledger/consistency", "GET").route(web::get().to(proofs::consistency)))
        .service(at("/api/v1/ledger/tile/{path:.*}", "GET").route(web::get().to(proofs::tile)));
}
