//! A packet as a folder or as a ZIP: the verifier's only file access, and the writer of what it accepts.
//! Reader and writer build headers with one function, so that "canonical" has one meaning.
#![forbid(unsafe_code)]

pub mod ask;
pub mod cli;
pub mod folder;
mod header;
mod render;
mod repacked;
pub mod source;
pub mod terminal;
pub mod writer;
pub mod zip;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest as _, Sha256};

use self::folder::Folder;
use self::repacked::Repacked;
use self::source::ZipBytes;
use self::zip::{Refused, Zip};
use crate::proof::Digest;
use crate::proof::packet::{BAGIT, CHECKPOINT, MAX_LINE, REQUIRED};
use crate::verify::trust::Trust;
use crate::verify::{Finding, PacketSource, Report, VerifyOutcome, verify};

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// Verifies the packet at `path`, a ZIP or a folder.
pub fn verify_path(path: &Path, trust: &Trust) -> Report {
    open(path).map_or_else(|refused| *refused, |mut packet| verify(&mut *packet, trust))
}

/// Opens the packet at `path`, a ZIP or a folder; or says why there is none.
fn open(path: &Path) -> Result<Box<dyn PacketSource>, Box<Report>> {
    if path.is_dir() {
        return match no_packet(path) {
            Some(message) => Err(Box::new(unreadable(message))),
            None => Ok(Box::new(Folder::open(path))),
        };
    }
    if path.metadata().is_ok_and(|about| !about.is_file()) {
        let message = "is neither a file nor a folder: write what comes out of it to a file first";
        return Err(Box::new(unreadable(message.into())));
    }
    let file = File::open(path).map_err(|error| Box::new(unreadable(format!("cannot be read: {error}"))))?;
    open_file(Arc::new(file))
}

/// Why a folder is no packet, where it holds nothing of one; and where the packet may be.
fn no_packet(folder: &Path) -> Option<String> {
    let holds = |folder: &Path, names: &[&str]| names.iter().any(|name| folder.join(name).is_file());
    if holds(folder, &REQUIRED) || folder.join("data").is_dir() {
        return None;
    }
    let real = std::fs::canonicalize(folder).ok()?;
    if let Some(above) = real.ancestors().skip(1).take(3).find(|above| holds(above, &[BAGIT])) {
        let above = above.display();
        return Some(format!("is a folder inside a packet: verify {above}"));
    }
    let below = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|item| Some(item.ok()?.path()));
    let packet = |path: &PathBuf| holds(path, &[BAGIT]) || path.extension().is_some_and(|e| e == "zip");
    let mut packets: Vec<PathBuf> = below.filter(packet).collect();
    packets.sort_unstable();
    Some(match packets.first() {
        Some(packet) => format!("is the folder above a packet: verify {}", packet.display()),
        None => "is a folder that holds no packet: none of a packet's files is in it".into(),
    })
}

fn unreadable(message: String) -> Report {
    Report::refused(VerifyOutcome::Unreadable, "", "container", message)
}

/// Verifies the packet in an opened ZIP.
pub fn verify_file(file: Arc<dyn ZipBytes>, trust: &Trust) -> Report {
    open_file(file).map_or_else(|refused| *refused, |mut packet| verify(&mut *packet, trust))
}

/// Opens a ZIP. What is inside one that was packed again is read all the same.
fn open_file(file: Arc<dyn ZipBytes>) -> Result<Box<dyn PacketSource>, Box<Report>> {
    match Zip::open(file.clone()) {
        Ok(zip) => Ok(Box::new(zip)),
        Err(Refused::Unreadable(error)) => Err(Box::new(unreadable(format!("cannot be read: {error}")))),
        Err(Refused::NotZip) => Err(Box::new(unreadable("is neither a ZIP nor a folder".into()))),
        Err(Refused::Broken { rule, message }) => {
            let why = format!("is not the ZIP that was issued, but one packed again or changed: {message}");
            let cause = Finding::of_container("", rule, why);
            match Repacked::open(file, cause) {
                Ok(repacked) => Ok(Box::new(repacked)),
                Err(odd) => {
                    let refused = Report::refused(VerifyOutcome::Failed, "", rule, message);
                    Err(Box::new(refused.with(odd)))
                }
            }
        }
    }
}

/// The log that a packet's checkpoint names as its own, so that a key can be looked for. Nothing is believed of it.
pub fn named_log(file: File) -> Option<String> {
    let mut zip = Zip::open(Arc::new(file)).ok()?;
    let index = zip.entries().iter().position(|entry| entry.path == CHECKPOINT)?;
    if zip.entries()[index].size > MAX_LINE as u64 {
        return None;
    }
    let mut bytes = Vec::new();
    zip.read(index, &mut |chunk| bytes.extend_from_slice(chunk))?;
    let text = String::from_utf8(bytes).ok()?;
    text.lines().next().map(str::to_owned)
}

/// Reads to the end in large pieces: SHA-256, CRC-32, and the number of bytes. A short file gets a short buffer.
fn digest(mut from: impl Read, expected: u64, sink: &mut dyn FnMut(&[u8])) -> io::Result<(Digest, u32, u64)> {
    let (mut sha, mut crc, mut size) = (Sha256::new(), crc32fast::Hasher::new(), 0);
    let mut buffer = vec![0; expected.clamp(4096, CHUNK as u64) as usize];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok((Digest(sha.finalize().into()), crc.finalize(), size)),
            Ok(n) => {
                sha.update(&buffer[..n]);
                crc.update(&buffer[..n]);
                sink(&buffer[..n]);
                size += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Runs `one` over all of these on up to eight cores; each core takes the next when it is done. Results are in order.
fn in_parallel<T: Send>(which: &[usize], one: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(index) = which.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((*index, one(*index)));
        }
        done
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, |n| n.get())
        .min(8)
        .min(which.len().max(1));
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        done.extend(others.into_iter().filter_map(|thread| thread.join().ok()).flatten());
        done
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
