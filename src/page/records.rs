//! What records say, by the place of a member.

use serde_json::Value;

/// A text that is not blank.
pub(crate) fn said<'v>(record: &'v Value, pointer: &str) -> Option<&'v str> {
    let text = record.pointer(pointer)?.as_str()?;
    (!text.trim().is_empty()).then_some(text)
}

/// A list; empty where there is none.
pub(crate) fn list<'v>(record: &'v Value, name: &str) -> &'v [Value] {
    record[name].as_array().map_or(&[], Vec::as_slice)
}
