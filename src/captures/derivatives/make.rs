//! Makes the bytes of a redaction: what was recorded is read and compared with its digest, redacted in a process of its own,
//! and what comes out is stored before anything names it.

use std::io::{self, Cursor, Read};

use super::asked::{Covers, NewRedaction};
use crate::blobs::{BlobReader, Blobs, ExpectedBytes, Key, Shelf, WHOLE, hash};
use crate::captures::model::FileEntry;
use crate::error::{Error, FieldError, Result};
use crate::http::App;
use crate::pictures::{
    FilmFacts, FilmRange, PDF, PictureMaker, PixelBox, RedactedPicture, SanitizedCounts, Unmade, has_pages, is_archive,
    is_film, is_redacted, room_for, room_for_document, room_for_film,
};
use crate::proof::id::Digest;
use crate::threads::blocking;

/// What a copy shows, as what is covered is held to it.
#[derive(Debug, Clone)]
pub enum CopyShape {
    /// A picture of so many pixels.
    Picture((u32, u32)),
    /// Pages, with the pixels of each.
    Pages(Vec<(u32, u32)>),
    /// A video or a sound.
    Film(FilmFacts),
    /// A web archive, with how much was taken out of it.
    Archive(SanitizedCounts),
}

impl CopyShape {
    /// Pixels of the picture; none of anything else.
    pub fn picture(&self) -> Option<(u32, u32)> {
        match self {
            Self::Picture(size) => Some(*size),
            Self::Pages(_) | Self::Film(_) | Self::Archive(_) => None,
        }
    }

    /// Pixels of each page; none of anything else.
    pub fn pages(&self) -> &[(u32, u32)] {
        match self {
            Self::Picture(_) | Self::Film(_) | Self::Archive(_) => &[],
            Self::Pages(sizes) => sizes,
        }
    }

    /// What is known of a film; none of anything else.
    pub fn film(&self) -> Option<FilmFacts> {
        match self {
            Self::Film(facts) => Some(*facts),
            Self::Picture(_) | Self::Pages(_) | Self::Archive(_) => None,
        }
    }

    /// How much was taken out of a web archive; none of anything else.
    pub fn archive(&self) -> Option<SanitizedCounts> {
        match self {
            Self::Archive(counts) => Some(*counts),
            Self::Picture(_) | Self::Pages(_) | Self::Film(_) => None,
        }
    }
}

/// A redacted copy that is stored nowhere yet.
struct MadeCopy {
    shape: CopyShape,
    media_type: &'static str,
    bytes: Box<dyn Read + Send>,
}

/// The bytes of a derivative, which lie in the store.
#[derive(Debug, Clone)]
pub struct MadeBytes {
    pub sha256: Digest,
    pub size: u64,
    pub crc32: u32,
    pub media_type: &'static str,
    pub shape: CopyShape,
    /// Digest of the file from which they were made.
    pub parent: Digest,
}

/// The type of a file, where it is one that can be redacted.
pub(super) fn source_type(file: &FileEntry) -> Result<&str> {
    let media_type = file.media_type.as_deref().unwrap_or_default();
    if is_redacted(media_type) || has_pages(media_type) || is_film(media_type) || is_archive(media_type) {
        return Ok(media_type);
    }
    let message = format!(
        "is of type {media_type}: boxes are filled in JPEG, PNG, GIF, WebP, TIFF, BMP, HEIC, AVIF and PDF, times covered in videos and sounds, and WARC, WACZ and HTML sanitized. Redact a screenshot of it, or leave it out"
    );
    Err(Error::field("file", "supported", message))
}

/// What a copy would look like: the picture, or the page of this number, with these boxes filled.
pub async fn look(app: &App, file: &FileEntry, (page, boxes): (u32, Vec<PixelBox>)) -> Result<RedactedPicture> {
    let media_type = source_type(file)?.to_owned();
    let size = file.size;
    if is_film(&media_type) || is_archive(&media_type) {
        let message = "is a video, a sound or a web archive: what a copy of it is like shows when it is made";
        return Err(Error::field("file", "supported", message));
    }
    if media_type != PDF {
        let wanted = boxes.clone();
        let make = move |maker: &PictureMaker, source| maker.redact(source, (&media_type, size), &wanted, &|| Ok(()));
        let made = made_of(app, file, (CopyWork::short(size), make)).await?;
        inside(&boxes, &CopyShape::Picture(made.size))?;
        return Ok(made);
    }
    let on_page: Vec<PixelBox> = boxes
        .into_iter()
        .map(|one| PixelBox {
            page: one.page.or(Some(page)),
            ..one
        })
        .collect();
    let make = move |maker: &PictureMaker, source| maker.page(source, size, (page, &on_page));
    made_of(app, file, (CopyWork::short(size), make)).await
}

