//! The templates of certificates: those in the program, and those that counsel edits.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::proof::Digest;
use crate::proof::packet::CERTIFICATE_RULES;

/// The program's own, by file.
pub const SHIPPED: [(&str, &str); 4] = [
    ("902-11.typ", include_str!("certificates/902-11.typ")),
    ("902-13.typ", include_str!("certificates/902-13.typ")),
    ("902-14.typ", include_str!("certificates/902-14.typ")),
    ("certificate.typ", include_str!("certificates/certificate.typ")),
];

/// Names that no file of a jurisdiction may have: the program's own.
const TAKEN: [&str; 2] = ["style.typ", "data.json"];

/// The templates of a jurisdiction: all files of its folder, which are all that its templates can read.
#[derive(Debug, Clone)]
pub struct Templates {
    /// Where they lie, as messages name it.
    pub place: String,
    files: BTreeMap<String, Vec<u8>>,
}

impl Templates {
    /// Those in the program.
    pub fn shipped() -> Self {
        let files = SHIPPED.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        Self {
            place: "the program’s own templates".into(),
            files: files.into(),
        }
    }

    /// Those of a folder.
    ///
    /// # Errors
    /// Where the template of a rule is missing, or a file has a name of the program's own.
    pub fn of(place: String, files: BTreeMap<String, Vec<u8>>) -> Result<Self> {
        let names = CERTIFICATE_RULES.map(template);
        if let Some(name) = names.iter().find(|name| !files.contains_key(*name)) {
            return Err(Error::conflict(format!(
                "{place} has no file {name}: write the program’s own there with `casetrail certificates write`, and edit it"
            )));
        }
        if let Some(name) = TAKEN.iter().find(|name| files.contains_key(**name)) {
            return Err(Error::conflict(format!(
                "{place}/{name} has the name of a file that the program gives to templates: rename it"
            )));
        }
        Ok(Self { place, files })
    }

    /// The digest of each file, so that one knows which words were used.
    pub fn digests(&self) -> BTreeMap<String, Digest> {
        let digest = |(name, bytes): (&String, &Vec<u8>)| (name.clone(), Digest::of(bytes));
        self.files.iter().map(digest).collect()
    }

    /// The files, by name.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (&**name, &**bytes))
    }
}

/// The file with the template for a rule.
fn template(rule: &str) -> String {
    format!("{rule}.typ")
}
