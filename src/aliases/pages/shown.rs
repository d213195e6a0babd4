//! An alias as its pages show it.

use crate::aliases::model::{AliasAccount, AliasState, AliasUseView, AliasView, AliasWord};
use crate::clock::Micros;
use crate::subjects::platform_name;
use crate::text::{Moment, Zone, block, label, line};

/// Something that was said about an alias.
pub struct ShownWord {
    pub what: &'static str,
    pub by: String,
    pub at: Moment,
    pub text: String,
}

/// An alias.
pub struct ShownAlias {
    pub id: String,
    pub state: AliasState,
    pub state_name: String,
    pub name: String,
    pub holder: String,
    pub accounts: Vec<String>,
    pub purpose: String,
    pub photo_source: Option<String>,
    pub device: String,
    pub custodian: String,
    /// When the next review is due.
    pub review_due: Option<Moment>,
    pub overdue: bool,
    /// What happened to it, the newest first.
    pub history: Vec<ShownWord>,
}

impl ShownAlias {
    /// In a zone, now.
    pub fn of(view: &AliasView, (zone, now): (Zone, Micros)) -> Self {
        let alias = &view.alias;
        let terms = &alias.terms;
        Self {
            id: alias.id.clone(),
            state: alias.state,
            state_name: label(alias.state.as_str()),
            name: line(&terms.name),
            holder: line(&alias.holder.name),
            accounts: terms.accounts.iter().map(account).collect(),
            purpose: block(&terms.purpose),
            photo_source: terms.photo_source.as_deref().map(block),
            device: line(&terms.device),
            custodian: line(&terms.custodian),
            review_due: view.review_due.map(|due| zone.at(due.0)),
            overdue: alias.is_overdue(now),
            history: history(view, zone),
        }
    }

    /// The look of the chip that names the state.
    pub fn tone(&self) -> &'static str {
        match self.state {
            AliasState::Requested => " chip--warn",
            AliasState::Approved => " chip--ok",
            AliasState::Declined => " chip--bad",
            AliasState::Retired => "",
        }
    }
}

fn account(account: &AliasAccount) -> String {
    let names = [&account.handle, &account.platform_id, &account.url];
    let named: Vec<String> = names.into_iter().flatten().map(|name| line(name)).collect();
    match named.is_empty() {
        true => platform_name(&account.platform),
        false => format!("{} on {}", named.join(", "), platform_name(&account.platform)),
    }
}

fn history(view: &AliasView, zone: Zone) -> Vec<ShownWord> {
    let alias = &view.alias;
    let said = |what: &'static str, word: &AliasWord| ShownWord {
        what,
        by: line(&word.by.name),
        at: zone.at(word.at.0),
        text: word.text.as_deref().map(block).unwrap_or_default(),
    };
    let decided = match alias.state {
        AliasState::Declined => "Declined",
        _ => "Approved",
    };
    let asked = AliasWord {
        by: alias.requester.clone(),
        at: alias.requested_at,
        text: None,
    };
    let mut all = vec![said("Asked for", &asked)];
    all.extend(alias.decision.iter().map(|word| said(decided, word)));
    all.extend(alias.reviews.iter().map(|word| said("Reviewed", word)));
    all.extend(alias.retirement.iter().map(|word| said("Retired", word)));
    all.reverse();
    all
}

/// A capture under an alias.
pub struct ShownUse {
    pub capture: String,
    pub item: i64,
    pub at: Moment,
}

impl ShownUse {
    /// In a zone.
    pub fn of(view: &AliasUseView, zone: Zone) -> Self {
        Self {
            capture: view.made.capture_id.clone(),
            item: view.item,
            at: zone.at(view.made.captured_at.0),
        }
    }
}
