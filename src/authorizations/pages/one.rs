//! One authorization: its terms, what happened to it, what rests on it, and the forms that decide or end it.

use askama::Template;

use super::pane::{RequestPane, decide_shown};
use super::request;
use crate::authorizations::additions::{AdditionDecision, NewAddition};
use crate::authorizations::closing::ClosingOutcome;
use crate::authorizations::model::{Authorization, AuthorizationState, revocation, withdrawal};
use crate::authorizations::oral::OralMeans;
use crate::authorizations::store::{CoveredCapture, HistoryEntry};
use crate::authorizations::{api, ops, reads};
use crate::cases::{CasePage, Tab, words};
use crate::clock::Micros;
use crate::error::Result;
use crate::forms::{Form, LINE};
use crate::gate::{Scope, Tx};
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::Page;
use crate::http::reply::Reply;
use crate::http::{PathId, PathIds, WriteRequest};
use crate::policy::Act;
use crate::text::{Moment, block, label, line};

/// Captures that rest on it, a page.
const COVERED: usize = 50;

/// Something that happened to it.
struct HistoryLine {
    what: &'static str,
    who: Option<String>,
    why: Option<String>,
    at: Moment,
}

/// A capture that rests on it.
struct CoveredLine {
    id: String,
    item: i64,
    kind: String,
    state: String,
    captured: Moment,
    /// What it waits for.
    waits: Option<&'static str>,
    /// Whether it was captured before or after the authorization was cut off, where it was.
    beside_end: Option<String>,
}

