//! What of a multipart body `multer` does not ask, so that no file is taken for shorter than it was sent (RFC 2046,
//! section 5.1.1, and RFC 7578).

use memchr::memmem::{self, Finder};

/// Follows a body beside `multer`, piece by piece. Nothing stands behind the boundary that ends it: `multer` reads no
/// further, and what follows may be the rest of a file in which a line looks like that end. And each line of a part's
/// head ends as lines do, with a carriage return: `multer` takes the head to the first empty line that has one, and
/// whoever reads the head stops at the first that has none, so that what lies between would be nobody's.
pub(super) struct Watch {
    /// A line break and a boundary.
    boundary: Finder<'static>,
    at: At,
    /// What came last of a content, as much as may begin a boundary; or a head, as far as it has come.
    held: Vec<u8>,
}

/// Where in the body.
enum At {
    /// Before the first boundary, which may stand anywhere, as it may for `multer`.
    Start,
    Content,
    /// Behind a boundary.
    Head,
    /// Behind the last.
    End,
}

impl Watch {
    pub(super) fn of(boundary: &str) -> Self {
        Self {
            boundary: Finder::new(&format!("\r\n--{boundary}")).into_owned(),
            at: At::Start,
            held: Vec::new(),
        }
    }

    /// The next piece. Where it is not as it should be, what is wrong.
    pub(super) fn follow(&mut self, mut piece: &[u8]) -> Result<(), &'static str> {
        loop {
            match self.at {
                At::Start | At::Content => {
                    let Some(behind) = self.behind_boundary(piece) else {
                        return Ok(());
                    };
                    piece = &piece[behind..];
                    self.held.clear();
                    self.at = At::Head;
                }
                At::Head => {
                    self.held.extend_from_slice(piece);
                    let end = if self.held.starts_with(b"--") {
                        self.at = At::End;
                        b"--".len()
                    } else if let Some(line) = memmem::find(&self.held, b"\r\n\r\n") {
                        if has_bare_line_feed(&self.held[..line]) {
                            return Err("a line of a part's head ends without a carriage return");
                        }
                        self.at = At::Content;
                        line + b"\r\n\r\n".len()
                    } else {
                        return Ok(());
                    };
                    // Its end was not there before this piece came.
                    piece = &piece[piece.len() - (self.held.len() - end)..];
                    self.held.clear();
                }
                At::End if piece.iter().all(u8::is_ascii_whitespace) => return Ok(()),
                At::End => return Err("something follows the boundary that ends it"),
            }
        }
    }

    /// Where the first boundary of this piece ends; it may have begun in the ones before.
    fn behind_boundary(&mut self, piece: &[u8]) -> Option<usize> {
        let needle = match self.at {
            At::Start => &self.boundary.needle()[b"\r\n".len()..],
            _ => self.boundary.needle(),
        };
        let length = needle.len();
        let across = [&self.held, &piece[..piece.len().min(length - 1)]].concat();
        if let Some(at) = memmem::find(&across, needle) {
            return Some(at + length - self.held.len());
        }
        let found = match self.at {
            At::Start => memmem::find(piece, needle),
            _ => self.boundary.find(piece),
        };
        if found.is_none() {
            self.held
                .extend_from_slice(&piece[piece.len().saturating_sub(length - 1)..]);
            self.held.drain(..self.held.len().saturating_sub(length - 1));
        }
        found.map(|at| at + length)
    }
}

fn has_bare_line_feed(head: &[u8]) -> bool {
    let feeds = memchr::memchr_iter(b'\n', head);
    feeds.into_iter().any(|at| at == 0 || head[at - 1] != b'\r')
}
