//! Files that arrive over several requests: one request at a time writes to a file, and what it wrote survives a restart.

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt;
use tokio::sync::{Notify, OwnedMutexGuard};

use super::cut_off::is_cut_off;
use super::incoming::{HEAD, Incoming, Received, Resumed};
use super::{Blobs, Hashed, Hashing, Key, PIECE, TempFile, read_some};
use crate::error::{Error, Result};

/// The hash of what has come so far, kept in memory between two requests.
type HashSoFar = Option<(Hashing, Vec<u8>)>;

/// One upload's place: who writes now, and the word to stop.
#[derive(Default)]
struct HashedPlace {
    kept: Arc<tokio::sync::Mutex<HashSoFar>>,
    stop: Arc<Notify>,
}

/// The uploads that this server has seen, by id.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<String, HashedPlace>>>);

impl Turns {
    fn lock(&self) -> Result<MutexGuard<'_, HashMap<String, HashedPlace>>> {
        self.0.lock().map_err(|_| Error::internal("the uploads are lost"))
    }
}

/// The right to write to an upload. Whoever wrote before has stopped.
pub struct UploadTurn {
    kept: OwnedMutexGuard<HashSoFar>,
    stop: Arc<Notify>,
    turns: Turns,
    id: String,
}

/// A place without a hash for which nobody else waits is given up: memory does not grow with uploads that are done.
impl Drop for UploadTurn {
    fn drop(&mut self) {
        /// That of the place, and that of this turn.
        const HOLDERS: usize = 2;
        let Ok(mut all) = self.turns.lock() else { return };
        let done = self.kept.is_none();
        let alone = |place: &HashedPlace| {
            let own = Arc::ptr_eq(&place.kept, OwnedMutexGuard::mutex(&self.kept));
            own && Arc::strong_count(&place.kept) == HOLDERS
        };
        if done && all.get(&self.id).is_some_and(alone) {
            all.remove(&self.id);
        }
    }
}

impl UploadTurn {
    /// Waits until another request wants to go on with this upload.
    pub async fn wanted(&self) {
        self.stop.notified().await;
    }

    /// Keeps the hash of what has come, so that the next request need not read it again.
    pub fn keep(&mut self, resumed: Resumed) {
        *self.kept = Some((resumed.hashing, resumed.head));
    }

    fn take(&mut self) -> HashSoFar {
        self.kept.take()
    }
}

impl Blobs {
    /// Waits for the right to write to an upload, and has the request stop that writes to it now: its sender is gone, or
    /// would not ask again.
    pub async fn turn(&self, id: &str) -> Result<UploadTurn> {
        let (kept, stop) = {
            let mut all = self.turns.lock()?;
            let place = all.entry(id.to_owned()).or_default();
            (place.kept.clone(), place.stop.clone())
        };
        let (turns, id) = (self.turns.clone(), id.to_owned());
        let kept = match kept.clone().try_lock_owned() {
            Ok(kept) => kept,
            Err(_) => {
                stop.notify_one();
                let kept = kept.lock_owned().await;
                // The word was for the one before, who may have ended without hearing it.
                let _ = stop.notified().now_or_never();
                kept
            }
        };
        Ok(UploadTurn { kept, stop, turns, id })
    }

    /// The first `received` bytes of an upload, to go on after them; fewer where the disk has fewer. After a restart they
    /// are read again for their hash. Blocks.
    pub fn resume(&self, turn: &mut UploadTurn, id: &str, received: u64) -> Result<Resumed> {
        let mut file = self.partial(id)?;
        let at = file.length()?.min(received);
        let known = turn.take().filter(|(hashing, _)| hashing.size() == at);
        let (hashing, head) = known.map_or_else(|| hash_again(&mut file, at), Ok)?;
        file.cut(at)?;
        Ok(Resumed { file, hashing, head })
    }

    /// Goes on with an upload of `limit` bytes in all; `reserve` bytes stay free on the disk.
    pub fn go_on(&self, resumed: Resumed, limit: u64, reserve: u64) -> Incoming {
        Incoming::go_on(self, resumed, limit, reserve)
    }

    /// An upload that has come whole, as a file of a capture. `None` where its bytes are not here any more. Blocks.
    pub fn arrived(&self, id: &str, hashed: Hashed, media_type: String) -> Result<Option<Received>> {
        let file = self.partial(id)?;
        let whole = file.length()? == hashed.size;
        if !whole {
            self.remove_partial(id)?;
        }
        let stored = !whole && self.size(&Key::File(hashed.sha256))? == Some(hashed.size);
        // One that lies under its hash was looked at when it came; a second record of it says what this one can see.
        let cut_off = whole && is_cut_off(&file.handle()?.0, &media_type, hashed.size)?;
        Ok((whole || stored).then(|| Received {
            sha256: hashed.sha256,
            crc32: hashed.crc32,
            size: hashed.size,
            media_type: media_type.into(),
            cut_off,
            file: whole.then_some(file),
        }))
    }

    /// Removes what has come of an upload.
    pub fn forget(&self, id: &str) -> Result<()> {
        if let Ok(mut all) = self.turns.lock() {
            all.remove(id);
        }
        Ok(self.remove_partial(id)?)
    }
}

/// Hashes the first bytes of a file.
fn hash_again(file: &mut TempFile, length: u64) -> Result<(Hashing, Vec<u8>)> {
    std::io::Seek::rewind(file)?;
    let (mut hashing, mut head, mut piece) = (Hashing::default(), Vec::new(), vec![0; PIECE]);
    let mut begun = file.take(length);
    loop {
        let read = read_some(&mut begun, &mut piece)?;
        if read == 0 {
            return Ok((hashing, head));
        }
        hashing.take(&piece[..read]);
        let wanted = HEAD.saturating_sub(head.len()).min(read);
        head.extend_from_slice(&piece[..wanted]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::Memory;

    #[actix_web::test]
    async fn a_turn_that_is_over_leaves_nothing_in_memory() {
        let blobs = Blobs::new(Arc::new(Memory::default())).unwrap();
        let places = || blobs.turns.lock().unwrap().len();
        let first = blobs.turn("u").await.unwrap();
        let waits = tokio::spawn({
            let blobs = blobs.clone();
            async move { blobs.turn("u").await }
        });
        first.wanted().await;
        drop(first);
        let second = waits.await.unwrap().unwrap();
        assert_eq!(places(), 1);
        drop(second);
        assert_eq!(places(), 0);
        let mut kept = blobs.turn("u").await.unwrap();
        *kept.kept = Some((Hashing::default(), Vec::new()));
        drop(kept);
        assert_eq!(places(), 1);
        blobs.forget("u").unwrap();
        assert_eq!(places(), 0);
    }
}
