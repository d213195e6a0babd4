//! The page of an exhibit list: numbers, titles and descriptions of its exhibits, what is missing, and the button that asks
//! for the packet. A list of many exhibits is shown some at a time; the others stay as they are.

use std::collections::{HashMap, HashSet};

use askama::Template;

use super::certificates::DraftChoices;
use super::choose::{self, title};
use crate::captures::choice::{self, ChoiceAsked};
use crate::captures::derivatives::DerivativeLine;
use crate::cases::{CasePage, Tab};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, parse_id};
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathId, PathIds, WriteRequest};
use crate::packets::lists::missing::{MissingAnswer, MissingItem};
use crate::packets::lists::model::{ExhibitList, ListChange, ListStep, ListedExhibit};
use crate::packets::lists::requested::MissingKind;
use crate::packets::lists::{api, reads};
use crate::packets::model::Purpose;
use crate::text::{Moment, counted, label};

/// Exhibits of a list on one page.
const WINDOW: usize = 50;
/// Items named of one kind of what is missing.
const NAMED: usize = 8;

/// An exhibit as the form shows it.
struct ExhibitFields {
    /// Its place among the rows of the form, from 0.
    place: usize,
    /// Its place among the exhibits, from 1.
    nth: usize,
    capture: String,
    item: i64,
    /// What the record says of it.
    said: String,
    first: bool,
    last: bool,
}

impl ExhibitFields {
    /// The name of one of its fields.
    fn field(&self, name: &str) -> String {
        format!("exhibits[{}].{name}", self.place)
    }
}

/// What is missing, in words.
struct MissingRow {
    class: &'static str,
    icon: &'static str,
    what: String,
    says: String,
    answer: String,
}

#[derive(Template)]
#[template(path = "packets/pages/exhibits.html")]
struct ExhibitsPage {
    frame: Frame,
    page: CasePage,
    form: FormView,
    list: ExhibitList,
    purpose: String,
    /// The packets to which a supplement of this list may add.
    earlier: Vec<(String, String)>,
    drafts: DraftChoices,
    saved: Moment,
    rows: Vec<ExhibitFields>,
    /// Exhibits before those shown.
    before: usize,
    count: String,
    missing: Vec<MissingRow>,
    stops: bool,
    /// Redacted copies of its exhibits.
    redactions: Vec<DerivativeLine>,
}

impl ExhibitsPage {
    fn earlier(&self) -> Option<usize> {
        (self.before > 0).then(|| self.before.saturating_sub(WINDOW))
    }

    fn later(&self) -> Option<usize> {
        let end = self.before + self.rows.len();
        (end < self.list.exhibits.len()).then_some(end)
    }

    fn action(&self) -> String {
        format!("/cases/{}/exhibit-lists/{}", self.page.case.id, self.list.id)
    }
}

/// `GET /cases/{id}/exhibit-lists/{list_id}`
pub async fn list(PathIds(case, id): PathIds, page: PageRequest) -> Reply {
    show(&page, (case, id), None).await
}

