//! One exhibit, authorization or event as the packet's page shows it.

use askama::Template;
use serde_json::Value;

use super::beside::{self, FileView};
use super::examined::{ExaminedView, examined, examined_with};
use super::exceptions;
use super::paging::PageSection;
use super::rulings;
use super::story::{PacketStory, number};
use super::trail::{TrailView, exhibit_trail, trail};
use super::words;
use crate::clock::{self, Micros};
use crate::proof::Digest;
use crate::proof::packet::{Exhibit, PacketAuthorization, Shown};
use crate::text::{Fact, Moment, Zone, block, facts, label, line, short};

/// A rule of coverage: the outcome in words, its tone and its icon, the rule and why.
type CoverageLine = (&'static str, &'static str, &'static str, Fact);

/// How a status of the inventory looks: its tone and its icon.
pub(super) fn look(status: &str) -> (&'static str, &'static str) {
    match status {
        "included" => ("ok", "check"),
        "redacted" => ("warn", "flag"),
        "held" => ("held", "hand"),
        "quarantined" => ("", "lock"),
        _ => ("", "dash"),
    }
}

/// A redaction that stands in the place of what was recorded.
struct RedactionView {
    reason: String,
    /// What was done.
    what: String,
    facts: Vec<Fact>,
    at: Moment,
    leaf: Digest,
}

fn redactions(exhibit: &Exhibit, zone: Zone) -> Vec<RedactionView> {
    let view = |shown: &Shown| {
        let record = &shown.record;
        let said = |at: &str| text(record, at).map(line);
        let fields = [
            ("Made by", said("/made_by/name")),
            ("Tool", said("/tool/name")),
            ("Tool's version", said("/tool/version")),
            ("SHA-256 of the file it was made from", said("/file/parent")),
        ];
        RedactionView {
            reason: text(record, "/reason").map(block).unwrap_or_default(),
            what: words::redacted(record),
            facts: fields
                .into_iter()
                .filter_map(|(name, value)| Some(Fact::new(name, value?)))
                .collect(),
            at: zone.told(text(record, "/made_at").unwrap_or_default()),
            leaf: shown.leaf,
        }
    };
    exhibit.redactions.iter().flatten().map(view).collect()
}

/// An exhibit.
#[derive(Template)]
#[template(path = "page/exhibit.html")]
pub(super) struct ExhibitView<'s> {
    exhibit: &'s Exhibit,
    /// Its number for the court.
    number: Option<String>,
    title: String,
    /// What one sees of it at once.
    marks: Vec<ExhibitMark>,
    /// What it shows, as the exhibit list said.
    description: Option<String>,
    text: Option<String>,
    url: Option<String>,
    final_url: Option<String>,
    facts: Vec<Fact>,
    times: Vec<(&'static str, Moment, Option<&'static str>)>,
    basis: String,
    /// Rules of coverage: how each came out, how that looks, and why.
    coverage: Vec<CoverageLine>,
    flags: Vec<String>,
    note: Option<String>,
    files: Vec<FileView>,
    corrected: Vec<Fact>,
    examined_by: String,
    examined: Vec<ExaminedView>,
    redactions: Vec<RedactionView>,
    /// What the packet's profiles cannot take of it.
    unfit: Vec<String>,
    events: Vec<TrailView<'s>>,
}

impl<'s> ExhibitView<'s> {
    /// What it is called.
    pub fn title(&self) -> &str {
        &self.title
    }

