//! The integration tests: a server that runs, over HTTP, on SQLite and on PostgreSQL.

mod connections;
mod contract;
mod kit;

mod appends;
mod authorizations;
mod bad_input;
mod captures;
mod cases;
mod custody;
mod files;
mod housekeeping;
mod jobs;
mod lists;
mod packets;
mod samples;
mod sessions;
mod statics;
mod store;
mod subjects;
mod users;
mod walk;
mod walls;
