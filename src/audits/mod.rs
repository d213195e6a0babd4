//! Audits that auditors have the server carry out: the same that `casetrail audit` does, as a job.
//!
//! An audit is what its events say: asked for, then completed, failed or called off. Nothing else keeps it; the job's row
//! says how far it is. One is under way at a time.

mod api;
mod model;
mod ops;
mod pages;
mod reads;
mod store;
mod worker;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use model::{AuditState, AuditView};
pub use reads::{LedgerHealth, ledger_health};
pub use store::{LastAudit, last};
pub use worker::run_worker;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/audits", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::start)),
        )
        .service(at("/audits/{id}", "GET").route(web::get().to(pages::one)))
        .service(at("/audits/{id}/cancellation", "POST").route(web::post().to(pages::cancel)))
        .service(
            at("/api/v1/audits", "GET, POST")
                .route(web::get().to(api::list))
                .route(web::post().to(api::start)),
        )
        .service(at("/api/v1/audits/{id}", "GET").route(web::get().to(api::one)))
        .service(at("/api/v1/audits/{id}/cancellation", "POST").route(web::post().to(api::cancel)));
}
