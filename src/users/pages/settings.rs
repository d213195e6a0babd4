//! The page of one's own settings: how this browser shows pages.

use askama::Template;

use crate::error::{Error, Result};
use crate::forms::{Form, Word};
use crate::gate::Scope;
use crate::http::WriteRequest;
use crate::http::looks::{Looks, SingleKeys, Theme};
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::policy::Act;
use crate::text::label;

#[derive(Template)]
#[template(path = "users/pages/settings.html")]
struct OwnSettingsPage {
    frame: Frame,
    form: FormView,
    themes: Vec<(&'static str, String)>,
}

pub async fn settings(page: PageRequest) -> Reply {
    let looks = Looks::of(&page.req);
    let now = [("theme", looks.theme.as_str()), ("keys", looks.keys.as_str())];
    settings_page(&page, FormView::of(now.map(|(name, word)| (name, word.to_owned())))).await
}

async fn settings_page(page: &PageRequest, form: FormView) -> Reply {
    let frame = page.frame("Your settings", Nav::None).await?;
    let themes = Theme::WORDS.iter().map(|(word, _)| (*word, label(word))).collect();
    let page = OwnSettingsPage { frame, form, themes };
    pages::show(&page, Some(&page.form))
}

/// Keeps them in this browser. The server keeps nothing of it.
pub async fn keep_settings(request: WriteRequest) -> Reply {
    let page = request.page()?;
    match chosen(request).await {
        Ok(looks) => kept(looks),
        Err(e) => settings_page(&page, FormView::refused(&page.req, e)?).await,
    }
}

async fn chosen(mut request: WriteRequest) -> Result<Looks> {
    request.check(Act::SessionOwn, &Scope::Agency).await?;
    let read = |form: &mut Form| {
        let theme = form.required_word("theme").unwrap_or(Theme::System);
        let keys = form.required_word("keys").unwrap_or(SingleKeys::Work);
        Looks { theme, keys }
    };
    request.plain_form().await?.read(read)
}

fn kept(looks: Looks) -> Reply {
    let mut answer = pages::see_other("/settings/mine?done=saved");
    for cookie in looks.cookies() {
        answer.add_cookie(&cookie).map_err(Error::internal)?;
    }
    Ok(answer)
}
