//! What a redaction tells of a capture's record. The record is bound by one salted hash and cannot be shown in part: in a
//! packet it is withheld, and what stands here is shown in its place.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::model::{BLOT, Tellable, TextRange};
use crate::captures::model::Capture;
use crate::error::{Error, Result};

/// What is always told: how, when and by whom it was captured, and on what it rests, without anybody's own words.
const ALWAYS: [&str; 14] = [
    "kind",
    "item",
    "platform",
    "captured_at",
    "captured_at_basis",
    "received_at",
    "capturer",
    "method",
    "tool",
    "level",
    "device",
    "state",
    "flags",
    "version",
];

impl Tellable {
    /// The fields of the record that it stands for.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Address => &["url", "final_url"],
            Self::Account => &["account"],
            Self::Posted => &["posted_at", "posted_at_basis", "platform_time_text"],
            Self::Text => &["text"],
        }
    }

    /// What a page calls it.
    pub fn says(self) -> &'static str {
        match self {
            Self::Address => "The address",
            Self::Account => "The account",
            Self::Posted => "The time of posting",
            Self::Text => "The text, without the parts named below",
        }
    }
}

/// What is told of a capture, with these parts of its text blotted out.
pub fn told(capture: &Capture, tell: &BTreeSet<Tellable>, ranges: &[TextRange]) -> Result<Map<String, Value>> {
    let record = capture.record()?;
    let fields = ALWAYS
        .into_iter()
        .chain(tell.iter().flat_map(|word| word.fields()).copied());
    let said = fields.filter_map(|field| Some((field.to_owned(), record.get(field)?.clone())));
    let mut told = Map::from_iter(said);
    told.insert("basis".into(), only(&record["basis"], &["kind", "id"]));
    let rules = record["coverage"].as_array().into_iter().flatten();
    // Why a rule passed names accounts.
    let rules = rules.map(|rule| only(rule, &["rule", "passed"]));
    told.insert("coverage".into(), rules.collect());
    if tell.contains(&Tellable::Text) {
        let text = capture.particulars.text.as_deref().ok_or_else(|| {
            let message = "names text, and this capture has none: leave it out";
            Error::field("tell", "exists", message)
        })?;
        told.insert("text".into(), Value::String(blotted(text, ranges)?));
    }
    Ok(told)
}

fn only(object: &Value, names: &[&str]) -> Value {
    let kept = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), object.get(*name)?.clone())));
    Value::Object(kept.filter(|(_, value)| !value.is_null()).collect())
}

/// The text with each range replaced by the same blot.
fn blotted(text: &str, ranges: &[TextRange]) -> Result<String> {
    let length = text.chars().count() as u64;
    if let Some(beyond) = ranges.iter().position(|range| range.to > length) {
        let message = format!("ends after the text, which has {length} characters");
        return Err(Error::field(format!("text_ranges[{beyond}].to"), "within", message));
    }
    let mut left = String::with_capacity(text.len());
    let mut ranges = ranges.iter().peekable();
    for (place, letter) in (0..).zip(text.chars()) {
        while ranges.next_if(|range| range.to <= place).is_some() {}
        match ranges.peek() {
            Some(range) if range.from == place => left.push_str(BLOT),
            Some(range) if range.from < place => {}
            _ => left.push(letter),
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_blotted_out_whatever_their_length() {
        let text = "Möwe 🕊 über River K.";
        for (ranges, left) in [
            (&[][..], text),
            (&[(0, 4)][..], "████ 🕊 über River K."),
            (&[(5, 6)], "Möwe ████ über River K."),
            (&[(0, 4), (4, 5), (12, 20)], "████████🕊 über ████"),
            (&[(0, 20)], BLOT),
        ] {
            let ranges: Vec<TextRange> = ranges
                .iter()
                .map(|(from, to)| TextRange { from: *from, to: *to })
                .collect();
            assert_eq!(blotted(text, &ranges).expect("a text"), left);
        }
        let beyond = blotted(text, &[TextRange { from: 3, to: 21 }]).expect_err("refused");
        assert_eq!(beyond.errors[0].field, "text_ranges[0].to");
    }
}
