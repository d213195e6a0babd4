//! A file's bytes before they lie under their hash.
//!
//! A file has a name in `incoming` while it arrives, so that what a stop cut off is found and told of at the next start.
//! One whose bytes are all there when it is made needs none: where the file system can make a file without a name
//! (Linux `O_TMPFILE`), it gets its first name when it is synced, and the sync need not write a folder as well.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

/// Owner only: evidence is nobody else's to read.
const MODE: u32 = 0o600;

/// A file that is written. Dropped before it is put under its hash, it leaves nothing.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    /// The name it has or will have in `incoming`.
    at: Leftover,
}

/// A name in `incoming` that is removed unless it was renamed away.
#[derive(Debug)]
pub(super) struct Leftover {
    path: PathBuf,
    there: bool,
}

impl Leftover {
    /// Renames over what may be there: the same bytes by their hash, or a damaged copy that is mended by it.
    pub fn put(&mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        self.there = false;
        Ok(())
    }
}

impl Drop for Leftover {
    fn drop(&mut self) {
        if self.there {
            // It may be gone already; the sweep at the next start takes what stays.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Draft {
    /// A file with a name.
    pub fn named(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&path)?;
        Ok(Self {
            file,
            at: Leftover { path, there: true },
        })
    }

    /// A file that gets this name when it is asked for it.
    pub fn unnamed(path: PathBuf) -> io::Result<Self> {
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::open(folder, flags, Mode::from_raw_mode(MODE))?;
        Ok(Self {
            file: file.into(),
            at: Leftover { path, there: false },
        })
    }

    /// Whether files without a name can be made in this folder, and named.
    pub fn can_be_unnamed(folder: &Path) -> bool {
        let tried = Self::unnamed(folder.join("probe")).and_then(Self::close);
        tried.is_ok_and(|made| made.there)
    }

    /// Appends, and asks the system to begin writing it to the disk.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece)?;
        begin_to_write_out(&self.file);
        Ok(())
    }

    /// Waits until the bytes are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Closes the file, which has a name then.
    pub fn close(mut self) -> io::Result<Leftover> {
        if !self.at.there {
            let open = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            rustix::fs::linkat(CWD, open, CWD, &self.at.path, AtFlags::SYMLINK_FOLLOW)?;
            self.at.there = true;
        }
        Ok(self.at)
    }
}

/// The disk works while the processor hashes. Whether the bytes got there is for `sync` to say, so a failure is no news.
fn begin_to_write_out(file: &File) {
    // SAFETY: it takes an open descriptor and numbers, and touches no memory.
    unsafe { libc::sync_file_range(file.as_raw_fd(), 0, 0, libc::SYNC_FILE_RANGE_WRITE) };
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

    /// Made, written, synced, closed, and put under another name.
    fn whole(make: fn(PathBuf) -> io::Result<Draft>, seen: [&[&str]; 3]) {
        let folder = tempfile::tempdir().expect("a folder");
        let (name, to) = (folder.path().join("a"), folder.path().join("z"));
        fs::write(&to, b"a damaged copy").expect("a file");
        let mut draft = make(name).expect("a file");
        draft.write(b"by").and_then(|()| draft.write(b"tes")).expect("written");
        draft.sync().expect("synced");
        assert_eq!(names(folder.path()), seen[0], "while it is written");
        let mut closed = draft.close().expect("closed");
        assert_eq!(names(folder.path()), seen[1], "when it is closed");
        closed.put(&to).expect("put");
        drop(closed);
        assert_eq!(names(folder.path()), seen[2], "at its place");
        assert_eq!(fs::read(&to).expect("bytes"), b"bytes");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&to).expect("a file").permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_named_file_comes_to_its_place() {
        whole(Draft::named, [&["a", "z"], &["a", "z"], &["z"]]);
    }

    #[test]
    fn an_unnamed_file_comes_to_its_place() {
        whole(Draft::unnamed, [&["z"], &["a", "z"], &["z"]]);
    }

    #[test]
    fn what_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        for make in [Draft::named, Draft::unnamed] {
            drop(make(folder.path().join("a")).expect("a file"));
            drop(make(folder.path().join("b")).and_then(Draft::close).expect("a file"));
            assert!(names(folder.path()).is_empty());
        }
    }

    #[test]
    fn looking_whether_a_name_is_needed_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Draft::can_be_unnamed(folder.path()));
        assert!(!Draft::can_be_unnamed(Path::new("/proc")));
        assert!(names(folder.path()).is_empty());
    }
}
