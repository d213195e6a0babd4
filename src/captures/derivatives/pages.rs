//! The page on which somebody redacts a capture: boxes drawn by pointer, moved by keys, or typed as numbers.

use std::collections::BTreeMap;

use askama::Template;

use super::asked::{NewRedaction, ROWS, TIMES};
use super::model::{Derivative, DerivativeKind, Tellable};
use super::{api, make, reads};
use crate::captures::model::{CaptureView, FileEntry, OpenCapture};
use crate::captures::reads as captures;
use crate::cases::{CasePage, Tab};
use crate::error::{Error, Result};
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::pictures::{FilmPart, PDF, PixelBox, is_archive, is_film};
use crate::policy::Act;
use crate::proof::id::Digest;
use crate::proof::packet::StandardFormat;
use crate::text::{Moment, block, counted, label, line};

/// Rows of numbers that are shown at least.
const SHOWN: usize = 4;

/// A picture of the capture that can be redacted.
struct SourceFile {
    sha256: Digest,
    name: String,
    role: String,
    is_document: bool,
    /// The element that plays it, of a film.
    player: Option<&'static str>,
    is_archive: bool,
    is_chosen: bool,
}

/// The pages of a document, of which one is shown.
struct ShownPage {
    number: u32,
    pages: u32,
}

/// What the boxes that were typed would look like.
struct Look {
    /// The page, of a document.
    page: Option<u32>,
    address: String,
}

/// A range of time as it was typed.
struct TimeRow {
    n: usize,
    begin: String,
    end: String,
    /// What is covered: word, words for it, and whether it was chosen.
    covers: Vec<(&'static str, &'static str, bool)>,
    error: Option<String>,
}

/// The numbers of a box, or of a range, as they were typed.
struct NumberRow {
    n: usize,
    values: Vec<(&'static str, &'static str, String)>,
    error: Option<String>,
}

/// A derivative as pages list it.
pub struct DerivativeLine {
    pub id: String,
    pub item: i64,
    /// What was done.
    pub what: String,
    pub reason: String,
    pub who: String,
    pub at: Moment,
    /// The digest of its file, in groups.
    pub groups: Vec<String>,
    /// Where its file and a preview of it are.
    pub address: Option<(String, String)>,
}

impl DerivativeLine {
    /// Of a derivative.
    pub fn of(made: &Derivative, page: &CasePage) -> Self {
        let file = made.file.as_ref();
        let place = |folder: &str| file.map(|file| format!("/{folder}/{}/{}", made.capture.id, file.sha256));
        let boxes = made.recipe.boxes.len() as u64;
        let blots = made.recipe.blots.unwrap_or_default() as u64;
        let times = made.recipe.times.len() as u64;
        let done = [
            (boxes > 0).then(|| counted(boxes, "box", "boxes")),
            made.recipe.sanitized.map(|found| {
                let all = found.counts.headers + found.counts.tokens + found.counts.names;
                format!("{} taken out", counted(all, "place", "places"))
            }),
            (times > 0).then(|| counted(times, "range of time", "ranges of time")),
            (blots > 0).then(|| counted(blots, "part of the text", "parts of the text")),
            duplicated(made),
        ];
        let done: Vec<String> = done.into_iter().flatten().collect();
        Self {
            id: made.id.clone(),
            item: made.capture.item,
            what: match done.is_empty() {
                true => label(made.kind.as_str()),
                false => format!("{}: {}", label(made.kind.as_str()), done.join(", ")),
            },
            reason: block(&made.reason),
            who: line(&made.made_by.name),
            at: page.at(made.made_at.0),
            groups: file.map(|file| crate::text::groups(&file.sha256)).unwrap_or_default(),
            address: place("files").zip(place("pictures")),
        }
    }
}

/// The format of a standard duplicate, and what made it.
fn duplicated(made: &Derivative) -> Option<String> {
    let file = made.file.as_ref().filter(|_| made.kind == DerivativeKind::Duplicate)?;
    let format = StandardFormat::of(&file.media_type).map_or("file", StandardFormat::says);
    let programs = made.recipe.programs.iter();
    let programs: Vec<String> = programs.map(|p| line(&format!("{} {}", p.name, p.version))).collect();
    Some(format!("{format}, made with {}", programs.join(", ")))
}

