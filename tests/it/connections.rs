//! PostgreSQL's connections: each serves more than once.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Integer;

use crate::kit::{App, Database, has_postgres};

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

#[test]
fn a_returned_connection_serves_again() {
    if !has_postgres() {
        return;
    }
    let app = App::with(Database::Postgres, &[]);
    let ask = || {
        app.state.gate.db().read_blocking(|conn| {
            let found: Backend = sql_query("SELECT pg_backend_pid() AS pid").get_result(conn)?;
            Ok(found.pid)
        })
    };
    let pids: BTreeSet<i32> = (0..50).map(|_| ask().unwrap()).collect();
    // The readers are a third of the connections.
    assert!(pids.len() <= 8, "{} connections for 50 reads", pids.len());
}
