//! Which web archives are sanitized before they leave: those that were taken signed in, or under an alias.

use super::model::DerivativeKind;
use super::store;
use crate::authorizations::Level;
use crate::captures::model::{Capture, FileEntry, FileRole};
use crate::db::AnyConn;
use crate::error::Result;
use crate::pictures::is_archive;

/// What people say of their means of access where nobody was signed in.
const SIGNED_OUT: [&str; 7] = [
    "no_account",
    "logged_out",
    "signed_out",
    "not_signed_in",
    "public",
    "provided",
    "none",
];

/// Whether a capture has a web archive that was taken signed in or under an alias, and of which no sanitized copy was made.
pub fn is_unsanitized(conn: &mut AnyConn, capture: &Capture) -> Result<bool> {
    if !is_signed_in(capture) {
        return Ok(false);
    }
    let is_web = |file: &&FileEntry| {
        let media_type = file.media_type.as_deref().unwrap_or_default();
        // A packed file is an archive of the web where its sender says so.
        file.withheld.is_none()
            && is_archive(media_type)
            && (media_type != "application/gzip" || file.role == FileRole::Archive)
    };
    let archives: Vec<&FileEntry> = capture.files.iter().filter(is_web).collect();
    if archives.is_empty() {
        return Ok(false);
    }
    let made = store::of_capture(conn, &capture.id)?;
    let is_done = |file: &&FileEntry| {
        let of_it = |parent: &crate::proof::id::Digest| *parent == file.sha256;
        let sanitized = made.iter().filter(|one| one.kind == DerivativeKind::Sanitized);
        sanitized
            .filter_map(|one| one.file.as_ref())
            .any(|copy| of_it(&copy.parent))
    };
    Ok(!archives.iter().all(is_done))
}

fn is_signed_in(capture: &Capture) -> bool {
    let said = &capture.particulars;
    let means = said
        .access_means
        .as_deref()
        .map(|means| means.trim().to_lowercase().replace([' ', '-'], "_"));
    let signed_in = means.is_some_and(|means| !means.is_empty() && !SIGNED_OUT.contains(&means.as_str()));
    signed_in || said.level.is_some_and(|level| level != Level::Overt)
}
