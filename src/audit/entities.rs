//! Rows of cases and what hangs on them: each must say what the record of its event says.

use std::collections::HashSet;

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;

use super::{Audit, PAGE};
use crate::clock;
use crate::error::Result;
use crate::proof::id::hex;

/// A table whose `body` is the record of the event that its `leaf` names.
struct Table {
    name: &'static str,
    /// What a row of it is called.
    one: &'static str,
    /// The column with the object of its events.
    object: &'static str,
    /// Which stream they stand in, as SQL.
    stream: &'static str,
    /// Whether its rows have a version, which must not lie before that of the latest event about it.
    versioned: bool,
    /// What the body says too: the field's name, and the columns as one SQL text.
    columns: &'static [(&'static str, &'static str)],
}

const RIGHTS: &str = "CASE WHEN t.can_decide THEN 'decide,' ELSE '' END || \
    CASE WHEN t.can_export THEN 'export,' ELSE '' END || CASE WHEN t.can_read THEN 'read,' ELSE '' END";

const IN_CASE: &str = "= 'case:' || t.case_id";

/// Its case is told by another row, which may be gone.
const IN_A_CASE: &str = "LIKE 'case:%'";

const AGENCY: &str = "= 'agency'";

const CASE_ID: (&str, &str) = ("case_id", "t.case_id");

const TABLES: &[Table] = &[
    Table {
        name: "cases",
        one: "case",
        object: "id",
        stream: "= 'case:' || t.id",
        versioned: true,
        columns: &[
            ("number", "t.number"),
            ("kind", "t.kind"),
            ("status", "t.status"),
            ("handling", "t.handling"),
            ("unit_id", "t.unit_id"),
            ("lead_id", "t.lead_id"),
        ],
    },
    Table {
        name: "subjects",
        one: "subject",
        object: "id",
        stream: IN_CASE,
        versioned: true,
        columns: &[CASE_ID],
    },
    Table {
        name: "accounts",
        one: "account",
        object: "id",
        stream: IN_CASE,
        versioned: true,
        columns: &[CASE_ID],
    },
    Table {
        name: "authorizations",
        one: "authorization",
        object: "id",
        stream: IN_CASE,
        versioned: true,
        columns: &[
            CASE_ID,
            ("state", "t.state"),
            ("requester_id", "t.requester_id"),
            ("starts_at", "CAST(t.starts_at AS TEXT)"),
            ("ends_at", "CAST(t.ends_at AS TEXT)"),
        ],
    },
    Table {
        name: "grants",
        one: "grant",
        object: "id",
        stream: IN_CASE,
        versioned: true,
        columns: &[
            CASE_ID,
            ("user_id", "t.user_id"),
            ("rights", RIGHTS),
            ("until", "CAST(t.until AS TEXT)"),
        ],
    },
    Table {
        name: "capture_entries",
        one: "entry of a capture",
        object: "capture_id",
        stream: IN_A_CASE,
        versioned: false,
        columns: &[("capture_id", "t.capture_id")],
    },
    Table {
        name: "packets",
        one: "packet",
        object: "id",
        stream: IN_CASE,
        versioned: false,
        columns: &[CASE_ID, ("purpose", "t.purpose")],
    },
    Table {
        name: "disclosures",
        one: "disclosure",
        object: "packet_id",
        stream: IN_A_CASE,
        versioned: false,
        columns: &[("packet_id", "t.packet_id")],
    },
    Table {
        name: "trainings",
        one: "training",
        object: "id",
        stream: AGENCY,
        versioned: false,
        columns: &[("user_id", "t.user_id")],
    },
];

/// Users and units have no body of their own; the record says what their columns say.
const PEOPLE: &[Table] = &[
    Table {
        name: "users",
        one: "user",
        object: "id",
        stream: AGENCY,
        versioned: true,
        columns: &[
            ("username", "t.username"),
            ("name", "t.name"),
            ("roles", "t.roles"),
            ("unit_id", "t.unit_id"),
            ("disabled", "CASE WHEN t.disabled THEN 'true' ELSE 'false' END"),
            ("locked", "CASE WHEN t.locked THEN 'true' ELSE 'false' END"),
        ],
    },
    Table {
        name: "units",
        one: "unit",
        object: "id",
        stream: AGENCY,
        versioned: true,
        columns: &[("name", "t.name"), ("path", "t.path")],
    },
];

#[derive(QueryableByName)]
struct EntityAuditRow {
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
    fn query(&self, body: &str) -> String {
        let version = if self.versioned {
            "t.version"
        } else {
            "CAST(0 AS BIGINT)"
        };
        let columns: Vec<&str> = self.columns.iter().map(|(_, sql)| *sql).collect();
        format!(
            "SELECT t.id, t.leaf, {body} AS body, {version} AS version, {} AS columns, r.body AS record FROM {} t \
             LEFT JOIN events e ON e.object = t.{} AND e.stream {} AND e.leaf = t.leaf \
             LEFT JOIN records r ON r.stream = e.stream AND r.seq = e.seq AND r.leaf = e.leaf \
             WHERE t.id > $1 ORDER BY t.id LIMIT {PAGE}",
            columns.join(&format!(" || '{SEPARATOR}' || ")),
            self.name,
            self.object,
            self.stream
        )
    }
}