/// Pixels of each page of a PDF.
pub async fn page_sizes(app: &App, file: &FileEntry) -> Result<Vec<(u32, u32)>> {
    let size = file.size;
    let make = move |maker: &PictureMaker, source| maker.page_sizes(source, size);
    made_of(app, file, (CopyWork::short(size), make)).await
}

/// A copy of a file with what is to be covered.
async fn redacted(app: &App, file: &FileEntry, covers: &Covers) -> Result<MadeCopy> {
    let media_type = source_type(file)?.to_owned();
    if is_film(&media_type) {
        return redacted_film(app, file, covers).await;
    }
    if is_archive(&media_type) {
        return sanitized(app, file, covers).await;
    }
    if covers.sanitize.is_some() {
        let message = "is for web archives: name boxes in a picture or a document";
        return Err(Error::field("sanitize", "either", message));
    }
    let boxes = &covers.boxes;
    if boxes.is_empty() {
        let message = "names no box: a picture or a document has no times, name boxes instead";
        return Err(Error::field("boxes", "not_empty", message));
    }
    let (wanted, size) = (boxes.to_vec(), file.size);
    let made = if media_type == PDF {
        let make = move |maker: &PictureMaker, source| maker.redact_pages(source, size, &wanted);
        let made = made_of(app, file, (CopyWork::document(size), make)).await?;
        MadeCopy {
            shape: CopyShape::Pages(made.sizes),
            media_type: PDF,
            bytes: Box::new(made.bytes),
        }
    } else {
        let make = move |maker: &PictureMaker, source| maker.redact(source, (&media_type, size), &wanted, &|| Ok(()));
        let made = made_of(app, file, (CopyWork::short(size), make)).await?;
        MadeCopy {
            shape: CopyShape::Picture(made.size),
            media_type: made.media_type,
            bytes: Box::new(Cursor::new(made.bytes)),
        }
    };
    inside(boxes, &made.shape)?;
    Ok(made)
}

/// A copy of a film with its ranges black and silent.
async fn redacted_film(app: &App, file: &FileEntry, covers: &Covers) -> Result<MadeCopy> {
    let media_type = file.media_type.clone().unwrap_or_default();
    let times = covers.times.clone();
    if times.is_empty() || covers.sanitize.is_some() {
        let message = "names no time: a video or a sound has no boxes, name times instead";
        return Err(Error::field("times", "not_empty", message));
    }
    let (wanted, size) = (times.clone(), file.size);
    let make = move |maker: &PictureMaker, source| maker.redact_film(source, (&media_type, size), &wanted);
    let made = made_of(app, file, (CopyWork::film(size), make)).await?;
    let wrong = |(i, range): (usize, &FilmRange)| {
        let (below, rule, message) = made.of.refuses(range)?;
        Some(FieldError::new(format!("times[{i}]{below}"), rule, message))
    };
    FieldError::refuse(times.iter().enumerate().filter_map(wrong).collect())?;
    let bytes = made
        .bytes
        .ok_or_else(|| Error::internal("a film was not made that refuses nothing"))?;
    Ok(MadeCopy {
        shape: CopyShape::Film(made.of),
        media_type: made.media_type,
        bytes: Box::new(bytes),
    })
}

/// A copy of a web archive without what lets somebody into an account, and without the listed names.
async fn sanitized(app: &App, file: &FileEntry, covers: &Covers) -> Result<MadeCopy> {
    let media_type = file.media_type.clone().unwrap_or_default();
    let Some(names) = covers.sanitize.clone() else {
        let message = "must be given: a web archive is sanitized, with the names that are taken out of it";
        return Err(Error::field("sanitize", "required", message));
    };
    let (kind, size) = (archive_type(&media_type), file.size);
    let make = move |maker: &PictureMaker, source| maker.sanitize(source, (&media_type, size), &names);
    let made = made_of(app, file, (CopyWork::document(size), make)).await?;
    Ok(MadeCopy {
        shape: CopyShape::Archive(made.counts),
        media_type: kind,
        bytes: Box::new(made.bytes),
    })
}

/// The type of the copy of an archive.
fn archive_type(media_type: &str) -> &'static str {
    let all = [
        "application/warc",
        "application/wacz",
        "application/gzip",
        "text/html",
        "multipart/related",
    ];
    all.into_iter()
        .find(|own| *own == media_type)
        .unwrap_or("application/octet-stream")
}

/// How long work may last, and what it may take on the disk.
struct CopyWork {
    is_long: bool,
    room: u64,
}

impl CopyWork {
    /// On one picture or page.
    fn short(size: u64) -> Self {
        Self {
            is_long: false,
            room: room_for(size),
        }
    }

    /// On all pages of a document.
    fn document(size: u64) -> Self {
        Self {
            is_long: true,
            room: room_for_document(size),
        }
    }

