//! The life of a job, at a clock that the test sets.

use diesel::prelude::*;

use super::model::{ATTEMPTS, Interrupt, JobState, LEASE, Step};
use super::store::{self, JobEnd};
use super::{Job, add, cancel};
use crate::clock::Micros;
use crate::db::tables::jobs;
use crate::db::{AnyConn, Db, Location, migrate};

const KIND: &str = "test";

fn on_a_database(body: impl Fn(&mut AnyConn) + Send + Sync + 'static) {
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location::Sqlite(folder.path().join("t.db"));
    migrate::migrate(&location).expect("migrated");
    let db = Db::open(&location, 1).expect("opened");
    db.write_blocking(move |conn| {
        body(conn);
        Ok(())
    })
    .expect("written");
}

fn take(conn: &mut AnyConn, now: Micros, lease: &str) -> Option<Job> {
    store::take(conn, KIND, now, lease.into()).expect("a query")
}

fn leave(conn: &mut AnyConn, job: &Job, end: JobEnd) -> bool {
    store::leave(conn, job, end).expect("a query")
}

fn state(conn: &mut AnyConn, object: &str) -> String {
    let row = jobs::table.find((KIND, object)).select(jobs::state);
    row.first(conn).expect("a job")
}

#[test]
fn jobs_are_taken_in_their_order_and_each_once() {
    on_a_database(|conn| {
        for (object, due_at) in [("late", 20), ("early", 10), ("early", 5)] {
            add(conn, KIND, object, due_at).expect("added");
        }
        assert!(take(conn, 9, "a").is_none());
        let early = take(conn, 30, "a").expect("a job");
        assert_eq!((early.object.as_str(), early.attempts), ("early", 1));
        let late = take(conn, 30, "b").expect("a job");
        assert_eq!(late.object, "late");
        assert!(take(conn, 30, "c").is_none());
        assert!(leave(conn, &early, JobEnd::Done(7)));
        assert_eq!(state(conn, "early"), JobState::Done.as_str());
        assert!(leave(conn, &late, JobEnd::Ended(JobState::Failed, "because".into())));
        assert!(take(conn, 1000 + LEASE * 10, "d").is_none());
    });
}

#[test]
fn a_job_whose_lease_has_ended_is_anybodys_and_no_more_the_first_ones() {
    on_a_database(|conn| {
        add(conn, KIND, "x", 0).expect("added");
        let first = take(conn, 0, "a").expect("a job");
        let step = Step {
            name: "reading",
            done: 1,
            total: 2,
        };
        assert_eq!(store::renew(conn, &first, LEASE, step).expect("a query"), None);
        assert!(take(conn, 2 * LEASE, "b").is_none());
        let second = take(conn, 2 * LEASE + 1, "b").expect("a job");
        assert_eq!((second.attempts, second.cancel), (2, false));
        assert_eq!(
            store::renew(conn, &first, 2 * LEASE + 1, step).expect("a query"),
            Some(Interrupt::Lost)
        );
        assert!(!leave(conn, &first, JobEnd::Done(1)));
        assert!(leave(conn, &second, JobEnd::Done(1)));
    });
}

#[test]
fn a_job_given_back_has_not_been_tried_and_one_that_comes_again_waits_for_its_time() {
    on_a_database(|conn| {
        add(conn, KIND, "", 0).expect("added");
        for _ in 0..ATTEMPTS + 1 {
            let job = take(conn, 0, "a").expect("a job");
            assert_eq!(job.attempts, 1);
            assert!(leave(conn, &job, JobEnd::Released));
        }
        let job = take(conn, 0, "a").expect("a job");
        assert!(leave(conn, &job, JobEnd::Again(50, Some("it failed".into()))));
        assert!(take(conn, 49, "b").is_none());
        assert_eq!(take(conn, 50, "b").expect("a job").attempts, 1);
    });
}

#[test]
fn a_job_is_called_off_while_it_waits_and_while_it_runs_and_not_after() {
    on_a_database(|conn| {
        for object in ["waits", "runs"] {
            add(conn, KIND, object, i64::from(object == "waits")).expect("added");
        }
        let runs = take(conn, 0, "a").expect("a job");
        for object in ["waits", "runs"] {
            assert!(cancel(conn, KIND, object).expect("a query"));
        }
        assert!(take(conn, 1, "b").expect("a job").cancel);
        assert_eq!(
            store::renew(conn, &runs, 1, Step::default()).expect("a query"),
            Some(Interrupt::Cancelled)
        );
        assert!(leave(
            conn,
            &runs,
            JobEnd::Ended(JobState::Cancelled, "called off".into())
        ));
        assert!(!cancel(conn, KIND, "runs").expect("a query"));
        assert!(!cancel(conn, KIND, "nothing").expect("a query"));
    });
}

#[test]
fn packets_of_an_older_database_get_their_jobs() {
    use diesel::connection::SimpleConnection;
    let mut conn = diesel::SqliteConnection::establish(":memory:").expect("a database");
    let mut run = |sql: &str| conn.batch_execute(sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
    run("PRAGMA foreign_keys = OFF");
    run(include_str!("../../migrations/sqlite/0001_start/up.sql"));
    for state in ["queued", "building", "ready", "failed"] {
        run(&format!(
            "INSERT INTO packets (id, case_id, requested_by, purpose, state, step, done, total, requested_at, name, error, leaf, body) \
             VALUES ('{state}', 'c', 'u', 'internal', '{state}', 'custody', 1, 2, 7, 'n', 'why', x'00', '{{}}')"
        ));
    }
    run(include_str!("../../migrations/sqlite/0005_jobs/up.sql"));
    let found: Vec<(String, String, i64, Option<String>)> = jobs::table
        .filter(jobs::kind.eq("packet-builder").and(jobs::step.eq("custody")))
        .order(jobs::object)
        .select((jobs::object, jobs::state, jobs::done, jobs::error))
        .load(&mut conn)
        .expect("jobs");
    let states: Vec<(&str, &str)> = found.iter().map(|job| (job.0.as_str(), job.1.as_str())).collect();
    let expected = [
        ("building", "waiting"),
        ("failed", "failed"),
        ("queued", "waiting"),
        ("ready", "done"),
    ];
    assert_eq!(states, expected);
    assert!(found.iter().all(|job| (job.2, job.3.as_deref()) == (1, Some("why"))));
}
