//! Queries over subjects and accounts.

use diesel::prelude::*;

use super::model::{AccountFields, CaseEntry, EntryFields, Juvenile, SubjectFields};
use crate::db::tables::{accounts, subjects};
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::proof::id::Digest;

/// Entries of a case that are kept in a table.
pub trait KeptEntry: EntryFields {
    /// Keeps a version that an event with this leaf recorded. The first version makes the row, a later one replaces it.
    fn save(conn: &mut AnyConn, entry: &CaseEntry<Self>, leaf: &Digest) -> Result<()>;

    /// Entries of a case, oldest first.
    fn of_case(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<CaseEntry<Self>>>;

    /// An entry of this case.
    fn find(conn: &mut AnyConn, case: &str, id: &str) -> Result<CaseEntry<Self>>;
}

/// Keeps entries in a table. The tables of subjects and accounts have the same columns. This is a macro because each
/// table is a type of its own in Diesel.
macro_rules! kept_in {
    ($table:ident, $fields:ty) => {
        impl KeptEntry for $fields {
            fn save(conn: &mut AnyConn, entry: &CaseEntry<Self>, leaf: &Digest) -> Result<()> {
                let row = (
                    $table::case_id.eq(&entry.case_id),
                    $table::version.eq(entry.version),
                    $table::leaf.eq(leaf.as_bytes().to_vec()),
                    $table::body.eq(canonical(entry)?),
                );
                if entry.version > 1 {
                    diesel::update($table::table.find(&entry.id))
                        .set(row)
                        .execute(conn)?;
                } else {
                    let id = $table::id.eq(&entry.id);
                    diesel::insert_into($table::table)
                        .values((id, row))
                        .execute(conn)?;
                }
                Ok(())
            }

            fn of_case(
                conn: &mut AnyConn,
                case: &str,
                after: Option<&str>,
                limit: usize,
            ) -> Result<Vec<CaseEntry<Self>>> {
                let later = $table::id.gt(after.unwrap_or_default());
                let found = $table::table.filter($table::case_id.eq(case).and(later));
                db::records(
                    conn,
                    found.order($table::id).limit(limit as i64).select($table::body),
                )
            }

            fn find(conn: &mut AnyConn, case: &str, id: &str) -> Result<CaseEntry<Self>> {
                let found = $table::table.find(id).filter($table::case_id.eq(case));
                db::record(conn, found.select($table::body))
            }
        }
    };
}

kept_in!(subjects, SubjectFields);
kept_in!(accounts, AccountFields);

/// The accounts of a case that had other handles before.
pub fn renamed(conn: &mut AnyConn, case: &str) -> Result<Vec<AccountFields>> {
    let found = accounts::table
        .filter(accounts::case_id.eq(case))
        .filter(accounts::body.like("%\"former_handles\":[%"))
        .order(accounts::id);
    let entries: Vec<CaseEntry<AccountFields>> = db::records(conn, found.select(accounts::body))?;
    Ok(entries.into_iter().map(|entry| entry.fields).collect())
}

/// The names of the juveniles whom a case is about, as far as it is known of them; those without a name by their role.
pub fn juveniles(conn: &mut AnyConn, case: &str) -> Result<Vec<String>> {
    let all = SubjectFields::of_case(conn, case, None, 1000)?;
    let young = all
        .into_iter()
        .filter(|subject| subject.fields.juvenile == Some(Juvenile::Known(true)));
    let name = |fields: SubjectFields| {
        let role = fields.role.map_or("a subject", |role| role.as_str());
        fields.name.unwrap_or_else(|| role.to_owned())
    };
    Ok(young.map(|subject| name(subject.fields)).collect())
}
