//! An alias as its registry keeps it, whether it counts at a time, and how it is asked for and decided.

use serde::{Deserialize, Serialize};

use crate::clock::{DAY, Micros, Timestamp};
use crate::error::Result;
use crate::forms::{Form, LINE, REASON, TEXT, URL};
use crate::identity::Person;
use crate::subjects::{handle, platform};
use crate::words;

/// An alias is reviewed at least so often.
pub const REVIEW_DAYS: i64 = 30;
/// Accounts that one alias has at the most.
const ACCOUNTS: usize = 20;

words! {
    /// Where an alias stands.
    AliasState {
        /// Asked for; a supervisor of the holder's unit decides.
        Requested = "requested",
        /// It may be used, while its review is not overdue.
        Approved = "approved",
        /// It never counted.
        Declined = "declined",
        /// It counts no more.
        Retired = "retired",
    }
}

words! {
    /// What a supervisor answers.
    AliasOutcome {
        /// It counts from now on.
        Approve = "approve",
        /// It does not.
        Decline = "decline",
    }
}

/// An account that an alias has on a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasAccount {
    pub platform: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The platform's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What an alias is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasTerms {
    /// The name under which it goes.
    pub name: String,
    pub accounts: Vec<AliasAccount>,
    pub purpose: String,
    /// Where its photo comes from, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_source: Option<String>,
    /// The device on which it is used.
    pub device: String,
    /// Who keeps its device and what signs it in.
    pub custodian: String,
}

/// What somebody said about an alias: a decision, a review or a retirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasWord {
    pub by: Person,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// An alias: the record of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    pub id: String,
    pub state: AliasState,
    pub holder: Person,
    #[serde(flatten)]
    pub terms: AliasTerms,
    pub requester: Person,
    pub requested_at: Timestamp,
    /// The approval, or the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<AliasWord>,
    /// The reviews, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<AliasWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retirement: Option<AliasWord>,
    pub version: i64,
}

impl Alias {
    /// Until when it counts without another review, as far as was known at a time. `None` where it did not count at all.
    fn counted_until(&self, at: Micros) -> Option<Micros> {
        let was_approved = matches!(self.state, AliasState::Approved | AliasState::Retired);
        let approved = self.decision.as_ref().filter(|_| was_approved)?.at.0;
        let looked = self.reviews.iter().map(|review| review.at.0);
        let last = looked.chain([approved]).filter(|looked| *looked <= at).max()?;
        Some(last.saturating_add(REVIEW_DAYS * DAY))
    }

    /// Whether it may be used on a platform: it names an account there, or none anywhere.
    pub fn is_on(&self, platform: Option<&str>) -> bool {
        let accounts = &self.terms.accounts;
        accounts.is_empty() || platform.is_none_or(|on| accounts.iter().any(|account| account.platform == on))
    }

    /// Whether it counted at a time: approved, not retired, its review not overdue.
    pub fn counts_at(&self, at: Micros) -> bool {
        let retired = self.retirement.as_ref().is_some_and(|retirement| retirement.at.0 <= at);
        !retired && self.counted_until(at).is_some_and(|until| at <= until)
    }

    /// When the next review is due; none where none will be.
    pub fn review_due(&self, now: Micros) -> Option<Timestamp> {
        let runs = self.state == AliasState::Approved;
        self.counted_until(now).filter(|_| runs).map(Timestamp)
    }

    /// Whether it is in use but its review is overdue.
    pub fn is_overdue(&self, now: Micros) -> bool {
        self.review_due(now).is_some_and(|due| due.0 < now)
    }
}

/// An alias as its readers see it, with what follows from the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasView {
    #[serde(flatten)]
    pub alias: Alias,
    pub review_due: Option<Timestamp>,
    /// Whether a capture made now would be covered under it.
    pub counts: bool,
    /// The authorizations that name it, of cases that the reader may read; told of one alias, not in lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named_by: Vec<NamedBy>,
}

impl AliasView {
    /// As it stands now.
    pub fn of(alias: Alias, now: Micros) -> Self {
        Self {
            review_due: alias.review_due(now),
            counts: alias.counts_at(now),
            named_by: Vec::new(),
            alias,
        }
    }
}

/// That a capture was made under an alias: the record of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasUse {
    pub alias_id: String,
    pub capture_id: String,
    pub case_id: String,
    pub captured_at: Timestamp,
}

