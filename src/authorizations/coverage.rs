//! What covers a capture: rule by rule, each with its reason. The rules are pure; API, packet and tests use the same.

use serde::{Deserialize, Serialize};

use super::model::{Authorization, AuthorizationState, CoveredAccount, Device, Level};
use crate::clock::{self, Micros};
use crate::subjects::{AccountFields, known, plain_handle};
use crate::text;

/// Characters of a handle that a line shows.
const SHOWN: usize = 80;

/// One rule's verdict. `None` means that it cannot be told; a capture is not held for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub rule: String,
    pub passed: Option<bool>,
    pub why: String,
}

/// What a capture says of itself, as far as an authorization is compared with it.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    pub capturer: &'a str,
    pub platform: Option<&'a str>,
    pub handle: Option<&'a str>,
    pub platform_id: Option<&'a str>,
    pub level: Option<Level>,
    pub device: Option<Device>,
    /// Whether it says that somebody searched, and found nothing.
    pub is_lookup: bool,
    /// Whether the capturer did not work in the case then: they had left it.
    pub was_out: bool,
    /// Whether the capturer had a training that counted then; looked up where an authorization requires one.
    pub is_trained: bool,
    /// The authorizations that name the alias under which it was made; none where it was made under none of the capturer's.
    pub named_by: Option<&'a [String]>,
    /// The accounts of the case that had other handles before.
    pub renamed: &'a [AccountFields],
    /// When it was captured. Where the sender's clock is ahead of ours, the time of receipt.
    pub at: Micros,
    /// When it is judged: its receipt.
    pub judged_at: Micros,
}

fn line(rule: &str, passed: impl Into<Option<bool>>, why: impl Into<String>) -> Line {
    Line {
        rule: rule.into(),
        passed: passed.into(),
        why: why.into(),
    }
}

impl Authorization {
    /// Judges a capture by every rule (contract section 2, Coverage). It is covered where no rule gives `false`.
    pub fn covers(&self, seen: &Seen<'_>) -> Vec<Line> {
        let mut lines = vec![
            self.covers_holder(seen),
            self.covers_state(seen),
            self.covers_platform(seen),
            self.covers_account(seen),
            self.covers_level(seen),
            self.covers_device(seen),
            self.covers_window(seen),
        ];
        lines.extend(self.covers_search(seen));
        lines.extend(self.covers_training(seen));
        lines.extend(self.covers_alias(seen));
        lines
    }

    /// Told of a search under an authorization that names searches: that nothing compares the two.
    fn covers_search(&self, seen: &Seen<'_>) -> Option<Line> {
        let is_named = seen.is_lookup && !self.terms.searches.is_empty();
        is_named.then(|| {
            line(
                "search",
                None,
                "no rule compares what was searched for with the searches that the authorization names",
            )
        })
    }

    /// Told where the policy of its approval requires a training.
    fn covers_training(&self, seen: &Seen<'_>) -> Option<Line> {
        self.training_required.then(|| match seen.is_trained {
            true => line("training", true, "the capturer had a training that counted then"),
            false => line(
                "training",
                false,
                "the capturer had no training that counted then, which the policy requires",
            ),
        })
    }

    /// Told of a capture under an alias, where the authorization names aliases: one of them it has to be. It tells which one
    /// as little as the capture does.
    fn covers_alias(&self, seen: &Seen<'_>) -> Option<Line> {
        let named_by = seen.named_by.filter(|_| self.aliases_named > 0)?;
        Some(match named_by.contains(&self.id) {
            true => line("named_alias", true, "the authorization names its alias"),
            false => line("named_alias", false, "the authorization does not name its alias"),
        })
    }

    fn covers_holder(&self, seen: &Seen<'_>) -> Line {
        match self.holders.iter().any(|h| h.id == seen.capturer) {
            true if seen.was_out => line("holder", false, "the capturer did not work in the case at that time"),
            true => line("holder", true, "the capturer is a holder"),
            false => line("holder", false, "the capturer is not a holder of this authorization"),
        }
    }

