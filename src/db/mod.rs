//! The databases: SQLite, embedded, or PostgreSQL. One query text serves both.
//!
//! On SQLite one writer thread takes what is queued as one transaction (`writer`); on PostgreSQL writes go through
//! a pool and are repeated when the database says that they collided. Nobody is answered before COMMIT.

mod batch;
mod connect;
pub mod dialect;
mod fixed;
#[cfg(test)]
mod fixture;
mod gate;
pub mod location;
pub mod migrate;
pub mod session;
pub mod tables;
mod turns;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::r2d2;
use tokio::sync::oneshot;

pub use connect::AnyConn;
pub use location::Location;
pub(crate) use writer::spawn;
/// The backend of `AnyConn`, for boxed expressions.
pub type AnyBackend = <AnyConn as diesel::Connection>::Backend;
use connect::{Manager, Purpose};
use session::Session;

use crate::error::{Error, Kind, Result};
pub use crate::threads::blocking;
use crate::threads::finished;

/// Runs one Diesel expression against whichever database it is: for statements that `MultiConnection` cannot carry
/// (upserts, inserts of many rows).
#[macro_export]
macro_rules! both {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::db::AnyConn::Pg($c) => $body,
            $crate::db::AnyConn::Sqlite($c) => $body,
        }
    };
}

/// An open database: readers and a way to write. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    location: Location,
    readers: r2d2::Pool<Manager>,
    writer: Writing,
}

/// How writes go in.
enum Writing {
    /// SQLite: the one writer.
    Thread(writer::Writer),
    /// PostgreSQL: a pool of their own, so that writes that wait for a stream never starve readers, and turns
    /// at it, so that those of one case never starve those of another.
    Pool(r2d2::Pool<Manager>, turns::Turns),
}

impl Db {
    /// Opens a database that is already migrated, with so many connections in all.
    pub fn open(location: &Location, connections: u32) -> Result<Self> {
        let (readers, writer) = match location {
            Location::Sqlite(_) => {
                let readers = pool(location, connections, Purpose::Read)?;
                let (writing, copying) = (
                    connect::open(location, Purpose::Write)?,
                    connect::open(location, Purpose::Write)?,
                );
                (readers, Writing::Thread(writer::Writer::start(writing, copying)))
            }
            Location::Postgres(_) => {
                let readers = (connections / 3).max(2);
                // The journal has one of its own (`session`).
                let writers = connections.saturating_sub(readers + 1).max(3);
                // Two are left for the threads that do not wait for a turn: the sequencer's, the packet builder's, and
                // the journal's where it has lost its own.
                let turns = turns::Turns::of(writers as usize - 2);
                (
                    pool(location, readers, Purpose::Read)?,
                    Writing::Pool(pool(location, writers, Purpose::Write)?, turns),
                )
            }
        };
        Ok(Self(Arc::new(Inner {
            location: location.clone(),
            readers,
            writer,
        })))
    }