/// A capture under an alias, for a reader who may read its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasUseView {
    #[serde(flatten)]
    pub made: AliasUse,
    /// Its number in the case.
    pub item: i64,
}

/// An authorization that names an alias, for a reader of the registry who may read its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedBy {
    pub authorization_id: String,
    pub case_id: String,
    /// Its number in the case.
    pub number: i64,
}

/// An alias that somebody asks for.
#[derive(Debug, Clone)]
pub struct NewAlias {
    pub terms: AliasTerms,
    /// Who is to hold it; without it, whoever asks.
    pub holder: Option<String>,
}

impl NewAlias {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let terms = AliasTerms {
            name: form.required("name", LINE),
            accounts: form.objects("accounts", ACCOUNTS, account),
            purpose: form.required("purpose", TEXT),
            photo_source: form.filled("photo_source", TEXT),
            device: form.required("device", LINE),
            custodian: form.required("custodian", LINE),
        };
        let holder = form.id("holder");
        if terms.accounts.is_empty() && !form.is_refused("accounts") {
            form.refuse("accounts", "required", "must name at least one platform");
        }
        form.done()?;
        Ok(Self { terms, holder })
    }
}

fn account(form: &mut Form) -> AliasAccount {
    form.must("platform", "must name the platform");
    AliasAccount {
        platform: platform(form, "platform").unwrap_or_default(),
        handle: handle(form, "handle"),
        platform_id: form.filled("platform_id", LINE),
        url: form.filled("url", URL),
    }
}

/// A supervisor's answer to a request.
#[derive(Debug, Clone)]
pub struct AliasAnswer {
    pub outcome: AliasOutcome,
    pub reason: Option<String>,
}

impl AliasAnswer {
    /// Reads and checks it: to decline needs a reason.
    pub fn parse(mut form: Form) -> Result<Self> {
        let outcome = form.required_word("decision").unwrap_or(AliasOutcome::Decline);
        let reason = match outcome {
            AliasOutcome::Approve => form.filled("reason", REASON),
            AliasOutcome::Decline => Some(form.required("reason", REASON)),
        };
        form.done()?;
        Ok(Self { outcome, reason })
    }
}

/// Reads what a review found.
pub fn review_note(form: Form) -> Result<String> {
    form.read(|form| form.required("note", REASON))
}

/// Reads why an alias is retired.
pub fn retirement_reason(form: Form) -> Result<String> {
    form.read(|form| form.required("reason", REASON))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(at: Micros) -> AliasWord {
        let (id, name) = ("s".to_owned(), "S".to_owned());
        AliasWord {
            by: Person { id, name },
            at: Timestamp(at),
            text: None,
        }
    }

    fn alias(state: AliasState) -> Alias {
        let (by, at) = (word(0).by, Timestamp(0));
        Alias {
            id: "a".into(),
            state,
            holder: by.clone(),
            terms: AliasTerms {
                name: "n".into(),
                accounts: Vec::new(),
                purpose: "p".into(),
                photo_source: None,
                device: "d".into(),
                custodian: "c".into(),
            },
            requester: by,
            requested_at: at,
            decision: Some(word(10 * DAY)),
            reviews: Vec::new(),
            retirement: None,
            version: 2,
        }
    }

    #[test]
    fn it_counts_from_its_approval_until_its_review_is_overdue() {
        let one = alias(AliasState::Approved);
        let counts = |day: i64| one.counts_at(day * DAY);
        assert_eq!([9, 10, 40, 41].map(counts), [false, true, true, false]);
        assert!(!one.is_overdue(40 * DAY) && one.is_overdue(41 * DAY));
        assert!(!alias(AliasState::Declined).counts_at(12 * DAY));
    }

    #[test]
    fn a_review_counts_from_then_on_and_never_backwards() {
        let mut one = alias(AliasState::Approved);
        one.reviews = vec![word(45 * DAY)];
        let counts = |day: i64| one.counts_at(day * DAY);
        assert_eq!([40, 44, 45, 75, 76].map(counts), [true, false, true, true, false]);
    }

    #[test]
    fn one_that_is_retired_counted_until_then() {
        let mut one = alias(AliasState::Retired);
        one.retirement = Some(word(20 * DAY));
        assert!(one.counts_at(19 * DAY) && !one.counts_at(20 * DAY));
        assert_eq!(one.review_due(19 * DAY), None);
    }
}
