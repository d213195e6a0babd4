//! Programs of the system that decode what we do not: they get one file, no environment, no shell, and write one file.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use super::child::{Decoding, DecodingEnd, INPUT};
use super::{Means, Unmade};
use crate::error::Result;

/// What is installed.
#[derive(Debug, Clone, Default)]
pub struct Helpers {
    /// Makes a frame of a video.
    pub ffmpeg: Option<PathBuf>,
    /// Decodes HEIC and AVIF.
    pub heif_convert: Option<PathBuf>,
    /// Tells the streams of a video or a sound.
    pub ffprobe: Option<PathBuf>,
}

impl Helpers {
    /// The name of each program.
    pub const FFMPEG: &str = "ffmpeg";
    pub const HEIF_CONVERT: &str = "heif-convert";
    pub const FFPROBE: &str = "ffprobe";

    /// Where a program lies.
    pub fn path(&self, helper: &str) -> Option<&Path> {
        match helper {
            Self::FFMPEG => self.ffmpeg.as_deref(),
            Self::HEIF_CONVERT => self.heif_convert.as_deref(),
            Self::FFPROBE => self.ffprobe.as_deref(),
            _ => None,
        }
    }

    /// The photo of a HEIC or AVIF file, as JPEG. Of several it is the first.
    pub(super) fn photo(&self, job: &Decoding<'_>) -> Result<std::result::Result<PathBuf, Unmade>> {
        let Some(program) = self.heif_convert.as_deref() else {
            return Ok(Err(Unmade::Lacks(Self::HEIF_CONVERT)));
        };
        let folder = job.room.join("photos");
        fs::create_dir(&folder)?;
        let args = [
            program.into(),
            "-q".into(),
            "95".into(),
            INPUT.into(),
            "photos/photo.jpg".into(),
        ];
        let ended = job.run(&job.room.join(INPUT), &job.room.join("said"), &args)?;
        let mut photos: Vec<PathBuf> = fs::read_dir(folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        photos.sort();
        Ok(match photos.into_iter().next().filter(|_| ended == DecodingEnd::Well) {
            Some(photo) => Ok(photo),
            None => Err(Unmade::Failed(ended.reason())),
        })
    }

    /// A frame of a video, as PNG: one second after its beginning, because many begin black; of a shorter one the first.
    pub(super) fn frame(&self, job: &Decoding<'_>, reader: &str) -> Result<std::result::Result<PathBuf, Unmade>> {
        let Some(program) = self.ffmpeg.as_deref() else {
            return Ok(Err(Unmade::Lacks(Self::FFMPEG)));
        };
        let mut last = DecodingEnd::Well;
        for (at, name) in FRAMES {
            let frame = job.room.join(name);
            last = job.run(
                &job.room.join(INPUT),
                &frame,
                &frame_at(program, reader, &at.to_string()),
            )?;
            if last == DecodingEnd::Well && fs::metadata(&frame)?.len() > 0 {
                return Ok(Ok(frame));
            }
        }
        Ok(Err(Unmade::Failed(last.reason())))
    }
}

/// From which second on a frame is taken, and the name of its file.
const FRAMES: [(u32, &str); 2] = [(1, "later"), (0, "first")];

/// From which second on the frame in a file of this name was taken; none where it is no frame.
pub(super) fn second_of(name: &OsStr) -> Option<u32> {
    FRAMES
        .iter()
        .find(|(_, frame)| name == *frame)
        .map(|(second, _)| *second)
}

/// What tells the streams of a file on its standard input, and its tags, as JSON.
pub(super) fn probe(program: &Path, reader: &str) -> Vec<OsString> {
    let args = [
        "-v",
        "error",
        "-protocol_whitelist",
        "file,pipe",
        "-f",
        reader,
        "-show_format",
        "-show_streams",
        "-of",
        "json",
        INPUT,
    ];
    std::iter::once(program.into())
        .chain(args.map(OsString::from))
        .collect()
}

/// A frame of a video, from so many seconds on.
fn frame_at(program: &Path, reader: &str, at: &str) -> Vec<OsString> {
    let rest = [
        "-ss",
        at,
        "-i",
        INPUT,
        "-map",
        "0:v:0",
        "-frames:v",
        "1",
        "-vf",
        "scale='min(1600,iw)':-2",
        "-threads",
        "1",
        "-c:v",
        "png",
        "-f",
        "image2pipe",
        "pipe:1",
    ];
    ffmpeg((program, "1"), reader, &rest)
}

/// `ffmpeg`, on so many threads. It reads the one file that `rest` names, whose type is named so that no list of other files or
/// addresses is taken for a video.
pub(super) fn ffmpeg((program, threads): (&Path, &str), reader: &str, rest: &[&str]) -> Vec<OsString> {
    let before = [
        "-nostdin",
        "-v",
        "error",
        "-threads",
        threads,
        "-protocol_whitelist",
        "file,pipe",
        "-f",
        reader,
    ];
    let args = before.iter().chain(rest).map(OsString::from);
    std::iter::once(program.into()).chain(args).collect()
}

/// The reader of `ffmpeg` and `ffprobe` for a type of video or sound.
pub(super) fn stream_reader(media_type: &str) -> Option<&'static str> {
    if let Some(Means::Ffmpeg(reader)) = Means::of(media_type) {
        return Some(reader);
    }
    Some(match media_type {
        "application/ogg" | "audio/ogg" | "audio/opus" | "video/ogg" => "ogg",
        "application/vnd.ms-asf" | "audio/x-ms-wma" | "video/x-ms-wmv" => "asf",
        "audio/m4a" | "audio/mp4" => "mov",
        "audio/matroska" => "matroska",
        "audio/mpeg" => "mp3",
        "audio/x-wav" => "wav",
        "audio/aac" => "aac",
        "audio/ac3" => "ac3",
        "audio/amr" => "amr",
        "audio/x-aiff" => "aiff",
        "audio/x-caf" => "caf",
        "audio/x-flac" => "flac",
        "video/mp2t" => "mpegts",
        "video/x-flv" => "flv",
        _ => return None,
    })
}
