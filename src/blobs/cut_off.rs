//! Whether a file ends before its own format says that it does: a download that broke off, a copy that was stopped.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use memchr::memmem;

/// Bytes at the end in which a format's end stands: a ZIP's may have a comment behind it.
const TAIL: u64 = (64 << 10) + 22;

/// Whether a file of this type and size is cut off. Nothing is said of formats whose end cannot be told.
pub(super) fn is_cut_off(file: &File, media_type: &str, size: u64) -> io::Result<bool> {
    let tail = |most: u64| read(file, size.saturating_sub(most), size.min(most));
    let lacks = |end: &[u8], most| Ok(memmem::rfind(&tail(most)?, end).is_none());
    match media_type {
        "image/jpeg" => jpeg(file, size),
        // The last chunk has four bytes behind its name.
        "image/png" => Ok(ends_before(&tail(TAIL)?, (b"IEND", 8))),
        // Behind the last byte some programs fill up.
        "image/gif" => Ok(tail(64)?.iter().rev().find(|b| !b"\0\r\n ".contains(b)) != Some(&b';')),
        "application/pdf" => lacks(b"%%EOF", 2048),
        // The end of the directory has 22 bytes, and a comment behind them.
        _ if is_zip(media_type) => Ok(ends_before(&tail(TAIL)?, (b"PK\x05\x06", 22))),
        "image/webp" | "audio/x-wav" | "video/x-msvideo" => riff(&read(file, 0, 12)?, size),
        "application/vnd.sqlite3" => sqlite(&read(file, 0, 100)?, size),
        "video/webm" | "video/x-matroska" => Ok(matroska(&read(file, 0, 4096)?, size).unwrap_or(false)),
        _ if is_boxed(media_type) => boxes(file, size),
        _ => Ok(false),
    }
}

/// Whether a mark is missing, or less stands from it on than belongs to it.
fn ends_before(tail: &[u8], (mark, length): (&[u8], usize)) -> bool {
    memmem::rfind(tail, mark).is_none_or(|at| tail.len() - at < length)
}

/// Walks to the picture's own data: a small picture in the head has an end too.
fn jpeg(file: &File, size: u64) -> io::Result<bool> {
    let (mut at, mut steps) = (2, 0);
    let mut head = read(file, at, 4)?;
    while !head.starts_with(b"\xff\xda") {
        steps += 1;
        at += match head[..] {
            [0xff, 0xff, ..] => 1,
            [0xff, 0x01 | 0xd0..=0xd8, ..] => 2,
            [0xff, 0xd9, ..] => return Ok(false),
            // No picture has so many.
            _ if steps > 10_000 => return Ok(false),
            [0xff, _, high, low] => 2 + u64::from(u16::from_be_bytes([high, low])),
            // No marker, where one should be: nothing is told.
            [_, _, _, _] => return Ok(false),
            _ => return Ok(true),
        };
        head = read(file, at, 4)?;
    }
    let from = at.max(size.saturating_sub(TAIL));
    let tail = read(file, from, size.saturating_sub(from))?;
    // Behind a moving photo's picture stands its video.
    let ends: [&[u8]; 4] = [b"\xff\xd9", b"moov", b"mdat", b"SEFT"];
    Ok(ends.iter().all(|end| memmem::find(&tail, end).is_none()))
}

/// What is said of a segment that knows its length.
fn matroska(head: &[u8], size: u64) -> Option<bool> {
    let (first, length) = number_of(head.get(4..)?)?;
    let begins = 4 + length + usize::try_from(first).ok()?;
    let segment = head.get(begins..)?.strip_prefix(b"\x18\x53\x80\x67")?;
    let (stated, length) = number_of(segment)?;
    Some(stated.saturating_add((begins + 4 + length) as u64) > size)
}

/// A number of one to eight bytes, and how many; `None` where it says that it is not known.
fn number_of(bytes: &[u8]) -> Option<(u64, usize)> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    let all = bytes.get(..length).filter(|_| length <= 8)?;
    let value = all.iter().fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
    let bits = (1_u64 << (7 * length)) - 1;
    (value & bits != bits).then_some((value & bits, length))
}

fn read(file: &File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], at + read as u64)? {
            0 => break,
            n => read += n,
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}

