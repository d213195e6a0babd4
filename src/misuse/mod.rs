//! Reports of misuse: anybody who is signed in tells the auditors, past the chain of command, what was misused and by whom.
//!
//! A report is seen by the one who made it and by auditors, and by no auditor whom it names: for them it does not exist, in
//! no list, by no address, and in no search of the ledger. Its events tell identifiers alone, and a search of the ledger
//! shows them to nobody, so that what it leaves out tells nothing of who is named.

mod api;
mod model;
mod ops;
mod pages;
pub mod projection;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/misuse", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::report)),
        )
        .service(at("/misuse/{id}", "GET").route(web::get().to(pages::one)))
        .service(at("/misuse/{id}/examination", "POST").route(web::post().to(pages::examine)))
        .service(at("/misuse/{id}/closing", "POST").route(web::post().to(pages::close)))
        .service(
            at("/api/v1/misuse-reports", "GET, POST")
                .route(web::get().to(api::list))
                .route(web::post().to(api::report)),
        )
        .service(at("/api/v1/misuse-reports/{id}", "GET").route(web::get().to(api::one)))
        .service(at("/api/v1/misuse-reports/{id}/examination", "POST").route(web::post().to(api::examine)))
        .service(at("/api/v1/misuse-reports/{id}/closing", "POST").route(web::post().to(api::close)));
}