    pub fn new(story: &'s PacketStory, exhibit: &'s Exhibit) -> Self {
        let (record, zone) = (exhibit.told(), story.zone);
        let (url, final_url) = (text(record, "/url"), text(record, "/final_url"));
        let current = exhibit.current.as_ref();
        Self {
            exhibit,
            number: exhibit.number.as_deref().map(line),
            title: exhibit.title.as_deref().map_or_else(|| title(exhibit.now()), line),
            description: exhibit.description.as_deref().map(block),
            text: paragraphs(record, "/text"),
            url: url.map(line),
            final_url: final_url.filter(|_| final_url != url).map(line),
            facts: particulars(record, zone),
            times: times(record, zone),
            basis: basis(story, &record["basis"]),
            coverage: list(&record["coverage"])
                .iter()
                .map(|rule| covered(rule, zone))
                .collect(),
            flags: words_of(&record["flags"]).map(label).chain(found(exhibit)).collect(),
            note: paragraphs(record, "/note"),
            files: (1..)
                .zip(&exhibit.files)
                .map(|(n, row)| FileView::of(row, (exhibit, n), story))
                .collect(),
            unfit: beside::unfit(exhibit),
            corrected: current.map_or_else(Vec::new, |now| changes(record, &now.record, zone)),
            examined_by: examined_by(exhibit, zone),
            examined: examined_files(exhibit),
            redactions: redactions(exhibit, zone),
            marks: exceptions::marks(story, exhibit)
                .into_iter()
                .map(ExhibitMark::of)
                .collect(),
            events: exhibit_trail(story, exhibit),
        }
    }
}

/// A mark: its tone, its icon and its words.
struct ExhibitMark {
    tone: &'static str,
    icon: &'static str,
    words: String,
}

impl ExhibitMark {
    fn of(words: String) -> Self {
        let (tone, icon) = match words.as_str() {
            "Reviewed: accurate" => ("ok", "check"),
            "Reviewed, outcome not shown" => ("", "dash"),
            words if words.ends_with("since the earlier packet") => ("", "dash"),
            _ => ("warn", "flag"),
        };
        Self { tone, icon, words }
    }
}

/// Which program read the files, and when.
fn examined_by(exhibit: &Exhibit, zone: Zone) -> String {
    let record = exhibit.examination.as_ref().map_or(&Value::Null, |shown| &shown.record);
    let at = zone.told(text(record, "/at").unwrap_or_default());
    format!("Read by {}, {}.", examined_with(record), at.utc)
}

/// What a program found wrong with its files.
fn found(exhibit: &Exhibit) -> Vec<String> {
    let files = (1..).zip(examined_files(exhibit));
    let told = files.flat_map(|(n, file)| {
        let flags = file
            .flags
            .into_iter()
            .map(move |flag| format!("File {n}: {}", flag.label.to_lowercase()));
        flags.collect::<Vec<_>>()
    });
    told.collect()
}

fn examined_files(exhibit: &Exhibit) -> Vec<ExaminedView> {
    let record = exhibit.examination.as_ref().map_or(&Value::Null, |shown| &shown.record);
    let name = |sha256: &str| {
        let file = exhibit.files.iter().find(|file| file.sha256.to_string() == sha256);
        file.and_then(|file| file.name.as_deref().map(line))
    };
    examined(record, name)
}

fn text<'v>(record: &'v Value, pointer: &str) -> Option<&'v str> {
    record.pointer(pointer)?.as_str()
}

