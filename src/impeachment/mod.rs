//! Impeachment flags: what may impeach a witness, flagged in a case by anyone who may read it, and cleared by a prosecutor
//! alone. A flag never disappears: one that was cleared says by whom and why. Its records go into packets.

mod api;
mod model;
mod ops;
mod pages;
pub mod projection;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use model::{FlagState, ImpeachmentFlag};
pub use reads::{of_capture, open_in_case};
pub use store::open_in_case as open_flags;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/cases/{id}/impeachment-flags", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::raise)),
        )
        .service(at("/cases/{id}/impeachment-flags/{flag_id}/clearing", "POST").route(web::post().to(pages::clear)))
        .service(
            at("/api/v1/cases/{id}/impeachment-flags", "GET, POST")
                .route(web::get().to(api::list))
                .route(web::post().to(api::raise)),
        )
        .service(
            at("/api/v1/cases/{id}/impeachment-flags/{flag_id}/clearing", "POST").route(web::post().to(api::clear)),
        );
}
