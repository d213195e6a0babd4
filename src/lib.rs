//! Casetrail: the case log of an agency that investigates with open sources.
//!
//! `proof` and `bag` are all that the offline verifier needs.

pub mod bag;
pub mod proof;
