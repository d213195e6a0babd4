//! Cases: what they are about, where they stand, who works on them, and who was let in.
//!
//! A case opens with kind and title only. `due` tells what it still owes, and what that blocks. The opener becomes
//! lead. Versions are added, never changed. A grant ends by itself. It opens the whole case, or chosen captures of it: for
//! whoever has one of the second kind alone, `visible` does not hold, and what is shown to them asks `chosen`.

mod access;
mod api;
mod chosen;
mod granted;
mod handover;
mod in_part;
mod model;
mod ops;
mod overseen;
mod pages;
mod particulars;
pub mod projection;
mod reads;
mod recusal;
pub mod store;
mod tasks;
mod then;
mod zone;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use access::record_grant;
pub use chosen::{CaseHead, CaseShown};
pub use granted::chosen_captures;
pub use in_part::{CaseSearch, SharedCase, chosen, headed};
pub use model::{Case, Grant, GrantOrigin, NewGrant, Recusal, Right};
pub use overseen::Overseen;
pub use pages::{CaseLine, CasePage, Tab, TaskLine, may_open, offers_for, tasks_for, words};
pub use particulars::{Due, Stage};
pub use reads::{Rights, WorkDesk, cases, desk, shared};
pub use store::{DecidesIn, VisibleTo, decided, nothing_due, visible};
pub use then::{unit_names_then, worked_then};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/cases", "GET, POST")
                .route(web::get().to(pages::list))
                .route(web::post().to(pages::open)),
        )
        .service(at("/cases/draft", "POST").route(web::post().to(pages::keep_draft)))
        .service(at("/cases/new", "GET").route(web::get().to(pages::new_form)))
        .service(
            at("/cases/{id}", "GET, POST")
                .route(web::get().to(pages::overview))
                .route(web::post().to(pages::change)),
        )
        .service(at("/cases/{id}/team", "GET").route(web::get().to(pages::team)))
        .service(at("/cases/{id}/lead", "POST").route(web::post().to(pages::hand_over)))
        .service(at("/cases/{id}/members", "POST").route(web::post().to(pages::add_member)))
        .service(at("/cases/{id}/members/end", "POST").route(web::post().to(pages::remove_member)))
        .service(at("/cases/{id}/grants", "POST").route(web::post().to(pages::give)))
        .service(at("/cases/{id}/recusals", "POST").route(web::post().to(pages::recuse)))
        .service(at("/grants/{id}/end", "POST").route(web::post().to(pages::end_grant)))
        .service(
            at("/api/v1/cases", "GET, POST")
                .route(web::get().to(api::list))
                .route(web::post().to(api::open)),
        )
        .service(
            at("/api/v1/cases/{id}", "GET, PATCH")
                .route(web::get().to(api::read))
                .route(web::patch().to(api::change)),
        )
        .service(
            at("/api/v1/cases/{id}/members/{user_id}", "PUT, DELETE")
                .route(web::put().to(api::add_member))
                .route(web::delete().to(api::remove_member)),
        )
        .service(
            at("/api/v1/cases/{id}/grants", "GET, POST")
                .route(web::get().to(api::grants))
                .route(web::post().to(api::give)),
        )
        .service(
            at("/api/v1/cases/{id}/recusals", "GET, POST")
                .route(web::get().to(api::recusals))
                .route(web::post().to(api::recuse)),
        )
        .service(at("/api/v1/grants/{id}", "DELETE").route(web::delete().to(api::end_grant)));
}
