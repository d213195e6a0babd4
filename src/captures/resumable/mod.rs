//! Uploads in several requests (tus 1.0: core, creation, termination, expiration): what was sent survives a cut
//! connection and a restart. An upload belongs to the person who began it and to the case that it was begun for. Once all
//! its bytes have come a capture of that case may name it; a day after it began it is gone.

mod api;
pub mod store;
mod sweep;

use serde_json::json;

pub use api::{append, begin, end, end_by_form, of_case, offset, options};
pub use store::UploadRow;
pub use sweep::SweepUploads;

use super::arrival::Arriving;
use super::model::NewCapture;
use crate::clock::{DAY, Micros};
use crate::error::{Error, Result};
use crate::gate::{Gate, NewEvent, ReadCtx, RequestCtx, Scope, Tx};
use crate::http::App;
use crate::ledger::Action;
use crate::policy::Act;
use crate::threads::blocking;

/// How long after its beginning an upload is gone.
pub const LIFE: Micros = DAY;
/// Uploads of one person that no capture names yet.
const OPEN: i64 = 200;

/// The caller's own upload.
pub async fn own(gate: &Gate, requester: &RequestCtx, id: String) -> Result<UploadRow> {
    let read = move |ctx: &mut ReadCtx<'_>| store::own(ctx.conn, &ctx.caller.user, &id);
    gate.read(requester, Act::SessionOwn, Scope::Agency, read).await
}

/// The caller's own uploads to a case that no capture names yet.
pub async fn unused(gate: &Gate, requester: &RequestCtx, case: String) -> Result<Vec<UploadRow>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::unused(ctx.conn, &ctx.caller.user, &case);
    gate.read(requester, Act::CaptureRecord, scope, read).await
}

/// The caller's own uploads to a case that have come whole, in the order in which they are named; `None` for what is no
/// such upload.
pub async fn whole(
    gate: &Gate,
    requester: &RequestCtx,
    case: &str,
    ids: Vec<String>,
) -> Result<Vec<Option<UploadRow>>> {
    let (scope, case) = (Scope::Case(case.to_owned()), case.to_owned());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let rows = store::own_of(ctx.conn, &ctx.caller.user, &ids)?;
        let whole = |row: &&UploadRow| row.case_id == case && row.whole().is_some();
        let found = ids.iter().map(|id| rows.iter().find(|row| row.id == *id).filter(whole));
        Ok(found.map(Option::<&UploadRow>::cloned).collect())
    };
    gate.read(requester, Act::CaptureRecord, scope, read).await
}

/// Brings the files that finished uploads carried before to those that came with the capture.
pub async fn bring(app: &App, requester: &RequestCtx, case: &str, new: &mut NewCapture) -> Result<Arriving> {
    let mut files = Arriving::of(new);
    let places = new.files.iter().enumerate();
    let named: Vec<(usize, String)> = places.filter_map(|(n, file)| Some((n, file.upload.clone()?))).collect();
    if named.is_empty() {
        return Ok(files);
    }
    let ids = named.iter().map(|(_, id)| id.clone()).collect();
    let rows = whole(&app.gate, requester, case, ids).await?;
    for ((place, id), row) in named.into_iter().zip(rows) {
        let row = row.ok_or_else(|| none_such(place))?;
        let (hashed, media_type) = row.whole().ok_or_else(|| none_such(place))?;
        let blobs = app.blobs.clone();
        let here = blocking(move || blobs.arrived(&id, hashed, media_type)).await?;
        let received = here.ok_or_else(|| none_such(place))?;
        new.files[place].name.get_or_insert(row.name);
        files.bring(new, place, (received, row.declared_type))?;
    }
    Ok(files)
}

fn none_such(place: usize) -> Error {
    let message = "names no finished upload of yours to this case: uploads are gone after a day; send the file again";
    Error::field(format!("files[{place}].upload"), "exists", message)
}

/// Ends a person's upload whose bytes nobody wants, which is an event (product.md, rule 2); of one that a capture names by
/// now only the row goes.
fn drop_upload(tx: &mut Tx<'_>, user: &str, id: &str) -> Result<()> {
    let row = store::own(tx.conn, user, id)?;
    store::remove(tx.conn, id)?;
    if !row.used {
        let record = json!({"answer": "ended", "received": row.received, "size": row.size});
        let event = NewEvent::new(Action::UploadDropped, ("case", &row.case_id), 1, record);
        tx.append(event.in_case(&row.case_id))?;
    }
    Ok(())
}
