//! A table as spreadsheets write it, made plain for the reader of CSV: UTF-8, one separator, no blanks around cells, and every
//! quote closed where it should be. A quote that stays open would swallow the rows after it in silence.

use crate::decoded;
use crate::error::{Error, Result};

/// A table whose cells can be read.
pub struct Table {
    /// UTF-8, where the file was text.
    pub bytes: Vec<u8>,
    /// What stands between two cells.
    pub separator: u8,
}

impl Table {
    /// Reads a file.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        let mut text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).to_vec();
        if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            let read = decoded::read(bytes);
            if read.repaired {
                return Err(broken("holds what is no character of UTF-16: save it as CSV in UTF-8"));
            }
            text = read.text.into_owned().into_bytes();
        }
        if text.contains(&0) {
            return Err(broken("holds NUL characters: save it as CSV in UTF-8"));
        }
        let (separator, start) = separator(&text);
        let bytes = plain(&text[start..], separator).map_err(|(line, why)| {
            // The line that states the separator is one too.
            let line = line + text[..start].iter().filter(|b| **b == b'\n').count();
            broken(&format!("line {line}: {why}; nothing was logged"))
        })?;
        Ok(Self { bytes, separator })
    }
}

fn broken(message: &str) -> Error {
    Error::field("--manifest", "csv", message)
}

/// What separates the cells of the first line, and where the table begins: some programs state it in a line before.
fn separator(text: &[u8]) -> (u8, usize) {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    if let [b's', b'e', b'p', b'=', stated, rest @ ..] = line
        && rest.trim_ascii().is_empty()
    {
        return (*stated, text.len().min(line.len() + 1));
    }
    let often = |separator: u8| line.iter().filter(|b| **b == separator).count();
    let most = [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|separator| often(*separator));
    (most.unwrap_or(b','), 0)
}

/// Where the reader of a cell stands.
enum CellPlace {
    Begin,
    Bare,
    /// In quotes that were opened in this line.
    Quoted(usize),
    /// Behind them.
    Closed(usize),
}

/// The same without blanks around cells; or the line of a quote that is not closed where it should be.
fn plain(text: &[u8], separator: u8) -> std::result::Result<Vec<u8>, (usize, &'static str)> {
    let (mut out, mut line, mut place) = (Vec::with_capacity(text.len()), 1, CellPlace::Begin);
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let ends = byte == separator || matches!(byte, b'\n' | b'\r');
        let blank = matches!(byte, b' ' | b'\t');
        line += usize::from(byte == b'\n');
        place = match place {
            CellPlace::Quoted(opened) if byte != b'"' => {
                out.push(byte);
                CellPlace::Quoted(opened)
            }
            CellPlace::Quoted(opened) => {
                out.push(byte);
                match bytes.next_if_eq(&b'"') {
                    Some(second) => {
                        out.push(second);
                        CellPlace::Quoted(opened)
                    }
                    None => CellPlace::Closed(opened),
                }
            }
            CellPlace::Begin | CellPlace::Bare | CellPlace::Closed(_) if ends => {
                if matches!(place, CellPlace::Bare) {
                    let kept = out.trim_ascii_end().len();
                    out.truncate(kept);
                }
                out.push(byte);
                CellPlace::Begin
            }
            CellPlace::Begin if blank => CellPlace::Begin,
            CellPlace::Begin => {
                out.push(byte);
                if byte == b'"' {
                    CellPlace::Quoted(line)
                } else {
                    CellPlace::Bare
                }
            }
            CellPlace::Bare => {
                out.push(byte);
                CellPlace::Bare
            }
            CellPlace::Closed(opened) if blank => CellPlace::Closed(opened),
            CellPlace::Closed(opened) => {
                return Err((
                    opened,
                    "something follows the quote that closes a cell: a quote before it may be missing or too many",
                ));
            }
        };
    }
    match place {
        CellPlace::Quoted(opened) => Err((opened, "a quote opens a cell here and is never closed")),
        CellPlace::Bare => {
            let kept = out.trim_ascii_end().len();
            out.truncate(kept);
            Ok(out)
        }
        _ => Ok(out),
    }
}
