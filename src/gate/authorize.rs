//! Where a caller stands, and whether they may: policy's answer to what the rows say now.

use super::relation::{self, CallerStanding, CaseContext, Scope, may, question};
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
    let context = seen(conn, policy, (caller, act), scope, now)?;
    let decision = policy.decide(&question(caller, act, context.as_ref()));
    if decision.allowed {
        return Ok(context);
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

/// Where the caller stands and what their part is; 404 for what they may not see, and for what does not exist. Which of the
/// two it is shows in no answer and in no time: until it is decided, the same is asked and computed for both, and no body
/// and nothing behind one is read. Their part in a thing shows it to nobody, so that it is looked at afterwards.
fn seen(
    conn: &mut AnyConn,
    policy: &Policy,
    (caller, act): (&Caller, Act),
    scope: &Scope,
    now: Micros,
) -> Result<Option<CaseContext>> {
    if let Scope::Alias(id) = scope
        && !relation::sees_alias(conn, caller, id)?
    {
        return Err(Error::not_found());
    }
    let Some(CallerStanding { exists, context }) = relation::standing(conn, caller, scope, now)? else {
        return Ok(None);
    };
    let shown = may(policy, caller, act, Some(&context)) || may(policy, caller, Act::CaseRead, Some(&context));
    if !(shown && exists) {
        return Err(Error::not_found());
    }
    let facts = relation::facts(conn, caller, scope)?;
    Ok(Some(CaseContext { facts, ..context }))
}

/// The actor of an event: the person, with the role in which they stand to the case.
pub fn actor_of(caller: &Caller, context: Option<&CaseContext>) -> Actor {
    ledger::person(&caller.user, relation::role_in(caller, context).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{CaseFacts, CaseStatus, Facts, Handling, Question, Relation, Role};

    /// What `seen` rests on: it decides before it looks at the caller's part.
    #[test]
    fn their_part_in_a_thing_shows_it_to_nobody() {
        let policy = Policy::new().unwrap();
        let none = Relation::default();
        let relations = [
            none,
            Relation { lead: true, ..none },
            Relation { member: true, ..none },
            Relation {
                supervises: true,
                ..none
            },
            Relation {
                granted_read: true,
                ..none
            },
            Relation {
                granted_export: true,
                ..none
            },
            Relation {
                granted_decide: true,
                ..none
            },
            Relation {
                granted_captures: true,
                ..none
            },
            Relation {
                granted_captures: true,
                granted_this_capture: true,
                ..none
            },
            Relation { recused: true, ..none },
        ];
        let roles = Role::ALL.iter().map(std::slice::from_ref).chain([Role::ALL]);
        for (roles, relation) in roles.flat_map(|roles| relations.map(|relation| (roles, relation))) {
            for (act, n) in Act::ALL.iter().flat_map(|act| (0..64).map(move |n| (*act, n))) {
                let may = |act: Act, n: u8| {
                    let case = CaseFacts {
                        relation,
                        handling: Handling::Restricted,
                        status: CaseStatus::Open,
                    };
                    let facts = Facts {
                        requester: n & 1 > 0,
                        holder: n & 2 > 0,
                        capturer: n & 4 > 0,
                        former_member: n & 8 > 0,
                        referral: n & 16 > 0,
                        approver: n & 32 > 0,
                    };
                    let case = act.is_on_case().then_some(case);
                    policy
                        .decide(&Question {
                            act,
                            roles,
                            case,
                            facts,
                        })
                        .allowed
                };
                let shown = !act.is_on_case() || may(act, 0) || may(Act::CaseRead, 0);
                assert!(shown || !may(act, n), "{act} {roles:?} {relation:?} {n}");
            }
        }
    }
}