impl Audit<'_> {
    pub(super) fn entities(&mut self) -> Result<()> {
        PEOPLE
            .iter()
            .try_for_each(|table| self.table(table, "COALESCE(r.body, '')"))?;
        TABLES.iter().try_for_each(|table| self.table(table, "t.body"))?;
        self.members()?;
        self.holders()
    }

    fn table(&mut self, table: &Table, body: &str) -> Result<()> {
        let (query, mut from) = (table.query(body), String::new());
        loop {
            let rows: Vec<EntityAuditRow> = sql_query(&query).bind::<Text, _>(from.clone()).load(self.conn)?;
            let Some(last) = rows.last() else { return Ok(()) };
            from.clone_from(&last.id);
            rows.iter().for_each(|row| self.row(table, row));
            (self.tell)(table.name, self.report.counts.rows, 0);
        }
    }

    fn row(&mut self, table: &Table, row: &EntityAuditRow) {
        self.report.counts.rows += 1;
        let place = format!("{} {}", table.one, row.id);
        match &row.record {
            None => self.report.fault(
                "row-event",
                &place,
                format!(
                    "names the leaf {}, and no event of it has that leaf and a record",
                    hex(&row.leaf)
                ),
            ),
            Some(record) if *record != row.body => {
                self.report.fault(
                    "row-body",
                    &place,
                    "its row says something else than the record of its event: the row was changed",
                );
            }
            Some(record) => self.agree(&place, table, row, record),
        }
        let latest = self.versions.get(&row.id).copied().unwrap_or(1);
        if table.versioned && u64::try_from(row.version).is_ok_and(|v| v < latest) {
            let what = format!(
                "its row is version {}, but events made version {latest}: the row was put back",
                row.version
            );
            self.report.fault("row-version", place, what);
        }
    }

    /// Columns decide who sees and finds a row; where the record says the same thing, both must agree.
    fn agree(&mut self, place: &str, table: &Table, row: &EntityAuditRow, record: &str) {
        let Ok(record) = serde_json::from_str::<Value>(record) else {
            return;
        };
        if table.name == "authorizations" {
            let holders = record.get("holders").and_then(Value::as_array).into_iter().flatten();
            let ids = holders.filter_map(|h| h.get("id").unwrap_or(h).as_str());
            self.holders.extend(ids.map(|id| (row.id.clone(), id.to_owned())));
        }
        for ((name, _), column) in table.columns.iter().zip(row.columns.split(SEPARATOR)) {
            if said(&record, name).is_some_and(|said| !is_same(&said, column)) {
                self.report.fault(
                    "row-columns",
                    place,
                    format!("its column `{name}` says {column:?}, but its record does not"),
                );
            }
        }
    }

    /// Membership opens a case, so it is what the events say and nothing else.
    fn members(&mut self) -> Result<()> {
        let mut said = std::mem::take(&mut self.members);
        let query = "SELECT case_id AS thing, user_id AS person FROM members WHERE ended_at IS NULL \
            AND (case_id, user_id) > ($1, $2) ORDER BY case_id, user_id LIMIT 500";
        self.pairs(query, "member", "case", &mut said)
    }

    /// Who holds an authorization is covered by it, so it is what its record says.
    fn holders(&mut self) -> Result<()> {
        let mut said = std::mem::take(&mut self.holders);
        let query = "SELECT authorization_id AS thing, user_id AS person FROM authorization_holders \
            WHERE (authorization_id, user_id) > ($1, $2) ORDER BY authorization_id, user_id LIMIT 500";
        self.pairs(query, "holder", "authorization", &mut said)
    }

    fn pairs(&mut self, query: &str, one: &'static str, of: &str, said: &mut HashSet<(String, String)>) -> Result<()> {
        #[derive(QueryableByName)]
        struct Pair {
            #[diesel(sql_type = Text)]
            thing: String,
            #[diesel(sql_type = Text)]
            person: String,
        }
        let mut from = (String::new(), String::new());
        loop {
            let rows: Vec<Pair> = sql_query(query)
                .bind::<Text, _>(from.0.clone())
                .bind::<Text, _>(from.1.clone())
                .load(self.conn)?;
            let Some(last) = rows.last() else { break };
            from = (last.thing.clone(), last.person.clone());
            for row in rows {
                self.report.counts.rows += 1;
                let place = format!("{one} {} of {of} {}", row.person, row.thing);
                if !said.remove(&(row.thing, row.person)) {
                    self.report
                        .fault(one, place, "a row says so, but no event does, or one ended it");
                }
            }
        }
        let mut without: Vec<(String, String)> = said.drain().collect();
        without.sort_unstable();
        for (thing, person) in without {
            self.report.fault(
                one,
                format!("{one} {person} of {of} {thing}"),
                "an event says so, but the row is gone or ended",
            );
        }
        Ok(())
    }
}

/// What a record says under a column's name, as text: `lead_id` may also stand as the `id` in `lead`.
fn said(record: &Value, name: &str) -> Option<String> {
    let inner = name.strip_suffix("_id").and_then(|noun| record.get(noun)?.get("id"));
    match record.get(name).or(inner)? {
        Value::String(text) => Some(text.clone()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Array(words) => Some(sorted(words)),
        _ => None,
    }
}

fn sorted(words: &[Value]) -> String {
    let mut words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    words.sort_unstable();
    words.iter().map(|word| format!("{word},")).collect()
}

/// A column holds a time in microseconds, and words as JSON or each with a comma.
fn is_same(said: &str, column: &str) -> bool {
    let list = || serde_json::from_str::<Vec<Value>>(column).is_ok_and(|words| sorted(&words) == said);
    said == column || clock::parse(said).is_some_and(|at| at.to_string() == column) || list()
}
