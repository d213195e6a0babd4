//! Makes a database anew from the ledger of another, of either kind: the ledger is copied, every projection is made from
//! it, and then what no event holds is brought over as far as it agrees with the ledger.

use std::path::Path;
use std::sync::Arc;

use diesel::RunQueryDsl;
use diesel::sql_query;
use serde_json::Value;

use super::compare::agrees;
use super::replay::replay;
use super::tables::{TABLES, TableKind};
use crate::blobs::{Key, Store, WHOLE, hash};
use crate::db::rows::{Row, TableShape};
use crate::db::{self, AnyConn, Db, Reader, snapshot};
use crate::error::{Error, Result};
use crate::identity::unbound_secret;
use crate::proof::id::Digest;
use crate::users::projection::bring_password;
use crate::users::store::users;

/// How far a rebuild is: what is made now, how much of it, of how much.
pub type Told = Arc<dyn Fn(&'static str, u64, u64) + Send + Sync>;

/// Makes everything in `target`, which is migrated and empty. `folder` is for what is needed meanwhile.
///
/// # Errors
/// `target` holds something, a database cannot be read or written, or the ledger of `source` is damaged: an event from
/// which no rows can be made is named. Nothing is left in `target` then.
pub fn rebuild(source: &Reader, target: &Db, folder: &Path, store: &dyn Store, told: &Told) -> Result<()> {
    let mut catalogue = db::scratch(folder)?;
    let shape = |table| TableShape::of(&mut catalogue, table);
    let shapes: Vec<TableShape> = TABLES
        .iter()
        .map(|(table, _)| *table)
        .map(shape)
        .collect::<Result<_>>()?;
    let shapes = Arc::new(shapes);
    let (from, all, progress) = (source.clone(), shapes.clone(), told.clone());
    target.write_blocking(move |target| {
        let rows = Rows {
            shapes: &all,
            told: &progress,
        };
        from.read_blocking(|conn| snapshot(conn, |source| rows.make(source, target)))
    })?;
    checksums(target, &shapes, store, told)
}

/// What hears of a row of the source and the one that was made, in the target.
type EachPair<'a> = dyn FnMut(&mut AnyConn, (&Row, &Row)) -> Result<()> + 'a;

/// The tables while they are filled.
struct Rows<'a> {
    shapes: &'a [TableShape],
    told: &'a Told,
}

impl Rows<'_> {
    fn make(&self, source: &mut AnyConn, target: &mut AnyConn) -> Result<()> {
        self.refuse_filled(target)?;
        self.copy(source, target, |kind| kind == TableKind::Ledger)?;
        let mut tell = |done, of| {
            (self.told)("rows", done, of);
            Ok(())
        };
        replay(source, target, &mut tell, &mut |(place, why)| {
            let why = why.detail;
            let detail = format!(
                "{place}: nothing can be made of its record ({why}). The ledger itself is damaged: `casetrail audit` says \
                 where, and a backup from before that can be restored"
            );
            Err(Error::conflict(detail))
        })?;
        self.secrets(source, target)?;
        self.bring(source, target, "sessions", &["generation", "refreshed_at", "used_at"])?;
        self.packets(source, target)?;
        self.copy(source, target, |kind| matches!(kind, TableKind::Operational(_)))?;
        match target {
            AnyConn::Pg(_) => {
                let next = "SELECT setval('outbox_id_seq', (SELECT COALESCE(MAX(id), 0) + 1 FROM outbox), FALSE)";
                sql_query(next).execute(target).map(drop)?;
            }
            AnyConn::Sqlite(_) => {}
        }
        Ok(())
    }

    fn shape(&self, table: &str) -> Result<&TableShape> {
        let found = self.shapes.iter().find(|shape| shape.table == table);
        found.ok_or_else(|| Error::internal(format!("no table {table}")))
    }

    fn refuse_filled(&self, target: &mut AnyConn) -> Result<()> {
        for table in ["log_state", "events", "users", "files"] {
            if !self.shape(table)?.page(target, None)?.is_empty() {
                let detail =
                    format!("the database to rebuild into is not empty: its table {table} holds rows. Name a new one");
                return Err(Error::conflict(detail));
            }
        }
        Ok(())
    }

    /// Copies tables as they are. What find knows is made anew from the records, by the server.
    fn copy(&self, source: &mut AnyConn, target: &mut AnyConn, which: fn(TableKind) -> bool) -> Result<()> {
        let tables = TABLES
            .iter()
            .filter(|(table, kind)| which(*kind) && !table.starts_with("find_"));
        for (table, _) in tables {
            let (shape, mut done) = (self.shape(table)?, 0);
            shape.each_page(source, &mut |_, rows| {
                done += rows.len() as u64;
                (self.told)(shape.table, done, 0);
                shape.insert(target, rows)
            })?;
        }
        Ok(())
    }

    /// Passwords and tokens: those that the records bind, and those of earlier releases, which bound none. A session has
    /// no secret in the database.
    fn secrets(&self, source: &mut AnyConn, target: &mut AnyConn) -> Result<()> {
        for row in users(source)? {
            // A user whom no event made is not made.
            match bring_password(target, &row) {
                Err(e) if e.kind != crate::error::Kind::NotFound => return Err(e),
                _ => {}
            }
        }
        let shape = self.shape("sessions")?;
        self.pairs(source, target, "sessions", &mut |target, pair| {
            secret(shape, target, pair)
        })
    }

    /// How far packets are, as far as that agrees with their events.
    fn packets(&self, source: &mut AnyConn, target: &mut AnyConn) -> Result<()> {
        let shape = self.shape("packets")?;
        let columns = ["state", "started_at", "finished_at", "size", "sha256"];
        self.pairs(source, target, "packets", &mut |target, (found, made)| {
            let n = shape.place("state").unwrap_or_default();
            match found[n] == made[n] || agrees(shape, "state", (found, made), n) {
                true => shape.set(target, &columns, std::slice::from_ref(found)),
                false => Ok(()),
            }
        })
    }

    fn bring(&self, source: &mut AnyConn, target: &mut AnyConn, table: &str, columns: &[&str]) -> Result<()> {
        let shape = self.shape(table)?;
        shape.each_page(source, &mut |_, rows| shape.set(target, columns, rows))
    }

    /// Gives each row of the source that was also made in the target to `each`, beside the made one.
    fn pairs(&self, source: &mut AnyConn, target: &mut AnyConn, table: &str, each: &mut EachPair<'_>) -> Result<()> {
        let shape = self.shape(table)?;
        shape.each_page(source, &mut |_, rows| {
            let keys: Vec<Row> = rows.iter().map(|row| shape.key_of(row)).collect();
            let made = shape.of_keys(target, &keys)?;
            for row in rows {
                let same = made.iter().find(|made| shape.key_of(made) == shape.key_of(row));
                if let Some(made) = same {
                    each(target, (row, made))?;
                }
            }
            Ok(())
        })
    }
}