fn is_zip(media_type: &str) -> bool {
    const ZIPS: [&str; 6] = [
        "application/zip",
        "application/wacz",
        "application/epub+zip",
        "application/java-archive",
        "application/vnd.android.package-archive",
        "application/vnd.google-earth.kmz",
    ];
    let office = ["application/vnd.openxmlformats", "application/vnd.oasis"];
    ZIPS.contains(&media_type) || office.iter().any(|start| media_type.starts_with(start))
}

fn is_boxed(media_type: &str) -> bool {
    const BOXED: [&str; 8] = [
        "video/mp4",
        "video/x-m4v",
        "video/quicktime",
        "video/3gpp",
        "video/3gpp2",
        "audio/m4a",
        "image/heic",
        "image/heif",
    ];
    BOXED.contains(&media_type) || media_type == "image/avif"
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// Programs that record without knowing the length write none, or the largest.
fn riff(head: &[u8], size: u64) -> io::Result<bool> {
    let stated = number(head, 4).map_or(0, u32::from_le_bytes);
    Ok(stated != 0 && stated != u32::MAX && u64::from(stated) + 8 > size)
}

fn sqlite(head: &[u8], size: u64) -> io::Result<bool> {
    let page = match number(head, 16).map_or(0, u16::from_be_bytes) {
        1 => 65_536,
        page => u64::from(page),
    };
    let pages = number(head, 28).map_or(0, u32::from_be_bytes);
    Ok(page * u64::from(pages) > size)
}

/// Walks the outermost boxes; there are few. One tells where everything is, and a recording that broke off has none.
fn boxes(file: &File, size: u64) -> io::Result<bool> {
    let (mut at, mut told) = (0, false);
    for _ in 0..1000 {
        if at >= size {
            return Ok(at > size || !told);
        }
        let head = read(file, at, 16)?;
        told |= matches!(head.get(4..8), Some(b"moov" | b"moof" | b"meta"));
        let short = number(&head, 0).map(u32::from_be_bytes);
        let length = match short {
            // To the end of the file.
            Some(0) => return Ok(false),
            Some(1) => number(&head, 8).map(u64::from_be_bytes),
            short => short.map(u64::from),
        };
        match length {
            Some(length @ 8..) => at = at.saturating_add(length),
            // Something else stands behind the boxes.
            Some(_) => return Ok(false),
            None => return Ok(true),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_that_ends_too_early_is_known() {
        let cases: [(&str, &[u8], usize); 10] = [
            (
                "image/jpeg",
                b"\xff\xd8\xff\xe0\0\x06\xff\xd9ab\xff\xda and so on \xff\xd9",
                2,
            ),
            (
                "video/webm",
                b"\x1a\x45\xdf\xa3\x84\x42\x82\x80\x80\x18\x53\x80\x67\x84abcd",
                1,
            ),
            ("image/png", b"\x89PNG\r\n\x1a\n data \0\0\0\0IEND\xae\x42\x60\x82", 1),
            ("application/pdf", b"%PDF-1.7 and so on %%EOF\n", 4),
            (
                "application/zip",
                b"PK\x03\x04 and so on PK\x05\x06123456789012345678",
                1,
            ),
            ("image/webp", b"RIFF\x0a\0\0\0WEBPVP8 xx", 1),
            ("video/mp4", b"\0\0\0\x0cftypisom\0\0\0\x08moov\0\0\0\x0cmdat1234", 1),
            (
                "video/quicktime",
                b"\0\0\0\x08moov\0\0\0\x01mdat\0\0\0\0\0\0\0\x141234",
                3,
            ),
            ("image/gif", b"GIF89a da;ta\x3b\0", 2),
            ("video/3gpp", b"\0\0\0\x08ftyp\0\0\0\x08moov", 8),
        ];
        for (media_type, whole, missing) in cases {
            let told = |bytes: &[u8]| {
                let mut file = tempfile::tempfile().unwrap();
                file.write_all(bytes).unwrap();
                is_cut_off(&file, media_type, bytes.len() as u64).unwrap()
            };
            assert!(!told(whole), "{media_type}");
            assert!(told(&whole[..whole.len() - missing]), "{media_type}");
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"\0\0\0\x0cftypisom\0\0\0\0mdat").unwrap();
        assert!(!is_cut_off(&file, "video/mp4", 20).unwrap(), "a box to the end");
    }
}
