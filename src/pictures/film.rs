//! Redacted copies of videos and sounds, made by `ffmpeg` in a process of its own: in ranges of time the picture is black and
//! the sound silent, and all of it is encoded anew.
//!
//! The copy has one stream of pictures and one of sound at the most, without metadata, chapters, subtitles, captions and
//! attachments. A frame that is still shown when a range begins is black as a whole, and the sound is silent from some
//! milliseconds before: nothing of a range is left for want of a boundary.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::child::{Budget, Decoding, DecodingEnd, INPUT};
use super::helpers::{ffmpeg, stream_reader};
use super::{Helpers, MadeOrNot, Means, PictureMaker, Unmade, WorkRoom, read_at_most};
use crate::words;

/// Larger files are not redacted: somebody waits for the answer.
const LARGEST: u64 = 200 << 20;
/// Longer ones are neither, in milliseconds.
const LONGEST: u64 = 10 * 60 * 1000;
/// Bytes of the list of frames at the most.
const LIST: u64 = 64 << 20;
/// Samples of a piece of sound that is silent or is not, and by how many seconds a range of sound begins earlier: as long as
/// a piece is at 8,000 samples a second.
const PIECE: u32 = 64;
const SOUND_BEFORE: f64 = 0.008;
/// Half of the shortest time between two frames that a file can tell, in seconds.
const TICK: f64 = 0.000_005;

words! {
    /// What of a film a range covers.
    FilmPart {
        /// Picture and sound.
        Both = "both",
        /// The picture alone.
        Picture = "picture",
        /// The sound alone.
        Sound = "sound",
    }
}

/// A part of a film, in milliseconds from its beginning: the first, and the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilmRange {
    pub from_ms: u64,
    pub to_ms: u64,
    pub what: FilmPart,
}

/// What is known of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilmFacts {
    pub duration_ms: u64,
    pub has_picture: bool,
    pub has_sound: bool,
}

impl FilmFacts {
    /// Why a range cannot be covered: the field, the rule, and words.
    pub fn refuses(&self, range: &FilmRange) -> Option<(&'static str, &'static str, String)> {
        let lacks = match range.what {
            FilmPart::Picture if !self.has_picture => "no picture",
            FilmPart::Sound if !self.has_sound => "no sound",
            _ if range.to_ms > self.duration_ms => {
                let message = format!("ends after the file, which lasts {} milliseconds", self.duration_ms);
                return Some((".to_ms", "within", message));
            }
            _ => return None,
        };
        Some((
            ".what",
            "exists",
            format!("names what is not there: the file has {lacks}"),
        ))
    }
}

/// A redacted copy of a film.
#[derive(Debug)]
pub struct RedactedFilm {
    pub of: FilmFacts,
    /// The type of the copy.
    pub media_type: &'static str,
    /// The copy; none where a range cannot be covered.
    pub bytes: Option<File>,
}

/// Whether parts of files of this type can be made black and silent.
pub fn is_film(media_type: &str) -> bool {
    const SOUNDS: [&str; 7] = [
        "audio/mpeg",
        "audio/x-wav",
        "audio/m4a",
        "audio/aac",
        "audio/x-flac",
        "audio/ogg",
        "audio/opus",
    ];
    SOUNDS.contains(&media_type) || matches!(Means::of(media_type), Some(Means::Ffmpeg(_)))
}

impl PictureMaker {
    /// A copy of a film in which these ranges are black and silent. Blocks, for minutes at the most.
    ///
    /// # Errors
    /// Where this machine fails. That a file cannot be read is no error.
    pub fn redact_film(
        &self,
        source: impl Read,
        (media_type, size): (&str, u64),
        times: &[FilmRange],
    ) -> MadeOrNot<RedactedFilm> {
        let failed = |why: String| Ok(Err(Unmade::Failed(why)));
        let Some(reader) = stream_reader(media_type).filter(|_| is_film(media_type)) else {
            return failed(format!("files of type {media_type} are not redacted here"));
        };
        let Some(program) = self.helpers.path(Helpers::FFMPEG) else {
            return Ok(Err(Unmade::Lacks(Helpers::FFMPEG)));
        };
        if size > LARGEST {
            let most = LARGEST >> 20;
            return failed(format!(
                "the file is larger than {most} MB: cut out the part that is shown, and log that"
            ));
        }
        let room = WorkRoom::make(&self.folder)?;
        room.take(source)?;
        let job = Decoding {
            program: &self.program,
            room: room.path(),
            go_on: &|| Ok(()),
            budget: Budget::Film,
        };
        let frames = match frames(&job, program, reader)? {
            Ok(frames) => frames,
            Err(unmade) => return Ok(Err(unmade)),
        };
        let of = frames.facts();
        if of.duration_ms > LONGEST {
            let most = LONGEST / 60_000;
            return failed(format!(
                "the file lasts longer than {most} minutes: cut out the part that is shown, and log that"
            ));
        }
        let media_type = if of.has_picture { "video/mp4" } else { "audio/mpeg" };
        if times.iter().any(|range| of.refuses(range).is_some()) {
            return Ok(Ok(RedactedFilm {
                of,
                media_type,
                bytes: None,
            }));
        }
        let args = redacting(program, reader, (&frames, times));
        let ended = job.run(&room.path().join(INPUT), &room.path().join("said"), &args)?;
        let copy = room.path().join(COPY);
        let whole = ended == DecodingEnd::Well && copy.metadata().is_ok_and(|made| made.len() > 0);
        match whole {
            true => Ok(Ok(RedactedFilm {
                of,
                media_type,
                bytes: Some(File::open(copy)?),
            })),
            false => failed(ended.reason()),
        }
    }
}

