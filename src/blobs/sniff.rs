//! The type of a file, told by its first bytes.

use std::borrow::Cow;

use file_format::FileFormat;

/// What the first bytes say a file is. It decides nothing but how the file is shown and which ending it gets.
pub fn sniff(head: &[u8]) -> Cow<'static, str> {
    match by_words(head).map(Cow::Borrowed).or_else(|| by_signature(head)) {
        Some(known) => known,
        None if head.is_empty() => "application/x-empty".into(),
        None if is_text(head) => "text/plain".into(),
        None => "application/octet-stream".into(),
    }
}

/// Formats that begin with words, and such as the library does not tell.
fn by_words(head: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 6] = [
        (b"WARC/", "application/warc"),
        (b"filedesc://", "application/x-internet-archive"),
        (b"EVF\x09\x0d\x0a\xff\x00", "application/x-ewf"),
        (b"bplist00", "application/x-bplist"),
        (b"\0\0\0\x01\x40\x01", "video/hevc"),
        (b"\0\0\0\x01\x67", "video/h264"),
    ];
    let bare = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match known.iter().find(|(start, _)| head.starts_with(start)) {
        Some((_, media_type)) => Some(media_type),
        None if is_html(bare) => Some("text/html"),
        None if is_mail(head) => Some(if is_mhtml(head) {
            "multipart/related"
        } else {
            "message/rfc822"
        }),
        None => None,
    }
}

fn by_signature(head: &[u8]) -> Option<Cow<'static, str>> {
    let found = FileFormat::from_bytes(head);
    let known = match found.media_type() {
        "application/octet-stream" | "application/x-empty" => return by_box(head).map(Cow::Borrowed),
        // As earlier releases called them.
        "application/mp4" => "video/mp4",
        "audio/vnd.wave" => "audio/x-wav",
        "audio/x-m4a" => "audio/m4a",
        "audio/flac" => "audio/x-flac",
        "application/x-id3v2" => "audio/mpeg",
        "application/x-ebml" if contains(head, b"webm") => "video/webm",
        "application/x-ebml" => "video/x-matroska",
        "application/zip" => by_entries(head),
        "text/xml" if contains(head, b"<svg") => "image/svg+xml",
        // Scripts are text.
        media_type if media_type.starts_with("text/x-") => "text/plain",
        media_type => return Some(media_type.to_owned().into()),
    };
    Some(known.into())
}

/// Containers of which not every brand is known.
fn by_box(head: &[u8]) -> Option<&'static str> {
    match head {
        [_, _, _, _, b'f', b't', b'y', b'p', b'j', b'p', ..] => Some("image/jp2"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("video/mp4"),
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some("image/bmp"),
        [b'c', b'a', b'f', b'f', 0, _, ..] => Some("audio/x-caf"),
        _ => None,
    }
}

