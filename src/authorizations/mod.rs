//! Authorizations: leave to use social media for one case. People who work on the case ask for it; a supervisor who
//! does not work on it decides.
//!
//! An authorization counts from its start or its approval, whichever is later: nothing is ever covered backwards.
//! Expiry is computed when needed; the job only records the fact.
//!
//! An emergency is started without a supervisor, lasts four hours, and is confirmed, repudiated or lapses. An oral approval
//! is recorded by the requester, and counts once the one who gave it confirms it in writing.

mod additions;
mod api;
mod by_policy;
mod check;
mod checks;
mod closing;
mod coverage;
mod emergency;
mod emergency_ops;
mod expiry;
mod model;
pub mod ops;
mod oral;
mod pages;
pub mod projection;
mod reads;
mod review;
pub mod store;
mod under_policy;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use check::CheckVerdict;
pub use coverage::{Line, Seen};
pub use expiry::Expiry;
pub use model::{Authorization, AuthorizationState, Device, Level};
pub use pages::{RequestPane, decide_shown};
pub use reads::{LeaveNotice, LeaveNotices, cut_off, notices, of_case, to_decide};
pub use store::{AuthorizationSearch, WaitingRequest, number_of};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/cases/{id}/authorizations", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::request)),
        )
        .service(at("/cases/{id}/authorizations/draft", "POST").route(web::post().to(pages::keep_draft)))
        .service(
            at("/cases/{id}/authorizations/emergency", "GET, POST")
                .route(web::get().to(pages::emergency_form))
                .route(web::post().to(pages::start)),
        )
        .service(at("/cases/{id}/authorizations/new", "GET").route(web::get().to(pages::new_form)))
        .service(
            at("/authorizations/{id}", "GET, POST")
                .route(web::get().to(pages::one))
                .route(web::post().to(pages::amend)),
        )
        .service(at("/authorizations/{id}/edit", "GET").route(web::get().to(pages::amend_form)))
        .service(at("/authorizations/{id}/decision", "POST").route(web::post().to(pages::decide)))
        .service(at("/authorizations/{id}/revocation", "POST").route(web::post().to(pages::revoke)))
        .service(at("/authorizations/{id}/oral-approval", "POST").route(web::post().to(pages::record_oral)))
        .service(at("/authorizations/{id}/reviews", "POST").route(web::post().to(pages::review)))
        .service(at("/authorizations/{id}/closing", "POST").route(web::post().to(pages::close)))
        .service(at("/authorizations/{id}/additions", "POST").route(web::post().to(pages::ask_addition)))
        .service(
            at("/authorizations/{id}/additions/{addition_id}/decision", "POST")
                .route(web::post().to(pages::decide_addition)),
        )
        .service(at("/authorizations/{id}/withdrawal", "POST").route(web::post().to(pages::withdraw)))
        .service(
            at("/api/v1/cases/{id}/authorizations", "GET, POST")
                .route(web::get().to(api::of_case))
                .route(web::post().to(api::request)),
        )
        .service(at("/api/v1/cases/{id}/authorizations/emergency", "POST").route(web::post().to(api::start)))
        .service(at("/api/v1/authorizations", "GET").route(web::get().to(api::list)))
        .service(
            at("/api/v1/authorizations/{id}", "GET, PATCH")
                .route(web::get().to(api::read))
                .route(web::patch().to(api::amend)),
        )
        .service(at("/api/v1/authorizations/{id}/checks", "GET").route(web::get().to(api::checks)))
        .service(at("/api/v1/authorizations/{id}/decision", "POST").route(web::post().to(api::decide)))
        .service(at("/api/v1/authorizations/{id}/oral-approval", "POST").route(web::post().to(api::record_oral)))
        .service(at("/api/v1/authorizations/{id}/reviews", "POST").route(web::post().to(api::review)))
        .service(at("/api/v1/authorizations/{id}/closing", "POST").route(web::post().to(api::close)))
        .service(at("/api/v1/authorizations/{id}/additions", "POST").route(web::post().to(api::ask_addition)))
        .service(
            at("/api/v1/authorizations/{id}/additions/{addition_id}/decision", "POST")
                .route(web::post().to(api::decide_addition)),
        )
        .service(at("/api/v1/authorizations/{id}/withdrawal", "POST").route(web::post().to(api::withdraw)))
        .service(at("/api/v1/authorizations/{id}/revocation", "POST").route(web::post().to(api::revoke)));
}
