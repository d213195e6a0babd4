//! Hash chains: the order of events in one stream (contract section 3).

use super::Digest;
use super::event::EventRef;

/// Walks one stream from `seq` 0, an event at a time.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    stream: String,
    next: u64,
    head: Option<Digest>,
    at: Option<i64>,
}

/// Where an event does not continue its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("belongs to another stream")]
    Stream,
    #[error("has seq {found} where {expected} follows")]
    Seq { expected: u64, found: u64 },
    #[error("its prev is not the leaf of the event before it")]
    Prev,
    #[error("its time lies before that of the event before it")]
    Backwards,
}

impl Chain {
    /// The empty chain of this stream.
    pub fn new(stream: &str) -> Self {
        Self {
            stream: stream.to_owned(),
            ..Self::default()
        }
    }

    /// Adds an event whose leaf has been computed from its bytes. The chain moves on even
    /// after an error, so that one fault is one finding.
    pub fn push(&mut self, event: &EventRef, leaf: Digest) -> Result<(), ChainError> {
        let found = self.judge(event);
        self.at = Some(event.at);
        self.step(event.seq, leaf);
        found
    }

    /// Adds an event of which only place and leaf are known; the next event's `prev` vouches for it.
    pub fn push_withheld(&mut self, seq: u64, leaf: Digest) -> Result<(), ChainError> {
        let expected = self.next;
        self.step(seq, leaf);
        if seq == expected {
            Ok(())
        } else {
            Err(ChainError::Seq { expected, found: seq })
        }
    }

    /// `seq` of the next event, which is the number of events when none is missing.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// The time of the last event.
    pub fn at(&self) -> Option<i64> {
        self.at
    }

    /// Leaf of the last event.
    pub fn head(&self) -> Option<Digest> {
        self.head
    }

    fn judge(&self, event: &EventRef) -> Result<(), ChainError> {
        if event.stream != self.stream {
            Err(ChainError::Stream)
        } else if event.seq != self.next {
            Err(ChainError::Seq {
                expected: self.next,
                found: event.seq,
            })
        } else if event.prev != self.head {
            Err(ChainError::Prev)
        } else if self.at.is_some_and(|at| event.at < at) {
            Err(ChainError::Backwards)
        } else {
            Ok(())
        }
    }

    fn step(&mut self, seq: u64, leaf: Digest) {
        self.next = seq.saturating_add(1);
        self.head = Some(leaf);
    }
}