/// The name of the copy in the folder.
const COPY: &str = "copy";

/// When the frames of a film are shown, in seconds.
#[derive(Debug, Default, PartialEq)]
struct Frames {
    /// The beginning of each, in order.
    begins: Vec<f64>,
    has_sound: bool,
    /// The end of the last frame or piece of sound.
    ends: f64,
}

impl Frames {
    fn facts(&self) -> FilmFacts {
        FilmFacts {
            duration_ms: (self.ends * 1000.0).ceil().max(0.0) as u64,
            has_picture: !self.begins.is_empty(),
            has_sound: self.has_sound,
        }
    }

    /// When the frame begins that is shown at this time.
    fn shown_at(&self, seconds: f64) -> f64 {
        let before = self.begins.partition_point(|begin| *begin <= seconds + TICK);
        self.begins[..before].last().copied().unwrap_or(0.0).min(seconds)
    }

    /// Reads the list that `ffmpeg` gives: of each stream its units of time and its kind, then a line a packet. None where a
    /// picture does not say when it is shown.
    fn read(list: &str) -> Option<Self> {
        let mut units = [None::<f64>; 2];
        let mut is_sound = [false; 2];
        let mut all = Self::default();
        for line in list.lines() {
            if let Some(unit) = line.strip_prefix("#tb ") {
                let (stream, unit) = unit.split_once(": ")?;
                let (one, of) = unit.split_once('/')?;
                *units.get_mut(stream.parse::<usize>().ok()?)? =
                    Some(one.parse::<f64>().ok()? / of.parse::<f64>().ok()?);
            } else if let Some(kind) = line.strip_prefix("#media_type ") {
                let (stream, kind) = kind.split_once(": ")?;
                *is_sound.get_mut(stream.parse::<usize>().ok()?)? = kind == "audio";
            } else if !line.starts_with('#') {
                let fields: Vec<&str> = line.split(',').map(str::trim).collect();
                let [stream, _, begin, lasts, ..] = fields[..] else {
                    return None;
                };
                let stream: usize = stream.parse().ok()?;
                let unit = (*units.get(stream)?)?;
                let begin = begin.parse::<f64>().ok()? * unit;
                all.ends = all.ends.max(begin + lasts.parse::<f64>().ok()? * unit);
                match is_sound[stream] {
                    true => all.has_sound = true,
                    false => all.begins.push(begin),
                }
            }
        }
        all.begins.sort_by(f64::total_cmp);
        Some(all)
    }
}

/// When the frames of the film are shown.
fn frames(job: &Decoding<'_>, program: &Path, reader: &str) -> MadeOrNot<Frames> {
    let ask = [
        "-map", "0:V:0?", "-map", "0:a:0?", "-c", "copy", "-f", "framecrc", "pipe:1",
    ];
    let list = job.room.join("frames");
    let ended = job.run(&job.room.join(INPUT), &list, &reading(program, reader, &ask))?;
    if ended != DecodingEnd::Well {
        return Ok(Err(Unmade::Failed(ended.reason())));
    }
    let list = read_at_most(&list, LIST)?;
    let frames = std::str::from_utf8(&list).ok().and_then(Frames::read);
    let frames = frames.filter(|frames| frames.has_sound || !frames.begins.is_empty());
    let why = "neither pictures nor sound whose times are known were found in the file";
    Ok(frames.ok_or_else(|| Unmade::Failed(why.into())))
}

fn reading(program: &Path, reader: &str, then: &[&str]) -> Vec<OsString> {
    ffmpeg((program, "2"), reader, &[&["-i", INPUT, "-y"], then].concat())
}

