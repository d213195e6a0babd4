//! JSON-LD a line an object: the form of `case-uco.jsonld` and `ro-crate-metadata.json`. Objects are canonical JSON, so that
//! the same packet gives the same bytes wherever it is made.

use std::io::Write;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::PageError;
use crate::proof::canon;

/// A document with a context and a graph.
pub(super) struct Graph<'o> {
    out: &'o mut dyn Write,
    first: bool,
}

impl<'o> Graph<'o> {
    /// Begins the document.
    pub fn begin(out: &'o mut dyn Write, context: &Value) -> Result<Self, PageError> {
        out.write_all(b"{\"@context\":")?;
        out.write_all(&canonical(context)?)?;
        out.write_all(b",\n\"@graph\":[")?;
        Ok(Self { out, first: true })
    }

    /// Adds an object. Members that say nothing are left out.
    pub fn put(&mut self, mut object: Value) -> Result<(), PageError> {
        prune(&mut object);
        self.out.write_all(if self.first { b"\n" } else { b",\n" })?;
        self.first = false;
        Ok(self.out.write_all(&canonical(&object)?)?)
    }

    /// Ends the document.
    pub fn end(self) -> Result<(), PageError> {
        Ok(self.out.write_all(b"\n]}\n")?)
    }
}

fn canonical(value: &Value) -> Result<Vec<u8>, PageError> {
    canon::to_strict(value).map_err(|error| PageError::Unclear(format!("no canonical JSON: {error}")))
}

/// Takes out members that are null, and lists without an element.
fn prune(value: &mut Value) {
    let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(prune);
            members.retain(|_, member| !empty(member));
        }
        Value::Array(elements) => elements.iter_mut().for_each(prune),
        _ => {}
    }
}

/// A UUID that follows from these words: the first bits of their SHA-256, marked as one that follows from a name, because
/// the shapes of UCO take no later version than that.
pub(super) fn derived(words: &[&str]) -> String {
    let mut hash = Sha256::new();
    for word in words {
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// The UUID itself where the text is one as the ledger writes it, else one that follows from it.
pub(super) fn uuid(text: &str) -> String {
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
    if is_uuid { text.to_owned() } else { derived(&[text]) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_stand_a_line_each_without_what_says_nothing() {
        let mut out = Vec::new();
        let mut graph = Graph::begin(&mut out, &json!("c")).expect("begun");
        graph
            .put(json!({"b": null, "a": [], "c": {"d": null, "e": [1, null]}}))
            .expect("written");
        graph.put(json!({"z": "\u{202e}\n"})).expect("written");
        graph.end().expect("ended");
        let text = String::from_utf8(out).expect("UTF-8");
        assert_eq!(
            text,
            "{\"@context\":\"c\",\n\"@graph\":[\n{\"c\":{\"e\":[1,null]}},\n{\"z\":\"\u{202e}\\n\"}\n]}\n"
        );
    }

    #[test]
    fn an_identifier_is_a_uuid_whatever_it_was() {
        let id = "01a1f3a8-874f-7aca-abd8-24272643d5a2";
        assert_eq!(uuid(id), id);
        for odd in ["", "x", "01A1F3A8-874F-7ACA-ABD8-24272643D5A2", "\" onload="] {
            let made = uuid(odd);
            assert!(made.len() == 36 && uuid(&made) == made && made != odd, "{made}");
        }
        assert_ne!(derived(&["ab", "c"]), derived(&["a", "bc"]));
    }
}
