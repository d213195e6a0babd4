//! A store in memory, for tests: nothing of it survives the process.

use std::collections::BTreeMap;
use std::io::{self, Cursor, ErrorKind};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use super::TempFile;
use super::store::{BlobReader, Found, Key, Listing, Shelf, Store};

/// Bytes by key.
#[derive(Debug, Default)]
pub struct Memory(Mutex<BTreeMap<Key, Arc<[u8]>>>);

impl Memory {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Arc<[u8]>>> {
        // A poisoned lock still holds a whole map.
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Store for Memory {
    fn temp_file(&self, _shelf: Shelf) -> io::Result<TempFile> {
        TempFile::in_memory()
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
