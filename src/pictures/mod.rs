//! Thumbnails and previews, made from evidence that may be hostile.
//!
//! The bytes are decoded in a process of their own, whose memory, processor time and output are limited and which is ended
//! at its deadline: whatever a file does to its decoder, the server goes on. What comes out is encoded anew, so that nothing
//! of the file's metadata is in it. Photos in HEIC and AVIF are decoded by `heif-convert`, a frame of a video by `ffmpeg`,
//! where they are installed; both run under the same limits. Redacted copies of pictures, documents and films are made in the
//! same way, and standard duplicates; what a file says of itself is read so too (`examination`). This room knows no database
//! and no store.

mod archive;
mod child;
mod decode;
mod desk;
mod document;
#[cfg(feature = "pdf")]
mod drawing;
mod drawn;
mod examine;
mod film;
mod helpers;
mod limited;
mod mp4;
mod print;
mod redact;
mod standard;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use archive::{SanitizedCounts, is_archive};
pub use decode::{SIDE, ThumbSize};
pub use desk::{ExaminationDesk, PictureDesk};
pub use document::{PDF, has_pages};
pub use drawn::{KIND as DRAWN_KIND, drawn, drawn_words};
pub use film::{FilmFacts, FilmPart, FilmRange, is_film};
pub use helpers::Helpers;
pub use limited::run_limited;
pub use mp4::{BOX_HEAD, has_other_codec, mp4_box};
pub use print::PrintCopy;
pub use redact::{PixelBox, RedactedPicture, is_redacted};
pub use standard::{MakerProgram, StandardCopy, StandardJob, room_for_duplicate};

use crate::clock::random;
use crate::durable;
use crate::error::{Error, Result};
use crate::proof::id::hex;

/// Larger photos are not looked at.
const LARGEST_PHOTO: u64 = 256 << 20;
/// Larger videos are not looked at: a copy is made for `ffmpeg`.
const LARGEST_VIDEO: u64 = 1 << 30;

/// Bytes that the work on a file of this size may take: its copy, and what up to three processes write.
pub fn room_for(size: u64) -> u64 {
    size.min(LARGEST_VIDEO) + 3 * child::OUTPUTS
}

/// Bytes that a redacted copy of a document of this size may take: its copy, and what the process writes.
pub fn room_for_document(size: u64) -> u64 {
    size.min(LARGEST_PHOTO) + child::Budget::Document.outputs()
}

/// Bytes that a redacted copy of a film of this size may take.
pub fn room_for_film(size: u64) -> u64 {
    size.min(LARGEST_PHOTO) + child::Budget::Film.limits().output
}

/// Pixels an inch of a page that is drawn.
pub const DPI: u32 = 150;
/// Pages of a document at the most.
const PAGES: usize = 200;

/// Pixels of each page, and what was drawn.
type DrawnPages<T> = (Vec<(u32, u32)>, T);

/// How a file becomes a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// Our own decoder.
    Own,
    /// `heif-convert`, then our own decoder.
    HeifConvert,
    /// A frame by `ffmpeg`, then our own decoder. The name is that of its reader for this type.
    Ffmpeg(&'static str),
}

impl Means {
    fn of(media_type: &str) -> Option<Self> {
        Some(match media_type {
            "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "image/tiff" | "image/bmp" => Self::Own,
            "image/heif" | "image/heic" | "image/avif" => Self::HeifConvert,
            "video/mp4" | "video/x-m4v" | "video/quicktime" | "video/3gpp" | "video/3gpp2" => Self::Ffmpeg("mov"),
            "video/webm" | "video/x-matroska" => Self::Ffmpeg("matroska"),
            "video/x-msvideo" => Self::Ffmpeg("avi"),
            "video/mpeg" => Self::Ffmpeg("mpeg"),
            _ => return None,
        })
    }
}

/// Whether a picture can be made of files of this type at all.
pub fn is_shown(media_type: &str) -> bool {
    Means::of(media_type).is_some()
}

/// A picture in both sizes, as JPEG.
#[derive(Debug)]
pub struct MadePicture {
    /// Pixels of the whole picture, as it is turned.
    pub width: u32,
    pub height: u32,
    pub thumbnail: Vec<u8>,
    pub preview: Vec<u8>,
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmade {
    /// The file does not give one: the reason in words.
    Failed(String),
    /// A program is not installed on this server.
    Lacks(&'static str),
}

/// What a process made, or why it made nothing.
type MadeOrNot<T> = Result<std::result::Result<T, Unmade>>;

/// How a still picture is decoded in a process, and what makes it stop.
struct Decoder<'a, T> {
    go_on: &'a dyn Fn() -> Result<()>,
    read: &'a (dyn Fn(&child::Decoding<'_>, &Path) -> MadeOrNot<T> + 'a),
}

/// What makes pictures.
#[derive(Debug)]
pub struct PictureMaker {
    /// This program, which decodes in a process of its own.
    program: PathBuf,
    /// Where files lie while they are worked on.
    folder: PathBuf,
    helpers: Helpers,
}

