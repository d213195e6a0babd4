//! Rows of cases and what hangs on them: each must say what the record of its event says.

use std::collections::HashSet;

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;

use super::{Audit, PAGE, ROW_BODY};
use crate::clock;
use crate::error::Result;
use crate::proof::id::hex;

/// A table whose rows each repeat the record of the event that their `leaf` names.
struct Table {
    name: &'static str,
    /// What a row of it is called.
    one: &'static str,
    /// What the record says too: the field's name, and the columns as one SQL text.
    columns: &'static [(&'static str, &'static str)],
    /// The column with the object of its events.
    object: &'static str,
    /// Which stream they stand in, as SQL.
    stream: &'static str,
    /// The whole record as the row has it, as SQL.
    body: &'static str,
    /// The version, as SQL. It must not be older than that of the latest event about the row.
    version: &'static str,
}

impl Table {
    /// A table of things of a case, which have a body and versions.
    const fn of(name: &'static str, one: &'static str, columns: &'static [(&'static str, &'static str)]) -> Self {
        Self {
            name,
            one,
            columns,
            object: "id",
            stream: "= 'case:' || t.case_id",
            body: "t.body",
            version: "t.version",
        }
    }

    const fn in_stream(self, stream: &'static str) -> Self {
        Self { stream, ..self }
    }

    /// A table of what belongs to another thing; its events are about that thing. Only a row of that thing names the
    /// case, and that row may be gone.
    const fn about(self, object: &'static str) -> Self {
        Self { object, ..self }.in_stream("LIKE 'case:%'").without_versions()
    }

    const fn without_versions(self) -> Self {
        Self {
            version: "CAST(NULL AS BIGINT)",
            ..self
        }
    }

    /// A table without a body: only its columns are compared with the record.
    const fn without_body(self) -> Self {
        Self {
            body: "COALESCE(r.body, '')",
            ..self
        }
    }
}

const RIGHTS: &str = "CASE WHEN t.can_decide THEN 'decide,' ELSE '' END || \
    CASE WHEN t.can_export THEN 'export,' ELSE '' END || CASE WHEN t.can_read THEN 'read,' ELSE '' END";

const AGENCY: &str = "= 'agency'";

const CASE_ID: (&str, &str) = ("case_id", "t.case_id");

const TABLES: &[Table] = &[
    Table::of(
        "users",
        "user",
        &[
            ("username", "t.username"),
            ("name", "t.name"),
            ("roles", "t.roles"),
            ("unit_id", "t.unit_id"),
            ("disabled", "CASE WHEN t.disabled THEN 'true' ELSE 'false' END"),
            ("locked", "CASE WHEN t.locked THEN 'true' ELSE 'false' END"),
        ],
    )
    .in_stream(AGENCY)
    .without_body(),
    Table::of("units", "unit", &[("name", "t.name"), ("path", "t.path")])
        .in_stream(AGENCY)
        .without_body(),
    Table::of(
        "cases",
        "case",
        &[
            ("number", "t.number"),
            ("kind", "t.kind"),
            ("status", "t.status"),
            ("handling", "t.handling"),
            ("unit_id", "t.unit_id"),
            ("lead_id", "t.lead_id"),
        ],
    )
    .in_stream("= 'case:' || t.id"),
    Table::of("subjects", "subject", &[CASE_ID]),
    Table::of("accounts", "account", &[CASE_ID]),
    Table::of(
        "authorizations",
        "authorization",
        &[
            CASE_ID,
            ("state", "t.state"),
            ("requester_id", "t.requester_id"),
            ("starts_at", "CAST(t.starts_at AS TEXT)"),
            ("ends_at", "CAST(t.ends_at AS TEXT)"),
        ],
    ),
    Table::of(
        "grants",
        "grant",
        &[
            CASE_ID,
            ("user_id", "t.user_id"),
            ("rights", RIGHTS),
            ("until", "CAST(t.until AS TEXT)"),
        ],
    ),
    Table::of(
        "capture_entries",
        "entry of a capture",
        &[("capture_id", "t.capture_id")],
    )
    .about("capture_id"),
    Table::of("packets", "packet", &[CASE_ID, ("purpose", "t.purpose")]).without_versions(),
    Table::of("disclosures", "disclosure", &[("packet_id", "t.packet_id")]).about("packet_id"),
    Table::of("trainings", "training", &[("user_id", "t.user_id")])
        .in_stream(AGENCY)
        .without_versions(),
];

#[derive(QueryableByName)]
struct EntityAuditRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Binary)]
    leaf: Vec<u8>,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    version: Option<i64>,
    /// The columns that the body says too, as one text with a unit separator between them.
    #[diesel(sql_type = Text)]
    columns: String,
    #[diesel(sql_type = Nullable<Text>)]
    record: Option<String>,
}

const SEPARATOR: char = '\u{1f}';

impl Table {
    fn query(&self) -> String {
        let Self {
            name,
            object,
            stream,
            body,
            version,
            ..
        } = self;
        let columns: Vec<&str> = self.columns.iter().map(|(_, sql)| *sql).collect();
        let columns = columns.join(&format!(" || '{SEPARATOR}' || "));
        format!(
            "SELECT t.id, t.leaf, {body} AS body, {version} AS version, {columns} AS columns, r.body AS record FROM {name} t \
             LEFT JOIN events e ON e.object = t.{object} AND e.stream {stream} AND e.leaf = t.leaf \
             LEFT JOIN records r ON r.stream = e.stream AND r.seq = e.seq AND r.leaf = e.leaf \
             WHERE t.id > $1 ORDER BY t.id LIMIT {PAGE}"
        )
    }
}

impl Audit<'_> {
    pub(super) fn entities(&mut self) -> Result<()> {
        TABLES.iter().try_for_each(|table| self.table(table))?;
        self.members()?;
        self.holders()
    }

    fn table(&mut self, table: &Table) -> Result<()> {
        let (query, mut from) = (table.query(), String::new());
        loop {
            let rows: Vec<EntityAuditRow> = sql_query(&query).bind::<Text, _>(from.clone()).load(self.conn)?;
            let Some(last) = rows.last() else { return Ok(()) };
            from.clone_from(&last.id);
            rows.iter().for_each(|row| self.row(table, row));
            (self.tell)(table.name, self.report.counts.rows, 0)?;
        }
    }

    fn row(&mut self, table: &Table, row: &EntityAuditRow) {
        self.report.counts.rows += 1;
        let place = format!("{} {}", table.one, row.id);
        match &row.record {
            None => {
                let leaf = hex(&row.leaf);
                let what = format!("names the leaf {leaf}, and no event of it has that leaf and a record");
                self.report.fault("row-event", &place, what);
            }
            Some(record) if *record != row.body => self.report.fault("row-body", &place, ROW_BODY),
            Some(record) => self.agree(&place, table, row, record),
        }
        let latest = self.versions.get(&row.id).copied().unwrap_or(1);
        if let Some(version) = row.version
            && u64::try_from(version).is_ok_and(|v| v < latest)
        {
            let what = format!("its row is version {version}, but events made version {latest}: the row was put back");
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