    /// Where it lies.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// Reads on a pooled connection, off the async workers.
    pub async fn read<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConn) -> Result<T> + Send + 'static,
    {
        let db = self.clone();
        blocking(move || db.read_blocking(f)).await
    }

    /// Reads on the calling thread.
    pub fn read_blocking<T>(&self, f: impl FnOnce(&mut AnyConn) -> Result<T>) -> Result<T> {
        let mut kept = self.0.readers.get().map_err(|e| unreachable(&e))?;
        f(&mut kept.conn)
    }

    /// Writes in a transaction: all that `f` does, or nothing. `f` may run more than once and does no file I/O.
    pub async fn write<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + Sync + 'static,
    {
        self.write_in_turn(None, f).await
    }

    /// The same for a write that collides with others that concern the same thing: these take turns.
    pub async fn write_in_turn<T, F>(&self, thing: Option<&str>, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + Sync + 'static,
    {
        match &self.0.writer {
            Writing::Thread(writer) => writer
                .submit(f)?
                .await
                .unwrap_or_else(|_| Err(busy("the writer stopped"))),
            Writing::Pool(_, turns) => {
                let turn = turns.take(thing).await?;
                let db = self.clone();
                blocking(move || {
                    // It ends with the write, even where nobody waits for the answer any more.
                    let _turn = turn;
                    db.write_blocking(f)
                })
                .await
            }
        }
    }

    /// Writes in turn with what `bring` brings first, on a thread that may block, and not before what it gives beside that
    /// is done too: on SQLite that is done while the write is queued and run, and only its commit waits. The failure of
    /// either is answered apart: nothing was written.
    pub async fn write_brought<X, T, B, R, F>(&self, thing: Option<&str>, bring: B, f: F) -> Result<Result<T>>
    where
        X: Send + Sync + 'static,
        T: Send + 'static,
        B: FnOnce() -> Result<(X, R)> + Send + 'static,
        R: FnOnce() -> Result<()> + Send + 'static,
        F: Fn(&mut AnyConn, &X) -> Result<T> + Send + Sync + 'static,
    {
        match &self.0.writer {
            Writing::Thread(writer) => {
                let (reply, answer) = oneshot::channel();
                let writer = writer.clone();
                let bringing = tokio::task::spawn_blocking(move || {
                    let (brought, rest) = bring()?;
                    let queued = match writer.submit_behind(reply, move |conn| f(conn, &brought)) {
                        Ok(queued) => queued,
                        Err(e) => return Ok(Err(e)),
                    };
                    rest()?;
                    Ok(queued.open())
                });
                // What is committed is kept: to be woken by that, too, would be for nothing.
                match answer.await {
                    Ok(Ok(done)) => Ok(Ok(done)),
                    // Refused, perhaps while the rest is still under way: nobody else would hear how that ends.
                    Ok(Err(refused)) => finished(bringing).await.map(|_| Err(refused)),
                    // Nothing was queued, or the writer stopped.
                    Err(_) => Ok(finished(bringing).await?.and_then(|()| Err(busy("the writer stopped")))),
                }
            }
            Writing::Pool(..) => {
                let all = || {
                    let (brought, rest) = bring()?;
                    rest().map(|()| brought)
                };
                let brought = blocking(all).await?;
                Ok(self.write_in_turn(thing, move |conn| f(conn, &brought)).await)
            }
        }
    }

    /// Writes in a transaction from a thread that may block: on that thread itself, unless others write on SQLite.
    pub fn write_blocking<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + Sync + 'static,
    {
        match &self.0.writer {
            Writing::Thread(writer) => writer
                .submit_here(f)?
                .blocking_recv()
                .unwrap_or_else(|_| Err(busy("the writer stopped"))),
            Writing::Pool(pool, _) => again_when_collided(pool, &f),
        }
    }

    /// Whether the database is a server, to which every statement is a way.
    pub fn is_server(&self) -> bool {
        matches!(self.0.writer, Writing::Pool(..))
    }

    /// A connection of its own for one user, where the database is a server.
    pub fn session<M: Default>(&self) -> Option<Session<M>> {
        self.is_server().then(|| Session::new(self.0.location.clone()))
    }
}

fn pool(location: &Location, size: u32, purpose: Purpose) -> Result<r2d2::Pool<Manager>> {
    r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        // A file does not go away; a server may, and comes back. Who writes sees it by beginning.
        .test_on_check_out(matches!(location, Location::Postgres(_)) && purpose == Purpose::Read)
        .connection_timeout(std::time::Duration::from_secs(10))
        .build(Manager {
            location: location.clone(),
            purpose,
        })
        .map_err(|e| Error::unavailable("database-unreachable", format!("database {location}: {e}"), 10))
}

fn again_when_collided<T>(
    pool: &r2d2::Pool<Manager>,
    f: &(dyn Fn(&mut AnyConn) -> Result<T> + Send + Sync),
) -> Result<T> {
    let mut tries = 0;
    loop {
        match writer::alone(&mut *begun(pool)?, f) {
            Err(e) if e.slug == COLLIDED && tries < 3 => tries += 1,
            Err(e) if e.slug == COLLIDED => return Err(busy("the database is busy with the same rows")),
            done => return done,
        }
    }
}

