//! Verifying a capture on request. Every byte is read again and hashed, and the record is compared with its event. The
//! answer is a verdict that says what was checked.

use actix_web::HttpResponse;

use super::model::{Check, CheckOutcome, FileEntry, StoredCapture, Verification};
use super::reads::{self, Recording};
use super::remarks;
use crate::blobs::{Blobs, Hashed, Key, WHOLE, hash};
use crate::db::blocking;
use crate::error::Result;
use crate::gate::{Scope, Tx};
use crate::http::reply::Reply;
use crate::http::{PathId, WriteRequest};
use crate::ledger;
use crate::policy::Act;
use crate::proof::event::Event;
use crate::proof::id::Digest;
use crate::proof::record;

pub(super) async fn verify(id: PathId, request: WriteRequest) -> Reply {
    let scope = Scope::Capture(id.0.clone());
    let found = reads::recorded(&request.app.gate, &request.ctx, id.0.clone()).await?;
    let blobs = request.app.blobs.clone();
    let found = blocking(move || Ok(verification(&blobs, &found))).await?;
    let verb = move |tx: &mut Tx<'_>| remarks::record_verification(tx, &id.0, &found);
    let made = request.transact(Act::CaptureVerify, scope, verb).await?;
    Ok(HttpResponse::Created().json(made))
}

/// Reads everything again; blocks.
fn verification(blobs: &Blobs, found: &Recording) -> Verification {
    let files = found.stored.capture.files.iter();
    let mut checks = vec![check_record(found)];
    checks.extend(files.map(|file| check_file(blobs, file)));
    Verification {
        verdict: worst(&checks),
        checks,
        anchored: "never anchored".into(),
    }
}

fn check(what: &str, sha256: Option<Digest>, verdict: CheckOutcome, why: impl Into<String>) -> Check {
    Check {
        what: what.into(),
        sha256,
        verdict,
        why: why.into(),
    }
}

fn check_record(found: &Recording) -> Check {
    let (verdict, why) = match (&found.event, &found.record) {
        (Some(event), Some(record)) if holds(&found.stored, &event.body, record) => (
            CheckOutcome::Passed,
            "the event is the one recorded, and its record is the one it binds",
        ),
        (Some(_), Some(_)) => (CheckOutcome::Failed, "the event and its record do not belong together"),
        (None, _) => (CheckOutcome::Failed, "the event of the recording is not where it was"),
        (_, None) => (CheckOutcome::Absent, "the record was purged; the event still stands"),
    };
    check("record", None, verdict, why)
}

fn holds(stored: &StoredCapture, body: &[u8], (salt, text): &ledger::read::Record) -> bool {
    let Ok(event) = Event::parse(body) else { return false };
    let Ok(salt) = <&[u8; 32]>::try_from(salt.as_slice()) else {
        return false;
    };
    crate::proof::event::leaf(body) == stored.leaf
        && event.object.id == stored.capture.id
        && record::hash_canonical(text.as_bytes(), salt) == event.record
}

fn check_file(blobs: &Blobs, file: &FileEntry) -> Check {
    let wanted = file.sha256;
    if file.withheld.is_some() {
        let why = "hash-only: the bytes are not kept here";
        return check("file", Some(wanted), CheckOutcome::NotChecked, why);
    }
    let (verdict, why) = match read_again(blobs, wanted) {
        Ok(read) if read.sha256 == wanted && read.size == file.size => {
            let why = format!("{} bytes were read again and have this digest", read.size);
            (CheckOutcome::Passed, why)
        }
        Ok(Hashed { size, sha256, .. }) => {
            let why = format!("{size} bytes were read again and have the digest {sha256}");
            (CheckOutcome::Failed, why)
        }
        Err(e) => (CheckOutcome::Failed, format!("the bytes cannot be read: {e}")),
    };
    check("file", Some(wanted), verdict, why)
}

fn read_again(blobs: &Blobs, sha256: Digest) -> Result<Hashed> {
    Ok(hash(blobs.open(&Key::File(sha256), WHOLE)?, |_| Ok(()))?)
}

fn worst(checks: &[Check]) -> CheckOutcome {
    let bad = [CheckOutcome::Failed, CheckOutcome::Absent, CheckOutcome::NotChecked];
    let found = bad.into_iter().find(|v| checks.iter().any(|c| c.verdict == *v));
    found.unwrap_or(CheckOutcome::Passed)
}
