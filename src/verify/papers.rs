//! The words of a packet that follow from its records. The builder writes them; the verifier makes them again and compares.
//! Whoever changes a word that an issued packet may hold raises [`PAPERS`].

use crate::page::words::purpose;
use crate::proof::packet::{self, IDENTIFIER, OXUM};
use crate::proof::time::format_at;

/// Version of the papers: `HOW-TO-VERIFY.txt`, the labels of `bag-info.txt`, the reasons in the inventory, and the
/// organization in the request's record. Packets of 0.1.0 name none; 2 has more endings of files ([`super::endings`]); 3
/// attests the evidence hash, may have papers in PDF, and tells of both.
pub const PAPERS: u32 = 3;
/// Longest slug of a case number.
const SLUG: usize = 60;

/// Why a capture is held.
pub const HELD: &str = "held: nothing covered it when it was made, and no supervisor has decided";
/// Why a quarantined capture does not leave.
pub const QUARANTINED: &str = "quarantined by a supervisor";
/// Why a capture is not selected, where the request names captures.
pub const NOT_ASKED: &str = "not among the captures asked for";
/// Why a capture is not selected, where the request names none.
pub const LATE: &str = "received after the packet was begun";
/// The same, of one that was decided late.
pub const NOT_YET: &str = "could not leave yet when the packet was begun";
/// Every reason; its place is what the verifier keeps of one.
pub const REASONS: [&str; 5] = [HELD, QUARANTINED, NOT_ASKED, LATE, NOT_YET];

const HOW_TO_VERIFY: &str = include_str!("HOW-TO-VERIFY.txt");
/// The words of the versions up to 2.
const HOW_TO_VERIFY_2: &str = include_str!("HOW-TO-VERIFY-2.txt");
const DEMO: &str = "DEMO. Nobody and nothing in this packet is real.\n\n";

/// `HOW-TO-VERIFY.txt` of a packet, by the version of its papers and the names of its top folder and its log.
pub fn how_to(version: Option<u32>, name: &str, origin: &str) -> String {
    let demo = if packet::is_demo(origin) { DEMO } else { "" };
    let words = match version >= Some(packet::EVIDENCE_SINCE) {
        true => HOW_TO_VERIFY,
        false => HOW_TO_VERIFY_2,
    };
    let text = words.replace("{name}", name).replace("{origin}", origin);
    format!("{demo}{text}")
}

/// A packet's top folder: the slug of the case's number, and when it was asked for, in microseconds.
pub fn top_folder(number: &str, at: i64) -> String {
    let mut slug = String::new();
    for c in number.chars().take(SLUG) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'A'..='Z' => slug.push(c.to_ascii_lowercase()),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_end_matches('-');
    let second = format_at(at)[..19].replace(['-', ':'], "");
    format!("{}-{second}Z", if slug.is_empty() { "case" } else { slug })
}

/// Items as a text, runs as ranges: `1-7 9 12 13`.
pub fn ranges(items: impl IntoIterator<Item = u64>) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for item in items {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(item) => *last = item,
            _ => runs.push((item, item)),
        }
    }
    let words = runs.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Reads [`ranges`]: ascending and apart.
pub fn parse_ranges(text: &str) -> Option<Vec<(u64, u64)>> {
    let read = |word: &str| {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    let runs: Vec<(u64, u64)> = text.split_ascii_whitespace().map(read).collect::<Option<_>>()?;
    let items = runs.iter().flat_map(|(first, last)| [*first, *last]);
    items.is_sorted().then_some(runs)
}

/// What the labels of `bag-info.txt` are made from.
#[derive(Debug, Clone, Copy)]
pub struct BagLabels<'a> {
    /// The unit whose case it is.
    pub organization: &'a str,
    /// The case's number at the cut.
    pub number: &'a str,
    /// The day of the build, `2026-11-22`.
    pub day: &'a str,
    /// Bytes and files of `data/`, `<bytes>.<files>`.
    pub oxum: &'a str,
    /// What `packet.json` says of the packet.
    pub head: &'a packet::Head,
}

/// `bag-info.txt`, whole.
pub fn bag_info(labels: BagLabels<'_>) -> String {
    let BagLabels { number, head, .. } = labels;
    let mark = if head.demo { "DEMO, no real case. " } else { "" };
    let purpose = purpose(&head.purpose).unwrap_or_default();
    let about = format!("{mark}Case {number}: exhibits, inventory, custody and proofs. Purpose: {purpose}.");
    let id = format!("urn:uuid:{}", head.id);
    packet::bag_info(&[
        (ORGANIZATION, labels.organization),
        ("External-Description", &about),
        (DAY, labels.day),
        (IDENTIFIER, &id),
        ("Internal-Sender-Identifier", number),
        ("Bag-Count", "1 of 1"),
        (OXUM, labels.oxum),
        ("Bag-Software-Agent", &head.product),
    ])
}

/// The label with the unit's name.
pub const ORGANIZATION: &str = "Source-Organization";
/// The label with the day of the build.
pub const DAY: &str = "Bagging-Date";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::Digest;

    #[test]
    fn other_words_are_another_version_of_the_papers() {
        let digest = |how_to: &str| Digest::of([how_to, DEMO, &REASONS.join("\n")].join("\n").as_bytes()).to_string();
        let known = [
            (
                HOW_TO_VERIFY_2,
                2,
                "a9c49a4cd3d2df1f85471256210a6da3ef944590ea7dd3777cd02ac394103bed",
            ),
            (
                HOW_TO_VERIFY,
                PAPERS,
                "2356c0f14cd18d5b00d7585dd28794bf5edbbe9ccf085e09387a0a45fc028fbe",
            ),
        ];
        for (words, version, digest_known) in known {
            assert_eq!(digest(words), digest_known, "version {version}");
        }
        assert_eq!(PAPERS, 3);
    }

    #[test]
    fn items_are_written_as_ranges_and_read_back() {
        for (items, text) in [
            (&[][..], ""),
            (&[7], "7"),
            (&[1, 2], "1-2"),
            (&[1, 2, 3, 5, 9, 10], "1-3 5 9-10"),
        ] {
            assert_eq!(ranges(items.iter().copied()), text);
            let runs = parse_ranges(text).expect(text);
            let back: Vec<u64> = runs.into_iter().flat_map(|(first, last)| first..=last).collect();
            assert_eq!(back, items);
        }
        for text in ["x", "3-1", "5 3", "1-", "-"] {
            assert_eq!(parse_ranges(text), None, "{text}");
        }
    }

    #[test]
    fn a_folder_is_named_by_number_and_second() {
        let cases = [
            ("26-004417", "26-004417"),
            ("CT/2026 #42", "ct-2026-42"),
            ("…", "case"),
            ("../", "case"),
            ("Ø-9--x-", "9-x"),
        ];
        for (number, slug) in cases {
            let name = top_folder(number, 1_795_356_451_120_000);
            assert_eq!(name, format!("{slug}-20261122T140731Z"));
            assert!(packet::is_path(&name));
        }
    }
}
