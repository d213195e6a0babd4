//! The folder in which jurisdictions keep their templates: `certificates` in the data folder, a folder a jurisdiction.
//! `federal` is in the program; a folder of that name goes before it.

use std::fs;
use std::io;
use std::path::Path;

use super::asked::{FEDERAL, is_name};
use crate::error::{Error, Result};

/// The jurisdictions whose templates there are, `federal` first.
pub fn jurisdictions(folder: &Path) -> Result<Vec<String>> {
    let mut all = Vec::new();
    match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e.into()),
        Ok(entries) => {
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if is_name(&name) && name != FEDERAL && entry.path().is_dir() {
                    all.push(name);
                }
            }
        }
    }
    all.sort_unstable();
    all.insert(0, FEDERAL.to_owned());
    Ok(all)
}

/// Refuses a jurisdiction that has no templates here.
pub fn known(folder: &Path, jurisdiction: &str) -> Result<()> {
    if cfg!(not(feature = "pdf")) {
        let message = "this server makes no papers in PDF, and so no certificates: leave them out";
        return Err(Error::field("certificates", "supported", message));
    }
    let all = jurisdictions(folder)?;
    if all.iter().any(|known| known == jurisdiction) {
        return Ok(());
    }
    let message = format!(
        "has no templates on this server, which has {}: name one of them, or have the operator add a folder",
        all.join(", ")
    );
    Err(Error::field("certificates.jurisdiction", "exists", message))
}

#[cfg(feature = "pdf")]
pub use pdf::{of_jurisdiction, own};

#[cfg(feature = "pdf")]
mod pdf {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use super::FEDERAL;
    use crate::error::{Error, Result};
    use crate::paper::Templates;

    /// Bytes of all files of a folder at the most.
    const BYTES: u64 = 16 << 20;
    /// Files of a folder at the most.
    const FILES: usize = 100;

    /// The templates of a jurisdiction, read anew each time, so that what counsel edits counts from the next packet on.
    pub fn of_jurisdiction(folder: &Path, jurisdiction: &str) -> Result<Templates> {
        let place = format!("certificates/{jurisdiction}");
        match folder.join(jurisdiction) {
            own if own.is_dir() => of_folder(&own, place),
            _ if jurisdiction == FEDERAL => Ok(Templates::shipped()),
            own => Err(Error::conflict(format!(
                "{place} is no folder any more: put it back at {}, or ask with another jurisdiction",
                own.display()
            ))),
        }
    }

    /// The jurisdictions with a folder of their own, `federal` among them where it has one.
    pub fn own(folder: &Path) -> Result<Vec<String>> {
        let mut all = super::jurisdictions(folder)?;
        all.retain(|name| folder.join(name).is_dir());
        Ok(all)
    }

    fn of_folder(folder: &Path, place: String) -> Result<Templates> {
        let (mut files, mut bytes) = (BTreeMap::new(), 0);
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // What editors and systems leave is no file of the templates.
            if name.starts_with(['.', '#']) || name.ends_with('~') {
                continue;
            }
            if !is_file_name(&name) || !entry.file_type()?.is_file() {
                return Err(Error::conflict(format!(
                    "{place}/{name} is no plain file with a plain name: a folder of templates holds files named with letters, digits, dots, hyphens and underscores, no links and no folders"
                )));
            }
            bytes += entry.metadata()?.len();
            if bytes > BYTES || files.len() == FILES {
                return Err(Error::conflict(format!(
                    "{place} holds more than {FILES} files or {BYTES} bytes: keep there what the templates use, and nothing else"
                )));
            }
            files.insert(name, fs::read(entry.path())?);
        }
        Templates::of(place, files)
    }

    fn is_file_name(name: &str) -> bool {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        (1..=60).contains(&name.len()) && name.bytes().all(plain)
    }

    #[cfg(test)]
    mod tests {
        use std::os::unix::fs::symlink;

        use super::super::{jurisdictions, known};
        use super::*;
        use crate::paper::SHIPPED;

        fn write(folder: &Path) {
            fs::create_dir_all(folder).expect("a folder");
            for (name, text) in SHIPPED {
                fs::write(folder.join(name), text).expect("written");
            }
        }

        #[test]
        fn a_folder_goes_before_what_is_shipped() {
            let data = tempfile::tempdir().expect("a folder");
            let folder = data.path().join("certificates");
            assert_eq!(jurisdictions(&folder).expect("none yet"), ["federal"]);
            assert!(own(&folder).expect("none").is_empty());
            let shipped = of_jurisdiction(&folder, "federal").expect("shipped");
            assert_eq!(shipped.digests(), Templates::shipped().digests());
            for name in ["oregon", "federal", "Not A Name"] {
                write(&folder.join(name));
            }
            fs::write(folder.join("federal/902-13.typ"), "other").expect("written");
            fs::write(folder.join("federal/.902-13.typ.swp"), "x").expect("written");
            fs::write(folder.join("readme"), "x").expect("written");
            assert_eq!(jurisdictions(&folder).expect("two"), ["federal", "oregon"]);
            assert_eq!(own(&folder).expect("two"), ["federal", "oregon"]);
            let edited = of_jurisdiction(&folder, "federal").expect("edited");
            assert_ne!(edited.digests(), Templates::shipped().digests());
            assert_eq!(edited.digests().len(), 4);
            known(&folder, "oregon").expect("known");
            let told = known(&folder, "ohio").expect_err("unknown");
            assert_eq!(
                (&*told.errors[0].field, &*told.errors[0].rule),
                ("certificates.jurisdiction", "exists")
            );
            assert!(told.errors[0].message.contains("federal, oregon"));
            assert!(of_jurisdiction(&folder, "ohio").is_err());
        }

        #[test]
        fn links_and_folders_are_no_templates() {
            let data = tempfile::tempdir().expect("a folder");
            let folder = data.path().join("oregon");
            write(&folder);
            symlink("/etc/passwd", folder.join("seal.png")).expect("a link");
            let told = of_jurisdiction(data.path(), "oregon").expect_err("a link").to_string();
            assert!(told.contains("certificates/oregon/seal.png is no plain file"), "{told}");
            fs::remove_file(folder.join("seal.png")).expect("removed");
            fs::create_dir(folder.join("old")).expect("a folder");
            assert!(of_jurisdiction(data.path(), "oregon").is_err());
        }
    }
}
