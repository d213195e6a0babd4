//! Migrates a database to this version's schema, forward only. A database of a newer version is refused.

use std::fs::File;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::{self, AccessMode};
use super::tables::cases;
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
    let done = done.and_then(|unfolded| if unfolded { fold_numbers(&mut conn) } else { Ok(()) });
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
    forward(conn, SQLITE).map(drop)
}

fn lock_beside(location: &Location) -> Result<Option<File>> {
    let Location::Sqlite(path) = location else {
        return Ok(None);
    };
    let file = File::create(path.with_extension("lock"))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).map_err(std::io::Error::from)?;
    Ok(Some(file))
}

/// Runs what is missing. Whether numbers of cases are still to be folded.
fn forward<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    ours: EmbeddedMigrations,
) -> Result<bool> {
    let applied = conn.applied_migrations().map_err(broken)?;
    refuse_newer(&applied, &names::<DB>(&ours)?)?;
    let ran = conn.run_pending_migrations(ours).map_err(broken)?;
    Ok(ran.iter().any(|version| version.to_string() == NUMBERS_AS_COMPARED))
}

/// The migration after which numbers of cases are compared as this program does, which SQL can't.
const NUMBERS_AS_COMPARED: &str = "0021";

fn fold_numbers(conn: &mut AnyConn) -> Result<()> {
    let known: Vec<(String, String)> = cases::table.select((cases::id, cases::number)).load(conn)?;
    for (id, number) in known.iter().filter(|(_, number)| !number.is_ascii()) {
        let key = cases::number_key.eq(fold(number));
        diesel::update(cases::table.find(id)).set(key).execute(conn)?;
    }
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
