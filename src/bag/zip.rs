//! Reads a packet's ZIP and believes nothing: the central directory has to be, byte for byte, the one
//! that [`super::writer`] would write for these entries, and so has every local header.
//!
//! General readers trust the directory and never see what lies between entries. Here entries
//! are stored, adjoin, and fill the file; there is no place to hide anything. Memory grows only
//! with entries that are really in the file, never with a number it claims.

use std::collections::HashSet;
use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex};

use super::header::{self, CENTRAL_LENGTH, END_LENGTH, END64_LENGTH, Header, LOCAL, MAX16, MAX32};
use super::source::{ReadAt, ZipBytes};
use super::{CHUNK, digest, in_parallel};
use crate::proof::Digest;
use crate::proof::packet::{is_path, rank};
use crate::verify::{Finding, PacketEntry, PacketSource};

/// Why a file's content is not looked at.
#[derive(Debug)]
pub enum Refused {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It does not begin like a ZIP.
    NotZip,
    /// It does, but its structure breaks a rule.
    Broken { rule: &'static str, message: String },
}

/// An opened packet.
pub struct Zip {
    file: Arc<dyn ZipBytes>,
    top: String,
    /// Sorted by path; `places` belongs to it.
    entries: Vec<PacketEntry>,
    places: Vec<EntryPlace>,
    findings: Mutex<Vec<Finding>>,
}

#[derive(Debug, Clone, Copy)]
struct EntryPlace {
    crc: u32,
    offset: u64,
}

type Checked<T> = Result<T, Refused>;

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// Where the central directory lies and how many entries it claims.
struct EndOfDirectory {
    count: u64,
    size: u64,
    offset: u64,
}

/// How many entries a ZIP says that it has; none where its end is not one that is read. More are not read either.
pub fn claimed_entries(file: &dyn ZipBytes) -> Option<u64> {
    let length = file.length().ok().filter(|length| *length >= END_LENGTH)?;
    Some(read_end(file, length).ok()?.count)
}

impl Zip {
    /// Reads and checks the structure; the entries' bytes are read later.
    pub fn open(file: Arc<dyn ZipBytes>) -> Checked<Self> {
        let length = file.length()?;
        let mut magic = [0; 4];
        let start = ReadAt::new(&*file, 0, length).read_exact(&mut magic);
        if length < END_LENGTH || start.is_err() || magic != LOCAL.to_le_bytes() {
            return Err(Refused::NotZip);
        }
        let end = read_end(&*file, length)?;
        let directory = ReadAt::new(&*file, end.offset, end.size);
        let (top, entries, places) = read_directory(BufReader::with_capacity(CHUNK, directory), &end)?;
        Ok(Self {
            file,
            top,
            entries,
            places,
            findings: Mutex::default(),
        })
    }

    fn one(&self, index: usize, sink: &mut dyn FnMut(&[u8])) -> Option<Digest> {
        let (entry, place) = (&self.entries[index], self.places[index]);
        let header = Header {
            name: format!("{}/{}", self.top, entry.path),
            size: entry.size,
            crc: place.crc,
            offset: place.offset,
        };
        let expected = header.local();
        let length = expected.len() as u64;
        let mut found = vec![0; expected.len()];
        let read = ReadAt::new(&*self.file, place.offset, length).read_exact(&mut found);
        if read.is_err() || found != expected {
            self.say(
                &entry.path,
                "zip.local",
                "its local header is not the one the central directory calls for",
            );
        }
        let bytes = ReadAt::new(&*self.file, place.offset + length, entry.size);
        match digest(bytes, entry.size, sink) {
            Ok((digest, crc, size)) => {
                if crc != place.crc {
                    self.say(
                        &entry.path,
                        "zip.crc",
                        "its bytes do not have the CRC-32 that its header states",
                    );
                }
                (size == entry.size).then_some(digest)
            }
            Err(error) => {
                self.say(&entry.path, "container", &format!("cannot be read: {error}"));
                None
            }
        }
    }

    fn say(&self, path: &str, rule: &'static str, message: &str) {
        let finding = Finding::of_container(path, rule, message);
        let Ok(mut findings) = self.findings.lock() else { return };
        if findings.len() < 1000 && !findings.contains(&finding) {
            findings.push(finding);
        }
    }
}

impl PacketSource for Zip {
    fn name(&self) -> Option<&str> {
        Some(&self.top)
    }

    fn entries(&self) -> &[PacketEntry] {
        &self.entries
    }

    fn digests(&mut self, which: &[usize]) -> Vec<Option<Digest>> {
        in_parallel(which, |index| self.one(index, &mut |_| {}))
    }

    fn read(&mut self, index: usize, sink: &mut dyn FnMut(&[u8])) -> Option<Digest> {
        self.one(index, sink)
    }

