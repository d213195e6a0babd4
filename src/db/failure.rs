//! How the database fails, and what callers are told of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, Kind, Result};

/// The code of a write that collided with another and may be repeated.
pub(super) const COLLIDED: &str = "database-collided";

/// The code of a write that found another process writing all the time that it waited.
pub const BUSY: &str = "database-busy";

/// Says that this write met another and is to be run again.
pub fn collided() -> Error {
    Error::new(Kind::Unavailable, COLLIDED, "another request came first")
}

/// No connection: the log says why, the caller only that it is so.
pub(super) fn unreachable(e: &impl std::fmt::Display) -> Error {
    tracing::error!(error = %e, "no database connection");
    Error::unavailable(
        "database-unreachable",
        "The database does not answer. Nothing was changed; try again.",
        10,
    )
}

/// A refusal that says: the database is busy, try again.
pub(super) fn busy(detail: impl Into<String>) -> Error {
    Error::unavailable(BUSY, format!("{}. Nothing was changed; try again.", detail.into()), 2)
}

/// A panic as an error: it ends only its own write.
pub(super) fn caught<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f))
        .unwrap_or_else(|_| Err(Error::internal("a write panicked; nothing of it was kept")))
}

impl From<diesel::result::Error> for Error {
    fn from(e: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as D, Error as E};
        let text = e.to_string();
        match e {
            E::NotFound => Error::not_found(),
            E::DatabaseError(D::UniqueViolation, _) => Error::new(Kind::Conflict, "taken", "That exists already."),
            E::DatabaseError(D::SerializationFailure, _) => Error::new(Kind::Unavailable, COLLIDED, text),
            _ if text.contains("deadlock detected") => Error::new(Kind::Unavailable, COLLIDED, text),
            _ if text.contains("database or disk is full") || text.contains("No space left") => full(),
            _ if text.contains("database is locked") => busy("another process is writing to the database"),
            _ => Error::new(Kind::Internal, "database", text),
        }
    }
}

pub(super) fn full() -> Error {
    let detail = "The database's disk is full. Nothing was kept of this request; free space and send it again.";
    Error::unavailable("disk-full", detail, 60)
}