/// `POST /cases/{id}/exhibit-lists`: a new list of the items picked on the page before.
pub async fn add(case: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::save_new(case.0.clone(), request, async |form| {
        let form = choose::name_captures(&page, &case.0, form).await?;
        named(form)
    })
    .await;
    let made = made.map_err(|e| choose::told_by_items(&page, e));
    let address = |made: ExhibitList| address(&made, "list-saved");
    let again = async |form| choose::choose_page(&page, case.0.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}

/// A list's first version from what the page picks: a name that says what for, and the captures.
fn named(mut form: Form) -> Result<Form> {
    // To which packet a supplement adds is said when it is asked for.
    form.value("supplement_of");
    // They are named when the packet is asked for.
    for own in ["redactions", "duplicates", "profiles"] {
        form.value(own);
    }
    let recipient = form.text("recipient", LINE);
    let purpose = form.peek("purpose").map(label).unwrap_or_default();
    let name = recipient.map_or(purpose.clone(), |recipient| format!("{purpose}, {}", recipient.trim()));
    form.put("name", name.chars().take(LINE).collect());
    let ids = form.texts("captures", usize::MAX, 64);
    let rows = ids.into_iter().map(|id| vec![("capture", id)]).collect();
    form.put_objects("exhibits", rows);
    Ok(form)
}

/// `POST /cases/{id}/exhibit-lists/{list_id}`: saves the exhibits shown, with the step of the button that sent it.
pub async fn save(PathIds(case, id): PathIds, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::save_next(PathIds(case.clone(), id.clone()), request, parse).await;
    let before = page.typed("before").unwrap_or_default();
    let address = |made: ExhibitList| address(&made, &format!("list-saved&before={before}"));
    let again = async |form| show(&page, (case, id), Some(form)).await;
    pages::answer(&page.req, made, address, again).await
}

fn parse(mut form: Form) -> Result<ListChange> {
    form.value("before");
    let step = form.text("do", 100).as_deref().and_then(ListStep::from_button);
    let mut change = ListChange::parse_page(form)?;
    change.step = step;
    Ok(change)
}

fn address(list: &ExhibitList, done: &str) -> String {
    format!("/cases/{}/exhibit-lists/{}?done={done}", list.case_id, list.id)
}

/// The page where a packet was refused: the list as it is, beside what was wrong.
pub async fn refused(page: &PageRequest, ids: (String, String), form: FormView) -> Reply {
    let Some(id) = parse_id(&ids.1) else {
        return Err(Error::not_found());
    };
    show_with(page, (ids.0, id), FormSent::Request(form)).await
}

/// The page, with the form as it was sent where it was refused.
async fn show(page: &PageRequest, ids: (String, String), form: Option<FormView>) -> Reply {
    show_with(page, ids, form.map_or(FormSent::None, FormSent::List)).await
}

/// Which of the page's forms was sent and refused.
enum FormSent {
    /// None of them.
    None,
    /// That of the list.
    List(FormView),
    /// That which asks for the packet.
    Request(FormView),
}

async fn show_with(page: &PageRequest, (case, id): (String, String), sent: FormSent) -> Reply {
    let (mut frame, case_page) = CasePage::of(page, &case, Tab::Packets).await?;
    let ids = (case.clone(), id);
    let list = reads::list(&page.app.gate, &page.ctx, ids.clone(), None).await?;
    let missing = reads::missing(&page.app.gate, &page.ctx, ids).await?;
    let earlier = match list.purpose {
        Purpose::Supplement => {
            let none = (String::new(), "No earlier packet".to_owned());
            let issued = choose::issued(page, case).await?;
            std::iter::once(none).chain(issued).collect()
        }
        _ => Vec::new(),
    };
    frame.title = format!("{}, {}", list.name, case_page.case.number);
    let before = match &sent {
        FormSent::List(form) => Some(form.value("before").to_owned()),
        _ => None,
    };
    let before = before.or_else(|| page.query("before")).and_then(|n| n.parse().ok());
    let most = list.exhibits.len().saturating_sub(1) / WINDOW * WINDOW;
    let before = before.unwrap_or(0_usize).min(most);
    let rows = rows(page, &list, before).await?;
    let exhibits: HashSet<String> = list.exhibits.iter().map(|row| row.capture.clone()).collect();
    let shown = ExhibitsPage {
        redactions: choose::redactions(page, &case_page, &exhibits).await?,
        purpose: label(list.purpose.as_str()),
        earlier,
        drafts: DraftChoices::of(page)?,
        saved: case_page.at(list.changed_at.0),
        form: match sent {
            FormSent::None => first(&list, &rows),
            FormSent::List(form) => form,
            FormSent::Request(form) => beside(first(&list, &rows), &form),
        },
        count: counted(list.exhibits.len() as u64, "exhibit", "exhibits"),
        stops: missing.iter().any(|one| one.stops),
        missing: missing.iter().map(missing_row).collect(),
        page: case_page,
        frame,
        list,
        rows,
        before,
    };
    pages::show(&shown, Some(&shown.form))
}

async fn rows(page: &PageRequest, list: &ExhibitList, before: usize) -> Result<Vec<ExhibitFields>> {
    let some: Vec<_> = list.exhibits.iter().skip(before).take(WINDOW).collect();
    let ids = some.iter().map(|row| row.capture.clone()).collect();
    let items = reads::items(&page.app.gate, &page.ctx, list.case_id.clone(), ids).await?;
    let asked = ChoiceAsked {
        picked: some.iter().filter_map(|row| items.get(&row.capture).copied()).collect(),
        picked_text: format!("exhibit list {} from {before}", list.id),
        ..ChoiceAsked::default()
    };
    let found = choice::choice(&page.app.gate, &page.ctx, list.case_id.clone(), asked).await?;
    let said: HashMap<&str, String> = found
        .picked
        .iter()
        .map(|view| (view.outline().id.as_str(), title(view)))
        .collect();
    let count = list.exhibits.len();
    let row = |(place, row): (usize, &&ListedExhibit)| ExhibitFields {
        place,
        nth: before + place + 1,
        item: items.get(&row.capture).copied().unwrap_or_default(),
        said: said.get(row.capture.as_str()).cloned().unwrap_or_default(),
        capture: row.capture.clone(),
        first: before + place == 0,
        last: before + place + 1 == count,
    };
    Ok(some.iter().enumerate().map(row).collect())
}

/// The list's form beside what was wrong with the request.
fn beside(list: FormView, request: &FormView) -> FormView {
    let mut form = list
        .with_value("recipient", request.value("recipient"))
        .with_value("supplement_of", request.value("supplement_of"));
    for id in request.values("redactions[]") {
        form = form.with_value("redactions[]", id);
    }
    form.problem.clone_from(&request.problem);
    for error in &request.errors {
        let field = error.field.strip_prefix("exhibit_list.").unwrap_or(&error.field);
        form.refuse(field, &error.rule, error.message.clone());
    }
    form
}

/// The form as the list fills it.
fn first(list: &ExhibitList, rows: &[ExhibitFields]) -> FormView {
    let scheme = &list.scheme;
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let on = |yes: bool| if yes { "on" } else { "" }.to_owned();
    let mut form = FormView::of([
        ("name", list.name.clone()),
        ("scheme.prefix", scheme.prefix.clone()),
        ("scheme.first", scheme.first.to_string()),
        ("scheme.last", number(scheme.last)),
        ("scheme.digits", number(scheme.digits)),
        ("scheme.side", scheme.side.clone().unwrap_or_default()),
        ("scheme.parts", on(scheme.parts)),
    ]);
    for fields in rows {
        let Some(row) = list.exhibits.get(fields.nth - 1) else {
            continue;
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let values = [
            ("number", row.number.clone()),
            ("part", text(&row.part)),
            ("title", text(&row.title)),
            ("description", text(&row.description)),
            ("note", text(&row.note)),
            ("relevant", on(row.relevant)),
        ];
        for (name, value) in values {
            form = form.with_value(&fields.field(name), &value);
        }
    }
    form
}

fn missing_row(answer: &MissingAnswer) -> MissingRow {
    let (class, icon) = match answer.what {
        what if what.stops() => ("is-bad", "alert"),
        MissingKind::Unreviewed => ("is-warn", "eye"),
        MissingKind::OpenCorrection => ("is-warn", "rotate"),
        MissingKind::Untitled | MissingKind::Undescribed => ("is-warn", "file"),
        _ => ("is-warn", "help"),
    };
    let told = match answer.particulars.is_empty() {
        true => items(&answer.items, answer.count),
        false => answer.particulars.join(", "),
    };
    MissingRow {
        class,
        icon,
        what: match told.is_empty() {
            true => label(answer.what.as_str()),
            false => format!("{}: {told}", label(answer.what.as_str())),
        },
        says: answer.says.clone(),
        answer: answer.answer.clone(),
    }
}

/// Items in words: `items 3, 7 and 9 more`.
fn items(items: &[MissingItem], count: u64) -> String {
    let named: Vec<String> = items.iter().take(NAMED).map(|item| item.item.to_string()).collect();
    let more = count.saturating_sub(named.len() as u64);
    match (named.as_slice(), more) {
        ([], _) => String::new(),
        ([one], 0) => format!("item {one}"),
        (some, 0) => format!("items {}", some.join(", ")),
        (some, more) => format!("items {} and {more} more", some.join(", ")),
    }
}
