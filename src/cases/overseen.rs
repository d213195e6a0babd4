//! Over which cases somebody oversees, for lists.

use super::store::VisibleTo;
use crate::clock::Micros;
use crate::identity::Caller;
use crate::policy::Role;

/// The cases over which a caller oversees.
#[derive(Debug, Clone)]
pub enum Overseen {
    /// All of them, as identifiers without text: an auditor's.
    AsIdentifiers,
    /// Those that the caller may read.
    Readable(VisibleTo),
}

impl Overseen {
    /// What a caller's roles give. An auditor who is also a supervisor sees all, as identifiers.
    pub fn by(caller: &Caller, now: Micros) -> Self {
        match caller.is(Role::Auditor) {
            true => Self::AsIdentifiers,
            false => Self::Readable(VisibleTo::of(caller, now)),
        }
    }
}
