//! What lies beside an exhibit's originals: standard duplicates, each bound to the event that made it, and the folders of
//! output profiles, which are made again from `packet.json` and compared.

use super::content::ContentCheck;
use super::custody::{ContentState, object_key, row_digest};
use super::duplicates::{DuplicateNeed, duplicate_file, need};
use super::papers::PAPERS;
use super::profiles::{ProfileFolders, unfit};
use super::{Report, Walk, rule};
use crate::proof::Digest;
use crate::proof::packet::*;

impl ContentCheck<'_> {
    /// Duplicates of an exhibit, and what the profiles make of it. `row` is what the inventory says of its capture.
    pub(super) fn beside(&mut self, report: &mut Report, exhibit: &Exhibit, row: Option<Digest>) {
        let head = report.packet.as_ref();
        let profiles = head.and_then(|head| head.profiles.clone()).unwrap_or_default();
        let asked = head.is_some_and(|head| head.duplicates == Some(true));
        let ours = head.and_then(|head| head.papers) <= Some(PAPERS);
        report.require(!ours || unfit(&profiles, exhibit) == exhibit.unfit, PACKET, rule::UNFIT);
        self.beside.folders.add(exhibit);
        let may = asked && exhibit.redactions.is_none();
        report.require(exhibit.duplicates.is_some() == may, PACKET, rule::DUPLICATES);
        let Some(rows) = exhibit.duplicates.as_ref().filter(|_| may) else {
            return;
        };
        let places: Vec<u32> = rows.iter().map(|row| row.of).collect();
        report.require(places.is_sorted_by(|a, b| a < b), PACKET, rule::DUPLICATES);
        for one in rows {
            let sound = self.duplicate(report, (exhibit, row), one, &profiles);
            report.require(sound, PACKET, rule::DUPLICATE);
        }
        let wants =
            |file: &FileRow| need(file.media_type.as_deref().unwrap_or_default(), &profiles) != DuplicateNeed::None;
        let mut files = (1..).zip(&exhibit.files).filter(|(_, file)| file.path.is_some());
        let told = files.all(|(place, file)| !wants(file) || places.contains(&place));
        report.require(told || !ours, PACKET, rule::DUPLICATES);
    }

    /// Whether a row says of a file that lies in the packet why there is no duplicate, or shows one that an event made of it.
    fn duplicate(
        &mut self,
        report: &mut Report,
        (exhibit, inventory): (&Exhibit, Option<Digest>),
        row: &DuplicateRow,
        profiles: &[String],
    ) -> bool {
        let place = row.of as usize;
        let of = place.checked_sub(1).and_then(|at| exhibit.files.get(at));
        let Some(of) = of.filter(|file| file.path.is_some()) else {
            self.name(row);
            return false;
        };
        let (copy, made) = match (&row.file, &row.made, &row.lacks) {
            (None, None, Some(why)) => return !why.is_empty(),
            (Some(copy), Some(made), None) => (copy, made),
            _ => {
                self.name(row);
                return false;
            }
        };
        let object = object_key("derivative", made.record["id"].as_str().unwrap_or_default());
        self.bound(report, "derivative", object, made.leaf, &made.record);
        let capture = object_key("capture", &exhibit.capture);
        let facts = self.custody.derivatives.get(&object);
        let attested = facts.is_some_and(|facts| {
            let parent = facts.file["parent"].as_str().and_then(|text| text.parse().ok());
            facts.duplicate && facts.capture == capture && parent == Some(of.sha256)
        });
        let told = &made.record["capture"];
        let told = row_digest(&told["item"], &told["kind"], &told["captured_at"]);
        let format = copy.media_type.as_deref().and_then(StandardFormat::of);
        let later = report.packet.as_ref().and_then(|head| head.papers) > Some(PAPERS);
        let fits = match need(of.media_type.as_deref().unwrap_or_default(), profiles) {
            DuplicateNeed::Made(wanted) => format == Some(wanted),
            // An MP4 may hold what courts do not play, and has another MP4 beside it then.
            DuplicateNeed::None => format == Some(StandardFormat::Mp4) && copy.media_type == of.media_type,
            DuplicateNeed::Unmakable => false,
        };
        let as_made = duplicate_file((exhibit.exhibit, place), &made.record["file"]).as_ref() == Some(copy);
        let once = self.beside.listed.insert(object);
        let same = inventory.is_none_or(|inventory| inventory == told);
        self.name(row);
        let sound = attested && same && (fits || later) && as_made && once;
        if let Some(path) = copy.path.as_ref().filter(|_| sound) {
            self.stored(report, path, copy);
        }
        sound
    }

    /// The file of a duplicate is named, whatever else is wrong with it.
    fn name(&mut self, row: &DuplicateRow) {
        let path = row.file.as_ref().and_then(|file| file.path.as_deref());
        let found = path.and_then(|path| self.files.binary_search_by(|file| file.0.as_str().cmp(path)).ok());
        self.named.extend(found);
    }

    /// Every duplicate whose record is shown stands beside its original.
    pub(super) fn all_listed(&self, report: &mut Report) {
        let shown =
            self.custody.derivatives.iter().filter(|(_, made)| {
                made.duplicate && self.custody.facts[made.fact as usize].state == ContentState::Shown
            });
        let all = shown.into_iter().all(|(object, _)| self.beside.listed.contains(object));
        report.require(all, PACKET, rule::DUPLICATE_UNLISTED);
    }
}

impl Walk<'_> {
    /// The folders of the profiles hold copies of the exhibits' files and lists of them, and nothing else.
    pub(super) fn profiles(&mut self, folders: &ProfileFolders) {
        let entries = self.files.source.entries().iter().zip(&self.files.digests);
        for (entry, _) in entries.filter(|(entry, _)| entry.path.starts_with(PROFILES) && !is_litter(&entry.path)) {
            if !folders.holds(&entry.path) {
                self.report.broken(&entry.path, rule::PROFILE_UNNAMED);
            }
        }
        for (path, copy) in &folders.copies {
            let found = self.files.index(path).map(|at| self.files.source.entries()[at].size);
            let same = found == Some(copy.size) && self.files.digest(path) == Some(copy.sha256);
            self.report.require(same, path, rule::PROFILE_FILE);
        }
        for (path, bytes) in folders.lists() {
            let same = self.files.digest(path) == Some(Digest::of(bytes));
            self.report.require(same, path, rule::PROFILE_LIST);
        }
    }
}
