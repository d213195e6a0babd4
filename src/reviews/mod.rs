//! Reviews: tasks that come back by the calendar. An auditor looks at each week of the access log, a supervisor once a year
//! at who may see the cases of their unit. Each is signed off once, with what was found, and what is overdue stands on the
//! first screen.

mod api;
mod model;
mod ops;
mod pages;
pub mod projection;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use model::ReviewKind;
pub use reads::overdue;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/reviews", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::sign)),
        )
        .service(at("/access-rights", "GET").route(web::get().to(pages::rights)))
        .service(
            at("/api/v1/reviews", "GET, POST")
                .route(web::get().to(api::list))
                .route(web::post().to(api::sign)),
        )
        .service(at("/api/v1/access-rights", "GET").route(web::get().to(api::rights)));
}