/// What a ZIP is by the names of its first entries: the library looks at its end, which has not come yet.
fn by_entries(head: &[u8]) -> &'static str {
    const STATED: [&str; 6] = [
        "application/epub+zip",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.graphics",
        "application/vnd.oasis.opendocument.formula",
    ];
    if let Some(said) = head.get(30..).and_then(|rest| rest.strip_prefix(b"mimetype")) {
        // Stored, as the first entry, without an end: the longest that fits.
        let fits = STATED.iter().find(|name| {
            said.strip_prefix(name.as_bytes())
                .is_some_and(|rest| rest.first().is_none_or(|b| !matches!(b, b'-' | b'a'..=b'z')))
        });
        return fits.copied().unwrap_or("application/zip");
    }
    let inside: [(&str, &str); 8] = [
        (
            "word/",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            "xl/",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (
            "ppt/",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        ("AndroidManifest.xml", "application/vnd.android.package-archive"),
        ("datapackage.json", "application/wacz"),
        ("archive/", "application/wacz"),
        ("doc.kml", "application/vnd.google-earth.kmz"),
        ("META-INF/MANIFEST.MF", "application/java-archive"),
    ];
    let names = || {
        memchr::memmem::find_iter(head, b"PK\x03\x04").filter_map(|at| {
            let length = u16::from_le_bytes(head.get(at + 26..at + 28)?.try_into().ok()?);
            let name = head.get(at + 30..)?;
            Some(&name[..usize::from(length).min(name.len())])
        })
    };
    let found = inside
        .iter()
        .find(|(entry, _)| names().any(|name| name.starts_with(entry.as_bytes())));
    found.map_or("application/zip", |(_, media_type)| media_type)
}

/// Whether a browser would take it for a page (WHATWG MIME Sniffing, section 7.1): one of these tags, and its end or a blank.
fn is_html(head: &[u8]) -> bool {
    const TAGS: [&str; 16] = [
        "<!doctype html",
        "<html",
        "<head",
        "<script",
        "<iframe",
        "<h1",
        "<div",
        "<font",
        "<table",
        "<a",
        "<style",
        "<title",
        "<b",
        "<body",
        "<br",
        "<p",
    ];
    let ends = |word: &str| {
        head.get(word.len())
            .is_none_or(|b| b.is_ascii_whitespace() || *b == b'>')
    };
    head.starts_with(b"<!--") || TAGS.iter().any(|word| starts(head, word) && ends(word))
}

fn starts(head: &[u8], word: &str) -> bool {
    head.get(..word.len())
        .is_some_and(|h| h.eq_ignore_ascii_case(word.as_bytes()))
}

fn contains(head: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(head, word).is_some()
}

/// A mail by its first header.
fn is_mail(head: &[u8]) -> bool {
    const FIRST: [&str; 7] = [
        "from:",
        "mime-version:",
        "content-type:",
        "return-path:",
        "received:",
        "delivered-to:",
        "message-id:",
    ];
    FIRST.iter().any(|word| starts(head, word))
}

/// One of several parts by another.
fn is_mhtml(head: &[u8]) -> bool {
    let lower = head[..head.len().min(2048)].to_ascii_lowercase();
    contains(&lower, b"multipart/related")
}

fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The head may end within a character.
        Err(e) => e.error_len().is_none(),
    };
    whole && !head.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(brand: &str) -> Vec<u8> {
        let mut head = b"\0\0\0\x18ftyp".to_vec();
        head.extend(brand.bytes());
        head.extend(b"\0\0\0\0isommp41");
        head
    }

    fn zipped(name: &str, content: &str) -> Vec<u8> {
        let mut head = b"PK\x03\x04".to_vec();
        head.resize(26, 0);
        head.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        head.extend([0, 0]);
        [head, name.as_bytes().to_vec(), content.as_bytes().to_vec()].concat()
    }

    #[test]
    fn what_agencies_meet_is_told() {
        let ogg = |codec: &[u8]| [b"OggS\0\x02".as_slice(), &[0; 20], &[1, 19], codec, &[0; 20]].concat();
        let docx = [zipped("[Content_Types].xml", "<"), zipped("word/document.xml", "<")].concat();
        let odt = zipped("mimetype", "application/vnd.oasis.opendocument.textPK\x03\x04");
        for (head, media_type) in [
            (b"\n <Script>alert(1)</script>".to_vec(), "text/html"),
            (b"<p class=x>".to_vec(), "text/html"),
            (b"<!-- saved from --><svg>".to_vec(), "text/html"),
            (b"<pre words".to_vec(), "text/plain"),
            (boxed("3gp5"), "video/3gpp"),
            (boxed("3g2a"), "video/3gpp2"),
            (boxed("heic"), "image/heic"),
            (boxed("mif1"), "image/heif"),
            (boxed("hvc1"), "video/mp4"),
            (boxed("isom"), "video/mp4"),
            (boxed("M4A "), "audio/m4a"),
            (boxed("qt  "), "video/quicktime"),
            (boxed("avif"), "image/avif"),
            (ogg(b"OpusHead\x01"), "audio/opus"),
            (ogg(b"\x01vorbis"), "audio/ogg"),
            (
                docx,
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ),
            (
                zipped("xl/workbook.xml", ""),
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ),
            (odt, "application/vnd.oasis.opendocument.text"),
            (zipped("archive/data.warc.gz", ""), "application/wacz"),
            (zipped("holiday.jpg", ""), "application/zip"),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm".to_vec(), "video/webm"),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska".to_vec(), "video/x-matroska"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0".to_vec(), "application/x-cfb"),
            (b"#!AMR\n".to_vec(), "audio/amr"),
            (b"\n <!DocType HTML>".to_vec(), "text/html"),
            (b"<?xml version=\"1.0\"?><svg/>".to_vec(), "image/svg+xml"),
            (b"From: a@b.example\r\nTo: c\r\n".to_vec(), "message/rfc822"),
            (b"filedesc://x.arc 0.0.0.0".to_vec(), "application/x-internet-archive"),
            (b"BM\x36\0\0\0\0\0\0\0\x36".to_vec(), "image/bmp"),
            (b"\0\0\0\x01\x40\x01\x0c".to_vec(), "video/hevc"),
            (b"#!/bin/sh\n".to_vec(), "text/plain"),
            (b"ID3\x03\0\0\0\0\0\0".to_vec(), "audio/mpeg"),
            (b"a,b\n1,2\n".to_vec(), "text/plain"),
            (b"\0\x01\x02".to_vec(), "application/octet-stream"),
            (Vec::new(), "application/x-empty"),
        ] {
            assert_eq!(sniff(&head), media_type, "{:?}", String::from_utf8_lossy(&head));
        }
    }
}
