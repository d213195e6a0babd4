//! The report of an audit: whether the installation is clean, what was read, and each finding with its place.

use serde::Serialize;

use crate::bag::terminal::word;
use crate::proof::Digest;

/// Findings of one kind that are kept; more are counted.
const KEPT: usize = 500;

/// What an audit found.
#[derive(Debug, Default, Serialize)]
pub struct AuditReport {
    /// Whether nothing is wrong.
    pub clean: bool,
    /// What was read.
    pub counts: AuditCounts,
    /// The tree that was recomputed from the leaves.
    pub tree: Option<AuditedTree>,
    /// What is wrong.
    pub faults: Vec<AuditFinding>,
    /// Faults beyond those listed.
    pub more_faults: u64,
    /// What is worth knowing and no fault.
    pub notices: Vec<AuditFinding>,
    /// Notices beyond those listed.
    pub more_notices: u64,
}

/// What was read.
#[derive(Debug, Default, Serialize)]
pub struct AuditCounts {
    /// Events.
    pub events: u64,
    /// Streams.
    pub streams: u64,
    /// Records.
    pub records: u64,
    /// Leaves of the tree.
    pub leaves: u64,
    /// Tiles of the tree.
    pub tiles: u64,
    /// Signed checkpoints.
    pub checkpoints: u64,
    /// Events that wait to be taken into the tree.
    pub waiting: u64,
    /// Rows of cases, subjects, accounts, authorizations and the like.
    pub rows: u64,
    /// Captures.
    pub captures: u64,
    /// Stored files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Packets that are ready.
    pub packets: u64,
}

/// The tree as its leaves make it.
#[derive(Debug, Clone, Serialize)]
pub struct AuditedTree {
    /// The log's name.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
}

/// One thing found.
#[derive(Debug, Clone, Serialize)]
pub struct AuditFinding {
    /// The rule it breaks, a stable word.
    pub rule: &'static str,
    /// Where.
    pub place: String,
    /// What.
    pub what: String,
    /// What to do about it.
    pub way_out: &'static str,
}

impl AuditReport {
    pub(super) fn fault(&mut self, rule: &'static str, place: impl Into<String>, what: impl Into<String>) {
        if self.faults.len() < KEPT {
            self.faults.push(finding(rule, place.into(), what.into()));
        } else {
            self.more_faults += 1;
        }
    }

    pub(super) fn notice(&mut self, rule: &'static str, place: impl Into<String>, what: impl Into<String>) {
        if self.notices.len() < KEPT {
            self.notices.push(finding(rule, place.into(), what.into()));
        } else {
            self.more_notices += 1;
        }
    }

    /// Whether a fault of this rule was found there.
    pub(super) fn names(&self, rule: &str, place: &str) -> bool {
        self.faults
            .iter()
            .any(|fault| fault.rule == rule && fault.place == place)
    }

    pub(super) fn finish(mut self) -> Self {
        self.clean = self.faults.is_empty();
        self
    }

    /// Whether everything is there that cannot be made anew: a packet can, from what it was made of.
    pub fn whole(&self) -> bool {
        self.more_faults == 0 && self.faults.iter().all(|f| f.rule == "packet-bytes")
    }

    /// The report for people, each finding in a line: the verdict, what was read, what is wrong, what is worth knowing.
    pub fn text(&self) -> String {
        let mut out = self.verdict() + &self.counted();
        for (n, f) in self.faults.iter().enumerate() {
            out += &format!("FAULT {}: {} [{}]\n", word(&f.place), word(&f.what), f.rule);
            // The same way out for many is said once, after the last of them.
            if self.faults.get(n + 1).is_none_or(|next| next.way_out != f.way_out) {
                out += &format!("      way out: {}\n", f.way_out);
            }
        }
        if self.more_faults > 0 {
            out += &format!("FAULT and {} more\n", self.more_faults);
        }
        for f in &self.notices {
            out += &format!("notice {}: {} [{}]\n", word(&f.place), word(&f.what), f.rule);
        }
        if self.more_notices > 0 {
            out += &format!("notice and {} more\n", self.more_notices);
        }
        out
    }

    /// What was read and noticed, without a verdict: another one is given.
    pub fn proved(&self) -> String {
        let text = self.text();
        text.strip_prefix(&self.verdict()).map_or(text.clone(), str::to_owned)
    }

    fn verdict(&self) -> String {
        match self.faults.len() as u64 + self.more_faults {
            0 => "CLEAN: every event, record, row, file and packet is as the ledger says\n".into(),
            1 => "NOT CLEAN: 1 fault\n".into(),
            n => format!("NOT CLEAN: {n} faults\n"),
        }
    }

    fn counted(&self) -> String {
        let c = &self.counts;
        let mut out = format!(
            "read: {} events in {} streams, {} records, {} leaves, {} tiles, {} checkpoints, {} rows, {} captures, {} files with {} bytes, {} packets\n",
            c.events,
            c.streams,
            c.records,
            c.leaves,
            c.tiles,
            c.checkpoints,
            c.rows,
            c.captures,
            c.files,
            c.bytes,
            c.packets
        );
        if let Some(tree) = &self.tree {
            out += &format!("tree: {} of {} leaves, root {}\n", tree.origin, tree.size, tree.root);
        }
        out
    }
}

fn finding(rule: &'static str, place: String, what: String) -> AuditFinding {
    AuditFinding {
        rule,
        place,
        what,
        way_out: way_out(rule),
    }
}

fn way_out(rule: &str) -> &'static str {
    match rule {
        "file-missing" | "file-bytes" => {
            "put the file back from a backup under the same name; uploading the same bytes again mends it too"
        }
        "packet-bytes" => {
            "put the packet's file back from a backup, or take it away and export anew; whoever has a copy can verify it without this server"
        }
        "key" => "put the log's own key back from a backup; no other key can continue this log",
        "last-checkpoint" | "known-checkpoint" => {
            "this database is older than what was signed, or another one: put the newer database back, or restore with --new-log"
        }
        "tile" | "tree-size" | "tree-root" => {
            "the events themselves may be whole: stop the server, keep a copy as it is, and restore the last clean backup beside it to compare"
        }
        "row-body" | "row-columns" | "row-version" | "row-event" | "row-gone" | "file-row" => {
            "the ledger holds what is right: find out who wrote to the database, and make its rows anew with `casetrail rebuild --into`"
        }
        _ => {
            "stop the server, keep a copy of the database as it is, restore the last clean backup elsewhere and compare the two; \
             a checkpoint that somebody outside holds says which one is right"
        }
    }
}
