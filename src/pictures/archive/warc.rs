//! WARC 1.0 and 1.1 (ISO 28500): records read one by one, sanitized, and written with digests of their own.

use std::collections::HashMap;
use std::io::{Read, Write};

use aws_lc_rs::digest::{self, Algorithm};
use data_encoding::{BASE32, HEXLOWER};
use flate2::Compression;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;

use super::html;
use super::parts::{ALL_UNPACKED, read_all};
use super::scrub::Scrub;
use crate::examination::warc::{WarcError, WarcHead, head_lines, line, next_head};

type Read1<T> = Result<T, String>;

/// A sanitized WARC.
#[derive(Default)]
pub(super) struct WarcCopy {
    pub bytes: Vec<u8>,
    /// Where each record stood, and where it stands now with its length.
    pub places: HashMap<u64, (u64, u64)>,
    /// Digests of payloads as they were, and as they are.
    pub digests: HashMap<String, String>,
}

/// One record: its head and its block.
struct WarcRecord {
    head: WarcHead,
    block: Vec<u8>,
}

impl WarcRecord {
    fn text(&self, name: &str) -> String {
        self.head.text(name)
    }

    fn set(&mut self, name: &str, value: Vec<u8>) {
        let mut lines = self.head.lines.iter_mut();
        if let Some((_, own)) = lines.find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            *own = value;
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = format!("{}\r\n", self.head.version).into_bytes();
        write_head(&mut out, &self.head.lines);
        out.extend_from_slice(&self.block);
        out.extend_from_slice(b"\r\n\r\n");
        out
    }
}

