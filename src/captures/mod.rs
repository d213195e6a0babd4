//! Captures: evidence as found, with its files, and everything that is later said about it.
//!
//! No capture is refused because no authorization covers it. It is held: kept, and unreadable until a supervisor
//! decides. Its first version and its files never change. Corrections, notes, reviews and decisions stand beside it.

mod api;
mod arrival;
mod beyond;
pub mod by_digest;
pub mod choice;
pub mod derivatives;
mod download;
mod duplicates;
mod examinations;
mod judge;
mod lists;
mod model;
pub mod ops;
mod pages;
mod pictures;
mod preview;
pub mod projection;
mod reads;
mod refused;
mod remarks;
mod resumable;
pub mod store;
mod upload;
mod verify;
mod viewing;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use derivatives::{Derivative, DerivedFile};
pub use examinations::{last_examination, run_examinations};
pub use lists::NewItems;
pub use model::CaptureView;
pub use model::recognize;
pub use model::without_tracking;
pub use model::{
    Basis, BasisKind, Capture, CaptureKind, CaptureState, CapturedBasis, Examination, FileEntry, Flag, Particulars,
    PostedBasis, Remarks, StoredCapture, Uncovered, kind_of,
};
pub use pages::{CapturePane, decide_shown, outcome};
pub use pictures::run_pictures;
pub use reads::{FileFound, new_items, takes_part, waiting};
pub use resumable::SweepUploads;
pub use store::{CaptureSearch, WaitingCapture, WaitingSort};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/cases/{id}/evidence", "GET").route(web::get().to(pages::evidence)))
        .service(at("/cases/{id}/evidence/selected", "POST").route(web::post().to(pages::mark_selected)))
        .service(
            at("/cases/{id}/evidence/review", "GET, POST")
                .route(web::get().to(pages::review_one))
                .route(web::post().to(pages::say)),
        )
        .service(at("/cases/{id}/captures", "POST").route(web::post().to(pages::log)))
        .service(at("/cases/{id}/captures/draft", "POST").route(web::post().to(pages::keep_draft)))
        .service(at("/cases/{id}/captures/preview", "POST").route(web::post().to(pages::preview)))
        .service(at("/captures/{id}", "GET").route(web::get().to(pages::item)))
        .service(at("/captures/{id}/notes", "POST").route(web::post().to(pages::annotate)))
        .service(at("/captures/{id}/marks", "POST").route(web::post().to(pages::mark)))
        .service(at("/captures/{id}/examinations", "POST").route(web::post().to(pages::examine)))
        .service(at("/captures/{id}/corrections", "POST").route(web::post().to(pages::correct)))
        .service(
            at("/captures/{id}/redactions", "GET, POST")
                .route(web::get().to(derivatives::form))
                .route(web::post().to(derivatives::send)),
        )
        .service(at("/captures/{id}/redactions/preview", "GET").route(web::get().to(derivatives::preview)))
        .service(at("/captures/{id}/reviews", "POST").route(web::post().to(pages::review)))
        .service(at("/captures/{id}/decision", "POST").route(web::post().to(pages::decide)))
        .service(at("/files/{capture_id}/{sha256}", "GET").route(web::get().to(download::read)))
        .service(at("/viewing", "POST").route(web::post().to(viewing::save)))
        .service(
            at("/api/v1/me/viewing", "GET, PUT")
                .route(web::get().to(viewing::read))
                .route(web::put().to(viewing::replace)),
        )
        .service(at("/pictures/{capture_id}/{sha256}", "GET").route(web::get().to(pictures::show)))
        .service(at("/api/v1/pictures/{capture_id}/{sha256}", "GET").route(web::get().to(pictures::show)))
        .service(
            at("/api/v1/cases/{id}/captures", "GET, POST")
                .route(web::get().to(api::of_case))
                .route(web::post().to(upload::record)),
        )
        .service(at("/api/v1/cases/{id}/captures/preview", "POST").route(web::post().to(api::preview)))
        .service(at("/api/v1/cases/{id}/uploads", "GET").route(web::get().to(resumable::of_case)))
        .service(
            at("/api/v1/uploads", "OPTIONS, POST")
                .route(web::method(Method::OPTIONS).to(resumable::options))
                .route(web::post().to(resumable::begin)),
        )
        .service(
            at("/api/v1/uploads/{id}", "HEAD, PATCH, DELETE")
                .route(web::head().to(resumable::offset))
                .route(web::patch().to(resumable::append))
                .route(web::delete().to(resumable::end)),
        )
        .service(at("/uploads", "POST").route(web::post().to(resumable::begin)))
        .service(
            at("/uploads/{id}", "HEAD, PATCH, DELETE")
                .route(web::head().to(resumable::offset))
                .route(web::patch().to(resumable::append))
                .route(web::delete().to(resumable::end)),
        )
        .service(at("/uploads/{id}/end", "POST").route(web::post().to(resumable::end_by_form)))
        .service(at("/api/v1/captures", "GET").route(web::get().to(api::to_decide)))
        .service(at("/api/v1/captures/{id}", "GET").route(web::get().to(api::read)))
        .service(at("/api/v1/captures/{id}/notes", "POST").route(web::post().to(api::annotate)))
        .service(at("/api/v1/captures/{id}/marks", "POST").route(web::post().to(api::mark)))
        .service(at("/api/v1/captures/{id}/examinations", "POST").route(web::post().to(api::examine)))
        .service(at("/api/v1/captures/{id}/corrections", "POST").route(web::post().to(api::correct)))
        .service(at("/api/v1/captures/{id}/derivatives", "GET").route(web::get().to(derivatives::of_capture)))
        .service(at("/api/v1/captures/{id}/derivatives/{derivative_id}", "GET").route(web::get().to(derivatives::read)))
        .service(at("/api/v1/captures/{id}/redactions", "POST").route(web::post().to(derivatives::make_by_api)))
        .service(at("/api/v1/captures/{id}/redactions/preview", "GET").route(web::get().to(derivatives::preview)))
        .service(at("/api/v1/captures/{id}/reviews", "POST").route(web::post().to(api::review)))
        .service(at("/api/v1/captures/{id}/decision", "POST").route(web::post().to(api::decide)))
        .service(at("/api/v1/captures/{id}/verifications", "POST").route(web::post().to(verify::verify)))
        .service(at("/api/v1/files/{capture_id}/{sha256}", "GET").route(web::get().to(download::read)));
}
