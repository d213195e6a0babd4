//! The pages of cases: the list, a new case, the overview of one with its members and grants. `CasePage` is the frame of
//! every page in a case, also for the features to the right.

mod answers;
mod status;
mod tasks;
mod team;

pub(super) use team::{add_member, end_grant, give, hand_over, recuse, remove_member, team};

use askama::Template;

use super::chosen::{CaseHead, CaseShown};
use super::model::{Case, CaseView, Grant, NewCase};
use super::particulars::{CaseKind, Due};
use super::reads::{self, Rights};
use super::tasks::OpenWork;
use super::{api, ops};
use url::form_urlencoded::Serializer;

use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::forms::{Form, LINE};
use crate::gate::Scope;
use crate::http::drafts::{self, OfferedDraft};
use crate::http::fields::FirstShown;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::identity::Person;
use crate::lookalike::fold;
use crate::policy::{Act, CaseStatus, Handling};
use crate::text::{Moment, Zone, label, line};
use crate::users::{self, Colleague};

use answers::AnswerForms;
use status::{DISPOSITIONS, StatusForms};
pub use tasks::{TaskLine, offers_for, tasks_for};

/// The parts of a case, each a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Evidence,
    Timeline,
    People,
    Authorizations,
    Packets,
    Requests,
    Impeachment,
    Custody,
    Accesses,
}

/// What every page of a case shows around its content.
pub struct CasePage {
    pub case: Case,
    pub rights: Rights,
    pub tab: Tab,
    pub held: i64,
    pub zone: Zone,
    /// Where chosen captures alone are open to the reader. The case holds its head then, and nothing else.
    pub head: Option<CaseHead>,
}

impl CasePage {
    /// Reads the case, which the access log then tells; with the frame of the whole page.
    pub async fn of(page: &PageRequest, id: &str, tab: Tab) -> Result<(Frame, Self)> {
        let (view, rights) = reads::case_and_rights(&page.app.gate, &page.ctx, id.to_owned()).await?;
        Self::around(page, (CaseShown::Whole(Box::new(view)), rights), tab).await
    }

    /// The same for a page that shows chosen captures too: of the case, it shows no more than the reader may see.
    pub async fn or_head(page: &PageRequest, id: &str, tab: Tab) -> Result<(Frame, Self)> {
        let found = reads::shown_and_rights(&page.app.gate, &page.ctx, id.to_owned()).await?;
        Self::around(page, found, tab).await
    }

    async fn around(page: &PageRequest, (shown, rights): (CaseShown, Rights), tab: Tab) -> Result<(Frame, Self)> {
        let (view, head) = match shown {
            CaseShown::Whole(view) => (*view, None),
            CaseShown::Head(head) => {
                let (case, members) = (head.as_case(), Vec::new());
                (CaseView { case, members, held: 0 }, Some(head))
            }
        };
        let title = format!("{}, {}", view.case.number, view.case.title);
        let mut frame = page.frame(&line(&title), Nav::Cases).await?;
        frame.case_id = Some(view.case.id.clone());
        let this = Self {
            zone: Zone::named(Some(&view.case.time_zone)),
            held: view.held,
            case: view.case,
            rights,
            tab,
            head,
        };
        Ok((frame, this))
    }

