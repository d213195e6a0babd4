//! Subjects, the people a case is about, and accounts, which are tied to them, with the basis of that attribution, or
//! not. A change is a new version; nothing is deleted.

mod api;
mod model;
mod ops;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use model::{Account, Subject, is_platform, platform};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/api/v1/cases/{id}/subjects", "GET, POST")
                .route(web::get().to(api::subjects))
                .route(web::post().to(api::add_subject)),
        )
        .service(at("/api/v1/cases/{id}/subjects/{subject_id}", "PATCH").route(web::patch().to(api::change_subject)))
        .service(
            at("/api/v1/cases/{id}/accounts", "GET, POST")
                .route(web::get().to(api::accounts))
                .route(web::post().to(api::add_account)),
        )
        .service(at("/api/v1/cases/{id}/accounts/{account_id}", "PATCH").route(web::patch().to(api::change_account)));
}
