//! An examination as it is recorded.

use serde::{Deserialize, Serialize};

use super::file_names::extension;
use super::{FileEntry, Tool};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::examination::{FileFlag, Findings, later_than};
use crate::proof::id::Digest;

/// The program as examinations name it.
const TOOL: (&str, &str) = ("casetrail", env!("CARGO_PKG_VERSION"));
/// Bytes of the findings of all files of a capture. Of what does not fit in them, only sizes, hashes and which flags are kept.
const MOST: usize = 192 << 10;

/// What was found in the files of a capture: the record of `capture.examined`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    pub id: String,
    pub capture_id: String,
    pub at: Timestamp,
    pub tool: Tool,
    /// In the order of the capture's files.
    pub files: Vec<ExaminedFile>,
}

/// What was found in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExaminedFile {
    pub sha256: Digest,
    /// Why it was not examined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_examined: Option<String>,
    /// Facts and text were left out, for the files before it had many.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shortened: bool,
    #[serde(flatten)]
    pub found: Findings,
}

impl ExaminedFile {
    /// One that was examined. What its name and its sender say is compared with what it is, and what it says of its time
    /// with its receipt.
    pub fn examined(file: &FileEntry, received: Timestamp, mut found: Findings) -> Self {
        if let Some(why) = later_than(&found, received.0) {
            found.flag(FileFlag::LaterThanReceipt, why);
        }
        if let Some(why) = other_type(file) {
            found.flag(FileFlag::TypeDiffers, why);
        }
        Self {
            sha256: file.sha256,
            not_examined: None,
            shortened: false,
            found,
        }
    }

    /// One that was not.
    pub fn skipped(file: &FileEntry, why: impl Into<String>) -> Self {
        Self {
            not_examined: Some(why.into()),
            ..Self::examined(file, Timestamp(0), Findings::default())
        }
    }
}

impl Examination {
    /// Of these files, with no more than a record should hold.
    pub fn new((id, capture_id): (String, String), at: Timestamp, mut files: Vec<ExaminedFile>) -> Result<Self> {
        let mut held = 0;
        for file in &mut files {
            let long = serde_json::to_string(&file)?.len();
            if held + long > MOST {
                file.shortened = true;
                file.found = file.found.in_short();
            }
            held += serde_json::to_string(&file)?.len();
        }
        Ok(Self {
            id,
            capture_id,
            at,
            tool: Tool {
                name: TOOL.0.to_owned(),
                version: TOOL.1.to_owned(),
            },
            files,
        })
    }
}

/// What each ending promises: the beginnings of the types that a file with it may have.
const PROMISED: [(&str, &[&str]); 24] = [
    ("jpg", &["image/jpeg"]),
    ("jpeg", &["image/jpeg"]),
    ("png", &["image/png", "image/apng"]),
    ("gif", &["image/gif"]),
    ("webp", &["image/webp"]),
    ("heic", &["image/hei"]),
    ("heif", &["image/hei"]),
    ("avif", &["image/avif"]),
    ("tif", &["image/tiff"]),
    ("tiff", &["image/tiff"]),
    ("bmp", &["image/bmp"]),
    ("mp4", &["video/mp4", "video/x-m4v", "video/quicktime", "audio/"]),
    ("m4v", &["video/mp4", "video/x-m4v"]),
    ("mov", &["video/quicktime", "video/mp4"]),
    ("webm", &["video/webm", "video/x-matroska", "audio/webm"]),
    ("mkv", &["video/x-matroska", "video/webm"]),
    ("mp3", &["audio/mpeg"]),
    ("wav", &["audio/"]),
    ("pdf", &["application/pdf"]),
    ("html", &["text/"]),
    ("htm", &["text/"]),
    ("mhtml", &["multipart/related", "message/rfc822"]),
    ("wacz", &["application/wacz", "application/zip"]),
    ("txt", &["text/"]),
];

