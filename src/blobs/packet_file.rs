//! A packet's file, written from front to back. Whole blocks go to a thread that hashes them, and from there to one that
//! writes them. The blocks of a large packet bypass the page cache where the file system allows it: the packet would push
//! out everything else, and finding pages for it costs more than hashing it. A small packet stays in the cache, because it
//! is downloaded next.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use super::TempFile;
use crate::error::{Error, Result};
use crate::proof::id::Digest;

/// Bytes of a block.
const BLOCK: usize = 1 << 20;
/// Blocks in memory.
const BLOCKS: usize = 8;
/// What blocks in memory and in the file are aligned to, so that a disk can take them as they are.
const ALIGNED: usize = 4096;
/// Bytes from which on a packet is large.
const LARGE: u64 = 1 << 30;
/// Bytes after which what went into the page cache is synced, so that little is left to do at the end.
const STRIDE: u64 = 16 << 20;

/// A piece of the file.
#[derive(Default)]
struct Block {
    memory: Vec<u8>,
    start: usize,
    filled: usize,
    at: u64,
}

impl Block {
    fn new() -> Self {
        let memory = vec![0; BLOCK + ALIGNED];
        Self {
            start: memory.as_ptr().align_offset(ALIGNED).min(ALIGNED),
            memory,
            ..Self::default()
        }
    }

    /// Takes as much as fits, and says how much that was.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let length = bytes.len().min(BLOCK - self.filled);
        let to = self.start + self.filled;
        self.memory[to..to + length].copy_from_slice(&bytes[..length]);
        self.filled += length;
        length
    }

    fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.filled]
    }
}

/// A packet's file while it is written. Dropped unfinished, it leaves nothing.
pub struct PacketFile {
    ring: Ring,
    file: TempFile,
}

/// A packet's file that is written and synced, and still to be put into the store.
pub struct WrittenPacket {
    /// The file.
    pub file: TempFile,
    /// Its bytes.
    pub size: u64,
    /// Their SHA-256: of what was handed to the system, which is not read back.
    pub sha256: Digest,
}

impl PacketFile {
    /// Writes to an empty file that will have about so many bytes.
    pub(super) fn create(file: TempFile, about: u64) -> Result<Self> {
        let (plain, path) = file.handle()?;
        let direct = path.filter(|_| about >= LARGE).and_then(past_cache);
        let ring = Ring::start(move |blocks, back| write_all(&plain, direct, &blocks, &back))?;
        Ok(Self { ring, file })
    }

    /// Writes and syncs the rest.
    pub fn finish(self) -> Result<WrittenPacket> {
        let (size, sha256) = self.ring.finish()?;
        Ok(WrittenPacket {
            file: self.file,
            size,
            sha256,
        })
    }
}

impl Write for PacketFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.ring.write(bytes)
    }

    /// Blocks go when they are full, and the last with `finish`.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A ring of blocks: each is filled here, hashed by one thread, written by another, and comes back. When a thread ends,
/// whoever waits for it notices. Dropped unfinished, it lets its threads end by themselves.
struct Ring {
    block: Block,
    spares: Receiver<Block>,
    hash: Sender<Block>,
    hasher: JoinHandle<Digest>,
    writer: Option<JoinHandle<io::Result<()>>>,
}

impl Ring {
    /// `disk` takes the blocks in order and gives them back. The last one is not full.
    fn start(disk: impl FnOnce(Receiver<Block>, Sender<Block>) -> io::Result<()> + Send + 'static) -> Result<Self> {
        let ((hash, come), (hashed, written), (back, spares)) = (channel(), channel(), channel());
        for _ in 1..BLOCKS {
            back.send(Block::new()).map_err(Error::internal)?;
        }
        Ok(Self {
            block: Block::new(),
            spares,
            hash,
            hasher: thread("packet-hash", move || hash_all(&come, &hashed))?,
            writer: Some(thread("packet-disk", move || disk(written, back))?),
        })
    }

    /// Bytes so far.
    fn length(&self) -> u64 {
        self.block.at + self.block.filled as u64
    }

    fn hand_over(&mut self, next: Block) -> io::Result<()> {
        let at = self.length();
        let done = std::mem::replace(&mut self.block, Block { filled: 0, at, ..next });
        self.hash.send(done).map_err(|_| self.failure())
    }

    /// Takes as much as fits into the block that is being filled.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.block.take(bytes);
        if self.block.filled == BLOCK {
            match self.spares.recv() {
                Ok(next) => self.hand_over(next)?,
                Err(_) => return Err(self.failure()),
            }
        }
        Ok(taken)
    }

    /// How writing ended; waits for that.
    fn written(&mut self) -> io::Result<()> {
        let done = self.writer.take().map(JoinHandle::join);
        done.and_then(std::result::Result::ok)
            .unwrap_or_else(|| Err(ended_badly()))
    }

    /// Why blocks are not taken any more. The hasher ends only after the writer.
    fn failure(&mut self) -> io::Error {
        self.written().err().unwrap_or_else(ended_badly)
    }

    /// Writes and syncs the rest. Gives the length and the SHA-256 of all that was written.
    fn finish(mut self) -> Result<(u64, Digest)> {
        let length = self.length();
        // Nothing follows: the block that would be filled next has no memory.
        self.hand_over(Block::default())?;
        self.written()?;
        drop(self.hash);
        Ok((length, self.hasher.join().map_err(|_| ended_badly())?))
    }
}

/// A second handle on the file, for writing past the page cache. Some file systems refuse it; then everything goes
/// through the cache.
fn past_cache(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(OFlags::DIRECT.bits().cast_signed());
    options.open(path).ok()
}

fn ended_badly() -> io::Error {
    io::Error::other("writing a packet's file ended badly")
}

