//! Runs a batch of writes as one SQLite transaction, and answers each.
//!
//! SQLITE_FULL, IOERR and NOMEM roll the whole transaction back. So on any error that is neither a violated constraint nor
//! a refusal of the domain, the batch is rolled back and its writes run one by one: no write is answered for work that
//! was rolled back under it.

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::AnyConn;
use super::failure::caught;
use crate::error::{Error, Result};

/// After a batch in which a write failed, so many batches take savepoints from the start. A client whose writes are
/// refused again and again then does not make the writes of others run twice.
const CAREFUL: u32 = 32;

/// One queued write, whatever its answer's type.
pub(super) trait WriteJob: Send {
    /// Runs in the open transaction and keeps the answer. An error means: nothing of it may stay.
    fn run(&mut self, conn: &mut AnyConn) -> Result<()>;
    /// Answers: with what was kept, or with the failure of the commit.
    fn finish(self: Box<Self>, committed: Result<()>);
}

/// A write, and where its answer of this type goes.
pub(super) struct Write<T, F> {
    f: F,
    done: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Write<T, F>
where
    T: Send + 'static,
    F: Fn(&mut AnyConn) -> Result<T> + Send + 'static,
{
    /// A write that is answered there.
    pub(super) fn boxed(reply: oneshot::Sender<Result<T>>, f: F) -> Box<dyn WriteJob> {
        Box::new(Self { f, done: None, reply })
    }
}

impl<T: Send, F: Fn(&mut AnyConn) -> Result<T> + Send> WriteJob for Write<T, F> {
    fn run(&mut self, conn: &mut AnyConn) -> Result<()> {
        // A panic ends only its own write.
        let done = caught(|| (self.f)(conn));
        let seen = done.as_ref().map(|_| ()).map_err(Clone::clone);
        self.done = Some(done);
        seen
    }

    fn finish(self: Box<Self>, committed: Result<()>) {
        let answer = match (committed, self.done) {
            (Err(e), _) => Err(e),
            (Ok(()), Some(done)) => done,
            (Ok(()), None) => Err(Error::internal("a write was not run")),
        };
        // Whoever asked may be gone; what is committed stays.
        let _ = self.reply.send(answer);
    }
}

/// How the next batches are run, as the last ones were found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BatchMode {
    /// How many of the next batches take savepoints from the start.
    careful: u32,
}

/// Runs a batch. A savepoint copies every page that its write touches, and most writes need none. So a batch runs without
/// savepoints first, unless one of the last batches had to run again because of that.
pub(super) fn run(conn: &mut AnyConn, mut batch: Vec<Box<dyn WriteJob>>, mode: &mut BatchMode) {
    let mut done = Ok(());
    if mode.careful == 0 || batch.len() == 1 {
        done = together(conn, &mut batch, bare);
    }
    let failed = matches!(done, Err(Failed::Write(_)));
    if batch.len() > 1 && (failed || mode.careful > 0) {
        mode.careful = if failed { CAREFUL } else { mode.careful - 1 };
        done = together(conn, &mut batch, in_savepoint);
    }
    match done {
        Ok(()) => batch.into_iter().for_each(|job| job.finish(Ok(()))),
        Err(Failed::Write(_)) if batch.len() > 1 => batch.into_iter().for_each(|job| run(conn, vec![job], mode)),
        // A transaction that cannot begin fails for all. One by one, each write would wait as long again.
        Err(Failed::Begin(e) | Failed::Write(e)) => batch.into_iter().for_each(|job| job.finish(Err(e.clone()))),
    }
}

/// Why nothing of a batch was kept.
enum Failed {
    /// The transaction did not begin.
    Begin(Error),
    /// A write failed, or the commit.
    Write(Error),
}

