//! Subjects are the people a case is about. An account may be tied to a subject, and then says on what basis. Both are
//! entries of a case with other fields. A change is a new version; nothing is deleted.

mod address;
mod api;
mod handles;
mod mentions;
mod model;
mod ops;
mod pages;
mod platforms;
pub mod projection;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

use model::SubjectFields;

pub use address::is_address;
pub use handles::{account_key, cut_key, handle, known, plain_handle};
pub use model::{Account, AccountFields, Subject, is_platform, platform};
pub use platforms::{PLATFORMS, platform_name, platform_word};
pub use store::{juveniles, renamed};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/cases/{id}/people", "GET").route(web::get().to(pages::people)))
        .service(at("/cases/{id}/subjects", "POST").route(web::post().to(pages::add::<SubjectFields>)))
        .service(at("/cases/{id}/subjects/{subject_id}", "POST").route(web::post().to(pages::change::<SubjectFields>)))
        .service(at("/cases/{id}/accounts", "POST").route(web::post().to(pages::add::<AccountFields>)))
        .service(at("/cases/{id}/accounts/{account_id}", "POST").route(web::post().to(pages::change::<AccountFields>)))
        .service(
            at("/api/v1/cases/{id}/subjects", "GET, POST")
                .route(web::get().to(api::list::<SubjectFields>))
                .route(web::post().to(api::add::<SubjectFields>)),
        )
        .service(
            at("/api/v1/cases/{id}/subjects/{subject_id}", "PATCH")
                .route(web::patch().to(api::change::<SubjectFields>)),
        )
        .service(
            at("/api/v1/cases/{id}/accounts", "GET, POST")
                .route(web::get().to(api::list::<AccountFields>))
                .route(web::post().to(api::add::<AccountFields>)),
        )
        .service(
            at("/api/v1/cases/{id}/accounts/{account_id}", "PATCH")
                .route(web::patch().to(api::change::<AccountFields>)),
        );
}
