//! Adding and changing subjects and accounts.

use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::store;
use crate::clock;
use crate::db::canonical;
use crate::db::tables::{accounts, subjects};
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::Action;

const SUBJECT: &[&str] = &["role", "name", "juvenile", "date_of_birth", "description"];
const ACCOUNT: &[&str] = &["platform", "handle", "platform_id", "url", "subject_id", "attribution"];

fn new_record(tx: &Tx<'_>, fields: &[&str], given: &Map<String, Value>) -> Result<Value> {
    let now = clock::format(tx.now);
    let mut record = json!({
        "id": tx.new_id(), "case_id": tx.case()?.case_id, "version": 1, "created_at": now, "changed_at": now,
    });
    for name in fields {
        record[*name] = given.get(*name).cloned().unwrap_or(Value::Null);
    }
    Ok(record)
}

fn next_record(tx: &Tx<'_>, before: &str, version: i64, given: &Map<String, Value>) -> Result<Value> {
    let mut record: Value = serde_json::from_str(before)?;
    if record["version"] != json!(version) {
        return Err(Error::stale());
    }
    for (name, value) in given {
        record[name] = value.clone();
    }
    record["version"] = json!(version + 1);
    record["changed_at"] = json!(clock::format(tx.now));
    Ok(record)
}

/// Adds a subject.
pub fn add_subject(tx: &mut Tx<'_>, given: &Map<String, Value>) -> Result<Recorded<Value>> {
    let record = new_record(tx, SUBJECT, given)?;
    let id = record["id"].as_str().unwrap_or_default().to_owned();
    let made = tx.append(NewEvent::new(Action::SubjectAdded, ("subject", &id), 1, record.clone()))?;
    diesel::insert_into(subjects::table)
        .values((
            subjects::id.eq(&id),
            subjects::case_id.eq(&tx.case()?.case_id),
            subjects::version.eq(1i64),
            subjects::leaf.eq(made.leaf.as_bytes().to_vec()),
            subjects::body.eq(canonical(&record)?),
        ))
        .execute(tx.conn)?;
    tx.answer(record)
}

/// Makes a subject's next version.
pub fn change_subject(tx: &mut Tx<'_>, id: &str, version: i64, given: &Map<String, Value>) -> Result<Recorded<Value>> {
    let case = tx.case()?.case_id.clone();
    let before = store::subject(tx.conn, &case, id)?.ok_or_else(Error::not_found)?;
    let record = next_record(tx, &before, version, given)?;
    let made = tx.append(NewEvent::new(
        Action::SubjectChanged,
        ("subject", id),
        version + 1,
        record.clone(),
    ))?;
    diesel::update(subjects::table.find(id))
        .set((
            subjects::version.eq(version + 1),
            subjects::leaf.eq(made.leaf.as_bytes().to_vec()),
            subjects::body.eq(canonical(&record)?),
        ))
        .execute(tx.conn)?;
    tx.answer(record)
}

/// Adds an account.
pub fn add_account(tx: &mut Tx<'_>, given: &Map<String, Value>) -> Result<Recorded<Value>> {
    known_subject(tx, given)?;
    let record = new_record(tx, ACCOUNT, given)?;
    let id = record["id"].as_str().unwrap_or_default().to_owned();
    let made = tx.append(NewEvent::new(Action::AccountAdded, ("account", &id), 1, record.clone()))?;
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(&id),
            accounts::case_id.eq(&tx.case()?.case_id),
            accounts::version.eq(1i64),
            accounts::leaf.eq(made.leaf.as_bytes().to_vec()),
            accounts::body.eq(canonical(&record)?),
        ))
        .execute(tx.conn)?;
    tx.answer(record)
}

/// Makes an account's next version.
pub fn change_account(tx: &mut Tx<'_>, id: &str, version: i64, given: &Map<String, Value>) -> Result<Recorded<Value>> {
    known_subject(tx, given)?;
    let case = tx.case()?.case_id.clone();
    let before = store::account(tx.conn, &case, id)?.ok_or_else(Error::not_found)?;
    let record = next_record(tx, &before, version, given)?;
    let made = tx.append(NewEvent::new(
        Action::AccountChanged,
        ("account", id),
        version + 1,
        record.clone(),
    ))?;
    diesel::update(accounts::table.find(id))
        .set((
            accounts::version.eq(version + 1),
            accounts::leaf.eq(made.leaf.as_bytes().to_vec()),
            accounts::body.eq(canonical(&record)?),
        ))
        .execute(tx.conn)?;
    tx.answer(record)
}

fn known_subject(tx: &mut Tx<'_>, given: &Map<String, Value>) -> Result<()> {
    let Some(id) = given.get("subject_id").and_then(Value::as_str) else {
        return Ok(());
    };
    let case = tx.case()?.case_id.clone();
    match store::subject(tx.conn, &case, id)? {
        Some(_) => Ok(()),
        None => Err(Error::field("subject_id", "exists", "is no subject of this case")),
    }
}
