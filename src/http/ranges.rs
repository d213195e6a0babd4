//! Stored bytes as an answer: all of them, or the ranges that were asked for (RFC 9110 section 14). None of them leave as
//! what they are not: all of them are hashed on their way, and the last ones are held back until the digest is right; of
//! what is asked for in ranges all was read before.

use std::collections::VecDeque;
use std::ops::Range;

use actix_web::HttpRequest;
use actix_web::body::SizedStream;
use actix_web::http::header::{
    ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::Stream;
use http_range::HttpRange;
use serde_json::Value;

use super::head::is_head;
use super::{App, damage, reply};
use crate::blobs::{BlobReader, Blobs, ExpectedBytes, Hashing, Stamp, WHOLE, read_some};
use crate::error::{Error, Kind, Result};

/// Bytes sent at a time.
const PIECE: usize = 512 << 10;
/// Ranges of one request at the most.
const RANGES: usize = 16;

/// Stored bytes that somebody asked for.
pub struct StoredBytes {
    /// What they must be.
    pub expected: ExpectedBytes,
    /// What was asked for, as the event says it where they are damaged.
    pub asked: Value,
    /// Their media type.
    pub kind: String,
}

/// What is asked for of some bytes.
#[derive(Debug, PartialEq)]
enum RangesWanted {
    All,
    Ranges(Vec<Range<u64>>),
    Outside,
}

/// Answers with stored bytes: 200, 206 with what was asked for, 416 outside of them or for too many ranges. `describe` adds
/// the headers that say more of the bytes. `leave` is asked before the first of them leaves, and not where none does.
pub async fn send(
    req: &HttpRequest,
    app: &App,
    stored: StoredBytes,
    describe: impl FnOnce(&mut HttpResponseBuilder),
    leave: impl AsyncFnOnce() -> Result<()>,
) -> Result<HttpResponse> {
    let size = stored.expected.size;
    let mut response = HttpResponse::Ok();
    describe(&mut response);
    let digest = STANDARD.encode(stored.expected.sha256.as_bytes());
    response
        .insert_header((CONTENT_TYPE, stored.kind.as_str()))
        .insert_header((HeaderName::from_static("repr-digest"), format!("sha-256=:{digest}:")))
        .insert_header((ACCEPT_RANGES, "bytes"));
    if is_unmodified(req)? {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    let (length, parts) = match wanted(req, size)? {
        RangesWanted::Outside => return Ok(reply::out_of_range(size)),
        RangesWanted::All => (size, VecDeque::from([RangePart::Stored(0..size)])),
        RangesWanted::Ranges(ranges) => in_parts(&mut response, ranges, &stored),
    };
    let mut sending = Sending::new(app, &stored.expected, parts);
    if is_head(req) {
        // Nothing leaves but the digest, and that of nothing else.
        (sending.proof, sending.parts) = (Proof::ReadBefore, VecDeque::new());
    }
    let sending = damage::noted(app, (&stored.expected, &stored.asked), || sending.begun()).await?;
    if !is_head(req) {
        leave().await?;
    }
    Ok(response.body(SizedStream::new(length, pieces(app.clone(), stored, sending))))
}

/// The parts of an answer with ranges, and how many bytes they are together; the status and headers say which.
fn in_parts(
    response: &mut HttpResponseBuilder,
    ranges: Vec<Range<u64>>,
    stored: &StoredBytes,
) -> (u64, VecDeque<RangePart>) {
    let size = stored.expected.size;
    let place = |range: &Range<u64>| format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
    response.status(StatusCode::PARTIAL_CONTENT);
    if let [range] = ranges.as_slice() {
        response.insert_header((CONTENT_RANGE, place(range)));
        return (
            range.end - range.start,
            VecDeque::from([RangePart::Stored(range.clone())]),
        );
    }
    let boundary = crate::proof::id::hex(&crate::clock::random::<16>());
    response.insert_header((CONTENT_TYPE, format!("multipart/byteranges; boundary={boundary}")));
    let (mut length, mut parts) = (0, VecDeque::new());
    for range in ranges {
        let (kind, place) = (&stored.kind, place(&range));
        let head = format!("\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {place}\r\n\r\n");
        length += head.len() as u64 + (range.end - range.start);
        parts.extend([RangePart::Text(head.into()), RangePart::Stored(range)]);
    }
    let end = format!("\r\n--{boundary}--\r\n");
    length += end.len() as u64;
    parts.push_back(RangePart::Text(end.into()));
    (length, parts)
}

/// What counts is the range of a GET, in bytes. Stored bytes have no ETag and no date here, so no `If-Range` matches.
fn wanted(req: &HttpRequest, size: u64) -> Result<RangesWanted> {
    let headers = req.headers();
    let range = headers
        .get(RANGE)
        .filter(|_| *req.method() == Method::GET && !is_head(req) && !headers.contains_key(IF_RANGE));
    let text = range.and_then(|range| range.to_str().ok());
    let unit = |text: &&str| {
        text.trim_start()
            .get(..5)
            .is_some_and(|unit| unit.eq_ignore_ascii_case("bytes"))
    };
    let Some(text) = text.filter(unit) else {
        return Ok(RangesWanted::All);
    };
    let Ok(ranges) = HttpRange::parse(&readable(text.trim()), size) else {
        return Ok(RangesWanted::Outside);
    };
    let ranges: Vec<_> = ranges
        .iter()
        .map(|range| range.start..range.start + range.length)
        .collect();
    // Whoever asks for the same bytes many times wants work to be done, and not bytes.
    let overlap = |(n, a): (usize, &Range<u64>)| ranges[..n].iter().any(|b| a.start < b.end && b.start < a.end);
    if ranges.len() > RANGES || ranges.iter().enumerate().any(overlap) {
        let detail = format!("A request takes {RANGES} ranges at the most, none of which overlap: ask for fewer.");
        return Err(Error::new(Kind::OutOfRange, "range-not-satisfiable", detail));
    }
    Ok(match ranges.is_empty() {
        true => RangesWanted::Outside,
        false => RangesWanted::Ranges(ranges),
    })
}

/// Whether the condition says that whoever asks has the bytes. They have no versions here: no ETag ever matches, and `*`
/// always does.
fn is_unmodified(req: &HttpRequest) -> Result<bool> {
    let any = |value: &HeaderValue| value.as_bytes().trim_ascii() == b"*";
    let headers = req.headers();
    if headers.get(IF_MATCH).is_some_and(|value| !any(value)) {
        return Err(Error::stale());
    }
    Ok(headers.get(IF_NONE_MATCH).is_some_and(any))
}

/// A part of an answer.
enum RangePart {
    /// Between ranges.
    Text(Bytes),
    /// Stored bytes that are still to be read.
    Stored(Range<u64>),
}

/// What says that the bytes are right.
enum Proof {
    /// All of them leave, and are hashed on the way.
    Hashing(Hashing),
    /// All of them were read before, and lay there so.
    ReadBefore,
}

/// Stored bytes on their way.
struct Sending {
    blobs: Blobs,
    expected: ExpectedBytes,
    parts: VecDeque<RangePart>,
    reader: Option<BlobReader>,
    proof: Proof,
    /// How they lay there when the sending began.
    stamp: Option<Stamp>,
    /// The first piece, read before anything is answered.
    first: Option<Bytes>,
}

impl Sending {
    fn new(app: &App, expected: &ExpectedBytes, parts: VecDeque<RangePart>) -> Self {
        let all = matches!(parts.front(), Some(RangePart::Stored(range)) if *range == (0..expected.size));
        Self {
            blobs: app.blobs.clone(),
            expected: expected.clone(),
            parts,
            reader: None,
            proof: if all {
                Proof::Hashing(Hashing::default())
            } else {
                Proof::ReadBefore
            },
            stamp: None,
            first: None,
        }
    }

    /// Looks at the bytes before anything is answered: at all of them where only some leave or they are few. Blocks.
    fn begun(mut self) -> Result<Self> {
        self.stamp = match self.proof {
            Proof::Hashing(_) => self.blobs.stamp_of(&self.expected)?,
            Proof::ReadBefore => self.blobs.check(&self.expected)?,
        };
        self.first = self.next()?;
        Ok(self)
    }

    /// The next bytes; `None` at the end. The last ones are given out only once all were right. Blocks.
    fn next(&mut self) -> Result<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let range = match self.parts.pop_front() {
            None => return Ok(None),
            Some(RangePart::Text(text)) => return Ok(Some(text)),
            Some(RangePart::Stored(range)) => range,
        };
        let piece = self.read(&range)?;
        let left = range.start + piece.len() as u64..range.end;
        if !left.is_empty() {
            self.parts.push_front(RangePart::Stored(left));
            return Ok(Some(piece));
        }
        if !self.parts.iter().any(|part| matches!(part, RangePart::Stored(_))) {
            self.prove()?;
        }
        self.reader = None;
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }

    fn read(&mut self, range: &Range<u64>) -> Result<Bytes> {
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => self.open(range.start)?,
        };
        let wanted = usize::try_from(range.end - range.start).unwrap_or(PIECE).min(PIECE);
        let (mut piece, mut read) = (vec![0; wanted], 0);
        while read < wanted {
            match read_some(&mut reader, &mut piece[read..]).map_err(|e| self.expected.unreadable(e))? {
                0 => return Err(self.expected.damaged("it ended before its end")),
                some => read += some,
            }
        }
        if let Proof::Hashing(hashing) = &mut self.proof {
            hashing.take(&piece);
        }
        self.reader = Some(reader);
        Ok(piece.into())
    }

    fn open(&self, start: u64) -> Result<BlobReader> {
        let opened = self.blobs.open(&self.expected.key, start..WHOLE.end);
        opened.map_err(|e| self.expected.unreadable(e))
    }

    /// Fails where the bytes that were sent, and those that are about to be, are not what they must be.
    fn prove(&mut self) -> Result<()> {
        let Proof::Hashing(hashing) = &mut self.proof else {
            return self.blobs.is_still(&self.expected, self.stamp.as_ref());
        };
        self.expected.compare(&std::mem::take(hashing).finish())?;
        if let Err(e) = self.blobs.found_good(&self.expected, self.stamp.take()) {
            tracing::warn!(detail = %e.detail, "stored bytes were read right, and changed meanwhile");
        }
        Ok(())
    }
}

