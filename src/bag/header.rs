//! The bytes of a canonical ZIP's headers (APPNOTE 6.3): stored, one constant each for version,
//! attributes and time, zip64 only where a value needs it.

/// Values from which on a field moves to the zip64 extra field.
pub(super) const MAX32: u64 = 0xffff_ffff;
pub(super) const MAX16: u64 = 0xffff;

/// 1980-01-01 00:00, the earliest a ZIP can say.
const TIME: u32 = 0x0021_0000;
/// Made on Unix by APPNOTE version 4.5.
const MADE_BY: u16 = 0x032d;
/// A regular file that everyone may read.
const ATTRIBUTES: u32 = 0o100_644 << 16;

pub(super) const LOCAL: u32 = 0x0403_4b50;
pub(super) const CENTRAL: u32 = 0x0201_4b50;
pub(super) const END: u32 = 0x0605_4b50;
pub(super) const END64: u32 = 0x0606_4b50;
pub(super) const LOCATOR: u32 = 0x0706_4b50;

/// Length of a local header without name and extra field.
pub(super) const LOCAL_LENGTH: u64 = 30;
pub(super) const CENTRAL_LENGTH: usize = 46;
pub(super) const END_LENGTH: u64 = 22;
/// Length of zip64's end record and locator.
pub(super) const END64_LENGTH: u64 = 56 + 20;

/// What a header says of one entry.
pub(super) struct Header {
    /// The path with its top folder.
    pub name: String,
    pub size: u64,
    pub crc: u32,
    pub offset: u64,
}

impl Header {
    /// The header before the entry's bytes.
    pub fn local(&self) -> Vec<u8> {
        let values: &[u64] = if self.size >= MAX32 { &[self.size; 2] } else { &[] };
        let extra = zip64(values);
        let mut out = LOCAL.to_le_bytes().to_vec();
        self.common(&mut out, &extra);
        out.extend_from_slice(self.name.as_bytes());
        out.extend(extra);
        out
    }

    /// Length of [`Header::local`].
    pub fn local_length(&self) -> u64 {
        LOCAL_LENGTH + self.name.len() as u64 + if self.size >= MAX32 { 20 } else { 0 }
    }

    /// The header in the central directory.
    pub fn central(&self) -> Vec<u8> {
        let (large, far) = (self.size >= MAX32, self.offset >= MAX32);
        let mut values = if large { vec![self.size, self.size] } else { Vec::new() };
        values.extend(far.then_some(self.offset));
        let extra = zip64(&values);
        let mut out = CENTRAL.to_le_bytes().to_vec();
        out.extend(MADE_BY.to_le_bytes());
        self.common(&mut out, &extra);
        // No comment, disk 0, no internal attributes.
        out.extend([0; 6]);
        out.extend(ATTRIBUTES.to_le_bytes());
        out.extend(low32(self.offset));
        out.extend_from_slice(self.name.as_bytes());
        out.extend(extra);
        out
    }

    fn common(&self, out: &mut Vec<u8>, extra: &[u8]) {
        let version: u16 = if extra.is_empty() { 20 } else { 45 };
        out.extend(version.to_le_bytes());
        // No flags, stored.
        out.extend([0; 4]);
        out.extend(TIME.to_le_bytes());
        out.extend(self.crc.to_le_bytes());
        out.extend(low32(self.size));
        out.extend(low32(self.size));
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend((extra.len() as u16).to_le_bytes());
    }
}

/// Everything after the central directory.
pub(super) fn end(count: u64, size: u64, offset: u64) -> Vec<u8> {
    let mut out = Vec::new();
    if needs_zip64(count, size, offset) {
        out.extend(END64.to_le_bytes());
        out.extend(44u64.to_le_bytes());
        out.extend(MADE_BY.to_le_bytes());
        out.extend(45u16.to_le_bytes());
        out.extend([0; 8]);
        [count, count, size, offset]
            .iter()
            .for_each(|value| out.extend(value.to_le_bytes()));
        out.extend(LOCATOR.to_le_bytes());
        out.extend([0; 4]);
        out.extend((offset + size).to_le_bytes());
        out.extend(1u32.to_le_bytes());
    }
    let count = (count.min(MAX16) as u16).to_le_bytes();
    out.extend(END.to_le_bytes());
    out.extend([0; 4]);
    out.extend([count, count].concat());
    out.extend(low32(size));
    out.extend(low32(offset));
    out.extend([0; 2]);
    out
}

pub(super) fn needs_zip64(count: u64, size: u64, offset: u64) -> bool {
    count >= MAX16 || size >= MAX32 || offset >= MAX32
}

/// The zip64 extra field with the values that do not fit their own; empty where all fit.
fn zip64(values: &[u64]) -> Vec<u8> {
    if values.is_empty() {
        return Vec::new();
    }
    let mut out = 1u16.to_le_bytes().to_vec();
    out.extend((values.len() as u16 * 8).to_le_bytes());
    values.iter().for_each(|value| out.extend(value.to_le_bytes()));
    out
}

fn low32(value: u64) -> [u8; 4] {
    (value.min(MAX32) as u32).to_le_bytes()
}
