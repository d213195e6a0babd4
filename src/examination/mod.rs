//! Reading what files say of themselves: EXIF, XMP, places, sizes, archives, pages. Bytes in, values out.
//!
//! It runs in a process of its own under limits, as all decoding does (`pictures`), because the bytes are hostile. What is
//! found is derived, and is no evidence: the file beside it is.

mod archive;
mod credentials;
mod encrypted;
mod exif;
mod jpeg;
mod later;
mod media;
mod model;
mod page;
mod picture;
mod timed;
mod wacz;
pub mod warc;
mod xmp;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use credentials::{C2PA, CREDENTIALS, carries};
pub use jpeg::decoded_in_part;
pub use later::later_than;
pub use media::read_probe;
pub use model::{FactSource, FileFlag, Findings, FoundFact, NamedPlace, PerceptualHash, RaisedFlag};
pub use page::NOT_SEARCHED;
pub use picture::IN_PART;

/// The argument with which a process examines its standard input.
pub const WORD: &str = "examine";
/// With this type, only the picture itself is read, and not what lies around it: for a copy that another program decoded.
pub const STILL: &str = "still";

/// The process: examines standard input, a file of this type, and answers JSON on standard output.
///
/// # Errors
/// Where standard input or output fails.
pub fn examine_input(media_type: &str) -> std::result::Result<(), String> {
    let failed = |e: io::Error| e.to_string();
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    let found = examine(&mut input, media_type).map_err(failed)?;
    let answer = serde_json::to_vec(&found.bounded()).map_err(|e| e.to_string())?;
    io::stdout().write_all(&answer).map_err(failed)
}

/// Examines a file of this type.
///
/// # Errors
/// Where the file cannot be read. That it is damaged is a finding.
pub fn examine(file: &mut File, media_type: &str) -> io::Result<Findings> {
    let mut found = Findings::default();
    if media_type == STILL {
        picture::read(file, &mut found)?;
        return Ok(found);
    }
    if let Some(kind) = media_type.strip_prefix(CREDENTIALS) {
        let read = catch_unwind(AssertUnwindSafe(|| credentials::read_manifest(file, kind, &mut found)));
        match read {
            Ok(read) => read?,
            Err(_) => found.flag(
                FileFlag::Unreadable,
                "its content credentials are damaged, and were not read",
            ),
        }
        return Ok(found);
    }
    type PartReader = fn(&mut File, &mut Findings) -> io::Result<()>;
    let readers: &[PartReader] = match media_type {
        "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "image/tiff" | "image/bmp" => {
            &[exif::read, xmp::read, picture::read]
        }
        "image/heif" | "image/heic" | "image/avif" => &[exif::read, xmp::read],
        kind if kind.starts_with("video/") || kind.starts_with("audio/") => &[xmp::read],
        "text/html" | "application/xhtml+xml" => &[page::read_html],
        "multipart/related" => &[page::read_mhtml],
        "application/warc" => &[archive::read],
        "application/gzip" if begins_with(file, archive::is_gzipped_warc)? => &[archive::read],
        "application/zip" | "application/wacz" => &[wacz::read],
        kind if kind.starts_with("application/vnd.openxmlformats") => &[wacz::read],
        "application/pdf" => &[encrypted::read_pdf],
        "application/x-cfb" | "application/x-ole-storage" => &[encrypted::read_office],
        _ => &[],
    };
    found.unread = readers.is_empty() && !carries(media_type);
    let credentials: &[PartReader] = if carries(media_type) { &[credentials::read] } else { &[] };
    for reader in credentials.iter().chain(readers) {
        // One that gives up takes nothing of what the others find.
        let read = catch_unwind(AssertUnwindSafe(|| reader(file, &mut found)));
        match read {
            Ok(read) => read?,
            Err(_) => found.flag(FileFlag::Unreadable, "a part of it is damaged, and was not read"),
        }
    }
    credentials::elsewhere(&mut found);
    Ok(found)
}

/// What the first bytes of a file say; it is read from its beginning afterwards.
fn begins_with(file: &mut File, is: fn(&[u8]) -> bool) -> io::Result<bool> {
    let head = head(file, 4096)?;
    Ok(is(&head))
}

/// The first bytes of a file, which is read from its beginning afterwards.
fn head(file: &mut File, most: u64) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut bytes = Vec::new();
    Read::by_ref(file).take(most).read_to_end(&mut bytes)?;
    file.rewind()?;
    Ok(bytes)
}

/// The last bytes of a file.
fn tail(file: &mut File, most: u64) -> io::Result<Vec<u8>> {
    let size = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(size.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