/// A connection with an open transaction. Whether a server is still at its other end is seen by beginning, which saves
/// asking: those that were lost are given back as such, until one answers or none is left.
fn begun(pool: &r2d2::Pool<Manager>) -> Result<r2d2::PooledConnection<Manager>> {
    let mut tries = 0;
    loop {
        let mut kept = pool.get().map_err(|e| unreachable(&e))?;
        match kept.conn.batch_execute("BEGIN") {
            Ok(()) => return Ok(kept),
            Err(e) if tries > pool.max_size() => return Err(unreachable(&e)),
            Err(_) => (kept.lost, tries) = (true, tries + 1),
        }
    }
}

/// The slug of a write that collided with another and may be repeated.
const COLLIDED: &str = "database-collided";

/// Says that this write met another and is to be run again.
pub fn collided() -> Error {
    Error::new(Kind::Unavailable, COLLIDED, "another request came first")
}

/// No connection: the log says why, the caller only that it is so.
fn unreachable(e: &impl std::fmt::Display) -> Error {
    tracing::error!(error = %e, "no database connection");
    Error::unavailable(
        "database-unreachable",
        "The database does not answer. Nothing was changed; try again.",
        10,
    )
}

/// A refusal that says: the database is busy, try again.
fn busy(detail: impl Into<String>) -> Error {
    Error::unavailable(
        "database-busy",
        format!("{}. Nothing was changed; try again.", detail.into()),
        2,
    )
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

fn full() -> Error {
    let detail = "The database's disk is full. Nothing was kept of this request; free space and send it again.";
    Error::unavailable("disk-full", detail, 60)
}

/// JSON in its canonical form, as tables and records keep it.
pub fn canonical(value: &serde_json::Value) -> Result<String> {
    let bytes = crate::proof::canon::to_strict(value)
        .map_err(|e| Error::internal(format!("a record cannot be written: {e}")))?;
    String::from_utf8(bytes).map_err(Error::internal)
}

/// The file of a SQLite database, if it is one.
pub fn sqlite_file(location: &Location) -> Option<PathBuf> {
    match location {
        Location::Sqlite(path) => Some(path.clone()),
        Location::Postgres(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_query;

    use super::fixture::{Row, insert};
    use super::*;

    /// What becomes of a write and of what is done beside it, each of which may fail; and the rows that are there then.
    async fn brought(
        refused: bool,
        rest: impl FnOnce() -> Result<()> + Send + 'static,
    ) -> (Result<Result<i64>>, usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(&Location::Sqlite(folder.path().join("t.db")), 2).expect("a database");
        let made = db.write(|conn| Ok(conn.batch_execute("CREATE TABLE t (n BIGINT PRIMARY KEY)")?));
        made.await.expect("a table");
        let write = move |conn: &mut AnyConn, n: &i64| match refused {
            true => Err(Error::conflict("no")),
            false => insert(conn, *n),
        };
        let told = db.write_brought(None, || Ok((1, rest)), write).await;
        // Whatever became of it, the next write goes on.
        db.write(|conn| insert(conn, 2)).await.expect("another");
        let rows = db
            .read(|conn| Ok(sql_query("SELECT n FROM t").load::<Row>(conn)?))
            .await;
        (told, rows.expect("rows").len() - 1)
    }

    #[tokio::test]
    async fn a_write_and_what_is_done_beside_it() {
        let slow = || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            Ok(())
        };
        let (told, rows) = brought(false, slow).await;
        assert_eq!((told.expect("done").expect("written"), rows), (1, 1));
        let (told, rows) = brought(true, slow).await;
        assert_eq!((told.expect("done").expect_err("refused").slug, rows), ("conflict", 0));
        for refused in [false, true] {
            let (told, rows) = brought(refused, || Err(full())).await;
            assert_eq!((told.expect_err("it failed").slug, rows), ("disk-full", 0));
            let (told, rows) = brought(refused, || panic!("as a bug would")).await;
            assert_eq!((told.expect_err("it failed").slug, rows), ("internal", 0));
        }
    }
}
