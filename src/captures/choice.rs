//! Captures of a case as somebody picks exhibits from them: some that fit a filter, those picked so far, and how many
//! there are of each state. What a reader may not open is shown without its content, as in every list.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use serde_json::{Value, json};

use super::model::{CaptureKind, CaptureState, CaptureView, StoredCapture};
use super::reads;
use super::store::CaptureRow;
use crate::cases;
use crate::db::AnyConn;
use crate::db::tables::captures;
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::ledger::Action;
use crate::policy::Act;
use crate::proof::id::Digest;

/// Values in one `IN`.
const IN: usize = 500;
/// Characters of a choice in the access log.
const TOLD: usize = 2_000;

/// Which captures are shown.
#[derive(Debug, Clone, Default)]
pub struct ChoiceFilter {
    pub kind: Option<String>,
    /// Of captures whose content is open only: a held one does not tell its platform.
    pub platform: Option<String>,
    pub state: Option<String>,
}

/// What is asked of a choice.
#[derive(Debug, Clone, Default)]
pub struct ChoiceAsked {
    pub filter: ChoiceFilter,
    /// Items after this one.
    pub after: i64,
    pub limit: usize,
    /// The items picked so far, in their order.
    pub picked: Vec<i64>,
    /// The same in short, for the access log.
    pub picked_text: String,
}

impl ChoiceAsked {
    /// The same for the access log. A long choice is cut there; its digest tells it from another.
    fn detail(&self) -> Value {
        let ChoiceFilter { kind, platform, state } = &self.filter;
        let told: String = self.picked_text.chars().take(TOLD).collect();
        let whole = (told.len() < self.picked_text.len()).then(|| Digest::of(self.picked_text.as_bytes()));
        json!({
            "after_item": View::number(self.after), "limit": self.limit, "picked": told, "picked_sha256": whole,
            "kind": kind, "platform": platform, "state": state,
        })
    }
}

/// Captures to pick from.
pub struct Choice {
    /// Those that fit the filter, up to one more than the limit.
    pub shown: Vec<CaptureView>,
    /// How many fit the filter and may leave.
    pub matching: i64,
    /// Those picked so far, in their order. An item that is not there is left out.
    pub picked: Vec<CaptureView>,
    /// How many captures of each state the case has.
    pub tally: Vec<(CaptureState, i64)>,
    /// The platforms of the captures whose content is open.
    pub platforms: Vec<String>,
}

/// The kinds of captures, with how people write them.
pub fn kinds() -> Vec<(&'static str, String)> {
    cases::words::<CaptureKind>()
}

/// Captures to pick from, as this reader sees them.
pub async fn choice(gate: &Gate, requester: &RequestCtx, case: String, asked: ChoiceAsked) -> Result<Choice> {
    let detail = asked.detail();
    let view = View::new(Action::CapturesListed, "case", &case, detail);
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let shown = filtered(ctx.conn, &case, &asked)?;
        let mut picked = of_items(ctx.conn, &case, &asked.picked)?;
        let picked = asked.picked.iter().filter_map(|item| picked.remove(item)).collect();
        Ok(Choice {
            matching: matching_count(ctx.conn, &case, &asked.filter)?,
            tally: tally(ctx.conn, &case)?,
            platforms: platforms(ctx.conn, &case)?,
            shown: as_seen(ctx, shown)?,
            picked: as_seen(ctx, picked)?,
        })
    };
    gate.view(requester, Act::CaptureRead, scope, view, read).await
}

fn as_seen(ctx: &mut ReadCtx<'_>, found: Vec<StoredCapture>) -> Result<Vec<CaptureView>> {
    let decides = ctx.may(Act::CaptureReadHeld);
    reads::views(
        ctx,
        found,
        |ctx, stored| Ok(decides && !reads::takes_part(ctx, stored)?),
    )
}

/// The items that fit a filter and may leave, in order. Numbers only.
pub async fn matching(gate: &Gate, requester: &RequestCtx, case: String, filter: ChoiceFilter) -> Result<Vec<i64>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let fits = fitting(&case, &filter).filter(may_leave());
        Ok(fits.order(captures::item).select(captures::item).load(ctx.conn)?)
    };
    gate.read(requester, Act::CaptureRead, scope, read).await
}

