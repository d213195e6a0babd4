//! The documents of a packet that programs read: `packet.json`, `inventory.json`, the manifests and tag files.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::custody::Custody;
use super::exhibits;
use super::lists::requested::UnusedWords;
use super::output::OutputProfile;
use super::pick::Pick;
use super::profiles::BesideOriginals;
use super::store::{self, Thing, ThingKind};
use super::work::Work;
use super::zip::Bag;
use crate::clock;
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::page;
use crate::proof::packet::{
    self, BAG_INFO, BAGIT, BAGIT_TXT, Cut, Exhibit, HOW_TO, Head, INVENTORY, InventoryRow, ListVersion, MANIFEST,
    PACKET, PacketAuthorization, PdfPapers, Requester, RowError, Shown, VERIFY_PAGE, VERIFY_PAGE_SINCE, Writer,
};
use crate::verify::papers::{self, BagLabels};
use crate::verify::profiles::unfit;
use crate::verify::verifier;

/// The program that makes packets, as packets name it.
pub const PRODUCT: &str = concat!("casetrail ", env!("CARGO_PKG_VERSION"));

/// The thing as it was at the cut; `None` for one that came later.
fn at_cut(custody: &Custody, conn: &mut AnyConn, noun: &str, thing: &Thing) -> Result<Option<Shown>> {
    let row = store::digest(&thing.1)?;
    let Some(event) = custody.version(noun, &thing.0, &row) else {
        return Ok(None);
    };
    let leaf = event.leaf;
    if leaf == row {
        return Ok(Some(Shown {
            leaf,
            record: serde_json::from_str(&thing.2)?,
        }));
    }
    let earlier = store::parsed(conn, &custody.cut.stream, &[i64::from(event.seq)])?.remove(&leaf);
    Ok(earlier.map(|record| Shown { leaf, record }))
}

/// The case as it was at the cut.
pub fn case(work: &Work<'_>, custody: &Custody) -> Result<Shown> {
    let found = work.read(|conn| {
        let row = store::case(conn, &work.packet.case_id)?;
        at_cut(custody, conn, "case", &row)
    })?;
    found.ok_or_else(|| Error::internal("the case's own record is missing"))
}

/// Runs `f` over the things of one kind as they were at the cut, a page in memory at a time.
pub fn each(
    work: &Work<'_>,
    custody: &Custody,
    kind: ThingKind,
    mut f: impl FnMut(&str, Shown) -> Result<()>,
) -> Result<()> {
    let mut last = String::new();
    loop {
        let page = work.read(|conn| store::things_after(conn, kind, &work.packet.case_id, &last))?;
        let Some(end) = page.last() else { return Ok(()) };
        last.clone_from(&end.0);
        for thing in page {
            if let Some(shown) = work.read(|conn| at_cut(custody, conn, kind.as_str(), &thing))? {
                f(&thing.0, shown)?;
            }
        }
    }
}

/// Writes `packet.json`; gives what lies beside the originals.
pub fn packet(
    work: &Work<'_>,
    custody: &Custody,
    (picks, head): (&[Pick], &Head),
    bag: &mut Bag<'_>,
) -> Result<BesideOriginals> {
    let profiles = work.request.profiles();
    let mut beside = BesideOriginals::new(&profiles);
    bag.draft(PACKET, |out| {
        let mut paper = Paper::new(out);
        paper.value("packet", head)?;
        paper.value("case", &case(work, custody)?)?;
        for (section, kind) in [("subjects", ThingKind::Subject), ("accounts", ThingKind::Account)] {
            paper.json.begin(section);
            each(work, custody, kind, |_, shown| paper.row(&shown))?;
            paper.json.end();
        }
        paper.json.begin("authorizations");
        each(work, custody, ThingKind::Authorization, |id, Shown { leaf, record }| {
            let events = custody.about(id).map(|e| e.leaf).collect();
            paper.row(&PacketAuthorization { leaf, record, events })
        })?;
        paper.json.end();
        paper.json.begin("exhibits");
        exhibits::each(work, custody, picks, |loaded| {
            let mut exhibit = exhibit(work, loaded)?;
            exhibit.unfit = unfit(&profiles, &exhibit);
            beside.add(&exhibit);
            paper.row(&exhibit)
        })?;
        paper.json.end();
        paper.finish()
    })?;
    Ok(beside)
}