    fn covers_state(&self, seen: &Seen<'_>) -> Line {
        let approved_at = self
            .decision
            .as_ref()
            .filter(|_| self.effective_from.is_some())
            .map(|d| d.at.0);
        let revoked_at = self.revoked.as_ref().map(|r| r.at.0);
        let ended_at = self.ended_early();
        if let Some(line) = self.covers_emergency(seen.judged_at) {
            return line;
        }
        // A confirmed emergency was leave from its start on.
        let approved_at = match self.emergency {
            Some(_) => approved_at.and(self.effective_from.map(|from| from.0)),
            None => approved_at,
        };
        match (approved_at, revoked_at) {
            (None, _) => line("state", false, format!("it is {}, not approved", self.state)),
            (Some(at), _) if seen.at < at => line(
                "state",
                false,
                format!("it was approved at {}, after the capture", clock::format(at)),
            ),
            (_, Some(at)) if seen.at >= at => line("state", false, format!("it was revoked at {}", clock::format(at))),
            _ if ended_at.is_some_and(|at| seen.at >= at) => {
                let at = clock::format(ended_at.unwrap_or_default());
                line(
                    "state",
                    false,
                    format!("it was ended at {at} by those who had asked for it"),
                )
            }
            _ => line("state", true, "it was approved at the time of the capture"),
        }
    }

    /// An emergency counts from its start while nobody has repudiated it; a confirmed one is approved from its start on.
    fn covers_emergency(&self, now: Micros) -> Option<Line> {
        self.emergency.as_ref()?;
        let started = clock::format(self.effective_from?.0);
        match (self.state_at(now), self.decision.as_ref()) {
            (AuthorizationState::Emergency, _) => Some(line(
                "state",
                true,
                format!("an emergency that was started at {started}, which a supervisor is to confirm"),
            )),
            (AuthorizationState::Repudiated, Some(ruling)) => Some(line(
                "state",
                false,
                format!("the emergency was repudiated at {}", clock::format(ruling.at.0)),
            )),
            (AuthorizationState::Lapsed, _) => Some(line(
                "state",
                false,
                format!("the emergency of {started} lapsed, and nobody confirmed it"),
            )),
            (AuthorizationState::Approved | AuthorizationState::Expired, Some(_)) => Some(line(
                "state",
                true,
                format!("an emergency that was started at {started} and confirmed"),
            )),
            _ => None,
        }
    }

    fn covers_platform(&self, seen: &Seen<'_>) -> Line {
        match seen.platform {
            None => line("platform", None, "the capture names no platform"),
            Some(p) if self.terms.platforms.iter().any(|c| c == p) => line("platform", true, format!("{p} is covered")),
            Some(p) => {
                let covered = self.terms.platforms.join(", ");
                line("platform", false, format!("{p} is not among those covered: {covered}"))
            }
        }
    }

    fn covers_account(&self, seen: &Seen<'_>) -> Line {
        if self.terms.accounts.is_empty() {
            return line("account", true, "all accounts of the platforms are covered");
        }
        if known(seen.handle).is_none() && known(seen.platform_id).is_none() {
            return line("account", None, "the capture names no account");
        }
        let (mut compared, mut unknown, mut later) = (false, false, None);
        for named in self.named_accounts() {
            match named.is_shown(seen) {
                Some(true) if named.from <= seen.at => {
                    let why = format!("the account is covered{}", named_otherwise(named.account, seen));
                    return line("account", true, why);
                }
                Some(true) => later = Some(named.from),
                Some(false) => compared |= seen.platform.is_none_or(|p| p == named.account.platform),
                None => unknown = true,
            }
        }
        if let Some(at) = later {
            let why = format!("the account was added at {}, after the capture", clock::format(at));
            return line("account", false, why);
        }
        // An account of the platform that can be compared decides: one that is named by its address alone opens no other.
        match unknown && !compared {
            true => line(
                "account",
                None,
                "the capture and the authorization name accounts in different ways",
            ),
            false => line("account", false, "the account is not among those covered"),
        }
    }

    fn covers_level(&self, seen: &Seen<'_>) -> Line {
        let covered = self.terms.level;
        match seen.level {
            None => line("level", None, "the capture names no level"),
            Some(level) if level <= covered => line("level", true, format!("{level} is covered: up to {covered}")),
            Some(level) => line("level", false, format!("{level} is not covered: only up to {covered}")),
        }
    }

    fn covers_device(&self, seen: &Seen<'_>) -> Line {
        match seen.device {
            None => line("device", None, "the capture names no device"),
            Some(d) if self.terms.devices.contains(&d) => line("device", true, format!("the device {d} is covered")),
            Some(d) => line("device", false, format!("the device {d} is not covered")),
        }
    }