#[derive(Template)]
#[template(path = "captures/derivatives/form.html")]
struct RedactPage {
    frame: Frame,
    page: CasePage,
    id: String,
    item: i64,
    files: Vec<SourceFile>,
    chosen: Option<Digest>,
    /// Pixels of the chosen picture or of the page that is shown, where they are known.
    size: Option<(i64, i64)>,
    /// Of a document.
    shown: Option<ShownPage>,
    /// Why the pages of the document cannot be shown.
    unreadable: Option<String>,
    text: Option<String>,
    /// The same as it was recorded, for counting its characters.
    raw: String,
    letters: usize,
    rows: Vec<NumberRow>,
    /// The element that plays the chosen file, of a film.
    player: Option<&'static str>,
    /// Whether the chosen file is a web archive.
    is_archive: bool,
    times: Vec<TimeRow>,
    ranges: Vec<NumberRow>,
    tellable: Vec<(&'static str, &'static str)>,
    /// What it would look like.
    looks: Vec<Look>,
    form: FormView,
}

/// `GET /captures/{id}/redactions`
pub async fn form(id: PathId, page: PageRequest) -> Reply {
    let scope = Scope::Capture(id.0.clone());
    page.app.gate.check(&page.ctx, Act::DerivativeMake, scope).await?;
    let asked = page.query("file").map(|file| FormView::of([("file", file)]));
    redact_page(&page, id.0, asked.unwrap_or_default()).await
}

/// `POST /captures/{id}/redactions`: makes it, or shows first what it would look like.
pub async fn send(id: PathId, mut request: WriteRequest) -> Reply {
    let page = request.page()?;
    request
        .check(Act::DerivativeMake, &Scope::Capture(id.0.clone()))
        .await?;
    let form = request.form().await?;
    if form.is_word("do", "make") {
        let made = match NewRedaction::of_page(form) {
            Ok(new) => api::record(id.0.clone(), request, new).await,
            Err(e) => Err(e),
        };
        let address = |_| format!("/captures/{}?done=redacted#derivatives", id.0);
        let again = async |form: FormView| redact_page(&page, id.0.clone(), in_rows(form)).await;
        return pages::answer(&page.req, made, address, again).await;
    }
    redact_page(&page, id.0.clone(), FormView::as_sent(&page.req)).await
}

/// What was refused of `boxes[1].x` is told beside the second row that is filled.
fn in_rows(mut form: FormView) -> FormView {
    let filled = |own: &[&str]| -> Vec<usize> {
        let typed = |n: &usize| own.iter().any(|name| !form.value(&format!("{name}{n}")).is_empty());
        (1..=ROWS).filter(typed).collect()
    };
    let (boxes, ranges) = (filled(&["p", "x", "y", "w", "h"]), filled(&["from", "to"]));
    let times = filled(&["begin", "end"]);
    for error in &mut form.errors {
        for (list, rows, field) in [
            ("boxes[", &boxes, "x"),
            ("text_ranges[", &ranges, "from"),
            ("times[", &times, "begin"),
        ] {
            let place = error.field.strip_prefix(list).and_then(|rest| rest.split(']').next());
            if let Some(row) = place.and_then(|n| rows.get(n.parse::<usize>().ok()?)) {
                error.field = format!("{field}{row}");
            }
        }
        if error.field == "boxes" {
            error.field = "x1".into();
        }
        if error.field.starts_with("sanitize") {
            error.field = "names".into();
        }
        if error.field == "times" {
            error.field = "begin1".into();
        }
    }
    form
}

async fn redact_page(page: &PageRequest, id: String, form: FormView) -> Reply {
    let shown = RedactPage::of(page, id, form).await?;
    pages::show(&shown, Some(&shown.form))
}

