//! Signed notes, checkpoints, cosignatures and log proofs in the C2SP text formats
//! (signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof).

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey};

use super::{Digest, b64, id};

/// A note with more signature lines is refused.
const MAX_SIGNATURES: usize = 64;
const MAX_NOTE: usize = 64 * 1024;
/// A tlog-proof with its extra data.
const MAX_PROOF: usize = 1 << 20;
/// Seconds since 1970 that a cosignature may state: the years 2000 to 9999.
const TIMES: std::ops::RangeInclusive<u64> = 946_684_800..=253_402_300_799;
const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1\n";
/// DER of a SubjectPublicKeyInfo up to the 32 bytes of an Ed25519 key (RFC 8410 section 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why a key, note, checkpoint or proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("not a verification key `name+hex+base64` for Ed25519")]
    Key,
    /// The form of a key, but a letter is another.
    #[error("mistyped: its letters do not fit its checksum, the eight digits after the name")]
    Mistyped,
    #[error("not a signed note")]
    Note,
    #[error("not a checkpoint of origin, size and root")]
    Checkpoint,
    #[error("not a tlog-proof")]
    Proof,
    /// A signature under a known key.
    #[error("a signature does not verify")]
    Signature,
    #[error("a key signed twice")]
    Twice,
}

/// The signed size and root of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed: origin, size, base64 root, a line each.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, b64::encode(&self.root.0))
    }

    /// Reads exactly what [`Checkpoint::text`] writes; extension lines are refused.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let read = || {
            let mut lines = text.split('\n');
            let checkpoint = Self {
                origin: lines.next()?.to_owned(),
                size: lines.next()?.parse().ok()?,
                root: digest(lines.next()?)?,
            };
            Some(checkpoint).filter(|c| is_name(&c.origin) && c.text() == text)
        };
        read().ok_or(NoteError::Checkpoint)
    }
}

/// The digest whose base64 this is.
fn digest(text: &str) -> Option<Digest> {
    Digest::from_slice(&b64::decode(text)?)
}

/// What a key signs: notes themselves, or cosignatures of checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyKind {
    Log = 0x01,
    Witness = 0x04,
}

/// A note verification key ("vkey") for Ed25519.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifyingKey {
    name: String,
    kind: KeyKind,
    key: [u8; 32],
}

impl VerifyingKey {
    /// A key under a name without spaces or `+`; weak points are refused.
    pub fn new(name: &str, kind: KeyKind, key: [u8; 32]) -> Result<Self, NoteError> {
        let sound = ed25519_dalek::VerifyingKey::from_bytes(&key).is_ok_and(|key| !key.is_weak());
        if !is_name(name) || !sound {
            return Err(NoteError::Key);
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            key,
        })
    }

    /// Reads `name+hex8+base64(type||key)`.
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let mut parts = vkey.splitn(3, '+');
        let (name, encoded) = (parts.next(), parts.nth(1));
        let bytes = encoded.and_then(b64::decode).ok_or(NoteError::Key)?;
        let (kind, key) = match bytes.split_first() {
            Some((1, key)) => (KeyKind::Log, key),
            Some((4, key)) => (KeyKind::Witness, key),
            _ => return Err(NoteError::Key),
        };
        let key = key.try_into().map_err(|_| NoteError::Key)?;
        let key = Self::new(name.unwrap_or_default(), kind, key).map_err(|_| NoteError::Mistyped)?;
        match key.to_string() {
            whole if whole == vkey => Ok(key),
            _ => Err(NoteError::Mistyped),
        }
    }

    /// The name, which for a log is its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The raw Ed25519 public key.
    pub fn public(&self) -> &[u8; 32] {
        &self.key
    }

    /// First four bytes of SHA-256(name || LF || type || key).
    pub fn id(&self) -> [u8; 4] {
        let hash = Digest::of_parts(&[self.name.as_bytes(), b"\n", &[self.kind as u8], &self.key]);
        [hash.0[0], hash.0[1], hash.0[2], hash.0[3]]
    }

    /// The key as `log.pem`: `openssl pkeyutl -verify -pubin -inkey log.pem -rawin` reads it.
    pub fn pem(&self) -> String {
        let der = [&SPKI[..], &self.key].concat();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            b64::encode(&der)
        )
    }

    /// Checks one signature over a note's text; of a cosignature, the time it states.
    fn verify(&self, text: &str, bytes: &[u8]) -> Result<Option<u64>, NoteError> {
        let (time, message, signature) = match (self.kind, bytes.len()) {
            (KeyKind::Log, 64) => (None, text.to_owned(), bytes),
            (KeyKind::Witness, 72) => {
                let time = bytes[..8].iter().fold(0, |n, b| n << 8 | u64::from(*b));
                (Some(time), cosigned(time, text), &bytes[8..])
            }
            _ => return Err(NoteError::Signature),
        };
        if time.is_some_and(|time| !TIMES.contains(&time)) {
            return Err(NoteError::Signature);
        }
        let signature = Signature::from_slice(signature).map_err(|_| NoteError::Signature)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.key).map_err(|_| NoteError::Key)?;
        key.verify_strict(message.as_bytes(), &signature)
            .map_err(|_| NoteError::Signature)?;
        Ok(time)
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = [&[self.kind as u8], &self.key[..]].concat();
        write!(f, "{}+{}+{}", self.name, id::hex(&self.id()), b64::encode(&typed))
    }
}

