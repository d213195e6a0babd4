//! The databases: SQLite, embedded, or PostgreSQL. One query text serves both.
//!
//! On SQLite one writer thread takes what is queued as one transaction (`writer`). On PostgreSQL writes wait in a fair
//! queue (`fair_queue`) for a connection of a pool (`pool`) and run again where the database says that they collided.
//! Nobody is answered before COMMIT.

mod batch;
mod connect;
pub mod dialect;
mod failure;
mod fair_queue;
mod fixed;
#[cfg(test)]
mod fixture;
pub mod location;
pub mod migrate;
mod pool;
pub mod rows;
mod scratch;
mod snapshot;
pub mod tables;
pub(crate) mod turnstile;
mod writer;

use std::ops::Deref;
use std::sync::Arc;

use diesel::OptionalExtension;
use diesel::query_dsl::LoadQuery;
use diesel::r2d2::Pool;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use connect::AccessMode;
pub use connect::AnyConn;
pub use failure::{BUSY, collided};
use failure::{busy, caught, unreachable};
use fair_queue::FairQueue;
pub use location::Location;
use pool::Manager;
pub use scratch::{fill, scratch};
pub use snapshot::snapshot;
use writer::SqliteWriter;

use crate::error::{Error, Result};

pub use crate::threads::blocking;

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

/// An open database: a reader, whose methods it has too, and a way to write. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    reader: Reader,
    writes: Arc<Writes>,
}

/// The database for those who only read: it has no way to write.
#[derive(Clone)]
pub struct Reader {
    location: Arc<Location>,
    pool: Pool<Manager>,
}

/// Connections of PostgreSQL's writing pool for threads that do not queue: the sequencer's, the packet builder's, and the
/// one that appends to the journal.
const NOT_QUEUED: u32 = 3;

/// How writes go in.
enum Writes {
    /// SQLite: the one writer.
    SqliteWriter(SqliteWriter),
    /// PostgreSQL: a pool for writes alone, so that writes that wait for a stream do not starve readers. The queue before
    /// it keeps the writes of one case from starving those of another.
    Pool(Pool<Manager>, FairQueue),
}

impl Db {
    /// Opens a database that is already migrated, with so many connections in all.
    pub fn open(location: &Location, connections: u32) -> Result<Self> {
        let (readers, writes) = match location {
            Location::Sqlite(_) => {
                let writing = connect::open(location, AccessMode::Write)?;
                let copying = connect::open(location, AccessMode::Write)?;
                (connections, Writes::SqliteWriter(SqliteWriter::start(writing, copying)))
            }
            Location::Postgres(_) => {
                let readers = (connections / 3).max(2);
                let writers = connections.saturating_sub(readers).max(NOT_QUEUED + 1);
                let queue = FairQueue::new((writers - NOT_QUEUED) as usize);
                let pool = pool::open(location, writers, AccessMode::Write)?;
                (readers, Writes::Pool(pool, queue))
            }
        };
        Ok(Self {
            reader: Reader {
                location: Arc::new(location.clone()),
                pool: pool::open(location, readers, AccessMode::Read)?,
            },
            writes: Arc::new(writes),
        })
    }

    /// The same database, for reading.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Writes in a transaction: all that `f` does, or nothing. `f` may run more than once and does no file I/O.
    pub async fn write<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + Sync + 'static,
    {
        self.write_in_turn(None, f).await
    }

    /// The same for a write that concerns one thing. At most two writes of the same thing run at a time: they would collide.
    pub async fn write_in_turn<T, F>(&self, thing: Option<&str>, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + Sync + 'static,
    {
        match &*self.writes {
            Writes::SqliteWriter(writer) => answered(writer.submit(f).await),
            Writes::Pool(_, queue) => {
                let permit = queue.enter(thing).await?;
                let db = self.clone();
                blocking(move || {
                    // It ends with the write, even where nobody waits for the answer any more.
                    let _permit = permit;
                    db.write_blocking(f)
                })
                .await
            }
        }
    }

    /// Runs `prepare` to its end on a thread that may block, then writes what it made. When `prepare` fails, nothing is
    /// written. On SQLite that thread queues the write, so that the caller is woken once.
    pub async fn write_prepared<X, T, P, F>(&self, thing: Option<&str>, prepare: P, f: F) -> Result<T>
    where
        X: Send + Sync + 'static,
        T: Send + 'static,
        P: FnOnce() -> Result<X> + Send + 'static,
        F: Fn(&mut AnyConn, &X) -> Result<T> + Send + Sync + 'static,
    {
        match &*self.writes {
            Writes::SqliteWriter(writer) => {
                let (reply, answer) = oneshot::channel();
                let writer = writer.clone();
                tokio::task::spawn_blocking(move || match caught(prepare) {
                    Ok(prepared) => writer.submit_to(reply, move |conn| f(conn, &prepared)),
                    // Whoever asked may be gone.
                    Err(e) => drop(reply.send(Err(e))),
                });
                answered(answer.await)
            }
            Writes::Pool(..) => {
                let prepared = blocking(prepare).await?;
                self.write_in_turn(thing, move |conn| f(conn, &prepared)).await
            }
        }
    }

    /// Writes in a transaction from a thread that may block: on that thread itself, unless others write on SQLite.
    pub fn write_blocking<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut AnyConn) -> Result<T> + Send + Sync + 'static,
    {
        match &*self.writes {
            Writes::SqliteWriter(writer) => answered(writer.submit_here(f).blocking_recv()),
            Writes::Pool(pool, _) => pool::write(pool, f),
        }
    }
}

