//! Canonical JSON (RFC 8785, JCS), and the strict dialect that is hashed: integers
//! |n| <= 2^53-1 and no other numbers.
//!
//! The strict reader never re-encodes to compare: it accepts a byte only where the
//! canonical form has it, so that a text is read and proved canonical in one pass.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Arrays and objects may lie this deep in each other.
pub const MAX_DEPTH: usize = 64;
/// The largest integer that every JSON reader keeps exactly (RFC 8785 section 3.2.2.3).
pub const MAX_INTEGER: i64 = (1 << 53) - 1;
/// Bytes that most records and events fit in.
const USUAL: usize = 1024;

/// Why a value has no canonical form, or bytes are not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonError {
    /// A number outside the dialect: not finite, or (strict) not an integer |n| <= 2^53-1.
    #[error("a number that is not an integer of at most 2^53-1")]
    Number,
    #[error("nested more than {MAX_DEPTH} deep")]
    Depth,
    /// The bytes differ from the canonical form at this offset.
    #[error("not canonical JSON: at byte {at} {expected} was expected")]
    Bytes { at: usize, expected: &'static str },
}

/// What may be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// Any JSON value.
    Jcs,
    /// What is hashed: no numbers but whole ones.
    Hashed,
}

/// The canonical form of any JSON value (RFC 8785), doubles included.
pub fn to_jcs(value: &Value) -> Result<Vec<u8>, CanonError> {
    let mut out = Vec::new();
    write(&mut out, value, 0, Dialect::Jcs)?;
    Ok(out)
}

/// The canonical form in the hashed dialect.
pub fn to_strict(value: &Value) -> Result<Vec<u8>, CanonError> {
    let mut out = Vec::with_capacity(USUAL);
    write(&mut out, value, 0, Dialect::Hashed)?;
    Ok(out)
}

/// Writes an object's canonical form in the hashed dialect to the end of `out`.
pub fn write_members(out: &mut Vec<u8>, members: &Map<String, Value>) -> Result<(), CanonError> {
    write_object(out, members, 0, Dialect::Hashed)
}

/// Reads bytes that are their own canonical form in the hashed dialect; anything else is refused.
pub fn parse_strict(bytes: &[u8]) -> Result<Value, CanonError> {
    let mut scan = Scanner::new(bytes);
    let value = scan.value(0)?;
    scan.end()?;
    Ok(value)
}

fn write(out: &mut Vec<u8>, value: &Value, depth: usize, dialect: Dialect) -> Result<(), CanonError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(out, number, dialect)?,
        Value::String(text) => write_string(out, text),
        Value::Array(_) | Value::Object(_) if depth == MAX_DEPTH => return Err(CanonError::Depth),
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(out, item, depth + 1, dialect)?;
            }
            out.push(b']');
        }
        Value::Object(members) => write_object(out, members, depth, dialect)?,
    }
    Ok(())
}

fn write_object(
    out: &mut Vec<u8>,
    members: &Map<String, Value>,
    depth: usize,
    dialect: Dialect,
) -> Result<(), CanonError> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by(|a, b| order(a.0, b.0));
    out.push(b'{');
    for (i, (name, value)) in members.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(out, name);
        out.push(b':');
        write(out, value, depth + 1, dialect)?;
    }
    out.push(b'}');
    Ok(())
}

/// Order of member names: UTF-16 code units (RFC 8785 section 3.2.3), which differs from
/// code points where a name goes beyond U+FFFF.
fn order(a: &str, b: &str) -> std::cmp::Ordering {
    if a.is_ascii() && b.is_ascii() {
        a.cmp(b)
    } else {
        a.encode_utf16().cmp(b.encode_utf16())
    }
}

fn write_number(out: &mut Vec<u8>, number: &serde_json::Number, dialect: Dialect) -> Result<(), CanonError> {
    let integer = number.as_i64().filter(|n| n.unsigned_abs() <= MAX_INTEGER as u64);
    match (integer, number.as_f64()) {
        (Some(n), _) => out.extend_from_slice(n.to_string().as_bytes()),
        (None, Some(double)) if dialect == Dialect::Jcs && double.is_finite() => {
            out.extend_from_slice(ryu_js::Buffer::new().format_finite(double).as_bytes());
        }
        _ => return Err(CanonError::Number),
    }
    Ok(())
}

