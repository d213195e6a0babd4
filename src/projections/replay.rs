//! Makes the rows of all projections from what was recorded, in the order in which it was.

use diesel::sql_types::Text;
use diesel::{RunQueryDsl, sql_query};

use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::{Action, PastEvent, Unreadable, each_past_event};
use crate::{
    aliases, authorization_policies, authorizations, captures, case_access, cases, conduct, evidence_requests,
    exceptions, impeachment, misuse, packets, register, reviews, roster, subjects, users,
};

/// Reads the ledger from `source`, and makes the rows in `target`, whose projections are empty. `tell` hears how many
/// places of how many are read.
///
/// # Errors
/// The ledger cannot be read. An event from which nothing can be made is given to `broken`, which may end the replay.
pub fn replay(
    source: &mut AnyConn,
    target: &mut AnyConn,
    tell: &mut dyn FnMut(u64, u64) -> Result<()>,
    broken: &mut dyn FnMut(Unreadable) -> Result<()>,
) -> Result<()> {
    each_past_event(source, &mut |past, (done, total)| {
        let made = past.and_then(|past| {
            let place = format!("event {} seq {}", past.stream, past.seq);
            project(target, &past).map_err(|e| (place, Box::new(e)))
        });
        if let Err(what) = made {
            broken(what)?;
        }
        match done % 500 {
            0 => tell(done, total),
            _ => Ok(()),
        }
    })
}

/// Makes what follows from one event. Each feature knows its own.
fn project(target: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let Some(action) = past.action else { return Ok(()) };
    match action.as_str().split_once('.').map_or("", |(noun, _)| noun) {
        "unit" | "user" | "password" | "training" | "session" | "token" => users::projection::project(target, past),
        "case" | "member" | "grant" | "recusal" => cases::projection::project(target, past),
        "subject" | "account" => subjects::projection::project(target, past),
        "authorization_policy" => authorization_policies::projection::project(target, past),
        "alias" | "alias_use" | "alias_naming" | "alias_disclosure" => aliases::projection::project(target, past),
        "roster" => roster::projection::project(target, past),
        "authorization" => authorizations::projection::project(target, past),
        "capture" | "derivative" => captures::projection::project(target, past),
        "packet" | "exhibit_list" | "notice" | "disclosure" => packets::projection::project(target, past),
        "evidence_request" => evidence_requests::projection::project(target, past),
        "access_request" => case_access::projection::project(target, past),
        "exception" => exceptions::projection::project(target, past),
        "register_error" => register::projection::project(target, past),
        "misuse_report" => misuse::projection::project(target, past),
        "conduct" => conduct::projection::project(target, past),
        "impeachment_flag" => impeachment::projection::project(target, past),
        "review" => reviews::projection::project(target, past),
        _ => return Ok(()),
    }?;
    as_recorded(target, action, past)
}

/// A row's body is the record's own text. A record of an earlier release may write the same in another way than this
/// version does.
fn as_recorded(target: &mut AnyConn, action: Action, past: &PastEvent) -> Result<()> {
    let table = match action.as_str().split_once('.') {
        Some(("case", "opened" | "changed" | "suspended" | "closed" | "reopened")) => "cases",
        Some(("grant", _)) => "grants",
        Some(("recusal", _)) => "recusals",
        Some(("roster", _)) => "roster",
        Some(("subject", _)) => "subjects",
        Some(("account", _)) => "accounts",
        Some(("authorization", _)) => "authorizations",
        Some(("authorization_policy", _)) => "authorization_policies",
        Some(("alias", _)) => "aliases",
        Some(("alias_disclosure", _)) => "alias_disclosures",
        Some(("training", _)) => "trainings",
        Some(("capture", "recorded" | "corrected")) => "captures",
        Some(("packet", "requested")) => "packets",
        Some(("derivative", _)) => "derivatives",
        Some(("exhibit_list", _)) => "exhibit_lists",
        Some(("evidence_request", _)) => "evidence_requests",
        Some(("access_request", _)) => "access_requests",
        Some(("notice", _)) => "notices",
        Some(("exception", _)) => "exception_signoffs",
        Some(("register_error", _)) => "register_errors",
        Some(("misuse_report", _)) => "misuse_reports",
        Some(("conduct", _)) => "conduct_acknowledgements",
        Some(("impeachment_flag", _)) => "impeachment_flags",
        Some(("review", _)) => "reviews",
        _ => return Ok(()),
    };
    sql_query(format!("UPDATE {table} SET body = $1 WHERE id = $2 AND body <> $1"))
        .bind::<Text, _>(&past.record)
        .bind::<Text, _>(&past.object_id)
        .execute(target)?;
    Ok(())
}
