//! The page's sections in their order.

use std::io::Write;

use askama::Template;

use super::acted::ActedTable;
use super::beside;
use super::documents::{self, Documents, fields};
use super::exception_row::ExceptionRow;
use super::exceptions::{ExceptionTold, of_case, of_exhibit};
use super::handed::EarlierDisclosure;
use super::paging::{PageSection, Paging, STYLE};
use super::rows::SectionRows;
use super::story::{Interned, PacketStory, shown_event};
use super::trail::CustodyRow;
use super::views::{AuthorizationView, ExhibitView, InventoryLine, KINDS, ThingView, TimelineRow, look};
use super::words::{self, purpose};
use super::{PageError, PageWriter};
use crate::proof::packet::{
    CERTIFICATE_COPIES, EVENTS, Exhibit, Head, INDEX, INVENTORY, INVENTORY_SECTIONS, InventoryRow, PACKET,
    PACKET_SECTIONS, PDF_PAPERS, PacketAuthorization, PdfPapers, Shown, VERIFY_PAGE_SINCE, pdf_path,
};
use crate::text::{Fact, Moment, Zone, block, count, counted, facts, label, line, size};

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
    /// Folders of output profiles, each with what it is.
    profiles: Vec<(String, String)>,
    has_files: bool,
    files: String,
    bytes: String,
    tallies: Vec<Tally>,
    events: String,
    records: String,
    /// How many records are withheld, and of what they are.
    withheld: Option<(String, String)>,
    /// How often an alias stands behind what is shown.
    aliases: Option<String>,
    /// Aliases that a supervisor included, each with the reason.
    included: Vec<(String, String)>,
    /// What the agreement with the log is worth.
    agreement: String,
    /// To whom the packets went to which this one adds: packet, recipient, when.
    handed: Vec<(String, String, Moment)>,
}

/// Volumes of a paper to which the page leads at the most: a number in a document is believed no further.
const VOLUMES: u32 = 500;

/// Drafts of certificates: of each rule the fillable copy, and the one for print.
const CERTIFICATES: [(&str, [&str; 2]); 3] = [
    (
        "902-11",
        [
            "A form for a platform\u{2019}s own certificate under Rule 902(11), to fill in",
            "The same, to print",
        ],
    ),
    (
        "902-13",
        [
            "A draft certificate under Rule 902(13), not signed, to fill in",
            "The same, to print",
        ],
    ),
    (
        "902-14",
        [
            "A draft certificate under Rule 902(14), not signed, to fill in",
            "The same, to print",
        ],
    ),
];

/// A paper in PDF, and where its volumes lie beside the page.
struct PaperLinks {
    what: &'static str,
    volumes: Vec<(String, String)>,
}

