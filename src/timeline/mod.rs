//! The timeline of a case: when things happened, as the platforms showed it or somebody worked it out, beside when they were
//! captured and what happened to the case meanwhile.
//!
//! A time that is not known is told as that, and never as midnight. What a capture says of its time is content: captures
//! that are held or quarantined stand apart, with their time of capture alone.

mod chart;
mod pages;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config.service(at("/cases/{id}/timeline", "GET").route(web::get().to(pages::timeline)));
}
