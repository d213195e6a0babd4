//! The record of a disclosure: to whom a packet went, why they may have it, what it was and what was not in it
//! (28 CFR 23.20 (e) and (g)); and the receipt that its recipient gives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{Micros, Timestamp};
use crate::error::{Error, Result};
use crate::forms::{FieldSet, Form, LINE, REASON, TEXT, is_day};
use crate::identity::Person;
use crate::policy::Handling;
use crate::proof::id::Digest;
use crate::{particulars, words};

/// Things withheld that one disclosure may name.
const WITHHELD: usize = 50;

words! {
    /// What a disclosure answers.
    DisclosureKind {
        /// A duty or a request between agencies, counsel and courts.
        Disclosure = "disclosure",
        /// A request for public records: each class that is not given is cited with its exemption.
        PublicRecords = "public_records",
    }
}

/// Something that did not go with a packet, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithheldItem {
    /// What: an item, or a class of the inventory by its word.
    pub what: String,
    /// Why.
    pub why: String,
    /// The exemption that is cited for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<String>,
}

impl WithheldItem {
    fn read(form: &mut Form) -> Self {
        Self {
            what: form.required("what", LINE),
            why: form.required("why", REASON),
            exemption: form.filled("exemption", LINE),
        }
    }
}

/// The packet that a disclosure is about. Disclosures of 0.1.0 name the digest of its file alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosedFile {
    pub name: String,
    pub size: Option<i64>,
    pub sha256: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_sha256: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_sha256: Option<Digest>,
}

/// How the case was to be handled when the packet went out: what its recipient is told beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlingLabels {
    /// The case's handling.
    pub handling: Handling,
    /// The court's order that binds the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub court_order: Option<String>,
    /// How many subjects of the case are known to be juveniles.
    pub juveniles: u64,
}

particulars! {
    /// What may be said of a disclosure.
    pub struct DisclosureDetails {
        /// The recipient's agency, office or firm.
        #[serde(skip_serializing_if = "Option::is_none")]
        agency: String = |form, field| form.filled(field, LINE),
        /// How the recipient is reached.
        #[serde(skip_serializing_if = "Option::is_none")]
        contact: String = |form, field| form.filled(field, LINE),
        /// Need to know: what the recipient needs it for.
        #[serde(skip_serializing_if = "Option::is_none")]
        need: String = |form, field| form.filled(field, REASON),
        /// Right to know: the duty, rule or authority.
        #[serde(skip_serializing_if = "Option::is_none")]
        under: String = |form, field| form.filled(field, LINE),
        /// The request or order that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        request: String = |form, field| form.filled(field, LINE),
        /// The day of that request.
        #[serde(skip_serializing_if = "Option::is_none")]
        requested_on: String = |form, field| form.text_where(field, "date", "must be a day such as 2026-11-04", LINE, is_day),
        /// The statute under which public records were asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        statute: String = |form, field| form.filled(field, LINE),
        #[serde(skip_serializing_if = "Option::is_none")]
        means: String = |form, field| form.filled(field, LINE),
        /// Whether it went out to avert imminent danger to life or property (28 CFR 23.20 (f)(2)).
        #[serde(skip_serializing_if = "Option::is_none")]
        emergency: bool = |form, field| form.flag(field),
        #[serde(skip_serializing_if = "Option::is_none")]
        note: String = |form, field| form.text(field, TEXT),
    }
}

/// To whom a packet went: its record. What 0.1.0 did not record is absent from its disclosures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
    pub id: String,
    pub packet_id: String,
    pub case_id: String,
    /// What it answers; absent in records of 0.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<DisclosureKind>,
    /// The recipient's name.
    pub to: String,
    #[serde(flatten)]
    pub details: DisclosureDetails,
    pub withheld: Vec<WithheldItem>,
    pub disclosed_at: Timestamp,
    pub packet: DisclosedFile,
    /// The captures of the packet's inventory by their status: what was given, and how much was not.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inventory: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<HandlingLabels>,
    pub recorded_by: Person,
    pub recorded_at: Timestamp,
}

impl Disclosure {
    /// Whether it answers a request for public records.
    pub fn answers_public(&self) -> bool {
        self.kind == Some(DisclosureKind::PublicRecords)
    }

    /// The classes of the inventory of which something was not given, with how many captures each.
    pub fn not_given(&self) -> impl Iterator<Item = (&str, u64)> {
        not_given(&self.inventory)
    }
}

/// The classes of an inventory that are not exhibits, with how many captures each.
pub fn not_given(inventory: &BTreeMap<String, u64>) -> impl Iterator<Item = (&str, u64)> {
    let classes = inventory.iter().map(|(class, n)| (class.as_str(), *n));
    classes.filter(|(class, n)| *class != "included" && *n > 0)
}

/// A disclosure about to be recorded.
#[derive(Debug, Clone)]
pub struct NewDisclosure {
    pub kind: DisclosureKind,
    pub to: String,
    pub details: DisclosureDetails,
    pub withheld: Vec<WithheldItem>,
    at: Option<Micros>,
}

