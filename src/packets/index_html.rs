//! `data/index.html`: the packet as a person reads it. One file, no script, nothing fetched; written piece by piece,
//! so that ten thousand exhibits need no more memory than ten.

use std::collections::HashMap;
use std::io::Write;

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::custody::{Custody, EventEntry, each_event};
use super::cut::Status;
use super::documents::{self, PRODUCT};
use super::exhibits::{self, Loaded};
use super::pick::{Copied, Pick};
use super::store::{self, ThingKind};
use super::views::{
    AuthorizationView, EventView, ExhibitView, InventoryLine, Scene, ThingView, TimelineRow, event, look, number, title,
};
use super::work::Work;
use super::zip::Bag;
use crate::authorizations::Authorization;
use crate::captures::{Capture, PostedBasis};
use crate::cases::Case;
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::proof::packet::{INDEX, Shown};
use crate::subjects::{Account, Subject};
use crate::text::{Fact, Moment, Zone, count, counted, facts, label, line, size};

/// Exhibits whose events are in memory at once.
const SOME: usize = 100;

/// The end of a section that is a table.
const END_TABLE: &str = "</tbody></table></div></section>\n";

type Out<'o> = &'o mut dyn Write;

/// The page's head, up to the first exhibit.
#[derive(Template)]
#[template(path = "packets/pages/top.html")]
struct Top<'a> {
    work: &'a Work<'a>,
    custody: &'a Custody,
    number: String,
    title: String,
    kind: String,
    handling: String,
    /// Whether the handling stands at the top and the foot of every sheet.
    kept: bool,
    recipient: Option<String>,
    requester: String,
    requested: Moment,
    begun: Moment,
    zone: Option<&'static str>,
    facts: Vec<Fact>,
    files: String,
    bytes: String,
    tallies: Vec<Tally>,
    events: String,
    records: String,
}

/// Captures of one disposition.
struct Tally {
    number: String,
    status: String,
    tone: &'static str,
    icon: &'static str,
    why: &'static str,
}

/// The page's end.
#[derive(Template)]
#[template(path = "packets/pages/bottom.html")]
struct Bottom<'a> {
    work: &'a Work<'a>,
    product: &'static str,
    /// The handling, where it is not the standard one.
    handling: Option<String>,
}

/// Writes the page.
pub fn write(work: &Work<'_>, custody: &Custody, picks: &[Pick], copied: Copied, bag: &mut Bag) -> Result<()> {
    let case = documents::case(work, custody)?;
    let numbers = numbers(work, custody)?;
    let record = Case::deserialize(&case.record)?;
    let zone = Zone::named(Some(&record.time_zone));
    let page = IndexPage {
        work,
        scene: Scene {
            custody,
            zone,
            authorizations: &numbers,
        },
        picks,
    };
    let top = page.top(&record, &case.record, copied);
    bag.spool(INDEX, |out| page.write(&top, out))
}

/// The numbers of the authorizations, which exhibits and events name.
fn numbers(work: &Work<'_>, custody: &Custody) -> Result<HashMap<String, String>> {
    let mut numbers = HashMap::new();
    documents::each(work, custody, ThingKind::Authorization, |id, shown| {
        numbers.insert(id.to_owned(), number(&Authorization::deserialize(&shown.record)?));
        Ok(())
    })?;
    Ok(numbers)
}

struct IndexPage<'a> {
    work: &'a Work<'a>,
    scene: Scene<'a>,
    picks: &'a [Pick],
}

