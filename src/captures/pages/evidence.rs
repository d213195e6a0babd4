//! The evidence of a case as a gallery or a table, below the form that logs more.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use url::form_urlencoded::Serializer;

use super::Shot;
use super::composer::{Composer, ComposerInput};
use super::filters::{FilterBar, FilterFacts, ListAddress, NEWEST, SortHead, sort_heads};
use super::item::ASKED;
use super::said::RemarkForm;
use super::selected::{Marked, MarkedItems, mark_all};
use crate::captures::api::{self, FILTERS, created};
use crate::captures::model::{CaptureView, NO_PLATFORM, recognize};
use crate::captures::reads::Evidence;
use crate::captures::{reads, upload};
use crate::cases::{CasePage, Tab};
use crate::error::Result;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest, drafts};
use crate::subjects::platform_word;
use crate::users;

/// Items a page.
const ITEMS: usize = 60;

#[derive(Template)]
#[template(path = "captures/pages/evidence.html")]
struct EvidencePage {
    frame: Frame,
    page: CasePage,
    shots: Vec<Shot>,
    /// The address of the first items, where this page begins later, and of those that follow.
    first: Option<String>,
    next: Option<String>,
    /// How many items of the filter stand before this page.
    before: i64,
    bar: FilterBar,
    heads: [SortHead; 3],
    /// Where what is said of selected items is sent.
    mark_address: String,
    annotates: bool,
    reviews: bool,
    marked: Marked,
    composer: Composer,
}

pub async fn evidence(id: PathId, page: PageRequest) -> Reply {
    let marked = Marked::before(&page);
    evidence_page(&page, &id.0, marked).await
}

/// The page of a case's evidence.
pub async fn evidence_page(page: &PageRequest, id: &str, marked: Marked) -> Reply {
    let shown = EvidencePage::of(page, id, marked).await?;
    let refused = match shown.composer.sent() {
        form if form.is_refused() => form,
        _ => &shown.marked.form,
    };
    pages::show(&shown, Some(refused))
}

impl EvidencePage {
    async fn of(page: &PageRequest, id: &str, mut marked: Marked) -> Result<Self> {
        let query = Page {
            limit: ITEMS,
            ..Page::read(&page.req, &parameters())?
        }
        .without_empty();
        let list = ListAddress::of(page.req.query_string());
        let (frame, case_page) = CasePage::or_head(page, id, Tab::Evidence).await?;
        let asked = api::query(&query, NEWEST, case_page.zone)?;
        let (sort, around) = (asked.sort, page.query("around").and_then(|item| item.parse().ok()));
        let found = reads::evidence(&page.app.gate, &page.ctx, id.to_owned(), (asked, around)).await?;
        let facts = facts(page, &found).await?;
        let listed = Listed::of(
            found.found,
            &query,
            |f| f.place.cursor(sort),
            |f| Shot::found(&f, &case_page, &list),
        );
        let path = format!("/cases/{id}/evidence");
        let asked = match marked.log.take() {
            Some(asked) => asked,
            None => ComposerInput::opened(page, id).await?,
        };
        Ok(Self {
            composer: Composer::of(page, &case_page, &frame, asked).await?,
            next: listed
                .next
                .map(|next| list.at(&path, &[("cursor", &Page::cursor(&next))])),
            first: (found.before > 0).then(|| list.list(id)),
            before: found.before,
            shots: listed.items,
            bar: FilterBar::of(&list, &case_page, &facts),
            heads: sort_heads(&list, id),
            mark_address: mark_address(page, &list, &path),
            annotates: found.annotates,
            reviews: found.reviews,
            marked,
            page: case_page,
            frame,
        })
    }
}

/// Where the form of selected items goes: this same page of the list, so that it can be shown again.
fn mark_address(page: &PageRequest, list: &ListAddress, path: &str) -> String {
    let here = ["cursor", "around"].map(|name| page.query(name).map(|value| (name, value)));
    let here: Vec<(&str, &str)> = here
        .iter()
        .flatten()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    list.at(&format!("{path}/selected"), &here)
}

