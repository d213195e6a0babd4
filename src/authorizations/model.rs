//! What an authorization is, how one is asked for, and which state it is in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::check::{CheckVerdict, RequestCheck};
use super::closing::ClosingReport;
use super::emergency::{EmergencyStart, LASTS};
use super::oral::OralApproval;
use super::review::LeaveReview;
use crate::authorization_policies::{AskedField, PolicyRef, Sentence};
pub use crate::authorization_policies::{Device, Level};
use crate::clock::{self, DAY, Micros, Timestamp};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, REASON, TEXT, URL, parse_id};
use crate::identity::Person;
use crate::subjects::{handle, is_platform, platform, platform_name};
use crate::text::line;
use crate::versions::SeenVersions;
use crate::words;

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
        /// Ended by those who had asked for it, before its time.
        Ended = "ended",
        /// Started for danger to life: it counts, and waits for a supervisor's word.
        Emergency = "emergency",
        /// A supervisor found that it was no emergency.
        Repudiated = "repudiated",
        /// An emergency that ended before a supervisor confirmed it.
        Lapsed = "lapsed",
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

impl CoveredAccount {
    /// What people call it, such as `@river_k on Snapchat`.
    pub fn called(&self) -> String {
        let names = [&self.handle, &self.platform_id, &self.url];
        let names: Vec<String> = names.into_iter().flatten().map(|name| line(name)).collect();
        format!("{} on {}", names.join(", "), platform_name(&self.platform))
    }
}

/// A supervisor's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    pub by: Person,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    pub reason: Option<String>,
    /// What an approval binds the holders to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<String>,
    /// The policy under which it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// The checks as they stood. Where one of an approved request needed a reason, `reason` is it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<RequestCheck>,
    /// The sentences that an approver confirmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirmed: Vec<Sentence>,
    /// Whether the approver supervises a unit above the case's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_unit: Option<bool>,
    /// Whose reach it was given by, where that was delegated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_delegation_of: Option<Person>,
    /// Whether it confirms what the same person had said by word of mouth.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirms_oral: bool,
}

impl Ruling {
    /// Whose word it is, and whose reach it was given by where that was delegated.
    pub fn given_by(&self) -> String {
        let name = line(&self.by.name);
        match &self.by_delegation_of {
            Some(delegator) => format!("{name} by delegation of {}", line(&delegator.name)),
            None => name,
        }
    }
}

/// What leave is asked and given for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub level: Level,
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
    /// The words of the sentences that the requester confirms.
    pub attestations: Vec<String>,
    /// Why nothing else reaches the purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub necessity: Option<String>,
    /// Why the intrusion is in proportion to the purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proportionality: Option<String>,
    /// Whose privacy else it touches, and how that is kept small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intrusion: Option<String>,
    /// What confidential material may turn up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidential_material: Option<String>,
    /// The plan or the legal process on which it rests, by its reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The authorization of this case that it continues, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<String>,
}

impl Terms {
    /// The text that answers a question of inspectors.
    pub fn answer(&self, asked: AskedField) -> Option<&str> {
        let text = match asked {
            AskedField::Necessity => &self.necessity,
            AskedField::Proportionality => &self.proportionality,
            AskedField::Intrusion => &self.intrusion,
            AskedField::ConfidentialMaterial => &self.confidential_material,
        };
        text.as_deref()
    }
}

/// An account that an approved authorization is to cover besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addition {
    pub id: String,
    pub account: CoveredAccount,
    pub reason: String,
    pub requester: Person,
    pub requested_at: Timestamp,
    /// The answer, where one was given. An approval covers the account from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Ruling>,
}

impl Addition {
    /// From when on the account is covered; `None` where it is not.
    pub fn covered_from(&self) -> Option<Timestamp> {
        let ruling = self.decision.as_ref()?;
        let approved = ruling.outcome.as_deref() == Some(Outcome::Approve.as_str());
        approved.then_some(ruling.at)
    }
}

