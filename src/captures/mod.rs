//! Captures: evidence as found, with its files, and everything that is later said about it.
//!
//! A capture is never refused for want of an authorization: what nothing covers is held, kept and unreadable until a
//! supervisor decides. Its first version and its files never change; corrections, notes, reviews and decisions stand
//! beside it.

mod api;
mod entries;
mod files;
mod judge;
mod model;
pub mod ops;
pub mod store;
mod upload;
mod uploads;
mod verify;

use actix_web::web::{self, ServiceConfig};

pub use api::takes_part;
pub use uploads::Uploads;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/api/v1/cases/{id}/captures", web::get().to(api::of_case))
        .route("/api/v1/cases/{id}/captures", web::post().to(upload::record))
        .route("/api/v1/captures", web::get().to(api::to_decide))
        .route("/api/v1/captures/{id}", web::get().to(api::read))
        .route("/api/v1/captures/{id}/notes", web::post().to(api::annotate))
        .route("/api/v1/captures/{id}/corrections", web::post().to(api::correct))
        .route("/api/v1/captures/{id}/reviews", web::post().to(api::review))
        .route("/api/v1/captures/{id}/decision", web::post().to(api::decide))
        .route("/api/v1/captures/{id}/verifications", web::post().to(verify::verify))
        .route("/api/v1/files/{capture_id}/{sha256}", web::get().to(files::read))
        .route("/api/v1/files/{capture_id}/{sha256}", web::head().to(files::read));
}
