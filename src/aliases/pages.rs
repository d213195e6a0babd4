//! The pages of the registry of aliases: those that exist for their reader, one with what may be done about it, and the
//! form that asks for another.

mod shown;

use askama::Template;

use self::shown::{ShownAlias, ShownUse};
use super::disclosed::{AliasDisclosure, CaseOfAlias, NewAliasDisclosure};
use super::model::{Alias, AliasState, NewAlias};
use super::reads::{self, AliasRights};
use super::{api, ops};
use crate::error::{Error, FieldError, Result};
use crate::forms::{Form, LINE, TEXT};
use crate::gate::Scope;
use crate::http::decision::{DecisionChoice, DecisionForm};
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::lookalike::fold;
use crate::policy::{Act, Role};
use crate::text::Zone;
use crate::users::{self, Colleague};

/// Where what is wrong with a request is shown on its form.
const PLACES: &[(&str, &str)] = &[("accounts", "account_lines"), ("holder", "holder_username")];

#[derive(Template)]
#[template(path = "aliases/pages/list.html")]
struct AliasListPage {
    frame: Frame,
    all: Vec<ShownAlias>,
    next: Option<String>,
}

pub(super) async fn list(page: PageRequest) -> Reply {
    let query = Page::read(&page.req, &["done"])?;
    let (found, now) = (
        reads::list(&page.app.gate, &page.ctx, &query).await?,
        page.app.gate.now(),
    );
    let listed = Listed::of(
        found,
        &query,
        |one| one.alias.id.clone(),
        |one| ShownAlias::of(&one, (Zone::named(None), now)),
    );
    let shown = AliasListPage {
        next: listed.next.map(|next| query.next_address(page.req.path(), &next)),
        all: listed.items,
        frame: page.frame("Aliases", Nav::Aliases).await?,
    };
    pages::show(&shown, None)
}

#[derive(Template)]
#[template(path = "aliases/pages/one.html")]
struct AliasPage {
    frame: Frame,
    shown: ShownAlias,
    uses: Vec<ShownUse>,
    /// The authorizations that name it, by id and number.
    named_by: Vec<(String, i64)>,
    /// The next page of captures under it.
    next: Option<String>,
    /// The cases in which it was used or is named, with whether it goes with them.
    cases: Vec<CaseOfAlias>,
    decision: Option<DecisionForm>,
    reviews: bool,
    /// Whether its reader may include it in what leaves with a case.
    includes: bool,
    form: FormView,
}

impl AliasPage {
    /// Whether its reader may include it in what leaves with this case.
    fn includes_in(&self, one: &CaseOfAlias) -> bool {
        self.includes && !one.is_included
    }

    /// What was typed about a case and refused.
    fn typed_about(&self, case: &str) -> &str {
        match self.form.chose("case", case) {
            true => self.form.value("reason"),
            false => "",
        }
    }

    /// Whether its reader retires it, or takes it back: not beside the form that declines it.
    fn retires(&self) -> bool {
        let ended = matches!(self.shown.state, AliasState::Declined | AliasState::Retired);
        !ended && self.decision.is_none()
    }
}

pub(super) async fn one(id: PathId, page: PageRequest) -> Reply {
    one_page(&page, id.0, FormView::default()).await
}

