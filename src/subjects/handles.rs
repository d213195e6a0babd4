//! Handles, as platforms compare them.

use crate::forms::{Form, LINE};
use crate::lookalike::fold;

/// Characters of an account that a filter compares.
const ACCOUNT_KEY: usize = 200;

/// What is said of an account; "unknown" is an answer, but names nothing.
pub fn known(said: Option<&str>) -> Option<&str> {
    said.filter(|said| *said != "unknown")
}

/// A handle as it is compared: without its @, as look-alikes are.
pub fn plain_handle(handle: &str) -> String {
    fold(handle).trim_start_matches('@').trim_start().to_owned()
}

/// Reads a handle from a form.
pub fn handle(form: &mut Form, field: &str) -> Option<String> {
    let text = form.filled(field, LINE)?;
    if plain_handle(&text).is_empty() {
        form.refuse_blank(field);
    }
    Some(text)
}

/// An account as an index holds it and a filter compares it: a plain handle, cut to 200 characters.
pub fn account_key(handle: &str) -> String {
    cut_key(&plain_handle(handle))
}

/// A platform's own id as an index holds it.
pub fn cut_key(id: &str) -> String {
    id.chars().take(ACCOUNT_KEY).collect()
}