    fn findings(&mut self) -> Vec<Finding> {
        self.findings.get_mut().map(std::mem::take).unwrap_or_default()
    }
}

/// The end record has to be the file's last bytes and exactly what the directory before it calls for.
fn read_end(file: &dyn ZipBytes, length: u64) -> Checked<EndOfDirectory> {
    let tail_length = (END_LENGTH + END64_LENGTH).min(length);
    let mut tail = vec![0; tail_length as usize];
    ReadAt::new(file, length - tail_length, tail_length).read_exact(&mut tail)?;
    let end = &tail[tail.len() - END_LENGTH as usize..];
    let mut found = EndOfDirectory {
        count: number(&end[10..12]),
        size: number(&end[12..16]),
        offset: number(&end[16..20]),
    };
    if found.count == MAX16 || found.size == MAX32 || found.offset == MAX32 {
        if tail_length != END_LENGTH + END64_LENGTH {
            return broken("zip.end", "lacks the zip64 end record that it calls for");
        }
        found = EndOfDirectory {
            count: number(&tail[32..40]),
            size: number(&tail[40..48]),
            offset: number(&tail[48..56]),
        };
    }
    let plausible = found.offset.checked_add(found.size).is_some_and(|end| end <= length);
    if !plausible {
        return broken(
            "zip.end",
            "does not end in a ZIP's end record (cut off, or something was appended)",
        );
    }
    let expected = header::end(found.count, found.size, found.offset);
    if !tail.ends_with(&expected) || found.offset + found.size + expected.len() as u64 != length {
        return broken(
            "zip.end",
            "its end record is not canonical: a comment, a gap, another disk, or needless zip64",
        );
    }
    Ok(found)
}

const MISCOUNTED: &str = "entries and directory do not fill the file exactly, or are miscounted";

type Directory = (String, Vec<PacketEntry>, Vec<EntryPlace>);

/// Reads the directory entry by entry; each has to be where the one before it ended.
fn read_directory(mut directory: impl Read, end: &EndOfDirectory) -> Checked<Directory> {
    let mut found: Vec<(PacketEntry, EntryPlace)> = Vec::new();
    let (mut top, mut offset, mut read, mut last) = (String::new(), 0u64, 0u64, None);
    while read < end.size {
        if found.len() as u64 == end.count {
            return broken("zip.gap", MISCOUNTED);
        }
        let (path, header) = read_entry(&mut directory, offset, &mut top)?;
        let key = (rank(&path), path.clone());
        if last.as_ref().is_some_and(|last| *last >= key) {
            return broken("zip.order", &format!("{path} stands out of order or twice"));
        }
        last = Some(key);
        read += header.central().len() as u64;
        let Header { size, crc, .. } = header;
        found.push((PacketEntry { path, size }, EntryPlace { crc, offset }));
        let next = header
            .local_length()
            .checked_add(size)
            .and_then(|length| offset.checked_add(length));
        match next {
            Some(next) if next <= end.offset => offset = next,
            _ => return broken("zip.size", "an entry is larger than the file"),
        }
    }
    if offset != end.offset || read != end.size || found.len() as u64 != end.count {
        return broken("zip.gap", MISCOUNTED);
    }
    found.sort_unstable_by(|a, b| a.0.path.cmp(&b.0.path));
    if let Some(path) = collision(found.iter().map(|(entry, _)| entry.path.as_str())) {
        return broken(
            "zip.collision",
            &format!("{path} would be one with another entry on some systems"),
        );
    }
    let (entries, places) = found.into_iter().unzip();
    Ok((top, entries, places))
}

/// One entry of the directory, compared with the bytes it must consist of: its path, and what its headers say.
fn read_entry(directory: &mut impl Read, offset: u64, top: &mut String) -> Checked<(String, Header)> {
    let mut fixed = [0; CENTRAL_LENGTH];
    fill(directory, &mut fixed)?;
    let mut rest = vec![0; (number(&fixed[28..30]) + number(&fixed[30..32])) as usize];
    fill(directory, &mut rest)?;
    let (name, extra) = rest.split_at(number(&fixed[28..30]) as usize);
    let Some((folder, path)) = std::str::from_utf8(name).ok().and_then(|name| name.split_once('/')) else {
        return broken(
            "zip.name",
            "an entry does not lie in a top folder, or its name is not ASCII",
        );
    };
    let name = format!("{folder}/{path}");
    if name.ends_with('/') {
        return broken("zip.name", &format!("{name} is an entry of a folder"));
    }
    if !is_path(path) || !is_path(folder) {
        return broken(
            "zip.name",
            &format!("{name:?} is a name that some system would read differently"),
        );
    }
    if top.is_empty() {
        folder.clone_into(top);
    } else if top != folder {
        return broken("zip.name", &format!("{name} lies outside the top folder"));
    }
    let size = match (number(&fixed[24..28]), extra.get(4..12)) {
        (MAX32, Some(size)) => number(size),
        (size, _) => size,
    };
    let crc = number(&fixed[16..20]) as u32;
    let path = path.to_owned();
    let header = Header {
        name,
        size,
        crc,
        offset,
    };
    let expected = header.central();
    if expected[..CENTRAL_LENGTH] != fixed || expected[CENTRAL_LENGTH..] != rest {
        let message = "has a directory entry that is not canonical";
        return broken("zip.central", &format!("{path} {message}"));
    }
    Ok((path, header))
}

fn fill(from: &mut impl Read, buffer: &mut [u8]) -> Checked<()> {
    match from.read_exact(buffer) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => broken("zip.central", "its directory is cut off"),
        done => Ok(done?),
    }
}

/// A path that differs from another only in case, or that is a folder of another.
pub(super) fn collision<'p>(paths: impl Iterator<Item = &'p str> + Clone) -> Option<String> {
    let mut lower = HashSet::new();
    for path in paths.clone() {
        if !lower.insert(path.to_ascii_lowercase()) {
            return Some(path.to_owned());
        }
    }
    let folder_of_another = |path: &&str| {
        let path = path.to_ascii_lowercase();
        path.match_indices('/').any(|(i, _)| lower.contains(&path[..i]))
    };
    paths.clone().find(folder_of_another).map(str::to_owned)
}

fn broken<T>(rule: &'static str, message: &str) -> Checked<T> {
    Err(Refused::Broken {
        rule,
        message: message.to_owned(),
    })
}

/// A little-endian number of at most eight bytes.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}