/// What `packet.json` says of the packet, with the papers in PDF that it has.
pub fn head(work: &Work<'_>, custody: &Custody, pdf: Option<PdfPapers>) -> Head {
    Head {
        id: work.packet.id.clone(),
        name: work.packet.name.clone(),
        purpose: work.packet.purpose.clone(),
        recipient: work.request.recipient.clone(),
        requested_by: Requester {
            id: work.request.requested_by.id.clone(),
            name: work.request.requested_by.name.clone(),
        },
        requested_at: clock::format(work.packet.requested_at),
        cut: Cut {
            stream: custody.cut.stream.clone(),
            seq: custody.cut.seq.unsigned_abs(),
            leaf: custody.cut.leaf,
        },
        origin: work.log.origin.clone(),
        product: PRODUCT.into(),
        demo: work.log.demo,
        papers: work.request.papers(),
        pages: Some(page::version()),
        exhibit_list: work.request.exhibit_list.as_ref().map(|list| ListVersion {
            id: list.id.clone(),
            version: list.version.unsigned_abs(),
        }),
        supplement_of: work.request.supplement_of.clone(),
        pdf,
        duplicates: work.request.duplicates,
        profiles: work.request.profiles.as_deref().map(OutputProfile::words),
    }
}

fn exhibit(work: &Work<'_>, loaded: exhibits::Loaded<'_>) -> Result<Exhibit> {
    // Exhibits stand in the order of the captures that the request names, from 1.
    let named = work.request.exhibits.as_ref();
    let place = (loaded.pick.exhibit as usize).checked_sub(1);
    let said = named.zip(place).and_then(|(all, place)| all.get(place));
    let since = work
        .request
        .since
        .as_ref()
        .zip(place)
        .and_then(|(all, place)| all.get(place));
    Ok(Exhibit {
        since: since.map(|since| since.as_str().to_owned()),
        exhibit: loaded.pick.exhibit,
        number: said.map(|said| said.number.clone()),
        title: said.and_then(|said| said.title.clone()),
        description: said.and_then(|said| said.description.clone()),
        capture: loaded.pick.id.clone(),
        item: u64::try_from(loaded.pick.item).map_err(Error::internal)?,
        leaf: loaded.pick.leaf,
        current: loaded.current(),
        examination: loaded.examination(),
        events: loaded.rows(),
        files: loaded.files,
        redactions: loaded.pick.redactions.clone(),
        duplicates: loaded.pick.duplicates.clone(),
        unfit: None,
        record: loaded.record,
    })
}

/// A document that is written on row by row.
struct Paper<'o> {
    json: Writer,
    out: &'o mut dyn Write,
}

impl<'o> Paper<'o> {
    fn new(out: &'o mut dyn Write) -> Self {
        let json = Writer::new();
        Self { json, out }
    }

    fn value<T: Serialize>(&mut self, name: &str, value: &T) -> Result<()> {
        self.json.value(name, value).map_err(unwritable)
    }

    fn row<T: Serialize>(&mut self, row: &T) -> Result<()> {
        self.json.row(row).map_err(unwritable)?;
        let line = self.json.take();
        if line.len() > packet::MAX_LINE {
            return Err(Error::conflict(
                "one capture has more than 1 MB of records about it; no packet can hold it whole",
            ));
        }
        Ok(self.out.write_all(&line)?)
    }

    fn finish(self) -> Result<()> {
        Ok(self.out.write_all(&self.json.finish())?)
    }
}

