//! "No change without an event", held by the database itself: in the tests' PostgreSQL every transaction that changes a table
//! which is not operational must have appended an event, or its COMMIT fails.

use casetrail::gate::OPERATIONAL;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::{App, Database};

/// Written by the ledger alone, or by migrations.
const LEDGER: &[&str] = &[
    "__diesel_schema_migrations",
    "checkpoints",
    "events",
    "leaves",
    "log_state",
    "outbox",
    "records",
    "tiles",
];

/// Watches all other tables. What a transaction appended is known by its number, until it ends.
pub(super) fn watch(url: &str) {
    let free: Vec<String> = OPERATIONAL
        .iter()
        .map(|(table, _)| *table)
        .chain(LEDGER.iter().copied())
        .map(|t| format!("'{t}'"))
        .collect();
    let watched = format!(
        "CREATE FUNCTION test_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           PERFORM set_config('casetrail.event_in', pg_current_xact_id()::text, true); RETURN NULL;
         END $$;
         CREATE TRIGGER test_event AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION test_event();
         CREATE FUNCTION test_recorded() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF current_setting('casetrail.event_in', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
             RAISE EXCEPTION '% changed without an event', TG_TABLE_NAME;
           END IF;
           RETURN NULL;
         END $$;
         DO $$ DECLARE t text; BEGIN
           FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ({free}) LOOP
             EXECUTE format('CREATE CONSTRAINT TRIGGER test_recorded AFTER INSERT OR UPDATE OR DELETE ON %I
               DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test_recorded()', t);
           END LOOP;
         END $$;",
        free = free.join(", ")
    );
    PgConnection::establish(url).unwrap().batch_execute(&watched).unwrap();
}

impl App {
    /// For tests that put rows into tables themselves, where no event tells of them.
    pub fn lets_tables_be_planted(&self) {
        if self.database == Database::Postgres {
            let drop = |conn: &mut casetrail::db::AnyConn| {
                Ok(conn.batch_execute("DROP FUNCTION IF EXISTS test_recorded CASCADE")?)
            };
            self.db().write_blocking(drop).unwrap();
        }
    }
}
