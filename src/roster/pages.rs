//! The page of the roster: who is on call and who stands in, what was before, and the form that enters another.

use askama::Template;

use super::model::{NewEntry, RosterEntry, RosterKind};
use super::{api, ops, reads};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::forms::LINE;
use crate::gate::{Scope, Tx};
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::lookalike::fold;
use crate::policy::Act;
use crate::text::{Moment, Zone, line};
use crate::users::{self, Colleague};

/// An entry as the page shows it.
struct RosterLine {
    id: String,
    is_on_call: bool,
    counts: bool,
    unit: String,
    who: String,
    by: String,
    starts: Moment,
    until: Moment,
    reason: String,
    /// How it ended, where it is over.
    ended: Option<String>,
    /// Whether the reader may end it.
    ends: bool,
}

impl RosterLine {
    fn of(entry: &RosterEntry, now: Micros, ends: &[String]) -> Self {
        let zone = Zone::named(None);
        let early = entry.ended_at.map(|at| {
            let by = entry.ended_by.as_ref().map(|by| format!(" by {}", line(&by.name)));
            let why = entry.end_reason.as_deref().map(|why| format!(": {}", line(why)));
            let (by, why) = (by.unwrap_or_default(), why.unwrap_or_default());
            format!("Ended{by}, {}{why}", zone.at(at.0).shown())
        });
        let over = entry
            .is_over(now)
            .then(|| format!("Ended by itself, {}", zone.at(entry.until.0).shown()));
        Self {
            id: entry.id.clone(),
            is_on_call: entry.kind == RosterKind::OnCall,
            counts: entry.counts_at(now),
            unit: line(&entry.unit.name),
            who: line(&entry.user.name),
            by: line(&entry.given_by.name),
            starts: zone.at(entry.starts_at.0),
            until: zone.at(entry.until.0),
            reason: line(&entry.reason),
            ended: early.or(over),
            ends: ends.contains(&entry.id),
        }
    }
}

#[derive(Template)]
#[template(path = "roster/pages/roster.html")]
struct RosterPage {
    frame: Frame,
    on_call: Vec<RosterLine>,
    delegations: Vec<RosterLine>,
    past: Vec<RosterLine>,
    next: Option<String>,
    keeps: bool,
    kinds: Vec<(&'static str, &'static str)>,
    units: Vec<(String, String)>,
    colleagues: Vec<Colleague>,
    form: FormView,
}

pub(super) async fn list(page: PageRequest) -> Reply {
    roster_page(&page, FormView::default()).await
}

async fn roster_page(page: &PageRequest, form: FormView) -> Reply {
    let (gate, ctx, query) = (&page.app.gate, &page.ctx, Page::read(&page.req, &["done"])?);
    let begins = reads::now(gate, ctx).await?;
    let (found, now) = reads::entries(gate, ctx, &query).await?;
    let listed = Listed::of(found, &query, |one| one.id.clone(), |one| one);
    let shown = |entry: &RosterEntry| RosterLine::of(entry, begins.now, &begins.ends);
    let of = |kind| {
        let those = begins.lasting.iter().filter(move |entry| entry.kind == kind);
        those.map(shown).collect()
    };
    let shown = RosterPage {
        on_call: of(RosterKind::OnCall),
        delegations: of(RosterKind::Delegation),
        past: listed
            .items
            .iter()
            .filter(|entry| entry.is_over(now))
            .map(|entry| RosterLine::of(entry, now, &[]))
            .collect(),
        next: listed.next.map(|next| query.next_address(page.req.path(), &next)),
        keeps: begins.keeps,
        kinds: vec![
            ("on_call", "On call for the unit"),
            ("delegation", "My reach over the unit, delegated"),
        ],
        colleagues: match begins.keeps {
            true => Colleague::all(page).await?,
            false => Vec::new(),
        },
        units: begins.units,
        frame: page.frame("Roster", Nav::Roster).await?,
        form,
    };
    pages::show(&shown, Some(&shown.form))
}

pub(super) async fn enter(request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = enter_from(&page, request).await.map_err(|mut e| {
        for error in e.errors.iter_mut().filter(|error| error.field == "user_id") {
            error.field = "person".into();
        }
        e
    });
    back(&page, "roster-entered", made).await
}

async fn enter_from(page: &PageRequest, mut request: WriteRequest) -> Result<()> {
    request.check(Act::RosterKeep, &Scope::Agency).await?;
    let mut form = request.form().await?;
    let username = fold(&form.required("person", LINE));
    let found = match username.is_empty() {
        true => None,
        false => users::id_of(&page.app.gate, &page.ctx, username).await?,
    };
    let unknown = || {
        Error::field(
            "person",
            "exists",
            "names nobody here: check the spelling of the user name",
        )
    };
    form.put("user_id", found.ok_or_else(unknown)?);
    let new = NewEntry::parse(form, page.app.gate.now())?;
    let verb = move |tx: &mut Tx<'_>| ops::enter(tx, &new);
    request.transact(Act::RosterKeep, Scope::Agency, verb).await.map(drop)
}

pub(super) async fn end(id: PathId, request: WriteRequest) -> Reply {
    let page = request.page()?;
    let made = api::ended(id.0, request).await.map(drop);
    back(&page, "ended", made).await
}

async fn back(page: &PageRequest, done: &str, made: Result<()>) -> Reply {
    let address = |()| format!("/roster?done={done}");
    pages::answer(&page.req, made, address, async |form| roster_page(page, form).await).await
}
