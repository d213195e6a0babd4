//! The pages of cases: the list, a new case, the overview of one with its members and grants. `CasePage` is the frame of
//! every page in a case, also for the features to the right.

use askama::Template;
use serde_json::Value;

use super::model::{Case, CaseView, Grant, NewCase, NewGrant};
use super::particulars::{CaseKind, Due};
use super::reads::{self, Rights};
use super::{access, api, ops};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::forms::{Form, LINE};
use crate::gate::{Scope, Tx};
use crate::http::drafts::{self, OfferedDraft};
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::identity::Person;
use crate::policy::{Act, CaseStatus, Handling};
use crate::text::{Moment, Zone, label, line, phrase};
use crate::users;

/// The parts of a case, each a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Evidence,
    Authorizations,
    Packets,
    Custody,
}

/// What every page of a case shows around its content.
pub struct CasePage {
    pub case: Case,
    pub rights: Rights,
    pub tab: Tab,
    pub held: i64,
    pub zone: Zone,
}

impl CasePage {
    /// Reads the case, which the access log then tells; with the frame of the whole page.
    pub async fn of(page: &PageRequest, id: &str, tab: Tab) -> Result<(Frame, Self)> {
        let (view, rights) = reads::case_and_rights(&page.app.gate, &page.ctx, id.to_owned()).await?;
        let title = format!("{}, {}", view.case.number, view.case.title);
        let frame = page.frame(&line(&title), Nav::Cases).await?;
        let this = Self {
            zone: Zone::named(Some(&view.case.time_zone)),
            held: view.held,
            case: view.case,
            rights,
            tab,
        };
        Ok((frame, this))
    }

    /// The tabs that this person may open: address, word, part.
    pub fn tabs(&self) -> Vec<(String, &'static str, Tab)> {
        let all = [
            ("", "Overview", Tab::Overview, true),
            ("/evidence", "Evidence", Tab::Evidence, true),
            ("/authorizations", "Authorizations", Tab::Authorizations, true),
            ("/packets", "Packets", Tab::Packets, self.rights.reads_packets),
            ("/custody", "Custody", Tab::Custody, self.rights.reads_custody),
        ];
        let shown = all.into_iter().filter(|(.., may)| *may);
        shown
            .map(|(path, word, tab, _)| (format!("/cases/{}{path}", self.case.id), word, tab))
            .collect()
    }

    /// The part's name.
    pub fn tab_name(&self) -> &'static str {
        let tabs = self.tabs();
        tabs.iter()
            .find(|(.., tab)| *tab == self.tab)
            .map_or("", |(_, word, _)| word)
    }

    /// What is still owed.
    pub fn due(&self) -> Vec<Due> {
        self.case.due()
    }

    /// A time in the case's zone, and in UTC.
    pub fn at(&self, at: Micros) -> Moment {
        self.zone.at(at)
    }

    /// Whether the case is closed.
    pub fn is_closed(&self) -> bool {
        self.case.status == CaseStatus::Closed
    }
}

/// One case in a list.
pub struct CaseLine {
    pub id: String,
    pub number: String,
    pub title: String,
    pub kind: String,
    pub handling: Option<String>,
    pub status: String,
    pub lead: String,
    pub held: i64,
    pub due: usize,
    pub changed: Moment,
}

impl CaseLine {
    /// Of a case.
    pub fn of(CaseView { case, held, .. }: &CaseView) -> Self {
        Self {
            id: case.id.clone(),
            number: line(&case.number),
            title: line(&case.title),
            kind: label(case.kind.as_str()),
            handling: case.is_closely_kept().then(|| label(case.handling.as_str())),
            status: label(case.status.as_str()),
            lead: line(&case.lead.name),
            held: *held,
            due: case.due().len(),
            changed: Zone::named(Some(&case.time_zone)).at(case.changed_at.0),
        }
    }
}

