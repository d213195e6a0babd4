//! One item: its files, what is known of it, what was said about it, and the forms that say more.

use askama::Template;

use super::{Shot, is_picture};
use crate::authorizations::Line;
use crate::captures::model::{
    BasisKind, CaptureNote, CaptureState, CaptureView, FileEntry, NewCorrection, NewDecision, OpenCapture, PostedBasis,
    Review, without_tracking,
};
use crate::captures::{reads, remarks};
use crate::cases::{CasePage, Tab, words};
use crate::error::Result;
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::policy::Act;
use crate::text::{Moment, groups, label, line, size};

/// A file of an item, as the page shows it.
struct ShownFile {
    address: Option<String>,
    name: String,
    role: String,
    media: String,
    size: String,
    picture: bool,
    video: bool,
    groups: Vec<String>,
    withheld: Option<String>,
}

impl ShownFile {
    fn of(id: &str, file: &FileEntry) -> Self {
        let media = file.media_type.clone().unwrap_or_default();
        Self {
            address: file.withheld.is_none().then(|| format!("/files/{id}/{}", file.sha256)),
            name: line(file.name.as_deref().unwrap_or("without a name")),
            role: label(file.role.as_str()),
            picture: is_picture(file),
            video: matches!(&*media, "video/mp4" | "video/webm"),
            size: size(file.size),
            groups: groups(&file.sha256),
            withheld: file.withheld.as_ref().map(|w| line(&w.reason)),
            media,
        }
    }
}

/// Something said about an item later.
struct SaidLine {
    what: String,
    text: String,
    who: String,
    at: Moment,
}

#[derive(Template)]
#[template(path = "captures/pages/item.html")]
struct ItemPage {
    frame: Frame,
    page: CasePage,
    shot: Shot,
    version: i64,
    facts: Vec<(&'static str, String)>,
    text: Option<String>,
    files: Vec<ShownFile>,
    coverage: Vec<Line>,
    /// Whether content is shown at all.
    open: bool,
    said: Vec<SaidLine>,
    /// What a supervisor may answer now, with the words on the buttons.
    outcomes: Vec<(&'static str, &'static str)>,
    leaf: String,
    seq: i64,
    may: reads::ItemRights,
    /// How a time of posting may be known; the empty one leaves it as it is.
    bases: Vec<(&'static str, String)>,
    form: FormView,
}

pub async fn item(id: PathId, page: PageRequest) -> Reply {
    item_page(&page, id.0, None).await
}

async fn item_page(page: &PageRequest, id: String, form: Option<FormView>) -> Reply {
    let view = reads::capture(&page.app.gate, &page.ctx, id.clone()).await?;
    let outline = view.outline().clone();
    let (mut frame, case_page) = CasePage::of(page, &outline.case_id, Tab::Evidence).await?;
    frame.title = format!("Item {}, {}", outline.item, case_page.case.number);
    let open = match &view {
        CaptureView::Open(open) => Some(open.as_ref()),
        CaptureView::Withheld(_) => None,
    };
    let form = form.unwrap_or_else(|| first_form(&view));
    let shown = ItemPage {
        shot: Shot::of(&view, &case_page),
        version: outline.version,
        facts: open.map(|open| facts(open, &case_page)).unwrap_or_default(),
        text: open
            .and_then(|open| open.particulars.text.as_deref())
            .map(crate::text::block),
        files: open
            .map(|open| open.files.iter().map(|f| ShownFile::of(&id, f)).collect())
            .unwrap_or_default(),
        coverage: outline.coverage.clone(),
        open: open.is_some(),
        said: open.map(|open| said(open, &case_page)).unwrap_or_default(),
        outcomes: outcomes(&view),
        leaf: outline.event.leaf.to_string(),
        seq: outline.event.seq,
        may: reads::item_rights(&page.app.gate, &page.ctx, id.clone()).await?,
        bases: std::iter::once(("", "As it is".to_owned()))
            .chain(words::<PostedBasis>())
            .collect(),
        page: case_page,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
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
        "Time as the platform showed it",
        Some(said.platform_time_text.clone().unwrap_or("not noted".into())),
    );
    let basis = said.posted_at_basis.map_or("basis not noted", |basis| basis.as_str());
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
    put("Visibility", said.visibility.clone());
    put("Means of access", said.access_means.clone());
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

fn said(open: &OpenCapture, page: &CasePage) -> Vec<SaidLine> {
    let correction = open
        .correction
        .iter()
        .map(|c| (c.at, c.by.name.as_str(), "Corrected".to_owned(), c.reason.as_str()));
    let notes = open
        .remarks
        .notes
        .iter()
        .map(|n| (n.at, n.by.name.as_str(), "Note".to_owned(), n.said.text.as_str()));
    let reviews = open.remarks.reviews.iter().map(|r| {
        let outcome = format!("Reviewed: {}", r.said.outcome.as_str());
        (
            r.at,
            r.by.name.as_str(),
            outcome,
            r.said.note.as_deref().unwrap_or_default(),
        )
    });
    let decisions = open.remarks.decision.iter().map(|d| {
        let outcome = format!("Decided: {}", d.said.said.outcome.as_str());
        (d.at, d.by.name.as_str(), outcome, d.said.said.reason.as_str())
    });
    let mut all: Vec<_> = correction.chain(notes).chain(reviews).chain(decisions).collect();
    all.sort_by_key(|(at, ..)| *at);
    let shown = all.into_iter().map(|(at, who, what, text)| SaidLine {
        what,
        text: crate::text::block(text),
        who: line(who),
        at: page.at(at.0),
    });
    shown.collect()
}

pub async fn annotate(id: PathId, request: WriteRequest) -> Reply {
    let (page, scope) = (request.page()?, Scope::Capture(id.0.clone()));
    let made = request
        .write_to(Act::CaptureAnnotate, scope, CaptureNote::parse, remarks::annotate)
        .await;
    after(&page, id.0, "noted", made.map(drop)).await
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
    let address = |()| format!("/captures/{id}?done={done}");
    let again = async |form| item_page(page, id.clone(), Some(form)).await;
    pages::answer(&page.req, made, address, again).await
}
