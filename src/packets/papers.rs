//! The papers in PDF: print copies first, because how many volumes there are stands in `packet.json`; then the papers, each
//! where the ZIP's order wants it.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::certificates::{folder, system};
use super::pick::{Pick, files, no_record};
use super::store;
use super::work::Work;
use super::zip::Bag;
use crate::blobs::{Key, Shelf, WHOLE};
use crate::captures::FileEntry;
use crate::clock::{Micros, Timestamp};
use crate::error::{Error, Result};
use crate::http;
use crate::ledger;
use crate::paper::{DraftMeans, Fonts, Load, PaperDraft, Plan, Press, Prints, TYPESETTER, Templates};
use crate::pictures::{PrintCopy, Unmade, has_pages, is_shown};
use crate::proof::id::Digest;
use crate::proof::packet::{
    CERTIFICATE_COPIES, CERTIFICATE_RULES, CertificatePapers, EVIDENCE_SINCE, EvidenceHash, FileRow, PdfPapers,
    certificate_path, pdf_path,
};

/// Captures whose records are in memory at once.
const SOME: usize = 200;
/// Print copies that are made at once.
const AT_ONCE: usize = 2;
/// Pages of a document that are printed; the rest is in the packet with the file.
const PRINTED_PAGES: usize = 20;
/// Bytes that a paper takes beside its print copies, at the least.
const PAPER: u64 = 8 << 20;

/// The papers of a packet, while it is built.
pub struct Papers {
    fonts: Arc<Fonts>,
    prints: Prints,
    plan: Plan,
    /// Drafts of certificates, and the words they are made from.
    drafts: Option<(CertificatePapers, Templates)>,
}

/// The papers with everything that stands in them but the evidence hash.
pub struct DraftedPapers {
    papers: Papers,
    draft: PaperDraft,
}

/// As much of a capture's record as the plan needs.
#[derive(Deserialize)]
struct PrintedRecord {
    files: Vec<FileEntry>,
    text: Option<String>,
    received_at: Timestamp,
}

impl Papers {
    /// Makes the print copies and plans the volumes. `None` for a packet whose papers are of a version without PDFs.
    pub fn plan(state: &http::State, work: &Work<'_>, picks: &[Pick]) -> Result<Option<Self>> {
        if work.request.papers() < Some(EVIDENCE_SINCE) {
            return Ok(None);
        }
        work.progress.begin("prints", picks.len() as u64)?;
        let mut prints = Prints::new(Box::new(work.blobs.temp_file(Shelf::Packets)?));
        let stream = ledger::case_stream(&work.packet.case_id);
        let (mut loads, mut first) = (Vec::with_capacity(picks.len()), work.started_at);
        for some in picks.chunks(SOME) {
            let seqs: Vec<i64> = some.iter().map(|pick| pick.seq).collect();
            let records: HashMap<Digest, PrintedRecord> = work.read(|conn| store::parsed(conn, &stream, &seqs))?;
            let (mut wanted, begun) = (Vec::new(), loads.len());
            for pick in some {
                let said = records.get(&pick.leaf).ok_or_else(|| no_record(pick))?;
                first = first.min(said.received_at.0);
                wanted.extend(printable(pick, said)?.map(|file| (loads.len(), file)));
                loads.push(Load {
                    text: said.text.as_ref().map_or(0, |text| text.len() as u64),
                    files: said.files.len(),
                    ..Load::default()
                });
            }
            print(state, work, (wanted, begun), (&mut loads, &mut prints))?;
        }
        let mut captures = 0;
        work.captures(|page| {
            captures += page.len();
            Ok(())
        })?;
        let plan = Plan::of(&loads, captures.saturating_sub(picks.len()));
        let drafts = drafts(state, work, (&plan, first))?;
        // What the papers take together: each print copy twice, in the report and among the exhibits; certificates show none.
        let certified = drafts.as_ref().map_or(0, |(named, _)| named.paths().count() as u64);
        let room = 2 * (prints.bytes() + PAPER) + certified * PAPER;
        state.blobs.check_reserve(state.limits.reserve.saturating_add(room))?;
        Ok(Some(Self {
            fonts: state.fonts.take()?,
            plan,
            prints,
            drafts,
        }))
    }

    /// How `packet.json` names them.
    pub fn named(&self) -> Result<PdfPapers> {
        Ok(PdfPapers {
            exhibits: number(self.plan.exhibits.len())?,
            report: number(self.plan.report.len())?,
            typesetter: TYPESETTER.into(),
            certificates: self.drafts.as_ref().map(|(named, _)| named.clone()),
        })
    }

