//! The documents of a packet that programs read: `packet.json`, `inventory.json`, the manifests and tag files.

use std::io::Write;

use askama::Template;
use serde::Deserialize;

use super::custody::Custody;
use super::exhibits;
use super::model::Purpose;
use super::pick::Pick;
use super::store::{self, Thing};
use super::work::Work;
use super::zip::Bag;
use crate::clock;
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::proof::packet::{
    self, BAG_INFO, BAGIT, BAGIT_TXT, Cut, Exhibit, HOW_TO, Head, IDENTIFIER, INVENTORY, InventoryRow, MANIFEST, OXUM,
    PACKET, PacketAuthorization, Requester, RowError, Shown, Writer,
};

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
    let found = work.db.read_blocking(|conn| {
        let row = store::case(conn, &work.packet.case_id)?;
        at_cut(custody, conn, "case", &row)
    })?;
    found.ok_or_else(|| Error::internal("the case's own record is missing"))
}

/// Reads things of one kind after an id.
type After = fn(&mut AnyConn, &str, &str) -> Result<Vec<Thing>>;

/// Runs `f` over the things of one kind as they were at the cut, a page in memory at a time.
fn each(
    work: &Work<'_>,
    custody: &Custody,
    noun: &str,
    after: After,
    f: &mut dyn FnMut(&str, Shown) -> Result<()>,
) -> Result<()> {
    let mut last = String::new();
    loop {
        let page = work.db.read_blocking(|conn| after(conn, &work.packet.case_id, &last))?;
        let Some(end) = page.last() else { return Ok(()) };
        last.clone_from(&end.0);
        for thing in page {
            if let Some(shown) = work.db.read_blocking(|conn| at_cut(custody, conn, noun, &thing))? {
                f(&thing.0, shown)?;
            }
        }
    }
}

/// Runs `f` over the subjects.
pub fn subjects(work: &Work<'_>, custody: &Custody, f: &mut dyn FnMut(&str, Shown) -> Result<()>) -> Result<()> {
    each(work, custody, "subject", store::subjects_after, f)
}

/// Runs `f` over the accounts.
pub fn accounts(work: &Work<'_>, custody: &Custody, f: &mut dyn FnMut(&str, Shown) -> Result<()>) -> Result<()> {
    each(work, custody, "account", store::accounts_after, f)
}

/// Runs `f` over the authorizations.
pub fn authorizations(work: &Work<'_>, custody: &Custody, f: &mut dyn FnMut(&str, Shown) -> Result<()>) -> Result<()> {
    each(work, custody, "authorization", store::authorizations_after, f)
}

/// Writes `packet.json`.
pub fn packet(work: &Work<'_>, custody: &Custody, picks: &[Pick], bag: &mut Bag) -> Result<()> {
    bag.spool(PACKET, |out| {
        let mut json = Writer::new();
        json.value("packet", &head(work, custody)).map_err(unwritable)?;
        json.value("case", &case(work, custody)?).map_err(unwritable)?;
        let mut rows = Rows { json, out };
        rows.section("subjects", |rows| {
            subjects(work, custody, &mut |_, shown| rows.add(&shown))
        })?;
        rows.section("accounts", |rows| {
            accounts(work, custody, &mut |_, shown| rows.add(&shown))
        })?;
        rows.section("authorizations", |rows| {
            authorizations(work, custody, &mut |id, shown| {
                let events = custody.about(id).map(|e| e.leaf).collect();
                rows.add(&PacketAuthorization {
                    leaf: shown.leaf,
                    record: shown.record,
                    events,
                })
            })
        })?;
        rows.section("exhibits", |rows| {
            exhibits::each(work, custody, picks.iter(), |loaded| rows.add(&exhibit(loaded)?))
        })?;
        rows.finish()
    })
}

fn head(work: &Work<'_>, custody: &Custody) -> Head {
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
    }
}

fn exhibit(loaded: exhibits::Loaded<'_>) -> Result<Exhibit> {
    Ok(Exhibit {
        exhibit: loaded.pick.exhibit,
        capture: loaded.pick.id.clone(),
        item: u64::try_from(loaded.pick.item).map_err(Error::internal)?,
        leaf: loaded.pick.leaf,
        current: loaded.current(),
        events: loaded.rows(),
        files: loaded.files,
        record: loaded.record,
    })
}

