//! The rows of authorizations and their holders that follow from what was recorded of them.

use super::model::Authorization;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::{Action, PastEvent};

/// Makes what follows from an event about an authorization.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    match past.action {
        Some(Action::AuthorizationRequested | Action::AuthorizationStarted) => {
            let requested: Authorization = past.read()?;
            store::set_counted(conn, &requested.case_id, requested.number)?;
            store::save(conn, &requested, &past.leaf)
        }
        Some(
            Action::AuthorizationAmended
            | Action::AuthorizationApproved
            | Action::AuthorizationPartApproved
            | Action::AuthorizationClosed
            | Action::AdditionRequested
            | Action::AdditionApproved
            | Action::AdditionDenied
            | Action::AuthorizationDenied
            | Action::AuthorizationReturned
            | Action::AuthorizationWithdrawn
            | Action::AuthorizationRevoked
            | Action::AuthorizationConfirmed
            | Action::AuthorizationRepudiated
            | Action::AuthorizationLapsed
            | Action::AuthorizationOrallyApproved
            | Action::AuthorizationReviewed
            | Action::AuthorizationExpired,
        ) => store::save(conn, &past.read::<Authorization>()?, &past.leaf),
        _ => Ok(()),
    }
}
