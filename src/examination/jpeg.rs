//! Whether a JPEG can be decoded whole. Decoders go on where its data are damaged and paint what is missing grey, which
//! looks like a picture of something. Damage that reads like data of a picture, or like its regular end, is not found.

use std::fs::File;
use std::io::{self, Read, Seek};

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

/// How a JPEG begins.
const START: [u8; 3] = [0xff, 0xd8, 0xff];
/// Larger files are not read for it.
const LARGEST: u64 = 256 << 20;
/// What stands between the parts of a head is skipped by every reader, and nothing of the picture is lost.
const HARMLESS: &str = "Extra bytes between headers";

/// Why only a part of a JPEG can be decoded; `None` where all of it can, for a file that is no JPEG or is too large, and for
/// one of which nothing can be decoded, which whoever decodes it says. The file is read from its beginning, and left there.
pub fn decoded_in_part(file: &mut File) -> io::Result<Option<String>> {
    file.rewind()?;
    let mut bytes = Vec::new();
    Read::by_ref(file).take(START.len() as u64).read_to_end(&mut bytes)?;
    if bytes != START || file.metadata()?.len() > LARGEST {
        file.rewind()?;
        return Ok(None);
    }
    file.read_to_end(&mut bytes)?;
    file.rewind()?;
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let decoded = JpegDecoder::new_with_options(ZCursor::new(&bytes), options).decode();
    Ok(decoded
        .err()
        .map(|e| e.to_string())
        .filter(|why| !why.contains(HARMLESS)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use image::codecs::jpeg::JpegEncoder;
    use image::{DynamicImage, RgbImage};

    use super::*;

    fn photo() -> Vec<u8> {
        let noise = RgbImage::from_fn(320, 240, |x, y| {
            image::Rgb([(x * y % 251) as u8, (x * 7 % 256) as u8, (y * 13 % 256) as u8])
        });
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 90)
            .encode_image(&DynamicImage::ImageRgb8(noise))
            .expect("a JPEG");
        bytes
    }

    fn found(bytes: &[u8]) -> Option<String> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("room");
        decoded_in_part(&mut file).expect("a readable file")
    }

    #[test]
    fn a_picture_that_is_damaged_or_cut_off_is_told() {
        let whole = photo();
        assert_eq!(found(&whole), None);
        assert!(found(&whole[..whole.len() / 2]).is_some());
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].copy_from_slice(&[0xff, 0xc8].repeat(32));
        assert!(found(&damaged).is_some());
    }

    #[test]
    fn what_is_no_jpeg_and_what_follows_one_is_not_judged() {
        let mut followed = photo();
        followed.extend_from_slice(b"what a phone puts behind its picture");
        for bytes in [&followed[..], b"", b"\x89PNG\r\n\x1a\n", b"GIF89a"] {
            assert_eq!(found(bytes), None);
        }
    }
}
