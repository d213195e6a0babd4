//! The register of authorizations: every request of the agency under a running number, with who decided what and when, and
//! without a word of what it is about. Whoever reads an entry reports an error in it, which a supervisor answers.
//!
//! A number is given once, when leave is first asked for, and never again. It has no gap: a request that fails gives its
//! number back before another one takes it. What was asked for before the register began stands in it without a number.

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
        .service(at("/register", "GET").route(web::get().to(pages::list)))
        .service(at("/register/{id}", "GET").route(web::get().to(pages::one)))
        .service(at("/register/{id}/errors", "POST").route(web::post().to(pages::report)))
        .service(at("/register/{id}/errors/{error_id}/answer", "POST").route(web::post().to(pages::answer)))
        .service(at("/api/v1/register", "GET").route(web::get().to(api::list)))
        .service(at("/api/v1/register/csv", "GET").route(web::get().to(api::table)))
        .service(
            at("/api/v1/authorizations/{id}/errors", "GET, POST")
                .route(web::get().to(api::errors))
                .route(web::post().to(api::report)),
        )
        .service(at("/api/v1/authorizations/{id}/errors/{error_id}/answer", "POST").route(web::post().to(api::answer)));
}
