//! Jobs: what the server does by itself, in one table that all servers of an installation share.
//!
//! A server takes a job with a lease, renews the lease while it works, and ends the job in the transaction that keeps what
//! the job made. When a server dies, the lease ends, and any server takes the job up again, a few times at most. A server
//! that lost its lease can neither end the job nor keep anything. An error ends a job at once: repeating it would not help.
//!
//! No rule depends on a job. Whether something has expired is computed when it is used; the job only records it.

mod model;
mod progress;
mod run;
mod store;

pub use model::{Job, JobState, Step};
pub use progress::Progress;
pub use run::{Worker, run};
pub use store::{add, again, cancel, forget_ended, under_way};

#[cfg(test)]
mod tests;
