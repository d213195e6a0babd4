//! WARC 1.0 and 1.1 (ISO 28500), record by record: the head, and then the block, from anything that is read in order. Those who
//! examine read it so, and those who make sanitized copies.

use std::io::{self, BufRead, ErrorKind, Read};

/// Names and values of a head.
pub type HeadLines = Vec<(String, Vec<u8>)>;

/// Bytes of a head at the most.
const HEAD: u64 = 1 << 20;

/// Why an archive is not read on.
#[derive(Debug, thiserror::Error)]
pub enum WarcError {
    #[error("a record has no head: the file is damaged, or no WARC")]
    NoHead,
    #[error("a record does not say how long it is")]
    NoLength,
    #[error("a record ends before its length says: the file is damaged")]
    Short,
    #[error("it has no record: it is no WARC")]
    Empty,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl WarcError {
    /// Whether only the time for reading it was over.
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Io(e) if e.kind() == ErrorKind::TimedOut)
    }
}

/// The head of a record: its version, and its names and values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarcHead {
    pub version: String,
    pub lines: HeadLines,
}

impl WarcHead {
    /// The value of a name, in whatever case it is written.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        let own = self.lines.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        own.map(|(_, value)| value.as_slice())
    }

    /// The same as text; empty where it is not there.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.value(name).unwrap_or_default())
            .trim()
            .to_owned()
    }

    /// What kind of record it is, in lower case.
    pub fn kind(&self) -> String {
        self.text("WARC-Type").to_ascii_lowercase()
    }

    /// Bytes of the block.
    ///
    /// # Errors
    /// Where the head does not say it in digits.
    pub fn length(&self) -> Result<u64, WarcError> {
        self.text("Content-Length").parse().map_err(|_| WarcError::NoLength)
    }
}

/// The head of the next record; its block follows. None at the end.
///
/// # Errors
/// Where what follows is no record, or cannot be read.
pub fn next_head(from: &mut impl BufRead) -> Result<Option<WarcHead>, WarcError> {
    let first = loop {
        match line(from)? {
            None => return Ok(None),
            Some(first) if first.is_empty() => {}
            Some(first) => break first,
        }
    };
    if !first.starts_with(b"WARC/") {
        return Err(WarcError::NoHead);
    }
    let lines = head_lines(from)?.ok_or(WarcError::NoHead)?;
    Ok(Some(WarcHead {
        version: String::from_utf8_lossy(&first).into_owned(),
        lines,
    }))
}

/// A line without its end; none at the end of the file.
///
/// # Errors
/// Where it cannot be read, or is longer than any is: hostile bytes fill no memory.
pub fn line(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    from.by_ref().take(HEAD).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() as u64 == HEAD {
        return Err(too_long());
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(line))
}

fn too_long() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "a head is longer than any is")
}

/// Names and values up to an empty line; none where the file ends before it. A line that begins with a blank goes on with the
/// one before.
///
/// # Errors
/// Where it cannot be read, or is longer than any is.
pub fn head_lines(from: &mut impl BufRead) -> io::Result<Option<HeadLines>> {
    let (mut head, mut held) = (HeadLines::new(), 0);
    while let Some(one) = line(from)? {
        held += one.len() as u64;
        if held > HEAD {
            return Err(too_long());
        }
        match (one.first(), head.last_mut()) {
            (None, _) => return Ok(Some(head)),
            (Some(b' ' | b'\t'), Some((_, value))) => value.extend_from_slice(&one),
            _ => {
                let colon = one.iter().position(|b| *b == b':').unwrap_or(one.len());
                let name = String::from_utf8_lossy(&one[..colon]).into_owned();
                let value = one.get(colon + 1..).unwrap_or_default().trim_ascii().to_vec();
                head.push((name, value));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_follow_each_other_and_what_is_none_is_told() {
        let two = b"WARC/1.0\r\nWARC-Type: Response\r\ncontent-length: 3\r\n\r\nabc\r\n\r\nWARC/1.1\r\nContent-Length: 0\r\nX: a\r\n b\r\n\r\n\r\n\r\n";
        let mut from = &two[..];
        let head = next_head(&mut from).expect("read").expect("a record");
        assert_eq!(
            (head.kind().as_str(), head.length().expect("a length")),
            ("response", 3)
        );
        from = &from[3..];
        let head = next_head(&mut from).expect("read").expect("a record");
        assert_eq!((head.version.as_str(), head.text("x").as_str()), ("WARC/1.1", "a b"));
        assert!(next_head(&mut from).expect("read").is_none());
        for damaged in [&b"HTTP/1.1 200\r\n\r\n"[..], b"WARC/1.0\r\nX: 1", b"WARC/1.0\r\n"] {
            assert!(matches!(next_head(&mut &*damaged), Err(WarcError::NoHead)));
        }
        let endless = vec![b'x'; 3 << 20];
        assert!(matches!(next_head(&mut &endless[..]), Err(WarcError::Io(_))));
        let bare = next_head(&mut &b"WARC/1.0\r\n\r\n"[..])
            .expect("read")
            .expect("a record");
        assert!(matches!(bare.length(), Err(WarcError::NoLength)));
    }
}
