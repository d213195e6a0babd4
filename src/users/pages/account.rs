//! One's own account: who one is here, where one is signed in, and the tokens of one's programs.

use askama::Template;

use super::people::ShownCredential;
use crate::error::Result;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::identity::{Credential, CredentialKind};
use crate::text::line;
use crate::users::credentials::{self, Owner};
use crate::users::model::MadeToken;
use crate::users::reads;

#[derive(Template)]
#[template(path = "users/pages/account.html")]
struct AccountPage {
    frame: Frame,
    username: String,
    name: String,
    roles: String,
    unit: String,
    /// The session that asks.
    own: String,
    sessions: Vec<ShownCredential>,
    tokens: Vec<ShownCredential>,
    /// A token that was made, in the one answer that shows it.
    made: Option<MadeToken>,
    form: FormView,
}

impl AccountPage {
    async fn of(page: &PageRequest) -> Result<Self> {
        let (gate, ctx) = (&page.app.gate, &page.ctx);
        let (caller, unit) = reads::me(gate, ctx).await?;
        let frame = page.frame("Your account", Nav::None).await?;
        let own = match &ctx.credential {
            Credential::Session(id) => id.clone(),
            _ => String::new(),
        };
        Ok(Self {
            username: caller.username,
            name: line(&caller.name),
            roles: frame.roles(),
            unit: line(&unit.name),
            own,
            sessions: ShownCredential::all(reads::own_credentials(gate, ctx, CredentialKind::Session).await?),
            tokens: ShownCredential::all(reads::own_credentials(gate, ctx, CredentialKind::Token).await?),
            made: None,
            form: FormView::default(),
            frame,
        })
    }

    async fn again(page: &PageRequest, form: FormView) -> Reply {
        let shown = Self {
            form,
            ..Self::of(page).await?
        };
        pages::show(&shown, Some(&shown.form))
    }
}

pub(in crate::users) async fn account(page: PageRequest) -> Reply {
    pages::show(&AccountPage::of(&page).await?, None)
}

/// A token is shown in this answer and nowhere else, so it is no redirect.
pub(in crate::users) async fn create_token(request: WriteRequest) -> Reply {
    let page = request.page()?;
    match credentials::make_token(request).await {
        Ok(made) => shown_once(&page, made).await,
        Err(e) => AccountPage::again(&page, FormView::refused(&page.req, e)?).await,
    }
}

async fn shown_once(page: &PageRequest, made: MadeToken) -> Reply {
    let shown = AccountPage {
        made: Some(made),
        ..AccountPage::of(page).await?
    };
    pages::show(&shown, None)
}

pub(in crate::users) async fn end_own_token(id: PathId, mut request: WriteRequest) -> Reply {
    let page = request.page()?;
    request.button_form().await?;
    back(&page, credentials::end_token(request, Owner::Caller, id.0).await).await
}

pub(in crate::users) async fn end_own_session(id: PathId, mut request: WriteRequest) -> Reply {
    let page = request.page()?;
    request.button_form().await?;
    back(&page, credentials::end_session(request, Owner::Caller, id.0).await).await
}

pub(in crate::users) async fn end_own_sessions(mut request: WriteRequest) -> Reply {
    let page = request.page()?;
    request.button_form().await?;
    back(&page, credentials::end_sessions(request, Owner::Caller).await).await
}

async fn back(page: &PageRequest, made: Result<()>) -> Reply {
    let address = |()| "/account?done=ended".to_owned();
    pages::answer(&page.req, made, address, async |form| {
        AccountPage::again(page, form).await
    })
    .await
}
