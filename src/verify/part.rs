//! The parts of the walk, what each rests on, and what they come to together: one cause is one finding, and a part that
//! rests on what is missing or spoiled is not checked, whatever it found.

use std::collections::BTreeMap;

use super::rule::{self, Rule};
use super::{Finding, Grade, PAGE_RULE, PDF_RULE, VERIFIER_RULE, Verdict, Walk};
use crate::proof::packet::*;

/// A group of checks.
pub(super) struct Part {
    /// The file it is about.
    file: &'static str,
    /// The question that it answers.
    pub grade: Grade,
    /// What it says when all of it holds; parts about trust say for themselves.
    passed: Result<Rule, &'static str>,
    /// Files that it rests on; one that ends in `/` stands for all below it.
    needs: &'static [&'static str],
    pub run: fn(&mut Walk),
}

/// All parts in the order of the walk.
pub(super) const WALK: &[Part] = &[
    Part {
        file: "",
        grade: Grade::Bytes,
        passed: Ok(rule::LAYOUT),
        needs: &[],
        run: |walk| walk.layout(),
    },
    Part {
        file: ISSUED,
        grade: Grade::Log,
        passed: Ok(rule::ISSUED),
        needs: &[ISSUED],
        run: |walk| walk.issued(),
    },
    Part {
        file: EVENTS,
        grade: Grade::Log,
        passed: Ok(rule::EVENTS),
        needs: &[EVENTS, BETWEEN, ISSUED],
        run: |walk| walk.events(),
    },
    Part {
        file: INVENTORY,
        grade: Grade::Records,
        passed: Ok(rule::INVENTORY),
        needs: &[INVENTORY, EVENTS, ISSUED],
        run: |walk| walk.inventory(),
    },
    Part {
        file: RECORDS,
        grade: Grade::Records,
        passed: Ok(rule::RECORDS),
        needs: &[RECORDS, EVENTS, INVENTORY, ISSUED],
        run: |walk| walk.records(),
    },
    Part {
        file: INVENTORY,
        grade: Grade::Records,
        passed: Ok(rule::STATUSES),
        needs: &[INVENTORY, RECORDS, EVENTS, BETWEEN, ISSUED],
        run: |walk| walk.statuses(),
    },
    Part {
        file: PACKET,
        grade: Grade::Records,
        passed: Ok(rule::PACKET),
        needs: &[PACKET, INVENTORY, RECORDS, EVENTS, ISSUED],
        run: |walk| walk.packet(),
    },
    Part {
        file: MANIFEST,
        grade: Grade::Bytes,
        passed: Ok(rule::MANIFEST),
        needs: &[MANIFEST],
        run: |walk| walk.manifest(MANIFEST),
    },
    Part {
        file: INDEX,
        grade: Grade::Records,
        passed: Err(PAGE_RULE),
        needs: &[CASE_UCO, INDEX, RO_CRATE, PAGES, PACKET, INVENTORY, RECORDS, EVENTS],
        run: |walk| walk.page(),
    },
    Part {
        file: VERIFY_PAGE,
        grade: Grade::Bytes,
        passed: Err(VERIFIER_RULE),
        needs: &[VERIFY_PAGE, PACKET],
        run: |walk| walk.verifier(),
    },
    Part {
        file: PACKET,
        grade: Grade::Bytes,
        passed: Err(PDF_RULE),
        needs: &[PACKET],
        run: |walk| walk.pdf(),
    },
    Part {
        file: TAGMANIFEST,
        grade: Grade::Bytes,
        passed: Ok(rule::TAGMANIFEST),
        needs: &[TAGMANIFEST],
        run: |walk| walk.manifest(TAGMANIFEST),
    },
    Part {
        file: BAG_INFO,
        grade: Grade::Bytes,
        passed: Ok(rule::BAG),
        needs: &[BAGIT, BAG_INFO, HOW_TO, "data/", ISSUED],
        run: |walk| walk.bag(),
    },
    Part {
        file: ISSUED_PROOF,
        grade: Grade::Log,
        passed: Ok(rule::LOG),
        needs: &[ISSUED, ISSUED_PROOF, CHECKPOINT, MANIFEST, LOG_VKEY, LOG_PEM],
        run: |walk| walk.log(),
    },
    Part {
        file: CHECKPOINT,
        grade: Grade::Signer,
        passed: Err("signer"),
        needs: &[ISSUED_PROOF, CHECKPOINT],
        run: |walk| walk.signer(),
    },
    Part {
        file: CHECKPOINT,
        grade: Grade::Witnesses,
        passed: Err("witness"),
        needs: &[ISSUED_PROOF, CHECKPOINT],
        run: |walk| walk.witnesses(),
    },
    Part {
        file: "",
        grade: Grade::Time,
        passed: Err("time"),
        needs: &[],
        run: |walk| walk.time(),
    },
];

