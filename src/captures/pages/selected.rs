//! What is said of several selected items at once. Each is judged by itself and gets its own event; one that fails stops
//! none of the others.

use std::collections::HashMap;

use actix_web::HttpRequest;

use super::composer::ComposerInput;
use super::said::{RemarkForm, Saying, why};
use crate::captures::reads;
use crate::error::{Error, Result};
use crate::forms::{Form, parse_id};
use crate::gate::{IdempotencyHeader, RequestCtx, Scope};
use crate::http::pages::{FormView, PageRequest};
use crate::http::{WriteRequest, request_ctx};
use crate::policy::Act;
use crate::proof::id::Digest;
use crate::text::counted;

/// Items that one press may name: a page shows sixty.
const PICKED: usize = 100;

/// Items with what is said of all of them.
struct Marking {
    said: RemarkForm,
    captures: Vec<String>,
}

impl Marking {
    fn parse(form: Form) -> Result<Self> {
        form.read(|form| {
            let captures: Option<Vec<String>> = form
                .texts("captures", PICKED, 64)
                .iter()
                .map(|id| parse_id(id))
                .collect();
            let captures = form.or_refuse("captures", "uuid", "must be ids of items: reload the page", captures);
            if captures.as_ref().is_some_and(Vec::is_empty) {
                form.refuse("captures", "required", "must name at least one item: tick it");
            }
            Self {
                said: RemarkForm::take(form),
                captures: captures.unwrap_or_default(),
            }
        })
    }
}

/// What became of the selected items.
pub struct MarkedItems {
    /// How many it was said of.
    pub done: usize,
    pub told: Option<String>,
    /// Each of the others, and why not.
    pub failed: Vec<(String, String)>,
    /// The ids of the others, which stay selected.
    left: Vec<String>,
}

/// The forms of the page as they were sent, and what became of selected items.
#[derive(Default)]
pub struct Marked {
    /// The composer's form, where it was refused.
    pub log: Option<ComposerInput>,
    /// What was to be said of selected items.
    pub form: FormView,
    /// What it was said of.
    pub told: Option<String>,
    /// Of which items it could not be said, and why.
    pub failed: Vec<(String, String)>,
}

impl Marked {
    /// Nothing was said, because the form was wrong.
    pub fn refused(form: FormView) -> Self {
        Self {
            form,
            ..Self::default()
        }
    }

    /// It was said of some items, or of none.
    pub fn partly(req: &HttpRequest, marked: MarkedItems) -> Self {
        let form = FormView::told(req, &Error::conflict("Of some items it could not be said."));
        Self {
            form: marked.form(form),
            told: marked.told,
            failed: marked.failed,
            log: None,
        }
    }

    /// What the address of the page says was done.
    pub fn before(page: &PageRequest) -> Self {
        let saying = page.query("said").and_then(|word| word.parse::<Saying>().ok());
        let items = page.query("items").and_then(|number| number.parse().ok());
        Self {
            told: saying
                .zip(items)
                .map(|(saying, items)| saying.done(items))
                .or(logged(page)),
            ..Self::default()
        }
    }
}

impl Marked {
    /// The composer's form was refused.
    pub fn unlogged(asked: ComposerInput) -> Self {
        Self {
            log: Some(asked),
            ..Self::default()
        }
    }
}

/// How many files were logged as items of their own, as the address of the page says.
fn logged(page: &PageRequest) -> Option<String> {
    let number = |name| page.query(name).and_then(|number| number.parse().ok()).unwrap_or(0_u64);
    let (logged, held) = (number("logged"), number("held"));
    let told = [
        (logged, "logged, and recorded in the ledger."),
        (
            held,
            "held: kept and hashed, and not readable until a supervisor decides.",
        ),
    ];
    let told: Vec<String> = told
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", counted(n, "item is", "items are")))
        .collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// Says it of each of the selected items.
pub async fn mark_all(
    page: &PageRequest,
    case: &str,
    mut request: WriteRequest,
) -> Result<(RemarkForm, MarkedItems, i64)> {
    request.check(Act::CaptureRead, &Scope::Case(case.to_owned())).await?;
    let marking = Marking::parse(request.plain_form().await?)?;
    let (gate, ctx) = (&page.app.gate, &page.ctx);
    let items = reads::items(gate, ctx, case.to_owned(), marking.captures.clone()).await?;
    let first = items.values().min().copied().unwrap_or_default();
    let mut all = MarkedItems {
        done: 0,
        told: None,
        failed: Vec::new(),
        left: Vec::new(),
    };
    for id in &marking.captures {
        match mark_one(page, (id, &items), &marking.said).await {
            Ok(()) => all.done += 1,
            Err(e) => {
                let item = items
                    .get(id)
                    .map_or("A selected item".to_owned(), |item| format!("Item {item}"));
                all.failed.push((item, why(&e)));
                all.left.push(id.clone());
            }
        }
    }
    all.told = (all.done > 0).then(|| marking.said.saying.done(all.done));
    Ok((marking.said, all, first))
}

/// Says it of one item of this case. Sent twice, it is said once.
async fn mark_one(page: &PageRequest, (id, items): (&String, &HashMap<String, i64>), said: &RemarkForm) -> Result<()> {
    if !items.contains_key(id) {
        return Err(Error::not_found());
    }
    let content = format!("{} {}", said.saying, said.text.as_deref().unwrap_or_default());
    let key = request_ctx::idempotency_header(&page.req)?.map(|header| IdempotencyHeader {
        key: format!("{}:{id}", header.key),
        ..header
    });
    let ctx = RequestCtx {
        idempotency_key: key.map(|key| key.of(Digest::of(content.as_bytes()))),
        ..page.ctx.clone()
    };
    said.of(&page.app.gate, &ctx, id.clone()).await
}

impl MarkedItems {
    /// The form as it was sent, in which what was done is selected no more.
    fn form(&self, form: FormView) -> FormView {
        self.left
            .iter()
            .fold(form.without("captures[]"), |form, id| form.with_value("captures[]", id))
    }
}
