//! The pages of a case's events: its custody, and who looked. An auditor, who may not read the case, gets the same pages
//! with identifiers alone.

use std::collections::HashMap;

use askama::Template;

use super::actors;
use crate::cases::{CasePage, Tab};
use crate::custody::reads::ShownEvent;
use crate::custody::trail::{self, CaseLog, ChainState, FoundTrail, NamedThing, TrailSearch};
use crate::custody::words;
use crate::error::Result;
use crate::http::PathId;
use crate::http::pages::{self, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::lookalike::fold;
use crate::text::{Moment, Zone, line};
use crate::users;

/// Filters of the page, as its address names them.
const FILTERS: &[&str] = &["item", "actor", "what"];

/// One event.
struct TrailLine {
    key: i64,
    at: Moment,
    /// What it is about, and its page.
    thing: NamedThing,
    /// What happened to it.
    verb: String,
    about: String,
    who: String,
    look: &'static str,
    look_name: &'static str,
    /// The action, the kind of thing and its identifier.
    action: String,
    object: String,
    leaf: String,
}

impl TrailLine {
    fn of(
        event: &ShownEvent,
        zone: Zone,
        names: &HashMap<String, String>,
        things: &HashMap<String, NamedThing>,
    ) -> Self {
        let (kind, role, actor) = (
            event.text("/actor/kind"),
            event.text("/actor/role"),
            event.text("/actor/id"),
        );
        let name = names.get(actor).map_or(actor, String::as_str);
        let exception = words::is_exception(event);
        let leaf = event.leaf.to_string();
        Self {
            key: event.key,
            at: zone.told(event.text("/at")),
            thing: words::thing(event, things, names),
            verb: words::verb(event),
            about: words::about(event, zone),
            who: match role {
                "" => line(&format!("{kind} {name}")),
                role => line(&format!("{name}, {role}")),
            },
            look: match (exception, kind) {
                (true, _) => "is-exception",
                (_, "person") => "",
                _ => "is-job",
            },
            look_name: match (exception, kind) {
                (true, _) => "Exception",
                (_, "person") => "Person",
                _ => "System",
            },
            action: event.text("/action").to_owned(),
            object: line(&format!("{} {}", event.text("/object/type"), event.text("/object/id"))),
            leaf: format!("{} {} … {}", &leaf[..4], &leaf[4..8], &leaf[60..]),
        }
    }
}

/// What the page says about the chain.
struct ChainCard {
    state: ChainState,
    head: String,
    checkpoint: Option<Moment>,
}

impl ChainCard {
    fn of(state: ChainState, zone: Zone) -> Self {
        Self {
            head: state.head.map(|head| head.to_string()).unwrap_or_default(),
            checkpoint: state.checkpoint.map(|(_, at)| zone.at(at)),
            state,
        }
    }
}

/// A filter that one press sets: its word in the address, its name, whether it is set.
struct GroupChip {
    address: String,
    name: &'static str,
    set: bool,
}

/// What both pages show.
struct TrailParts {
    log: CaseLog,
    case: String,
    chips: Vec<GroupChip>,
    item: String,
    actor: String,
    what: String,
    lines: Vec<TrailLine>,
    chain: ChainCard,
    next: Option<String>,
    first: bool,
    reads_accesses: bool,
    reads_case: bool,
}

impl TrailParts {
    fn path(&self) -> String {
        path(self.log, &self.case)
    }

    fn title(&self) -> &'static str {
        match self.log {
            CaseLog::Custody => "Custody",
            CaseLog::Accesses => "Access log",
        }
    }

    fn is_custody(&self) -> bool {
        self.log == CaseLog::Custody
    }

    fn is_filtered(&self) -> bool {
        !(self.item.is_empty() && self.actor.is_empty() && self.what.is_empty())
    }
}

