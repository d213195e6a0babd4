//! A packet as it is asked for, stored and shown.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::certificates::asked::AskedCertificates;
use super::lists::requested::{AskedExhibit, ExcludedCapture, MissingCount, NamedList, ScheduledCapture};
use super::output::{IssuedExtras, OutputProfile};
use super::redacted::{self, AskedRedaction};
use super::released::ReleaseView;
use super::since::NewSince;
use crate::clock::{Micros, Timestamp};
use crate::db::tables::{jobs, packet_releases, packets};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, Word, parse_id};
use crate::identity::Person;
use crate::page::words::purpose;
use crate::proof::id::Digest;
use crate::proof::packet::EarlierPacket;
use crate::words;

/// The job that builds packets, as events name it.
pub const JOB: &str = "packet-builder";

/// Captures that one request may name: the record that keeps them stays under 1 MB.
const NAMED: usize = 20_000;

words! {
    /// What a packet is for.
    Purpose {
        /// Exhibits for a court.
        CourtExhibits = "court_exhibits",
        /// Discovery to the other side.
        Discovery = "discovery",
        /// An addition to an earlier packet.
        Supplement = "supplement",
        /// Handed to another agency or to the prosecutor by the lead.
        Referral = "referral",
        /// Use inside the agency.
        Internal = "internal",
    }
}

impl Purpose {
    /// The purpose in words for people.
    pub fn says(self) -> &'static str {
        purpose(self.as_str()).unwrap_or_default()
    }

    /// Whether its packets have standard duplicates where the request does not say: those that a court or the other side gets.
    pub fn has_duplicates(self) -> bool {
        matches!(self, Self::CourtExhibits | Self::Discovery | Self::Supplement)
    }
}

words! {
    /// Where a packet stands.
    PacketState {
        /// Asked for.
        Queued = "queued",
        /// Being built.
        Building = "building",
        /// It can be downloaded.
        Ready = "ready",
        /// It could not be built; `error` says why.
        Failed = "failed",
    }
}

/// What somebody asks to be taken out of a case.
#[derive(Debug, Clone)]
pub struct NewPacket {
    /// What for.
    pub purpose: Purpose,
    /// The captures named; `None` means every logged or reviewed one.
    pub captures: Option<Vec<String>>,
    /// The exhibit list that names them, in their stead.
    pub list: Option<NamedList>,
    /// The earlier packet to which a supplement adds.
    pub supplement_of: Option<String>,
    /// For whom.
    pub recipient: Option<String>,
    /// The redactions that stand in the place of what they were made from.
    pub redactions: Vec<String>,
    /// The drafts of certificates that go with it.
    pub certificates: Option<AskedCertificates>,
    /// Whether standard duplicates stand beside what courts may not play.
    pub duplicates: bool,
    /// The output profiles beside the canonical layout, each once.
    pub profiles: Vec<OutputProfile>,
}

impl NewPacket {
    /// Reads a request.
    pub fn parse(mut form: Form) -> Result<Self> {
        let purpose = form.required_word::<Purpose>("purpose");
        let captures = read_captures(&mut form);
        let list = form.object("exhibit_list", NamedList::read);
        if list.is_some() && captures.is_some() {
            let message = "is given beside exhibit_list, which names the captures: leave one of them out";
            form.refuse("captures", "either", message);
        }
        let supplement_of = form.id("supplement_of");
        if supplement_of.is_some() && purpose.is_some_and(|purpose| purpose != Purpose::Supplement) {
            let message = "is given for another purpose than supplement: leave it out, or ask for a supplement";
            form.refuse("supplement_of", "either", message);
        }
        let recipient = form.filled("recipient", LINE);
        let redactions = redacted::read(&mut form);
        let certificates = AskedCertificates::read(&mut form);
        let duplicates = form.flag("duplicates");
        let profiles = OutputProfile::read(&mut form);
        form.done()?;
        let purpose = purpose.ok_or_else(|| Error::internal("a purpose that was neither taken nor refused"))?;
        Ok(Self {
            purpose,
            captures,
            list,
            supplement_of,
            recipient,
            redactions,
            certificates,
            duplicates: duplicates.unwrap_or(purpose.has_duplicates()),
            profiles,
        })
    }
}

fn read_captures(form: &mut Form) -> Option<Vec<String>> {
    if !form.has("captures") {
        return None;
    }
    let texts = form.texts("captures", NAMED, 64);
    if texts.is_empty() && form.ok() {
        form.refuse(
            "captures",
            "not_empty",
            "names no capture: name at least one, or leave the field out for all of them",
        );
    }
    let mut ids = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        match parse_id(text) {
            Some(id) => ids.push(id),
            None => form.refuse(&format!("captures[{i}]"), "uuid", "must be a UUID"),
        }
    }
    Some(ids)
}

