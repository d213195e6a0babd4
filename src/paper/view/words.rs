//! Words of the papers for words of the records.

use crate::text::label;

/// What happened to an exhibit.
pub fn action(word: &str) -> String {
    let told = match word {
        "capture.recorded" => "Received and recorded",
        "capture.annotated" => "Note added",
        "capture.corrected" => "Correction added; the first version stays",
        "capture.ratified" => "Ratified afterwards",
        "capture.confirmed" => "Emergency confirmed",
        "capture.repudiated" => "Emergency not confirmed",
        "capture.accepted" => "Accepted by a supervisor",
        "capture.examination_requested" => "Another reading of its files asked for",
        "capture.examined" => "What its files say of themselves was read",
        "capture.verified" => "Files read again and compared with their hashes",
        other => return label(other.rsplit('.').next().unwrap_or(other)),
    };
    told.into()
}

/// Whether this event is a supervisor's decision on what nothing covered.
pub fn is_decision(action: &str) -> bool {
    matches!(
        action,
        "capture.ratified" | "capture.confirmed" | "capture.repudiated" | "capture.accepted"
    )
}

/// The mark that an event leaves on an exhibit.
pub fn mark(action: &str) -> Option<&'static str> {
    Some(match action {
        "capture.ratified" => "Exception, ratified afterwards",
        "capture.confirmed" => "Emergency, confirmed",
        "capture.repudiated" => "Emergency, not confirmed",
        "capture.accepted" => "Held, then accepted",
        "capture.corrected" => "Corrected",
        "capture.reviewed" => "Reviewed",
        _ => return None,
    })
}

/// On what a capture rests that no authorization covers.
pub fn basis(kind: &str) -> String {
    let told = match kind {
        "exception" => "Exception: no authorization covered it",
        "emergency" => "Emergency, danger to life",
        "third_party" => "Handed over by a third party",
        "not_required" => "Not required by policy",
        other => return label(other),
    };
    told.into()
}

/// Rules of coverage, as a table names them.
pub fn rule(word: &str) -> String {
    match word {
        "window" => "Time".into(),
        other => label(other),
    }
}

/// What became of an item that is not an exhibit.
pub fn status(word: &str) -> String {
    match word {
        "not_selected" => "Not chosen for this packet".into(),
        "disposed" => "Disposed of".into(),
        other => label(other),
    }
}

/// Why it is not shown, where its row gives no reason.
pub fn status_reason(word: &str) -> &'static str {
    match word {
        "held" => "No authorization covers it and a supervisor has not decided. Its content is locked.",
        "quarantined" => "Its content may not be shown or copied.",
        "disposed" => "The content was destroyed under the retention rules; its hashes stay.",
        "withheld" => "Withheld from this recipient.",
        _ => "It was not asked for.",
    }
}

/// Why a file has no picture in the papers.
pub fn no_picture(media_type: Option<&str>) -> &'static str {
    match media_type.unwrap_or_default() {
        "application/pdf" => "It is a PDF, whose pages are in the packet and are not printed here.",
        "text/html" | "multipart/related" | "application/warc" | "application/zip" => {
            "It is a saved page or an archive. It is opened with a program, not printed."
        }
        kind if kind.starts_with("audio/") => "It is a sound.",
        kind if kind.starts_with("video/") => "It is a video, and no frame of it was made for print.",
        _ => "This kind of file is not printed. It is in the packet byte for byte.",
    }
}

/// The first letter large.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A phrase as a sentence of its own.
pub fn sentence(text: &str) -> String {
    let text = capital(text.trim());
    match text.ends_with(['.', '!', '?']) {
        true => text,
        false => format!("{text}."),
    }
}
