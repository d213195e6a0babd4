//! Certificates of a sample packet, so that counsel sees what edited templates give before any packet is asked for.

use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::sync::Arc;

use serde_json::{Value, json};

use super::certificate::DraftCopies;
use super::fonts::Fonts;
use super::prints::Prints;
use super::templates::Templates;
use super::view::{DraftMeans, PaperDraft};
use super::volumes::{Load, Plan};
use super::{Press, TYPESETTER};
use crate::error::{Error, Result};
use crate::page::Documents;
use crate::proof::Digest;
use crate::proof::packet::*;

const ID: &str = "019a0000-0000-7000-8000-000000000001";
/// When everything of the sample happened.
const AT: &str = "2026-01-02T10:00:00.000000Z";

struct SampleDocuments(BTreeMap<&'static str, Vec<u8>>);

impl Documents for SampleDocuments {
    fn read(&mut self, path: &'static str, sink: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        sink(self.0.get(path).ok_or(io::ErrorKind::NotFound)?);
        Ok(())
    }
}

/// Every draft that these templates make of a sample packet, by its path in a packet.
///
/// # Errors
/// Where a template is wrong: which file, which line, and the way out.
pub fn sample_certificates(templates: &Templates, fonts: &Arc<Fonts>) -> Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    // A packet with exhibits of every shape, and one without any: a template may fail at either.
    for exhibits in [exhibits(), Vec::new()] {
        let prints = Prints::new(Box::new(Cursor::new(Vec::new())));
        let plan = Plan::of(&vec![Load::default(); exhibits.len()], 0);
        let mut documents = documents(templates, &exhibits).map_err(Error::internal)?;
        let means = DraftMeans {
            fonts,
            prints: &prints,
            organization: "Sample unit",
            scratch: Box::new(Cursor::new(Vec::new())),
        };
        let draft = PaperDraft::read(&mut documents, means)?;
        let press = Press {
            fonts: fonts.clone(),
            prints: &prints,
            draft: &draft,
            plan: &plan,
        };
        for rule in CERTIFICATE_RULES {
            let made = plan.drafts(rule);
            let made = made.iter().map(|volume| press.certificate(rule, volume, templates));
            let made: Vec<DraftCopies> = made.collect::<Result<_>>()?;
            let path = |copy: &str| certificate_path(rule, copy, (1, 1));
            let shown = made.into_iter().filter(|_| !exhibits.is_empty());
            all.extend(shown.flat_map(|copies| [(path("-form"), copies.form), (path(""), copies.flat)]));
        }
    }
    Ok(all)
}

fn documents(templates: &Templates, exhibits: &[Exhibit]) -> std::result::Result<SampleDocuments, RowError> {
    let leaf = Digest([2; 32]);
    let case = json!({"id": ID, "number": "SAMPLE-1", "title": "A sample case", "handling": "standard", "time_zone": "America/New_York",
        "opened_at": AT, "status": "open"});
    let mut packet = Writer::new();
    packet.value("packet", &head(templates))?;
    packet.value("case", &Shown { leaf, record: case })?;
    for section in ["subjects", "accounts", "authorizations"] {
        packet.rows::<Value>(section, [])?;
    }
    packet.rows("exhibits", exhibits)?;
    let mut inventory = Writer::new();
    inventory.rows("captures", exhibits.iter().map(inventory_row))?;
    Ok(SampleDocuments(BTreeMap::from([
        (PACKET, packet.finish()),
        (INVENTORY, inventory.finish()),
        (EVENTS, Vec::new()),
        (RECORDS, Vec::new()),
    ])))
}

