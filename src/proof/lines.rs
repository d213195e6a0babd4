//! Files of lines, a line in memory at a time.

use super::packet::MAX_LINE;

/// Cuts chunks into lines, keeping at most one line.
#[derive(Default)]
pub struct Lines {
    kept: Vec<u8>,
    number: u64,
    /// Whether one was longer than [`MAX_LINE`]; such a line is skipped.
    pub long: bool,
    skipping: bool,
}

impl Lines {
    /// Takes the next bytes; `each` gets a line's number from 1 and its bytes without LF.
    pub fn feed(&mut self, chunk: &[u8], each: &mut dyn FnMut(u64, &[u8])) {
        for piece in chunk.split_inclusive(|b| *b == b'\n') {
            let ends = piece.last() == Some(&b'\n');
            if self.skipping || self.kept.len() + piece.len() > MAX_LINE {
                self.long = true;
                self.kept.clear();
                self.skipping = !ends;
                self.number += u64::from(ends);
            } else if !ends {
                self.kept.extend_from_slice(piece);
            } else {
                self.number += 1;
                self.kept.extend_from_slice(&piece[..piece.len() - 1]);
                each(self.number, &self.kept);
                self.kept.clear();
            }
        }
    }

    /// Whether the last line ended in LF.
    pub fn ended(&self) -> bool {
        self.kept.is_empty() && !self.skipping
    }
}
