//! Events: who did what to which version of what, when (contract section 3).
//!
//! [`EventRef`] borrows from the line it was read from and builds no JSON tree, so that
//! a chain of a million events is walked in about a second; [`Event`] owns its parts.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Digest;
use super::canon::{self, CanonError, Scanner, write_string};
use super::id::{is_hex, write_hex};
use super::time::{format_at, parse_at};

/// An event's canonical bytes are at most this many.
pub const MAX_EVENT: usize = 60 * 1024;

/// Why bytes or values are not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    #[error("longer than {MAX_EVENT} bytes")]
    TooLong,
    #[error(transparent)]
    Json(#[from] CanonError),
    /// The JSON is canonical, but this field breaks its rule.
    #[error("`{0}` breaks its rule")]
    Field(&'static str),
}

/// Who acted. `role` belongs to a person and only to a person; `anonymous` has no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub kind: String,
    pub id: Option<String>,
    pub role: Option<String>,
}

/// What was acted upon; `version` counts from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub type_: String,
    pub id: String,
    pub version: u64,
}

/// One event, owned.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub v: u64,
    pub stream: String,
    pub seq: u64,
    /// Leaf of the event before it in the stream; none for `seq` 0.
    pub prev: Option<Digest>,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    pub actor: Actor,
    pub action: String,
    pub object: Object,
    /// Salted hash of the record, see [`super::record::hash`].
    pub record: Digest,
    /// Identifiers, digests, integers that the leaf itself shows; absent when empty.
    pub attest: Map<String, Value>,
}

/// One event, borrowed from its canonical bytes.
#[derive(Debug, Clone)]
pub struct EventRef<'a> {
    pub stream: Cow<'a, str>,
    pub seq: u64,
    pub prev: Option<Digest>,
    pub at: i64,
    pub actor_kind: Cow<'a, str>,
    pub actor_id: Option<Cow<'a, str>>,
    pub actor_role: Option<Cow<'a, str>>,
    pub action: Cow<'a, str>,
    pub object_type: Cow<'a, str>,
    pub object_id: Cow<'a, str>,
    pub object_version: u64,
    pub record: Digest,
    /// Canonical bytes of `attest`.
    pub attest: Option<&'a [u8]>,
}

/// The leaf of an event: SHA-256(0x00 || canonical bytes), RFC 9162 section 2.1.1.
pub fn leaf(canonical: &[u8]) -> Digest {
    super::merkle::leaf_hash(canonical)
}

impl Event {
    /// The canonical bytes; an event that [`Event::parse`] would refuse has none.
    pub fn canonical(&self) -> Result<Vec<u8>, EventError> {
        if self.v != 1 {
            return Err(EventError::Field("v"));
        }
        let mut out = Vec::with_capacity(1024);
        self.write(&mut out)?;
        EventRef::parse(&out)?;
        Ok(out)
    }

    /// Reads canonical bytes; unknown or missing fields and any other spelling are refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, EventError> {
        EventRef::parse(bytes)?.to_event()
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), EventError> {
        let string = |out: &mut Vec<u8>, name: &str, value: &str| {
            out.extend_from_slice(name.as_bytes());
            write_string(out, value);
        };
        string(out, "{\"action\":", &self.action);
        out.extend_from_slice(b",\"actor\":{");
        if let Some(id) = &self.actor.id {
            string(out, "\"id\":", id);
            out.push(b',');
        }
        string(out, "\"kind\":", &self.actor.kind);
        if let Some(role) = &self.actor.role {
            string(out, ",\"role\":", role);
        }
        string(out, "},\"at\":", &format_at(self.at));
        if !self.attest.is_empty() {
            out.extend_from_slice(b",\"attest\":");
            canon::write_members(out, &self.attest)?;
        }
        string(out, ",\"object\":{\"id\":", &self.object.id);
        string(out, ",\"type\":", &self.object.type_);
        out.extend_from_slice(format!(",\"version\":{}}},\"prev\":", self.object.version).as_bytes());
        match &self.prev {
            Some(prev) => digest(out, prev),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"record\":");
        digest(out, &self.record);
        out.extend_from_slice(format!(",\"seq\":{}", self.seq).as_bytes());
        string(out, ",\"stream\":", &self.stream);
        out.extend_from_slice(b",\"v\":1}");
        Ok(())
    }
}

fn digest(out: &mut Vec<u8>, digest: &Digest) {
    out.push(b'"');
    write_hex(out, digest.as_bytes());
    out.push(b'"');
}

