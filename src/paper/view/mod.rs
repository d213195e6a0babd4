//! The view model: everything that a paper shows, worded, ordered and formatted, so that the templates hold layout only. It is
//! made from the packet's documents, which are read as its page reads them, an exhibit in memory at a time.
//!
//! `docs/adr/0060` says what stands where.

mod authorization;
mod certificate;
mod exhibit;
mod times;
mod volume;
mod withheld;
pub(super) mod words;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::fonts::Fonts;
use super::letters::Letters;
use super::prints::{DraftFile, Pieces, Prints};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::page::acted::ActedRow;
use crate::page::documents::{self, Documents, fields};
use crate::page::records::said;
use crate::page::story::PacketStory;
use crate::page::{PageError, exceptions, words as page_words};
use crate::proof::packet::{
    Exhibit, INVENTORY, INVENTORY_SECTIONS, InventoryRow, PACKET, PACKET_SECTIONS, PacketAuthorization, Shown,
    is_exhibit,
};
use crate::text::{self, label};
use exhibit::ExhibitParts;
use withheld::ShownExhibit;

pub(super) use volume::EvidenceCode;

/// What the exhibits are read with.
struct PaperView<'v> {
    story: &'v PacketStory,
    letters: Letters<'v>,
    prints: &'v Prints,
}

/// Everything that the papers of a packet show; exhibits wait in a file.
pub struct PaperDraft {
    /// What every volume shows.
    common: Value,
    exhibits: Pieces,
    index: Vec<Value>,
    timeline: Vec<Value>,
    authorizations: Vec<Value>,
    exceptions: Vec<Value>,
    schedule: Vec<Value>,
    /// What drafts of certificates say of the system, where the packet has any.
    pub(super) certificates: Option<Value>,
    /// The exhibits that a platform returned.
    returned: Vec<String>,
    /// When the packet was asked for: the time that its papers bear.
    pub(super) at: Micros,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) product: String,
}

/// With what a draft is made.
pub struct DraftMeans<'a> {
    pub fonts: &'a Fonts,
    pub prints: &'a Prints,
    /// The unit whose case it is.
    pub organization: &'a str,
    /// Where exhibits wait.
    pub scratch: Box<dyn DraftFile>,
}

impl PaperDraft {
    /// Reads the packet's documents.
    pub fn read(documents: &mut dyn Documents, means: DraftMeans<'_>) -> Result<Self> {
        let story = PacketStory::read(documents).map_err(Error::internal)?;
        let view = PaperView {
            story: &story,
            letters: Letters::of(means.fonts),
            prints: means.prints,
        };
        let mut first = GatheredPapers::new(&view, means.scratch);
        let read = documents::rows(documents, (PACKET, PACKET_SECTIONS), |section, row| {
            first.row(section, row)
        });
        read.map_err(Error::internal)?;
        let read = documents::rows(documents, (INVENTORY, INVENTORY_SECTIONS), |_, row| {
            first.inventory(&fields(INVENTORY, row)?);
            Ok(())
        });
        read.map_err(Error::internal)?;
        let copies = withheld::copies(&view, &first.numbers);
        first.copies = copies.len() as u64;
        first.schedule.extend(copies);
        first.finish(means.organization)
    }
}

/// A line of the timeline.
type TimelineMoment = (Micros, Value);

/// What has been read so far.
struct GatheredPapers<'v> {
    view: &'v PaperView<'v>,
    exhibits: Pieces,
    index: Vec<Value>,
    timeline: Vec<TimelineMoment>,
    unknown_posted: Vec<String>,
    authorizations: Vec<Value>,
    exceptions: Vec<Value>,
    schedule: Vec<Value>,
    hash_only: Vec<Value>,
    /// The exhibits' captures: number, item and copies that stand in the packet, by leaf.
    numbers: HashMap<String, ShownExhibit>,
    /// Copies that the schedule lists one by one.
    copies: u64,
    /// The exhibits that rest on each authorization.
    uses: HashMap<String, Vec<String>>,
    /// The exhibits that a platform returned.
    returned: Vec<String>,
    juvenile: bool,
}

impl<'v> GatheredPapers<'v> {
    fn new(view: &'v PaperView<'v>, scratch: Box<dyn DraftFile>) -> Self {
        Self {
            view,
            exhibits: Pieces::new(scratch),
            index: Vec::new(),
            timeline: Vec::new(),
            unknown_posted: Vec::new(),
            authorizations: Vec::new(),
            exceptions: Vec::new(),
            schedule: Vec::new(),
            hash_only: Vec::new(),
            numbers: HashMap::new(),
            copies: 0,
            uses: HashMap::new(),
            returned: Vec::new(),
            juvenile: false,
        }
    }