#[derive(Template)]
#[template(path = "cases/pages/list.html")]
struct CaseListPage {
    frame: Frame,
    cases: Vec<CaseLine>,
    next: Option<String>,
    kinds: Vec<(&'static str, String)>,
    kind: Option<String>,
    status: Option<String>,
    may_open: bool,
}

pub(super) async fn list(page: PageRequest) -> Reply {
    let query = Page::read(&page.req, &["kind", "status", "done"])?;
    let found = reads::cases(&page.app.gate, &page.ctx, api::search(&query)?).await?;
    let listed = Listed::of(found, &query, |c| c.case.id.clone(), |c| CaseLine::of(&c));
    let mut shown = list_page(page.frame("Cases", Nav::Cases).await?, &query, listed);
    shown.may_open = may_open(&page).await?;
    pages::show(&shown, None)
}

fn list_page(frame: Frame, query: &Page, listed: Listed<CaseLine>) -> CaseListPage {
    CaseListPage {
        next: listed.next.map(|next| query.next_address("/cases", &next)),
        cases: listed.items,
        kinds: words::<CaseKind>(),
        kind: query.filter("kind").map(str::to_owned),
        status: query.filter("status").map(str::to_owned),
        may_open: false,
        frame,
    }
}

/// Whether the caller may open cases, so that a page offers it to nobody else.
pub async fn may_open(page: &PageRequest) -> Result<bool> {
    let read = |ctx: &mut crate::gate::ReadCtx<'_>| Ok(ctx.may(Act::CaseOpen));
    page.app
        .gate
        .read(&page.ctx, Act::SessionOwn, Scope::Agency, read)
        .await
}

/// The words of an enumeration, with how people write them.
pub fn words<W: crate::forms::Word>() -> Vec<(&'static str, String)> {
    W::WORDS.iter().map(|(word, _)| (*word, label(word))).collect()
}

#[derive(Template)]
#[template(path = "cases/pages/new.html")]
struct NewCasePage {
    frame: Frame,
    form: FormView,
    draft: Option<OfferedDraft>,
    kinds: Vec<(&'static str, String)>,
    handlings: Vec<(&'static str, String)>,
}

pub(super) async fn new_form(page: PageRequest) -> Reply {
    page.app.gate.check(&page.ctx, Act::CaseOpen, Scope::Agency).await?;
    let first = FormView::of([("time_zone", "UTC".to_owned())]);
    new_page(&page, drafts::open(&page, "/cases", first).await?).await
}

/// Keeps what was typed into the form of a new case.
pub(super) async fn keep_draft(request: WriteRequest) -> Reply {
    drafts::keep(request, Act::CaseOpen, Scope::Agency, "/cases/new").await
}

async fn new_page(page: &PageRequest, (form, draft): (FormView, Option<OfferedDraft>)) -> Reply {
    let frame = page.frame("New case", Nav::Cases).await?;
    let (kinds, handlings) = (words::<CaseKind>(), words::<Handling>());
    let page = NewCasePage {
        frame,
        form,
        draft,
        kinds,
        handlings,
    };
    pages::show(&page, Some(&page.form))
}

pub(super) async fn open(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = open_case(&page, request).await;
    if made.is_ok() {
        drafts::sent(&page).await;
    }
    let address = |made: CaseView| format!("/cases/{}?done=case-opened", made.case.id);
    let again = async |form| new_page(&page, (form, None)).await;
    pages::answer(&page.req, made, address, again).await
}

async fn open_case(page: &PageRequest, mut request: WriteRequest) -> Result<CaseView> {
    request.check(Act::CaseOpen, &Scope::Agency).await?;
    let mut form = request.form().await?;
    if form.has("supervisor_username") {
        let supervisor = colleague(page, &mut form, "supervisor_username").await?;
        form.put("supervisor_id", supervisor);
    }
    let new = NewCase::parse(form)?;
    request
        .transact(Act::CaseOpen, Scope::Agency, move |tx| ops::open(tx, &new))
        .await
}

/// Something that a case's kind asks for, as a field of its form.
pub struct AskedField {
    pub name: String,
    pub label: String,
    pub hint: &'static str,
    pub before: &'static str,
}

/// A grant in the overview.
struct GrantLine {
    id: String,
    who: String,
    rights: String,
    reason: String,
    until: Moment,
    over: bool,
}

#[derive(Template)]
#[template(path = "cases/pages/overview.html")]
struct OverviewPage {
    frame: Frame,
    page: CasePage,
    facts: Vec<(String, String)>,
    asked: Vec<AskedField>,
    members: Vec<Person>,
    grants: Vec<GrantLine>,
    statuses: Vec<(&'static str, String)>,
    form: FormView,
}

pub(super) async fn overview(id: PathId, page: PageRequest) -> Reply {
    overview_page(&page, &id.0, FormView::default()).await
}

async fn overview_page(page: &PageRequest, id: &str, form: FormView) -> Reply {
    let (frame, case_page) = CasePage::of(page, id, Tab::Overview).await?;
    let all = Page::first(100);
    let grants = reads::grants(&page.app.gate, &page.ctx, id.to_owned(), &all).await?;
    let now = page.app.gate.now();
    let shown = OverviewPage {
        facts: facts(&case_page.case, case_page.zone),
        asked: case_page.due().iter().map(asked).collect(),
        members: reads::members(&page.app.gate, &page.ctx, id.to_owned()).await?,
        grants: grants.iter().map(|g| grant_line(g, case_page.zone, now)).collect(),
        statuses: words::<CaseStatus>(),
        page: case_page,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

fn facts(case: &Case, zone: Zone) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let answers = serde_json::to_value(&case.particulars).unwrap_or_default();
    gather(&mut facts, &answers, "", zone);
    facts
}

fn gather(facts: &mut Vec<(String, String)>, value: &Value, path: &str, zone: Zone) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path} {name}")
                };
                gather(facts, value, &path, zone);
            }
        }
        value => facts.extend(phrase(value, zone).map(|text| (label(path), text))),
    }
}

