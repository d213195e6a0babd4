//! The release of a referral on pages: as its supervisor reads it, with the form of the decision, and what became of it.

use crate::error::Result;
use crate::forms::Form;
use crate::http::decision::{DecisionChoice, DecisionForm, ReasonChip, with_chosen_reason};
use crate::http::pages::PageRequest;
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::packets::disclosures::pages::after;
use crate::packets::model::PacketView;
use crate::packets::released::{Release, ReleaseView};
use crate::packets::{api, reads};
use crate::text::{Zone, line};

/// A referral as the supervisors' queue shows it.
pub struct ReferralPane {
    pub id: String,
    pub name: String,
    pub recipient: Option<String>,
    pub requested_by: String,
    pub requested: String,
    /// How many captures were named; none where all were meant.
    pub selected: Option<usize>,
    /// What became of it, where it is decided.
    pub told: Option<String>,
    pub decision: Option<DecisionForm>,
}

impl ReferralPane {
    /// Reads the packet; a decision is sent to `action`.
    pub async fn of(page: &PageRequest, id: &str, action: String) -> Result<Self> {
        let (gate, ctx) = (&page.app.gate, &page.ctx);
        let packet = reads::packet(gate, ctx, id.to_owned()).await?;
        let may_release = reads::may_release(gate, ctx, id.to_owned()).await?;
        let zone = Zone::named(None);
        Ok(Self {
            id: packet.id.clone(),
            name: line(&packet.name),
            recipient: packet.recipient.as_deref().map(line),
            requested_by: line(&packet.requested_by.name),
            requested: zone.at(packet.requested_at.0).shown().to_owned(),
            selected: packet.selected,
            told: told(&packet, zone),
            decision: form(&packet, action).filter(|_| may_release),
        })
    }

    /// What became of it, for the line after a decision.
    pub fn outcome(&self) -> String {
        let waits = || format!("{} waits for its release", self.name);
        self.told.clone().unwrap_or_else(waits)
    }
}

/// What was decided about a packet's release, by whom, when and why.
pub(super) fn told(packet: &PacketView, zone: Zone) -> Option<String> {
    let (word, decision) = match packet.release.as_ref()? {
        ReleaseView::Waiting => return None,
        ReleaseView::Released(decision) => ("Released", decision),
        ReleaseView::Refused(decision) => ("Refused", decision),
    };
    let reason = decision.reason.as_deref().map(|reason| format!(": {}", line(reason)));
    Some(format!(
        "{word} by {}, {}{}",
        line(&decision.by.name),
        zone.at(decision.at.0).shown(),
        reason.unwrap_or_default()
    ))
}

const REASONS: &[ReasonChip] = &[
    ReasonChip {
        of: "released",
        word: "Whole and in order",
        sentence: "Looked through: what the receiving agency needs is there, and nothing that it may not have.",
    },
    ReasonChip {
        of: "refused",
        word: "More than it needs",
        sentence: "It holds more than the receiving agency needs to know: leave items out.",
    },
    ReasonChip {
        of: "refused",
        word: "Review first",
        sentence: "Items in it are not reviewed: have them reviewed, then build it again.",
    },
];

/// The form of the decision, for a referral that waits for it.
pub(super) fn form(packet: &PacketView, action: String) -> Option<DecisionForm> {
    let waits = packet.state == "ready" && matches!(packet.release, Some(ReleaseView::Waiting));
    let choice = |value, word: &str, says: &str, look| DecisionChoice {
        value,
        word: word.to_owned(),
        says: says.to_owned(),
        look,
    };
    waits.then(|| DecisionForm {
        action,
        version: 1,
        field: "outcome",
        reason: "reason",
        label: "Reason, kept on the record",
        hint: "Needed to refuse it.",
        chips: REASONS,
        choices: vec![
            choice(
                "released",
                "Release",
                "The lead and those who may export can download it.",
                " btn--primary",
            ),
            choice(
                "refused",
                "Refuse",
                "It never leaves. The lead builds another without what you refuse.",
                " btn--danger",
            ),
        ],
        confirms: Some("You look at it first: download it, or open its items in the case.".to_owned()),
        also: None,
    })
}

/// As the API's release; a page's form also says which version it showed, and may choose its reason.
pub async fn decide_shown(id: String, request: WriteRequest) -> Result<Release> {
    api::decide_release(id, request, async |form| Ok(plain(form))).await
}

fn plain(form: Form) -> Form {
    let mut form = with_chosen_reason(form, "reason");
    form.value("version");
    form
}

pub async fn release(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = decide_shown(id.0.clone(), request).await;
    after(&page, (id.0, None), "packet-decided", made.map(drop)).await
}
