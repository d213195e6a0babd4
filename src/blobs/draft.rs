//! A file's bytes before they lie under their hash: in `incoming`, under a name of their own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that is written. Dropped before it is put under its hash, it leaves nothing.
#[derive(Debug)]
pub(super) struct Draft {
    bytes: Bytes,
    at: Leftover,
}

/// Where a file's bytes are.
#[derive(Debug)]
enum Bytes {
    /// On their way.
    Open(File),
    /// On the disk.
    Synced,
    /// Who knows: a sync that failed may succeed the next time, without having written anything.
    Lost,
}

/// A name in `incoming` that is removed unless it was renamed away.
#[derive(Debug)]
struct Leftover(Option<PathBuf>);

impl Drop for Leftover {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // It may be gone already; the sweep at the next start takes what stays.
            let _ = fs::remove_file(path);
        }
    }
}

impl Draft {
    /// A new file, for its owner only. It has its name from the start: a file that is synced without one (`O_TMPFILE`)
    /// and named then is lost where the power fails, because ext4 without a journal does not write that it is named.
    pub fn make(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self {
            bytes: Bytes::Open(file),
            at: Leftover(Some(path)),
        })
    }

    /// Appends, and asks the system to begin writing it to the disk.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        let Bytes::Open(file) = &mut self.bytes else {
            return Err(io::Error::other("the file is closed"));
        };
        file.write_all(piece)?;
        begin_to_write_out(file)
    }

    /// Waits until the bytes are on the disk, and closes the file.
    pub fn sync(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.bytes, Bytes::Lost) {
            Bytes::Open(file) => file.sync_all()?,
            Bytes::Synced => {}
            Bytes::Lost => return Err(io::Error::other("the file could not be synced before")),
        }
        self.bytes = Bytes::Synced;
        Ok(())
    }

    /// Syncs, where that was not done, and renames over what may be there: the same bytes by their hash, or a damaged copy
    /// that is mended by it.
    pub fn put(mut self, to: &Path) -> io::Result<()> {
        self.sync()?;
        if let Some(from) = &self.at.0 {
            fs::rename(from, to)?;
        }
        self.at.0 = None;
        Ok(())
    }
}

/// The disk works while the processor hashes. What fails later is for the sync to say; what fails here already it may never
/// hear of. A file system that knows no such call writes at the sync.
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
        let mut draft = Draft::make(folder.path().join("a")).expect("a file");
        draft.write(b"by").and_then(|()| draft.write(b"tes")).expect("written");
        draft.sync().expect("synced");
        assert_eq!(names(folder.path()), ["a", "z"]);
        draft.put(&to).expect("put");
        assert_eq!(names(folder.path()), ["z"]);
        assert_eq!(fs::read(&to).expect("bytes"), b"bytes");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&to).expect("a file").permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(Draft::make(folder.path().join("a")).expect("a file"));
        let mut synced = Draft::make(folder.path().join("b")).expect("a file");
        synced.sync().expect("synced");
        drop(synced);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_file_whose_sync_failed_is_never_put_anywhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let only_a_path = rustix::fs::open(folder.path(), rustix::fs::OFlags::PATH, rustix::fs::Mode::empty());
        let mut draft = Draft::make(folder.path().join("a")).expect("a file");
        draft.bytes = Bytes::Open(File::from(only_a_path.expect("opened")));
        draft.sync().expect_err("no open file");
        draft.put(&folder.path().join("z")).expect_err("nobody knows its bytes");
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
