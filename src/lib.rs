//! Casetrail: the case log of an agency that investigates with open sources.
//!
//! The map of the house, from the ground up; a module imports only from floors below it.
//!
//! - `proof`: pure rules of the ledger and the packet, bytes in, values out.
//! - `page`: the packet's pages and graphs, made from its documents; as pure as `proof`.
//! - `verify`: the walk through a packet that reports every finding; as pure as `proof`.
//! - `bag`: a packet as a folder or a ZIP, the verifier's only file access.
//! - `in_browser`: the verifier inside a page, where it is compiled to WebAssembly.
//! - `clock`, `text`, `error`, `words`, `threads`, `durable`: what every floor above shares.
//! - `policy`: who may do what, as text that counsel can read.
//! - `db`, `blobs`: rows and bytes.
//! - `examination`: what a file says of itself, bytes in, values out.
//! - `pictures`: thumbnails and previews, made in processes of their own.
//! - `paper`: the papers of a packet in PDF.
//! - `config`: the settings.
//! - `ledger`: events, records, the tree, checkpoints.
//! - `identity`: who is calling.
//! - `gate`: the doors, through which every read and write goes.
//! - `jobs`: what the server does by itself, shared by all servers of an installation.
//! - `audit`: an installation read again and compared with itself.
//! - `http`, `forms`: what every handler shares; input read field by field.
//! - `aliases`: the registry of aliases, which exist for their holders and their supervisors alone.
//! - `authorization_policies`: what the agency asks of an authorization, in versions that a supervisor countersigns.
//! - `roster`: who is on call for a unit, and to whom a supervisor's reach over one is delegated.
//! - `users`, `cases`, `subjects`, `authorizations`, `captures`, `packets`: one folder a feature.
//! - `case_access`: who may see a case and why, requests for access, and breaking the glass.
//! - `evidence_requests`: what a prosecutor asks of those who work on a case.
//! - `exceptions`, `register`, `annual_reports`, `reviews`: what supervisors and auditors oversee, and sign.
//! - `misuse`: what anybody reports to the auditors past the chain of command.
//! - `conduct`: the rules that each person acknowledges before they ask for an authorization.
//! - `impeachment`: what may impeach a witness.
//! - `timeline`: when things happened beside when they were captured.
//! - `custody`, `audits`: the ledger over HTTP, and audits as jobs.
//! - `installation`: settings and state of the machine, for administrators.
//! - `app`, `background`, `cli`: what puts them together.

pub mod bag;
pub mod clock;
#[cfg(target_arch = "wasm32")]
pub mod in_browser;
pub mod page;
pub mod proof;
pub mod text;
pub mod verify;

#[cfg(feature = "server")]
pub mod aliases;
#[cfg(feature = "server")]
pub mod annual_reports;
#[cfg(feature = "server")]
pub mod app;
#[cfg(feature = "server")]
pub mod audit;
#[cfg(feature = "server")]
pub mod audits;
#[cfg(feature = "server")]
pub mod authorization_policies;
#[cfg(feature = "server")]
pub mod authorizations;
#[cfg(feature = "server")]
pub mod background;
#[cfg(feature = "server")]
pub mod blobs;
#[cfg(feature = "server")]
pub mod captures;
#[cfg(feature = "server")]
pub mod case_access;
#[cfg(feature = "server")]
pub mod cases;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod conduct;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod custody;
#[cfg(feature = "server")]
pub mod db;
#[cfg(feature = "server")]
mod decoded;
#[cfg(feature = "server")]
mod durable;
#[cfg(feature = "server")]
pub mod error;
#[cfg(feature = "server")]
pub mod evidence_requests;
#[cfg(feature = "server")]
pub mod examination;
#[cfg(feature = "server")]
pub mod exceptions;
#[cfg(feature = "server")]
pub mod find;
#[cfg(feature = "server")]
pub mod forms;
#[cfg(feature = "server")]
pub mod gate;
#[cfg(feature = "server")]
pub mod home;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod identity;
#[cfg(feature = "server")]
pub mod impeachment;
#[cfg(feature = "server")]
pub mod installation;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
pub mod ledger;
#[cfg(feature = "server")]
mod lookalike;
#[cfg(feature = "server")]
pub mod misuse;
#[cfg(feature = "server")]
pub mod packets;
#[cfg(feature = "pdf")]
pub mod paper;
#[cfg(feature = "server")]
pub mod pictures;
#[cfg(feature = "server")]
pub mod policy;
#[cfg(feature = "server")]
pub mod projections;
#[cfg(feature = "server")]
pub mod register;
#[cfg(feature = "server")]
pub mod reviews;
#[cfg(feature = "server")]
pub mod roster;
#[cfg(feature = "server")]
pub mod subjects;
#[cfg(feature = "server")]
pub mod threads;
#[cfg(feature = "server")]
pub mod timeline;
#[cfg(feature = "server")]
pub mod users;
#[cfg(feature = "server")]
pub mod versions;
#[cfg(feature = "server")]
pub mod words;
