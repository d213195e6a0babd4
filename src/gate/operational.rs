//! Tables that housekeeping may change without an event: how the server works, not what happened in a case.

/// Each table with what it holds that no event records. The tables of the tree (`outbox`, `leaves`, `tiles`,
/// `checkpoints`) are written by the ledger alone, behind no door.
pub const OPERATIONAL: &[(&str, &str)] = &[
    ("find_keys", "keys made from records, by which find looks up"),
    ("find_progress", "up to which event those keys are made"),
    ("drafts", "what somebody has typed into a form and not sent yet"),
    ("idempotency", "answers kept for retries, which expire"),
    ("jobs", "who works on a job, how far it is and how it ended"),
    ("packets", "when the build began"),
    ("seen_items", "which version of an item a person has opened"),
    (
        "pictures",
        "whether thumbnail and preview of a file were made, or why not",
    ),
    ("sessions", "when and how often a session was refreshed"),
    ("viewing", "how a person looks at graphic material"),
    (
        "uploads",
        "files on their way in over several requests, before a capture names them",
    ),
];
