//! Where the files of a packet lie (contract section 4): names, folders, order.

pub const BAGIT: &str = "bagit.txt";
pub const BAG_INFO: &str = "bag-info.txt";
pub const HOW_TO: &str = "HOW-TO-VERIFY.txt";
pub const MANIFEST: &str = "manifest-sha256.txt";
pub const TAGMANIFEST: &str = "tagmanifest-sha256.txt";
pub const INDEX: &str = "data/index.html";
/// The folder of the pages that long sections have.
pub const PAGES: &str = "data/pages/";
/// The packet as a graph of CASE and UCO.
pub const CASE_UCO: &str = "data/case-uco.jsonld";
/// The payload as a research object.
pub const RO_CRATE: &str = "data/ro-crate-metadata.json";
/// The verifier as one page, in packets whose papers are [`super::packet::VERIFY_PAGE_SINCE`] or later.
pub const VERIFY_PAGE: &str = "data/verify.html";
pub const PACKET: &str = "data/packet.json";
pub const INVENTORY: &str = "data/inventory.json";
pub const EVENTS: &str = "data/custody/events.jsonl";
pub const RECORDS: &str = "data/custody/records.jsonl";
pub const ISSUED: &str = "proof/issued.json";
pub const BETWEEN: &str = "proof/between.jsonl";
pub const ISSUED_PROOF: &str = "proof/issued.tlog-proof";
pub const CHECKPOINT: &str = "proof/checkpoint";
pub const LOG_VKEY: &str = "proof/log.vkey";
pub const LOG_PEM: &str = "proof/log.pem";
pub const EXHIBITS: &str = "data/exhibits/";
/// The folder of events and records.
pub(super) const CUSTODY: &str = "data/custody/";

/// Files without which a packet is incomplete.
pub const REQUIRED: [&str; 16] = [
    BAGIT,
    BAG_INFO,
    HOW_TO,
    MANIFEST,
    TAGMANIFEST,
    INDEX,
    PACKET,
    INVENTORY,
    EVENTS,
    RECORDS,
    ISSUED,
    BETWEEN,
    ISSUED_PROOF,
    CHECKPOINT,
    LOG_VKEY,
    LOG_PEM,
];
/// The files that `packet.issued` attests by digest beside the manifest.
pub const ATTESTED_TAGS: [&str; 3] = [BAGIT, BAG_INFO, HOW_TO];
/// The two lines of BagIt 1.0.
pub const BAGIT_TXT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
/// A line of `packet.json`, `inventory.json` or `records.jsonl` is at most this long, LF included.
pub const MAX_LINE: usize = 1 << 20;
/// An origin that starts so belongs to a demonstration, and its packets say so.
const DEMO_ORIGIN: &str = "casetrail.demo/";
/// Status of a capture in the inventory; the first and the last are exhibits, and all but the first are classes under which its records are withheld.
pub const STATUSES: [&str; 7] = [
    "included",
    "not_selected",
    "withheld",
    "held",
    "quarantined",
    "disposed",
    REDACTED,
];
/// An exhibit of which a redacted copy stands in the packet: its own bytes and records are withheld.
pub const REDACTED: &str = "redacted";

/// The class under which the record of a derivative is withheld that no exhibit shows.
pub const NOT_SELECTED: &str = "not_selected";
/// What a program read in a capture's files.
pub const EXAMINED: &str = "capture.examined";
/// What changes a capture that an earlier packet has shown, so that a supplement shows it again.
pub const CHANGES: [&str; 7] = [
    "capture.corrected",
    "capture.annotated",
    "capture.marked",
    "capture.reviewed",
    "capture.accepted",
    "capture.ratified",
    "capture.confirmed",
];

/// The class under which records of [`WORKING_PAPERS`] are withheld.
pub const WORKING_PAPER: &str = "withheld";
/// Objects whose records no packet shows: what lawyers and investigators write for themselves while they prepare one. Their
/// events stand in the chain as all others do.
pub const WORKING_PAPERS: [&str; 2] = ["exhibit_list", "evidence_request"];

/// The class under which records of [`OTHER_PACKETS`] are withheld.
pub const OTHER_PACKET: &str = "other_packet";
/// Objects whose records say who asked for a packet, and to whom it went. A packet shows them of itself and of the packets
/// that it supplements; of others they name recipients and matters that its reader has no need to know.
pub const OTHER_PACKETS: [&str; 4] = ["packet", "disclosure_link", "acknowledgement", "notice"];