/// Writes names and values, and the empty line after them.
pub(super) fn write_head(out: &mut Vec<u8>, head: &[(String, Vec<u8>)]) {
    for (name, value) in head {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// A sanitized copy of a WARC, packed record by record where the original is packed.
pub(super) fn copy(bytes: &[u8], scrub: &mut Scrub) -> Read1<WarcCopy> {
    let mut made = WarcCopy::default();
    let packed = bytes.starts_with(&[0x1f, 0x8b]);
    let (mut place, mut total) = (0, 0);
    while place < bytes.len() {
        let (records, next) = match packed {
            true => {
                let mut member = GzDecoder::new(&bytes[place..]);
                let records = read_all(&mut member)?;
                (
                    std::borrow::Cow::Owned(records),
                    bytes.len() - member.into_inner().len(),
                )
            }
            false => (std::borrow::Cow::Borrowed(&bytes[place..]), bytes.len()),
        };
        total += records.len() as u64;
        if total > ALL_UNPACKED {
            return Err(format!("it is larger than {} MB unpacked", ALL_UNPACKED >> 20));
        }
        let mut left = &records[..];
        loop {
            left = &left[left.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count()..];
            if left.is_empty() {
                break;
            }
            let within = if packed { 0 } else { records.len() - left.len() };
            let record = read(&mut left).map_err(|e| e.to_string())?;
            let record = sanitized(record, scrub, &mut made.digests)?.bytes();
            let began = made.bytes.len() as u64;
            match packed {
                true => pack(&mut made.bytes, &record)?,
                false => made.bytes.extend_from_slice(&record),
            }
            let stands = (began, made.bytes.len() as u64 - began);
            made.places.entry((place + within) as u64).or_insert(stands);
        }
        place = next;
    }
    match made.places.is_empty() {
        true => Err("it has no record: it is no WARC".into()),
        false => Ok(made),
    }
}

fn pack(out: &mut Vec<u8>, record: &[u8]) -> Read1<()> {
    let mut member = GzEncoder::new(out, Compression::default());
    member
        .write_all(record)
        .and_then(|()| member.finish().map(drop))
        .map_err(|e| e.to_string())
}

/// The next record, of bytes that then begin behind it.
fn read(left: &mut &[u8]) -> Result<WarcRecord, WarcError> {
    let head = next_head(left)?.ok_or(WarcError::NoHead)?;
    let (length, mut block) = (head.length()?, Vec::new());
    left.take(length).read_to_end(&mut block)?;
    match block.len() as u64 == length {
        true => Ok(WarcRecord { head, block }),
        false => Err(WarcError::Short),
    }
}

fn sanitized(mut record: WarcRecord, scrub: &mut Scrub, digests: &mut HashMap<String, String>) -> Read1<WarcRecord> {
    for (name, value) in &mut record.head.lines {
        *value = scrub.head(name, value);
    }
    let kind = record.head.kind();
    let is_http = record
        .text("Content-Type")
        .to_ascii_lowercase()
        .starts_with("application/http");
    let was = record.block.clone();
    let payload = match is_http && matches!(kind.as_str(), "request" | "response" | "revisit") {
        true => message(&mut record, scrub)?,
        false => {
            let media_type = record.text("Content-Type");
            record.block = body(&was, &media_type, scrub)?;
            0
        }
    };
    let is_other = record.block != was;
    if is_other {
        let length = record.block.len().to_string().into_bytes();
        record.set("Content-Length", length);
        let block = record.block.clone();
        rehash(&mut record, "WARC-Block-Digest", &block);
    }
    let old = record.text("WARC-Payload-Digest");
    if let Some(new) = digests.get(&old).filter(|_| kind == "revisit") {
        // It names the payload of another record, whose digest is another by now.
        record.set("WARC-Payload-Digest", new.clone().into_bytes());
    } else if is_other && kind != "revisit" {
        let payload = record.block[payload.min(record.block.len())..].to_vec();
        rehash(&mut record, "WARC-Payload-Digest", &payload);
        let new = record.text("WARC-Payload-Digest");
        if !old.is_empty() && old != new {
            digests.insert(old, new);
        }
    }
    Ok(record)
}

/// Puts the digest of these bytes by the algorithm and in the letters of the one that stands there. One that is not known
/// here goes.
fn rehash(record: &mut WarcRecord, name: &str, bytes: &[u8]) {
    let old = record.text(name);
    if old.is_empty() {
        return;
    }
    match again(&old, bytes) {
        Some(new) => record.set(name, new.into_bytes()),
        None => record.head.lines.retain(|(own, _)| !own.eq_ignore_ascii_case(name)),
    }
}

/// The digest of these bytes, written as the old one is.
pub(super) fn again(old: &str, bytes: &[u8]) -> Option<String> {
    let (label, letters) = old.split_once(':')?;
    let algorithm: &'static Algorithm = match label.to_ascii_lowercase().as_str() {
        "sha1" | "sha-1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" | "sha-256" => &digest::SHA256,
        "sha512" | "sha-512" => &digest::SHA512,
        _ => return None,
    };
    let made = digest::digest(algorithm, bytes);
    let is_hex = letters.len() == 2 * algorithm.output_len();
    let letters = match is_hex {
        true => HEXLOWER.encode(made.as_ref()),
        false => BASE32.encode(made.as_ref()),
    };
    Some(format!("{label}:{letters}"))
}

/// Sanitizes an HTTP message in the block of a record; gives back where its payload begins.
fn message(record: &mut WarcRecord, scrub: &mut Scrub) -> Read1<usize> {
    let mut payload = &record.block[..];
    // One that is too long is refused: what stands in a part of it would be looked for in vain.
    let first = line(&mut payload).map_err(|e| e.to_string())?;
    let head = head_lines(&mut payload).map_err(|e| e.to_string())?;
    let (Some(first), Some(mut head)) = (first, head) else {
        // A head without an end: all of it is one.
        record.block = scrub.text(&record.block).into_owned();
        return Ok(record.block.len());
    };
    for (name, value) in &mut head {
        *value = scrub.head(name, value);
    }
    let value = |name: &str| {
        let own = head.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        own.map(|(_, value)| String::from_utf8_lossy(value).trim().to_ascii_lowercase())
            .unwrap_or_default()
    };
    let (media_type, coding, chunks) = (
        value("Content-Type"),
        value("Content-Encoding"),
        value("Transfer-Encoding"),
    );
    let plain = match chunks.contains("chunked") {
        true => unchunked(payload),
        false => None,
    };
    let plain = plain.unwrap_or_else(|| payload.to_vec());
    let left = match is_text(&media_type).then(|| unpacked(&plain, &coding)) {
        Some(Some(text)) => {
            let left = body(&text, &media_type, scrub)?;
            (left != text).then_some(left)
        }
        _ => {
            scrub.counts.unsearched += u64::from(!plain.is_empty());
            None
        }
    };
    let mut block = scrub.text(&first).into_owned();
    block.extend_from_slice(b"\r\n");
    let payload = match left {
        Some(left) => {
            head.retain(|(name, _)| {
                let own = name.to_ascii_lowercase();
                ![
                    "content-encoding",
                    "transfer-encoding",
                    "content-length",
                    "content-md5",
                    "digest",
                ]
                .contains(&own.as_str())
            });
            head.push(("Content-Length".into(), left.len().to_string().into_bytes()));
            left
        }
        None => payload.to_vec(),
    };
    write_head(&mut block, &head);
    let began = block.len();
    block.extend_from_slice(&payload);
    record.block = block;
    Ok(began)
}

/// Whether bytes of this type are text. What says nothing is none.
fn is_text(media_type: &str) -> bool {
    let own = media_type.to_ascii_lowercase();
    let texts = [
        "text/",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/warc-fields",
    ];
    let parts = ["json", "javascript", "ecmascript", "xml", "mpegurl"];
    !own.contains("utf-16")
        && (texts.iter().any(|text| own.starts_with(text)) || parts.iter().any(|part| own.contains(part)))
}

/// A body without tokens and names.
pub(super) fn body(bytes: &[u8], media_type: &str, scrub: &mut Scrub) -> Read1<Vec<u8>> {
    if !is_text(media_type) || bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        scrub.counts.unsearched += u64::from(!bytes.is_empty());
        return Ok(bytes.to_vec());
    }
    match media_type.to_ascii_lowercase().contains("html") {
        true => html::copy(bytes, scrub),
        false => Ok(scrub.text(bytes).into_owned()),
    }
}

