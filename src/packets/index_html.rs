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
use super::store;
use super::text::{Fact, Moment, Zone, count, counted, facts, label, line, size};
use super::views::{
    AuthorizationView, CustodyRow, ExhibitView, InventoryLine, Scene, ThingView, TimelineRow, event, number, title,
};
use super::work::Work;
use super::zip::Bag;
use crate::authorizations::Authorization;
use crate::captures::PostedBasis;
use crate::cases::Case;
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::proof::id::Digest;
use crate::proof::packet::{INDEX, Shown};
use crate::subjects::{Account, Subject};

/// Exhibits whose events are in memory at once.
const SOME: usize = 100;

type Out<'o> = &'o mut dyn Write;

/// The page's head, up to the first exhibit.
#[derive(Template)]
#[template(path = "packets/pages/top.html")]
struct Top<'a> {
    demo: bool,
    number: String,
    title: String,
    kind: String,
    handling: String,
    purpose: String,
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
    records_withheld: u64,
    origin: &'a str,
    name: &'a str,
    id: &'a str,
    cut_seq: i64,
    cut_leaf: Digest,
}

/// An exhibit's place in the timeline.
struct TimelineMoment {
    at: Micros,
    exhibit: u32,
    basis: &'static str,
    title: String,
}

/// Captures of one disposition.
struct Tally {
    n: u64,
    status: String,
    class: &'static str,
    why: &'static str,
}

/// The page's end.
#[derive(Template)]
#[template(path = "packets/pages/bottom.html")]
struct Bottom<'a> {
    demo: bool,
    name: &'a str,
    origin: &'a str,
    product: &'a str,
}

/// A section's beginning.
#[derive(Template)]
#[template(path = "packets/pages/section.html")]
struct SectionHead {
    id: &'static str,
    title: &'static str,
    about: &'static str,
    columns: &'static [&'static str],
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
    documents::authorizations(work, custody, &mut |id, shown| {
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
        moments.sort_by_key(|m| (m.at, m.exhibit));
        self.timeline(moments, out)?;
        self.people(out)?;
        self.authorizations(out)?;
        self.custody(out)?;
        self.inventory(out)?;
        let work = self.work;
        put(
            out,
            &Bottom {
                demo: work.log.demo,
                name: &work.packet.name,
                origin: &work.log.origin,
                product: PRODUCT,
            },
        )
    }

    fn top(&self, case: &Case, record: &Value, copied: Copied) -> Top<'_> {
        let (work, custody, zone) = (self.work, self.scene.custody, self.scene.zone);
        let shown = ["number", "title", "kind", "handling", "time_zone", "version", "due"];
        Top {
            demo: work.log.demo,
            number: line(&case.number),
            title: line(&case.title),
            kind: label(case.kind.as_str()),
            handling: label(case.handling.as_str()),
            purpose: work.request.purpose.says().into(),
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
            records_withheld: custody.withheld,
            origin: &work.log.origin,
            name: &work.packet.name,
            id: &work.packet.id,
            cut_seq: custody.cut.seq,
            cut_leaf: custody.cut.leaf,
        }
    }

    /// Gives what the timeline says of each, by the time of the post where it is known, else of the capture.
    fn exhibits(&self, out: Out<'_>) -> Result<Vec<TimelineMoment>> {
        let mut moments = Vec::with_capacity(self.picks.len());
        let about = "Each capture as it was recorded when it was received. Files are byte for byte those received; \
                     what the text says is the evidence's own and nobody's finding.";
        put(
            out,
            &SectionHead {
                id: "exhibits",
                title: "Exhibits",
                about,
                columns: &[],
            },
        )?;
        for some in self.picks.chunks(SOME) {
            let about = some.iter().flat_map(|p| self.scene.custody.about(&p.id));
            let seqs: Vec<i64> = about.map(|e| i64::from(e.seq)).collect();
            let stream = &self.scene.custody.cut.stream;
            let bodies = self.work.db.read_blocking(|conn| store::bodies(conn, stream, &seqs))?;
            exhibits::each(self.work, self.scene.custody, some.iter(), |loaded| {
                put(out, &ExhibitView::new(self.scene, &loaded, &bodies)?)?;
                moments.push(moment(&loaded));
                self.work.progress.advance(1)
            })?;
        }
        put_str(out, "</section>\n")?;
        Ok(moments)
    }

    fn timeline(&self, moments: Vec<TimelineMoment>, out: Out<'_>) -> Result<()> {
        let about = "The exhibits in the order of time: when a post was made where that is recorded, else when it was captured.";
        put(
            out,
            &SectionHead {
                id: "timeline",
                title: "Timeline",
                about,
                columns: &["When", "What that time is", "Exhibit", "What"],
            },
        )?;
        for TimelineMoment {
            at,
            exhibit,
            basis,
            title,
        } in moments
        {
            let at = self.scene.zone.at(at);
            put(
                out,
                &TimelineRow {
                    at,
                    basis,
                    exhibit,
                    title,
                },
            )?;
        }
        end_table(out)
    }

    fn people(&self, out: Out<'_>) -> Result<()> {
        let about = "People and accounts as the case records them. Who stands behind an account is an attribution with a basis, not a fact of this log.";
        put(
            out,
            &SectionHead {
                id: "people",
                title: "Subjects and accounts",
                about,
                columns: &[],
            },
        )?;
        let thing = |shown: &Shown, what: &str, named: Option<String>| {
            let named = named.as_deref().map(line);
            let title = named.map_or_else(|| what.to_owned(), |n| format!("{what}: {n}"));
            ThingView {
                title,
                facts: facts(&shown.record, self.scene.zone, &["version"]),
                leaf: shown.leaf,
            }
        };
        let mut any = false;
        documents::subjects(self.work, self.scene.custody, &mut |_, shown| {
            any = true;
            let name = Subject::deserialize(&shown.record)?.fields.name;
            put(out, &thing(&shown, "Subject", name))
        })?;
        documents::accounts(self.work, self.scene.custody, &mut |_, shown| {
            any = true;
            let fields = Account::deserialize(&shown.record)?.fields;
            put(out, &thing(&shown, "Account", fields.handle.or(fields.url)))
        })?;
        put_str(
            out,
            if any {
                "</section>\n"
            } else {
                "<p class=none>None recorded.</p></section>\n"
            },
        )
    }

    fn authorizations(&self, out: Out<'_>) -> Result<()> {
        let about = "Leave to use social media in this case: asked for by whom, decided by whom, and how far it went. Nothing is ever covered backwards.";
        put(
            out,
            &SectionHead {
                id: "authorizations",
                title: "Authorizations",
                about,
                columns: &[],
            },
        )?;
        documents::authorizations(self.work, self.scene.custody, &mut |id, shown| {
            let about: Vec<EventEntry<'_>> = self.scene.custody.about(id).collect();
            let events = self.work.db.read_blocking(|conn| self.told(conn, &about))?;
            put(out, &AuthorizationView::new(self.scene, &shown.record, events)?)
        })?;
        put_str(
            out,
            if self.scene.authorizations.is_empty() {
                "<p class=none>None recorded.</p></section>\n"
            } else {
                "</section>\n"
            },
        )
    }

    fn told(&self, conn: &mut AnyConn, about: &[EventEntry<'_>]) -> Result<Vec<super::views::EventView>> {
        let (stream, seqs) = (
            &self.scene.custody.cut.stream,
            about.iter().map(|e| i64::from(e.seq)).collect::<Vec<_>>(),
        );
        let (bodies, records) = (store::bodies(conn, stream, &seqs)?, store::parsed(conn, stream, &seqs)?);
        about
            .iter()
            .filter_map(|e| Some((bodies.get(&e.leaf)?, records.get(&e.leaf))))
            .map(|(b, r)| event(self.scene, b, r))
            .collect()
    }

    fn custody(&self, out: Out<'_>) -> Result<()> {
        let about = "Everything that happened in the case up to the cut, in order, as one chain: each event names the one before it. \
                     The full events and their records stand in custody/events.jsonl and custody/records.jsonl.";
        put(
            out,
            &SectionHead {
                id: "custody",
                title: "Custody",
                about,
                columns: &["No.", "When", "Who", "What happened", "To what", "Leaf (SHA-256)"],
            },
        )?;
        let cut = &self.scene.custody.cut;
        each_event(self.work, &cut.stream, 0, cut.seq, |stored| {
            put(
                out,
                &CustodyRow {
                    event: event(self.scene, &stored.body, None)?,
                },
            )?;
            self.work.progress.check()
        })?;
        end_table(out)
    }

    fn inventory(&self, out: Out<'_>) -> Result<()> {
        let about = "Every capture of the case up to the cut, whether it is in this packet or not, and why not.";
        put(
            out,
            &SectionHead {
                id: "inventory",
                title: "Inventory",
                about,
                columns: &["Item", "Kind", "Captured", "Status", "Why"],
            },
        )?;
        documents::each_capture(self.work, self.scene.custody, &mut |row| {
            let disposition = self.scene.custody.disposition(&row.id)?;
            let captured = row.captured_at.map(|at| self.scene.zone.told(&at));
            let (status, why) = (label(&row.status), row.why.unwrap_or_default());
            let kind = label(&row.kind);
            put(
                out,
                &InventoryLine {
                    item: row.item,
                    kind,
                    captured,
                    status,
                    class: row.status,
                    why,
                    exhibit: disposition.exhibit,
                },
            )
        })?;
        end_table(out)
    }
}

