//! The rows of links and receipts that follow from what was recorded of them. How many wrong codes were tried stands in
//! the access log, from which no row follows; that they locked the link is an event of the case.

use super::link::DisclosureLink;
use super::model::Acknowledgement;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::{Action, PastEvent};

/// Makes what follows from an event about a link or a receipt.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let id = &past.object_id;
    match past.action {
        Some(Action::DisclosureLinked) => store::insert_link(conn, &past.read::<DisclosureLink>()?, &past.leaf),
        Some(Action::DisclosureDownloaded) => store::count_download(conn, id, past.at),
        Some(Action::DisclosureLocked) => store::lock(conn, id, past.at),
        Some(Action::DisclosureRevoked) => store::revoke(conn, id, past.at),
        Some(Action::DisclosureAcknowledged) => {
            store::insert_acknowledgement(conn, &past.read::<Acknowledgement>()?, &past.leaf)
        }
        _ => Ok(()),
    }
}
