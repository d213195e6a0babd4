//! Reads multipart/form-data while it arrives (RFC 2046, section 5.1.1, and RFC 7578).
//!
//! `BodyReader` is a state machine over bytes and does no I/O; [`Parts`] feeds it the payload of a request. The
//! reader is strict: each byte belongs to the preamble, a boundary's line, a head, a content, or the epilogue.
//! A body that can be read in two ways is refused, so that no file is taken for shorter than it was sent.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_DISPOSITION, ContentDisposition, DispositionParam, HeaderName, HeaderValue};
use actix_web::mime::{self, Mime};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::StreamExt;
use memchr::{memchr, memchr_iter, memmem};

use super::body;
use crate::error::{Error, Result};

/// Bytes at the most from the end of one content to the beginning of the next, or to the end of the body.
const HEAD: usize = 16 << 10;

/// A multipart body on its way in.
pub struct Parts {
    payload: Payload,
    idle: Duration,
    reader: BodyReader,
}

impl Parts {
    /// The parts of a body whose `Content-Type` names the boundary. A sender silent for `idle` is not waited for.
    pub fn of(content_type: &str, payload: Payload, idle: Duration) -> Result<Self> {
        let boundary = boundary(content_type);
        let boundary = boundary.ok_or_else(|| malformed("its Content-Type names a boundary of 1 to 70 characters"))?;
        Ok(Self {
            payload,
            idle,
            reader: BodyReader::new(&boundary),
        })
    }

    /// The next part; what is left of the one before is skipped. `None` after the last.
    pub async fn next(&mut self) -> Result<Option<PartHead>> {
        loop {
            match self.event().await? {
                BodyEvent::Part(head) => return Ok(Some(head)),
                BodyEvent::Content(_) => {}
                BodyEvent::End => return Ok(None),
            }
        }
    }

    /// Some more of this part's content. `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        if self.reader.state == BodyState::Content
            && let BodyEvent::Content(content) = self.event().await?
            && !content.is_empty()
        {
            return Ok(Some(content));
        }
        Ok(None)
    }

    async fn event(&mut self) -> Result<BodyEvent> {
        let event = async {
            loop {
                if let Some(event) = self.reader.next()? {
                    return Ok(event);
                }
                match self.payload.next().await {
                    Some(Ok(piece)) => self.reader.push(piece),
                    end => {
                        self.reader.ended = true;
                        end.map_or(Ok(()), |_| Err(body::cut_off()))?;
                    }
                }
            }
        };
        let event = tokio::time::timeout(self.idle, event).await;
        event.map_err(|_| body::silent())?
    }
}

#[derive(Debug, PartialEq)]
enum BodyEvent {
    Part(PartHead),
    /// More of the part's content. Empty at its end, and only there.
    Content(Bytes),
    /// The whole body is read, and well-formed.
    End,
}

/// What comes next in the body.
#[derive(Clone, Copy, PartialEq)]
enum BodyState {
    Preamble,
    /// The rest of the line that begins with a boundary.
    BoundaryLine,
    Head,
    Content,
    /// The rest of the line that ends all.
    LastLine,
    Epilogue,
}

/// Takes a body in pieces that may be cut anywhere. It keeps the last piece only, joined with a head or a delimiter
/// that began before it.
struct BodyReader {
    /// CRLF, two dashes and the boundary.
    delimiter: memmem::Finder<'static>,
    state: BodyState,
    unread: Bytes,
    /// Whether the body has ended, or broken off.
    ended: bool,
    /// Whether a part has come.
    begun: bool,
    /// Bytes read since the last content; at most [`HEAD`].
    overhead: usize,
}

impl BodyReader {
    fn new(boundary: &str) -> Self {
        Self {
            delimiter: memmem::Finder::new(&format!("\r\n--{boundary}")).into_owned(),
            state: BodyState::Preamble,
            unread: Bytes::new(),
            ended: false,
            begun: false,
            overhead: 0,
        }
    }

    fn push(&mut self, piece: Bytes) {
        if self.unread.is_empty() {
            self.unread = piece;
        } else {
            let mut joined = BytesMut::from(std::mem::take(&mut self.unread));
            joined.extend_from_slice(&piece);
            self.unread = joined.freeze();
        }
    }

    /// The next event. `None` if another piece must come first.
    fn next(&mut self) -> Result<Option<BodyEvent>> {
        loop {
            let before = self.unread.len();
            let event = match self.state {
                BodyState::Preamble => self.preamble(),
                BodyState::BoundaryLine => self.boundary_line()?,
                BodyState::Head => self.head()?,
                BodyState::Content => self.content(),
                BodyState::LastLine => self.last_line()?,
                BodyState::Epilogue => self.epilogue()?,
            };
            let stuck = event.is_none() && self.unread.len() == before;
            if self.overhead + if stuck { before } else { 0 } > HEAD {
                let message =
                    format!("has more than {HEAD} bytes before a part, in a part's head or after the last part");
                return Err(Error::field("body", "multipart", message));
            }
            if stuck && self.ended {
                return Err(match self.begun {
                    true => body::cut_off(),
                    false => malformed("it ends before its first part"),
                });
            }
            if stuck || event.is_some() {
                return Ok(event);
            }
        }
    }

