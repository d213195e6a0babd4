//! The installation as its administrator sees it: settings in force, disk, database, jobs, backups, certificate.
//!
//! It tells of the machine alone: no case, no count of cases, no reason of a job that works for a case.

mod api;
mod pages;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use api::health;
pub use reads::Health;
pub use store::{Backup, FailedJob};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/settings", "GET").route(web::get().to(pages::settings)))
        .service(at("/installation", "GET").route(web::get().to(pages::installation)))
        .service(at("/api/v1/settings", "GET").route(web::get().to(api::settings)))
        .service(at("/api/v1/installation", "GET").route(web::get().to(api::installation)));
}
