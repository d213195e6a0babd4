//! Who works on a case and who was let in: members, the lead's handover, and access that ends by itself.

use askama::Template;

use super::{CasePage, Tab, colleague, names_people};
use crate::cases::handover::Handover;
use crate::cases::model::{self, Grant, NewGrant, Recusal};
use crate::cases::{access, api, reads, recusal};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::forms::{Form, LINE};
use crate::gate::{Scope, Tx, WhomToAsk};
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::identity::Person;
use crate::policy::Act;
use crate::text::{Moment, Zone, line};
use crate::users::Colleague;

/// Somebody who was let in.
struct GrantedLine {
    id: String,
    who: String,
    rights: String,
    /// The numbers of the captures that it is of; empty where it is of the whole case.
    items: String,
    reason: String,
    by: String,
    given: Moment,
    until: Moment,
    /// Whether the glass was broken for it.
    break_glass: bool,
    /// How it ended, where it is over.
    ended: Option<String>,
}

impl GrantedLine {
    fn of(grant: &Grant, zone: Zone, now: Micros) -> Self {
        let ended = grant.ended_at.map(|at| {
            let by = grant.ended_by.as_ref().map(|by| format!(" by {}", line(&by.name)));
            let why = grant.end_reason.as_deref().map(|why| format!(": {}", line(why)));
            let at = zone.at(at.0);
            format!(
                "Ended{}, {}{}",
                by.unwrap_or_default(),
                at.shown(),
                why.unwrap_or_default()
            )
        });
        let until = zone.at(grant.until.0);
        let over = (grant.until.0 <= now).then(|| format!("Ended by itself, {}", until.shown()));
        Self {
            id: grant.id.clone(),
            who: line(&grant.user.name),
            rights: grant.gives(),
            items: grant.items(),
            reason: line(&grant.reason),
            by: line(&grant.granted_by.name),
            given: zone.at(grant.granted_at.0),
            break_glass: grant.origin.break_glass,
            ended: ended.or(over),
            until,
        }
    }
}

/// Somebody who decides nothing in the case, by their own word.
struct RecusedLine {
    who: String,
    at: Moment,
    reason: String,
}

impl RecusedLine {
    fn of(recusal: &Recusal, zone: Zone) -> Self {
        Self {
            who: line(&recusal.user.name),
            at: zone.at(recusal.at.0),
            reason: line(&recusal.reason),
        }
    }
}

#[derive(Template)]
#[template(path = "cases/pages/team.html")]
struct TeamPage {
    frame: Frame,
    page: CasePage,
    members: Vec<Person>,
    candidates: Vec<Person>,
    grants: Vec<GrantedLine>,
    recused: Vec<RecusedLine>,
    whom: WhomToAsk,
    colleagues: Vec<Colleague>,
    form: FormView,
}

impl TeamPage {
    /// Colleagues who are no members yet.
    fn others(&self) -> Vec<&Person> {
        let member = |person: &&Person| self.members.iter().any(|member| member.id == person.id);
        self.candidates.iter().filter(|person| !member(person)).collect()
    }

    /// When the next lead was proposed.
    fn proposed_at(&self) -> String {
        let at = self.page.case.proposal.as_ref().map(|made| self.page.at(made.at.0));
        at.map(|at| at.shown().to_string()).unwrap_or_default()
    }

    /// Colleagues who can be proposed as lead.
    fn could_lead(&self) -> impl Iterator<Item = &Person> {
        let me = self.frame.person.as_ref().map(|person| person.user.as_str());
        self.candidates
            .iter()
            .filter(move |person| Some(person.id.as_str()) != me)
    }

    /// Whether the refused form is the one that this field belongs to.
    fn is_about(&self, field: &str) -> bool {
        self.form.is_refused() && !self.form.value(field).is_empty()
    }
}

pub async fn team(id: PathId, page: PageRequest) -> Reply {
    team_page(&page, &id.0, FormView::default()).await
}

