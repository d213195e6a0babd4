//! Cases: what they are about, where they stand, who works on them, and who was let in.
//!
//! To open one needs kind and title only. What is still owed is told in `due`, with what it blocks. The opener becomes
//! lead. A version is added, never changed; a grant ends by itself.

mod access;
mod api;
mod model;
mod ops;
mod particulars;
pub mod store;

use actix_web::web::{self, ServiceConfig};

pub use store::{Sees, nothing_due, visible};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/api/v1/cases", web::get().to(api::list))
        .route("/api/v1/cases", web::post().to(api::open))
        .route("/api/v1/cases/{id}", web::get().to(api::read))
        .route("/api/v1/cases/{id}", web::patch().to(api::change))
        .route("/api/v1/cases/{id}/members/{user_id}", web::put().to(api::add_member))
        .route(
            "/api/v1/cases/{id}/members/{user_id}",
            web::delete().to(api::remove_member),
        )
        .route("/api/v1/cases/{id}/grants", web::get().to(api::grants))
        .route("/api/v1/cases/{id}/grants", web::post().to(api::give))
        .route("/api/v1/grants/{id}", web::delete().to(api::end_grant));
}
