//! What a case is, how it is read from what was sent, and how a change makes its next version.

use serde_json::{Map, Value, json};

use super::particulars::{self, Kind, Stage};
use crate::clock::{self, Micros, random};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, REASON, Word};
use crate::policy::{CaseStatus, Handling};

/// A case about to be opened.
#[derive(Debug, Clone)]
pub struct NewCase {
    pub number: Option<String>,
    pub title: String,
    pub kind: Kind,
    pub handling: Handling,
    pub time_zone: String,
    pub unit_id: Option<String>,
    pub supervisor_id: Option<String>,
    pub offense: Option<String>,
    pub jurisdiction: Option<String>,
    pub court_order: Option<String>,
    pub particulars: Map<String, Value>,
}

impl NewCase {
    /// Reads and checks it: kind and title are enough.
    pub fn parse(mut form: Form) -> Result<Self> {
        let kind = form.required_word::<Kind>("kind");
        let handling = form.word("handling").unwrap_or(Handling::Standard);
        let new = Self {
            number: number(&mut form),
            title: form.required("title", LINE),
            kind: kind.unwrap_or(Kind::OnlineCrime),
            handling,
            time_zone: zone(&mut form).unwrap_or_else(|| "UTC".into()),
            unit_id: form.id("unit_id"),
            supervisor_id: form.id("supervisor_id"),
            offense: form.text("offense", LINE),
            jurisdiction: form.text("jurisdiction", LINE),
            court_order: form.text("court_order", LINE),
            particulars: match kind {
                Some(kind) => form
                    .object("particulars", |f| particulars::parse(kind, f))
                    .unwrap_or_default(),
                None => form.value("particulars").map(|_| Map::new()).unwrap_or_default(),
            },
        };
        if handling != Handling::Standard && new.supervisor_id.is_none() && form.ok() {
            form.refuse(
                "supervisor_id",
                "required",
                "must name the supervisor who decides in a restricted or confidential case",
            );
        }
        form.done()?;
        Ok(new)
    }
}

fn number(form: &mut Form) -> Option<String> {
    let text = form.text("number", 64)?;
    let fine = |c: char| c.is_alphanumeric() || " -_/.:()#".contains(c);
    if text.trim() != text || text.is_empty() || !text.chars().all(fine) {
        form.refuse(
            "number",
            "form",
            "must hold letters, digits and - _ / . : ( ) # only, without spaces around it",
        );
    }
    if text.starts_with("P-") {
        form.refuse(
            "number",
            "reserved",
            "must not begin with P-, which marks provisional numbers",
        );
    }
    Some(text)
}

fn zone(form: &mut Form) -> Option<String> {
    let text = form.text("time_zone", 64)?;
    if text.parse::<chrono_tz::Tz>().is_err() {
        form.refuse(
            "time_zone",
            "iana",
            "must be a zone of the IANA database, such as America/New_York",
        );
    }
    Some(text)
}

/// A number for a case that has none yet: unguessable, and not sequential.
pub fn provisional_number() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let letters: String = random::<8>()
        .iter()
        .map(|b| char::from(LETTERS[usize::from(b % 32)]))
        .collect();
    format!("P-{}-{}", &letters[..4], &letters[4..])
}

/// A case as its record says: the full content of one version.
pub fn record(
    new: &NewCase,
    id: &str,
    number: &str,
    unit_id: &str,
    lead: Value,
    supervisor: Option<Value>,
    now: Micros,
) -> Value {
    json!({
        "id": id, "number": number, "provisional": new.number.is_none(), "title": new.title, "kind": new.kind,
        "status": "open", "disposition": null, "handling": new.handling, "court_order": new.court_order,
        "time_zone": new.time_zone, "jurisdiction": new.jurisdiction, "offense": new.offense, "unit_id": unit_id,
        "lead": lead, "supervisor": supervisor, "particulars": new.particulars,
        "opened_at": clock::format(now), "changed_at": clock::format(now), "version": 1, "reason": null,
    })
}

/// What somebody changes of a case; absent is unchanged.
#[derive(Debug, Clone)]
pub struct CasePatch {
    fields: Map<String, Value>,
    pub number: Option<String>,
    pub status: Option<CaseStatus>,
    pub handling: Option<Handling>,
    pub unit_id: Option<String>,
    pub lead_id: Option<String>,
    pub supervisor_id: Option<String>,
    particulars: Option<Value>,
    reason: Option<String>,
}

impl CasePatch {
    /// Reads what does not depend on the case's kind; the particulars wait for `apply`.
    pub fn parse(mut form: Form) -> Result<Self> {
        let mut fields = Map::new();
        if form.has("title") {
            fields.insert("title".into(), form.required("title", LINE).into());
        }
        for name in ["offense", "jurisdiction", "court_order"] {
            if let Some(text) = form.text(name, LINE) {
                fields.insert(name.into(), text.into());
            }
        }
        if let Some(zone) = zone(&mut form) {
            fields.insert("time_zone".into(), zone.into());
        }
        disposition(&mut form, &mut fields);
        let patch = Self {
            number: number(&mut form),
            status: form.word("status"),
            handling: form.word("handling"),
            unit_id: form.id("unit_id"),
            lead_id: form.id("lead_id"),
            supervisor_id: form.id("supervisor_id"),
            particulars: form.value("particulars"),
            reason: form.text("reason", REASON),
            fields,
        };
        form.done()?;
        Ok(patch)
    }

