//! Content credentials (C2PA 2.x): whether a file carries them, and, in a program built with the feature `c2pa`, what they say
//! and whether they hold (docs/adr/0070-content-credentials.md).
//!
//! Nothing is fetched: no remote manifest, no list of trusted signers, no word on revoked certificates.

#[cfg(feature = "c2pa")]
mod manifest;

use std::fs::File;
use std::io::{self, Read, Seek};

use memchr::memmem::Finder;

use super::model::{FactSource, Findings};

/// What stands before the type of a file whose content credentials are to be read, and nothing else of it: they are read in a
/// process of their own, so that what they do to their reader takes nothing of what the others find.
pub const CREDENTIALS: &str = "credentials of ";
/// What a program lacks that was built without them.
pub const C2PA: &str = "c2pa";
/// The name of the fact that says whether they are there, and in what state.
pub(super) const STATE: &str = "State";

/// How the box of a manifest store begins (ISO 19566-5, C2PA 2.x section 11.1): its description, and the UUID of its content.
const BOX: &[u8] = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71";
/// How it begins in SVG, where it is written in Base64.
const IN_SVG: &[u8] = b"c2pa:manifest";
/// Bytes looked at in one step.
const STEP: usize = 1 << 20;

/// Whether a file of this type can carry content credentials that the library reads.
pub fn carries(media_type: &str) -> bool {
    matches!(
        media_type,
        "image/jpeg"
            | "image/png"
            | "image/gif"
            | "image/webp"
            | "image/tiff"
            | "image/heif"
            | "image/heic"
            | "image/avif"
            | "image/jxl"
            | "image/svg+xml"
            | "video/mp4"
            | "video/x-m4v"
            | "video/quicktime"
            | "video/x-msvideo"
            | "audio/mp4"
            | "audio/m4a"
            | "audio/mpeg"
            | "audio/x-wav"
            | "audio/x-flac"
    )
}

/// Says that a file carries content credentials, where it does, and that this program does not read them, where it does not.
pub(super) fn read(file: &mut File, found: &mut Findings) -> io::Result<()> {
    let is_read = cfg!(feature = "c2pa");
    if is_there(file)? {
        let told = match is_read {
            true => "are in the file",
            false => "are in the file, and are not read by this build",
        };
        found.fact(FactSource::Credentials, STATE, told);
    }
    if !is_read {
        found.lacks.push(C2PA.to_owned());
    }
    Ok(())
}

/// Says where a file says that its content credentials lie, if not in it.
pub(super) fn elsewhere(found: &mut Findings) {
    let here = found.facts.iter().any(|fact| fact.source == FactSource::Credentials);
    let named = |name: &str| name.eq_ignore_ascii_case("dcterms:provenance");
    let place = found
        .facts
        .iter()
        .find(|fact| named(&fact.name))
        .map(|fact| fact.value.clone());
    if let (false, Some(place)) = (here, place) {
        let told = format!("are said to lie at {place}, which was not asked");
        found.fact(FactSource::Credentials, STATE, told);
    }
}

/// Reads the content credentials of a file of this type, and nothing else of it.
pub(super) fn read_manifest(file: &mut File, media_type: &str, found: &mut Findings) -> io::Result<()> {
    #[cfg(feature = "c2pa")]
    return manifest::read(file, media_type, found);
    #[cfg(not(feature = "c2pa"))]
    {
        let _ = media_type;
        read(file, found)
    }
}

/// Whether a manifest store lies anywhere in a file, whatever its container.
fn is_there(file: &mut File) -> io::Result<bool> {
    let seen = [Finder::new(BOX), Finder::new(IN_SVG)];
    file.rewind()?;
    let (mut bytes, mut kept) = (vec![0; STEP + BOX.len()], 0);
    loop {
        let read = file.read(&mut bytes[kept..])?;
        if read == 0 {
            return Ok(false);
        }
        let all = &bytes[..kept + read];
        if seen.iter().any(|one| one.find(all).is_some()) {
            return Ok(true);
        }
        // The beginning of a box may be the end of a step.
        let whole = kept + read;
        kept = whole.min(BOX.len() - 1);
        bytes.copy_within(whole - kept..whole, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_manifest_store_is_seen_wherever_it_begins() {
        for before in [0, 7, STEP - 9, STEP + 3, 2 * STEP + 11] {
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(&vec![b'j'; before]).expect("bytes");
            file.write_all(b"jumdc2pa and more").expect("bytes");
            assert!(!is_there(&mut file).expect("read"), "{before}");
            file.write_all(BOX).expect("bytes");
            assert!(is_there(&mut file).expect("read"), "{before}");
        }
    }
}
