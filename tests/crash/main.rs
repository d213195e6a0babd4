//! What only the real program shows: each test starts `casetrail` as a process of its own in a folder of its own, and
//! kills it, fills its disk, stalls on it or bends its files.
//!
//! `CASETRAIL_TEST_POSTGRES` adds PostgreSQL to everything that concerns it, `CASETRAIL_CRASH_ROUNDS` kills more often,
//! `CASETRAIL_BIG` sends 8 GiB.

#![expect(
    clippy::disallowed_methods,
    reason = "tests that drive the real program read the environment and the clock"
)]

mod backups;
#[path = "../common/bytes.rs"]
mod bytes;
mod database;
#[path = "../common/databases.rs"]
mod databases;
mod durability;
mod faults;
mod full;
mod http;
mod jobs;
mod kill;
mod kit;
mod memory;
#[path = "../common/postgres.rs"]
mod postgres;
mod power;
#[path = "../common/skip.rs"]
mod skip;
mod slow;
mod start;
mod stop;
mod tamper;
mod tls;
