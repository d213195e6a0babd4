//! What is looked for, read from one line of text, and what was found.

use std::ops::Range;

use serde::Serialize;

use super::key::{self, FindKey, FoundBy};
use crate::captures::CaptureState;
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::proof::id::unhex;
use crate::words;

/// Characters of a text that is looked up.
const LONGEST: usize = 2000;
/// Digits that a digest's beginning has at least.
const DIGITS: usize = 8;
/// Hits of one kind that an answer has at the most.
pub const SHOWN: usize = 20;

words! {
    /// What was found.
    HitKind {
        /// A case.
        Case = "case",
        /// An item: a capture in a case.
        Capture = "capture",
        /// An account in a case.
        Account = "account",
        /// An authorization of a case.
        Authorization = "authorization",
    }
}

/// A part of a case by its number there: of the case named before it, or of the one that the person has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    pub case: Option<String>,
    pub number: i64,
}

/// What is looked for. A text may be several things at once.
#[derive(Debug, Clone)]
pub struct Sought {
    pub text: String,
    /// The case that the person has open.
    pub open_case: Option<String>,
    pub id: Option<String>,
    pub item: Option<Numbered>,
    pub authorization: Option<Numbered>,
    /// The digests that begin with these digits.
    pub digests: Option<Range<Vec<u8>>>,
    pub keys: Vec<(FoundBy, FindKey)>,
    /// The words, which all have to be there.
    pub words: Vec<FindKey>,
}

impl Sought {
    /// Reads a text.
    ///
    /// # Errors
    /// One that is empty, or too long.
    pub fn parse(text: &str, open_case: Option<&str>) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            let message =
                "must say what to find: a case number, an item, a handle, an address, a platform's id or a SHA-256";
            return Err(Error::field("q", "required", message));
        }
        if text.chars().count() > LONGEST || text.contains('\0') {
            let message =
                format!("must be at most {LONGEST} characters, without NUL: paste the number, handle or address alone");
            return Err(Error::field("q", "too_long", message));
        }
        let mut sought = Self {
            open_case: open_case.and_then(parse_id),
            id: parse_id(text),
            item: numbered(text, item_at_end),
            authorization: numbered(text, authorization_at_end),
            digests: digests(text),
            keys: keys(text),
            words: Vec::new(),
            text: text.to_owned(),
        };
        if !sought.is_exact() {
            sought.words = key::sought_words(text);
        }
        Ok(sought)
    }

    /// Whether the text names one thing, so that its words are not looked for as well.
    fn is_exact(&self) -> bool {
        let is_address = key::as_address(&self.text).is_some();
        let is_number = self.item.is_some() || self.authorization.is_some();
        self.id.is_some() || self.digests.is_some() || is_address || is_number
    }

    /// The keys of a kind of thing.
    pub fn keys_of(&self, kind: HitKind) -> Vec<FindKey> {
        let is_case = kind == HitKind::Case;
        let those = self.keys.iter().filter(|(by, _)| (*by == FoundBy::Number) == is_case);
        those.map(|(_, key)| key.clone()).collect()
    }
}

fn keys(text: &str) -> Vec<(FoundBy, FindKey)> {
    let plain = [FoundBy::Number, FoundBy::Handle, FoundBy::PlatformId];
    let mut keys: Vec<_> = plain.into_iter().map(|by| (by, key::key(by, text))).collect();
    let address = key::as_address(text);
    keys.extend(address.map(|address| (FoundBy::Address, key::key(FoundBy::Address, &address))));
    keys
}

/// The number at the end of a text, and what stands before it: nothing, or a case's number.
fn numbered(text: &str, at_end: fn(&str) -> Option<(&str, i64)>) -> Option<Numbered> {
    let (before, number) = at_end(text)?;
    let case = before.trim().trim_end_matches(',').trim();
    Some(Numbered {
        case: (!case.is_empty()).then(|| case.to_owned()),
        number,
    })
}

/// `item 7`, `#7`, or `7` alone.
fn item_at_end(text: &str) -> Option<(&str, i64)> {
    let before = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = text[before.len()..].parse().ok()?;
    let before = before.trim_end();
    if before.is_empty() {
        return Some(("", number));
    }
    if let Some(before) = before.strip_suffix('#') {
        return Some((before, number));
    }
    let cut = before.len().checked_sub("item".len())?;
    let word = before.get(cut..)?;
    word.eq_ignore_ascii_case("item").then(|| (&before[..cut], number))
}