/// What the filters offer: the platforms and people of this case.
async fn facts(page: &PageRequest, found: &Evidence) -> Result<FilterFacts> {
    let mut platforms: Vec<String> = found
        .facets
        .iter()
        .filter_map(|(platform, _)| platform.clone())
        .collect();
    let mut people: Vec<String> = found.facets.iter().map(|(_, capturer)| capturer.clone()).collect();
    for all in [&mut platforms, &mut people] {
        all.sort_unstable();
        all.dedup();
    }
    Ok(FilterFacts {
        total: found.total,
        platforms,
        people: users::names(&page.app.gate, &page.ctx, people).await?,
    })
}

pub async fn mark(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let list = ListAddress::of(page.req.query_string());
    match mark_all(&page, &id.0, request).await {
        Ok((said, marked, first)) if marked.failed.is_empty() => Ok(said_of_all(&id.0, &list, (&said, &marked), first)),
        Ok((_, marked, _)) => evidence_page(&page, &id.0, Marked::partly(&page.req, marked)).await,
        Err(e) => evidence_page(&page, &id.0, Marked::refused(FormView::refused(&page.req, e)?)).await,
    }
}

/// 303 to the list, at the first item that was marked.
fn said_of_all(
    case: &str,
    list: &ListAddress,
    (said, marked): (&RemarkForm, &MarkedItems),
    first: i64,
) -> HttpResponse {
    let (number, item) = (marked.done.to_string(), first.to_string());
    let more = [
        ("around", item.as_str()),
        ("said", said.saying.as_str()),
        ("items", &number),
    ];
    let address = list.at(&format!("/cases/{case}/evidence"), &more);
    pages::see_other(&format!("{address}#i{first}"))
}

pub async fn log(req: HttpRequest, path: Path<String>, payload: Payload) -> Reply {
    let page = match PageRequest::of(&req) {
        Ok(page) => page,
        Err(e) => return Err(upload::signed_out(&req, payload, e).await),
    };
    let (case, ctx, app) = (path.clone(), page.ctx.clone(), page.app.clone());
    let made = upload::take(req, path, payload, ctx, app).await;
    if pages::is_partial(&page.req) {
        return created(&made?);
    }
    if made.is_ok() {
        drafts::sent(&page).await;
    }
    let again = async |form| evidence_page(&page, &case, Marked::unlogged(ComposerInput::form(form))).await;
    let sent = FormView::as_sent(&page.req);
    pages::answer(&page.req, made, |made| logged_at(&made, &sent), again).await
}

/// The address of a capture just logged, which says whether it is held. Its capturer reads it no more then; what they have
/// just sent comes along, so that leave can be asked for.
fn logged_at(made: &CaptureView, sent: &FormView) -> String {
    let outline = made.outline();
    if !outline.state.is_closed() {
        return format!("/captures/{}?done=logged", outline.id);
    }
    let told = recognize(sent.value("url"));
    let typed = |name| Some(sent.value(name).trim().to_owned()).filter(|text| !text.is_empty());
    let platform = typed("platform_other")
        .or(typed("platform"))
        .map(|name| platform_word(&name));
    let asked = [
        typed("level"),
        platform
            .or(told.platform.map(str::to_owned))
            .filter(|word| word != NO_PLATFORM),
        typed("account.handle").or(told.account),
    ];
    let asked = ASKED
        .iter()
        .zip(asked)
        .filter_map(|((name, _), value)| Some((*name, value?)));
    let query = Serializer::new(String::new())
        .append_pair("done", "held")
        .extend_pairs(asked)
        .finish();
    format!("/captures/{}?{query}", outline.id)
}

/// The parameters of a page of evidence: its list, and what brought the person there.
pub const PARAMETERS: &[&str] = &[
    "view", "around", "said", "items", "logged", "held", "done", "draft", "url",
];

/// All parameters that a page of evidence takes.
pub fn parameters() -> Vec<&'static str> {
    FILTERS.iter().chain(PARAMETERS).copied().collect()
}
