//! Compares the rows of a database with those that its ledger makes: every row of every projection, and every column.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::replay;
use super::tables::{TABLES, TableKind};
use crate::clock::{MINUTE, Micros};
use crate::db::rows::{Row, TableShape};
use crate::db::{self, AnyConn};
use crate::error::{Error, Result};
use crate::identity::unbound_secret;
use crate::lookalike::fold;
use crate::proof::id::Digest;
use crate::users::projection::UNBOUND;

/// What of a row is other than the ledger says.
#[derive(Debug)]
pub enum Difference {
    /// An event from which no rows can be made.
    Event { place: String, why: Box<Error> },
    /// A row that no event made.
    Added { place: String },
    /// Events made a row that is not there.
    Gone { place: String },
    /// A row that says something else: column, what it says, what the events say.
    Changed {
        place: String,
        columns: Vec<(String, String, String)>,
    },
    /// A secret that was set by an earlier release, which bound it to nothing.
    Unbound { place: String },
    /// A table and how many of its rows were read.
    Read { table: &'static str, rows: u64 },
}

/// Makes all projections anew in a scratch database beside `folder`, and tells every difference from those of `conn`.
///
/// # Errors
/// The database cannot be read, or `tell` ends the comparison.
pub fn compare(
    conn: &mut AnyConn,
    folder: &Path,
    progress: &mut dyn FnMut(&'static str, u64, u64) -> Result<()>,
    tell: &mut dyn FnMut(Difference),
) -> Result<()> {
    let mut made = db::scratch(folder)?;
    db::fill(&mut made, |made| {
        let mut done = |n, of| progress("replay", n, of);
        replay::replay(conn, made, &mut done, &mut |(place, why)| {
            tell(Difference::Event { place, why });
            Ok(())
        })
    })?;
    let mut all = 0;
    for (table, kind) in TABLES {
        if let TableKind::Projection(but) = kind {
            let shape = TableShape::of(&mut made, table)?;
            let compared = Compared { shape, but, rows: 0 };
            let mut done = |rows| progress("rows", all + rows, 0);
            all += compared.table(conn, &mut made, &mut done, tell)?;
        }
    }
    Ok(())
}

/// A table under comparison.
struct Compared<'t> {
    shape: TableShape,
    /// Columns that the ledger does not decide.
    but: &'t [(&'t str, &'t str)],
    rows: u64,
}

impl Compared<'_> {
    /// Compares the table, and gives how many rows were read.
    fn table(
        mut self,
        conn: &mut AnyConn,
        made: &mut AnyConn,
        done: &mut dyn FnMut(u64) -> Result<()>,
        tell: &mut dyn FnMut(Difference),
    ) -> Result<u64> {
        let shape = self.shape.clone();
        shape.each_page(conn, &mut |_, rows| {
            self.page(made, rows, tell)?;
            done(self.rows)
        })?;
        shape.each_page(made, &mut |_, rows| {
            for row in rows {
                let place = place(&shape, row);
                tell(Difference::Gone { place });
            }
            Ok(())
        })?;
        tell(Difference::Read {
            table: shape.table,
            rows: self.rows,
        });
        Ok(self.rows)
    }

    /// Compares some rows with those that were made, and takes these away: what stays at the end is in no page.
    fn page(&mut self, made: &mut AnyConn, rows: &[Row], tell: &mut dyn FnMut(Difference)) -> Result<()> {
        let shape = &self.shape;
        let keys: Vec<Row> = rows.iter().map(|row| shape.key_of(row)).collect();
        let named = |key: &Row| Value::Array(key.clone()).to_string();
        let of_keys = shape.of_keys(made, &keys)?;
        let wanted: HashMap<String, Row> = of_keys
            .into_iter()
            .map(|row| (named(&shape.key_of(&row)), row))
            .collect();
        for (row, key) in rows.iter().zip(&keys) {
            match wanted.get(&named(key)) {
                Some(wanted) => self.row(row, wanted, tell),
                None => tell(Difference::Added {
                    place: place(shape, row),
                }),
            }
        }
        self.rows += rows.len() as u64;
        self.shape.remove(made, &keys)
    }

    fn row(&self, found: &Row, wanted: &Row, tell: &mut dyn FnMut(Difference)) {
        let shape = &self.shape;
        let mut columns = Vec::new();
        for (n, column) in shape.columns.iter().enumerate() {
            let name = column.name.as_str();
            if found[n] == wanted[n] || self.but.iter().any(|(but, _)| *but == name) {
                continue;
            }
            match verdict(shape, name, (found, wanted), n) {
                ColumnVerdict::Same => {}
                ColumnVerdict::Unbound => tell(Difference::Unbound {
                    place: place(shape, found),
                }),
                ColumnVerdict::Secret => columns.push((name.to_owned(), "another one".into(), "the one set".into())),
                ColumnVerdict::Other => columns.push((name.to_owned(), short(&found[n]), short(&wanted[n]))),
            }
        }
        if !columns.is_empty() {
            let place = place(shape, found);
            tell(Difference::Changed { place, columns });
        }
    }
}

