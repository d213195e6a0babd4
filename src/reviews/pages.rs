//! The pages of reviews: what is due and what was signed, and who may see the cases of a unit.

use askama::Template;

use super::model::{ReviewCount, ReviewKind, ReviewPeriod, ReviewSignature, ReviewState, ReviewTask};
use super::store::{CaseAccess, GrantedAccess};
use super::{api, reads};
use crate::cases::chosen_captures;
use crate::http::WriteRequest;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::policy::Role;
use crate::text::{Moment, Zone, block, label, line};

/// A review as a page shows it.
pub(super) struct ShownReview {
    kind: ReviewKind,
    period: String,
    /// What is reviewed, such as `Access log, 2026-W47`.
    what: String,
    state: ReviewState,
    state_name: String,
    due: Moment,
    /// Where what is reviewed is shown.
    address: String,
    signed: Option<(String, Moment, String, String)>,
}

impl ShownReview {
    fn of(task: ReviewTask) -> Self {
        let zone = Zone::named(None);
        Self {
            what: match &task.unit {
                None => format!("Access log, {}", task.period),
                Some(unit) => format!("Who may see what, {}, {}", line(&unit.name), task.period),
            },
            address: match task.kind {
                ReviewKind::AccessLog => log_address(&task),
                ReviewKind::AccessRights => "/access-rights".to_owned(),
            },
            kind: task.kind,
            state: task.state,
            state_name: label(task.state.as_str()),
            due: zone.at(task.due_at.0),
            signed: task.signed.map(|signed| {
                let at = zone.at(signed.at.0);
                (line(&signed.by.name), at, block(&signed.note), counted(signed.counted))
            }),
            period: task.period,
        }
    }

    /// The look of the chip that names the state.
    fn tone(&self) -> &'static str {
        match self.state {
            ReviewState::Due => "",
            ReviewState::Overdue => " chip--bad",
            ReviewState::Signed => " chip--ok",
        }
    }
}

/// The search of the ledger that shows what was seen in a week.
fn log_address(task: &ReviewTask) -> String {
    let week = ReviewPeriod::weeks(0, task.due_at.0)
        .into_iter()
        .find(|week| week.name == task.period);
    let day = |at| Zone::named(None).at(at).utc.chars().take(10).collect::<String>();
    let range = week.map(|week| (day(week.begins), day(week.ends - 1)));
    let (from, to) = range.unwrap_or_default();
    format!("/ledger?kind=seen&from={from}&to={to}")
}

fn counted(count: ReviewCount) -> String {
    let parts = [
        (count.accesses, "accesses"),
        (count.refusals, "refusals"),
        (count.cases, "cases"),
        (count.members, "members"),
        (count.grants, "grants"),
    ];
    let told = parts.into_iter().filter_map(|(n, word)| Some(format!("{} {word}", n?)));
    told.collect::<Vec<_>>().join(", ")
}

#[derive(Template)]
#[template(path = "reviews/pages/list.html")]
struct ReviewListPage {
    frame: Frame,
    all: Vec<ShownReview>,
    next: Option<String>,
    form: FormView,
}

impl ReviewListPage {
    /// Whether the reader may sign this one.
    fn signs(&self, one: &ShownReview) -> bool {
        let role = match one.kind {
            ReviewKind::AccessLog => Role::Auditor,
            ReviewKind::AccessRights => Role::Supervisor,
        };
        one.signed.is_none() && self.frame.holds(role) && (role == Role::Auditor || !self.frame.holds(Role::Auditor))
    }

    /// Whether the form that was refused is that of this review.
    fn is_refused(&self, one: &ShownReview) -> bool {
        let is_kind = self.form.value("kind") == one.kind.as_str();
        self.form.is_refused() && is_kind && self.form.value("period") == one.period
    }
}

pub(super) async fn list(page: PageRequest) -> Reply {
    list_page(&page, FormView::default()).await
}

async fn list_page(page: &PageRequest, form: FormView) -> Reply {
    let query = Page::read(&page.req, &["state", "done"])?.without_empty();
    let found = reads::list(&page.app.gate, &page.ctx, &query).await?;
    let listed = Listed::of(found, &query, ReviewTask::key, ShownReview::of);
    let shown = ReviewListPage {
        frame: page.frame("Reviews", Nav::Oversight).await?,
        next: listed.next.map(|next| query.next_address("/reviews", &next)),
        all: listed.items,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn sign(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::signed(request).await;
    let again = async |form: FormView| list_page(&page, form).await;
    let address = |_: ReviewSignature| "/reviews?done=signed-off".to_owned();
    pages::answer(&page.req, made, address, again).await
}

/// Who may see one case, as the page shows it.
struct ShownAccess {
    case_id: String,
    case_number: String,
    handling: String,
    status: String,
    lead: String,
    members: String,
    grants: Vec<(String, String, Moment)>,
}

impl ShownAccess {
    fn of(one: CaseAccess) -> Self {
        let members: Vec<String> = one.members.iter().map(|person| line(&person.name)).collect();
        let zone = Zone::named(None);
        Self {
            case_id: one.case_id,
            case_number: line(&one.case_number),
            handling: label(&one.handling),
            status: label(&one.status),
            lead: line(&one.lead.name),
            members: members.join(", "),
            grants: one
                .grants
                .iter()
                .map(|given| (line(&given.user.name), rights_told(given), zone.at(given.until.0)))
                .collect(),
        }
    }
}

fn rights_told(given: &GrantedAccess) -> String {
    let rights = given.rights.join(", ");
    match given.captures {
        Some(n) => format!("{rights}, {}", chosen_captures(n)),
        None => rights,
    }
}

#[derive(Template)]
#[template(path = "reviews/pages/rights.html")]
struct AccessRightsPage {
    frame: Frame,
    all: Vec<ShownAccess>,
    next: Option<String>,
}

pub(super) async fn rights(page: PageRequest) -> Reply {
    let query = Page::read(&page.req, &[])?;
    let found = reads::access(&page.app.gate, &page.ctx, &query).await?;
    let listed = Listed::of(found, &query, |one| one.case_id.clone(), ShownAccess::of);
    let shown = AccessRightsPage {
        frame: page.frame("Who may see what", Nav::Oversight).await?,
        next: listed.next.map(|next| query.next_address("/access-rights", &next)),
        all: listed.items,
    };
    pages::show(&shown, None)
}