fn asked(due: &Due) -> AskedField {
    let path = due.field.trim_start_matches("particulars.");
    AskedField {
        name: due.field.clone(),
        label: label(&path.replace('.', " ")),
        hint: match path {
            "date_of_birth" => "A day such as 2009-04-17, or unknown.",
            "last_seen_at" | "incident_at" | "ncic.entered_at" => {
                "Such as 2026-11-22T14:07 in the case's zone, or unknown."
            }
            "endangered" => "yes, no or unknown.",
            "poster_role" => "participant, observer or unknown.",
            _ => "Or: unknown.",
        },
        before: match due.before {
            super::Stage::Authorization => "before the first authorization",
            super::Stage::Closing => "before the case is closed",
            super::Stage::Packet => "before a packet",
        },
    }
}

fn grant_line(grant: &Grant, zone: Zone, now: Micros) -> GrantLine {
    let rights: Vec<&str> = grant.rights.iter().map(|right| right.as_str()).collect();
    GrantLine {
        id: grant.id.clone(),
        who: line(&grant.user.name),
        rights: rights.join(", "),
        reason: line(&grant.reason),
        until: zone.at(grant.until.0),
        over: grant.ended_at.is_some() || grant.until.0 <= now,
    }
}

pub(super) async fn change(PathId(id): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::change_case(id.clone(), request).await.map(drop);
    back(&page, &id, "case-changed", made).await
}

/// Back to the case, which says what was done, or shows the form again.
async fn back(page: &PageRequest, id: &str, done: &str, made: Result<()>) -> Reply {
    let address = |()| format!("/cases/{id}?done={done}");
    pages::answer(&page.req, made, address, async |form| {
        overview_page(page, id, form).await
    })
    .await
}

/// A colleague's id, by the user name that a form gives.
async fn colleague(page: &PageRequest, form: &mut Form, field: &str) -> Result<String> {
    let username = form.required(field, LINE).to_lowercase();
    let unknown = || Error::field(field, "exists", "is the user name of nobody here: check its spelling");
    if username.is_empty() {
        return Err(unknown());
    }
    let found = users::id_of(&page.app.gate, &page.ctx, username).await?;
    found.ok_or_else(unknown)
}

pub(super) async fn add_member(PathId(id): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = make_member(&page, &id, request).await;
    back(&page, &id, "member", made).await
}

async fn make_member(page: &PageRequest, id: &str, mut request: WriteRequest) -> Result<()> {
    let scope = Scope::Case(id.to_owned());
    request.check(Act::MemberChange, &scope).await?;
    let mut form = request.plain_form().await?;
    let user = colleague(page, &mut form, "member").await?;
    form.done()?;
    let verb = move |tx: &mut Tx<'_>| access::add_member(tx, &user);
    request.transact(Act::MemberChange, scope, verb).await.map(drop)
}

pub(super) async fn remove_member(PathId(id): PathId, mut request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Case(id.clone()));
    request.check(Act::MemberChange, &scope).await?;
    let user = request.plain_form().await?.read(|form| form.required_id("user_id"))?;
    let verb = move |tx: &mut Tx<'_>| access::remove_member(tx, &user);
    let made = request.transact(Act::MemberChange, scope, verb).await;
    back(&page, &id, "member", made).await
}

pub(super) async fn give(PathId(id): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = give_access(&page, &id, request).await;
    back(&page, &id, "granted", made).await
}

async fn give_access(page: &PageRequest, id: &str, mut request: WriteRequest) -> Result<()> {
    let scope = Scope::Case(id.to_owned());
    request.check(Act::CaseRead, &scope).await?;
    let mut form = request.form().await?;
    let user = colleague(page, &mut form, "grantee").await?;
    form.put("user_id", user);
    let new = NewGrant::parse(form, page.app.gate.now())?;
    let act = access::act_for(&new);
    let verb = move |tx: &mut Tx<'_>| access::give(tx, &new);
    request.transact(act, scope, verb).await.map(drop)
}

pub(super) async fn end_grant(id: PathId, mut request: WriteRequest) -> Reply {
    let scope = Scope::Grant(id.0.clone());
    let authorized = request.check(Act::GrantEnd, &scope).await?;
    request.plain_form().await?.done()?;
    let case = authorized.context.map(|case| case.case_id).unwrap_or_default();
    request
        .transact(Act::GrantEnd, scope, move |tx| access::end_grant(tx, &id.0))
        .await?;
    Ok(pages::see_other(&format!("/cases/{case}?done=ended")))
}
