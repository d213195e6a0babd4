//! Projections: the tables whose rows follow from the ledger. Every table is one of three kinds (`TABLES`). The rows of a
//! projection can be made anew at any time, by the code that also keeps them (`<feature>/projection.rs`); the audit does
//! so and compares, and `casetrail rebuild` does so into an empty database.

mod compare;
mod rebuild;
mod replay;
mod tables;

pub use compare::{Difference, compare};

pub use rebuild::{Told, rebuild};
pub use replay::replay;
pub use tables::{TABLES, TableKind};