/// A packet as it was asked for: the record of `packet.requested`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketRequest {
    /// The packet's id.
    pub id: String,
    /// Its case.
    pub case_id: String,
    /// What for.
    pub purpose: Purpose,
    /// When.
    pub requested_at: Timestamp,
    /// By whom.
    pub requested_by: Person,
    /// For whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The captures named, each once, in the order of the exhibits; `None` means every logged or reviewed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captures: Option<Vec<String>>,
    /// The name of the case's unit; requests of 0.1.0 have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The version of the papers that the packet gets; requests that name an organization and no version got the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub papers: Option<u32>,
    /// Items that might leave when it was asked, as ranges, so that nobody can call one held afterwards. Requests of 0.1.0,
    /// and those of cases where it would be too long, have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_leave: Option<String>,
    /// The exhibit list from which it was asked, in its version then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhibit_list: Option<NamedList>,
    /// Number, title and description of each of `captures`, where a list gives them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhibits: Option<Vec<AskedExhibit>>,
    /// Captures that the list describes, without their being exhibits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Vec<ScheduledCapture>>,
    /// Captures that the list leaves out, each with the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<Vec<ExcludedCapture>>,
    /// How much was missing when it was asked with a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<MissingCount>>,
    /// The earlier packet to which it adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplement_of: Option<EarlierPacket>,
    /// How each of `captures` is new since that packet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Vec<NewSince>>,
    /// The redactions that stand in the place of captures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redactions: Option<Vec<AskedRedaction>>,
    /// The drafts of certificates that go with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<AskedCertificates>,
    /// True where standard duplicates stand beside what courts may not play.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<bool>,
    /// The output profiles beside the canonical layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles: Option<Vec<OutputProfile>>,
}

impl PacketRequest {
    /// The words of its output profiles.
    pub fn profiles(&self) -> Vec<String> {
        OutputProfile::words(self.profiles.as_deref().unwrap_or_default())
    }

    /// The version of the papers that the packet gets.
    pub fn papers(&self) -> Option<u32> {
        self.organization.as_ref().map(|_| self.papers.unwrap_or(1))
    }
}

/// A stored packet.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = packets)]
pub struct Packet {
    /// Its id.
    pub id: String,
    /// Its case.
    pub case_id: String,
    /// The word of its purpose.
    pub purpose: String,
    /// The word of its state.
    pub state: String,
    /// What the builder is at.
    #[diesel(select_expression = jobs::step)]
    pub step: String,
    /// How much of the step is done.
    #[diesel(select_expression = jobs::done)]
    pub done: i64,
    /// How much the step is in all.
    #[diesel(select_expression = jobs::total)]
    pub total: i64,
    /// When it was asked for.
    pub requested_at: Micros,
    /// When its build began.
    pub started_at: Option<Micros>,
    /// When its build ended.
    pub finished_at: Option<Micros>,
    /// Bytes of its file.
    pub size: Option<i64>,
    /// SHA-256 of its file.
    pub sha256: Option<Vec<u8>>,
    /// Its top folder, and its file's name without the ending.
    pub name: String,
    /// Why it failed.
    #[diesel(select_expression = jobs::error)]
    pub error: Option<String>,
    /// Whether somebody called its build off.
    #[diesel(select_expression = jobs::cancel)]
    pub cancelled: bool,
    /// The record of the request.
    pub body: String,
    /// The record of its release.
    #[diesel(select_expression = packet_releases::body.nullable())]
    pub release_body: Option<String>,
}

impl Packet {
    /// Whether its build can still be called off.
    pub fn is_under_way(&self) -> bool {
        [PacketState::Queued, PacketState::Building]
            .iter()
            .any(|state| self.state == state.as_str())
    }

    /// Whether it can be downloaded.
    pub fn is_ready(&self) -> bool {
        self.state == PacketState::Ready.as_str()
    }

    /// The digest of its file.
    pub fn digest(&self) -> Option<Digest> {
        self.sha256.as_deref().and_then(Digest::from_slice)
    }

    /// The record of the request.
    pub fn request(&self) -> Result<PacketRequest> {
        Ok(serde_json::from_str(&self.body)?)
    }

    /// Where its release stands; `None` for a packet that needs none.
    pub fn release(&self) -> Result<Option<ReleaseView>> {
        let purpose = Purpose::from_word(&self.purpose);
        let purpose = purpose.ok_or_else(|| Error::internal("a packet of an unknown purpose"))?;
        match &self.release_body {
            Some(record) => ReleaseView::of(record).map(Some),
            None => Ok((purpose == Purpose::Referral).then_some(ReleaseView::Waiting)),
        }
    }

    /// Refuses to let a referral leave that is not released.
    pub fn refuse_unreleased(&self) -> Result<()> {
        match self.release()?.and_then(|release| release.stops()) {
            Some(why) => Err(Error::conflict(why)),
            None => Ok(()),
        }
    }

