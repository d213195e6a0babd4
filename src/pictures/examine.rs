//! Examinations of files, in processes of their own like the pictures.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;

use super::child::{Budget, Decoding, DecodingEnd, INPUT};
use super::helpers::{Helpers, probe, stream_reader};
use super::{Means, PictureMaker, Unmade, WorkRoom, read_at_most};
use crate::error::Result;
use crate::examination::{CREDENTIALS, FileFlag, Findings, STILL, WORD, carries, read_probe};

/// Larger files are not examined: a copy of them is made for it.
const LARGEST: u64 = 1 << 30;
/// Bytes of an answer.
const ANSWER: u64 = 1 << 20;

impl PictureMaker {
    /// Reads what a file of this type and size says of itself. `go_on` fails where the work is to stop; then the processes
    /// are ended. Blocks.
    ///
    /// # Errors
    /// Where this machine fails, and what `go_on` said. That a file cannot be read is a finding.
    pub fn examine(
        &self,
        source: impl Read,
        (media_type, size): (&str, u64),
        go_on: &dyn Fn() -> Result<()>,
    ) -> Result<Findings> {
        let mut found = Findings::default();
        if size > LARGEST {
            let most = LARGEST >> 20;
            found.flag(
                FileFlag::Unreadable,
                format!("the file is larger than the {most} MB that are examined"),
            );
            return Ok(found);
        }
        let room = WorkRoom::make(&self.folder)?;
        room.take(source)?;
        let job = Decoding {
            program: &self.program,
            room: room.path(),
            go_on,
            budget: Budget::Picture,
        };
        let input = room.path().join(INPUT);
        let mut found = found_by(&job, (&input, media_type))?;
        if cfg!(feature = "c2pa") && carries(media_type) && found.has_credentials() {
            let credentials = found_by(&job, (&input, &format!("{CREDENTIALS}{media_type}")))?;
            found.put_credentials(credentials);
        }
        if Means::of(media_type) == Some(Means::HeifConvert) {
            match self.helpers.photo(&job)? {
                Ok(photo) => add_still(&mut found, found_by(&job, (&photo, STILL))?),
                Err(Unmade::Lacks(helper)) => found.lacks.push(helper.to_owned()),
                Err(Unmade::Failed(why)) => found.flag(FileFlag::Unreadable, why),
            }
        }
        if let Some(reader) = stream_reader(media_type) {
            found.unread = false;
            self.streams(&job, reader, &mut found)?;
        }
        Ok(found.bounded())
    }

    fn streams(&self, job: &Decoding<'_>, reader: &str, found: &mut Findings) -> Result<()> {
        let Some(program) = self.helpers.path(Helpers::FFPROBE) else {
            found.lacks.push(Helpers::FFPROBE.to_owned());
            return Ok(());
        };
        let said = job.room.join("streams");
        match job.run(&job.room.join(INPUT), &said, &probe(program, reader))? {
            DecodingEnd::Well => read_probe(&read_at_most(&said, ANSWER)?, found),
            ended => found.flag(FileFlag::Unreadable, ended.reason()),
        }
        Ok(())
    }
}

/// What a process of our own finds in a file.
fn found_by(job: &Decoding<'_>, (file, media_type): (&Path, &str)) -> Result<Findings> {
    let answer = job.room.join(format!("found-{}", media_type.len()));
    let ended = job.run(file, &answer, &[WORD, media_type].map(OsString::from))?;
    if ended != DecodingEnd::Well {
        let mut found = Findings::default();
        match ended.at_limit() {
            Some(limit) => found.flag(
                FileFlag::Stopped,
                format!("reading it stopped at the limit of {limit}, and what was found until then is lost"),
            ),
            None => found.flag(FileFlag::Unreadable, ended.reason()),
        }
        return Ok(found);
    }
    let said: Option<Findings> = serde_json::from_slice(&read_at_most(&answer, ANSWER)?).ok();
    let mut found = said.clone().unwrap_or_default();
    if said.is_none() {
        found.flag(FileFlag::Unreadable, "what reads it gave no answer that can be read");
    }
    Ok(found.bounded())
}

/// Adds what the decoded picture of a photo shows.
fn add_still(found: &mut Findings, still: Findings) {
    (found.width, found.height) = (still.width, still.height);
    found.perceptual_hash = still.perceptual_hash;
    for raised in still.flags {
        found.flag(raised.flag, raised.why);
    }
}
