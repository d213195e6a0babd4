//! The supervisor's queue in two panes: what waits, and the chosen one whole with the form of its decision. After a
//! decision the next one opens.

use askama::Template;

use super::queue::{self, Queue, QueueItem, QueueLine, QueueSort};
use crate::authorizations::{self, RequestPane};
use crate::captures::{self, CapturePane};
use crate::error::{Kind, Result};
use crate::gate::Scope;
use crate::http::WriteRequest;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::reply::Reply;
use crate::packets::{self, ReferralPane};
use crate::policy::Act;

/// The chosen one, whole.
enum ChosenPane {
    Request(Box<RequestPane>),
    Capture(Box<CapturePane>),
    Packet(Box<ReferralPane>),
    /// Nothing waits, or it is not for this person any more.
    Nothing,
}

impl ChosenPane {
    async fn of(page: &PageRequest, item: &QueueItem, action: String) -> Result<Self> {
        let read = match item {
            QueueItem::Authorization(id) => RequestPane::of(page, id, action)
                .await
                .map(|p| Self::Request(Box::new(p))),
            QueueItem::Capture(id) => CapturePane::of(page, id, action)
                .await
                .map(|p| Self::Capture(Box::new(p))),
            QueueItem::Packet(id) => ReferralPane::of(page, id, action)
                .await
                .map(|p| Self::Packet(Box::new(p))),
        };
        match read {
            Err(e) if e.kind == Kind::NotFound => Ok(Self::Nothing),
            read => read,
        }
    }
}

#[derive(Template)]
#[template(path = "home/pages/approvals.html")]
struct ApprovalsPage {
    frame: Frame,
    queue: Queue,
    chosen: Option<QueueItem>,
    pane: ChosenPane,
    /// What was just decided.
    last: Option<String>,
    filters: Vec<(String, String, String, bool)>,
    cursor: Option<String>,
    form: FormView,
}

pub async fn approvals(page: PageRequest) -> Reply {
    approvals_page(&page, FormView::default()).await
}

async fn approvals_page(page: &PageRequest, form: FormView) -> Reply {
    let queue = Queue::asked(page).await?;
    let frame = page.frame("Approvals", Nav::Approvals).await?;
    let chosen = chosen(page, &queue);
    let mut shown = ApprovalsPage {
        filters: filters(&queue),
        cursor: page.query("cursor"),
        last: last(page).await?,
        pane: ChosenPane::Nothing,
        frame,
        queue,
        chosen,
        form,
    };
    if let Some(item) = &shown.chosen {
        shown.pane = ChosenPane::of(page, item, shown.action(item)).await?;
    }
    pages::show(&shown, Some(&shown.form))
}

/// What the address names, or the first of the queue. After a decision, one that is decided already is passed over.
fn chosen(page: &PageRequest, queue: &Queue) -> Option<QueueItem> {
    let named = page.query("at").and_then(|text| QueueItem::read(&text));
    let goes_on = page.query("last").is_some();
    let named = named.filter(|item| !goes_on || queue.place(item).is_some());
    named.or_else(|| queue.lines.first().map(|line| line.item.clone()))
}

/// What became of what was decided last, as it stands now.
async fn last(page: &PageRequest) -> Result<Option<String>> {
    let told = match page.query("last").and_then(|text| QueueItem::read(&text)) {
        Some(QueueItem::Authorization(id)) => RequestPane::of(page, &id, String::new()).await.map(|p| p.outcome()),
        Some(QueueItem::Capture(id)) => captures::outcome(page, &id).await,
        Some(QueueItem::Packet(id)) => ReferralPane::of(page, &id, String::new()).await.map(|p| p.outcome()),
        None => return Ok(None),
    };
    match told {
        Err(e) if e.kind == Kind::NotFound => Ok(None),
        told => told.map(Some),
    }
}

/// The filters: word, count, address, whether it is the one shown.
fn filters(queue: &Queue) -> Vec<(String, String, String, bool)> {
    let known = |sort| match queue.sort {
        Some(shown) if shown != sort => String::new(),
        _ => queue.count(sort),
    };
    let all = match queue.sort {
        None => queue.total(),
        Some(_) => String::new(),
    };
    let first = ("All".to_owned(), all, "/approvals".to_owned(), queue.sort.is_none());
    let sorts = queue::sorts().into_iter().map(|(sort, word)| {
        let address = format!("/approvals?sort={}", sort.as_str());
        (word, known(sort), address, queue.sort == Some(sort))
    });
    std::iter::once(first).chain(sorts).collect()
}

