//! What stands in `packet.json` of standard duplicates and of output profiles.

use serde::{Deserialize, Serialize};

use super::rows::{FileRow, Shown};

/// The role of files that were made from others.
pub const DERIVATIVE: &str = "derivative";
/// The word of a duplicate in the event that made it, and in its file's name.
pub const DUPLICATE: &str = "duplicate";
/// The folder of the output profiles.
pub const PROFILES: &str = "data/profiles/";

/// The profile for the Jury Evidence Recording System of federal courts.
pub const JERS: &str = "jers";
/// The profile with load files for review programs.
pub const LOADFILE: &str = "loadfile";

/// A format that every court plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StandardFormat {
    Jpeg,
    Mp4,
    Mp3,
}

impl StandardFormat {
    const ALL: [Self; 3] = [Self::Jpeg, Self::Mp4, Self::Mp3];

    /// As people call it.
    pub fn says(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Mp4 => "MP4",
            Self::Mp3 => "MP3",
        }
    }

    /// The type of its bytes.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Mp4 => "video/mp4",
            Self::Mp3 => "audio/mpeg",
        }
    }

    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Mp4 => "mp4",
            Self::Mp3 => "mp3",
        }
    }

    /// The format whose bytes have this type.
    pub fn of(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.media_type() == media_type)
    }
}

/// The standard duplicate of an exhibit's file, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DuplicateRow {
    /// The place of the file among the exhibit's, from 1.
    pub of: u32,
    /// The duplicate as it lies in the packet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileRow>,
    /// Leaf and record of its `derivative.made`, which says how it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Shown>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
}

/// What an output profile cannot take of an exhibit as its recipients ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileWarning {
    /// The profile's word.
    pub profile: String,
    /// The place of the file among the exhibit's, from 1; none where it is about the exhibit as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u32>,
    /// What it is.
    pub says: String,
}
