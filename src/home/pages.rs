//! The first screen of each role: what needs this person first, then their cases.

mod administrator;
mod approvals;
mod auditor;
mod desk;
mod notices;
mod queue;
mod shared;

pub(super) use approvals::{approvals, decide};

use askama::Template;

use administrator::AdministratorPart;
use auditor::AuditorPart;
use desk::DeskParts;
use notices::{HomeNotice, notices};
use shared::{SharedLine, shared};

use crate::cases::{self, CaseLine, CaseSearch, TaskLine};
use crate::error::Result;
use crate::http::pages::{self, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::policy::Role;
use queue::{Queue, QueueSort, Urgency};

#[derive(Template)]
#[template(path = "home/pages/home.html")]
struct HomePage {
    frame: Frame,
    /// What the person is told before all else.
    notices: Vec<HomeNotice>,
    waiting: Option<Queue>,
    /// The cases that a supervisor was proposed to lead.
    offers: Vec<TaskLine>,
    desk: Option<DeskParts>,
    /// What was shared with a prosecutor.
    shared: Option<Vec<SharedLine>>,
    cases: Option<Vec<CaseLine>>,
    may_open: bool,
    ledger: Option<AuditorPart>,
    installation: Option<AdministratorPart>,
}

pub(super) async fn home(page: PageRequest) -> Reply {
    pages::show(&HomePage::of(&page).await?, None)
}

impl HomePage {
    /// What each of the person's roles begins with.
    async fn of(page: &PageRequest) -> Result<Self> {
        let frame = page.frame("Home", Nav::Home).await?;
        let is = |role| frame.person.as_ref().is_some_and(|person| person.is(role));
        let casework = is(Role::Investigator) || is(Role::Supervisor);
        let notices = match casework {
            true => notices(page).await?,
            false => Vec::new(),
        };
        let shared = match is(Role::Prosecutor) {
            true => Some(shared(page).await?),
            false => None,
        };
        let waiting = match is(Role::Supervisor) {
            true => Some(Queue::all(page).await?),
            false => None,
        };
        let desk = match is(Role::Investigator) {
            true => Some(DeskParts::of(page).await?).filter(|desk| !desk.is_empty()),
            false => None,
        };
        // An investigator's desk tells of it beside the rest.
        let offers = match is(Role::Supervisor) && !is(Role::Investigator) {
            true => cases::offers_for(&cases::desk(&page.app.gate, &page.ctx).await?),
            false => Vec::new(),
        };
        // Who has cases of their own finds the others under all cases.
        let cases = match casework && desk.is_none() {
            true => Some(my_cases(page, 20).await?),
            false => None,
        };
        let ledger = match is(Role::Auditor) {
            true => Some(AuditorPart::of(page).await?),
            false => None,
        };
        let installation = match is(Role::Administrator) {
            true => Some(AdministratorPart::of(page).await?),
            false => None,
        };
        Ok(Self {
            notices,
            waiting,
            offers,
            desk,
            shared,
            cases,
            may_open: cases::may_open(page).await?,
            ledger,
            installation,
            frame,
        })
    }
}

async fn my_cases(page: &PageRequest, limit: usize) -> Result<Vec<CaseLine>> {
    let newest = CaseSearch {
        number: None,
        kind: None,
        status: None,
        before: None,
        limit,
    };
    let found = cases::cases(&page.app.gate, &page.ctx, newest).await?;
    Ok(found.iter().map(CaseLine::of).collect())
}
