//! Whether a document can be read without a key, by what its format says at its ends.

use std::fs::File;
use std::io;

use memchr::memmem;

use super::model::{FileFlag, Findings};
use super::{head, tail};

/// Bytes of each end that are looked at.
const END: u64 = 64 << 10;

/// An encrypted PDF names its encryption in its trailer, or in the head of the stream that stands for it.
pub(super) fn read_pdf(file: &mut File, found: &mut Findings) -> io::Result<()> {
    let ends = [tail(file, END)?, head(file, END)?];
    let is_named = |bytes: &Vec<u8>| {
        memmem::find_iter(bytes, b"/Encrypt").any(|at| matches!(bytes.get(at + 8), Some(b' ' | b'\r' | b'\n' | b'<')))
    };
    if ends.iter().any(is_named) {
        found.flag(FileFlag::Encrypted, "the PDF is encrypted");
    }
    Ok(())
}

/// Documents of Office that are encrypted are one stream of that name.
pub(super) fn read_office(file: &mut File, found: &mut Findings) -> io::Result<()> {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let ends = [head(file, END)?, tail(file, END)?];
    if ends.iter().any(|bytes| memmem::find(bytes, &name).is_some()) {
        found.flag(FileFlag::Encrypted, "the document is encrypted");
    }
    Ok(())
}
