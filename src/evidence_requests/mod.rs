//! Evidence requests: what a prosecutor asks of those who work on a case, with a day by which it is due, and what they answer.
//! They are working papers: no packet shows their records.

mod api;
mod model;
mod ops;
mod pages;
pub mod projection;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/cases/{id}/evidence-requests", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::add)),
        )
        .service(at("/cases/{id}/evidence-requests/{request_id}/answer", "POST").route(web::post().to(pages::answer)))
        .service(
            at("/cases/{id}/evidence-requests/{request_id}/withdrawal", "POST").route(web::post().to(pages::withdraw)),
        )
        .service(
            at("/api/v1/cases/{id}/evidence-requests", "GET, POST")
                .route(web::get().to(api::list))
                .route(web::post().to(api::add)),
        )
        .service(at("/api/v1/cases/{id}/evidence-requests/{request_id}", "GET").route(web::get().to(api::one)))
        .service(
            at("/api/v1/cases/{id}/evidence-requests/{request_id}/answer", "POST").route(web::post().to(api::answer)),
        )
        .service(
            at("/api/v1/cases/{id}/evidence-requests/{request_id}/withdrawal", "POST")
                .route(web::post().to(api::withdraw)),
        );
}
