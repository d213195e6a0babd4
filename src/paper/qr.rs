//! The code with the evidence hash.

use qrcodegen::{QrCode, QrCodeEcc};

/// Rows of 0 and 1, which the template draws. Words in capitals keep it small. `None` where they are too long for a code.
pub(super) fn rows(words: &str) -> Option<Vec<String>> {
    let code = QrCode::encode_text(&words.to_uppercase(), QrCodeEcc::Medium).ok()?;
    let bit = |x, y| if code.get_module(x, y) { '1' } else { '0' };
    let row = |y| (0..code.size()).map(|x| bit(x, y)).collect();
    Some((0..code.size()).map(row).collect())
}
