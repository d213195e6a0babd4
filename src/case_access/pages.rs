//! The pages of access: who may see a case and why, and the requests for access that one makes and answers.

use askama::Template;

use super::api;
use super::model::{
    AccessGround, AccessRequest, ActAnswer, AskedAccess, AskedState, CaseReaders, CaseSight, GLASS, GroundKind,
    PersonsAccess,
};
use super::reads::{self, AccessDesk, AccessExplained, AccessQuestion};
use crate::cases::{CasePage, Tab, chosen_captures};
use crate::clock;
use crate::error::Result;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page, parameters};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::text::{Moment, Zone, label, line};
use crate::users::Colleague;

/// Minutes for which a broken glass opens a case.
const GLASS_MINUTES: i64 = GLASS / clock::MINUTE;

/// A request as the one who asked sees it.
struct AskedLine {
    id: String,
    number: String,
    kind: String,
    state: AskedState,
    state_name: String,
    reason: String,
    asked: Moment,
    ends: Moment,
    until: Option<Moment>,
    case_id: Option<String>,
    second: Option<String>,
}

impl AskedLine {
    fn of(one: &AskedAccess) -> Self {
        let zone = Zone::named(None);
        Self {
            id: one.id.clone(),
            number: line(&one.number),
            kind: label(one.kind.as_str()),
            state: one.state,
            state_name: label(one.state.as_str()),
            reason: line(&one.reason),
            asked: zone.at(one.asked_at.0),
            ends: zone.at(one.ends_at.0),
            until: one.until.map(|until| zone.at(until.0)),
            case_id: one.case_id.clone(),
            second: one.second.as_ref().map(|second| line(&second.name)),
        }
    }

    fn waits(&self) -> bool {
        self.state == AskedState::Asked
    }
}

/// A request that waits for the reader's answer.
struct WaitingLine {
    id: String,
    number: String,
    who: String,
    rights: String,
    reason: String,
    asked: Moment,
    ends: Moment,
    case_id: Option<String>,
}