/// All of the bytes, for an answer that is made from them.
pub async fn whole(app: &App, stored: StoredBytes) -> Result<impl Stream<Item = Result<Bytes>> + use<>> {
    let parts = VecDeque::from([RangePart::Stored(0..stored.expected.size)]);
    let sending = Sending::new(app, &stored.expected, parts);
    let sending = damage::noted(app, (&stored.expected, &stored.asked), || sending.begun()).await?;
    Ok(pieces(app.clone(), stored, sending))
}

/// The bytes as a body. A read that fails, or bytes that are not right, break the connection before the last of them.
fn pieces(app: App, stored: StoredBytes, sending: Sending) -> impl Stream<Item = Result<Bytes>> {
    futures_util::stream::try_unfold((app, stored, sending), |(app, stored, mut sending)| async move {
        let read = move || Ok((sending.next()?, sending));
        let (piece, sending) = damage::noted(&app, (&stored.expected, &stored.asked), read).await?;
        Ok(piece.map(|piece| (piece, (app, stored, sending))))
    })
}

/// The header as the library reads it: the unit in lower case (RFC 9110, section 14.1), and no number larger than any file.
fn readable(text: &str) -> String {
    const LARGEST: &str = "999999999999999999";
    let text = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = piece.trim_end_matches(|c: char| !c.is_ascii_digit());
        let large = digits.trim_start_matches('0').len() > LARGEST.len();
        out.push_str(if large { LARGEST } else { digits });
        out.push_str(&piece[digits.len()..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn ranges_are_read_as_they_are_meant() {
        let within = |text: &str, size| {
            let req = TestRequest::get().insert_header((RANGE, text)).to_http_request();
            wanted(&req, size).map_err(|e| e.code)
        };
        for (text, size, expected) in [
            ("bytes=0-3", 10, &[(0, 4)][..]),
            ("bytes=4-", 10, &[(4, 10)]),
            ("bytes=-3", 10, &[(7, 10)]),
            ("bytes=2-99", 10, &[(2, 10)]),
            ("bytes=2-99999999999999999999999", 10, &[(2, 10)]),
            (" Bytes=0-3", 10, &[(0, 4)]),
            ("bytes=1-2,5-6", 10, &[(1, 3), (5, 7)]),
            ("bytes=5-6, 99-", 10, &[(5, 7)]),
        ] {
            let expected = expected.iter().map(|(start, end)| *start..*end).collect();
            assert_eq!(
                within(text, size),
                Ok(RangesWanted::Ranges(expected)),
                "{text} of {size}"
            );
        }
        for (text, size) in [("bytes=10-", 10), ("bytes=0-", 0), ("bytes=x", 10), ("bytes=", 10)] {
            assert_eq!(within(text, size), Ok(RangesWanted::Outside), "{text} of {size}");
        }
        let many: Vec<_> = (0..17).map(|n| format!("{n}-{n}")).collect();
        for text in ["bytes=0-3,2-5", "bytes=0-,0-,0-", &format!("bytes={}", many.join(","))] {
            assert_eq!(within(text, 100), Err("range-not-satisfiable"), "{text}");
        }
    }

    #[test]
    fn a_range_counts_for_get_in_bytes_without_a_version() {
        let get = || TestRequest::get().insert_header((RANGE, "bytes=0-1"));
        let all = |request: TestRequest| wanted(&request.to_http_request(), 10).unwrap() == RangesWanted::All;
        assert!(!all(get()));
        assert!(all(get().method(Method::HEAD)));
        assert!(all(get().insert_header((IF_RANGE, "\"1\""))));
        assert!(all(get().insert_header((RANGE, "items=0-1"))));
    }

    #[test]
    fn no_version_matches_but_any() {
        let said = |name, value: &'static str| {
            is_unmodified(&TestRequest::get().insert_header((name, value)).to_http_request()).map_err(|e| e.code)
        };
        assert_eq!(
            (said(IF_MATCH, "\"1\""), said(IF_MATCH, "*")),
            (Err("stale-version"), Ok(false))
        );
        assert_eq!(
            (said(IF_NONE_MATCH, "\"1\""), said(IF_NONE_MATCH, "*")),
            (Ok(false), Ok(true))
        );
    }
}