impl PaperLinks {
    fn of(pdf: &PdfPapers) -> Vec<Self> {
        let [exhibits, report] = PDF_PAPERS;
        let links = |what, paper: &str, of: u32| {
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
        let mut all = vec![
            links("The report on paper, for court and defence", report, pdf.report),
            links(
                "The exhibits on paper, a sheet each and nothing else, for a jury",
                exhibits,
                pdf.exhibits,
            ),
        ];
        let drafts = pdf.certificates.iter().flat_map(|drafts| &drafts.rules);
        for (rule, of) in drafts {
            let whats = CERTIFICATES.iter().filter(|(known, _)| known == rule);
            for (_, whats) in whats {
                let copies = CERTIFICATE_COPIES.iter().zip(whats);
                all.extend(copies.map(|(copy, what)| links(what, &format!("certificates/{rule}{copy}"), *of)));
            }
        }
        all
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
    /// Whether the verifier as a page lies beside this one.
    has_verifier: bool,
}

/// The marks by which the timeline is filtered: the words of kinds that exhibits have, and what they are called.
#[derive(Template)]
#[template(path = "page/timeline_filter.html")]
struct TimelineFilter {
    kinds: Vec<(&'static str, String)>,
}

/// Writes `index.html`, and before it the pages of sections that are too long for it.
pub(super) fn write(
    story: &PacketStory,
    documents: &mut dyn Documents,
    out: &mut PageWriter<'_>,
) -> Result<(), PageError> {
    let mut cards = Cards::default();
    let exhibits = exhibits(story, (documents, &mut cards), out)?;
    let timeline = timeline(story, cards.moments, out)?;
    let exceptions = exceptions(story, cards.exceptions, out)?;
    let custody = custody(story, documents, out)?;
    let inventory = inventory(story, documents, out)?;
    if !out.paths.is_empty() {
        out.begin(STYLE)?;
        put(out, &Style)?;
    }
    out.begin(INDEX)?;
    let top = top(story);
    put(out, &top)?;
    for section in [&exhibits, &timeline, &exceptions] {
        put_str(out, section)?;
    }
    let acted = story.acted.told(|actor| story.who(actor));
    let acted = ActedTable::new(acted, story.zone).render()?;
    let people = include_str!("section_people.html").to_owned() + &acted;
    put_cards(out, &people, &cards.people)?;
    put_cards(out, include_str!("section_authorizations.html"), &cards.authorizations)?;
    for section in [&custody, &inventory] {
        put_str(out, section)?;
    }
    let bottom = Bottom {
        head: &story.head,
        product: line(&story.head.product),
        handling: top.closely_kept.then(|| top.handling.clone()),
        has_verifier: story.head.papers >= Some(VERIFY_PAGE_SINCE),
    };
    put(out, &bottom)
}

/// The style of pages that are not alone.
#[derive(Template)]
#[template(path = "page/style.txt")]
struct Style;

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
        closely_kept: story.kept().is_some(),
        handling: label(word("handling")),
        recipient: head.recipient.as_deref().map(line),
        requester: line(&head.requested_by.name),
        requested: zone.told(&head.requested_at),
        zone: zone.name(),
        facts: facts(case, zone, &shown),
        papers: head.pdf.as_ref().map(PaperLinks::of).unwrap_or_default(),
        profiles: beside::profiles(head),
        has_files: story.files.0 > 0,
        files: counted(story.files.0, "file", "files"),
        bytes: size(story.files.1),
        tallies: tallies(story),
        events: counted(story.events, "event", "events"),
        records: counted(story.records, "record", "records"),
        withheld: (story.withheld.all() > 0).then(|| (count(story.withheld.all()), story.withheld.phrase())),
        aliases: story.aliases.phrase(),
        included: story
            .included
            .iter()
            .map(|one| (one.told.clone(), one.reason.clone()))
            .collect(),
        agreement: words::agreement(None),
        handed: story.handed.iter().map(|one| handed(one, zone)).collect(),
    }
}

fn handed(one: &EarlierDisclosure, zone: Zone) -> (String, String, Moment) {
    let packet = one.name.as_deref().unwrap_or(&one.packet);
    (line(packet), line(&one.whom()), zone.told(&one.at))
}

/// How many captures have each status, the included ones first; a status that none has is left out.
fn tallies(story: &PacketStory) -> Vec<Tally> {
    let statuses = [
        ("included", "each an exhibit below, with its files, record and custody"),
        (
            "redacted",
            "each an exhibit below as a redacted copy; its own files and records are withheld",
        ),
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
struct Cards<'s> {
    people: String,
    authorizations: String,
    moments: Vec<TimelineRow>,
    /// What did not go by the book, each with its exhibit's place and number.
    exceptions: Vec<(Option<(u32, String)>, ExceptionTold<'s>)>,
}

impl<'s> Cards<'s> {
    fn row(&mut self, story: &'s PacketStory, (section, row): (&str, &[u8])) -> Result<Option<Exhibit>, PageError> {
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
                let name = exhibit.number.as_deref().map(line);
                let name = name.unwrap_or_else(|| format!("{:03}", exhibit.exhibit));
                let told = of_exhibit(story, &exhibit).into_iter();
                self.exceptions
                    .extend(told.map(|told| (Some((exhibit.exhibit, name.clone())), told)));
                return Ok(Some(exhibit));
            }
            _ => {}
        }
        Ok(None)
    }
}

fn exhibits<'s>(
    story: &'s PacketStory,
    (documents, cards): (&mut dyn Documents, &mut Cards<'s>),
    out: &mut PageWriter<'_>,
) -> Result<String, PageError> {
    let mut rows = SectionRows::of(story, PageSection::Exhibits, String::new());
    documents::rows(documents, (PACKET, PACKET_SECTIONS), |section, row| {
        let Some(exhibit) = cards.row(story, (section, row))? else {
            return Ok(());
        };
        let view = ExhibitView::new(story, &exhibit);
        rows.exhibit(exhibit.exhibit, view.title());
        rows.put(&view, out)
    })?;
    rows.end(out)
}

fn timeline(story: &PacketStory, mut moments: Vec<TimelineRow>, out: &mut PageWriter<'_>) -> Result<String, PageError> {
    moments.sort_by_key(|m| (m.order, m.exhibit));
    let had = |word: &&str| moments.iter().any(|moment| moment.kind == *word);
    let kinds = KINDS.into_iter().chain(["other"]).filter(had);
    let filter = TimelineFilter {
        kinds: kinds.map(|word| (word, label(word))).collect(),
    };
    let mut rows = SectionRows::of(story, PageSection::Timeline, filter.render()?);
    moments.iter().try_for_each(|row| rows.put(row, out))?;
    rows.end(out)
}

fn exceptions<'s>(
    story: &'s PacketStory,
    mut told: Vec<(Option<(u32, String)>, ExceptionTold<'s>)>,
    out: &mut PageWriter<'_>,
) -> Result<String, PageError> {
    told.extend(of_case(story).map(|told| (None, told)));
    if told.is_empty() {
        let none = "<p class=\"soft\">No rule that was judged of an exhibit failed. None was corrected or returned by its review, no flag was set, and no authorization was approved against a check.</p></section>\n";
        return Ok([include_str!("section_exceptions.html"), none].concat());
    }
    let paging = Paging {
        exceptions: told.len() as u64,
        ..story.paging()
    };
    let mut rows = SectionRows::of(story, PageSection::Exceptions, String::new()).paged(paging);
    for (exhibit, told) in told {
        let exhibit = exhibit.map(|(place, name)| (name, paging.exhibit(place, PageSection::Exceptions)));
        rows.put(&ExceptionRow::new(story, exhibit, told), out)?;
    }
    rows.end(out)
}

fn custody(story: &PacketStory, documents: &mut dyn Documents, out: &mut PageWriter<'_>) -> Result<String, PageError> {
    let mut rows = SectionRows::of(story, PageSection::Custody, String::new());
    let mut interned = Interned::default();
    documents::lines(documents, EVENTS, |line| match shown_event(line)? {
        Some(event) => {
            let row = CustodyRow::new(story, (&interned.actor(&event), &event), line);
            rows.put(&row, out)
        }
        None => rows.count(out),
    })?;
    rows.end(out)
}

fn inventory(
    story: &PacketStory,
    documents: &mut dyn Documents,
    out: &mut PageWriter<'_>,
) -> Result<String, PageError> {
    let mut rows = SectionRows::of(story, PageSection::Inventory, String::new());
    documents::rows(documents, (INVENTORY, INVENTORY_SECTIONS), |_, row| {
        let row: InventoryRow = fields(INVENTORY, row)?;
        let (tone, icon) = look(&row.status);
        let exhibit = story.captures.get(&row.id).and_then(|place| place.exhibit);
        let line = InventoryLine {
            tone,
            icon,
            item: row.item,
            kind: label(&row.kind),
            status: label(&row.status),
            captured: row.captured_at.as_deref().map(|at| story.zone.told(at)),
            exhibit: exhibit.map(|exhibit| (exhibit, story.paging().exhibit(exhibit, PageSection::Inventory))),
            number: story.numbers.get(&row.id).map(|number| line(number)),
            excluded: row.excluded.as_deref().map(block),
            description: row.description.as_deref().map(block),
            why: row.why,
        };
        rows.put(&line, out)
    })?;
    rows.end(out)
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