fn thread<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>> {
    Ok(std::thread::Builder::new().name(name.into()).spawn(run)?)
}

/// Hashes blocks and passes them on, as long as somebody takes them.
fn hash_all(blocks: &Receiver<Block>, hashed: &Sender<Block>) -> Digest {
    let mut sha = Sha256::new();
    for block in blocks {
        sha.update(block.bytes());
        if hashed.send(block).is_err() {
            break;
        }
    }
    Digest(sha.finalize().into())
}

/// Writes every block, and has what went into the page cache synced meanwhile. What is given up is not synced.
fn write_all(plain: &File, direct: Option<File>, blocks: &Receiver<Block>, back: &Sender<Block>) -> io::Result<()> {
    std::thread::scope(|threads| {
        let (notice, notices) = channel();
        let syncing = threads.spawn(move || sync_often(plain, &notices));
        let written = write_each(plain, direct, blocks, back, &notice);
        drop(notice);
        let synced = syncing.join().unwrap_or_else(|_| Err(ended_badly()));
        let whole = written?;
        synced?;
        if whole { plain.sync_all() } else { Ok(()) }
    })
}

/// Writes the blocks, and says whether the end was reached. Only whole blocks can bypass the page cache; the last goes
/// through it.
fn write_each(
    plain: &File,
    mut direct: Option<File>,
    blocks: &Receiver<Block>,
    back: &Sender<Block>,
    notice: &Sender<()>,
) -> io::Result<bool> {
    let mut told = 0;
    for block in blocks {
        let last = block.filled < BLOCK;
        let past = direct.as_ref().filter(|_| !last);
        let gone = past.is_some_and(|direct| direct.write_all_at(block.bytes(), block.at).is_ok());
        if !gone {
            if past.is_some() {
                // It can be opened but not written like this, or there is no room, which the next line will say.
                direct = None;
            }
            plain.write_all_at(block.bytes(), block.at)?;
        }
        if last {
            return Ok(true);
        }
        if direct.is_none() && block.at >= told + STRIDE {
            told = block.at;
            // Where syncing has failed, that is said at the end.
            let _ = notice.send(());
        }
        // Nobody may be left to fill it again.
        let _ = back.send(block);
    }
    Ok(false)
}

/// Syncs once for all notices that came meanwhile.
fn sync_often(file: &File, notices: &Receiver<()>) -> io::Result<()> {
    while notices.recv().is_ok() {
        while notices.try_recv().is_ok() {}
        file.sync_data()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ring as it is tested: whole slices are written.
    impl Ring {
        fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
            while !bytes.is_empty() {
                let taken = self.write(bytes)?;
                bytes = &bytes[taken..];
            }
            Ok(())
        }
    }

    fn temp_file(folder: &tempfile::TempDir) -> TempFile {
        TempFile::create(folder.path().join("part")).expect("a file")
    }

    fn written(lengths: &[usize], about: u64) -> (Vec<u8>, WrittenPacket, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut output = PacketFile::create(temp_file(&folder), about).expect("a file");
        let mut all = Vec::new();
        for (n, length) in lengths.iter().enumerate() {
            let piece: Vec<u8> = (0..*length).map(|i| (i * 31 + n) as u8).collect();
            output.write_all(&piece).expect("room");
            all.extend(piece);
        }
        let done = output.finish().expect("a digest");
        (all, done, folder)
    }

    #[test]
    fn what_was_written_is_there() {
        for lengths in [
            &[][..],
            &[1],
            &[BLOCK],
            &[BLOCK - 1, 1, 1],
            &[3 * BLOCK, 7, 20 * BLOCK + 5, 0, 4096],
        ] {
            for about in [0, LARGE] {
                let (all, done, folder) = written(lengths, about);
                assert_eq!(done.size, all.len() as u64);
                assert_eq!(done.sha256, Digest::of(&all));
                let to = folder.path().join("packet");
                done.file.move_to(&to).expect("moved");
                assert_eq!(std::fs::read(to).expect("the file"), all, "{lengths:?} {about}");
            }
        }
    }

    #[test]
    fn what_refuses_to_go_past_the_cache_goes_through_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("packet");
        let plain = File::create_new(&path).expect("a file");
        // It can be opened, and takes nothing.
        let refusing = File::open(&path).expect("the file");
        let mut output =
            Ring::start(move |blocks, back| write_all(&plain, Some(refusing), &blocks, &back)).expect("threads");
        let all: Vec<u8> = (0..20 * BLOCK + 3).map(|i| (i * 7) as u8).collect();
        output.write_all(&all).expect("room");
        assert_eq!(output.finish().expect("a digest").1, Digest::of(&all));
        assert_eq!(std::fs::read(path).expect("the file"), all);
    }

    #[test]
    fn a_full_disk_is_told() {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("it opens");
        let mut output = Ring::start(move |blocks, back| write_all(&full, None, &blocks, &back)).expect("threads");
        let block = vec![1; BLOCK];
        let failed = (0..100).find_map(|_| output.write_all(&block).err());
        assert_eq!(failed.expect("no room").kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_disk_that_fails_late_is_told() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let mut output = Ring::start(move |blocks, _back| {
            // By now every block is hashed and waits for the disk.
            std::thread::sleep(std::time::Duration::from_millis(100));
            drop(blocks);
            Err(full())
        })
        .expect("threads");
        let block = vec![1; BLOCK];
        let failed = (0..=BLOCKS).find_map(|_| output.write_all(&block).err());
        assert_eq!(failed.expect("no room").kind(), io::ErrorKind::StorageFull);
        let output = Ring::start(move |_, _| Err(full())).expect("threads");
        assert_eq!(output.finish().expect_err("no room").code, "disk-full");
    }
}
