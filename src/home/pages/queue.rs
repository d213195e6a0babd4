//! What waits for a supervisor: requests, held captures, emergencies and captures to review, gathered over the features'
//! own reads. Each list holds only what this supervisor may decide.

use crate::authorizations::{self, WaitingRequest};
use crate::captures::{self, Capture, WaitingCapture, WaitingSort};
use crate::clock::{HOUR, MINUTE, Micros};
use crate::error::{Error, Result};
use crate::forms::{Word, parse_id};
use crate::http::pages::PageRequest;
use crate::http::paging::Page;
use crate::packets::{self, WaitingReferral};
use crate::subjects::platform_name;
use crate::text::{label, line};
use crate::words;

/// Entries of each sort where all are shown together.
const OF_EACH: usize = 25;

words! {
    /// The sorts of what waits, each a list of its own.
    QueueSort {
        /// Requests for an authorization.
        Authorizations = "authorizations",
        /// Captures that nothing covers.
        Held = "held",
        /// Captures that were self-started for danger to life.
        Emergencies = "emergencies",
        /// Packets that leave for another agency once they are released.
        Referrals = "referrals",
        /// Captures that nobody else has looked at.
        Reviews = "reviews",
    }
}

/// One thing of the queue, as an address names it: `authorization:ID`, `capture:ID` or `packet:ID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueItem {
    Authorization(String),
    Capture(String),
    Packet(String),
}

impl QueueItem {
    /// Reads it from an address.
    pub fn read(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        let id = parse_id(id)?;
        match kind {
            "authorization" => Some(Self::Authorization(id)),
            "capture" => Some(Self::Capture(id)),
            "packet" => Some(Self::Packet(id)),
            _ => None,
        }
    }

    /// As an address names it.
    pub fn name(&self) -> String {
        match self {
            Self::Authorization(id) => format!("authorization:{id}"),
            Self::Capture(id) => format!("capture:{id}"),
            Self::Packet(id) => format!("packet:{id}"),
        }
    }
}

/// How soon something needs its decider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody in danger may depend on it.
    Now,
    /// Somebody waits for it.
    Waiting,
    /// A second look.
    Review,
}

impl Urgency {
    /// Its heading in the list.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Now => "Now",
            Self::Waiting => "Waiting, oldest first",
            Self::Review => "To review, oldest first",
        }
    }
}

/// One line of the queue.
pub struct QueueLine {
    pub item: QueueItem,
    pub sort: QueueSort,
    pub urgency: Urgency,
    pub title: String,
    pub who: String,
    pub kind: String,
    pub number: String,
    pub case: String,
    pub endangered: bool,
    pub since: Micros,
    pub waited: String,
}

impl QueueLine {
    fn of_request(waiting: &WaitingRequest, now: Micros) -> Self {
        let (asked, case) = (&waiting.asked, &waiting.case);
        let platforms: Vec<String> = asked
            .terms
            .platforms
            .iter()
            .map(|platform| platform_name(platform))
            .collect();
        let addition = waiting.addition();
        let (requester, since) = match addition {
            Some(addition) => (&addition.requester, addition.requested_at.0),
            None => (&asked.requester, asked.requested_at.0),
        };
        Self {
            item: QueueItem::Authorization(asked.id.clone()),
            sort: QueueSort::Authorizations,
            urgency: match waiting.is_urgent() {
                true => Urgency::Now,
                false => Urgency::Waiting,
            },
            title: match (addition, &asked.emergency) {
                (Some(addition), _) => format!("A-{}, another account: {}", asked.number, addition.account.called()),
                (None, Some(_)) => format!("Emergency A-{} {}", asked.number, platforms.join(", ")),
                (None, None) => format!("A-{} {}", asked.number, platforms.join(", ")),
            },
            who: line(&requester.name),
            kind: label(case.kind.as_str()).to_lowercase(),
            number: line(&case.number),
            case: line(&case.title),
            endangered: case.is_about_somebody_endangered(),
            since,
            waited: waited(now - since),
        }
    }

