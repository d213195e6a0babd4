//! Download links: an address and a code, each of which opens nothing without the other. Of both only digests are kept,
//! in the record and in the row.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::wrapped;
use crate::clock::{DAY, Micros, Timestamp, random};
use crate::db::tables::disclosure_links;
use crate::error::{Error, Result};
use crate::forms::Form;
use crate::identity::Person;
use crate::proof::id::Digest;
use crate::words;

/// Days that a link lasts where nothing is said, and at the most.
const LASTS: (u64, u64) = (7, 30);
/// Downloads that a link allows where nothing is said, and at the most.
const DOWNLOADS: (u64, u64) = (3, 20);
/// Wrong codes after which a link is locked.
pub const TRIES: i64 = 5;
/// Keys to which one link encrypts.
const KEYS: usize = 10;
/// Letters of a code: none that sounds or looks like another when it is read out (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters in a code: 80 bits, which nobody guesses from the digest that every later packet shows.
const CODE: usize = 16;

words! {
    /// Where a link stands.
    LinkState {
        /// It can be used.
        Open = "open",
        /// Its time is over.
        Ended = "ended",
        /// Every download that it allows was taken.
        UsedUp = "used_up",
        /// It was tried with wrong codes.
        Locked = "locked",
        /// It was taken back.
        Revoked = "revoked",
    }
}

/// A link about to be made.
#[derive(Debug, Clone)]
pub struct NewLink {
    pub days: u64,
    pub downloads: u64,
    pub age_recipients: Vec<String>,
}

impl NewLink {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let mut within = |field: &str, (usual, most): (u64, u64)| {
            let n = form.count(field).unwrap_or(usual);
            if !(1..=most).contains(&n) {
                form.refuse(field, "range", format!("must lie between 1 and {most}"));
            }
            n
        };
        let (days, downloads) = (within("days", LASTS), within("downloads", DOWNLOADS));
        let age_recipients = form.texts("age_recipients", KEYS, 200);
        for (n, key) in age_recipients.iter().enumerate() {
            if wrapped::key(key).is_none() {
                let message = "must be a public key of age, which begins with age1: ask its owner for the line that age-keygen printed as public key";
                form.refuse(&format!("age_recipients[{n}]"), "age_key", message);
            }
        }
        form.done()?;
        Ok(Self {
            days,
            downloads,
            age_recipients,
        })
    }

    /// When a link made now ends.
    pub fn ends_at(&self, now: Micros) -> Micros {
        now + i64::try_from(self.days).unwrap_or(1) * DAY
    }
}

/// The two halves of a link, as they are told once.
pub struct LinkSecrets {
    token: String,
    code: String,
}

impl LinkSecrets {
    /// Two that nobody has yet: 256 bits for the address, 80 for the code.
    pub fn new() -> Self {
        let letter = |b: &u8| char::from(LETTERS[usize::from(b % 32)]);
        Self {
            token: URL_SAFE_NO_PAD.encode(random::<32>()),
            code: random::<CODE>().iter().map(letter).collect(),
        }
    }

    /// The digest by which the link is found.
    pub fn token_sha256(&self) -> Digest {
        token_digest(&self.token)
    }

    /// The digest that the code of this link must have.
    pub fn code_sha256(&self, link: &str) -> Digest {
        code_digest(link, &self.code)
    }

    /// The path of the link's page.
    pub fn path(&self) -> String {
        format!("/d/{}", self.token)
    }

    /// The code as it is read out, in groups of four.
    pub fn code(&self) -> String {
        let letters: Vec<char> = self.code.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join("-")
    }
}

/// The digest of an address's secret part.
pub fn token_digest(token: &str) -> Digest {
    Digest::of(format!("casetrail disclosure link v1 {token}").as_bytes())
}

/// The digest of a code for a link, however it was typed: in small letters, with blanks and hyphens or none, with O for
/// zero and I or L for one.
pub fn code_digest(link: &str, typed: &str) -> Digest {
    let code: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    Digest::of(format!("casetrail disclosure code v1 {link} {code}").as_bytes())
}

/// A link: the record of its making. It holds neither the address nor the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureLink {
    pub id: String,
    pub disclosure_id: String,
    pub packet_id: String,
    pub case_id: String,
    /// For whom it was made: the disclosure's recipient.
    pub to: String,
    pub token_sha256: Digest,
    pub code_sha256: Digest,
    pub ends_at: Timestamp,
    /// Downloads that it allows.
    pub downloads: u64,
    /// The public keys of age to which the packet is encrypted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub age_recipients: Vec<String>,
    pub made_by: Person,
    pub made_at: Timestamp,
}

