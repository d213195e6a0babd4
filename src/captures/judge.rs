//! What a capture rests on, and whether it is logged or held. The rules are pure: the authorizations are arguments.

use serde::{Deserialize, Serialize};

use super::arrival::Arrived;
use super::model::{
    Basis, BasisKind, CaptureKind, CaptureState, Flag, NewCapture, Particulars, STANDING_ORDER, is_unfinished,
};
use crate::aliases::{self, Alias};
use crate::authorization_policies::{self, PolicyInForce};
use crate::authorizations::{self, Authorization, Level, Line, Seen};
use crate::cases;
use crate::clock::{HOUR, Micros, SECOND, Timestamp};
use crate::db::AnyConn;
use crate::error::Result;
use crate::page::words::UNDER_AN_ALIAS;
use crate::subjects::{self, AccountFields};
use crate::users::{self, Training};

/// A sender's clock may be off by this before it is flagged.
const TOLERATED: Micros = 30 * SECOND;
/// Characters of an emergency's predicate that a capture repeats.
const EMERGENCY_TOLD: usize = 1_000;
/// A receipt later than this after the capture is a late entry.
const LATE: Micros = HOUR;

/// The authorization against which a capture was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgedBy {
    pub id: String,
    /// Its number in the case.
    pub number: i64,
    pub ends_at: Timestamp,
}

/// The server's word on a new capture.
#[derive(Debug, Clone)]
pub struct Judgment {
    pub state: CaptureState,
    pub basis: Basis,
    pub coverage: Vec<Line>,
    pub flags: Vec<Flag>,
    /// The authorization against which it was judged, where there was one.
    pub judged_by: Option<JudgedBy>,
}

impl Judgment {
    fn of(state: CaptureState, basis: Basis, coverage: Vec<Line>) -> Self {
        Self {
            state,
            basis,
            coverage,
            flags: Vec::new(),
            judged_by: None,
        }
    }
}

/// What a new capture is judged against.
#[derive(Debug, Clone, Default)]
pub struct JudgedAgainst {
    /// The authorizations of its case that were ever approved.
    pub known: Vec<Authorization>,
    /// What carries it, where it claims to need no authorization.
    pub free: FreeLevels,
    /// Whether the capturer holds an authorization of the case and did not work in the case when it was captured.
    pub was_out: bool,
    /// The capturer's trainings, where an authorization requires them.
    pub trainings: Vec<Training>,
    /// The alias that it names, where the capturer holds it.
    pub alias: Option<Alias>,
    /// The authorizations of its case that name this alias.
    pub named_by: Vec<String>,
    /// The accounts of its case that had other handles before, where an authorization names accounts.
    pub renamed: Vec<AccountFields>,
}

impl JudgedAgainst {
    /// Reads what a capture by this person in a case is judged against. `setting` names the levels that need no
    /// authorization until the agency adopts a policy of its own.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn read(
        conn: &mut AnyConn,
        (case, capturer): (&str, &str),
        new: &NewCapture,
        setting: &[String],
    ) -> Result<Self> {
        let known = authorizations::store::once_approved(conn, case)?;
        let holds = |one: &Authorization| one.holders.iter().any(|holder| holder.id == capturer);
        let was_out = known.iter().any(holds) && !cases::worked_then(conn, (case, capturer), new.captured_at)?;
        let trainings = match known.iter().any(|one| one.training_required) {
            true => users::store::trainings_of(conn, &[capturer.to_owned()])?,
            false => Vec::new(),
        };
        let renamed = match known.iter().any(|one| !one.terms.accounts.is_empty()) {
            true => subjects::renamed(conn, case)?,
            false => Vec::new(),
        };
        let alias = match &new.alias_id {
            Some(id) => aliases::held_by(conn, id, capturer)?,
            None => None,
        };
        let named_by = match &alias {
            Some(alias) => aliases::named_with(conn, case, &alias.id)?,
            None => Vec::new(),
        };
        Ok(Self {
            named_by,
            free: FreeLevels::read(conn, case, new, setting)?,
            known,
            was_out,
            trainings,
            alias,
            renamed,
        })
    }
}

/// What carries a capture that claims to need no authorization.
#[derive(Debug, Clone, Default)]
pub struct FreeLevels {
    /// The levels at which the setting lets captures rest on `not_required`.
    levels: Vec<String>,
    /// What the policy says that the agency adopted, of this capture; the setting counts no more then.
    order: Option<Line>,
}

