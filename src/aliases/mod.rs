//! The registry of aliases: online identities that an agency approved, under which an investigator looks without being
//! seen as who they are.
//!
//! An alias exists for its holder and for the supervisors of the holder's unit. For everybody else there is none: the
//! gate answers 404, no list and no search shows one, and no log tells of one. It counts from its approval on, while its
//! review is not overdue, until it is retired. A record of a case never names one: that a capture was made under an alias
//! is a line of its coverage, that a covert authorization names some is a number in it, and which ones stands here alone.

mod api;
mod disclosed;
mod model;
mod named;
mod ops;
mod pages;
pub mod projection;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use model::{Alias, AliasUse};
pub use named::{AliasNaming, all_in_force, in_use_of, name_in, named_in, named_with, not_in_force, seen_of};
pub use ops::record_use;
pub use reads::own_in_use;
pub use store::{held_by, used_by};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/aliases", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::ask)),
        )
        .service(at("/cases/{id}/alias-disclosures", "POST").route(web::post().to(pages::disclose)))
        .service(at("/aliases/new", "GET").route(web::get().to(pages::new_form)))
        .service(at("/aliases/{id}", "GET").route(web::get().to(pages::one)))
        .service(at("/aliases/{id}/decision", "POST").route(web::post().to(pages::decide)))
        .service(at("/aliases/{id}/reviews", "POST").route(web::post().to(pages::review)))
        .service(at("/aliases/{id}/retirement", "POST").route(web::post().to(pages::retire)))
        .service(
            at("/api/v1/aliases", "GET, POST")
                .route(web::get().to(api::list))
                .route(web::post().to(api::ask)),
        )
        .service(
            at("/api/v1/cases/{id}/alias-disclosures", "GET, POST")
                .route(web::get().to(api::disclosures))
                .route(web::post().to(api::disclose)),
        )
        .service(at("/api/v1/aliases/{id}", "GET").route(web::get().to(api::one)))
        .service(at("/api/v1/aliases/{id}/uses", "GET").route(web::get().to(api::uses)))
        .service(at("/api/v1/aliases/{id}/decision", "POST").route(web::post().to(api::decide)))
        .service(at("/api/v1/aliases/{id}/reviews", "POST").route(web::post().to(api::review)))
        .service(at("/api/v1/aliases/{id}/retirement", "POST").route(web::post().to(api::retire)));
}
