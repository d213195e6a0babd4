//! The page's sections in their order.

use std::io::Write;

use askama::Template;

use super::PageError;
use super::documents::{self, Documents, fields};
use super::story::{Interned, PacketStory, shown_event};
use super::views::{AuthorizationView, CustodyRow, ExhibitView, InventoryLine, ThingView, TimelineRow, look};
use super::words::purpose;
use crate::proof::packet::{
    EVENTS, Exhibit, Head, INVENTORY, INVENTORY_SECTIONS, InventoryRow, PACKET, PACKET_SECTIONS, PDF_PAPERS,
    PacketAuthorization, PdfPapers, Shown, pdf_path,
};
use crate::text::{Fact, Moment, count, counted, facts, label, line, size};

/// The end of a section that is a table.
const END_TABLE: &str = "</tbody></table></div></section>\n";

type Out<'o> = &'o mut dyn Write;

/// The page's head, up to the first exhibit.
#[derive(Template)]
#[template(path = "page/top.html")]
struct Top<'a> {
    head: &'a Head,
    number: String,
    title: String,
    kind: String,
    purpose: &'static str,
    /// The handling, where it is not the standard one: it stands at the top and the foot of every sheet.
    closely_kept: bool,
    handling: String,
    recipient: Option<String>,
    requester: String,
    requested: Moment,
    zone: Option<&'static str>,
    facts: Vec<Fact>,
    papers: Vec<PaperLinks>,
    files: String,
    bytes: String,
    tallies: Vec<Tally>,
    events: String,
    records: String,
    withheld: u64,
}

/// Volumes of a paper to which the page leads at the most: a number in a document is believed no further.
const VOLUMES: u32 = 500;

/// A paper in PDF, and where its volumes lie beside the page.
struct PaperLinks {
    what: &'static str,
    volumes: Vec<(String, String)>,
}

impl PaperLinks {
    fn of(pdf: &PdfPapers) -> Vec<Self> {
        let [exhibits, report] = PDF_PAPERS;
        let links = |what, paper, of: u32| {
            let link = |volume: u32| {
                let path = pdf_path(paper, volume, of);
                let place = path.strip_prefix("data/").unwrap_or(&path).to_owned();
                let name = if of == 1 {
                    place.clone()
                } else {
                    format!("volume {volume} of {of}")
                };
                (place, name)
            };
            let volumes = (1..=of.min(VOLUMES)).map(link).collect();
            Self { what, volumes }
        };
        vec![
            links("The report on paper, for court and defence", report, pdf.report),
            links(
                "The exhibits on paper, a sheet each and nothing else, for a jury",
                exhibits,
                pdf.exhibits,
            ),
        ]
    }
}

/// Captures of one status.
struct Tally {
    number: String,
    status: String,
    tone: &'static str,
    icon: &'static str,
    why: &'static str,
}

/// The page's end.
#[derive(Template)]
#[template(path = "page/bottom.html")]
struct Bottom<'a> {
    head: &'a Head,
    product: String,
    /// The handling, where it is not the standard one.
    handling: Option<String>,
}

/// Writes all of them.
pub(super) fn write(story: &PacketStory, documents: &mut dyn Documents, out: Out<'_>) -> Result<(), PageError> {
    let top = top(story);
    put(out, &top)?;
    let mut cards = Cards::default();
    put_str(out, include_str!("section_exhibits.html"))?;
    documents::rows(documents, (PACKET, PACKET_SECTIONS), |section, row| {
        cards.row(story, (section, row), out)
    })?;
    put_str(out, "</section>\n")?;
    cards.moments.sort_by_key(|m| (m.order, m.exhibit));
    put_str(out, include_str!("section_timeline.html"))?;
    cards.moments.iter().try_for_each(|row| put(out, row))?;
    put_str(out, END_TABLE)?;
    put_cards(out, include_str!("section_people.html"), &cards.people)?;
    put_cards(out, include_str!("section_authorizations.html"), &cards.authorizations)?;
    custody(story, documents, out)?;
    inventory(story, documents, out)?;
    let bottom = Bottom {
        head: &story.head,
        product: line(&story.head.product),
        handling: top.closely_kept.then(|| top.handling.clone()),
    };
    put(out, &bottom)
}