impl FreeLevels {
    /// Looked up for a capture alone that claims it. A policy that the agency adopted says which by its standing orders,
    /// each for cases of some units or of all; until there is one, the setting does.
    fn read(conn: &mut AnyConn, case: &str, new: &NewCapture, setting: &[String]) -> Result<Self> {
        if new.basis.as_ref().map(|basis| basis.kind) != Some(BasisKind::NotRequired) {
            return Ok(Self::default());
        }
        // That of the time of capture: an order carries nothing that was captured before it.
        let policy = authorization_policies::in_force_then(conn, new.captured_at)?;
        if policy.adopted.is_none() {
            let (levels, order) = (setting.to_vec(), None);
            return Ok(Self { levels, order });
        }
        let units = cases::unit_names_then(conn, case, new.captured_at)?;
        Ok(Self {
            levels: Vec::new(),
            order: Some(standing_order(&policy, new.particulars.level, &units)),
        })
    }

    fn carries(&self, level: Option<Level>) -> bool {
        let in_setting = |level: Level| self.levels.iter().any(|free| free == level.as_str());
        match &self.order {
            Some(line) => line.passed == Some(true),
            None => level.is_some_and(in_setting),
        }
    }
}

/// Whether a standing order of the policy in force carries a capture of this level in a case of these units.
pub(super) fn standing_order(policy: &PolicyInForce, level: Option<Level>, units: &[String]) -> Line {
    let of_level = level.map(|level| (level, policy.terms.of(level)));
    let (passed, why) = match of_level.map(|(level, terms)| (level, &terms.standing_order, terms.order_for(units))) {
        None => (false, "names no level, and a standing order holds at levels".to_owned()),
        Some((level, _, Some(order))) => (
            true,
            format!(
                "the standing order {order} holds at the level {level} in a case of this unit, by version {} of the policy",
                policy.reference.number
            ),
        ),
        Some((level, Some(order), None)) => (
            false,
            format!("the standing order {order} for the level {level} does not hold in a case of this unit"),
        ),
        Some((level, None, None)) => (
            false,
            format!("no standing order of the policy in force holds at the level {level}"),
        ),
    };
    Line {
        rule: STANDING_ORDER.into(),
        passed: Some(passed),
        why,
    }
}

/// Judges a capture at its receipt.
pub fn judge(new: &NewCapture, capturer: &str, now: Micros, against: &JudgedAgainst) -> Judgment {
    let known = &against.known;
    let said = &new.particulars;
    let at = new.captured_at.min(now);
    let seen = Seen {
        is_lookup: new.kind == CaptureKind::Lookup,
        was_out: against.was_out,
        named_by: against.alias.as_ref().map(|_| &*against.named_by),
        is_trained: against.trainings.iter().any(|training| training.counts_at(at)),
        ..seen(said, (capturer, at, now), &against.renamed)
    };
    let mut verdict = match &new.basis {
        None => by_authorization(&seen, now, known.iter(), None),
        Some(claim) if claim.kind == BasisKind::Authorization => {
            let named = known.iter().filter(|a| Some(&a.id) == claim.id.as_ref());
            by_authorization(&seen, now, named, claim.id.clone())
        }
        Some(claim) => by_claim(claim, said.level, &against.free),
    };
    judge_alias(&mut verdict, new, at, against.alias.as_ref());
    add_flags(&mut verdict, new, now);
    verdict
}

/// What a capture says of itself, by somebody who worked in the case, without a search, a training and an alias.
pub(super) fn seen<'a>(
    said: &'a Particulars,
    (capturer, at, now): (&'a str, Micros, Micros),
    renamed: &'a [AccountFields],
) -> Seen<'a> {
    let account = said.account.as_ref();
    Seen {
        capturer,
        platform: said.platform.as_deref(),
        handle: account.and_then(|a| a.handle.as_deref()),
        platform_id: account.and_then(|a| a.platform_id.as_deref()),
        level: said.level,
        device: said.device,
        is_lookup: false,
        was_out: false,
        is_trained: true,
        named_by: None,
        renamed,
        at,
        judged_at: now,
    }
}

/// Adds the rule of the alias, where one is named or a covert capture needs one. It tells that there was one and whether
/// it counted, and nothing else: a record of a case names no alias. Where the basis is no authorization, none is needed.
fn judge_alias(verdict: &mut Judgment, new: &NewCapture, at: Micros, alias: Option<&Alias>) {
    let by_leave = new
        .basis
        .as_ref()
        .is_none_or(|claim| claim.kind == BasisKind::Authorization);
    let is_needed = by_leave && new.particulars.level == Some(Level::Covert);
    if new.alias_id.is_none() && !is_needed {
        return;
    }
    let (counted, why) = match alias {
        Some(alias) if !alias.is_on(new.particulars.platform.as_deref()) => {
            (false, format!("{UNDER_AN_ALIAS} that has no account on this platform"))
        }
        Some(alias) if alias.counts_at(at) => (true, format!("{UNDER_AN_ALIAS} that counted at the time")),
        Some(_) => (false, format!("{UNDER_AN_ALIAS} that did not count at the time")),
        None => (false, "names no alias of the capturer".to_owned()),
    };
    verdict.coverage.push(Line {
        rule: "alias".into(),
        passed: (counted || by_leave).then_some(counted),
        why,
    });
    if by_leave && !counted {
        verdict.state = CaptureState::Held;
        if new.basis.is_none() {
            verdict.basis = basis(BasisKind::Exception, None);
        }
    }
    if is_needed && alias.is_none() {
        verdict.flags.push(Flag::AliasMissing);
    }
}

