//! People: the list with its search, and one person with roles, trainings, sessions and tokens.

use actix_web::web::Path;
use askama::Template;

use super::units::unit_choices;
use crate::clock;
use crate::error::Result;
use crate::forms::{Word, parse_id};
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, PathIds, WriteRequest};
use crate::identity::{CredentialKind, LiveCredential};
use crate::policy::Role;
use crate::text::{Moment, Zone, label, line};
use crate::users::api::{self, WithPassword};
use crate::users::credentials::{self, Owner};
use crate::users::model::{Training, UserView};
use crate::users::reads;

/// A person as pages show them.
struct ShownPerson {
    id: String,
    username: String,
    name: String,
    roles: String,
    unit: String,
    disabled: bool,
    locked: bool,
    /// Whether a one-time password waits to be changed.
    due: bool,
    last: Option<Moment>,
    version: i64,
}

impl ShownPerson {
    fn of(user: UserView) -> Self {
        let roles: Vec<String> = user.found.roles.iter().map(|role| label(role.as_str())).collect();
        Self {
            roles: roles.join(", "),
            name: line(&user.found.name),
            unit: line(&user.found.unit.name),
            id: user.found.id,
            username: user.found.username,
            disabled: user.disabled,
            locked: user.locked,
            due: user.password_change_due,
            last: user.last_signed_in_at.map(|at| Zone::named(None).at(at.0)),
            version: user.version,
        }
    }
}

/// A session or token as pages show it.
pub(super) struct ShownCredential {
    pub id: String,
    pub name: String,
    pub address: String,
    pub created: Moment,
    pub used: Option<Moment>,
    pub expires: Moment,
}

impl ShownCredential {
    pub(super) fn all(found: Vec<LiveCredential>) -> Vec<Self> {
        found.into_iter().map(Self::of).collect()
    }

    fn of(live: LiveCredential) -> Self {
        let zone = Zone::named(None);
        let named = |text: Option<String>| {
            text.filter(|t| !t.is_empty())
                .map_or_else(|| "without a name".into(), |t| line(&t))
        };
        Self {
            id: live.id,
            name: named(live.name),
            address: live
                .address
                .map_or_else(|| "an address not recorded".into(), |address| line(&address)),
            created: zone.at(live.created_at.0),
            used: live.used_at.map(|at| zone.at(at.0)),
            expires: zone.at(live.expires_at.0),
        }
    }
}

fn role_choices() -> Vec<(&'static str, String)> {
    Role::WORDS.iter().map(|(word, _)| (*word, label(word))).collect()
}