    /// The tabs that this person may open: address, word, part.
    pub fn tabs(&self) -> Vec<(String, &'static str, Tab)> {
        let reads = self.rights.reads_evidence;
        let all = [
            ("", "Overview", Tab::Overview, true),
            (
                "/evidence",
                "Evidence",
                Tab::Evidence,
                reads || self.rights.lists_captures,
            ),
            ("/timeline", "Timeline", Tab::Timeline, reads),
            ("/people", "People and accounts", Tab::People, reads),
            ("/authorizations", "Authorizations", Tab::Authorizations, reads),
            ("/packets", "Packets", Tab::Packets, self.rights.reads_packets),
            ("/evidence-requests", "Requests", Tab::Requests, reads),
            ("/impeachment-flags", "Impeachment", Tab::Impeachment, reads),
            ("/custody", "Custody", Tab::Custody, self.rights.reads_custody),
            ("/accesses", "Access log", Tab::Accesses, self.rights.reads_accesses),
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
    /// Where it leads.
    pub address: String,
    pub number: String,
    pub title: String,
    pub kind: String,
    pub handling: Option<String>,
    pub status: String,
    pub lead: String,
    pub held: i64,
    pub due: usize,
    pub changed: Option<Moment>,
    /// Where chosen captures alone are open to the reader: how many.
    pub chosen: Option<String>,
}

impl CaseLine {
    /// The same, leading to where evidence is logged.
    fn leading_to(self, with_link: impl Fn(&str) -> String) -> Self {
        Self {
            address: with_link(&format!("{}/evidence", self.address)),
            ..self
        }
    }

    /// Of a case, as far as its reader sees it.
    pub fn of(shown: &CaseShown) -> Self {
        match shown {
            CaseShown::Whole(view) => Self::whole(view),
            CaseShown::Head(head) => Self::head(head),
        }
    }

    /// Of a case of which chosen captures are open to the reader. When it last changed is not told.
    fn head(head: &CaseHead) -> Self {
        Self {
            address: format!("/cases/{}", head.id),
            number: line(&head.number),
            title: line(&head.title),
            kind: label(head.kind.as_str()),
            handling: None,
            status: label(head.status.as_str()),
            lead: String::new(),
            held: 0,
            due: 0,
            changed: None,
            chosen: Some(head.says()),
        }
    }

    fn whole(CaseView { case, held, .. }: &CaseView) -> Self {
        Self {
            address: format!("/cases/{}", case.id),
            number: line(&case.number),
            title: line(&case.title),
            kind: label(case.kind.as_str()),
            handling: case.is_closely_kept().then(|| label(case.handling.as_str())),
            status: label(case.status.as_str()),
            lead: line(&case.lead.name),
            held: *held,
            due: case.due().len(),
            changed: Some(Zone::named(Some(&case.time_zone)).at(case.changed_at.0)),
            chosen: None,
        }
    }
}

/// A filter that one press sets or takes away.
struct CaseChip {
    address: String,
    name: String,
    set: bool,
}

#[derive(Template)]
#[template(path = "cases/pages/list.html")]
struct CaseListPage {
    frame: Frame,
    cases: Vec<CaseLine>,
    next: Option<String>,
    kinds: Vec<CaseChip>,
    statuses: Vec<CaseChip>,
    number: String,
    filtered: bool,
    may_open: bool,
    /// A link that is to be logged into the case that is chosen.
    link: Option<String>,
    /// The address of the list without a filter.
    all: String,
}

/// The parameter of a link to log.
const LINK: &str = "url";

pub(super) async fn list(page: PageRequest) -> Reply {
    let query = Page::read(&page.req, &["number", "kind", "status", "done", LINK])?.without_empty();
    let found = reads::cases(&page.app.gate, &page.ctx, api::search(&query)?).await?;
    let listed = Listed::of(found, &query, |c| c.id().to_owned(), |c| CaseLine::of(&c));
    let mut shown = list_page(page.frame("Cases", Nav::Cases).await?, &query, listed);
    shown.may_open = may_open(&page).await?;
    pages::show(&shown, None)
}

fn list_page(frame: Frame, query: &Page, listed: Listed<CaseLine>) -> CaseListPage {
    let link = query.filter(LINK).map(str::to_owned);
    let with_link = |address: &str| match &link {
        Some(link) => format!(
            "{address}?{}",
            Serializer::new(String::new()).append_pair(LINK, link).finish()
        ),
        None => address.to_owned(),
    };
    CaseListPage {
        next: listed.next.map(|next| query.next_address("/cases", &next)),
        all: with_link("/cases"),
        cases: match &link {
            Some(_) => listed
                .items
                .into_iter()
                .map(|case| case.leading_to(with_link))
                .collect(),
            None => listed.items,
        },
        kinds: chips::<CaseKind>(query, "kind"),
        statuses: chips::<CaseStatus>(query, "status"),
        number: query.filter("number").unwrap_or_default().to_owned(),
        filtered: query
            .filters
            .iter()
            .any(|(name, _)| !["done", LINK].contains(&name.as_str())),
        may_open: false,
        link,
        frame,
    }
}

/// A chip for each word of a filter. One press sets it beside the other filters, one more takes it away.
fn chips<W: crate::forms::Word>(query: &Page, filter: &str) -> Vec<CaseChip> {
    let chip = |(word, name): (&str, String)| {
        let set = query.filter(filter) == Some(word);
        let others = query
            .filters
            .iter()
            .filter(|(name, _)| name != filter && name != "done");
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        address.extend_pairs(others);
        if !set {
            address.append_pair(filter, word);
        }
        CaseChip {
            address: format!("/cases?{}", address.finish()),
            name,
            set,
        }
    };
    words::<W>().into_iter().map(chip).collect()
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
    colleagues: Vec<Colleague>,
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
    let shown = NewCasePage {
        frame,
        form,
        draft,
        kinds,
        handlings,
        colleagues: Colleague::all(page).await?,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn open(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = open_case(&page, request).await;
    if made.is_ok() {
        drafts::sent(&page).await;
    }
    let address = |made: CaseView| format!("/cases/{}?done=case-opened", made.case.id);
    let again = async |form: FormView| {
        let form = form.renamed(&[("supervisor_id", "supervisor_username")]);
        new_page(&page, (form, None)).await
    };
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

/// A grant in the overview.
struct GrantLine {
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
    own_facts: Vec<(&'static str, String)>,
    tasks: Vec<TaskLine>,
    answers: AnswerForms,
    status: StatusForms,
    members: Vec<Person>,
    grants: Vec<GrantLine>,
    form: FormView,
}

/// A case for whoever was given chosen captures of it.
#[derive(Template)]
#[template(path = "cases/pages/head.html")]
struct CaseHeadPage {
    frame: Frame,
    page: CasePage,
    given: String,
    until: Moment,
}

pub(super) async fn overview(id: PathId, page: PageRequest) -> Reply {
    overview_page(&page, &id.0, FormView::default()).await
}

async fn overview_page(page: &PageRequest, id: &str, form: FormView) -> Reply {
    let (frame, case_page) = CasePage::or_head(page, id, Tab::Overview).await?;
    if let Some(head) = case_page.head.clone() {
        let given = head.says();
        let until = case_page.at(head.until.0);
        return pages::show(
            &CaseHeadPage {
                frame,
                page: case_page,
                given,
                until,
            },
            None,
        );
    }
    let all = Page::first(100);
    let grants = reads::grants(&page.app.gate, &page.ctx, id.to_owned(), &all).await?;
    let first = first_shown(page, id, &form).await?;
    let (work, now) = reads::work_in(&page.app.gate, &page.ctx, id.to_owned()).await?;
    let shown = OverviewPage {
        facts: answers::facts(&case_page.case, case_page.zone),
        own_facts: answers::own_facts(&case_page.case, case_page.zone),
        tasks: case_tasks(&case_page, &work, now),
        answers: AnswerForms::of(&case_page.case, &form, &first),
        status: StatusForms::of(&case_page.case, &form),
        members: reads::members(&page.app.gate, &page.ctx, id.to_owned()).await?,
        grants: grants.iter().map(|g| grant_line(g, case_page.zone, now)).collect(),
        page: case_page,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

/// What is open in the case, as far as this reader can do something about it.
fn case_tasks(page: &CasePage, work: &OpenWork, now: Micros) -> Vec<TaskLine> {
    let asked = page.rights.answers_lead.then(|| tasks::offer_line(&page.case));
    let lines = asked
        .flatten()
        .into_iter()
        .chain(tasks::tasks_of(&page.case, work, now));
    match page.rights.changes {
        true => lines.collect(),
        false => lines.map(|line| line.for_readers(&page.case)).collect(),
    }
}

/// Whether a form of the overview asks for a person.
fn names_people(rights: &Rights) -> bool {
    rights.changes_members || rights.grants || rights.names_supervisor
}

/// What a form that came too late showed at first: the case as it was then.
async fn first_shown(page: &PageRequest, id: &str, form: &FormView) -> Result<FirstShown> {
    let Some(version) = form.stale_version() else {
        return Ok(FirstShown::new());
    };
    let before = reads::version_of(&page.app.gate, &page.ctx, id.to_owned(), version).await?;
    Ok(before.as_ref().map(answers::shown).unwrap_or_default())
}

fn grant_line(grant: &Grant, zone: Zone, now: Micros) -> GrantLine {
    GrantLine {
        who: line(&grant.user.name),
        rights: grant.gives(),
        reason: line(&grant.reason),
        until: zone.at(grant.until.0),
        over: grant.ended_at.is_some() || grant.until.0 <= now,
    }
}

pub(super) async fn change(PathId(id): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::change_case(id.clone(), request, answers::with_lists)
        .await
        .map(drop);
    back(&page, &id, done_word(&page), made).await
}

/// What the page says after a change: of the status, or of anything else.
fn done_word(page: &PageRequest) -> &'static str {
    match page.typed("status").as_deref() {
        Some("closed") => "closed",
        Some("suspended") => "suspended",
        Some("open") => "reopened",
        _ => "case-changed",
    }
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
    let username = fold(&form.required(field, LINE));
    let unknown = || {
        Error::field(
            field,
            "exists",
            "names nobody here: check the spelling of the user name",
        )
    };
    if username.is_empty() {
        return Err(unknown());
    }
    let found = users::id_of(&page.app.gate, &page.ctx, username).await?;
    found.ok_or_else(unknown)
}
