//! What the name of a file tells.

use super::CaptureKind;
use crate::lookalike::without_unseen_end;

impl CaptureKind {
    /// Whether it may come without a link and a platform.
    pub fn stands_alone(self) -> bool {
        matches!(self, Self::Message | Self::Document)
    }

    /// Whether a file alone may be one, as a page takes it.
    pub(super) fn comes_as_file(self) -> bool {
        matches!(self, Self::Photo | Self::Video | Self::Page | Self::Document)
    }
}

/// What follows the last dot, in lower case, without blanks and characters that nobody sees behind it.
pub fn extension(name: &str) -> String {
    let name = without_unseen_end(name);
    let (_, extension) = name.rsplit_once('.').unwrap_or_default();
    extension.to_ascii_lowercase()
}

/// Whether programs call a file so while it still comes.
pub fn is_unfinished(name: &str) -> bool {
    const ENDINGS: [&str; 8] = [
        "part",
        "partial",
        "crdownload",
        "download",
        "opdownload",
        "filepart",
        "aria2",
        "!ut",
    ];
    ENDINGS.contains(&&*extension(name))
}

/// Whether it is a web archive, by its name.
pub(super) fn is_archive(name: &str) -> bool {
    let name = without_unseen_end(name).to_ascii_lowercase();
    let packed = || name.ends_with(".warc.gz") || name.ends_with(".arc.gz");
    matches!(
        &*extension(&name),
        "mhtml" | "mht" | "wacz" | "warc" | "arc" | "html" | "htm"
    ) || packed()
}

/// The kind of what comes as a file without a link.
pub fn kind_of(name: &str, media: Option<&str>) -> CaptureKind {
    let media = media.unwrap_or_default();
    match &*extension(name) {
        _ if is_archive(name) => CaptureKind::Page,
        "jpg" | "jpeg" | "jfif" | "png" | "gif" | "webp" | "heic" | "heif" | "hif" | "avif" | "tif" | "tiff"
        | "bmp" | "jxl" | "jp2" | "dng" | "cr2" | "cr3" | "nef" | "arw" | "svg" => CaptureKind::Photo,
        "mp4" | "m4v" | "mov" | "webm" | "mkv" | "avi" | "3gp" | "3g2" | "mpg" | "mpeg" | "ts" | "mts" | "m2ts"
        | "wmv" | "flv" | "hevc" | "ogv" => CaptureKind::Video,
        _ if media.starts_with("image/") => CaptureKind::Photo,
        _ if media.starts_with("video/") => CaptureKind::Video,
        _ => CaptureKind::Document,
    }
}
