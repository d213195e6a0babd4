//! What a search may show. It stands in the access log of each case that it led to, and where it led to none in the
//! agency's stream, always with its text.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::json;

use super::key::{FindKey, FoundBy};
use super::model::{CaseName, Hit, HitKind, Numbered, SHOWN, SearchResult, Sought};
use super::store::{self, FoundPlace};
use crate::authorizations::Authorization;
use crate::captures::{self, Capture, CaptureSearch, CaptureState};
use crate::cases::{Case, VisibleTo};
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, View};
use crate::ledger::Action;
use crate::policy::{Act, Role};
use crate::subjects::Account;
use crate::text::label;

/// Characters of a line that says what something is about.
const ABOUT: usize = 160;
/// Closed captures of which it is asked whether the caller may open them.
const CLOSED: usize = 100;

/// Finds.
///
/// # Errors
/// Whoever may not find anything is refused.
pub async fn find(gate: &Gate, requester: &RequestCtx, wanted: Sought) -> Result<SearchResult> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let places = FoundPlaces::of(ctx, &wanted)?;
        let found = places.shown(ctx)?;
        let views = views(&found, &wanted.text);
        Ok((found, views))
    };
    gate.search(requester, Act::Find, read).await
}

/// What the access log says of a search.
fn views(found: &SearchResult, text: &str) -> Vec<View> {
    let detail = json!({"query": text});
    let cases: BTreeSet<&str> = found.hits.iter().map(|hit| hit.case.id.as_str()).collect();
    if cases.is_empty() {
        return vec![View::new(Action::CasesSearched, "agency", "agency", detail)];
    }
    let of_case = |id: &str| View {
        case: Some(id.to_owned()),
        ..View::new(Action::CaseSearched, "case", id, detail.clone())
    };
    cases.into_iter().map(of_case).collect()
}

/// What was found, each thing once and with the first that led to it, by kind.
#[derive(Default)]
struct FoundPlaces {
    found: BTreeMap<HitKind, Vec<(FoundPlace, FoundBy)>>,
    /// Closed captures that this caller may open.
    opened: BTreeSet<String>,
    more: bool,
}

impl FoundPlaces {
    fn of(ctx: &mut ReadCtx<'_>, wanted: &Sought) -> Result<Self> {
        let (mut all, sees) = (Self::default(), VisibleTo::of(ctx.caller, ctx.now));
        all.by_number(ctx, &sees, wanted)?;
        all.by_id(ctx, &sees, wanted)?;
        all.by_key(ctx, &sees, wanted)?;
        if let Some(range) = &wanted.digests {
            let found = store::with_digest(ctx.conn, &sees, range, SHOWN + 1)?;
            all.add_all(HitKind::Capture, FoundBy::Sha256, found);
        }
        all.by_words(ctx, &sees, wanted)?;
        Ok(all)
    }

    fn add(&mut self, kind: HitKind, by: FoundBy, place: FoundPlace) {
        let of_kind = self.found.entry(kind).or_default();
        if of_kind.iter().any(|((id, _), _)| *id == place.0) {
            return;
        }
        if of_kind.len() == SHOWN {
            self.more = true;
            return;
        }
        of_kind.push((place, by));
    }

    fn add_all(&mut self, kind: HitKind, by: FoundBy, places: Vec<FoundPlace>) {
        places.into_iter().for_each(|place| self.add(kind, by, place));
    }

    /// A case by its number; an item and an authorization by theirs.
    fn by_number(&mut self, ctx: &mut ReadCtx<'_>, sees: &VisibleTo, wanted: &Sought) -> Result<()> {
        for id in store::numbered(ctx.conn, sees, &wanted.text)? {
            self.add(HitKind::Case, FoundBy::Number, (id.clone(), id));
        }
        if let Some(item) = &wanted.item {
            let cases = in_cases(ctx, sees, item, wanted)?;
            let found = store::items(ctx.conn, sees, &cases, item)?;
            self.add_all(HitKind::Capture, FoundBy::Item, found);
        }
        if let Some(number) = &wanted.authorization {
            let cases = in_cases(ctx, sees, number, wanted)?;
            let cases = store::readable(ctx.conn, sees, cases)?;
            let found = store::authorizations_numbered(ctx.conn, &cases, number)?;
            self.add_all(HitKind::Authorization, FoundBy::AuthorizationNumber, found);
        }
        Ok(())
    }

