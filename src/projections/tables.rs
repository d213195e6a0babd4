//! The list of tables, and what each is. A test holds it against the schema of both databases.

/// What a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// The ledger itself: it is compared with its own hashes, its tree and what was signed.
    Ledger,
    /// Its rows follow from the ledger: every row, and every column but those named, each with why.
    Projection(&'static [(&'static str, &'static str)]),
    /// How the server works. Nothing that the ledger decides rests on it.
    Operational(&'static str),
}

use TableKind::{Ledger, Operational, Projection};

/// Every table of the schema.
pub const TABLES: &[(&str, TableKind)] = &[
    ("events", Ledger),
    ("records", Ledger),
    ("outbox", Ledger),
    ("leaves", Ledger),
    ("tiles", Ledger),
    ("checkpoints", Ledger),
    ("log_state", Ledger),
    // A row is made after the rows that it refers to.
    ("units", Projection(&[])),
    ("users", Projection(&[])),
    ("trainings", Projection(&[])),
    (
        "sessions",
        Projection(&[
            ("generation", "how often a session was refreshed"),
            ("refreshed_at", "when a session was last in use"),
            ("used_at", "when a token was last in use"),
        ]),
    ),
    ("authorization_policies", Projection(&[])),
    ("aliases", Projection(&[])),
    ("alias_uses", Projection(&[])),
    ("roster", Projection(&[])),
    ("cases", Projection(&[])),
    ("alias_namings", Projection(&[])),
    ("alias_disclosures", Projection(&[])),
    ("members", Projection(&[])),
    ("grants", Projection(&[])),
    ("grant_captures", Projection(&[])),
    ("recusals", Projection(&[])),
    ("access_requests", Projection(&[])),
    ("subjects", Projection(&[])),
    ("accounts", Projection(&[])),
    ("authorizations", Projection(&[])),
    ("authorization_holders", Projection(&[])),
    ("captures", Projection(&[])),
    ("capture_entries", Projection(&[])),
    (
        "files",
        Projection(&[
            ("crc32", "follows from the bytes, with which the audit compares it"),
            (
                "stored_at",
                "when the first capture brought the bytes, for the operator",
            ),
        ]),
    ),
    ("capture_files", Projection(&[])),
    ("derivatives", Projection(&[])),
    (
        "packets",
        Projection(&[
            ("started_at", "when the build began"),
            ("finished_at", "when the build ended"),
            ("size", "bytes of the file, with which the audit compares it"),
            ("sha256", "digest of the file, with which the audit compares it"),
        ]),
    ),
    ("disclosures", Projection(&[])),
    ("packet_releases", Projection(&[])),
    ("notices", Projection(&[])),
    (
        "disclosure_links",
        Projection(&[(
            "refused",
            "how many wrong codes were tried; each stands in the access log",
        )]),
    ),
    ("acknowledgements", Projection(&[])),
    ("exhibit_lists", Projection(&[])),
    ("exhibit_numbers", Projection(&[])),
    ("evidence_requests", Projection(&[])),
    ("exception_signoffs", Projection(&[])),
    ("register_errors", Projection(&[])),
    ("misuse_reports", Projection(&[])),
    ("misuse_named", Projection(&[])),
    ("conduct_acknowledgements", Projection(&[])),
    ("impeachment_flags", Projection(&[])),
    ("reviews", Projection(&[])),
    ("idempotency", Operational("answers kept for retries, which expire")),
    (
        "jobs",
        Operational("who works on a job, how far it is and how it ended"),
    ),
    (
        "find_keys",
        Operational("keys by which find looks up, made from the records"),
    ),
    ("find_progress", Operational("up to which event those keys are made")),
    (
        "pictures",
        Operational("whether thumbnail and preview of a file were made"),
    ),
    ("viewing", Operational("how a person looks at graphic material")),
    (
        "seen_items",
        Operational("which version of an item a person has opened"),
    ),
    (
        "uploads",
        Operational("files on their way in, before a capture names them"),
    ),
    (
        "drafts",
        Operational("what somebody has typed into a form and not sent yet"),
    ),
];