/// Writes a JSON string, escaping only what RFC 8785 section 3.2.2.2 escapes.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (run, more) = rest.split_at(plain(rest));
        out.extend_from_slice(run);
        let Some((byte, more)) = more.split_first() else { break };
        match short_escape(*byte) {
            Some(letter) => out.extend_from_slice(&[b'\\', letter]),
            None => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        rest = more;
    }
    out.push(b'"');
}

fn short_escape(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => return None,
    })
}

/// How many bytes from the start stand for themselves in a string.
fn plain(bytes: &[u8]) -> usize {
    let mut length = 0;
    // Eight at a time: the lowest bit that `special` sets is that of the first special byte.
    for chunk in bytes.chunks_exact(8) {
        let word = chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        let special = special(word);
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let tail = &bytes[length..];
    let special = tail.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\');
    length + special.unwrap_or(tail.len())
}

/// Marks the bytes of a word that are below 0x20, a quote or a backslash; above the first mark others may be wrong.
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let below = word.wrapping_sub(ONES * 0x20) & !word;
    (below | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c))) & (ONES << 7)
}

/// A cursor over bytes that must be canonical; every method refuses what is not.
pub struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Scan<T> = Result<T, CanonError>;

impl<'a> Scanner<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Takes exactly this text.
    #[inline]
    pub fn literal(&mut self, literal: &'static str) -> Scan<()> {
        if self.take(literal) { Ok(()) } else { self.fail(literal) }
    }

    /// Takes this text if it comes next.
    #[inline]
    pub fn take(&mut self, literal: &str) -> bool {
        let next = self.bytes[self.at..].starts_with(literal.as_bytes());
        if next {
            self.at += literal.len();
        }
        next
    }

    /// Nothing may follow.
    pub fn end(&self) -> Scan<()> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            self.fail("the end")
        }
    }

    /// A string of plain digits: 64 hexadecimal ones in quotes.
    pub fn digest(&mut self) -> Scan<crate::proof::Digest> {
        let text = self
            .bytes
            .get(self.at + 1..self.at + 65)
            .and_then(crate::proof::Digest::from_hex);
        let quoted = self.peek() == Some(b'"') && self.bytes.get(self.at + 65) == Some(&b'"');
        match text.filter(|_| quoted) {
            Some(digest) => {
                self.at += 66;
                Ok(digest)
            }
            None => self.fail("a digest"),
        }
    }

    /// An integer in its only spelling.
    pub fn integer(&mut self) -> Scan<i64> {
        let start = self.at;
        let negative = self.take("-");
        let first = self.at;
        let mut n = 0i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            n = n.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let zero = self.bytes.get(first) == Some(&b'0');
        let lengthy = zero && (negative || self.at > first + 1);
        if self.at == first || lengthy || n > MAX_INTEGER || matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            self.at = start;
            return self.fail("an integer of at most 2^53-1");
        }
        Ok(if negative { -n } else { n })
    }

    /// A string, borrowed unless it holds escapes.
    pub fn string(&mut self) -> Scan<Cow<'a, str>> {
        self.literal("\"")?;
        let start = self.at;
        let run = self.run();
        if self.take("\"") {
            return self.utf8(start, run).map(Cow::Borrowed);
        }
        let mut text = self.utf8(start, run)?.to_owned();
        while !self.take("\"") {
            text.push(self.escape()?);
            let start = self.at;
            let run = self.run();
            text.push_str(self.utf8(start, run)?);
        }
        Ok(Cow::Owned(text))
    }

    /// Any value, checked and returned as the bytes it stands in.
    pub fn raw(&mut self, depth: usize) -> Scan<&'a [u8]> {
        let start = self.at;
        self.skip(depth)?;
        Ok(&self.bytes[start..self.at])
    }

    /// Any value.
    pub fn value(&mut self, depth: usize) -> Scan<Value> {
        Ok(match self.peek() {
            Some(b'"') => Value::String(self.string()?.into_owned()),
            Some(b'{') => {
                let mut members = Map::new();
                self.members(depth, |scan, name| {
                    let value = scan.value(depth + 1)?;
                    members.insert(name.to_owned(), value);
                    Ok(())
                })?;
                Value::Object(members)
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.items(depth, |scan| {
                    items.push(scan.value(depth + 1)?);
                    Ok(())
                })?;
                Value::Array(items)
            }
            Some(b't') => self.literal("true").map(|()| Value::Bool(true))?,
            Some(b'f') => self.literal("false").map(|()| Value::Bool(false))?,
            Some(b'n') => self.literal("null").map(|()| Value::Null)?,
            _ => Value::from(self.integer()?),
        })
    }

    fn skip(&mut self, depth: usize) -> Scan<()> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.members(depth, |scan, _| scan.skip(depth + 1)),
            Some(b'[') => self.items(depth, |scan| scan.skip(depth + 1)),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => self.integer().map(drop),
        }
    }

    /// The members of an object, whose names must rise strictly in UTF-16 order.
    fn members(&mut self, depth: usize, mut each: impl FnMut(&mut Self, &str) -> Scan<()>) -> Scan<()> {
        self.open(depth, "{")?;
        let mut last: Option<Cow<'a, str>> = None;
        while !self.take("}") {
            if last.is_some() {
                self.literal(",")?;
            }
            let start = self.at;
            let name = self.string()?;
            if last.is_some_and(|last| order(&last, &name).is_ge()) {
                self.at = start;
                return self.fail("a member name in order and only once");
            }
            self.literal(":")?;
            each(self, &name)?;
            last = Some(name);
        }
        Ok(())
    }

    fn items(&mut self, depth: usize, mut each: impl FnMut(&mut Self) -> Scan<()>) -> Scan<()> {
        self.open(depth, "[")?;
        let mut first = true;
        while !self.take("]") {
            if !first {
                self.literal(",")?;
            }
            each(self)?;
            first = false;
        }
        Ok(())
    }

    fn open(&mut self, depth: usize, bracket: &'static str) -> Scan<()> {
        if depth >= MAX_DEPTH {
            Err(CanonError::Depth)
        } else {
            self.literal(bracket)
        }
    }

    /// One escape, only where the character has to be escaped and in the form it must have.
    fn escape(&mut self) -> Scan<char> {
        let rest = &self.bytes[self.at..];
        let long = |hex: &[u8]| {
            let mut byte = [0];
            (crate::proof::id::unhex(hex, &mut byte) && byte[0] < 0x20 && short_escape(byte[0]).is_none())
                .then_some(byte[0])
        };
        let found = match rest {
            [b'\\', b'u', b'0', b'0', high, low, ..] => long(&[*high, *low]).map(|byte| (byte, 6)),
            [b'\\', letter, ..] => (0..=b'\\')
                .find(|b| short_escape(*b) == Some(*letter))
                .map(|byte| (byte, 2)),
            _ => None,
        };
        match found {
            Some((byte, length)) => {
                self.at += length;
                Ok(char::from(byte))
            }
            None => self.fail("a string character or its canonical escape"),
        }
    }

    /// Runs over bytes that stand for themselves in a string; returns where they end.
    fn run(&mut self) -> usize {
        self.at += plain(&self.bytes[self.at..]);
        self.at
    }

    fn utf8(&self, start: usize, end: usize) -> Scan<&'a str> {
        std::str::from_utf8(&self.bytes[start..end]).map_err(|e| CanonError::Bytes {
            at: start + e.valid_up_to(),
            expected: "UTF-8",
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Refuses what stands at the cursor.
    pub fn fail<T>(&self, expected: &'static str) -> Scan<T> {
        Err(CanonError::Bytes { at: self.at, expected })
    }
}
