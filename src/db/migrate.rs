//! Bringing a database to this version's schema, forward only. A database of a newer version is refused.

use std::fs::File;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::{self, Purpose};
use super::{AnyConn, Location};
use crate::error::{Error, Kind, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number that only this program would choose.
const PG_LOCK: i64 = 0x6361_7365_7472_6c01;

/// Runs what is missing, under a lock, so that two processes that start together do it once.
pub fn migrate(location: &Location) -> Result<()> {
    let _held = lock_beside(location)?;
    let mut conn = connect::open(location, Purpose::Write)?;
    match &mut conn {
        AnyConn::Sqlite(c) => forward(c, SQLITE),
        AnyConn::Pg(c) => {
            c.batch_execute(&format!("SELECT pg_advisory_lock({PG_LOCK})"))?;
            let done = forward(c, POSTGRES);
            c.batch_execute(&format!("SELECT pg_advisory_unlock({PG_LOCK})"))?;
            done
        }
    }
}

fn lock_beside(location: &Location) -> Result<Option<File>> {
    let Location::Sqlite(path) = location else {
        return Ok(None);
    };
    let file = File::create(path.with_extension("lock"))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).map_err(std::io::Error::from)?;
    Ok(Some(file))
}

fn forward<DB: diesel::backend::Backend>(conn: &mut impl MigrationHarness<DB>, ours: EmbeddedMigrations) -> Result<()> {
    let broken = |e: Box<dyn std::error::Error + Send + Sync>| Error::internal(format!("migration: {e}"));
    let known: Vec<Box<dyn Migration<DB>>> = ours.migrations().map_err(broken)?;
    let applied = conn.applied_migrations().map_err(broken)?;
    let newer = applied
        .iter()
        .find(|v| !known.iter().any(|m| m.name().version() == **v));
    if let Some(version) = newer {
        return Err(Error::new(
            Kind::Conflict,
            "newer-schema",
            format!(
                "the database is of a newer version of Casetrail (schema {version}): start that version, or restore a backup of this one"
            ),
        ));
    }
    conn.run_pending_migrations(ours).map_err(broken)?;
    Ok(())
}