/// The writer's answer; none came where it stopped.
fn answered<T>(answer: std::result::Result<Result<T>, oneshot::error::RecvError>) -> Result<T> {
    answer.unwrap_or_else(|_| Err(busy("the writer stopped")))
}

impl Deref for Db {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Reader {
    /// Where the database lies.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Reads on a pooled connection, on a thread that may block.
    pub async fn read<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConn) -> Result<T> + Send + 'static,
    {
        let reader = self.clone();
        blocking(move || reader.read_blocking(f)).await
    }

    /// Reads on the calling thread.
    pub fn read_blocking<T>(&self, f: impl FnOnce(&mut AnyConn) -> Result<T>) -> Result<T> {
        let mut pooled = self.pool.get().map_err(|e| unreachable(&e))?;
        f(&mut pooled.conn)
    }
}

/// JSON in its canonical form, as tables and records keep it.
pub fn canonical(record: &impl serde::Serialize) -> Result<String> {
    let bytes = crate::proof::canon::to_strict(&serde_json::to_value(record)?)
        .map_err(|e| Error::internal(format!("a record cannot be written: {e}")))?;
    String::from_utf8(bytes).map_err(Error::internal)
}

/// The records whose canonical JSON a query selects.
pub fn records<'q, T, Q>(conn: &mut AnyConn, query: Q) -> Result<Vec<T>>
where
    T: DeserializeOwned,
    Q: LoadQuery<'q, AnyConn, String>,
{
    let bodies: Vec<String> = query.load(conn)?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}

/// The one record whose canonical JSON a query selects; `not-found` where there is none.
pub fn record<'q, T, Q>(conn: &mut AnyConn, query: Q) -> Result<T>
where
    T: DeserializeOwned,
    Q: LoadQuery<'q, AnyConn, String>,
{
    let body: Option<String> = query.get_result(conn).optional()?;
    Ok(serde_json::from_str(&body.ok_or_else(Error::not_found)?)?)
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_query;

    use super::failure::full;
    use super::fixture::{TestRow, insert};
    use super::*;

    /// What becomes of a write and of what is prepared for it, each of which may fail; and the rows that are there then.
    async fn prepared(refused: bool, prepare: impl FnOnce() -> Result<i64> + Send + 'static) -> (Result<i64>, usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(&Location::Sqlite(folder.path().join("t.db")), 2).expect("a database");
        let made = db.write(|conn| Ok(conn.batch_execute("CREATE TABLE t (n BIGINT PRIMARY KEY)")?));
        made.await.expect("a table");
        let write = move |conn: &mut AnyConn, n: &i64| match refused {
            true => Err(Error::conflict("no")),
            false => insert(conn, *n),
        };
        let told = db.write_prepared(None, prepare, write).await;
        // Whatever became of it, the next write goes on.
        db.write(|conn| insert(conn, 2)).await.expect("another");
        let rows = db
            .read(|conn| Ok(sql_query("SELECT n FROM t").load::<TestRow>(conn)?))
            .await;
        (told, rows.expect("rows").len() - 1)
    }

    #[tokio::test]
    async fn nothing_is_written_of_what_could_not_be_prepared() {
        let (told, rows) = prepared(false, || Ok(1)).await;
        assert_eq!((told.expect("written"), rows), (1, 1));
        let (told, rows) = prepared(true, || Ok(1)).await;
        assert_eq!((told.expect_err("refused").code, rows), ("conflict", 0));
        let (told, rows) = prepared(false, || Err(full())).await;
        assert_eq!((told.expect_err("it failed").code, rows), ("disk-full", 0));
        let (told, rows) = prepared(false, || panic!("as a bug would")).await;
        assert_eq!((told.expect_err("it failed").code, rows), ("internal", 0));
    }
}
