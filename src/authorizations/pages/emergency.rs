//! The form that starts an emergency authorization, and the records of an oral approval and of a review from its page.

use askama::Template;

use super::one;
use super::pane::level_says;
use super::policy_hints::PolicyHints;
use super::request::{PLACES, as_request, as_typed};
use crate::authorizations::model::{Authorization, Level, Request};
use crate::authorizations::oral::NewOralApproval;
use crate::authorizations::{api, emergency_ops, ops, reads};
use crate::cases::{CasePage, Tab};
use crate::error::{Error, Result};
use crate::forms::LINE;
use crate::gate::{Scope, Tx, WhomToAsk};
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::identity::Person;
use crate::lookalike::fold;
use crate::policy::Act;
use crate::subjects::PLATFORMS;
use crate::text::label;
use crate::users;

#[derive(Template)]
#[template(path = "authorizations/pages/emergency.html")]
struct EmergencyPage {
    frame: Frame,
    page: CasePage,
    form: FormView,
    levels: Vec<(&'static str, String, &'static str)>,
    platforms: &'static [(&'static str, &'static str)],
    /// Who starts it and holds it.
    me: Person,
    whom: WhomToAsk,
    /// Who is on call for the case's unit.
    on_call: Vec<Person>,
    policy: PolicyHints,
}

impl EmergencyPage {
    async fn of(page: &PageRequest, case: &str) -> Result<Self> {
        let begins = reads::beginning(&page.app.gate, &page.ctx, case.to_owned(), Act::EmergencyStart).await?;
        let (mut frame, case_page) = CasePage::of(page, case, Tab::Authorizations).await?;
        frame.title = format!("Start an emergency, {}", case_page.case.number);
        let level = |level: &Level| (level.as_str(), label(level.as_str()), level_says(*level));
        Ok(Self {
            levels: Level::ALL.iter().map(level).collect(),
            platforms: PLATFORMS,
            me: begins.me,
            whom: begins.whom,
            on_call: begins.on_call,
            policy: PolicyHints::of(&begins.policy, &begins.units),
            form: FormView::of([("level", "overt".to_owned())]),
            page: case_page,
            frame,
        })
    }
}

pub async fn emergency_form(case: PathId, page: PageRequest) -> Reply {
    pages::show(&EmergencyPage::of(&page, &case.0).await?, None)
}

pub async fn start(PathId(case): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = start_from(&page, &case, request).await.map_err(as_typed);
    let address = |made: Authorization| format!("/authorizations/{}?done=emergency-started", made.id);
    let again = async |form: FormView| {
        let mut shown = EmergencyPage::of(&page, &case).await?;
        shown.form = form.renamed(PLACES);
        pages::show(&shown, Some(&shown.form))
    };
    pages::answer(&page.req, made, address, again).await
}

async fn start_from(page: &PageRequest, case: &str, mut request: WriteRequest) -> Result<Authorization> {
    let (act, scope) = (Act::EmergencyStart, Scope::Case(case.to_owned()));
    request.check(act, &scope).await?;
    let mut form = request.form().await?;
    as_request(page, &mut form).await?;
    let wanted = Request::parse_emergency(form, page.app.gate.now())?;
    request
        .transact(act, scope, move |tx| emergency_ops::start(tx, &wanted))
        .await
}

pub async fn record_oral(PathId(id): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = record_oral_from(&page, &id, request).await.map_err(|mut e| {
        for error in e.errors.iter_mut().filter(|error| error.field == "by") {
            error.field = "approver".into();
        }
        e
    });
    one::after(&page, id, "oral-recorded", made.map(drop)).await
}

async fn record_oral_from(page: &PageRequest, id: &str, mut request: WriteRequest) -> Result<Authorization> {
    let (act, scope) = (Act::OralApprovalRecord, Scope::Authorization(id.to_owned()));
    request.check(act, &scope).await?;
    let mut form = request.form().await?;
    let username = fold(&form.required("approver", LINE));
    let found = match username.is_empty() {
        true => None,
        false => users::id_of(&page.app.gate, &page.ctx, username).await?,
    };
    let message = "names nobody here: check the spelling of the user name";
    form.put("by", found.ok_or_else(|| Error::field("approver", "exists", message))?);
    let new = NewOralApproval::parse(form, page.app.gate.now())?;
    let id = id.to_owned();
    let verb = move |tx: &mut Tx<'_>| ops::record_oral(tx, &id, &new);
    request.transact(act, scope, verb).await
}

pub async fn review(PathId(id): PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::reviewed(id.clone(), request).await.map(drop);
    one::after(&page, id, "continues", made).await
}
