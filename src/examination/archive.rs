//! WARC (ISO 28500): what an archive of web pages holds, and whether its digests are those of its content.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Take};

use aws_lc_rs::digest::{self, Algorithm, Context};
use flate2::bufread::MultiGzDecoder;

use super::head;
use super::model::{FactSource, FileFlag, Findings, shortened};
use super::page;
use super::timed::{LONGEST, ReadingTime, TimedReader, stopped};
use super::warc::{WarcError, WarcHead, next_head};

/// Addresses that are listed.
const ADDRESSES: usize = 20;
/// The kinds of records that the standard knows.
const KINDS: [&str; 8] = [
    "warcinfo",
    "response",
    "resource",
    "request",
    "metadata",
    "revisit",
    "conversion",
    "continuation",
];
/// Bytes of a record that are read for the head of an answer, and for its page.
const KEPT: usize = 512 << 10;
/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// Whether these first bytes are those of a gzipped WARC.
pub(super) fn is_gzipped_warc(head: &[u8]) -> bool {
    let mut start = Vec::new();
    // A head is cut off, which is said after what could be unpacked.
    let _ = MultiGzDecoder::new(head).take(8).read_to_end(&mut start);
    start.starts_with(b"WARC/")
}

/// Reads an archive, gzipped or not.
pub(super) fn read(file: &mut File, found: &mut Findings) -> io::Result<()> {
    let begins = head(file, 2)?;
    file.rewind()?;
    let plain = BufReader::new(TimedReader::new(&mut *file, ReadingTime::from_now(LONGEST)));
    let mut archive = Archive::default();
    let ended = match begins[..] {
        [0x1f, 0x8b] => archive.records(BufReader::new(MultiGzDecoder::new(plain))),
        _ => archive.records(plain),
    };
    if let Err(why) = ended {
        tell_end(&why, "the archive", found);
    }
    archive.tell(found);
    Ok(())
}

/// Says why an archive was not read to its end.
pub(super) fn tell_end(why: &WarcError, name: &str, found: &mut Findings) {
    match why.is_late() {
        true => found.flag(FileFlag::Stopped, stopped()),
        false => found.flag(FileFlag::CutOff, format!("{name} cannot be read to its end: {why}")),
    }
}

/// What the records of one or more WARC files say.
#[derive(Default)]
pub(super) struct Archive {
    types: BTreeMap<String, u64>,
    dates: Option<(String, String)>,
    software: Option<String>,
    addresses: Vec<String>,
    more: u64,
    right: u64,
    wrong: Vec<String>,
    wrong_more: u64,
    unknown: u64,
    /// The first page that an answer holds.
    first_page: Option<(Vec<u8>, String)>,
    /// The status of the first answer.
    first_status: Option<(u16, String)>,
}

impl Archive {
    /// Reads all records; an error is why it came to no end.
    pub fn records(&mut self, mut from: impl BufRead) -> std::result::Result<(), WarcError> {
        let mut any = false;
        while let Some(head) = next_head(&mut from)? {
            let mut block = from.by_ref().take(head.length()?);
            self.record(&head, &mut block)?;
            if block.limit() > 0 {
                return Err(WarcError::Short);
            }
            any = true;
        }
        any.then_some(()).ok_or(WarcError::Empty)
    }

    fn record(&mut self, head: &WarcHead, record: &mut Take<impl Read>) -> io::Result<()> {
        let kind = head.kind();
        let said = |name: &str| Some(head.text(name)).filter(|value| !value.is_empty());
        let named = match KINDS.contains(&kind.as_str()) {
            true => kind.clone(),
            false => "of another kind".to_owned(),
        };
        *self.types.entry(named).or_default() += 1;
        if let Some(at) = said("WARC-Date") {
            let (first, last) = self.dates.get_or_insert_with(|| (at.clone(), at.clone()));
            *first = first.clone().min(at.clone());
            *last = last.clone().max(at);
        }
        let address = said("WARC-Target-URI");
        let mut block = DeclaredDigest::of(said("WARC-Block-Digest").as_deref());
        let declared = said("WARC-Payload-Digest");
        let has_head = matches!(kind.as_str(), "response" | "request");
        let mut payload = DeclaredDigest::of(declared.as_deref().filter(|_| kind != "revisit"));
        let (mut kept, mut chunk) = (Vec::new(), vec![0; CHUNK]);
        let mut in_payload = !has_head;
        loop {
            let read = record.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            let bytes = &chunk[..read];
            block.update(bytes);
            let before = kept.len();
            kept.extend_from_slice(&bytes[..read.min(KEPT.saturating_sub(before))]);
            if in_payload {
                payload.update(bytes);
            } else if let Some(end) = head_end(&kept) {
                in_payload = true;
                payload.update(&bytes[end.saturating_sub(before)..]);
            }
        }
        let name = address.as_deref().unwrap_or("a record without address").to_owned();
        // A block is the whole record. Of a payload that came in pieces nobody knows over what its digest is.
        let unsure = has_head && is_chunked(&kept);
        for (holds, unsure) in [(block.held(), false), (payload.held(), unsure)] {
            match holds {
                Some(true) => self.right += 1,
                Some(false) if unsure => self.unknown += 1,
                Some(false) if self.wrong.len() < ADDRESSES => self.wrong.push(name.clone()),
                Some(false) => self.wrong_more += 1,
                None => {}
            }
        }
        match kind.as_str() {
            "warcinfo" => self.software = self.software.take().or_else(|| software(&kept)),
            "response" => self.answer(name, &kept),
            _ => {}
        }
        Ok(())
    }

