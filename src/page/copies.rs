//! Copies that were made of a capture: redacted ones and standard duplicates, each told under its exhibit.

use super::actor::EventActor;
use super::words;
use crate::clock::Micros;
use crate::proof::Digest;
use crate::proof::canon;
use crate::proof::event::EventRef;
use crate::proof::packet::{DUPLICATE, Exhibit};
use crate::text::label;

/// A copy that was made of a capture, as the event says.
pub struct CopyMade {
    pub seq: u64,
    pub at: Micros,
    pub actor: EventActor,
    pub leaf: Digest,
    /// Whether it is a standard duplicate of a file, and no redaction.
    pub duplicate: bool,
    /// The file from which it was made; none for a redaction of words alone.
    parent: Option<Digest>,
}

impl CopyMade {
    /// From the event that attests it, with the capture's id; none where it attests nothing of the kind.
    pub(super) fn attested(event: &EventRef<'_>, (actor, leaf): (EventActor, Digest)) -> Option<(String, Self)> {
        let attest = canon::parse_strict(event.attest?).ok()?;
        let parent = attest["file"]["parent"].as_str().and_then(|parent| parent.parse().ok());
        let made = Self {
            seq: event.seq,
            at: event.at,
            actor,
            leaf,
            duplicate: attest["kind"] == DUPLICATE,
            parent,
        };
        Some((attest["capture"].as_str()?.to_owned(), made))
    }

    /// What it is.
    pub fn what(&self) -> &'static str {
        match (self.duplicate, self.parent) {
            (true, _) => "standard duplicate",
            (false, Some(_)) => "redacted copy",
            (false, None) => "redaction of what was recorded",
        }
    }

    /// What happened, such as `Redacted copy made`.
    pub fn made(&self) -> String {
        label(&format!("{} made", self.what()))
    }

    /// Of which file it is a copy, and where it stands in the packet, in sentences.
    pub fn told(&self, exhibit: &Exhibit) -> String {
        let made_from = self
            .of(exhibit)
            .map(|n| format!("Made from file {n}. "))
            .unwrap_or_default();
        match self.place(exhibit) {
            Some(place) => format!("{made_from}{place}"),
            None => format!("{made_from}It was not chosen for this packet, and its record is withheld."),
        }
    }

    /// The place of the file, from 1, from which it was made.
    fn of(&self, exhibit: &Exhibit) -> Option<usize> {
        let own = exhibit.files.iter().position(|file| Some(file.sha256) == self.parent)?;
        Some(own + 1)
    }

    fn place(&self, exhibit: &Exhibit) -> Option<String> {
        let mut redactions = exhibit.redactions.iter().flatten();
        if let Some(shown) = redactions.find(|shown| shown.leaf == self.leaf) {
            let sha256 = shown.record["file"]["sha256"].as_str().unwrap_or_default();
            let mut files = (1..).zip(&exhibit.files);
            let stands = files.find(|(_, file)| file.path.is_some() && file.sha256.to_string() == sha256);
            let done = words::redacted(&shown.record);
            return Some(match stands {
                Some((n, _)) => format!("What was done: {done}. It is file {n} of this exhibit."),
                None => format!("What was done: {done}."),
            });
        }
        let mut duplicates = exhibit.duplicates.iter().flatten();
        let row = duplicates.find(|row| row.made.as_ref().is_some_and(|made| made.leaf == self.leaf))?;
        let path = row.file.as_ref()?.path.as_deref()?;
        Some(format!("It stands beside that file as {path}."))
    }
}
