//! One item: its files, what is known of it, what was said about it, and the forms that say more.

mod history;

use askama::Template;

use history::{ItemCustody, SaidLine, VersionLine, said, versions};

use super::Shot;
use super::filters::ListAddress;
use super::viewer::{Sight, Viewer};
use url::form_urlencoded::Serializer;

use crate::authorizations::{Device, Level, Line};
use crate::captures::model::{
    BasisKind, CaptureMark, CaptureNote, CaptureState, CaptureView, CapturedBasis, Method, NewCorrection, NewDecision,
    OpenCapture, PostedBasis, Review, Tool, without_tracking,
};
use crate::captures::reads::{self, ItemFound, ItemRights};
use crate::captures::remarks;
use crate::cases::{CasePage, Tab, words};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::policy::Act;
use crate::subjects::platform_name;
use crate::text::{Moment, label, line};

/// Something known of an item, and where it leads.
pub struct Fact {
    pub name: &'static str,
    pub value: String,
    pub address: Option<String>,
}

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
    pub facts: Vec<Fact>,
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
    /// What the form of a correction holds: what was typed into it, and not into another form of this page.
    fn corrected(&self, name: &str) -> &str {
        let own = self.form.typed("platform_time_text").is_some() || !self.form.is_refused();
        if own { self.form.value(name) } else { "" }
    }

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

const RESTS_ON: &str = "Rests on";

/// The method in words: what was put in without a file was noted by hand.
fn method_of(method: Method, open: &OpenCapture) -> String {
    match method {
        Method::Import if open.files.is_empty() => "Noted by hand, without a file".to_owned(),
        method => label(method.as_str()),
    }
}

fn facts(open: &OpenCapture, page: &CasePage, authorization: Option<i64>) -> Vec<Fact> {
    let said = &open.particulars;
    let both = |at: &crate::clock::Timestamp| {
        let moment = page.at(at.0);
        match moment.local {
            Some(local) => format!("{local} ({})", moment.utc),
            None => moment.utc,
        }
    };
    let mut facts = Vec::new();
    let rests_on = open.basis.id.as_ref().zip(authorization);
    let address = |name| match name {
        RESTS_ON => rests_on.map(|(id, _)| format!("/authorizations/{id}")),
        _ => None,
    };
    let fact = |name, value: String| Fact {
        name,
        value: line(&value),
        address: address(name),
    };
    let mut put = |name, value: Option<String>| facts.extend(value.map(|value| fact(name, value)));
    put("Platform", said.platform.as_deref().map(platform_name));
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
    put("Method", said.method.map(|method| method_of(method, open)));
    let version = |tool: &Tool| {
        if tool.version == "unknown" {
            ""
        } else {
            tool.version.as_str()
        }
        .to_owned()
    };
    put(
        "Tool",
        said.tool
            .as_ref()
            .map(|t| format!("{} {}", t.name, version(t)).trim().to_owned()),
    );
    put("Level", said.level.map(|l| label(l.as_str())));
    put("Device", said.device.map(|d| label(d.as_str())));
    put("Captured by", Some(open.captured_by.name.clone()));
    put("Note", open.note.clone());
    put(
        RESTS_ON,
        Some(match authorization {
            Some(number) => format!("Authorization A-{number}"),
            None => open.basis.kind.says(),
        }),
    );
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
