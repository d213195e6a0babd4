//! The pages of captures: the evidence of a case with the form that logs more, its review one by one, and one item.

mod check;
mod composer;
mod evidence;
mod filters;
mod item;
mod pane;
mod preview;
mod review;
mod said;
mod selected;
mod viewer;

pub use pane::{CapturePane, decide_shown, outcome};

pub(super) use check::{keep_draft, preview};

pub(super) use evidence::{evidence, log, mark as mark_selected};
pub(super) use item::{annotate, correct, decide, examine, item, mark, review};
pub(super) use review::{review_one, say};

use super::model::{BasisKind, CaptureState, CaptureView, FileEntry, OpenCapture};
use super::reads::FoundCapture;
use crate::authorizations::Line;
use crate::cases::CasePage;
use crate::pictures::is_shown;
use crate::text::{Moment, Zone, label, line, short};

/// One capture among the evidence.
struct Shot {
    id: String,
    item: i64,
    kind: String,
    title: String,
    account: Option<String>,
    shown_time: Option<String>,
    captured: Moment,
    /// What says that this time is guessed.
    guessed: Option<&'static str>,
    state: CaptureState,
    state_name: String,
    /// The address of the thumbnail of the first file that gives one.
    picture: Option<String>,
    files: usize,
    /// Whether nothing covered it when it was logged.
    uncovered: bool,
    /// The first characters and the last of the first file's hash.
    fingerprint: Option<String>,
    /// Whether this person has not opened this version of it yet.
    is_new: bool,
    /// Whether the last review returned it, and nobody has corrected it since.
    returned: bool,
    posted: Option<Moment>,
    /// Who captured it.
    by: Option<String>,
    basis: String,
    /// Where it leads, with the list that it stands in.
    address: String,
}

impl Shot {
    fn of(view: &CaptureView, page: &CasePage) -> Self {
        let outline = view.outline();
        let open = match view {
            CaptureView::Open(open) => Some(open),
            CaptureView::Withheld(_) => None,
        };
        let kind = label(outline.kind.as_str());
        let said = open.map(|open| &open.particulars);
        let platform = said.and_then(|said| said.platform.as_deref()).map(label);
        let account = said.and_then(|said| said.account.as_ref());
        let state_name = label(outline.state.as_str());
        Self {
            id: outline.id.clone(),
            item: outline.item,
            title: match open {
                Some(open) => title(open, &kind),
                None => format!("{state_name}: item {}", outline.item),
            },
            kind: match &platform {
                Some(platform) => format!("{kind} · {platform}"),
                None => kind,
            },
            account: account
                .and_then(|a| a.handle.as_deref().or(a.platform_id.as_deref()))
                .map(line),
            shown_time: said.and_then(|said| said.platform_time_text.as_deref()).map(line),
            captured: page.at(outline.captured_at.0),
            guessed: outline.captured_at_basis.mark(),
            state: outline.state,
            state_name,
            picture: open.and_then(|open| picture(&outline.id, &open.files)),
            files: open.map_or(0, |open| open.files.len()),
            uncovered: open.is_some_and(|open| open.basis.kind == BasisKind::Exception),
            fingerprint: open.and_then(|open| open.files.first()).map(fingerprint),
            is_new: false,
            returned: open.is_some_and(|open| open.returned().is_some() && !open.is_corrected_since_review()),
            posted: said.and_then(|said| said.posted_at).map(|at| page.at(at.0)),
            by: open.map(|open| line(&open.captured_by.name)),
            basis: rests_on(basis_of(view), outline.state),
            address: format!("/captures/{}", outline.id),
        }
    }

    /// Of a capture in a list.
    fn found(found: &FoundCapture, page: &CasePage, list: &filters::ListAddress) -> Self {
        let shot = Self::of(&found.view, page);
        Self {
            is_new: found.is_new,
            uncovered: found.uncovered,
            address: list.at(&shot.address, &[]),
            ..shot
        }
    }
}

/// What a capture rests on, in words.
fn rests_on(basis: BasisKind, state: CaptureState) -> String {
    match (basis, state) {
        (BasisKind::Exception, CaptureState::Held) => "Nothing (held)".to_owned(),
        (basis, _) => basis.says(),
    }
}

fn basis_of(view: &CaptureView) -> BasisKind {
    match view {
        CaptureView::Open(open) => open.basis.kind,
        CaptureView::Withheld(withheld) => withheld.basis.kind,
    }
}

/// What a capture says first: its text, its address, its file's name or its note.
fn title(open: &OpenCapture, kind: &str) -> String {
    const MOST: usize = 90;
    if let Some(title) = open.particulars.title(open.outline.kind, MOST) {
        return title;
    }
    let file = open.files.first().and_then(|file| file.name.as_deref());
    let others = [file, open.note.as_deref()].into_iter().flatten();
    let found = others.into_iter().find(|text| !text.trim().is_empty());
    found.map_or_else(|| kind.to_owned(), |text| short(text, MOST))
}

fn picture(id: &str, files: &[FileEntry]) -> Option<String> {
    let shown = |file: &&FileEntry| file.withheld.is_none() && is_picture(file);
    let file = files.iter().find(shown)?;
    Some(format!("/pictures/{id}/{}?size=thumbnail", file.sha256))
}

fn is_picture(file: &FileEntry) -> bool {
    file.media_type.as_deref().is_some_and(is_shown)
}

fn fingerprint(file: &FileEntry) -> String {
    let hex = file.sha256.to_string();
    format!("{} {} … {}", &hex[..4], &hex[4..8], &hex[60..])
}

/// The rules of coverage as people read them, with their times as a zone shows them.
fn rules(judged: &[Line], zone: Zone) -> Vec<Line> {
    let told = |rule: &Line| Line {
        rule: label(&rule.rule),
        passed: rule.passed,
        why: line(&zone.in_text(&rule.why)),
    };
    judged.iter().map(told).collect()
}
