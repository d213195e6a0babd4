//! Where a caller stands, and whether they may: policy's answer to what the rows say now.

use super::relation::{self, CaseContext, Scope, may, question};
use super::whom::whom_to_ask;
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::{Error, Kind, Result};
use crate::identity::Caller;
use crate::ledger;
use crate::policy::{Act, Policy};
use crate::proof::event::Actor;

/// A log that may not grow takes no change: nobody may work on in a state that is older than what was signed.
pub(super) fn refuse_read_only(conn: &mut AnyConn, act: Act) -> Result<()> {
    if act == Act::SessionOwn || !ledger::is_read_only(conn)? {
        return Ok(());
    }
    let detail = "This installation was restored from an older state and is read-only. Use the one that continues the log, or restore with --new-log.";
    Err(Error::new(Kind::Unavailable, "read-only", detail))
}

/// Where the caller stands, or why not: 404 for what they may not see, 403 for what they may see but not do.
pub(super) fn authorize(
    conn: &mut AnyConn,
    policy: &Policy,
    caller: &Caller,
    act: Act,
    scope: &Scope,
    now: Micros,
) -> Result<Option<CaseContext>> {
    if caller.must_change && act != Act::SessionOwn {
        let detail = "This password was set for one use. Change it first: PUT /api/v1/me/password.";
        return Err(Error::new(Kind::Forbidden, "password-change-first", detail));
    }
    let context = relation::case_context(conn, caller, scope, now)?;
    if scope.is_on_case() && context.is_none() {
        return Err(Error::not_found());
    }
    let decision = policy.decide(&question(caller, act, context.as_ref()));
    if decision.allowed {
        return Ok(context);
    }
    if scope.is_on_case() && !may(policy, caller, Act::CaseRead, context.as_ref()) {
        return Err(Error::not_found());
    }
    if policy.only_closed_forbids(&question(caller, act, context.as_ref())) {
        let detail = "The case is closed and takes no new work: reopen it first, with PATCH status on the case.";
        return Err(Error {
            rules: decision.rules,
            ..Error::new(Kind::Conflict, "case-closed", detail)
        });
    }
    let why = match decision.rules.first() {
        Some(rule) => format!("You may not do this ({act}): the rule `{rule}` forbids it."),
        None => format!("You may not do this ({act}): no rule gives it to you here."),
    };
    let ask = match &context {
        Some(case) => whom_to_ask(conn, case, now)?.says().map(String::into_boxed_str),
        None => None,
    };
    Err(Error {
        ask,
        ..Error::forbidden(decision.rules, why)
    })
}

/// The actor of an event: the person, with the role in which they stand to the case.
pub fn actor_of(caller: &Caller, context: Option<&CaseContext>) -> Actor {
    ledger::person(&caller.user, relation::role_in(caller, context).as_str())
}
