//! Lays a volume out and makes its PDF: tagged, PDF/A-2a and PDF/UA-1, the same bytes for the same input.

use std::collections::BTreeSet;
use std::thread;

use chrono::{DateTime, Datelike, Timelike, Utc};
use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst::layout::{Frame, FrameItem};
use typst::syntax::DiagSpan;
use typst::{World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use super::form;
use super::letters::code;
use super::sheets::Sheets;
use super::world::PaperWorld;
use crate::clock::Micros;
use crate::error::{Error, Result};

/// How often a volume is laid out, with what could not be shown boxed before the next time.
const TRIES: usize = 3;
/// The stack of the thread that lays out, in bytes: what it works on is nested as deep as a table in a block in a grid.
const STACK: usize = 64 << 20;

/// What was made.
pub(super) struct LaidPaper {
    pub flat: Vec<u8>,
    /// A copy to be filled in, of a certificate.
    pub form: Option<Vec<u8>>,
}

/// Makes the PDF. The thread has its own stack, so that a paper that Typst cannot lay out ends this paper and nothing else.
///
/// # Errors
/// Where Typst refuses what the templates made of the data.
pub(super) fn pdf(sheets: Sheets<'_>) -> Result<LaidPaper> {
    let made = thread::scope(|threads| {
        let work = || laid(sheets);
        let layer = thread::Builder::new().name("paper".into()).stack_size(STACK);
        let thread = layer.spawn_scoped(threads, work)?;
        thread
            .join()
            .map_err(|_| Error::internal("a paper could not be laid out: Typst broke off"))?
    });
    // What Typst remembers of this volume is of no use for the next one.
    typst::comemo::evict(0);
    made
}

fn laid(mut sheets: Sheets<'_>) -> Result<LaidPaper> {
    let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1]);
    let standards = standards.map_err(|e| Error::internal(e.message()))?;
    let options = options(&sheets, "", standards);
    let mut why = String::new();
    for attempt in 0..=TRIES {
        let world = PaperWorld::new(&sheets);
        let world = world.ok_or_else(|| refused(&sheets, "a template is missing, or is no text in UTF-8"))?;
        let document = typst::compile::<PagedDocument>(&world).output;
        let document = document.map_err(|e| refused(&sheets, &told(&world, &e)))?;
        let missing = missing(&document);
        if missing.is_empty() {
            match typst_pdf::pdf(&document, &options) {
                Ok(flat) => return with_form(&sheets, &document, flat),
                Err(e) => why = told(&world, &e),
            }
        } else {
            let codes: Vec<String> = missing.iter().map(|c| code(*c)).collect();
            why = format!("no font has a sign for {}", codes.join(", "));
        }
        // At last everything that is not of Latin letters: such a paper is ugly, and there.
        let last = missing.is_empty() || attempt + 1 == TRIES;
        sheets.data = boxed(&sheets.data, |c| missing.contains(&c) || (last && !c.is_ascii()));
    }
    Err(refused(&sheets, &why))
}

/// Beside a certificate lies a copy with form fields, without the standards that it would break.
fn with_form(sheets: &Sheets<'_>, document: &PagedDocument, flat: Vec<u8>) -> Result<LaidPaper> {
    let form = sheets.templates.map(|_| {
        let fields = form::placed(document).map_err(|why| refused(sheets, &why))?;
        let options = options(sheets, "/form", PdfStandards::default());
        let plain = typst_pdf::pdf(document, &options).map_err(|e| {
            let why = e.first().map_or_else(String::new, |e| e.message.to_string());
            refused(sheets, &why)
        })?;
        form::fillable(&plain, &fields).map_err(Error::internal)
    });
    Ok(LaidPaper {
        flat,
        form: form.transpose()?,
    })
}

fn refused(sheets: &Sheets<'_>, why: &str) -> Error {
    let paper = sheets.paper;
    let Some(templates) = sheets.templates else {
        return Error::internal(format!("{paper}.pdf could not be laid out: {why}"));
    };
    Error::conflict(format!(
        "the draft certificate {paper} could not be made from {}: {why}. Mend the file, look at it with `casetrail certificates check`, and ask for the packet again, or ask without certificates",
        templates.place
    ))
}

fn told(world: &PaperWorld<'_>, errors: &[SourceDiagnostic]) -> String {
    let told = errors.iter().take(3).map(|e| {
        let hints = e.hints.iter().map(|hint| format!(" ({})", hint.v));
        // Where the words are those of a file of ours, the call that led there says more.
        let called = e.trace.iter().filter_map(|call| place(world, call.span.into()));
        let called: String = called.take(2).map(|at| format!(", called at {at}")).collect();
        let at = place(world, e.span).map_or_else(String::new, |at| format!("{at}: "));
        format!("{at}{}{}{called}", e.message, hints.collect::<String>())
    });
    told.collect::<Vec<_>>().join("; ")
}

/// A file and a line in it.
fn place(world: &PaperWorld<'_>, span: DiagSpan) -> Option<String> {
    let id = span.id()?;
    let range = world.range(span)?;
    let source = world.source(id).ok()?;
    let line = source.lines().byte_to_line(range.start)? + 1;
    Some(format!("{} line {line}", id.get().vpath().get_without_slash()))
}

fn options(sheets: &Sheets<'_>, copy: &str, standards: PdfStandards) -> PdfOptions {
    PdfOptions {
        ident: Smart::Custom(format!("{}{copy}", sheets.ident)),
        creator: Smart::Custom(Some(sheets.creator.to_owned())),
        timestamp: timestamp(sheets.at),
        standards,
        ..PdfOptions::default()
    }
}

fn timestamp(at: Micros) -> Option<Timestamp> {
    let at: DateTime<Utc> = DateTime::from_timestamp_micros(at)?;
    let small = |n: u32| u8::try_from(n).ok();
    let (month, day) = (small(at.month())?, small(at.day())?);
    let (hour, minute, second) = (small(at.hour())?, small(at.minute())?, small(at.second())?);
    Datetime::from_ymd_hms(at.year(), month, day, hour, minute, second).map(Timestamp::new_utc)
}

/// The code points for which the fonts have no sign where they stand: PDF/A allows none such.
fn missing(document: &PagedDocument) -> BTreeSet<char> {
    let mut missing = BTreeSet::new();
    for page in document.pages() {
        in_frame(&page.frame, &mut missing);
    }
    missing
}

fn in_frame(frame: &Frame, missing: &mut BTreeSet<char>) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => in_frame(&group.frame, missing),
            FrameItem::Text(text) => {
                let lost = text.glyphs.iter().filter(|glyph| glyph.id == 0);
                missing.extend(lost.flat_map(|glyph| text.text[glyph.range()].chars()));
            }
            _ => {}
        }
    }
}

/// JSON in which some letters stand as their code points.
fn boxed(data: &str, is_boxed: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(data.len());
    for c in data.chars() {
        match is_boxed(c) && !c.is_ascii() {
            true => out += &format!("[{}]", code(c)),
            false => out.push(c),
        }
    }
    out
}