/// One version of an authorization: its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    pub id: String,
    pub case_id: String,
    pub number: i64,
    pub state: AuthorizationState,
    pub holders: Vec<Person>,
    #[serde(flatten)]
    pub terms: Terms,
    pub requester: Person,
    pub requested_at: Timestamp,
    /// Its start or its approval, whichever is later; none where it was never approved.
    pub effective_from: Option<Timestamp>,
    pub decision: Option<Ruling>,
    pub revoked: Option<Ruling>,
    /// The policy under which it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// The sentences that the requester confirmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attested: Vec<Sentence>,
    /// The purposes that the policy forbids: the request is made for none of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbidden_purposes: Vec<Sentence>,
    /// How many aliases it names. Which ones stands in the registry of aliases alone. A covert one that was asked for before
    /// requests named them names none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub aliases_named: u64,
    /// Whether the policy under which it was approved requires a training of whoever captures under it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub training_required: bool,
    /// Approvals that were given while another one was still needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Ruling>,
    /// Accounts that turned up while it ran, and whether they were added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additions: Vec<Addition>,
    /// How it ended, as those who asked for it report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<ClosingReport>,
    /// How it began, where it was started for danger to life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyStart>,
    /// What the requester recorded of an oral approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oral: Option<OralApproval>,
    /// The reviews after which it continued, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<LeaveReview>,
    /// Its number in the agency's register, given when it was first asked for; none where that was before the register began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register_number: Option<i64>,
    pub version: i64,
}

/// Whether a count is left out of a record, because it is none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Authorization {
    /// The oldest account that turned up and waits for an answer.
    pub fn waiting_addition(&self) -> Option<&Addition> {
        self.additions.iter().find(|addition| addition.decision.is_none())
    }

    /// The state now: an approved one past its end is expired, and an emergency past its end has lapsed, whether a job
    /// recorded that or not.
    pub fn state_at(&self, now: Micros) -> AuthorizationState {
        match self.state {
            AuthorizationState::Approved if now > self.terms.ends_at.0 => AuthorizationState::Expired,
            AuthorizationState::Emergency if now > self.terms.ends_at.0 => AuthorizationState::Lapsed,
            state => state,
        }
    }

    /// Whether it is an emergency that runs, and that no supervisor has judged.
    pub fn is_unjudged(&self, now: Micros) -> bool {
        self.state_at(now) == AuthorizationState::Emergency
    }

    /// How and when it ceased to count otherwise than by coming to its end: the word of what happened, and the time.
    pub fn cut_off(&self, now: Micros) -> Option<(&'static str, Micros)> {
        match self.state_at(now) {
            AuthorizationState::Revoked => Some(("revoked", self.revoked.as_ref()?.at.0)),
            AuthorizationState::Ended => Some(("ended early", self.closing.as_ref()?.at.0)),
            AuthorizationState::Repudiated => Some(("repudiated", self.decision.as_ref()?.at.0)),
            AuthorizationState::Lapsed => Some(("lapsed unconfirmed", self.terms.ends_at.0)),
            _ => None,
        }
    }

    /// Since when a review is overdue, of one that runs.
    pub fn review_overdue(&self, now: Micros) -> Option<Micros> {
        let due = self.terms.review_at.map(|at| at.0).filter(|at| *at < now)?;
        (self.state_at(now) == AuthorizationState::Approved).then_some(due)
    }

    /// Until when its closing report is due: so many days after its end. `None` while it runs, where one was made, and
    /// where it was never approved.
    pub fn closing_due(&self, now: Micros, closing_days: u64) -> Option<Micros> {
        // None is due for one that an earlier release approved, which knew no policy.
        let under_policy = self.decision.as_ref().is_some_and(|ruling| ruling.policy.is_some());
        if self.closing.is_some() || self.effective_from.is_none() || !under_policy {
            return None;
        }
        let ended = match self.state_at(now) {
            AuthorizationState::Expired => self.terms.ends_at.0,
            AuthorizationState::Revoked => self.revoked.as_ref()?.at.0,
            _ => return None,
        };
        let days = i64::try_from(closing_days).unwrap_or(0);
        Some(ended.saturating_add(days.saturating_mul(DAY)))
    }

    /// Whether it was approved although a check spoke against it.
    pub fn is_against_check(&self) -> bool {
        let refuses = |ruling: &Ruling| matches!(ruling.outcome.as_deref(), Some("deny" | "return" | "repudiate"));
        let against = |ruling: &Ruling| {
            !refuses(ruling) && ruling.checks.iter().any(|one| one.verdict == CheckVerdict::NeedsReason)
        };
        self.effective_from.is_some() && self.approvals.iter().chain(&self.decision).any(against)
    }

    /// The next version, in this state.
    pub fn next(self, state: AuthorizationState) -> Self {
        Self {
            state,
            version: self.version + 1,
            ..self
        }
    }
}

/// What somebody asks leave for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The ids of those who are to hold it.
    pub holders: Vec<String>,
    /// The ids of the aliases under which it is to be worked, where it is covert. No record of the case keeps them.
    pub aliases: Vec<String>,
    pub terms: Terms,
}

