//! What the person who verifies trusts. It comes from them alone, never from the packet.

use std::collections::HashMap;

use super::checkpoint::{KeyKind, VerifyingKey};

/// The keys and demands that a packet is held to.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The log's key, as the agency published it.
    pub key: Option<VerifyingKey>,
    /// Logs, witnesses and a quorum.
    pub policy: Option<WitnessPolicy>,
    pub require_witness: bool,
    pub require_time: bool,
}

/// A C2SP tlog-policy: which logs, which witnesses, and how many of them.
#[derive(Debug, Clone, Default)]
pub struct WitnessPolicy {
    pub logs: Vec<VerifyingKey>,
    pub witnesses: Vec<VerifyingKey>,
    names: HashMap<String, usize>,
    rules: Vec<WitnessRule>,
    quorum: Option<usize>,
}

#[derive(Debug, Clone)]
enum WitnessRule {
    /// Index into `witnesses`.
    Witness(usize),
    /// So many of these earlier rules.
    Group(usize, Vec<usize>),
}

impl WitnessPolicy {
    /// Reads a policy; the error names the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut policy = Self::default();
        let mut quorums = 0;
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let read = match words.as_slice() {
                [] => Some(()),
                [first, ..] if first.starts_with('#') => Some(()),
                ["log", vkey] | ["log", vkey, _] => key(vkey, KeyKind::Log).map(|key| policy.logs.push(key)),
                ["witness", name, vkey] | ["witness", name, vkey, _] => policy.witness(name, vkey),
                ["group", name, count, members @ ..] => policy.group(name, count, members),
                ["quorum", name] => {
                    quorums += 1;
                    policy.set_quorum(name)
                }
                _ => None,
            };
            read.ok_or_else(|| format!("line {} of the policy: {line}", number + 1))?;
        }
        if quorums == 1 {
            Ok(policy)
        } else {
            Err("a policy has exactly one quorum line".into())
        }
    }

    /// Whether these witnesses (indices into `witnesses`) make the quorum; `quorum none` always is.
    pub fn satisfied(&self, signed: &[usize]) -> bool {
        let mut met: Vec<bool> = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            met.push(match rule {
                WitnessRule::Witness(witness) => signed.contains(witness),
                WitnessRule::Group(count, members) => members.iter().filter(|m| met[**m]).count() >= *count,
            });
        }
        self.quorum.is_none_or(|rule| met[rule])
    }

    fn witness(&mut self, name: &str, vkey: &str) -> Option<()> {
        let key = key(vkey, KeyKind::Witness).filter(|key| !self.witnesses.contains(key))?;
        self.witnesses.push(key);
        self.define(name, WitnessRule::Witness(self.witnesses.len() - 1))
    }

    fn group(&mut self, name: &str, count: &str, members: &[&str]) -> Option<()> {
        let rules: Vec<usize> = members
            .iter()
            .map(|name| self.names.get(*name).copied())
            .collect::<Option<_>>()?;
        let count = match count {
            "any" => 1,
            "all" => rules.len(),
            number => number.parse().ok()?,
        };
        let distinct = rules.iter().enumerate().all(|(i, rule)| !rules[..i].contains(rule));
        (distinct && (1..=rules.len()).contains(&count)).then_some(())?;
        self.define(name, WitnessRule::Group(count, rules))
    }

    fn define(&mut self, name: &str, rule: WitnessRule) -> Option<()> {
        self.rules.push(rule);
        (name != "none" && self.names.insert(name.to_owned(), self.rules.len() - 1).is_none()).then_some(())
    }

    fn set_quorum(&mut self, name: &str) -> Option<()> {
        self.quorum = if name == "none" {
            None
        } else {
            Some(*self.names.get(name)?)
        };
        Some(())
    }
}

fn key(vkey: &str, kind: KeyKind) -> Option<VerifyingKey> {
    VerifyingKey::parse(vkey).ok().filter(|key| key.kind() == kind)
}