/// A stored link.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = disclosure_links)]
pub struct LinkRow {
    pub id: String,
    pub disclosure_id: String,
    pub packet_id: String,
    pub case_id: String,
    pub token_sha256: Vec<u8>,
    pub code_sha256: Vec<u8>,
    pub ends_at: Micros,
    pub downloads: i64,
    pub downloaded: i64,
    pub last_download: Option<Micros>,
    pub refused: i64,
    pub locked_at: Option<Micros>,
    pub revoked_at: Option<Micros>,
    pub leaf: Vec<u8>,
    pub body: String,
}

impl LinkRow {
    /// The record of its making.
    pub fn record(&self) -> Result<DisclosureLink> {
        Ok(serde_json::from_str(&self.body)?)
    }

    /// Where it stands.
    pub fn state(&self, now: Micros) -> LinkState {
        match self {
            _ if self.revoked_at.is_some() => LinkState::Revoked,
            _ if self.locked_at.is_some() => LinkState::Locked,
            _ if now >= self.ends_at => LinkState::Ended,
            _ if self.downloaded >= self.downloads => LinkState::UsedUp,
            _ => LinkState::Open,
        }
    }

    /// Whether this is the link's code. It takes as long for a wrong one as for the right one.
    pub fn is_code(&self, typed: &str) -> bool {
        let shown = code_digest(&self.id, typed);
        shown.as_bytes().ct_eq(self.code_sha256.as_slice()).into()
    }

    /// The link as those see it who may disclose.
    pub fn view(&self, now: Micros) -> Result<LinkView> {
        let record = self.record()?;
        Ok(LinkView {
            id: record.id,
            disclosure_id: record.disclosure_id,
            to: record.to,
            state: self.state(now),
            ends_at: record.ends_at,
            downloads: record.downloads,
            downloaded: self.downloaded.unsigned_abs(),
            last_download: self.last_download.map(Timestamp),
            wrong_codes: self.refused.unsigned_abs(),
            age_recipients: record.age_recipients,
            made_by: record.made_by,
            made_at: record.made_at,
            revoked_at: self.revoked_at.map(Timestamp),
            locked_at: self.locked_at.map(Timestamp),
        })
    }
}

/// A link as those see it who may disclose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkView {
    pub id: String,
    pub disclosure_id: String,
    pub to: String,
    pub state: LinkState,
    pub ends_at: Timestamp,
    pub downloads: u64,
    pub downloaded: u64,
    pub last_download: Option<Timestamp>,
    pub wrong_codes: u64,
    pub age_recipients: Vec<String>,
    pub made_by: Person,
    pub made_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    pub locked_at: Option<Timestamp>,
}

/// A link that was made. Path and code are in this answer and nowhere else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MadeLink {
    #[serde(flatten)]
    pub link: LinkView,
    /// The path of its page, which goes to the recipient one way.
    pub path: String,
    /// The code, which goes another way.
    pub code: String,
}

/// Why a link that is over cannot be revoked.
pub fn is_over(state: LinkState) -> Error {
    Error::conflict(format!(
        "This link is {}: there is nothing to revoke.",
        state.as_str().replace('_', " ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_in_groups_and_read_however_it_is_typed() {
        let secrets = LinkSecrets::new();
        let told = secrets.code();
        assert_eq!((told.len(), told.matches('-').count()), (19, 3));
        let right = secrets.code_sha256("link");
        for typed in [told.clone(), told.to_lowercase(), told.replace('-', " ")] {
            assert_eq!(code_digest("link", &typed), right, "{typed}");
        }
        assert_ne!(code_digest("other", &told), right);
        assert_eq!(code_digest("link", "oil0"), code_digest("link", "0110"));
        let other = LinkSecrets::new();
        assert!(other.code() != told && other.path() != secrets.path());
    }

    #[test]
    fn a_link_has_bounds() {
        let read = |value| NewLink::parse(Form::new(value).expect("an object"));
        let usual = read(serde_json::json!({})).expect("a link");
        assert_eq!((usual.days, usual.downloads), LASTS_AND_DOWNLOADS);
        for wrong in [
            serde_json::json!({"days": 0}),
            serde_json::json!({"days": 31}),
            serde_json::json!({"downloads": 0}),
            serde_json::json!({"downloads": 21}),
        ] {
            assert_eq!(read(wrong).expect_err("broken").errors[0].rule, "range");
        }
        let e = read(serde_json::json!({"age_recipients": ["ssh-rsa AAAA"]})).expect_err("broken");
        assert_eq!(
            (&*e.errors[0].field, &*e.errors[0].rule),
            ("age_recipients[0]", "age_key")
        );
    }

    const LASTS_AND_DOWNLOADS: (u64, u64) = (LASTS.0, DOWNLOADS.0);
}
