//! One request as its decider reads it: terms, checks, and the form of the decision. The queue and the authorization's
//! own page show the same.

use super::ShownAuthorization;
use crate::authorization_policies::{AskedField, PolicyRef, PolicyTerms, Sentence};
use crate::authorizations::check::{CheckVerdict, RequestCheck};
use crate::authorizations::checks::attested;
use crate::authorizations::closing::ClosingReport;
use crate::authorizations::model::{
    Addition, Authorization, AuthorizationDecision, AuthorizationState, CoveredAccount, Level, Ruling,
};
use crate::authorizations::{ops, reads};
use crate::clock::{Micros, Timestamp};
use crate::error::Result;
use crate::gate::{Scope, Tx};
use crate::http::WriteRequest;
use crate::http::decision::{DecisionChoice, DecisionField, DecisionForm, ReasonChip, with_chosen_reason};
use crate::http::pages::PageRequest;
use crate::page::words as page_words;
use crate::policy::Act;
use crate::subjects::platform_name;
use crate::text::{Moment, Zone, block, counted, label, line};

/// A check as a page shows it.
pub struct ShownCheck {
    pub verdict: CheckVerdict,
    pub name: &'static str,
    pub why: String,
}

impl ShownCheck {
    fn of(check: &RequestCheck) -> Self {
        let name = match &*check.check {
            "decider" => "You may decide",
            word => page_words::check(word),
        };
        Self {
            verdict: check.verdict,
            name,
            why: line(&check.why),
        }
    }
}

