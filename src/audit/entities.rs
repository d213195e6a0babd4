//! Rows of cases and what hangs on them: each must say what the record of its event says.

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;

use super::{Audit, PAGE};
use crate::error::Result;
use crate::proof::id::hex;

/// A table whose `body` is the record of the event that its `leaf` names.
struct Table {
    name: &'static str,
    /// What a row of it is called.
    one: &'static str,
    /// Whether its rows have a version, which must not lie before that of the latest event about it.
    versioned: bool,
    /// Columns that the body says too, as text.
    columns: &'static [&'static str],
}

const TABLES: &[Table] = &[
    Table { name: "cases", one: "case", versioned: true, columns: &["number", "kind", "status", "handling", "unit_id", "lead_id"] },
    Table { name: "subjects", one: "subject", versioned: true, columns: &["case_id"] },
    Table { name: "accounts", one: "account", versioned: true, columns: &["case_id"] },
    Table { name: "authorizations", one: "authorization", versioned: true, columns: &["case_id", "requester_id"] },
    Table { name: "grants", one: "grant", versioned: true, columns: &["case_id", "user_id"] },
    Table { name: "capture_entries", one: "entry of a capture", versioned: false, columns: &["capture_id"] },
    Table { name: "packets", one: "packet", versioned: false, columns: &["case_id", "purpose", "requested_by"] },
    Table { name: "disclosures", one: "disclosure", versioned: false, columns: &["packet_id"] },
    Table { name: "trainings", one: "training", versioned: false, columns: &["user_id"] },
];

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Binary)]
    leaf: Vec<u8>,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    /// The columns that the body says too, as one text with a unit separator between them.
    #[diesel(sql_type = Text)]
    columns: String,
    #[diesel(sql_type = Nullable<Text>)]
    record: Option<String>,
}

const SEPARATOR: char = '\u{1f}';

impl Table {
    fn query(&self) -> String {
        let version = if self.versioned { "t.version" } else { "CAST(0 AS BIGINT)" };
        let columns: Vec<String> = self.columns.iter().map(|c| format!("t.{c}")).collect();
        format!(
            "SELECT t.id, t.leaf, t.body, {version} AS version, {} AS columns, r.body AS record FROM {} t \
             LEFT JOIN records r ON r.leaf = t.leaf WHERE t.id > $1 ORDER BY t.id LIMIT {PAGE}",
            columns.join(&format!(" || '{SEPARATOR}' || ")),
            self.name
        )
    }
}

impl Audit<'_> {
    pub(super) fn entities(&mut self) -> Result<()> {
        self.people("users", &["username", "name", "unit_id"], "roles")?;
        self.people("units", &["name"], "")?;
        TABLES.iter().try_for_each(|table| self.table(table))
    }

    fn table(&mut self, table: &Table) -> Result<()> {
        let (query, mut from) = (table.query(), String::new());
        loop {
            let rows: Vec<Row> = sql_query(&query).bind::<Text, _>(from.clone()).load(self.conn)?;
            let Some(last) = rows.last() else { return Ok(()) };
            from.clone_from(&last.id);
            rows.iter().for_each(|row| self.row(table, row));
            (self.tell)(table.name, self.report.counts.rows, 0);
        }
    }

    fn row(&mut self, table: &Table, row: &Row) {
        self.report.counts.rows += 1;
        let place = format!("{} {}", table.one, row.id);
        match &row.record {
            None => self.report.fault("row-body", &place, format!("names the leaf {}, of which there is no record", hex(&row.leaf))),
            Some(record) if *record != row.body => {
                self.report.fault("row-body", &place, "its row says something else than the record of its event: the row was changed");
            }
            Some(_) => {}
        }
        self.agree(&place, table.columns, &row.columns, &row.body);
        let latest = self.versions.get(&row.id).copied().unwrap_or(1);
        if table.versioned && u64::try_from(row.version).is_ok_and(|v| v < latest) {
            let what = format!("its row is version {}, but events made version {latest}: the row was put back", row.version);
            self.report.fault("row-version", place, what);
        }
    }

    /// Columns decide who sees and finds a row; where the record has a field of the same name, both say the same.
    fn agree(&mut self, place: &str, names: &[&str], columns: &str, body: &str) {
        let Ok(body) = serde_json::from_str::<Value>(body) else { return };
        for (name, column) in names.iter().zip(columns.split(SEPARATOR)) {
            if body.get(*name).and_then(Value::as_str).is_some_and(|said| said != column) {
                self.report.fault("row-columns", place, format!("its column `{name}` says {column:?}, but its record does not"));
            }
        }
    }

    /// Users and units have no body; what their record says under a column's name is held against it.
    fn people(&mut self, table: &str, names: &[&str], list: &str) -> Result<()> {
        let columns: Vec<String> = names.iter().map(|n| format!("t.{n}")).collect();
        let list_column = if list.is_empty() { "''".to_owned() } else { format!("t.{list}") };
        let query = format!(
            "SELECT t.id, t.leaf, {list_column} AS body, t.version, {} AS columns, r.body AS record FROM {table} t \
             LEFT JOIN records r ON r.leaf = t.leaf WHERE t.id > $1 ORDER BY t.id LIMIT {PAGE}",
            columns.join(&format!(" || '{SEPARATOR}' || "))
        );
        let mut from = String::new();
        loop {
            let rows: Vec<Row> = sql_query(&query).bind::<Text, _>(from.clone()).load(self.conn)?;
            let Some(last) = rows.last() else { return Ok(()) };
            from.clone_from(&last.id);
            for row in &rows {
                self.report.counts.rows += 1;
                let place = format!("{} {}", table.trim_end_matches('s'), row.id);
                let Some(record) = &row.record else {
                    self.report.fault("row-body", place, format!("names the leaf {}, of which there is no record", hex(&row.leaf)));
                    continue;
                };
                self.agree(&place, names, &row.columns, record);
                self.lists_agree(&place, list, &row.body, record);
            }
        }
    }

    fn lists_agree(&mut self, place: &str, list: &str, column: &str, record: &str) {
        let said = serde_json::from_str::<Value>(record).ok().and_then(|r| words(r.get(list)?));
        let stored = serde_json::from_str::<Value>(column).ok().and_then(|c| words(&c));
        if said.is_some() && said != stored {
            self.report.fault("row-columns", place, format!("its column `{list}` says {column}, but its record does not"));
        }
    }
}

fn words(list: &Value) -> Option<Vec<String>> {
    let mut words: Vec<String> = list.as_array()?.iter().filter_map(|w| w.as_str().map(str::to_owned)).collect();
    words.sort();
    Some(words)
}
