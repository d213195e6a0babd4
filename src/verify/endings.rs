//! The endings of exhibits' files. An issued packet keeps those that its version of the papers gives.

/// The ending of a file, by what its bytes were found to be and what its sender calls it. Where the type says little, the
/// sender's stays if nothing runs a file by it.
pub fn ending(papers: Option<u32>, media_type: &str, name: Option<&str>) -> &'static str {
    if papers.is_none_or(|version| version < 2) {
        return first(media_type);
    }
    let known = TYPES.iter().find(|(known, _)| *known == media_type);
    let own = known.map(|(_, ending)| *ending);
    let vague = own.is_none() || VAGUE.contains(&media_type);
    let senders = name.filter(|_| vague).and_then(|name| harmless(media_type, name));
    senders.or(own).unwrap_or("bin")
}

/// Types that many formats share, and none at all.
const VAGUE: &[&str] = &[
    "application/gzip",
    "application/json",
    "application/octet-stream",
    "application/vnd.ms-asf",
    "application/vnd.sqlite3",
    "application/x-bplist",
    "application/x-cfb",
    "application/x-empty",
    "application/zip",
    "image/tiff",
    "message/rfc822",
    "text/html",
    "text/plain",
    "text/xml",
    "video/mp2t",
    "video/mp4",
];

/// Endings that a sender's file keeps.
const HARMLESS: &[&str] = &[
    "7z", "aac", "aff", "aff4", "amr", "arc", "arw", "avi", "bmp", "cbor", "cr2", "cr3", "csv", "db", "dcm", "dd",
    "dng", "doc", "docx", "e01", "eml", "epub", "flac", "geojson", "gif", "gpx", "har", "heic", "heif", "hevc", "htm",
    "html", "ics", "img", "jpeg", "jpg", "json", "jsonl", "key", "kml", "kmz", "l01", "log", "m2ts", "m4a", "m4v",
    "mbox", "md", "mht", "mhtml", "mkv", "mov", "mp3", "mp4", "mpg", "msg", "mts", "ndjson", "nef", "numbers", "odp",
    "ods", "odt", "ogg", "ogv", "opus", "orf", "ost", "pages", "pcap", "pcapng", "pdf", "pgp", "plist", "png", "ppt",
    "pptx", "pst", "pub", "raf", "raw", "rtf", "rw2", "sqlite", "sqlite3", "srt", "sub", "tar", "tgz", "tif", "tiff",
    "toml", "ts", "tsv", "txt", "ufd", "ufdr", "vcf", "vsdx", "vtt", "wacz", "warc", "wav", "webm", "webp", "wma",
    "wmv", "xls", "xlsx", "xml", "xps", "yaml", "yml", "zip",
];

/// The sender's ending, where it is one that nothing runs.
fn harmless(media_type: &str, name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let (stem, last) = name.rsplit_once('.')?;
    if media_type == "application/gzip" {
        let inner = stem.rsplit('.').next().unwrap_or_default();
        return match (inner, last) {
            ("warc", "gz") => Some("warc.gz"),
            ("arc", "gz") => Some("arc.gz"),
            ("tar", "gz") | (_, "tgz") => Some("tgz"),
            _ => None,
        };
    }
    HARMLESS.iter().find(|known| **known == last).copied()
}

