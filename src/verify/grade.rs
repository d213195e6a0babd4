//! The graded verdict: six questions, each answered from what the parts of the walk found, and from nothing else.

use serde::Serialize;

use super::{Finding, REMARKS, Verdict};

/// A question to a packet; every part of the walk belongs to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// The container, the bag, and the files that the manifests list.
    Bytes,
    /// What the packet says follows from its records: inventory, statuses, exhibits, page.
    Records,
    /// The chain of events, the issue, and its place in the tree that the log signed.
    Log,
    /// Tokens of time authorities.
    Time,
    /// Cosignatures of witnesses.
    Witnesses,
    /// Whether the log is one that the reader trusts.
    Signer,
}

/// The answers, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Grades {
    pub bytes: Verdict,
    pub records: Verdict,
    pub log: Verdict,
    pub time: Verdict,
    pub witnesses: Verdict,
    pub signer: Verdict,
}

impl Grades {
    /// Nothing was looked at.
    pub(super) const NONE: Self = Self {
        bytes: Verdict::NotChecked,
        records: Verdict::NotChecked,
        log: Verdict::NotChecked,
        time: Verdict::NotChecked,
        witnesses: Verdict::NotChecked,
        signer: Verdict::NotChecked,
    };

    /// The answers that follow from all findings.
    pub(super) fn of(findings: &[Finding]) -> Self {
        let answer = |grade| answer(findings, grade);
        Self {
            bytes: answer(Grade::Bytes),
            records: answer(Grade::Records),
            log: answer(Grade::Log),
            time: answer(Grade::Time),
            witnesses: answer(Grade::Witnesses),
            signer: answer(Grade::Signer),
        }
    }

    /// Every question with its name and answer, in order.
    pub fn all(&self) -> [(Grade, &'static str, Verdict); 6] {
        [
            (Grade::Bytes, "bytes", self.bytes),
            (Grade::Records, "records", self.records),
            (Grade::Log, "log", self.log),
            (Grade::Time, "time", self.time),
            (Grade::Witnesses, "witnesses", self.witnesses),
            (Grade::Signer, "signer", self.signer),
        ]
    }

    /// One line: `bytes passed, records passed, …`.
    pub fn line(&self) -> String {
        let told = self
            .all()
            .map(|(_, name, verdict)| format!("{name} {}", verdict.words()));
        told.join(", ")
    }
}

/// The first of these that any finding of the grade has; what is named beside a part that passed does not count.
fn answer(findings: &[Finding], grade: Grade) -> Verdict {
    use Verdict::{Absent, Failed, NotChecked, Passed};
    // A witness whose key cannot be read takes nothing from those that cosigned.
    let order = match grade {
        Grade::Witnesses => [Failed, Passed, NotChecked, Absent],
        _ => [Failed, NotChecked, Passed, Absent],
    };
    let counts = |finding: &&Finding| finding.grade == grade && !finding.is_remark();
    let found = |verdict: &Verdict| findings.iter().filter(counts).any(|f| f.verdict == *verdict);
    order.into_iter().find(found).unwrap_or(NotChecked)
}

impl Finding {
    /// Whether it names what is not checked beside a part that passed.
    pub fn is_remark(&self) -> bool {
        self.verdict == Verdict::NotChecked && REMARKS.contains(&self.rule)
    }
}
