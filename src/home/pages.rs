//! The first screen of each role: what needs this person first, then their cases.

mod approvals;
mod queue;

pub(super) use approvals::{approvals, decide};

use askama::Template;

use crate::cases::{self, CaseLine, CaseSearch};
use crate::error::Result;
use crate::http::pages::{self, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::policy::Role;
use queue::{Queue, QueueSort, Urgency};

#[derive(Template)]
#[template(path = "home/pages/home.html")]
struct HomePage {
    frame: Frame,
    waiting: Option<Queue>,
    cases: Option<Vec<CaseLine>>,
    may_open: bool,
    auditor: bool,
    administrator: bool,
}

pub(super) async fn home(page: PageRequest) -> Reply {
    pages::show(&HomePage::of(&page).await?, None)
}

impl HomePage {
    /// What each of the person's roles begins with.
    async fn of(page: &PageRequest) -> Result<Self> {
        let frame = page.frame("Home", Nav::Home).await?;
        let is = |role| frame.person.as_ref().is_some_and(|person| person.is(role));
        let casework = is(Role::Investigator) || is(Role::Supervisor) || is(Role::Prosecutor);
        let waiting = match is(Role::Supervisor) {
            true => Some(Queue::all(page).await?),
            false => None,
        };
        let cases = match casework {
            true => Some(my_cases(page, 20).await?),
            false => None,
        };
        Ok(Self {
            waiting,
            cases,
            may_open: cases::may_open(page).await?,
            auditor: is(Role::Auditor),
            administrator: is(Role::Administrator),
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
