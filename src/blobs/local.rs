//! The store in local folders: `sha256/<first two hex digits>/<sha256>` below the folder of files, `<id>.zip` in the
//! folder of packets; `<first two hex digits>/<sha256>-<size>.jpg` in the folder of pictures.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::TempFile;
use super::store::{BlobReader, Found, Key, Listing, Shelf, Stamp, Store};
use crate::proof::id::Digest;

/// How much of a file `prefetch` asks for: the system itself reads ahead once reading has begun.
const PREFETCHED: Option<NonZeroU64> = NonZeroU64::new(1 << 20);
/// How the names of temporary files end in the folder of packets.
const PART: &str = "part";
/// The folder of uploads that come in several requests.
const PARTIAL: &str = "partial";

/// Local folders.
#[derive(Debug)]
pub struct Local {
    files: PathBuf,
    packets: PathBuf,
    pictures: PathBuf,
    serial: AtomicU64,
}

impl Local {
    /// The store in these folders. Opens and makes nothing.
    pub fn at(files: &Path, packets: &Path, pictures: &Path) -> Self {
        Self {
            files: files.to_owned(),
            packets: packets.to_owned(),
            pictures: pictures.to_owned(),
            serial: AtomicU64::new(u64::from_le_bytes(crate::clock::random::<8>())),
        }
    }

    /// Makes the folders that are missing. They are made and synced at the start, so that storing a file needs the sync of
    /// one folder only.
    pub fn make_folders(&self) -> io::Result<()> {
        fs::create_dir_all(self.files.join("incoming"))?;
        fs::create_dir_all(self.files.join(PARTIAL))?;
        for n in 0..=255u8 {
            fs::create_dir_all(self.files.join(format!("sha256/{n:02x}")))?;
        }
        for folder in [&self.packets, &self.pictures] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        File::open(self.files.join("sha256"))?.sync_all()?;
        File::open(&self.files)?.sync_all()
    }

    /// The path of an evidence file below the folder of files. A backup keeps its files in the same order.
    pub fn relative_path(sha256: &Digest) -> String {
        let hex = sha256.to_string();
        format!("sha256/{}/{hex}", &hex[..2])
    }

    fn path(&self, key: &Key) -> PathBuf {
        match key {
            Key::File(sha256) => self.files.join(Self::relative_path(sha256)),
            Key::Packet(id) => self.packets.join(format!("{id}.zip")),
            Key::Picture(sha256, size) => {
                let hex = sha256.to_string();
                self.pictures.join(format!("{}/{hex}-{size}.jpg", &hex[..2]))
            }
        }
    }

    fn file_at(&self, path: &Path) -> Found {
        let digest = name_of(path).parse().ok().map(Key::File);
        Found {
            key: digest.filter(|key| self.path(key) == path),
            place: path.display().to_string(),
        }
    }
}

