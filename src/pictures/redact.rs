//! Redacted copies of pictures, made in a process of its own like the smaller sizes: upright, in full size, boxes filled
//! before anything is encoded, without metadata.
//!
//! Nothing of the file but the pixels outside the boxes reaches the copy: it is decoded, filled and encoded anew. The answer
//! on standard output is `redacted WIDTH HEIGHT`, LF, and the picture; or `failed REASON`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GenericImageView, Rgb, RgbImage};
use serde::{Deserialize, Serialize};

use super::child::{Decoding, DecodingEnd, OUTPUT};
use super::decode::{decoded_whole, on_white};
use super::{Means, Unmade, broken, read_at_most};
use crate::error::Result;

/// The argument with which the process makes a redacted copy.
pub(super) const WORD: &str = "redacted-copy";
/// How well a copy is encoded, of 100. Copies are JPEG whatever the original is: every court's system takes it, JERS takes no
/// PNG, and a large picture stays within what a process may write.
const QUALITY: u8 = 92;
/// What a box is filled with.
const FILL: Rgb<u8> = Rgb([0, 0, 0]);
/// The name of the answer in the folder.
const ANSWER: &str = "redacted";

/// A part of a picture, in pixels of the picture as it is shown upright, from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelBox {
    /// The page of a document, from 1; none of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl PixelBox {
    /// Whether it lies wholly in a picture of this size and holds at least a pixel.
    pub fn lies_in(self, (width, height): (u32, u32)) -> bool {
        let within = |at: u32, long: u32, most: u32| long > 0 && u64::from(at) + u64::from(long) <= u64::from(most);
        within(self.x, self.width, width) && within(self.y, self.height, height)
    }

    pub(super) fn argument(self) -> OsString {
        let page = self.page.map(|page| format!("{page},")).unwrap_or_default();
        format!("{page}{},{},{},{}", self.x, self.y, self.width, self.height).into()
    }

    /// Reads four numbers, or five of which the first is the page, with commas between them.
    pub fn read(text: &str) -> Option<Self> {
        let numbers: Option<Vec<u32>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
        let (page, [x, y, width, height]) = match numbers?[..] {
            [x, y, width, height] => (None, [x, y, width, height]),
            [page, x, y, width, height] => (Some(page), [x, y, width, height]),
            _ => return None,
        };
        Some(Self {
            page,
            x,
            y,
            width,
            height,
        })
    }
}

/// A redacted copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactedPicture {
    /// Pixels of the file, as it is turned, and of the copy.
    pub size: (u32, u32),
    /// The type of its bytes.
    pub media_type: &'static str,
    /// The copy.
    pub bytes: Vec<u8>,
}

/// Whether pictures of this type can be redacted: still ones that this server may decode.
pub fn is_redacted(media_type: &str) -> bool {
    matches!(Means::of(media_type), Some(Means::Own | Means::HeifConvert))
}

/// Makes a redacted copy in a process.
pub(super) fn in_a_process(
    job: &Decoding<'_>,
    still: &Path,
    boxes: &[PixelBox],
) -> Result<std::result::Result<RedactedPicture, Unmade>> {
    let args = std::iter::once(OsString::from(WORD)).chain(boxes.iter().map(|b| b.argument()));
    let args: Vec<OsString> = args.collect();
    let answer = job.room.join(ANSWER);
    let ended = job.run(still, &answer, &args)?;
    if ended != DecodingEnd::Well {
        return Ok(Err(Unmade::Failed(ended.reason())));
    }
    read_answer(&read_at_most(&answer, OUTPUT)?)
}

fn read_answer(bytes: &[u8]) -> Result<std::result::Result<RedactedPicture, Unmade>> {
    let end = bytes.iter().position(|b| *b == b'\n');
    let (line, picture) = bytes.split_at(end.ok_or_else(|| broken("said nothing"))?);
    let line = std::str::from_utf8(line).map_err(|_| broken("said what is no text"))?;
    if let Some(reason) = line.strip_prefix("failed ") {
        return Ok(Err(Unmade::Failed(reason.to_owned())));
    }
    let numbers = line.strip_prefix("redacted ").unwrap_or_default().split(' ');
    let numbers: Vec<u32> = numbers.filter_map(|n| n.parse().ok()).collect();
    let picture = &picture[1..];
    if !picture.starts_with(&[0xff, 0xd8, 0xff]) {
        return Err(broken("made no JPEG"));
    }
    match numbers[..] {
        [width, height] if width > 0 && height > 0 => Ok(Ok(RedactedPicture {
            size: (width, height),
            media_type: "image/jpeg",
            bytes: picture.to_vec(),
        })),
        _ => Err(broken("did not say what it made")),
    }
}

