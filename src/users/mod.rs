//! People: users, their roles, units and trainings; signing in and out.
//!
//! A user name is never used again. A user is never deleted, only disabled; the transaction that disables a user ends
//! the user's sessions.

mod api;
mod model;
pub mod ops;
mod pages;
mod reads;
mod sessions;
pub mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use model::{NewUnit, NewUser, UserPatch, UserView};
pub use reads::{id_of, names};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/sign-in", "GET, POST")
                .route(web::get().to(pages::sign_in_form))
                .route(web::post().to(pages::sign_in)),
        )
        .service(
            at("/users", "GET, POST")
                .route(web::get().to(pages::users))
                .route(web::post().to(pages::create)),
        )
        .service(at("/users/{id}", "POST").route(web::post().to(pages::change)))
        .service(at("/sign-out", "POST").route(web::post().to(pages::sign_out)))
        .service(at("/session", "GET").route(web::get().to(pages::keep_alive)))
        .service(
            at("/password", "GET, POST")
                .route(web::get().to(pages::password_form))
                .route(web::post().to(pages::change_password)),
        )
        .service(
            at("/settings/mine", "GET, POST")
                .route(web::get().to(pages::settings))
                .route(web::post().to(pages::keep_settings)),
        )
        .service(at("/api/v1/sessions", "POST").route(web::post().to(sessions::sign_in)))
        .service(at("/api/v1/sessions/refresh", "POST").route(web::post().to(sessions::refresh)))
        .service(at("/api/v1/sessions/current", "DELETE").route(web::delete().to(sessions::sign_out)))
        .service(at("/api/v1/me", "GET").route(web::get().to(sessions::me)))
        .service(at("/api/v1/me/password", "PUT").route(web::put().to(sessions::change_password)))
        .service(
            at("/api/v1/users", "GET, POST")
                .route(web::get().to(api::users))
                .route(web::post().to(api::create)),
        )
        .service(
            at("/api/v1/users/{id}", "GET, PATCH")
                .route(web::get().to(api::user))
                .route(web::patch().to(api::change)),
        )
        .service(
            at("/api/v1/users/{id}/trainings", "GET, POST")
                .route(web::get().to(api::trainings))
                .route(web::post().to(api::train)),
        )
        .service(
            at("/api/v1/units", "GET, POST")
                .route(web::get().to(api::units))
                .route(web::post().to(api::create_unit)),
        );
}
