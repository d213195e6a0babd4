//! Tables that housekeeping may change without an event: how the server works, not what happened in a case.

/// Each with what it holds that no event tells of. The tables of the tree (`outbox`, `leaves`, `tiles`, `checkpoints`) are
/// written by the ledger alone, behind no door.
pub const OPERATIONAL: &[(&str, &str)] = &[
    ("idempotency", "answers kept for retries, which expire"),
    ("packets", "how far a build is"),
    ("sessions", "when a session was refreshed, and its next secret"),
];
