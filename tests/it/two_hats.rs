//! Three people with every right between them do whatever comes to mind in one case, a few hundred times: nobody ever
//! decides what they asked for, what covers them, what they captured, or what came while they worked on the case.
//!
//! An oracle of its own keeps who did what when, from the answers alone. `CASETRAIL_WALKS` sets how many walks there are,
//! `CASETRAIL_WALK` the seed of the first; a walk that fails tells its seed and its steps.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ops::ControlFlow;

use casetrail::ledger;
use casetrail::policy::Role::{self, Investigator, Prosecutor, Supervisor};
use casetrail::users::{NewUser, ops};
use serde_json::{Value, json};

use crate::both_databases;
use crate::bytes::Random;
use crate::kit::{Answer, App, Case, Client, days, online, with};
use crate::lists::Dice;

/// Walks where nothing else is asked for, and steps of each.
const WALKS: u64 = 200;
const STEPS: usize = 24;

/// One of the three.
type Who = usize;

const TRIOS: [[&[Role]; 3]; 2] = [
    [&[Investigator, Supervisor]; 3],
    [
        &[Supervisor],
        &[Investigator, Supervisor],
        &[Investigator, Supervisor, Prosecutor],
    ],
];

/// Something that is asked for or logged, and then decided.
struct Thing {
    path: String,
    since: usize,
    /// Who asked for it or made it, and whom it ever covered.
    own: BTreeSet<Who>,
    asked_by: Who,
    version: i64,
    /// As the last answer about it said.
    state: String,
}

/// Who did what when, by the numbers of the steps.
struct Oracle {
    now: usize,
    lead: Who,
    proposed: Option<Who>,
    members: BTreeSet<Who>,
    /// Spells of work as lead or member: who, from when, until when.
    spells: Vec<(Who, usize, Option<usize>)>,
}

impl Oracle {
    fn begins(&mut self, who: Who) {
        self.spells.push((who, self.now, None));
    }

    fn works(&self, who: Who) -> bool {
        self.lead == who || self.members.contains(&who)
    }

    fn ends_unless_working(&mut self, who: Who) {
        if self.works(who) {
            return;
        }
        for spell in self
            .spells
            .iter_mut()
            .filter(|spell| spell.0 == who && spell.2.is_none())
        {
            spell.2 = Some(self.now);
        }
    }

    fn joins(&mut self, who: Who) {
        if self.members.insert(who) {
            self.begins(who);
        }
    }

    fn takes_over(&mut self, who: Who) {
        let former = std::mem::replace(&mut self.lead, who);
        self.begins(who);
        self.joins(former);
        self.proposed = None;
    }

    /// Why somebody must not decide about a thing.
    fn bars(&self, who: Who, thing: &Thing) -> Option<&'static str> {
        let since =
            |spell: &&(Who, usize, Option<usize>)| spell.0 == who && spell.2.is_none_or(|end| end >= thing.since);
        match self.spells.iter().find(since) {
            _ if thing.own.contains(&who) => Some("own"),
            Some(_) if self.works(who) => Some("works"),
            Some(_) => Some("worked"),
            None => None,
        }
    }

    fn ever_worked(&self, who: Who) -> bool {
        self.spells.iter().any(|spell| spell.0 == who)
    }
}

struct Walk<'a> {
    seed: u64,
    app: &'a App,
    people: &'a [Client],
    dice: Dice,
    case: Case,
    version: i64,
    oracle: Oracle,
    requests: Vec<Thing>,
    captures: Vec<Thing>,
    grants: Vec<String>,
    told: Vec<String>,
    tally: &'a mut BTreeMap<String, usize>,
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("walk {} failed after:\n{}", self.seed, self.told.join("\n"));
        }
    }
}