    fn row(&mut self, section: &str, row: &[u8]) -> std::result::Result<(), PageError> {
        match section {
            "subjects" => {
                let subject: Shown = fields(PACKET, row)?;
                self.juvenile |= subject.record["juvenile"] == true;
            }
            "authorizations" => {
                let row: PacketAuthorization = fields(PACKET, row)?;
                self.authorization(&row.record);
            }
            "exhibits" => self.exhibit(&fields(PACKET, row)?)?,
            _ => {}
        }
        Ok(())
    }

    fn authorization(&mut self, record: &Value) {
        let (shown, moments) = authorization::parts(self.view, record);
        self.authorizations.push(shown);
        self.timeline.extend(moments);
    }

    fn exhibit(&mut self, exhibit: &Exhibit) -> std::result::Result<(), PageError> {
        let (record, no) = (exhibit.told(), exhibit::shown_number(exhibit));
        let ExhibitParts {
            shown,
            index,
            exceptions,
            withheld,
        } = exhibit::parts(self.view, exhibit);
        self.numbers
            .insert(exhibit.capture.clone(), ShownExhibit::of(exhibit, &no));
        if certificate::is_returned(exhibit) {
            self.returned.push(no.clone());
        }
        if matches!(said(record, "/basis/kind"), Some("authorization" | "emergency"))
            && let Some(id) = said(record, "/basis/id")
        {
            self.uses.entry(id.to_owned()).or_default().push(no.clone());
        }
        // What was corrected counts as it is now.
        let now = exhibit.now();
        let bases = [&shown["times"][1]["basis"], &shown["times"][2]["basis"]];
        for (what, at, basis) in [
            ("Posted", "/posted_at", bases[0]),
            ("Captured", "/captured_at", bases[1]),
        ] {
            let Some(instant) = times::instant(now, at) else {
                continue;
            };
            let corrected = times::instant(record, at) != Some(instant);
            let line = json!({
                "at": times::time(self.view.story.zone, Some(instant)), "exhibit": no, "what": titled(what, &shown["title"]),
                "basis": if corrected { json!("As it was corrected.") } else { basis.clone() },
            });
            self.timeline.push((instant, line));
        }
        if times::instant(now, "/posted_at").is_none() {
            self.unknown_posted.push(no);
        }
        let bytes = serde_json::to_vec(&shown).map_err(|e| PageError::Unclear(e.to_string()))?;
        self.exhibits.add(&bytes)?;
        self.index.push(index);
        self.exceptions.extend(exceptions);
        self.hash_only.extend(withheld);
        Ok(())
    }

    fn inventory(&mut self, row: &InventoryRow) {
        if is_exhibit(&row.status) {
            return;
        }
        let why = row.why.as_deref().map(words::sentence);
        let why = why.unwrap_or_else(|| words::status_reason(&row.status).into());
        let why = match row.excluded.as_deref() {
            Some(excluded) => format!("{why} Left out: {excluded}"),
            None => why,
        };
        let description = row.description.as_deref().map(|said| self.view.letters.rich(said));
        let captured = row.captured_at.as_deref().and_then(crate::clock::parse);
        self.schedule.push(json!({
            "item": row.item, "kind": label(&row.kind), "status": words::status(&row.status), "why": self.view.letters.rich(&why),
            "captured": times::time(self.view.story.zone, captured), "description": description, "files": [], "referral": null,
        }));
    }

    fn finish(mut self, organization: &str) -> Result<PaperDraft> {
        let head = &self.view.story.head;
        let common = self.common(organization);
        let drafts = head.pdf.as_ref().and_then(|pdf| pdf.certificates.as_ref());
        let certificates = drafts.map(|drafts| certificate::common(self.view, drafts));
        self.timeline.sort_by_key(|(at, _)| *at);
        for authorization in &mut self.authorizations {
            let id = authorization["id"].as_str().unwrap_or_default();
            authorization["exhibits"] = json!(self.uses.remove(id).unwrap_or_default());
        }
        let of_case = exceptions::of_case(self.view.story);
        self.exceptions
            .extend(of_case.map(|told| exhibit::exception(self.view, &told)));
        self.schedule.extend(self.hash_only);
        self.schedule.extend(withheld::kinds(self.view, self.copies));
        Ok(PaperDraft {
            common,
            exhibits: self.exhibits,
            index: self.index,
            timeline: self.timeline.into_iter().map(|(_, line)| line).collect(),
            authorizations: self.authorizations,
            exceptions: self.exceptions,
            schedule: self.schedule,
            certificates,
            returned: self.returned,
            at: crate::clock::parse(&head.requested_at).ok_or_else(|| Error::internal("a packet without a time"))?,
            id: head.id.clone(),
            name: head.name.clone(),
            product: head.product.clone(),
        })
    }