/// Types and their endings.
const TYPES: &[(&str, &str)] = &[
    ("application/epub+zip", "epub"),
    ("application/gzip", "gz"),
    ("application/json", "json"),
    ("application/msword", "doc"),
    ("application/mxf", "mxf"),
    ("application/ogg", "ogg"),
    ("application/pdf", "pdf"),
    ("application/pgp", "pgp"),
    ("application/postscript", "ps"),
    ("application/rss+xml", "rss"),
    ("application/rtf", "rtf"),
    ("application/vnd.google-earth.kml+xml", "kml"),
    ("application/vnd.google-earth.kmz", "kmz"),
    ("application/vnd.ms-asf", "wmv"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.ms-outlook", "pst"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/vnd.oasis.opendocument.formula", "odf"),
    ("application/vnd.oasis.opendocument.graphics", "odg"),
    ("application/vnd.oasis.opendocument.presentation", "odp"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.text", "odt"),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "pptx",
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    ("application/vnd.rar", "rar"),
    ("application/vnd.rn-realmedia", "rm"),
    ("application/vnd.sqlite3", "sqlite"),
    ("application/vnd.tcpdump.pcap", "pcap"),
    ("application/wacz", "wacz"),
    ("application/warc", "warc"),
    ("application/x-7z-compressed", "7z"),
    ("application/x-bplist", "plist"),
    ("application/x-bzip2", "bz2"),
    ("application/x-ewf", "e01"),
    ("application/x-internet-archive", "arc"),
    ("application/x-iso9660-image", "iso"),
    ("application/x-pcapng", "pcapng"),
    ("application/x-subrip", "srt"),
    ("application/x-tar", "tar"),
    ("application/x-xz", "xz"),
    ("application/xml", "xml"),
    ("application/zip", "zip"),
    ("application/zstd", "zst"),
    ("audio/aac", "aac"),
    ("audio/ac3", "ac3"),
    ("audio/amr", "amr"),
    ("audio/flac", "flac"),
    ("audio/m4a", "m4a"),
    ("audio/matroska", "mka"),
    ("audio/midi", "mid"),
    ("audio/mp4", "m4a"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg"),
    ("audio/opus", "opus"),
    ("audio/qcelp", "qcp"),
    ("audio/x-aiff", "aiff"),
    ("audio/x-caf", "caf"),
    ("audio/x-flac", "flac"),
    ("audio/x-ms-wma", "wma"),
    ("audio/x-wav", "wav"),
    ("image/apng", "png"),
    ("image/avif", "avif"),
    ("image/avif-sequence", "avif"),
    ("image/bmp", "bmp"),
    ("image/emf", "emf"),
    ("image/gif", "gif"),
    ("image/heic", "heic"),
    ("image/heic-sequence", "heics"),
    ("image/heif", "heif"),
    ("image/heif-sequence", "heifs"),
    ("image/jp2", "jp2"),
    ("image/jpeg", "jpg"),
    ("image/jxl", "jxl"),
    ("image/png", "png"),
    ("image/svg+xml", "svg"),
    ("image/tiff", "tif"),
    ("image/vnd.adobe.photoshop", "psd"),
    ("image/vnd.djvu", "djvu"),
    ("image/vnd.microsoft.icon", "ico"),
    ("image/webp", "webp"),
    ("image/wmf", "wmf"),
    ("image/x-canon-cr2", "cr2"),
    ("image/x-canon-cr3", "cr3"),
    ("image/x-canon-crw", "crw"),
    ("image/x-eps", "eps"),
    ("image/x-fuji-raf", "raf"),
    ("image/x-nikon-nef", "nef"),
    ("image/x-olympus-orf", "orf"),
    ("image/x-panasonic-rw2", "rw2"),
    ("image/x-sony-arw", "arw"),
    ("message/rfc822", "eml"),
    ("multipart/related", "mhtml"),
    ("text/calendar", "ics"),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/vcard", "vcf"),
    ("text/vtt", "vtt"),
    ("text/xml", "xml"),
    ("video/3gpp", "3gp"),
    ("video/3gpp2", "3g2"),
    ("video/h264", "h264"),
    ("video/hevc", "hevc"),
    ("video/mj2", "mj2"),
    ("video/mp2t", "ts"),
    ("video/mp4", "mp4"),
    ("video/mpeg", "mpg"),
    ("video/ogg", "ogv"),
    ("video/quicktime", "mov"),
    ("video/webm", "webm"),
    ("video/x-flv", "flv"),
    ("video/x-m4v", "m4v"),
    ("video/x-matroska", "mkv"),
    ("video/x-ms-asf", "wmv"),
    ("video/x-ms-wmv", "wmv"),
    ("video/x-msvideo", "avi"),
];

/// The endings of 0.1.0 and of the first papers. Nothing here changes any more.
fn first(media_type: &str) -> &'static str {
    match media_type {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/heif" | "image/heic" => "heic",
        "image/tiff" => "tif",
        "image/bmp" => "bmp",
        "image/avif" => "avif",
        "video/mp4" => "mp4",
        "video/quicktime" => "mov",
        "video/webm" => "webm",
        "video/x-matroska" => "mkv",
        "video/x-msvideo" => "avi",
        "audio/mpeg" => "mp3",
        "audio/m4a" | "audio/mp4" => "m4a",
        "audio/ogg" => "ogg",
        "audio/x-wav" => "wav",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "application/gzip" => "gz",
        "application/warc" => "warc",
        "application/json" => "json",
        "multipart/related" => "mhtml",
        "text/html" => "html",
        "text/xml" => "xml",
        "text/plain" => "txt",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::packet::exhibit_path;

    #[test]
    fn endings_follow_from_types_and_harmless_names() {
        for (media_type, name, wanted) in [
            ("video/3gpp", "clip.3gp", "3gp"),
            ("image/heic", "IMG_1.HEIC", "heic"),
            ("audio/opus", "voice.ogg", "opus"),
            ("image/jpeg", "a.exe", "jpg"),
            ("application/octet-stream", "a.exe", "bin"),
            ("application/octet-stream", "a.ufdr", "ufdr"),
            ("application/x-dosexec", "a.exe", "bin"),
            ("text/plain", "run.bat", "txt"),
            ("text/plain", "rows.CSV", "csv"),
            ("application/zip", "site.wacz", "wacz"),
            ("application/gzip", "crawl.warc.gz", "warc.gz"),
            ("application/gzip", "old.ARC.GZ", "arc.gz"),
            ("application/gzip", "a.js.gz", "gz"),
            ("application/x-internet-archive", "a.arc", "arc"),
            ("application/x-cfb", "letter.doc", "doc"),
            ("application/x-cfb", "setup.msi", "bin"),
            ("text/plain", "no ending", "txt"),
        ] {
            assert_eq!(ending(Some(2), media_type, Some(name)), wanted, "{media_type} {name}");
        }
        for papers in [None, Some(1)] {
            assert_eq!(ending(papers, "image/heif", Some("a.csv")), "heic");
            assert_eq!(ending(papers, "text/plain", Some("a.csv")), "txt");
            assert_eq!(ending(papers, "video/3gpp", None), "bin");
        }
    }

    #[test]
    fn every_ending_can_stand_in_a_path() {
        let all = TYPES
            .iter()
            .map(|(_, ending)| ending)
            .chain(HARMLESS)
            .chain(&["warc.gz", "arc.gz"]);
        for ending in all {
            assert_eq!(
                exhibit_path(1, 1, "original", ending),
                format!("data/exhibits/001/01-original.{ending}")
            );
        }
        assert!(TYPES.is_sorted() && HARMLESS.is_sorted() && VAGUE.is_sorted());
    }
}
