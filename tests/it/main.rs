//! The integration tests: a server that runs, over HTTP, on SQLite and on PostgreSQL.

#[path = "../common/bytes.rs"]
mod bytes;
mod command_line;
mod composer;
mod conduct;
mod connections;
mod contract;
#[path = "../common/databases.rs"]
mod databases;
mod kit;
#[path = "../common/postgres.rs"]
mod postgres;
#[path = "../common/skip.rs"]
mod skip;

mod accounts;
mod administration;
mod aliases;
mod annual_reports;
mod appends;
mod assets;
mod audits;
mod authorization_policies;
mod authorizations;
mod bad_input;
mod bounds;
mod captures;
mod case_access;
mod cases;
mod casework;
#[cfg(feature = "pdf")]
mod certificates;
mod chosen_captures;
mod covert;
mod custody;
mod decide;
mod derivatives;
mod disclosures;
mod doors;
mod drafts;
mod duplicates;
mod early;
mod emergencies;
mod evidence;
mod evidence_requests;
mod examinations;
mod exceptions;
mod exhibit_lists;
mod export;
mod fields;
mod files;
mod find;
mod former_members;
mod frame;
mod handover;
mod housekeeping;
mod impeachment;
mod jobs;
mod lists;
mod misuse;
mod odd_input;
mod packets;
mod pages;
#[cfg(feature = "pdf")]
mod papers;
mod pictures;
mod projections;
mod random_worlds;
#[cfg(feature = "pdf")]
mod redacted_documents;
mod redacted_films;
mod referrals;
mod register;
mod releases;
mod reviews;
mod roster;
mod samples;
mod sanitized;
mod served;
mod sessions;
mod sign_ins;
mod statics;
mod store;
mod subjects;
mod supplements;
mod terminal;
mod two_hats;
mod uploads;
mod users;
mod walk;
mod walls;
