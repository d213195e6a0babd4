//! Standard duplicates: a file in a format that courts play, beside an original in one that they may not.
//!
//! Stills become JPEG as redacted copies do, with nothing filled; video becomes MP4 and sound MP3, by `ffmpeg`. All of it
//! runs in processes of their own. What `ffmpeg` makes takes longer and is larger than a picture, so its limits are others.
//! The same file gives the same bytes under the same version of the program: no date, no name of a program, no metadata of
//! the original is in them, and one thread encodes.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use super::child::{Budget, Decoding, DecodingEnd, INPUT, OUTPUTS};
use super::helpers::{ffmpeg, stream_reader};
use super::{Helpers, LARGEST_PHOTO, LARGEST_VIDEO, Means, PictureMaker, Unmade, WorkRoom, redact};
use crate::durable;
use crate::error::Result;
use crate::proof::packet::StandardFormat;

/// The name of the file that is made.
const MADE: &str = "duplicate";
/// How a still is made, as its recipe says.
const STILL: &str =
    "the first picture of the file, turned upright, full size, on white, JPEG of quality 92, without metadata";
/// How `heif-convert` is told to decode.
const HEIF: &str = "-q 95";
/// Bytes that are read of what a program says of itself.
const BANNER: u64 = 4 << 10;

/// Bytes that making a duplicate of a file of this size may take at the most: its copy, and what is made.
pub fn room_for_duplicate(size: u64, format: StandardFormat) -> u64 {
    match format {
        StandardFormat::Jpeg => super::room_for(size),
        // Nobody knows before; a duplicate is seldom larger than what it was made from.
        StandardFormat::Mp4 | StandardFormat::Mp3 => size.saturating_mul(3).saturating_add(OUTPUTS),
    }
}

/// A file of which a duplicate is made.
pub struct StandardJob<'a> {
    /// The type of its bytes.
    pub media_type: &'a str,
    /// Bytes of it.
    pub size: u64,
    /// The format of the duplicate.
    pub format: StandardFormat,
    /// Fails where the work is to stop.
    pub go_on: &'a dyn Fn() -> Result<()>,
}

/// A program that had a part in making a duplicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MakerProgram {
    /// Its name.
    pub name: &'static str,
    /// Its version, as it says itself.
    pub version: String,
    /// How it was told to work.
    pub settings: String,
}

/// A duplicate that was made, before it is stored.
#[derive(Debug)]
pub struct StandardCopy {
    /// Its bytes, from the start; removed when what holds them is dropped.
    pub file: File,
    /// What made it, in the order in which each worked.
    pub programs: Vec<MakerProgram>,
}

impl PictureMaker {
    /// Makes a standard duplicate and hands it to `keep`. `go_on` fails where the work is to stop; then the processes are
    /// ended. Blocks.
    ///
    /// # Errors
    /// Where this machine fails, what `go_on` said, and what `keep` said. That a file gives no duplicate is no error.
    pub fn duplicate<T>(
        &self,
        source: impl Read,
        wanted: &StandardJob<'_>,
        keep: impl FnOnce(StandardCopy) -> Result<T>,
    ) -> Result<std::result::Result<T, Unmade>> {
        if let Err(unmade) = self.can_duplicate(wanted) {
            return Ok(Err(unmade));
        }
        let room = WorkRoom::make(&self.folder)?;
        room.take(source)?;
        let mut job = Decoding {
            program: &self.program,
            room: room.path(),
            go_on: wanted.go_on,
            budget: Budget::Picture,
        };
        let made = match wanted.format {
            StandardFormat::Jpeg => self.still(&job, wanted)?,
            format => {
                job.budget = Budget::Film;
                self.recoded(&job, (wanted.media_type, format))?
            }
        };
        match made {
            Ok(copy) => keep(copy).map(Ok),
            Err(unmade) => Ok(Err(unmade)),
        }
    }

    /// What is known before a byte is read.
    fn can_duplicate(&self, wanted: &StandardJob<'_>) -> std::result::Result<(), Unmade> {
        let (helper, most) = match (wanted.format, Means::of(wanted.media_type)) {
            (StandardFormat::Jpeg, Some(Means::HeifConvert)) => (Some(Helpers::HEIF_CONVERT), LARGEST_PHOTO),
            (StandardFormat::Jpeg, _) => (None, LARGEST_PHOTO),
            _ => (Some(Helpers::FFMPEG), LARGEST_VIDEO),
        };
        if wanted.size > most {
            let most = most >> 20;
            let why = format!("the file is larger than the {most} MB of which a duplicate is made");
            return Err(Unmade::Failed(why));
        }
        match helper.filter(|helper| !self.has(helper)) {
            Some(helper) => Err(Unmade::Lacks(helper)),
            None => Ok(()),
        }
    }