#[derive(Template)]
#[template(path = "authorizations/pages/one.html")]
struct AuthorizationPage {
    frame: Frame,
    page: CasePage,
    pane: RequestPane,
    history: Vec<HistoryLine>,
    covered: Vec<CoveredLine>,
    /// Where the rest of them is.
    next: Option<String>,
    outcomes: Vec<(&'static str, String)>,
    means: Vec<(&'static str, String)>,
    form: FormView,
}

impl AuthorizationPage {
    fn is(&self, state: AuthorizationState) -> bool {
        self.pane.shown.state == state
    }

    fn is_approved(&self) -> bool {
        self.is(AuthorizationState::Approved)
    }

    /// Whether one that continues it may be asked for.
    fn is_renewable(&self) -> bool {
        use AuthorizationState::{Approved, Emergency, Ended, Expired};
        self.pane.rights.asks && [Approved, Expired, Ended, Emergency].contains(&self.pane.shown.state)
    }

    /// Whether an account that turned up may be asked for.
    fn takes_additions(&self) -> bool {
        self.pane.rights.adds && self.is_approved() && self.pane.names_accounts
    }

    /// Whether an addition may be decided.
    fn decides_additions(&self) -> bool {
        self.pane.rights.decides_additions && self.is_approved()
    }

    /// What was typed about an addition and refused.
    fn typed_about(&self, addition: &str) -> &str {
        match self.form.chose("addition", addition) {
            true => self.form.value("reason"),
            false => "",
        }
    }

    fn is_returned(&self) -> bool {
        self.is(AuthorizationState::Returned)
    }

    fn is_open(&self) -> bool {
        self.is(AuthorizationState::Requested) || self.is_returned()
    }
}

pub async fn one(id: PathId, page: PageRequest) -> Reply {
    one_page(&page, id.0, FormView::default()).await
}

async fn one_page(page: &PageRequest, id: String, form: FormView) -> Reply {
    let (gate, ctx, query) = (&page.app.gate, &page.ctx, Page::read(&page.req, &["done"])?);
    let after = query.after_number()?.unwrap_or(0);
    let (history, mut covered) = reads::history(gate, ctx, id.clone(), (after, COVERED + 1)).await?;
    let pane = RequestPane::of(page, &id, format!("/authorizations/{id}/decision")).await?;
    let (mut frame, case_page) = CasePage::of(page, &pane.case_id, Tab::Authorizations).await?;
    frame.title = format!("Authorization A-{}, {}", pane.shown.number, case_page.case.number);
    let more = covered.len() > COVERED;
    covered.truncate(COVERED);
    let last = covered.last().filter(|_| more).map(|capture| capture.item.to_string());
    let shown = AuthorizationPage {
        history: history.iter().map(|entry| history_line(entry, &case_page)).collect(),
        covered: covered
            .iter()
            .map(|capture| covered_line(capture, &case_page, pane.cut_off))
            .collect(),
        outcomes: words::<ClosingOutcome>(),
        means: words::<OralMeans>(),
        next: last.map(|key| Page::first(COVERED).next_address(page.req.path(), &key)),
        page: case_page,
        pane,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

fn history_line(entry: &HistoryEntry, page: &CasePage) -> HistoryLine {
    let version = entry.version.as_ref();
    let requester = version.map(|version| version.requester.name.as_str());
    let given = version.and_then(|version| version.approvals.first());
    let first = given.map(|ruling| ruling.by.name.as_str());
    let ruling = match &*entry.action {
        "authorization.part_approved" => given,
        _ => version.and_then(|version| version.revoked.as_ref().or(version.decision.as_ref())),
    };
    let by = ruling.map(|ruling| ruling.by.name.as_str());
    let (what, who, ruled) = match &*entry.action {
        "authorization.requested" => ("Requested", requester, false),
        "authorization.amended" => ("Mended and asked for again", requester, false),
        "authorization.withdrawn" => ("Withdrawn", requester, false),
        "authorization.part_approved" => ("First of two approvals", first, true),
        "authorization.closed" => (
            "Closing report",
            version.and_then(|v| v.closing.as_ref()).map(|c| c.by.name.as_str()),
            false,
        ),
        "authorization.approved" => ("Approved", by, true),
        "authorization.denied" => ("Denied", by, true),
        "authorization.returned" => ("Returned", by, true),
        "authorization.started" => ("Started as an emergency", requester, false),
        "authorization.confirmed" => ("Confirmed", by, true),
        "authorization.repudiated" => ("Repudiated", by, true),
        "authorization.lapsed" => ("Lapsed: nobody confirmed it", None, false),
        "authorization.orally_approved" => (
            "Oral approval recorded",
            version
                .and_then(|v| v.oral.as_ref())
                .map(|oral| oral.recorded_by.name.as_str()),
            false,
        ),
        "authorization.reviewed" => (
            "Reviewed: it continues",
            version
                .and_then(|v| v.reviews.last())
                .map(|review| review.by.name.as_str()),
            false,
        ),
        "authorization.revoked" => ("Revoked", by, true),
        "authorization.expired" => ("Expired", None, false),
        "authorization.addition_requested" => ("Another account asked for", None, false),
        "authorization.addition_approved" => ("Another account added", None, false),
        "authorization.addition_denied" => ("Another account denied", None, false),
        _ => ("Changed", None, false),
    };
    let why = match &*entry.action {
        "authorization.reviewed" => version
            .and_then(|v| v.reviews.last())
            .map(|review| review.reason.as_str()),
        "authorization.orally_approved" => version.and_then(|v| v.oral.as_ref()).map(|oral| oral.said.as_str()),
        _ => ruling.filter(|_| ruled).and_then(|ruling| ruling.reason.as_deref()),
    };
    HistoryLine {
        what,
        who: match ruling.filter(|_| ruled) {
            Some(ruling) => Some(ruling.given_by()),
            None => who.map(line),
        },
        why: why.map(block),
        at: page.at(entry.at),
    }
}

fn covered_line(capture: &CoveredCapture, page: &CasePage, cut_off: Option<(&'static str, Micros)>) -> CoveredLine {
    let place = |(what, at): (&str, Micros)| match capture.captured_at < at {
        true => format!("Before it was {what}"),
        false => format!("After it was {what}"),
    };
    CoveredLine {
        waits: match (capture.awaits_decision, capture.state.as_str()) {
            (true, _) => Some("Waits for a decision"),
            (false, "logged") => Some("Not reviewed"),
            _ => None,
        },
        beside_end: cut_off.map(place),
        id: capture.id.clone(),
        item: capture.item,
        kind: label(&capture.kind),
        state: label(&capture.state),
        captured: page.at(capture.captured_at),
    }
}

pub async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = decide_shown(id.0.clone(), request).await;
    after(&page, id.0, "decided", made.map(drop)).await
}

pub async fn revoke(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Authorization(id.0.clone()));
    let verb = |tx: &mut Tx<'_>, id: &str, reason: &String| ops::revoke(tx, id, reason);
    let made = request
        .write_to(Act::AuthorizationRevoke, scope, revocation, verb)
        .await;
    after(&page, id.0, "ended", made.map(drop)).await
}

pub async fn close(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::closed(id.0.clone(), request).await;
    after(&page, id.0, "authorization-closed", made.map(drop)).await
}

pub async fn ask_addition(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = addition_asked(id.0.clone(), request).await;
    let address = |_| format!("/authorizations/{}?done=requested", id.0);
    let places = ["handle", "platform", "platform_id", "url"].map(|field| (field, "account_line"));
    let again = async |form: FormView| one_page(&page, id.0.clone(), form.renamed(&places)).await;
    pages::answer(&page.req, made, address, again).await
}

async fn addition_asked(id: String, mut request: WriteRequest) -> Result<Authorization> {
    let (act, scope) = (Act::AdditionRequest, Scope::Authorization(id.clone()));
    request.check(act, &scope).await?;
    let (known, _) = reads::authorization(&request.app.gate, &request.ctx, id.clone()).await?;
    let mut form = request.form().await?;
    let said = form.text("account_line", LINE).unwrap_or_default();
    for (name, value) in request::account(said.trim(), &known.terms.platforms) {
        if !value.is_empty() {
            form.put(name, value);
        }
    }
    let new = NewAddition::parse(form)?;
    let verb = move |tx: &mut Tx<'_>| ops::ask_addition(tx, &id, &new);
    request.transact(act, scope, verb).await
}

pub async fn decide_addition(PathIds(id, addition): PathIds, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let parse = |mut form: Form| {
        // Which of them it is, so that a refused form is shown again at its place.
        form.value("addition");
        AdditionDecision::parse(form)
    };
    let made = api::addition_decided(id.clone(), addition, request, parse).await;
    after(&page, id, "decided", made.map(drop)).await
}

pub async fn withdraw(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Authorization(id.0.clone()));
    let verb = |tx: &mut Tx<'_>, id: &str, (): &()| ops::withdraw(tx, id);
    let made = request
        .write_to(Act::AuthorizationWithdraw, scope, withdrawal, verb)
        .await;
    after(&page, id.0, "withdrawn", made.map(drop)).await
}

pub(super) async fn after(page: &PageRequest, id: String, done: &str, made: Result<()>) -> Reply {
    let address = |()| format!("/authorizations/{id}?done={done}");
    let again = async |form| one_page(page, id.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}
