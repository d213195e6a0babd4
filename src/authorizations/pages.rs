//! The pages of authorizations: those of a case, a request, one with its decision.

use askama::Template;

use super::model::{
    Attestation, Authorization, AuthorizationDecision, AuthorizationState, Device, Level, Request, revocation,
    withdrawal,
};
use super::{ops, reads};
use crate::cases::{CasePage, Tab, words};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::forms::{Form, LINE};
use crate::gate::{Scope, Tx};
use crate::http::drafts::{self, OfferedDraft};
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::policy::Act;
use crate::text::{Moment, label, line};
use crate::users;

/// Holders that a request may name.
const HOLDERS: usize = 100;

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
    pub ends: Moment,
}

impl ShownAuthorization {
    /// In the zone of its case.
    pub fn of(a: &Authorization, now: Micros, page: &CasePage) -> Self {
        let names: Vec<&str> = a.holders.iter().map(|holder| holder.name.as_str()).collect();
        let state = a.state_at(now);
        Self {
            id: a.id.clone(),
            number: a.number,
            state,
            state_name: label(state.as_str()),
            level: label(a.terms.level.as_str()),
            platforms: line(&a.terms.platforms.join(", ")),
            holders: line(&names.join(", ")),
            requester: line(&a.requester.name),
            requested: page.at(a.requested_at.0),
            starts: match a.effective_from {
                Some(from) => page.at(from.0).shown().to_owned(),
                None if a.terms.starts_at > a.requested_at => page.at(a.terms.starts_at.0).shown().to_owned(),
                None => "the approval".to_owned(),
            },
            ends: page.at(a.terms.ends_at.0),
        }
    }

    /// The look of the chip that names the state.
    pub fn tone(&self) -> &'static str {
        match self.state {
            AuthorizationState::Approved => " chip--ok",
            AuthorizationState::Requested | AuthorizationState::Returned => " chip--warn",
            AuthorizationState::Denied | AuthorizationState::Revoked => " chip--bad",
            AuthorizationState::Withdrawn | AuthorizationState::Expired => "",
        }
    }
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
        let shown = |a: Authorization| ShownAuthorization::of(&a, now, &case_page);
        let listed = Listed::of(found, &query, |a| a.id.clone(), shown);
        Ok(Self {
            next: listed.next.map(|next| query.next_address(page.req.path(), &next)),
            all: listed.items,
            page: case_page,
            frame,
        })
    }
}