async fn team_page(page: &PageRequest, id: &str, form: FormView) -> Reply {
    let (mut frame, case_page) = CasePage::of(page, id, Tab::Overview).await?;
    frame.title = format!("Who works on {}", line(&case_page.case.number));
    let (team, now) = (
        reads::team(&page.app.gate, &page.ctx, id.to_owned()).await?,
        page.app.gate.now(),
    );
    let grant = |grant: &Grant| GrantedLine::of(grant, case_page.zone, now);
    let shown = TeamPage {
        grants: team.grants.iter().map(grant).collect(),
        recused: team
            .recusals
            .iter()
            .map(|one| RecusedLine::of(one, case_page.zone))
            .collect(),
        members: team.members,
        candidates: team.candidates,
        whom: team.whom,
        colleagues: match names_people(&case_page.rights) {
            true => Colleague::all(page).await?,
            false => Vec::new(),
        },
        page: case_page,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

/// Back to the team, which says what was done, or shows the form again.
async fn back(page: &PageRequest, id: &str, done: &str, made: Result<()>) -> Reply {
    let address = |()| format!("/cases/{id}/team?done={done}");
    pages::answer(&page.req, made, address, async |form| team_page(page, id, form).await).await
}

pub async fn hand_over(PathId(id): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let asking = request.check(Act::CaseRead, &Scope::Case(id.clone())).await?;
    let made = api::change_case(id.clone(), request, |form| form).await.map(drop);
    // The form is read by then.
    let named = page.typed("lead_id").unwrap_or_default();
    let meant = asking
        .context
        .map(|case| Handover::meant(&asking.caller, &case, &named));
    let done = match meant {
        Some(Handover::Accepted) => "lead-accepted",
        Some(Handover::Withdrawn) => "lead-withdrawn",
        // Who declined may not see the case any more.
        Some(Handover::Declined) => return declined(&page, &id, made).await,
        _ => "lead-proposed",
    };
    back(&page, &id, done, made).await
}

async fn declined(page: &PageRequest, id: &str, made: Result<()>) -> Reply {
    let address = |()| "/?done=lead-declined".to_owned();
    pages::answer(&page.req, made, address, async |form| team_page(page, id, form).await).await
}

pub async fn add_member(PathId(id): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = make_member(&page, &id, request).await;
    back(&page, &id, "member", made).await
}

async fn make_member(page: &PageRequest, id: &str, mut request: WriteRequest) -> Result<()> {
    let scope = Scope::Case(id.to_owned());
    request.check(Act::MemberChange, &scope).await?;
    let mut form = request.plain_form().await?;
    let user = match form.has("user_id") {
        true => chosen(&mut form)?,
        false => colleague(page, &mut form, "member").await?,
    };
    form.value("member");
    form.done()?;
    let verb = move |tx: &mut Tx<'_>| access::add_member(tx, &user);
    request.transact(Act::MemberChange, scope, verb).await.map(drop)
}

/// The colleague whom a list gives.
fn chosen(form: &mut Form) -> Result<String> {
    let message = "must be one of the list: reload the page";
    form.id("user_id")
        .ok_or_else(|| Error::field("user_id", "uuid", message))
}

pub async fn remove_member(PathId(id): PathId, mut request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Case(id.clone()));
    request.check(Act::MemberChange, &scope).await?;
    let user = request.plain_form().await?.read(|form| form.required_id("user_id"))?;
    let verb = move |tx: &mut Tx<'_>| access::remove_member(tx, &user);
    let made = request.transact(Act::MemberChange, scope, verb).await;
    back(&page, &id, "member", made).await
}

pub async fn give(PathId(id): PathId, request: WriteRequest) -> Reply {
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
    extent(&mut form);
    let new = NewGrant::parse(form, page.app.gate.now())?;
    let act = access::act_for(&new);
    let verb = move |tx: &mut Tx<'_>| access::give(tx, &new);
    request.transact(act, scope, verb).await.map(drop)
}

/// Whether the form opens the whole case or chosen captures: which of the two is said for itself, so that a field that was
/// left empty never opens a case.
fn extent(form: &mut Form) {
    let named = form.has("captures");
    match form.text("extent", LINE).as_deref() {
        Some("captures") => form.must(
            "captures",
            "must name the captures, by item number or id, with commas between them",
        ),
        Some("case") | None if named => {
            let message = "names captures, while the whole case is chosen: choose the captures, or empty this field";
            form.refuse("captures", "either", message);
        }
        Some("case") | None => {}
        Some(_) => form.refuse("extent", "one_of", "must be case or captures: reload the page"),
    }
}

pub async fn recuse(PathId(id): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = recuse_from(&id, request).await;
    back(&page, &id, "recused", made).await
}

async fn recuse_from(id: &str, mut request: WriteRequest) -> Result<()> {
    let scope = Scope::Case(id.to_owned());
    request.check(Act::CaseRecuse, &scope).await?;
    let mut form = request.form().await?;
    // Which of the page's forms it is, so that a refused one is shown again at its place.
    form.value("recusal");
    let reason = model::recusal(form)?;
    let verb = move |tx: &mut Tx<'_>| recusal::recuse(tx, &reason);
    request.transact(Act::CaseRecuse, scope, verb).await.map(drop)
}

pub async fn end_grant(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Grant(id.0.clone()));
    let authorized = request.check(Act::GrantEnd, &scope).await?;
    let case = authorized.context.map(|case| case.case_id).unwrap_or_default();
    let made = end_access(id.0, request).await;
    back(&page, &case, "ended", made).await
}

async fn end_access(id: String, mut request: WriteRequest) -> Result<()> {
    let mut form = request.plain_form().await?;
    // Which of the grants it is, so that a refused form is shown again at its place.
    form.value("grant");
    form.must("reason", "must say why the access ends");
    let reason = model::end_of_grant(form)?;
    let (scope, verb_id) = (Scope::Grant(id.clone()), id);
    let verb = move |tx: &mut Tx<'_>| access::end_grant(tx, &verb_id, reason.as_deref());
    request.transact(Act::GrantEnd, scope, verb).await
}