/// Writes rows on as they come.
struct Rows<'o> {
    json: Writer,
    out: &'o mut dyn Write,
}

impl Rows<'_> {
    fn section(&mut self, name: &str, rows: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.json.begin(name);
        rows(self)?;
        self.json.end();
        Ok(())
    }

    fn add<T: serde::Serialize>(&mut self, row: &T) -> Result<()> {
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
pub fn inventory(work: &Work<'_>, custody: &Custody, bag: &mut Bag) -> Result<()> {
    bag.spool(INVENTORY, |out| {
        let mut rows = Rows {
            json: Writer::new(),
            out,
        };
        rows.section("captures", |rows| {
            each_capture(work, custody, &mut |row| rows.add(&row))
        })?;
        rows.finish()
    })
}

/// Runs `f` over the rows of the inventory.
pub fn each_capture(work: &Work<'_>, custody: &Custody, f: &mut dyn FnMut(InventoryRow) -> Result<()>) -> Result<()> {
    let mut after = -1;
    loop {
        let page = work
            .db
            .read_blocking(|conn| store::captures_after(conn, &work.packet.case_id, after))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.item;
        let leaves = page
            .iter()
            .map(|row| store::digest(&row.leaf))
            .collect::<Result<Vec<_>>>()?;
        let seqs: Vec<i64> = page.iter().map(|row| row.seq).collect();
        let records = work
            .db
            .read_blocking(|conn| store::parsed::<Said>(conn, &custody.cut.stream, &seqs))?;
        for (row, leaf) in page.iter().zip(&leaves).filter(|(row, _)| row.seq <= custody.cut.seq) {
            f(inventory_row(custody, row, records.get(leaf))?)?;
        }
    }
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
    })
}

/// Writes the manifest and the three tag files that `packet.issued` binds with it.
pub fn manifest(work: &Work<'_>, bag: &mut Bag) -> Result<()> {
    let manifest = packet::manifest(&bag.payload);
    bag.add(MANIFEST, manifest.as_bytes())?;
    let how_to = HowTo {
        demo: work.log.demo,
        origin: &work.log.origin,
        name: &work.packet.name,
    };
    bag.add(HOW_TO, how_to.render().map_err(Error::internal)?.as_bytes())?;
    let info = bag_info(work, bag)?;
    bag.add(BAG_INFO, info.as_bytes())?;
    bag.add(BAGIT, BAGIT_TXT.as_bytes())
}

#[derive(Template)]
#[template(path = "packets/pages/HOW-TO-VERIFY.txt")]
struct HowTo<'a> {
    demo: bool,
    origin: &'a str,
    name: &'a str,
}

fn bag_info(work: &Work<'_>, bag: &Bag) -> Result<String> {
    let case = &work.packet.case_id;
    let (number, unit) = work
        .db
        .read_blocking(|conn| Ok((store::case_number(conn, case)?, store::unit_name(conn, case)?)))?;
    let purpose = Purpose::from_word(&work.packet.purpose).map_or("", Purpose::says);
    let mark = if work.log.demo { "DEMO, no real case. " } else { "" };
    let about = format!("{mark}Case {number}: exhibits, inventory, custody and proofs. Purpose: {purpose}.");
    let (oxum, id) = (
        format!("{}.{}", bag.payload_bytes, bag.payload.len()),
        format!("urn:uuid:{}", work.packet.id),
    );
    let labels = [
        ("Source-Organization", unit.as_str()),
        ("External-Description", &about),
        ("Bagging-Date", &clock::format(work.started_at)[..10]),
        (IDENTIFIER, &id),
        ("Internal-Sender-Identifier", &number),
        ("Bag-Count", "1 of 1"),
        (OXUM, &oxum),
        ("Bag-Software-Agent", PRODUCT),
    ];
    Ok(packet::bag_info(&labels))
}

fn unwritable(e: RowError) -> Error {
    Error::internal(format!("a line of the packet's documents: {e}"))
}