impl RedactPage {
    async fn of(page: &PageRequest, id: String, mut form: FormView) -> Result<Self> {
        let found = captures::item(&page.app.gate, &page.ctx, id.clone()).await?;
        let outline = found.view.outline().clone();
        let (mut frame, case_page) = CasePage::of(page, &outline.case_id, Tab::Evidence).await?;
        frame.title = format!("Redact item {}, {}", outline.item, case_page.case.number);
        let CaptureView::Open(open) = found.view else {
            let why = "This capture is closed: nothing is made of it until a supervisor lets it leave.";
            return Err(Error::conflict(why));
        };
        let mut files = sources(&open);
        let named = form.value("file").parse::<Digest>().ok();
        let chosen = named.filter(|sha256| files.iter().any(|file| file.sha256 == *sha256));
        let chosen = chosen.or_else(|| files.first().map(|file| file.sha256));
        for file in &mut files {
            file.is_chosen = chosen == Some(file.sha256);
        }
        let player = files.iter().find(|file| file.is_chosen).and_then(|file| file.player);
        let is_archive = files.iter().any(|file| file.is_chosen && file.is_archive);
        let is_document = files.iter().any(|file| file.is_chosen && file.is_document);
        let (mut size, mut shown, mut unreadable) = (None, None, None);
        match chosen {
            Some(sha256) if is_document => match page_sizes(page, (&id, sha256)).await? {
                Ok(sizes) => (size, shown) = turned_to(&form, &sizes),
                Err(why) => unreadable = Some(why),
            },
            Some(_) if player.is_some() || is_archive => {}
            Some(sha256) => {
                let row = captures::picture(&page.app.gate, &page.ctx, id.clone(), sha256).await?;
                size = row.filter(|row| row.width > 0).map(|row| (row.width, row.height));
            }
            None => {}
        }
        let look =
            chosen.filter(|_| form.value("do") == "look" && unreadable.is_none() && player.is_none() && !is_archive);
        let looks = look.map(|sha256| looked_at(&mut form, (&id, sha256), shown.as_ref()));
        let text = open.particulars.text.clone().unwrap_or_default();
        Ok(Self {
            id,
            item: outline.item,
            files,
            chosen,
            size,
            unreadable,
            letters: text.chars().count(),
            raw: text.clone(),
            text: Some(text).filter(|text| !text.is_empty()).map(|text| block(&text)),
            rows: rows(&form, &NUMBERS[usize::from(shown.is_none())..]),
            shown,
            player,
            is_archive,
            times: time_rows(&form),
            ranges: rows(&form, &[("from", "From"), ("to", "To")]),
            tellable: Tellable::ALL.iter().map(|word| (word.as_str(), word.says())).collect(),
            looks: looks.unwrap_or_default(),
            form,
            page: case_page,
            frame,
        })
    }
}

fn sources(open: &OpenCapture) -> Vec<SourceFile> {
    let fits = |file: &&FileEntry| file.withheld.is_none() && make::source_type(file).is_ok();
    let source =
        |file: &FileEntry| SourceFile {
            sha256: file.sha256,
            name: line(file.name.as_deref().unwrap_or("without a name")),
            role: label(file.role.as_str()),
            is_document: file.media_type.as_deref() == Some(PDF),
            is_archive: file.media_type.as_deref().is_some_and(is_archive),
            player: file.media_type.as_deref().filter(|kind| is_film(kind)).map(|kind| {
                match kind.starts_with("audio/") {
                    true => "audio",
                    false => "video",
                }
            }),
            is_chosen: false,
        };
    open.files.iter().filter(fits).map(source).collect()
}

/// The numbers of a box; the first is for documents.
const NUMBERS: [(&str, &str); 5] = [
    ("p", "Page"),
    ("x", "Left"),
    ("y", "Top"),
    ("w", "Width"),
    ("h", "Height"),
];

/// Pixels of each page of a document; or why it has none.
async fn page_sizes(
    page: &PageRequest,
    (id, sha256): (&str, Digest),
) -> Result<std::result::Result<Vec<(u32, u32)>, String>> {
    let file = reads::source(&page.app.gate, &page.ctx, (id.to_owned(), sha256)).await?;
    match make::page_sizes(&page.app, &file).await {
        Ok(sizes) => Ok(Ok(sizes)),
        Err(e) => match e.errors.first() {
            Some(error) => Ok(Err(error.message.clone())),
            None => Err(e),
        },
    }
}

