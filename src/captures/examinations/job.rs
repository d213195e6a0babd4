//! The jobs: one examines the files of one capture, one looks for captures that nobody has examined.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::{Notify, watch};

use super::store::{self, TO_EXAMINE};
use crate::blobs::{DAMAGED, ExpectedBytes, WHOLE};
use crate::captures::model::{Examination, ExaminedFile, FileEntry};
use crate::captures::store::{self as captures, RemarkKind};
use crate::clock::{MINUTE, Micros, Timestamp};
use crate::error::Result;
use crate::gate::{NewEvent, Tx};
use crate::http::{App, damage};
use crate::jobs::{self, Job, Progress, Worker};
use crate::ledger::{self, Action};
use crate::pictures::room_for;

/// How long the files of one capture are read, so that those of others are read as well, and what helps where that is too short.
/// A file that is begun is read to its end.
type TimeForAll = (Duration, &'static str);
/// Where nobody asked for it.
const BY_ITSELF: TimeForAll = (Duration::from_mins(10), "ask for another examination, which has longer");
/// Where somebody did.
const ASKED: TimeForAll = (Duration::from_mins(60), "log the large files as captures of their own");
/// Captures looked at in one query.
const BATCH: i64 = 500;

/// Examines captures until `stop` becomes true or its sender is gone.
pub async fn run_examinations(app: App, stop: watch::Receiver<bool>) {
    let never = Notify::new();
    let (examining, looking) = (ExamineCapture(app.clone()), LookForUnexamined(app.clone()));
    tokio::join!(
        take_orders(&app, stop.clone()),
        jobs::run(app.gate.clone(), examining, &app.examinations.job, stop.clone()),
        jobs::run(app.gate.clone(), looking, &never, stop),
    );
}

/// Makes jobs of what is asked for, in the background of uploads.
async fn take_orders(app: &App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            asked = app.examinations.asked() => {
                let order = move |tx: &mut Tx<'_>| add_all(tx, &asked);
                match app.gate.housekeep(ledger::job(TO_EXAMINE), order).await {
                    Ok(()) => app.examinations.job.notify_one(),
                    Err(e) => tracing::error!(error = %e, "examinations could not be asked for; they are looked for later"),
                }
            }
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

fn add_all(tx: &mut Tx<'_>, wanting: &[String]) -> Result<()> {
    let mut each = wanting.iter();
    each.try_for_each(|id| jobs::again(tx.conn, TO_EXAMINE, id, tx.now))
}

/// Makes a job for a capture, within the transaction that asks for it.
pub fn order(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    jobs::again(tx.conn, TO_EXAMINE, id, tx.now)
}

#[derive(Clone)]
struct ExamineCapture(App);

impl ExamineCapture {
    fn file(&self, (file, received): (&FileEntry, Timestamp), progress: &Progress) -> Result<ExaminedFile> {
        let app = &self.0;
        if file.withheld.is_some() {
            return Ok(ExaminedFile::skipped(file, "its bytes are not kept here"));
        }
        if file.size == 0 {
            return Ok(ExaminedFile::skipped(file, "it has no bytes"));
        }
        app.blobs
            .check_reserve(app.limits.reserve.saturating_add(room_for(file.size)))?;
        let expected = ExpectedBytes::file(file.sha256, file.size);
        match self.findings((file, received), &expected, progress) {
            Err(e) if e.code == DAMAGED => {
                damage::note(app, &expected, &json!({"examination": file.sha256}), &e);
                Ok(ExaminedFile::skipped(file, "the stored file is damaged"))
            }
            found => found,
        }
    }

    /// What was recorded is examined, and nothing that lies in its place: the bytes are looked at before and after.
    fn findings(
        &self,
        (file, received): (&FileEntry, Timestamp),
        expected: &ExpectedBytes,
        progress: &Progress,
    ) -> Result<ExaminedFile> {
        let (blobs, maker) = (&self.0.blobs, &self.0.pictures.maker);
        let stamp = blobs.check(expected)?;
        let source = blobs.open(&expected.key, WHOLE).map_err(|e| expected.unreadable(e))?;
        let about = (file.media_type.as_deref().unwrap_or_default(), file.size);
        let found = maker.examine(source, about, &|| progress.check())?;
        blobs.is_still(expected, stamp.as_ref())?;
        Ok(ExaminedFile::examined(file, received, found))
    }
}

impl Worker for ExamineCapture {
    const KIND: &'static str = TO_EXAMINE;
    const EVERY: Option<Micros> = None;
    /// None where nothing is to be examined, or the disk has no room for the work: then it is looked for again later.
    type Made = Option<Vec<ExaminedFile>>;

    fn work(&self, job: &Job, progress: &Arc<Progress>) -> Result<Option<Vec<ExaminedFile>>> {
        let id = job.object.clone();
        let look = |conn: &mut _| {
            let (stored, wanted) = (captures::capture(conn, &id)?, store::is_wanted(conn, &id)?);
            Ok((stored, wanted, store::asked(conn, &id)?.is_some()))
        };
        let (stored, wanted, asked) = self.0.gate.db().read_blocking(look)?;
        if !wanted {
            return Ok(None);
        }
        let received = stored.capture.received_at;
        let (begun, (most, way_out)) = (Instant::now(), if asked { ASKED } else { BY_ITSELF });
        let each = |file: &FileEntry| match begun.elapsed() > most {
            true => Ok(ExaminedFile::skipped(file, too_late((most, way_out)))),
            false => self.file((file, received), progress),
        };
        match stored.capture.files.iter().map(each).collect() {
            Ok(files) => Ok(Some(files)),
            Err(e) if e.code == "disk-reserve" => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn keep(&self, tx: &mut Tx<'_>, job: &Job, files: &Option<Vec<ExaminedFile>>) -> Result<i64> {
        let Some(files) = files else { return Ok(0) };
        record(tx, &job.object, files.clone())?;
        Ok(1)
    }

    /// The machine failed, or the server died of it: that is recorded, and it is not tried for ever.
    /// Why is for the server's log, and for no court.
    fn fail(&self, tx: &mut Tx<'_>, job: &Job, why: &str) -> Result<()> {
        tracing::error!(capture = job.object, why, "a capture could not be examined");
        let stored = captures::capture(tx.conn, &job.object)?;
        let files = stored.capture.files.iter();
        let files = files.map(|file| ExaminedFile::skipped(file, "this server could not examine it"));
        record(tx, &job.object, files.collect())
    }
}

/// Why a file was not reached.
fn too_late((most, way_out): TimeForAll) -> String {
    let minutes = most.as_secs() / 60;
    format!("the files before it took the {minutes} minutes that an examination has: {way_out}")
}

/// Records what was found. A capture without files, that was examined or kept from use meanwhile, or whose case was closed,
/// stays as it is.
fn record(tx: &mut Tx<'_>, id: &str, files: Vec<ExaminedFile>) -> Result<()> {
    let case = captures::capture(tx.conn, id)?.capture.case_id;
    tx.lock(&ledger::case_stream(&case))?;
    let stored = captures::capture(tx.conn, id)?;
    if files.is_empty() || !store::is_wanted(tx.conn, id)? {
        return Ok(());
    }
    let ids = (tx.new_id(), id.to_owned());
    let made = Examination::new(ids, Timestamp(tx.now), files)?;
    let (object, record) = (("capture", id), serde_json::to_value(&made)?);
    let event = NewEvent::new(Action::CaptureExamined, object, stored.capture.version, record.clone());
    let appended = tx.append(event.in_case(&case))?;
    let kind = (made.id.as_str(), RemarkKind::Examination);
    captures::insert_remark(tx.conn, &stored.capture, kind, &appended.leaf, &record)
}

/// Looks for captures that nobody has examined: those that were here before examinations were made, and those that a crash
/// cut off.
#[derive(Clone)]
struct LookForUnexamined(App);

impl Worker for LookForUnexamined {
    const KIND: &'static str = "examinations";
    const EVERY: Option<Micros> = Some(10 * MINUTE);
    type Made = i64;

    fn work(&self, _job: &Job, progress: &Arc<Progress>) -> Result<i64> {
        let (app, mut last, mut ordered) = (&self.0, String::new(), 0);
        let asked = app.gate.db().read_blocking(store::unanswered)?;
        if !asked.is_empty() {
            let order = move |tx: &mut Tx<'_>| add_all(tx, &asked);
            app.gate.housekeep_blocking(ledger::job(Self::KIND), order)?;
        }
        loop {
            progress.check()?;
            let look = |conn: &mut _| store::unexamined(conn, &last, BATCH);
            let found = app.gate.db().read_blocking(look)?;
            let Some(end) = found.last() else { return Ok(ordered) };
            last.clone_from(end);
            ordered += i64::try_from(found.len()).unwrap_or(i64::MAX);
            let order = move |tx: &mut Tx<'_>| add_all(tx, &found);
            app.gate.housekeep_blocking(ledger::job(Self::KIND), order)?;
            app.examinations.job.notify_one();
        }
    }

    /// What a job of an examination came to stands in the ledger.
    fn keep(&self, tx: &mut Tx<'_>, _job: &Job, ordered: &i64) -> Result<i64> {
        jobs::forget_ended(tx.conn, TO_EXAMINE)?;
        Ok(*ordered)
    }
}