/// When an exhibit belongs in the timeline, and what that time is.
fn moment(loaded: &Loaded<'_>) -> TimelineMoment {
    let said = &loaded.capture.particulars;
    let (at, basis) = match (said.posted_at, said.posted_at_basis) {
        (Some(at), Some(PostedBasis::Shown)) => (at, "posted, as the platform showed it"),
        (Some(at), _) => (at, "posted, as the capturing person inferred it"),
        (None, _) => (loaded.capture.captured_at, "captured"),
    };
    TimelineMoment {
        at: at.0,
        basis,
        exhibit: loaded.pick.exhibit,
        title: title(&loaded.capture),
    }
}

/// How many captures have each disposition, the included ones first; a disposition that none has is left out.
fn tallies(custody: &Custody) -> Vec<Tally> {
    Status::WORDS
        .iter()
        .filter_map(|(class, status)| {
            let n = custody
                .cut
                .dispositions
                .values()
                .filter(|f| f.status == *status)
                .count() as u64;
            let why = match status {
                Status::Included => "each an exhibit below, with its files, record and custody",
                Status::NotSelected => "not asked for, or received after this packet was begun; records withheld",
                Status::Held => {
                    "no basis covered them when they were made, and no supervisor has decided; records withheld"
                }
                Status::Quarantined => "quarantined by a supervisor; records withheld",
                Status::Disposed => "disposed of under the retention rules; records withheld",
            };
            (n > 0 || *status == Status::Included).then(|| Tally {
                n,
                status: label(class),
                class,
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

fn end_table(out: Out<'_>) -> Result<()> {
    put_str(out, "</tbody></table></div></section>\n")
}

impl Tally {
    fn number(&self) -> String {
        count(self.n)
    }
}