/// How `ffmpeg` makes the copy.
fn redacting(program: &Path, reader: &str, (frames, times): (&Frames, &[FilmRange])) -> Vec<OsString> {
    let of = frames.facts();
    let parts = |other: FilmPart| times.iter().filter(move |range| range.what != other);
    let seconds = |ms: u64| ms as f64 / 1000.0;
    let when = |ranges: Vec<(f64, f64)>| {
        let one = |(from, to): &(f64, f64)| format!("gte(t,{:.6})*lt(t,{:.6})", from - TICK, to - TICK);
        let all: Vec<String> = ranges.iter().map(one).collect();
        match all.is_empty() {
            true => "0".to_owned(),
            false => all.join("+"),
        }
    };
    let black = parts(FilmPart::Sound).map(|range| (frames.shown_at(seconds(range.from_ms)), seconds(range.to_ms)));
    let silent = parts(FilmPart::Picture).map(|range| (seconds(range.from_ms) - SOUND_BEFORE, seconds(range.to_ms)));
    let (black, silent) = (when(black.collect()), when(silent.collect()));
    let picture =
        format!("pad=ceil(iw/2)*2:ceil(ih/2)*2,drawbox=x=0:y=0:w=iw:h=ih:color=black:t=fill:enable='{black}'");
    let sound = format!("asetnsamples=n={PIECE}:p=0,volume=volume=0:enable='{silent}'");
    let mut args: Vec<&str> = Vec::new();
    if of.has_picture {
        // Captions for the deaf ride in the pictures: they are not taken along.
        args.extend(["-map", "0:V:0", "-vf", &picture, "-fps_mode", "passthrough"]);
        args.extend([
            "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-a53cc", "0",
        ]);
    }
    if of.has_sound {
        let coder = if of.has_picture { "aac" } else { "libmp3lame" };
        args.extend(["-map", "0:a:0", "-af", &sound, "-c:a", coder, "-b:a", "192k"]);
    }
    args.extend([
        "-sn",
        "-dn",
        "-map_metadata",
        "-1",
        "-map_chapters",
        "-1",
        "-threads",
        "2",
    ]);
    args.extend(["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]);
    match of.has_picture {
        true => args.extend(["-movflags", "+faststart", "-f", "mp4", COPY]),
        false => args.extend(["-write_xing", "0", "-id3v2_version", "0", "-f", "mp3", COPY]),
    }
    reading(program, reader, &args)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "#software: Lavf\n#tb 0: 1/10\n#media_type 0: video\n#dimensions 0: 640x360\n#tb 1: 1/1000\n#media_type 1: audio\n\
        0, -5, 0, 5, 9036, 0x98\n1, 0, 0, 23, 258, 0x2c, F=0x5, S=1, 10\n0, 5, 45, 5, 1, 0x0\n0, 0, 5, 40, 1, 0x0\n1, 5050, 5050, 23, 1, 0x0\n";

    #[test]
    fn frames_are_read_from_the_list() {
        let frames = Frames::read(LIST).expect("frames");
        assert_eq!(frames.begins, [0.0, 0.5, 4.5]);
        let facts = FilmFacts {
            duration_ms: 5073,
            has_picture: true,
            has_sound: true,
        };
        assert_eq!(frames.facts(), facts);
        // A frame that lasts four seconds is black as a whole.
        assert_eq!(frames.shown_at(2.0), 0.5);
        assert_eq!(frames.shown_at(0.5), 0.5);
        assert_eq!(frames.shown_at(0.499), 0.0);
        for none in ["0, 0, NOPTS, 5, 1, 0x0", "0, 0", "7, 0, 0, 0, 0", "#tb 9: 1/10"] {
            assert_eq!(Frames::read(&format!("{LIST}{none}\n")), None, "{none}");
        }
    }

    #[test]
    fn a_range_is_refused_that_a_film_cannot_have() {
        let of = FilmFacts {
            duration_ms: 5000,
            has_picture: false,
            has_sound: true,
        };
        let range = |to_ms: u64, what: FilmPart| FilmRange {
            from_ms: 1000,
            to_ms,
            what,
        };
        assert_eq!(of.refuses(&range(5000, FilmPart::Both)), None);
        assert_eq!(of.refuses(&range(5000, FilmPart::Sound)), None);
        let refused = |range| of.refuses(&range).map(|(field, rule, _)| (field, rule));
        assert_eq!(refused(range(5001, FilmPart::Both)), Some((".to_ms", "within")));
        assert_eq!(refused(range(2000, FilmPart::Picture)), Some((".what", "exists")));
    }
}