#[derive(Template)]
#[template(path = "users/pages/list.html")]
struct UsersPage {
    frame: Frame,
    users: Vec<ShownPerson>,
    next: Option<String>,
    search: String,
    role: String,
    roles: Vec<(&'static str, String)>,
    units: Vec<(String, String)>,
    form: FormView,
}

pub(in crate::users) async fn users(page: PageRequest) -> Reply {
    users_page(&page, FormView::default()).await
}

async fn users_page(page: &PageRequest, form: FormView) -> Reply {
    let query = Page::read(&page.req, &["done", "search", "role"])?.without_empty();
    let found = reads::users(&page.app.gate, &page.ctx, api::search(&query)?).await?;
    let listed = Listed::of(found, &query, |u| u.found.username.clone(), ShownPerson::of);
    let typed = |name| query.filter(name).unwrap_or_default().to_owned();
    let shown = UsersPage {
        frame: page.frame("People", Nav::People).await?,
        next: listed.next.map(|next| query.next_address("/users", &next)),
        users: listed.items,
        search: typed("search"),
        role: typed("role"),
        roles: role_choices(),
        units: unit_choices(page).await?,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(in crate::users) async fn create(request: WriteRequest) -> Reply {
    let page = request.page()?;
    match api::make_user(request).await {
        Ok(made) => after(&page, made).await,
        Err(e) => users_page(&page, FormView::refused(&page.req, e)?).await,
    }
}

/// A training as the person's page shows it.
struct ShownTraining {
    id: String,
    name: String,
    completed: String,
    expires: Option<String>,
    /// Whether that day has passed.
    expired: bool,
    reference: Option<String>,
    ended: Option<Moment>,
}

impl ShownTraining {
    fn of(training: Training, today: &str) -> Self {
        Self {
            expired: training.completed.expires_on.as_deref().is_some_and(|day| day < today),
            id: training.id,
            name: line(&training.completed.name),
            completed: line(&training.completed.completed_on),
            expires: training.completed.expires_on.as_deref().map(line),
            reference: training.completed.reference.as_deref().map(line),
            ended: training.ended_at.map(|at| Zone::named(None).at(at.0)),
        }
    }
}

#[derive(Template)]
#[template(path = "users/pages/person.html")]
struct PersonPage {
    frame: Frame,
    person: ShownPerson,
    trainings: Vec<ShownTraining>,
    sessions: Vec<ShownCredential>,
    tokens: Vec<ShownCredential>,
    roles: Vec<(&'static str, String)>,
    units: Vec<(String, String)>,
    /// The one-time password, in the one answer that shows it.
    one_time: Option<String>,
    form: FormView,
}

impl PersonPage {
    async fn of(page: &PageRequest, id: String) -> Result<Self> {
        let (gate, ctx) = (&page.app.gate, &page.ctx);
        let user = reads::user(gate, ctx, Some(id.clone())).await?;
        let trainings = reads::trainings(gate, ctx, Some(id.clone()), &Page::first(100)).await?;
        let sessions = reads::credentials(gate, ctx, id.clone(), CredentialKind::Session).await?;
        let tokens = reads::credentials(gate, ctx, id, CredentialKind::Token).await?;
        let today = clock::format(gate.now())[..10].to_owned();
        let shown = |training| ShownTraining::of(training, &today);
        Ok(Self {
            frame: page.frame(&line(&user.found.name), Nav::People).await?,
            form: form_of(&user),
            person: ShownPerson::of(user),
            trainings: trainings.into_iter().map(shown).collect(),
            sessions: ShownCredential::all(sessions),
            tokens: ShownCredential::all(tokens),
            roles: role_choices(),
            units: unit_choices(page).await?,
            one_time: None,
        })
    }

    /// The person's page with a form that was refused.
    async fn again(page: &PageRequest, id: &str, form: FormView) -> Reply {
        let shown = Self {
            form,
            ..Self::of(page, id.to_owned()).await?
        };
        pages::show(&shown, Some(&shown.form))
    }
}

/// The form that changes a person, filled with what holds.
fn form_of(user: &UserView) -> FormView {
    let roles = user
        .found
        .roles
        .iter()
        .map(|role| ("roles[]", role.as_str().to_owned()));
    let rest = [
        ("name", user.found.name.clone()),
        ("unit_id", user.found.unit.id.clone()),
    ];
    FormView::of(rest.into_iter().chain(roles))
}

pub(in crate::users) async fn person(id: PathId, page: PageRequest) -> Reply {
    pages::show(&PersonPage::of(&page, id.0).await?, None)
}

/// After a person was made or changed. A one-time password is shown in this answer and nowhere else, so it is no redirect.
async fn after(page: &PageRequest, made: WithPassword) -> Reply {
    let id = made.user.found.id.clone();
    if made.one_time_password.is_none() {
        let sent = FormView::as_sent(&page.req);
        let done = match (sent.typed("disabled"), sent.typed("locked")) {
            (Some("true"), _) => "person-disabled",
            (Some(_), _) => "person-enabled",
            (None, Some(_)) => "person-unlocked",
            (None, None) => "saved",
        };
        return Ok(pages::see_other(&format!("/users/{id}?done={done}")));
    }
    let shown = PersonPage {
        one_time: made.one_time_password,
        ..PersonPage::of(page, id).await?
    };
    pages::show(&shown, None)
}

pub(in crate::users) async fn change(path: Path<String>, request: WriteRequest) -> Reply {
    let page = request.page()?;
    match api::change_user(&path, request).await {
        Ok(made) => after(&page, made).await,
        Err(e) => {
            let form = FormView::refused(&page.req, e)?;
            PersonPage::again(&page, &parse_id(&path).unwrap_or_default(), form).await
        }
    }
}

/// Back to the person, or the person's page with what was refused.
async fn back<T>(page: &PageRequest, id: &str, made: Result<T>) -> Reply {
    let address = |_| format!("/users/{id}?done=saved");
    pages::answer(&page.req, made, address, async |form| {
        PersonPage::again(page, id, form).await
    })
    .await
}

pub(in crate::users) async fn train(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::trained(&id.0, request).await;
    back(&page, &id.0, made).await
}

pub(in crate::users) async fn end_training(ids: PathIds, mut request: WriteRequest) -> Reply {
    let page = request.page()?;
    request.button_form().await?;
    let made = api::ended_training(ids.clone(), request).await;
    back(&page, &ids.0, made).await
}

pub(in crate::users) async fn end_sessions(id: PathId, mut request: WriteRequest) -> Reply {
    let page = request.page()?;
    request.button_form().await?;
    let made = credentials::end_sessions(request, Owner::User(id.0.clone())).await;
    back(&page, &id.0, made).await
}

pub(in crate::users) async fn end_token(ids: PathIds, mut request: WriteRequest) -> Reply {
    let page = request.page()?;
    request.button_form().await?;
    let made = credentials::end_token(request, Owner::User(ids.0.clone()), ids.1).await;
    back(&page, &ids.0, made).await
}
