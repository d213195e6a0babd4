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

use crate::case_access::{self, AccessDesk, AccessRequest};
use crate::cases::{self, CaseLine, CaseSearch, TaskLine};
use crate::error::Result;
use crate::http::pages::{self, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::policy::Role;
use crate::reviews::{self, ReviewKind};
use crate::text::{Zone, line};
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
    /// What waits of requests for access, and which glasses were broken.
    access: Vec<AccessLine>,
    may_open: bool,
    ledger: Option<AuditorPart>,
    /// Reviews of this person whose time is over.
    overdue: Vec<String>,
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
        let access = match casework || is(Role::Prosecutor) {
            true => access_lines(&case_access::desk(&page.app.gate, &page.ctx).await?),
            false => Vec::new(),
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
            access,
            may_open: cases::may_open(page).await?,
            overdue: match is(Role::Auditor) || is(Role::Supervisor) {
                true => overdue(page).await?,
                false => Vec::new(),
            },
            ledger,
            installation,
            frame,
        })
    }
}

/// Something about access that its reader has to know or to answer.
struct AccessLine {
    words: String,
    more: String,
    address: String,
    urgent: bool,
}

fn access_lines(desk: &AccessDesk) -> Vec<AccessLine> {
    let who = |one: &AccessRequest| line(&one.asked_by.name);
    let confirm = desk.to_confirm.iter().map(|one| AccessLine {
        words: format!(
            "{} breaks the glass of {}: confirm or decline",
            who(one),
            line(&one.number)
        ),
        more: line(&one.reason),
        address: "/access-requests".to_owned(),
        urgent: true,
    });
    let decide = desk.to_decide.iter().map(|one| AccessLine {
        words: format!("{} asks for access to {}", who(one), line(&one.number)),
        more: line(&one.reason),
        address: "/access-requests".to_owned(),
        urgent: false,
    });
    let broken = desk.broken.iter().map(|one| AccessLine {
        words: format!("{} broke the glass of {}", who(one), line(&one.number)),
        more: broken_more(one),
        address: format!("/cases/{}/team", one.case_id.as_deref().unwrap_or_default()),
        urgent: true,
    });
    confirm.chain(decide).chain(broken).collect()
}

/// With whom a glass was broken, when and why.
fn broken_more(one: &AccessRequest) -> String {
    let at = one.answer.as_ref().map_or(one.asked_at, |answer| answer.at);
    let second = one
        .second
        .as_ref()
        .map_or_else(String::new, |second| line(&second.name));
    let at = Zone::named(None).at(at.0);
    format!("With {second}, {}: {}", at.shown(), line(&one.reason))
}

/// Reviews of this person whose time is over, in words.
async fn overdue(page: &PageRequest) -> Result<Vec<String>> {
    let found = reviews::overdue(&page.app.gate, &page.ctx).await?;
    let told = found.iter().map(|task| match task.kind {
        ReviewKind::AccessLog => format!("The access log of {} is not reviewed", task.period),
        ReviewKind::AccessRights => format!("Who may see what is not reviewed for {}", task.period),
    });
    Ok(told.collect())
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
