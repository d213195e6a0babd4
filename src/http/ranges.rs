//! Stored bytes as an answer: all of them, or the one range that was asked for (RFC 9110 section 14).

use actix_web::HttpRequest;
use actix_web::body::SizedStream;
use actix_web::http::header::{ACCEPT_RANGES, CONTENT_RANGE, IF_MATCH, IF_NONE_MATCH, IF_RANGE, RANGE};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::Stream;
use http_range::HttpRange;

use super::reply;
use crate::blobs::{BlobReader, Blobs, Key};
use crate::db::blocking;
use crate::error::{Error, Result};

/// Bytes sent at a time.
const PIECE: u64 = 512 << 10;

/// Answers with what lies under a key: 200, 206 with a range, 416 outside the bytes. `describe` adds the headers that
/// say what the bytes are.
pub async fn send(
    req: &HttpRequest,
    blobs: &Blobs,
    key: Key,
    describe: impl FnOnce(&mut HttpResponseBuilder),
) -> Result<HttpResponse> {
    let (blobs, range) = (blobs.clone(), wanted_range(req));
    let is_part = range.is_some();
    let (size, opened) = blocking(move || {
        let size = blobs.size(&key)?;
        let size = size.ok_or_else(|| Error::internal(format!("stored bytes are missing: {key:?}")))?;
        let Some((start, length)) = within(range.as_deref(), size) else {
            return Ok((size, None));
        };
        let reader = blobs.open(&key, start..start + length)?;
        Ok((size, Some((start, length, reader))))
    })
    .await?;
    let Some((start, length, reader)) = opened else {
        return Ok(reply::out_of_range(size));
    };
    let mut response = HttpResponse::Ok();
    describe(&mut response);
    response.insert_header((ACCEPT_RANGES, "bytes"));
    if let Some(status) = unmet_condition(req) {
        return Ok(response.status(status).finish());
    }
    if is_part {
        let range = format!("bytes {start}-{}/{size}", (start + length).saturating_sub(1));
        response
            .status(StatusCode::PARTIAL_CONTENT)
            .insert_header((CONTENT_RANGE, range));
    }
    Ok(response.body(SizedStream::new(length, pieces(reader))))
}

/// The range that counts: of a GET, in bytes. Stored bytes have no ETag and no date here, so no `If-Range` matches.
fn wanted_range(req: &HttpRequest) -> Option<String> {
    let headers = req.headers();
    let range = headers
        .get(RANGE)
        .filter(|_| req.method() == Method::GET && !headers.contains_key(IF_RANGE))?;
    let text = String::from_utf8_lossy(range.as_bytes());
    let other_unit = text
        .split_once('=')
        .is_some_and(|(unit, _)| !unit.eq_ignore_ascii_case("bytes"));
    (!other_unit).then(|| text.into_owned())
}

/// Start and length of the first range; all bytes where none is asked for. `None` for one that lies outside.
fn within(range: Option<&str>, size: u64) -> Option<(u64, u64)> {
    let Some(range) = range else { return Some((0, size)) };
    let ranges = HttpRange::parse(range, size).ok()?;
    ranges.first().map(|first| (first.start, first.length))
}

/// The answer to a condition on the version that is not met. Stored bytes have no versions: no ETag ever matches, and
/// `*` always does.
fn unmet_condition(req: &HttpRequest) -> Option<StatusCode> {
    let any = |value: &actix_web::http::header::HeaderValue| value.as_bytes().trim_ascii() == b"*";
    let headers = req.headers();
    if headers.get(IF_MATCH).is_some_and(|value| !any(value)) {
        return Some(StatusCode::PRECONDITION_FAILED);
    }
    headers
        .get(IF_NONE_MATCH)
        .filter(|value| any(value))
        .map(|_| StatusCode::NOT_MODIFIED)
}

/// Stored bytes as a body. A read that fails breaks the connection.
pub fn pieces(reader: BlobReader) -> impl Stream<Item = Result<Bytes>> {
    futures_util::stream::try_unfold(reader, |mut reader| async move {
        blocking(move || {
            let mut piece = Vec::new();
            std::io::Read::read_to_end(&mut std::io::Read::take(&mut reader, PIECE), &mut piece)?;
            Ok((!piece.is_empty()).then(|| (Bytes::from(piece), reader)))
        })
        .await
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_first_range_counts() {
        for (range, size, expected) in [
            (None, 10, Some((0, 10))),
            (Some("bytes=0-3"), 10, Some((0, 4))),
            (Some("bytes=4-"), 10, Some((4, 6))),
            (Some("bytes=-3"), 10, Some((7, 3))),
            (Some("bytes=2-99"), 10, Some((2, 8))),
            (Some("bytes=1-2,5-6"), 10, Some((1, 2))),
            (Some("bytes=10-"), 10, None),
            (Some("bytes=0-"), 0, None),
            (Some("bytes=x"), 10, None),
            (None, 0, Some((0, 0))),
        ] {
            assert_eq!(within(range, size), expected, "{range:?} of {size}");
        }
    }

    #[test]
    fn a_range_counts_for_get_in_bytes_without_a_version() {
        let get = || TestRequest::get().insert_header((RANGE, "bytes=0-1"));
        assert_eq!(wanted_range(&get().to_http_request()).as_deref(), Some("bytes=0-1"));
        assert_eq!(wanted_range(&get().method(Method::HEAD).to_http_request()), None);
        assert_eq!(
            wanted_range(&get().insert_header((IF_RANGE, "\"1\"")).to_http_request()),
            None
        );
        let items = TestRequest::get().insert_header((RANGE, "items=0-1"));
        assert_eq!(wanted_range(&items.to_http_request()), None);
    }

    #[test]
    fn no_version_matches_but_any() {
        let status = |name, value: &'static str| {
            unmet_condition(&TestRequest::get().insert_header((name, value)).to_http_request()).map(|s| s.as_u16())
        };
        assert_eq!((status(IF_MATCH, "\"1\""), status(IF_MATCH, "*")), (Some(412), None));
        assert_eq!(
            (status(IF_NONE_MATCH, "\"1\""), status(IF_NONE_MATCH, "*")),
            (None, Some(304))
        );
    }
}
