//! A file of an exhibit as the page shows it, and what stands beside it: its standard duplicate, or why there is none.

use serde_json::Value;

use super::paging::PageSection;
use super::story::PacketStory;
use super::words;
use crate::proof::Digest;
use crate::proof::packet::{DuplicateRow, Exhibit, FileRow, Head, JERS, LOADFILE, StandardFormat};
use crate::text::{Fact, facts, groups, label, line, size};

/// A file of an exhibit.
pub(super) struct FileView {
    pub role: String,
    pub name: Option<String>,
    pub media: String,
    pub size: String,
    pub groups: Vec<String>,
    /// Below `data/`.
    pub path: Option<String>,
    /// The same, relative to the page.
    pub href: Option<String>,
    pub picture: bool,
    /// The element that plays it, where browsers do.
    pub player: Option<&'static str>,
    pub active: bool,
    pub withheld: Vec<Fact>,
    /// Its standard duplicate, or why there is none, where the packet has duplicates.
    pub beside: Option<BesideView>,
}

impl FileView {
    /// Of a file at this place of an exhibit, from 1.
    pub fn of(row: &FileRow, (exhibit, place): (&Exhibit, usize), story: &PacketStory) -> Self {
        let up = story.paging().up(PageSection::Exhibits);
        let media = row.media_type.as_deref().unwrap_or("unknown type");
        let path = row.path.as_deref().and_then(|p| p.strip_prefix("data/"));
        FileView {
            beside: BesideView::of(exhibit, place, up),
            role: label(&row.role),
            name: row.name.as_deref().map(line),
            media: line(media),
            size: size(row.size),
            groups: groups(&row.sha256),
            path: path.map(str::to_owned),
            href: path.map(|path| format!("{up}{path}")),
            picture: words::is_picture(media),
            player: words::player(media),
            active: words::is_active(media),
            withheld: row
                .withheld
                .as_ref()
                .map(|w| facts(w, story.zone, &[]))
                .unwrap_or_default(),
        }
    }

    /// Whether browsers show it by itself. An MP4 that has another beside it holds what they do not play.
    pub fn is_shown(&self) -> bool {
        self.picture || (self.player.is_some() && !self.is_replaced())
    }

    fn is_replaced(&self) -> bool {
        let duplicate = self.beside.as_ref().and_then(BesideView::duplicate);
        duplicate.is_some_and(|copy| copy.format == "MP4") && self.media == "video/mp4"
    }
}

/// A standard duplicate, or why there is none.
pub(super) enum BesideView {
    Duplicate(DuplicateView),
    Lacks(String),
}

/// A standard duplicate.
pub(super) struct DuplicateView {
    /// Such as `JPEG`.
    pub format: &'static str,
    /// Below `data/`.
    pub path: String,
    /// The same, relative to the page.
    pub href: String,
    pub size: String,
    pub groups: Vec<String>,
    pub picture: bool,
    /// The element that plays it, where browsers do.
    pub player: Option<&'static str>,
    /// What made it, program by program.
    pub made: Vec<String>,
    pub leaf: Digest,
}

impl BesideView {
    /// Of the file at this place, from 1; `up` leads from the page to `data/`.
    pub fn of(exhibit: &Exhibit, place: usize, up: &str) -> Option<Self> {
        let row = exhibit.duplicate(place)?;
        match &row.lacks {
            Some(why) => Some(Self::Lacks(line(why))),
            None => duplicate(row, up).map(Self::Duplicate),
        }
    }

    pub fn duplicate(&self) -> Option<&DuplicateView> {
        match self {
            Self::Duplicate(view) => Some(view),
            Self::Lacks(_) => None,
        }
    }

    pub fn lacks(&self) -> Option<&str> {
        match self {
            Self::Lacks(why) => Some(why),
            Self::Duplicate(_) => None,
        }
    }
}

fn duplicate(row: &DuplicateRow, up: &str) -> Option<DuplicateView> {
    let (file, made) = (row.file.as_ref()?, row.made.as_ref()?);
    let media = file.media_type.as_deref().unwrap_or_default();
    let path = file
        .path
        .as_deref()
        .map(|path| path.strip_prefix("data/").unwrap_or(path))?;
    Some(DuplicateView {
        format: StandardFormat::of(media).map_or("file", StandardFormat::says),
        path: path.to_owned(),
        href: format!("{up}{path}"),
        size: size(file.size),
        groups: groups(&file.sha256),
        picture: words::is_picture(media),
        player: words::player(media),
        made: programs(&made.record),
        leaf: made.leaf,
    })
}

/// The programs that made a duplicate, as its record names them: name, version, settings.
pub fn programs(record: &Value) -> Vec<String> {
    let all = record["recipe"]["programs"].as_array().into_iter().flatten();
    let said = |one: &Value, field: &str| line(one[field].as_str().unwrap_or_default());
    all.map(|one| {
        format!(
            "{} {} ({})",
            said(one, "name"),
            said(one, "version"),
            said(one, "settings")
        )
    })
    .collect()
}

/// What the packet's profiles cannot take of an exhibit, in words.
pub(super) fn unfit(exhibit: &Exhibit) -> Vec<String> {
    let all = exhibit.unfit.iter().flatten();
    all.map(|one| {
        let place = one.of.map(|of| format!("file {of}: ")).unwrap_or_default();
        format!("{}: {place}{}", profile(&one.profile), line(&one.says))
    })
    .collect()
}

/// A profile in words.
fn profile(word: &str) -> String {
    match word {
        JERS => "For the federal courts’ system (JERS)".into(),
        LOADFILE => "Load files".into(),
        other => label(other),
    }
}

/// The profiles' folders below `data/`, each with what it is.
pub(super) fn profiles(head: &Head) -> Vec<(String, String)> {
    let all = head.profiles.iter().flatten();
    all.map(|word| (format!("profiles/{}/", line(word)), profile(word)))
        .collect()
}