impl NewDisclosure {
    /// Reads and checks it. The page asks for need and right to know, unless it averts imminent danger; where a program
    /// leaves them out, the disclosure says that they are not recorded.
    pub fn parse(mut form: Form) -> Result<Self> {
        let form_is_page = form.is_page();
        let new = Self {
            kind: form.word("kind").unwrap_or(DisclosureKind::Disclosure),
            to: form.required("to", LINE),
            details: DisclosureDetails::take(&mut form),
            withheld: form.objects("withheld", WITHHELD, WithheldItem::read),
            at: form.time("disclosed_at"),
        };
        let mut must = |field: &str, given: &Option<String>, words: &str| {
            if given.is_none() && !form.is_refused(field) {
                form.refuse(field, "required", words);
            }
        };
        let details = &new.details;
        if details.emergency != Some(true) && form_is_page {
            must("need", &details.need, "must be given: what the recipient needs it for");
            let words = "must be given: the duty, rule or authority under which the recipient may have it";
            must("under", &details.under, words);
        }
        if new.kind == DisclosureKind::PublicRecords {
            let words = "must be given: the public records request that is answered";
            must("request", &details.request, words);
            must("statute", &details.statute, "must be given: the public records statute");
        }
        form.done()?;
        Ok(new)
    }

    /// When the packet was handed over; a time to come is refused.
    pub fn at(&self, now: Micros) -> Result<Micros> {
        let message = "lies in the future: record a disclosure after it was made";
        match self.at {
            Some(at) if at > now => Err(Error::field("disclosed_at", "past", message)),
            at => Ok(at.unwrap_or(now)),
        }
    }

    /// Refuses an answer to a request for public records that cites no exemption for a class that is not given.
    pub fn cites_all(&self, inventory: &BTreeMap<String, u64>) -> Result<()> {
        if self.kind != DisclosureKind::PublicRecords {
            return Ok(());
        }
        let cited = |class: &str| {
            let mut all = self.withheld.iter();
            all.any(|item| item.what == class && item.exemption.is_some())
        };
        let open: Vec<&str> = not_given(inventory)
            .map(|(class, _)| class)
            .filter(|class| !cited(class))
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let message = format!(
            "must cite an exemption, and say why, for each class that is not given: {}",
            open.join(", ")
        );
        Err(Error::field("withheld", "exemption", message))
    }
}

/// That a recipient has the packet: the record of a receipt, given through a link or recorded by whoever disclosed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub id: String,
    pub disclosure_id: String,
    pub packet_id: String,
    pub case_id: String,
    /// Who acknowledges, as they wrote it.
    pub name: String,
    /// In which capacity.
    pub capacity: String,
    /// The digest of the packet that they confirmed, or that the disclosure names.
    pub sha256: Option<Digest>,
    pub acknowledged_at: Timestamp,
    /// How a receipt came that somebody else recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    /// The link through which it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_id: Option<String>,
    /// Who recorded it, where it came otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<Person>,
}

/// A receipt that came otherwise than through a link, about to be recorded.
#[derive(Debug, Clone)]
pub struct NewAcknowledgement {
    pub name: String,
    pub capacity: String,
    pub how: String,
    pub at: Option<Micros>,
}

impl NewAcknowledgement {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let new = Self {
            name: form.required("name", LINE),
            capacity: form.required("capacity", LINE),
            how: form.required("how", LINE),
            at: form.time("acknowledged_at"),
        };
        form.done()?;
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<NewDisclosure> {
        NewDisclosure::parse(Form::new(value).expect("an object"))
    }

    fn refused(value: Value) -> Vec<(String, String)> {
        let errors = read(value).expect_err("broken").errors;
        errors.into_iter().map(|e| (e.field, e.rule)).collect()
    }

    fn pair(field: &str, rule: &str) -> (String, String) {
        (field.to_owned(), rule.to_owned())
    }

    #[test]
    fn a_program_may_leave_out_need_and_right_to_know() {
        assert!(read(json!({"to": "x"})).is_ok());
        assert!(read(json!({"to": "x", "need": "trial", "under": "rule 16"})).is_ok());
        assert!(read(json!({"to": "x", "emergency": true})).is_ok());
        assert_eq!(
            refused(json!({"to": "x", "need": "trial", "under": "rule 16", "requested_on": "soon"})),
            [pair("requested_on", "date")]
        );
    }

    #[test]
    fn an_answer_to_the_public_cites_an_exemption_for_each_class() {
        let asked = json!({"to": "x", "need": "n", "under": "u", "kind": "public_records"});
        let both = [pair("request", "required"), pair("statute", "required")];
        assert_eq!(refused(asked), both);
        let with = |withheld: Value| {
            read(json!({
                "to": "x", "need": "n", "under": "u", "kind": "public_records", "request": "r", "statute": "s",
                "withheld": withheld,
            }))
            .expect("read")
        };
        let inventory = BTreeMap::from([("included".into(), 2), ("held".into(), 1), ("disposed".into(), 0)]);
        let held = json!([{"what": "held", "why": "w", "exemption": "s. 7(a)"}]);
        assert!(with(held).cites_all(&inventory).is_ok());
        for open in [json!([]), json!([{"what": "held", "why": "w"}])] {
            let e = with(open).cites_all(&inventory).expect_err("open");
            assert_eq!((&*e.errors[0].field, &*e.errors[0].rule), ("withheld", "exemption"));
        }
    }

    #[test]
    fn a_record_of_the_first_release_is_read_and_written_as_it_was() {
        let old = json!({
            "id": "a", "packet_id": "p", "case_id": "c", "to": "Counsel", "under": "Brady", "withheld": [],
            "disclosed_at": "2026-11-30T15:00:00.000000Z", "packet": {"name": "n", "size": 3, "sha256": null},
            "recorded_by": {"id": "u", "name": "Ada"}, "recorded_at": "2026-11-30T15:00:00.000000Z",
        });
        let read: Disclosure = serde_json::from_value(old.clone()).expect("a disclosure");
        assert_eq!(serde_json::to_value(&read).expect("written"), old);
    }
}
