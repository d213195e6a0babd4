//! People: users, their roles, units and trainings; signing in and out.
//!
//! A user name is never used again. A user is never deleted, only disabled; the transaction that disables a user ends
//! the user's sessions.

mod api;
mod credentials;
mod model;
pub mod ops;
mod pages;
pub mod projection;
mod reads;
mod sessions;
pub mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use model::{NewTraining, NewUnit, NewUser, Training, UnitName, UserPatch, UserView};
pub use pages::Colleague;
pub use reads::{id_of, names};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    page_routes(config);
    api_routes(config);
}

fn page_routes(config: &mut ServiceConfig) {
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
        .service(
            at("/users/{id}", "GET, POST")
                .route(web::get().to(pages::person))
                .route(web::post().to(pages::change)),
        )
        .service(at("/users/{id}/trainings", "POST").route(web::post().to(pages::train)))
        .service(at("/users/{id}/trainings/{training_id}/end", "POST").route(web::post().to(pages::end_training)))
        .service(at("/users/{id}/sessions/end", "POST").route(web::post().to(pages::end_sessions)))
        .service(at("/users/{id}/tokens/{token_id}/end", "POST").route(web::post().to(pages::end_token)))
        .service(
            at("/units", "GET, POST")
                .route(web::get().to(pages::units))
                .route(web::post().to(pages::create_unit)),
        )
        .service(at("/units/{id}", "POST").route(web::post().to(pages::rename_unit)))
        .service(at("/account", "GET").route(web::get().to(pages::account)))
        .service(at("/account/tokens", "POST").route(web::post().to(pages::create_token)))
        .service(at("/account/tokens/{id}/end", "POST").route(web::post().to(pages::end_own_token)))
        .service(at("/account/sessions/end", "POST").route(web::post().to(pages::end_own_sessions)))
        .service(at("/account/sessions/{id}/end", "POST").route(web::post().to(pages::end_own_session)))
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
        );
}

fn api_routes(config: &mut ServiceConfig) {
    config
        .service(at("/api/v1/sessions", "POST").route(web::post().to(sessions::sign_in)))
        .service(at("/api/v1/sessions/refresh", "POST").route(web::post().to(sessions::refresh)))
        .service(at("/api/v1/sessions/current", "DELETE").route(web::delete().to(sessions::sign_out)))
        .service(at("/api/v1/me", "GET").route(web::get().to(sessions::me)))
        .service(at("/api/v1/me/password", "PUT").route(web::put().to(sessions::change_password)))
        .service(
            at("/api/v1/me/sessions", "GET, DELETE")
                .route(web::get().to(credentials::own_sessions))
                .route(web::delete().to(credentials::delete_own_sessions)),
        )
        .service(at("/api/v1/me/sessions/{id}", "DELETE").route(web::delete().to(credentials::delete_own_session)))
        .service(
            at("/api/v1/me/tokens", "GET, POST")
                .route(web::get().to(credentials::own_tokens))
                .route(web::post().to(credentials::create_token)),
        )
        .service(at("/api/v1/me/tokens/{id}", "DELETE").route(web::delete().to(credentials::delete_own_token)))
        .service(
            at("/api/v1/users/{id}/sessions", "GET, DELETE")
                .route(web::get().to(credentials::sessions))
                .route(web::delete().to(credentials::delete_sessions)),
        )
        .service(at("/api/v1/users/{id}/tokens", "GET").route(web::get().to(credentials::tokens)))
        .service(
            at("/api/v1/users/{id}/tokens/{token_id}", "DELETE").route(web::delete().to(credentials::delete_token)),
        )
        .service(at("/api/v1/users/{id}/trainings/{training_id}", "DELETE").route(web::delete().to(api::end_training)))
        .service(at("/api/v1/units/{id}", "PATCH").route(web::patch().to(api::change_unit)))
        .service(
            at("/api/v1/users", "GET, POST")
                .route(web::get().to(api::users))
                .route(web::post().to(api::create)),
        )
        .service(at("/api/v1/colleagues", "GET").route(web::get().to(api::colleagues)))
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
