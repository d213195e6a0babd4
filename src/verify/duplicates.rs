//! Which files want a standard duplicate beside the original, and of what format. The builder makes them by this table, and
//! the verifier asks of each file that wants one for the duplicate, or for the reason why there is none.

use crate::proof::packet::{DERIVATIVE, DUPLICATE, FileRow, JERS, StandardFormat, exhibit_path};

/// What stands beside a file of some type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateNeed {
    /// Nothing: courts and browsers show the original.
    None,
    /// A duplicate of this format.
    Made(StandardFormat),
    /// No duplicate is made of files of this type, and the packet says so.
    Unmakable,
}

/// Types that courts and browsers show, and of which no profile asks for another format.
const SHOWN: &[&str] = &[
    "application/pdf",
    "audio/mpeg",
    "audio/x-wav",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "text/plain",
    "video/mp4",
];

/// Types that courts and browsers show and the file names of JERS do not, with the format that they become for it.
const SHOWN_BUT_FOR_JERS: &[(&str, StandardFormat)] = &[
    ("audio/m4a", StandardFormat::Mp3),
    ("audio/mp4", StandardFormat::Mp3),
    ("image/png", StandardFormat::Jpeg),
    ("video/x-m4v", StandardFormat::Mp4),
];

/// Types that become another format, and which.
const CONVERTED: &[(&str, StandardFormat)] = &[
    ("application/ogg", StandardFormat::Mp4),
    ("application/vnd.ms-asf", StandardFormat::Mp4),
    ("audio/aac", StandardFormat::Mp3),
    ("audio/ac3", StandardFormat::Mp3),
    ("audio/amr", StandardFormat::Mp3),
    ("audio/matroska", StandardFormat::Mp3),
    ("audio/ogg", StandardFormat::Mp3),
    ("audio/opus", StandardFormat::Mp3),
    ("audio/x-aiff", StandardFormat::Mp3),
    ("audio/x-caf", StandardFormat::Mp3),
    ("audio/x-flac", StandardFormat::Mp3),
    ("audio/x-ms-wma", StandardFormat::Mp3),
    ("image/avif", StandardFormat::Jpeg),
    ("image/heic", StandardFormat::Jpeg),
    ("image/heif", StandardFormat::Jpeg),
    ("image/tiff", StandardFormat::Jpeg),
    ("image/webp", StandardFormat::Jpeg),
    ("video/3gpp", StandardFormat::Mp4),
    ("video/3gpp2", StandardFormat::Mp4),
    ("video/mp2t", StandardFormat::Mp4),
    ("video/mpeg", StandardFormat::Mp4),
    ("video/ogg", StandardFormat::Mp4),
    ("video/quicktime", StandardFormat::Mp4),
    ("video/webm", StandardFormat::Mp4),
    ("video/x-flv", StandardFormat::Mp4),
    ("video/x-matroska", StandardFormat::Mp4),
    ("video/x-ms-wmv", StandardFormat::Mp4),
    ("video/x-msvideo", StandardFormat::Mp4),
];

/// What stands beside a file of this type in a packet with duplicates and these profiles.
pub fn need(media_type: &str, profiles: &[String]) -> DuplicateNeed {
    let of = |table: &[(&str, StandardFormat)]| {
        let found = table.iter().find(|(known, _)| *known == media_type);
        found.map(|(_, format)| *format)
    };
    let jers = profiles.iter().any(|profile| profile == JERS);
    match (of(CONVERTED), of(SHOWN_BUT_FOR_JERS)) {
        (Some(format), _) => DuplicateNeed::Made(format),
        (None, Some(format)) if jers => DuplicateNeed::Made(format),
        (None, Some(_)) => DuplicateNeed::None,
        (None, None) if SHOWN.contains(&media_type) => DuplicateNeed::None,
        (None, None) => DuplicateNeed::Unmakable,
    }
}

/// Where the duplicate of an exhibit's file lies.
pub fn duplicate_path(exhibit: u32, of: usize, format: StandardFormat) -> String {
    exhibit_path(exhibit, of, DUPLICATE, format.ending())
}

/// The row of a duplicate's file, as `derivative.made` recorded it at `file`; none where that is no standard duplicate.
pub fn duplicate_file((exhibit, of): (u32, usize), file: &serde_json::Value) -> Option<FileRow> {
    let format = StandardFormat::of(file["media_type"].as_str()?)?;
    Some(FileRow {
        path: Some(duplicate_path(exhibit, of, format)),
        sha256: file["sha256"].as_str()?.parse().ok()?,
        size: file["size"].as_u64()?,
        role: DERIVATIVE.to_owned(),
        name: None,
        media_type: Some(format.media_type().to_owned()),
        withheld: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::packet::LOADFILE;

    #[test]
    fn what_courts_play_needs_no_duplicate() {
        let both = [JERS.to_owned(), LOADFILE.to_owned()];
        for (media_type, plain, for_jers) in [
            ("image/jpeg", DuplicateNeed::None, DuplicateNeed::None),
            ("application/pdf", DuplicateNeed::None, DuplicateNeed::None),
            (
                "image/png",
                DuplicateNeed::None,
                DuplicateNeed::Made(StandardFormat::Jpeg),
            ),
            (
                "image/heic",
                DuplicateNeed::Made(StandardFormat::Jpeg),
                DuplicateNeed::Made(StandardFormat::Jpeg),
            ),
            (
                "video/webm",
                DuplicateNeed::Made(StandardFormat::Mp4),
                DuplicateNeed::Made(StandardFormat::Mp4),
            ),
            (
                "audio/ogg",
                DuplicateNeed::Made(StandardFormat::Mp3),
                DuplicateNeed::Made(StandardFormat::Mp3),
            ),
            ("text/html", DuplicateNeed::Unmakable, DuplicateNeed::Unmakable),
            ("", DuplicateNeed::Unmakable, DuplicateNeed::Unmakable),
        ] {
            assert_eq!(need(media_type, &[]), plain, "{media_type}");
            assert_eq!(need(media_type, &both[1..]), plain, "{media_type}");
            assert_eq!(need(media_type, &both), for_jers, "{media_type}");
        }
        assert!(CONVERTED.is_sorted_by_key(|(media_type, _)| media_type));
        assert!(SHOWN.is_sorted() && SHOWN_BUT_FOR_JERS.is_sorted_by_key(|(media_type, _)| media_type));
    }

    #[test]
    fn a_duplicate_lies_beside_its_original() {
        assert_eq!(
            duplicate_path(12, 2, StandardFormat::Mp4),
            "data/exhibits/012/02-duplicate.mp4"
        );
    }
}