/// One request with all that its decider needs.
pub struct RequestPane {
    pub shown: ShownAuthorization,
    pub case_id: String,
    pub case_number: String,
    pub case_title: String,
    pub urgent: bool,
    pub facts: Vec<(&'static str, String)>,
    pub purpose: String,
    pub predicate: String,
    pub checks: Vec<ShownCheck>,
    /// Holders whom it does not cover now, for want of a training.
    pub suspended: String,
    /// Those of its aliases that exist for the reader, by their ids: the registry shows them.
    pub aliases: Vec<String>,
    /// What is to be known of it as an emergency, or of an oral approval.
    pub beside: Vec<String>,
    /// Whether a review of it is overdue.
    pub review_overdue: bool,
    /// How it was cut off and when, where it was.
    pub cut_off: Option<(&'static str, Micros)>,
    /// What its approval binds the holders to.
    pub conditions: Option<String>,
    /// Whether its closing report may be made now, and until when that is due where it has ended.
    pub closing: Option<ClosingDue>,
    /// The closing report, where one was made.
    pub closed: Option<ShownClosing>,
    /// How the last word on it was given, where one was.
    pub told: Option<String>,
    /// Whether it covers named accounts only.
    pub names_accounts: bool,
    pub additions: Vec<ShownAddition>,
    pub decision: Option<DecisionForm>,
    pub rights: reads::AuthorizationRights,
}

impl RequestPane {
    /// Reads the request; a decision is sent to `action`.
    pub async fn of(page: &PageRequest, id: &str, action: String) -> Result<Self> {
        let read = reads::weighed(&page.app.gate, &page.ctx, id.to_owned()).await?;
        let (zone, asked) = (Zone::named(Some(&read.case.time_zone)), &read.asked);
        let shown = ShownAuthorization::of(asked, read.now, zone);
        let runs = shown.state == AuthorizationState::Emergency;
        let waits = (runs || shown.state == AuthorizationState::Requested) && read.rights.decides;
        Ok(Self {
            case_id: read.case.id.clone(),
            case_number: line(&read.case.number),
            case_title: line(&read.case.title),
            urgent: read.case.is_about_somebody_endangered(),
            facts: facts(asked, zone),
            purpose: block(&asked.terms.purpose),
            predicate: block(&asked.terms.predicate),
            checks: read.checks.iter().map(ShownCheck::of).collect(),
            suspended: line(&read.suspended.join(", ")),
            aliases: read.aliases.clone(),
            beside: beside(asked, read.now, zone),
            review_overdue: asked.review_overdue(read.now).is_some(),
            cut_off: asked.cut_off(read.now),
            conditions: approved(asked)
                .and_then(|ruling| ruling.conditions.as_deref())
                .map(block),
            closing: ClosingDue::of(&read, zone),
            closed: asked.closing.as_ref().map(|closing| ShownClosing::of(closing, zone)),
            told: told(asked, zone),
            names_accounts: !asked.terms.accounts.is_empty(),
            additions: asked.additions.iter().map(|one| ShownAddition::of(one, zone)).collect(),
            decision: waits.then(|| match runs {
                true => emergency_form(asked, &read.policy, action),
                false => form(asked, (&shown, &read.policy), action),
            }),
            rights: read.rights,
            shown,
        })
    }

    /// Whether an account that turned up waits for the reader's answer.
    pub fn asks_for_account(&self) -> bool {
        let waits = self.additions.iter().any(|one| one.answered.is_none());
        waits && self.rights.decides_additions && self.shown.state == AuthorizationState::Approved
    }

    /// What became of it, for the line after a decision.
    pub fn outcome(&self) -> String {
        format!("A-{} is {}", self.shown.number, self.shown.state.as_str())
    }
}

/// What its readers are to know of an emergency, and of an oral approval, in sentences.
fn beside(asked: &Authorization, now: Micros, zone: Zone) -> Vec<String> {
    let at = |at: Timestamp| zone.at(at.0).shown().to_owned();
    let mut told = Vec::new();
    if let Some(start) = &asked.emergency {
        let paged: Vec<String> = start.paged.iter().map(|person| line(&person.name)).collect();
        told.push(match paged.is_empty() {
            true => "Started for danger to life. Nobody was on call, so that it paged nobody.".to_owned(),
            false => format!(
                "Started for danger to life. It pages {}, on call then.",
                paged.join(", ")
            ),
        });
    }
    match asked.state_at(now) {
        AuthorizationState::Emergency => told.push(format!(
            "It counts now, and lapses at {} unless a supervisor confirms it. What is captured under it waits for a decision.",
            at(asked.terms.ends_at)
        )),
        AuthorizationState::Lapsed => told.push(
            "Nobody confirmed it, so that it lapsed. What was captured under it stays as it was judged then, and a supervisor decides about each."
                .to_owned(),
        ),
        AuthorizationState::Repudiated => told.push(
            "It was no emergency. What was captured under it stays as it was judged then, and a supervisor decides about each."
                .to_owned(),
        ),
        _ => {}
    }
    if let Some(oral) = &asked.oral {
        let confirmed = asked.decision.as_ref().filter(|ruling| ruling.confirms_oral);
        let then = match confirmed {
            Some(ruling) => format!("confirmed in writing at {}", at(ruling.at)),
            None => "not confirmed in writing".to_owned(),
        };
        told.push(format!(
            "Approved by word of mouth by {} at {} ({}), as {} recorded; {then}. It counts from the writing on: what was captured before is ratified or held.",
            line(&oral.by.name),
            at(oral.given_at),
            label(oral.how.as_str()).to_lowercase(),
            line(&oral.recorded_by.name)
        ));
    }
    told
}

/// The approval of an authorization, or the first of two.
fn approved(asked: &Authorization) -> Option<&Ruling> {
    let last = asked.decision.as_ref().filter(|_| asked.effective_from.is_some());
    last.or_else(|| asked.approvals.first())
}

/// When a closing report is due.
pub struct ClosingDue {
    /// The last moment, where the authorization has ended; until then it ends by the report.
    pub until: Option<String>,
    /// Whether that is past.
    pub overdue: bool,
}

impl ClosingDue {
    fn of(read: &reads::WeighedRequest, zone: Zone) -> Option<Self> {
        let due = read.asked.closing_due(read.now, read.policy.closing_days);
        let runs = read.asked.state_at(read.now) == AuthorizationState::Approved;
        (runs || due.is_some()).then(|| Self {
            until: due.map(|at| zone.at(at).shown().to_owned()),
            overdue: due.is_some_and(|at| at < read.now),
        })
    }
}

/// A closing report as its page shows it.
pub struct ShownClosing {
    pub by: String,
    pub at: Moment,
    pub outcome: String,
    pub report: String,
    pub confidential_material: Option<String>,
    pub captures: String,
}

impl ShownClosing {
    fn of(report: &ClosingReport, zone: Zone) -> Self {
        let captures = u64::try_from(report.captures).unwrap_or(0);
        Self {
            by: line(&report.by.name),
            at: zone.at(report.at.0),
            outcome: label(report.outcome.as_str()),
            report: block(&report.report),
            confidential_material: report.confidential_material.as_deref().map(block),
            captures: counted(captures, "capture", "captures"),
        }
    }
}

/// An account that turned up, as the page of its authorization shows it.
pub struct ShownAddition {
    pub id: String,
    pub account: String,
    pub reason: String,
    pub asked_by: String,
    pub asked: Moment,
    /// How it was answered: the word, by whom, when and why.
    pub answered: Option<(&'static str, String, Moment, String)>,
}

impl ShownAddition {
    fn of(addition: &Addition, zone: Zone) -> Self {
        let word = match addition.covered_from() {
            Some(_) => "Added",
            None => "Denied",
        };
        Self {
            id: addition.id.clone(),
            account: addition.account.called(),
            reason: block(&addition.reason),
            asked_by: line(&addition.requester.name),
            asked: zone.at(addition.requested_at.0),
            answered: addition.decision.as_ref().map(|ruling| {
                let why = ruling.reason.as_deref().map(block).unwrap_or_default();
                (word, line(&ruling.by.name), zone.at(ruling.at.0), why)
            }),
        }
    }
}

/// The last word on an authorization: what, by whom, when and why.
pub(super) fn told(asked: &Authorization, zone: Zone) -> Option<String> {
    let ruling = asked.revoked.as_ref().or(asked.decision.as_ref())?;
    let what = match (&asked.revoked, ruling.outcome.as_deref()) {
        (Some(_), _) => "Revoked",
        (None, Some("approve")) => "Approved",
        (None, Some("deny")) => "Denied",
        (None, Some("confirm")) => "Confirmed",
        (None, Some("repudiate")) => "Repudiated",
        _ => "Returned",
    };
    let reason = ruling.reason.as_deref().map(|reason| format!(": {}", line(reason)));
    let conditions = ruling
        .conditions
        .as_deref()
        .map(|told| format!(". Conditions: {}", line(told)));
    let at = zone.at(ruling.at.0);
    Some(format!(
        "{what} by {}, {}{}{}",
        ruling.given_by(),
        at.shown(),
        reason.unwrap_or_default(),
        conditions.unwrap_or_default()
    ))
}

/// What a level means, in a sentence.
pub(super) fn level_says(level: Level) -> &'static str {
    match level {
        Level::Overt => "As the agency or openly. Official account or none.",
        Level::Discreet => "The agency not apparent. No contact.",
        Level::Covert => "Under an alias, contact possible.",
    }
}

pub(super) fn facts(a: &Authorization, zone: Zone) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let mut put = |name, value: String| facts.extend((!value.is_empty()).then(|| (name, line(&value))));
    let joined = |words: Vec<&str>| words.join(", ");
    put(
        "Level",
        format!("{}. {}", label(a.terms.level.as_str()), level_says(a.terms.level)),
    );
    put("Platforms", super::platforms(a));
    let accounts: Vec<String> = a.terms.accounts.iter().filter_map(account).collect();
    put(
        "Accounts",
        match accounts.is_empty() {
            true => "all of these platforms".to_owned(),
            false => accounts.join(", "),
        },
    );
    put(
        "Holders",
        joined(a.holders.iter().map(|holder| holder.name.as_str()).collect()),
    );
    put("Aliases", page_words::aliases(a.aliases_named).unwrap_or_default());
    put("Devices", joined(a.terms.devices.iter().map(|d| d.as_str()).collect()));
    put(
        "Review",
        a.terms
            .review_at
            .map(|at| zone.at(at.0).shown().to_owned())
            .unwrap_or_default(),
    );
    let searches = a.terms.searches.iter().map(String::as_str);
    put("Searches", page_words::searches(searches));
    put("Scope", a.terms.scope_note.clone().unwrap_or_default());
    for field in AskedField::ALL {
        put(field.label(), a.terms.answer(*field).unwrap_or_default().to_owned());
    }
    put("Plan or legal process", a.terms.plan.clone().unwrap_or_default());
    put("Confirmed", attested(a).join(" "));
    let policy = |policy: &PolicyRef| match policy.number {
        0 => "the one that ships with Casetrail".to_owned(),
        number => format!("version {number}"),
    };
    put("Policy", a.policy.as_ref().map(policy).unwrap_or_default());
    facts
}

fn account(account: &CoveredAccount) -> Option<String> {
    let name = account
        .handle
        .as_deref()
        .or(account.platform_id.as_deref())
        .or(account.url.as_deref())?;
    Some(format!("{name} on {}", platform_name(&account.platform)))
}

const REASONS: &[ReasonChip] = &[
    ReasonChip {
        of: "approve",
        word: "Necessary and proportionate",
        sentence: "Necessary for the purpose and proportionate: the scope fits the predicate.",
    },
    ReasonChip {
        of: "approve",
        word: "Danger to life",
        sentence: "Danger to life: somebody is missing or endangered, and time matters.",
    },
    ReasonChip {
        of: "return",
        word: "Too broad",
        sentence: "Broader than the predicate carries: name fewer platforms, accounts or days.",
    },
    ReasonChip {
        of: "return",
        word: "Say which accounts",
        sentence: "All accounts of a platform are more than the purpose needs: name the accounts.",
    },
    ReasonChip {
        of: "deny",
        word: "The predicate does not carry it",
        sentence: "The facts given do not carry it: nothing goes beyond what people may lawfully say, believe or join.",
    },
    ReasonChip {
        of: "deny",
        word: "Less would do",
        sentence: "Less intrusive means would do: use those first.",
    },
];

fn form(asked: &Authorization, (shown, policy): (&ShownAuthorization, &PolicyTerms), action: String) -> DecisionForm {
    let choice = |value, word: String, says: &str, look| DecisionChoice {
        value,
        word,
        says: says.to_owned(),
        look,
    };
    DecisionForm {
        action,
        version: asked.version,
        field: "decision",
        reason: "reason",
        label: "Reason, kept on the record",
        hint: "Needed to return or to deny it, and to approve it where a check asks for a reason.",
        chips: REASONS,
        choices: vec![
            choice(
                "approve",
                format!("Approve until {}", shown.ends.to_the_minute()),
                "Counts from now on. Nothing is covered backwards.",
                " btn--primary",
            ),
            choice(
                "return",
                "Return for change".to_owned(),
                "Gives no leave. The requester can mend the request and ask again.",
                "",
            ),
            choice(
                "deny",
                "Deny".to_owned(),
                "Gives no leave and ends this request. Another one can be asked for.",
                " btn--danger",
            ),
        ],
        confirms: Some(confirmed(policy, asked.terms.level)),
        also: Some(DecisionField {
            name: "conditions",
            label: "Conditions of an approval",
            hint: "What the holders are bound to. It stands in the record, and they read it.",
        }),
    }
}

const EMERGENCY_REASONS: &[ReasonChip] = &[
    ReasonChip {
        of: "confirm",
        word: "Danger to life",
        sentence: "There was a danger to life, and leave could not be waited for.",
    },
    ReasonChip {
        of: "repudiate",
        word: "No danger shown",
        sentence: "Nothing shows a danger to life that could not wait for leave.",
    },
];

/// The form of a word on an emergency that runs.
fn emergency_form(asked: &Authorization, policy: &PolicyTerms, action: String) -> DecisionForm {
    let choice = |value, word: &str, says: &str, look| DecisionChoice {
        value,
        word: word.to_owned(),
        says: says.to_owned(),
        look,
    };
    DecisionForm {
        action,
        version: asked.version,
        field: "decision",
        reason: "reason",
        label: "Reason, kept on the record",
        hint: "Needed to repudiate it, and to confirm it where a check asks for a reason.",
        chips: EMERGENCY_REASONS,
        choices: vec![
            choice(
                "confirm",
                "Confirm the emergency",
                "It was leave from its start, and ends when it would have. What goes on needs a request.",
                " btn--primary",
            ),
            choice(
                "repudiate",
                "It was none",
                "It covers nothing from now on. What was captured under it waits for your decision, one by one.",
                " btn--danger",
            ),
        ],
        confirms: Some(confirmed(policy, asked.terms.level).replace("With an approval", "With a confirmation")),
        also: Some(DecisionField {
            name: "conditions",
            label: "Conditions of a confirmation",
            hint: "What the holders are bound to. It stands in the record, and they read it.",
        }),
    }
}

/// What an approver confirms, in the words of the policy.
fn confirmed(policy: &PolicyTerms, level: Level) -> String {
    let says = |all: &[Sentence]| all.iter().map(|one| line(&one.says)).collect::<Vec<_>>().join(" ");
    let confirms = says(&policy.of(level).approver_confirms);
    match policy.forbidden_purposes.is_empty() {
        true => format!("With an approval you confirm: {confirms}"),
        false => format!(
            "With an approval you confirm: {confirms} And that it serves none of these purposes: {}",
            says(&policy.forbidden_purposes)
        ),
    }
}

/// Decides about the version of a request that a page showed.
///
/// # Errors
/// As the API's decision; stale where it was mended meanwhile.
pub async fn decide_shown(id: String, mut request: WriteRequest) -> Result<Authorization> {
    let (act, scope) = (Act::AuthorizationDecide, Scope::Authorization(id.clone()));
    request.check(act, &scope).await?;
    let form = with_chosen_reason(request.form().await?, "reason");
    let decision = AuthorizationDecision {
        seen: request.version_seen()?,
        ..AuthorizationDecision::parse(form)?
    };
    let verb = move |tx: &mut Tx<'_>| ops::decide(tx, &id, &decision);
    request.transact(act, scope, verb).await
}
