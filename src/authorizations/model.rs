//! What an authorization is, how one is asked for, and which state it is in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::{self, Micros};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, REASON, TEXT, URL};
use crate::subjects::{is_platform, platform};
use crate::words;

words! {
    /// How visible the agency is.
    Level {
        /// As the agency or openly.
        Overt = "overt",
        /// The agency not apparent, no contact.
        Discreet = "discreet",
        /// Under an alias, contact possible.
        Covert = "covert",
    }
}

words! {
    /// What is used to look.
    Device {
        /// The agency's.
        Agency = "agency",
        /// The person's own.
        Personal = "personal",
        /// Another.
        Other = "other",
    }
}

words! {
    /// Where an authorization stands.
    State {
        /// Asked for.
        Requested = "requested",
        /// Sent back to be mended.
        Returned = "returned",
        /// Taken back by the requester.
        Withdrawn = "withdrawn",
        /// In force from its start on.
        Approved = "approved",
        /// Refused.
        Denied = "denied",
        /// Ended by a supervisor.
        Revoked = "revoked",
        /// Ended by itself.
        Expired = "expired",
    }
}

words! {
    /// What the requester attests.
    Attestation {
        /// Nobody is looked at only for what they lawfully say, believe or join.
        NotProtected = "not_based_solely_on_protected_activity",
        /// No contact with those looked at.
        NoContact = "no_contact",
    }
}

/// An account that a request covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoveredAccount {
    pub platform: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A person, as records tell of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: String,
    pub name: String,
}

/// A supervisor's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    pub by: Person,
    pub at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    pub reason: Option<String>,
}

/// One version of an authorization: its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    pub id: String,
    pub case_id: String,
    pub number: i64,
    pub state: State,
    pub level: Level,
    pub holders: Vec<Person>,
    pub platforms: Vec<String>,
    pub accounts: Vec<CoveredAccount>,
    pub searches: Vec<String>,
    pub scope_note: Option<String>,
    pub purpose: String,
    pub predicate: String,
    pub devices: Vec<Device>,
    pub starts_at: String,
    pub ends_at: String,
    pub review_at: Option<String>,
    pub attestations: Vec<Attestation>,
    pub requester: Person,
    pub requested_at: String,
    pub effective_from: Option<String>,
    pub decision: Option<Word>,
    pub revoked: Option<Word>,
    pub version: i64,
}

impl Authorization {
    /// From a stored record.
    pub fn from_record(text: &str) -> Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    /// The record.
    pub fn record(&self) -> Result<Value> {
        Ok(serde_json::to_value(self)?)
    }

    /// The state now: an approved one past its end is expired, whether a job recorded that or not.
    pub fn state_at(&self, now: Micros) -> State {
        if self.state == State::Approved && now > instant(&self.ends_at) {
            State::Expired
        } else {
            self.state
        }
    }

    /// As the API shows it.
    pub fn shown(&self, now: Micros) -> Result<Value> {
        let mut out = self.record()?;
        out["state"] = json!(self.state_at(now));
        out["holders"] = self.holders.iter().map(|h| json!(h.id)).collect();
        out["requester"] = json!(self.requester.id);
        for word in ["decision", "revoked"] {
            if out[word].is_object() {
                out[word]["by"] = out[word]["by"]["id"].take();
            }
        }
        Ok(out)
    }
}

/// A stored time.
pub fn instant(text: &str) -> Micros {
    clock::parse(text).unwrap_or(0)
}

/// What somebody asks leave for.
#[derive(Debug, Clone)]
pub struct Request {
    pub level: Level,
    pub holders: Vec<String>,
    pub platforms: Vec<String>,
    pub accounts: Vec<CoveredAccount>,
    pub searches: Vec<String>,
    pub scope_note: Option<String>,
    pub purpose: String,
    pub predicate: String,
    pub devices: Vec<Device>,
    pub starts_at: Micros,
    pub ends_at: Micros,
    pub review_at: Option<Micros>,
    pub attestations: Vec<Attestation>,
}

impl Request {
    /// Reads and checks a whole request.
    pub fn parse(mut form: Form, now: Micros) -> Result<Self> {
        let level = form.required_word::<Level>("level");
        let request = Self {
            level: level.unwrap_or(Level::Overt),
            holders: ids(&mut form, "holders"),
            platforms: form.texts("platforms", 50, 100),
            accounts: form.objects("accounts", 200, account),
            searches: form.texts("searches", 200, LINE),
            scope_note: form.text("scope_note", TEXT),
            purpose: form.required("purpose", TEXT),
            predicate: form.required("predicate", TEXT),
            devices: form.words("devices", 3),
            starts_at: form.time("starts_at").unwrap_or(now),
            ends_at: form.required_time("ends_at"),
            review_at: form.time("review_at"),
            attestations: form.words("attestations", 2),
        };
        request.check(&mut form, now);
        form.done()?;
        Ok(request)
    }