impl ApprovalsPage {
    /// An address of this queue, with what is shown of it now.
    fn address(&self, more: &[(&str, String)]) -> String {
        let sort = self.queue.sort.map(|sort| ("sort", sort.as_str().to_owned()));
        let cursor = self.cursor.clone().map(|cursor| ("cursor", cursor));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(sort.into_iter().chain(cursor)).extend_pairs(more);
        format!("/approvals?{}", query.finish())
    }

    /// The address of a line.
    fn line(&self, line: &QueueLine) -> String {
        self.address(&[("at", line.item.name())])
    }

    /// Where the decision about an item is sent: the address also says which one opens next.
    fn action(&self, item: &QueueItem) -> String {
        let lines = &self.queue.lines;
        let after = self.queue.place(item).map_or(0, |place| place + 1);
        let next = lines.get(after).or_else(|| lines.first()).map(|line| &line.item);
        let next = next.filter(|next| *next != item).map(|next| ("next", next.name()));
        let at = [("at", item.name())];
        self.address(&at.into_iter().chain(next).collect::<Vec<_>>())
    }

    fn is_chosen(&self, line: &QueueLine) -> bool {
        self.chosen.as_ref() == Some(&line.item)
    }

    /// The heading above a line, where one begins there.
    fn heading(&self, place: &usize) -> Option<&'static str> {
        let urgency = |place: usize| self.queue.lines.get(place).map(|line| line.urgency);
        let here = urgency(*place)?;
        let before = place.checked_sub(1).and_then(urgency);
        (before != Some(here)).then(|| here.heading())
    }

    /// The line beside the chosen one.
    fn beside(&self, step: isize) -> Option<String> {
        let place = self.queue.place(self.chosen.as_ref()?)?;
        let line = self.queue.lines.get(place.checked_add_signed(step)?)?;
        Some(self.line(line))
    }

    /// The rest of the sorts that have more.
    fn more(&self) -> Vec<(String, String)> {
        let word = |sort: QueueSort| crate::text::label(sort.as_str()).to_lowercase();
        let rest = self.queue.more.iter().map(|(sort, key)| {
            let from = crate::http::paging::Page::first(50);
            let next = match self.queue.sort {
                Some(_) => from.next_address("/approvals", key) + "&sort=" + sort.as_str(),
                None => format!("/approvals?sort={}", sort.as_str()),
            };
            (format!("More {}", word(*sort)), next)
        });
        rest.collect()
    }

    fn is_held(line: &QueueLine) -> bool {
        line.sort == QueueSort::Held
    }

    fn is_emergency(line: &QueueLine) -> bool {
        line.sort == QueueSort::Emergencies
    }
}

pub async fn decide(request: WriteRequest) -> Reply {
    let page = request.page()?;
    page.app.gate.check(&page.ctx, Act::CaptureList, Scope::Agency).await?;
    let made = decide_item(queue::named(&page)?, request).await;
    let again = async |form| approvals_page(&page, form).await;
    pages::answer(&page.req, made, |()| next(&page), again).await
}

async fn decide_item(item: QueueItem, request: WriteRequest) -> Result<()> {
    match item {
        QueueItem::Authorization(id) => authorizations::decide_shown(id, request).await.map(drop),
        QueueItem::Capture(id) => captures::decide_shown(id, request).await,
        QueueItem::Packet(id) => packets::decide_shown(id, request).await.map(drop),
    }
}

/// The queue again, at the next one, with a word about the one just decided.
fn next(page: &PageRequest) -> String {
    let kept = ["sort", "cursor"].map(|name| (name, page.query(name)));
    let moved = [("at", page.query("next")), ("last", page.query("at"))];
    let pairs = kept
        .into_iter()
        .chain(moved)
        .filter_map(|(name, value)| Some((name, value?)));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("/approvals?{query}")
}
