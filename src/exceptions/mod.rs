//! Exceptions: what somebody who oversees has to look at. Captures that no authorization covered, what waits too long for a
//! decision, covert captures that nobody reviewed, approvals that the agency's policy spoke against.
//!
//! An exception is never recorded: it follows from a capture or an authorization each time that it is asked for. That
//! somebody without a part in it signed it off is recorded, once for each class and object, and changes nothing else.

mod api;
mod model;
mod ops;
mod pages;
pub mod projection;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use model::ExceptionClass;
pub use store::counts_between;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/exceptions", "GET").route(web::get().to(pages::list)))
        .service(
            at("/captures/{id}/exceptions", "GET, POST")
                .route(web::get().to(pages::of_capture))
                .route(web::post().to(pages::sign_capture)),
        )
        .service(
            at("/authorizations/{id}/exceptions", "GET, POST")
                .route(web::get().to(pages::of_authorization))
                .route(web::post().to(pages::sign_authorization)),
        )
        .service(at("/api/v1/exceptions", "GET").route(web::get().to(api::list)))
        .service(at("/api/v1/exceptions/csv", "GET").route(web::get().to(api::table)))
        .service(
            at("/api/v1/captures/{id}/exceptions", "GET, POST")
                .route(web::get().to(api::of_capture))
                .route(web::post().to(api::sign_capture)),
        )
        .service(
            at("/api/v1/authorizations/{id}/exceptions", "GET, POST")
                .route(web::get().to(api::of_authorization))
                .route(web::post().to(api::sign_authorization)),
        );
}
