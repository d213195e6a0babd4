//! The JSON routes of the authorization policy.

use actix_web::HttpRequest;
use serde_json::{Value, json};

use super::model::{AuthorizationPolicy, NewPolicy, PolicyAnswer, PolicyInForce};
use super::{ops, reads};
use crate::error::Result;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, WriteRequest};
use crate::policy::Act;

/// `GET /authorization-policies`
pub async fn list(req: HttpRequest, app: App, requester: RequestCtx) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::versions(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, |one| one.number.to_string(), |one| one))
}

/// `GET /authorization-policies/in-force`
pub async fn in_force(app: App, requester: RequestCtx) -> Reply {
    reply::ok(&in_force_json(&reads::in_force(&app.gate, &requester).await?))
}

fn in_force_json(policy: &PolicyInForce) -> Value {
    let adopted = policy.adopted.as_deref();
    json!({
        "number": policy.reference.number,
        "sha256": policy.reference.sha256,
        "terms": policy.terms,
        "id": adopted.map(|adopted| &adopted.id),
        "since": adopted.and_then(|adopted| adopted.decision.as_ref()).map(|decision| decision.at),
    })
}

/// `GET /authorization-policies/{id}`
pub async fn one(id: PathId, app: App, requester: RequestCtx) -> Reply {
    let (found, _) = reads::version(&app.gate, &requester, id.0).await?;
    reply::versioned(found.version, &found)
}

/// `POST /authorization-policies`
pub async fn propose(request: WriteRequest) -> Reply {
    let made = proposed(request).await?;
    reply::created("authorization-policies", (&made.id, made.version), &made)
}

/// Proposes a version, for the API and for a page.
pub async fn proposed(request: WriteRequest) -> Result<AuthorizationPolicy> {
    let (act, scope) = (Act::AuthorizationPolicyPropose, Scope::Agency);
    request.write(act, scope, NewPolicy::parse, ops::propose).await
}

/// `POST /authorization-policies/{id}/decision`
pub async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let made = give_answer(id.0, request).await?;
    reply::versioned(made.version, &made)
}

/// Adopts or declines a version, for the API and for a page.
pub async fn give_answer(id: String, request: WriteRequest) -> Result<AuthorizationPolicy> {
    let verb = move |tx: &mut Tx<'_>, answer: &PolicyAnswer| ops::decide(tx, &id, answer);
    let (act, scope) = (Act::AuthorizationPolicyCountersign, Scope::Agency);
    request.write(act, scope, PolicyAnswer::parse, verb).await
}

/// `POST /authorization-policies/{id}/withdrawal`
pub async fn withdraw(id: PathId, request: WriteRequest) -> Reply {
    let made = take_back(id.0, request).await?;
    reply::versioned(made.version, &made)
}

/// Takes a version back, for the API and for a page.
pub async fn take_back(id: String, mut request: WriteRequest) -> Result<AuthorizationPolicy> {
    let (act, scope) = (Act::AuthorizationPolicyPropose, Scope::Agency);
    request.check(act, &scope).await?;
    request.optional_form().await?.done()?;
    let verb = move |tx: &mut Tx<'_>| ops::withdraw(tx, &id);
    request.transact(act, scope, verb).await
}
