//! Reads a ZIP that another tool packed again, so that what is inside is checked all the same. The strict reader has said
//! what is wrong with the container. Here is refused whatever two readers of ZIPs could see differently: links, encryption,
//! names that are two, entries that overlap, bytes between them.

use std::io::{BufReader, Read};
use std::sync::{Arc, Mutex};

use flate2::read::DeflateDecoder;

use super::header::{CENTRAL, END, END_LENGTH, END64, LOCAL, LOCAL_LENGTH, LOCATOR, MAX16, MAX32};
use super::source::{ReadAt, ZipBytes};
use super::zip::{collision, number};
use super::{CHUNK, digest, in_parallel};
use crate::proof::Digest;
use crate::proof::packet::{BAGIT, is_litter, is_path};
use crate::verify::{Finding, PacketEntry, PacketSource};

/// What is inside has at most this many bytes, beside [`MOST_RATIO`] for each byte of the ZIP.
const MOST_FREE: u64 = 64 << 20;
const MOST_RATIO: u64 = 20;
/// The longest data descriptor, which stands behind an entry's bytes.
const DESCRIPTOR: u64 = 24;
/// A Unix mode's kind, and that of a link, in the upper half of the external attributes.
const KIND: u64 = 0o170_000;
const LINK: u64 = 0o120_000;

/// A packet in a ZIP that was packed again.
pub struct Repacked {
    file: Arc<dyn ZipBytes>,
    top: Option<String>,
    /// Sorted by path; `places` belongs to it.
    entries: Vec<PacketEntry>,
    places: Vec<PackedPlace>,
    findings: Mutex<Vec<Finding>>,
}

/// Where an entry's bytes lie, and how.
#[derive(Debug, Clone, Copy)]
struct PackedPlace {
    /// Of its local header.
    start: u64,
    /// Of its bytes, and how many they are as packed.
    offset: u64,
    packed: u64,
    crc: u32,
    deflated: bool,
    /// Whether a data descriptor follows.
    described: bool,
}

impl Repacked {
    /// Reads the directory. `cause` is what the strict reader said.
    ///
    /// # Errors
    /// Where it is not a ZIP that all readers see alike: what is wrong with each of its entries, as far as they can be told
    /// apart.
    pub fn open(file: Arc<dyn ZipBytes>, cause: Finding) -> Result<Self, Vec<Finding>> {
        let mut odd = OddEntries::default();
        let opened = Self::read_directory(file, cause, &mut odd);
        match opened {
            Some(packet) if odd.findings.is_empty() => Ok(packet),
            _ => Err(odd.told()),
        }
    }

    fn read_directory(file: Arc<dyn ZipBytes>, cause: Finding, odd: &mut OddEntries) -> Option<Self> {
        let length = file.length().ok()?;
        let (count, size, offset) = end(&*file, length)?;
        let mut directory = BufReader::with_capacity(CHUNK, ReadAt::new(&*file, offset, size));
        let mut found = Vec::new();
        for _ in 0..count {
            let (name, size, place) = central(&mut directory, odd)?;
            match local(&*file, &name, place) {
                Some(place) => found.push((PacketEntry { path: name, size }, place)),
                None => odd.say(&name, "its own header does not say what the directory says of it"),
            }
        }
        let mut rest = [0];
        let whole = directory.read(&mut rest).ok()? == 0;
        drop(directory);
        let most = MOST_FREE.saturating_add(length.saturating_mul(MOST_RATIO));
        let total = found
            .iter()
            .fold(0u64, |sum, (entry, _)| sum.saturating_add(entry.size));
        if total > most {
            odd.say(
                "",
                &format!("unpacks to {total} bytes, more than the {most} that are read of such a ZIP"),
            );
        }
        adjoin(&found, offset, odd);
        if !whole || !odd.findings.is_empty() {
            return None;
        }
        // Folders have entries of their own in such ZIPs.
        found.retain(|(entry, _)| !entry.path.ends_with('/'));
        let top = strip_top(&mut found)?;
        found.sort_unstable_by(|a, b| a.0.path.cmp(&b.0.path));
        if let Some(path) = collision(found.iter().map(|(entry, _)| entry.path.as_str())) {
            odd.say(&path, "is there twice, or as file and as folder, for some system");
            return None;
        }
        let (entries, places) = found.into_iter().unzip();
        Some(Self {
            file,
            top,
            entries,
            places,
            findings: Mutex::new(vec![cause]),
        })
    }