/// Runs a batch as one transaction: all of it, or nothing.
fn together(
    conn: &mut AnyConn,
    batch: &mut [Box<dyn WriteJob>],
    run: fn(&mut AnyConn, &mut dyn WriteJob) -> Result<()>,
) -> std::result::Result<(), Failed> {
    conn.batch_execute("BEGIN IMMEDIATE").map_err(|e| {
        let e = Error::from(e);
        tracing::warn!(error = %e, "the database cannot be written");
        Failed::Begin(e)
    })?;
    let done = batch
        .iter_mut()
        .try_for_each(|job| run(conn, job.as_mut()))
        .and_then(|()| Ok(conn.batch_execute("COMMIT")?));
    done.map_err(|e| {
        // The transaction may already be gone; then there is nothing to roll back.
        let _ = conn.batch_execute("ROLLBACK");
        Failed::Write(e)
    })
}

fn bare(conn: &mut AnyConn, job: &mut dyn WriteJob) -> Result<()> {
    job.run(conn)
}

/// An error here is the machine's, not the domain's: it ends the whole batch.
fn in_savepoint(conn: &mut AnyConn, job: &mut dyn WriteJob) -> Result<()> {
    conn.batch_execute("SAVEPOINT job")?;
    match job.run(conn) {
        Ok(()) => conn.batch_execute("RELEASE job")?,
        Err(e) if broke_the_batch(&e) => return Err(e),
        Err(_) => conn.batch_execute("ROLLBACK TO job; RELEASE job")?,
    }
    Ok(())
}

fn broke_the_batch(e: &Error) -> bool {
    matches!(e.code, "database" | "disk-full" | "database-busy")
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_query;

    use super::*;
    use crate::db::fixture::{TestRow, insert, table};

    type Answer = oneshot::Receiver<Result<i64>>;
    type Queued = (Box<dyn WriteJob>, Answer);

    fn job(f: impl Fn(&mut AnyConn) -> Result<i64> + Send + 'static) -> Queued {
        let (reply, answer) = oneshot::channel();
        (Write::boxed(reply, f), answer)
    }

    fn rows(conn: &mut AnyConn) -> Vec<i64> {
        let rows: Vec<TestRow> = sql_query("SELECT n FROM t ORDER BY n").load(conn).expect("rows");
        rows.iter().map(|r| r.n).collect()
    }

    /// Runs these as one batch: what each was told, as a code where it failed, and what the table holds.
    fn told(jobs: Vec<Queued>) -> (Vec<std::result::Result<i64, &'static str>>, Vec<i64>) {
        let (_folder, mut conn) = table();
        let (batch, answers): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
        run(&mut conn, batch, &mut BatchMode::default());
        let answers = answers
            .into_iter()
            .map(|a| a.blocking_recv().expect("an answer").map_err(|e| e.code))
            .collect();
        (answers, rows(&mut conn))
    }

    #[test]
    fn what_fails_takes_nothing_with_it() {
        let refused = |conn: &mut AnyConn| {
            insert(conn, 2)?;
            Err(Error::conflict("no"))
        };
        let twice = |conn: &mut AnyConn| insert(conn, 1);
        let jobs = vec![
            job(|conn| insert(conn, 1)),
            job(refused),
            job(twice),
            job(|conn| {
                insert(conn, 3)?;
                panic!("as a bug would")
            }),
            job(|conn| insert(conn, 4)),
        ];
        let (answers, rows) = told(jobs);
        assert_eq!(answers, [Ok(1), Err("conflict"), Err("taken"), Err("internal"), Ok(4)]);
        assert_eq!(rows, [1, 4]);
    }

    #[test]
    fn a_transaction_that_is_gone_takes_nobody_with_it() {
        let gone = |conn: &mut AnyConn| {
            insert(conn, 2)?;
            conn.batch_execute("ROLLBACK")?;
            Err(Error::new(
                crate::error::Kind::Internal,
                "database",
                "as a full disk does",
            ))
        };
        let (answers, rows) = told(vec![
            job(|conn| insert(conn, 1)),
            job(gone),
            job(|conn| insert(conn, 3)),
        ]);
        assert_eq!(answers, [Ok(1), Err("database"), Ok(3)]);
        assert_eq!(rows, [1, 3]);
    }

    #[test]
    fn a_write_alone_fails_alone() {
        let refused = |conn: &mut AnyConn| {
            insert(conn, 2)?;
            Err(Error::conflict("no"))
        };
        assert_eq!(told(vec![job(refused)]), (vec![Err("conflict")], vec![]));
    }
}