impl Request {
    /// Reads and checks a whole request.
    pub fn parse(form: Form, now: Micros) -> Result<Self> {
        let (request, mut form) = Self::read(form, now);
        request.check_aliases(&mut form);
        form.done()?;
        Ok(request)
    }

    fn read(mut form: Form, now: Micros) -> (Self, Form) {
        let level = form.required_word::<Level>("level");
        let holders = ids(&mut form, ("holders", HOLDERS), "must be the id of a user");
        let aliases = ids(&mut form, ("aliases", ALIASES), "must be the id of an alias");
        let terms = Terms {
            level: level.unwrap_or(Level::Overt),
            platforms: form.texts("platforms", 50, 100),
            accounts: form.objects("accounts", 200, account),
            searches: form.texts("searches", 200, LINE),
            scope_note: form.text("scope_note", TEXT),
            purpose: form.required("purpose", TEXT),
            predicate: form.required("predicate", TEXT),
            devices: form.words("devices", 3),
            starts_at: Timestamp(form.time("starts_at").unwrap_or(now)),
            ends_at: Timestamp(form.required_time("ends_at")),
            review_at: form.time("review_at").map(Timestamp),
            attestations: form.texts("attestations", 40, 60),
            necessity: form.filled("necessity", TEXT),
            proportionality: form.filled("proportionality", TEXT),
            intrusion: form.filled("intrusion", TEXT),
            confidential_material: form.filled("confidential_material", TEXT),
            plan: form.filled("plan", LINE),
            renews: form.id("renews"),
        };
        let request = Self {
            holders,
            aliases,
            terms,
        };
        request.check(&mut form, now);
        (request, form)
    }

    /// A covert request names its aliases, and no other one does.
    fn check_aliases(&self, form: &mut Form) {
        if form.is_refused("level") || form.is_refused("aliases") {
            return;
        }
        match (self.terms.level, self.aliases.is_empty()) {
            (Level::Covert, true) => form.refuse(
                "aliases",
                "required",
                "must name at least one alias in force that a holder holds: have one approved in the registry first, or ask for a level without an alias",
            ),
            (Level::Overt | Level::Discreet, false) => form.refuse(
                "aliases",
                "covert",
                "belong to the level covert alone: leave them out, or ask for that level",
            ),
            _ => {}
        }
    }

    /// Reads and checks what somebody starts an emergency for: a request without times, which follow from its start.
    pub fn parse_emergency(mut form: Form, now: Micros) -> Result<Self> {
        for field in ["starts_at", "ends_at", "review_at", "renews"] {
            if form.has(field) {
                form.refuse(
                    field,
                    "emergency",
                    "does not go with an emergency, which begins now and ends in four hours: leave it out",
                );
            }
        }
        if form.has("aliases") {
            let message = "do not go with an emergency: leave them out, and name the alias with each capture under one";
            form.refuse("aliases", "emergency", message);
        }
        form.put("starts_at", clock::format(now));
        form.put("ends_at", clock::format(now + LASTS));
        let (request, form) = Self::read(form, now);
        form.done()?;
        Ok(request)
    }

    fn check(&self, form: &mut Form, now: Micros) {
        let terms = &self.terms;
        let needed = [
            ("holders", self.holders.is_empty()),
            ("platforms", terms.platforms.is_empty()),
            ("devices", terms.devices.is_empty()),
        ];
        for (field, empty) in needed {
            if empty && !form.is_refused(field) {
                form.refuse(field, "required", "must name at least one");
            }
        }
        for (i, name) in terms.platforms.iter().enumerate().filter(|(_, p)| !is_platform(p)) {
            let message = format!("{name:.40}: must be 1 to 40 of a-z, 0-9 and _");
            form.refuse(&format!("platforms[{i}]"), "form", message);
        }
        let elsewhere = |account: &CoveredAccount| !terms.platforms.contains(&account.platform);
        for (i, _) in terms.accounts.iter().enumerate().filter(|(_, a)| elsewhere(a)) {
            let message = "must be one of the request's platforms";
            form.refuse(&format!("accounts[{i}].platform"), "covered", message);
        }
        let timed = !form.is_refused("starts_at") && !form.is_refused("ends_at");
        if timed && terms.ends_at <= terms.starts_at {
            form.refuse("ends_at", "after_start", "must come after starts_at");
        } else if timed && terms.ends_at.0 <= now {
            form.refuse(
                "ends_at",
                "future",
                "must lie in the future: nothing is covered backwards",
            );
        }
        if terms.review_at.is_some_and(|at| at.0 <= now) {
            form.refuse(
                "review_at",
                "future",
                "must lie in the future: leave it out, or name a later time",
            );
        } else if timed && terms.review_at.is_some_and(|at| at > terms.ends_at) {
            form.refuse(
                "review_at",
                "range",
                "must not lie after ends_at, when it has ended by itself",
            );
        }
    }
}

