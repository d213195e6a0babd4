//! The page that describes the captures of a case that are no exhibits of a list, each by itself: the schedule of unused
//! material, with the reasons for which some were left out.

use std::collections::HashSet;

use askama::Template;

use super::choose::title;
use crate::captures::CaptureView;
use crate::captures::choice::{self, ChoiceAsked};
use crate::cases::{CasePage, Tab};
use crate::error::Result;
use crate::forms::Form;
use crate::http::pages::{self, FormView, Frame, PageRequest};
use crate::http::reply::Reply;
use crate::http::{PathIds, WriteRequest};
use crate::packets::lists::model::{ExhibitList, ListChange, UnusedRow};
use crate::packets::lists::{api, reads};
use crate::text::label;

/// Captures looked through for one page.
const SHOWN: usize = 60;

/// A capture as the form shows it.
struct UnusedFields {
    place: usize,
    capture: String,
    item: i64,
    said: String,
    state: String,
}

impl UnusedFields {
    /// The name of one of its fields.
    fn field(&self, name: &str) -> String {
        format!("unused[{}].{name}", self.place)
    }
}

#[derive(Template)]
#[template(path = "packets/pages/schedule.html")]
struct SchedulePage {
    frame: Frame,
    page: CasePage,
    form: FormView,
    list: ExhibitList,
    rows: Vec<UnusedFields>,
    after: i64,
    /// The last item looked through, where more follow.
    next: Option<i64>,
}

impl SchedulePage {
    fn list_address(&self) -> String {
        format!("/cases/{}/exhibit-lists/{}", self.page.case.id, self.list.id)
    }
}

/// `GET /cases/{id}/exhibit-lists/{list_id}/schedule`
pub async fn schedule(PathIds(case, id): PathIds, page: PageRequest) -> Reply {
    show(&page, (case, id), None).await
}

/// `POST /cases/{id}/exhibit-lists/{list_id}/schedule`
pub async fn save_schedule(PathIds(case, id): PathIds, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::save_next(PathIds(case.clone(), id.clone()), request, parse).await;
    let next = page.typed("next").unwrap_or_default();
    let address = |made: ExhibitList| {
        let place = format!("/cases/{}/exhibit-lists/{}/schedule", made.case_id, made.id);
        format!("{place}?done=list-saved&after={next}")
    };
    let again = async |form| show(&page, (case, id), Some(form)).await;
    pages::answer(&page.req, made, address, again).await
}

fn parse(mut form: Form) -> Result<ListChange> {
    for own in ["after", "next", "do"] {
        form.value(own);
    }
    form.read(|form| ListChange {
        unused: Some(form.objects("unused", SHOWN, UnusedRow::read)),
        ..ListChange::default()
    })
}

async fn show(page: &PageRequest, (case, id): (String, String), form: Option<FormView>) -> Reply {
    let (mut frame, case_page) = CasePage::of(page, &case, Tab::Packets).await?;
    let list = reads::list(&page.app.gate, &page.ctx, (case.clone(), id), None).await?;
    frame.title = format!("Unused material, {}, {}", list.name, case_page.case.number);
    let sent = form.as_ref().map(|form| form.value("after").to_owned());
    let after = sent.or_else(|| page.query("after")).and_then(|n| n.parse().ok());
    let asked = ChoiceAsked {
        after: after.unwrap_or(0_i64).max(0),
        limit: SHOWN,
        picked_text: format!("unused material of exhibit list {}", list.id),
        ..ChoiceAsked::default()
    };
    let after = asked.after;
    let mut found = choice::choice(&page.app.gate, &page.ctx, case, asked).await?;
    let more = found.shown.len() > SHOWN;
    found.shown.truncate(SHOWN);
    let next = found.shown.last().map(|view| view.outline().item).filter(|_| more);
    let exhibits: HashSet<&str> = list.exhibits.iter().map(|row| row.capture.as_str()).collect();
    let unused = found.shown.iter();
    let unused = unused.filter(|view| !exhibits.contains(view.outline().id.as_str()));
    let rows: Vec<UnusedFields> = unused.enumerate().map(fields).collect();
    let shown = SchedulePage {
        form: form.unwrap_or_else(|| first(&list, &rows)),
        page: case_page,
        frame,
        list,
        rows,
        after,
        next,
    };
    pages::show(&shown, Some(&shown.form))
}

fn fields((place, view): (usize, &CaptureView)) -> UnusedFields {
    let outline = view.outline();
    UnusedFields {
        place,
        capture: outline.id.clone(),
        item: outline.item,
        said: title(view),
        state: label(outline.state.as_str()),
    }
}

/// The form as the list fills it.
fn first(list: &ExhibitList, rows: &[UnusedFields]) -> FormView {
    let mut form = FormView::default();
    for row in rows {
        let described = list.schedule.iter().find(|one| one.capture == row.capture);
        let left_out = list.excluded.iter().find(|one| one.capture == row.capture);
        let values = [
            ("description", described.map(|one| one.description.as_str())),
            ("why", left_out.map(|one| one.why.as_str())),
        ];
        for (name, value) in values {
            form = form.with_value(&row.field(name), value.unwrap_or_default());
        }
    }
    form
}