/// Writes `inventory.json`: every capture up to the cut, one row each, as it was recorded.
pub fn inventory(work: &Work<'_>, custody: &Custody, bag: &mut Bag<'_>) -> Result<()> {
    bag.draft(INVENTORY, |out| {
        let mut paper = Paper::new(out);
        paper.json.begin("captures");
        each_capture(work, custody, |row| paper.row(&row))?;
        paper.json.end();
        paper.finish()
    })
}

/// Runs `f` over the rows of the inventory.
pub fn each_capture(work: &Work<'_>, custody: &Custody, mut f: impl FnMut(InventoryRow) -> Result<()>) -> Result<()> {
    let unused = UnusedWords::of(work.request.schedule.as_deref(), work.request.excluded.as_deref());
    work.captures(|page| {
        let seqs: Vec<i64> = page.iter().map(|row| row.seq).collect();
        let records = work.read(|conn| store::parsed::<Said>(conn, &custody.cut.stream, &seqs))?;
        for row in page.iter().filter(|row| row.seq <= custody.cut.seq) {
            let plain = inventory_row(custody, row, records.get(&store::digest(&row.leaf)?))?;
            f(InventoryRow {
                description: unused.description(&row.id),
                excluded: unused.reason(&row.id),
                ..plain
            })?;
        }
        Ok(())
    })
}

/// As much of a capture's record as the inventory shows.
#[derive(Deserialize)]
struct Said {
    kind: Option<String>,
    captured_at: Option<String>,
}

fn inventory_row(custody: &Custody, row: &store::ListedCapture, said: Option<&Said>) -> Result<InventoryRow> {
    let disposition = custody.disposition(&row.id)?;
    Ok(InventoryRow {
        id: row.id.clone(),
        item: u64::try_from(row.item).map_err(Error::internal)?,
        kind: said.and_then(|s| s.kind.clone()).unwrap_or_else(|| "unknown".into()),
        captured_at: said.and_then(|s| s.captured_at.clone()),
        status: disposition.status.as_str().into(),
        why: disposition.why.map(str::to_owned),
        description: None,
        excluded: None,
    })
}

/// Adds the verifier as a page, where the request's version of the papers has it.
pub fn verifier(work: &Work<'_>, bag: &mut Bag<'_>) -> Result<()> {
    match verifier::PAGE {
        Some(page) if work.request.papers() >= Some(VERIFY_PAGE_SINCE) => bag.add(VERIFY_PAGE, page),
        _ => Ok(()),
    }
}

/// Writes the manifest and the three tag files that `packet.issued` binds with it.
pub fn manifest(work: &Work<'_>, (custody, head): (&Custody, &Head), bag: &mut Bag<'_>) -> Result<()> {
    let manifest = packet::manifest(&bag.payload);
    bag.add(MANIFEST, manifest.as_bytes())?;
    let how_to = papers::how_to(work.request.papers(), &work.packet.name, &work.log.origin);
    bag.add(HOW_TO, how_to.as_bytes())?;
    let info = bag_info(work, (custody, head), bag)?;
    bag.add(BAG_INFO, info.as_bytes())?;
    bag.add(BAGIT, BAGIT_TXT.as_bytes())
}

/// The unit whose case it is.
pub fn organization(work: &Work<'_>) -> Result<String> {
    match &work.request.organization {
        Some(name) => Ok(name.clone()),
        None => work.read(|conn| store::unit_name(conn, &work.packet.case_id)),
    }
}

/// The labels follow from the records: the number is that of the cut, and the unit's name that of the request.
fn bag_info(work: &Work<'_>, (custody, head): (&Custody, &Head), bag: &Bag<'_>) -> Result<String> {
    let case = case(work, custody)?;
    let organization = organization(work)?;
    Ok(papers::bag_info(BagLabels {
        organization: &organization,
        number: case.record["number"].as_str().unwrap_or_default(),
        day: &clock::format(work.started_at)[..10],
        oxum: &format!("{}.{}", bag.payload_bytes, bag.payload.len()),
        head,
    }))
}

fn unwritable(e: RowError) -> Error {
    Error::internal(format!("a line of the packet's documents: {e}"))
}
