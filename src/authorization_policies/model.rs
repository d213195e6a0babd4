//! What an authorization policy says, as it is kept and as it is read from what was sent.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, REASON, TEXT};
use crate::identity::Person;
use crate::proof::canon::to_strict;
use crate::proof::id::Digest;
use crate::words;

words! {
    /// How visible the agency is, from the least hidden on: leave for one level covers those before it.
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
    /// What a policy asks of the holders' trainings.
    TrainingDemand {
        /// Nothing.
        Nothing = "nothing",
        /// A lack of it is told to the decider.
        Advised = "advised",
        /// Without one that counts nobody is asked for, and nothing that they capture is covered.
        Required = "required",
    }
}

words! {
    /// A question of inspectors that a request answers in a text of its own.
    AskedField {
        /// Why nothing else reaches the purpose.
        Necessity = "necessity",
        /// Why the intrusion is in proportion to the purpose.
        Proportionality = "proportionality",
        /// Whose privacy else it touches, and how that is kept small.
        Intrusion = "intrusion",
        /// What confidential material may turn up: legal, medical, a journalist's.
        ConfidentialMaterial = "confidential_material",
    }
}

impl AskedField {
    /// What the field is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Necessity => "Necessity",
            Self::Proportionality => "Proportionality",
            Self::Intrusion => "Intrusion into others’ privacy",
            Self::ConfidentialMaterial => "Confidential material",
        }
    }
}

/// A sentence that somebody confirms, under the word by which a program names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// The word: 1 to 60 of a-z, 0-9 and _.
    pub word: String,
    /// The sentence.
    pub says: String,
}

/// What a policy says of one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelTerms {
    /// Supervisors who have to approve: 1 or 2, each another person.
    pub approvals: u64,
    /// Whether one of them supervises a unit above the case's.
    pub above_unit: bool,
    /// The longest window, in days.
    pub longest_days: u64,
    /// The longest time until somebody looks again whether it is still needed, in days.
    pub review_days: Option<u64>,
    /// The devices that may be used.
    pub devices: Vec<Device>,
    /// What is asked of the holders' trainings.
    pub training: TrainingDemand,
    /// The standing order on which captures of this level may rest without an authorization, by its name in the agency.
    pub standing_order: Option<String>,
    /// The names of the units for whose cases, and those of the units below them, that order holds; empty: the whole agency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standing_order_units: Vec<String>,
    /// Whether a request names a plan or a legal process.
    pub plan: bool,
    /// The texts that a request of this level gives.
    pub asks: Vec<AskedField>,
    /// What the requester confirms.
    pub requester_confirms: Vec<Sentence>,
    /// What each approver confirms.
    pub approver_confirms: Vec<Sentence>,
}

impl LevelTerms {
    /// The standing order that holds for a case: `units` are the names of the case's unit and of those above it.
    pub fn order_for(&self, units: &[String]) -> Option<&str> {
        let named = &self.standing_order_units;
        let holds = named.is_empty() || units.iter().any(|unit| named.contains(unit));
        self.standing_order.as_deref().filter(|_| holds)
    }
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTerms {
    /// Of the level overt.
    pub overt: LevelTerms,
    /// Of the level discreet.
    pub discreet: LevelTerms,
    /// Of the level covert.
    pub covert: LevelTerms,
    /// Purposes for which nobody asks or approves.
    pub forbidden_purposes: Vec<Sentence>,
    /// Days after the end of an authorization within which its closing report is due.
    pub closing_days: u64,
    /// The rules of conduct that each person acknowledges before they first ask for an authorization.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conduct: Vec<Sentence>,
}

/// The policy that ships with the program.
const SHIPPED: &str = include_str!("shipped.json");

impl PolicyTerms {
    /// Of a level.
    pub fn of(&self, level: Level) -> &LevelTerms {
        match level {
            Level::Overt => &self.overt,
            Level::Discreet => &self.discreet,
            Level::Covert => &self.covert,
        }
    }

    /// The terms that ship with the program.
    ///
    /// # Errors
    /// None in a program that passed its tests.
    pub fn shipped() -> Result<Self> {
        Ok(serde_json::from_str(SHIPPED)?)
    }

    /// SHA-256 of the canonical JSON (RFC 8785), in hex: what a decision names beside the version's number.
    ///
    /// # Errors
    /// None for terms that were read.
    pub fn sha256(&self) -> Result<String> {
        let written = to_strict(&serde_json::to_value(self)?).map_err(Error::internal)?;
        Ok(Digest::of(&written).to_string())
    }

