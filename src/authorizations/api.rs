//! Authorizations over HTTP: one read or one write each, and their JSON.

use actix_web::HttpRequest;
use serde_json::value::Index;
use serde_json::{Value, json};

use super::additions::{AdditionDecision, NewAddition};
use super::closing::NewClosing;
use super::model::{self, Amendment, Authorization, AuthorizationDecision, AuthorizationState, Request, Ruling};
use super::oral::NewOralApproval;
use super::store::AuthorizationSearch;
use super::{emergency_ops, ops, reads, review};
use crate::clock::Micros;
use crate::error::Result;
use crate::forms::Form;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::policy::Act;
use crate::versions::SeenVersions;

pub(super) async fn request(case: PathId, request: WriteRequest) -> Reply {
    let now = request.app.gate.now();
    let (act, parse) = (Act::AuthorizationRequest, |form| Request::parse(form, now));
    let made = request.write(act, Scope::Case(case.0), parse, ops::request).await?;
    reply::created(
        "authorizations",
        (&made.id, made.version),
        &authorization_json(&made, now),
    )
}

pub(super) async fn of_case(req: HttpRequest, case: PathId, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::of_case(&app.gate, &requester, case.0, &page).await?;
    list_json(&req, &page, found)
}

pub(super) async fn list(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &["state"])?;
    let (state, before, limit) = (
        page.word::<AuthorizationState>("state")?,
        page.after.clone(),
        page.limit + 1,
    );
    let found = reads::authorizations(&app.gate, &requester, AuthorizationSearch { state, before, limit }).await?;
    list_json(&req, &page, found)
}

pub(super) async fn read(id: PathId, requester: RequestCtx, app: App) -> Reply {
    let (found, aliases, now) = reads::with_aliases(&app.gate, &requester, id.0).await?;
    let mut shown = authorization_json(&found, now);
    if !aliases.is_empty() {
        shown["aliases"] = json!(aliases);
    }
    reply::versioned(found.version, &shown)
}

pub(super) async fn checks(id: PathId, requester: RequestCtx, app: App) -> Reply {
    let read = reads::weighed(&app.gate, &requester, id.0).await?;
    reply::ok(&json!({"items": read.checks}))
}

pub(super) async fn amend(id: PathId, request: WriteRequest) -> Reply {
    let (act, now) = (Act::AuthorizationAmend, request.app.gate.now());
    let scope = Scope::Authorization(id.0.clone());
    let verb = move |tx: &mut Tx<'_>, seen: &SeenVersions, change: &Amendment| ops::amend(tx, &id.0, seen, change);
    let made = request.change(act, scope, Amendment::parse, verb).await?;
    reply::versioned(made.version, &authorization_json(&made, now))
}

pub(super) async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let (act, now) = (Act::AuthorizationDecide, request.app.gate.now());
    let scope = Scope::Authorization(id.0);
    let seen = request.version_seen()?;
    let parse = |form| {
        Ok(AuthorizationDecision {
            seen,
            ..AuthorizationDecision::parse(form)?
        })
    };
    let made = request.write_to(act, scope, parse, ops::decide).await?;
    reply::versioned(made.version, &authorization_json(&made, now))
}

pub(super) async fn ask_addition(id: PathId, request: WriteRequest) -> Reply {
    let now = request.app.gate.now();
    let (act, scope) = (Act::AdditionRequest, Scope::Authorization(id.0));
    let made = request
        .write_to(act, scope, NewAddition::parse, ops::ask_addition)
        .await?;
    reply::versioned(made.version, &authorization_json(&made, now))
}

pub(super) async fn decide_addition(PathIds(id, addition): PathIds, request: WriteRequest) -> Reply {
    let now = request.app.gate.now();
    let made = addition_decided(id, addition, request, AdditionDecision::parse).await?;
    reply::versioned(made.version, &authorization_json(&made, now))
}

/// Approves or denies an addition, for the API and for a page.
pub(super) async fn addition_decided(
    id: String,
    addition: String,
    request: WriteRequest,
    parse: impl FnOnce(Form) -> Result<AdditionDecision>,
) -> Result<Authorization> {
    let (act, scope) = (Act::AdditionDecide, Scope::Authorization(id.clone()));
    let verb = move |tx: &mut Tx<'_>, said: &AdditionDecision| ops::decide_addition(tx, (&id, &addition), said);
    request.write(act, scope, parse, verb).await
}

pub(super) async fn close(id: PathId, request: WriteRequest) -> Reply {
    let now = request.app.gate.now();
    let made = closed(id.0, request).await?;
    reply::versioned(made.version, &authorization_json(&made, now))
}