impl<'a> EventRef<'a> {
    /// Reads canonical bytes, fields in their one order, each held to its grammar.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EventError> {
        if bytes.len() > MAX_EVENT {
            return Err(EventError::TooLong);
        }
        let mut scan = Scanner::new(bytes);
        let event = Self::read(&mut scan)?;
        scan.end()?;
        event.check()?;
        Ok(event)
    }

    /// The same event, owning its parts.
    pub fn to_event(&self) -> Result<Event, EventError> {
        let attest = match self.attest.map(canon::parse_strict).transpose()? {
            Some(Value::Object(attest)) => attest,
            _ => Map::new(),
        };
        let owned = |text: &Option<Cow<str>>| text.as_ref().map(|t| t.to_string());
        Ok(Event {
            v: 1,
            stream: self.stream.to_string(),
            seq: self.seq,
            prev: self.prev,
            at: self.at,
            actor: Actor {
                kind: self.actor_kind.to_string(),
                id: owned(&self.actor_id),
                role: owned(&self.actor_role),
            },
            action: self.action.to_string(),
            object: Object {
                type_: self.object_type.to_string(),
                id: self.object_id.to_string(),
                version: self.object_version,
            },
            record: self.record,
            attest,
        })
    }

    fn read(scan: &mut Scanner<'a>) -> Result<Self, EventError> {
        scan.literal("{\"action\":")?;
        let action = scan.string()?;
        scan.literal(",\"actor\":{")?;
        let actor_id = Self::optional(scan, "\"id\":", ",")?;
        scan.literal("\"kind\":")?;
        let actor_kind = scan.string()?;
        let actor_role = Self::optional(scan, ",\"role\":", "")?;
        scan.literal("},\"at\":")?;
        let at = parse_at(&scan.string()?).ok_or(EventError::Field("at"))?;
        let attest = if scan.take(",\"attest\":") {
            Some(scan.raw(1)?)
        } else {
            None
        };
        scan.literal(",\"object\":{\"id\":")?;
        let object_id = scan.string()?;
        scan.literal(",\"type\":")?;
        let object_type = scan.string()?;
        scan.literal(",\"version\":")?;
        let object_version = natural(scan.integer()?, "object.version")?;
        scan.literal("},\"prev\":")?;
        let prev = if scan.take("null") { None } else { Some(scan.digest()?) };
        scan.literal(",\"record\":")?;
        let record = scan.digest()?;
        scan.literal(",\"seq\":")?;
        let seq = natural(scan.integer()?, "seq")?;
        scan.literal(",\"stream\":")?;
        let stream = scan.string()?;
        scan.literal(",\"v\":1}")?;
        Ok(Self {
            stream,
            seq,
            prev,
            at,
            actor_kind,
            actor_id,
            actor_role,
            action,
            object_type,
            object_id,
            object_version,
            record,
            attest,
        })
    }

    fn optional(
        scan: &mut Scanner<'a>,
        name: &'static str,
        then: &'static str,
    ) -> Result<Option<Cow<'a, str>>, EventError> {
        if !scan.take(name) {
            return Ok(None);
        }
        let text = scan.string()?;
        scan.literal(then)?;
        Ok(Some(text))
    }

    fn check(&self) -> Result<(), EventError> {
        let rules = [
            ("stream", is_stream(&self.stream)),
            ("prev", self.prev.is_none() == (self.seq == 0)),
            ("actor", self.actor_is_sound()),
            (
                "action",
                self.action
                    .split_once('.')
                    .is_some_and(|(noun, verb)| is_word(noun) && is_word(verb)),
            ),
            ("object.type", is_word(&self.object_type)),
            ("object.id", is_label(&self.object_id)),
            ("object.version", self.object_version >= 1),
            ("attest", self.attest.is_none_or(|attest| attest.starts_with(b"{\""))),
        ];
        match rules.iter().find(|rule| !rule.1) {
            Some((field, _)) => Err(EventError::Field(field)),
            None => Ok(()),
        }
    }

    fn actor_is_sound(&self) -> bool {
        match (&*self.actor_kind, self.actor_id.as_deref(), self.actor_role.as_deref()) {
            ("person", Some(id), Some(role)) => is_uuid(id) && is_word(role),
            ("job" | "operator", Some(id), None) => is_label(id),
            ("anonymous", None, None) => true,
            _ => false,
        }
    }
}

fn natural(n: i64, field: &'static str) -> Result<u64, EventError> {
    u64::try_from(n).map_err(|_| EventError::Field(field))
}

/// `case:<uuid>`, `access:<uuid>` or `agency`.
pub fn is_stream(text: &str) -> bool {
    text == "agency"
        || text
            .strip_prefix("case:")
            .or_else(|| text.strip_prefix("access:"))
            .is_some_and(is_uuid)
}

/// A UUID in lower case with hyphens.
pub fn is_uuid(text: &str) -> bool {
    let Ok(bytes) = <&[u8; 36]>::try_from(text.as_bytes()) else {
        return false;
    };
    let hyphens = [8, 13, 18, 23].iter().all(|i| bytes[*i] == b'-');
    let digits = [0..8, 9..13, 14..18, 19..23, 24..36];
    hyphens && digits.into_iter().all(|part| is_hex(&bytes[part]))
}

/// A lower-case ASCII word of at most 64 characters, as in actions, types and roles.
pub fn is_word(text: &str) -> bool {
    let letters = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_');
    text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(letters)
}

/// An identifier that is no UUID: 1 to 200 bytes without control characters.
fn is_label(text: &str) -> bool {
    let plain = text.bytes().fold(true, |plain, b| plain & (0x20..0x7f).contains(&b));
    (1..=200).contains(&text.len()) && (plain || !text.chars().any(char::is_control))
}
