//! The viewer of an item: one of its files at a time, each as its type allows, and graphic material only when asked for.

use std::io::Read;

use serde_json::json;

use super::is_picture;
use crate::blobs::{DAMAGED, ExpectedBytes};
use crate::captures::model::{CaptureView, FileEntry, FileRole, OpenCapture, Viewing};
use crate::captures::pictures::{store::PictureRow, store::PictureState, words_of};
use crate::captures::reads::{self, FileLook};
use crate::captures::viewing;
use crate::cases::CasePage;
use crate::error::Result;
use crate::http::damage;
use crate::http::pages::PageRequest;
use crate::page::words;
use crate::pictures::{SIDE, ThumbSize};
use crate::text::{Moment, block, groups, label, line, size};

/// Bytes of a text that are shown.
const TEXT: u64 = 64 << 10;

/// A file of an item, as the page shows it.
pub(super) struct ShownFile {
    /// Its bytes; none where they are not kept.
    pub address: Option<String>,
    /// Its thumbnail, where its type gives one.
    pub thumbnail: Option<String>,
    pub name: String,
    pub role: String,
    pub media: String,
    pub size: String,
    pub groups: Vec<String>,
    pub withheld: Option<String>,
}

impl ShownFile {
    fn of(id: &str, file: &FileEntry) -> Self {
        let kept = file.withheld.is_none();
        let thumbnail = || format!("/pictures/{id}/{}?size=thumbnail", file.sha256);
        Self {
            address: kept.then(|| format!("/files/{id}/{}", file.sha256)),
            thumbnail: (kept && is_picture(file)).then(thumbnail),
            name: line(file.name.as_deref().unwrap_or("without a name")),
            role: label(file.role.as_str()),
            media: line(file.media_type.as_deref().unwrap_or("type not known")),
            size: size(file.size),
            groups: groups(&file.sha256),
            withheld: file.withheld.as_ref().map(|w| line(&w.reason)),
        }
    }
}

/// What the viewer shows of the chosen file.
pub(super) enum Sight {
    /// Nothing: it has no bytes here, or a browser is not to show its type.
    Facts(Option<String>),
    /// Nothing until it is asked for.
    Shut,
    /// A preview made by us.
    Picture(Preview),
    /// A video, played by the browser.
    Video(String),
    /// A sound, played by the browser.
    Sound,
    /// A document that opens by itself.
    Pdf,
    /// Its first bytes as text, and whether more follow.
    Text(String, Option<String>),
}

/// A preview with its place on the page.
pub(super) struct Preview {
    pub address: String,
    /// Its pixels, where they are known before it comes.
    pub pixels: Option<(i64, i64)>,
    /// The pixels of the whole.
    pub whole: Option<(i64, i64)>,
    /// Whether a browser can show the original in its place.
    pub original: bool,
}

/// The viewer on the page of an item.
pub(super) struct Viewer {
    pub files: Vec<ShownFile>,
    /// Which file is shown, counted from one.
    pub chosen: usize,
    pub sight: Sight,
    /// Who marked it graphic, and when.
    pub graphic: Option<(String, Moment)>,
    /// How this person looks at it now.
    pub blurred: bool,
    pub grey: bool,
    pub mute: bool,
    pub viewing: Viewing,
    pub open: bool,
}

impl Viewer {
    /// Of a capture as the person may see it. The file and what is asked for stand in the address.
    pub async fn of(page: &PageRequest, view: &CaptureView, case: &CasePage) -> Result<Self> {
        let CaptureView::Open(open) = view else {
            return Ok(Self::empty());
        };
        let viewing = viewing::own(&page.app.gate, &page.ctx).await?;
        let chosen = chosen(page, open);
        let graphic = open.remarks.mark.as_ref().filter(|_| open.remarks.is_graphic());
        let graphic = graphic.map(|mark| (line(&mark.by.name), case.at(mark.at.0)));
        let asked = page.query("show");
        let shut = graphic.is_some() && !matches!(asked.as_deref(), Some("yes" | "clear"));
        Ok(Self {
            files: open
                .files
                .iter()
                .map(|file| ShownFile::of(&open.outline.id, file))
                .collect(),
            sight: match open.files.get(chosen - 1) {
                Some(_) if shut => Sight::Shut,
                Some(file) => sight(page, &open.outline.id, file).await?,
                None => Sight::Facts(None),
            },
            blurred: graphic.is_some() && viewing.blur && asked.as_deref() != Some("clear"),
            grey: graphic.is_some() && viewing.grey,
            mute: graphic.is_some() && viewing.mute,
            chosen,
            graphic,
            viewing,
            open: true,
        })
    }