fn paragraphs(record: &Value, pointer: &str) -> Option<String> {
    text(record, pointer).filter(|said| !said.trim().is_empty()).map(block)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn words_of(value: &Value) -> impl Iterator<Item = &str> {
    list(value).iter().filter_map(Value::as_str)
}

/// What an exhibit is called in headings and the timeline.
pub fn title(record: &Value) -> String {
    const MOST: usize = 80;
    let kind = text(record, "/kind").unwrap_or("capture");
    if kind == "lookup" {
        let said = ["/text", "/url"].iter().filter_map(|at| text(record, at));
        let first = said.into_iter().find(|said| !said.trim().is_empty());
        return match first {
            Some(said) => format!("Searched for “{}”: nothing found", short(said, MOST)),
            None => "Searched: nothing found".to_owned(),
        };
    }
    let platform = text(record, "/platform").filter(|platform| *platform != "other");
    let platform = platform.map(|platform| format!(" on {}", label(platform)));
    let by = text(record, "/account/handle").map(|handle| format!(" by {}", line(handle)));
    format!(
        "{}{}{}",
        label(kind),
        platform.unwrap_or_default(),
        by.unwrap_or_default()
    )
}

/// What is shown apart from the list of particulars.
pub const APART: &[&str] = &[
    "account",
    "access_means",
    "basis",
    "captured_at",
    "captured_at_basis",
    "capturer",
    "correction",
    "coverage",
    "device",
    "files",
    "final_url",
    "flags",
    "item",
    "kind",
    "level",
    "method",
    "note",
    "platform",
    "platform_time_text",
    "posted_at",
    "posted_at_basis",
    "received_at",
    "state",
    "text",
    "tool",
    "url",
    "version",
    "visibility",
];

/// What the capturer says, except text, addresses and times. A particular that is not named here follows at the end.
fn particulars(record: &Value, zone: Zone) -> Vec<Fact> {
    let said = |at: &str| text(record, at);
    let fields = [
        ("Platform", said("/platform").map(label)),
        ("Account", said("/account/handle").map(line)),
        (
            "Platform's own id of the account",
            said("/account/platform_id").map(line),
        ),
        ("Visibility", said("/visibility").map(label)),
        ("Means of access", said("/access_means").map(label)),
        ("Captured by", said("/capturer/name").map(line)),
        ("Method", said("/method").map(label)),
        ("Tool", said("/tool/name").map(line)),
        ("Tool's version", said("/tool/version").map(line)),
        ("Level", said("/level").map(label)),
        ("Device", said("/device").map(label)),
        ("State when recorded", said("/state").map(label)),
    ];
    let fact = |(name, value): (&str, Option<String>)| Some(Fact::new(name, value?));
    let mut told: Vec<Fact> = fields.into_iter().filter_map(fact).collect();
    told.extend(facts(record, zone, APART));
    told
}

fn times(record: &Value, zone: Zone) -> Vec<(&'static str, Moment, Option<&'static str>)> {
    let told = |at: &str| text(record, at).map(|said| zone.told(said));
    let posted = text(record, "/posted_at_basis").and_then(words::posted_basis);
    let times = [
        text(record, "/platform_time_text").map(|said| ("Time as shown", Moment::unread(said), None)),
        told("/posted_at").map(|at| ("Posted", at, posted)),
        told("/captured_at").map(|at| ("Captured", at, Some(captured(record)))),
        told("/received_at").map(|at| ("Received", at, Some("by this installation's clock"))),
    ];
    times.into_iter().flatten().collect()
}

/// How the time of capture is known.
fn captured(record: &Value) -> &'static str {
    let (basis, received) = (text(record, "/captured_at_basis"), text(record, "/received_at"));
    words::captured_basis(basis.unwrap_or("stated"), text(record, "/captured_at"), received)
}

fn basis(story: &PacketStory, basis: &Value) -> String {
    let kind = text(basis, "/kind").map(label).unwrap_or_default();
    let named = text(basis, "/id").map(|id| match story.authorizations.get(id) {
        Some(number) => format!(" no. {number}"),
        None => format!(" {}", line(id)),
    });
    let reason = text(basis, "/reason").map(|reason| format!(": {}", block(reason)));
    format!("{kind}{}{}", named.unwrap_or_default(), reason.unwrap_or_default())
}

fn covered(rule: &Value, zone: Zone) -> CoverageLine {
    let (outcome, tone, icon) = match rule["passed"].as_bool() {
        Some(true) => ("Covered", "ok", "check"),
        Some(false) => ("Not covered", "bad", "x"),
        None => ("Not judged", "warn", "flag"),
    };
    let (name, why) = (
        text(rule, "/rule").unwrap_or_default(),
        text(rule, "/why").unwrap_or_default(),
    );
    (outcome, tone, icon, Fact::new(&label(name), zone.in_text(why)))
}

