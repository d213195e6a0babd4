//! The roster: who is on call for a unit from when to when, and to whom a supervisor's reach over a unit is delegated.
//!
//! An entry ends by itself, or earlier on record. Being on call gives no right: whoever is on call decides as a supervisor
//! whose reach includes the unit, their own or one that is delegated to them. A delegation gives the reach of whoever gave
//! it, as long as they have it themselves, and no prohibition of the policy is lifted by it.

mod api;
mod model;
mod ops;
mod pages;
pub mod projection;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use reads::{DutyNow, duties};
pub use store::on_call;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/roster", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::enter)),
        )
        .service(at("/roster/{id}/end", "POST").route(web::post().to(pages::end)))
        .service(
            at("/api/v1/roster", "GET, POST")
                .route(web::get().to(api::list))
                .route(web::post().to(api::enter)),
        )
        .service(at("/api/v1/roster/{id}", "GET").route(web::get().to(api::one)))
        .service(at("/api/v1/roster/{id}/end", "POST").route(web::post().to(api::end)));
}
