//! Recording a derivative.

use super::asked::NewRedaction;
use super::make::MadeBytes;
use super::model::{Derivative, DerivativeKind, DerivedFile, DerivedFrom, PixelSize, Recipe, SanitizedRecipe};
use super::{store, told};
use crate::captures::model::{Capture, StoredCapture, Tool};
use crate::captures::store as captures;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::{self, Action};
use crate::pictures::DPI;

/// The program as derivatives name it.
pub(super) const TOOL: (&str, &str) = ("casetrail", env!("CARGO_PKG_VERSION"));

/// Records a redaction of a capture, whose bytes lie in the store.
pub fn redact(
    tx: &mut Tx<'_>,
    id: &str,
    (new, made): (&NewRedaction, Option<&MadeBytes>),
) -> Result<Recorded<Derivative>> {
    let stored = captures::capture(tx.conn, id)?;
    open(&stored)?;
    let first = first_version(tx, &stored)?;
    let capture = &stored.capture;
    let file = made.map(|made| DerivedFile {
        sha256: made.sha256,
        size: made.size,
        media_type: made.media_type.to_owned(),
        parent: made.parent,
    });
    let derivative = Derivative {
        id: tx.new_id(),
        case_id: capture.case_id.clone(),
        capture: DerivedFrom {
            id: capture.id.clone(),
            item: capture.item,
            kind: first.kind,
            captured_at: first.captured_at,
            version: capture.version,
        },
        kind: match made.and_then(|made| made.shape.archive()) {
            Some(_) => DerivativeKind::Sanitized,
            None => DerivativeKind::Redaction,
        },
        file,
        recipe: Recipe {
            picture: made.and_then(|made| made.shape.picture()).map(PixelSize::of),
            pages: made
                .iter()
                .flat_map(|made| made.shape.pages())
                .copied()
                .map(PixelSize::of)
                .collect(),
            dpi: made.filter(|made| !made.shape.pages().is_empty()).map(|_| DPI),
            boxes: new.file.iter().flat_map(|(_, covers)| &covers.boxes).copied().collect(),
            duration_ms: made.and_then(|made| made.shape.film()).map(|film| film.duration_ms),
            times: new.file.iter().flat_map(|(_, covers)| &covers.times).copied().collect(),
            sanitized: made
                .and_then(|made| made.shape.archive())
                .map(|counts| SanitizedRecipe {
                    listed: new
                        .file
                        .iter()
                        .flat_map(|(_, covers)| covers.sanitize.iter().flatten())
                        .count(),
                    counts,
                }),
            blots: Some(new.ranges.len()).filter(|blots| *blots > 0),
            programs: Vec::new(),
        },
        tool: Tool {
            name: TOOL.0.to_owned(),
            version: TOOL.1.to_owned(),
        },
        reason: new.reason.clone(),
        made_by: tx.me(),
        made_at: Timestamp(tx.now),
        told: told::told(capture, &new.tell, &new.ranges)?,
    };
    let record = serde_json::to_value(&derivative)?;
    let event = NewEvent::new(Action::DerivativeMade, ("derivative", &derivative.id), 1, record);
    let made_event = tx.append(event.attesting(derivative.attested()))?;
    let crc32 = made.map_or(0, |made| made.crc32);
    store::insert(tx.conn, &derivative, (&made_event.leaf, crc32, tx.now))?;
    Ok(made_event.answering(derivative))
}

/// Nothing is made of what nobody may read.
pub fn open(stored: &StoredCapture) -> Result<()> {
    if !stored.state.is_closed() {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "This capture is {}: nothing is made of it until a supervisor lets it leave.",
        stored.state
    )))
}

/// The capture as it was recorded at first, which is what a packet's inventory tells.
pub(super) fn first_version(tx: &mut Tx<'_>, stored: &StoredCapture) -> Result<Capture> {
    if stored.capture.version == 1 {
        return Ok(stored.capture.clone());
    }
    let stream = ledger::case_stream(&stored.capture.case_id);
    let first = ledger::read::record(tx.conn, &stream, stored.seq)?;
    let (_, body) = first.ok_or_else(|| Error::conflict("The record of this capture was purged."))?;
    Ok(serde_json::from_str(&body)?)
}