    fn of_capture(waiting: &WaitingCapture, sort: QueueSort, now: Micros) -> Self {
        let (capture, case) = (&waiting.stored.capture, &waiting.case);
        let (urgency, title) = match sort {
            QueueSort::Emergencies => (Urgency::Now, format!("Emergency, item {}", capture.item)),
            QueueSort::Reviews => (Urgency::Review, to_review(capture)),
            _ if case.is_about_somebody_endangered() => (Urgency::Now, format!("Item {}, held", capture.item)),
            _ => (Urgency::Waiting, format!("Item {}, held", capture.item)),
        };
        Self {
            item: QueueItem::Capture(capture.id.clone()),
            sort,
            urgency,
            title,
            who: line(&capture.capturer.name),
            kind: label(case.kind.as_str()).to_lowercase(),
            number: line(&case.number),
            case: line(&case.title),
            endangered: urgency != Urgency::Review && case.is_about_somebody_endangered(),
            since: capture.received_at.0,
            waited: waited(now - capture.received_at.0),
        }
    }

    fn of_referral(waiting: &WaitingReferral, now: Micros) -> Result<Self> {
        let (request, case) = (waiting.packet.request()?, &waiting.case);
        let to = request.recipient.as_deref().map(|to| format!(" to {}", line(to)));
        Ok(Self {
            item: QueueItem::Packet(request.id),
            sort: QueueSort::Referrals,
            urgency: Urgency::Waiting,
            title: format!("Referral{}", to.unwrap_or_default()),
            who: line(&request.requested_by.name),
            kind: label(case.kind.as_str()).to_lowercase(),
            number: line(&case.number),
            case: line(&case.title),
            endangered: false,
            since: request.requested_at.0,
            waited: waited(now - request.requested_at.0),
        })
    }

    /// Its address in the queue of all sorts.
    pub fn address(&self) -> String {
        format!("/approvals?at={}", self.item.name())
    }
}

/// A search that found nothing says so: it is reviewed otherwise than a find.
fn to_review(capture: &Capture) -> String {
    if let Some(searched) = capture.particulars.searched(capture.kind, 40) {
        return format!("Item {}: {searched}, to review", capture.item);
    }
    let said = &capture.particulars;
    let platform = said.platform.as_deref().filter(|platform| *platform != "other");
    let on = platform.map(|platform| format!(" on {}", platform_name(platform)));
    let kind = label(capture.kind.as_str()).to_lowercase();
    format!("Item {}, {kind}{}, to review", capture.item, on.unwrap_or_default())
}

/// What waits, in the order in which it is to be decided, and which sorts have more than is shown.
pub struct Queue {
    pub lines: Vec<QueueLine>,
    /// The sort that is shown alone, where one is.
    pub sort: Option<QueueSort>,
    /// The sorts of which more wait than stand here, each with the key that the rest begins after.
    pub more: Vec<(QueueSort, String)>,
}

impl Queue {
    /// The beginning of every sort.
    pub async fn all(page: &PageRequest) -> Result<Self> {
        let mut all = Self {
            lines: Vec::new(),
            sort: None,
            more: Vec::new(),
        };
        for sort in QueueSort::ALL {
            all.take(page, *sort, (None, OF_EACH)).await?;
        }
        Ok(all)
    }

    /// What a page of the queue asks for: one sort from a key on, or the beginning of all.
    pub async fn asked(page: &PageRequest) -> Result<Self> {
        let query = Page::read(&page.req, &["at", "sort", "last", "next"])?;
        let Some(sort) = query.word::<QueueSort>("sort")? else {
            return Self::all(page).await;
        };
        let mut one = Self {
            lines: Vec::new(),
            sort: Some(sort),
            more: Vec::new(),
        };
        one.take(page, sort, (query.after, query.limit)).await?;
        Ok(one)
    }

