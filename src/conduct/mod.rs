//! The rules of conduct: sentences of the agency's authorization policy that each person acknowledges before they ask for
//! their first authorization.
//!
//! What counts is the text that was acknowledged, by its digest: a later version of the policy that leaves the rules as they
//! are asks nobody again, and one that changes them asks everybody. A policy without rules asks for nothing.

mod api;
mod model;
mod ops;
mod pages;
pub mod projection;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use store::missing;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/conduct", "GET, POST")
                .route(web::get().to(pages::show))
                .route(web::post().to(pages::acknowledge)),
        )
        .service(at("/api/v1/conduct", "GET").route(web::get().to(api::read)))
        .service(at("/api/v1/conduct/acknowledgements", "POST").route(web::post().to(api::acknowledge)));
}
