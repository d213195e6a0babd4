//! The annual report: how many authorizations were asked for in a year, at which level, where, for which kind of case, what
//! came of them, and how many exceptions there were. It is made to be published: it names nobody, and no small number can
//! be read in it or worked out of it.

mod api;
mod masking;
mod model;
mod pages;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/reports/annual", "GET").route(web::get().to(pages::show)))
        .service(at("/api/v1/reports/annual", "GET").route(web::get().to(api::report)))
        .service(at("/api/v1/reports/annual/csv", "GET").route(web::get().to(api::table)));
}
