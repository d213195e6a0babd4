//! Packets: what leaves. A case's exhibits with inventory, custody, authorizations and proofs, as one ZIP that anyone
//! can verify without us (contract section 4).
//!
//! People ask for a packet; a job builds it in the order of the contract. A packet never hides that something exists:
//! every capture up to the cut stands in the inventory, and a capture that is not included has a reason there.
//! Evidence is hashed again while it is copied. A file that differs from what was recorded ends the build.

mod api;
mod build;
mod builder;
pub mod certificates;
mod custody;
mod cut;
mod disclosures;
mod documents;
mod duplicates;
mod exhibits;
mod inspection;
mod issue;
mod lists;
mod model;
#[cfg(not(feature = "pdf"))]
mod no_papers;
mod notices;
mod ops;
mod output;
mod pages;
#[cfg(feature = "pdf")]
mod papers;
mod pick;
mod profiles;
pub mod projection;
mod read_ahead;
mod reads;
mod redacted;
mod redactions;
mod release;
mod released;
mod selection;
mod since;
mod store;
mod supplement;
mod work;
mod zip;

use actix_web::web;

use crate::http::App;
use crate::http::reply::at;

pub use builder::{cancel, run_builder};
pub use disclosures::wrapped;
pub use inspection::PLACES as VERIFICATIONS;
pub use model::{Packet, PacketState, Purpose};
pub use pages::{ReferralPane, decide_shown};
pub use reads::to_release;
pub use release::WaitingReferral;

/// Warns at the server's start of templates of certificates that have a mistake.
pub async fn look_at_templates(app: App) {
    #[cfg(not(feature = "pdf"))]
    drop(app);
    #[cfg(feature = "pdf")]
    {
        let look = move || certificates::check::mistakes(&app.settings.certificates(), &app.fonts);
        match crate::threads::blocking(look).await {
            Ok(mistakes) => mistakes.iter().for_each(|(jurisdiction, why)| {
                tracing::warn!(jurisdiction, error = %why, "templates of certificates have a mistake: packets that ask for them fail");
            }),
            Err(e) => tracing::warn!(error = %e, "the templates of certificates could not be looked at"),
        }
    }
}

/// The routes of this feature.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            at("/cases/{id}/packets", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::request)),
        )
        .service(
            at("/cases/{id}/packets/new", "GET, POST")
                .route(web::get().to(pages::new_form))
                .route(web::post().to(pages::step)),
        )
        .service(at("/cases/{id}/exhibit-lists", "POST").route(web::post().to(pages::add_list)))
        .service(
            at("/cases/{id}/exhibit-lists/{list_id}", "GET, POST")
                .route(web::get().to(pages::exhibit_list))
                .route(web::post().to(pages::save_list)),
        )
        .service(
            at("/cases/{id}/exhibit-lists/{list_id}/schedule", "GET, POST")
                .route(web::get().to(pages::schedule))
                .route(web::post().to(pages::save_schedule)),
        )
        .service(at("/packets/{id}", "GET").route(web::get().to(pages::one)))
        .service(
            at("/verify", "GET, POST")
                .route(web::get().to(pages::verify_form))
                .route(web::post().to(pages::verify)),
        )
        .service(at("/api/v1/verifications", "POST").route(web::post().to(inspection::verify)))
        .service(at("/packets/{id}/file", "GET").route(web::get().to(api::file)))
        .service(at("/packets/{id}/cancellation", "POST").route(web::post().to(pages::cancel)))
        .service(at("/packets/{id}/release", "POST").route(web::post().to(pages::release)))
        .service(
            at("/packets/{id}/notices", "GET, POST")
                .route(web::get().to(pages::notices))
                .route(web::post().to(pages::give_notice)),
        )
        .service(
            at("/packets/{id}/notices/{notice_id}", "GET, POST")
                .route(web::get().to(pages::notice))
                .route(web::post().to(pages::answer_notice)),
        )
        .service(
            at("/api/v1/cases/{id}/packets", "POST, GET")
                .route(web::post().to(api::request))
                .route(web::get().to(api::list)),
        )
        .service(
            at("/api/v1/cases/{id}/exhibit-lists", "POST, GET")
                .route(web::post().to(lists::api::add))
                .route(web::get().to(lists::api::list)),
        )
        .service(
            at("/api/v1/cases/{id}/exhibit-lists/{list_id}", "GET, PATCH")
                .route(web::get().to(lists::api::one))
                .route(web::patch().to(lists::api::change)),
        )
        .service(
            at("/api/v1/cases/{id}/exhibit-lists/{list_id}/missing", "GET").route(web::get().to(lists::api::missing)),
        )
        .service(at("/api/v1/packets/{id}", "GET").route(web::get().to(api::one)))
        .service(at("/api/v1/packets/{id}/cancellation", "POST").route(web::post().to(api::cancel)))
        .service(at("/api/v1/packets/{id}/difference", "GET").route(web::get().to(api::difference)))
        .service(at("/api/v1/packets/{id}/release", "POST").route(web::post().to(api::release)))
        .service(at("/api/v1/packets/{id}/file", "GET").route(web::get().to(api::file)))
        .service(
            at("/api/v1/packets/{id}/notices", "POST, GET")
                .route(web::post().to(notices::api::give))
                .route(web::get().to(notices::api::list)),
        )
        .service(
            at("/api/v1/packets/{id}/notices/{notice_id}", "GET, PATCH")
                .route(web::get().to(notices::api::one))
                .route(web::patch().to(notices::api::answer)),
        );
    disclosures::routes(config);
}
