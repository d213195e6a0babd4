//! The page of the rules of conduct, with the button that acknowledges them.

use askama::Template;

use super::{api, reads};
use crate::http::WriteRequest;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::text::{Moment, Zone, line};

#[derive(Template)]
#[template(path = "conduct/pages/show.html")]
struct ConductPage {
    frame: Frame,
    /// The number of the policy that states the rules.
    policy: i64,
    rules: Vec<String>,
    sha256: String,
    acknowledged: Option<Moment>,
    form: FormView,
}

pub(super) async fn show(page: PageRequest) -> Reply {
    shown(&page, FormView::default()).await
}

async fn shown(page: &PageRequest, form: FormView) -> Reply {
    let own = reads::own(&page.app.gate, &page.ctx).await?;
    let shown = ConductPage {
        frame: page.frame("Rules of conduct", Nav::None).await?,
        policy: own.rules.policy,
        rules: own.rules.sentences.iter().map(|one| line(&one.says)).collect(),
        sha256: own.rules.sha256,
        acknowledged: own.acknowledged.map(|made| Zone::named(None).at(made.at.0)),
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn acknowledge(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::made(request).await;
    let again = async |form: FormView| shown(&page, form).await;
    let address = |_| "/conduct?done=conduct-acknowledged".to_owned();
    pages::answer(&page.req, made, address, again).await
}
