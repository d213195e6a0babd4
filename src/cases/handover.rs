//! Handing a case over takes two: whoever may proposes another lead, who accepts or declines. Until then the lead leads.

use super::model::{Case, Proposal};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{CaseContext, Tx};
use crate::identity::Caller;
use crate::ledger::Action;
use crate::policy::{Act, CaseStatus, Role};
use crate::users::store as people;

/// What `lead_id` of a patch comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// Another person is proposed.
    Proposed,
    /// Who was proposed names themselves.
    Accepted,
    /// Who was proposed names the lead.
    Declined,
    /// Somebody else names the lead.
    Withdrawn,
}

impl Handover {
    /// What this caller means by it, as the case stands.
    pub fn meant(caller: &Caller, case: &CaseContext, lead_id: &str) -> Self {
        match (case.relation.proposed_lead, lead_id == case.lead_id) {
            (true, _) if lead_id == caller.user => Self::Accepted,
            (true, true) => Self::Declined,
            (false, true) => Self::Withdrawn,
            (_, false) => Self::Proposed,
        }
    }

    /// The right that it takes.
    pub fn act(self) -> Act {
        match self {
            Self::Proposed | Self::Withdrawn => Act::LeadPropose,
            Self::Accepted | Self::Declined => Act::LeadAnswer,
        }
    }

    /// How the ledger tells it; nothing where there was nothing to take back.
    pub fn action(self, before: &Case) -> Option<Action> {
        match self {
            Self::Proposed => Some(Action::LeadProposed),
            Self::Accepted => Some(Action::LeadAccepted),
            Self::Declined => Some(Action::LeadDeclined),
            Self::Withdrawn => before.proposed_lead.as_ref().map(|_| Action::LeadWithdrawn),
        }
    }

    /// Puts it into the next version.
    pub fn put(self, tx: &mut Tx<'_>, lead_id: &str, next: &mut Case) -> Result<()> {
        match self {
            Self::Proposed => return propose(tx, lead_id, next),
            Self::Accepted => next.lead = tx.me(),
            Self::Declined | Self::Withdrawn => {}
        }
        next.end_proposal();
        Ok(())
    }
}

fn propose(tx: &mut Tx<'_>, id: &str, next: &mut Case) -> Result<()> {
    let refuse = |rule, message: &str| Err(Error::field("lead_id", rule, message));
    if next.status == CaseStatus::Closed {
        return refuse(
            "open",
            "cannot change with the closing: a closed case takes no new lead",
        );
    }
    let person = people::named(tx.conn, "lead_id", id)?;
    if person.user == tx.caller.user {
        return refuse(
            "other",
            "must be somebody else: nobody names themselves; another proposes you, and you accept",
        );
    }
    if !person.is(Role::Investigator) && !person.is(Role::Supervisor) {
        return refuse("role", "must be an investigator or a supervisor");
    }
    next.proposed_lead = Some(person.person());
    next.proposal = Some(Proposal {
        by: tx.me(),
        at: Timestamp(tx.now),
        reason: next.reason.clone(),
    });
    Ok(())
}
