//! Copies for print, made in a process of its own like the smaller sizes: upright, in RGB, without metadata, as JPEG.
//!
//! A JPEG of the evidence must never lie in a paper as it is: it would take the place where it was photographed with it.
//! The answer on standard output is `printed WIDTH HEIGHT COPY_WIDTH COPY_HEIGHT`, ` part` where the picture could be decoded
//! in part, LF, and the JPEG; or `failed REASON`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, GenericImageView};

use super::child::{Decoding, DecodingEnd, OUTPUT};
use super::decode::{decoded_whole, on_white};
use super::helpers::second_of;
use super::{Unmade, broken, read_at_most};
use crate::error::Result;
use crate::examination::decoded_in_part;

/// The argument with which the process makes a copy for print.
pub(super) const WORD: &str = "print-copy";
/// The second argument: the picture has sharp edges, such as letters.
const SHARP: &str = "sharp";
/// The longer side of a copy at the most, in pixels, and the quality of its JPEG: photos, and what has sharp edges.
const SIDES: [(u32, u8); 2] = [(1500, 82), (2400, 90)];
/// Of a picture so many times as long as wide, the shorter side counts: it is printed in strips.
const STRIP: f64 = 2.4;
/// The shorter side of a strip, as a part of the longer side of other pictures.
const STRIP_SIDE: f64 = 0.6;
/// The longer side of a strip, in pixels.
const LONGEST: f64 = 16_000.0;
/// The name of the answer in the folder.
const ANSWER: &str = "print";
/// What ends the first line of an answer where something of the picture is missing.
const PART: &str = " part";

/// A copy for print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintCopy {
    /// Pixels of the file, as it is turned.
    pub of: (u32, u32),
    /// Pixels of the copy.
    pub size: (u32, u32),
    /// The copy.
    pub jpeg: Vec<u8>,
    /// Whether the file is damaged, and what could not be decoded is grey or blank.
    pub in_part: bool,
    /// Of a video: from which second on the frame was taken.
    pub second: Option<u32>,
}

/// Makes a copy of a photo in a process.
pub(super) fn in_a_process(job: &Decoding<'_>, still: &Path) -> Result<std::result::Result<PrintCopy, Unmade>> {
    run(job, still, &[WORD.into()])
}

/// Makes a copy of a picture with sharp edges.
pub(super) fn sharp_in_a_process(job: &Decoding<'_>, still: &Path) -> Result<std::result::Result<PrintCopy, Unmade>> {
    run(job, still, &[WORD.into(), SHARP.into()])
}

fn run(job: &Decoding<'_>, still: &Path, args: &[OsString]) -> Result<std::result::Result<PrintCopy, Unmade>> {
    let answer = job.room.join(ANSWER);
    let ended = job.run(still, &answer, args)?;
    if ended != DecodingEnd::Well {
        return Ok(Err(Unmade::Failed(ended.reason())));
    }
    let second = still.file_name().and_then(second_of);
    let made = read_answer(&read_at_most(&answer, OUTPUT)?)?;
    Ok(made.map(|copy| PrintCopy { second, ..copy }))
}

fn read_answer(bytes: &[u8]) -> Result<std::result::Result<PrintCopy, Unmade>> {
    let end = bytes.iter().position(|b| *b == b'\n');
    let (line, jpeg) = bytes.split_at(end.ok_or_else(|| broken("said nothing"))?);
    let line = std::str::from_utf8(line).map_err(|_| broken("said what is no text"))?;
    if let Some(reason) = line.strip_prefix("failed ") {
        return Ok(Err(Unmade::Failed(reason.to_owned())));
    }
    let (line, in_part) = line.strip_suffix(PART).map_or((line, false), |line| (line, true));
    let numbers = line.strip_prefix("printed ").unwrap_or_default().split(' ');
    let numbers: Vec<u32> = numbers.filter_map(|n| n.parse().ok()).collect();
    let [width, height, copy_width, copy_height] = numbers[..] else {
        return Err(broken("did not say what it made"));
    };
    let jpeg = jpeg[1..].to_vec();
    if [width, height, copy_width, copy_height].contains(&0) || !jpeg.starts_with(&[0xff, 0xd8, 0xff]) {
        return Err(broken("made no JPEG"));
    }
    Ok(Ok(PrintCopy {
        of: (width, height),
        size: (copy_width, copy_height),
        jpeg,
        in_part,
        second: None,
    }))
}

