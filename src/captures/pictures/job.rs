//! The jobs: one makes the picture of one file, one looks for files without a picture.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::{Notify, watch};

use super::store::{self, PictureRow, PictureState};
use crate::blobs::{DAMAGED, ExpectedBytes, Key, WHOLE};
use crate::clock::{MINUTE, Micros};
use crate::error::{Error, Result};
use crate::gate::Tx;
use crate::http::{App, damage};
use crate::jobs::{self, Job, Progress, Worker};
use crate::ledger;
use crate::pictures::{Helpers, MadePicture, ThumbSize, Unmade, room_for};
use crate::proof::id::Digest;

/// The job that makes the picture of a file, by the file's digest.
pub(in crate::captures) const TO_MAKE: &str = "picture";
/// Why there is no picture of a file that is damaged; it is looked at again, because files are put back from backups.
const DAMAGED_FILE: &str = "the stored file is damaged";
/// Files looked at in one query.
const BATCH: usize = 500;

/// Makes pictures until `stop` becomes true or its sender is gone.
pub async fn run_pictures(app: App, stop: watch::Receiver<bool>) {
    let never = Notify::new();
    let (making, looking) = (MakePicture(app.clone()), LookForPictures(app.clone()));
    app.pictures.opens();
    tokio::join!(
        take_orders(&app, stop.clone()),
        jobs::run(app.gate.clone(), making, &app.pictures.job, stop.clone()),
        jobs::run(app.gate.clone(), looking, &never, stop),
    );
}