    fn by_id(&mut self, ctx: &mut ReadCtx<'_>, sees: &VisibleTo, wanted: &Sought) -> Result<()> {
        let Some(id) = &wanted.id else { return Ok(()) };
        let mut found = store::of_id(ctx.conn, id)?;
        found.push((HitKind::Case, (id.clone(), id.clone())));
        let cases = found.iter().map(|(_, (_, case))| case.clone()).collect();
        let readable = store::readable(ctx.conn, sees, cases)?;
        let in_part = store::existing(ctx.conn, sees, vec![id.clone()])?;
        let chosen = store::chosen_of(ctx.conn, sees, id)?;
        found.retain(|(kind, (_, case))| {
            let head = *kind == HitKind::Case && in_part.contains(case);
            readable.contains(case) || head || (*kind == HitKind::Capture && chosen)
        });
        found
            .into_iter()
            .for_each(|(kind, place)| self.add(kind, FoundBy::Id, place));
        Ok(())
    }

    /// By address, handle or platform's id. What is closed has none of them for those who may not open it.
    fn by_key(&mut self, ctx: &mut ReadCtx<'_>, sees: &VisibleTo, wanted: &Sought) -> Result<()> {
        let keys = wanted.keys_of(HitKind::Capture);
        let captures = store::open_captures(ctx.conn, sees, &keys, SHOWN + 1)?;
        let closed = opened(ctx, sees, &keys)?;
        self.opened.extend(closed.iter().map(|(id, _)| id.clone()));
        let accounts = store::accounts_keyed(ctx.conn, sees, &keys, SHOWN + 1)?;
        let ids = captures
            .iter()
            .chain(&closed)
            .chain(&accounts)
            .map(|(id, _)| id.clone());
        let led = led_by(ctx, ids.collect(), wanted)?;
        let by = |(id, _): &FoundPlace| led.get(id).copied().unwrap_or(FoundBy::Handle);
        for place in captures.into_iter().chain(closed) {
            self.add(HitKind::Capture, by(&place), place);
        }
        for place in accounts {
            self.add(HitKind::Account, by(&place), place);
        }
        Ok(())
    }

    /// By words in what files say of themselves. What is closed has none of them for those who may not open it.
    fn by_words(&mut self, ctx: &mut ReadCtx<'_>, sees: &VisibleTo, wanted: &Sought) -> Result<()> {
        let open = CaptureState::words_where(|state| !state.is_closed());
        let found = store::with_words(ctx.conn, sees, (&wanted.words, &open), SHOWN + 1)?;
        let closed = CaptureState::words_where(CaptureState::is_closed);
        let closed = match ctx.caller.is(Role::Supervisor) {
            true => store::with_words(ctx.conn, sees, (&wanted.words, &closed), CLOSED)?,
            false => Vec::new(),
        };
        let closed = decidable(ctx, closed.into_iter().map(|(id, _)| id).collect())?;
        self.opened.extend(closed.iter().map(|(id, _)| id.clone()));
        self.add_all(HitKind::Capture, FoundBy::Words, found);
        self.add_all(HitKind::Capture, FoundBy::Words, closed);
        Ok(())
    }

    /// As the caller sees it. Each kind is read in one query.
    fn shown(&self, ctx: &mut ReadCtx<'_>) -> Result<SearchResult> {
        let cases = self.found.values().flatten().map(|((_, case), _)| case.clone());
        let cases = store::cases_of(ctx.conn, cases.collect())?;
        let mut about = self.captures(ctx)?;
        about.extend(self.accounts(ctx)?);
        about.extend(self.authorizations(ctx)?);
        let mut hits = Vec::new();
        for (kind, ((id, case), by)) in self
            .found
            .iter()
            .flat_map(|(kind, all)| all.iter().map(move |one| (*kind, one)))
        {
            let Some(case) = cases.get(case) else { continue };
            let said = if kind == HitKind::Case {
                Some(HitText::case(case))
            } else {
                about.remove(id)
            };
            hits.extend(said.map(|said| said.hit(kind, id, (case, *by))));
        }
        Ok(SearchResult { hits, more: self.more })
    }

    fn ids(&self, kind: HitKind) -> Vec<String> {
        let of_kind = self.found.get(&kind).into_iter().flatten();
        of_kind.map(|((id, _), _)| id.clone()).collect()
    }

    fn captures(&self, ctx: &mut ReadCtx<'_>) -> Result<HashMap<String, HitText>> {
        let ids = self.ids(HitKind::Capture);
        let mut states = store::states_of(ctx.conn, ids.clone())?;
        let all = store::captures_of(ctx.conn, ids)?.into_iter();
        let closed = CaptureState::words_where(CaptureState::is_closed);
        let said = all.map(|capture| {
            let state = states.remove(&capture.id).unwrap_or_default();
            let shown = self.opened.contains(&capture.id) || !closed.contains(&state.as_str());
            let said = HitText::capture(&capture, state);
            (capture.id, if shown { said } else { said.outline() })
        });
        Ok(said.collect())
    }

