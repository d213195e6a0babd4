//! The pages of captures: the evidence of a case with the form that logs more, and one item.

mod check;
mod composer;
mod evidence;
mod item;
mod preview;

pub(super) use check::{keep_draft, preview};
pub(super) use evidence::{evidence, log};
pub(super) use item::{annotate, correct, decide, item, review};

use super::model::{BasisKind, CaptureState, CaptureView, FileEntry};
use crate::cases::CasePage;
use crate::text::{Moment, label, line};

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
    /// The address of the first file, where a browser may show it as a picture.
    picture: Option<String>,
    files: usize,
    /// Whether nothing covered it when it was logged.
    uncovered: bool,
    /// The first characters and the last of the first file's hash.
    fingerprint: Option<String>,
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
        let platform = said.and_then(|said| said.platform.as_deref());
        let text = said.and_then(|said| said.text.as_deref().or(said.url.as_deref()));
        let account = said.and_then(|said| said.account.as_ref());
        Self {
            id: outline.id.clone(),
            item: outline.item,
            title: text.map_or_else(|| format!("{kind}, content not shown"), |text| short(text, 90)),
            kind: platform.map_or(kind.clone(), |platform| format!("{kind} · {}", label(platform))),
            account: account
                .and_then(|a| a.handle.as_deref().or(a.platform_id.as_deref()))
                .map(line),
            shown_time: said.and_then(|said| said.platform_time_text.as_deref()).map(line),
            captured: page.at(outline.captured_at.0),
            guessed: outline.captured_at_basis.mark(),
            state: outline.state,
            state_name: label(outline.state.as_str()),
            picture: open.and_then(|open| picture(&outline.id, &open.files)),
            files: open.map_or(0, |open| open.files.len()),
            uncovered: open.is_some_and(|open| open.basis.kind == BasisKind::Exception),
            fingerprint: open.and_then(|open| open.files.first()).map(fingerprint),
        }
    }
}

fn picture(id: &str, files: &[FileEntry]) -> Option<String> {
    let shown = |file: &&FileEntry| file.withheld.is_none() && is_picture(file);
    let file = files.iter().find(shown)?;
    Some(format!("/files/{id}/{}", file.sha256))
}

fn is_picture(file: &FileEntry) -> bool {
    const SHOWN: &[&str] = &["image/jpeg", "image/png", "image/webp", "image/gif"];
    file.media_type.as_deref().is_some_and(|kind| SHOWN.contains(&kind))
}

fn fingerprint(file: &FileEntry) -> String {
    let hex = file.sha256.to_string();
    format!("{} {} … {}", &hex[..4], &hex[4..8], &hex[60..])
}

fn short(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    line(&short)
}
