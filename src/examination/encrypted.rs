//! Whether a document can be read without a key, by what its format says at its ends.

use std::fs::File;
use std::io;

use memchr::memmem;

use super::model::{FileFlag, Findings};
use super::{head, tail};

/// Bytes of each end that are looked at.
const END: u64 = 64 << 10;
/// Bytes of a PDF that is opened.
#[cfg(feature = "pdf")]
const LARGEST_PDF: u64 = 256 << 20;

/// An encrypted PDF names its encryption in its trailer, or in the head of the stream that stands for it.
pub(super) fn read_pdf(file: &mut File, found: &mut Findings) -> io::Result<()> {
    let ends = [tail(file, END)?, head(file, END)?];
    let is_named = |bytes: &Vec<u8>| {
        memmem::find_iter(bytes, b"/Encrypt").any(|at| matches!(bytes.get(at + 8), Some(b' ' | b'\r' | b'\n' | b'<')))
    };
    if ends.iter().any(is_named) {
        tell_pdf(file, found)?;
    }
    Ok(())
}

/// Whether it opens without a password: then its encryption only says what a reader is not to do.
#[cfg(feature = "pdf")]
fn tell_pdf(file: &mut File, found: &mut Findings) -> io::Result<()> {
    use lopdf::{Document, Permissions};

    let bytes = head(file, LARGEST_PDF)?;
    // Without a password it tries the empty one, as every reader does.
    let state = match Document::load_mem(&bytes) {
        Ok(document) => document.encryption_state,
        Err(lopdf::Error::InvalidPassword) => None,
        Err(_) => {
            let why = "the PDF is encrypted; whether it opens without a password could not be read";
            found.flag(FileFlag::Encrypted, why);
            return Ok(());
        }
    };
    let Some(state) = state else {
        found.flag(
            FileFlag::Encrypted,
            "the PDF is encrypted, and does not open without a password",
        );
        return Ok(());
    };
    let may = state.permissions();
    let refused = [
        (Permissions::PRINTABLE, "printing"),
        (Permissions::COPYABLE, "copying"),
        (Permissions::MODIFIABLE, "changing"),
    ];
    let refused = refused
        .iter()
        .filter(|(one, _)| !may.contains(*one))
        .map(|(_, word)| *word);
    let refused = refused.collect::<Vec<_>>().join(", ");
    if !refused.is_empty() {
        let why = format!("the PDF opens without a password, and asks readers to refuse: {refused}");
        found.flag(FileFlag::Restricted, why);
    }
    Ok(())
}

#[cfg(not(feature = "pdf"))]
fn tell_pdf(_: &mut File, found: &mut Findings) -> io::Result<()> {
    let why = "the PDF is encrypted; whether it opens without a password is not read by this build";
    found.flag(FileFlag::Encrypted, why);
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

#[cfg(test)]
#[cfg(feature = "pdf")]
mod tests {
    use std::io::Write;

    use lopdf::encryption::{EncryptionVersion, Permissions};
    use lopdf::{Document, EncryptionState, Object, dictionary};

    use super::*;

    /// A PDF with these passwords, of which nothing but reading is allowed.
    fn found(owner: &str, user: &str) -> Findings {
        let mut document = Document::with_version("1.5");
        let pages = document.new_object_id();
        let page = document.add_object(dictionary! {"Type" => "Page", "Parent" => pages});
        let kids = dictionary! {"Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1};
        document.objects.insert(pages, Object::Dictionary(kids));
        let catalog = document.add_object(dictionary! {"Type" => "Catalog", "Pages" => pages});
        document.trailer.set("Root", catalog);
        let id = || Object::string_literal("0123456789abcdef");
        document.trailer.set("ID", vec![id(), id()]);
        let version = EncryptionVersion::V2 {
            document: &document,
            owner_password: owner,
            user_password: user,
            key_length: 128,
            permissions: Permissions::COPYABLE,
        };
        let state = EncryptionState::try_from(version).expect("a state");
        document.encrypt(&state).expect("encrypted");
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).expect("a PDF");
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&bytes).expect("bytes");
        let mut found = Findings::default();
        read_pdf(&mut file, &mut found).expect("read");
        found
    }

    #[test]
    fn a_pdf_that_opens_without_a_password_is_only_restricted() {
        let open = found("owner", "");
        assert!(!open.is_flagged(FileFlag::Encrypted), "{open:?}");
        assert!(
            open.flags[0].flag == FileFlag::Restricted && open.flags[0].why.ends_with("refuse: printing, changing"),
            "{open:?}"
        );
        let closed = found("owner", "user");
        assert!(
            closed.is_flagged(FileFlag::Encrypted) && !closed.is_flagged(FileFlag::Restricted),
            "{closed:?}"
        );
    }
}