impl<'a> Walk<'a> {
    fn begin(app: &'a App, people: &'a [Client], seed: u64, tally: &'a mut BTreeMap<String, usize>) -> Self {
        let mut dice = Dice(Random::new(seed));
        let (lead, handling) = (
            dice.roll(3),
            *dice.one(&["standard", "standard", "restricted", "confidential"]),
        );
        let mut new =
            json!({"title": "Harbour", "kind": "online_crime", "handling": handling, "particulars": online()});
        if handling != "standard" {
            new["supervisor_id"] = json!(people[(lead + 1 + dice.roll(2)) % 3].id);
        }
        let made = people[lead].post("/api/v1/cases", new).is(201);
        Self {
            told: vec![format!("0: {lead} opens a {handling} case")],
            case: Case::named(made["id"].as_str().unwrap()),
            version: 1,
            oracle: Oracle {
                now: 0,
                lead,
                proposed: None,
                members: BTreeSet::new(),
                spells: vec![(lead, 0, None)],
            },
            requests: Vec::new(),
            captures: Vec::new(),
            grants: Vec::new(),
            seed,
            app,
            people,
            dice,
            tally,
        }
    }

    fn counts(&mut self, what: &str) {
        *self.tally.entry(what.to_owned()).or_default() += 1;
    }

    /// What was answered, where it was done; each try is told and counted.
    fn done(&mut self, who: Who, what: &str, answer: &Answer) -> Option<Value> {
        let done = answer.status < 300;
        self.told
            .push(format!("{}: {who} {what}: {}", self.oracle.now, answer.status));
        assert!(answer.status < 500, "{what}");
        if done {
            self.counts(what.split(' ').next().unwrap_or_default());
        }
        done.then(|| answer.json())
    }

    fn step(&mut self) {
        self.oracle.now += 1;
        let (who, other) = (self.dice.roll(3), self.dice.roll(3));
        let member = self.one_who(|oracle, who| oracle.members.contains(&who));
        let worker = self.one_who(Oracle::works);
        let lead = self.one_who(|oracle, who| oracle.lead == who);
        match self.dice.roll(24) {
            0..=1 => self.names_lead(lead, other),
            2..=3 => self.answers(),
            4..=5 => self.adds(lead, other),
            6..=9 => self.removes(who, member),
            10 => self.gives(who, other),
            11..=12 => self.asks(worker),
            13..=16 => self.rules(who),
            17 => self.mends(),
            18 => self.ends_one(who),
            19 => self.logs(worker),
            20..=22 => self.judges(who),
            _ => self.changes(who, other),
        }
    }

    /// Mostly one of whom this is so; else anybody.
    fn one_who(&mut self, fits: impl Fn(&Oracle, Who) -> bool) -> Who {
        let fitting: Vec<Who> = (0..3).filter(|who| fits(&self.oracle, *who)).collect();
        if fitting.is_empty() || self.dice.often(25) {
            self.dice.roll(3)
        } else {
            *self.dice.one(&fitting)
        }
    }

    /// A change of the case; what it says of lead and deciders is held to what may be.
    fn patches(&mut self, who: Who, what: &str, patch: Value) -> ControlFlow<()> {
        let answer = self.people[who].patch(&self.case.path(""), self.version, patch.clone());
        let named = |field: &str| self.people.iter().position(|person| patch[field] == json!(person.id));
        let (lead, decides) = (named("lead_id"), named("supervisor_id"));
        let Some(case) = self.done(who, &format!("{what} {patch}"), &answer) else {
            return ControlFlow::Break(());
        };
        self.version = case["version"].as_i64().unwrap();
        match lead {
            Some(lead) if self.oracle.proposed == Some(who) && lead == who => {
                self.counts("takes_over");
                self.oracle.takes_over(who);
            }
            Some(lead) if lead == self.oracle.lead => self.oracle.proposed = None,
            Some(lead) => {
                assert_ne!(lead, who, "somebody proposed themselves");
                self.oracle.proposed = Some(lead);
            }
            None => {}
        }
        if patch["status"] == "closed" {
            self.oracle.proposed = None;
        }
        if let Some(named) = decides {
            assert_ne!(named, who, "somebody named themselves to decide");
            assert!(!self.oracle.works(named), "somebody decides where they work");
        }
        assert_eq!(case["lead_id"], json!(self.people[self.oracle.lead].id));
        let proposed = self.oracle.proposed.map(|next| self.people[next].id.as_str());
        assert_eq!(case["proposed_lead"]["id"].as_str(), proposed);
        ControlFlow::Continue(())
    }