fn head(templates: &Templates) -> Head {
    let run = |version: &str, last: u8| SoftwareRun {
        version: version.into(),
        binary: Some(Digest([last; 32])),
        configuration: Digest([5; 32]),
        first_started_at: AT.into(),
        last_started_at: AT.into(),
        starts: 1,
    };
    let drafts = CertificatePapers {
        jurisdiction: "sample".into(),
        rules: CERTIFICATE_RULES.map(|rule| (rule.to_owned(), 1)).into(),
        hearing_on: None,
        templates: templates.digests(),
        software: vec![run("0.1.0", 3), run("0.2.0", 4)],
        clock: Some(ClockReading {
            at: AT.into(),
            source: "system clock".into(),
            offset: "not measured against an outside source".into(),
        }),
    };
    Head {
        supplement_of: None,
        duplicates: None,
        profiles: None,
        id: ID.into(),
        name: "sample-1-20260102T100000Z".into(),
        purpose: "court_exhibits".into(),
        recipient: None,
        requested_by: Requester {
            id: ID.into(),
            name: "Sample requester".into(),
        },
        requested_at: AT.into(),
        cut: Cut {
            stream: format!("case:{ID}"),
            seq: 9,
            leaf: Digest([7; 32]),
        },
        origin: format!("casetrail.demo/{ID}"),
        product: "casetrail sample".into(),
        demo: true,
        papers: Some(EVIDENCE_SINCE),
        pages: None,
        exhibit_list: None,
        pdf: Some(PdfPapers {
            exhibits: 1,
            report: 1,
            typesetter: TYPESETTER.into(),
            certificates: Some(drafts),
        }),
    }
}

fn inventory_row(exhibit: &Exhibit) -> InventoryRow {
    InventoryRow {
        id: exhibit.capture.clone(),
        item: exhibit.item,
        kind: "post".into(),
        captured_at: Some(AT.into()),
        status: "included".into(),
        why: None,
        description: None,
        excluded: None,
    }
}

/// One with all facts, one whose file is given by hash only, one that a platform returned, one without a file.
fn exhibits() -> Vec<Exhibit> {
    let full = json!({"kind": "post", "platform": "instagram", "url": "https://www.example.org/p/sample", "text": "A sample post.",
        "final_url": "https://www.example.org/p/sample?shown=1", "account": {"handle": "@sample", "platform_id": "100200300"},
        "platform_time_text": "2 hours ago", "posted_at": AT, "posted_at_basis": "from_platform", "captured_at": AT, "received_at": AT,
        "capturer": {"id": ID, "name": "Sample capturer"}, "method": "manual_screenshot", "device": "agency_computer",
        "tool": {"name": "Sample browser", "version": "1.0"}, "access_means": "logged_out", "basis": {"kind": "not_required"}});
    let bare = json!({"kind": "photo", "received_at": AT, "captured_at": AT, "captured_at_basis": "file_time"});
    let returned = json!({"kind": "file", "received_at": AT, "captured_at": AT, "method": "platform_return"});
    let lookup = json!({"kind": "lookup", "received_at": AT, "captured_at": AT, "text": "Nothing found."});
    let records = [
        (full, vec![file(Some("data/exhibits/001/01-original.jpg"))]),
        (bare, vec![file(None)]),
        (returned, vec![file(Some("data/exhibits/003/01-original.jpg"))]),
        (lookup, Vec::new()),
    ];
    let exhibit = |(number, (record, files)): (u32, (Value, Vec<FileRow>))| Exhibit {
        redactions: None,
        duplicates: None,
        unfit: None,
        since: None,
        exhibit: number,
        number: Some(format!("P-{number}")),
        title: Some(format!("Sample exhibit {number}")),
        description: None,
        capture: format!("019a0000-0000-7000-8000-00000000010{number}"),
        item: number.into(),
        leaf: Digest([1; 32]),
        record,
        current: None,
        examination: None,
        events: Vec::new(),
        files,
    };
    (1..).zip(records).map(exhibit).collect()
}

fn file(path: Option<&str>) -> FileRow {
    FileRow {
        path: path.map(str::to_owned),
        sha256: Digest([3; 32]),
        size: 123_456,
        role: "original".into(),
        name: Some("sample.jpg".into()),
        media_type: Some("image/jpeg".into()),
        withheld: path
            .is_none()
            .then(|| json!({"reason": "A sample of a file that may not be copied."})),
    }
}
