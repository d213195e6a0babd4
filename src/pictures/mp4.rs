//! What an MP4 holds: its container is played everywhere, some of its codecs are not.

/// Where a box of an MP4 ends, and what it is: its size with its head, and its type.
pub type Mp4Box = (u64, [u8; 4]);

/// Bytes of a box's head that tell its size.
pub const BOX_HEAD: u64 = 16;

/// Codecs of sound and video that courts do not play, by the names of their sample entries.
const OTHERS: [&[u8; 4]; 22] = [
    b".mp3", b"Opus", b"ac-3", b"alac", b"av01", b"dvav", b"dvh1", b"dvhe", b"ec-3", b"fLaC", b"hev1", b"hvc1",
    b"jpeg", b"mjp2", b"mp4v", b"s263", b"samr", b"sawb", b"vp08", b"vp09", b"vvc1", b"vvi1",
];

/// Reads the head of a box: its size, and its type. None where it is none, or goes on to the end of the file.
pub fn mp4_box(head: &[u8]) -> Option<Mp4Box> {
    let size = u32::from_be_bytes(head.get(..4)?.try_into().ok()?);
    let kind: [u8; 4] = head.get(4..8)?.try_into().ok()?;
    let size = match size {
        1 => u64::from_be_bytes(head.get(8..16)?.try_into().ok()?),
        size => size.into(),
    };
    (size >= 8).then_some((size, kind))
}

/// Whether the tracks of an MP4, whose box `moov` this is, hold a codec that courts do not play. Bytes that are no such box hold
/// none.
pub fn has_other_codec(moov: &[u8]) -> bool {
    let entries = memchr::memmem::find_iter(moov, b"stsd").filter_map(|at| moov.get(at + 16..at + 20));
    let mut named = entries.into_iter();
    named.any(|entry| OTHERS.iter().any(|other| *other == entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_read_and_codecs_named() {
        assert_eq!(mp4_box(b"\0\0\0\x18ftypisom"), Some((24, *b"ftyp")));
        assert_eq!(mp4_box(b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0"), Some((1 << 32, *b"mdat")));
        assert_eq!(mp4_box(b"\0\0\0\0mdat"), None);
        assert_eq!(mp4_box(b"\0\0"), None);
        let moov = |entry: &[u8]| [b"....stsd\0\0\0\0\0\0\0\x01\0\0\0\x90", entry].concat();
        assert!(has_other_codec(&moov(b"hvc1")));
        assert!(!has_other_codec(&moov(b"avc1")));
        assert!(has_other_codec(&[moov(b"avc1"), moov(b"Opus")].concat()));
        assert!(!has_other_codec(b"stsd"));
    }
}