    /// Reads what stands in them from the packet's documents, which are all there, if only as drafts.
    pub fn draft(self, work: &Work<'_>, organization: &str, bag: &mut Bag<'_>) -> Result<DraftedPapers> {
        let certificates = self.drafts.iter().flat_map(|(named, _)| named.rules.values());
        let certificates: usize = certificates.map(|volumes| *volumes as usize).sum();
        let volumes = certificates + self.plan.exhibits.len() + self.plan.report.len();
        work.progress.begin("papers", volumes as u64)?;
        let means = DraftMeans {
            fonts: &self.fonts,
            prints: &self.prints,
            organization,
            scratch: Box::new(work.blobs.temp_file(Shelf::Packets)?),
        };
        let draft = PaperDraft::read(bag.documents(), means)?;
        Ok(DraftedPapers { papers: self, draft })
    }
}

impl DraftedPapers {
    fn press(&self) -> Press<'_> {
        Press {
            fonts: self.papers.fonts.clone(),
            prints: &self.papers.prints,
            draft: &self.draft,
            plan: &self.papers.plan,
        }
    }

    /// Makes the drafts of certificates; they wait for their place in the ZIP.
    pub fn certificates(&self, work: &Work<'_>, bag: &mut Bag<'_>) -> Result<()> {
        let Some((named, templates)) = &self.papers.drafts else {
            return Ok(());
        };
        for rule in CERTIFICATE_RULES {
            let Some(of) = named.rules.get(rule) else { continue };
            for (volume, number) in self.papers.plan.drafts(rule).iter().zip(1..) {
                let made = self.press().certificate(rule, volume, templates)?;
                for (copy, pdf) in CERTIFICATE_COPIES.iter().zip([made.form, made.flat]) {
                    let path = certificate_path(rule, copy, (number, *of));
                    bag.draft(&path, |out| Ok(out.write_all(&pdf)?))?;
                }
                work.progress.advance(1)?;
            }
        }
        Ok(())
    }

    /// Adds `exhibits.pdf`, for a jury.
    pub fn exhibits(&self, work: &Work<'_>, bag: &mut Bag<'_>) -> Result<()> {
        let named = self.papers.named()?;
        for (volume, number) in self.papers.plan.exhibits.iter().zip(1..) {
            let pdf = self.press().exhibits(volume)?;
            bag.add(&pdf_path("exhibits", number, named.exhibits), &pdf)?;
            work.progress.advance(1)?;
        }
        Ok(())
    }

    /// Adds `report.pdf`, which prints the hash of the evidence: everything that it covers lies in the bag.
    pub fn report(&self, work: &Work<'_>, bag: &mut Bag<'_>) -> Result<()> {
        let named = self.papers.named()?;
        let lines = bag.payload.keys().filter(|path| EvidenceHash::covers(path)).count();
        let code = (EvidenceHash::of(&bag.payload), lines);
        for (volume, number) in self.papers.plan.report.iter().zip(1..) {
            let pdf = self.press().report(volume, code)?;
            bag.add(&pdf_path("report", number, named.report), &pdf)?;
            work.progress.advance(1)?;
        }
        Ok(())
    }
}

fn number(volumes: usize) -> Result<u32> {
    u32::try_from(volumes).map_err(Error::internal)
}

/// Names the drafts that were asked for, with the words they are made from, and what the agency's ledger says of the system
/// since the first exhibit was received.
fn drafts(
    state: &http::State,
    work: &Work<'_>,
    (plan, first): (&Plan, Micros),
) -> Result<Option<(CertificatePapers, Templates)>> {
    let Some(asked) = &work.request.certificates else {
        return Ok(None);
    };
    let templates = folder::of_jurisdiction(&state.settings.certificates(), &asked.jurisdiction)?;
    let volumes = |rule: &str| number(plan.drafts(rule).len());
    let rules = asked.rules.iter().map(|rule| rule.as_str());
    let named = CertificatePapers {
        jurisdiction: asked.jurisdiction.clone(),
        rules: rules
            .map(|rule| Ok((rule.to_owned(), volumes(rule)?)))
            .collect::<Result<_>>()?,
        hearing_on: asked.hearing_on.clone(),
        templates: templates.digests(),
        software: work.read(|conn| system::software(conn, first, work.started_at))?,
        clock: work.read(|conn| system::clock(conn, work.started_at))?,
    };
    Ok(Some((named, templates)))
}

/// A file of which a print copy is made: its exhibit and its number there.
struct Printable {
    place: (u32, usize),
    media_type: String,
    row: FileRow,
}

/// What became of it.
enum Printed {
    Picture(PrintCopy),
    /// The first pages of a document that has so many.
    Pages(Vec<PrintCopy>, usize),
    Lacks(String),
}

/// The files of an exhibit that have a print copy.
fn printable(pick: &Pick, said: &PrintedRecord) -> Result<impl Iterator<Item = Printable>> {
    let (exhibit, rows) = (pick.exhibit, files(pick, &said.files)?);
    Ok((1..).zip(rows).filter_map(move |(n, row)| {
        let media_type = row.media_type.clone().unwrap_or_default();
        let is_printed = row.path.is_some() && (is_shown(&media_type) || has_pages(&media_type));
        is_printed.then_some(Printable {
            place: (exhibit, n),
            media_type,
            row,
        })
    }))
}

