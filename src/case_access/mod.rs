//! Who may see a case and why, now and on a past day; requests for access to the case of a number; and breaking the glass.
//!
//! A request is an event of the agency, whether or not there is such a case, and its answers look alike until somebody is
//! let in. Only the grant that comes of it is an event of the case (docs/adr/0075).

mod api;
mod explain;
mod model;
mod ops;
mod pages;
mod past;
pub mod projection;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use model::AccessRequest;
pub use reads::{AccessDesk, broken, desk};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/cases/{id}/access", "GET").route(web::get().to(pages::case)))
        .service(
            at("/access-requests", "GET, POST")
                .route(web::get().to(pages::requests))
                .route(web::post().to(pages::ask)),
        )
        .service(at("/access-requests/{id}/decision", "POST").route(web::post().to(pages::decide)))
        .service(at("/access-requests/{id}/confirmation", "POST").route(web::post().to(pages::confirm)))
        .service(at("/access-requests/{id}/withdrawal", "POST").route(web::post().to(pages::withdraw)))
        .service(at("/api/v1/cases/{id}/access", "GET").route(web::get().to(api::explained)))
        .service(
            at("/api/v1/access-requests", "GET, POST")
                .route(web::get().to(api::list))
                .route(web::post().to(api::ask)),
        )
        .service(at("/api/v1/access-requests/{id}/decision", "POST").route(web::post().to(api::decide)))
        .service(at("/api/v1/access-requests/{id}/confirmation", "POST").route(web::post().to(api::confirm)))
        .service(at("/api/v1/access-requests/{id}/withdrawal", "POST").route(web::post().to(api::withdraw)));
}
