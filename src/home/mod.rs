//! The first screen of each role, and the supervisors' queue. They gather what the features show, over the features' own
//! reads.

mod pages;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/", "GET").route(web::get().to(pages::home)))
        .service(
            at("/approvals", "GET, POST")
                .route(web::get().to(pages::approvals))
                .route(web::post().to(pages::decide)),
        );
}