/// Makes jobs of what is asked for, in the background of uploads and of pages.
async fn take_orders(app: &App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            asked = app.pictures.asked() => {
                if let Err(e) = order(app, asked).await {
                    tracing::error!(error = %e, "pictures could not be asked for; looking at them asks again");
                }
            }
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

async fn order(app: &App, asked: Vec<Digest>) -> Result<()> {
    let wanting = app.gate.db().read(move |conn| store::wanting(conn, &asked)).await?;
    if wanting.is_empty() {
        return Ok(());
    }
    let order = move |tx: &mut Tx<'_>| add_all(tx, &wanting);
    app.gate.housekeep(ledger::job(TO_MAKE), order).await?;
    app.pictures.job.notify_one();
    Ok(())
}

fn add_all(tx: &mut Tx<'_>, wanting: &[Digest]) -> Result<()> {
    let mut each = wanting.iter();
    each.try_for_each(|digest| jobs::again(tx.conn, TO_MAKE, &digest.to_string(), tx.now))
}

/// Why there is no picture, in words for a page.
pub(in crate::captures) fn words_of(row: &PictureRow) -> Option<String> {
    match row.state {
        PictureState::Made => None,
        PictureState::Failed => Some(format!("No preview could be made: {}.", row.reason)),
        PictureState::Lacking => Some(format!(
            "No preview could be made: the program {} is not installed on this server.",
            row.reason
        )),
    }
}

#[derive(Clone)]
struct MakePicture(App);

impl MakePicture {
    /// What becomes of a file's picture. None where the disk has no room for the work: it is looked for again later.
    fn make(&self, sha256: Digest, progress: &Progress) -> Result<Option<PictureRow>> {
        let app = &self.0;
        let known = app.gate.db().read_blocking(|conn| store::file(conn, &sha256))?;
        let (size, media_type) = known.ok_or_else(Error::not_found)?;
        let about = (media_type.as_str(), u64::try_from(size).unwrap_or(u64::MAX));
        let needed = app.limits.reserve.saturating_add(room_for(about.1));
        if let Err(e) = app.blobs.check_reserve(needed) {
            return if e.code == "disk-reserve" { Ok(None) } else { Err(e) };
        }
        let expected = ExpectedBytes::file(sha256, about.1);
        let made = match self.made_of(&expected, about, progress) {
            Err(e) if e.code == DAMAGED => {
                damage::note(app, &expected, &json!({"picture": sha256}), &e);
                Err(Unmade::Failed(DAMAGED_FILE.to_owned()))
            }
            made => made?,
        };
        if let Ok(made) = &made {
            let put = |size, bytes| app.blobs.keep_picture(&Key::Picture(sha256, size), bytes);
            put(ThumbSize::Thumbnail, &made.thumbnail)?;
            put(ThumbSize::Preview, &made.preview)?;
        }
        Ok(Some(row_of(made)))
    }

    /// A picture of what was recorded, and of nothing that lies in its place: the bytes are looked at before and after.
    fn made_of(&self, expected: &ExpectedBytes, about: (&str, u64), progress: &Progress) -> Result<Made> {
        let (blobs, maker) = (&self.0.blobs, &self.0.pictures.maker);
        let stamp = blobs.check(expected)?;
        let source = blobs.open(&expected.key, WHOLE).map_err(|e| expected.unreadable(e))?;
        let made = maker.make(source, about, &|| progress.check())?;
        blobs.is_still(expected, stamp.as_ref())?;
        Ok(made)
    }
}

type Made = std::result::Result<MadePicture, Unmade>;

fn row_of(made: Made) -> PictureRow {
    let without = |state, reason| PictureRow {
        state,
        reason,
        width: 0,
        height: 0,
    };
    match made {
        Ok(made) => PictureRow {
            state: PictureState::Made,
            reason: String::new(),
            width: made.width.into(),
            height: made.height.into(),
        },
        Err(Unmade::Failed(reason)) => without(PictureState::Failed, reason),
        Err(Unmade::Lacks(helper)) => without(PictureState::Lacking, helper.to_owned()),
    }
}

fn digest_of(job: &Job) -> Result<Digest> {
    job.object.parse().map_err(|_| Error::internal("a job names no digest"))
}

impl Worker for MakePicture {
    const KIND: &'static str = TO_MAKE;
    const EVERY: Option<Micros> = None;
    type Made = Option<PictureRow>;

    fn work(&self, job: &Job, progress: &Arc<Progress>) -> Result<Option<PictureRow>> {
        self.make(digest_of(job)?, progress)
    }

    fn keep(&self, tx: &mut Tx<'_>, job: &Job, made: &Option<PictureRow>) -> Result<i64> {
        let Some(made) = made else { return Ok(0) };
        store::keep(tx.conn, &digest_of(job)?, made, tx.now)?;
        Ok(1)
    }

    /// The machine failed, or the server died of it: it is not tried for ever.
    fn fail(&self, tx: &mut Tx<'_>, job: &Job, why: &str) -> Result<()> {
        let row = row_of(Err(Unmade::Failed(why.to_owned())));
        store::keep(tx.conn, &digest_of(job)?, &row, tx.now)
    }
}

/// Looks for files without a picture: those that were here before pictures were made, those that a crash cut off, those
/// that waited for a program that is installed now, and those that were damaged.
#[derive(Clone)]
struct LookForPictures(App);

impl LookForPictures {
    fn order(&self, found: Vec<Digest>) -> Result<i64> {
        let count = found.len();
        if count > 0 {
            let order = move |tx: &mut Tx<'_>| add_all(tx, &found);
            self.0.gate.housekeep_blocking(ledger::job(Self::KIND), order)?;
            self.0.pictures.job.notify_one();
        }
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn worth_another_look(&self) -> Result<Vec<Digest>> {
        let read = |state, reason| {
            self.0
                .gate
                .db()
                .read_blocking(|conn| store::without(conn, state, reason))
        };
        let mut all = read(PictureState::Failed, DAMAGED_FILE)?;
        for helper in [Helpers::FFMPEG, Helpers::HEIF_CONVERT] {
            if self.0.pictures.maker.has(helper) {
                all.extend(read(PictureState::Lacking, helper)?);
            }
        }
        Ok(all)
    }
}

impl Worker for LookForPictures {
    const KIND: &'static str = "pictures";
    const EVERY: Option<Micros> = Some(10 * MINUTE);
    type Made = i64;

    fn work(&self, _job: &Job, progress: &Arc<Progress>) -> Result<i64> {
        let (mut ordered, mut after) = (self.order(self.worth_another_look()?)?, Some(Vec::new()));
        while let Some(last) = after {
            progress.check()?;
            let look = |conn: &mut _| store::untried(conn, &last, BATCH);
            let (found, next) = self.0.gate.db().read_blocking(look)?;
            ordered += self.order(found)?;
            after = next;
        }
        Ok(ordered)
    }

    /// What a job of a picture came to stands in the table of pictures.
    fn keep(&self, tx: &mut Tx<'_>, _job: &Job, ordered: &i64) -> Result<i64> {
        jobs::forget_ended(tx.conn, TO_MAKE)?;
        Ok(*ordered)
    }
}