impl Store for Local {
    fn temp_file(&self, shelf: Shelf) -> io::Result<TempFile> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        TempFile::create(match shelf {
            Shelf::Files => self.files.join(format!("incoming/{serial:016x}")),
            Shelf::Packets => self.packets.join(format!("{serial:016x}.{PART}")),
            Shelf::Pictures => self.pictures.join(format!("{serial:016x}.{PART}")),
        })
    }

    fn partial(&self, id: &str) -> io::Result<TempFile> {
        TempFile::lasting(self.files.join(PARTIAL).join(id))
    }

    fn remove_partial(&self, id: &str) -> io::Result<()> {
        match fs::remove_file(self.files.join(PARTIAL).join(id)) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    fn partials(&self) -> io::Result<Vec<String>> {
        let all = entries(&self.files.join(PARTIAL))?;
        Ok(all.iter().map(|path| name_of(path).to_owned()).collect())
    }

    fn put(&self, key: &Key, file: TempFile) -> io::Result<()> {
        let to = self.path(key);
        if let (Shelf::Pictures, Some(folder)) = (key.shelf(), to.parent()) {
            // Made as they are needed, because pictures may be removed with their folders.
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        file.move_to(&to)?;
        match to.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }

    fn open(&self, key: &Key, range: Range<u64>) -> io::Result<BlobReader> {
        let mut file = regular(&self.path(key))?;
        if range.start > 0 {
            file.seek(SeekFrom::Start(range.start))?;
        }
        Ok(Box::new(file.take(range.end.saturating_sub(range.start))))
    }

    fn size(&self, key: &Key) -> io::Result<Option<u64>> {
        match fs::metadata(self.path(key)) {
            Ok(known) => Ok(Some(known.len())),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn stamp(&self, key: &Key) -> io::Result<Option<Stamp>> {
        let known = match fs::metadata(self.path(key)) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            known => known?,
        };
        // The time of change is the system's own: nobody sets it back as they can the time of writing.
        let written = (known.mtime(), known.mtime_nsec(), known.ctime(), known.ctime_nsec());
        Ok(Some(Stamp(format!(
            "{:?}",
            (known.dev(), known.ino(), known.len(), written)
        ))))
    }

    fn list(&self, shelf: Shelf) -> io::Result<Listing> {
        if shelf == Shelf::Packets {
            let zips = entries(&self.packets)?.into_iter().filter_map(|path| packet_at(&path));
            return Ok(Box::new(zips.map(Ok)));
        }
        if shelf == Shelf::Pictures {
            return Ok(Box::new(pictures_in(&self.pictures)?.into_iter().map(Ok)));
        }
        let folders = entries(&self.files.join("sha256"))?;
        let own = Self::at(&self.files, &self.packets, &self.pictures);
        Ok(Box::new(folders.into_iter().flat_map(move |folder| {
            match entries(&folder) {
                Ok(paths) => paths.iter().map(|path| Ok(own.file_at(path))).collect(),
                Err(e) => vec![Err(e)],
            }
        })))
    }

    fn remove(&self, key: &Key) -> io::Result<()> {
        match fs::remove_file(self.path(key)) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    fn prefetch(&self, key: &Key) {
        if let Ok(file) = regular(&self.path(key)) {
            // A hint: reading the file tells of what is wrong with it.
            let _ = rustix::fs::fadvise(&file, 0, PREFETCHED, rustix::fs::Advice::WillNeed);
        }
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(&self.files)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn sweep(&self) -> io::Result<u64> {
        let mut swept = 0;
        for path in entries(&self.files.join("incoming"))? {
            fs::remove_file(path)?;
            swept += 1;
        }
        // Version 0.1.0 called them `<id>.part` and `<id>.spool`.
        for path in entries(&self.packets)?.into_iter().chain(entries(&self.pictures)?) {
            if path.extension().is_some_and(|e| e == PART || e == "spool") {
                fs::remove_file(path)?;
            }
        }
        Ok(swept)
    }
}

/// A finished packet; anything else in that folder is none.
fn packet_at(path: &Path) -> Option<Found> {
    let id = name_of(path).strip_suffix(".zip")?;
    Some(Found {
        key: Some(Key::Packet(id.to_owned())),
        place: path.display().to_string(),
    })
}

/// The pictures in the folders of a folder; anything else in it is none.
fn pictures_in(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for below in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        found.extend(entries(&below)?.iter().filter_map(|path| picture_at(path)));
    }
    Ok(found)
}

fn picture_at(path: &Path) -> Option<Found> {
    let (hex, size) = name_of(path).strip_suffix(".jpg")?.split_once('-')?;
    Some(Found {
        key: Some(Key::Picture(hex.parse().ok()?, size.parse().ok()?)),
        place: path.display().to_string(),
    })
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|n| n.to_str()).unwrap_or_default()
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}
/// Opens a file that was stored. A pipe or a device in its place is not waited for.
fn regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidData, "is no regular file")),
    }
}
