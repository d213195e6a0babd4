//! Ids in paths. What is no id names nothing, so it is answered as what does not exist.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::error::{Error, Result};
use crate::forms::parse_id;

/// The UUID of the thing that a path names first: `/cases/{id}/…`.
#[derive(Debug, Clone)]
pub struct PathId(pub String);

/// The UUIDs of a thing and of another within it: `/cases/{id}/subjects/{subject_id}`.
#[derive(Debug, Clone)]
pub struct PathIds(pub String, pub String);

impl FromRequest for PathId {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(nth(req, 0).map(Self))
    }
}

impl FromRequest for PathIds {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(nth(req, 0).and_then(|first| Ok(Self(first, nth(req, 1)?))))
    }
}

fn nth(req: &HttpRequest, n: usize) -> Result<String> {
    let segment = req.match_info().iter().nth(n).map(|(_, text)| text);
    segment.and_then(parse_id).ok_or_else(Error::not_found)
}