    /// Whether it changes what only those may change who work on the case or supervise it.
    pub fn changes_particulars(&self) -> bool {
        let own = self.fields.keys().any(|name| name != "disposition");
        own || self.number.is_some() || self.unit_id.is_some() || self.particulars.is_some()
    }

    /// The next version's record, without the people, whom the database knows.
    pub fn apply(&self, before: &Value, now: Micros) -> Result<Value> {
        let mut next = before.clone();
        for (name, value) in &self.fields {
            next[name] = value.clone();
        }
        if let Some(number) = &self.number {
            next["number"] = json!(number);
            next["provisional"] = json!(false);
        }
        if let Some(given) = &self.particulars {
            merge(
                &mut next["particulars"],
                self.read_particulars(kind_of(before)?, given)?,
            );
        }
        if let Some(handling) = self.handling {
            next["handling"] = json!(handling);
        }
        if let Some(status) = self.status {
            set_status(&mut next, status)?;
        }
        next["reason"] = json!(self.reason);
        next["changed_at"] = json!(clock::format(now));
        next["version"] = json!(before["version"].as_i64().unwrap_or(0) + 1);
        Ok(next)
    }

    fn read_particulars(&self, kind: Kind, given: &Value) -> Result<Map<String, Value>> {
        let mut form = Form::new(json!({"particulars": given}))?;
        let read = form.object("particulars", |f| particulars::parse(kind, f));
        form.done()?;
        Ok(read.unwrap_or_default())
    }
}

fn disposition(form: &mut Form, fields: &mut Map<String, Value>) {
    let Some(text) = form.text("disposition", 40) else {
        return;
    };
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if text.is_empty() || !text.chars().all(fine) {
        form.refuse(
            "disposition",
            "form",
            "must be a word such as located_safe, arrest, unfounded, referred",
        );
    }
    fields.insert("disposition".into(), text.into());
}

/// Particulars that are given replace what was there, one by one; an inner object is merged.
fn merge(into: &mut Value, given: Map<String, Value>) {
    for (name, value) in given {
        match value {
            Value::Object(inner) if into[&name].is_object() => merge(&mut into[&name], inner),
            other => into[&name] = other,
        }
    }
}

fn set_status(next: &mut Value, status: CaseStatus) -> Result<()> {
    let closing = status == CaseStatus::Closed;
    if closing && next["disposition"].is_null() {
        return Err(Error::field(
            "disposition",
            "required",
            "must be given to close a case, such as located_safe, arrest, unfounded, referred",
        ));
    }
    if closing {
        particulars::require(kind_of(next)?, &next["particulars"], Stage::Closing)?;
    } else {
        next["disposition"] = Value::Null;
    }
    next["status"] = json!(status);
    Ok(())
}

/// The kind in a record.
pub fn kind_of(record: &Value) -> Result<Kind> {
    let word = record["kind"].as_str().unwrap_or_default();
    Kind::from_word(word).ok_or_else(|| Error::internal("a stored case has no kind"))
}

/// A case as the API shows it.
pub fn shown(record: &Value, members: &[(String, Micros)], held: i64) -> Result<Value> {
    let mut out = record.clone();
    let due = particulars::due(kind_of(record)?, &record["particulars"]);
    out["due"] = due
        .iter()
        .map(|(field, before)| json!({"field": field, "before": before}))
        .collect();
    out["lead_id"] = out["lead"]["id"].take();
    out["supervisor_id"] = out["supervisor"]["id"].take();
    out["members"] = members
        .iter()
        .map(|(id, since)| json!({"user_id": id, "since": clock::format(*since)}))
        .collect();
    out["held_count"] = json!(held);
    out["withheld"] = match held {
        0 => json!([]),
        n => json!([{"class": "held", "count": n, "ask": "a supervisor of the case's unit who does not work on it"}]),
    };
    if let Some(fields) = out.as_object_mut() {
        ["lead", "supervisor", "reason"].iter().for_each(|name| {
            fields.remove(*name);
        });
    }
    Ok(out)
}

/// Access to a case about to be given.
#[derive(Debug, Clone)]
pub struct NewGrant {
    pub user_id: String,
    pub until: Micros,
    pub read: bool,
    pub export: bool,
    pub decide: bool,
    pub reason: String,
}

impl NewGrant {
    /// Reads and checks it.
    pub fn parse(mut form: Form, now: Micros) -> Result<Self> {
        let rights = form.texts("rights", 3, 20);
        let new = Self {
            user_id: form.required_id("user_id"),
            until: form.required_time("until"),
            export: rights.iter().any(|r| r == "export"),
            read: rights.iter().any(|r| r == "read" || r == "export"),
            decide: rights.iter().any(|r| r == "decide"),
            reason: form.required("reason", REASON),
        };
        if rights.is_empty()
            || rights
                .iter()
                .any(|r| !["read", "export", "decide"].contains(&r.as_str()))
        {
            form.refuse("rights", "one_of", "must be a list of read, export, decide");
        }
        if form.ok() && new.until <= now {
            form.refuse("until", "future", "must lie in the future: a grant ends by itself");
        }
        form.done()?;
        Ok(new)
    }

    /// The rights by name.
    pub fn rights(&self) -> Vec<&'static str> {
        [(self.read, "read"), (self.export, "export"), (self.decide, "decide")]
            .iter()
            .filter(|r| r.0)
            .map(|r| r.1)
            .collect()
    }
}
