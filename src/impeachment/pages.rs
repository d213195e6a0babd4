//! The page of a case's impeachment flags, with the form that raises one and, for a prosecutor, those that clear them.

use askama::Template;

use super::api;
use super::model::{FlagState, ImpeachmentFlag};
use super::reads::{self, FlagRights};
use crate::cases::{CasePage, Tab};
use crate::error::Result;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, PathIds, WriteRequest};
use crate::text::{Moment, block, label, line};

/// A flag as the page shows it.
struct ShownFlag {
    id: String,
    raised: bool,
    state_name: String,
    /// Such as `Item 7, officer Marsh`.
    about: String,
    capture_id: Option<String>,
    reason: String,
    by: String,
    at: Moment,
    clearing: Option<(String, String, Moment)>,
}

impl ShownFlag {
    fn of(flag: &ImpeachmentFlag, page: &CasePage) -> Self {
        let item = flag.item.map(|item| format!("Item {item}"));
        let about: Vec<String> = item.into_iter().chain(flag.person.as_deref().map(line)).collect();
        Self {
            id: flag.id.clone(),
            raised: flag.state == FlagState::Raised,
            state_name: label(flag.state.as_str()),
            about: about.join(", "),
            capture_id: flag.capture_id.clone(),
            reason: block(&flag.reason),
            by: line(&flag.by.name),
            at: page.at(flag.at.0),
            clearing: flag.clearing.as_ref().map(|clearing| {
                let at = page.at(clearing.at.0);
                (block(&clearing.reason), line(&clearing.by.name), at)
            }),
        }
    }
}

#[derive(Template)]
#[template(path = "impeachment/pages/list.html")]
struct FlagPage {
    frame: Frame,
    page: CasePage,
    all: Vec<ShownFlag>,
    rights: FlagRights,
    next: Option<String>,
    /// The flag whose form was refused, where one was.
    refused: Option<String>,
    form: FormView,
}

impl FlagPage {
    /// Whether the form that was refused is that of this flag, or the one that raises.
    fn is_refused(&self, id: &str) -> bool {
        self.form.is_refused() && self.refused.as_deref().unwrap_or_default() == id
    }

    /// What was typed into the form that raises a flag.
    fn typed(&self, name: &str) -> &str {
        if self.refused.is_none() {
            self.form.value(name)
        } else {
            ""
        }
    }
}

pub(super) async fn list(case: PathId, page: PageRequest) -> Reply {
    // A capture's page leads here with its item.
    let item = page.query("item").unwrap_or_default();
    shown(&page, (case.0, None), FormView::of([("item", item)])).await
}

async fn shown(page: &PageRequest, (case, refused): (String, Option<String>), form: FormView) -> Reply {
    let (gate, ctx) = (&page.app.gate, &page.ctx);
    let query = Page::read(&page.req, &["done", "item"])?;
    let (mut frame, case_page) = CasePage::of(page, &case, Tab::Impeachment).await?;
    frame.title = format!("Impeachment flags, {}", line(&case_page.case.number));
    let found = reads::of_case(gate, ctx, case.clone(), &query).await?;
    let listed = Listed::of(
        found,
        &query,
        |one| one.id.clone(),
        |one| ShownFlag::of(&one, &case_page),
    );
    let shown = FlagPage {
        rights: reads::rights(gate, ctx, case).await?,
        next: listed.next.map(|next| query.next_address(page.req.path(), &next)),
        all: listed.items,
        page: case_page,
        frame,
        refused,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn raise(case: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::raised(case.0.clone(), request).await;
    after(&page, (case.0, None), "flag-raised", made).await
}

pub(super) async fn clear(ids: PathIds, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let place = (ids.0.clone(), Some(ids.1.clone()));
    let made = api::cleared(ids, request).await;
    after(&page, place, "flag-cleared", made).await
}

async fn after(
    page: &PageRequest,
    place: (String, Option<String>),
    done: &str,
    made: Result<ImpeachmentFlag>,
) -> Reply {
    let address = |made: ImpeachmentFlag| format!("/cases/{}/impeachment-flags?done={done}", made.case_id);
    let again = async |form| shown(page, place.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}