/// What no correction changes, or what is not of the particulars.
pub const NOT_CORRECTED: [&str; 9] = [
    "item",
    "files",
    "correction",
    "version",
    "state",
    "coverage",
    "flags",
    "capturer",
    "received_at",
];

/// What a correction changed, particular by particular.
fn changes(first: &Value, now: &Value, zone: Zone) -> Vec<Fact> {
    let before = facts(first, zone, &NOT_CORRECTED);
    let at_first = |label: &str| {
        let fact = before.iter().find(|f| f.label == label);
        fact.map_or("nothing", |f| f.value.as_str())
    };
    let mut changed = facts(now, zone, &NOT_CORRECTED);
    changed.retain(|f| at_first(&f.label) != f.value);
    for fact in &mut changed {
        fact.value += &format!(" (recorded at first: {})", at_first(&fact.label));
    }
    changed
}

/// Kinds of captures, by which the timeline can be filtered.
pub(super) const KINDS: [&str; 9] = [
    "post", "photo", "video", "profile", "page", "link", "message", "document", "lookup",
];

/// A row of the timeline.
#[derive(Template)]
#[template(path = "page/timeline_row.html")]
pub(super) struct TimelineRow {
    /// The time by which rows are sorted.
    pub order: Micros,
    at: Moment,
    basis: &'static str,
    /// Whether the time of posting was corrected since the capture was recorded.
    corrected: bool,
    pub exhibit: u32,
    href: String,
    /// The word of its kind, by which rows are filtered.
    pub kind: String,
    /// Its number for the court.
    number: Option<String>,
    title: String,
}

impl TimelineRow {
    /// Where an exhibit stands in the timeline: by the time of the post where it is known, else of the capture. What was
    /// corrected counts as it is now.
    pub fn new(story: &PacketStory, exhibit: &Exhibit) -> Self {
        let (first, now) = (exhibit.told(), exhibit.now());
        let instant = |at: &str| text(now, at).and_then(clock::parse);
        let (at, basis) = match (instant("/posted_at"), text(now, "/posted_at_basis")) {
            (Some(at), Some("shown")) => (Some(at), "posted, as the capturing person read what was shown"),
            (Some(at), _) => (Some(at), "posted, as the capturing person worked it out"),
            (None, _) if text(now, "/captured_at_basis").and_then(words::guessed).is_some() => {
                (instant("/captured_at"), "captured, a guess")
            }
            (None, _) => (instant("/captured_at"), "captured"),
        };
        let posted = |record: &Value| {
            (
                text(record, "/posted_at").map(str::to_owned),
                text(record, "/posted_at_basis").map(str::to_owned),
            )
        };
        Self {
            order: at.unwrap_or(Micros::MAX),
            at: at.map_or_else(|| Moment::unread("unknown"), |at| story.zone.at(at)),
            basis,
            corrected: posted(now) != posted(first),
            exhibit: exhibit.exhibit,
            href: story.paging().exhibit(exhibit.exhibit, PageSection::Timeline),
            kind: KINDS
                .iter()
                .find(|kind| text(first, "/kind") == Some(**kind))
                .unwrap_or(&"other")
                .to_string(),
            number: exhibit.number.as_deref().map(line),
            title: exhibit.title.as_deref().map_or_else(|| title(now), line),
        }
    }
}

/// A row of the inventory.
#[derive(Template)]
#[template(path = "page/inventory_row.html")]
pub(super) struct InventoryLine {
    pub item: u64,
    pub kind: String,
    pub status: String,
    pub tone: &'static str,
    pub icon: &'static str,
    pub captured: Option<Moment>,
    /// Its exhibit, and where that stands.
    pub exhibit: Option<(u32, String)>,
    /// Its number for the court.
    pub number: Option<String>,
    pub why: Option<String>,
    /// Why the exhibit list left it out.
    pub excluded: Option<String>,
    /// What it is, as the exhibit list describes it.
    pub description: Option<String>,
}