fn by_authorization<'a>(
    seen: &Seen<'_>,
    now: Micros,
    known: impl Iterator<Item = &'a Authorization>,
    named: Option<String>,
) -> Judgment {
    let judged = known.map(|a| (a, a.covers(seen)));
    // What a supervisor gave goes before an emergency that nobody has judged.
    let best = judged.min_by_key(|(a, lines)| {
        let failed = lines.iter().filter(|l| l.passed == Some(false)).count();
        (failed, a.is_unjudged(now))
    });
    let Some((authorization, coverage)) = best else {
        return uncovered(named);
    };
    let covered = coverage.iter().all(|l| l.passed != Some(false));
    let state = match covered {
        true => CaptureState::Logged,
        false => CaptureState::Held,
    };
    let basis = match covered || named.is_some() {
        true if covered && authorization.is_unjudged(now) => of_emergency(authorization),
        true => basis(BasisKind::Authorization, Some(authorization.id.clone())),
        false => basis(BasisKind::Exception, None),
    };
    let mut verdict = Judgment::of(state, basis, coverage);
    verdict.judged_by = Some(JudgedBy {
        id: authorization.id.clone(),
        number: authorization.number,
        ends_at: authorization.terms.ends_at,
    });
    if covered && authorization.is_over(now) {
        verdict.flags.push(Flag::LateEntry);
    }
    verdict
}

/// It rests on an emergency that a supervisor is still to judge, and is on their list until then and after.
fn of_emergency(authorization: &Authorization) -> Basis {
    Basis {
        kind: BasisKind::Emergency,
        id: Some(authorization.id.clone()),
        reason: Some(format!(
            "Emergency authorization A-{}: {}",
            authorization.number,
            authorization
                .terms
                .predicate
                .chars()
                .take(EMERGENCY_TOLD)
                .collect::<String>()
        )),
    }
}

fn uncovered(named: Option<String>) -> Judgment {
    let (basis, why) = match named {
        Some(id) => (
            basis(BasisKind::Authorization, Some(id)),
            "the authorization named is none of this case that was approved",
        ),
        None => (
            basis(BasisKind::Exception, None),
            "no authorization of this case was ever approved",
        ),
    };
    let coverage = vec![Line {
        rule: "state".into(),
        passed: Some(false),
        why: why.into(),
    }];
    Judgment::of(CaptureState::Held, basis, coverage)
}

fn basis(kind: BasisKind, id: Option<String>) -> Basis {
    Basis { kind, id, reason: None }
}

fn by_claim(claim: &Basis, level: Option<Level>, free: &FreeLevels) -> Judgment {
    let state = match claim.kind {
        BasisKind::Exception | BasisKind::Authorization => CaptureState::Held,
        BasisKind::NotRequired if !free.carries(level) => CaptureState::Held,
        _ => CaptureState::Logged,
    };
    let basis = Basis {
        id: None,
        ..claim.clone()
    };
    Judgment::of(state, basis, free.order.iter().cloned().collect())
}

/// What is odd about the files that came.
pub fn odd_files(arrived: &[Arrived]) -> Vec<Flag> {
    let empty = arrived.iter().any(|file| file.entry.size == 0);
    let named = |file: &Arrived| file.entry.name.as_deref().is_some_and(is_unfinished);
    let incomplete = arrived.iter().any(|file| file.cut_off || named(file));
    let all = [(empty, Flag::EmptyFile), (incomplete, Flag::IncompleteFile)];
    all.into_iter().filter(|(odd, _)| *odd).map(|(_, flag)| flag).collect()
}

fn add_flags(verdict: &mut Judgment, new: &NewCapture, now: Micros) {
    if new.captured_at > now + TOLERATED {
        verdict.flags.push(Flag::FutureClock);
    }
    if now - new.captured_at > LATE && !verdict.flags.contains(&Flag::LateEntry) {
        verdict.flags.push(Flag::LateEntry);
    }
    if new.captured_at_basis.is_some_and(|basis| basis.mark().is_some()) {
        verdict.flags.push(Flag::GuessedTime);
    }
    if new.particulars.posted_at.is_some_and(|p| p.0 > new.captured_at) {
        verdict.flags.push(Flag::PostedAfterCapture);
    }
    verdict.flags.extend(&new.noticed);
}
