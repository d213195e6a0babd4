//! Housekeeping changes operational tables without an event, and no others. Every test on PostgreSQL is held to the same
//! (`kit::recorded`); this one shows that the check would notice.

use casetrail::db::tables::{sessions, users};
use casetrail::gate::Tx;
use casetrail::ledger;
use diesel::prelude::*;

use crate::kit::{self, App, Database};

#[test]
fn other_tables_change_with_an_event_only() {
    if !kit::has_postgres() {
        return;
    }
    let app = App::with(Database::Postgres, &[]);
    let gate = &app.state.gate;
    let refreshed = |tx: &mut Tx<'_>| {
        Ok(diesel::update(sessions::table)
            .set(sessions::refreshed_at.eq(tx.now))
            .execute(tx.conn)?)
    };
    assert!(gate.housekeep_blocking(ledger::job("test"), refreshed).unwrap() > 0);
    let renamed = |tx: &mut Tx<'_>| {
        Ok(diesel::update(users::table)
            .set(users::name.eq("Nobody"))
            .execute(tx.conn)?)
    };
    let refused = gate.housekeep_blocking(ledger::job("test"), renamed).unwrap_err();
    assert!(
        refused.detail.contains("users changed without an event"),
        "{}",
        refused.detail
    );
}
