//! The pages of authorizations: those of a case, a request, one with its decision.

mod emergency;
mod one;
mod pane;
mod policy_hints;
mod request;

pub use pane::{RequestPane, decide_shown};

pub(super) use emergency::{emergency_form, record_oral, review, start};
pub(super) use one::{ask_addition, close, decide, decide_addition, one, revoke, withdraw};
pub(super) use request::{amend, amend_form, keep_draft, new_form, request};

use askama::Template;

use super::model::{Authorization, AuthorizationState};
use super::reads;
use crate::cases::{CasePage, Tab};
use crate::clock::{DAY, Micros, Timestamp};
use crate::error::Result;
use crate::http::PathId;
use crate::http::pages::{self, Frame, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::subjects::platform_name;
use crate::text::{Moment, Zone, counted, label, line};

/// An authorization that ends within this time is marked.
const SOON: Micros = 7 * DAY;

/// An authorization as a page shows it.
pub struct ShownAuthorization {
    pub id: String,
    pub number: i64,
    pub state: AuthorizationState,
    pub state_name: String,
    pub level: String,
    pub platforms: String,
    pub holders: String,
    pub requester: String,
    pub requested: Moment,
    /// When it counts from.
    pub starts: String,
    /// Its end: the revocation, where it was revoked.
    pub ends: Moment,
    /// In how many days it ends, where that is soon.
    pub ends_soon: Option<String>,
    /// Whether it is asked to cover another account, and nobody has decided that.
    pub waits_for_account: bool,
}

impl ShownAuthorization {
    /// In the zone of its case.
    pub fn of(a: &Authorization, now: Micros, zone: Zone) -> Self {
        let names: Vec<&str> = a.holders.iter().map(|holder| holder.name.as_str()).collect();
        let state = a.state_at(now);
        Self {
            id: a.id.clone(),
            number: a.number,
            state,
            state_name: label(state.as_str()),
            level: label(a.terms.level.as_str()),
            platforms: platforms(a),
            holders: line(&names.join(", ")),
            requester: line(&a.requester.name),
            requested: zone.at(a.requested_at.0),
            starts: match a.effective_from {
                Some(from) => zone.at(from.0).shown().to_owned(),
                None if a.terms.starts_at > a.requested_at => zone.at(a.terms.starts_at.0).shown().to_owned(),
                None => "the approval".to_owned(),
            },
            ends: zone.at(a
                .revoked
                .as_ref()
                .map(|revoked| revoked.at)
                .or_else(|| a.closing.as_ref().map(|closing| closing.at))
                .or_else(|| a.cut_off(now).map(|(_, at)| Timestamp(at)))
                .map_or(a.terms.ends_at, |at| at.min(a.terms.ends_at))
                .0),
            ends_soon: ends_soon(a, state, now),
            waits_for_account: state == AuthorizationState::Approved && a.waiting_addition().is_some(),
        }
    }

    /// The look of the chip that names the state.
    pub fn tone(&self) -> &'static str {
        match self.state {
            AuthorizationState::Approved => " chip--ok",
            AuthorizationState::Requested | AuthorizationState::Returned | AuthorizationState::Emergency => {
                " chip--warn"
            }
            AuthorizationState::Denied
            | AuthorizationState::Revoked
            | AuthorizationState::Repudiated
            | AuthorizationState::Lapsed => " chip--bad",
            AuthorizationState::Withdrawn | AuthorizationState::Expired | AuthorizationState::Ended => "",
        }
    }
}

fn ends_soon(a: &Authorization, state: AuthorizationState, now: Micros) -> Option<String> {
    let left = a.terms.ends_at.0 - now;
    if state != AuthorizationState::Approved || left > SOON {
        return None;
    }
    let days = u64::try_from(left / DAY).unwrap_or(0);
    Some(match days {
        0 => "Ends within a day".to_owned(),
        days => format!("Ends in {}", counted(days, "day", "days")),
    })
}

/// The platforms by their names.
fn platforms(a: &Authorization) -> String {
    let names: Vec<String> = a
        .terms
        .platforms
        .iter()
        .map(|platform| platform_name(platform))
        .collect();
    names.join(", ")
}

#[derive(Template)]
#[template(path = "authorizations/pages/list.html")]
struct AuthorizationListPage {
    frame: Frame,
    page: CasePage,
    all: Vec<ShownAuthorization>,
    next: Option<String>,
}

pub(super) async fn list(case: PathId, page: PageRequest) -> Reply {
    pages::show(&AuthorizationListPage::of(&page, case.0).await?, None)
}

impl AuthorizationListPage {
    async fn of(page: &PageRequest, case: String) -> Result<Self> {
        let query = Page::read(&page.req, &["done"])?;
        let (frame, case_page) = CasePage::of(page, &case, Tab::Authorizations).await?;
        let (found, now) = reads::of_case(&page.app.gate, &page.ctx, case, &query).await?;
        let shown = |a: Authorization| ShownAuthorization::of(&a, now, case_page.zone);
        let listed = Listed::of(found, &query, |a| a.id.clone(), shown);
        Ok(Self {
            next: listed.next.map(|next| query.next_address(page.req.path(), &next)),
            all: listed.items,
            page: case_page,
            frame,
        })
    }
}
