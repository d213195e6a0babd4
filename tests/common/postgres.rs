//! The tests' PostgreSQL. `CASETRAIL_TEST_POSTGRES` is the URL of a server on which databases may be made; `make test`
//! starts one.

#![allow(dead_code, reason = "the unit tests copy no database")]

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::skip::skip;

#[expect(
    clippy::disallowed_methods,
    reason = "the environment names the PostgreSQL of the tests"
)]
fn server() -> Option<String> {
    std::env::var("CASETRAIL_TEST_POSTGRES").ok().filter(|u| !u.is_empty())
}

/// Whether there is a PostgreSQL for the tests. Where there is none, this says so once, and fails under CI.
#[track_caller]
pub fn has_postgres() -> bool {
    static SKIPPED: Once = Once::new();
    let there = server().is_some();
    if !there && !SKIPPED.is_completed() {
        skip("every test on PostgreSQL", "CASETRAIL_TEST_POSTGRES is not set");
        SKIPPED.call_once(|| {});
    }
    there
}

/// A connection to the server's own database.
pub fn connect() -> PgConnection {
    let mut conn = PgConnection::establish(&server().expect("CASETRAIL_TEST_POSTGRES")).expect("PostgreSQL answers");
    conn.batch_execute("SET client_min_messages = warning")
        .expect("a setting");
    conn
}

/// Runs a statement in the server's own database.
pub fn execute(statement: &str) {
    let done = connect().batch_execute(statement);
    done.unwrap_or_else(|e| panic!("{statement}: {e}"));
}

/// A database for one test. It is dropped with this value.
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// An empty one.
    pub fn new() -> Self {
        Self::create("")
    }

    /// A copy of another one, to which nobody is connected.
    pub fn copy_of(template: &Self) -> Self {
        Self::create(&format!(" TEMPLATE {}", template.name))
    }

    fn create(from: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let serial = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("casetrail_test_{}_{serial}", std::process::id());
        execute(&format!("CREATE DATABASE {name}{from}"));
        Self { name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> String {
        let mut url = url::Url::parse(&server().expect("CASETRAIL_TEST_POSTGRES")).expect("a URL");
        url.set_path(&self.name);
        url.to_string()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The server may have ended before. A second panic would hide why the test failed.
        let _ = server().and_then(|url| PgConnection::establish(&url).ok()?.batch_execute(&drop).ok());
    }
}