fn top(story: &PacketStory) -> Top<'_> {
    let (head, case, zone) = (&story.head, &story.case, story.zone);
    let word = |name: &str| case[name].as_str().unwrap_or_default();
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
        head,
        number: line(word("number")),
        title: line(word("title")),
        kind: label(word("kind")),
        purpose: purpose(&head.purpose).unwrap_or_default(),
        closely_kept: word("handling") != "standard",
        handling: label(word("handling")),
        recipient: head.recipient.as_deref().map(line),
        requester: line(&head.requested_by.name),
        requested: zone.told(&head.requested_at),
        zone: zone.name(),
        facts: facts(case, zone, &shown),
        papers: head.pdf.as_ref().map(PaperLinks::of).unwrap_or_default(),
        files: counted(story.files.0, "file", "files"),
        bytes: size(story.files.1),
        tallies: tallies(story),
        events: counted(story.events, "event", "events"),
        records: counted(story.records.0, "record", "records"),
        withheld: story.records.1,
    }
}

/// How many captures have each status, the included ones first; a status that none has is left out.
fn tallies(story: &PacketStory) -> Vec<Tally> {
    let statuses = [
        ("included", "each an exhibit below, with its files, record and custody"),
        (
            "not_selected",
            "not asked for, or received after this packet was begun; records withheld",
        ),
        (
            "held",
            "no basis covered them when they were made, and no supervisor has decided; records withheld",
        ),
        ("quarantined", "quarantined by a supervisor; records withheld"),
        ("withheld", "records withheld"),
        ("disposed", "disposed of under the retention rules; records withheld"),
    ];
    let tally = |(status, why): (&str, &'static str)| {
        let n = story.statuses.get(status).copied().unwrap_or_default();
        let (tone, icon) = look(status);
        (n > 0 || status == "included").then(|| Tally {
            number: count(n),
            status: label(status),
            tone,
            icon,
            why,
        })
    };
    statuses.into_iter().filter_map(tally).collect()
}

/// What `packet.json` gives for sections that come later than its rows do, and for one that comes at once.
#[derive(Default)]
struct Cards {
    people: String,
    authorizations: String,
    moments: Vec<TimelineRow>,
}

impl Cards {
    fn row(&mut self, story: &PacketStory, (section, row): (&str, &[u8]), out: Out<'_>) -> Result<(), PageError> {
        let thing = |what, named: &[&str]| {
            let shown: Shown = fields(PACKET, row)?;
            Ok::<_, PageError>(ThingView::new(story.zone, (what, named), &shown).render()?)
        };
        match section {
            "subjects" => self.people += &thing("Subject", &["name"])?,
            "accounts" => self.people += &thing("Account", &["handle", "url"])?,
            "authorizations" => {
                let row: PacketAuthorization = fields(PACKET, row)?;
                self.authorizations += &AuthorizationView::new(story, &row).render()?;
            }
            "exhibits" => {
                let exhibit: Exhibit = fields(PACKET, row)?;
                self.moments.push(TimelineRow::new(story, &exhibit));
                put(out, &ExhibitView::new(story, &exhibit))?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn custody(story: &PacketStory, documents: &mut dyn Documents, out: Out<'_>) -> Result<(), PageError> {
    put_str(out, include_str!("section_custody.html"))?;
    let mut interned = Interned::default();
    documents::lines(documents, EVENTS, |line| match shown_event(line)? {
        Some(event) => put(out, &CustodyRow::new(story, (&interned.actor(&event), &event), line)),
        None => Ok(()),
    })?;
    put_str(out, END_TABLE)
}

fn inventory(story: &PacketStory, documents: &mut dyn Documents, out: Out<'_>) -> Result<(), PageError> {
    put_str(out, include_str!("section_inventory.html"))?;
    documents::rows(documents, (INVENTORY, INVENTORY_SECTIONS), |_, row| {
        let row: InventoryRow = fields(INVENTORY, row)?;
        let (tone, icon) = look(&row.status);
        let line = InventoryLine {
            tone,
            icon,
            item: row.item,
            kind: label(&row.kind),
            status: label(&row.status),
            captured: row.captured_at.as_deref().map(|at| story.zone.told(at)),
            exhibit: story.captures.get(&row.id).and_then(|place| place.exhibit),
            why: row.why,
        };
        put(out, &line)
    })?;
    put_str(out, END_TABLE)
}

fn put(out: Out<'_>, template: &impl Template) -> Result<(), PageError> {
    // Rendered into a string of its own: a template writes in very small pieces.
    put_str(out, &template.render()?)
}

fn put_str(out: Out<'_>, text: &str) -> Result<(), PageError> {
    Ok(out.write_all(text.as_bytes())?)
}

/// A section of cards.
fn put_cards(out: Out<'_>, heading: &str, cards: &str) -> Result<(), PageError> {
    put_str(out, heading)?;
    put_str(
        out,
        if cards.is_empty() {
            "<p class=\"soft\">None recorded.</p>"
        } else {
            cards
        },
    )?;
    put_str(out, "</section>\n")
}
