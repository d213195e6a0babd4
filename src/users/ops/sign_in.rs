//! Opening sessions and refusing to, going on with them, ending one's own.

use serde_json::json;

use super::save;
use crate::clock::{DAY, Micros};
use crate::db::AnyConn;
use crate::error::Result;
use crate::gate::{Recorded, Tx};
use crate::identity::{self, Network};
use crate::ledger::Action;
use crate::users::store::{self, UserRow};

/// A user with so many failed sign-ins within `store::WINDOW` is locked until an administrator releases them (CJIS AC-7).
const FAILURES: i64 = 5;
/// From where somebody signed in within this time, they may again while strangers have them locked.
const KNOWN: Micros = 90 * DAY;

/// Where somebody signs in.
#[derive(Debug, Clone)]
pub struct SignInPlace {
    /// The address, as the record names it.
    pub address: String,
    /// Whether it is the machine itself.
    pub at_machine: bool,
    /// Whether more passwords were tried there with this user than a known place may.
    pub too_many: bool,
    /// How many the place's slowing turned away, for the record.
    pub turned_away: u64,
}

impl SignInPlace {
    /// Whether a locked user gets in from here: nobody else's failures lock the owner out where they signed in before,
    /// and none lock out whoever administers at the machine itself.
    fn admits_locked(&self, conn: &mut AnyConn, row: &UserRow, now: Micros) -> Result<bool> {
        if self.at_machine && row.administers()? {
            return Ok(true);
        }
        Ok(!self.too_many && identity::signed_in_from(conn, &row.id, Network::of(&self.address), now - KNOWN)?)
    }
}

/// Opens a session after the password was checked; `None` when the user is disabled, or locked for this place, or has
/// another password meanwhile. Whoever is locked stays locked for other places.
pub fn sign_in(tx: &mut Tx<'_>, user: &UserRow, place: &SignInPlace) -> Result<Option<identity::Opened>> {
    tx.lock(crate::ledger::AGENCY)?;
    let row = store::user(tx.conn, &user.id)?;
    if row.disabled || row.password_hash != user.password_hash {
        return Ok(None);
    }
    if row.locked && !place.admits_locked(tx.conn, &row, tx.now)? {
        return Ok(None);
    }
    store::forget_failures(tx.conn, &row.id)?;
    let id = tx.new_id();
    let record = json!({"session": id, "user_id": row.id, "address": place.address});
    let made = tx.record(Action::SessionOpened, ("session", &id), 1, &record)?;
    Ok(Some(identity::open(tx.conn, (&id, &row.id), &place.address, made.at)?))
}

/// Goes on with a session. A token that is shown twice was copied: the session ends, with an event.
pub fn refresh(tx: &mut Tx<'_>, shown: &identity::ShownRefresh) -> Result<Option<identity::Opened>> {
    match identity::refresh(tx.conn, shown, tx.now)? {
        identity::Refreshed::Yes(opened) => Ok(Some(opened)),
        identity::Refreshed::No => Ok(None),
        identity::Refreshed::Stolen(id) => {
            let record = json!({"session": id, "why": "its refresh token was used twice: somebody has a copy"});
            tx.record(Action::SessionClosed, ("session", &id), 1, &record)?;
            Ok(None)
        }
        identity::Refreshed::Spent(id) => {
            let record = json!({"session": id, "why": "a refresh token that was used before was shown again; its session had ended"});
            tx.record(Action::SessionRefused, ("session", &id), 1, &record)?;
            Ok(None)
        }
    }
}

/// Records a refused sign-in, counts it, and locks the user at the fifth within fifteen minutes.
pub fn refuse_sign_in(tx: &mut Tx<'_>, user: Option<&str>, place: &SignInPlace) -> Result<()> {
    tx.lock(crate::ledger::AGENCY)?;
    let record = json!({"user_id": user, "address": place.address, "turned_away_before": place.turned_away});
    let made = tx.record(Action::SessionRefused, ("user", user.unwrap_or("unknown")), 1, &record)?;
    let Some(id) = user else { return Ok(()) };
    let row = store::count_failure(tx.conn, id, made.at)?;
    if row.failures < FAILURES || row.locked {
        return Ok(());
    }
    let locked = UserRow {
        locked: true,
        version: row.version + 1,
        ..row
    };
    save(tx, &locked, Action::UserLocked).map(drop)
}

/// Ends the caller's session.
pub fn sign_out(tx: &mut Tx<'_>) -> Result<Recorded<()>> {
    let id = tx.caller.session.clone();
    let record = json!({"session": id, "user_id": tx.caller.user});
    let made = tx.record(Action::SessionClosed, ("session", &id), 1, &record)?;
    identity::end(tx.conn, &id, made.at)?;
    Ok(made.answering(()))
}