    async fn take(
        &mut self,
        page: &PageRequest,
        sort: QueueSort,
        (after, limit): (Option<String>, usize),
    ) -> Result<()> {
        let (gate, ctx, now) = (&page.app.gate, &page.ctx, page.app.gate.now());
        let of = match sort {
            QueueSort::Authorizations | QueueSort::Referrals => None,
            QueueSort::Held => Some(WaitingSort::Held),
            QueueSort::Emergencies => Some(WaitingSort::Emergency),
            QueueSort::Reviews => Some(WaitingSort::Review),
        };
        let keys: Vec<(String, QueueLine)> = match of {
            None if sort == QueueSort::Referrals => {
                let found = packets::to_release(gate, ctx, (after, limit + 1)).await?;
                let line = |w: &WaitingReferral| Ok((w.packet.id.clone(), QueueLine::of_referral(w, now)?));
                found.iter().map(line).collect::<Result<_>>()?
            }
            None => {
                let found = authorizations::to_decide(gate, ctx, (after, limit + 1)).await?;
                found.iter().map(|w| (w.key(), QueueLine::of_request(w, now))).collect()
            }
            Some(of) => {
                let found = captures::waiting(gate, ctx, of, (after, limit + 1)).await?;
                let line = |w: &WaitingCapture| (w.stored.capture.id.clone(), QueueLine::of_capture(w, sort, now));
                found.iter().map(line).collect()
            }
        };
        let more = (keys.len() > limit).then(|| keys.get(limit - 1).map(|(key, _)| key.clone()));
        self.more.extend(more.flatten().map(|key| (sort, key)));
        self.lines.extend(keys.into_iter().take(limit).map(|(_, line)| line));
        self.lines.sort_by_key(|line| (line.urgency, line.since));
        Ok(())
    }

    /// What somebody waits for: all but the reviews.
    pub fn awaited(&self) -> Vec<&QueueLine> {
        let lines = self.lines.iter();
        lines.filter(|line| line.urgency != Urgency::Review).collect()
    }

    /// How many of a sort wait, in words, as far as this queue knows.
    pub fn count(&self, sort: QueueSort) -> String {
        let shown = self.lines.iter().filter(|line| line.sort == sort).count();
        match self.more.iter().any(|(of, _)| *of == sort) {
            true => format!("{shown}+"),
            false => shown.to_string(),
        }
    }

    /// How many entries it has, as far as it knows.
    pub fn total(&self) -> String {
        format!("{}{}", self.lines.len(), if self.more.is_empty() { "" } else { "+" })
    }

    /// How many wait, in words: decisions that somebody waits for, and second looks.
    pub fn counted(&self) -> String {
        let more = self.more.iter().any(|(sort, _)| *sort != QueueSort::Reviews);
        let decisions = format!("{}{}", self.awaited().len(), if more { "+" } else { "" });
        match (decisions.as_str(), self.count(QueueSort::Reviews).as_str()) {
            ("0", reviews) => format!("{reviews} to review"),
            (decisions, "0") => format!("{decisions} to decide"),
            (decisions, reviews) => format!("{decisions} to decide, {reviews} to review"),
        }
    }

    /// How long the oldest has waited.
    pub fn oldest(&self) -> Option<&str> {
        self.lines
            .iter()
            .min_by_key(|line| line.since)
            .map(|line| &*line.waited)
    }

    /// The line of an item, by its place.
    pub fn place(&self, item: &QueueItem) -> Option<usize> {
        self.lines.iter().position(|line| line.item == *item)
    }
}

/// What an address's `at` names.
///
/// # Errors
/// Where it names nothing.
pub fn named(page: &PageRequest) -> Result<QueueItem> {
    let asked = page.query("at").unwrap_or_default();
    let message = "must name what is decided, such as authorization:<id>";
    QueueItem::read(&asked).ok_or_else(|| Error::field("at", "form", message))
}

/// A time that somebody waited, in words.
fn waited(time: Micros) -> String {
    match (time / (24 * HOUR), time / HOUR, time / MINUTE) {
        (days @ 2.., ..) => format!("{days} days"),
        (_, hours @ 1.., minutes) => format!("{hours} h {} min", minutes % 60),
        (.., minutes) => format!("{minutes} min"),
    }
}

/// The sorts with the words of their filters.
pub fn sorts() -> Vec<(QueueSort, String)> {
    QueueSort::WORDS
        .iter()
        .map(|(word, sort)| (*sort, label(word)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_as_it_is_named() {
        let id = "019ab1c4-7000-7008-8f21-3c5a7e90f778";
        for item in [QueueItem::Authorization(id.into()), QueueItem::Capture(id.into())] {
            assert_eq!(QueueItem::read(&item.name()), Some(item));
        }
        for wrong in [
            "",
            "capture",
            "capture:",
            "grant:019ab1c4-7000-7008-8f21-3c5a7e90f778",
            "capture:../x",
        ] {
            assert_eq!(QueueItem::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn waiting_is_told_in_words() {
        assert_eq!(waited(59 * MINUTE), "59 min");
        assert_eq!(waited(5 * HOUR + 12 * MINUTE), "5 h 12 min");
        assert_eq!(waited(49 * HOUR), "2 days");
    }
}