/// Holders, and aliases, that one request may name.
const HOLDERS: usize = 100;
const ALIASES: usize = 20;

fn ids(form: &mut Form, (field, most): (&str, usize), message: &str) -> Vec<String> {
    let texts = form.texts(field, most, 64);
    let mut out: Vec<String> = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        let place = format!("{field}[{i}]");
        let id = form.or_refuse(&place, "uuid", message, parse_id(text));
        out.extend(id.filter(|id| !out.contains(id)));
    }
    out
}

/// Reads an account that is to be covered.
pub(super) fn account(form: &mut Form) -> CoveredAccount {
    let account = CoveredAccount {
        platform: platform(form, "platform").unwrap_or_default(),
        handle: handle(form, "handle"),
        platform_id: form.filled("platform_id", LINE),
        url: form.filled("url", URL),
    };
    if account.handle.is_none() && account.platform_id.is_none() && account.url.is_none() {
        form.refuse("handle", "required", "must be given, or platform_id, or url");
    }
    account
}

/// What a requester changes of a returned request.
#[derive(Debug, Clone)]
pub enum Amendment {
    /// Some fields, as they were sent; what is absent stays, and both are checked together.
    Parts(Map<String, Value>),
    /// All of it.
    Whole(Box<Request>),
}

impl Amendment {
    /// Keeps it as it was sent; `apply` reads it together with the stored request.
    pub fn parse(form: Form) -> Result<Self> {
        Ok(Self::Parts(form.into_fields()))
    }

    /// The whole request as it is asked for now. `named` are the aliases that it named before.
    pub fn apply(&self, before: &Authorization, named: &[String], now: Micros) -> Result<Request> {
        let parts = match self {
            Self::Parts(parts) => parts,
            Self::Whole(request) => return Ok((**request).clone()),
        };
        let holders: Vec<&str> = before.holders.iter().map(|h| h.id.as_str()).collect();
        let mut whole = json!(before.terms);
        whole["holders"] = json!(holders);
        whole["aliases"] = json!(named);
        for (name, value) in parts {
            let kept = whole.get_mut(name).ok_or_else(|| {
                Error::field(
                    name,
                    "unknown",
                    "is not a field of this request: check its spelling, or leave it out",
                )
            })?;
            *kept = value.clone();
        }
        Request::parse(Form::new(whole)?, now)
    }
}

words! {
    /// What a supervisor answers to a request, or says of an emergency.
    Outcome {
        /// Leave is given.
        Approve = "approve",
        /// Leave is refused.
        Deny = "deny",
        /// The request is to be mended.
        Return = "return",
        /// The emergency was one.
        Confirm = "confirm",
        /// The emergency was none.
        Repudiate = "repudiate",
    }
}

/// A supervisor's answer to a request.
#[derive(Debug, Clone)]
pub struct AuthorizationDecision {
    pub outcome: Outcome,
    pub reason: Option<String>,
    /// What an approval binds the holders to.
    pub conditions: Option<String>,
    /// The version that was decided about, where the decider's page names it: a request that was mended meanwhile is
    /// another one.
    pub seen: SeenVersions,
}

impl AuthorizationDecision {
    /// Reads and checks it: to deny, return or repudiate needs a reason.
    pub fn parse(mut form: Form) -> Result<Self> {
        let outcome = form.required_word::<Outcome>("decision").unwrap_or(Outcome::Return);
        let reason = match outcome {
            Outcome::Approve | Outcome::Confirm => form.text("reason", REASON),
            Outcome::Deny | Outcome::Return | Outcome::Repudiate => Some(form.required("reason", REASON)),
        };
        let conditions = form.filled("conditions", TEXT);
        if conditions.is_some() && !matches!(outcome, Outcome::Approve | Outcome::Confirm) {
            let message = "belong to an approval: say in the reason what is to be changed";
            form.refuse("conditions", "approval", message);
        }
        form.done()?;
        Ok(Self {
            outcome,
            reason,
            conditions,
            seen: SeenVersions::Any,
        })
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
