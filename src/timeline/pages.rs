//! The timeline as a page: a chart, and always a table of the same.

use std::collections::BTreeMap;

use askama::Template;

use super::chart::{Chart, ChartItem, ChartMark, ChartSpan};
use super::reads::{self, FoundTimes, TimelineSearch};
use super::store::{self, CaseMark, TimeRange};
use crate::authorizations::Authorization;
use crate::captures::{Capture, PostedBasis};
use crate::cases::{CasePage, Tab};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::http::PathId;
use crate::http::pages::{self, Frame, PageRequest};
use crate::http::paging::Page;
use crate::http::reply::Reply;
use crate::text::{Moment, Zone, label, line};

/// Captures a page.
const SHOWN: usize = 60;
/// Captures without a time below those that have one; the rest have pages of their own.
const BELOW: i64 = 20;
/// Months that a page offers.
const MONTHS: usize = 24;
/// Characters of a capture's text that a line shows.
const SHORT: usize = 120;
/// Beyond every item's number.
const LAST: i64 = i64::MAX;

/// One capture.
struct TimeLine {
    id: String,
    item: i64,
    title: String,
    happened: Option<Moment>,
    /// What the platform showed, where no time could be made of it.
    shown: Option<String>,
    known_from: String,
    captured: Moment,
    captured_guessed: bool,
}

impl TimeLine {
    fn of(capture: &Capture, zone: Zone) -> Self {
        let said = &capture.particulars;
        let basis = said.posted_at_basis;
        Self {
            id: capture.id.clone(),
            item: capture.item,
            title: title(capture),
            happened: said.posted_at.map(|at| zone.at(at.0)),
            shown: said.platform_time_text.as_deref().map(line),
            known_from: match (basis, said.platform.as_deref().filter(|platform| *platform != "other")) {
                (Some(PostedBasis::Shown), Some(platform)) => format!("Shown by {}", label(platform)),
                (Some(PostedBasis::Shown), None) => "Shown".to_owned(),
                (Some(PostedBasis::Inferred), _) => "Worked out".to_owned(),
                (Some(PostedBasis::Unknown), _) => "Not known".to_owned(),
                (None, _) => "Not noted".to_owned(),
            },
            captured: zone.at(capture.captured_at.0),
            captured_guessed: capture.flags.iter().any(|flag| flag.as_str() == "guessed_time"),
        }
    }
}

/// Whether the platform itself did not show the time.
fn is_guessed(capture: &Capture) -> bool {
    capture.particulars.posted_at_basis != Some(PostedBasis::Shown)
}

fn title(capture: &Capture) -> String {
    let said = capture.particulars.title(capture.kind, SHORT);
    said.unwrap_or_else(|| label(capture.kind.as_str()))
}

/// Something that happened to the case.
struct MarkLine {
    at: Moment,
    what: String,
    address: Option<String>,
    odd: bool,
}

/// From when to when an authorization counts.
struct SpanLine {
    id: String,
    name: String,
    from: Moment,
    to: Moment,
}

/// A month that a press shows.
struct MonthChip {
    address: String,
    name: String,
    count: usize,
    set: bool,
}

#[derive(Template)]
#[template(path = "timeline/pages/timeline.html")]
struct TimelinePage {
    frame: Frame,
    page: CasePage,
    chart: Option<Chart>,
    months: Vec<MonthChip>,
    all: usize,
    lines: Vec<TimeLine>,
    next: Option<String>,
    unknown: Vec<TimeLine>,
    without_time: i64,
    unknown_next: Option<String>,
    closed: i64,
    marks: Vec<MarkLine>,
    spans: Vec<SpanLine>,
    /// Whether the page shows captures without a time alone.
    only_unknown: bool,
    /// Whether it shows one month, or is a later page.
    narrowed: bool,
}

/// What the page's address asks for.
struct TimelineAddress {
    month: Option<String>,
    unknown: bool,
    query: Page,
    search: TimelineSearch,
}