/// The page of a document that is shown: the one to which somebody turns, else the one that was shown before.
fn turned_to(form: &FormView, sizes: &[(u32, u32)]) -> (Option<(i64, i64)>, Option<ShownPage>) {
    let asked = ["turn", "page"]
        .iter()
        .find_map(|field| form.value(field).trim().parse().ok());
    let pages = u32::try_from(sizes.len()).unwrap_or(u32::MAX);
    let number = asked.unwrap_or(1).clamp(1, pages.max(1));
    let size = sizes.get(number as usize - 1);
    let size = size.map(|(width, height)| (i64::from(*width), i64::from(*height)));
    (size, Some(ShownPage { number, pages }))
}

/// The rows that were filled, and some empty ones.
fn rows(form: &FormView, fields: &[(&'static str, &'static str)]) -> Vec<NumberRow> {
    let typed = |n: usize| {
        fields
            .iter()
            .any(|(own, _)| !form.value(&format!("{own}{n}")).is_empty())
    };
    let last = (1..=ROWS).rfind(|n| typed(*n)).unwrap_or(0);
    let row = |n: usize| NumberRow {
        n,
        values: fields
            .iter()
            .map(|(own, says)| (*own, *says, form.value(&format!("{own}{n}")).to_owned()))
            .collect(),
        error: fields
            .iter()
            .find_map(|(own, _)| form.error(&format!("{own}{n}")).map(str::to_owned)),
    };
    (1..=(last + 2).clamp(SHOWN, ROWS)).map(row).collect()
}

/// The ranges of time that were filled, and some empty ones.
fn time_rows(form: &FormView) -> Vec<TimeRow> {
    let value = |own: &str, n: usize| form.value(&format!("{own}{n}")).to_owned();
    let typed = |n: &usize| ["begin", "end"].iter().any(|own| !value(own, *n).is_empty());
    let last = (1..=TIMES).rfind(typed).unwrap_or(0);
    let row = |n: usize| TimeRow {
        n,
        begin: value("begin", n),
        end: value("end", n),
        covers: COVERS
            .iter()
            .map(|(part, says)| (part.as_str(), *says, value("cover", n) == part.as_str()))
            .collect(),
        error: form.error(&format!("begin{n}")).map(str::to_owned),
    };
    (1..=(last + 2).clamp(SHOWN, TIMES)).map(row).collect()
}

/// What a range of time covers, as a page calls it.
const COVERS: [(FilmPart, &str); 3] = [
    (FilmPart::Both, "Black and silent"),
    (FilmPart::Picture, "Black"),
    (FilmPart::Sound, "Silent"),
];

/// The addresses of what the boxes that were typed would look like, page by page; where one is no box, the form says so.
fn looked_at(form: &mut FormView, (id, sha256): (&str, Digest), shown: Option<&ShownPage>) -> Vec<Look> {
    let numbers = &NUMBERS[usize::from(shown.is_none())..];
    let mut of_pages = BTreeMap::<Option<u32>, Vec<PixelBox>>::new();
    for n in 1..=ROWS {
        let typed = numbers
            .iter()
            .map(|(own, _)| form.value(&format!("{own}{n}")).trim().to_owned());
        let typed: Vec<String> = typed.collect();
        if typed.iter().all(String::is_empty) {
            continue;
        }
        let Some(one) = PixelBox::read(&typed.join(",")).filter(|one| one.page.is_some() == shown.is_some()) else {
            let page = shown.map_or("", |_| "page, ");
            let message = format!("must have whole numbers: {page}left, top, width, height");
            form.refuse(&format!("x{n}"), "whole_number", message);
            return Vec::new();
        };
        of_pages
            .entry(one.page)
            .or_default()
            .push(PixelBox { page: None, ..one });
    }
    if of_pages.is_empty() {
        form.refuse("x1", "not_empty", "names no box: draw or type at least one");
    }
    let look = |(page, boxes): (Option<u32>, Vec<PixelBox>)| {
        let place = page.map(|page| format!("&page={page}")).unwrap_or_default();
        let boxes = api::boxes_text(&boxes);
        Look {
            page,
            address: format!("/captures/{id}/redactions/preview?file={sha256}{place}&boxes={boxes}"),
        }
    };
    of_pages.into_iter().map(look).collect()
}
