//! Sanitized copies of web archives, made in a process of its own: what lets somebody into an account, and names that somebody
//! lists, are replaced by one word, in heads, addresses and texts.
//!
//! What is searched: heads of WARC records and of HTTP messages; bodies that say they are text, unpacked where they are packed
//! with gzip, deflate or Brotli; the parts of a saved page (MHTML); the index, the pages and the description of a WACZ. What is not: pictures, films, fonts and
//! whatever else is no text, text in UTF-16, and what is packed or encoded in another way. The process counts these, and
//! says so.

mod html;
mod mhtml;
mod parts;
mod scrub;
mod wacz;
mod warc;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use super::child::{Budget, Decoding, DecodingEnd, INPUT, OUTPUT};
use super::{MadeOrNot, PictureMaker, Unmade, WorkRoom, broken, read_at_most};
pub use parts::SanitizedCounts;
use scrub::Scrub;

/// The argument with which the process makes a sanitized copy.
pub(super) const WORD: &str = "sanitized-copy";
/// Larger archives are not sanitized: somebody waits for the answer.
const LARGEST: u64 = 200 << 20;
/// Names of files in the folder: the names that are listed, the copy, and the answer.
const NAMES: &str = "names";
const COPY: &str = "copy";
const ANSWER: &str = "sanitized";

/// A sanitized copy.
#[derive(Debug)]
pub struct SanitizedArchive {
    pub counts: SanitizedCounts,
    pub bytes: File,
}

/// Whether archives of this type can be sanitized.
pub fn is_archive(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/warc" | "application/wacz" | "application/gzip" | "text/html" | "multipart/related"
    )
}

impl PictureMaker {
    /// A copy of an archive without what lets somebody into an account, and without these names. Blocks, for minutes at the
    /// most.
    ///
    /// # Errors
    /// Where this machine fails. That a file cannot be read is no error.
    pub fn sanitize(
        &self,
        source: impl Read,
        (media_type, size): (&str, u64),
        names: &[String],
    ) -> MadeOrNot<SanitizedArchive> {
        if size > LARGEST {
            let why = format!("the archive is larger than {} MB", LARGEST >> 20);
            return Ok(Err(Unmade::Failed(why)));
        }
        let room = WorkRoom::make(&self.folder)?;
        room.take(source)?;
        // Arguments of a process are seen by others on the machine: the names are not among them.
        fs::write(room.path().join(NAMES), serde_json::to_vec(names)?)?;
        let job = Decoding {
            program: &self.program,
            room: room.path(),
            go_on: &|| Ok(()),
            budget: Budget::Document,
        };
        let answer = room.path().join(ANSWER);
        let args: [OsString; 2] = [WORD.into(), media_type.into()];
        let ended = job.run(&room.path().join(INPUT), &answer, &args)?;
        if ended != DecodingEnd::Well {
            return Ok(Err(Unmade::Failed(ended.reason())));
        }
        let said = read_at_most(&answer, OUTPUT)?;
        let said = std::str::from_utf8(&said).map_err(|_| broken("said what is no text"))?;
        if let Some(reason) = said.trim_end().strip_prefix("failed ") {
            return Ok(Err(Unmade::Failed(reason.to_owned())));
        }
        let counts = said
            .strip_prefix("sanitized ")
            .and_then(|json| serde_json::from_str(json).ok());
        Ok(Ok(SanitizedArchive {
            counts: counts.ok_or_else(|| broken("did not say what it sanitized"))?,
            bytes: File::open(room.path().join(COPY))?,
        }))
    }
}

/// The process: sanitizes standard input into a file, and answers on standard output.
pub(super) fn sanitize_input(args: &[OsString]) -> std::result::Result<(), String> {
    let failed = |e: io::Error| e.to_string();
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(failed)?;
    let names = fs::read(NAMES).map_err(failed)?;
    let names: Vec<String> = serde_json::from_slice(&names).map_err(|e| e.to_string())?;
    let media_type = args.first().and_then(|kind| kind.to_str()).unwrap_or_default();
    let answer = match sanitized(&bytes, media_type, &names) {
        Ok((copy, counts)) => {
            fs::write(COPY, copy).map_err(failed)?;
            let counts = serde_json::to_string(&counts).map_err(|e| e.to_string())?;
            format!("sanitized {counts}\n")
        }
        Err(reason) => format!("failed {}\n", reason.replace(['\n', '\r'], " ")),
    };
    io::stdout().write_all(answer.as_bytes()).map_err(failed)
}

fn sanitized(
    bytes: &[u8],
    media_type: &str,
    names: &[String],
) -> std::result::Result<(Vec<u8>, SanitizedCounts), String> {
    let mut scrub = Scrub::new(names)?;
    let copy = match media_type {
        "application/warc" | "application/gzip" => warc::copy(bytes, &mut scrub)?.bytes,
        "application/wacz" => wacz::copy(bytes, &mut scrub)?,
        "text/html" => html::copy(bytes, &mut scrub)?,
        "multipart/related" => mhtml::copy(bytes, &mut scrub)?,
        _ => return Err(format!("files of type {media_type} are not sanitized here")),
    };
    Ok((copy, scrub.counts))
}
