//! The parts of the walk, what each rests on, and what they come to together: one cause is one finding, and a part that
//! rests on what is missing or spoiled is not checked, whatever it found.

use std::collections::BTreeMap;

use super::rule::{self, Rule};
use super::{Finding, Verdict, Walk};
use crate::proof::packet::*;

/// A group of checks.
pub(super) struct Part {
    /// The file it is about.
    file: &'static str,
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
        passed: Ok(rule::LAYOUT),
        needs: &[],
        run: |walk| walk.layout(),
    },
    Part {
        file: ISSUED,
        passed: Ok(rule::ISSUED),
        needs: &[ISSUED],
        run: |walk| walk.issued(),
    },
    Part {
        file: EVENTS,
        passed: Ok(rule::EVENTS),
        needs: &[EVENTS, BETWEEN, ISSUED],
        run: |walk| walk.events(),
    },
    Part {
        file: INVENTORY,
        passed: Ok(rule::INVENTORY),
        needs: &[INVENTORY, EVENTS, ISSUED],
        run: |walk| walk.inventory(),
    },
    Part {
        file: RECORDS,
        passed: Ok(rule::RECORDS),
        needs: &[RECORDS, EVENTS, INVENTORY, ISSUED],
        run: |walk| walk.records(),
    },
    Part {
        file: INVENTORY,
        passed: Ok(rule::STATUSES),
        needs: &[INVENTORY, RECORDS, EVENTS, BETWEEN, ISSUED],
        run: |walk| walk.statuses(),
    },
    Part {
        file: PACKET,
        passed: Ok(rule::PACKET),
        needs: &[PACKET, INVENTORY, RECORDS, EVENTS, ISSUED],
        run: |walk| walk.packet(),
    },
    Part {
        file: MANIFEST,
        passed: Ok(rule::MANIFEST),
        needs: &[MANIFEST],
        run: |walk| walk.manifest(MANIFEST),
    },
    Part {
        file: TAGMANIFEST,
        passed: Ok(rule::TAGMANIFEST),
        needs: &[TAGMANIFEST],
        run: |walk| walk.manifest(TAGMANIFEST),
    },
    Part {
        file: BAG_INFO,
        passed: Ok(rule::BAG),
        needs: &[BAGIT, BAG_INFO, HOW_TO, "data/", ISSUED],
        run: |walk| walk.bag(),
    },
    Part {
        file: ISSUED_PROOF,
        passed: Ok(rule::LOG),
        needs: &[ISSUED, ISSUED_PROOF, CHECKPOINT, MANIFEST, LOG_VKEY, LOG_PEM],
        run: |walk| walk.log(),
    },
    Part {
        file: CHECKPOINT,
        passed: Err("signer"),
        needs: &[ISSUED_PROOF],
        run: |walk| walk.signer(),
    },
    Part {
        file: CHECKPOINT,
        passed: Err("witness"),
        needs: &[ISSUED_PROOF],
        run: |walk| walk.witnesses(),
    },
    Part {
        file: "",
        passed: Err("time"),
        needs: &[],
        run: |walk| walk.time(),
    },
];

/// What the container itself says.
const CONTAINER: Part = Part {
    file: "",
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
}

impl PartFound {
    /// What the container itself got wrong.
    pub fn container(findings: Vec<Finding>) -> Self {
        Self {
            part: &CONTAINER,
            findings,
            more: 0,
        }
    }
}

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

fn spoiled(parts: &[PartFound]) -> BTreeMap<String, Spoiled> {
    let mut all: BTreeMap<String, Spoiled> = BTreeMap::new();
    let found = parts.iter().enumerate();
    let found = found.flat_map(|(by, found)| found.findings.iter().map(move |finding| (by, finding)));
    for (by, finding) in found.filter(|(_, f)| f.verdict == Verdict::Failed && !f.file.is_empty()) {
        let Some(cause) = SPOILS.iter().position(|(rule, _)| *rule == finding.rule) else {
            continue;
        };
        let known = all.entry(finding.file.clone()).or_insert(Spoiled { cause, by });
        if cause < known.cause {
            *known = Spoiled { cause, by };
        }
    }
    all
}

/// What all parts come to, and how many failures are only counted.
pub(super) fn settle(parts: Vec<PartFound>) -> (Vec<Finding>, u64) {
    let spoiled = spoiled(&parts);
    let (mut all, mut more) = (Vec::new(), 0);
    for (number, found) in parts.into_iter().enumerate() {
        // What another part said of a file already stands there; each has its say about its own.
        let elsewhere = |file: &str| spoiled.get(file).filter(|spoiled| spoiled.by != number);
        let needed = found
            .part
            .needs
            .iter()
            .find_map(|need| rests_on(&spoiled, need, number));
        let rests = needed.is_some();
        let mut cause = needed;
        let mut failed = found.more > 0 && !rests;
        for finding in found.findings {
            let said = elsewhere(&finding.file).map(|spoiled| (finding.file.clone(), spoiled.is()));
            match finding.verdict {
                Verdict::Failed | Verdict::Passed if rests => continue,
                Verdict::Failed if said.is_some() => {
                    cause = cause.or(said);
                    continue;
                }
                Verdict::Failed => failed = true,
                // It has said by itself that it was not checked.
                Verdict::NotChecked if found.part.passed.is_ok_and(|rule| rule.name == finding.rule) => failed = true,
                _ => {}
            }
            all.push(finding);
        }
        if !rests {
            more += found.more;
        }
        if !failed {
            all.extend(conclusion(found.part, cause));
        }
    }
    (all, more)
}

/// The file for which a need is not met, and what is wrong with it.
fn rests_on(spoiled: &BTreeMap<String, Spoiled>, need: &str, number: usize) -> Option<(String, &'static str)> {
    let all = spoiled.iter().filter(|(_, spoiled)| spoiled.by != number);
    let meant = |file: &str| file == need || (need.ends_with('/') && file.starts_with(need));
    all.map(|(file, spoiled)| (file.clone(), spoiled.is()))
        .find(|(file, _)| meant(file))
}

/// That a part in which nothing failed passed, or was not checked.
fn conclusion(part: &Part, cause: Option<(String, &'static str)>) -> Option<Finding> {
    let (rule, verdict, message) = match (part.passed, cause) {
        (passed, Some((file, is))) => {
            let rule = passed.map_or_else(|name| name, |rule| rule.name);
            let of = if file == part.file { "it".to_owned() } else { file };
            (
                rule,
                Verdict::NotChecked,
                format!("not checked, for it rests on {of}, which {is}"),
            )
        }
        (Ok(passed), None) => (passed.name, Verdict::Passed, passed.says.to_owned()),
        (Err(_), None) => return None,
    };
    Some(Finding {
        file: part.file.into(),
        rule,
        verdict,
        message,
    })
}