/// Makes the print copies of these files, some at a time: each is made in a process of its own. Beside each file stands the
/// place of its exhibit among the loads, of which those before `begun` are done.
fn print(
    state: &http::State,
    work: &Work<'_>,
    (wanted, mut begun): (Vec<(usize, Printable)>, usize),
    (loads, prints): (&mut [Load], &mut Prints),
) -> Result<()> {
    for some in wanted.chunks(AT_ONCE) {
        state.blobs.check_reserve(state.limits.reserve)?;
        work.progress.advance((some[0].0 - begun) as u64)?;
        begun = some[0].0;
        let made = std::thread::scope(|threads| {
            let mut all = Vec::with_capacity(AT_ONCE);
            for (_, file) in some {
                all.push(threads.spawn(move || printed(state, work, file)));
            }
            let ended = all
                .into_iter()
                .map(|one| one.join().map_err(|_| Error::internal("a print copy failed")));
            ended.collect::<Result<Vec<_>>>()
        })?;
        for ((load, file), made) in some.iter().zip(made) {
            keep(prints, file.place, made?, &mut loads[*load])?;
        }
    }
    work.progress.advance((loads.len() - begun) as u64)
}

fn keep(prints: &mut Prints, place: (u32, usize), made: Printed, load: &mut Load) -> Result<()> {
    let before = prints.bytes();
    match made {
        Printed::Picture(copy) => {
            prints.add(place, &copy)?;
            load.pictures += 1;
        }
        Printed::Pages(copies, of) => {
            for copy in &copies {
                prints.add_page(place, (copy, of))?;
            }
            load.pictures += copies.len();
        }
        Printed::Lacks(why) => prints.lack(place, why),
    }
    load.bytes += prints.bytes() - before;
    Ok(())
}

fn printed(state: &http::State, work: &Work<'_>, file: &Printable) -> Result<Printed> {
    let made = match has_pages(&file.media_type) {
        true => pages(state, work, &file.row)?,
        false => copy(state, work, (&file.media_type, &file.row))?.map(Printed::Picture),
    };
    Ok(made.unwrap_or_else(Printed::Lacks))
}

/// Makes print copies of the first pages of a document, or says why there is none.
fn pages(state: &http::State, work: &Work<'_>, file: &FileRow) -> Result<std::result::Result<Printed, String>> {
    let maker = &state.pictures.maker;
    let open = || work.blobs.open(&Key::File(file.sha256), WHOLE);
    let go_on = || work.progress.check();
    let sizes = match told(work, file, maker.page_sizes(open()?, file.size))? {
        Ok(sizes) => sizes,
        Err(why) => return Ok(Err(why)),
    };
    let mut copies = Vec::new();
    for page in 1..=sizes.len().min(PRINTED_PAGES) {
        go_on()?;
        let drawn = maker.page(open()?, file.size, (number(page)?, &[]));
        let printed = match told(work, file, drawn)? {
            Ok(drawn) => {
                let about = (drawn.media_type, drawn.bytes.len() as u64);
                told(work, file, maker.print(&drawn.bytes[..], about, &go_on))?
            }
            Err(why) => Err(why),
        };
        match printed {
            Ok(copy) => copies.push(copy),
            Err(why) if copies.is_empty() => return Ok(Err(why)),
            Err(_) => break,
        }
    }
    Ok(Ok(Printed::Pages(copies, sizes.len())))
}

/// The print copy of a file, or why there is none.
fn copy(
    state: &http::State,
    work: &Work<'_>,
    (media_type, file): (&str, &FileRow),
) -> Result<std::result::Result<PrintCopy, String>> {
    let from = work.blobs.open(&Key::File(file.sha256), WHOLE)?;
    let go_on = || work.progress.check();
    told(
        work,
        file,
        state.pictures.maker.print(from, (media_type, file.size), &go_on),
    )
}

/// What was made of a file for print, or in words why nothing was.
fn told<T>(
    work: &Work<'_>,
    file: &FileRow,
    made: Result<std::result::Result<T, Unmade>>,
) -> Result<std::result::Result<T, String>> {
    match made {
        Ok(Ok(made)) => Ok(Ok(made)),
        Ok(Err(Unmade::Failed(why))) => Ok(Err(format!("no picture could be made of it: {why}"))),
        Ok(Err(Unmade::Lacks(helper))) => Ok(Err(format!(
            "no picture could be made of it: {helper}, which opens such files, is not installed on the agency’s server"
        ))),
        Err(e) => {
            // A job that has to stop stops; otherwise a paper without a picture is better than none, and says so.
            work.progress.check()?;
            tracing::warn!(error = %e, sha256 = %file.sha256, "no print copy could be made; the report says so");
            Ok(Err("no picture could be made of it on the agency’s server".into()))
        }
    }
}
