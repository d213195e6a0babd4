//! One item: its files, what is known of it, what was said about it, and the forms that say more.

mod facts;
mod history;

use askama::Template;

use facts::{ItemFact, facts};
use history::{ItemCustody, SaidLine, VersionLine, said, versions};

use super::Shot;
use super::filters::ListAddress;
use super::viewer::{Sight, Viewer};
use url::form_urlencoded::Serializer;

use crate::authorizations::{Device, Level, Line};
use crate::captures::derivatives::DerivativeLine;
use crate::captures::examinations::ExaminationView;
use crate::captures::model::{
    BasisKind, CaptureMark, CaptureNote, CaptureState, CaptureView, CapturedBasis, Method, NewCorrection, OpenCapture,
    PostedBasis,
};
use crate::captures::reads::{self, ItemFound, ItemRights};
use crate::captures::{api, remarks};
use crate::cases::{CasePage, Tab, words};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::impeachment::{self, FlagState};
use crate::policy::Act;
use crate::text::{Moment, block, line};

/// That the last review returned an item, and why.
struct ReturnedNotice {
    who: String,
    at: Moment,
    why: String,
    /// Whether it was corrected since.
    corrected: bool,
}

/// What is known of an item beside its files.
pub struct ItemParts {
    pub facts: Vec<ItemFact>,
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
            facts: open
                .map(|open| facts(open, page, found.authorization))
                .unwrap_or_default(),
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
    /// The words that a correction chooses from; the empty one leaves it as it is.
    choices: CorrectionChoices,
    returned: Option<ReturnedNotice>,
    /// Where leave is asked for, for what is held.
    request: Option<String>,
    /// Whether it was logged as held just now.
    just_held: bool,
    /// What was made from it.
    derivatives: Vec<DerivativeLine>,
    /// What a program read in its files.
    examination: Option<ExaminationView>,
    /// What about it may impeach a witness: the reason, who flagged it and when, and whether a prosecutor cleared it.
    flags: Vec<FlagLine>,
    form: FormView,
}

/// An impeachment flag as the page of its item shows it.
struct FlagLine {
    reason: String,
    by: String,
    at: Moment,
    cleared: bool,
}

/// What is flagged about an item; none for whoever does not read the case.
async fn flags(page: &PageRequest, case_page: &CasePage, capture: &str) -> Result<Vec<FlagLine>> {
    if !case_page.rights.reads_evidence {
        return Ok(Vec::new());
    }
    let place = (case_page.case.id.clone(), capture.to_owned());
    let found = impeachment::of_capture(&page.app.gate, &page.ctx, place).await?;
    let shown = found.iter().map(|flag| FlagLine {
        reason: block(&flag.reason),
        by: line(&flag.by.name),
        at: case_page.at(flag.at.0),
        cleared: flag.state == FlagState::Cleared,
    });
    Ok(shown.collect())
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
    /// What the form of a correction holds: what was typed into it, and not into another form of this page.
    fn corrected(&self, name: &str) -> &str {
        let own = self.form.typed("platform_time_text").is_some() || !self.form.is_refused();
        if own { self.form.value(name) } else { "" }
    }

    async fn of(page: &PageRequest, id: String, form: Option<FormView>) -> Result<Self> {
        let found = reads::item(&page.app.gate, &page.ctx, id.clone()).await?;
        let outline = found.view.outline().clone();
        let (mut frame, case_page) = CasePage::or_head(page, &outline.case_id, Tab::Evidence).await?;
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
            coverage: super::rules(&outline.coverage, case_page.zone),
            open: matches!(found.view, CaptureView::Open(_)),
            outcomes: outcomes(&found.view),
            custody,
            leaf: outline.event.leaf.to_string(),
            seq: outline.event.seq,
            may: found.rights,
            derivatives: found
                .derivatives
                .iter()
                .map(|made| DerivativeLine::of(made, &case_page))
                .collect(),
            examination: match &found.view {
                CaptureView::Open(open) => ExaminationView::of(open, &case_page)?,
                CaptureView::Withheld(_) => None,
            },
            flags: flags(page, &case_page, &id).await?,
            choices: CorrectionChoices::all(),
            returned: returned(&found.view, &case_page),
            request: request(page, &found.view, &case_page),
            just_held: page.query("done").as_deref() == Some("held"),
            form: form.unwrap_or_else(|| first_form(&found.view)),
            parts: ItemParts::of(&found, &case_page),
            page: case_page,
            frame,
        })
    }
}

/// The words of a correction.
struct CorrectionChoices {
    posted: Vec<(&'static str, String)>,
    captured: Vec<(&'static str, String)>,
    methods: Vec<(&'static str, String)>,
    levels: Vec<(&'static str, String)>,
    devices: Vec<(&'static str, String)>,
}

impl CorrectionChoices {
    fn all() -> Self {
        Self {
            posted: or_as_it_is::<PostedBasis>(),
            captured: or_as_it_is::<CapturedBasis>(),
            methods: or_as_it_is::<Method>(),
            levels: or_as_it_is::<Level>(),
            devices: or_as_it_is::<Device>(),
        }
    }
}

fn or_as_it_is<W: Word>() -> Vec<(&'static str, String)> {
    let none = ("", "As it is".to_owned());
    std::iter::once(none).chain(words::<W>()).collect()
}

fn returned(view: &CaptureView, page: &CasePage) -> Option<ReturnedNotice> {
    let CaptureView::Open(open) = view else { return None };
    let review = open.returned()?;
    Some(ReturnedNotice {
        who: line(&review.by.name),
        at: page.at(review.at.0),
        why: review.said.note.as_deref().map(crate::text::block).unwrap_or_default(),
        corrected: open.is_corrected_since_review(),
    })
}

/// The address of a request for what is held, with what its capturer sent just now and the address of this page brings.
fn request(page: &PageRequest, view: &CaptureView, case_page: &CasePage) -> Option<String> {
    if view.outline().state != CaptureState::Held || !case_page.rights.requests {
        return None;
    }
    let sent = ASKED
        .iter()
        .filter_map(|(here, there)| Some((*there, page.query(here)?)));
    let query = Serializer::new(String::new()).extend_pairs(sent).finish();
    let mark = if query.is_empty() { "" } else { "?" };
    Some(format!("/cases/{}/authorizations/new{mark}{query}", case_page.case.id))
}

/// What a capturer has just sent, in the address of the item and in that of a request.
pub const ASKED: [(&str, &str); 3] = [
    ("ask_level", "level"),
    ("ask_platform", "platform"),
    ("ask_account", "account"),
];

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

pub async fn examine(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::examination_asked(id.0.clone(), request).await;
    after(&page, id.0, "examination_asked", made.map(drop)).await
}

pub async fn correct(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Capture(id.0.clone()));
    let made = request
        .write_to(Act::CaptureCorrect, scope, NewCorrection::parse, remarks::correct)
        .await;
    after(&page, id.0, "corrected", made.map(drop)).await
}

pub async fn review(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::reviewed(id.0.clone(), request).await;
    after(&page, id.0, "reviewed", made.map(drop)).await
}

pub async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::decided(id.0.clone(), request).await;
    after(&page, id.0, "decided", made.map(drop)).await
}

/// Back to the item, which says what was done, or shows the form again.
async fn after(page: &PageRequest, id: String, done: &str, made: Result<()>) -> Reply {
    let list = ListAddress::of(page.req.query_string());
    let address = |()| list.at(&format!("/captures/{id}"), &[("done", done)]);
    let again = async |form| item_page(page, id.clone(), Some(form)).await;
    pages::answer(&page.req, made, address, again).await
}
