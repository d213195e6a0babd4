//! The chart above the timeline's table: what happened on the upper line, with a measure of its own; below it when that was
//! captured, what happened to the case, and from when to when authorizations counted. The table says the same in words.

use crate::clock::{DAY, HOUR, MINUTE, Micros};
use crate::text::{Reach, Zone};

const LEFT: i64 = 130;
const RIGHT: i64 = 1160;
/// Dots that stand closer than this share a label.
const LABEL: i64 = 26;
/// Numbers in one label.
const NAMED: usize = 4;
/// Pixels that the words of a mark along an axis need.
const WORDS: i64 = 70;
const HAPPENED: i64 = 76;
const CAPTURED: i64 = 160;
const BARS: i64 = 244;
const BAR: i64 = 22;
/// Bars at the most.
const BARS_SHOWN: usize = 6;
/// Marks along an axis at the most.
const TICKS: i64 = 8;
/// How far apart marks may stand.
const STEPS: &[Micros] = &[
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    90 * DAY,
    180 * DAY,
    365 * DAY,
    1825 * DAY,
    3650 * DAY,
];

/// An item in the chart.
pub struct ChartItem {
    pub item: i64,
    pub happened: Micros,
    pub captured: Micros,
    /// Whether its time is not one that the platform showed.
    pub guessed: bool,
}

/// Something from a time to another.
pub struct ChartSpan {
    pub label: String,
    pub from: Micros,
    pub to: Micros,
}

/// Something that happened to the case.
pub struct ChartMark {
    pub at: Micros,
    pub odd: bool,
}

/// A mark along an axis.
pub struct Tick {
    pub x: i64,
    pub label: String,
}

/// Where an item stands, above and below.
pub struct ChartDot {
    pub x: i64,
    pub y: i64,
    pub class: &'static str,
}

/// The numbers of items that stand at one place.
pub struct ChartLabel {
    pub x: i64,
    pub y: i64,
    pub text: String,
}

/// A line that joins what happened with its capture.
pub struct ChartLink {
    pub from: i64,
    pub to: i64,
}

/// A bar.
pub struct ChartBar {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub label: String,
}

/// The chart as it is drawn.
pub struct Chart {
    pub height: i64,
    pub upper: Vec<Tick>,
    pub lower: Vec<Tick>,
    pub dots: Vec<ChartDot>,
    pub labels: Vec<ChartLabel>,
    pub links: Vec<ChartLink>,
    pub marks: Vec<(i64, &'static str)>,
    pub bars: Vec<ChartBar>,
    pub more_bars: usize,
}

/// A measure of time along the chart.
#[derive(Debug, Clone, Copy)]
struct Scale {
    from: Micros,
    to: Micros,
}

impl Scale {
    /// From the first to the last of these times, with some room beside them; `None` without any.
    fn over(times: impl Iterator<Item = Micros> + Clone) -> Option<Self> {
        let (first, last) = (times.clone().min()?, times.max()?);
        let room = ((last - first) / 40).max(10 * MINUTE);
        Some(Self {
            from: first - room,
            to: last + room,
        })
    }

    fn x(self, at: Micros) -> i64 {
        let at = at.clamp(self.from, self.to);
        let along = i128::from(at - self.from) * i128::from(RIGHT - LEFT) / i128::from(self.to - self.from);
        LEFT + i64::try_from(along).unwrap_or_default()
    }

