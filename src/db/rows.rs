//! Rows of any table, for what treats all tables alike: the comparison of an audit, and a rebuild. A row is a JSON array in
//! the order of the table's columns: texts, integers (a truth is 0 or 1), bytes as hex, or null.

use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;

use super::AnyConn;
use crate::error::{Error, Result};

/// Rows read at a time.
const PAGE: usize = 500;

/// The values of a row, or of its key.
pub type Row = Vec<Value>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnKind {
    Text,
    Integer,
    Truth,
    Bytes,
}

/// A column as the schema makes it.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    kind: ColumnKind,
    /// Its place in the key, from 1; 0 for a column that is no part of it.
    key: i64,
}

/// A table as the schema makes it.
#[derive(Debug, Clone)]
pub struct TableShape {
    /// The table's name.
    pub table: &'static str,
    /// Its columns, in order.
    pub columns: Vec<Column>,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    key: i64,
}

#[derive(QueryableByName)]
struct Cells {
    #[diesel(sql_type = Text)]
    cells: String,
}

impl TableShape {
    /// The shape of a table. Both databases have the same tables, so it is read from SQLite's catalogue.
    ///
    /// # Errors
    /// There is no such table, or a column of a kind that no table here has.
    pub fn of(sqlite: &mut AnyConn, table: &'static str) -> Result<Self> {
        let query = "SELECT name, type AS kind, pk AS key FROM pragma_table_info($1) ORDER BY cid";
        let rows: Vec<ColumnRow> = sql_query(query).bind::<Text, _>(table).load(sqlite)?;
        if rows.is_empty() {
            return Err(Error::internal(format!("there is no table {table}")));
        }
        let column = |row: ColumnRow| {
            let kind = match row.kind.as_str() {
                "TEXT" => ColumnKind::Text,
                "BIGINT" | "INTEGER" => ColumnKind::Integer,
                "BOOLEAN" => ColumnKind::Truth,
                "BLOB" => ColumnKind::Bytes,
                other => return Err(Error::internal(format!("{table}.{} is a {other}", row.name))),
            };
            Ok(Column {
                name: row.name,
                kind,
                key: row.key,
            })
        };
        Ok(Self {
            table,
            columns: rows.into_iter().map(column).collect::<Result<_>>()?,
        })
    }

    /// The columns of the key, in its order, each with its place in a row.
    fn key(&self) -> Vec<(usize, &Column)> {
        let mut key: Vec<_> = self.columns.iter().enumerate().filter(|(_, c)| c.key > 0).collect();
        key.sort_by_key(|(_, column)| column.key);
        key
    }

    /// The key of a row.
    pub fn key_of(&self, row: &Row) -> Row {
        self.key().iter().map(|(place, _)| row[*place].clone()).collect()
    }

