//! The page that asks for a packet: somebody picks exhibits from the case's captures and puts them in order, and sees what
//! is missing before it is built.
//!
//! The form carries the items picked, in their order, as one text. Each of its buttons sends it whole and gets it back
//! changed; nothing is kept here before the packet is asked for.

use std::collections::HashSet;

use askama::Template;

use super::certificates::DraftChoices;
use super::missing::{self, MissingTask, Picked};
use crate::captures::choice::{self, Choice, ChoiceAsked, ChoiceFilter};
use crate::captures::derivatives::{self, DerivativeLine};
use crate::captures::{BasisKind, CaptureState, CaptureView};
use crate::cases::{CasePage, Rights, Tab, words};
use crate::error::{Error, Kind, Result};
use crate::forms::{Form, parse_id};
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::paging::Page;
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::packets::model::{PacketState, Purpose};
use crate::packets::selection::{Selection, SelectionStep};
use crate::packets::since::NewSince;
use crate::packets::supplement::CaptureSince;
use crate::packets::{lists, reads};
use crate::text::{Moment, counted, label, line, short_size};

/// Captures a page.
const SHOWN: usize = 60;
/// Packets of the case from which the earlier one of a supplement is chosen.
const EARLIER: usize = 200;
/// Exhibits of the order on one page.
const WINDOW: usize = 100;

/// A capture among those to pick from.
struct PickRow {
    id: String,
    item: i64,
    title: String,
    kind: String,
    captured: Moment,
    state: CaptureState,
    state_name: String,
    /// Whether its last review returned it, and nobody has corrected it since.
    returned: bool,
    /// Whether nothing covered it when it was logged.
    uncovered: bool,
    size: Option<String>,
    ticked: bool,
}

/// An exhibit in its place.
struct OrderRow {
    /// Its number among the exhibits.
    number: usize,
    item: i64,
    title: String,
    size: String,
}

