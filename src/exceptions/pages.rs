//! The pages of exceptions: the list, and those of one capture or authorization with the form that signs them off.

use askama::Template;

use super::model::{ExceptionClass, ExceptionObject, FoundException, SignOff, SignOffState};
use super::{api, reads};
use crate::error::Result;
use crate::gate::Scope;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::policy::Role;
use crate::text::{Moment, Zone, block, label, line};

/// An exception as a page shows it.
struct ShownException {
    class: ExceptionClass,
    class_name: String,
    /// The version of a capture that is shown.
    object_version: Option<i64>,
    /// Such as `Item 7` or `A-2`.
    what: String,
    object_state: String,
    /// Where it is looked at and signed off.
    address: String,
    /// Where the thing itself is shown.
    thing: String,
    case_number: String,
    person: Option<String>,
    since: Moment,
    signed: Option<ShownSigning>,
}

/// Who signed it off.
struct ShownSigning {
    by: String,
    role: String,
    at: Moment,
    note: Option<String>,
}

impl ShownException {
    fn of(one: FoundException) -> Self {
        let zone = Zone::named(None);
        let (what, thing) = match one.object {
            ExceptionObject::OfCapture => (format!("Item {}", one.number), format!("/captures/{}", one.object_id)),
            ExceptionObject::OfAuthorization => (
                format!("A-{}", one.number),
                format!("/authorizations/{}", one.object_id),
            ),
        };
        Self {
            class: one.class,
            class_name: label(one.class.as_str()),
            object_version: one.object_version,
            what,
            object_state: label(&one.object_state).to_lowercase(),
            address: format!("{thing}/exceptions"),
            thing,
            case_number: line(&one.case_number),
            person: one.person.map(|person| line(&person.name)),
            since: zone.at(one.since.0),
            signed: one.signed_off.map(|signed| ShownSigning {
                by: line(&signed.by.name),
                role: signed.role.to_string(),
                at: zone.at(signed.at.0),
                note: signed.note.as_deref().map(block),
            }),
        }
    }

    fn says(&self) -> &'static str {
        self.class.says()
    }
}

/// The words of a filter, with the empty one that filters nothing.
fn choices<W: crate::forms::Word>(all: &'static str) -> Vec<(&'static str, String)> {
    let words = W::WORDS.iter().map(|(word, _)| (*word, label(word)));
    std::iter::once(("", all.to_owned())).chain(words).collect()
}

#[derive(Template)]
#[template(path = "exceptions/pages/list.html")]
struct ExceptionListPage {
    frame: Frame,
    all: Vec<ShownException>,
    classes: Vec<(&'static str, String)>,
    states: Vec<(&'static str, String)>,
    days: i64,
    /// The query of the table of the same list.
    table: String,
    next: Option<String>,
    form: FormView,
}

pub(super) async fn list(page: PageRequest) -> Reply {
    let query = Page::read(&page.req, &["class", "state", "days", "done"])?.without_empty();
    let found = reads::list(&page.app.gate, &page.ctx, &query).await?;
    let listed = Listed::of(found, &query, FoundException::key, ShownException::of);
    let mut table = url::form_urlencoded::Serializer::new(String::new());
    table.extend_pairs(query.filters.iter().filter(|(name, _)| name != "done"));
    let shown = ExceptionListPage {
        classes: choices::<ExceptionClass>("All"),
        states: choices::<SignOffState>("Open and signed off"),
        days: reads::days(&query)?,
        table: table.finish(),
        next: listed.next.map(|next| query.next_address("/exceptions", &next)),
        all: listed.items,
        form: FormView::kept(query.filters.clone()),
        frame: page.frame("Exceptions", Nav::Oversight).await?,
    };
    pages::show(&shown, None)
}

#[derive(Template)]
#[template(path = "exceptions/pages/one.html")]
struct ExceptionPage {
    frame: Frame,
    /// What the exceptions are about, such as `Item 7`.
    what: String,
    address: String,
    all: Vec<ShownException>,
    /// Whether the reader may sign them off.
    signs: bool,
    form: FormView,
}

impl ExceptionPage {
    /// Whether the thing itself is shown to the reader; an auditor sees identifiers alone.
    fn sees_things(&self) -> bool {
        !self.frame.holds(Role::Auditor)
    }

    /// Whether the form that was refused is that of this exception.
    fn is_refused(&self, class: &ExceptionClass) -> bool {
        self.form.is_refused() && self.form.value("class") == class.as_str()
    }
}

pub(super) async fn of_capture(id: PathId, page: PageRequest) -> Reply {
    shown(&page, Scope::Capture(id.0), FormView::default()).await
}

pub(super) async fn of_authorization(id: PathId, page: PageRequest) -> Reply {
    shown(&page, Scope::Authorization(id.0), FormView::default()).await
}

async fn shown(page: &PageRequest, scope: Scope, form: FormView) -> Reply {
    let (kind, id) = scope.object();
    let address = format!("/{kind}s/{id}/exceptions");
    let (found, signs) = reads::of_object(&page.app.gate, &page.ctx, scope).await?;
    let all: Vec<ShownException> = found.into_iter().map(ShownException::of).collect();
    let what = all.first().map_or_else(|| "Nothing".to_owned(), |one| one.what.clone());
    let title = format!("Exceptions, {what}");
    let shown = ExceptionPage {
        frame: page.frame(&title, Nav::Oversight).await?,
        what,
        address,
        all,
        signs,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn sign_capture(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::signed_capture(id.0.clone(), request).await;
    after(&page, Scope::Capture(id.0), made).await
}

pub(super) async fn sign_authorization(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::signed_authorization(id.0.clone(), request).await;
    after(&page, Scope::Authorization(id.0), made).await
}

async fn after(page: &PageRequest, scope: Scope, made: Result<SignOff>) -> Reply {
    let (kind, id) = scope.object();
    let back = format!("/{kind}s/{id}/exceptions?done=signed-off");
    let again = async |form| shown(page, scope.clone(), form).await;
    pages::answer(&page.req, made, |_| back.clone(), again).await
}
