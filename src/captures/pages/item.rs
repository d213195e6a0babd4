//! One item: its files, what is known of it, what was said about it, and the forms that say more.

mod history;

use askama::Template;

use history::{ItemCustody, SaidLine, VersionLine, said, versions};

use super::Shot;
use super::filters::ListAddress;
use super::viewer::{Sight, Viewer};
use crate::authorizations::Line;
use crate::captures::model::{
    BasisKind, CaptureMark, CaptureNote, CaptureState, CaptureView, NewCorrection, NewDecision, OpenCapture,
    PostedBasis, Review, without_tracking,
};
use crate::captures::reads::{self, ItemFound, ItemRights};
use crate::captures::remarks;
use crate::cases::{CasePage, Tab, words};
use crate::error::{Error, Result};
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::policy::Act;
use crate::text::{label, line};

/// What is known of an item beside its files.
pub struct ItemParts {
    pub facts: Vec<(&'static str, String)>,
    pub text: Option<String>,
    /// What stands above the text.
    pub text_heading: &'static str,
    /// What was said about it later, in order.
    pub said: Vec<SaidLine>,
    pub versions: Vec<VersionLine>,
}

impl ItemParts {
    /// Of an item; empty where its content is not shown.
    pub fn of(found: &ItemFound, page: &CasePage) -> Self {
        let open = match &found.view {
            CaptureView::Open(open) => Some(open.as_ref()),
            CaptureView::Withheld(_) => None,
        };
        let text = open.and_then(|open| open.particulars.text.as_deref());
        Self {
            facts: open.map(|open| facts(open, page)).unwrap_or_default(),
            text: text.map(crate::text::block),
            text_heading: found.view.outline().kind.text_heading(),
            said: open.map(|open| said(open, page)).unwrap_or_default(),
            versions: versions(&found.versions, page),
        }
    }
}

#[derive(Template)]
#[template(path = "captures/pages/item.html")]
struct ItemPage {
    frame: Frame,
    page: CasePage,
    shot: Shot,
    version: i64,
    parts: ItemParts,
    viewer: Viewer,
    coverage: Vec<Line>,
    /// Whether content is shown at all.
    open: bool,
    /// What a supervisor may answer now, with the words on the buttons.
    outcomes: Vec<(&'static str, &'static str)>,
    custody: Option<ItemCustody>,
    way: Way,
    leaf: String,
    seq: i64,
    may: ItemRights,
    /// How a time of posting may be known; the empty one leaves it as it is.
    bases: Vec<(&'static str, String)>,
    form: FormView,
}

/// The way from an item to its list, and to the items beside it there.
struct Way {
    list: String,
    review: String,
    previous: Option<(i64, String)>,
    next: Option<(i64, String)>,
    position: i64,
    total: i64,
    /// Whether the list is filtered.
    filtered: bool,
}

pub async fn item(id: PathId, page: PageRequest) -> Reply {
    item_page(&page, id.0, None).await
}

async fn item_page(page: &PageRequest, id: String, form: Option<FormView>) -> Reply {
    let shown = ItemPage::of(page, id, form).await?;
    pages::show(&shown, Some(&shown.form))
}

impl ItemPage {
    async fn of(page: &PageRequest, id: String, form: Option<FormView>) -> Result<Self> {
        let found = reads::item(&page.app.gate, &page.ctx, id.clone()).await?;
        let outline = found.view.outline().clone();
        let (mut frame, case_page) = CasePage::of(page, &outline.case_id, Tab::Evidence).await?;
        frame.title = format!("Item {}, {}", outline.item, case_page.case.number);
        let custody = match found.rights.reads_custody {
            true => Some(ItemCustody::of(page, &id, &case_page, &found).await?),
            false => None,
        };
        Ok(Self {
            shot: Shot {
                is_new: found.is_new,
                uncovered: found.uncovered,
                ..Shot::of(&found.view, &case_page)
            },
            way: way(page, &case_page, outline.item).await?,
            version: outline.version,
            viewer: Viewer::of(page, &found.view, &case_page).await?,
            coverage: outline.coverage,
            open: matches!(found.view, CaptureView::Open(_)),
            outcomes: outcomes(&found.view),
            custody,
            leaf: outline.event.leaf.to_string(),
            seq: outline.event.seq,
            may: found.rights,
            bases: std::iter::once(("", "As it is".to_owned()))
                .chain(words::<PostedBasis>())
                .collect(),
            form: form.unwrap_or_else(|| first_form(&found.view)),
            parts: ItemParts::of(&found, &case_page),
            page: case_page,
            frame,
        })
    }
}

/// The way by the list that the address names. One that no list has is left out.
async fn way(page: &PageRequest, case_page: &CasePage, item: i64) -> Result<Way> {
    let list = ListAddress::of(page.req.query_string());
    let (list, asked) = match list.query(1, case_page) {
        Ok(asked) => (list, asked),
        Err(_) => (ListAddress::default(), ListAddress::default().query(1, case_page)?),
    };
    let case = case_page.case.id.clone();
    let standing = reads::standing(&page.app.gate, &page.ctx, case.clone(), (asked, item)).await?;
    let standing = standing.ok_or_else(Error::not_found)?;
    let address = |(item, id): (i64, String)| (item, list.at(&format!("/captures/{id}"), &[]));
    Ok(Way {
        list: list.list_at(&case, item),
        review: list.review_at(&case, item),
        previous: standing.previous.map(address),
        next: standing.next.map(address),
        position: standing.before + 1,
        total: standing.total.max(standing.before + 1),
        filtered: list.filters(),
    })
}

/// The outcomes that a supervisor may choose from: of a held capture, or of an emergency that nobody has judged yet.
fn outcomes(view: &CaptureView) -> Vec<(&'static str, &'static str)> {
    let unjudged = |open: &OpenCapture| open.basis.kind == BasisKind::Emergency && open.remarks.decision.is_none();
    match view {
        _ if view.outline().state == CaptureState::Held => vec![
            ("accept", "Accept"),
            ("ratify", "Ratify afterwards"),
            ("quarantine", "Quarantine"),
        ],
        CaptureView::Open(open) if unjudged(open) => vec![
            ("confirm", "Confirm the emergency"),
            ("repudiate", "It was none"),
            ("quarantine", "Quarantine"),
        ],
        _ => Vec::new(),
    }
}

/// The form as a page first shows it: a correction of the account begins with what is known of it, for it is one answer.
fn first_form(view: &CaptureView) -> FormView {
    let account = match view {
        CaptureView::Open(open) => open.particulars.account.clone().unwrap_or_default(),
        CaptureView::Withheld(_) => return FormView::default(),
    };
    FormView::of([
        ("account.handle", account.handle.unwrap_or_default()),
        ("account.platform_id", account.platform_id.unwrap_or_default()),
    ])
}

fn facts(open: &OpenCapture, page: &CasePage) -> Vec<(&'static str, String)> {
    let said = &open.particulars;
    let both = |at: &crate::clock::Timestamp| {
        let moment = page.at(at.0);
        match moment.local {
            Some(local) => format!("{local} ({})", moment.utc),
            None => moment.utc,
        }
    };
    let mut facts = Vec::new();
    let mut put = |name, value: Option<String>| facts.extend(value.map(|value| (name, line(&value))));
    put("Platform", said.platform.as_deref().map(label));
    put("Address as seen", said.url.clone());
    put(
        "Address without tracking parts",
        said.url.as_deref().and_then(without_tracking),
    );
    put("Final address", said.final_url.clone());
    put("Account", said.account.as_ref().and_then(|a| a.handle.clone()));
    put(
        "Account’s own id",
        said.account.as_ref().and_then(|a| a.platform_id.clone()),
    );
    put(
        "Time as shown",
        Some(said.platform_time_text.clone().unwrap_or("not noted".into())),
    );
    let basis = said.posted_at_basis.map_or("basis not noted", |basis| basis.says());
    put(
        "Posted",
        said.posted_at.as_ref().map(|at| format!("{}, {basis}", both(at))),
    );
    put(
        "Captured, by the capturer’s clock",
        Some(match open.outline.captured_at_basis.mark() {
            Some(mark) => format!("{}: {mark}", both(&open.outline.captured_at)),
            None => both(&open.outline.captured_at),
        }),
    );
    put(
        "Received, by this server’s clock",
        Some(both(&open.outline.received_at)),
    );
    put("Visibility", said.visibility.as_deref().map(label));
    put("Means of access", said.access_means.as_deref().map(label));
    put("Method", said.method.map(|m| label(m.as_str())));
    put("Tool", said.tool.as_ref().map(|t| format!("{} {}", t.name, t.version)));
    put("Level", said.level.map(|l| label(l.as_str())));
    put("Device", said.device.map(|d| label(d.as_str())));
    put("Captured by", Some(open.captured_by.name.clone()));
    put("Note", open.note.clone());
    put("Rests on", Some(label(open.basis.kind.as_str())));
    put("Reason given", open.basis.reason.clone());
    let flags: Vec<&str> = open.outline.flags.iter().map(|flag| flag.as_str()).collect();
    put(
        "Odd about it",
        (!flags.is_empty()).then(|| flags.join(", ").replace('_', " ")),
    );
    facts
}

pub async fn annotate(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Capture(id.0.clone()));
    let made = request
        .write_to(Act::CaptureAnnotate, scope, CaptureNote::parse, remarks::annotate)
        .await;
    after(&page, id.0, "noted", made.map(drop)).await
}

pub async fn mark(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Capture(id.0.clone()));
    let made = request
        .write_to(Act::CaptureAnnotate, scope, CaptureMark::parse, remarks::mark)
        .await;
    after(&page, id.0, "marked", made.map(drop)).await
}

pub async fn correct(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Capture(id.0.clone()));
    let made = request
        .write_to(Act::CaptureCorrect, scope, NewCorrection::parse, remarks::correct)
        .await;
    after(&page, id.0, "corrected", made.map(drop)).await
}

pub async fn review(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Capture(id.0.clone()));
    let made = request
        .write_to(Act::CaptureReview, scope, Review::parse, remarks::review)
        .await;
    after(&page, id.0, "reviewed", made.map(drop)).await
}

pub async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Capture(id.0.clone()));
    let made = request
        .write_to(Act::CaptureDecide, scope, NewDecision::parse, remarks::decide)
        .await;
    after(&page, id.0, "decided", made.map(drop)).await
}

/// Back to the item, which says what was done, or shows the form again.
async fn after(page: &PageRequest, id: String, done: &str, made: Result<()>) -> Reply {
    let list = ListAddress::of(page.req.query_string());
    let address = |()| list.at(&format!("/captures/{id}"), &[("done", done)]);
    let again = async |form| item_page(page, id.clone(), Some(form)).await;
    pages::answer(&page.req, made, address, again).await
}