    /// The first boundary may stand anywhere, not only at the beginning of a line.
    fn preamble(&mut self) -> Option<BodyEvent> {
        let boundary = &self.delimiter.needle()[b"\r\n".len()..];
        let (read, next) = match memmem::find(&self.unread, boundary) {
            Some(at) => (at + boundary.len(), BodyState::BoundaryLine),
            None => (
                (self.unread.len() + 1).saturating_sub(boundary.len()),
                BodyState::Preamble,
            ),
        };
        self.skip(read, next);
        None
    }

    fn boundary_line(&mut self) -> Result<Option<BodyEvent>> {
        let padding = self.unread.iter().take_while(|b| b" \t".contains(b)).count();
        match &self.unread[padding..] {
            [b'-', b'-', ..] if padding == 0 => self.skip(b"--".len(), BodyState::LastLine),
            [b'\r', b'\n', ..] => self.skip(padding + b"\r\n".len(), BodyState::Head),
            [] | [b'\r' | b'-'] => {}
            _ => return Err(malformed("something follows a boundary on its line")),
        }
        Ok(None)
    }

    fn head(&mut self) -> Result<Option<BodyEvent>> {
        let (mut lines, mut start) = (Vec::new(), 0);
        for feed in memchr_iter(b'\n', &self.unread) {
            let line = self.unread[start..=feed].strip_suffix(b"\r\n");
            let line = line.ok_or_else(|| malformed("a line of a part's head ends without a carriage return"))?;
            if line.is_empty() {
                let head = PartHead::parse(&lines)?;
                self.skip(feed + 1, BodyState::Content);
                self.begun = true;
                return Ok(Some(BodyEvent::Part(head)));
            }
            lines.push(line);
            start = feed + 1;
        }
        Ok(None)
    }

    fn content(&mut self) -> Option<BodyEvent> {
        self.overhead = 0;
        let delimiter = self.delimiter.needle();
        let end = self.delimiter.find(&self.unread);
        if end == Some(0) {
            self.unread.advance(delimiter.len());
            self.state = BodyState::BoundaryLine;
            return Some(BodyEvent::Content(Bytes::new()));
        }
        // At the end a delimiter may begin.
        let begun = (1..delimiter.len()).rfind(|n| self.unread.ends_with(&delimiter[..*n]));
        let length = end.unwrap_or(self.unread.len() - begun.unwrap_or(0));
        (length > 0).then(|| BodyEvent::Content(self.unread.split_to(length)))
    }

    fn last_line(&mut self) -> Result<Option<BodyEvent>> {
        let blank = self.unread.iter().take_while(|b| b.is_ascii_whitespace()).count();
        if let Some(feed) = memchr(b'\n', &self.unread[..blank]) {
            self.skip(feed + 1, BodyState::Epilogue);
            return Ok(None);
        }
        self.skip(blank, BodyState::LastLine);
        match self.unread.is_empty() {
            true => Ok(self.ended.then_some(BodyEvent::End)),
            false => Err(malformed("something follows the boundary that ends it, on its line")),
        }
    }

    /// Text for nobody. Where a boundary stands in it, it may be the rest of a file that contains the last one.
    fn epilogue(&mut self) -> Result<Option<BodyEvent>> {
        let boundary = &self.delimiter.needle()[b"\r\n".len()..];
        if memmem::find(&self.unread, boundary).is_some() {
            return Err(malformed("a boundary follows the one that ends it"));
        }
        let read = (self.unread.len() + 1).saturating_sub(boundary.len());
        self.skip(read, BodyState::Epilogue);
        Ok(self.ended.then_some(BodyEvent::End))
    }

    fn skip(&mut self, bytes: usize, next: BodyState) {
        self.unread.advance(bytes);
        self.overhead += bytes;
        self.state = next;
    }
}

/// What the head of a part says.
#[derive(Debug, PartialEq)]
pub struct PartHead {
    /// The name of the form's field.
    pub name: String,
    /// The part's media type, where the head states a valid one.
    pub media_type: Option<String>,
    /// What the sender calls the file, where the part is one; empty where a page's field for files was left empty.
    pub file_name: Option<String>,
}

