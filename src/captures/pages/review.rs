//! The review: one item large, the next and the one before within the filter, and a form that says what was found. Going
//! on saves nothing.

use actix_web::HttpResponse;
use askama::Template;

use super::Shot;
use super::filters::ListAddress;
use super::item::ItemParts;
use super::said::{RemarkForm, Saying};
use super::viewer::{Sight, Viewer};
use crate::captures::model::CaptureView;
use crate::captures::reads::{self, Beside, ItemFound, ItemRights};
use crate::cases::{CasePage, Tab};
use crate::clock;
use crate::error::{Error, Result};
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::policy::Act;

/// Items that the strip shows on each side.
const BESIDE: usize = 6;

#[derive(Template)]
#[template(path = "captures/pages/review.html")]
struct ReviewPage {
    frame: Frame,
    page: CasePage,
    one: Option<Reviewed>,
    list: String,
    form: FormView,
}

/// The item under review.
struct Reviewed {
    shot: Shot,
    open: bool,
    /// Who captured it, where that is shown: it is for others to review.
    capturer: Option<String>,
    viewer: Viewer,
    parts: ItemParts,
    rights: ItemRights,
    position: i64,
    total: i64,
    strip: Vec<(Shot, String)>,
    previous: Option<String>,
    next: Option<String>,
    /// Where the form is sent.
    say: String,
    /// The list at this item.
    back: String,
}

pub async fn review_one(id: PathId, page: PageRequest) -> Reply {
    review_page(&page, &id.0, FormView::default()).await
}

async fn review_page(page: &PageRequest, id: &str, form: FormView) -> Reply {
    let (frame, case_page) = CasePage::of(page, id, Tab::Evidence).await?;
    let list = frozen(page);
    let one = match beside(page, &case_page, &list).await? {
        Some(beside) => Some(Reviewed::of(page, &case_page, &list, beside).await?),
        None => None,
    };
    let shown = ReviewPage {
        list: list.list(id),
        one,
        page: case_page,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

/// The list under review. What is new when the review begins belongs to it to its end.
fn frozen(page: &PageRequest) -> ListAddress {
    let list = ListAddress::of(page.req.query_string());
    match list.get("new") {
        Some("true") => list.with("new", &clock::format(page.app.gate.now())),
        _ => list,
    }
}

/// The item that the address names, or the first; with what stands beside it.
async fn beside(page: &PageRequest, case_page: &CasePage, list: &ListAddress) -> Result<Option<Beside>> {
    let item = page
        .query("at")
        .map(|item| item.parse().map_err(|_| Error::not_found()));
    let item = item.transpose()?;
    let asked = list.query(BESIDE, case_page)?;
    let case = case_page.case.id.clone();
    let found = reads::beside(&page.app.gate, &page.ctx, case, (asked, item)).await?;
    match (item, found) {
        (Some(_), None) => Err(Error::not_found()),
        (_, found) => Ok(found),
    }
}

impl Reviewed {
    fn is_own(&self, frame: &Frame) -> bool {
        self.capturer.as_deref() == Some(frame.person_id())
    }

    async fn of(page: &PageRequest, case_page: &CasePage, list: &ListAddress, beside: Beside) -> Result<Self> {
        let case = case_page.case.id.as_str();
        let found = reads::item(&page.app.gate, &page.ctx, beside.id.clone()).await?;
        let at = |shot: &Shot| list.review_at(case, shot.item);
        let shots = |found: &[reads::FoundCapture]| -> Vec<Shot> {
            found.iter().map(|one| Shot::found(one, case_page, list)).collect()
        };
        let (earlier, later) = (shots(&beside.earlier), shots(&beside.later));
        let (previous, next) = (earlier.last().map(at), later.first().map(at));
        let shot = shown(&found, case_page, list);
        let here = list.review_at(case, shot.item);
        let strip = earlier.into_iter().chain([shown(&found, case_page, list)]).chain(later);
        let strip = strip
            .map(|shot| (at(&shot), shot))
            .map(|(address, shot)| (shot, address));
        Ok(Self {
            open: matches!(found.view, CaptureView::Open(_)),
            capturer: match &found.view {
                CaptureView::Open(open) => Some(open.captured_by.id.clone()),
                CaptureView::Withheld(_) => None,
            },
            viewer: Viewer::of(page, &found.view, case_page).await?,
            parts: ItemParts::of(&found, case_page),
            rights: found.rights,
            position: beside.before + 1,
            total: beside.total.max(beside.before + 1),
            strip: strip.collect(),
            previous,
            next,
            say: here,
            back: list.list_at(case, shot.item),
            shot,
        })
    }
}

fn shown(found: &ItemFound, page: &CasePage, list: &ListAddress) -> Shot {
    let shot = Shot::of(&found.view, page);
    Shot {
        is_new: found.is_new,
        uncovered: found.uncovered,
        address: list.at(&shot.address, &[]),
        ..shot
    }
}

pub async fn say(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = say_of_one(&page, &id.0, request).await;
    match made {
        Ok(address) => Ok(address),
        Err(e) => review_page(&page, &id.0, FormView::refused(&page.req, e)?).await,
    }
}

/// Says it, and leads to the next item after a review, or to the same one after a note and at the end.
async fn say_of_one(page: &PageRequest, case: &str, mut request: WriteRequest) -> Result<HttpResponse> {
    request.check(Act::CaptureRead, &Scope::Case(case.to_owned())).await?;
    let (_, case_page) = CasePage::of(page, case, Tab::Evidence).await?;
    let list = frozen(page);
    let beside = beside(page, &case_page, &list).await?.ok_or_else(Error::not_found)?;
    let said = request.form().await?.read(RemarkForm::take)?;
    said.of(&page.app.gate, &request.ctx, beside.id.clone()).await?;
    let next = beside.later.first().map(|next| next.place.item);
    let (item, done) = match said.saying {
        Saying::Note => (beside.item, "noted"),
        Saying::Accurate | Saying::Returned => (next.unwrap_or(beside.item), "reviewed"),
    };
    let number = item.to_string();
    let path = format!("/cases/{case}/evidence/review");
    Ok(pages::see_other(&list.at(&path, &[("at", &number), ("done", done)])))
}
