//! Verifying a capture on request: every byte read again and hashed, the record and its event held against each other.
//! The answer is a verdict; it says what was looked at.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde_json::{Value, json};

use super::api::capture;
use super::entries;
use super::store::{self, CaptureRow, FileRow};
use crate::blobs::{Blobs, Hashed, Key, WHOLE, hash};
use crate::db::blocking;
use crate::error::Result;
use crate::gate::Visit;
use crate::http::App;
use crate::http::reply::Reply;
use crate::ledger::{self, Action};
use crate::policy::Act;
use crate::proof::event::Event;
use crate::proof::id::Digest;
use crate::proof::record;

pub(super) async fn verify(path: Path<String>, visit: Visit, app: App) -> Reply {
    let (id, scope) = capture(&path)?;
    let wanted = id.clone();
    let (row, files, stored) = app
        .gate
        .read(&visit, Act::CaptureVerify, scope.clone(), move |look| {
            let row = store::capture(look.conn, &wanted)?;
            let files = store::files_of(look.conn, &wanted)?;
            let stream = ledger::case_stream(&row.case_id);
            let event = ledger::read::of_stream(look.conn, &stream, row.seq, 1)?.pop();
            let stored = ledger::read::record(look.conn, &stream, row.seq)?;
            Ok((row, files, (event, stored)))
        })
        .await?;
    let blobs = app.blobs.clone();
    let checks = blocking(move || {
        let mut checks = vec![check_record(&row, stored)];
        checks.extend(files.iter().map(|f| check_file(&blobs, f)));
        Ok(checks)
    })
    .await?;
    let verdict = worst(&checks);
    let content = json!({"verdict": verdict, "checks": checks, "anchored": "never anchored"});
    let made = app
        .gate
        .write(&visit, Act::CaptureVerify, scope, move |tx| {
            let row = store::capture(tx.conn, &id)?;
            let (shown, _) = entries::add(tx, &row, "verification", Action::CaptureVerified, content.clone())?;
            tx.answer(shown)
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

type Stored = (Option<ledger::read::StoredEvent>, Option<ledger::read::Record>);

fn check_record(row: &CaptureRow, (event, stored): Stored) -> Value {
    let (verdict, why) = match (event.map(|e| e.body), stored) {
        (Some(body), Some((salt, text))) => match holds(row, &body, &salt, &text) {
            true => (
                "passed",
                "the event is the one recorded, and its record is the one it binds",
            ),
            false => ("failed", "the event and its record do not belong together"),
        },
        (None, _) => ("failed", "the event of the recording is not where it was"),
        (_, None) => ("absent", "the record was purged; the event still stands"),
    };
    json!({"what": "record", "sha256": null, "verdict": verdict, "why": why})
}

fn holds(row: &CaptureRow, body: &[u8], salt: &[u8], text: &str) -> bool {
    let Ok(event) = Event::parse(body) else { return false };
    let Ok(salt) = <&[u8; 32]>::try_from(salt) else {
        return false;
    };
    let leaf = crate::proof::event::leaf(body);
    leaf.as_bytes().as_slice() == row.leaf
        && event.object.id == row.id
        && record::hash_canonical(text.as_bytes(), salt) == event.record
}

fn check_file(blobs: &Blobs, file: &FileRow) -> Value {
    let digest = Digest::from_slice(&file.sha256);
    let (verdict, why) = match (digest, file.withheld) {
        (_, true) => ("not_checked", "hash-only: the bytes are not kept here".to_owned()),
        (None, _) => ("failed", "the stored digest is damaged".to_owned()),
        (Some(wanted), _) => match read_again(blobs, wanted) {
            Ok(read) if read.sha256 == wanted && i64::try_from(read.size).ok() == file.size => {
                let why = format!("{} bytes were read again and have this digest", read.size);
                ("passed", why)
            }
            Ok(read) => {
                let why = format!(
                    "{} bytes were read again and have the digest {}",
                    read.size, read.sha256
                );
                ("failed", why)
            }
            Err(e) => ("failed", format!("the bytes cannot be read: {e}")),
        },
    };
    json!({"what": "file", "sha256": digest, "verdict": verdict, "why": why})
}

fn read_again(blobs: &Blobs, sha256: Digest) -> Result<Hashed> {
    Ok(hash(blobs.open(&Key::File(sha256), WHOLE)?, |_| Ok(()))?)
}

fn worst(checks: &[Value]) -> &'static str {
    ["failed", "absent", "not_checked"]
        .into_iter()
        .find(|v| checks.iter().any(|c| c["verdict"] == *v))
        .unwrap_or("passed")
}