    fn answer(&mut self, address: String, kept: &[u8]) {
        let end = head_end(kept).unwrap_or(kept.len());
        let head = String::from_utf8_lossy(&kept[..end]);
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        let aside = ["/robots.txt", "/favicon.ico"].iter().any(|end| address.ends_with(end));
        let is_page = address.starts_with("http") && !aside;
        if let (Some(status), None, true) = (status, &self.first_status, is_page) {
            self.first_status = Some((status, address.clone()));
        }
        let head = head.to_lowercase();
        let plain = !head.contains("content-encoding:") && head.contains("content-type: text/html");
        if plain && self.first_page.is_none() {
            self.first_page = Some((kept[end..].to_vec(), address.clone()));
        }
        match self.addresses.len() < ADDRESSES {
            true => self.addresses.push(match status {
                Some(status) => format!("{status} {}", shortened(&address, 300)),
                None => shortened(&address, 300),
            }),
            false => self.more += 1,
        }
    }

    /// Says what was found.
    pub fn tell(self, found: &mut Findings) {
        let mut fact = |name: &str, value: &str| found.fact(FactSource::Archive, name, value);
        let types: Vec<String> = self.types.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        fact("Records", &types.join(", "));
        if let Some((first, last)) = &self.dates {
            fact("First record", first);
            fact("Last record", last);
        }
        fact("Software", self.software.as_deref().unwrap_or_default());
        for address in &self.addresses {
            fact("Answer", address);
        }
        if self.more > 0 {
            fact("More answers", &self.more.to_string());
        }
        fact("Digests that hold", &self.right.to_string());
        if self.unknown > 0 {
            fact(
                "Digests not compared",
                &format!("{} over bodies sent in pieces", self.unknown),
            );
        }
        if !self.wrong.is_empty() {
            let count = self.wrong.len() as u64 + self.wrong_more;
            let why = format!(
                "{count} digests are not those of their records: {}",
                self.wrong.join(", ")
            );
            found.flag(FileFlag::DigestDiffers, why);
        }
        if let Some((html, _)) = &self.first_page {
            page::read_html_bytes(html, found);
        }
        if let Some((status @ (404 | 410 | 451), address)) = self.first_status {
            let why = format!("the first answer is {status}, for {address}");
            found.flag(FileFlag::PageUnavailable, why);
        }
    }
}

/// A digest that a record declares, and that of what is read.
struct DeclaredDigest {
    declared: String,
    context: Option<Context>,
}

impl DeclaredDigest {
    fn of(declared: Option<&str>) -> Self {
        let (algorithm, value) = declared.and_then(|digest| digest.split_once(':')).unwrap_or_default();
        let algorithm: Option<&'static Algorithm> = match algorithm.to_ascii_lowercase().as_str() {
            "sha1" => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            "sha256" | "sha-256" => Some(&digest::SHA256),
            "sha512" | "sha-512" => Some(&digest::SHA512),
            _ => None,
        };
        Self {
            declared: value.trim().to_owned(),
            context: algorithm.map(Context::new),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        if let Some(context) = &mut self.context {
            context.update(bytes);
        }
    }

    /// Whether it is the declared one, in Base 32 or hex; none where nothing is declared that can be compared.
    fn held(self) -> Option<bool> {
        let made = self.context?.finish();
        let base32 = data_encoding::BASE32.encode(made.as_ref());
        let hex = crate::proof::id::hex(made.as_ref());
        let (declared, base32) = (self.declared.trim_end_matches('='), base32.trim_end_matches('='));
        Some(declared.eq_ignore_ascii_case(base32) || self.declared.eq_ignore_ascii_case(&hex))
    }
}

/// Whether the body of an HTTP message came in pieces: programs differ in whether a digest is over the pieces or over what they
/// make together.
fn is_chunked(message: &[u8]) -> bool {
    let head = &message[..head_end(message).unwrap_or(0)];
    let head = String::from_utf8_lossy(head).to_lowercase();
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.any(|(name, value)| name == "transfer-encoding" && value.contains("chunked"))
}

/// Where the head of an HTTP message ends.
fn head_end(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

fn software(kept: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(kept);
    let line = text.lines().find_map(|line| line.strip_prefix("software:"));
    line.map(|line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_read_until_the_time_was_over_is_told() {
        let record = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/\r\nWARC-Date: 2026-11-22T14:07:31Z\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n";
        let mut archive = Archive::default();
        archive.records(&record[..]).expect("a record");
        let late = TimedReader::new(&record[..], ReadingTime::from_now(Duration::ZERO));
        let why = archive.records(BufReader::new(late)).expect_err("no time");
        let mut found = Findings::default();
        tell_end(&why, "the archive", &mut found);
        archive.tell(&mut found);
        assert!(
            found.is_flagged(FileFlag::Stopped) && !found.is_flagged(FileFlag::CutOff),
            "{found:?}"
        );
        assert!(found.facts.iter().any(|fact| fact.value == "1 response"), "{found:?}");
    }

    #[test]
    fn a_cut_archive_and_one_without_records_are_told() {
        let whole = b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: 9\r\n\r\nabc";
        assert!(matches!(Archive::default().records(&whole[..]), Err(WarcError::Short)));
        assert!(matches!(
            Archive::default().records(&b"\r\n"[..]),
            Err(WarcError::Empty)
        ));
    }
}
