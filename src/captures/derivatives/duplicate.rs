//! Standard duplicates: made from what was recorded, stored, and recorded by the job that wants them.

use std::io::{self, Read, Seek};

use super::model::{Derivative, DerivativeKind, DerivedFile, DerivedFrom, Recipe, RecipeProgram};
use super::{ops, store};
use crate::blobs::{Blobs, ExpectedBytes, Hashed, Key, Shelf, WHOLE, hash};
use crate::captures::model::{FileEntry, Tool};
use crate::captures::store as captures;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::gate::{NewEvent, Tx};
use crate::http;
use crate::identity::Person;
use crate::ledger::{self, Action};
use crate::pictures::{
    BOX_HEAD, MakerProgram, StandardCopy, StandardJob, Unmade, has_other_codec, mp4_box, room_for_duplicate,
};
use crate::proof::id::Digest;
use crate::proof::packet::StandardFormat;

/// Why a standard duplicate is made, as its record says.
const REASON: &str = "a courtroom may not play the original";

/// A standard duplicate whose bytes lie in the store, before it is recorded.
#[derive(Debug, Clone)]
pub struct MadeDuplicate {
    file: DerivedFile,
    crc32: u32,
    programs: Vec<RecipeProgram>,
}

impl MadeDuplicate {
    /// The same bytes for another capture that has the same file.
    pub fn again(made: &Derivative, crc32: u32) -> Option<Self> {
        Some(Self {
            file: made.file.clone()?,
            crc32,
            programs: made.recipe.programs.clone(),
        })
    }
}

/// Makes a duplicate of a file and stores it. The file is compared with its digest before and after. Blocks.
///
/// # Errors
/// Where the file is damaged, this machine fails, or `go_on` says so. That a file gives no duplicate is no error.
pub fn make(
    state: &http::State,
    file: &FileEntry,
    format: StandardFormat,
    go_on: &dyn Fn() -> Result<()>,
) -> Result<std::result::Result<MadeDuplicate, Unmade>> {
    let room = room_for_duplicate(file.size, format);
    state.blobs.check_reserve(state.limits.reserve.saturating_add(room))?;
    let expected = ExpectedBytes::file(file.sha256, file.size);
    let stamp = state.blobs.check(&expected)?;
    let source = state
        .blobs
        .open(&expected.key, WHOLE)
        .map_err(|e| expected.unreadable(e))?;
    let wanted = StandardJob {
        media_type: file.media_type.as_deref().unwrap_or_default(),
        size: file.size,
        format,
        go_on,
    };
    let keep = |copy: StandardCopy| {
        state.blobs.is_still(&expected, stamp.as_ref())?;
        let (hashed, programs) = keep(&state.blobs, copy)?;
        Ok(MadeDuplicate {
            file: DerivedFile {
                sha256: hashed.sha256,
                size: hashed.size,
                media_type: format.media_type().to_owned(),
                parent: file.sha256,
            },
            crc32: hashed.crc32,
            programs: programs.into_iter().map(RecipeProgram::from).collect(),
        })
    };
    state.pictures.maker.duplicate(source, &wanted, keep)
}

/// Boxes of an MP4 that are looked at, and bytes of the one that tells its codecs.
const BOXES: usize = 64;
const LARGEST_BOX: u64 = 64 << 20;

/// Whether an MP4 holds a codec that courts do not play, such as H.265. One that cannot be told holds none.
///
/// # Errors
/// Where the file cannot be read.
pub fn holds_other_codec(blobs: &Blobs, file: &FileEntry) -> Result<bool> {
    let expected = ExpectedBytes::file(file.sha256, file.size);
    let read = |from: u64, most: u64| -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let part = blobs.open(&expected.key, from..from.saturating_add(most));
        let mut part = part.map_err(|e| expected.unreadable(e))?;
        part.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let mut at = 0;
    for _ in 0..BOXES {
        let Some((size, kind)) = mp4_box(&read(at, BOX_HEAD)?) else {
            return Ok(false);
        };
        if &kind == b"moov" {
            return Ok(has_other_codec(&read(at, size.min(LARGEST_BOX))?));
        }
        at = at.saturating_add(size);
    }
    Ok(false)
}

impl From<MakerProgram> for RecipeProgram {
    fn from(made: MakerProgram) -> Self {
        Self {
            name: made.name.to_owned(),
            version: made.version,
            settings: made.settings,
        }
    }
}

fn keep(blobs: &Blobs, mut copy: StandardCopy) -> Result<(Hashed, Vec<MakerProgram>)> {
    let hashed = hash(&copy.file, |_| Ok(()))?;
    copy.file.rewind()?;
    let mut file = blobs.temp_file(Shelf::Files)?;
    io::copy(&mut copy.file, &mut file)?;
    blobs.put(&Key::File(hashed.sha256), file)?;
    Ok((hashed, copy.programs))
}

/// Records a duplicate of a capture's file, for whoever asked for the packet that wants it.
pub fn record(
    tx: &mut Tx<'_>,
    (case, capture): (&str, &str),
    made: &MadeDuplicate,
    asked_by: &Person,
) -> Result<(Derivative, Digest)> {
    tx.lock(&ledger::case_stream(case))?;
    let stored = captures::capture(tx.conn, capture)?;
    ops::open(&stored)?;
    let first = ops::first_version(tx, &stored)?;
    let derivative = Derivative {
        id: tx.new_id(),
        case_id: stored.capture.case_id.clone(),
        capture: DerivedFrom {
            id: stored.capture.id.clone(),
            item: stored.capture.item,
            kind: first.kind,
            captured_at: first.captured_at,
            version: stored.capture.version,
        },
        kind: DerivativeKind::Duplicate,
        file: Some(made.file.clone()),
        recipe: Recipe {
            programs: made.programs.clone(),
            ..Recipe::default()
        },
        tool: Tool {
            name: ops::TOOL.0.to_owned(),
            version: ops::TOOL.1.to_owned(),
        },
        reason: REASON.to_owned(),
        made_by: asked_by.clone(),
        made_at: Timestamp(tx.now),
        told: serde_json::Map::new(),
    };
    let record = serde_json::to_value(&derivative)?;
    let event = NewEvent::new(Action::DerivativeMade, ("derivative", &derivative.id), 1, record);
    let event = event.in_case(&derivative.case_id).attesting(derivative.attested());
    let appended = tx.append(event)?;
    store::insert(tx.conn, &derivative, (&appended.leaf, made.crc32, tx.now))?;
    Ok((derivative, appended.leaf))
}