/// Reports how an authorization ended, for the API and for a page.
pub(super) async fn closed(id: String, request: WriteRequest) -> Result<Authorization> {
    let (act, scope) = (Act::AuthorizationClose, Scope::Authorization(id));
    request.write_to(act, scope, NewClosing::parse, ops::close).await
}

pub(super) async fn start(case: PathId, request: WriteRequest) -> Reply {
    let now = request.app.gate.now();
    let (act, parse) = (Act::EmergencyStart, |form| Request::parse_emergency(form, now));
    let made = request
        .write(act, Scope::Case(case.0), parse, emergency_ops::start)
        .await?;
    reply::created(
        "authorizations",
        (&made.id, made.version),
        &authorization_json(&made, now),
    )
}

pub(super) async fn record_oral(id: PathId, request: WriteRequest) -> Reply {
    let now = request.app.gate.now();
    let (act, scope) = (Act::OralApprovalRecord, Scope::Authorization(id.0));
    let parse = |form| NewOralApproval::parse(form, now);
    let made = request.write_to(act, scope, parse, ops::record_oral).await?;
    reply::versioned(made.version, &authorization_json(&made, now))
}

pub(super) async fn review(id: PathId, request: WriteRequest) -> Reply {
    let now = request.app.gate.now();
    let made = reviewed(id.0, request).await?;
    reply::versioned(made.version, &authorization_json(&made, now))
}

/// Records that a running authorization continues, for the API and for a page.
pub(super) async fn reviewed(id: String, request: WriteRequest) -> Result<Authorization> {
    let (act, scope) = (Act::AuthorizationReview, Scope::Authorization(id));
    let verb = |tx: &mut Tx<'_>, id: &str, reason: &String| ops::review(tx, id, reason);
    request.write_to(act, scope, review::parse, verb).await
}

pub(super) async fn withdraw(id: PathId, mut request: WriteRequest) -> Reply {
    let (scope, now) = (Scope::Authorization(id.0.clone()), request.app.gate.now());
    request.check(Act::AuthorizationWithdraw, &scope).await?;
    model::withdrawal(request.optional_form().await?)?;
    let made = request
        .transact(Act::AuthorizationWithdraw, scope, move |tx| ops::withdraw(tx, &id.0))
        .await?;
    reply::versioned(made.version, &authorization_json(&made, now))
}

pub(super) async fn revoke(id: PathId, request: WriteRequest) -> Reply {
    let (act, now) = (Act::AuthorizationRevoke, request.app.gate.now());
    let scope = Scope::Authorization(id.0);
    let verb = |tx: &mut Tx<'_>, id: &str, reason: &String| ops::revoke(tx, id, reason);
    let made = request.write_to(act, scope, model::revocation, verb).await?;
    reply::versioned(made.version, &authorization_json(&made, now))
}

fn list_json(req: &HttpRequest, page: &Page, (found, now): (Vec<Authorization>, Micros)) -> Reply {
    let listed = Listed::of(found, page, |a| a.id.clone(), |a| authorization_json(&a, now));
    page.reply(req, listed)
}

/// An authorization as the API shows it: as it is recorded, with people by their ids and its state now.
fn authorization_json(authorization: &Authorization, now: Micros) -> Value {
    let holders: Vec<&str> = authorization.holders.iter().map(|h| h.id.as_str()).collect();
    let mut shown = json!(authorization);
    shown["state"] = json!(authorization.state_at(now));
    shown["holders"] = json!(holders);
    shown["requester"] = json!(authorization.requester.id);
    for (name, word) in [
        ("decision", &authorization.decision),
        ("revoked", &authorization.revoked),
    ] {
        name_by_id(&mut shown, name, word.as_ref());
    }
    for (i, word) in authorization.approvals.iter().enumerate() {
        name_by_id(&mut shown["approvals"], i, Some(word));
    }
    for (i, addition) in authorization.additions.iter().enumerate() {
        shown["additions"][i]["requester"] = json!(addition.requester.id);
        name_by_id(&mut shown["additions"][i], "decision", addition.decision.as_ref());
    }
    if let Some(closing) = &authorization.closing {
        shown["closing"]["by"] = json!(closing.by.id);
    }
    shown
}

/// Names the people of a ruling by their ids, where it was given.
fn name_by_id(shown: &mut Value, at: impl Index, word: Option<&Ruling>) {
    let Some(word) = word else { return };
    let ruling = &mut shown[at];
    ruling["by"] = json!(word.by.id);
    if let Some(delegator) = &word.by_delegation_of {
        ruling["by_delegation_of"] = json!(delegator.id);
    }
}
