//! Whether a correction moves a capture beyond that on which it rests. What covers it stays as it was judged on its first
//! version; that it moved is told beside it.

use super::judge::{seen, standing_order};
use super::model::{BasisKind, Capture, STANDING_ORDER, StoredCapture};
use crate::aliases::{self, Alias};
use crate::authorization_policies;
use crate::authorizations::{self, Authorization, Level, Seen};
use crate::cases;
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::Result;
use crate::subjects::{self, AccountFields};
use crate::users::{self, Training};

/// Whether a correction moves a capture beyond its leave, its standing order, or what a supervisor decided about. A capture
/// that waits for a supervisor is not judged: they see what was corrected.
///
/// # Errors
/// Where the database fails.
pub fn goes_beyond(conn: &mut AnyConn, before: &StoredCapture, after: &Capture, now: Micros) -> Result<bool> {
    if before.state.is_closed() || before.awaits_decision {
        return Ok(false);
    }
    let before = &before.capture;
    if before.awaits_decision() {
        // Somebody decided about what it was.
        return Ok(is_another(before, after));
    }
    match (before.basis.kind, &before.basis.id) {
        (BasisKind::NotRequired, _) => goes_beyond_order(conn, before, after),
        (_, Some(id)) => match authorizations::store::find_in(conn, (&before.case_id, id))? {
            Some(leave) => goes_beyond_leave(conn, &leave, (before, after), now),
            None => Ok(false),
        },
        _ => Ok(false),
    }
}

/// Whether they differ in what leave is about: account, platform, level, device, time of capture.
fn is_another(before: &Capture, after: &Capture) -> bool {
    let told = |version: &Capture| {
        let said = &version.particulars;
        let at = version.captured_at;
        (said.account.clone(), said.platform.clone(), said.level, said.device, at)
    };
    told(before) != told(after)
}

/// Where a policy's standing order carried it, one has to hold for what it is now; else its level must not rise.
fn goes_beyond_order(conn: &mut AnyConn, before: &Capture, after: &Capture) -> Result<bool> {
    let by_order = before.coverage.iter().any(|line| line.rule == STANDING_ORDER);
    if !by_order {
        return Ok(after.particulars.level > before.particulars.level);
    }
    Ok(is_carried(conn, before)? && !is_carried(conn, after)?)
}

/// Whether a standing order of the time carries it.
fn is_carried(conn: &mut AnyConn, version: &Capture) -> Result<bool> {
    let policy = authorization_policies::in_force_then(conn, moment(version))?;
    let units = cases::unit_names_then(conn, &version.case_id, moment(version))?;
    let holds = standing_order(&policy, version.particulars.level, &units).passed == Some(true);
    Ok(policy.adopted.is_some() && holds)
}

/// The time for which it is judged, as when it was received, which no correction changes.
fn moment(version: &Capture) -> Micros {
    version.captured_at.0.min(version.received_at.0)
}

/// What a version is compared with.
struct ComparedWith<'a> {
    leave: &'a Authorization,
    trainings: &'a [Training],
    renamed: &'a [AccountFields],
    /// The alias under which it was made, where that counted.
    alias: Option<Alias>,
    now: Micros,
}

fn goes_beyond_leave(
    conn: &mut AnyConn,
    leave: &Authorization,
    (before, after): (&Capture, &Capture),
    now: Micros,
) -> Result<bool> {
    let renamed = subjects::renamed(conn, &before.case_id)?;
    let trainings = match leave.training_required {
        true => users::store::trainings_of(conn, std::slice::from_ref(&before.capturer.id))?,
        false => Vec::new(),
    };
    let alias = |rule: &str, passed| rule == "alias" && passed == Some(true);
    let had_alias = before.coverage.iter().any(|line| alias(&line.rule, line.passed));
    let with = ComparedWith {
        leave,
        trainings: &trainings,
        renamed: &renamed,
        alias: match had_alias {
            true => aliases::used_by(conn, &before.id)?,
            false => None,
        },
        now,
    };
    let kept = with.failed(conn, before)?;
    Ok(with.failed(conn, after)?.iter().any(|rule| !kept.contains(rule)))
}

impl ComparedWith<'_> {
    /// The rules that a version breaks.
    fn failed(&self, conn: &mut AnyConn, version: &Capture) -> Result<Vec<String>> {
        let (at, capturer) = (moment(version), version.capturer.id.as_str());
        let seen = Seen {
            was_out: !cases::worked_then(conn, (&version.case_id, capturer), at)?,
            is_trained: self.trainings.iter().any(|training| training.counts_at(at)),
            ..seen(&version.particulars, (capturer, at, self.now), self.renamed)
        };
        let lines = self.leave.covers(&seen).into_iter();
        let failed = lines.filter(|line| line.passed == Some(false)).map(|line| line.rule);
        let counts = |alias: &Alias| alias.counts_at(at) && alias.is_on(version.particulars.platform.as_deref());
        let lacks_alias = version.particulars.level == Some(Level::Covert) && !self.alias.as_ref().is_some_and(counts);
        Ok(failed.chain(lacks_alias.then(|| "alias".to_owned())).collect())
    }
}