/// What the container itself says.
const CONTAINER: Part = Part {
    file: "",
    grade: Grade::Bytes,
    passed: Err("container"),
    needs: &[],
    run: |_| {},
};

/// What a part found.
pub(super) struct PartFound {
    pub part: &'static Part,
    pub findings: Vec<Finding>,
    /// Failures that are counted and not listed.
    pub more: u64,
    /// What it held to the issue does not count, for the issue is not in the log's tree.
    pub unproven: bool,
}

impl PartFound {
    /// What the container itself got wrong.
    pub fn container(findings: Vec<Finding>) -> Self {
        Self {
            part: &CONTAINER,
            findings,
            more: 0,
            unproven: false,
        }
    }

    /// Takes out what an issue that is not in the log's tree attests otherwise.
    fn without_issue(&mut self) {
        let all = self.findings.len();
        let attested = |f: &Finding| f.verdict == Verdict::Failed && ATTESTED.contains(&f.rule);
        self.findings.retain(|finding| !attested(finding));
        self.unproven = self.findings.len() < all;
    }
}

/// Rules that hold the packet to what its issue attests.
const ATTESTED: [&str; 8] = [
    "issued.tags",
    "issued.manifest",
    "events.cut",
    "events.issued",
    "inventory.size",
    "statuses.request",
    "packet.id",
    "packet.cut",
];

/// Failures after which a file can carry nothing else, and what that file then is; the first is the cause.
const SPOILS: &[(&str, &str)] = &[
    ("container", "cannot be read"),
    ("folder.special", "is no file"),
    ("layout.missing", "is missing"),
    ("layout.size", "is too large to be read"),
    ("layout.path", "belongs to no part of a packet"),
    ("layout.fetch", "belongs to no part of a packet"),
    ("layout.unexpected", "belongs to no part of a packet"),
    ("exhibits.unnamed", "is named by no exhibit"),
    ("profiles.unnamed", "is in no profile"),
    ("manifest.missing", "is missing"),
    ("manifest.digest", "is not the file that was issued"),
    ("issued.manifest", "is not the manifest that was issued"),
    ("issued.tags", "is not the file that was issued"),
    ("issued.event", "is no issue"),
    ("events.line", "is no list of events"),
    ("events.chain", "is no unbroken chain"),
    ("events.cut", "does not end at the cut"),
    ("inventory.line", "is no inventory"),
    ("packet.line", "is not made as it must be"),
    ("log.checkpoint", "is not the one inside issued.tlog-proof"),
    ("log.proof", "is no proof"),
    ("log.note", "holds no checkpoint"),
];

/// A file that can carry nothing: the place of the cause among [`SPOILS`], and the part that found it.
struct Spoiled {
    cause: usize,
    by: usize,
}

impl Spoiled {
    fn is(&self) -> &'static str {
        SPOILS[self.cause].1
    }
}

/// What is spoiled by what a part found itself; what it found on spoiled ground says nothing.
fn spoiled(parts: &[PartFound]) -> BTreeMap<String, Spoiled> {
    let mut all: BTreeMap<String, Spoiled> = BTreeMap::new();
    let stands = |part: &Part| part.needs.iter().all(|need| [MANIFEST, TAGMANIFEST].contains(need));
    // What is there at all comes before what it says.
    for first in [true, false] {
        for (by, found) in parts.iter().enumerate().filter(|(_, p)| stands(p.part) == first) {
            if found.rests_on(&all, by).is_none() {
                found.spoil(&mut all, by);
            }
        }
    }
    all
}

