//! A temporary file: bytes on this machine that are not stored yet.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A temporary file. Dropped before it is put into the store, it leaves nothing.
#[derive(Debug)]
pub struct TempFile {
    bytes: Bytes,
    name: Name,
}

/// Where a file's bytes are.
#[derive(Debug)]
enum Bytes {
    /// Being written.
    Open(File),
    /// On the disk, and the file is closed.
    Synced,
    /// Unknown: a sync that failed may succeed the next time without having written anything.
    Lost,
}

/// The file's name, removed with it unless it was moved away, or stays. A file in memory has none.
#[derive(Debug)]
struct Name {
    path: Option<PathBuf>,
    /// Whether the file stays when it is dropped: more of it comes with another request.
    stays: bool,
}

impl Drop for Name {
    fn drop(&mut self) {
        if let Some(path) = self.path.as_ref().filter(|_| !self.stays) {
            // It may be gone already; the sweep at the next start takes what stays.
            let _ = fs::remove_file(path);
        }
    }
}

impl TempFile {
    /// A new file, for its owner only. It has its name from the start: a file that is synced without one (`O_TMPFILE`)
    /// and named then is lost where the power fails, because ext4 without a journal does not write that it is named.
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self {
            bytes: Bytes::Open(file),
            name: Name {
                path: Some(path),
                stays: false,
            },
        })
    }

    /// A file that stays until it is moved away or removed by name: as it was left, or a new one.
    pub(super) fn lasting(path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        Ok(Self {
            bytes: Bytes::Open(options.open(&path)?),
            name: Name {
                path: Some(path),
                stays: true,
            },
        })
    }

    /// An open file without a name.
    pub(super) fn nameless(file: File) -> Self {
        Self {
            bytes: Bytes::Open(file),
            name: Name {
                path: None,
                stays: false,
            },
        }
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(self.file()?.metadata()?.len())
    }

    /// Leaves the first bytes alone, to go on after them.
    pub(super) fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file()?.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(drop)
    }

    /// Waits until the bytes are on the disk; the file stays open.
    pub(super) fn sync_bytes(&self) -> io::Result<()> {
        self.file()?.sync_all()
    }

    /// A file in memory.
    pub(super) fn in_memory() -> io::Result<Self> {
        let file = rustix::fs::memfd_create("casetrail", rustix::fs::MemfdFlags::CLOEXEC)?;
        Ok(Self::nameless(file.into()))
    }

    fn file(&self) -> io::Result<&File> {
        match &self.bytes {
            Bytes::Open(file) => Ok(file),
            _ => Err(io::Error::other("the file is closed")),
        }
    }

    /// A second handle on the file, and the path by which it can be opened once more.
    pub(super) fn handle(&self) -> io::Result<(File, Option<&Path>)> {
        Ok((self.file()?.try_clone()?, self.name.path.as_deref()))
    }

    /// Appends, and asks the system to begin writing it to the disk.
    pub(super) fn write_out(&mut self, piece: &[u8]) -> io::Result<()> {
        self.write_all(piece)?;
        begin_to_write_out(self.file()?)
    }

    /// Empties the file, to be written from the beginning.
    pub fn empty(&mut self) -> io::Result<()> {
        self.file()?.set_len(0)?;
        self.rewind()
    }

    /// Waits until the bytes are on the disk, and closes the file. One in memory stays open.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.name.path.is_none() {
            return self.file().map(drop);
        }
        match std::mem::replace(&mut self.bytes, Bytes::Lost) {
            Bytes::Open(file) => file.sync_all()?,
            Bytes::Synced => {}
            Bytes::Lost => return Err(io::Error::other("the file could not be synced before")),
        }
        self.bytes = Bytes::Synced;
        Ok(())
    }

    /// Syncs if that was not done yet, and renames over a file that may be there: it has the same bytes by their hash,
    /// or is a damaged copy, which this mends.
    pub(super) fn move_to(mut self, to: &Path) -> io::Result<()> {
        self.sync()?;
        match self.name.path.take() {
            Some(from) => fs::rename(&from, to).inspect_err(|_| self.name.path = Some(from)),
            None => Err(io::Error::other("a file in memory has no name")),
        }
    }

    /// All bytes of a file in memory.
    pub(super) fn into_bytes(mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.rewind()?;
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Read for TempFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file()?.read(bytes)
    }
}

impl Write for TempFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for TempFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(to)
    }
}

/// Lets the disk work while the processor hashes. The sync reports what fails later; it may not report what fails here,
/// so that is returned. A file system without this call writes at the sync.
fn begin_to_write_out(file: &File) -> io::Result<()> {
    // SAFETY: it takes an open descriptor and numbers, and touches no memory.
    let done = unsafe { libc::sync_file_range(file.as_raw_fd(), 0, 0, libc::SYNC_FILE_RANGE_WRITE) };
    if done == 0 {
        return Ok(());
    }
    let e = io::Error::last_os_error();
    match e.raw_os_error() {
        Some(libc::ENOSYS | libc::EINVAL | libc::ESPIPE | libc::EOPNOTSUPP) => Ok(()),
        _ => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let all = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<String> = all
            .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_comes_to_its_place_over_a_damaged_copy() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("z");
        fs::write(&to, b"a damaged copy").expect("a file");
        let mut file = TempFile::create(folder.path().join("a")).expect("a file");
        file.write_out(b"by")
            .and_then(|()| file.write_out(b"tes"))
            .expect("written");
        file.sync().expect("synced");
        assert_eq!(names(folder.path()), ["a", "z"]);
        file.move_to(&to).expect("put");
        assert_eq!(names(folder.path()), ["z"]);
        assert_eq!(fs::read(&to).expect("bytes"), b"bytes");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&to).expect("a file").permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(TempFile::create(folder.path().join("a")).expect("a file"));
        let mut synced = TempFile::create(folder.path().join("b")).expect("a file");
        synced.sync().expect("synced");
        drop(synced);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_file_whose_sync_failed_is_never_put_anywhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let only_a_path = rustix::fs::open(folder.path(), rustix::fs::OFlags::PATH, rustix::fs::Mode::empty());
        let mut file = TempFile::create(folder.path().join("a")).expect("a file");
        file.bytes = Bytes::Open(File::from(only_a_path.expect("opened")));
        file.sync().expect_err("no open file");
        file.move_to(&folder.path().join("z"))
            .expect_err("nobody knows its bytes");
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn what_can_not_be_written_out_early_is_no_failure_and_what_fails_is() {
        let (pipe, _other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let pipe = File::from(std::os::fd::OwnedFd::from(pipe));
        begin_to_write_out(&pipe).expect("no such thing for a socket, which is none of ours");
        let folder = tempfile::tempdir().expect("a folder");
        let only_a_path = rustix::fs::open(folder.path(), rustix::fs::OFlags::PATH, rustix::fs::Mode::empty());
        let failed = begin_to_write_out(&File::from(only_a_path.expect("opened"))).expect_err("no open file");
        assert_eq!(failed.raw_os_error(), Some(libc::EBADF));
    }
}