    fn accounts(&self, ctx: &mut ReadCtx<'_>) -> Result<HashMap<String, HitText>> {
        let all = store::accounts_of(ctx.conn, self.ids(HitKind::Account))?;
        Ok(all.into_iter().map(|a| (a.id.clone(), HitText::account(&a))).collect())
    }

    fn authorizations(&self, ctx: &mut ReadCtx<'_>) -> Result<HashMap<String, HitText>> {
        let all = store::authorizations_of(ctx.conn, self.ids(HitKind::Authorization))?;
        let now = ctx.now;
        Ok(all
            .into_iter()
            .map(|a| (a.id.clone(), HitText::authorization(&a, now)))
            .collect())
    }
}

/// The cases in which a number is looked for: the one named before it, or the one that is open. What is found in them is asked
/// for itself, because of some of them chosen captures alone are open.
fn in_cases(ctx: &mut ReadCtx<'_>, sees: &VisibleTo, number: &Numbered, wanted: &Sought) -> Result<Vec<String>> {
    match (&number.case, &wanted.open_case) {
        (Some(named), _) => store::numbered(ctx.conn, sees, named),
        (None, Some(open)) => store::existing(ctx.conn, sees, vec![open.clone()]),
        (None, None) => Ok(Vec::new()),
    }
}

/// Closed captures with one of these keys that the caller may open, because they may decide them.
fn opened(ctx: &mut ReadCtx<'_>, sees: &VisibleTo, keys: &[FindKey]) -> Result<Vec<FoundPlace>> {
    if !ctx.caller.is(Role::Supervisor) {
        return Ok(Vec::new());
    }
    let closed = store::closed_captures(ctx.conn, sees, keys, CLOSED)?;
    decidable(ctx, closed)
}

/// Those of some closed captures that the caller may decide.
fn decidable(ctx: &mut ReadCtx<'_>, ids: Vec<String>) -> Result<Vec<FoundPlace>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let search = CaptureSearch {
        ids: Some(ids),
        limit: SHOWN + 1,
        ..CaptureSearch::default()
    };
    let found = captures::store::to_decide(ctx.conn, ctx.caller, &search, ctx.now)?;
    Ok(found.into_iter().map(|s| (s.capture.id, s.capture.case_id)).collect())
}

/// Which of the texts led to each.
fn led_by(ctx: &mut ReadCtx<'_>, ids: Vec<String>, wanted: &Sought) -> Result<HashMap<String, FoundBy>> {
    let keys = wanted.keys_of(HitKind::Capture);
    let mut led = HashMap::new();
    for (id, key) in store::keys_of(ctx.conn, ids, keys)? {
        let by = wanted.keys.iter().find(|(_, known)| *known == key).map(|(by, _)| *by);
        led.extend(by.map(|by| (id, by)));
    }
    Ok(led)
}

/// What is said of a thing found.
struct HitText {
    number: Option<i64>,
    what: String,
    state: Option<String>,
    about: Option<String>,
}

impl HitText {
    fn case(case: &Case) -> Self {
        Self {
            number: None,
            what: case.kind.as_str().to_owned(),
            state: Some(case.status.as_str().to_owned()),
            about: None,
        }
    }

    fn capture(capture: &Capture, state: String) -> Self {
        Self {
            number: Some(capture.item),
            what: capture.kind.as_str().to_owned(),
            state: Some(state),
            about: capture.particulars.title(capture.kind, ABOUT),
        }
    }

    /// What everybody sees of a closed capture.
    fn outline(self) -> Self {
        Self { about: None, ..self }
    }

    fn account(account: &Account) -> Self {
        let said = &account.fields;
        let named = [&said.handle, &said.platform_id, &said.url];
        Self {
            number: None,
            what: label(said.platform.as_deref().unwrap_or("account")),
            state: None,
            about: named.into_iter().flatten().next().map(|text| shortened(text)),
        }
    }

    fn authorization(authorization: &Authorization, now: i64) -> Self {
        Self {
            number: Some(authorization.number),
            what: authorization.terms.level.as_str().to_owned(),
            state: Some(authorization.state_at(now).as_str().to_owned()),
            about: None,
        }
    }

    fn hit(self, kind: HitKind, id: &str, (case, by): (&Case, FoundBy)) -> Hit {
        Hit {
            kind,
            id: id.to_owned(),
            case: CaseName {
                id: case.id.clone(),
                number: case.number.clone(),
                title: case.title.clone(),
            },
            by,
            number: self.number,
            what: self.what,
            state: self.state,
            about: self.about,
        }
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(ABOUT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