    /// Reads the terms of an object.
    fn take(form: &mut Form) -> Option<Self> {
        for level in Level::ALL {
            form.must(level.as_str(), "must be given: what the policy says of this level");
        }
        let (overt, discreet, covert) = (
            form.object("overt", level_terms),
            form.object("discreet", level_terms),
            form.object("covert", level_terms),
        );
        let forbidden_purposes = sentences(form, "forbidden_purposes");
        let closing_days = days(form, "closing_days", 365);
        let conduct = sentences(form, "conduct");
        Some(Self {
            overt: overt?,
            discreet: discreet?,
            covert: covert?,
            forbidden_purposes,
            closing_days: closing_days?,
            conduct,
        })
    }
}

/// Reads what a policy says of one level.
fn level_terms(form: &mut Form) -> LevelTerms {
    form.must("approvals", "must be given: 1 or 2");
    let approvals = form.count("approvals").unwrap_or(1);
    if !(1..=2).contains(&approvals) {
        form.refuse("approvals", "range", "must be 1 or 2");
    }
    let above_unit = form.flag("above_unit").unwrap_or_default();
    if above_unit && approvals < 2 {
        let message = "needs two approvals: ask for two, or leave it out";
        form.refuse("above_unit", "range", message);
    }
    let longest_days = days(form, "longest_days", 3_660);
    let review_days = match form.has("review_days") {
        true => days(form, "review_days", 3_660),
        // Null says the same as nothing: the policy does not ask for it.
        false => form.value("review_days").and(None),
    };
    if review_days > longest_days && longest_days.is_some() {
        form.refuse("review_days", "range", "must not be more than longest_days");
    }
    let devices: Vec<Device> = form.words("devices", 3);
    if devices.is_empty() && !form.is_refused("devices") {
        form.refuse("devices", "required", "must name at least one");
    }
    let terms = LevelTerms {
        approvals,
        above_unit,
        longest_days: longest_days.unwrap_or(1),
        review_days,
        devices,
        training: form.required_word("training").unwrap_or(TrainingDemand::Advised),
        standing_order: form.filled("standing_order", LINE),
        standing_order_units: units(form),
        plan: form.flag("plan").unwrap_or_default(),
        asks: form.words("asks", AskedField::ALL.len()),
        requester_confirms: sentences(form, "requester_confirms"),
        approver_confirms: sentences(form, "approver_confirms"),
    };
    if terms.standing_order.is_none() && !terms.standing_order_units.is_empty() {
        let message = "must name the order whose units are given: name it, or leave the units out";
        form.refuse("standing_order", "required", message);
    }
    for (field, sentences) in [
        ("requester_confirms", &terms.requester_confirms),
        ("approver_confirms", &terms.approver_confirms),
    ] {
        if !sentences.iter().any(|one| one.word == PROTECTED) && !form.is_refused(field) {
            let message = format!("must hold {PROTECTED}: no policy leaves it out");
            form.refuse(field, "required", message);
        }
    }
    terms
}

/// Units that one order may name.
const UNITS: usize = 100;

/// Reads the units of a standing order, each once. A page gives one a line.
fn units(form: &mut Form) -> Vec<String> {
    const FIELD: &str = "standing_order_units";
    let named = match form.is_page() {
        true => {
            let text = form.text(FIELD, TEXT).unwrap_or_default();
            text.lines().map(|line| line.trim().to_owned()).collect()
        }
        false => form.texts(FIELD, UNITS, LINE),
    };
    let mut units: Vec<String> = Vec::new();
    for name in named.into_iter().filter(|name| !name.is_empty()) {
        if !units.contains(&name) {
            units.push(name);
        }
    }
    units
}

/// The sentence that no policy leaves out (rule 8 of the product).
const PROTECTED: &str = "not_based_solely_on_protected_activity";

fn days(form: &mut Form, field: &str, most: u64) -> Option<u64> {
    form.must(field, "must be given: a number of days");
    let days = form.count(field)?;
    let message = format!("must be 1 to {most} days");
    form.or_refuse(field, "range", message, (1..=most).contains(&days).then_some(days))
}

/// Sentences that one list may hold.
const SENTENCES: usize = 20;

/// Reads a list of sentences, each with its own word. A page gives one a line, as `word: sentence`.
fn sentences(form: &mut Form, field: &str) -> Vec<Sentence> {
    let found = match form.is_page() {
        true => lines(form, field),
        false => form.objects(field, SENTENCES, |form| {
            form.must(
                "word",
                "must be given: a short word for the sentence, such as no_contact",
            );
            Sentence {
                word: form
                    .text_where("word", "form", "must be 1 to 60 of a-z, 0-9 and _", 60, is_word)
                    .unwrap_or_default(),
                says: form.required("says", LINE),
            }
        }),
    };
    let twice = |(i, one): (usize, &Sentence)| found[..i].iter().any(|before| before.word == one.word).then_some(i);
    for i in found.iter().enumerate().filter_map(twice).collect::<Vec<_>>() {
        let place = match form.is_page() {
            true => field.to_owned(),
            false => format!("{field}[{i}].word"),
        };
        form.refuse(&place, "unique", "has a word twice: each sentence needs its own");
    }
    found
}

fn is_word(word: &str) -> bool {
    let of = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=60).contains(&word.len()) && word.chars().all(of)
}