    fn names_lead(&mut self, who: Who, other: Who) {
        let mut patch = json!({"lead_id": self.people[other].id});
        if self.dice.often(20) {
            let decides = self.dice.roll(3);
            patch["supervisor_id"] = json!(self.people[decides].id);
        }
        let _ = self.patches(who, "names_lead", patch);
    }

    /// Who is proposed accepts, mostly.
    fn answers(&mut self) {
        let Some(who) = self.oracle.proposed else { return };
        let lead = if self.dice.often(80) { who } else { self.oracle.lead };
        let _ = self.patches(who, "answers", json!({"lead_id": self.people[lead].id}));
    }

    fn changes(&mut self, who: Who, other: Who) {
        let patch = match self.dice.roll(6) {
            0 => json!({"status": "closed", "disposition": "unfounded"}),
            1 | 2 => json!({"status": "open"}),
            3 => json!({"handling": "standard"}),
            4 => json!({"handling": "restricted", "supervisor_id": self.people[other].id}),
            _ => json!({"supervisor_id": self.people[other].id}),
        };
        let _ = self.patches(who, "changes", patch);
    }

    fn membership(&self, of: Who) -> String {
        self.case.path(&format!("members/{}", self.people[of].id))
    }

    fn adds(&mut self, who: Who, other: Who) {
        let answer = self.people[who].put(&self.membership(other), json!({}));
        if self.done(who, &format!("adds {other}"), &answer).is_some() {
            self.oracle.joins(other);
        }
    }

    fn removes(&mut self, who: Who, other: Who) {
        let answer = self.people[who].delete(&self.membership(other));
        if self.done(who, &format!("removes {other}"), &answer).is_some() {
            self.oracle.members.remove(&other);
            self.oracle.ends_unless_working(other);
        }
    }

    fn gives(&mut self, who: Who, other: Who) {
        if !self.grants.is_empty() && self.dice.often(30) {
            let grant = self.dice.one(&self.grants).clone();
            let answer = self.people[who].delete(&format!("/api/v1/grants/{grant}"));
            self.done(who, "ends a grant", &answer);
            return;
        }
        let rights = *self.dice.one(&[&["read"][..], &["decide"], &["read", "decide"]]);
        let grant =
            json!({"user_id": self.people[other].id, "until": self.app.at(days(30)), "rights": rights, "reason": "r"});
        let answer = self.people[who].post(&self.case.path("grants"), grant);
        if let Some(made) = self.done(who, &format!("gives {other} {rights:?}"), &answer) {
            assert_ne!(who, other, "somebody gave access to themselves");
            self.grants.push(made["id"].as_str().unwrap().to_owned());
        }
    }

    /// Some who work on the case now.
    fn holders(&mut self) -> Vec<Who> {
        let works: Vec<Who> = (0..3).filter(|who| self.oracle.works(*who)).collect();
        let some: Vec<Who> = works.iter().copied().filter(|_| self.dice.often(60)).collect();
        if some.is_empty() { works } else { some }
    }

    fn ids(&self, of: &[Who]) -> Value {
        of.iter().map(|who| json!(self.people[*who].id)).collect()
    }

    fn asks(&mut self, who: Who) {
        let holders = self.holders();
        let request = with(self.app.request(), json!({"holders": self.ids(&holders)}));
        let answer = self.people[who].post(&self.case.path("authorizations"), request);
        if let Some(made) = self.done(who, &format!("asks for {holders:?}"), &answer) {
            let path = format!("/api/v1/authorizations/{}", made["id"].as_str().unwrap());
            self.requests.push(self.thing(path, who, (&holders, "requested")));
        }
    }

