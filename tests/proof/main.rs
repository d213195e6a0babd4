//! The proof core, the bag and the verifier, held to published vectors and to every finding they can make.

mod around;
mod beside;
mod canon;
mod causes;
mod events;
mod examined;
mod grades;
mod hostile;
mod insider;
mod kit;
mod made_from;
mod merkle;
mod notes;
mod others;
mod packets;
mod pages;
mod pdf;
mod policies;
mod properties;
mod redacted;
mod rules;
mod schemas;
#[path = "../common/skip.rs"]
mod skip;
mod supplement;
mod verifier;