impl IndexPage<'_> {
    fn write(&self, top: &Top<'_>, out: Out<'_>) -> Result<()> {
        put(out, top)?;
        let mut moments = self.exhibits(out)?;
        moments.sort_by_key(|m| (m.order, m.exhibit));
        self.timeline(&moments, out)?;
        self.people(out)?;
        self.authorizations(out)?;
        self.custody(out)?;
        self.inventory(out)?;
        let bottom = Bottom {
            work: self.work,
            product: PRODUCT,
            handling: top.kept.then(|| top.handling.clone()),
        };
        put(out, &bottom)
    }

    fn top(&self, case: &Case, record: &Value, copied: Copied) -> Top<'_> {
        let (work, custody, zone) = (self.work, self.scene.custody, self.scene.zone);
        let shown = [
            "number",
            "title",
            "kind",
            "handling",
            "time_zone",
            "version",
            "due",
            "reason",
        ];
        Top {
            work,
            custody,
            number: line(&case.number),
            title: line(&case.title),
            kind: label(case.kind.as_str()),
            handling: label(case.handling.as_str()),
            kept: case.is_closely_kept(),
            recipient: work.request.recipient.as_deref().map(line),
            requester: line(&work.request.requested_by.name),
            requested: zone.at(work.packet.requested_at),
            begun: zone.at(work.started_at),
            zone: zone.name(),
            facts: facts(record, zone, &shown),
            files: counted(copied.files, "file", "files"),
            bytes: size(copied.bytes),
            tallies: tallies(custody),
            events: counted(custody.events_shown(), "event", "events"),
            records: counted(custody.shown, "record", "records"),
        }
    }

    /// Gives each exhibit's row of the timeline.
    fn exhibits(&self, out: Out<'_>) -> Result<Vec<TimelineRow>> {
        let custody = self.scene.custody;
        let mut moments = Vec::with_capacity(self.picks.len());
        put_str(out, include_str!("pages/section_exhibits.html"))?;
        for some in self.picks.chunks(SOME) {
            let seqs = custody.seqs_about(some.iter().map(|p| p.id.as_str()));
            let bodies = self.work.read(|conn| store::bodies(conn, &custody.cut.stream, &seqs))?;
            exhibits::each(self.work, custody, some, |loaded| {
                put(out, &ExhibitView::new(self.scene, &loaded, &bodies)?)?;
                moments.push(moment(&loaded, self.scene.zone)?);
                self.work.progress.advance(1)
            })?;
        }
        put_str(out, "</section>\n")?;
        Ok(moments)
    }

    fn timeline(&self, moments: &[TimelineRow], out: Out<'_>) -> Result<()> {
        put_str(out, include_str!("pages/section_timeline.html"))?;
        moments.iter().try_for_each(|row| put(out, row))?;
        put_str(out, END_TABLE)
    }

    fn people(&self, out: Out<'_>) -> Result<()> {
        put_str(out, include_str!("pages/section_people.html"))?;
        let thing = |shown: &Shown, what: &str, named: Option<String>| ThingView {
            title: named.map_or_else(|| what.to_owned(), |n| format!("{what}: {}", line(&n))),
            facts: facts(&shown.record, self.scene.zone, &["version"]),
            leaf: shown.leaf,
        };
        let mut cards = 0;
        documents::each(self.work, self.scene.custody, ThingKind::Subject, |_, shown| {
            cards += 1;
            let name = Subject::deserialize(&shown.record)?.fields.name;
            put(out, &thing(&shown, "Subject", name))
        })?;
        documents::each(self.work, self.scene.custody, ThingKind::Account, |_, shown| {
            cards += 1;
            let fields = Account::deserialize(&shown.record)?.fields;
            put(out, &thing(&shown, "Account", fields.handle.or(fields.url)))
        })?;
        end_cards(out, cards)
    }

    fn authorizations(&self, out: Out<'_>) -> Result<()> {
        put_str(out, include_str!("pages/section_authorizations.html"))?;
        documents::each(self.work, self.scene.custody, ThingKind::Authorization, |id, shown| {
            let about: Vec<EventEntry<'_>> = self.scene.custody.about(id).collect();
            let events = self.work.read(|conn| self.told(conn, &about))?;
            put(out, &AuthorizationView::new(self.scene, &shown.record, events)?)
        })?;
        end_cards(out, self.scene.authorizations.len())
    }

    fn told(&self, conn: &mut AnyConn, about: &[EventEntry<'_>]) -> Result<Vec<EventView>> {
        let stream = &self.scene.custody.cut.stream;
        let seqs: Vec<i64> = about.iter().map(|e| i64::from(e.seq)).collect();
        let (bodies, records) = (store::bodies(conn, stream, &seqs)?, store::parsed(conn, stream, &seqs)?);
        about
            .iter()
            .filter_map(|e| Some((bodies.get(&e.leaf)?, records.get(&e.leaf))))
            .map(|(b, r)| event(self.scene, b, r))
            .collect()
    }

    fn custody(&self, out: Out<'_>) -> Result<()> {
        put_str(out, include_str!("pages/section_custody.html"))?;
        let cut = &self.scene.custody.cut;
        each_event(self.work, &cut.stream, 0, cut.seq, |stored| {
            put(out, &event(self.scene, &stored.body, None)?)?;
            self.work.progress.check()
        })?;
        put_str(out, END_TABLE)
    }

    fn inventory(&self, out: Out<'_>) -> Result<()> {
        put_str(out, include_str!("pages/section_inventory.html"))?;
        documents::each_capture(self.work, self.scene.custody, |row| {
            let (tone, icon) = look(&row.status);
            let line = InventoryLine {
                tone,
                icon,
                kind: label(&row.kind),
                status: label(&row.status),
                captured: row.captured_at.as_deref().map(|at| self.scene.zone.told(at)),
                exhibit: self.scene.custody.disposition(&row.id)?.exhibit,
                row,
            };
            put(out, &line)
        })?;
        put_str(out, END_TABLE)
    }
}