/// The ids of these items. An item that is not there is left out.
pub async fn ids_of_items(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    items: Vec<i64>,
) -> Result<HashMap<i64, String>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let mut ids = HashMap::with_capacity(items.len());
        for some in items.chunks(IN) {
            let rows: Vec<(i64, String)> = captures::table
                .filter(captures::case_id.eq(&case).and(captures::item.eq_any(some.to_vec())))
                .select((captures::item, captures::id))
                .load(ctx.conn)?;
            ids.extend(rows);
        }
        Ok(ids)
    };
    gate.read(requester, Act::CaptureRead, scope, read).await
}

type Fitting<'q> = captures::BoxedQuery<'q, <AnyConn as Connection>::Backend>;

/// Captures of a case that fit a filter.
fn fitting<'q>(case: &'q str, filter: &'q ChoiceFilter) -> Fitting<'q> {
    let mut query = captures::table.filter(captures::case_id.eq(case)).into_boxed();
    if let Some(kind) = &filter.kind {
        query = query.filter(captures::kind.eq(kind));
    }
    if let Some(state) = &filter.state {
        query = query.filter(captures::state.eq(state));
    }
    if let Some(platform) = &filter.platform {
        // In canonical JSON no text holds these characters without a backslash between them.
        let said = format!("%\"platform\":\"{}\"%", platform.replace('_', "\\_"));
        query = query.filter(captures::body.like(said).escape('\\')).filter(may_leave());
    }
    query
}

#[diesel::dsl::auto_type(no_type_alias)]
fn may_leave() -> _ {
    let states: Vec<&'static str> = CaptureState::words_where(CaptureState::may_leave);
    captures::state.eq_any(states)
}

fn filtered(conn: &mut AnyConn, case: &str, asked: &ChoiceAsked) -> Result<Vec<StoredCapture>> {
    let rows: Vec<CaptureRow> = fitting(case, &asked.filter)
        .filter(captures::item.gt(asked.after))
        .order(captures::item)
        .limit(asked.limit as i64 + 1)
        .select(CaptureRow::as_select())
        .load(conn)?;
    rows.into_iter().map(CaptureRow::stored).collect()
}

fn matching_count(conn: &mut AnyConn, case: &str, filter: &ChoiceFilter) -> Result<i64> {
    let fits = fitting(case, filter).filter(may_leave());
    Ok(fits.select(count_star()).first(conn)?)
}

fn of_items(conn: &mut AnyConn, case: &str, items: &[i64]) -> Result<HashMap<i64, StoredCapture>> {
    let mut found = HashMap::with_capacity(items.len());
    for some in items.chunks(IN) {
        let rows: Vec<CaptureRow> = captures::table
            .filter(captures::case_id.eq(case).and(captures::item.eq_any(some.to_vec())))
            .select(CaptureRow::as_select())
            .load(conn)?;
        for row in rows {
            found.insert(row.item, row.stored()?);
        }
    }
    Ok(found)
}

fn tally(conn: &mut AnyConn, case: &str) -> Result<Vec<(CaptureState, i64)>> {
    let rows: Vec<(String, i64)> = captures::table
        .filter(captures::case_id.eq(case))
        .group_by(captures::state)
        .select((captures::state, count_star()))
        .load(conn)?;
    let state = |(word, n): (String, i64)| {
        let known = CaptureState::from_word(&word);
        let unknown = || Error::internal(format!("a capture in an unknown state: {word}"));
        Ok((known.ok_or_else(unknown)?, n))
    };
    rows.into_iter().map(state).collect()
}

#[derive(QueryableByName)]
struct NamedPlatform {
    #[diesel(sql_type = Text)]
    platform: String,
}

fn platforms(conn: &mut AnyConn, case: &str) -> Result<Vec<String>> {
    let platform = match conn {
        AnyConn::Pg(_) => "CAST(body AS json)->>'platform'",
        AnyConn::Sqlite(_) => "json_extract(body, '$.platform')",
    };
    let query = format!(
        "SELECT DISTINCT platform FROM (SELECT {platform} AS platform FROM captures \
         WHERE case_id = $1 AND state IN ('logged', 'reviewed')) AS said WHERE platform IS NOT NULL ORDER BY platform"
    );
    let rows: Vec<NamedPlatform> = sql_query(query).bind::<Text, _>(case.to_owned()).load(conn)?;
    Ok(rows.into_iter().map(|row| row.platform).collect())
}
