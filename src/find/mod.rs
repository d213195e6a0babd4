//! Find: from a case number, an item, a handle, an address, a platform's own id, a digest or an authorization to what has
//! it, over what the caller may see.
//!
//! A text is looked up, never searched for in other texts: `find_keys` holds a key for each number, address, handle and id
//! of the current records, made as they are compared. The keys follow the tree and are made by this server itself
//! (`follow`); they may be lost and are made again. What is closed to the caller is found by what everybody sees of it (its
//! id, its item number, its digests), never by its content.

mod api;
mod follow;
mod key;
mod model;
mod pages;
mod reads;
mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::reply::at;

pub use follow::{catch_up, follow};

/// The routes of this feature.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(at("/find", "GET").route(web::get().to(pages::find)))
        .service(at("/find/hits", "GET").route(web::get().to(pages::hits)))
        .service(at("/api/v1/find", "GET").route(web::get().to(api::find)));
}