#[derive(Template)]
#[template(path = "authorizations/pages/new.html")]
struct NewAuthorizationPage {
    frame: Frame,
    page: CasePage,
    form: FormView,
    draft: Option<OfferedDraft>,
    levels: Vec<(&'static str, String)>,
    devices: Vec<(&'static str, String)>,
    attestations: Vec<(&'static str, &'static str)>,
}

pub(super) async fn new_form(case: PathId, page: PageRequest) -> Reply {
    let scope = Scope::Case(case.0.clone());
    let authorized = page.app.gate.check(&page.ctx, Act::AuthorizationRequest, scope).await?;
    let first = first_request_form(&page, authorized.caller.username);
    let form = format!("/cases/{}/authorizations", case.0);
    new_page(&page, &case.0, drafts::open(&page, &form, first).await?).await
}

/// Keeps what was typed into the form of a request.
pub(super) async fn keep_draft(PathId(case): PathId, request: WriteRequest) -> Reply {
    let back = format!("/cases/{case}/authorizations/new");
    drafts::keep(request, Act::AuthorizationRequest, Scope::Case(case), &back).await
}

/// The form of a request as it is first shown. Another page may name level, platform and account in the address.
fn first_request_form(page: &PageRequest, username: String) -> FormView {
    let asked = |name: &str| page.query(name).unwrap_or_default();
    let level = page.query("level").unwrap_or_else(|| "overt".to_owned());
    FormView::of([
        ("level", level),
        ("devices[]", "agency".to_owned()),
        ("holder_usernames", username),
        ("platform_names", asked("platform")),
        ("account_names", asked("account")),
    ])
}

async fn new_page(page: &PageRequest, case: &str, (form, draft): (FormView, Option<OfferedDraft>)) -> Reply {
    let (mut frame, case_page) = CasePage::of(page, case, Tab::Authorizations).await?;
    frame.title = format!("Request an authorization, {}", case_page.case.number);
    let told = |attestation: Attestation| match attestation {
        Attestation::NotProtected => "Nobody is looked at only for what they lawfully say, believe or join.",
        Attestation::NoContact => "There will be no contact with those looked at.",
    };
    let attestations = [Attestation::NotProtected, Attestation::NoContact];
    let shown = NewAuthorizationPage {
        levels: words::<Level>(),
        devices: words::<Device>(),
        attestations: attestations.iter().map(|a| (a.as_str(), told(*a))).collect(),
        page: case_page,
        frame,
        form,
        draft,
    };
    pages::show(&shown, Some(&shown.form))
}

/// The words of a field that takes several, with commas, spaces or lines between them.
fn split(form: &mut Form, field: &str) -> Vec<String> {
    let text = form.text(field, 20 * LINE).unwrap_or_default();
    let words = text.split([',', ' ', '\n', '\r', '\t']).filter(|word| !word.is_empty());
    words.map(|word| word.trim_start_matches('@').to_lowercase()).collect()
}

/// The accounts that a page's form names, such as `@river_k`, or `instagram:@river_k` where there are several platforms.
fn put_accounts(form: &mut Form, platforms: &[String]) -> Result<()> {
    let names = form.text("account_names", 20 * LINE).unwrap_or_default();
    let names = names
        .split([',', '\n', '\r'])
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let mut accounts = Vec::new();
    for name in names {
        let named = name
            .split_once(':')
            .filter(|(platform, _)| platforms.iter().any(|p| p == platform));
        let (platform, handle) = match (named, platforms) {
            (Some((platform, handle)), _) => (platform, handle),
            (None, [only]) => (only.as_str(), name),
            (None, _) => {
                let message = format!("{name:.60}: say on which of the platforms, such as instagram:@river_k");
                return Err(Error::field("account_names", "form", message));
            }
        };
        accounts.push([("platform", platform.to_owned()), ("handle", handle.to_owned())]);
    }
    form.put_objects("accounts", accounts);
    Ok(())
}

/// What a page's form says, under the names of a request.
async fn as_request(page: &PageRequest, form: &mut Form) -> Result<()> {
    let platforms = split(form, "platform_names");
    put_accounts(form, &platforms)?;
    form.put_list("platforms", platforms);
    let usernames = split(form, "holder_usernames");
    if usernames.len() > HOLDERS {
        let message = format!("names more than {HOLDERS} people");
        return Err(Error::field("holder_usernames", "too_many", message));
    }
    let mut holders = Vec::new();
    for username in usernames {
        let found = users::id_of(&page.app.gate, &page.ctx, username.clone()).await?;
        let message = || format!("{username:.60}: nobody here has this user name");
        holders.push(found.ok_or_else(|| Error::field("holder_usernames", "exists", message()))?);
    }
    form.put_list("holders", holders);
    Ok(())
}

pub(super) async fn request(PathId(case): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = make_request(&page, &case, request).await.map_err(without_due_fields);
    if made.is_ok() {
        drafts::sent(&page).await;
    }
    let address = |made: Authorization| format!("/authorizations/{}?done=requested", made.id);
    let names = &[
        ("platforms", "platform_names"),
        ("holders", "holder_usernames"),
        ("accounts", "account_names"),
    ];
    let again = async |form: FormView| new_page(&page, &case, (form.renamed(names), None)).await;
    pages::answer(&page.req, made, address, again).await
}

/// What is due in the case is no field of this form: one sentence tells it.
fn without_due_fields(mut e: Error) -> Error {
    if e.code == "due-first" {
        e.errors.clear();
    }
    e
}

async fn make_request(page: &PageRequest, case: &str, mut request: WriteRequest) -> Result<Authorization> {
    let (act, scope) = (Act::AuthorizationRequest, Scope::Case(case.to_owned()));
    request.check(act, &scope).await?;
    let mut form = request.form().await?;
    as_request(page, &mut form).await?;
    let wanted = Request::parse(form, page.app.gate.now())?;
    request.transact(act, scope, move |tx| ops::request(tx, &wanted)).await
}

#[derive(Template)]
#[template(path = "authorizations/pages/one.html")]
struct AuthorizationPage {
    frame: Frame,
    page: CasePage,
    shown: ShownAuthorization,
    facts: Vec<(&'static str, String)>,
    purpose: String,
    predicate: String,
    rulings: Vec<(String, String, String, Moment)>,
    may: reads::AuthorizationRights,
    form: FormView,
}

pub(super) async fn one(id: PathId, page: PageRequest) -> Reply {
    one_page(&page, id.0, FormView::default()).await
}

async fn one_page(page: &PageRequest, id: String, form: FormView) -> Reply {
    let (found, now) = reads::authorization(&page.app.gate, &page.ctx, id.clone()).await?;
    let (mut frame, case_page) = CasePage::of(page, &found.case_id, Tab::Authorizations).await?;
    frame.title = format!("Authorization A-{}, {}", found.number, case_page.case.number);
    let rulings = [("Decision", &found.decision), ("Revoked", &found.revoked)];
    let rulings = rulings
        .into_iter()
        .filter_map(|(what, ruling)| Some((what, ruling.as_ref()?)));
    let shown = AuthorizationPage {
        facts: facts(&found, &case_page),
        purpose: crate::text::block(&found.terms.purpose),
        predicate: crate::text::block(&found.terms.predicate),
        rulings: rulings
            .map(|(what, ruling)| {
                let outcome = ruling.outcome.as_deref().map_or(what.to_owned(), label);
                let reason = ruling.reason.as_deref().map(line).unwrap_or_default();
                (outcome, reason, line(&ruling.by.name), case_page.at(ruling.at.0))
            })
            .collect(),
        may: reads::authorization_rights(&page.app.gate, &page.ctx, id).await?,
        shown: ShownAuthorization::of(&found, now, &case_page),
        page: case_page,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

fn facts(a: &Authorization, page: &CasePage) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let mut put = |name, value: String| facts.extend((!value.is_empty()).then(|| (name, line(&value))));
    let accounts = a.terms.accounts.iter().filter_map(|account| {
        let name = account
            .handle
            .as_deref()
            .or(account.platform_id.as_deref())
            .or(account.url.as_deref())?;
        Some(format!("{name} ({})", account.platform))
    });
    let accounts: Vec<String> = accounts.collect();
    let accounts = if accounts.is_empty() {
        "all of these platforms".into()
    } else {
        accounts.join(", ")
    };
    put("Accounts", accounts);
    put("Searches", a.terms.searches.join("; "));
    put(
        "Devices",
        a.terms
            .devices
            .iter()
            .map(|d| d.as_str())
            .collect::<Vec<_>>()
            .join(", "),
    );
    put("Scope", a.terms.scope_note.clone().unwrap_or_default());
    put(
        "Review",
        a.terms
            .review_at
            .map(|at| page.at(at.0).shown().to_owned())
            .unwrap_or_default(),
    );
    let attested = a.terms.attestations.iter().map(|a| a.as_str().replace('_', " "));
    put("Attested", attested.collect::<Vec<_>>().join("; "));
    facts
}

pub(super) async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Authorization(id.0.clone()));
    let (act, parse) = (Act::AuthorizationDecide, AuthorizationDecision::parse);
    let made = request.write_to(act, scope, parse, ops::decide).await;
    after(&page, id.0, "decided", made.map(drop)).await
}

pub(super) async fn revoke(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Authorization(id.0.clone()));
    let verb = |tx: &mut Tx<'_>, id: &str, reason: &String| ops::revoke(tx, id, reason);
    let made = request
        .write_to(Act::AuthorizationRevoke, scope, revocation, verb)
        .await;
    after(&page, id.0, "ended", made.map(drop)).await
}

pub(super) async fn withdraw(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Authorization(id.0.clone()));
    let verb = |tx: &mut Tx<'_>, id: &str, (): &()| ops::withdraw(tx, id);
    let made = request
        .write_to(Act::AuthorizationWithdraw, scope, withdrawal, verb)
        .await;
    after(&page, id.0, "withdrawn", made.map(drop)).await
}

async fn after(page: &PageRequest, id: String, done: &str, made: Result<()>) -> Reply {
    let address = |()| format!("/authorizations/{id}?done={done}");
    let again = async |form| one_page(page, id.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}
