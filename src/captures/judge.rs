//! What a capture rests on, and whether it is logged or held. Pure: the authorizations are given.

use serde_json::{Value, json};

use super::model::{BasisKind, Claim, NewCapture, State};
use crate::authorizations::{Authorization, Level, Line, Seen};
use crate::clock::{HOUR, Micros, SECOND};

/// A sender's clock may be off by this before it is flagged.
const TOLERATED: Micros = 30 * SECOND;
/// A receipt later than this after the capture is a late entry.
const LATE: Micros = HOUR;

/// The server's word on a new capture.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub state: State,
    pub basis: Value,
    pub coverage: Vec<Line>,
    pub flags: Vec<&'static str>,
    /// Whether a supervisor is to decide: held, or an emergency.
    pub open: bool,
}

/// Judges a capture at its receipt.
pub fn judge(
    new: &NewCapture,
    capturer: &str,
    now: Micros,
    known: &[Authorization],
    not_required: &[String],
) -> Verdict {
    let seen = Seen {
        capturer,
        platform: new.platform.as_deref(),
        handle: new.account_part("handle"),
        platform_id: new.account_part("platform_id"),
        level: new.level,
        device: new.device,
        at: new.captured_at.min(now),
    };
    let mut verdict = match &new.basis {
        None => by_authorization(&seen, now, known.iter(), None),
        Some(claim) if claim.kind == BasisKind::Authorization => {
            let named = known.iter().filter(|a| Some(&a.id) == claim.id.as_ref());
            by_authorization(&seen, now, named, claim.id.clone())
        }
        Some(claim) => by_claim(claim, new.level, not_required),
    };
    add_flags(&mut verdict, new, now);
    verdict.open = verdict.state == State::Held || verdict.basis["kind"] == "emergency";
    verdict
}

fn by_authorization<'a>(
    seen: &Seen<'_>,
    now: Micros,
    known: impl Iterator<Item = &'a Authorization>,
    named: Option<String>,
) -> Verdict {
    let judged = known.map(|a| (a, a.covers(seen)));
    let best = judged.min_by_key(|(_, lines)| lines.iter().filter(|l| l.passed == Some(false)).count());
    let Some((authorization, coverage)) = best else {
        return uncovered(named);
    };
    let covered = coverage.iter().all(|l| l.passed != Some(false));
    // The registry of aliases joins later; until then a covert capture can name none, and a missing alias holds.
    let aliasless = seen.level == Some(Level::Covert);
    let mut flags = Vec::new();
    if covered && authorization.is_over(now) {
        flags.push("late_entry");
    }
    if aliasless {
        flags.push("alias_missing");
    }
    let state = if covered && !aliasless {
        State::Logged
    } else {
        State::Held
    };
    let basis = match covered || named.is_some() {
        true => json!({"kind": "authorization", "id": authorization.id, "reason": null}),
        false => json!({"kind": "exception", "id": null, "reason": null}),
    };
    Verdict {
        state,
        basis,
        coverage,
        flags,
        open: false,
    }
}

fn uncovered(named: Option<String>) -> Verdict {
    let (basis, why) = match named {
        Some(id) => (
            json!({"kind": "authorization", "id": id, "reason": null}),
            "the authorization named is none of this case that was approved",
        ),
        None => (
            json!({"kind": "exception", "id": null, "reason": null}),
            "no authorization of this case was ever approved",
        ),
    };
    let coverage = vec![Line {
        rule: "state".into(),
        passed: Some(false),
        why: why.into(),
    }];
    Verdict {
        state: State::Held,
        basis,
        coverage,
        flags: Vec::new(),
        open: false,
    }
}

fn by_claim(claim: &Claim, level: Option<Level>, not_required: &[String]) -> Verdict {
    let state = match claim.kind {
        BasisKind::Exception | BasisKind::Authorization => State::Held,
        BasisKind::NotRequired => match level {
            Some(level) if not_required.iter().any(|l| l == level.as_str()) => State::Logged,
            _ => State::Held,
        },
        _ => State::Logged,
    };
    let basis = json!({"kind": claim.kind, "id": null, "reason": claim.reason});
    Verdict {
        state,
        basis,
        coverage: Vec::new(),
        flags: Vec::new(),
        open: false,
    }
}

fn add_flags(verdict: &mut Verdict, new: &NewCapture, now: Micros) {
    if new.captured_at > now + TOLERATED {
        verdict.flags.push("future_clock");
    }
    if now - new.captured_at > LATE && !verdict.flags.contains(&"late_entry") {
        verdict.flags.push("late_entry");
    }
    if new.posted_at.is_some_and(|p| p > new.captured_at) {
        verdict.flags.push("posted_after_capture");
    }
}
