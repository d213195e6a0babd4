//! The verifier: walks a packet and reports everything it finds (contract section 4).
//!
//! It asks a [`PacketSource`] for bytes and does no I/O itself. Of an event it keeps about a
//! hundred bytes; records, exhibits and files are streamed, each byte hashed once.
//! Every rule is described in `docs/format/verify.md`.
//!
//! Like `proof` and `page`, the only rooms it uses, it reads no clock, file, network or randomness.
#![forbid(unsafe_code)]

mod ascii;
mod asked;
mod beside;
mod content;
mod custody;
pub mod duplicates;
pub mod endings;
mod files;
mod grade;
mod inventory;
mod log;
mod page;
pub mod papers;
mod part;
mod pdf;
pub mod profiles;
mod records;
pub mod redacted;
mod rule;
pub mod trust;
pub mod verifier;

use serde::Serialize;

use crate::proof::Digest;
use crate::proof::lines::Lines;
use crate::proof::packet::{self, MAX_LINE};
use crate::verify::trust::Trust;
use part::Part;
use rule::Rule;

pub use grade::{Grade, Grades};
pub use log::OTHERS;

/// The rule under which papers of another version are named.
pub const PAPERS_RULE: &str = "papers";
/// The rule under which the papers in PDF are named.
pub const PDF_RULE: &str = "papers.pdf";
/// The rule under which `index.html` is compared with the packet's documents.
pub const PAGE_RULE: &str = "index";
/// The rule under which it is told whether `verify.html` is the one that this program gives out.
pub const VERIFIER_RULE: &str = "verifier";
/// Rules of what is not checked beside a part that passed.
pub const REMARKS: [&str; 9] = [
    OTHERS,
    PAPERS_RULE,
    PDF_RULE,
    "events.after_cut",
    "exhibits.told",
    "inventory.withheld",
    PAGE_RULE,
    "log.extra",
    VERIFIER_RULE,
];

/// Failed findings beyond this many are only counted.
const MAX_FINDINGS: u64 = 1000;

/// What a check came to (product.md rule 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Passed,
    Failed,
    Absent,
    NotChecked,
}

impl Verdict {
    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Absent => "absent",
            Self::NotChecked => "not checked",
        }
    }
}

/// One thing the verifier has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub file: String,
    pub rule: &'static str,
    pub verdict: Verdict,
    /// The question that it answers.
    pub grade: Grade,
    pub message: String,
}

impl Finding {
    /// A failure of the container itself.
    pub fn of_container(file: &str, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            rule,
            verdict: Verdict::Failed,
            grade: Grade::Bytes,
            message: message.into(),
        }
    }
}

/// A file of the packet, its path relative to the top folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketEntry {
    pub path: String,
    pub size: u64,
}

/// Where a packet's bytes come from: a strict ZIP reader, or a folder.
pub trait PacketSource {
    /// Name of the top folder; none where it may have been renamed.
    fn name(&self) -> Option<&str>;
    /// All files, sorted bytewise by path, each path once.
    fn entries(&self) -> &[PacketEntry];
    /// SHA-256 of these entries; none for one that cannot be read.
    fn digests(&mut self, which: &[usize]) -> Vec<Option<Digest>>;
    /// Streams one entry and gives its SHA-256; none if it cannot be read.
    fn read(&mut self, index: usize, sink: &mut dyn FnMut(&[u8])) -> Option<Digest>;
    /// What the container itself got wrong, known after everything has been read.
    fn findings(&mut self) -> Vec<Finding>;
}

/// What it all comes to. The number is the exit code of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyOutcome {
    /// Everything required passed and the signer is trusted.
    Passed = 0,
    /// Something failed.
    Failed = 1,
    /// It could not be read.
    Unreadable = 2,
    /// Intact, but no key was given to check the signer with.
    SignerNotChecked = 3,
}

/// How much was checked, so that a fast pass never looks like a full one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub bytes: u64,
    pub files: u64,
    pub events: u64,
    pub events_withheld: u64,
    pub records: u64,
    pub records_withheld: u64,
    pub captures: u64,
    pub exhibits: u64,
    pub proofs: u64,
    pub signatures: u64,
}

/// A witness that has seen the checkpoint, and when it says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anchor {
    pub by: String,
    pub at: String,
}

