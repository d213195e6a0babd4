//! A still picture: its size, and a hash of what it shows.

use std::fs::File;
use std::io::{self, BufReader, Seek};

use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};
use image_hasher::{HashAlg, HasherConfig};

use super::jpeg::decoded_in_part;
use super::model::{FileFlag, Findings, PerceptualHash};

/// Pixels that a picture may have, and bytes when it is decoded.
const PIXELS: u64 = 120_000_000;
const DECODED: u64 = 512 << 20;
/// Bits of a side of the hash.
const SIDE: u32 = 16;
/// The picture is made so small before its structure is measured.
const SMALL: u32 = 64;
/// The name under which the hash is recorded: `image_hasher` 3, cosine transform, 16 × 16 bits about the median.
const ALGORITHM: &str = "dct-median-256";

/// What is said of a picture of which something is missing.
pub const IN_PART: &str = "the picture could be decoded in part; what is missing of it is shown grey or blank";

/// Reads the picture.
pub(super) fn read(file: &mut File, found: &mut Findings) -> io::Result<()> {
    file.rewind()?;
    let reader = ImageReader::new(BufReader::new(&mut *file)).with_guessed_format()?;
    match decoded(reader, found) {
        Ok(Some(picture)) => {
            found.perceptual_hash = Some(hash(&picture));
            drop(picture);
            if let Some(why) = decoded_in_part(file)? {
                let why = format!("{IN_PART}: {why}");
                found.flag(FileFlag::Unreadable, why);
            }
        }
        Ok(None) => {}
        Err(ImageError::IoError(e)) if e.kind() == io::ErrorKind::UnexpectedEof => {
            found.flag(FileFlag::CutOff, "the picture ends before all of it is there");
        }
        Err(e) => found.flag(FileFlag::Unreadable, format!("the picture cannot be decoded: {e}")),
    }
    Ok(())
}

/// The picture upright; none of one that is too large to be decoded. Its size is known before.
fn decoded(
    mut reader: ImageReader<BufReader<&mut File>>,
    found: &mut Findings,
) -> std::result::Result<Option<DynamicImage>, ImageError> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODED);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    let turn = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let turned = matches!(
        turn,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    );
    let (width, height) = if turned { (height, width) } else { (width, height) };
    (found.width, found.height) = (Some(width), Some(height));
    if u64::from(width) * u64::from(height) > PIXELS || decoder.total_bytes() > DECODED {
        let why = "the picture has more pixels than are decoded here; its size is what its head says";
        found.flag(FileFlag::Unreadable, why);
        return Ok(None);
    }
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(turn);
    Ok(Some(picture))
}

fn hash(picture: &DynamicImage) -> PerceptualHash {
    let grey = DynamicImage::ImageLuma8(picture.resize_exact(SMALL, SMALL, FilterType::Triangle).to_luma8());
    let hasher = HasherConfig::new()
        .hash_size(SIDE, SIDE)
        .hash_alg(HashAlg::Median)
        .preproc_dct()
        .to_hasher();
    let hash = hasher.hash_image(&grey);
    PerceptualHash {
        algorithm: ALGORITHM.to_owned(),
        hash: crate::proof::id::hex(hash.as_bytes()),
        quality: quality(&grey),
    }
}

/// How much there is to tell apart, as the PDQ algorithm measures it: the sum of all steps between neighbours, where small
/// ones count nothing.
fn quality(grey: &DynamicImage) -> u8 {
    let grey = grey.to_luma8();
    let at = |x, y| i32::from(grey.get_pixel(x, y).0[0]);
    let step = |a: i32, b: i32| ((a - b) * 100 / 255).unsigned_abs();
    let (width, height) = grey.dimensions();
    let down = (0..height - 1).flat_map(|y| (0..width).map(move |x| (x, y, x, y + 1)));
    let across = (0..height).flat_map(|y| (0..width - 1).map(move |x| (x, y, x + 1, y)));
    let sum: u32 = down.chain(across).map(|(x, y, u, v)| step(at(x, y), at(u, v))).sum();
    u8::try_from((sum / 90).min(100)).unwrap_or(100)
}
