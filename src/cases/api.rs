//! Cases, members and grants over HTTP: one read or one write each, and their JSON.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};

use super::chosen::CaseShown;
use super::in_part::CaseSearch;
use super::model::{self, CasePatch, CaseView, Grant, NewCase, NewGrant};
use super::particulars::CaseKind;
use super::{access, ops, reads, recusal};
use crate::error::Result;
use crate::forms::{Form, parse_id};
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::{Act, CaseStatus};

pub(super) async fn open(request: WriteRequest) -> Reply {
    let made = request
        .write(Act::CaseOpen, Scope::Agency, NewCase::parse, ops::open)
        .await?;
    reply::created("cases", (&made.case.id, made.case.version), &case_json(&made))
}

pub(super) async fn list(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &["number", "kind", "status"])?;
    let found = reads::cases(&app.gate, &requester, search(&page)?).await?;
    page.reply(
        &req,
        Listed::of(found, &page, |c| c.id().to_owned(), |c| shown_json(&c)),
    )
}

pub(super) fn search(page: &Page) -> Result<CaseSearch> {
    Ok(CaseSearch {
        number: page.filter("number").map(str::to_owned),
        kind: page.word::<CaseKind>("kind")?.map(|k| k.as_str().to_owned()),
        status: page.word::<CaseStatus>("status")?.map(|s| s.as_str().to_owned()),
        before: page.after.clone(),
        limit: page.limit + 1,
    })
}

pub(super) async fn read(id: PathId, requester: RequestCtx, app: App) -> Reply {
    match reads::case(&app.gate, &requester, id.0).await? {
        CaseShown::Whole(found) => reply::versioned(found.case.version, &case_json(&found)),
        CaseShown::Head(head) => reply::ok(&head),
    }
}

pub(super) async fn change(id: PathId, request: WriteRequest) -> Reply {
    let made = change_case(id.0, request, |form| form).await?;
    reply::versioned(made.case.version, &case_json(&made))
}

/// Changes a case, for the API and for a page. What is changed decides which act it is.
/// `read` makes of a page's form what the API takes.
pub(super) async fn change_case(id: String, mut request: WriteRequest, read: fn(Form) -> Form) -> Result<CaseView> {
    let scope = Scope::Case(id);
    let asking = request.check(Act::CaseRead, &scope).await?;
    let patch = CasePatch::parse(read(request.plain_form().await?))?;
    let act = ops::act_for(&patch, &asking);
    request.check(act, &scope).await?;
    let version = request.version()?;
    let verb = move |tx: &mut Tx<'_>| ops::change(tx, &version, &patch);
    request.transact(act, scope, verb).await
}

pub(super) async fn add_member(path: Path<(String, String)>, id: PathId, request: WriteRequest) -> Reply {
    let user = parse_id(&path.1).unwrap_or_default();
    reply::ok(
        &request
            .transact(Act::MemberChange, Scope::Case(id.0), move |tx| {
                access::add_member(tx, &user)
            })
            .await?,
    )
}

pub(super) async fn remove_member(path: Path<(String, String)>, id: PathId, request: WriteRequest) -> Reply {
    let user = parse_id(&path.1).unwrap_or_default();
    request
        .transact(Act::MemberChange, Scope::Case(id.0), move |tx| {
            access::remove_member(tx, &user)
        })
        .await?;
    reply::nothing()
}

pub(super) async fn grants(req: HttpRequest, id: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::grants(&app.gate, &requester, id.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |g| g.id.clone(), |g| grant_json(&g)))
}

pub(super) async fn give(id: PathId, mut request: WriteRequest) -> Reply {
    let scope = Scope::Case(id.0);
    request.check(Act::CaseRead, &scope).await?;
    let new = NewGrant::parse(request.form().await?, request.app.gate.now())?;
    let act = access::act_for(&new);
    let made = request.transact(act, scope, move |tx| access::give(tx, &new)).await?;
    Ok(HttpResponse::Created().json(grant_json(&made)))
}

pub(super) async fn end_grant(id: PathId, mut request: WriteRequest) -> Reply {
    let scope = Scope::Grant(id.0.clone());
    request.check(Act::GrantEnd, &scope).await?;
    let reason = model::end_of_grant(request.optional_form().await?)?;
    let verb = move |tx: &mut Tx<'_>| access::end_grant(tx, &id.0, reason.as_deref());
    request.transact(Act::GrantEnd, scope, verb).await?;
    reply::nothing()
}

pub(super) async fn recusals(req: HttpRequest, id: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::recusals(&app.gate, &requester, id.0, &page).await?;
    page.reply(&req, Listed::of(found, &page, |one| one.id.clone(), |one| one))
}

pub(super) async fn recuse(id: PathId, request: WriteRequest) -> Reply {
    let (act, scope) = (Act::CaseRecuse, Scope::Case(id.0));
    let verb = |tx: &mut Tx<'_>, reason: &String| recusal::recuse(tx, reason);
    let made = request.write(act, scope, model::recusal, verb).await?;
    Ok(HttpResponse::Created().json(made))
}

/// A case as the API shows it to one of its readers.
fn shown_json(case: &CaseShown) -> Value {
    match case {
        CaseShown::Whole(found) => case_json(found),
        CaseShown::Head(head) => json!(head),
    }
}

/// A case as the API shows it: people by their ids, without the reason of its last change.
fn case_json(CaseView { case, members, held }: &CaseView) -> Value {
    let withheld = match held {
        0 => json!([]),
        n => json!([{"class": "held", "count": n, "ask": "a supervisor of the case's unit who does not work on it"}]),
    };
    let beside = json!({
        "lead_id": case.lead.id, "proposed_lead": case.proposed_lead, "proposal": case.proposal, "supervisor_id": case.supervisor.as_ref().map(|s| &s.id), "due": case.due(),
        "members": members, "held_count": held, "withheld": withheld,
    });
    shown(case, &["lead", "supervisor", "reason"], beside)
}

/// A grant as the API shows it: its holder by id.
fn grant_json(grant: &Grant) -> Value {
    shown(grant, &["user"], json!({"user_id": grant.user.id}))
}

/// A record without some of its fields, and with others beside it.
fn shown(record: &impl Serialize, without: &[&str], beside: Value) -> Value {
    let mut shown = json!(record);
    if let (Value::Object(shown), Value::Object(beside)) = (&mut shown, beside) {
        shown.retain(|name, _| !without.contains(&name.as_str()));
        shown.extend(beside);
    }
    shown
}