/// A body as its sender wrote it, before it was packed; None where it is packed in a way that is not known here.
fn unpacked(bytes: &[u8], coding: &str) -> Option<Vec<u8>> {
    match coding {
        "" | "identity" => Some(bytes.to_vec()),
        // A crawler may have unpacked it, and left the head as it was.
        "gzip" | "x-gzip" if !bytes.starts_with(&[0x1f, 0x8b]) => Some(bytes.to_vec()),
        "gzip" | "x-gzip" => read_all(flate2::bufread::MultiGzDecoder::new(bytes)).ok(),
        "deflate" => read_all(ZlibDecoder::new(bytes))
            .or_else(|_| read_all(DeflateDecoder::new(bytes)))
            .ok(),
        "br" => read_all(brotli_decompressor::Decompressor::new(bytes, 4096))
            .ok()
            .or_else(|| {
                let is_plain = std::str::from_utf8(bytes).is_ok();
                is_plain.then(|| bytes.to_vec())
            }),
        _ => None,
    }
}

/// A body without the lengths between its chunks; None where it has none.
fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut all = Vec::with_capacity(bytes.len());
    loop {
        let end = bytes.iter().position(|b| *b == b'\n')?;
        let (length, rest) = (&bytes[..end], &bytes[end + 1..]);
        let digits = length.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
        let length = usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        if length == 0 {
            return Some(all);
        }
        all.extend_from_slice(rest.get(..length)?);
        bytes = rest.get(length..)?.strip_prefix(b"\r\n")?;
    }
}
