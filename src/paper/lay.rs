//! Lays a volume out and makes its PDF: tagged, PDF/A-2a and PDF/UA-1, the same bytes for the same input.

use std::collections::BTreeSet;
use std::thread;

use chrono::{DateTime, Datelike, Timelike, Utc};
use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst::layout::{Frame, FrameItem};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use super::fonts::Fonts;
use super::letters::code;
use super::prints::Prints;
use super::volumes::Volume;
use super::world::PaperWorld;
use crate::clock::Micros;
use crate::error::{Error, Result};

/// How often a volume is laid out, with what could not be shown boxed before the next time.
const TRIES: usize = 3;
/// The stack of the thread that lays out, in bytes: what it works on is nested as deep as a table in a block in a grid.
const STACK: usize = 64 << 20;

/// What is laid out.
pub(super) struct Sheets<'a> {
    /// `report` or `exhibits`.
    pub paper: &'static str,
    /// The view model, as JSON.
    pub data: String,
    pub fonts: &'a Fonts,
    pub prints: &'a Prints,
    pub volume: &'a Volume,
    /// What tells this document from every other one, for as long as it exists.
    pub ident: String,
    /// The time that the document says it was made.
    pub at: Micros,
    /// The program.
    pub creator: &'a str,
}

/// Makes the PDF. The thread has its own stack, so that a paper that Typst cannot lay out ends this paper and nothing else.
///
/// # Errors
/// Where Typst refuses what the templates made of the data.
pub(super) fn pdf(sheets: Sheets<'_>) -> Result<Vec<u8>> {
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

fn laid(mut sheets: Sheets<'_>) -> Result<Vec<u8>> {
    let options = options(&sheets)?;
    let mut why = String::new();
    for attempt in 0..=TRIES {
        let data = sheets.data.clone();
        let world = PaperWorld::new(sheets.paper, data, sheets.fonts, (sheets.prints, sheets.volume));
        let world = world.ok_or_else(|| Error::internal("a paper without a template"))?;
        let document = typst::compile::<PagedDocument>(&world).output;
        let document = document.map_err(|e| refused(&sheets, &told(&e)))?;
        let missing = missing(&document);
        if missing.is_empty() {
            match typst_pdf::pdf(&document, &options) {
                Ok(pdf) => return Ok(pdf),
                Err(e) => why = told(&e),
            }
        }
        // At last everything that is not of Latin letters: such a paper is ugly, and there.
        let last = missing.is_empty() || attempt + 1 == TRIES;
        sheets.data = boxed(&sheets.data, |c| missing.contains(&c) || (last && !c.is_ascii()));
    }
    Err(refused(&sheets, &why))
}

fn refused(sheets: &Sheets<'_>, why: &str) -> Error {
    Error::internal(format!("{}.pdf could not be laid out: {why}", sheets.paper))
}

fn told(errors: &[SourceDiagnostic]) -> String {
    let told = errors.iter().take(3).map(|e| {
        let hints = e.hints.iter().map(|hint| format!(" ({})", hint.v));
        format!("{}{}", e.message, hints.collect::<String>())
    });
    told.collect::<Vec<_>>().join("; ")
}

fn options(sheets: &Sheets<'_>) -> Result<PdfOptions> {
    let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1]);
    let standards = standards.map_err(|e| Error::internal(e.message()))?;
    Ok(PdfOptions {
        ident: Smart::Custom(sheets.ident.clone()),
        creator: Smart::Custom(Some(sheets.creator.to_owned())),
        timestamp: timestamp(sheets.at),
        standards,
        ..PdfOptions::default()
    })
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