fn path(log: CaseLog, case: &str) -> String {
    match log {
        CaseLog::Custody => format!("/cases/{case}/custody"),
        CaseLog::Accesses => format!("/cases/{case}/accesses"),
    }
}

#[derive(Template)]
#[template(path = "custody/pages/case.html")]
struct TrailPage {
    frame: Frame,
    page: CasePage,
    trail: TrailParts,
}

#[derive(Template)]
#[template(path = "custody/pages/identifiers.html")]
struct IdentifiersPage {
    frame: Frame,
    trail: TrailParts,
}

pub(in crate::custody) async fn custody(case: PathId, page: PageRequest) -> Reply {
    trail_page(&page, CaseLog::Custody, case.0).await
}

pub(in crate::custody) async fn accesses(case: PathId, page: PageRequest) -> Reply {
    trail_page(&page, CaseLog::Accesses, case.0).await
}

async fn trail_page(page: &PageRequest, log: CaseLog, case: String) -> Reply {
    let query = Page::read(&page.req, FILTERS)?.without_empty();
    let search = search(page, log, &query).await?;
    let found = trail::trail(&page.app.gate, &page.ctx, (log, case.clone()), search).await?;
    if !found.reads_case {
        let frame = page.frame("Events of a case", Nav::Ledger).await?;
        let trail = parts(page, &query, (log, case, Zone::named(None)), found).await?;
        return pages::show(&IdentifiersPage { frame, trail }, None);
    }
    let tab = match log {
        CaseLog::Custody => Tab::Custody,
        CaseLog::Accesses => Tab::Accesses,
    };
    let (frame, case_page) = CasePage::of(page, &case, tab).await?;
    let trail = parts(page, &query, (log, case, case_page.zone), found).await?;
    let page = case_page;
    pages::show(&TrailPage { frame, page, trail }, None)
}

async fn search(page: &PageRequest, log: CaseLog, query: &Page) -> Result<TrailSearch> {
    let actor = match query.filter("actor") {
        // Nobody's name finds nothing.
        Some(name) => {
            let known = users::id_of(&page.app.gate, &page.ctx, fold(name)).await?;
            Some(known.unwrap_or_else(|| name.to_owned()))
        }
        None => None,
    };
    Ok(TrailSearch {
        item: trail::place(query.filter("item"))?,
        actor,
        actions: words::actions(log, query.filter("what").unwrap_or_default()),
        before: query.after_number()?,
        limit: query.limit as i64 + 1,
    })
}

async fn parts(
    page: &PageRequest,
    query: &Page,
    (log, case, zone): (CaseLog, String, Zone),
    found: FoundTrail,
) -> Result<TrailParts> {
    let mut people = actors(&found.events);
    people.extend(words::people(&found.events));
    let names = users::names(&page.app.gate, &page.ctx, people).await?;
    let things = found.things;
    let shown = |event: ShownEvent| TrailLine::of(&event, zone, &names, &things);
    let listed = Listed::of(found.events, query, |event| event.key.to_string(), shown);
    let typed = |name| query.filter(name).unwrap_or_default().to_owned();
    let path = path(log, &case);
    Ok(TrailParts {
        chips: chips(log, &path, query.filter("what").unwrap_or_default()),
        item: typed("item"),
        actor: typed("actor"),
        what: typed("what"),
        next: listed.next.map(|next| query.next_address(&path, &next)),
        lines: listed.items,
        chain: ChainCard::of(found.chain, zone),
        first: query.after.is_none(),
        reads_accesses: found.reads_accesses,
        reads_case: found.reads_case,
        log,
        case,
    })
}

fn chips(log: CaseLog, path: &str, what: &str) -> Vec<GroupChip> {
    let chip = |(word, name): &(&str, &'static str)| GroupChip {
        address: match *word {
            "" => path.to_owned(),
            word => format!("{path}?what={word}"),
        },
        name,
        set: *word == what,
    };
    words::groups(log).iter().map(chip).collect()
}