async fn one_page(page: &PageRequest, id: String, form: FormView) -> Reply {
    let (gate, ctx) = (&page.app.gate, &page.ctx);
    // A page that shows a refused form again was sent without a query of its own.
    let query = match form.is_refused() {
        true => Page::first(50),
        false => Page::read(&page.req, &["done"])?,
    };
    let (view, rights) = reads::one(gate, ctx, id.clone()).await?;
    let found = reads::uses(gate, ctx, id.clone(), &query).await?;
    let zone = Zone::named(None);
    let listed = Listed::of(
        found,
        &query,
        |one| one.made.capture_id.clone(),
        |one| ShownUse::of(&one, zone),
    );
    let shown = AliasPage {
        next: listed
            .next
            .map(|next| query.next_address(&format!("/aliases/{id}"), &next)),
        uses: listed.items,
        named_by: view
            .named_by
            .iter()
            .map(|one| (one.authorization_id.clone(), one.number))
            .collect(),
        decision: decision(&view.alias, rights),
        cases: reads::cases(gate, ctx, id.clone()).await?,
        includes: rights.includes,
        reviews: rights.reviews && view.alias.state == AliasState::Approved,
        shown: ShownAlias::of(&view, (zone, gate.now())),
        frame: page.frame("Alias", Nav::Aliases).await?,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

fn decision(alias: &Alias, rights: AliasRights) -> Option<DecisionForm> {
    if alias.state != AliasState::Requested || !rights.decides {
        return None;
    }
    let choice = |value, word: &str, says: &str, look| DecisionChoice {
        value,
        word: word.to_owned(),
        says: says.to_owned(),
        look,
    };
    Some(DecisionForm {
        action: format!("/aliases/{}/decision", alias.id),
        version: alias.version,
        field: "decision",
        reason: "reason",
        label: "Reason, kept on the record",
        hint: "Needed to decline it.",
        chips: &[],
        choices: vec![
            choice(
                "approve",
                "Approve",
                "It counts from now on, and is reviewed within thirty days.",
                " btn--primary",
            ),
            choice("decline", "Decline", "It never counts.", " btn--danger"),
        ],
        confirms: None,
        also: None,
    })
}

#[derive(Template)]
#[template(path = "aliases/pages/new.html")]
struct NewAliasPage {
    frame: Frame,
    form: FormView,
    /// Whom a supervisor may ask for.
    colleagues: Vec<Colleague>,
    supervises: bool,
}

impl NewAliasPage {
    async fn of(page: &PageRequest, form: FormView) -> Result<Self> {
        let (act, scope) = (Act::AliasRequest, Scope::Agency);
        let authorized = page.app.gate.check(&page.ctx, act, scope).await?;
        let supervises = authorized.caller.is(Role::Supervisor);
        Ok(Self {
            frame: page.frame("Ask for an alias", Nav::Aliases).await?,
            colleagues: match supervises {
                true => Colleague::all(page).await?,
                false => Vec::new(),
            },
            supervises,
            form,
        })
    }
}

pub(super) async fn new_form(page: PageRequest) -> Reply {
    let shown = NewAliasPage::of(&page, FormView::default()).await?;
    pages::show(&shown, None)
}

pub(super) async fn ask(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = asked(&page, request).await.map_err(as_typed);
    let address = |made: Alias| format!("/aliases/{}?done=alias-asked", made.id);
    let again = async |form: FormView| {
        let shown = NewAliasPage::of(&page, form.renamed(PLACES)).await?;
        pages::show(&shown, Some(&shown.form))
    };
    pages::answer(&page.req, made, address, again).await
}

async fn asked(page: &PageRequest, mut request: WriteRequest) -> Result<Alias> {
    let (act, scope) = (Act::AliasRequest, Scope::Agency);
    request.check(act, &scope).await?;
    let mut form = request.form().await?;
    as_request(page, &mut form).await?;
    let wanted = NewAlias::parse(form)?;
    request.transact(act, scope, move |tx| ops::ask(tx, &wanted)).await
}

/// What the form says, under the names of a request.
async fn as_request(page: &PageRequest, form: &mut Form) -> Result<()> {
    let lines = form.text("account_lines", TEXT).unwrap_or_default();
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    form.put_objects("accounts", lines.map(account).collect());
    let Some(username) = form.text("holder_username", LINE) else {
        return Ok(());
    };
    let found = users::id_of(&page.app.gate, &page.ctx, fold(&username)).await?;
    let message = "names nobody here: check the spelling of the user name";
    let id = found.ok_or_else(|| Error::field("holder_username", "exists", message))?;
    form.put("holder", id);
    Ok(())
}

/// An account as one line names it: `@handle on platform`, an address and its platform, or a platform alone.
fn account(line: &str) -> Vec<(&'static str, String)> {
    match line.rsplit_once(" on ") {
        Some((name, platform)) => {
            let name = name.trim();
            let field = if name.starts_with("http") { "url" } else { "handle" };
            vec![("platform", platform.trim().to_owned()), (field, name.to_owned())]
        }
        None => vec![("platform", line.to_owned())],
    }
}

/// A refusal in the words of the form: an account is a line of it.
fn as_typed(mut e: Error) -> Error {
    for error in &mut e.errors {
        let Some(place) = error.field.strip_prefix("accounts[") else {
            continue;
        };
        let line: usize = place.split(']').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let message = format!("line {}: {}", line + 1, error.message);
        *error = FieldError::new("accounts", &error.rule, message);
    }
    e
}

pub(super) async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::give_answer(id.0.clone(), request).await;
    after(&page, id.0, made).await
}

pub(super) async fn review(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::reviewed(id.0.clone(), request).await;
    after(&page, id.0, made).await
}

pub(super) async fn retire(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::retired(id.0.clone(), request).await;
    after(&page, id.0, made).await
}

pub(super) async fn disclose(case: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let parse = |mut form: Form| {
        // Which case it is, so that a refused form is shown again at its place.
        form.value("case");
        NewAliasDisclosure::parse(form)
    };
    let made = api::included(case.0, request, parse).await;
    let address = |made: AliasDisclosure| format!("/aliases/{}?done=alias-included", made.alias_id);
    let again = async |form: FormView| {
        let alias = form.value("alias_id").to_owned();
        one_page(&page, alias, form).await
    };
    pages::answer(&page.req, made, address, again).await
}

async fn after(page: &PageRequest, id: String, made: Result<Alias>) -> Reply {
    let address = |made: Alias| format!("/aliases/{}?done=decided", made.id);
    let again = async |form| one_page(page, id.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}