    /// The packet as its readers see it.
    pub fn view(&self) -> Result<PacketView> {
        let request = self.request()?;
        Ok(PacketView {
            id: self.id.clone(),
            case_id: self.case_id.clone(),
            purpose: request.purpose,
            recipient: request.recipient,
            requested_by: request.requested_by,
            requested_at: Timestamp(self.requested_at),
            selected: request.captures.map(|captures| captures.len()),
            exhibit_list: request.exhibit_list,
            missing: request.missing,
            supplement_of: request.supplement_of,
            certificates: request.certificates,
            duplicates: request.duplicates.unwrap_or(false),
            profiles: request.profiles.unwrap_or_default(),
            state: self.state.clone(),
            step: self.step.clone(),
            done: self.done,
            total: self.total,
            started_at: self.started_at.map(Timestamp),
            finished_at: self.finished_at.map(Timestamp),
            size: self.size,
            sha256: self.digest(),
            name: self.name.clone(),
            error: self.error.clone(),
            release: self.release()?,
        })
    }
}

/// A packet as its readers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketView {
    pub id: String,
    pub case_id: String,
    pub purpose: Purpose,
    pub recipient: Option<String>,
    pub requested_by: Person,
    pub requested_at: Timestamp,
    /// How many captures were named.
    pub selected: Option<usize>,
    /// The exhibit list from which it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhibit_list: Option<NamedList>,
    /// How much was missing when it was asked with a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<MissingCount>>,
    /// The earlier packet to which it adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplement_of: Option<EarlierPacket>,
    /// The drafts of certificates that go with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<AskedCertificates>,
    /// Whether standard duplicates stand beside what courts may not play.
    #[serde(default)]
    pub duplicates: bool,
    /// The output profiles beside the canonical layout.
    #[serde(default)]
    pub profiles: Vec<OutputProfile>,
    pub state: String,
    pub step: String,
    pub done: i64,
    pub total: i64,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub size: Option<i64>,
    pub sha256: Option<Digest>,
    pub name: String,
    pub error: Option<String>,
    /// Where the release of a referral stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseView>,
}

/// What the ledger says of a packet that was issued.
#[derive(Debug, Clone)]
pub struct PacketIssue {
    /// When.
    pub at: Micros,
    /// Where its event stands in the case's stream.
    pub seq: i64,
    /// The leaf of its event.
    pub leaf: Digest,
    /// The event's place in the log, once it is integrated.
    pub index: Option<u64>,
    /// The size of the first checkpoint that covers it.
    pub checkpoint: Option<i64>,
    /// What it holds.
    pub content: IssuedContent,
    /// When the packet was downloaded, each time.
    pub downloads: Vec<Micros>,
}

/// What a packet holds: a part of the record of `packet.issued`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IssuedContent {
    /// Its exhibits.
    pub exhibits: u64,
    /// The captures that its inventory lists.
    pub captures: u64,
    /// Those captures by their status in the inventory. Packets of version 0.1 do not say it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inventory: BTreeMap<String, u64>,
    /// Its duplicates, and what duplicates and profiles lack; absent where it has neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<IssuedExtras>,
    /// The payload.
    pub payload: IssuedPayload,
}

/// The files below `data/`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IssuedPayload {
    /// Bytes of all of them.
    pub bytes: u64,
    /// How many.
    pub files: u64,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::words::Word;

    #[test]
    fn every_purpose_has_its_words() {
        for (word, purpose) in Purpose::WORDS {
            assert!(!purpose.says().is_empty(), "{word}");
        }
    }

    #[test]
    fn a_request_tells_every_broken_rule() {
        let read = |v: Value| NewPacket::parse(Form::new(v).expect("an object"));
        let fields = |v: Value| {
            read(v)
                .expect_err("broken")
                .errors
                .into_iter()
                .map(|e| (e.field, e.rule))
                .collect::<Vec<_>>()
        };
        let pair = |f: &str, r: &str| (f.to_owned(), r.to_owned());
        assert_eq!(fields(json!({})), [pair("purpose", "required")]);
        assert_eq!(
            fields(json!({"purpose": "internal", "captures": []})),
            [pair("captures", "not_empty")]
        );
        let broken = json!({"purpose": "gift", "captures": ["x"], "extra": 1});
        assert_eq!(
            fields(broken),
            [
                pair("purpose", "one_of"),
                pair("captures[0]", "uuid"),
                pair("extra", "unknown")
            ]
        );
        assert_eq!(
            fields(json!({"purpose": "discovery", "recipient": " "})),
            [pair("recipient", "not_blank")]
        );
        let whole = read(json!({"purpose": "discovery"})).expect("a packet");
        assert!(whole.captures.is_none() && whole.recipient.is_none());
    }
}