/// What becomes of a column whose values are not simply equal.
enum ColumnVerdict {
    Same,
    Other,
    /// It differs, and its value is shown to nobody.
    Secret,
    Unbound,
}

/// Columns that hold more, or less, than a record says: secrets, how far a build is, and times that earlier releases took
/// a moment before those of their events.
fn verdict(shape: &TableShape, column: &str, (found, wanted): (&Row, &Row), n: usize) -> ColumnVerdict {
    let same = |same: bool| {
        if same {
            ColumnVerdict::Same
        } else {
            ColumnVerdict::Other
        }
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match (shape.table, column) {
        ("users", "password_hash") => match text(&wanted[n]) {
            unbound if unbound == UNBOUND => ColumnVerdict::Unbound,
            bound if bound == Digest::of(text(&found[n]).as_bytes()).to_string() => ColumnVerdict::Same,
            _ => ColumnVerdict::Secret,
        },
        // Said together with the password.
        ("users", "must_change") => same(shape.text(wanted, "password_hash") == UNBOUND),
        ("sessions", "secret_hash") => {
            let unbound = text(&wanted[n]) == unbound_secret(shape.text(wanted, "id")).to_string();
            match (unbound, shape.text(wanted, "kind")) {
                (true, "token") => ColumnVerdict::Unbound,
                // Nothing reads it any more: an earlier release kept a secret there.
                (true, _) => ColumnVerdict::Same,
                (false, _) => ColumnVerdict::Secret,
            }
        }
        ("users", "failures_since") | ("sessions", "created_at" | "expires_at") => same(near(&found[n], &wanted[n])),
        // A negative time is that of an end that an earlier release recorded without naming the session that went on.
        ("sessions", "ended_at") => match wanted[n].as_i64() {
            Some(perhaps) if perhaps < 0 => same(found[n].is_null() || near(&found[n], &Value::from(-perhaps))),
            _ => same(near(&found[n], &wanted[n])),
        },
        // Where a migration or an earlier release made them, fewer look-alikes were the same.
        ("captures", "account" | "address_stem") | ("cases", "number_key") => {
            same(fold(&text(&found[n])) == fold(&text(&wanted[n])))
        }
        ("packets", "state") => {
            let known = (text(&found[n]), text(&wanted[n]));
            let known = (known.0.as_str(), known.1.as_str());
            same(matches!(known, ("building", "queued") | ("ready", "building")))
        }
        _ => ColumnVerdict::Other,
    }
}

/// Whether what a row says in a column is as good as what was made.
pub(super) fn agrees(shape: &TableShape, column: &str, rows: (&Row, &Row), n: usize) -> bool {
    matches!(
        verdict(shape, column, rows, n),
        ColumnVerdict::Same | ColumnVerdict::Unbound
    )
}

/// Whether two times are the same to the minute.
fn near(a: &Value, b: &Value) -> bool {
    let both: Option<(Micros, Micros)> = a.as_i64().zip(b.as_i64());
    both.is_some_and(|(a, b)| (a - b).abs() <= MINUTE)
}

/// A value as a finding shows it.
fn short(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    match text.chars().count() > MOST {
        true => format!("{}…", text.chars().take(MOST).collect::<String>()),
        false => text,
    }
}

/// What a row is called.
fn place(shape: &TableShape, row: &Row) -> String {
    let text = |name| shape.text(row, name);
    let number = |name| shape.place(name).and_then(|n| row[n].as_i64()).unwrap_or_default();
    match shape.table {
        "members" => format!("member {} of case {}", text("user_id"), text("case_id")),
        "authorization_holders" => {
            format!(
                "holder {} of authorization {}",
                text("user_id"),
                text("authorization_id")
            )
        }
        "grant_captures" => format!("capture {} of grant {}", text("capture_id"), text("grant_id")),
        "capture_files" => format!("file {} of capture {}", number("n") + 1, text("capture_id")),
        "capture_entries" => format!("entry {} of capture {}", text("id"), text("capture_id")),
        "files" => format!("file {}", text("sha256")),
        table => format!("{} {}", table.strip_suffix('s').unwrap_or(table), text("id")),
    }
}
