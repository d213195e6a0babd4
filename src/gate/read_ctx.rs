//! What a read sees, and what is kept of who looked.

use super::relation::{CaseContext, may};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::identity::Caller;
use crate::policy::{Act, Policy};

/// What a read sees.
pub struct ReadCtx<'a> {
    /// The database.
    pub conn: &'a mut AnyConn,
    /// Who asks.
    pub caller: &'a Caller,
    /// The case asked about, where there is one.
    pub context: Option<&'a CaseContext>,
    /// The time of the question.
    pub now: Micros,
    /// The rules.
    pub policy: &'a Policy,
}

impl ReadCtx<'_> {
    /// The case asked about.
    pub fn case(&self) -> Result<&CaseContext> {
        self.context.ok_or_else(Error::not_found)
    }

    /// Who asks, and where, to be kept beyond the question.
    pub fn authorized(&self) -> Authorized {
        Authorized {
            caller: self.caller.clone(),
            context: self.context.cloned(),
        }
    }

    /// Whether the caller may also do this here.
    pub fn may(&self, act: Act) -> bool {
        may(self.policy, self.caller, act, self.context)
    }
}

/// What `check` found: who, and where.
#[derive(Debug, Clone)]
pub struct Authorized {
    /// Who asks.
    pub caller: Caller,
    /// The case, where there is one.
    pub context: Option<CaseContext>,
}
