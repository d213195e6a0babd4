//! Grants of chosen captures: which captures one is of, and what whoever has one sees of the case.
//!
//! A grant opens the whole case, or the captures that it names and no more. Whoever has the second kind alone sees the case's
//! head; what else belongs to the case is not read for them at all (docs/adr/0076).

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::model::{Case, CaseView};
use super::particulars::{CaseKind, CaseParticulars};
use crate::clock::Timestamp;
use crate::db::AnyConn;
use crate::db::tables::captures;
use crate::error::{Error, Result};
use crate::forms::{Form, parse_id};
use crate::identity::Person;
use crate::policy::{CaseStatus, Handling};
use crate::text::line;

/// Captures that one grant may name.
pub const MOST: usize = 500;
/// Characters of the field in which a page's form names them all.
const LONGEST: usize = 20_000;
/// Characters of a name that an error repeats.
const SHOWN: usize = 40;

/// A capture that a grant is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedCapture {
    /// Its id.
    pub id: String,
    /// Its number in the case.
    pub item: i64,
}

/// Reads which captures a grant is to be of, by id or item number; none where the field is left out. A page gives them in one
/// text, with commas.
pub fn parse(form: &mut Form) -> Vec<String> {
    if !form.has("captures") {
        return Vec::new();
    }
    let texts = form.texts("captures", MOST, LONGEST);
    let apart = |c: char| c.is_whitespace() || [',', ';'].contains(&c);
    let names = texts.iter().flat_map(|text| text.split(apart));
    let named: Vec<String> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if named.is_empty() && form.ok() {
        let message = "names no capture: name at least one, or leave the field out to open the whole case";
        form.refuse("captures", "required", message);
    }
    if named.len() > MOST {
        let message = format!(
            "names {} captures, a grant is of {MOST} at most: give another grant for the rest, or open the whole case",
            named.len()
        );
        form.refuse("captures", "too_many", message);
    }
    named
}

/// The captures of a case that these ids and item numbers name, in the order of their numbers.
///
/// # Errors
/// Where one names no capture of this case, or one is named twice.
pub fn of_case(conn: &mut AnyConn, case: &str, named: &[String]) -> Result<Vec<GrantedCapture>> {
    let ids: Vec<String> = named.iter().filter_map(|name| parse_id(name)).collect();
    let items: Vec<i64> = named.iter().filter_map(|name| name.parse().ok()).collect();
    let rows: Vec<(String, i64)> = captures::table
        .filter(captures::case_id.eq(case))
        .filter(captures::id.eq_any(ids).or(captures::item.eq_any(items)))
        .select((captures::id, captures::item))
        .load(conn)?;
    let mut found: Vec<GrantedCapture> = Vec::with_capacity(named.len());
    for name in named {
        let (id, item) = (parse_id(name), name.parse::<i64>().ok());
        let is_it = |row: &&(String, i64)| id.as_ref() == Some(&row.0) || item == Some(row.1);
        let Some((id, item)) = rows.iter().find(is_it) else {
            let named: String = name.chars().take(SHOWN).collect();
            let message = format!(
                "names no capture of this case with {}: give item numbers or ids of its own captures",
                line(&named)
            );
            return Err(Error::field("captures", "exists", message));
        };
        if found.iter().any(|known| known.id == *id) {
            let message = format!("names item {item} a second time: leave one of the two out");
            return Err(Error::field("captures", "unique", message));
        }
        found.push(GrantedCapture {
            id: id.clone(),
            item: *item,
        });
    }
    found.sort_by_key(|one| one.item);
    Ok(found)
}

/// What a case is to whoever was given chosen captures of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseHead {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Its kind.
    pub kind: CaseKind,
    /// Where it stands.
    pub status: CaseStatus,
    /// Always `chosen_captures`, in the words of who may see a case.
    pub sees: &'static str,
    /// How many captures were chosen for the reader.
    pub captures: i64,
    /// Until when they read one of them.
    pub until: Timestamp,
}