/// What no record says of a session or token: the secret, where it is bound to nothing; and whether it ended, where an
/// earlier release did not name the session that went on.
fn secret(shape: &TableShape, target: &mut AnyConn, (found, made): (&Row, &Row)) -> Result<()> {
    let unbound = unbound_secret(shape.text(made, "id")).to_string();
    let perhaps = shape
        .place("ended_at")
        .and_then(|n| made[n].as_i64())
        .filter(|at| *at < 0);
    let open = [
        ("secret_hash", shape.text(made, "secret_hash") == unbound),
        ("ended_at", perhaps.is_some()),
    ];
    let (mut row, mut columns) = (made.clone(), Vec::new());
    for (name, _) in open.iter().filter(|(_, open)| *open) {
        let n = shape.place(name).unwrap_or_default();
        row[n] = match agrees(shape, name, (found, made), n) {
            true => found[n].clone(),
            false => Value::from(perhaps.map(|at| -at)),
        };
        columns.push(*name);
    }
    match columns.is_empty() {
        true => Ok(()),
        false => shape.set(target, &columns, &[row]),
    }
}

/// The CRC-32 of every file, from its bytes. A file that is missing or damaged keeps none: the audit names it.
fn checksums(target: &Db, shapes: &Arc<Vec<TableShape>>, store: &dyn Store, told: &Told) -> Result<()> {
    let position = |table: &str| shapes.iter().position(|shape| shape.table == table);
    let n = position("files").ok_or_else(|| Error::internal("no table files"))?;
    let crc32 = shapes[n].place("crc32").unwrap_or_default();
    let (mut after, mut done) = (None, 0);
    loop {
        let mut rows = target.read_blocking(|conn| shapes[n].page(conn, after.as_ref()))?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(shapes[n].key_of(last));
        for row in &mut rows {
            let name: Option<Digest> = shapes[n].text(row, "sha256").parse().ok();
            let read = name.map(|name| {
                store
                    .open(&Key::File(name), WHOLE)
                    .and_then(|bytes| hash(bytes, |_| Ok(())))
            });
            if let Some(Ok(read)) = read {
                row[crc32] = Value::from(read.crc32);
            }
            done += 1;
            told("files", done, 0);
        }
        let shapes = shapes.clone();
        target.write_blocking(move |conn| shapes[n].set(conn, &["crc32"], &rows))?;
    }
}
