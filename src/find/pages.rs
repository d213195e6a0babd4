//! The page of results, and the same for the palette's script. A search that led to one thing leads there at once.

use askama::Template;
use serde::Serialize;

use super::model::{Hit, HitKind, SearchResult, Sought};
use super::reads;
use crate::error::{Error, Kind, Result};
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::reply::{self, Reply};
use crate::identity::Caller;
use crate::policy::Role;
use crate::text::{label, line};

/// A line of the results, a hit or a page, as it is shown.
#[derive(Debug, Clone, Serialize)]
struct FoundLine {
    address: String,
    title: String,
    about: String,
    /// What led there.
    by: String,
    icon: &'static str,
    closed: bool,
}

impl FoundLine {
    fn of(hit: &Hit) -> Self {
        let (number, case) = (hit.number.unwrap_or_default(), line(&hit.case.number));
        let state = hit.state.as_deref().map(label).unwrap_or_default();
        let (address, title, icon) = match hit.kind {
            HitKind::Case => (format!("/cases/{}", hit.id), case.clone(), "archive"),
            HitKind::Capture => (
                format!("/captures/{}", hit.id),
                format!("{case} item {number}"),
                "image",
            ),
            // An account is shown with the others of its case.
            HitKind::Account => (
                format!("/cases/{}/people", hit.case.id),
                format!("{case} {}", hit.what),
                "user",
            ),
            HitKind::Authorization => (
                format!("/authorizations/{}", hit.id),
                format!("{case} A-{number}"),
                "key",
            ),
        };
        let what = label(&hit.what);
        let about = match hit.kind {
            HitKind::Case => vec![line(&hit.case.title), what, state],
            HitKind::Account => vec![hit.about.as_deref().map(line).unwrap_or_default()],
            _ => vec![what, state, hit.about.as_deref().map(line).unwrap_or_default()],
        };
        Self {
            about: about
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
            by: label(hit.by.as_str()),
            closed: hit.is_closed(),
            address,
            title,
            icon,
        }
    }

    fn page(word: &str, address: &str) -> Self {
        Self {
            address: address.to_owned(),
            title: word.to_owned(),
            about: String::new(),
            by: "Page".into(),
            icon: "page",
            closed: false,
        }
    }
}

#[derive(Template)]
#[template(path = "find/pages/find.html")]
struct FindPage {
    frame: Frame,
    query: String,
    found: Vec<FoundLine>,
    more: bool,
    places: Vec<FoundLine>,
    /// Whether this person finds more than pages.
    looks_up: bool,
    /// Where this person's own search is, with what it holds and its address.
    elsewhere: Option<(&'static str, String)>,
    form: FormView,
}

pub(super) async fn find(page: PageRequest) -> Reply {
    let (frame, query) = (
        page.frame("Find", Nav::None).await?,
        page.query("q").unwrap_or_default(),
    );
    match look_up(&page, &frame, &query).await {
        Ok(SearchResult { hits, more: false }) if hits.len() == 1 => {
            Ok(pages::see_other(&FoundLine::of(&hits[0]).address))
        }
        Ok(found) => find_page(frame, query, &found, FormView::default()),
        Err(e) => find_page(frame, query, &SearchResult::default(), FormView::refused(&page.req, e)?),
    }
}

fn find_page(frame: Frame, query: String, found: &SearchResult, form: FormView) -> Reply {
    let page = FindPage {
        places: places(&frame, &query),
        found: found.hits.iter().map(FoundLine::of).collect(),
        more: found.more,
        looks_up: frame.person.as_ref().is_some_and(looks_up),
        elsewhere: elsewhere(&frame, &query),
        query: line(&query),
        frame,
        form,
    };
    pages::show(&page, Some(&page.form))
}

/// Where somebody searches who finds no cases here: an auditor in the events, an administrator among people.
fn elsewhere(frame: &Frame, query: &str) -> Option<(&'static str, String)> {
    let query: String = url::form_urlencoded::byte_serialize(query.trim().as_bytes()).collect();
    let person = frame.person.as_ref().filter(|_| !query.is_empty())?;
    if person.is(Role::Auditor) {
        return Some(("Search the events", format!("/ledger?object={query}")));
    }
    person
        .is(Role::Administrator)
        .then(|| ("Search people", format!("/users?search={query}")))
}

/// What the palette shows.
#[derive(Serialize)]
struct Hits {
    found: Vec<FoundLine>,
    more: bool,
    places: Vec<FoundLine>,
    /// Why nothing was looked up.
    problem: Option<String>,
}

/// The results for the palette's script: the same, as JSON. Without a text it gives the pages alone, and nothing is looked
/// up.
pub(super) async fn hits(page: PageRequest) -> Reply {
    let (frame, query) = (
        page.frame("Find", Nav::None).await?,
        page.query("q").unwrap_or_default(),
    );
    let (found, problem) = match look_up(&page, &frame, &query).await {
        Ok(found) => (found, None),
        Err(e) if e.kind == Kind::Invalid => (SearchResult::default(), e.errors.first().map(|e| e.message.clone())),
        Err(e) => return Err(e),
    };
    reply::ok(&Hits {
        found: found.hits.iter().map(FoundLine::of).collect(),
        more: found.more,
        places: places(&frame, &query),
        problem,
    })
}

/// What the text leads to. Whoever works with no case finds pages alone.
async fn look_up(page: &PageRequest, frame: &Frame, query: &str) -> Result<SearchResult> {
    if query.trim().is_empty() || !frame.person.as_ref().is_some_and(looks_up) {
        return Ok(SearchResult::default());
    }
    let wanted = Sought::parse(query, page.query("case").as_deref())?;
    match reads::find(&page.app.gate, &page.ctx, wanted).await {
        Err(e) if e.kind == Kind::NotFound => Err(Error::forbidden(Vec::new(), "You may not find cases.")),
        found => found,
    }
}

fn looks_up(person: &Caller) -> bool {
    let casework = [Role::Investigator, Role::Supervisor, Role::Prosecutor];
    casework.iter().any(|role| person.is(*role))
}

/// The pages and actions of this person whose words the text has; all of them without a text.
fn places(frame: &Frame, query: &str) -> Vec<FoundLine> {
    let sought = crate::lookalike::fold(query);
    let navigation = frame.places.iter().map(|(_, word, address)| (*word, *address));
    let own = [("Your settings", "/settings/mine"), ("Change password", "/password")];
    let new = frame.opens_cases().then_some(("New case", "/cases/new"));
    let all = navigation.chain(new).chain(own);
    all.filter(|(word, _)| word.to_lowercase().contains(&sought))
        .map(|(word, address)| FoundLine::page(word, address))
        .collect()
}
