//! The fonts of the papers: one pack in the program, and no other. Fonts of the system would change a paper's bytes.
//! `tests/fonts.py` makes the pack; the licences stand beside it.

use std::io::Read;
use std::sync::{Arc, OnceLock};

use ruzstd::decoding::StreamingDecoder;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

use crate::error::{Error, Result};

/// zstd of, for each file, its length as four bytes (big-endian) and its bytes.
const PACK: &[u8] = include_bytes!("fonts/fonts.pack");
/// Code points that there can be, in words of 64 bits.
const WORDS: usize = 0x11_0000 / 64;

/// All fonts, and what they can draw.
pub struct Fonts {
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    covered: Vec<u64>,
}

impl Fonts {
    fn unpack() -> Result<Self> {
        let mut unpacked = Vec::new();
        let mut decoder = StreamingDecoder::new(PACK).map_err(Error::internal)?;
        decoder.read_to_end(&mut unpacked)?;
        let mut fonts = Vec::new();
        let mut rest = unpacked.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let (file, after) = after.split_at_checked(length).ok_or_else(broken)?;
            fonts.extend(Font::iter(Bytes::new(file.to_vec())));
            rest = after;
        }
        let mut covered = vec![0; WORDS];
        for code in fonts.iter().flat_map(|font| font.info().coverage.iter()) {
            if let Some(word) = covered.get_mut(code as usize / 64) {
                *word |= 1u64 << (code % 64);
            }
        }
        Ok(Self {
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            covered,
        })
    }

    /// Whether a font has a sign for it.
    pub fn cover(&self, c: char) -> bool {
        let code = u32::from(c);
        self.covered[code as usize / 64] & (1 << (code % 64)) != 0
    }

    pub(super) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    pub(super) fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }
}

fn broken() -> Error {
    Error::internal("the pack of fonts is cut off")
}

/// The fonts, unpacked at the first paper. One for the whole server; they take some 30 MB from then on.
#[derive(Default)]
pub struct FontShelf(OnceLock<Arc<Fonts>>);

impl FontShelf {
    /// The fonts.
    pub fn take(&self) -> Result<Arc<Fonts>> {
        if let Some(fonts) = self.0.get() {
            return Ok(fonts.clone());
        }
        let fonts = Arc::new(Fonts::unpack()?);
        Ok(self.0.get_or_init(|| fonts).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::Digest;

    #[test]
    fn the_pack_is_the_one_that_was_chosen() {
        assert_eq!(Digest::of(PACK).to_string(), PACKED);
        let fonts = FontShelf::default().take().expect("fonts");
        assert_eq!(fonts.fonts.len(), 49);
        for c in "aéЖשع今日한आ\u{1f499}\u{2713}".chars() {
            assert!(fonts.cover(c), "{c}");
        }
        assert!(!fonts.cover('\u{13000}'));
    }

    /// SHA-256 of the pack: with another one, papers have other bytes.
    const PACKED: &str = "3498abe3078f0845afd71f42a227b267f2e6cfd38091e7eaea509bc867d85393";
}
