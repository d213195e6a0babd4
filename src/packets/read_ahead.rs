//! Reads the exhibits' files on a thread of its own, ahead of the packet's writer. Each file is hashed again and
//! compared with what was recorded. A few pieces are in memory at a time, however long a file is.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::scope;

use serde::Deserialize;

use super::pick::{Pick, damaged, files, no_record, unreadable, wrong_row};
use super::store;
use super::work::Work;
use super::zip::Bag;
use crate::blobs::{Hashing, Key, WHOLE, read_some};
use crate::captures::FileEntry;
use crate::error::{Error, Result};
use crate::ledger;
use crate::proof::id::Digest;
use crate::proof::packet::FileRow;

/// Captures whose records are in memory at once.
const SOME: usize = 200;
/// Bytes of a piece.
const PIECE: usize = 256 << 10;
/// Pieces that may wait for the writer.
const AHEAD: usize = 8;
/// How many files ahead the store is told what will be read, so that it fetches while others are hashed.
const SOON: usize = 8;

/// What the reader hands to the writer: a file, its bytes in pieces, its end.
enum ReadStep {
    File { path: String, size: u64, crc: u32 },
    Bytes { piece: Vec<u8>, length: usize },
    End { digest: Digest, crc: u32 },
}

/// As much of a capture's record as copying needs.
#[derive(Deserialize)]
struct Files {
    files: Vec<FileEntry>,
}

/// Copies the files of these exhibits into the packet, in the ZIP's order.
pub fn copy(work: &Work<'_>, picks: &[Pick], bag: &mut Bag<'_>) -> Result<()> {
    let mut order: Vec<&Pick> = picks.iter().collect();
    // The ZIP is ordered bytewise, where exhibit 1000 comes before 101.
    order.sort_by_cached_key(|p| format!("{:03}/", p.exhibit));
    let ((steps, come), (back, spares)) = (sync_channel(AHEAD), channel());
    // One more is with the reader, and one with the writer.
    for _ in 0..AHEAD + 2 {
        back.send(vec![0; PIECE]).map_err(Error::internal)?;
    }
    scope(|threads| {
        let reader = threads.spawn(move || ReadAhead { work, steps, spares }.read_all(&order));
        // If the writer fails, both channels close and the reader ends. If the reader fails, its error is reported.
        write_all(bag, come, back)?;
        reader
            .join()
            .map_err(|_| Error::internal("reading the exhibits ended badly"))??;
        Ok(())
    })
}

fn write_all(bag: &mut Bag<'_>, come: Receiver<ReadStep>, back: Sender<Vec<u8>>) -> Result<()> {
    for step in come {
        match step {
            ReadStep::File { path, size, crc } => bag.begin(&path, size, crc)?,
            ReadStep::Bytes { piece, length } => {
                bag.write(&piece[..length])?;
                // The reader may have ended; then the piece is not needed any more.
                let _ = back.send(piece);
            }
            ReadStep::End { digest, crc } => bag.end(digest, crc)?,
        }
    }
    Ok(())
}

/// A channel closed: the writer has ended, and reports the cause itself.
fn writer_gone<T>(_: T) -> Error {
    Error::internal("the packet's writer has ended")
}

struct ReadAhead<'a> {
    work: &'a Work<'a>,
    steps: SyncSender<ReadStep>,
    spares: Receiver<Vec<u8>>,
}

impl ReadAhead<'_> {
    fn read_all(self, order: &[&Pick]) -> Result<()> {
        let stream = ledger::case_stream(&self.work.packet.case_id);
        for some in order.chunks(SOME) {
            let seqs: Vec<i64> = some.iter().map(|p| p.seq).collect();
            let records: HashMap<Digest, Files> = self.work.read(|conn| store::parsed(conn, &stream, &seqs))?;
            let mut files = Vec::new();
            for pick in some {
                let record = records.get(&pick.leaf).ok_or_else(|| no_record(pick))?;
                files.extend(in_order(pick, &record.files)?);
            }
            let hashes: Vec<Digest> = files.iter().map(|wanted| wanted.file.sha256).collect();
            let sums = self.work.read(|conn| store::checksums(conn, &hashes))?;
            files.iter().take(SOON).for_each(|file| self.announce(file));
            for (n, file) in files.iter().enumerate() {
                if let Some(later) = files.get(n + SOON) {
                    self.announce(later);
                }
                self.read_file(file, sums.get(&file.file.sha256).copied())?;
            }
        }
        Ok(())
    }

    fn announce(&self, wanted: &Wanted<'_>) {
        self.work.blobs.prefetch(&Key::File(wanted.file.sha256));
    }

    fn read_file(&self, Wanted { pick, path, file }: &Wanted<'_>, crc_kept: Option<u32>) -> Result<()> {
        let failed = |e: std::io::Error| unreadable(pick, file, &e.into());
        let mut from = self.work.blobs.open(&Key::File(file.sha256), WHOLE).map_err(failed)?;
        let mut hashing = Hashing::default();
        self.hand_over(ReadStep::File {
            path: path.clone(),
            size: file.size,
            // Without a kept CRC-32 the read ends below with an error, after the digests were compared.
            crc: crc_kept.unwrap_or_default(),
        })?;
        while hashing.size() < file.size {
            let mut piece = self.spares.recv().map_err(writer_gone)?;
            let read = hashing.size();
            let wanted = usize::try_from(file.size - read).unwrap_or(PIECE).min(PIECE);
            let length = read_some(&mut from, &mut piece[..wanted]).map_err(failed)?;
            if length == 0 {
                let how = format!("only {read} of {} bytes are there", file.size);
                return Err(damaged(pick, file, &how));
            }
            hashing.take(&piece[..length]);
            self.work.progress.advance(length as u64)?;
            self.hand_over(ReadStep::Bytes { piece, length })?;
        }
        if read_some(&mut from, &mut [0]).map_err(failed)? > 0 {
            return Err(damaged(pick, file, &format!("it is longer than {} bytes", file.size)));
        }
        let found = hashing.finish();
        let (digest, crc) = (found.sha256, found.crc32);
        if digest != file.sha256 {
            return Err(damaged(pick, file, &format!("its SHA-256 is now {digest}")));
        }
        if Some(crc) != crc_kept {
            return Err(wrong_row(pick, file));
        }
        self.hand_over(ReadStep::End { digest, crc })
    }

    fn hand_over(&self, step: ReadStep) -> Result<()> {
        self.steps.send(step).map_err(writer_gone)
    }
}

/// A file that is to be read, and the exhibit it belongs to.
struct Wanted<'a> {
    pick: &'a Pick,
    path: String,
    file: FileRow,
}

/// An exhibit's files and duplicates that lie in the packet, in its order.
fn in_order<'a>(pick: &'a Pick, recorded: &[FileEntry]) -> Result<Vec<Wanted<'a>>> {
    let beside = pick.duplicates.iter().flatten().filter_map(|row| row.file.clone());
    let mut wanted: Vec<Wanted<'a>> = files(pick, recorded)?
        .into_iter()
        .chain(beside)
        .filter_map(|file| {
            let path = file.path.clone()?;
            Some(Wanted { pick, path, file })
        })
        .collect();
    wanted.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(wanted)
}