/// `A-2`, alone or after a blank.
fn authorization_at_end(text: &str) -> Option<(&str, i64)> {
    let before = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = text[before.len()..].parse().ok()?;
    let before = before.strip_suffix("A-").or_else(|| before.strip_suffix("a-"))?;
    let alone = before.is_empty() || before.ends_with(char::is_whitespace);
    alone.then_some((before, number))
}

/// The range of the digests that begin with these digits, which may stand in groups.
fn digests(text: &str) -> Option<Range<Vec<u8>>> {
    let digits = text.to_ascii_lowercase();
    let digits = digits.strip_prefix("sha256:").unwrap_or(&digits);
    let digits: String = digits.chars().filter(|c| !c.is_whitespace()).collect();
    if !(DIGITS..=64).contains(&digits.len()) {
        return None;
    }
    let filled = |with: char| {
        let (mut all, mut out) = (digits.clone(), [0; 32]);
        all.extend(std::iter::repeat_n(with, 64 - digits.len()));
        unhex(all.as_bytes(), &mut out).then(|| out.to_vec())
    };
    // The end is one of those sought: queries take it in.
    Some(filled('0')?..filled('f')?)
}

/// The case in which something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseName {
    pub id: String,
    pub number: String,
    pub title: String,
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    pub kind: HitKind,
    pub id: String,
    pub case: CaseName,
    /// What led to it.
    pub by: FoundBy,
    /// The number in its case, of a capture or an authorization.
    pub number: Option<i64>,
    /// What it is in a word: a capture's kind, an account's platform, a case's kind.
    pub what: String,
    /// Where it stands: a case's status, a capture's or an authorization's state.
    pub state: Option<String>,
    /// A line of what it says, where the caller may read that.
    pub about: Option<String>,
}

impl Hit {
    /// Whether its content is closed.
    pub fn is_closed(&self) -> bool {
        let closed = CaptureState::words_where(CaptureState::is_closed);
        self.kind == HitKind::Capture && self.state.as_deref().is_some_and(|state| closed.contains(&state))
    }
}

/// What a search led to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchResult {
    pub hits: Vec<Hit>,
    /// Whether there are more than are shown.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Sought {
        Sought::parse(text, None).expect(text)
    }

    #[test]
    fn an_item_and_an_authorization_are_named_with_their_case_or_alone() {
        let named = |case: Option<&str>, number| {
            Some(Numbered {
                case: case.map(str::to_owned),
                number,
            })
        };
        for (text, item, authorization) in [
            ("26-004417 item 7", named(Some("26-004417"), 7), None),
            ("26-004417, Item 12", named(Some("26-004417"), 12), None),
            ("26-004417 #7", named(Some("26-004417"), 7), None),
            ("item 7", named(None, 7), None),
            ("7", named(None, 7), None),
            ("26-004417 A-2", None, named(Some("26-004417"), 2)),
            ("a-2", None, named(None, 2)),
            ("26-004417", None, None),
            ("HQA-2", None, None),
            ("überitem 7", named(Some("über"), 7), None),
            ("é7", None, None),
            ("item 99999999999999999999", None, None),
        ] {
            let read = wanted(text);
            assert_eq!((read.item, read.authorization), (item, authorization), "{text}");
        }
    }

    #[test]
    fn a_digest_is_whole_or_at_least_eight_digits() {
        let range = wanted("AB12 cd34").digests.expect("a range");
        assert_eq!(
            (range.start[..5].to_vec(), range.end[..5].to_vec()),
            (vec![0xab, 0x12, 0xcd, 0x34, 0], vec![0xab, 0x12, 0xcd, 0x34, 0xff])
        );
        let whole = wanted(&format!("sha256:{}", "0f".repeat(32))).digests.expect("a range");
        assert_eq!(whole.start, whole.end);
        for text in ["ab12cd3", "ab12cd3g", &"a".repeat(65)] {
            assert!(wanted(text).digests.is_none(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_looked_up_is_refused() {
        for text in ["", "  ", &"x".repeat(LONGEST + 1), "a\0b"] {
            assert_eq!(Sought::parse(text, None).expect_err("refused").errors[0].field, "q");
        }
    }
}