/// What all parts come to, and how many failures are only counted.
pub(super) fn settle(mut parts: Vec<PartFound>) -> (Vec<Finding>, u64) {
    let unproven = |found: &PartFound| found.findings.iter().any(|f| f.rule == "log.inclusion");
    if parts.iter().any(unproven) {
        parts.iter_mut().for_each(PartFound::without_issue);
    }
    let spoiled = spoiled(&parts);
    let (mut all, mut more, mut left_out) = (Vec::new(), 0, Vec::new());
    for (number, found) in parts.into_iter().enumerate() {
        let needed = found.rests_on(&spoiled, number);
        let rests = needed.is_some();
        let unproven = found.unproven.then(|| (ISSUED.to_owned(), "is not in the log's tree"));
        let mut cause = needed.or(unproven);
        let mut settled = found.more > 0 && !rests;
        let itself = |rule: &str| found.part.passed.is_ok_and(|passed| passed.name == rule);
        for finding in found.findings {
            // What another part said of a file already stands there; each has its say about its own.
            let said = spoiled.get(&finding.file).filter(|spoiled| spoiled.by != number);
            let own = finding.verdict == Verdict::NotChecked && itself(finding.rule);
            let elsewhere = finding.verdict == Verdict::Failed && said.is_some();
            if elsewhere {
                cause = cause.or(said.map(|spoiled| (finding.file.clone(), spoiled.is())));
            }
            if elsewhere || (rests && (own || matches!(finding.verdict, Verdict::Failed | Verdict::Passed))) {
                left_out.push(finding);
                continue;
            }
            settled |= own || finding.verdict == Verdict::Failed;
            all.push(finding);
        }
        more += if rests { 0 } else { found.more };
        if !settled {
            all.extend(conclusion(found.part, cause));
        }
    }
    // A cause stands among what is kept; should none, all is kept.
    let failed = |findings: &[Finding]| findings.iter().any(|f| f.verdict == Verdict::Failed);
    if more == 0 && !failed(&all) && failed(&left_out) {
        all.extend(left_out);
    }
    (all, more)
}

impl PartFound {
    /// The file for which a need of the part is not met, and what is wrong with it.
    fn rests_on(&self, spoiled: &BTreeMap<String, Spoiled>, number: usize) -> Option<(String, &'static str)> {
        let mut needs = self.part.needs.iter();
        needs.find_map(|need| {
            let mut all = spoiled.iter().filter(|(_, spoiled)| spoiled.by != number);
            let meant = |file: &str| file == *need || (need.ends_with('/') && file.starts_with(need));
            all.find(|(file, _)| meant(file))
                .map(|(file, spoiled)| (file.clone(), spoiled.is()))
        })
    }

    /// Adds the files that this part found spoiled.
    fn spoil(&self, all: &mut BTreeMap<String, Spoiled>, by: usize) {
        let failed = self
            .findings
            .iter()
            .filter(|f| f.verdict == Verdict::Failed && !f.file.is_empty());
        for finding in failed {
            let Some(cause) = SPOILS.iter().position(|(rule, _)| *rule == finding.rule) else {
                continue;
            };
            let known = all.entry(finding.file.clone()).or_insert(Spoiled { cause, by });
            if cause < known.cause {
                *known = Spoiled { cause, by };
            }
        }
    }
}

/// That a part in which nothing failed passed, or was not checked.
fn conclusion(part: &Part, cause: Option<(String, &'static str)>) -> Option<Finding> {
    let (rule, verdict, message) = match (part.passed, cause) {
        (passed, Some((file, is))) => {
            let rule = passed.map_or_else(|name| name, |rule| rule.name);
            let message = match file == part.file {
                true => is.to_owned(),
                false => format!("rests on {file}, which {is}"),
            };
            (rule, Verdict::NotChecked, message)
        }
        (Ok(passed), None) => (passed.name, Verdict::Passed, passed.says.to_owned()),
        (Err(_), None) => return None,
    };
    Some(Finding {
        file: part.file.into(),
        rule,
        verdict,
        grade: part.grade,
        message,
    })
}