    fn check(&self, form: &mut Form, now: Micros) {
        let needed = [
            ("holders", self.holders.is_empty()),
            ("platforms", self.platforms.is_empty()),
            ("devices", self.devices.is_empty()),
        ];
        for (field, empty) in needed {
            if empty && form.ok() {
                form.refuse(field, "required", "must name at least one");
            }
        }
        for (i, name) in self.platforms.iter().enumerate().filter(|(_, p)| !is_platform(p)) {
            form.refuse(
                &format!("platforms[{i}]"),
                "form",
                format!("{name:.40}: must be 1 to 40 of a-z, 0-9 and _"),
            );
        }
        for (i, account) in self.accounts.iter().enumerate() {
            if !self.platforms.contains(&account.platform) {
                form.refuse(
                    &format!("accounts[{i}].platform"),
                    "covered",
                    "must be one of the request's platforms",
                );
            }
        }
        if !form.ok() {
            return;
        }
        if self.ends_at <= self.starts_at {
            form.refuse("ends_at", "after_start", "must come after starts_at");
        } else if self.ends_at <= now {
            form.refuse(
                "ends_at",
                "future",
                "must lie in the future: nothing is covered backwards",
            );
        }
        self.check_attestations(form);
    }

    fn check_attestations(&self, form: &mut Form) {
        if !self.attestations.contains(&Attestation::NotProtected) {
            form.refuse("attestations", "required", "must hold not_based_solely_on_protected_activity: nobody is looked at only for what they lawfully say, believe or join");
        }
        if self.level == Level::Discreet && !self.attestations.contains(&Attestation::NoContact) {
            form.refuse(
                "attestations",
                "required",
                "must hold no_contact for the level discreet",
            );
        }
    }

    /// The request as the next version of an authorization.
    pub fn applied(&self, holders: Vec<Person>, base: Base) -> Authorization {
        Authorization {
            id: base.id,
            case_id: base.case_id,
            number: base.number,
            state: State::Requested,
            level: self.level,
            holders,
            platforms: self.platforms.clone(),
            accounts: self.accounts.clone(),
            searches: self.searches.clone(),
            scope_note: self.scope_note.clone(),
            purpose: self.purpose.clone(),
            predicate: self.predicate.clone(),
            devices: self.devices.clone(),
            starts_at: clock::format(self.starts_at),
            ends_at: clock::format(self.ends_at),
            review_at: self.review_at.map(clock::format),
            attestations: self.attestations.clone(),
            requester: base.requester,
            requested_at: clock::format(base.now),
            effective_from: None,
            decision: base.decision,
            revoked: None,
            version: base.version,
        }
    }
}

/// What a request does not say itself.
#[derive(Debug, Clone)]
pub struct Base {
    pub id: String,
    pub case_id: String,
    pub number: i64,
    pub requester: Person,
    pub decision: Option<Word>,
    pub version: i64,
    pub now: Micros,
}

fn ids(form: &mut Form, field: &str) -> Vec<String> {
    let texts = form.texts(field, 100, 64);
    let mut out: Vec<String> = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        match crate::forms::parse_id(text) {
            Some(id) if out.contains(&id) => {}
            Some(id) => out.push(id),
            None => form.refuse(&format!("{field}[{i}]"), "uuid", "must be the id of a user"),
        }
    }
    out
}

fn account(form: &mut Form) -> CoveredAccount {
    let account = CoveredAccount {
        platform: platform(form, "platform").unwrap_or_default(),
        handle: form.text("handle", LINE),
        platform_id: form.text("platform_id", LINE),
        url: form.text("url", URL),
    };
    if account.handle.is_none() && account.platform_id.is_none() && account.url.is_none() {
        form.refuse("handle", "required", "must be given, or platform_id, or url");
    }
    account
}

/// A returned request with what its requester changed: absent fields stay.
pub fn amended(before: &Authorization, patch: Form, now: Micros) -> Result<Request> {
    let mut whole = Map::new();
    let shown = before.shown(now)?;
    for name in FIELDS {
        whole.insert((*name).to_owned(), shown[*name].clone());
    }
    for (name, value) in patch.into_fields() {
        if !FIELDS.contains(&name.as_str()) {
            return Err(Error::field(
                name,
                "unknown",
                "is not a field of this request: check its spelling, or leave it out",
            ));
        }
        whole.insert(name, value);
    }
    Request::parse(Form::new(Value::Object(whole))?, now)
}

const FIELDS: &[&str] = &[
    "level",
    "holders",
    "platforms",
    "accounts",
    "searches",
    "scope_note",
    "purpose",
    "predicate",
    "devices",
    "starts_at",
    "ends_at",
    "review_at",
    "attestations",
];

words! {
    /// What a supervisor answers to a request.
    Outcome {
        /// Leave is given.
        Approve = "approve",
        /// Leave is refused.
        Deny = "deny",
        /// The request is to be mended.
        Return = "return",
    }
}

/// Reads a decision.
pub fn decision(mut form: Form) -> Result<(Outcome, Option<String>)> {
    let outcome = form.required_word::<Outcome>("decision").unwrap_or(Outcome::Return);
    let reason = if outcome == Outcome::Approve {
        form.text("reason", REASON)
    } else {
        Some(form.required("reason", REASON))
    };
    form.done()?;
    Ok((outcome, reason))
}

/// Reads a reason.
pub fn reason(mut form: Form, must: bool) -> Result<Option<String>> {
    let reason = if must {
        Some(form.required("reason", REASON))
    } else {
        form.text("reason", REASON)
    };
    form.done()?;
    Ok(reason)
}