/// Everything the verifier says; `schema/verify-report.schema.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub v: u8,
    pub outcome: VerifyOutcome,
    pub exit_code: u8,
    pub grades: Grades,
    pub packet: Option<packet::Head>,
    /// The key that signed, once its signature has verified.
    pub signer: Option<String>,
    /// The hash that the packet's papers print, once it is the one attested.
    pub evidence: Option<Digest>,
    pub anchored: Vec<Anchor>,
    pub counts: Counts,
    pub findings: Vec<Finding>,
    /// Failures that were counted and not listed.
    pub more_failed: u64,
    #[serde(skip)]
    listed_failed: u64,
}

impl Report {
    /// The report on a file that is no packet (2), or on a container so broken that its content cannot be read (1).
    pub fn refused(outcome: VerifyOutcome, file: &str, rule: &'static str, message: String) -> Self {
        let mut report = Self::new();
        report.fail(file, rule, message);
        if outcome == VerifyOutcome::Failed {
            report.grades = Grades::of(&report.findings);
        }
        report.conclude(outcome);
        report
    }

    /// The same with more that failed.
    #[must_use]
    pub fn with(mut self, failed: Vec<Finding>) -> Self {
        let outcome = self.outcome;
        for finding in failed {
            self.fail(&finding.file, finding.rule, finding.message);
        }
        self.conclude(outcome);
        self
    }

    fn new() -> Self {
        Self {
            v: 1,
            outcome: VerifyOutcome::Failed,
            exit_code: 1,
            grades: Grades::NONE,
            packet: None,
            signer: None,
            evidence: None,
            anchored: Vec::new(),
            counts: Counts::default(),
            findings: Vec::new(),
            more_failed: 0,
            listed_failed: 0,
        }
    }

    /// Number of failures so far.
    pub fn failed(&self) -> u64 {
        self.listed_failed + self.more_failed
    }

    /// Whether a finding under this rule has this verdict.
    pub fn finds(&self, rule: &str, verdict: Verdict) -> bool {
        self.findings.iter().any(|f| f.rule == rule && f.verdict == verdict)
    }

    /// Whether everything that failed did so under such rules, and something did.
    pub fn fails_only(&self, ours: impl Fn(&str) -> bool) -> bool {
        let mut failed = self.findings.iter().filter(|f| f.verdict == Verdict::Failed);
        self.failed() > 0 && self.more_failed == 0 && failed.all(|f| ours(f.rule))
    }

    fn conclude(&mut self, outcome: VerifyOutcome) {
        self.outcome = outcome;
        self.exit_code = outcome as u8;
    }

    /// Starts to list failures anew; gives back what had been listed.
    fn begin(&mut self) -> Vec<Finding> {
        (self.listed_failed, self.more_failed) = (0, 0);
        std::mem::take(&mut self.findings)
    }

    /// Gives what was found since, and how much was only counted.
    fn end(&mut self, before: Vec<Finding>) -> (Vec<Finding>, u64) {
        let more = std::mem::take(&mut self.more_failed);
        self.listed_failed = 0;
        (std::mem::replace(&mut self.findings, before), more)
    }

    fn say(&mut self, verdict: Verdict, file: &str, rule: &'static str, message: impl Into<String>) {
        self.keep(Finding {
            file: file.into(),
            rule,
            verdict,
            // The part that is run puts its own there.
            grade: Grade::Bytes,
            message: message.into(),
        });
    }

    /// Lists a finding; failures beyond the first thousand are counted.
    fn keep(&mut self, finding: Finding) {
        let failed = finding.verdict == Verdict::Failed;
        if failed && self.failed() >= MAX_FINDINGS {
            self.more_failed += 1;
        } else {
            self.listed_failed += u64::from(failed);
            self.findings.push(finding);
        }
    }

    fn fail(&mut self, file: &str, rule: &'static str, message: impl Into<String>) {
        self.say(Verdict::Failed, file, rule, message);
    }

    /// Says what a rule says.
    fn tell(&mut self, verdict: Verdict, file: &str, rule: Rule) {
        self.say(verdict, file, rule.name, rule.says);
    }

    fn broken(&mut self, file: &str, rule: Rule) {
        self.tell(Verdict::Failed, file, rule);
    }

    /// Fails unless `ok`; gives back `ok`.
    fn require(&mut self, ok: bool, file: &str, rule: Rule) -> bool {
        if !ok {
            self.broken(file, rule);
        }
        ok
    }
}

/// Verifies a packet against what the caller trusts.
pub fn verify(source: &mut dyn PacketSource, trust: &Trust) -> Report {
    let digests = vec![None; source.entries().len()];
    let mut walk = Walk {
        files: PacketFiles { source, digests },
        trust,
        report: Report::new(),
        parts: Vec::new(),
        issued: None,
        note: None,
        custody: Default::default(),
        trusted: false,
        evidence: None,
        unsigned: false,
    };
    if let Some(version) = walk.newer() {
        let message =
            format!("is of version {version}, newer than this verifier reads: get a newer one from the agency");
        return Report::refused(VerifyOutcome::Unreadable, packet::PACKET, "packet.newer", message);
    }
    for part in part::WALK {
        walk.part(part);
    }
    walk.finish()
}

