//! The pages of the authorization policy: what counts and what counted, one version with its changes, and the form that
//! proposes another.

mod shown;

use askama::Template;

use self::shown::{PolicyLine, ShownVersion, changes, lines, typed};
use super::api;
use super::model::{AskedField, AuthorizationPolicy, Device, Level, PolicyState, PolicyTerms, TrainingDemand};
use super::reads::{self, PolicyRights};
use crate::error::Result;
use crate::gate::Scope;
use crate::http::decision::{DecisionChoice, DecisionForm};
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::policy::Act;
use crate::text::{Zone, label};

#[derive(Template)]
#[template(path = "authorization_policies/pages/list.html")]
struct PolicyListPage {
    frame: Frame,
    /// The number of the policy in force, and since when it counts, where the agency adopted it.
    number: i64,
    since: Option<String>,
    sha256: String,
    lines: Vec<PolicyLine>,
    all: Vec<ShownVersion>,
    rights: PolicyRights,
    next: Option<String>,
}

pub(super) async fn list(page: PageRequest) -> Reply {
    let (gate, ctx, query) = (&page.app.gate, &page.ctx, Page::read(&page.req, &["done"])?);
    let found = reads::versions(gate, ctx, &query).await?;
    let in_force = reads::in_force(gate, ctx).await?;
    let zone = Zone::named(None);
    let listed = Listed::of(
        found,
        &query,
        |one| one.number.to_string(),
        |one| ShownVersion::of(&one, zone),
    );
    let since = in_force.adopted.as_ref().and_then(|adopted| adopted.decision.as_ref());
    let shown = PolicyListPage {
        number: in_force.reference.number,
        since: since.map(|decision| zone.at(decision.at.0).shown().to_owned()),
        sha256: in_force.reference.sha256.clone(),
        lines: lines(&in_force.terms),
        rights: reads::rights(gate, ctx).await?,
        next: listed.next.map(|next| query.next_address(page.req.path(), &next)),
        all: listed.items,
        frame: page.frame("Authorization policy", Nav::AuthorizationPolicy).await?,
    };
    pages::show(&shown, None)
}

#[derive(Template)]
#[template(path = "authorization_policies/pages/one.html")]
struct PolicyPage {
    frame: Frame,
    shown: ShownVersion,
    /// What it changes, beside the policy in force; empty where it counts or counted.
    changes: Vec<PolicyLine>,
    lines: Vec<PolicyLine>,
    decision: Option<DecisionForm>,
    /// Whether the reader wrote it and may take it back.
    withdraws: bool,
    form: FormView,
}

pub(super) async fn one(id: PathId, page: PageRequest) -> Reply {
    one_page(&page, id.0, FormView::default()).await
}

async fn one_page(page: &PageRequest, id: String, form: FormView) -> Reply {
    let (gate, ctx) = (&page.app.gate, &page.ctx);
    let (policy, in_force) = reads::version(gate, ctx, id).await?;
    let rights = reads::rights(gate, ctx).await?;
    let mut frame = page.frame("", Nav::AuthorizationPolicy).await?;
    frame.title = format!("Authorization policy, version {}", policy.number);
    let waits = policy.state == PolicyState::Proposed;
    let wrote = frame.person_id() == policy.author.id;
    let shown = PolicyPage {
        changes: match waits {
            true => changes(&in_force.terms, &policy.terms),
            false => Vec::new(),
        },
        lines: lines(&policy.terms),
        decision: (waits && rights.countersigns && !wrote).then(|| decision(&policy)),
        withdraws: waits && wrote,
        shown: ShownVersion::of(&policy, Zone::named(None)),
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

fn decision(policy: &AuthorizationPolicy) -> DecisionForm {
    let choice = |value, word: &str, says: &str, look| DecisionChoice {
        value,
        word: word.to_owned(),
        says: says.to_owned(),
        look,
    };
    DecisionForm {
        action: format!("/authorization-policies/{}/decision", policy.id),
        version: policy.version,
        field: "decision",
        reason: "reason",
        label: "Reason, kept on the record",
        hint: "Needed to decline it.",
        chips: &[],
        choices: vec![
            choice(
                "adopt",
                "Countersign",
                "Counts from now on. What was decided before stays decided under the older policy.",
                " btn--primary",
            ),
            choice("decline", "Decline", "The policy stays as it is.", " btn--danger"),
        ],
        confirms: None,
        also: None,
    }
}

#[derive(Template)]
#[template(path = "authorization_policies/pages/new.html")]
struct NewPolicyPage {
    frame: Frame,
    form: FormView,
    levels: Vec<(&'static str, String)>,
    devices: Vec<(&'static str, String)>,
    trainings: Vec<(&'static str, String)>,
    asks: Vec<(&'static str, &'static str)>,
}

impl NewPolicyPage {
    async fn of(page: &PageRequest) -> Result<(Self, PolicyTerms)> {
        let (gate, ctx) = (&page.app.gate, &page.ctx);
        gate.check(ctx, Act::AuthorizationPolicyPropose, Scope::Agency).await?;
        let in_force = reads::in_force(gate, ctx).await?;
        let shown = Self {
            frame: page.frame("Propose a policy", Nav::AuthorizationPolicy).await?,
            form: FormView::default(),
            levels: Level::ALL
                .iter()
                .map(|one| (one.as_str(), label(one.as_str())))
                .collect(),
            devices: Device::ALL
                .iter()
                .map(|one| (one.as_str(), label(one.as_str())))
                .collect(),
            trainings: TrainingDemand::ALL
                .iter()
                .map(|one| (one.as_str(), label(one.as_str())))
                .collect(),
            asks: AskedField::ALL.iter().map(|one| (one.as_str(), one.label())).collect(),
        };
        Ok((shown, in_force.terms))
    }
}

pub(super) async fn new_form(page: PageRequest) -> Reply {
    let (mut shown, terms) = NewPolicyPage::of(&page).await?;
    shown.form = typed(&terms);
    pages::show(&shown, None)
}

pub(super) async fn propose(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::proposed(request).await;
    let address = |made: AuthorizationPolicy| format!("/authorization-policies/{}?done=policy-proposed", made.id);
    let again = async |form: FormView| {
        let (mut shown, _) = NewPolicyPage::of(&page).await?;
        shown.form = form;
        pages::show(&shown, Some(&shown.form))
    };
    pages::answer(&page.req, made, address, again).await
}

pub(super) async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::give_answer(id.0.clone(), request).await;
    after(&page, id.0, "policy-decided", made).await
}

pub(super) async fn withdraw(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::take_back(id.0.clone(), request).await;
    after(&page, id.0, "withdrawn", made).await
}

async fn after(page: &PageRequest, id: String, done: &str, made: Result<AuthorizationPolicy>) -> Reply {
    let address = |made: AuthorizationPolicy| format!("/authorization-policies/{}?done={done}", made.id);
    let again = async |form| one_page(page, id.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}