impl PartHead {
    /// Folded lines are refused, and control characters but in a file's name; other headers are ignored (RFC 7578,
    /// section 4.8), unless they say that the content is no file as it lies.
    fn parse(lines: &[&[u8]]) -> Result<Self> {
        let (mut disposition, mut media_type) = (None, None);
        for line in lines {
            let (field, value) = header(line).ok_or_else(|| malformed("a line of a part's head is no header"))?;
            let earlier = match field.as_str() {
                "content-disposition" => disposition.replace(value),
                "content-type" => media_type.replace(value),
                "content-transfer-encoding" | "content-encoding" => {
                    plain(&field, &value)?;
                    None
                }
                _ => None,
            };
            if earlier.is_some() {
                return Err(malformed("a part's head has a header twice"));
            }
        }
        let disposition = disposition.and_then(|value| form_data(&value));
        let name = disposition.as_ref().and_then(name);
        let file_name = disposition.as_ref().and_then(ContentDisposition::get_filename);
        let media_type = media_type.and_then(|value| value.to_str().ok()?.trim().parse::<Mime>().ok());
        Ok(Self {
            name: name.ok_or_else(|| malformed("a part has no Content-Disposition: form-data with a name"))?,
            media_type: media_type.map(|media_type| media_type.to_string()),
            file_name: file_name.map(str::to_owned),
        })
    }
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = memchr(b':', line)?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    let mut value = Cow::Borrowed(&line[colon + 1..]);
    if name == CONTENT_DISPOSITION {
        value = Cow::Owned(legible(&value).into_bytes());
    }
    Some((name, HeaderValue::from_bytes(&value).ok()?))
}

/// A value in which what a file is called may hold anything: a control character becomes U+FFFD.
fn legible(value: &[u8]) -> String {
    let shown = |c: char| {
        if c.is_ascii_control() && c != '\t' {
            '\u{fffd}'
        } else {
            c
        }
    };
    String::from_utf8_lossy(value).chars().map(shown).collect()
}

/// Refuses a part whose bytes are to be decoded first: kept as they come, they would be another file.
fn plain(field: &HeaderName, value: &HeaderValue) -> Result<()> {
    let coding = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
    if matches!(&*coding, "binary" | "8bit" | "7bit" | "identity" | "") {
        return Ok(());
    }
    let coding: String = coding.chars().take(40).collect();
    let message =
        format!("has a part with {field}: {coding}, which is not undone here: send the file's bytes as they are");
    Err(Error::field("body", "encoding", message))
}

/// A part's `Content-Disposition`, where it is form-data. What it calls the file need be no text at all.
fn form_data(disposition: &HeaderValue) -> Option<ContentDisposition> {
    let mut value = disposition.clone();
    // As often as a head may name a file: `filename`, and `filename*`, which RFC 7578, section 4.2, forbids.
    for _ in 0..3 {
        if let Ok(read) = ContentDisposition::from_raw(&value) {
            return Some(read).filter(ContentDisposition::is_form_data);
        }
        value = without_file_name(&value)?;
    }
    None
}

/// The same without what it calls the file, which `capture` says too.
fn without_file_name(disposition: &HeaderValue) -> Option<HeaderValue> {
    const NAMED: &[u8] = b"filename";
    let bytes = disposition.as_bytes();
    let at = bytes.windows(NAMED.len()).position(|w| w.eq_ignore_ascii_case(NAMED))?;
    if !memchr_iter(b'"', &bytes[..at]).count().is_multiple_of(2) {
        return None;
    }
    let said = memchr(b'=', &bytes[at..]).map_or(bytes.len(), |found| at + found + 1);
    let blanks = bytes[said..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    let from = match bytes.get(said + blanks) {
        Some(b'"') => {
            said + blanks + 1 + memchr(b'"', &bytes[said + blanks + 1..]).unwrap_or(bytes.len() - said - blanks - 1)
        }
        _ => said,
    };
    let end = memchr(b';', &bytes[from..]).map_or(bytes.len(), |found| from + found + 1);
    let rest = [&bytes[..at], &bytes[end..]].concat();
    let rest = rest.trim_ascii_end();
    HeaderValue::from_bytes(rest.strip_suffix(b";").unwrap_or(rest)).ok()
}

/// The one name that it gives.
fn name(disposition: &ContentDisposition) -> Option<String> {
    let mut names = disposition.parameters.iter().filter_map(DispositionParam::as_name);
    let name = names
        .next()
        .filter(|name| !name.is_empty() && !name.contains('\u{fffd}'))?;
    names.next().is_none().then(|| name.to_owned())
}

/// The boundary that a `Content-Type` of multipart/form-data names.
fn boundary(content_type: &str) -> Option<String> {
    let stated: Mime = content_type.parse().ok()?;
    let boundary = stated.get_param(mime::BOUNDARY)?.as_str();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    let valid = (1..=70).contains(&boundary.len()) && boundary.bytes().all(allowed) && !boundary.ends_with(' ');
    (valid && stated.essence_str() == "multipart/form-data").then(|| boundary.to_owned())
}

fn malformed(why: &str) -> Error {
    let advice = "send the part `capture`, then one part a file";
    Error::field(
        "body",
        "multipart",
        format!("is not well-formed multipart/form-data ({why}): {advice}"),
    )
}

#[cfg(test)]
mod tests;
