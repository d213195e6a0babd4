//! The first screen of each role: what needs this person first, then their cases.

use askama::Template;

use crate::authorizations::{self, AuthorizationSearch, AuthorizationState};
use crate::captures::{self, BasisKind, CaptureSearch, CaptureState, CaptureView};
use crate::cases::{self, CaseLine, CaseSearch};
use crate::clock::{HOUR, MINUTE, Micros};
use crate::error::Result;
use crate::http::pages::{self, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::identity::Person;
use crate::policy::Role;
use crate::text::{label, line};

/// Entries of a list on a first screen.
const SHOWN: usize = 100;

/// Something that waits for this person.
struct WaitingLine {
    address: String,
    title: String,
    about: String,
    since: Micros,
    waited: String,
    held: bool,
}

#[derive(Template)]
#[template(path = "home/pages/home.html")]
struct HomePage {
    frame: Frame,
    waiting: Vec<WaitingLine>,
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
            true => waiting(page, &frame).await?,
            false => Vec::new(),
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

#[derive(Template)]
#[template(path = "home/pages/approvals.html")]
struct ApprovalsPage {
    frame: Frame,
    waiting: Vec<WaitingLine>,
}

pub(super) async fn approvals(page: PageRequest) -> Reply {
    let frame = page.frame("Approvals", Nav::Approvals).await?;
    let waiting = waiting(&page, &frame).await?;
    pages::show(&ApprovalsPage { frame, waiting }, None)
}

/// Requests and captures that a supervisor may decide, oldest first.
async fn waiting(page: &PageRequest, frame: &Frame) -> Result<Vec<WaitingLine>> {
    let frame_user = frame
        .person
        .as_ref()
        .map(|person| person.user.as_str())
        .unwrap_or_default();
    let (gate, ctx, now) = (&page.app.gate, &page.ctx, page.app.gate.now());
    let held = CaptureSearch {
        state: Some(CaptureState::Held.as_str().to_owned()),
        basis: None,
        before: None,
        limit: SHOWN,
        ..CaptureSearch::default()
    };
    let emergencies = CaptureSearch {
        state: None,
        basis: Some(BasisKind::Emergency.as_str().to_owned()),
        ..held.clone()
    };
    let held = captures::to_decide(gate, ctx, held).await?;
    let mut emergencies = captures::to_decide(gate, ctx, emergencies).await?;
    emergencies.retain(|view| matches!(view, CaptureView::Open(open) if open.remarks.decision.is_none()));
    let requested = AuthorizationSearch {
        state: Some(AuthorizationState::Requested),
        before: None,
        limit: SHOWN,
    };
    let (requests, _) = authorizations::authorizations(gate, ctx, requested).await?;
    // Nobody decides what they asked for, or what covers them.
    let me = |person: &Person| person.id == frame_user;
    let others = requests
        .iter()
        .filter(|a| !me(&a.requester) && !a.holders.iter().any(me));
    let cases = my_cases(page, SHOWN).await?;
    let named = |id: &str| match cases.iter().find(|case| case.id == id) {
        Some(case) => format!("{}, {}: ", case.number, case.title),
        None => String::new(),
    };
    let requests = others.map(|a| WaitingLine {
        address: format!("/authorizations/{}", a.id),
        title: format!(
            "A-{}: {}, {}",
            a.number,
            a.terms.level.as_str(),
            line(&a.terms.platforms.join(", "))
        ),
        about: format!("{}asked for by {}", named(&a.case_id), line(&a.requester.name)),
        since: a.requested_at.0,
        waited: waited(now - a.requested_at.0),
        held: false,
    });
    let mut all: Vec<WaitingLine> = held
        .iter()
        .chain(&emergencies)
        .map(|view| of_capture(view, now, &named(&view.outline().case_id)))
        .chain(requests)
        .collect();
    all.sort_by_key(|waiting| waiting.since);
    Ok(all)
}

fn of_capture(view: &CaptureView, now: Micros, case: &str) -> WaitingLine {
    let outline = view.outline();
    WaitingLine {
        address: format!("/captures/{}", outline.id),
        title: match outline.state {
            CaptureState::Held => format!("Item {}, held", outline.item),
            _ => format!("Item {}, emergency", outline.item),
        },
        about: format!("{case}{}", label(outline.kind.as_str()).to_lowercase()),
        since: outline.received_at.0,
        waited: waited(now - outline.received_at.0),
        held: outline.state.is_closed(),
    }
}

/// A time that somebody waited, in words.
fn waited(time: Micros) -> String {
    match (time / (24 * HOUR), time / HOUR, time / MINUTE) {
        (days @ 2.., ..) => format!("{days} days"),
        (_, hours @ 1.., minutes) => format!("{hours} h {} min", minutes % 60),
        (.., minutes) => format!("{minutes} min"),
    }
}