/// The process: redacts standard input and answers on standard output.
pub(super) fn redact_input(args: &[OsString]) -> std::result::Result<(), String> {
    let failed = |e: io::Error| e.to_string();
    let input = File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    let mut answer = Vec::new();
    match redacted(input, args) {
        Ok((width, height, bytes)) => {
            answer.extend(format!("redacted {width} {height}\n").bytes());
            answer.extend(bytes);
        }
        Err(reason) => answer.extend(format!("failed {}\n", reason.replace(['\n', '\r'], " ")).bytes()),
    }
    io::stdout().write_all(&answer).map_err(failed)
}

fn redacted(input: File, args: &[OsString]) -> std::result::Result<(u32, u32, Vec<u8>), String> {
    let boxes: Option<Vec<PixelBox>> = args.iter().map(|b| PixelBox::read(b.to_str()?)).collect();
    let boxes = boxes.ok_or("a box is none")?;
    let (picture, whole) = decoded_whole(input)?;
    let mut copy = DynamicImage::ImageRgb8(on_white(&picture));
    drop(picture);
    copy.apply_orientation(whole.turn);
    let (width, height) = copy.dimensions();
    let mut copy = copy.into_rgb8();
    for one in boxes {
        fill(&mut copy, one);
    }
    let mut bytes = Vec::new();
    copy.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))
        .map_err(|e| e.to_string())?;
    Ok((width, height, bytes))
}

/// Fills the part of a box that lies in the picture.
pub(super) fn fill(picture: &mut RgbImage, at: PixelBox) {
    let (width, height) = picture.dimensions();
    let columns = at.x.min(width)..at.x.saturating_add(at.width).min(width);
    for y in at.y.min(height)..at.y.saturating_add(at.height).min(height) {
        for x in columns.clone() {
            picture.put_pixel(x, y, FILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: PixelBox = PixelBox {
        page: None,
        x: 3,
        y: 4,
        width: 2,
        height: 5,
    };

    #[test]
    fn a_box_lies_in_a_picture_or_does_not() {
        for (size, lies) in [((5, 9), true), ((4, 9), false), ((5, 8), false), ((100, 100), true)] {
            assert_eq!(ONE.lies_in(size), lies, "{size:?}");
        }
        assert!(!PixelBox { width: 0, ..ONE }.lies_in((100, 100)));
        assert!(
            !PixelBox {
                x: u32::MAX,
                width: 2,
                ..ONE
            }
            .lies_in((u32::MAX, 100))
        );
        for one in [ONE, PixelBox { page: Some(7), ..ONE }] {
            assert_eq!(PixelBox::read(one.argument().to_str().expect("numbers")), Some(one));
        }
        for none in ["", "1,2,3", "1,2,3,-4", "1,2,3,4,5,6", "a,b,c,d"] {
            assert_eq!(PixelBox::read(none), None, "{none}");
        }
    }

    #[test]
    fn exactly_the_pixels_of_a_box_are_filled() {
        let mut picture = RgbImage::from_pixel(8, 10, Rgb([200, 150, 100]));
        fill(&mut picture, ONE);
        let filled = picture.enumerate_pixels().filter(|(_, _, pixel)| **pixel == FILL);
        let inside = |(x, y, _): &(u32, u32, &Rgb<u8>)| (3..5).contains(x) && (4..9).contains(y);
        assert_eq!(filled.clone().count(), 10);
        assert!(filled.into_iter().all(|pixel| inside(&pixel)));
        // One that reaches beyond the picture fills what lies in it, and one beside it nothing.
        fill(
            &mut picture,
            PixelBox {
                page: None,
                x: 7,
                y: 9,
                width: 9,
                height: 9,
            },
        );
        fill(
            &mut picture,
            PixelBox {
                page: None,
                x: 80,
                y: 90,
                width: 9,
                height: 9,
            },
        );
        assert_eq!(picture.pixels().filter(|pixel| **pixel == FILL).count(), 11);
    }

    #[test]
    fn only_what_is_a_picture_is_believed() {
        let answer = |line: &str, bytes: &[u8]| read_answer(&[line.as_bytes(), bytes].concat());
        let made = answer("redacted 40 30\n", b"\xff\xd8\xff")
            .expect("an answer")
            .expect("a copy");
        assert_eq!((made.size, made.media_type), ((40, 30), "image/jpeg"));
        let unmade = Unmade::Failed("the file is damaged".into());
        let failed = answer("failed the file is damaged\n", b"").expect("an answer");
        assert_eq!(failed, Err(unmade));
        for (line, bytes) in [
            ("redacted 40 30", &b"\xff\xd8\xff"[..]),
            ("redacted 40\n", b"\xff\xd8\xff"),
            ("redacted 0 30\n", b"\xff\xd8\xff"),
            ("redacted 40 30\n", b"<svg/>"),
            ("redacted 40 30\n", b"\x89PNG"),
        ] {
            assert!(answer(line, bytes).is_err(), "{line:?}");
        }
    }
}