    /// On all of a film.
    fn film(size: u64) -> Self {
        Self {
            is_long: true,
            room: room_for_film(size),
        }
    }
}

/// What a process makes of the recorded bytes of a file, which are compared with their digest before and after.
async fn made_of<T: Send + 'static>(
    app: &App,
    file: &FileEntry,
    (work, make): (
        CopyWork,
        impl FnOnce(&PictureMaker, BlobReader) -> Result<std::result::Result<T, Unmade>> + Send + 'static,
    ),
) -> Result<T> {
    // One of each at a time: each may take the memory of a large photo. Nobody who draws waits for a long document.
    let slots = match work.is_long {
        true => &app.long_redactions,
        false => &app.redactions,
    };
    let slot = slots.wait(WAIT).await;
    let slot = slot.ok_or_else(|| Error::unavailable("busy", "Other files are being redacted. Send it again.", 10))?;
    let (app, expected) = (app.clone(), ExpectedBytes::file(file.sha256, file.size));
    let made = blocking(move || {
        // It is held until the work is done, also where nobody waits for it any more.
        let _slot = slot;
        app.blobs.check_reserve(app.limits.reserve.saturating_add(work.room))?;
        let stamp = app.blobs.check(&expected)?;
        let source = app
            .blobs
            .open(&expected.key, WHOLE)
            .map_err(|e| expected.unreadable(e))?;
        let made = make(&app.pictures.maker, source)?;
        app.blobs.is_still(&expected, stamp.as_ref())?;
        Ok(made)
    })
    .await?;
    made.map_err(|unmade| Error::field("file", "readable", words(&unmade)))
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

/// Refuses boxes that reach beyond the picture or their page: the recipe says what was filled, and no more.
fn inside(boxes: &[PixelBox], shape: &CopyShape) -> Result<()> {
    let wrong = |(i, one): (usize, &PixelBox)| {
        let refused = |below: &str, rule: &str, message: String| {
            Some(FieldError::new(format!("boxes[{i}]{below}"), rule, message))
        };
        let (what, size) = match (shape, one.page) {
            (CopyShape::Film(_) | CopyShape::Archive(_), _) => {
                return refused("", "either", "is for pictures and documents".into());
            }
            (CopyShape::Picture(_), Some(_)) => {
                let message = "is for documents: a picture has no pages, leave it out";
                return refused(".page", "either", message.into());
            }
            (CopyShape::Pages(sizes), None) => {
                let message = format!("must be given: the page of the box, from 1 to {}", sizes.len());
                return refused(".page", "required", message);
            }
            (CopyShape::Picture(size), None) => ("the picture".to_owned(), *size),
            (CopyShape::Pages(sizes), Some(page)) => match (page as usize).checked_sub(1).and_then(|p| sizes.get(p)) {
                Some(size) => (format!("page {page}"), *size),
                None => {
                    let message = format!("is no page of the file, which has {}", sizes.len());
                    return refused(".page", "within", message);
                }
            },
        };
        if one.lies_in(size) {
            return None;
        }
        let (width, height) = size;
        let message =
            format!("does not lie in {what}, which is {width} × {height} pixels, upright, from its upper left corner");
        refused("", "within", message)
    };
    FieldError::refuse(boxes.iter().enumerate().filter_map(wrong).collect())
}

/// Makes the bytes and stores them. None where only a text is redacted.
pub async fn stored(app: &App, file: Option<&FileEntry>, new: &NewRedaction) -> Result<Option<MadeBytes>> {
    let (Some(file), Some((_, covers))) = (file, &new.file) else {
        return Ok(None);
    };
    let made = redacted(app, file, covers).await?;
    let (blobs, parent) = (app.blobs.clone(), file.sha256);
    let kept = blocking(move || keep(&blobs, parent, made)).await?;
    if kept.sha256 == parent {
        return match kept.shape {
            CopyShape::Archive(_) => {
                let message = "holds nothing of what is looked for: no copy is needed, or name what is to be taken out";
                Err(Error::field("sanitize", "something", message))
            }
            _ => Err(Error::internal("a redaction has the bytes of its parent")),
        };
    }
    Ok(Some(kept))
}

fn keep(blobs: &Blobs, parent: Digest, made: MadeCopy) -> Result<MadeBytes> {
    let mut file = blobs.temp_file(Shelf::Files)?;
    let hashed = hash(made.bytes, |piece| io::Write::write_all(&mut file, piece))?;
    blobs.put(&Key::File(hashed.sha256), file)?;
    Ok(MadeBytes {
        sha256: hashed.sha256,
        size: hashed.size,
        crc32: hashed.crc32,
        media_type: made.media_type,
        shape: made.shape,
        parent,
    })
}
