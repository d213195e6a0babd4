//! The rows of cases, members, grants and recusals that follow from what was recorded of them.

use diesel::prelude::*;
use serde::Deserialize;

use super::model::{Case, Grant, Member, Recusal};
use super::store;
use crate::clock::Timestamp;
use crate::db::AnyConn;
use crate::db::tables::units;
use crate::error::Result;
use crate::identity::Person;
use crate::ledger::{Action, PastEvent};

/// What records a version of a case.
pub const VERSIONS: &[Action] = &[
    Action::CaseOpened,
    Action::CaseChanged,
    Action::CaseSuspended,
    Action::CaseClosed,
    Action::CaseReopened,
    Action::LeadProposed,
    Action::LeadAccepted,
    Action::LeadDeclined,
    Action::LeadWithdrawn,
];

/// Makes what follows from an event about a case itself, its members, grants and recusals.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    match past.action {
        Some(action) if VERSIONS.contains(&action) => {
            let case: Case = past.read()?;
            let unit = units::table.find(&case.unit_id).select(units::path);
            let path: String = unit.first(conn)?;
            store::save(conn, &case, &path, &past.leaf)
        }
        Some(Action::MemberAdded) => {
            let member = Member {
                user_id: past.read::<MemberRecord>()?.user.id,
                since: Timestamp(past.at),
            };
            store::put_member(conn, past.case()?, &member)
        }
        Some(Action::MemberRemoved) => {
            let user = past.read::<MemberRecord>()?.user.id;
            store::end_member(conn, past.case()?, &user, past.at)
        }
        Some(Action::GrantGiven | Action::GrantEnded) => store::save_grant(conn, &past.read::<Grant>()?, &past.leaf),
        Some(Action::RecusalDeclared) => store::save_recusal(conn, &past.read::<Recusal>()?, &past.leaf),
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
struct MemberRecord {
    user: Person,
}