    /// Of a closed capture.
    fn empty() -> Self {
        Self {
            files: Vec::new(),
            chosen: 1,
            sight: Sight::Facts(None),
            graphic: None,
            blurred: false,
            grey: false,
            mute: false,
            viewing: Viewing::default(),
            open: false,
        }
    }

    /// The file that is shown.
    pub fn file(&self) -> Option<&ShownFile> {
        self.files.get(self.chosen - 1)
    }

    /// The classes of what is shown of graphic material.
    pub fn veil(&self) -> &'static str {
        match (self.blurred, self.grey) {
            (true, true) => "blur grey",
            (true, false) => "blur",
            (false, true) => "grey",
            (false, false) => "",
        }
    }
}

/// The file that the address names; without that the first that gives a picture, or else the first.
fn chosen(page: &PageRequest, open: &OpenCapture) -> usize {
    let named = page.query("file").and_then(|n| n.parse::<usize>().ok());
    let shown = |file: &&FileEntry| file.withheld.is_none() && is_picture(file) && file.role != FileRole::Archive;
    let first = || open.files.iter().position(|file| shown(&file)).unwrap_or(0) + 1;
    named
        .filter(|n| (1..=open.files.len()).contains(n))
        .unwrap_or_else(first)
}

async fn sight(page: &PageRequest, id: &str, file: &FileEntry) -> Result<Sight> {
    if file.withheld.is_some() {
        return Ok(Sight::Facts(None));
    }
    let media = file.media_type.as_deref().unwrap_or_default();
    let picture = || reads::picture(&page.app.gate, &page.ctx, id.to_owned(), file.sha256);
    match words::player(media) {
        Some("video") => return Ok(Sight::Video(preview_address(id, file))),
        Some(_) => return Ok(Sight::Sound),
        None => {}
    }
    Ok(match media {
        "application/pdf" => Sight::Pdf,
        "text/plain"
        | "text/xml"
        | "image/svg+xml"
        | "application/json"
        | "text/vcard"
        | "text/calendar"
        | "text/vtt"
        | "application/x-subrip"
        | "message/rfc822" => text(page, id, file).await?,
        _ if is_picture(file) => previewed(id, file, picture().await?),
        _ => Sight::Facts(None),
    })
}

/// The address of a file's preview.
pub(super) fn preview_address(id: &str, file: &FileEntry) -> String {
    format!("/pictures/{id}/{}?size=preview", file.sha256)
}

fn previewed(id: &str, file: &FileEntry, row: Option<PictureRow>) -> Sight {
    if let Some(why) = row.as_ref().and_then(words_of) {
        return Sight::Facts(Some(line(&why)));
    }
    let whole = row
        .filter(|row| row.state == PictureState::Made)
        .map(|row| (row.width, row.height));
    Sight::Picture(Preview {
        address: preview_address(id, file),
        pixels: whole.map(within_preview),
        whole,
        original: file.media_type.as_deref().is_some_and(words::is_picture),
    })
}

/// The pixels of the preview of a picture.
fn within_preview((width, height): (i64, i64)) -> (i64, i64) {
    let side = SIDE
        .iter()
        .find(|(size, _)| *size == ThumbSize::Preview)
        .map_or(1, |(_, side)| i64::from(*side));
    let longer = width.max(height).max(1);
    if longer <= side {
        return (width, height);
    }
    ((width * side / longer).max(1), (height * side / longer).max(1))
}

/// The first bytes of a text. Reading them is a read of the file, and recorded as one.
async fn text(page: &PageRequest, id: &str, file: &FileEntry) -> Result<Sight> {
    let found = reads::file(&page.app.gate, &page.ctx, (id.to_owned(), file.sha256), FileLook::Bytes).await?;
    let (blobs, expected) = (
        page.app.blobs.clone(),
        ExpectedBytes::file(found.file.sha256, found.file.size),
    );
    let (asked, of) = (json!({"case_id": found.case, "item": found.item}), expected.clone());
    let read = move || {
        let (mut bytes, stamp) = (Vec::new(), blobs.check(&expected)?);
        blobs.open(&expected.key, 0..TEXT)?.read_to_end(&mut bytes)?;
        blobs.is_still(&expected, stamp.as_ref())?;
        Ok(bytes)
    };
    let bytes = match damage::noted(&page.app, (&of, &asked), read).await {
        Err(e) if e.code == DAMAGED => return Ok(Sight::Facts(Some(line(&e.detail)))),
        bytes => bytes?,
    };
    let cut = found.file.size > TEXT;
    let cut = cut.then(|| {
        format!(
            "These are the first 64 KB of {}. Download the file to read it whole.",
            size(found.file.size)
        )
    });
    Ok(Sight::Text(block(&String::from_utf8_lossy(&bytes)), cut))
}
