//! How a court or an agency numbers exhibits: a prefix, a range for each side, and parts where the court takes them.

use serde::{Deserialize, Serialize};

use crate::forms::Form;

/// The highest number of an exhibit.
const HIGHEST: u64 = 999_999;
/// Characters of a prefix.
const PREFIX: usize = 12;
/// Characters of a part.
const PART: usize = 4;
/// Digits to which a number may be filled with zeros.
const DIGITS: u64 = 6;

/// The numbers that one side gives its exhibits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberScheme {
    /// What stands before each number, such as `P-`. It has no digit.
    pub prefix: String,
    /// The first number of the range.
    pub first: u64,
    /// The last number of the range; none where it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// Digits to which numbers are filled with zeros: `001` has three.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u64>,
    /// The side whose numbers these are, such as `prosecution`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// Whether a number may have parts: `P-12-A`, `P-12-B`.
    #[serde(default)]
    pub parts: bool,
}

impl Default for NumberScheme {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            first: 1,
            last: None,
            digits: None,
            side: None,
            parts: false,
        }
    }
}

impl NumberScheme {
    /// Reads one. What is left out is as in the plainest scheme: 1, 2, 3 and so on.
    pub fn read(form: &mut Form) -> Self {
        let says = "must be at most 12 letters, hyphens or points, without a digit, such as P-";
        let scheme = Self {
            prefix: form
                .text_where("prefix", "form", says, 100, is_prefix)
                .unwrap_or_default(),
            first: form.count("first").unwrap_or(1),
            last: form.count("last"),
            digits: form.count("digits"),
            side: form.filled("side", 60).map(|side| side.trim().to_owned()),
            parts: form.flag("parts").unwrap_or(false),
        };
        if !(1..=HIGHEST).contains(&scheme.first) {
            form.refuse("first", "range", "must be a number from 1 to 999999");
        }
        if scheme
            .last
            .is_some_and(|last| !(scheme.first..=HIGHEST).contains(&last))
        {
            let message = "must be a number from the first one to 999999, or be left out for an open range";
            form.refuse("last", "range", message);
        }
        if scheme.digits.is_some_and(|digits| !(1..=DIGITS).contains(&digits)) {
            form.refuse("digits", "range", "must be a number from 1 to 6, or be left out");
        }
        scheme
    }

    /// A number in this scheme, without a part.
    pub fn number(&self, n: u64) -> String {
        let width = self.digits.and_then(|digits| usize::try_from(digits).ok()).unwrap_or(1);
        format!("{}{n:0width$}", self.prefix)
    }

    /// The number that a text gives; none where it is none of this scheme, or lies outside its range. A text may leave the
    /// prefix and the zeros out.
    pub fn read_number(&self, text: &str) -> Option<u64> {
        let text = text.trim();
        let at = text.find(|c: char| c.is_ascii_digit())?;
        let (prefix, digits) = text.split_at(at);
        let own = prefix.is_empty() || prefix.eq_ignore_ascii_case(&self.prefix);
        let plain = own && digits.len() <= DIGITS as usize && digits.bytes().all(|b| b.is_ascii_digit());
        let n = digits.parse().ok().filter(|_| plain)?;
        self.covers(n).then_some(n)
    }

    /// The number of a label of this scheme, whatever its part; none where the label is of another scheme.
    pub fn number_of(&self, label: &str) -> Option<(u64, Option<String>)> {
        let at = label.find(|c: char| c.is_ascii_digit())?;
        let (prefix, rest) = label.split_at(at);
        let (digits, part) = rest.split_once('-').map_or((rest, None), |(n, part)| (n, Some(part)));
        let n = digits
            .parse()
            .ok()
            .filter(|n| prefix.eq_ignore_ascii_case(&self.prefix) && self.covers(*n))?;
        Some((n, part.map(str::to_owned)))
    }

    /// Whether a number lies in the range.
    pub fn covers(&self, n: u64) -> bool {
        (self.first..=self.end()).contains(&n)
    }

    /// The last number of the range; the highest there is where it is open.
    pub fn end(&self) -> u64 {
        self.last.unwrap_or(HIGHEST)
    }

    /// The range in words, such as `P-1 to P-99`.
    pub fn says(&self) -> String {
        match self.last {
            Some(last) => format!("{} to {}", self.number(self.first), self.number(last)),
            None => format!("{} and above", self.number(self.first)),
        }
    }

    /// Whether this and the scheme of another side give the same numbers.
    pub fn collides(&self, other: &Self) -> bool {
        let side = |scheme: &Self| scheme.side.as_deref().unwrap_or_default().to_lowercase();
        side(self) != side(other)
            && self.prefix.eq_ignore_ascii_case(&other.prefix)
            && self.first <= other.end()
            && other.first <= self.end()
    }
}

/// A number and its part as they are written: `P-12`, `P-12-A`.
pub fn label(number: &str, part: Option<&str>) -> String {
    match part {
        Some(part) => format!("{number}-{part}"),
        None => number.to_owned(),
    }
}

/// A label as labels are compared: `p-012-a` and `P-12-A` are the same.
pub fn number_key(label: &str) -> String {
    let at = label.find(|c: char| c.is_ascii_digit()).unwrap_or(label.len());
    let (prefix, rest) = label.split_at(at);
    format!("{prefix}{}", rest.trim_start_matches('0')).to_ascii_uppercase()
}

fn is_prefix(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphabetic() || matches!(c, '-' | '.');
    text.len() <= PREFIX && text.chars().all(plain)
}

/// Whether a text can be a part.
pub fn is_part(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    (1..=PART).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheme(prefix: &str, first: u64, last: Option<u64>) -> NumberScheme {
        NumberScheme {
            prefix: prefix.into(),
            first,
            last,
            ..NumberScheme::default()
        }
    }

    #[test]
    fn numbers_are_read_with_or_without_prefix_and_zeros() {
        let court = NumberScheme {
            digits: Some(3),
            ..scheme("P-", 1, Some(50))
        };
        for text in ["P-012", "p-12", "12", " 012 "] {
            assert_eq!(court.read_number(text), Some(12), "{text}");
        }
        for text in ["", "P-", "D-12", "P-0", "51", "12A", "P-12-A", "1234567"] {
            assert_eq!(court.read_number(text), None, "{text}");
        }
        assert_eq!(court.number(7), "P-007");
        assert_eq!(court.number_of("P-012-A"), Some((12, Some("A".into()))));
        assert_eq!(court.number_of("D-012"), None);
    }

    #[test]
    fn the_same_number_is_the_same_however_it_is_written() {
        for text in ["P-12-A", "p-012-a", "P-0012-A"] {
            assert_eq!(number_key(text), "P-12-A", "{text}");
        }
        assert_eq!(number_key("001"), "1");
        assert_ne!(number_key("P-1-2"), number_key("P-12"));
    }

    #[test]
    fn two_sides_have_ranges_of_their_own() {
        let of = |side: &str, scheme: NumberScheme| NumberScheme {
            side: Some(side.into()),
            ..scheme
        };
        let ours = of("prosecution", scheme("", 1, Some(99)));
        assert!(ours.collides(&of("defense", scheme("", 99, None))));
        assert!(!ours.collides(&of("defense", scheme("", 100, Some(199)))));
        assert!(!ours.collides(&of("defense", scheme("D-", 1, Some(99)))));
        assert!(!ours.collides(&of("Prosecution", scheme("", 50, None))));
    }
}