    fn one(&self, index: usize, sink: &mut dyn FnMut(&[u8])) -> Option<Digest> {
        let (entry, place) = (&self.entries[index], self.places[index]);
        let bytes = ReadAt::new(&*self.file, place.offset, place.packed);
        let read = match place.deflated {
            true => digest(
                DeflateDecoder::new(bytes).take(entry.size.saturating_add(1)),
                entry.size,
                sink,
            ),
            false => digest(bytes, entry.size, sink),
        };
        match read {
            Ok((digest, crc, size)) if size == entry.size && crc == place.crc => return Some(digest),
            Ok(_) => self.say(
                &entry.path,
                "its bytes are not of the length and CRC-32 that its header states",
            ),
            Err(error) => self.say(&entry.path, &format!("cannot be unpacked: {error}")),
        }
        None
    }

    fn say(&self, path: &str, message: &str) {
        let finding = Finding::of_container(path, "container", message);
        let Ok(mut findings) = self.findings.lock() else { return };
        if findings.len() < 1000 && !findings.contains(&finding) {
            findings.push(finding);
        }
    }
}

/// Entries that readers could see differently.
#[derive(Debug, Default)]
struct OddEntries {
    findings: Vec<Finding>,
    /// How many more there are than are told.
    more: usize,
}

impl OddEntries {
    /// So many are told by name.
    const MOST: usize = 100;

    fn say(&mut self, path: &str, message: &str) {
        if self.findings.len() == Self::MOST {
            self.more += 1;
            return;
        }
        self.findings.push(Finding::of_container(path, "container", message));
    }

    fn told(mut self) -> Vec<Finding> {
        if self.more > 0 {
            let message = format!("and {} more entries that readers could see differently", self.more);
            self.findings.push(Finding::of_container("", "container", message));
        }
        self.findings
    }
}

impl PacketSource for Repacked {
    fn name(&self) -> Option<&str> {
        self.top.as_deref()
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

/// Number of entries, size and place of the directory, from an end record that is the file's last bytes.
fn end(file: &dyn ZipBytes, length: u64) -> Option<(u64, u64, u64)> {
    let bytes = |at: u64, n: usize| {
        let mut bytes = vec![0; n];
        ReadAt::new(file, at, n as u64).read_exact(&mut bytes).ok()?;
        Some(bytes)
    };
    let at = length.checked_sub(END_LENGTH)?;
    let end = bytes(at, END_LENGTH as usize)?;
    if number(&end[..4]) != u64::from(END) || end[20..] != [0, 0] || end[4..8] != [0; 4] {
        return None;
    }
    let mut found = (number(&end[10..12]), number(&end[12..16]), number(&end[16..20]));
    let mut after = at;
    if found.0 == MAX16 || found.1 == MAX32 || found.2 == MAX32 {
        let locator = bytes(at.checked_sub(20)?, 20)?;
        after = number(&locator[8..16]);
        let end64 = bytes(after, 56)?;
        if number(&locator[..4]) != u64::from(LOCATOR) || number(&end64[..4]) != u64::from(END64) {
            return None;
        }
        found = (number(&end64[32..40]), number(&end64[40..48]), number(&end64[48..56]));
    }
    let adjoins = found.2.checked_add(found.1) == Some(after);
    adjoins.then_some(found)
}

/// One entry of the directory: its name, its size, and where it says that it lies. `offset` is not known yet. What is odd
/// about it is noted; none where no entry follows.
fn central(directory: &mut impl Read, odd: &mut OddEntries) -> Option<(String, u64, PackedPlace)> {
    let mut fixed = [0; 46];
    directory.read_exact(&mut fixed).ok()?;
    let field = |from: usize, to: usize| number(&fixed[from..to]);
    let lengths = [field(28, 30), field(30, 32), field(32, 34)];
    let mut rest = vec![0; lengths.iter().sum::<u64>() as usize];
    directory.read_exact(&mut rest).ok()?;
    let (name, rest) = rest.split_at(lengths[0] as usize);
    let (extra, _comment) = rest.split_at(lengths[1] as usize);
    let (flags, method, mode) = (field(8, 10), field(10, 12), field(38, 42) >> 16);
    if field(0, 4) != u64::from(CENTRAL) {
        return None;
    }
    let path = String::from_utf8_lossy(name).into_owned();
    let oddities = [
        (mode & KIND == LINK, "is a link, which leads elsewhere on each system"),
        (flags & 1 != 0, "is encrypted"),
        // Bit 3: a data descriptor. Bit 11: the name is UTF-8. Bits 1 and 2 tell how hard it was packed.
        (
            flags & !0b1000_0000_1111 != 0,
            "has flags that readers take differently",
        ),
        (![0, 8].contains(&method), "is packed by a method other than deflate"),
        (path.as_bytes() != name, "has a name that is no UTF-8"),
    ];
    oddities
        .iter()
        .filter(|(is, _)| *is)
        .for_each(|(_, message)| odd.say(&path, message));
    let mut wide = zip64(extra);
    let mut value = |from: usize| match field(from, from + 4) {
        MAX32 => wide.next(),
        value => Some(value),
    };
    let (size, packed, start) = (value(24)?, value(20)?, value(42)?);
    let place = PackedPlace {
        start,
        offset: 0,
        packed,
        crc: field(16, 20) as u32,
        deflated: method == 8,
        described: flags & 8 != 0,
    };
    if method == 0 && size != packed {
        odd.say(&path, "is stored, and has two lengths");
    }
    Some((path, size, place))
}

/// The values of the zip64 extra field.
fn zip64(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut values = Vec::new();
    while let [a, b, c, d, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*c, *d])).min(rest.len());
        if (*a, *b) == (1, 0) {
            values = rest[..length].chunks_exact(8).map(number).collect();
        }
        extra = &rest[length..];
    }
    values.into_iter()
}

