//! The log's public side (C2SP tlog-tiles): key, checkpoint, proofs, hash tiles. These are hashes only. Every signed-in
//! user may read them, and everyone where the agency says so.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Path;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::reads;
use crate::db::AnyConn;
use crate::error::{Error, Kind, Result};
use crate::gate::{RequestCtx, Scope};
use crate::http::paging::{parameters, refuse_parameters};
use crate::http::reply::{self, Reply};
use crate::http::{App, PathId};
use crate::ledger::{self, TreeState};
use crate::policy::Act;
use crate::proof::checkpoint::VerifyingKey;
use crate::proof::merkle::{TileId, parse_tile_path};

const TEXT: &str = "text/plain; charset=utf-8";

/// Reads as a signed-in user, or as anyone where the ledger is public.
async fn read_ledger<T: Send + 'static>(
    req: &HttpRequest,
    app: &App,
    f: impl FnOnce(&mut AnyConn, &TreeState) -> Result<T> + Send + 'static,
) -> Result<T> {
    let read = move |conn: &mut AnyConn| {
        let state = ledger::state(conn)?.ok_or_else(|| Error::internal("the log has no state"))?;
        f(conn, &state)
    };
    match RequestCtx::extract(req).await {
        Ok(requester) => {
            app.gate
                .read(&requester, Act::LedgerProofs, Scope::Agency, move |l| read(l.conn))
                .await
        }
        // A parameter that is none is that for everyone.
        Err(e) if e.kind == Kind::Invalid => Err(e),
        Err(_) if app.public_ledger => {
            refuse_parameters(req)?;
            app.gate.db().read(read).await
        }
        Err(e) => Err(e),
    }
}

fn bytes(kind: &'static str, body: impl MessageBody + 'static) -> Reply {
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(body))
}

pub(super) async fn key(req: HttpRequest, app: App) -> Reply {
    let state = read_ledger(&req, &app, |_, state| Ok(state.clone())).await?;
    let key = VerifyingKey::parse(&state.vkey).map_err(|e| Error::internal(format!("the stored vkey: {e}")))?;
    reply::ok(&json!({"origin": state.origin, "vkey": state.vkey, "pem": key.pem()}))
}

pub(super) async fn checkpoint(req: HttpRequest, app: App) -> Reply {
    let newest = read_ledger(&req, &app, |conn, _| ledger::read::newest_checkpoint(conn)).await?;
    let (_, note) = newest.ok_or_else(|| Error::unavailable("unavailable", "No checkpoint is signed yet.", 1))?;
    bytes(TEXT, note)
}

/// Two whole numbers of the query. Where the second is left out, it is the size of the tree that was signed last.
async fn numbers(req: &HttpRequest, app: &App, names: [&str; 2]) -> Result<[u64; 2]> {
    let pairs = parameters(req, &names)?;
    let number = |name: &str| {
        let said = pairs.iter().find(|(n, _)| n == name);
        let read = |(_, value): &(String, String)| value.parse().ok();
        let refused = || Error::field(name, "whole_number", "must be given as a whole number");
        said.map(|pair| read(pair).ok_or_else(refused)).transpose()
    };
    let first =
        number(names[0])?.ok_or_else(|| Error::field(names[0], "required", "must be given as a whole number"))?;
    let second = match number(names[1])? {
        Some(second) => second,
        None => {
            let newest = read_ledger(req, app, |conn, _| ledger::read::newest_checkpoint(conn)).await?;
            newest.map_or(0, |(size, _)| size.unsigned_abs())
        }
    };
    Ok([first, second])
}

fn within(size: u64, state: &TreeState, field: &str) -> Result<()> {
    if size > state.size {
        return Err(Error::field(
            field,
            "range",
            format!("must be at most the tree's size, {}", state.size),
        ));
    }
    Ok(())
}

pub(super) async fn inclusion(req: HttpRequest, app: App) -> Reply {
    let wanted = numbers(&req, &app, ["index", "size"]).await?;
    let found = read_ledger(&req, &app, move |conn, state| inclusion_in(conn, state, wanted));
    reply::ok(&found.await?)
}

fn inclusion_in(conn: &mut AnyConn, state: &TreeState, [index, size]: [u64; 2]) -> Result<Value> {
    within(size, state, "size")?;
    if index >= size {
        return Err(Error::field("index", "range", "must be below size"));
    }
    let path = ledger::inclusion(conn, index, size)?;
    let root = ledger::root(conn, size)?;
    let leaf = ledger::leaf_at(conn, index)?;
    Ok(json!({"index": index, "size": size, "leaf": leaf, "path": path, "root": root}))
}

pub(super) async fn consistency(req: HttpRequest, app: App) -> Reply {
    let wanted = numbers(&req, &app, ["from", "to"]).await?;
    let found = read_ledger(&req, &app, move |conn, state| consistency_in(conn, state, wanted));
    reply::ok(&found.await?)
}

fn consistency_in(conn: &mut AnyConn, state: &TreeState, [from, to]: [u64; 2]) -> Result<Value> {
    within(to, state, "to")?;
    if from == 0 || from > to {
        return Err(Error::field("from", "range", "must be from 1 to `to`"));
    }
    let path = ledger::consistency(conn, from, to)?;
    let roots = (ledger::root(conn, from)?, ledger::root(conn, to)?);
    Ok(json!({"from": from, "to": to, "from_root": roots.0, "to_root": roots.1, "path": path}))
}

pub(super) async fn tile(req: HttpRequest, path: Path<String>, app: App) -> Reply {
    let (id, width) = parse_tile_path(&format!("/tile/{path}")).ok_or_else(Error::not_found)?;
    let found = read_ledger(&req, &app, move |conn, state| tile_in(conn, state, (id, width)));
    bytes("application/octet-stream", found.await?)
}

fn tile_in(conn: &mut AnyConn, state: &TreeState, (id, width): (TileId, usize)) -> Result<Vec<u8>> {
    let stored = ledger::read_tile(conn, id)?.unwrap_or_default();
    // A tile shows no more than the published tree holds.
    let full = state
        .size
        .checked_shr(8 * u32::from(id.level))
        .unwrap_or(0)
        .saturating_sub(id.index.saturating_mul(256))
        .min(256);
    if (width as u64) > full || stored.len() < width * 32 {
        return Err(Error::not_found());
    }
    Ok(stored[..width * 32].to_vec())
}

/// The tlog-proof of a capture's recording, verifiable without us. It waits for the recording to be in a signed tree.
pub(super) async fn receipt(requester: RequestCtx, PathId(id): PathId, app: App) -> Reply {
    bytes(TEXT, signed_receipt(&app, &requester, &id).await?)
}

/// Waits two seconds at the most for a signed tree that holds the recording.
async fn signed_receipt(app: &App, requester: &RequestCtx, id: &str) -> Result<String> {
    for _ in 0..20 {
        if let Some(proof) = reads::receipt(&app.gate, requester, id.to_owned()).await? {
            return Ok(proof);
        }
        app.gate.journal().hurry();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let detail = "The recording is not in a signed tree yet; ask again in a second.";
    Err(Error::unavailable("unavailable", detail, 1))
}
