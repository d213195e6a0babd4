//! The log's public side (C2SP tlog-tiles): key, checkpoint, proofs, hash tiles. These are hashes only. Every signed-in
//! user may read them, and everyone where the agency says so.

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Path;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde_json::json;

use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::forms::parse_id;
use crate::gate::{RequestCtx, Scope};
use crate::http::App;
use crate::http::paging::form_pairs;
use crate::http::reply::{self, Reply};
use crate::ledger::{self, TreeState};
use crate::policy::Act;
use crate::proof::checkpoint::{TlogProof, VerifyingKey};
use crate::proof::merkle::parse_tile_path;

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
        Err(_) if app.public_ledger => app.gate.db().read(read).await,
        Err(e) => Err(e),
    }
}

fn text(kind: &'static str, body: String) -> Reply {
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
    text("text/plain; charset=utf-8", note)
}

/// Whole numbers of the query, each of which must be there.
fn numbers<const N: usize>(req: &HttpRequest, names: [&str; N]) -> Result<[u64; N]> {
    let pairs = form_pairs(req.query_string());
    let mut out = [0; N];
    for (place, name) in out.iter_mut().zip(names) {
        let value = pairs.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.parse().ok());
        *place = value.ok_or_else(|| Error::field(name, "whole_number", "must be given as a whole number"))?;
    }
    Ok(out)
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
    let [index, size] = numbers(&req, ["index", "size"])?;
    let answer = read_ledger(&req, &app, move |conn, state| {
        within(size, state, "size")?;
        if index >= size {
            return Err(Error::field("index", "range", "must be below size"));
        }
        let path = ledger::inclusion(conn, index, size)?;
        let root = ledger::root(conn, size)?;
        let leaf = ledger::leaf_at(conn, index)?;
        Ok(json!({"index": index, "size": size, "leaf": leaf, "path": path, "root": root}))
    })
    .await?;
    reply::ok(&answer)
}

pub(super) async fn consistency(req: HttpRequest, app: App) -> Reply {
    let [from, to] = numbers(&req, ["from", "to"])?;
    let answer = read_ledger(&req, &app, move |conn, state| {
        within(to, state, "to")?;
        if from == 0 || from > to {
            return Err(Error::field("from", "range", "must be from 1 to `to`"));
        }
        let path = ledger::consistency(conn, from, to)?;
        let roots = (ledger::root(conn, from)?, ledger::root(conn, to)?);
        Ok(json!({"from": from, "to": to, "from_root": roots.0, "to_root": roots.1, "path": path}))
    })
    .await?;
    reply::ok(&answer)
}

pub(super) async fn tile(req: HttpRequest, path: Path<String>, app: App) -> Reply {
    let (id, width) = parse_tile_path(&format!("/tile/{path}"))
        .or_else(|| parse_tile_path(&format!("tile/{path}")))
        .ok_or_else(Error::not_found)?;
    let bytes = read_ledger(&req, &app, move |conn, state| {
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
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/octet-stream"))
        .body(bytes))
}

/// The tlog-proof of a capture's recording, verifiable without us.
pub(super) async fn receipt(path: Path<String>, requester: RequestCtx, app: App) -> Reply {
    let id = parse_id(&path).ok_or_else(Error::not_found)?;
    let scope = Scope::Capture(id.clone());
    app.gate.check(&requester, Act::CustodyRead, scope.clone()).await?;
    for _ in 0..20 {
        let wanted = id.clone();
        let found = app
            .gate
            .read(&requester, Act::CustodyRead, scope.clone(), move |ctx| {
                proof(ctx.conn, &wanted)
            })
            .await?;
        if let Some(proof) = found {
            return text("text/plain; charset=utf-8", proof);
        }
        app.gate.journal().hurry();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(Error::unavailable(
        "unavailable",
        "The recording is not in a signed tree yet; ask again in a second.",
        1,
    ))
}

fn proof(conn: &mut AnyConn, capture: &str) -> Result<Option<String>> {
    let row = crate::captures::store::capture(conn, capture)?;
    let index = ledger::index_of(
        conn,
        &ledger::case_stream(&row.capture.case_id),
        row.seq,
        row.leaf.as_bytes(),
    )?;
    let (Some(index), Some((size, note))) = (index, ledger::read::newest_checkpoint(conn)?) else {
        return Ok(None);
    };
    let size = u64::try_from(size).map_err(Error::internal)?;
    if index >= size {
        return Ok(None);
    }
    let hashes = ledger::inclusion(conn, index, size)?;
    Ok(Some(
        TlogProof {
            extra: None,
            index,
            hashes,
            note,
        }
        .format(),
    ))
}