impl TimelineAddress {
    fn read(page: &PageRequest, zone: Zone) -> Result<Self> {
        let query = Page::read(&page.req, &["month", "time"])?.without_empty();
        let month = query.filter("month").map(str::to_owned);
        let wrong = || Error::field("month", "form", "must be a month such as 2026-11");
        let range = month
            .as_deref()
            .map(|month| zone.month_range(month).ok_or_else(wrong))
            .transpose()?;
        let unknown = query.filter("time") == Some("unknown");
        let known_after = query.after.as_deref().filter(|_| !unknown).map(after).transpose()?;
        let unknown_after = query.after.as_deref().filter(|_| unknown);
        let search = TimelineSearch {
            range: TimeRange {
                from: range.map(|(from, _)| from),
                to: range.map(|(_, to)| to),
                after: known_after,
                limit: if unknown { 0 } else { SHOWN as i64 + 1 },
            },
            unknown_before: store::item(unknown_after)?.unwrap_or(LAST),
            unknown_limit: if unknown { SHOWN as i64 + 1 } else { BELOW },
        };
        Ok(Self {
            month,
            unknown,
            query,
            search,
        })
    }
}

/// A cursor: the time and the item of the last line.
fn after(text: &str) -> Result<(Micros, i64)> {
    let parts = text.split_once(' ');
    let read = parts.and_then(|(at, item)| Some((at.parse().ok()?, item.parse().ok()?)));
    read.ok_or_else(|| Error::field("cursor", "from_next", "must be the `next` of the page before"))
}

pub(super) async fn timeline(case: PathId, page: PageRequest) -> Reply {
    pages::show(&TimelinePage::of(&page, case.0).await?, None)
}

impl TimelinePage {
    async fn of(page: &PageRequest, case: String) -> Result<Self> {
        let (frame, case_page) = CasePage::of(page, &case, Tab::Timeline).await?;
        let asked = TimelineAddress::read(page, case_page.zone)?;
        let found = reads::timeline(&page.app.gate, &page.ctx, case, asked.search.clone()).await?;
        Ok(Self::shown(frame, case_page, &asked, found))
    }

    fn shown(frame: Frame, page: CasePage, asked: &TimelineAddress, mut found: FoundTimes) -> Self {
        let (zone, path) = (page.zone, format!("/cases/{}/timeline", page.case.id));
        let next = cut(&mut found.known, |c| format!("{} {}", happened(c), c.item));
        let unknown_next = match asked.unknown {
            true => cut(&mut found.unknown, |c| c.item.to_string()),
            false => None,
        };
        let address = |key: String| asked.query.next_address(&path, &key);
        let marks = marks(&found, asked, zone);
        let spans = spans(&found.authorizations, zone);
        let narrowed = asked.month.is_some() || asked.query.after.is_some();
        Self {
            chart: chart(&found.known, &marks, &found.authorizations, zone),
            months: months(&found.times, asked.month.as_deref(), &path, zone),
            all: found.times.len(),
            lines: found.known.iter().map(|c| TimeLine::of(c, zone)).collect(),
            next: next.map(address),
            unknown: found.unknown.iter().map(|c| TimeLine::of(c, zone)).collect(),
            without_time: found.without_time,
            unknown_next: unknown_next.map(address),
            closed: found.closed,
            marks: marks.into_iter().map(|(_, line)| line).collect(),
            spans,
            only_unknown: asked.unknown,
            narrowed,
            page,
            frame,
        }
    }
}

/// The key of the page that follows, where there is one more than this page shows.
fn cut(found: &mut Vec<Capture>, key: impl Fn(&Capture) -> String) -> Option<String> {
    let more = found.len() > SHOWN;
    found.truncate(SHOWN);
    found.last().filter(|_| more).map(key)
}

fn happened(capture: &Capture) -> Micros {
    capture.particulars.posted_at.map_or(0, |at| at.0)
}

