//! Handles, as platforms compare them.

/// Characters of an account that a filter compares.
const ACCOUNT_KEY: usize = 200;

/// What is said of an account; "unknown" is an answer, but names nothing.
pub fn known(said: Option<&str>) -> Option<&str> {
    said.filter(|said| *said != "unknown")
}

/// Handles are compared without their @ and in lower case, as platforms do.
pub fn plain_handle(handle: &str) -> String {
    handle.trim().trim_start_matches('@').to_lowercase()
}

/// An account as an index holds it and a filter compares it: a plain handle, cut to 200 characters.
pub fn account_key(handle: &str) -> String {
    cut_key(&plain_handle(handle))
}

/// A platform's own id as an index holds it.
pub fn cut_key(id: &str) -> String {
    id.chars().take(ACCOUNT_KEY).collect()
}
