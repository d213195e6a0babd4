//! The captures that a grant is of: how they are named in a form, and what is kept of them.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::db::AnyConn;
use crate::db::tables::captures;
use crate::error::{Error, Result};
use crate::forms::{Form, parse_id};
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
    let given = form.has("captures");
    let texts = form.texts("captures", MOST, LONGEST);
    if !given {
        return Vec::new();
    }
    let apart = |c: char| c.is_whitespace() || [',', ';'].contains(&c);
    let names = texts.iter().flat_map(|text| text.split(apart));
    let named: Vec<String> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if named.is_empty() && form.ok() {
        let message = "names no capture: name at least one, or leave the field out to open the whole case";
        form.refuse("captures", "not_empty", message);
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

/// So many chosen captures, in words.
pub fn chosen_captures(n: i64) -> String {
    match n {
        1 => "1 chosen capture".to_owned(),
        n => format!("{n} chosen captures"),
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
        assert_eq!(read(json!([])).unwrap_err(), ["captures not_empty"]);
        assert_eq!(read(json!("3")).unwrap_err(), ["captures list"]);
        assert_eq!(read(json!([3])).unwrap_err(), ["captures[0] text"]);
        let many: Vec<String> = (0..501).map(|n| n.to_string()).collect();
        assert_eq!(read(json!(many)).unwrap_err(), ["captures too_many"]);
        assert_eq!(read(json!([many.join(",")])).unwrap_err(), ["captures too_many"]);
    }
}