/// The local header names the same entry, packed the same way; its bytes begin behind it.
fn local(file: &dyn ZipBytes, name: &str, place: PackedPlace) -> Option<PackedPlace> {
    let mut fixed = [0; LOCAL_LENGTH as usize];
    ReadAt::new(file, place.start, LOCAL_LENGTH)
        .read_exact(&mut fixed)
        .ok()?;
    let mut own = vec![0; number(&fixed[26..28]) as usize];
    let at = place.start + LOCAL_LENGTH;
    ReadAt::new(file, at, own.len() as u64).read_exact(&mut own).ok()?;
    let same = number(&fixed[..4]) == u64::from(LOCAL)
        && own == name.as_bytes()
        && (number(&fixed[8..10]) == 8) == place.deflated;
    let offset = at + own.len() as u64 + number(&fixed[28..30]);
    same.then_some(PackedPlace { offset, ..place })
}

/// Entries fill the file up to the directory: none overlaps another, and nothing but descriptors lies between.
fn adjoin(found: &[(PacketEntry, PackedPlace)], directory: u64, odd: &mut OddEntries) {
    let mut places: Vec<(&str, &PackedPlace)> = found.iter().map(|(entry, place)| (&*entry.path, place)).collect();
    places.sort_unstable_by_key(|(_, place)| place.start);
    if let Some((path, _)) = places.first().filter(|(_, place)| place.start != 0) {
        odd.say(path, "does not begin where the file begins");
    }
    let starts = places.iter().skip(1).map(|(_, place)| place.start).chain([directory]);
    for ((path, place), next) in places.iter().zip(starts) {
        let end = place.offset.saturating_add(place.packed);
        let gap = if place.described { DESCRIPTOR } else { 0 };
        match next.checked_sub(end) {
            None => odd.say(path, "overlaps what follows it"),
            Some(between) if between > gap => odd.say(path, "has bytes behind it that belong to no entry"),
            Some(_) => {}
        }
    }
}

/// Takes the one top folder off all paths, if there is one; gives its name. None where paths are no packet's.
fn strip_top(found: &mut [(PacketEntry, PackedPlace)]) -> Option<Option<String>> {
    let is_bag = |path: &str| path == BAGIT || path.strip_suffix(BAGIT).is_some_and(|top| top.ends_with('/'));
    let bag = found
        .iter()
        .map(|(entry, _)| entry.path.as_str())
        .find(|path| is_bag(path))?;
    let top = bag.strip_suffix(BAGIT)?.to_owned();
    for (entry, _) in found {
        match entry.path.strip_prefix(&top) {
            Some(path) => entry.path = path.to_owned(),
            None if is_litter(&entry.path) => {}
            None => return None,
        }
    }
    let name = top.strip_suffix('/');
    Some(
        name.filter(|name| is_path(name) && !name.contains('/'))
            .map(str::to_owned),
    )
}