fn months(times: &[Micros], set: Option<&str>, path: &str, zone: Zone) -> Vec<MonthChip> {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for at in times {
        *counted.entry(zone.month(*at)).or_default() += 1;
    }
    let newest = counted.into_iter().rev().take(MONTHS);
    newest
        .map(|(month, count)| MonthChip {
            address: format!("{path}?month={month}"),
            set: set == Some(&month),
            name: month,
            count,
        })
        .collect()
}

/// What happened to the case, as far as this page reaches.
fn marks(found: &FoundTimes, asked: &TimelineAddress, zone: Zone) -> Vec<(Micros, MarkLine)> {
    let range = &asked.search.range;
    let within = |at: Micros| range.from.is_none_or(|from| at >= from) && range.to.is_none_or(|to| at < to);
    let told = found.marks.iter().filter(|(at, ..)| within(*at));
    told.map(|mark| (mark.0, mark_line(mark, found, zone))).collect()
}

fn mark_line((at, action, thing): &CaseMark, found: &FoundTimes, zone: Zone) -> MarkLine {
    let authorization = found.authorizations.iter().find(|a| a.id == *thing);
    let capture = found.known.iter().chain(&found.unknown).find(|c| c.id == *thing);
    let (name, address) = match (authorization, capture) {
        (Some(a), _) => (format!("A-{}", a.number), Some(format!("/authorizations/{}", a.id))),
        (_, Some(c)) => (format!("Item {}", c.item), Some(format!("/captures/{}", c.id))),
        _ if found.packets.contains(thing) => {
            let address = found.opens_packets.then(|| format!("/packets/{thing}"));
            ("Packet".to_owned(), address)
        }
        _ => ("Case".to_owned(), None),
    };
    let verb = action.split_once('.').map_or(action.as_str(), |(_, verb)| verb);
    let odd = matches!(verb, "quarantined" | "repudiated" | "revoked" | "ratified" | "lapsed");
    MarkLine {
        at: zone.at(*at),
        what: format!("{name} {}", if verb == "issued" { "made" } else { verb }),
        address,
        odd,
    }
}

/// Authorizations that ever counted, from when to when.
fn counting(authorizations: &[Authorization]) -> impl Iterator<Item = (&Authorization, Micros, Micros)> {
    authorizations.iter().filter_map(|a| {
        let from = a.effective_from?.0;
        // One that lapsed came to its end, which is told whatever the time is now.
        let cut_off = a.cut_off(Micros::MIN).map(|(_, at)| at);
        Some((a, from, cut_off.unwrap_or(Micros::MAX).min(a.terms.ends_at.0)))
    })
}

fn span_name(a: &Authorization) -> String {
    let platforms = line(&a.terms.platforms.join(", "));
    let revoked = if a.revoked.is_some() { ", revoked" } else { "" };
    format!("A-{}, {}, {platforms}{revoked}", a.number, a.terms.level.as_str())
}

fn spans(authorizations: &[Authorization], zone: Zone) -> Vec<SpanLine> {
    let told = counting(authorizations).map(|(a, from, to)| SpanLine {
        id: a.id.clone(),
        name: span_name(a),
        from: zone.at(from),
        to: zone.at(to),
    });
    told.collect()
}

fn chart(known: &[Capture], marks: &[(Micros, MarkLine)], leave: &[Authorization], zone: Zone) -> Option<Chart> {
    let items: Vec<ChartItem> = known
        .iter()
        .map(|capture| ChartItem {
            item: capture.item,
            happened: happened(capture),
            captured: capture.captured_at.0,
            guessed: is_guessed(capture),
        })
        .collect();
    let marks: Vec<ChartMark> = marks
        .iter()
        .map(|(at, line)| ChartMark { at: *at, odd: line.odd })
        .collect();
    let spans: Vec<ChartSpan> = counting(leave)
        .map(|(a, from, to)| ChartSpan {
            label: span_name(a),
            from,
            to,
        })
        .collect();
    Chart::of(&items, &marks, &spans, zone)
}