    fn common(&self, organization: &str) -> Value {
        let (story, letters) = (self.view.story, self.view.letters);
        let (head, case, zone) = (&story.head, &story.case, story.zone);
        let maybe = |pointer: &str| letters.maybe(said(case, pointer));
        let word = |pointer: &str| said(case, pointer).map(label);
        let purpose = page_words::purpose(&head.purpose).unwrap_or("unknown");
        let others = story.statuses.iter().filter(|(status, _)| !is_exhibit(status));
        let mut others: Vec<(&str, u64)> = others.map(|(status, n)| (&**status, *n)).collect();
        others.sort_unstable();
        let by: Vec<Value> = others
            .into_iter()
            .map(|(status, n)| json!([words::status(status), n]))
            .collect();
        let particulars = text::facts(&case["particulars"], zone, &[]);
        let acted = story.acted.told(|actor| story.who(actor));
        let acted: Vec<Value> = acted.into_iter().map(|row| self.acted(&row)).collect();
        json!({
            "v": 1, "paper": "us-letter", "stamp": {"prefix": "EXHIBIT", "party": null, "case_line": null, "date_line": true},
            "agency": {"name": letters.rich(organization), "unit": null, "address": null},
            "packet": {
                "name": head.name, "id": head.id, "purpose": words::capital(purpose), "recipient": letters.maybe(head.recipient.as_deref()),
                "requested_by": letters.rich(&head.requested_by.name), "requested": times::time(zone, crate::clock::parse(&head.requested_at)),
                "earlier": head.supplement_of.as_ref().map(|earlier| json!({"name": earlier.name, "manifest": earlier.manifest_sha256})),
                "demo": head.demo, "origin": head.origin, "product": head.product, "cut": {"seq": head.cut.seq, "leaf": head.cut.leaf},
                "handling": word("/handling").unwrap_or_else(|| "Standard".into()), "labels": self.labels(),
            },
            "case": {
                "number": letters.rich(said(case, "/number").unwrap_or("without a number")), "title": letters.rich(said(case, "/title").unwrap_or("Without a title")), "kind": word("/kind"), "status": word("/status"),
                "offense": letters.maybe(said(case, "/offense").or_else(|| said(case, "/particulars/offense"))), "jurisdiction": maybe("/jurisdiction"), "lead": maybe("/lead/name"),
                "zone": zone.name().unwrap_or("UTC"), "opened": times::told(zone, case, "/opened_at"),
                "particulars": particulars.iter().map(|fact| json!([fact.label, letters.rich(&fact.value)])).collect::<Vec<_>>(),
            },
            "counts": {
                "captures": story.statuses.values().sum::<u64>(), "included": self.index.len(), "by": by,
                "hash_only": self.hash_only.len(), "files": story.files.0, "events": story.events,
            },
            "acted": acted, "unknown_posted": self.unknown_posted, "agreement": page_words::agreement(None),
            "withheld": withheld::counted(story), "handed": withheld::handed(self.view),
            "included": withheld::included(self.view),
        })
    }

    fn acted(&self, row: &ActedRow) -> Value {
        let (zone, letters) = (self.view.story.zone, self.view.letters);
        json!({
            "who": letters.rich(&row.who), "roles": row.roles, "did": row.did,
            "first": times::time(zone, Some(row.first)), "last": times::time(zone, Some(row.last)),
        })
    }

    /// What a reader has to know before opening it.
    fn labels(&self) -> Vec<&'static str> {
        let case = &self.view.story.case;
        let ordered = case
            .get("court_order")
            .is_some_and(|order| !order.is_null() && *order != false);
        let labels = [(self.juvenile, "NAMES A JUVENILE"), (ordered, "UNDER COURT ORDER")];
        labels
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, label)| label)
            .collect()
    }
}

/// What happened, before an exhibit's title, which may be a text or lines of runs.
fn titled(what: &str, title: &Value) -> Value {
    let mut told = title.clone();
    let lead = format!("{what}: ");
    match &mut told {
        Value::String(title) => title.insert_str(0, &lead),
        Value::Array(lines) => {
            if let Some(runs) = lines.first_mut().and_then(|line| line["runs"].as_array_mut()) {
                runs.insert(0, json!(lead));
            }
        }
        _ => {}
    }
    told
}
