//! Our own decoder, as it runs in a process of its own, and what the server reads of its answer.
//!
//! The answer on standard output is one line, then bytes: `made WIDTH HEIGHT THUMBNAIL PREVIEW` with the pixels of the whole
//! picture and the bytes of each JPEG, which follow; or `failed REASON`. The server believes nothing else of it.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::os::fd::AsFd;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{
    DynamicImage, GenericImageView, ImageDecoder, ImageError, ImageReader, Limits as DecodeLimits, Rgb, RgbImage,
};

use super::child::{Decoding, DecodingEnd, OUTPUT};
use super::{MadePicture, Unmade, broken, read_at_most};
use crate::error::Result;
use crate::words;

/// Pixels that a picture may have.
const PIXELS: u64 = 120_000_000;
/// Bytes that a decoded picture may have.
const DECODED: u64 = 512 << 20;
/// How well a JPEG is encoded, of 100.
const QUALITY: u8 = 82;
/// The name of the answer in the folder.
const ANSWER: &str = "answer";

words! {
    /// The sizes in which a picture is made.
    ThumbSize {
        /// For lists.
        Thumbnail = "thumbnail",
        /// For the viewer.
        Preview = "preview",
    }
}

/// The longer side of each, in pixels.
pub const SIDE: [(ThumbSize, u32); 2] = [(ThumbSize::Thumbnail, 480), (ThumbSize::Preview, 1600)];

/// Decodes a file in a process, and reads the answer.
pub(super) fn in_a_process(job: &Decoding<'_>, still: &Path) -> Result<std::result::Result<MadePicture, Unmade>> {
    let answer = job.room.join(ANSWER);
    let ended = job.run(still, &answer, &[])?;
    if ended != DecodingEnd::Well {
        return Ok(Err(Unmade::Failed(ended.reason())));
    }
    read_answer(&read_at_most(&answer, OUTPUT)?)
}

fn read_answer(bytes: &[u8]) -> Result<std::result::Result<MadePicture, Unmade>> {
    let end = bytes
        .iter()
        .position(|b| *b == b'\n')
        .ok_or_else(|| broken("said nothing"))?;
    let line = std::str::from_utf8(&bytes[..end]).map_err(|_| broken("said what is no text"))?;
    if let Some(reason) = line.strip_prefix("failed ") {
        return Ok(Err(Unmade::Failed(reason.to_owned())));
    }
    let numbers = line.strip_prefix("made ").unwrap_or_default().split(' ');
    let numbers: Vec<u32> = numbers.filter_map(|n| n.parse().ok()).collect();
    let [width, height, thumbnail, preview] = numbers[..] else {
        return Err(broken("did not say what it made"));
    };
    let (pictures, (thumbnail, preview)) = (&bytes[end + 1..], (thumbnail as usize, preview as usize));
    if pictures.len() != thumbnail + preview {
        return Err(broken("made another number of bytes than it said"));
    }
    let (thumbnail, preview) = pictures.split_at(thumbnail);
    Ok(Ok(MadePicture {
        width,
        height,
        thumbnail: thumbnail.to_vec(),
        preview: preview.to_vec(),
    }))
}

/// The process: decodes standard input and answers on standard output.
pub(super) fn decode_input() -> std::result::Result<(), String> {
    let failed = |e: io::Error| e.to_string();
    let input = File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    let mut answer = Vec::new();
    match decoded(input).and_then(|(picture, size)| encoded(picture, size)) {
        Ok(made) => {
            let (thumbnail, preview) = (made.thumbnail.len(), made.preview.len());
            answer.extend(format!("made {} {} {thumbnail} {preview}\n", made.width, made.height).bytes());
            answer.extend(made.thumbnail);
            answer.extend(made.preview);
        }
        Err(reason) => answer.extend(format!("failed {}\n", reason.replace(['\n', '\r'], " ")).bytes()),
    }
    io::stdout().write_all(&answer).map_err(failed)
}

/// The picture, not yet turned, no larger than a preview; the size of the whole, and how to turn it.
fn decoded(input: File) -> std::result::Result<(DynamicImage, Whole), String> {
    let (picture, whole) = decoded_whole(input)?;
    let side = side(ThumbSize::Preview);
    let small = if whole.width.max(whole.height) > side {
        picture.thumbnail(side, side)
    } else {
        picture
    };
    Ok((small, whole))
}

/// The same in its full size.
pub(super) fn decoded_whole(input: File) -> std::result::Result<(DynamicImage, Whole), String> {
    let mut reader = ImageReader::new(BufReader::new(input))
        .with_guessed_format()
        .map_err(|e| e.to_string())?;
    let mut limits = DecodeLimits::no_limits();
    limits.max_alloc = Some(DECODED);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(why)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS || decoder.total_bytes() > DECODED {
        return Err(format!(
            "the picture says it is {width} × {height} pixels, which is more than a preview is made of"
        ));
    }
    let turn = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(why)?;
    Ok((picture, Whole { width, height, turn }))
}

/// What is known of the whole picture.
pub(super) struct Whole {
    pub width: u32,
    pub height: u32,
    pub turn: Orientation,
}

fn encoded(picture: DynamicImage, whole: Whole) -> std::result::Result<MadePicture, String> {
    let mut preview = DynamicImage::ImageRgb8(on_white(&picture));
    drop(picture);
    let lying = preview.dimensions();
    preview.apply_orientation(whole.turn);
    let side = side(ThumbSize::Thumbnail);
    let (width, height) = preview.dimensions();
    let thumbnail = match width.max(height) > side {
        true => preview.resize(side, side, FilterType::Triangle),
        false => preview.clone(),
    };
    let turned = lying != (width, height);
    Ok(MadePicture {
        width: if turned { whole.height } else { whole.width },
        height: if turned { whole.width } else { whole.height },
        thumbnail: jpeg(&thumbnail)?,
        preview: jpeg(&preview)?,
    })
}

fn side(size: ThumbSize) -> u32 {
    SIDE.iter().find(|(of, _)| *of == size).map_or(0, |(_, side)| *side)
}

/// JPEG has no transparency: what lies behind is white.
pub(super) fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let seen = picture.to_rgba8();
    RgbImage::from_fn(seen.width(), seen.height(), |x, y| {
        let [r, g, b, a] = seen.get_pixel(x, y).0.map(u32::from);
        let over = |c: u32| u8::try_from((c * a + 255 * (255 - a)) / 255).unwrap_or(u8::MAX);
        Rgb([over(r), over(g), over(b)])
    })
}

fn jpeg(picture: &DynamicImage) -> std::result::Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode_image(picture)
        .map_err(|e| e.to_string())?;
    Ok(bytes)
}

fn why(e: ImageError) -> String {
    match e {
        ImageError::Limits(_) => "the picture needs more memory than a preview may take".into(),
        ImageError::Unsupported(_) => "the file is of a kind that the decoder does not know".into(),
        ImageError::IoError(e) if e.kind() == io::ErrorKind::UnexpectedEof => "the file ends too early".into(),
        _ => "the file is damaged".into(),
    }
}