impl WaitingLine {
    fn of(one: &AccessRequest) -> Self {
        let zone = Zone::named(None);
        let rights: Vec<&str> = one.rights.iter().map(|right| right.as_str()).collect();
        Self {
            id: one.id.clone(),
            number: line(&one.number),
            who: line(&one.asked_by.name),
            rights: rights.join(", "),
            reason: line(&one.reason),
            asked: zone.at(one.asked_at.0),
            ends: zone.at(one.ends_at.0),
            case_id: one.case_id.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "case_access/pages/requests.html")]
struct AccessRequestsPage {
    frame: Frame,
    mine: Vec<AskedLine>,
    to_confirm: Vec<WaitingLine>,
    to_decide: Vec<WaitingLine>,
    next: Option<String>,
    colleagues: Vec<Colleague>,
    may_export: bool,
    /// The request whose form was refused, where one was; else it is the form that asks.
    refused: Option<String>,
    form: FormView,
}

impl AccessRequestsPage {
    /// Whether the form that was refused is that of this request, or with no id the one that asks.
    fn is_refused(&self, id: &str) -> bool {
        self.form.is_refused() && self.refused.as_deref().unwrap_or_default() == id
    }
}

pub async fn requests(page: PageRequest) -> Reply {
    shown(&page, None, FormView::default()).await
}

async fn shown(page: &PageRequest, refused: Option<String>, form: FormView) -> Reply {
    let (gate, ctx) = (&page.app.gate, &page.ctx);
    let query = Page::read(&page.req, &["done"])?;
    let mine = reads::mine(gate, ctx, &query).await?;
    let listed = Listed::of(mine, &query, |one| one.id.clone(), |one| AskedLine::of(&one));
    let AccessDesk {
        to_confirm, to_decide, ..
    } = reads::desk(gate, ctx).await?;
    let frame = page.frame("Access", Nav::Cases).await?;
    let is_prosecutor = |person: &crate::identity::Caller| person.is(crate::policy::Role::Prosecutor);
    let shown = AccessRequestsPage {
        may_export: frame.person.as_ref().is_some_and(is_prosecutor),
        next: listed.next.map(|next| query.next_address(page.req.path(), &next)),
        mine: listed.items,
        to_confirm: to_confirm.iter().map(WaitingLine::of).collect(),
        to_decide: to_decide.iter().map(WaitingLine::of).collect(),
        colleagues: Colleague::all(page).await?,
        frame,
        refused,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub async fn ask(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::ask_for(request).await.map(drop);
    after(&page, (None, "access-asked"), made).await
}

pub async fn decide(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::give_answer(id.0.clone(), request).await.map(drop);
    after(&page, (Some(id.0), "access-answered"), made).await
}

pub async fn confirm(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::give_confirmation(id.0.clone(), request).await.map(drop);
    after(&page, (Some(id.0), "access-answered"), made).await
}

pub async fn withdraw(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::take_back(id.0.clone(), request).await.map(drop);
    after(&page, (Some(id.0), "access-withdrawn"), made).await
}

/// Back to the page, which says what was done, or shows what was typed again.
async fn after(page: &PageRequest, (id, done): (Option<String>, &str), made: Result<()>) -> Reply {
    let address = |()| format!("/access-requests?done={done}");
    let again = async |form| shown(page, id.clone(), form).await;
    pages::answer(&page.req, made, address, again).await
}

/// Somebody who could see the case, as its page tells it.
struct ReaderLine {
    name: String,
    username: String,
    outline: bool,
    grounds: String,
    rules: String,
}

/// What one person may do, as the page tells it.
struct PersonPart {
    name: String,
    roles: String,
    grounds: String,
    may: Vec<(String, String)>,
    may_not: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "case_access/pages/case.html")]
struct CaseAccessPage {
    frame: Frame,
    page: CasePage,
    /// The moment, where it is not now.
    past: Option<Moment>,
    readers: Vec<ReaderLine>,
    person: Option<PersonPart>,
    colleagues: Vec<Colleague>,
    form: FormView,
}

/// Who may see a case, and why; about one person, act by act.
pub async fn case(case: PathId, page: PageRequest) -> Reply {
    let (frame, case_page) = CasePage::of(&page, &case.0, Tab::People).await?;
    let zone = case_page.zone;
    let pairs = parameters(&page.req, &["user", "at"])?;
    let mut form = FormView::kept(pairs.clone());
    let question = asked(&pairs, zone, &mut form);
    let all = AccessQuestion {
        user: None,
        at: question.at,
    };
    let readers = match told(&page, &case.0, all, &mut form).await? {
        Some(AccessExplained::Readers(readers)) => readers_shown(&readers, zone),
        _ => Vec::new(),
    };
    let one = question.user.is_some() && !form.is_refused();
    let person = match one {
        true => told(&page, &case.0, question.clone(), &mut form).await?,
        false => None,
    };
    let shown = CaseAccessPage {
        past: question.at.map(|at| zone.at(at)),
        readers,
        person: match person {
            Some(AccessExplained::Person(found)) => Some(person_shown(&found, zone)),
            _ => None,
        },
        colleagues: Colleague::all(&page).await?,
        page: case_page,
        frame,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

/// The answer to a question, or what is wrong with the question beside what was typed.
async fn told(
    page: &PageRequest,
    case: &str,
    question: AccessQuestion,
    form: &mut FormView,
) -> Result<Option<AccessExplained>> {
    match reads::explained(&page.app.gate, &page.ctx, case.to_owned(), question).await {
        Ok(found) => Ok(Some(found)),
        Err(refused) if !refused.errors.is_empty() => {
            for error in refused.errors {
                form.refuse(&error.field, &error.rule, error.message);
            }
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What the address asks for; a time is one of the case's zone.
fn asked(pairs: &[(String, String)], zone: Zone, form: &mut FormView) -> AccessQuestion {
    let mut question = AccessQuestion::default();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.trim().is_empty()) {
        if name == "user" {
            question.user = Some(value.trim().to_owned());
            continue;
        }
        question.at = zone.read(value);
        if question.at.is_none() {
            form.refuse("at", "rfc3339", "must be a time such as 2026-11-22T18:03");
        }
    }
    question
}

fn readers_shown(found: &CaseReaders, zone: Zone) -> Vec<ReaderLine> {
    let shown = found.people.iter().map(|reader| ReaderLine {
        name: line(&reader.user.name),
        username: reader.username.clone(),
        outline: reader.sees == CaseSight::Outline,
        grounds: grounds(&reader.grounds, zone),
        rules: reader.rules.join(", "),
    });
    shown.collect()
}

fn person_shown(found: &PersonsAccess, zone: Zone) -> PersonPart {
    let roles: Vec<&str> = found.roles.iter().map(|role| role.as_str()).collect();
    let acts = |allowed: bool| {
        let some = found
            .acts
            .iter()
            .filter(move |one| (one.allowed || one.chosen_captures) == allowed);
        let told = |one: &ActAnswer| match one.chosen_captures {
            true => format!("{}, of the chosen captures", words_of(one.act.as_str())),
            false => words_of(one.act.as_str()),
        };
        some.map(|one| (told(one), one.rules.join(", "))).collect()
    };
    PersonPart {
        name: line(&found.user.name),
        roles: roles.join(", "),
        grounds: grounds(&found.grounds, zone),
        may: acts(true),
        may_not: acts(false),
    }
}

/// An act's word as words: `CaptureRecord` is "Capture record".
fn words_of(act: &str) -> String {
    let mut words = String::new();
    for (n, c) in act.chars().enumerate() {
        match n > 0 && c.is_ascii_uppercase() {
            true => words.extend([' ', c.to_ascii_lowercase()]),
            false => words.push(c),
        }
    }
    words
}

/// What ties somebody to the case, in a sentence's words.
fn grounds(grounds: &[AccessGround], zone: Zone) -> String {
    let told: Vec<String> = grounds.iter().map(|ground| ground_told(ground, zone)).collect();
    told.join("; ")
}

fn ground_told(ground: &AccessGround, zone: Zone) -> String {
    match ground.kind {
        GroundKind::Lead => "leads it".to_owned(),
        GroundKind::Member => "is a member".to_owned(),
        GroundKind::ProposedLead => "is proposed to lead it".to_owned(),
        GroundKind::Unit => "supervises its unit".to_owned(),
        GroundKind::Grant => {
            let rights: Vec<&str> = ground.rights.iter().map(|right| right.as_str()).collect();
            let until = ground.until.map(|until| format!(" until {}", zone.at(until.0).shown()));
            let how = if ground.break_glass { ", by break-glass" } else { "" };
            let of = ground
                .captures
                .map(|n| format!(" by a grant for {}", chosen_captures(n as i64)));
            let (of, until) = (of.unwrap_or_default(), until.unwrap_or_default());
            format!("was let in{of} ({}){until}{how}", rights.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_told_in_words() {
        assert_eq!(words_of("CaptureReadHeld"), "Capture read held");
        assert_eq!(words_of("CaseRead"), "Case read");
    }
}
