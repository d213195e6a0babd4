//! The rows of the registry of aliases that follow from what was recorded.

use super::disclosed::AliasDisclosure;
use super::model::{Alias, AliasUse};
use super::named::AliasNaming;
use super::{disclosed, named, store};
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::{Action, PastEvent};

/// Makes what follows from an event about an alias.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    match past.action {
        Some(Action::AliasUseRecorded) => store::save_use(conn, &past.read::<AliasUse>()?, &past.leaf),
        Some(Action::AliasNamingRecorded) => named::save(conn, &past.read::<AliasNaming>()?, &past.leaf),
        Some(Action::AliasDisclosureRecorded) => disclosed::save(conn, &past.read::<AliasDisclosure>()?, &past.leaf),
        _ => store::save(conn, &past.read::<Alias>()?, &past.leaf),
    }
}