#[derive(Template)]
#[template(path = "packets/pages/choose.html")]
struct ChoosePage {
    frame: Frame,
    page: CasePage,
    form: FormView,
    purposes: Vec<(&'static str, String)>,
    drafts: DraftChoices,
    kinds: Vec<(&'static str, String)>,
    platforms: Vec<(String, String)>,
    states: Vec<(&'static str, String)>,
    picking: Picking,
    rows: Vec<PickRow>,
    /// The items on this page that may be ticked.
    shown: String,
    /// The last item of this page, where more follow.
    next: Option<i64>,
    matching: i64,
    order: Vec<OrderRow>,
    count: usize,
    /// Bytes of all exhibits' files.
    size: String,
    missing: Vec<MissingTask>,
    stops: bool,
    /// Redacted copies of what is chosen.
    redactions: Vec<DerivativeLine>,
    inventory: Vec<(i64, &'static str)>,
    total: i64,
    /// Packets of the case that are issued, to which a supplement may add.
    earlier: Vec<(String, String)>,
    /// How many of the exhibits picked were added and changed since the earlier packet, and which are not new.
    difference: Option<PickedDifference>,
}

/// How what is picked differs from the earlier packet.
struct PickedDifference {
    added: String,
    changed: String,
    /// Items picked that are not new.
    old: Vec<i64>,
}

impl PickedDifference {
    fn of(new: &[CaptureSince], picked: &Selection) -> Self {
        let of = |since: NewSince| {
            new.iter()
                .filter(|one| one.since == since && picked.has(one.item))
                .count() as u64
        };
        let is_new: HashSet<i64> = new.iter().map(|one| one.item).collect();
        Self {
            added: counted(of(NewSince::Added), "exhibit is", "exhibits are"),
            changed: counted(of(NewSince::Changed), "exhibit was", "exhibits were"),
            old: picked
                .items()
                .iter()
                .copied()
                .filter(|item| !is_new.contains(item))
                .collect(),
        }
    }
}

/// What the form carries.
struct Picking {
    filter: ChoiceFilter,
    after: i64,
    /// Exhibits of the order that come before those shown.
    before: usize,
    selection: Selection,
    /// The selection as text, or what was typed where it is none.
    text: String,
    /// The packet to which a supplement adds.
    earlier: Option<String>,
}

impl Picking {
    /// As the form says, with the ticks of its page and the step of the button that sent it.
    async fn of(page: &PageRequest, case: &str, form: &mut FormView) -> Result<Self> {
        let word = |name: &str| Some(form.value(name).to_owned()).filter(|value| !value.is_empty());
        let number = |name: &str| form.value(name).parse().unwrap_or(0_i64).max(0);
        let mut picking = Self {
            filter: ChoiceFilter {
                kind: word("kind"),
                platform: word("platform"),
                state: word("state"),
            },
            after: number("after"),
            before: usize::try_from(number("before")).unwrap_or(0),
            selection: Selection::default(),
            text: form.value("items").to_owned(),
            earlier: word("supplement_of").and_then(|id| parse_id(&id)),
        };
        let button = form.value("do").to_owned();
        match Selection::parse(&picking.text) {
            Ok(selection) => picking.selection = selection,
            // What was picked before stands, and so does what was typed.
            Err(wrong) => {
                if form.error("items").is_none() {
                    form.refuse("items", "whole_number", wrong);
                }
                picking.selection = Selection::parse(form.value("was")).unwrap_or_default();
                ticks(form, &mut picking.selection);
                return Ok(picking);
            }
        }
        ticks(form, &mut picking.selection);
        picking.turn(&button);
        picking.step(page, case, &button).await?;
        Ok(picking)
    }

    /// Turns pages, and begins a list anew whose filter changed.
    fn turn(&mut self, button: &str) {
        match button
            .split_once(' ')
            .map(|(verb, at)| (verb, at.parse::<i64>().unwrap_or(0)))
        {
            Some(("after", at)) => self.after = at,
            Some(("before", at)) => self.before = usize::try_from(at).unwrap_or(0),
            _ if button == "filter" => self.after = 0,
            _ => {}
        }
    }

    async fn step(&mut self, page: &PageRequest, case: &str, button: &str) -> Result<()> {
        if let Some(step) = SelectionStep::from_button(button) {
            let fitting = match step {
                SelectionStep::All | SelectionStep::Drop => {
                    choice::matching(&page.app.gate, &page.ctx, case.to_owned(), self.filter.clone()).await?
                }
                SelectionStep::New => {
                    let new = self.new_since(page).await?;
                    new.iter().map(|new| new.item).collect()
                }
                _ => Vec::new(),
            };
            self.selection.step(&step, &fitting);
        }
        self.text = self.selection.text();
        self.before = self
            .before
            .min(self.selection.items().len().saturating_sub(1) / WINDOW * WINDOW);
        Ok(())
    }

    /// What is new since the earlier packet that the form names; nothing where it names none.
    async fn new_since(&self, page: &PageRequest) -> Result<Vec<CaptureSince>> {
        let Some(earlier) = &self.earlier else {
            return Ok(Vec::new());
        };
        match reads::difference(&page.app.gate, &page.ctx, earlier.clone()).await {
            Ok(difference) => Ok(difference.captures),
            Err(e) if matches!(e.kind, Kind::NotFound | Kind::Conflict | Kind::Forbidden) => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }

    fn asked(&self) -> ChoiceAsked {
        ChoiceAsked {
            filter: self.filter.clone(),
            after: self.after,
            limit: SHOWN,
            picked: self.selection.items().to_vec(),
            picked_text: self.text.clone(),
        }
    }

    fn is(&self, filter: &str, value: &str) -> bool {
        let set = match filter {
            "kind" => &self.filter.kind,
            "platform" => &self.filter.platform,
            _ => &self.filter.state,
        };
        set.as_deref() == Some(value)
    }

    fn is_filtered(&self) -> bool {
        let ChoiceFilter { kind, platform, state } = &self.filter;
        kind.is_some() || platform.is_some() || state.is_some()
    }
}

pub async fn new_form(case: PathId, page: PageRequest) -> Reply {
    let act = lists::reads::act_for_any(&page.app.gate, &page.ctx, case.0.clone()).await?;
    let scope = Scope::Case(case.0.clone());
    page.app.gate.check(&page.ctx, act, scope).await?;
    choose_page(&page, case.0, FormView::default()).await
}

pub async fn step(case: PathId, mut request: WriteRequest) -> Reply {
    let act = lists::reads::act_for_any(&request.app.gate, &request.ctx, case.0.clone()).await?;
    request.check(act, &Scope::Case(case.0.clone())).await?;
    let page = request.page()?;
    // What the form says is kept with its request, and read from there.
    request.plain_form().await?;
    let form = FormView::as_sent(&page.req);
    choose_page(&page, case.0, form).await
}

pub async fn choose_page(page: &PageRequest, case: String, mut form: FormView) -> Reply {
    let (mut frame, case_page) = CasePage::of(page, &case, Tab::Packets).await?;
    frame.title = format!("Build a packet, {}", case_page.case.number);
    let picking = Picking::of(page, &case, &mut form).await?;
    let earlier = issued(page, case.clone()).await?;
    let found = choice::choice(&page.app.gate, &page.ctx, case, picking.asked()).await?;
    refuse_unknown(&mut form, &picking, &found);
    let new = match picking.earlier {
        Some(_) => Some(picking.new_since(page).await?),
        None => None,
    };
    let chosen: HashSet<String> = found.picked.iter().map(|view| view.outline().id.clone()).collect();
    let redactions = redactions(page, &case_page, &chosen).await?;
    let flagged = missing::flagged(page, case_page.case.id.clone()).await?;
    let mut shown = ChoosePage::of(frame, case_page, (form, picking, DraftChoices::of(page)?), found);
    shown.redactions = redactions;
    shown.missing.extend(flagged);
    shown.earlier = earlier;
    shown.difference = new.map(|new| PickedDifference::of(&new, &shown.picking.selection));
    pages::show(&shown, Some(&shown.form))
}

/// The packets of a case that are issued, the newest first: id and name.
pub async fn issued(page: &PageRequest, case: String) -> Result<Vec<(String, String)>> {
    let packets = reads::of_case(&page.app.gate, &page.ctx, case, &Page::first(EARLIER)).await?;
    let ready = packets
        .iter()
        .rev()
        .filter(|packet| packet.state == PacketState::Ready.as_str());
    Ok(ready.map(|packet| (packet.id.clone(), line(&packet.name))).collect())
}

/// The redacted copies of these captures.
pub async fn redactions(page: &PageRequest, case: &CasePage, of: &HashSet<String>) -> Result<Vec<DerivativeLine>> {
    let all = derivatives::reads::for_packets(&page.app.gate, &page.ctx, case.case.id.clone()).await?;
    let those = all.iter().filter(|made| of.contains(&made.capture.id));
    Ok(those.map(|made| DerivativeLine::of(made, case)).collect())
}

/// Says which items picked are none of this case.
fn refuse_unknown(form: &mut FormView, picking: &Picking, found: &Choice) {
    let known: HashSet<i64> = found.picked.iter().map(|view| view.outline().item).collect();
    let items = picking.selection.items().iter();
    if let Some(item) = items.copied().find(|item| !known.contains(item))
        && form.error("items").is_none()
    {
        let message = format!("names item {item}, which is none of this case: take it out");
        form.refuse("items", "exists", message);
    }
}

impl ChoosePage {
    fn of(
        frame: Frame,
        page: CasePage,
        (form, picking, drafts): (FormView, Picking, DraftChoices),
        mut found: Choice,
    ) -> Self {
        let more = found.shown.len() > SHOWN;
        found.shown.truncate(SHOWN);
        let rows: Vec<PickRow> = found.shown.iter().map(|view| pick_row(view, &page, &picking)).collect();
        let last = rows.last().map(|row| row.item);
        let offered = rows
            .iter()
            .filter(|row| row.state.may_leave())
            .map(|row| row.item.to_string());
        let picked = Picked::of(&found.picked);
        let mut missing = missing::tasks(&page, &picked, form.value("recipient"));
        missing.extend(missing::for_jers(&found.picked, &form));
        Self {
            purposes: purposes(&page.rights),
            drafts,
            kinds: choice::kinds(),
            platforms: found.platforms.iter().map(|p| (p.clone(), label(p))).collect(),
            states: words::<CaptureState>(),
            shown: offered.collect::<Vec<_>>().join(" "),
            next: last.filter(|_| more),
            matching: found.matching,
            order: order(&found.picked, picking.before),
            count: found.picked.len(),
            size: short_size(found.picked.iter().map(bytes).sum()),
            stops: missing.iter().any(|task| task.stops),
            missing,
            redactions: Vec::new(),
            inventory: inventory(&found.tally, &picked),
            total: found.tally.iter().map(|(_, n)| n).sum(),
            rows,
            earlier: Vec::new(),
            difference: None,
            picking,
            frame,
            page,
            form,
        }
    }

    /// The first and the last exhibit shown of the order.
    fn window(&self) -> (usize, usize) {
        (self.picking.before + 1, self.picking.before + self.order.len())
    }

    /// How many exhibits of the order come before the page after this one, where there is one.
    fn later(&self) -> Option<usize> {
        let end = self.picking.before + self.order.len();
        (end < self.count).then_some(end)
    }

    fn earlier(&self) -> Option<usize> {
        (self.picking.before > 0).then(|| self.picking.before.saturating_sub(WINDOW))
    }
}

/// The purposes for which the reader may ask.
fn purposes(rights: &Rights) -> Vec<(&'static str, String)> {
    let all = words::<Purpose>().into_iter();
    all.filter(|(word, _)| match *word == Purpose::Referral.as_str() {
        true => rights.refers,
        false => rights.exports,
    })
    .collect()
}

fn pick_row(view: &CaptureView, page: &CasePage, picking: &Picking) -> PickRow {
    let outline = view.outline();
    let open = match view {
        CaptureView::Open(open) => Some(open),
        CaptureView::Withheld(_) => None,
    };
    PickRow {
        returned: open.is_some_and(|open| open.returned().is_some() && !open.is_corrected_since_review()),
        uncovered: open.is_some_and(|open| open.basis.kind == BasisKind::Exception),
        id: outline.id.clone(),
        item: outline.item,
        title: title(view),
        kind: kind(view),
        captured: page.at(outline.captured_at.0),
        state: outline.state,
        state_name: label(outline.state.as_str()),
        size: matches!(view, CaptureView::Open(_)).then(|| size_of(view)),
        ticked: picking.selection.has(outline.item),
    }
}

fn order(picked: &[CaptureView], before: usize) -> Vec<OrderRow> {
    let row = |(number, view): (usize, &CaptureView)| OrderRow {
        number,
        item: view.outline().item,
        title: title(view),
        size: size_of(view),
    };
    (1..).zip(picked).skip(before).take(WINDOW).map(row).collect()
}

fn kind(view: &CaptureView) -> String {
    let kind = label(view.outline().kind.as_str());
    let platform = match view {
        CaptureView::Open(open) => open.particulars.platform.as_deref(),
        CaptureView::Withheld(_) => None,
    };
    platform.map_or(kind.clone(), |platform| format!("{kind}, {}", label(platform)))
}

/// Its text, else its address, else what it is.
pub fn title(view: &CaptureView) -> String {
    const MOST: usize = 80;
    let said = match view {
        CaptureView::Open(open) => open.particulars.title(open.outline.kind, MOST),
        CaptureView::Withheld(_) => None,
    };
    said.unwrap_or_else(|| kind(view))
}

fn bytes(view: &CaptureView) -> u64 {
    match view {
        CaptureView::Open(open) => open.files.iter().filter(|f| f.withheld.is_none()).map(|f| f.size).sum(),
        CaptureView::Withheld(_) => 0,
    }
}

/// The size of its files; a lookup or a link may have none.
fn size_of(view: &CaptureView) -> String {
    let has_file = match view {
        CaptureView::Open(open) => !open.files.is_empty(),
        CaptureView::Withheld(held) => !held.files.is_empty(),
    };
    match has_file {
        true => short_size(bytes(view)),
        false => "no file".into(),
    }
}

/// What the inventory will say of all captures.
fn inventory(tally: &[(CaptureState, i64)], picked: &Picked<'_>) -> Vec<(i64, &'static str)> {
    let of = |state: CaptureState| tally.iter().filter(|(s, _)| *s == state).map(|(_, n)| *n).sum::<i64>();
    let included = i64::try_from(picked.open()).unwrap_or(i64::MAX);
    let may_leave = of(CaptureState::Logged) + of(CaptureState::Reviewed);
    let rows = [
        (included, "included"),
        (may_leave - included, "not selected"),
        (of(CaptureState::Held), "held, with their hashes"),
        (of(CaptureState::Quarantined), "quarantined"),
    ];
    rows.into_iter()
        .filter(|(n, word)| *n > 0 || *word == "included")
        .collect()
}

/// Puts the ids of the items that a page's form names in the place of what API calls name: `captures`, in the order of the
/// exhibits. Takes out what only this page needs.
pub async fn name_captures(page: &PageRequest, case: &str, mut form: Form) -> Result<Form> {
    for own in [
        "shown", "was", "pick", "after", "before", "kind", "platform", "state", "do",
    ] {
        form.value(own);
    }
    let typed = form.value("items").and_then(|value| value.as_str().map(str::to_owned));
    let refused = |rule: &str, message: String| Error::field("items", rule, message);
    let mut selection = Selection::parse(&typed.unwrap_or_default()).map_err(|wrong| refused("whole_number", wrong))?;
    ticks(&FormView::as_sent(&page.req), &mut selection);
    if selection.items().is_empty() {
        let message = "names no item: tick at least one, or press Choose all";
        return Err(refused("not_empty", message.to_owned()));
    }
    let items = selection.items().to_vec();
    let found = choice::ids_of_items(&page.app.gate, &page.ctx, case.to_owned(), items.clone()).await?;
    let id = |item: &i64| {
        let unknown = || {
            refused(
                "unknown",
                format!("names item {item}, which is none of this case: take it out"),
            )
        };
        found.get(item).cloned().ok_or_else(unknown)
    };
    form.put_list("captures", items.iter().map(id).collect::<Result<_>>()?);
    Ok(form)
}

/// Takes the ticks of the page that sent the form into what is picked.
fn ticks(form: &FormView, selection: &mut Selection) {
    let read = |name: &str| Selection::parse(form.value(name)).unwrap_or_default();
    let ticked: Vec<i64> = form.values("pick[]").filter_map(|item| item.parse().ok()).collect();
    selection.tick(&read("was"), read("shown").items(), &ticked);
}

/// Tells by items what was refused by the places of captures in the list.
pub fn told_by_items(page: &PageRequest, mut e: Error) -> Error {
    let form = FormView::as_sent(&page.req);
    let mut selection = Selection::parse(form.value("items")).unwrap_or_default();
    ticks(&form, &mut selection);
    for error in &mut e.errors {
        let place = error
            .field
            .strip_prefix("captures[")
            .and_then(|rest| rest.strip_suffix(']'));
        let item = place.and_then(|n| selection.items().get(n.parse::<usize>().ok()?));
        if let Some(item) = item {
            error.message = format!("names item {item}, which {}", error.message);
            error.field = "items".into();
        }
        if error.field.starts_with("redactions[") {
            error.field = "redactions".into();
        }
    }
    e
}
