//! The folders of output profiles in the packet. What lies in them follows from `packet.json` ([`crate::verify::profiles`]); here
//! the bytes are copied.

use super::output::{IssuedExtras, IssuedWarning};
use super::store;
use super::work::Work;
use super::zip::Bag;
use crate::blobs::{Hashing, Key, WHOLE, read_some};
use crate::error::{Error, Result};
use crate::proof::packet::Exhibit;
use crate::verify::profiles::{ProfileCopy, ProfileFolders};

/// Bytes of a piece.
const PIECE: usize = 256 << 10;
/// What is told of duplicates and profiles in the record of the issue, at the most.
const TOLD: usize = 50;

/// What is gathered while `packet.json` is written.
#[derive(Default)]
pub struct BesideOriginals {
    /// What lies in the profiles' folders.
    pub folders: ProfileFolders,
    extras: IssuedExtras,
}

impl BesideOriginals {
    /// Of a packet with these profiles.
    pub fn new(profiles: &[String]) -> Self {
        Self {
            folders: ProfileFolders::new(profiles),
            extras: IssuedExtras::default(),
        }
    }

    /// Takes in an exhibit as `packet.json` has it.
    pub fn add(&mut self, exhibit: &Exhibit) {
        self.folders.add(exhibit);
        let item = exhibit.item;
        for row in exhibit.duplicates.iter().flatten() {
            self.extras.duplicates += u64::from(row.file.is_some());
            if let Some(lacks) = &row.lacks {
                self.extras.lacking += 1;
                let says = format!("no standard duplicate: {lacks}");
                let of = Some(row.of);
                self.tell(IssuedWarning { item, of, says });
            }
        }
        for warning in exhibit.unfit.iter().flatten() {
            self.extras.unfit += 1;
            let says = format!("folder {}: {}", warning.profile, warning.says);
            let of = warning.of;
            self.tell(IssuedWarning { item, of, says });
        }
    }

    fn tell(&mut self, warning: IssuedWarning) {
        if self.extras.told.len() < TOLD {
            self.extras.told.push(warning);
        }
    }

    /// What the record of the issue says; nothing for a packet with neither duplicates nor profiles.
    pub fn extras(&self, work: &Work<'_>) -> Option<IssuedExtras> {
        let asked = work.request.duplicates == Some(true) || work.request.profiles.is_some();
        asked.then(|| self.extras.clone())
    }
}

/// Writes the profiles' folders, in the order of the ZIP.
pub fn write(work: &Work<'_>, folders: &ProfileFolders, bag: &mut Bag<'_>) -> Result<()> {
    let total = folders.copies.values().map(|copy| copy.size).sum();
    if work.request.profiles.is_none() {
        return Ok(());
    }
    work.progress.begin("profiles", total)?;
    let paths = folders.copies.keys().chain(folders.lists().map(|(path, _)| path));
    let mut paths: Vec<&String> = paths.collect();
    paths.sort_unstable();
    for path in paths {
        match folders.copies.get(path) {
            Some(file) => copy(work, (path, file), bag)?,
            None => {
                let list = folders.lists().find(|(own, _)| *own == path);
                bag.add(path, list.map_or(&[], |(_, bytes)| bytes))?;
            }
        }
    }
    Ok(())
}

/// Copies a file once more; its bytes are compared with its digest again.
fn copy(work: &Work<'_>, (path, file): (&str, &ProfileCopy), bag: &mut Bag<'_>) -> Result<()> {
    let changed = || Error::conflict(format!("evidence changed while the packet was built: {}", file.sha256));
    let sums = work.read(|conn| store::checksums(conn, &[file.sha256]))?;
    let crc = sums.get(&file.sha256).copied().ok_or_else(changed)?;
    let mut from = work.blobs.open(&Key::File(file.sha256), WHOLE)?;
    let (mut hashing, mut piece) = (Hashing::default(), vec![0; PIECE]);
    bag.begin(path, file.size, crc)?;
    loop {
        let length = read_some(&mut from, &mut piece)?;
        if length == 0 {
            break;
        }
        if hashing.size() + length as u64 > file.size {
            return Err(changed());
        }
        hashing.take(&piece[..length]);
        bag.write(&piece[..length])?;
        work.progress.advance(length as u64)?;
    }
    let found = hashing.finish();
    match (found.sha256, found.crc32) == (file.sha256, crc) {
        true => bag.end(found.sha256, crc),
        false => Err(changed()),
    }
}