/// An authorization.
#[derive(Template)]
#[template(path = "page/authorization.html")]
pub(super) struct AuthorizationView<'s> {
    number: String,
    state: String,
    level: String,
    facts: Vec<Fact>,
    /// What was decided and reported, in order, each under its name.
    parts: Vec<(&'static str, Vec<Fact>)>,
    events: Vec<TrailView<'s>>,
}

impl<'s> AuthorizationView<'s> {
    pub fn new(story: &'s PacketStory, row: &PacketAuthorization) -> Self {
        let record = &row.record;
        // These are shown apart, or in words of their own.
        let apart = [
            "number",
            "state",
            "level",
            "decision",
            "case_id",
            "version",
            "attestations",
            "platforms",
            "searches",
            "aliases_named",
        ];
        let apart = [&apart[..], rulings::TOLD].concat();
        let platforms: Vec<String> = words_of(&record["platforms"]).map(label).collect();
        let attested = words_of(&record["attestations"]).map(|word| rulings::attested(record, word));
        let attested: Vec<String> = attested.collect();
        let mut told = vec![Fact::new("Platforms", platforms.join(", "))];
        told.extend(facts(record, story.zone, &apart));
        told.push(Fact::new("Searches", words::searches(words_of(&record["searches"]))));
        let aliases = words::aliases(record["aliases_named"].as_u64().unwrap_or_default());
        told.extend(aliases.map(|aliases| Fact::new("Aliases", aliases)));
        told.push(Fact::new("The requester attests", attested.join(" ")));
        let of_policy = [
            ("Asked for under the policy", rulings::policy(&record["policy"])),
            (
                "For none of these purposes",
                rulings::sentences(&record["forbidden_purposes"]),
            ),
            (
                "Renews",
                text(record, "/renews")
                    .and_then(|id| story.authorizations.get(id))
                    .map(|n| format!("authorization no. {n}")),
            ),
        ];
        told.extend(
            of_policy
                .into_iter()
                .filter_map(|(name, said)| Some(Fact::new(name, said?))),
        );
        let parts = [
            ("Emergency", rulings::emergency(&record["emergency"])),
            ("Oral approval", rulings::oral(&record["oral"], story.zone)),
            ("First approval", rulings::ruling(&record["approvals"][0], story.zone)),
            ("Decision", rulings::ruling(&record["decision"], story.zone)),
            ("Revoked", rulings::ruling(&record["revoked"], story.zone)),
            ("Reviews", rulings::reviews(&record["reviews"], story.zone)),
            (
                "Accounts that turned up",
                rulings::additions(&record["additions"], story.zone),
            ),
            ("Closing report", rulings::closing(&record["closing"], story.zone)),
        ];
        Self {
            number: number(record),
            state: text(record, "/state").map(label).unwrap_or_default(),
            level: text(record, "/level").map(label).unwrap_or_default(),
            facts: told,
            parts: parts.into_iter().filter(|(_, facts)| !facts.is_empty()).collect(),
            events: trail(story, text(record, "/id").unwrap_or_default())
                .into_iter()
                .map(|(_, view)| view)
                .collect(),
        }
    }
}

/// A subject or an account.
#[derive(Template)]
#[template(path = "page/thing.html")]
pub(super) struct ThingView {
    title: String,
    facts: Vec<Fact>,
    leaf: Digest,
}

impl ThingView {
    /// What it is called follows from the first of these fields that it has.
    pub fn new(zone: Zone, (what, named): (&str, &[&str]), shown: &crate::proof::packet::Shown) -> Self {
        let named = named.iter().find_map(|field| shown.record[field].as_str());
        Self {
            title: named.map_or_else(|| what.to_owned(), |name| format!("{what}: {}", line(name))),
            facts: facts(&shown.record, zone, &["version"]),
            leaf: shown.leaf,
        }
    }
}
