//! Disclosures: to whom a packet went, why, and what was not in it; links by which a recipient without an account takes
//! it; and the receipts that recipients give ([docs/adr/0063](../../../docs/adr/0063-disclosure-by-link.md)).
//!
//! A link is never stronger than whoever made it: each use of it asks policy again for that person. Of its address and
//! its code only digests are kept. Whoever lacks the right code learns nothing of a link, not even that there is one.

pub mod api;
pub mod link;
pub mod model;
pub mod ops;
pub mod pages;
pub mod projection;
pub mod reads;
pub mod store;
pub mod visit;
pub mod wrapped;

use actix_web::web;

use crate::http::reply::at;

/// The routes of disclosures.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(at("/packets/{id}/disclosures", "POST").route(web::post().to(pages::disclose)))
        .service(at("/packets/{id}/disclosures/{disclosure_id}/links", "POST").route(web::post().to(pages::make_link)))
        .service(
            at("/packets/{id}/disclosures/{disclosure_id}/acknowledgements", "POST")
                .route(web::post().to(pages::acknowledge)),
        )
        .service(at("/packets/{id}/disclosures/{disclosure_id}/letter", "GET").route(web::get().to(pages::letter)))
        .service(at("/packets/{id}/links/{link_id}/revocation", "POST").route(web::post().to(pages::revoke)))
        .service(
            at("/d/{token}", "GET, POST")
                .route(web::get().to(pages::recipient::form))
                .route(web::post().to(pages::recipient::knock)),
        )
        .service(at("/d/{token}/download", "POST").route(web::post().to(pages::recipient::download)))
        .service(at("/d/{token}/acknowledgement", "POST").route(web::post().to(pages::recipient::acknowledge)))
        .service(at("/d/{token}/file/{ticket}", "GET").route(web::get().to(pages::recipient::file)))
        .service(
            at("/api/v1/packets/{id}/disclosures", "POST, GET")
                .route(web::post().to(api::disclose))
                .route(web::get().to(api::disclosures)),
        )
        .service(
            at("/api/v1/packets/{id}/disclosures/{disclosure_id}/links", "POST").route(web::post().to(api::make_link)),
        )
        .service(
            at(
                "/api/v1/packets/{id}/disclosures/{disclosure_id}/acknowledgements",
                "POST",
            )
            .route(web::post().to(api::acknowledge)),
        )
        .service(at("/api/v1/packets/{id}/links", "GET").route(web::get().to(api::links)))
        .service(at("/api/v1/packets/{id}/links/{link_id}/revocation", "POST").route(web::post().to(api::revoke)))
        .service(at("/api/v1/packets/{id}/acknowledgements", "GET").route(web::get().to(api::acknowledgements)));
}
