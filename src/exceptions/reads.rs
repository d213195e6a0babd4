//! What may be looked at of exceptions: identifiers alone, over the cases that somebody oversees.

use super::model::{ExceptionClass, ExceptionSearch, FoundException, SignOffState, UNDECIDED_DAYS, held_before};
use super::store;
use crate::cases::Overseen;
use crate::error::{Error, Result};
use crate::forms::{Word, parse_id};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::Act;

/// What a list of exceptions may be narrowed by.
pub const FILTERS: &[&str] = &["class", "state", "days"];

/// Days beyond which nobody waits.
const MOST_DAYS: i64 = 3_660;

/// The days after which a held capture is an exception.
///
/// # Errors
/// A number that is none.
pub fn days(page: &Page) -> Result<i64> {
    let Some(text) = page.filter("days") else {
        return Ok(UNDECIDED_DAYS);
    };
    let read = text.parse().ok().filter(|days| (0..=MOST_DAYS).contains(days));
    let message = format!("must be a whole number of days from 0 to {MOST_DAYS}");
    read.ok_or_else(|| Error::field("days", "range", message))
}

/// A page of the exceptions over the cases that the caller oversees.
pub async fn list(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<FoundException>> {
    let (class, state) = (
        page.word::<ExceptionClass>("class")?,
        page.word::<SignOffState>("state")?,
    );
    let after = page.place(|key| {
        let (id, class) = key.split_once('.')?;
        Some((parse_id(id)?, ExceptionClass::from_word(class)?))
    })?;
    let (days, limit) = (days(page)?, page.limit + 1);
    let read = move |ctx: &mut ReadCtx<'_>| {
        let search = ExceptionSearch {
            class,
            state,
            held_before: held_before(ctx.now, days),
            after,
            object_id: None,
            limit,
        };
        store::list(ctx.conn, &Overseen::by(ctx.caller, ctx.now), &search)
    };
    gate.read(requester, Act::ExceptionList, Scope::Agency, read).await
}

/// The exceptions to a capture or an authorization, and whether the caller may sign them off.
pub async fn of_object(gate: &Gate, requester: &RequestCtx, scope: Scope) -> Result<(Vec<FoundException>, bool)> {
    let id = scope.object().1.to_owned();
    let read = move |ctx: &mut ReadCtx<'_>| {
        let search = ExceptionSearch::of_object(&id, ctx.now);
        // Whoever reads the case reads what was found; the auditor sees identifiers.
        let overseen = match ctx.may(Act::CaptureRead) {
            true => Overseen::Readable(crate::cases::VisibleTo::of(ctx.caller, ctx.now)),
            false => Overseen::AsIdentifiers,
        };
        Ok((
            store::list(ctx.conn, &overseen, &search)?,
            ctx.may(Act::ExceptionSignOff),
        ))
    };
    gate.read(requester, Act::ExceptionRead, scope, read).await
}
