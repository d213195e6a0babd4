//! Makes the bytes of a redaction: what was recorded is read and compared with its digest, redacted in a process of its own,
//! and what comes out is stored before anything names it.

use std::io::Write;

use super::model::NewRedaction;
use crate::blobs::{Blobs, ExpectedBytes, Key, Shelf, WHOLE, hash};
use crate::captures::model::FileEntry;
use crate::error::{Error, Result};
use crate::http::App;
use crate::pictures::{PixelBox, RedactedPicture, Unmade, is_redacted, room_for};
use crate::proof::id::Digest;
use crate::threads::blocking;

/// The bytes of a derivative, which lie in the store.
#[derive(Debug, Clone)]
pub struct MadeBytes {
    pub sha256: Digest,
    pub size: u64,
    pub crc32: u32,
    pub media_type: &'static str,
    /// Pixels of the picture.
    pub pixels: (u32, u32),
    /// Digest of the file from which they were made.
    pub parent: Digest,
}

/// A copy of a file with its boxes filled, which is stored nowhere yet.
pub async fn redacted(app: &App, file: &FileEntry, boxes: &[PixelBox]) -> Result<RedactedPicture> {
    let media_type = file.media_type.clone().unwrap_or_default();
    if !is_redacted(&media_type) {
        let message = format!(
            "is of type {media_type}: boxes are filled in JPEG, PNG, GIF, WebP, TIFF, BMP, HEIC and AVIF. Redact a screenshot of it, or leave it out"
        );
        return Err(Error::field("file", "supported", message));
    }
    // One at a time: each may take the memory of a large photo.
    let slot = app.redactions.wait(WAIT).await;
    let _slot =
        slot.ok_or_else(|| Error::unavailable("busy", "Other pictures are being redacted. Send it again.", 10))?;
    let (app, expected) = (app.clone(), ExpectedBytes::file(file.sha256, file.size));
    let (wanted, size) = (boxes.to_vec(), file.size);
    let made = blocking(move || {
        app.blobs
            .check_reserve(app.limits.reserve.saturating_add(room_for(size)))?;
        let stamp = app.blobs.check(&expected)?;
        let source = app
            .blobs
            .open(&expected.key, WHOLE)
            .map_err(|e| expected.unreadable(e))?;
        let maker = &app.pictures.maker;
        let made = maker.redact(source, (&media_type, size), &wanted, &|| Ok(()))?;
        app.blobs.is_still(&expected, stamp.as_ref())?;
        Ok(made)
    })
    .await?;
    let made = made.map_err(|unmade| Error::field("file", "readable", words(&unmade)))?;
    inside(boxes, made.size)?;
    Ok(made)
}

/// How long a redaction waits for another.
const WAIT: std::time::Duration = std::time::Duration::from_secs(30);

fn words(unmade: &Unmade) -> String {
    match unmade {
        Unmade::Failed(why) => format!("cannot be redacted: {why}"),
        Unmade::Lacks(helper) => {
            format!("cannot be redacted: {helper}, which opens such files, is not installed on this server")
        }
    }
}

/// Refuses boxes that reach beyond the picture: the recipe says what was filled, and no more.
fn inside(boxes: &[PixelBox], size: (u32, u32)) -> Result<()> {
    let outside = boxes.iter().position(|one| !one.lies_in(size));
    let Some(outside) = outside else { return Ok(()) };
    let message = format!(
        "does not lie in the picture, which is {} × {} pixels, upright, from its upper left corner",
        size.0, size.1
    );
    Err(Error::field(format!("boxes[{outside}]"), "within", message))
}

/// Makes the bytes and stores them. None where only a text is redacted.
pub async fn stored(app: &App, file: Option<&FileEntry>, new: &NewRedaction) -> Result<Option<MadeBytes>> {
    let (Some(file), Some((_, boxes))) = (file, &new.file) else {
        return Ok(None);
    };
    let made = redacted(app, file, boxes).await?;
    let (blobs, parent) = (app.blobs.clone(), file.sha256);
    let kept = blocking(move || keep(&blobs, parent, made)).await?;
    if kept.sha256 == parent {
        return Err(Error::internal("a redaction has the bytes of its parent"));
    }
    Ok(Some(kept))
}

fn keep(blobs: &Blobs, parent: Digest, made: RedactedPicture) -> Result<MadeBytes> {
    let hashed = hash(&made.bytes[..], |_| Ok(()))?;
    let mut file = blobs.temp_file(Shelf::Files)?;
    file.write_all(&made.bytes)?;
    blobs.put(&Key::File(hashed.sha256), file)?;
    Ok(MadeBytes {
        sha256: hashed.sha256,
        size: hashed.size,
        crc32: hashed.crc32,
        media_type: made.media_type,
        pixels: made.size,
        parent,
    })
}