impl CaseHead {
    /// Of a case, for somebody who was given so many captures of it.
    pub fn of(case: &Case, (captures, until): (i64, Timestamp)) -> Self {
        Self {
            id: case.id.clone(),
            number: case.number.clone(),
            title: case.title.clone(),
            kind: case.kind,
            status: case.status,
            sees: "chosen_captures",
            captures,
            until,
        }
    }

    /// What was given, in words.
    pub fn says(&self) -> String {
        chosen_captures(self.captures)
    }

    /// A case that holds nothing else, for the pages that show one. Its times are in UTC: the zone is not told.
    pub fn as_case(&self) -> Case {
        let nobody = Person {
            id: String::new(),
            name: String::new(),
        };
        Case {
            id: self.id.clone(),
            number: self.number.clone(),
            provisional: false,
            title: self.title.clone(),
            kind: self.kind,
            status: self.status,
            disposition: None,
            handling: Handling::Standard,
            court_order: None,
            time_zone: "UTC".into(),
            jurisdiction: None,
            offense: None,
            unit_id: String::new(),
            lead: nobody,
            proposed_lead: None,
            proposal: None,
            supervisor: None,
            particulars: CaseParticulars::default(),
            opened_at: Timestamp(0),
            changed_at: Timestamp(0),
            version: 0,
            reason: None,
        }
    }
}

/// So many chosen captures, in words.
pub fn chosen_captures(n: i64) -> String {
    match n {
        1 => "1 chosen capture".to_owned(),
        n => format!("{n} chosen captures"),
    }
}

/// A case as one of its readers sees it.
#[derive(Debug, Clone)]
pub enum CaseShown {
    /// The whole case is open to them.
    Whole(Box<CaseView>),
    /// Chosen captures of it are.
    Head(CaseHead),
}

impl CaseShown {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Whole(view) => &view.case.id,
            Self::Head(head) => &head.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(captures: serde_json::Value) -> std::result::Result<Vec<String>, Vec<String>> {
        let mut form = Form::new(json!({"captures": captures})).unwrap();
        let named = parse(&mut form);
        form.done().map(|()| named).map_err(|e| {
            let told = |field: &crate::error::FieldError| format!("{} {}", field.field, field.rule);
            e.errors.iter().map(told).collect()
        })
    }

    #[test]
    fn captures_are_named_by_id_or_number() {
        assert_eq!(read(json!(["3", "7"])).unwrap(), ["3", "7"]);
        assert_eq!(read(json!(["3, 7;12\n 14"])).unwrap(), ["3", "7", "12", "14"]);
        assert_eq!(read(json!(null)).unwrap(), Vec::<String>::new());
        assert_eq!(read(json!([])).unwrap_err(), ["captures required"]);
        assert_eq!(read(json!("3")).unwrap_err(), ["captures list"]);
        assert_eq!(read(json!([3])).unwrap_err(), ["captures[0] text"]);
        let many: Vec<String> = (0..501).map(|n| n.to_string()).collect();
        assert_eq!(read(json!(many)).unwrap_err(), ["captures too_many"]);
        assert_eq!(read(json!([many.join(",")])).unwrap_err(), ["captures too_many"]);
    }

    #[test]
    fn a_head_tells_nothing_else() {
        let head = CaseHead {
            id: "c".into(),
            number: "26-1".into(),
            title: "T".into(),
            kind: CaseKind::OnlineCrime,
            status: CaseStatus::Open,
            sees: "chosen_captures",
            captures: 1,
            until: Timestamp(9),
        };
        let case = head.as_case();
        assert_eq!(CaseHead::of(&case, (1, Timestamp(9))), head);
        assert!(case.lead.name.is_empty() && case.unit_id.is_empty() && case.offense.is_none());
        assert_eq!(head.says(), "1 chosen capture");
    }
}