/// The state of one verification.
struct Walk<'w> {
    files: PacketFiles<'w>,
    trust: &'w Trust,
    report: Report,
    /// What each part of the walk found.
    parts: Vec<part::PartFound>,
    issued: Option<log::Issued>,
    note: Option<crate::proof::checkpoint::Note>,
    custody: custody::CustodyFacts,
    trusted: bool,
    /// The evidence hash of the manifest, where it can be read.
    evidence: Option<Digest>,
    /// Whether the key shown did not sign the checkpoint.
    unsigned: bool,
}

impl Walk<'_> {
    /// The version of `packet.json`, where it is newer than this verifier's.
    fn newer(&mut self) -> Option<u64> {
        let index = self.files.index(packet::PACKET)?;
        let mut start = Vec::new();
        self.files.source.read(index, &mut |chunk| {
            let missing = 32usize.saturating_sub(start.len());
            start.extend_from_slice(&chunk[..missing.min(chunk.len())]);
        })?;
        let digits = std::str::from_utf8(&start).ok()?.strip_prefix("{\"v\":")?;
        let end = digits.find(|c: char| !c.is_ascii_digit())?;
        digits[..end].parse().ok().filter(|version| *version > 1)
    }

    /// Runs a part of the walk and keeps what it found.
    fn part(&mut self, part: &'static Part) {
        let before = self.report.begin();
        (part.run)(self);
        let (mut findings, more) = self.report.end(before);
        findings.iter_mut().for_each(|finding| finding.grade = part.grade);
        self.parts.push(part::PartFound {
            part,
            findings,
            more,
            unproven: false,
        });
    }

    fn finish(mut self) -> Report {
        self.parts
            .insert(0, part::PartFound::container(self.files.source.findings()));
        let (findings, more) = part::settle(self.parts);
        self.report.grades = Grades::of(&findings);
        findings.into_iter().for_each(|finding| self.report.keep(finding));
        self.report.more_failed += more;
        let outcome = match (self.report.failed(), self.trusted) {
            (0, true) => VerifyOutcome::Passed,
            (0, false) => VerifyOutcome::SignerNotChecked,
            _ => VerifyOutcome::Failed,
        };
        self.report.conclude(outcome);
        self.report
    }

    /// Reads a small file whole; a missing or large one is `layout`'s finding.
    fn small(&mut self, path: &str) -> Option<Vec<u8>> {
        let index = self.files.index(path)?;
        if self.files.source.entries()[index].size > MAX_LINE as u64 {
            return None;
        }
        let mut bytes = Vec::new();
        self.files
            .source
            .read(index, &mut |chunk| bytes.extend_from_slice(chunk))?;
        Some(bytes)
    }
}

/// The packet's files, and what is known of their bytes.
struct PacketFiles<'w> {
    source: &'w mut dyn PacketSource,
    /// By entry: its digest once read.
    digests: Vec<Option<Digest>>,
}

impl PacketFiles<'_> {
    fn index(&self, path: &str) -> Option<usize> {
        self.source
            .entries()
            .binary_search_by(|entry| entry.path.as_str().cmp(path))
            .ok()
    }

    fn digest(&self, path: &str) -> Option<Digest> {
        self.index(path).and_then(|i| self.digests[i])
    }

    /// Streams a file of lines; `each` gets a line's number from 1 and its bytes without LF.
    fn lines(&mut self, path: &str, report: &mut Report, mut each: impl FnMut(&mut Report, u64, &[u8])) {
        let Some(index) = self.index(path) else { return };
        let mut lines = Lines::default();
        let digest = self.source.read(index, &mut |chunk| {
            lines.feed(chunk, &mut |number, line| each(report, number, line))
        });
        self.keep(index, digest, report);
        report.require(!lines.long, path, rule::LONG_LINE);
        report.require(lines.ended(), path, rule::LAST_LINE);
    }

    /// Keeps the digest of an entry and counts what is read for the first time.
    fn keep(&mut self, index: usize, digest: Option<Digest>, report: &mut Report) {
        if digest.is_some() && self.digests[index].is_none() {
            report.counts.files += 1;
            report.counts.bytes += self.source.entries()[index].size;
        }
        self.digests[index] = digest;
    }
}