/// How its name or its sender calls it another type than its bytes are; none where they agree, or say little.
fn other_type(file: &FileEntry) -> Option<String> {
    let is = file.media_type.as_deref()?;
    if file.size == 0 || file.withheld.is_some() {
        return None;
    }
    let ending = file.name.as_deref().map(extension).unwrap_or_default();
    let promised = PROMISED.iter().find(|(known, _)| *known == ending);
    if let Some((ending, types)) = promised
        && !types.iter().any(|start| is.starts_with(start))
    {
        return Some(format!("its name ends in .{ending}, and its bytes are {is}"));
    }
    let said = file
        .declared_type
        .as_deref()?
        .split(';')
        .next()?
        .trim()
        .to_ascii_lowercase();
    let family = |media_type: &str| media_type.split('/').next().map(str::to_owned);
    let seen = |media_type: &str| {
        ["image", "video", "audio"]
            .iter()
            .any(|known| media_type.starts_with(known))
    };
    let differs = (seen(&said) || seen(is)) && family(&said) != family(is) && said != "application/octet-stream";
    differs.then(|| format!("its sender calls it {said}, and its bytes are {is}"))
}

#[cfg(test)]
mod tests {
    use super::super::FileRole;
    use super::*;
    use crate::examination::FactSource;

    fn file(name: Option<&str>, is: &str, declared: Option<&str>) -> FileEntry {
        FileEntry {
            sha256: Digest::of(b""),
            size: 1,
            role: FileRole::Original,
            name: name.map(str::to_owned),
            media_type: Some(is.to_owned()),
            declared_type: declared.map(str::to_owned),
            withheld: None,
        }
    }

    #[test]
    fn a_file_that_lies_about_its_type_is_told() {
        for (name, is, declared, lies) in [
            (Some("a.jpg"), "image/jpeg", Some("image/jpeg"), false),
            (Some("a.JPG"), "image/png", None, true),
            (
                Some("photo.jpg"),
                "application/vnd.microsoft.portable-executable",
                None,
                true,
            ),
            (Some("a.heic"), "image/heif", Some("application/octet-stream"), false),
            (None, "text/html", Some("image/png"), true),
            (None, "image/png", Some("text/plain; charset=utf-8"), true),
            (Some("a.unknown"), "application/zip", Some("application/x-zip"), false),
            (Some("clip.mov"), "video/mp4", Some("video/quicktime"), false),
        ] {
            assert_eq!(other_type(&file(name, is, declared)).is_some(), lies, "{name:?} {is}");
        }
    }

    #[test]
    fn what_many_files_say_is_shortened_and_their_flags_stay() {
        let mut found = Findings::default();
        for place in 0..80 {
            found.fact(FactSource::Exif, format!("Tag {place}"), "x".repeat(500));
        }
        let files: Vec<ExaminedFile> = (0..20)
            .map(|_| ExaminedFile::examined(&file(Some("a.jpg"), "image/png", None), Timestamp(0), found.clone()))
            .collect();
        let made = Examination::new(("e".into(), "c".into()), Timestamp(0), files).expect("an examination");
        assert!(serde_json::to_string(&made).expect("JSON").len() < 2 * MOST);
        let last = &made.files[19];
        assert!(last.shortened && last.found.facts.is_empty() && last.found.is_flagged(FileFlag::TypeDiffers));
        assert!(!made.files[0].shortened && made.files[0].found.facts.len() == 80);
        // A hundred files that say as much of the longest letters as they may.
        let mut loud = Findings {
            title: Some("😀".repeat(300)),
            text: Some("😀".repeat(4_000)),
            ..found
        };
        for flag in FileFlag::ALL {
            loud.flag(*flag, "😀".repeat(500));
        }
        let files =
            (0..100).map(|_| ExaminedFile::examined(&file(None, "image/png", None), Timestamp(0), loud.clone()));
        let made = Examination::new(("e".into(), "c".into()), Timestamp(0), files.collect()).expect("an examination");
        assert!(serde_json::to_string(&made).expect("JSON").len() < 2 * MOST);
        assert_eq!(made.files[99].found.flags.len(), FileFlag::ALL.len());
    }
}