/// Whether a capture of this status is an exhibit.
pub fn is_exhibit(status: &str) -> bool {
    [STATUSES[0], REDACTED].contains(&status)
}

/// Whether the log of this origin is a demonstration's.
pub fn is_demo(origin: &str) -> bool {
    origin.starts_with(DEMO_ORIGIN)
}

/// `data/exhibits/001/01-original.jpg`; an extension that is not short, lower-case and plain becomes `bin`.
pub fn exhibit_path(exhibit: u32, number: usize, role: &str, extension: &str) -> String {
    let extension = if is_extension(extension) { extension } else { "bin" };
    format!("{EXHIBITS}{exhibit:03}/{number:02}-{role}.{extension}")
}

fn is_extension(text: &str) -> bool {
    let packed = ["warc.gz", "arc.gz"];
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    packed.contains(&text) || ((1..=8).contains(&text.len()) && text.bytes().all(plain))
}

/// The papers in PDF that a packet may have: for court and defence, and for a jury.
pub const PDF_PAPERS: [&str; 2] = ["exhibits", "report"];
/// The folder of drafts of certificates.
pub const CERTIFICATES: &str = "data/certificates/";
/// The rules of Fed. R. Evid. 902 for which a packet may have drafts of certificates.
pub const CERTIFICATE_RULES: [&str; 3] = ["902-11", "902-13", "902-14"];
/// Both copies of a draft, by what follows its rule in their names: the one that can be filled in, and the one for print.
pub const CERTIFICATE_COPIES: [&str; 2] = ["-form", ""];

/// A volume of a draft of a certificate: `data/certificates/902-13.pdf`, `data/certificates/902-13-form-1-of-2.pdf`.
pub fn certificate_path(rule: &str, copy: &str, (volume, of): (u32, u32)) -> String {
    pdf_path(&format!("certificates/{rule}{copy}"), volume, of)
}

/// A volume's name: `data/report.pdf`; of several, `data/report-02-of-11.pdf`.
pub fn pdf_path(paper: &str, volume: u32, of: u32) -> String {
    let width = of.to_string().len();
    match of {
        1 => format!("data/{paper}.pdf"),
        _ => format!("data/{paper}-{volume:0width$}-of-{of}.pdf"),
    }
}

/// Whether a volume of some paper is named so.
pub fn is_pdf_path(path: &str) -> bool {
    let stem = path.strip_prefix("data/").and_then(|name| name.strip_suffix(".pdf"));
    let named = |paper: &str| {
        let rest = stem?.strip_prefix(paper)?;
        let number = |text: &str| text.parse().ok();
        let (volume, of) = match rest.strip_prefix('-') {
            Some(rest) => rest
                .split_once("-of-")
                .and_then(|(v, of)| Some((number(v)?, number(of)?)))?,
            None => (1, 1),
        };
        Some((1..=of).contains(&volume) && pdf_path(paper, volume, of) == path)
    };
    let certificates = CERTIFICATE_RULES
        .iter()
        .flat_map(|rule| CERTIFICATE_COPIES.map(|copy| format!("certificates/{rule}{copy}")));
    let papers = PDF_PAPERS.into_iter().map(str::to_owned).chain(certificates);
    papers.into_iter().any(|paper| named(&paper) == Some(true))
}

/// Whether an operating system leaves such a file in folders that somebody looks at.
pub fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let known = [".DS_Store", "Thumbs.db", "desktop.ini"];
    name.starts_with("._") || known.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether every system can hold this path and none reads it as another: relative, plain ASCII, no tricks.
pub fn is_path(path: &str) -> bool {
    path.len() <= 240 && path.split('/').all(is_segment)
}

fn is_segment(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let port = |stem: &str| {
        stem.len() == 4
            && (stem.starts_with("com") || stem.starts_with("lpt"))
            && stem.ends_with(|c: char| c.is_ascii_digit())
    };
    let reserved = matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || port(&stem);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=100).contains(&segment.len())
        && segment.bytes().all(plain)
        && !segment.starts_with('.')
        && !segment.ends_with('.')
        && !reserved
}

/// Where an entry stands in the ZIP: exhibits, other data, manifest, tag files, proof, tagmanifest.
pub fn rank(path: &str) -> u8 {
    match path {
        _ if path.starts_with(EXHIBITS) => 0,
        _ if path.starts_with("data/") => 1,
        MANIFEST => 2,
        TAGMANIFEST => 5,
        _ if path.starts_with("proof/") => 4,
        _ => 3,
    }
}