impl PictureMaker {
    /// With the program that decodes, a folder of its own, and what is installed. Removes what an earlier run left.
    pub fn open(program: PathBuf, folder: PathBuf, helpers: Helpers) -> Result<Self> {
        if let Err(e) = fs::remove_dir_all(&folder)
            && e.kind() != io::ErrorKind::NotFound
        {
            return Err(e.into());
        }
        durable::make_folder(&folder)?;
        Ok(Self {
            program,
            folder,
            helpers,
        })
    }

    /// Whether a program is installed that was missing before.
    pub fn has(&self, helper: &str) -> bool {
        self.helpers.path(helper).is_some()
    }

    /// Makes thumbnail and preview of a file. `go_on` fails where the work is to stop; then the processes are ended. Blocks.
    ///
    /// # Errors
    /// Where this machine fails, and what `go_on` said. That a file gives no picture is no error.
    pub fn make(
        &self,
        source: impl Read,
        (media_type, size): (&str, u64),
        go_on: &dyn Fn() -> Result<()>,
    ) -> Result<std::result::Result<MadePicture, Unmade>> {
        self.decode(
            source,
            (media_type, size),
            Decoder {
                go_on,
                read: &decode::in_a_process,
            },
        )
    }

    /// Makes a copy of a picture for print; otherwise as [`Self::make`].
    ///
    /// # Errors
    /// As [`Self::make`].
    pub fn print(
        &self,
        source: impl Read,
        (media_type, size): (&str, u64),
        go_on: &dyn Fn() -> Result<()>,
    ) -> Result<std::result::Result<PrintCopy, Unmade>> {
        let read = match media_type {
            "image/png" => print::sharp_in_a_process,
            _ => print::in_a_process,
        };
        self.decode(source, (media_type, size), Decoder { go_on, read: &read })
    }

    /// Makes a redacted copy of a still picture in full size, with these boxes filled; otherwise as [`Self::make`]. A box
    /// may reach beyond the picture: the caller compares them with the size that is given back.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub fn redact(
        &self,
        source: impl Read,
        (media_type, size): (&str, u64),
        boxes: &[PixelBox],
        go_on: &dyn Fn() -> Result<()>,
    ) -> Result<std::result::Result<RedactedPicture, Unmade>> {
        if !is_redacted(media_type) {
            return Ok(Err(Unmade::Failed(format!(
                "files of type {media_type} are not redacted here"
            ))));
        }
        let read = |job: &child::Decoding<'_>, still: &Path| redact::in_a_process(job, still, boxes);
        self.decode(source, (media_type, size), Decoder { go_on, read: &read })
    }

    fn decode<T>(
        &self,
        source: impl Read,
        (media_type, size): (&str, u64),
        Decoder { go_on, read }: Decoder<'_, T>,
    ) -> Result<std::result::Result<T, Unmade>> {
        let Some(means) = Means::of(media_type) else {
            return Ok(Err(Unmade::Failed(format!("no pictures are made of {media_type}"))));
        };
        if let Err(unmade) = self.can(means, size) {
            return Ok(Err(unmade));
        }
        let room = WorkRoom::make(&self.folder)?;
        room.take(source)?;
        let job = child::Decoding {
            program: &self.program,
            room: room.path(),
            go_on,
            budget: child::Budget::Picture,
        };
        let still = match means {
            Means::Own => Ok(room.path().join(child::INPUT)),
            Means::HeifConvert => self.helpers.photo(&job)?,
            Means::Ffmpeg(reader) => self.helpers.frame(&job, reader)?,
        };
        match still {
            Ok(still) => read(&job, &still),
            Err(unmade) => Ok(Err(unmade)),
        }
    }

    /// What is known before a byte is read.
    fn can(&self, means: Means, size: u64) -> std::result::Result<(), Unmade> {
        let (helper, most) = match means {
            Means::Own => (None, LARGEST_PHOTO),
            Means::HeifConvert => (Some(Helpers::HEIF_CONVERT), LARGEST_PHOTO),
            Means::Ffmpeg(_) => (Some(Helpers::FFMPEG), LARGEST_VIDEO),
        };
        if size > most {
            let most = most >> 20;
            return Err(Unmade::Failed(format!(
                "the file is larger than the {most} MB of which a picture is made"
            )));
        }
        match helper.filter(|helper| !self.has(helper)) {
            Some(helper) => Err(Unmade::Lacks(helper)),
            None => Ok(()),
        }
    }
}

/// A folder for one file's work, removed with all that is in it.
struct WorkRoom(PathBuf);

impl WorkRoom {
    fn make(folder: &Path) -> Result<Self> {
        let path = folder.join(hex(&random::<8>()));
        durable::make_folder(&path)?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn take(&self, mut source: impl Read) -> Result<()> {
        let mut file = durable::new_file(&self.0.join(child::INPUT))?;
        io::copy(&mut source, &mut file)?;
        Ok(())
    }
}

impl Drop for WorkRoom {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.0) {
            tracing::warn!(error = %e, "what a picture was made in could not be removed; the next start does it");
        }
    }
}

/// Reads a file that a process wrote, at most so many bytes of it.
fn read_at_most(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn broken(what: &str) -> Error {
    Error::internal(format!("the process that decodes pictures {what}"))
}
