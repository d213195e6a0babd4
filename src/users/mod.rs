//! People: users, their roles, units and trainings; signing in and out.
//!
//! A user name is never used again, a user is never deleted, only disabled, and a disabled user's sessions are over
//! in the same transaction.

mod api;
mod model;
pub mod ops;
mod sessions;
pub mod store;

use actix_web::web::{self, ServiceConfig};

pub use model::{NewUnit, NewUser, UserPatch};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/api/v1/sessions", web::post().to(sessions::sign_in))
        .route("/api/v1/sessions/refresh", web::post().to(sessions::refresh))
        .route("/api/v1/sessions/current", web::delete().to(sessions::sign_out))
        .route("/api/v1/me", web::get().to(sessions::me))
        .route("/api/v1/me/password", web::put().to(sessions::change_password))
        .route("/api/v1/users", web::get().to(api::users))
        .route("/api/v1/users", web::post().to(api::create))
        .route("/api/v1/users/{id}", web::get().to(api::user))
        .route("/api/v1/users/{id}", web::patch().to(api::change))
        .route("/api/v1/users/{id}/trainings", web::get().to(api::trainings))
        .route("/api/v1/users/{id}/trainings", web::post().to(api::train))
        .route("/api/v1/units", web::get().to(api::units))
        .route("/api/v1/units", web::post().to(api::create_unit));
}