/// The process: copies standard input and answers on standard output.
pub(super) fn copy_input(kind: &[OsString]) -> std::result::Result<(), String> {
    let failed = |e: io::Error| e.to_string();
    let input = File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    let (side, quality) = SIDES[usize::from(kind.iter().any(|word| word == SHARP))];
    let mut answer = Vec::new();
    match copied(input, f64::from(side), quality) {
        Ok(copy) => {
            let ((width, height), size) = (copy.of, copy.size);
            let part = if copy.in_part { PART } else { "" };
            answer.extend(format!("printed {width} {height} {} {}{part}\n", size.0, size.1).bytes());
            answer.extend(copy.jpeg);
        }
        Err(reason) => answer.extend(format!("failed {}\n", reason.replace(['\n', '\r'], " ")).bytes()),
    }
    io::stdout().write_all(&answer).map_err(failed)
}

fn copied(mut input: File, side: f64, quality: u8) -> std::result::Result<PrintCopy, String> {
    let in_part = decoded_in_part(&mut input).map_err(|e| e.to_string())?.is_some();
    let (picture, whole) = decoded_whole(input)?;
    let (width, height) = picture.dimensions();
    let share = share((f64::from(width), f64::from(height)), side);
    let small = match share < 1.0 {
        true => picture.resize_exact(scaled(width, share), scaled(height, share), FilterType::CatmullRom),
        false => picture,
    };
    let mut copy = DynamicImage::ImageRgb8(on_white(&small));
    drop(small);
    copy.apply_orientation(whole.turn);
    let size = copy.dimensions();
    let turned = (size.0 > size.1) != (width > height);
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, quality);
    copy.write_with_encoder(encoder).map_err(|e| e.to_string())?;
    Ok(PrintCopy {
        of: if turned { (height, width) } else { (width, height) },
        size,
        jpeg,
        in_part,
        second: None,
    })
}

/// By how much a picture is made smaller.
fn share((width, height): (f64, f64), side: f64) -> f64 {
    let (long, short) = (width.max(height), width.min(height));
    match long / short > STRIP {
        true => (side * STRIP_SIDE / short).min(LONGEST / long),
        false => side / long,
    }
}

fn scaled(pixels: u32, share: f64) -> u32 {
    ((f64::from(pixels) * share).round() as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_a_jpeg_is_believed() {
        let jpeg = [0xff, 0xd8, 0xff, 0xe0];
        let answer = |line: &str, bytes: &[u8]| read_answer(&[line.as_bytes(), bytes].concat());
        let made = answer("printed 40 30 20 15\n", &jpeg)
            .expect("an answer")
            .expect("a copy");
        assert_eq!((made.of, made.size, made.in_part), ((40, 30), (20, 15), false));
        let part = answer("printed 40 30 20 15 part\n", &jpeg).expect("an answer");
        assert!(part.expect("a copy").in_part);
        let unmade = Unmade::Failed("the file is damaged".into());
        assert_eq!(
            answer("failed the file is damaged\n", &[]).expect("an answer"),
            Err(unmade)
        );
        for (line, bytes) in [
            ("printed 40 30 20 15", &jpeg[..]),
            ("printed 40 30 20\n", &jpeg),
            ("printed 0 30 20 15\n", &jpeg),
            ("printed 40 30 20 15\n", b"<svg/>"),
        ] {
            assert!(answer(line, bytes).is_err(), "{line:?}");
        }
    }

    #[test]
    fn long_pictures_keep_their_width() {
        let pixels = |w: u32, h: u32, side: f64| {
            let share = share((f64::from(w), f64::from(h)), side).min(1.0);
            (scaled(w, share), scaled(h, share))
        };
        assert_eq!(pixels(4000, 3000, 1500.0), (1500, 1125));
        assert_eq!(pixels(640, 480, 1500.0), (640, 480));
        assert_eq!(pixels(1080, 9000, 2400.0), (1080, 9000));
        assert_eq!(pixels(6000, 900, 1500.0), (6000, 900));
        assert_eq!(pixels(1000, 40_000, 2400.0), (400, 16_000));
    }
}