fn lines(form: &mut Form, field: &str) -> Vec<Sentence> {
    let text = form.text(field, TEXT).unwrap_or_default();
    let mut found = Vec::new();
    for (i, line) in text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        let parts = line.split_once(':').map(|(word, says)| (word.trim(), says.trim()));
        match parts.filter(|(word, says)| is_word(word) && !says.is_empty() && says.chars().count() <= LINE) {
            Some((word, says)) => found.push(Sentence {
                word: word.to_owned(),
                says: says.to_owned(),
            }),
            None => {
                let message = format!(
                    "line {}: write a word of a-z, 0-9 and _, a colon, and the sentence",
                    i + 1
                );
                form.refuse(field, "form", message);
            }
        }
    }
    if found.len() > SENTENCES {
        let message = format!("has {} sentences, at most {SENTENCES} are taken", found.len());
        form.refuse(field, "too_many", message);
    }
    found
}

words! {
    /// Where a version of the policy stands.
    PolicyState {
        /// It waits for a supervisor's countersignature.
        Proposed = "proposed",
        /// It counts from its countersignature on, until a later version is adopted.
        Adopted = "adopted",
        /// A supervisor declined it.
        Declined = "declined",
        /// Its author took it back.
        Withdrawn = "withdrawn",
    }
}

/// A version of the authorization policy: its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationPolicy {
    /// Its id.
    pub id: String,
    /// Its number: 1 is the first that the agency proposed.
    pub number: i64,
    /// Where it stands.
    pub state: PolicyState,
    /// What it says.
    pub terms: PolicyTerms,
    /// SHA-256 of the terms' canonical JSON (RFC 8785), in hex.
    pub sha256: String,
    /// Why it is changed.
    pub reason: String,
    /// Who wrote it.
    pub author: Person,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// The supervisor's word, where it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<PolicyRuling>,
    /// The version of this record: 1 as proposed, 2 as it was decided or taken back.
    pub version: i64,
}

/// A supervisor's word on a version of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRuling {
    /// By whom.
    pub by: Person,
    /// When: an adopted version counts from here on.
    pub at: Timestamp,
    /// Why, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which version of the policy something was asked for or decided under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRef {
    /// Its number; 0 is the one that ships with the program.
    pub number: i64,
    /// SHA-256 of its terms' canonical JSON, in hex.
    pub sha256: String,
}

/// The policy that counts at a moment.
#[derive(Debug, Clone)]
pub struct PolicyInForce {
    /// Which it is.
    pub reference: PolicyRef,
    /// What it says.
    pub terms: PolicyTerms,
    /// The version that the agency adopted; `None` where the shipped one counts.
    pub adopted: Option<Box<AuthorizationPolicy>>,
}

impl PolicyInForce {
    /// The one that ships with the program.
    ///
    /// # Errors
    /// None in a program that passed its tests.
    pub fn shipped() -> Result<Self> {
        let terms = PolicyTerms::shipped()?;
        let reference = PolicyRef {
            number: 0,
            sha256: terms.sha256()?,
        };
        Ok(Self {
            reference,
            terms,
            adopted: None,
        })
    }

    /// A version that the agency adopted.
    pub fn adopted(policy: AuthorizationPolicy) -> Self {
        Self {
            reference: PolicyRef {
                number: policy.number,
                sha256: policy.sha256.clone(),
            },
            terms: policy.terms.clone(),
            adopted: Some(Box::new(policy)),
        }
    }
}

/// A version about to be proposed.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// What it says.
    pub terms: PolicyTerms,
    /// Why it is changed.
    pub reason: String,
}

impl NewPolicy {
    /// Reads one.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(mut form: Form) -> Result<Self> {
        form.must("terms", "must be given: what the policy says");
        let terms = form.object("terms", PolicyTerms::take).flatten();
        let reason = form.required("reason", TEXT);
        form.done()?;
        let terms = terms.ok_or_else(|| Error::field("terms", "required", "must be given: what the policy says"))?;
        Ok(Self { terms, reason })
    }
}