    fn thing(&self, path: String, who: Who, (holders, state): (&[Who], &str)) -> Thing {
        Thing {
            path,
            since: self.oracle.now,
            own: holders.iter().copied().chain([who]).collect(),
            asked_by: who,
            version: 1,
            state: state.to_owned(),
        }
    }

    /// Mostly one that is in this state.
    fn pick(dice: &mut Dice, things: &[Thing], state: &str) -> Option<usize> {
        let fitting: Vec<usize> = (0..things.len()).filter(|at| things[*at].state == state).collect();
        let all: Vec<usize> = (0..things.len()).collect();
        let of = if fitting.is_empty() || dice.often(10) {
            all
        } else {
            fitting
        };
        (!of.is_empty()).then(|| *dice.one(&of))
    }

    /// Holds a decision to the oracle, whether it was let through or not.
    fn decided(&mut self, who: Who, bars: Option<&'static str>, (what, status): (&str, u16)) {
        match (status, bars) {
            (..300, Some(why)) => panic!("{who} {what} about what is barred to them: {why}"),
            (..300, None) if self.oracle.ever_worked(who) => self.counts("let_through_after_work"),
            (403, Some(why)) => self.counts(&format!("barred_{why}")),
            _ => {}
        }
    }

    fn rules(&mut self, who: Who) {
        let Some(at) = Self::pick(&mut self.dice, &self.requests, "requested") else {
            return;
        };
        let word = *self.dice.one(&["approve", "approve", "deny", "return", "return"]);
        let path = format!("{}/decision", self.requests[at].path);
        let answer = self.people[who].post(&path, json!({"decision": word, "reason": "r"}));
        let made = self.done(who, &format!("{word} {at}"), &answer);
        let bars = self.oracle.bars(who, &self.requests[at]);
        self.decided(who, bars, (word, answer.status));
        self.now_at(at, made.as_ref());
    }

    fn now_at(&mut self, at: usize, made: Option<&Value>) {
        if let Some(made) = made {
            let thing = &mut self.requests[at];
            thing.version = made["version"].as_i64().unwrap();
            thing.state = made["state"].as_str().unwrap().to_owned();
        }
    }

    /// The requester mends a request, with other holders.
    fn mends(&mut self) {
        let Some(at) = Self::pick(&mut self.dice, &self.requests, "returned") else {
            return;
        };
        let (holders, who) = (self.holders(), self.requests[at].asked_by);
        let (path, version) = (self.requests[at].path.clone(), self.requests[at].version);
        let answer = self.people[who].patch(
            &path,
            version,
            json!({"holders": self.ids(&holders), "purpose": "mended"}),
        );
        let made = self.done(who, &format!("mends {at} for {holders:?}"), &answer);
        if made.is_some() {
            self.requests[at].own.extend(holders);
        }
        self.now_at(at, made.as_ref());
    }

    /// Revokes an authorization, or takes a request back.
    fn ends_one(&mut self, who: Who) {
        let Some(at) = Self::pick(&mut self.dice, &self.requests, "approved") else {
            return;
        };
        let path = self.requests[at].path.clone();
        if self.dice.often(20) {
            let answer = self.people[who].post(&format!("{path}/withdrawal"), json!({}));
            let made = self.done(who, &format!("withdraws {at}"), &answer);
            assert!(
                made.is_none() || who == self.requests[at].asked_by,
                "another withdrew it"
            );
            return self.now_at(at, made.as_ref());
        }
        let answer = self.people[who].post(&format!("{path}/revocation"), json!({"reason": "r"}));
        let made = self.done(who, &format!("revokes {at}"), &answer);
        let bars = self.oracle.bars(who, &self.requests[at]);
        self.decided(who, bars, ("revokes", answer.status));
        self.now_at(at, made.as_ref());
    }

    fn logs(&mut self, who: Who) {
        let kind = *self.dice.one(&["exception", "exception", "emergency"]);
        let post = self.app.post_with(json!({"basis": {"kind": kind, "reason": "r"}}));
        let answer = self.people[who].log(&self.case, post);
        if let Some(made) = self.done(who, &format!("logs an {kind}"), &answer) {
            let path = format!("/api/v1/captures/{}", made["id"].as_str().unwrap());
            self.captures
                .push(self.thing(path, who, (&[], made["state"].as_str().unwrap())));
        }
    }

