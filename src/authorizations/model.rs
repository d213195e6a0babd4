//! What an authorization is, how one is asked for, and which state it is in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::{Micros, Timestamp};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, REASON, TEXT, URL};
use crate::identity::Person;
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
    AuthorizationState {
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

/// A supervisor's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    pub by: Person,
    pub at: Timestamp,
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
    pub state: AuthorizationState,
    pub level: Level,
    pub holders: Vec<Person>,
    pub platforms: Vec<String>,
    pub accounts: Vec<CoveredAccount>,
    pub searches: Vec<String>,
    pub scope_note: Option<String>,
    pub purpose: String,
    pub predicate: String,
    pub devices: Vec<Device>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub review_at: Option<Timestamp>,
    pub attestations: Vec<Attestation>,
    pub requester: Person,
    pub requested_at: Timestamp,
    /// The later of its start and its approval; none where it was never approved.
    pub effective_from: Option<Timestamp>,
    pub decision: Option<Ruling>,
    pub revoked: Option<Ruling>,
    pub version: i64,
}

impl Authorization {
    /// The state now: an approved one past its end is expired, whether a job recorded that or not.
    pub fn state_at(&self, now: Micros) -> AuthorizationState {
        if self.state == AuthorizationState::Approved && now > self.ends_at.0 {
            AuthorizationState::Expired
        } else {
            self.state
        }
    }

    /// What was asked for, under the names of a request.
    fn asked(&self) -> Map<String, Value> {
        let holders: Vec<&str> = self.holders.iter().map(|h| h.id.as_str()).collect();
        let asked = json!({
            "level": self.level, "holders": holders, "platforms": self.platforms, "accounts": self.accounts,
            "searches": self.searches, "scope_note": self.scope_note, "purpose": self.purpose,
            "predicate": self.predicate, "devices": self.devices, "starts_at": self.starts_at, "ends_at": self.ends_at,
            "review_at": self.review_at, "attestations": self.attestations,
        });
        match asked {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
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
            state: AuthorizationState::Requested,
            level: self.level,
            holders,
            platforms: self.platforms.clone(),
            accounts: self.accounts.clone(),
            searches: self.searches.clone(),
            scope_note: self.scope_note.clone(),
            purpose: self.purpose.clone(),
            predicate: self.predicate.clone(),
            devices: self.devices.clone(),
            starts_at: Timestamp(self.starts_at),
            ends_at: Timestamp(self.ends_at),
            review_at: self.review_at.map(Timestamp),
            attestations: self.attestations.clone(),
            requester: base.requester,
            requested_at: Timestamp(base.now),
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
    pub decision: Option<Ruling>,
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

/// What a requester changes of a returned request; absent is unchanged. It is checked together with what stays.
#[derive(Debug, Clone)]
pub struct Amendment(Map<String, Value>);

impl Amendment {
    /// Keeps it as it was sent, until the stored request is read.
    pub fn parse(form: Form) -> Result<Self> {
        Ok(Self(form.into_fields()))
    }

    /// The whole request as it is asked for now.
    pub fn apply(&self, before: &Authorization, now: Micros) -> Result<Request> {
        let mut whole = before.asked();
        for (name, value) in &self.0 {
            let kept = whole.get_mut(name).ok_or_else(|| {
                Error::field(
                    name,
                    "unknown",
                    "is not a field of this request: check its spelling, or leave it out",
                )
            })?;
            *kept = value.clone();
        }
        Request::parse(Form::new(Value::Object(whole))?, now)
    }
}

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

/// A supervisor's answer to a request.
#[derive(Debug, Clone)]
pub struct AuthorizationDecision {
    pub outcome: Outcome,
    pub reason: Option<String>,
}

impl AuthorizationDecision {
    /// Reads and checks it: to deny or return needs a reason.
    pub fn parse(mut form: Form) -> Result<Self> {
        let outcome = form.required_word::<Outcome>("decision").unwrap_or(Outcome::Return);
        let reason = match outcome {
            Outcome::Approve => form.text("reason", REASON),
            Outcome::Deny | Outcome::Return => Some(form.required("reason", REASON)),
        };
        form.done()?;
        Ok(Self { outcome, reason })
    }
}

/// Reads why an authorization is revoked.
pub fn revocation(form: Form) -> Result<String> {
    form.read(|form| form.required("reason", REASON))
}

/// Reads a withdrawal, which may say why; nothing of that is kept.
pub fn withdrawal(mut form: Form) -> Result<()> {
    form.text("reason", REASON);
    form.done()
}
