//! Sessions and tokens over HTTP: one's own, and for administrators those of others.

use actix_web::HttpResponse;
use serde_json::json;

use super::model::{MadeToken, NewToken};
use super::{ops, reads};
use crate::error::{Error, Kind, Result};
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::identity::{Credential, CredentialKind, LiveCredential};
use crate::policy::Act;

/// A list that has one page: a person has few of these.
fn whole(items: &[LiveCredential]) -> Reply {
    reply::ok(&json!({"items": items, "next": null}))
}

pub(super) async fn own_sessions(requester: RequestCtx, app: App) -> Reply {
    whole(&reads::own_credentials(&app.gate, &requester, CredentialKind::Session).await?)
}

pub(super) async fn own_tokens(requester: RequestCtx, app: App) -> Reply {
    whole(&reads::own_credentials(&app.gate, &requester, CredentialKind::Token).await?)
}

pub(super) async fn sessions(id: PathId, requester: RequestCtx, app: App) -> Reply {
    whole(&reads::credentials(&app.gate, &requester, id.0, CredentialKind::Session).await?)
}

pub(super) async fn tokens(id: PathId, requester: RequestCtx, app: App) -> Reply {
    whole(&reads::credentials(&app.gate, &requester, id.0, CredentialKind::Token).await?)
}

pub(super) async fn create_token(request: WriteRequest) -> Reply {
    Ok(HttpResponse::Created().json(make_token(request).await?))
}

/// Makes a token for the caller, for the API and for a page. Nothing of it is kept for a retry. A token makes no token:
/// whoever finds one could otherwise go on after it was ended.
pub(super) async fn make_token(mut request: WriteRequest) -> Result<MadeToken> {
    request.check(Act::SessionOwn, &Scope::Agency).await?;
    if !matches!(request.ctx.credential, Credential::Session(_)) {
        let detail = "A token makes no token: sign in with a password first.";
        return Err(Error::new(Kind::Forbidden, "forbidden", detail));
    }
    let new = NewToken::parse(request.plain_form().await?)?;
    let verb = move |tx: &mut Tx<'_>| ops::own_token(tx, &new);
    request.transact(Act::SessionOwn, Scope::Agency, verb).await
}

/// Whose credentials are ended.
pub(super) enum Owner {
    /// The caller's.
    Caller,
    /// Somebody else's, by an administrator.
    User(String),
}

impl Owner {
    fn act(&self) -> Act {
        match self {
            Self::Caller => Act::SessionOwn,
            Self::User(_) => Act::UserWrite,
        }
    }

    fn id(&self, tx: &Tx<'_>) -> String {
        match self {
            Self::Caller => tx.caller.user.clone(),
            Self::User(id) => id.clone(),
        }
    }
}

/// Ends a token.
pub(super) async fn end_token(request: WriteRequest, owner: Owner, id: String) -> Result<()> {
    let act = owner.act();
    let verb = move |tx: &mut Tx<'_>| ops::end_token(tx, &owner.id(tx), &id);
    request.transact(act, Scope::Agency, verb).await
}

/// Ends a session.
pub(super) async fn end_session(request: WriteRequest, owner: Owner, id: String) -> Result<()> {
    let act = owner.act();
    let verb = move |tx: &mut Tx<'_>| ops::end_session(tx, &owner.id(tx), &id);
    request.transact(act, Scope::Agency, verb).await
}

/// Ends all sessions but the one that asks.
pub(super) async fn end_sessions(request: WriteRequest, owner: Owner) -> Result<()> {
    let act = owner.act();
    let verb = move |tx: &mut Tx<'_>| ops::end_sessions(tx, &owner.id(tx));
    request.transact(act, Scope::Agency, verb).await
}

pub(super) async fn delete_own_token(id: PathId, request: WriteRequest) -> Reply {
    end_token(request, Owner::Caller, id.0).await?;
    reply::nothing()
}

pub(super) async fn delete_own_session(id: PathId, request: WriteRequest) -> Reply {
    end_session(request, Owner::Caller, id.0).await?;
    reply::nothing()
}

pub(super) async fn delete_own_sessions(request: WriteRequest) -> Reply {
    end_sessions(request, Owner::Caller).await?;
    reply::nothing()
}

pub(super) async fn delete_token(PathIds(user, id): PathIds, request: WriteRequest) -> Reply {
    end_token(request, Owner::User(user), id).await?;
    reply::nothing()
}

pub(super) async fn delete_sessions(user: PathId, request: WriteRequest) -> Reply {
    end_sessions(request, Owner::User(user.0)).await?;
    reply::nothing()
}