    /// Marks at round times of the zone.
    fn ticks(self, zone: Zone) -> Vec<Tick> {
        let fits = |step: &&Micros| (self.to - self.from) / **step < TICKS;
        let step = *STEPS.iter().find(fits).unwrap_or(&(36_500 * DAY));
        // Counted as the zone's clocks show it: where they are changed, a day has 23 or 25 hours.
        let first = (self.from + zone.offset(self.from)).div_euclid(step) * step + step;
        let times = (0..TICKS)
            .map(|n| zone.instant(first + n * step))
            .take_while(|at| *at < self.to);
        times
            .filter(|at| self.x(*at) < RIGHT - WORDS)
            .map(|at| Tick {
                x: self.x(at),
                label: match step {
                    step if step < DAY => zone.short_time(at),
                    step if step < 90 * DAY => zone.short_day(at, Reach::Days),
                    _ => zone.short_day(at, Reach::Years),
                },
            })
            .collect()
    }
}

/// Dots along one line. Those that stand close together have their numbers in one label, as far as there is room.
fn dots(all: &[(i64, i64, &'static str)], y: i64, label_y: i64) -> (Vec<ChartDot>, Vec<ChartLabel>) {
    let mut sorted = all.to_vec();
    sorted.sort_unstable();
    let dots = sorted.iter().map(|(x, _, class)| ChartDot { x: *x, y, class });
    let close = |a: &(i64, i64, &str), b: &(i64, i64, &str)| b.0 - a.0 < LABEL;
    let labels = sorted.chunk_by(close).map(|group| label_of(group, label_y));
    (dots.collect(), labels.collect())
}

fn label_of(group: &[(i64, i64, &'static str)], y: i64) -> ChartLabel {
    let named: Vec<String> = group.iter().take(NAMED).map(|(_, item, _)| item.to_string()).collect();
    let more = group.len().saturating_sub(NAMED);
    let (first, last) = (group.first().map_or(LEFT, |d| d.0), group.last().map_or(LEFT, |d| d.0));
    ChartLabel {
        x: (first + last) / 2,
        y,
        text: match more {
            0 => named.join(", "),
            more => format!("{} +{more}", named.join(", ")),
        },
    }
}

impl Chart {
    /// Of the items of a page, with what happened to the case; `None` without an item.
    pub fn of(items: &[ChartItem], marks: &[ChartMark], spans: &[ChartSpan], zone: Zone) -> Option<Self> {
        let upper = Scale::over(items.iter().map(|item| item.happened))?;
        let lower = Scale::over(
            items
                .iter()
                .map(|item| item.captured)
                .chain(marks.iter().map(|mark| mark.at)),
        )?;
        let class = |item: &ChartItem| {
            if item.guessed {
                "happened is-guessed"
            } else {
                "happened"
            }
        };
        let above: Vec<_> = items.iter().map(|i| (upper.x(i.happened), i.item, class(i))).collect();
        let below: Vec<_> = items
            .iter()
            .map(|i| (lower.x(i.captured), i.item, "captured"))
            .collect();
        let (mut all, mut labels) = dots(&above, HAPPENED, HAPPENED - 16);
        let (others, below) = dots(&below, CAPTURED, CAPTURED + 24);
        all.extend(others);
        labels.extend(below);
        let within: Vec<&ChartSpan> = spans
            .iter()
            .filter(|s| s.from < lower.to && s.to > lower.from)
            .collect();
        let bars: Vec<ChartBar> = within
            .iter()
            .take(BARS_SHOWN)
            .zip(0..)
            .map(|(span, n)| bar(span, n, lower))
            .collect();
        Some(Self {
            height: BARS + BAR * i64::try_from(bars.len()).unwrap_or_default() + 26,
            upper: upper.ticks(zone),
            lower: lower.ticks(zone),
            links: items
                .iter()
                .map(|i| ChartLink {
                    from: upper.x(i.happened),
                    to: lower.x(i.captured),
                })
                .collect(),
            marks: marks
                .iter()
                .map(|m| (lower.x(m.at), if m.odd { "key" } else { "mark" }))
                .collect(),
            more_bars: within.len() - bars.len(),
            dots: all,
            labels,
            bars,
        })
    }
}

fn bar(span: &ChartSpan, n: i64, scale: Scale) -> ChartBar {
    let (from, to) = (scale.x(span.from), scale.x(span.to));
    ChartBar {
        x: from,
        y: BARS + n * BAR,
        width: (to - from).max(3),
        label: span.label.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_stands_within_the_chart() {
        let item = |item, happened, captured| ChartItem {
            item,
            happened,
            captured,
            guessed: false,
        };
        let items = [item(1, 0, 2_000_000 * DAY / 100), item(2, 50 * 365 * DAY, 20_000 * DAY)];
        let spans = [ChartSpan {
            label: "A-1".to_owned(),
            from: i64::MIN / 2,
            to: i64::MAX / 2,
        }];
        let chart = Chart::of(&items, &[], &spans, Zone::named(None)).expect("a chart");
        let inside = |x: i64| (LEFT..=RIGHT).contains(&x);
        assert!(chart.dots.iter().all(|dot| inside(dot.x)));
        assert!(chart.bars.iter().all(|bar| inside(bar.x) && inside(bar.x + bar.width)));
        assert!(!chart.upper.is_empty() && chart.upper.len() <= 8);
        assert!(Chart::of(&[], &[], &spans, Zone::named(None)).is_none());
    }

    #[test]
    fn marks_stand_at_round_times_of_the_zone() {
        let zone = Zone::named(Some("America/New_York"));
        let at = |text| crate::clock::parse(text).expect("a time");
        let scale = Scale::over([at("2026-10-31T00:10:00Z"), at("2026-10-31T05:00:00Z")].into_iter()).expect("a scale");
        let labels: Vec<String> = scale.ticks(zone).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels[0], "30 Oct, 21:00");
        assert!(labels.contains(&"31 Oct, 00:00".to_owned()));
    }

    #[test]
    fn marks_stand_at_midnight_after_the_clocks_were_changed() {
        let zone = Zone::named(Some("America/New_York"));
        let at = |text| crate::clock::parse(text).expect("a time");
        let times = [at("2026-10-30T23:48:00Z"), at("2026-11-12T23:22:00Z")];
        let scale = Scale::over(times.into_iter()).expect("a scale");
        let ticks = scale.ticks(zone);
        let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels[..4], ["1 Nov", "3 Nov", "5 Nov", "7 Nov"]);
        // The clocks were set back on 1 November: each later day begins at 5 o'clock UTC.
        let day = ticks
            .iter()
            .find(|tick| tick.label == "9 Nov")
            .expect("the mark of the day");
        assert_eq!(day.x, scale.x(at("2026-11-09T05:00:00Z")));
    }

    #[test]
    fn numbers_that_stand_close_share_a_label() {
        let all: Vec<_> = [100, 110, 140, 300, 305, 310, 315, 320]
            .into_iter()
            .zip(1..)
            .map(|(x, n)| (x, n, "a"))
            .collect();
        let (dots, labels) = dots(&all, 0, 0);
        let shown: Vec<_> = labels.iter().map(|label| (label.x, label.text.as_str())).collect();
        assert_eq!(shown, [(105, "1, 2"), (140, "3"), (310, "4, 5, 6, 7 +1")]);
        assert_eq!(dots.len(), 8);
    }
}
