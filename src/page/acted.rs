//! Who acted in the case, as the events of its custody name them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use askama::Template;

use super::actor::EventActor;
use super::words;
use crate::clock::Micros;
use crate::text::{Moment, Zone, count, label};

/// What somebody did: in which roles, how often each action, from when to when.
struct ActorTally {
    actor: EventActor,
    roles: BTreeSet<Rc<str>>,
    actions: BTreeMap<Rc<str>, u64>,
    first: Micros,
    last: Micros,
}

/// Everybody who acted, in the order of their first events.
#[derive(Default)]
pub struct ActorTallies {
    all: Vec<ActorTally>,
    places: HashMap<(Rc<str>, Option<Rc<str>>), usize>,
}

impl ActorTallies {
    /// Takes in an event. Those of a packet come in their order.
    pub(super) fn count(&mut self, actor: EventActor, action: Rc<str>, at: Micros) {
        let next = self.all.len();
        let key = (actor.kind.clone(), actor.id.clone());
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.all.push(ActorTally {
                actor: actor.clone(),
                roles: BTreeSet::new(),
                actions: BTreeMap::new(),
                first: at,
                last: at,
            });
        }
        let tally = &mut self.all[place];
        tally.roles.extend(actor.role);
        *tally.actions.entry(action).or_default() += 1;
        tally.last = at;
    }

    /// The same in words; who it was, in those of the caller.
    pub fn told(&self, who: impl Fn(&EventActor) -> String) -> Vec<ActedRow> {
        self.all.iter().map(|tally| tally.told(who(&tally.actor))).collect()
    }
}

impl ActorTally {
    fn told(&self, who: String) -> ActedRow {
        let mut actions: Vec<_> = self.actions.iter().collect();
        actions.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
        let action = |(word, times): (&Rc<str>, &u64)| format!("{} ({})", words::action(word), count(*times));
        ActedRow {
            who,
            roles: self.roles.iter().map(|role| label(role)).collect::<Vec<_>>().join(", "),
            did: actions.into_iter().map(action).collect::<Vec<_>>().join(", "),
            first: self.first,
            last: self.last,
        }
    }
}

/// Somebody who acted.
pub struct ActedRow {
    /// Their name, where a record that is shown tells it.
    pub who: String,
    pub roles: String,
    /// Each action and how often, the most frequent first.
    pub did: String,
    /// When they acted for the first time, and for the last.
    pub first: Micros,
    pub last: Micros,
}

/// The table of the page.
#[derive(Template)]
#[template(path = "page/acted.html")]
pub(super) struct ActedTable {
    rows: Vec<(ActedRow, Moment, Moment)>,
}

impl ActedTable {
    pub fn new(rows: Vec<ActedRow>, zone: Zone) -> Self {
        let row = |row: ActedRow| {
            let (first, last) = (zone.at(row.first), zone.at(row.last));
            (row, first, last)
        };
        Self {
            rows: rows.into_iter().map(row).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_acted_stands_once_with_every_role_and_action() {
        let actor = |id: &str, role: &str| EventActor {
            kind: "person".into(),
            id: Some(id.into()),
            role: Some(role.into()),
        };
        let mut tallies = ActorTallies::default();
        for (id, role, action, at) in [
            ("u2", "supervisor", "case.opened", 1),
            ("u1", "investigator", "capture.recorded", 2),
            ("u2", "lead", "capture.recorded", 3),
            ("u1", "investigator", "capture.recorded", 4),
            ("u1", "investigator", "capture.annotated", 5),
        ] {
            tallies.count(actor(id, role), action.into(), at);
        }
        let told = tallies.told(|actor| actor.id.as_deref().unwrap_or_default().to_owned());
        let told: Vec<_> = told
            .iter()
            .map(|row| (&*row.who, &*row.roles, &*row.did, row.first, row.last))
            .collect();
        assert_eq!(
            told,
            [
                ("u2", "Lead, Supervisor", "Capture recorded (1), Case opened (1)", 1, 3),
                (
                    "u1",
                    "Investigator",
                    "Capture recorded (2), Capture annotated (1)",
                    2,
                    5
                ),
            ]
        );
    }
}
