//! What the policy in force asks of a request, as its form tells it.

use crate::authorization_policies::{AskedField, Level, PolicyInForce, PolicyTerms};
use crate::text::{counted, label, line};

/// What the form of a request tells of the policy.
pub struct PolicyHints {
    /// The number of the policy in force.
    pub number: i64,
    /// The sentences that a requester confirms.
    pub attestations: Vec<ShownSentence>,
    /// The purposes that it forbids.
    pub forbidden: String,
    /// What it allows, a line a level.
    pub allowed: Vec<(String, String)>,
    /// The texts that inspectors ask for: name, label, and at which levels the policy does.
    pub asks: Vec<(&'static str, &'static str, String)>,
}

impl PolicyHints {
    /// Of a policy, for a case: `units` are the names of its unit and of those above it.
    pub fn of(policy: &PolicyInForce, units: &[String]) -> Self {
        let terms = &policy.terms;
        Self {
            number: policy.reference.number,
            attestations: ShownSentence::all(terms),
            forbidden: forbidden(terms),
            allowed: Level::ALL.iter().map(|level| allowed(terms, units, *level)).collect(),
            asks: AskedField::ALL.iter().map(|field| asked(terms, *field)).collect(),
        }
    }
}

/// A sentence that a requester confirms.
pub struct ShownSentence {
    pub word: String,
    pub says: String,
    pub levels: String,
}

impl ShownSentence {
    fn all(policy: &PolicyTerms) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for level in Level::ALL {
            for one in &policy.of(*level).requester_confirms {
                match all.iter_mut().find(|known| known.word == one.word) {
                    Some(known) => known.levels = format!("{}, {level}", known.levels),
                    None => all.push(Self {
                        word: one.word.clone(),
                        says: line(&one.says),
                        levels: level.to_string(),
                    }),
                }
            }
        }
        all
    }
}

/// A text that inspectors ask for, and at which levels the policy asks for it.
fn asked(policy: &PolicyTerms, field: AskedField) -> (&'static str, &'static str, String) {
    let levels: Vec<&str> = Level::ALL
        .iter()
        .filter(|level| policy.of(**level).asks.contains(&field))
        .map(|level| level.as_str())
        .collect();
    let hint = match levels.is_empty() {
        true => String::new(),
        false => format!("The policy asks for it at the level {}.", levels.join(" and ")),
    };
    (field.as_str(), field.label(), hint)
}

/// What the policy allows at a level, in a sentence.
fn allowed(policy: &PolicyTerms, units: &[String], level: Level) -> (String, String) {
    let one = policy.of(level);
    let devices: Vec<&str> = one.devices.iter().map(|device| device.as_str()).collect();
    let approvals = counted(one.approvals, "approval", "approvals");
    let long = counted(one.longest_days, "day", "days");
    let order = one.order_for(units).map_or_else(String::new, |order| {
        format!(" Under {} captures need none in this case.", line(order))
    });
    (
        label(level.as_str()),
        format!("{approvals}, at most {long}, devices: {}.{order}", devices.join(", ")),
    )
}

/// The purposes that the policy forbids.
fn forbidden(policy: &PolicyTerms) -> String {
    let all: Vec<String> = policy.forbidden_purposes.iter().map(|one| line(&one.says)).collect();
    all.join(" ")
}
