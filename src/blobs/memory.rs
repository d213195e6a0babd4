//! A store in memory, for tests: nothing of it survives the process.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, ErrorKind};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use super::TempFile;
use super::store::{BlobReader, Found, Key, Listing, Shelf, Store};

/// Bytes by key.
#[derive(Debug, Default)]
pub struct Memory {
    stored: Mutex<BTreeMap<Key, Arc<[u8]>>>,
    partial: Mutex<BTreeMap<String, File>>,
}

impl Memory {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Arc<[u8]>>> {
        // A poisoned lock still holds a whole map.
        self.stored.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn all_partial(&self) -> MutexGuard<'_, BTreeMap<String, File>> {
        self.partial.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Store for Memory {
    fn temp_file(&self, _shelf: Shelf) -> io::Result<TempFile> {
        TempFile::in_memory()
    }

    fn partial(&self, id: &str) -> io::Result<TempFile> {
        let mut all = self.all_partial();
        if !all.contains_key(id) {
            let file = rustix::fs::memfd_create("casetrail", rustix::fs::MemfdFlags::CLOEXEC)?;
            all.insert(id.to_owned(), file.into());
        }
        let file = all.get(id).ok_or(ErrorKind::NotFound)?;
        Ok(TempFile::nameless(file.try_clone()?))
    }

    fn remove_partial(&self, id: &str) -> io::Result<()> {
        self.all_partial().remove(id);
        Ok(())
    }

    fn partials(&self) -> io::Result<Vec<String>> {
        Ok(self.all_partial().keys().cloned().collect())
    }

    fn put(&self, key: &Key, file: TempFile) -> io::Result<()> {
        let bytes = file.into_bytes()?;
        self.all().insert(key.clone(), bytes.into());
        Ok(())
    }

    fn open(&self, key: &Key, range: Range<u64>) -> io::Result<BlobReader> {
        let bytes = self.all().get(key).cloned().ok_or(ErrorKind::NotFound)?;
        let inside = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
        let (start, end) = (inside(range.start), inside(range.end));
        Ok(Box::new(Cursor::new(bytes[start..end.max(start)].to_vec())))
    }

    fn size(&self, key: &Key) -> io::Result<Option<u64>> {
        Ok(self.all().get(key).map(|bytes| bytes.len() as u64))
    }

    fn list(&self, shelf: Shelf) -> io::Result<Listing> {
        let keys: Vec<Key> = self.all().keys().filter(|key| key.shelf() == shelf).cloned().collect();
        Ok(Box::new(keys.into_iter().map(|key| {
            Ok(Found {
                place: format!("{key:?}"),
                key: Some(key),
            })
        })))
    }

    fn remove(&self, key: &Key) -> io::Result<()> {
        self.all().remove(key);
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }

    fn sweep(&self) -> io::Result<u64> {
        Ok(0)
    }
}
