//! PostgreSQL's connections: each serves more than once, and one that was cut is not given to anybody.

use std::collections::BTreeSet;

use casetrail::db::AnyConn;
use casetrail::error::Result;
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

#[derive(QueryableByName)]
struct Cut {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// Ends every other connection to this database; answers how many.
pub fn cut_the_others(conn: &mut AnyConn) -> Result<i64> {
    let cut = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let found: Cut = sql_query(cut).get_result(conn)?;
    Ok(found.n)
}

#[test]
fn a_server_that_came_back_serves_at_once() {
    if !has_postgres() {
        return;
    }
    let app = App::with(Database::Postgres, &[]);
    let case = app.case();
    // Several of both kinds, idle when they are cut.
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| app.lead.get(&case.path("")).is(200));
        }
    });
    assert!(app.state.gate.db().read_blocking(cut_the_others).unwrap() >= 2);
    for n in 0..12 {
        app.lead
            .post(
                &case.path("subjects"),
                serde_json::json!({"role": "victim", "name": format!("{n}")}),
            )
            .is(201);
        app.lead.get(&case.path("subjects")).is(200);
    }
}
