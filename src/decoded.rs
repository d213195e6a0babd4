//! Bytes as text: UTF-8 without a byte order mark. What is no character becomes U+FFFD, and that is told: programs cut
//! texts in the middle of an emoji, and what they found is kept all the same.

use std::borrow::Cow;

/// JSON, as UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub struct ReadText<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// Whether something in it was no character.
    pub repaired: bool,
}

/// Reads UTF-8, or UTF-16 by its byte order mark.
pub fn read(bytes: &[u8]) -> ReadText<'_> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(utf_16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(utf_16(rest, u16::from_be_bytes)),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        all => String::from_utf8_lossy(all),
    };
    // Where bytes hold the replacement already, it was the sender's.
    let lossy = matches!(&text, Cow::Owned(text) if text.contains('\u{fffd}'));
    match whole_escapes(&text) {
        Some(text) => ReadText {
            text: Cow::Owned(text),
            repaired: true,
        },
        None => ReadText { text, repaired: lossy },
    }
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut text: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if !bytes.len().is_multiple_of(2) {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

/// The same JSON with U+FFFD for each escape of half a character; `None` where there is none.
fn whole_escapes(json: &str) -> Option<String> {
    let (mut out, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(found) = json.get(at..)?.find('\\') {
        let here = at + found;
        let next = escaped_unit(json, here + 6);
        at = match escaped_unit(json, here) {
            Some(0xd800..=0xdbff) if matches!(next, Some(0xdc00..=0xdfff)) => here + 12,
            Some(0xd800..=0xdfff) => {
                out += json.get(kept..here)?;
                out += "\\ufffd";
                kept = here + 6;
                kept
            }
            Some(_) => here + 6,
            // What is escaped may have several bytes in what is no JSON.
            None => here + 1 + json[here + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    (kept > 0).then(|| out + &json[kept..])
}

/// The unit of UTF-16 that `\uXXXX` at this place stands for.
fn escaped_unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_character_is_replaced_and_told() {
        let cases: [(&[u8], &str, bool); 12] = [
            (b"{\"a\": 1}", "{\"a\": 1}", false),
            (b"\xef\xbb\xbf{}", "{}", false),
            (b"\xff\xfe{\0}\0", "{}", false),
            (b"\xfe\xff\0{\0}", "{}", false),
            (b"\xff\xfe\x3d\xd8", "\u{fffd}", true),
            (b"\"\xff\"", "\"\u{fffd}\"", true),
            ("\"\u{fffd}\"".as_bytes(), "\"\u{fffd}\"", false),
            (br#""\ud83d""#, r#""\ufffd""#, true),
            (br#""\ud83e\udde5\udde5x""#, r#""\ud83e\udde5\ufffdx""#, true),
            (br#""\ud83e\ud83e\udde5""#, r#""\ufffd\ud83e\udde5""#, true),
            (br#""\\ud83d \" \u00e9""#, r#""\\ud83d \" \u00e9""#, false),
            ("\\é\\".as_bytes(), "\\é\\", false),
        ];
        for (bytes, text, repaired) in cases {
            let read = read(bytes);
            assert_eq!((&*read.text, read.repaired), (text, repaired), "{bytes:?}");
        }
    }
}
