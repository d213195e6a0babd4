//! Redactions as a request for a packet names them, and as its record keeps them.

use serde::{Deserialize, Serialize};

use crate::forms::{Form, parse_id};

/// Redactions that one request may name.
const NAMED: usize = 5_000;

/// A capture that is redacted in a packet, and the redactions that stand in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedRedaction {
    /// The capture.
    pub capture: String,
    /// Ids of the derivatives; what the first tells of the capture's record stands in the record's place.
    pub derivatives: Vec<String>,
}

/// Reads the ids of the redactions that a request names.
pub fn read(form: &mut Form) -> Vec<String> {
    let mut ids = Vec::new();
    for (i, text) in form.texts("redactions", NAMED, 64).iter().enumerate() {
        match parse_id(text) {
            Some(id) => ids.push(id),
            None => form.refuse(&format!("redactions[{i}]"), "uuid", "must be a UUID"),
        }
    }
    ids
}
