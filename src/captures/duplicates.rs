//! What is here already: captures of a case with the same bytes, or the same address without tracking parts.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use serde::Deserialize;

use super::model::{CaptureState, Duplicate, NewCapture, address_stem, same_address};
use crate::db::AnyConn;
use crate::error::Result;
use crate::forms::Word;
use crate::proof::id::Digest;
use crate::{both, fixed};

fixed! {
    SameBytes -> (Text, BigInt): "SELECT c.id, c.item FROM capture_files f JOIN captures c ON c.id = f.capture_id \
     WHERE f.sha256 = ", sha256: Vec<u8> as Binary, " AND c.case_id = ", case: String as Text, " ORDER BY c.item LIMIT 20"
}

fixed! {
    SameStem -> (Text, BigInt, Text, Text): "SELECT id, item, state, body FROM captures WHERE case_id = ",
    case: String as Text, " AND address_stem = ", stem: String as Text, " ORDER BY item DESC LIMIT 500"
}

/// The captures of a case that show the same as a new one, in the order of their items. Whoever may read the case sees the
/// digests of every capture, so the same bytes are told of all; an address is told only of captures that are open.
pub(super) fn of(conn: &mut AnyConn, case: &str, new: &NewCapture, files: &[Digest]) -> Result<Vec<Duplicate>> {
    let mut found = Vec::new();
    if let Some(url) = &new.particulars.url {
        add_same_address(conn, case, url, &mut found)?;
    }
    for sha256 in files {
        add_same_bytes(conn, case, sha256, &mut found)?;
    }
    found.sort_by_key(|duplicate| duplicate.item);
    Ok(found)
}

/// The address in a capture's record.
#[derive(Deserialize)]
struct WithAddress {
    url: Option<String>,
}

fn add_same_address(conn: &mut AnyConn, case: &str, url: &str, found: &mut Vec<Duplicate>) -> Result<()> {
    let query = SameStem {
        case: case.to_owned(),
        stem: address_stem(url),
    };
    let rows: Vec<(String, i64, String, String)> = both!(conn, |c| query.load(c))?;
    let wanted = same_address(url);
    for (id, item, state, body) in rows {
        let open = CaptureState::from_word(&state).is_some_and(|state| !state.is_closed());
        let known: WithAddress = serde_json::from_str(&body)?;
        if open && known.url.is_some_and(|url| same_address(&url) == wanted) {
            let (address, sha256) = (true, Vec::new());
            found.push(Duplicate {
                id,
                item,
                address,
                sha256,
            });
        }
    }
    Ok(())
}

fn add_same_bytes(conn: &mut AnyConn, case: &str, sha256: &Digest, found: &mut Vec<Duplicate>) -> Result<()> {
    let query = SameBytes {
        sha256: sha256.as_bytes().to_vec(),
        case: case.to_owned(),
    };
    let rows: Vec<(String, i64)> = both!(conn, |c| query.load(c))?;
    for (id, item) in rows {
        match found.iter_mut().find(|known| known.id == id) {
            Some(known) if known.sha256.contains(sha256) => {}
            Some(known) => known.sha256.push(*sha256),
            None => found.push(Duplicate {
                id,
                item,
                address: false,
                sha256: vec![*sha256],
            }),
        }
    }
    Ok(())
}
