//! The rows of packets, exhibit lists, numbers, disclosures and notices that follow from what was recorded of them. How far a build is, and what its file
//! came to, no event says but by its end.

use super::disclosures;
use super::disclosures::model::Disclosure;
use super::lists;
use super::lists::model::ExhibitList;
use super::model::{PacketRequest, PacketState};
use super::notices::model::Notice;
use super::released::Release;
use super::{notices, release, store};
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::{Action, PastEvent};
use crate::verify::papers::top_folder;

/// Makes what follows from an event about a packet.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    match past.action {
        Some(Action::PacketRequested) => {
            let request: PacketRequest = past.read()?;
            let name = top_folder(&store::case_number(conn, &request.case_id)?, request.requested_at.0);
            store::insert(conn, &request, &name, &past.leaf)?;
            lists::store::give(conn, &request)
        }
        Some(Action::ExhibitListSaved) => lists::store::save(conn, &past.read::<ExhibitList>()?, &past.leaf),
        Some(Action::PacketIssued) => {
            lists::store::set_issued(conn, &past.object_id)?;
            store::set_state(conn, &past.object_id, PacketState::Building)
        }
        Some(Action::PacketFailed) => store::set_state(conn, &past.object_id, PacketState::Failed),
        Some(Action::PacketReleased | Action::PacketRefused) => {
            release::keep(conn, &past.read::<Release>()?, &past.leaf)
        }
        Some(Action::NoticeGiven | Action::NoticeAnswered) => {
            notices::store::save(conn, &past.read::<Notice>()?, &past.leaf)
        }
        Some(Action::PacketDisclosed) => disclosures::store::insert(conn, &past.read::<Disclosure>()?, &past.leaf),
        _ => disclosures::projection::project(conn, past),
    }
}
