//! Signing a review.

use super::model::{NewSignature, ReviewKind, ReviewPeriod, ReviewSignature};
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;

/// The object of a review's event.
pub const NOUN: &str = "review";

/// Signs the review of a week or of a year.
pub fn sign(tx: &mut Tx<'_>, kind: ReviewKind, new: &NewSignature) -> Result<Recorded<ReviewSignature>> {
    let began = store::began(tx.conn)?.unwrap_or(tx.now);
    let periods = match kind {
        ReviewKind::AccessLog => ReviewPeriod::weeks(began, tx.now),
        ReviewKind::AccessRights => ReviewPeriod::years(began, tx.now),
    };
    let Some(period) = periods.into_iter().find(|period| period.name == new.period) else {
        let message = "is no period that is to be reviewed: name one of the list, such as 2026-W47 or 2026";
        return Err(Error::field("period", "exists", message));
    };
    let unit = match kind {
        ReviewKind::AccessLog => None,
        ReviewKind::AccessRights => Some(store::unit(tx.conn, &tx.caller.unit_id)?),
    };
    let before = store::signed(tx.conn, kind, std::slice::from_ref(&period))?;
    if before
        .iter()
        .any(|signed| signed.unit.as_ref().map(|unit| &unit.id) == unit.as_ref().map(|unit| &unit.id))
    {
        return Err(Error::conflict(
            "This review is signed already: what was found stands on the record.",
        ));
    }
    let signed = ReviewSignature {
        id: tx.new_id(),
        kind,
        counted: match kind {
            ReviewKind::AccessLog => store::count_week(tx.conn, &period)?,
            ReviewKind::AccessRights => store::count_access(tx.conn, tx.caller, tx.now)?,
        },
        period: period.name,
        unit,
        note: new.note.clone(),
        by: tx.me(),
        at: Timestamp(tx.now),
        version: 1,
    };
    let made = tx.record(Action::ReviewSigned, (NOUN, &signed.id), signed.version, &signed)?;
    store::insert(tx.conn, &signed, &made.leaf)?;
    Ok(made.answering(signed))
}