    fn judges(&mut self, who: Who) {
        let (state, words): (_, &[&str]) = match self.dice.often(60) {
            true => ("held", &["accept", "ratify", "quarantine"]),
            false => ("logged", &["confirm", "repudiate"]),
        };
        let Some(at) = Self::pick(&mut self.dice, &self.captures, state) else {
            return;
        };
        let word = *self.dice.one(words);
        let path = format!("{}/decision", self.captures[at].path);
        let answer = self.people[who].post(&path, json!({"outcome": word, "reason": "r"}));
        let made = self.done(who, &format!("judges {at}: {word}"), &answer);
        let bars = self.oracle.bars(who, &self.captures[at]);
        self.decided(who, bars, (word, answer.status));
        if made.is_some() {
            self.captures[at].state.clear();
        }
    }

    /// What the case says at the end is what the oracle kept.
    fn ends(self) {
        let lead = &self.people[self.oracle.lead];
        let case = lead.get(&self.case.path("")).is(200);
        assert_eq!(case["lead_id"], json!(lead.id));
        let members: BTreeSet<&str> = case["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|member| member["user_id"].as_str().unwrap())
            .collect();
        let kept = self.oracle.members.iter().map(|who| self.people[*who].id.as_str());
        assert_eq!(members, kept.collect::<BTreeSet<_>>());
    }
}

/// Three people of one unit with these roles.
fn trio(app: &App, n: usize) -> Vec<Client> {
    let unit = app.units["north"].clone();
    let new = |at: usize| NewUser {
        username: format!("hat{n}{at}"),
        name: format!("Hat {at}"),
        roles: TRIOS[n][at].to_vec(),
        unit_id: Some(unit.clone()),
    };
    let new: Vec<NewUser> = (0..3).map(new).collect();
    let made = app.state.gate.housekeep_blocking(ledger::operator("tests"), move |tx| {
        let one = |new: &NewUser| {
            let made = ops::create(tx, new, "no password", ops::Password::ToKeep)?;
            let id = made.peek().found.id.clone();
            let token = ops::token(tx, &id, None)?.peek().1.clone();
            Ok((id, token))
        };
        new.iter().map(one).collect::<casetrail::error::Result<Vec<_>>>()
    });
    let made = made.unwrap().into_iter();
    made.map(|(id, token)| app.bearing_as(&id, &token)).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test has no settings")]
fn set(name: &str, otherwise: u64) -> u64 {
    let given = env::var(name).ok();
    given.map_or(otherwise, |text| text.parse().expect("a whole number"))
}

both_databases!(nobody_decides_what_they_asked_for_whatever_three_people_do);
fn nobody_decides_what_they_asked_for_whatever_three_people_do(app: &App) {
    let trios = [trio(app, 0), trio(app, 1)];
    let (first, walks) = (set("CASETRAIL_WALK", 1), set("CASETRAIL_WALKS", WALKS));
    let mut tally = BTreeMap::new();
    for seed in first..first + walks {
        let trio = &trios[usize::from(seed % 3 == 0)];
        let mut walk = Walk::begin(app, trio, seed, &mut tally);
        (0..STEPS).for_each(|_| walk.step());
        walk.ends();
    }
    eprintln!("{tally:?}");
    // Who refuses all would pass as well: everything that could go wrong was tried, and what is right went through.
    let wanted = [
        "approve",
        "deny",
        "return",
        "revokes",
        "judges",
        "mends",
        "takes_over",
        "barred_own",
        "barred_works",
        "barred_worked",
        "let_through_after_work",
    ];
    for what in wanted.iter().filter(|_| walks >= WALKS) {
        assert!(
            tally.get(*what).is_some_and(|n| *n > 2),
            "{what} hardly happened: {tally:?}"
        );
    }
}