    /// The place of a column in a row.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The text in a column of a row; empty where it is none.
    pub fn text<'r>(&self, row: &'r Row, name: &str) -> &'r str {
        let value = self.place(name).and_then(|place| row.get(place));
        value.and_then(Value::as_str).unwrap_or_default()
    }

    fn names(columns: &[(usize, &Column)]) -> String {
        let names: Vec<&str> = columns.iter().map(|(_, column)| column.name.as_str()).collect();
        names.join(", ")
    }

    fn select(&self, conn: &AnyConn) -> String {
        let cells: Vec<String> = self.columns.iter().map(|column| column.read(conn)).collect();
        let array = match conn {
            AnyConn::Pg(_) => "json_build_array",
            AnyConn::Sqlite(_) => "json_array",
        };
        let text = match conn {
            AnyConn::Pg(_) => "::text",
            AnyConn::Sqlite(_) => "",
        };
        format!(
            "SELECT {array}({}){text} AS cells FROM {}",
            cells.join(", "),
            self.table
        )
    }

    /// The rows after a key, at most 500, in the order of the keys in this database.
    pub fn page(&self, conn: &mut AnyConn, after: Option<&Row>) -> Result<Vec<Row>> {
        let key = self.key();
        let names = Self::names(&key);
        let given: Vec<String> = (0..).zip(&key).map(|(n, (_, c))| c.cell(conn, "$1", n)).collect();
        let later = match after {
            Some(_) => format!("({names}) > ({})", given.join(", ")),
            None => "$1 IS NOT NULL".to_owned(),
        };
        let query = format!("{} WHERE {later} ORDER BY {names} LIMIT {PAGE}", self.select(conn));
        self.load(
            conn,
            &query,
            &serde_json::to_string(&after.cloned().unwrap_or_default())?,
        )
    }

    /// Gives every row to `each`, a page at a time.
    pub fn each_page(
        &self,
        conn: &mut AnyConn,
        each: &mut dyn FnMut(&mut AnyConn, &[Row]) -> Result<()>,
    ) -> Result<()> {
        let mut after = None;
        loop {
            let rows = self.page(conn, after.as_ref())?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(self.key_of(last));
            each(conn, &rows)?;
        }
    }

    /// The rows of these keys, as far as they are there.
    pub fn of_keys(&self, conn: &mut AnyConn, keys: &[Row]) -> Result<Vec<Row>> {
        let query = format!("{} WHERE {}", self.select(conn), self.among(conn));
        self.load(conn, &query, &serde_json::to_string(keys)?)
    }

    /// Removes the rows of these keys.
    pub fn remove(&self, conn: &mut AnyConn, keys: &[Row]) -> Result<()> {
        let query = format!("DELETE FROM {} WHERE {}", self.table, self.among(conn));
        sql_query(query)
            .bind::<Text, _>(serde_json::to_string(keys)?)
            .execute(conn)?;
        Ok(())
    }

    fn among(&self, conn: &AnyConn) -> String {
        let key = self.key();
        let cells: Vec<String> = (0..).zip(&key).map(|(n, (_, c))| c.cell(conn, "v.value", n)).collect();
        format!(
            "({}) IN (SELECT {} FROM {})",
            Self::names(&key),
            cells.join(", "),
            values(conn)
        )
    }

    /// Adds rows.
    pub fn insert(&self, conn: &mut AnyConn, rows: &[Row]) -> Result<()> {
        let all: Vec<(usize, &Column)> = self.columns.iter().enumerate().collect();
        let cells: Vec<String> = all.iter().map(|(n, c)| c.cell(conn, "v.value", *n)).collect();
        let query = format!(
            "INSERT INTO {} ({}) SELECT {} FROM {} WHERE TRUE{}",
            self.table,
            Self::names(&all),
            cells.join(", "),
            values(conn),
            self.of_known(conn)
        );
        sql_query(query)
            .bind::<Text, _>(serde_json::to_string(rows)?)
            .execute(conn)?;
        Ok(())
    }

    /// Leaves out what belongs to a user or a case that is not there.
    fn of_known(&self, conn: &AnyConn) -> String {
        let known = [("user_id", "users"), ("case_id", "cases")];
        let known = known.iter().filter_map(|(name, table)| {
            let place = self.place(name)?;
            let cell = self.columns[place].cell(conn, "v.value", place);
            Some(format!(" AND {cell} IN (SELECT id FROM {table})"))
        });
        known.collect()
    }

    /// Sets these columns of rows that are there to what the given rows hold.
    pub fn set(&self, conn: &mut AnyConn, columns: &[&str], rows: &[Row]) -> Result<()> {
        let cells = (0..).zip(&self.columns).map(|(n, column)| {
            let cell = column.cell(conn, "v.value", n);
            format!("{cell} AS {}", column.name)
        });
        let cells: Vec<String> = cells.collect();
        let set: Vec<String> = columns.iter().map(|name| format!("{name} = new.{name}")).collect();
        let same = self.key().into_iter().map(|(_, column)| {
            let (table, name) = (self.table, &column.name);
            format!("{table}.{name} = new.{name}")
        });
        let same: Vec<String> = same.collect();
        let query = format!(
            "UPDATE {} SET {} FROM (SELECT {} FROM {}) AS new WHERE {}",
            self.table,
            set.join(", "),
            cells.join(", "),
            values(conn),
            same.join(" AND ")
        );
        sql_query(query)
            .bind::<Text, _>(serde_json::to_string(rows)?)
            .execute(conn)?;
        Ok(())
    }

    fn load(&self, conn: &mut AnyConn, query: &str, given: &str) -> Result<Vec<Row>> {
        let rows: Vec<Cells> = sql_query(query).bind::<Text, _>(given).load(conn)?;
        rows.iter().map(|row| Ok(serde_json::from_str(&row.cells)?)).collect()
    }
}

/// The rows that were given as one JSON array, as a table `v` with the column `value`.
fn values(conn: &AnyConn) -> &'static str {
    match conn {
        AnyConn::Pg(_) => "jsonb_array_elements($1::jsonb) AS v (value)",
        AnyConn::Sqlite(_) => "json_each($1) AS v",
    }
}

impl Column {
    /// Its value as JSON. A value of another kind than the column's, which SQLite would keep, stays another value.
    fn read(&self, conn: &AnyConn) -> String {
        let name = &self.name;
        match (conn, self.kind) {
            (AnyConn::Pg(_), ColumnKind::Bytes) => format!("encode({name}, 'hex')"),
            (AnyConn::Pg(_), ColumnKind::Truth) => format!("{name}::int"),
            (AnyConn::Pg(_), _) => name.clone(),
            (AnyConn::Sqlite(_), ColumnKind::Bytes) => {
                format!("CASE typeof({name}) WHEN 'blob' THEN lower(hex({name})) ELSE {name} END")
            }
            (AnyConn::Sqlite(_), _) => {
                format!("CASE typeof({name}) WHEN 'blob' THEN 'bytes ' || hex({name}) ELSE {name} END")
            }
        }
    }

    /// Value `n` of a JSON array, as a value of this column.
    fn cell(&self, conn: &AnyConn, array: &str, n: usize) -> String {
        match (conn, self.kind) {
            (AnyConn::Sqlite(_), ColumnKind::Bytes) => format!("unhex(json_extract({array}, '$[{n}]'))"),
            (AnyConn::Sqlite(_), _) => format!("json_extract({array}, '$[{n}]')"),
            (AnyConn::Pg(_), kind) => {
                let text = match array {
                    "$1" => format!("($1::jsonb->>{n})"),
                    array => format!("({array}->>{n})"),
                };
                match kind {
                    ColumnKind::Text => text,
                    ColumnKind::Integer => format!("{text}::bigint"),
                    ColumnKind::Truth => format!("{text}::int::boolean"),
                    ColumnKind::Bytes => format!("decode({text}, 'hex')"),
                }
            }
        }
    }
}
