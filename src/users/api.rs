//! Users, units and trainings over HTTP.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::model::{NewTraining, NewUnit, NewUser, Training, Unit, UnitPatch, UserPatch, UserView};
use super::store::UserSearch;
use super::{ops, reads};
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::{RequestCtx, Scope, Tx};
use crate::http::paging::{Listed, Page};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId, PathIds, WriteRequest};
use crate::identity::one_time;
use crate::lookalike::fold;
use crate::policy::{Act, Role};
use crate::versions::SeenVersions;

/// The id in a path. Anything that is no id is answered as what does not exist.
fn id(path: &str) -> Result<String> {
    parse_id(path).ok_or_else(Error::not_found)
}

pub(super) async fn users(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &["username", "search", "role", "unit_id"])?;
    if let Some(username) = page.filter("username") {
        return reply::ok(&reads::by_username(&app.gate, &requester, fold(username)).await?);
    }
    let found = reads::users(&app.gate, &requester, search(&page)?).await?;
    page.reply(&req, Listed::of(found, &page, |u| u.found.username.clone(), |u| u))
}

pub(super) async fn colleagues(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::colleagues(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, |u| u.username.clone(), |u| u))
}

pub(super) fn search(page: &Page) -> Result<UserSearch> {
    page.word::<Role>("role")?;
    Ok(UserSearch {
        named: page.filter("search").map(str::to_owned),
        role: page.filter("role").map(str::to_owned),
        unit: page.id("unit_id", "a unit's")?,
        after: page.after.clone(),
        limit: page.limit + 1,
    })
}

pub(super) async fn user(path: Path<String>, requester: RequestCtx, app: App) -> Reply {
    let found = reads::user(&app.gate, &requester, parse_id(&path)).await?;
    reply::versioned(found.version, &found)
}

/// A user with the one-time password, which is shown in this answer and nowhere else.
#[derive(Serialize)]
pub(super) struct WithPassword {
    #[serde(flatten)]
    pub user: UserView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_time_password: Option<String>,
}

pub(super) async fn create(request: WriteRequest) -> Reply {
    let made = make_user(request).await?;
    reply::created("users", (&made.user.found.id, made.user.version), &made)
}

/// Makes a user, for the API and for a page.
pub(super) async fn make_user(mut request: WriteRequest) -> Result<WithPassword> {
    request.check(Act::UserWrite, &Scope::Agency).await?;
    let (new, chosen) = NewUser::parse_with_password(request.plain_form().await?)?;
    let one_time_password = chosen.is_none().then(one_time);
    let password = chosen.or_else(|| one_time_password.clone()).unwrap_or_default();
    let hash = request.app.passwords.hash(password).await?;
    let verb = move |tx: &mut Tx<'_>| ops::create(tx, &new, &hash, ops::Password::ForOneUse);
    let user = request.transact(Act::UserWrite, Scope::Agency, verb).await?;
    Ok(WithPassword {
        user,
        one_time_password,
    })
}

pub(super) async fn change(path: Path<String>, request: WriteRequest) -> Reply {
    let made = change_user(&path, request).await?;
    reply::versioned(made.user.version, &made)
}

/// Changes a user, for the API and for a page.
pub(super) async fn change_user(path: &str, mut request: WriteRequest) -> Result<WithPassword> {
    request.check(Act::UserWrite, &Scope::Agency).await?;
    let id = id(path)?;
    let (version, patch) = request.versioned(UserPatch::parse).await?;
    let one_time_password = patch.reset_password.then(one_time);
    let hash = match &one_time_password {
        Some(once) => Some(request.app.passwords.hash(once.clone()).await?),
        None => None,
    };
    let verb = move |tx: &mut Tx<'_>| ops::change(tx, &id, &version, &patch, hash.as_deref());
    let user = request.transact(Act::UserWrite, Scope::Agency, verb).await?;
    Ok(WithPassword {
        user,
        one_time_password,
    })
}

pub(super) async fn trainings(req: HttpRequest, path: Path<String>, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::trainings(&app.gate, &requester, parse_id(&path), &page).await?;
    page.reply(&req, Listed::of(found, &page, |t| t.id.clone(), |t| t))
}

pub(super) async fn train(path: Path<String>, request: WriteRequest) -> Reply {
    Ok(HttpResponse::Created().json(trained(&path, request).await?))
}

/// Records a training, for the API and for a page.
pub(super) async fn trained(path: &str, mut request: WriteRequest) -> Result<Training> {
    request.check(Act::TrainingWrite, &Scope::Agency).await?;
    let id = id(path)?;
    let new = NewTraining::parse(request.form().await?)?;
    let verb = move |tx: &mut Tx<'_>| ops::train(tx, &id, &new);
    request.transact(Act::TrainingWrite, Scope::Agency, verb).await
}

pub(super) async fn end_training(ids: PathIds, request: WriteRequest) -> Reply {
    ended_training(ids, request).await?;
    reply::nothing()
}

/// Ends a training, for the API and for a page.
pub(super) async fn ended_training(PathIds(user, id): PathIds, request: WriteRequest) -> Result<Training> {
    let verb = move |tx: &mut Tx<'_>| ops::end_training(tx, &user, &id);
    request.transact(Act::TrainingWrite, Scope::Agency, verb).await
}

pub(super) async fn units(req: HttpRequest, requester: RequestCtx, app: App) -> Reply {
    let page = Page::read(&req, &[])?;
    let found = reads::units(&app.gate, &requester, &page).await?;
    page.reply(&req, Listed::of(found, &page, |u| u.id.clone(), |u| u))
}

pub(super) async fn create_unit(request: WriteRequest) -> Reply {
    Ok(HttpResponse::Created().json(made_unit(request).await?))
}

/// Makes a unit, for the API and for a page.
pub(super) async fn made_unit(request: WriteRequest) -> Result<Unit> {
    request
        .write(Act::UnitWrite, Scope::Agency, NewUnit::parse, ops::create_unit)
        .await
}

pub(super) async fn change_unit(id: PathId, request: WriteRequest) -> Reply {
    let changed = renamed_unit(id.0, request).await?;
    reply::versioned(changed.version, &changed)
}

/// Renames a unit, for the API and for a page.
pub(super) async fn renamed_unit(id: String, request: WriteRequest) -> Result<Unit> {
    let verb = move |tx: &mut Tx<'_>, seen: &SeenVersions, patch: &UnitPatch| ops::rename_unit(tx, &id, seen, patch);
    request
        .change(Act::UnitWrite, Scope::Agency, UnitPatch::parse, verb)
        .await
}