/// Where an exhibit stands in the timeline: by the time of the post where it is known, else of the capture. What was
/// corrected counts as it is now.
fn moment(loaded: &Loaded<'_>, zone: Zone) -> Result<TimelineRow> {
    let current = loaded.current().map(|shown| Capture::deserialize(&shown.record));
    let current = current.transpose()?;
    let now = current.as_ref().unwrap_or(&loaded.capture);
    let (said, first) = (&now.particulars, &loaded.capture.particulars);
    let (at, basis) = match (said.posted_at, said.posted_at_basis) {
        (Some(at), Some(PostedBasis::Shown)) => (at, "posted, as the capturing person read what was shown"),
        (Some(at), _) => (at, "posted, as the capturing person worked it out"),
        (None, _) if now.is_time_guessed() => (now.captured_at, "captured, a guess"),
        (None, _) => (now.captured_at, "captured"),
    };
    let corrected = (said.posted_at, said.posted_at_basis) != (first.posted_at, first.posted_at_basis);
    Ok(TimelineRow {
        order: at.0,
        at: zone.at(at.0),
        basis,
        corrected,
        exhibit: loaded.pick.exhibit,
        title: title(&loaded.capture),
    })
}

/// How many captures have each disposition, the included ones first; a disposition that none has is left out.
fn tallies(custody: &Custody) -> Vec<Tally> {
    Status::WORDS
        .iter()
        .filter_map(|(class, status)| {
            let captures = custody.cut.dispositions.values();
            let n = captures.filter(|f| f.status == *status).count() as u64;
            let why = match status {
                Status::Included => "each an exhibit below, with its files, record and custody",
                Status::NotSelected => "not asked for, or received after this packet was begun; records withheld",
                Status::Held => {
                    "no basis covered them when they were made, and no supervisor has decided; records withheld"
                }
                Status::Quarantined => "quarantined by a supervisor; records withheld",
                Status::Disposed => "disposed of under the retention rules; records withheld",
            };
            let (tone, icon) = look(class);
            (n > 0 || *status == Status::Included).then(|| Tally {
                number: count(n),
                status: label(class),
                tone,
                icon,
                why,
            })
        })
        .collect()
}

fn put(out: Out<'_>, template: &impl Template) -> Result<()> {
    // Rendered into a string of its own: a template writes in very small pieces.
    put_str(out, &template.render().map_err(Error::internal)?)
}

fn put_str(out: Out<'_>, text: &str) -> Result<()> {
    Ok(out.write_all(text.as_bytes())?)
}

/// Ends a section of so many cards.
fn end_cards(out: Out<'_>, cards: usize) -> Result<()> {
    if cards == 0 {
        put_str(out, "<p class=\"soft\">None recorded.</p>")?;
    }
    put_str(out, "</section>\n")
}
