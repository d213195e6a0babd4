//! Records: the full content behind an event, bound to it by a salted hash (contract section 3).

use serde_json::Value;

use super::Digest;
use super::canon::{self, CanonError, Scanner};
use super::id::{hex, unhex};

/// What an event's `record` holds: SHA-256 of JCS `{"record":{…},"salt":"<64 hex>"}`.
pub fn hash(record: &Value, salt: &[u8; 32]) -> Result<Digest, CanonError> {
    Ok(hash_canonical(&canon::to_strict(record)?, salt))
}

/// The same over a record's canonical bytes.
pub fn hash_canonical(record: &[u8], salt: &[u8; 32]) -> Digest {
    Digest::of_parts(&[b"{\"record\":", record, b",\"salt\":\"", hex(salt).as_bytes(), b"\"}"])
}

/// SHA-256 of a record's canonical bytes, without salt.
pub fn plain(record: &Value) -> Result<Digest, CanonError> {
    Ok(Digest::of(&canon::to_strict(record)?))
}

/// A line of `records.jsonl`: a record with its salt, or the class under which it is withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordLine<'a> {
    Shown {
        leaf: Digest,
        record: &'a [u8],
        salt: [u8; 32],
    },
    Withheld {
        leaf: Digest,
        class: String,
    },
}

impl<'a> RecordLine<'a> {
    /// Reads one canonical line, without its LF.
    pub fn parse(line: &'a [u8]) -> Result<Self, CanonError> {
        let mut scan = Scanner::new(line);
        scan.literal("{\"leaf\":")?;
        let leaf = scan.digest()?;
        let found = if scan.take(",\"withheld\":") {
            Self::Withheld {
                leaf,
                class: scan.string()?.into_owned(),
            }
        } else {
            scan.literal(",\"record\":")?;
            let record = scan.raw(1)?;
            scan.literal(",\"salt\":")?;
            let mut salt = [0; 32];
            let text = scan.string()?;
            if !unhex(text.as_bytes(), &mut salt) || !record.starts_with(b"{") {
                return scan.fail("a record object and a salt of 64 hex digits");
            }
            Self::Shown { leaf, record, salt }
        };
        scan.literal("}")?;
        scan.end()?;
        Ok(found)
    }

    /// The canonical line, without its LF.
    pub fn format(&self) -> Vec<u8> {
        match self {
            Self::Shown { leaf, record, salt } => [
                format!("{{\"leaf\":\"{leaf}\",\"record\":").as_bytes(),
                record,
                format!(",\"salt\":\"{}\"}}", hex(salt)).as_bytes(),
            ]
            .concat(),
            Self::Withheld { leaf, class } => format!("{{\"leaf\":\"{leaf}\",\"withheld\":\"{class}\"}}").into_bytes(),
        }
    }
}

/// A line of `events.jsonl` for an event that is not shown: `{"leaf","seq","withheld"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithheldEvent {
    pub leaf: Digest,
    pub seq: u64,
    pub class: String,
}

impl WithheldEvent {
    /// Reads one canonical line, without its LF.
    pub fn parse(line: &[u8]) -> Result<Self, CanonError> {
        let mut scan = Scanner::new(line);
        scan.literal("{\"leaf\":")?;
        let leaf = scan.digest()?;
        scan.literal(",\"seq\":")?;
        let seq = u64::try_from(scan.integer()?).map_err(|_| CanonError::Number)?;
        scan.literal(",\"withheld\":")?;
        let class = scan.string()?.into_owned();
        scan.literal("}")?;
        scan.end()?;
        Ok(Self { leaf, seq, class })
    }

    /// The canonical line, without its LF.
    pub fn format(&self) -> Vec<u8> {
        format!(
            "{{\"leaf\":\"{}\",\"seq\":{},\"withheld\":\"{}\"}}",
            self.leaf, self.seq, self.class
        )
        .into_bytes()
    }
}
