//! Words of the papers for words of the records.

use crate::paper::prints::{PrintedFile, PrintedWhat};
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

/// Why a file is not printed, and in what it opens.
pub fn no_picture(media_type: Option<&str>, name: Option<&str>) -> &'static str {
    let is_wacz = name.is_some_and(|name| name.to_lowercase().ends_with(".wacz"));
    match media_type.unwrap_or_default() {
        "application/pdf" => "It is a PDF, whose pages are in the packet and are not printed here.",
        "text/html" | "application/xhtml+xml" => {
            "It is a saved web page (HTML). It opens in a web browser, and may show something else there than it did."
        }
        "multipart/related" => {
            "It is a saved web page (MHTML). It opens in a browser of the Chromium family, such as Chrome or Edge."
        }
        "application/warc" | "application/gzip" => {
            "It is a web archive (WARC). It opens in a program that replays web archives, such as ReplayWeb.page."
        }
        "application/zip" | "application/wacz" if is_wacz => {
            "It is a web archive (WACZ). It opens in a program that replays web archives, such as ReplayWeb.page."
        }
        "application/zip" | "application/wacz" => {
            "It is an archive of files (ZIP). Any program that unpacks ZIPs opens it."
        }
        kind if kind.starts_with("audio/") => "It is a sound.",
        kind if kind.starts_with("video/") => "It is a video, and no frame of it was made for print.",
        _ => "This kind of file is not printed. It is in the packet byte for byte.",
    }
}

/// What a print copy shows, where it is not the picture that the file holds; the copy's place among those of the file is
/// counted from 0.
pub fn printed(made: &PrintedFile, copy: usize, media_type: Option<&str>) -> Option<String> {
    let kind = media_type.unwrap_or_default();
    let made_of = match kind {
        "image/heic" | "image/heif" => Some("a JPEG made of the HEIC for print, not the exhibit itself"),
        "image/avif" => Some("a JPEG made of the AVIF for print, not the exhibit itself"),
        "image/gif" => Some("the first picture of the GIF, which may move"),
        _ => None,
    };
    match made.what {
        PrintedWhat::Picture => made_of.map(str::to_owned),
        PrintedWhat::Part => Some(
            "the picture could be decoded in part by this program, because the file is damaged. What it could not read is grey or blank; another program may show more"
                .to_owned(),
        ),
        PrintedWhat::Frame(second) => {
            let (minutes, seconds) = (second / 60, second % 60);
            Some(format!(
                "frame at 00:{minutes:02}:{seconds:02} of the video, not the exhibit itself"
            ))
        }
        PrintedWhat::Pages(pages) => {
            let rest = (made.copies < pages && copy + 1 == made.copies).then(|| {
                format!(
                    "; the other {} pages are in the packet and are not printed",
                    pages - made.copies
                )
            });
            Some(format!(
                "page {} of {pages} of the PDF, drawn for print{}",
                copy + 1,
                rest.unwrap_or_default()
            ))
        }
    }
}

/// The first letter large.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What somebody wrote, with one full stop at its end, however they ended it.
pub fn stopped(text: &str) -> String {
    let text = text.trim();
    match text.ends_with(['!', '?', '…']) {
        true => text.to_owned(),
        false => format!("{}.", text.trim_end_matches('.')),
    }
}

/// Things that were said of one matter, each with its full stop.
pub fn sentences<'s>(said: impl Iterator<Item = String> + 's) -> Option<String> {
    said.map(|one| stopped(&one)).reduce(|all, one| format!("{all} {one}"))
}

/// A phrase as a sentence of its own.
pub fn sentence(text: &str) -> String {
    let text = capital(text.trim());
    match text.ends_with(['.', '!', '?']) {
        true => text,
        false => format!("{text}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_exhibit_itself_says_so() {
        let made = |what, copies| PrintedFile { first: 0, copies, what };
        let told = |what, kind| printed(&made(what, 1), 0, Some(kind));
        assert_eq!(told(PrintedWhat::Picture, "image/jpeg"), None);
        let frame = told(PrintedWhat::Frame(1), "video/mp4").expect("a frame");
        assert_eq!(frame, "frame at 00:00:01 of the video, not the exhibit itself");
        assert!(told(PrintedWhat::Picture, "image/heic").is_some_and(|said| said.contains("not the exhibit itself")));
        assert!(told(PrintedWhat::Part, "image/jpeg").is_some_and(|said| said.contains("decoded in part")));
        let pages = made(PrintedWhat::Pages(34), 20);
        assert_eq!(
            printed(&pages, 0, None).as_deref(),
            Some("page 1 of 34 of the PDF, drawn for print")
        );
        assert!(printed(&pages, 19, None).is_some_and(|said| said.contains("the other 14 pages")));
        assert!(no_picture(Some("application/zip"), Some("A.WACZ")).contains("ReplayWeb.page"));
        assert!(no_picture(Some("application/zip"), Some("a.zip")).contains("ZIP"));
    }

    #[test]
    fn one_full_stop_ends_a_sentence_whoever_wrote_it() {
        for (said, told) in [
            ("on site.", "on site."),
            ("on site", "on site."),
            ("why?", "why?"),
            ("so..", "so."),
            ("a… ", "a…"),
        ] {
            assert_eq!(stopped(said), told);
        }
        let all = sentences(["Reason: a.".to_owned(), "Note: b".to_owned()].into_iter());
        assert_eq!(all.as_deref(), Some("Reason: a. Note: b."));
        assert_eq!(sentences(std::iter::empty()), None);
    }
}