    fn covers_window(&self, seen: &Seen<'_>) -> Line {
        let Some(from) = self.effective_from.map(|at| at.0) else {
            return line("window", false, "it never came into effect");
        };
        let to = self.terms.ends_at.0;
        let window = format!("from {} to {}", clock::format(from), clock::format(to));
        match seen.at {
            at if at < from => line("window", false, format!("captured before it took effect, {window}")),
            at if at > to => line("window", false, format!("captured after it ended, {window}")),
            _ => line("window", true, format!("captured within the window, {window}")),
        }
    }

    /// Whether it has ended or was revoked, so that bytes that arrive now arrive late.
    pub fn is_over(&self, now: Micros) -> bool {
        use AuthorizationState::{Ended, Lapsed, Repudiated, Revoked};
        let stopped = [Revoked, Ended, Lapsed, Repudiated].contains(&self.state);
        stopped || now > self.terms.ends_at.0
    }

    /// When those who had asked for it ended it before its time.
    fn ended_early(&self) -> Option<Micros> {
        let closing = self
            .closing
            .as_ref()
            .filter(|_| self.state == AuthorizationState::Ended)?;
        Some(closing.at.0)
    }
}

/// An account that an authorization names.
struct NamedAccount<'a> {
    account: &'a CoveredAccount,
    /// When it was asked for.
    asked_at: Micros,
    /// From when on it is covered, as far as the authorization is in force.
    from: Micros,
}

impl Authorization {
    /// The accounts of the request, and those that were added while it ran.
    fn named_accounts(&self) -> impl Iterator<Item = NamedAccount<'_>> {
        let asked = self.terms.accounts.iter().map(|account| NamedAccount {
            account,
            asked_at: self.requested_at.0,
            from: Micros::MIN,
        });
        let added = self.additions.iter().filter_map(|addition| {
            Some(NamedAccount {
                account: &addition.account,
                asked_at: addition.requested_at.0,
                from: addition.covered_from()?.0,
            })
        });
        asked.chain(added)
    }
}

impl NamedAccount<'_> {
    /// Whether a capture shows this account: by the platform's own id where both know it, else by the handle.
    fn is_shown(&self, seen: &Seen<'_>) -> Option<bool> {
        let covered = self.account;
        if seen.platform.is_some_and(|p| p != covered.platform) {
            return Some(false);
        }
        if let (Some(a), Some(b)) = (known(covered.platform_id.as_deref()), known(seen.platform_id)) {
            return Some(a == b);
        }
        match (known(covered.handle.as_deref()), known(seen.handle)) {
            (Some(a), Some(b)) => Some(self.is_same_handle((a, b), seen)),
            _ => None,
        }
    }

    /// Whether two handles were the same account's: the first when it was asked for, the second when it was captured. A
    /// rename that was recorded later does not count: who works on a case would extend their own leave by recording one.
    fn is_same_handle(&self, (asked, found): (&str, &str), seen: &Seen<'_>) -> bool {
        let had = |account: &&AccountFields| {
            let then = account.handle_at(self.asked_at, self.asked_at).map(plain_handle);
            account.platform.as_ref() == Some(&self.account.platform) && then == Some(plain_handle(asked))
        };
        let is_another = |account: &AccountFields| {
            let ids = (known(account.platform_id.as_deref()), known(seen.platform_id));
            matches!(ids, (Some(a), Some(b)) if a != b)
        };
        match seen.renamed.iter().find(had) {
            Some(account) if is_another(account) => false,
            Some(account) => account.handle_at(seen.at, self.asked_at).map(plain_handle) == Some(plain_handle(found)),
            None => plain_handle(asked) == plain_handle(found),
        }
    }
}

/// How the capture and the authorization name the same account, where they name it in different ways.
fn named_otherwise(covered: &CoveredAccount, seen: &Seen<'_>) -> String {
    match (known(seen.handle), known(covered.handle.as_deref())) {
        (Some(here), Some(there)) if here != there => {
            let shown = |handle: &str| text::short(&text::line(handle), SHOWN);
            format!(", as “{}” here, “{}” in the authorization", shown(here), shown(there))
        }
        _ => String::new(),
    }
}