/// Name, id and raw key of a vkey of another kind than [`KeyKind`] has; its id is not checked, for each kind makes its own.
pub fn unread_vkey(vkey: &str) -> Option<(String, [u8; 4], Vec<u8>)> {
    let (name, rest) = vkey.split_once('+')?;
    let (hex, encoded) = rest.split_once('+')?;
    let mut id = [0; 4];
    let bytes = b64::decode(encoded)?;
    let (kind, raw) = bytes.split_first()?;
    let other = ![KeyKind::Log as u8, KeyKind::Witness as u8].contains(kind) && !raw.is_empty();
    let sound = other && is_name(name) && id::unhex(hex.as_bytes(), &mut id);
    sound.then(|| (name.to_owned(), id, raw.to_vec()))
}

/// The message of a cosignature/v1 over a checkpoint's text.
fn cosigned(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A private key: a log's, or a witness's.
pub struct Signer {
    key: SigningKey,
    public: VerifyingKey,
}

impl Signer {
    /// A log's key from its 32-byte seed.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        Self::of_kind(name, KeyKind::Log, seed)
    }

    /// A witness's key from its 32-byte seed.
    pub fn witness_from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        Self::of_kind(name, KeyKind::Witness, seed)
    }

    fn of_kind(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(seed);
        let public = VerifyingKey::new(name, kind, key.verifying_key().to_bytes())?;
        Ok(Self { key, public })
    }

    /// The public half.
    pub fn vkey(&self) -> &VerifyingKey {
        &self.public
    }

    /// The signed note of a checkpoint, under a log's key.
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let text = checkpoint.text();
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        format!("{text}\n{}", self.line(&signature))
    }

    /// A cosignature line to append to a note, under a witness's key. `time` is in seconds since 1970.
    pub fn cosign(&self, checkpoint: &Checkpoint, time: u64) -> String {
        let signature = self.key.sign(cosigned(time, &checkpoint.text()).as_bytes()).to_bytes();
        self.line(&[&time.to_be_bytes()[..], &signature].concat())
    }

    fn line(&self, signature: &[u8]) -> String {
        let bytes = [&self.public.id()[..], signature].concat();
        format!("\u{2014} {} {}\n", self.public.name, b64::encode(&bytes))
    }
}

/// A signature line of a note, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    pub name: String,
    pub id: [u8; 4],
    pub bytes: Vec<u8>,
}

/// A signed note, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub text: String,
    pub signatures: Vec<NoteSignature>,
}

/// A signature that verified: which of the keys given, and when, if it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    pub key: usize,
    pub time: Option<u64>,
}

impl Note {
    /// Reads a note strictly: text ending in LF, a blank line, then only signature lines.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let read = || {
            let note = std::str::from_utf8(bytes).ok()?;
            if bytes.len() > MAX_NOTE || note.chars().any(|c| c.is_control() && c != '\n') {
                return None;
            }
            let split = note.rfind("\n\n")?;
            let lines = note[split + 2..].strip_suffix('\n')?.split('\n');
            let signatures: Option<Vec<_>> = lines.take(MAX_SIGNATURES + 1).map(signature).collect();
            Some(Self {
                text: note[..=split].to_owned(),
                signatures: signatures.filter(|found| found.len() <= MAX_SIGNATURES)?,
            })
        };
        read().ok_or(NoteError::Note)
    }

    /// Verifies the signatures under these keys. Unknown keys are ignored; a known key whose
    /// signature fails, or that signed twice, rejects the note.
    pub fn verify(&self, keys: &[VerifyingKey]) -> Result<Vec<Verified>, NoteError> {
        let mut verified: Vec<Verified> = Vec::new();
        for signature in &self.signatures {
            let known = |key: &VerifyingKey| key.name == signature.name && key.id() == signature.id;
            let Some(key) = keys.iter().position(known) else {
                continue;
            };
            if verified.iter().any(|v| v.key == key) {
                return Err(NoteError::Twice);
            }
            let time = keys[key].verify(&self.text, &signature.bytes)?;
            verified.push(Verified { key, time });
        }
        Ok(verified)
    }
}

fn signature(line: &str) -> Option<NoteSignature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = b64::decode(encoded).filter(|bytes| bytes.len() > 4 && is_name(name))?;
    Some(NoteSignature {
        name: name.to_owned(),
        id: bytes[..4].try_into().ok()?,
        bytes: bytes[4..].to_vec(),
    })
}

/// A key's name: not empty, no white space, no control character, no `+`.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// A tlog-proof: where a leaf stands in the tree of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    pub extra: Option<Vec<u8>>,
    pub index: u64,
    pub hashes: Vec<Digest>,
    /// The checkpoint's signed note, verbatim.
    pub note: String,
}

impl TlogProof {
    /// The file's text.
    pub fn format(&self) -> String {
        let extra = self
            .extra
            .as_ref()
            .map_or(String::new(), |extra| format!("extra {}\n", b64::encode(extra)));
        let hashes: String = self.hashes.iter().map(|hash| b64::encode(&hash.0) + "\n").collect();
        format!("{PROOF_HEADER}{extra}index {}\n{hashes}\n{}", self.index, self.note)
    }

    /// Reads exactly what [`TlogProof::format`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let read = || {
            let text = std::str::from_utf8(bytes).ok().filter(|t| t.len() <= MAX_PROOF)?;
            let (head, note) = text.split_once("\n\n")?;
            let mut lines = head.strip_prefix(PROOF_HEADER)?.split('\n').peekable();
            let extra = lines.next_if(|line| line.starts_with("extra "));
            let proof = Self {
                extra: match extra {
                    Some(line) => Some(b64::decode(&line[6..])?),
                    None => None,
                },
                index: lines.next()?.strip_prefix("index ")?.parse().ok()?,
                hashes: lines.take(65).map(digest).collect::<Option<_>>()?,
                note: note.to_owned(),
            };
            Some(proof).filter(|proof| proof.format() == text)
        };
        read().ok_or(NoteError::Proof)
    }
}