words! {
    /// What a supervisor answers to a proposed version.
    PolicyOutcome {
        /// It counts from now on.
        Adopt = "adopt",
        /// It does not count.
        Decline = "decline",
    }
}

/// A supervisor's answer to a proposed version.
#[derive(Debug, Clone)]
pub struct PolicyAnswer {
    /// What is answered.
    pub outcome: PolicyOutcome,
    /// Why; to decline needs it.
    pub reason: Option<String>,
}

impl PolicyAnswer {
    /// Reads one.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(mut form: Form) -> Result<Self> {
        let outcome = form.required_word("decision").unwrap_or(PolicyOutcome::Decline);
        let reason = match outcome {
            PolicyOutcome::Adopt => form.filled("reason", REASON),
            PolicyOutcome::Decline => Some(form.required("reason", REASON)),
        };
        form.done()?;
        Ok(Self { outcome, reason })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rules(change: impl Fn(&mut Value)) -> Vec<(String, String)> {
        let mut terms: Value = serde_json::from_str(SHIPPED).expect("the shipped policy");
        change(&mut terms);
        let form = Form::new(json!({"terms": terms, "reason": "because"})).expect("an object");
        let broken = NewPolicy::parse(form).expect_err("broken");
        broken
            .errors
            .iter()
            .map(|e| (e.field.clone(), e.rule.clone()))
            .collect()
    }

    #[test]
    fn the_shipped_policy_is_one_that_could_be_proposed() {
        let terms: Value = serde_json::from_str(SHIPPED).expect("the shipped policy");
        let form = Form::new(json!({"terms": terms, "reason": "because"})).expect("an object");
        let read = NewPolicy::parse(form).expect("read");
        assert_eq!(read.terms, PolicyTerms::shipped().expect("the shipped policy"));
        assert_eq!(json!(read.terms), terms, "nothing is added or lost");
    }

    #[test]
    fn broken_terms_are_told_by_field_and_rule() {
        let one = |field: &str, rule: &str| vec![(format!("terms.{field}"), rule.to_owned())];
        assert_eq!(
            rules(|t| t["covert"]["approvals"] = json!(3)),
            one("covert.approvals", "range")
        );
        assert_eq!(
            rules(|t| t["overt"]["above_unit"] = json!(true)),
            one("overt.above_unit", "range")
        );
        assert_eq!(
            rules(|t| t["overt"]["longest_days"] = json!(0)),
            one("overt.longest_days", "range")
        );
        assert_eq!(
            rules(|t| t["discreet"]["review_days"] = json!(91)),
            one("discreet.review_days", "range")
        );
        assert_eq!(
            rules(|t| t["overt"]["devices"] = json!([])),
            one("overt.devices", "required")
        );
        assert_eq!(
            rules(|t| t["overt"]["requester_confirms"] = json!([])),
            one("overt.requester_confirms", "required")
        );
        let twice = json!([{"word": "hiring", "says": "x"}, {"word": "hiring", "says": "y"}]);
        assert_eq!(
            rules(|t| t["forbidden_purposes"] = twice.clone()),
            one("forbidden_purposes[1].word", "unique")
        );
        assert_eq!(rules(|t| t["overt"]["extra"] = json!(1)), one("overt.extra", "unknown"));
        assert!(
            rules(|t| t["covert"] = Value::Null)
                .iter()
                .any(|(field, _)| field == "terms.covert")
        );
    }

    #[test]
    fn an_order_of_units_holds_for_theirs_and_those_below() {
        let mut terms = PolicyTerms::shipped().expect("the shipped policy").overt;
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        terms.standing_order_units = of(&["Patrol"]);
        assert_eq!(terms.order_for(&of(&["Patrol"])), None, "there is no order");
        terms.standing_order = Some("GO 12".into());
        assert_eq!(
            terms.order_for(&of(&["Agency", "Patrol", "Night shift"])),
            Some("GO 12")
        );
        assert_eq!(terms.order_for(&of(&["Agency"])), None);
        terms.standing_order_units.clear();
        assert_eq!(terms.order_for(&of(&["Agency"])), Some("GO 12"));
        let units = json!(["Patrol"]);
        assert_eq!(
            rules(|t| t["overt"]["standing_order_units"] = units.clone()),
            [("terms.overt.standing_order".to_owned(), "required".to_owned())]
        );
    }

    #[test]
    fn to_decline_says_why() {
        let read = |v: Value| PolicyAnswer::parse(Form::new(v).expect("an object"));
        assert!(read(json!({"decision": "adopt"})).is_ok());
        assert_eq!(
            read(json!({"decision": "decline"})).expect_err("refused").errors[0].field,
            "reason"
        );
    }
}
