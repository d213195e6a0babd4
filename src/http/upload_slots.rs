//! A limit on the uploads that one user has under way, so that a broken script leaves room for others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::error::{Error, Kind, Result};

/// Uploads under way, by user.
#[derive(Clone, Default)]
pub struct UploadSlots(Arc<Mutex<HashMap<String, usize>>>);

/// One upload's slot; free again when dropped.
pub struct UploadSlot {
    slots: UploadSlots,
    user: String,
}

impl UploadSlots {
    /// Takes a slot, or says when to try again.
    pub fn enter(&self, user: &str, most: usize) -> Result<UploadSlot> {
        let mut all = self
            .0
            .lock()
            .map_err(|_| Error::internal("the count of uploads is lost"))?;
        let count = all.entry(user.to_owned()).or_default();
        if *count >= most {
            let detail = format!(
                "You have {most} uploads under way, which is the most. Nothing was taken; send it again when one has ended."
            );
            return Err(Error {
                retry_after: Some(2),
                ..Error::new(Kind::TooMany, "too-many-uploads", detail)
            });
        }
        *count += 1;
        Ok(UploadSlot {
            slots: self.clone(),
            user: user.to_owned(),
        })
    }
}

impl Drop for UploadSlot {
    fn drop(&mut self) {
        let Ok(mut all) = self.slots.0.lock() else { return };
        match all.get_mut(&self.user) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                all.remove(&self.user);
            }
        }
    }
}
