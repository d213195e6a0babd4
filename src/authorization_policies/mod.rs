//! The agency's authorization policy: for each level, what a request says, who approves it, how long it may last, on which
//! devices, and which sentences both sides confirm. It is a document of its own, in versions that are never changed.
//!
//! A version counts from the moment at which a supervisor other than its author countersigns it, and never before: what
//! was decided under an older version stays decided under that one. Until an agency adopts a version of its own, the one
//! that ships with the program counts, as version 0.

mod api;
mod model;
mod ops;
mod pages;
pub mod projection;
mod reads;
pub mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use model::{
    AskedField, Device, Level, LevelTerms, PolicyInForce, PolicyRef, PolicyTerms, Sentence, TrainingDemand,
};
pub use reads::in_force_at;
pub use store::in_force_then;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/authorization-policies", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::propose)),
        )
        .service(at("/authorization-policies/new", "GET").route(web::get().to(pages::new_form)))
        .service(at("/authorization-policies/{id}", "GET").route(web::get().to(pages::one)))
        .service(at("/authorization-policies/{id}/decision", "POST").route(web::post().to(pages::decide)))
        .service(at("/authorization-policies/{id}/withdrawal", "POST").route(web::post().to(pages::withdraw)))
        .service(
            at("/api/v1/authorization-policies", "GET, POST")
                .route(web::get().to(api::list))
                .route(web::post().to(api::propose)),
        )
        .service(at("/api/v1/authorization-policies/in-force", "GET").route(web::get().to(api::in_force)))
        .service(at("/api/v1/authorization-policies/{id}", "GET").route(web::get().to(api::one)))
        .service(at("/api/v1/authorization-policies/{id}/decision", "POST").route(web::post().to(api::decide)))
        .service(at("/api/v1/authorization-policies/{id}/withdrawal", "POST").route(web::post().to(api::withdraw)));
}
