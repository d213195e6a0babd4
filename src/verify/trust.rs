//! What the person who verifies trusts. It comes from them alone, never from the packet.

use std::collections::{HashMap, HashSet};

use crate::proof::checkpoint::{self, KeyKind, VerifyingKey};

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
    /// Logs and witnesses whose kind of key is not checked here; they count as absent.
    pub unread: Vec<UnreadKey>,
    /// Whether it lists a log, of whatever kind: then one of its logs has to have signed.
    pub lists_logs: bool,
    /// Raw keys that have a line, each once for logs and once for witnesses, whatever its name.
    known: HashSet<(bool, Vec<u8>)>,
    /// Nicknames are octets.
    names: HashMap<Vec<u8>, usize>,
    rules: Vec<WitnessRule>,
    /// Rules that are members of a group: each of one at most.
    grouped: HashSet<usize>,
    quorum: Option<Option<usize>>,
}

/// A key of a kind that this version cannot check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadKey {
    pub name: String,
    pub id: [u8; 4],
}

#[derive(Debug, Clone)]
enum WitnessRule {
    /// Index into `witnesses`.
    Witness(usize),
    /// One that cannot be checked.
    Absent,
    /// So many of these earlier rules.
    Group(usize, Vec<usize>),
}

/// A key as a line has it.
enum PolicyKey {
    Read(VerifyingKey),
    Unread(UnreadKey),
}

impl WitnessPolicy {
    /// Reads a policy; the error names the line and what is wrong with it. A byte order mark and CR LF are taken.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, String> {
        let text = text.as_ref();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut policy = Self::default();
        for (number, line) in text.split(|b| *b == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            policy.line(line).map_err(|why| {
                let line = String::from_utf8_lossy(line);
                format!("line {} of the policy {why}: {line}", number + 1)
            })?;
        }
        match policy.quorum {
            Some(_) => Ok(policy),
            None => Err("the policy has no quorum line".into()),
        }
    }

    /// Whether these witnesses (indices into `witnesses`) make the quorum; `quorum none` always is.
    pub fn satisfied(&self, signed: &[usize]) -> bool {
        let mut met: Vec<bool> = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            met.push(match rule {
                WitnessRule::Witness(witness) => signed.contains(witness),
                WitnessRule::Absent => false,
                WitnessRule::Group(count, members) => members.iter().filter(|m| met[**m]).count() >= *count,
            });
        }
        self.quorum.flatten().is_none_or(|rule| met[rule])
    }

    /// Names and ids under which logs and witnesses sign.
    pub fn signers(&self) -> impl Iterator<Item = (&str, [u8; 4])> {
        let read = self.logs.iter().chain(&self.witnesses);
        let unread = self.unread.iter().map(|key| (key.name.as_str(), key.id));
        read.map(|key| (key.name(), key.id())).chain(unread)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), &'static str> {
        if line.iter().any(|b| (*b < b' ' && *b != b'\t') || *b == 0x7f) {
            return Err("has a control character");
        }
        let words = line
            .split(|b| matches!(b, b' ' | b'\t'))
            .filter(|word| !word.is_empty());
        let words: Vec<&[u8]> = words.collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", vkey] | [b"log", vkey, _] => self.log(vkey),
            [b"witness", name, vkey] | [b"witness", name, vkey, _] => self.witness(name, vkey),
            [b"group", name, count, members @ ..] => self.group(name, count, members),
            [b"quorum", name] => self.set_quorum(name),
            _ => Err("is none that a policy has"),
        }
    }

    fn log(&mut self, vkey: &[u8]) -> Result<(), &'static str> {
        self.lists_logs = true;
        match self.key(vkey, KeyKind::Log)? {
            PolicyKey::Read(key) => self.logs.push(key),
            PolicyKey::Unread(key) => self.unread.push(key),
        }
        Ok(())
    }

    fn witness(&mut self, name: &[u8], vkey: &[u8]) -> Result<(), &'static str> {
        let rule = match self.key(vkey, KeyKind::Witness)? {
            PolicyKey::Read(key) => {
                self.witnesses.push(key);
                WitnessRule::Witness(self.witnesses.len() - 1)
            }
            PolicyKey::Unread(key) => {
                self.unread.push(key);
                WitnessRule::Absent
            }
        };
        self.define(name, rule)
    }

    /// Reads a key and takes care that it has no other line for the same part.
    fn key(&mut self, vkey: &[u8], kind: KeyKind) -> Result<PolicyKey, &'static str> {
        let vkey = std::str::from_utf8(vkey).map_err(|_| "has no key")?;
        let (read, raw) = match VerifyingKey::parse(vkey) {
            Ok(key) if key.kind() != kind => return Err("has a key of the wrong kind"),
            Ok(key) => (PolicyKey::Read(key.clone()), key.public().to_vec()),
            Err(_) => {
                let (name, id, raw) = checkpoint::unread_vkey(vkey).ok_or("has a key that cannot be right")?;
                (PolicyKey::Unread(UnreadKey { name, id }), raw)
            }
        };
        match self.known.insert((kind == KeyKind::Log, raw)) {
            true => Ok(read),
            false => Err("has a key that another line has"),
        }
    }

    fn group(&mut self, name: &[u8], count: &[u8], members: &[&[u8]]) -> Result<(), &'static str> {
        let mut rules = Vec::new();
        for member in members {
            let rule = *self.names.get(*member).ok_or("names what no line above defines")?;
            if !self.grouped.insert(rule) {
                return Err("names what is in a group already");
            }
            rules.push(rule);
        }
        let count = match count {
            b"any" => 1,
            b"all" => rules.len(),
            number => decimal(number).ok_or("has a threshold that is no decimal number")?,
        };
        if !(1..=rules.len()).contains(&count) {
            return Err("has a threshold that its members cannot meet");
        }
        self.define(name, WitnessRule::Group(count, rules))
    }

    fn define(&mut self, name: &[u8], rule: WitnessRule) -> Result<(), &'static str> {
        self.rules.push(rule);
        let taken = name == b"none" || self.names.insert(name.to_vec(), self.rules.len() - 1).is_some();
        if taken {
            Err("defines a name that is taken")
        } else {
            Ok(())
        }
    }

    fn set_quorum(&mut self, name: &[u8]) -> Result<(), &'static str> {
        let rule = match name {
            b"none" => None,
            name => Some(*self.names.get(name).ok_or("names what no line above defines")?),
        };
        match self.quorum.replace(rule) {
            None => Ok(()),
            Some(_) => Err("is a second quorum"),
        }
    }
}

/// A plain decimal number: digits alone, and none before them that says nothing.
fn decimal(text: &[u8]) -> Option<usize> {
    let plain = text.iter().all(u8::is_ascii_digit) && !text.starts_with(b"0");
    let text = std::str::from_utf8(text).ok().filter(|_| plain)?;
    text.parse().ok()
}
