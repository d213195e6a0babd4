//! Migrates a database to this version's schema, forward only. A database of a newer version is refused.

use std::fs::File;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::{self, AccessMode};
use super::tables::{captures, cases, find_progress};
use super::{AnyConn, Location};
use crate::error::{Error, Kind, Result};
use crate::lookalike::fold;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number that only this program would choose.
const PG_LOCK: i64 = 0x6361_7365_7472_6c01;

/// Runs what is missing, under a lock, so that two processes that start together do it once.
pub fn migrate(location: &Location) -> Result<()> {
    let _held = lock_beside(location)?;
    let mut conn = connect::open(location, AccessMode::Write)?;
    if let AnyConn::Pg(c) = &mut conn {
        c.batch_execute(&format!("SELECT pg_advisory_lock({PG_LOCK})"))?;
    }
    let done = match &mut conn {
        AnyConn::Sqlite(c) => forward(c, SQLITE),
        AnyConn::Pg(c) => forward(c, POSTGRES),
    };
    let done = done.and_then(|()| fold_anew(&mut conn));
    if let AnyConn::Pg(c) = &mut conn {
        c.batch_execute(&format!("SELECT pg_advisory_unlock({PG_LOCK})"))?;
    }
    done
}

/// Refuses a database of a newer version, and one that no server has migrated to this version. Changes nothing: it reads
/// the table of versions itself, because Diesel would make the table.
pub fn check(location: &Location) -> Result<()> {
    let mut conn = connect::open(location, AccessMode::Read)?;
    let rows: QueryResult<Vec<Version>> =
        diesel::sql_query("SELECT version FROM __diesel_schema_migrations").load(&mut conn);
    let rows = rows.map_err(|e| match Error::from(e) {
        e if e.kind == Kind::Internal => not_ours(&e.detail),
        e => e,
    })?;
    let applied: Vec<MigrationVersion<'static>> = rows.into_iter().map(|r| MigrationVersion::from(r.version)).collect();
    let known = match conn {
        AnyConn::Sqlite(_) => names::<diesel::sqlite::Sqlite>(&SQLITE)?,
        AnyConn::Pg(_) => names::<diesel::pg::Pg>(&POSTGRES)?,
    };
    refuse_newer(&applied, &known)?;
    match known.iter().find(|v| !applied.contains(v)) {
        Some(version) => Err(not_ours(&format!("schema {version} is missing"))),
        None => Ok(()),
    }
}

/// Makes the schema in a database that nobody else has.
pub(super) fn scratch(conn: &mut diesel::SqliteConnection) -> Result<()> {
    forward(conn, SQLITE)
}

fn lock_beside(location: &Location) -> Result<Option<File>> {
    let Location::Sqlite(path) = location else {
        return Ok(None);
    };
    let file = File::create(path.with_extension("lock"))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).map_err(std::io::Error::from)?;
    Ok(Some(file))
}

/// Runs what is missing.
fn forward<DB: diesel::backend::Backend>(conn: &mut impl MigrationHarness<DB>, ours: EmbeddedMigrations) -> Result<()> {
    let applied = conn.applied_migrations().map_err(broken)?;
    refuse_newer(&applied, &names::<DB>(&ours)?)?;
    conn.run_pending_migrations(ours).map(drop).map_err(broken)
}

/// Makes anew what is kept of texts as they are compared, which SQL cannot, where a migration asked for it (0022). It says
/// last that it is done: where a start ends before, the next one does it.
fn fold_anew(conn: &mut AnyConn) -> Result<()> {
    let asked = find_progress::table.filter(find_progress::next.lt(0));
    if asked.count().get_result::<i64>(conn)? == 0 {
        return Ok(());
    }
    let numbers: Vec<(String, String, String)> = cases::table
        .select((cases::id, cases::number, cases::number_key))
        .load(conn)?;
    for (id, number, key) in numbers {
        let folded = fold(&number);
        if folded != key {
            let folded = cases::number_key.eq(folded);
            diesel::update(cases::table.find(id)).set(folded).execute(conn)?;
        }
    }
    let accounts: Vec<(String, Option<String>)> = captures::table
        .filter(captures::account.is_not_null())
        .select((captures::id, captures::account))
        .load(conn)?;
    let folded = accounts
        .into_iter()
        .filter_map(|(id, key)| key.map(|key| (id, fold(&key), key)));
    for (id, folded, _) in folded.filter(|(_, folded, key)| folded != key) {
        let folded = captures::account.eq(folded);
        diesel::update(captures::table.find(id)).set(folded).execute(conn)?;
    }
    diesel::update(asked).set(find_progress::next.eq(0)).execute(conn)?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

fn names<DB: diesel::backend::Backend>(ours: &impl MigrationSource<DB>) -> Result<Vec<MigrationVersion<'static>>> {
    let known: Vec<Box<dyn Migration<DB>>> = ours.migrations().map_err(broken)?;
    Ok(known.iter().map(|m| m.name().version().as_owned()).collect())
}

fn refuse_newer(applied: &[MigrationVersion<'_>], known: &[MigrationVersion<'_>]) -> Result<()> {
    match applied.iter().find(|v| !known.contains(v)) {
        Some(version) => Err(Error::new(
            Kind::Conflict,
            "newer-schema",
            format!(
                "the database is of a newer version of Casetrail (schema {version}): start that version, or restore a backup of this one"
            ),
        )),
        None => Ok(()),
    }
}

fn not_ours(why: &str) -> Error {
    let detail = format!(
        "the database is none that this version of Casetrail can read ({why}): start `casetrail serve` on it once, or name another"
    );
    Error::new(Kind::Conflict, "other-schema", detail)
}

fn broken(e: Box<dyn std::error::Error + Send + Sync>) -> Error {
    let why = e.to_string();
    // The name of a constraint in 0002_stream_ends.
    if why.contains("events_were_removed_at_a_streams_end") {
        let detail = "the database shows that events were removed at the end of a stream, and was left as it is: keep a \
                      copy, run `casetrail audit` of the version that wrote it last, and restore the last clean backup";
        return Error::new(Kind::Conflict, "ledger-damaged", detail);
    }
    Error::internal(format!("the database cannot be brought to this version: {why}"))
}