    /// A still as JPEG.
    fn still(&self, job: &Decoding<'_>, wanted: &StandardJob<'_>) -> Result<std::result::Result<StandardCopy, Unmade>> {
        let mut programs = Vec::new();
        let still = match Means::of(wanted.media_type) {
            Some(Means::HeifConvert) => {
                let version = self.version(job, (Helpers::HEIF_CONVERT, "-h"), "libheif version: ")?;
                programs.push(MakerProgram {
                    name: Helpers::HEIF_CONVERT,
                    version: format!("libheif {version}"),
                    settings: HEIF.into(),
                });
                self.helpers.photo(job)?
            }
            Some(Means::Own) => Ok(job.room.join(INPUT)),
            _ => Err(Unmade::Failed("the file is no still picture".into())),
        };
        let made = match still {
            Ok(still) => redact::in_a_process(job, &still, &[])?,
            Err(unmade) => Err(unmade),
        };
        let copy = match made {
            Ok(copy) => copy,
            Err(unmade) => return Ok(Err(unmade)),
        };
        programs.push(MakerProgram {
            name: "casetrail",
            version: env!("CARGO_PKG_VERSION").into(),
            settings: STILL.into(),
        });
        let at = job.room.join(MADE);
        durable::new_file(&at)?.write_all(&copy.bytes)?;
        let file = File::open(at)?;
        Ok(Ok(StandardCopy { file, programs }))
    }

    /// Sound or video, encoded anew.
    fn recoded(
        &self,
        job: &Decoding<'_>,
        (media_type, format): (&str, StandardFormat),
    ) -> Result<std::result::Result<StandardCopy, Unmade>> {
        let Some((program, reader)) = self.helpers.path(Helpers::FFMPEG).zip(stream_reader(media_type)) else {
            return Ok(Err(Unmade::Lacks(Helpers::FFMPEG)));
        };
        let version = self.version(job, (Helpers::FFMPEG, "-version"), "ffmpeg version ")?;
        let settings = settings(format);
        let rest = [&["-i", INPUT], settings, &[MADE]].concat();
        let args = ffmpeg((program, "1"), reader, &rest);
        let ended = job.run(&job.room.join(INPUT), &job.room.join("said"), &args)?;
        let made = job.room.join(MADE);
        let bytes = fs::metadata(&made).map_or(0, |file| file.len());
        if ended != DecodingEnd::Well || bytes == 0 {
            return Ok(Err(Unmade::Failed(why(ended))));
        }
        let programs = vec![MakerProgram {
            name: Helpers::FFMPEG,
            version,
            settings: format!("-threads 1 -f {reader} {}", settings.join(" ")),
        }];
        let file = File::open(made)?;
        Ok(Ok(StandardCopy { file, programs }))
    }

    /// The version that a program says it is, under the same limits as its work.
    fn version(&self, job: &Decoding<'_>, (helper, asks): (&str, &str), before: &str) -> Result<String> {
        let answer = job.room.join(format!("{helper}-version"));
        let program = self.helpers.path(helper).unwrap_or(Path::new(helper));
        job.hear(&job.room.join(INPUT), &answer, &[program.into(), asks.into()])?;
        let said = super::read_at_most(&answer, BANNER)?;
        let said = String::from_utf8_lossy(&said);
        let version = said.split_once(before).map_or("", |(_, rest)| rest);
        let plain = |c: &char| c.is_ascii_graphic();
        let version: String = version.chars().take_while(plain).take(60).collect();
        Ok(match version.is_empty() {
            true => "unknown".into(),
            false => version,
        })
    }
}

/// Why nothing was made.
fn why(ended: DecodingEnd) -> String {
    match ended {
        DecodingEnd::Broken(signal) => format!(
            "the program broke off (signal {signal}): the file is damaged, or its duplicate would need more than 10 minutes of processor time, 4 GB of memory or 2 GB of space"
        ),
        DecodingEnd::Full => "the duplicate would be larger than 2 GB".into(),
        ended => ended.reason(),
    }
}

/// How `ffmpeg` makes a format: the first picture and the first sound, nothing else, and no metadata.
fn settings(format: StandardFormat) -> &'static [&'static str] {
    match format {
        StandardFormat::Mp3 => &[
            "-map",
            "0:a:0",
            "-map_metadata",
            "-1",
            "-map_chapters",
            "-1",
            "-fflags",
            "+bitexact",
            "-flags:a",
            "+bitexact",
            "-c:a",
            "libmp3lame",
            "-q:a",
            "2",
            "-threads",
            "1",
            "-id3v2_version",
            "0",
            "-write_id3v1",
            "0",
            "-f",
            "mp3",
        ],
        _ => &[
            "-map",
            "0:v:0?",
            "-map",
            "0:a:0?",
            "-map_metadata",
            "-1",
            "-map_chapters",
            "-1",
            "-fflags",
            "+bitexact",
            "-flags:v",
            "+bitexact",
            "-flags:a",
            "+bitexact",
            "-vf",
            "scale=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-crf",
            "20",
            "-c:a",
            "aac",
            "-b:a",
            "192k",
            "-ac",
            "2",
            "-threads",
            "1",
            "-movflags",
            "+faststart",
            "-f",
            "mp4",
        ],
    }
}
