//! Random worlds: whatever people do in whatever order, lists say what each door says, nobody both asks and decides, and
//! nothing is covered backwards. What happened is read from the ledger, as an outsider would read it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::{App, Case, Client, days, hours};

/// Steps of one world.
const STEPS: usize = 160;
/// Worlds a database. A seed that once failed is put first.
const SEEDS: [u64; 3] = [1, 20_261_130, 0x5eed];

/// The levels, from the lowest on.
const LEVELS: [&str; 3] = ["overt", "discreet", "covert"];

/// Numbers that only their seed decides.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A world under way.
struct World<'a> {
    app: &'a App,
    people: Vec<&'a Client>,
    cases: Vec<Case>,
    authorizations: Vec<String>,
    captures: Vec<String>,
    requests: Vec<String>,
    grants: Vec<String>,
    /// Who works on a case, as far as was seen: those who most moves there are made by.
    workers: BTreeMap<String, Vec<&'a Client>>,
    /// Where leave was asked for last, and for whom: they go on to capture there.
    asked: Option<(Case, Vec<&'a Client>)>,
    dice: Dice,
}

fn people(app: &App) -> Vec<&Client> {
    vec![
        &app.lead,
        &app.member,
        &app.stranger,
        &app.supervisor,
        &app.deputy,
        &app.far,
        &app.exporter,
        &app.prosecutor,
        &app.double,
    ]
}

impl<'a> World<'a> {
    fn new(app: &'a App, seed: u64) -> Self {
        Self {
            app,
            people: people(app),
            cases: Vec::new(),
            authorizations: Vec::new(),
            captures: Vec::new(),
            requests: Vec::new(),
            grants: Vec::new(),
            workers: BTreeMap::new(),
            asked: None,
            dice: Dice(seed),
        }
    }

    /// Somebody, mostly one of these.
    fn mostly(&mut self, likely: &[&'a Client]) -> &'a Client {
        let all = match likely.is_empty() || self.dice.once_in(4) {
            true => self.people.clone(),
            false => likely.to_vec(),
        };
        all[self.dice.below(all.len())]
    }

    fn works(&mut self, case: &Case) -> &'a Client {
        let likely = self.workers.get(&case.id).cloned().unwrap_or_default();
        self.mostly(&likely)
    }

    fn supervises(&mut self) -> &'a Client {
        let app = self.app;
        self.mostly(&[&app.supervisor, &app.deputy, &app.far, &app.double])
    }

    /// Sends what a person might, and keeps the id of what it made. Refusals are part of the game; faults are none.
    fn sends(&self, by: &Client, (method, path): (&str, &str), body: &Value) -> Option<String> {
        let request = by.request(method, path);
        let request = match method {
            "PATCH" => {
                let seen = by.get(path);
                let version = (seen.status == 200).then(|| seen.json()["version"].to_string());
                let tag = format!("\"{}\"", version.unwrap_or_default());
                request.header("If-Match", tag).json(body)
            }
            "DELETE" => request,
            _ => request.json(body),
        };
        let answer = by.send(request);
        assert!(answer.status < 500, "{method} {path} {body}: {}", answer.status);
        let made = answer.status < 300 && answer.status != 204;
        made.then(|| answer.json()["id"].as_str().map(str::to_owned))?
    }

    fn opens(&mut self) {
        let handling = *self.dice.of(&["standard", "standard", "restricted", "confidential"]);
        let mut body = json!({"title": "A case", "kind": "online_crime", "handling": handling, "particulars": crate::kit::online()});
        if handling != "standard" {
            let decider = *self
                .dice
                .of(&[&self.app.supervisor, &self.app.deputy, &self.app.far, &self.app.double]);
            body["supervisor_id"] = decider.id.clone().into();
        }
        let app = self.app;
        let by = self.mostly(&[&app.lead, &app.member]);
        if let Some(id) = self.sends(by, ("POST", "/api/v1/cases"), &body) {
            self.workers.insert(id.clone(), vec![by]);
            self.cases.push(Case::named(&id));
        }
    }

    fn changes_people(&mut self, case: &Case) {
        let (by, other) = (self.works(case), self.mostly(&[]));
        let user = other.id.clone();
        let member = case.path(&format!("members/{user}"));
        match self.dice.below(8) {
            0..=2 => {
                if by.send(by.request("PUT", &member).json(&json!({}))).status == 200 {
                    self.workers.entry(case.id.clone()).or_default().push(other);
                }
            }
            3 => drop(self.sends(by, ("DELETE", &member), &Value::Null)),
            4 => {
                self.sends(by, ("PATCH", &case.path("")), &json!({"lead_id": user}));
                // Whoever is proposed accepts, or somebody else tries to.
                let next = self.mostly(&[other]);
                self.sends(next, ("PATCH", &case.path("")), &json!({"lead_id": user}));
            }
            5 => {
                let right = *self.dice.of(&["read", "export", "decide"]);
                let until = self.app.at(hours(1 + self.dice.below(60) as i64));
                let grant = json!({"user_id": user, "until": until, "rights": [right], "reason": "as asked"});
                let by = self.supervises();
                let made = self.sends(by, ("POST", &case.path("grants")), &grant);
                self.grants.extend(made);
            }
            6 => {
                // Some of the case's captures, as far as whoever gives it sees them.
                let by = self.supervises();
                let listed = by.get(&case.path("captures?limit=100"));
                let items = (listed.status == 200).then(|| listed.json()["items"].clone());
                let all: Vec<String> = ids(&items.unwrap_or_default()).into_iter().map(str::to_owned).collect();
                let chosen: Vec<&String> = all.iter().filter(|_| self.dice.once_in(2)).collect();
                let until = self.app.at(hours(1 + self.dice.below(60) as i64));
                let grant =
                    json!({"user_id": user, "until": until, "rights": ["read"], "captures": chosen, "reason": "these"});
                let made = self.sends(by, ("POST", &case.path("grants")), &grant);
                self.grants.extend(made);
            }
            _ => {
                if let Some(grant) = self.grants.last().cloned() {
                    let by = self.supervises();
                    self.sends(by, ("DELETE", &format!("/api/v1/grants/{grant}")), &Value::Null);
                }
            }
        }
    }

    fn asks(&mut self, case: &Case) {
        let holding: Vec<&Client> = (0..=self.dice.below(2)).map(|_| self.works(case)).collect();
        let holders: BTreeSet<&str> = holding.iter().map(|one| one.id.as_str()).collect();
        let level = *self.dice.of(&["overt", "overt", "discreet"]);
        let starts = self.app.at(hours(self.dice.below(30) as i64) - days(1));
        let request = crate::kit::with(
            self.app.request(),
            json!({
                "level": level, "holders": holders, "starts_at": starts,
                "ends_at": self.app.at(hours(2 + self.dice.below(72) as i64)),
                "necessity": "n", "proportionality": "p", "intrusion": "i",
            }),
        );
        let by = self.works(case);
        let made = self.sends(by, ("POST", &case.path("authorizations")), &request);
        if made.is_some() {
            self.asked = Some((case.clone(), holding));
        }
        self.authorizations.extend(made);
    }

    fn decides(&mut self) {
        let Some(last) = self.authorizations.last().cloned() else {
            return;
        };
        // Mostly about what was asked last: of the rest much is decided.
        let id = match self.dice.once_in(3) {
            true => self.dice.of(&self.authorizations).clone(),
            false => last,
        };
        let path = |rest: &str| format!("/api/v1/authorizations/{id}/{rest}");
        let app = self.app;
        let by = self.supervises();
        match self.dice.below(8) {
            0..=4 => {
                let word = *self.dice.of(&["approve", "approve", "approve", "deny", "return"]);
                let said = json!({"decision": word, "reason": "as the dice fell"});
                self.sends(by, ("POST", &path("decision")), &said);
            }
            5 => drop(self.sends(by, ("POST", &path("revocation")), &json!({"reason": "over"}))),
            6 => {
                let by = self.mostly(&[]);
                self.sends(by, ("POST", &path("withdrawal")), &json!({}));
            }
            // Whoever asks tries to decide, too.
            _ => {
                let by = self.mostly(&[&app.lead, &app.double]);
                let said = json!({"decision": "approve", "reason": "needed"});
                self.sends(by, ("POST", &path("decision")), &said);
            }
        }
    }

    fn logs(&mut self, anywhere: &Case) {
        let there = self.asked.clone().filter(|_| !self.dice.once_in(3));
        let (case, likely) = there.unwrap_or_else(|| (anywhere.clone(), Vec::new()));
        let by = match likely.is_empty() {
            true => self.works(&case),
            false => self.mostly(&likely),
        };
        let back = hours(self.dice.below(12) as i64 * self.dice.below(2) as i64);
        let level = *self.dice.of(&["overt", "overt", "discreet"]);
        let platform = *self.dice.of(&["web", "web", "instagram", "tiktok"]);
        let said = json!({"captured_at": self.app.at(-back), "level": level, "platform": platform});
        let made = self.sends(by, ("POST", &case.path("captures")), &self.app.post_with(said));
        self.captures.extend(made);
        if self.dice.once_in(3) && !self.captures.is_empty() {
            let id = self.dice.of(&self.captures).clone();
            let outcome = *self.dice.of(&["accept", "ratify", "quarantine"]);
            let said = json!({"outcome": outcome, "reason": "as the dice fell"});
            let by = self.supervises();
            self.sends(by, ("POST", &format!("/api/v1/captures/{id}/decision")), &said);
        }
    }

    fn asks_for_access(&mut self, case: &Case) {
        let number = self.app.last_case_number(case);
        let body = match self.dice.once_in(2) {
            true => json!({"number": number, "reason": "needed"}),
            false => {
                let second = *self.dice.of(&["supervisor", "far", "double"]);
                json!({"number": number, "reason": "at once", "second": second})
            }
        };
        let by = self.mostly(&[]);
        let made = self.sends(by, ("POST", "/api/v1/access-requests"), &body);
        self.requests.extend(made);
        if let Some(id) = self.requests.last().cloned() {
            let way = *self.dice.of(&["decision", "confirmation"]);
            let said = json!({"outcome": "granted", "until": self.app.at(hours(5))});
            let by = self.supervises();
            self.sends(by, ("POST", &format!("/api/v1/access-requests/{id}/{way}")), &said);
        }
    }

    fn step(&mut self) {
        if self.cases.len() < 3 || self.dice.once_in(40) {
            self.opens();
            return;
        }
        let case = self.dice.of(&self.cases).clone();
        match self.dice.below(16) {
            0 | 1 => self.changes_people(&case),
            2 | 3 => self.asks(&case),
            4..=7 => self.decides(),
            8..=12 => self.logs(&case),
            13 => self.asks_for_access(&case),
            14 => {
                let handling = *self.dice.of(&["standard", "restricted", "confidential"]);
                let said = json!({"handling": handling, "reason": "as the dice fell"});
                let by = self.supervises();
                self.sends(by, ("PATCH", &case.path("")), &said);
            }
            _ => self.app.advance(hours(1)),
        }
    }
}

impl App {
    /// The number of a case, as its record says.
    fn last_case_number(&self, case: &Case) -> String {
        let records = records_of(self, &case.stream);
        let number = records
            .iter()
            .rev()
            .find_map(|(_, record)| record["number"].as_str().filter(|_| record["lead"].is_object()));
        number.unwrap_or("26-none").to_owned()
    }
}

/// The events of a stream, each with its record.
fn records_of(app: &App, stream: &str) -> Vec<(Value, Value)> {
    let events = app.events(stream);
    let stream = stream.to_owned();
    let read = move |conn: &mut _| {
        let each = events.into_iter().enumerate().map(|(seq, event)| {
            let record = casetrail::ledger::read::record(conn, &stream, seq as i64)?;
            let record = record.map_or(Value::Null, |(_, text)| serde_json::from_str(&text).unwrap());
            Ok((event, record))
        });
        each.collect::<casetrail::error::Result<Vec<_>>>()
    };
    app.state.gate.db().read_blocking(read).unwrap()
}

fn ids(people: &Value) -> Vec<&str> {
    people
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["id"].as_str())
        .collect()
}

/// What is known of a case on the way through its stream.
#[derive(Default)]
struct Past {
    lead: String,
    members: BTreeSet<String>,
    /// The last record of each authorization that was approved.
    approved: BTreeMap<String, Value>,
    first_approvals: BTreeMap<String, String>,
}

impl Past {
    fn take(&mut self, event: &Value, record: &Value) {
        let (action, actor) = (
            event["action"].as_str().unwrap(),
            event["actor"]["id"].as_str().unwrap(),
        );
        match action {
            "member.added" => drop(self.members.insert(record["user"]["id"].as_str().unwrap().to_owned())),
            "member.removed" => drop(self.members.remove(record["user"]["id"].as_str().unwrap())),
            "authorization.part_approved" => {
                self.decided_by_another(actor, record);
                self.first_approvals
                    .insert(record["id"].as_str().unwrap().to_owned(), actor.to_owned());
            }
            "authorization.approved" => {
                self.decided_by_another(actor, record);
                let id = record["id"].as_str().unwrap();
                assert_ne!(
                    self.first_approvals.get(id).map(String::as_str),
                    Some(actor),
                    "both approvals: {record}"
                );
                let from = record["effective_from"].as_str().unwrap();
                let at = event["at"].as_str().unwrap();
                assert!(
                    from >= at && from >= record["starts_at"].as_str().unwrap(),
                    "backwards: {record}"
                );
                self.approved.insert(id.to_owned(), record.clone());
            }
            "authorization.denied" | "authorization.returned" | "authorization.revoked" => {
                self.decided_by_another(actor, record);
            }
            "capture.recorded" => self.covered(event, record),
            "capture.accepted" | "capture.ratified" | "capture.quarantined" => self.works_not(actor, action),
            "grant.given" if record["access_request_id"].is_string() => {
                assert_ne!(record["user"]["id"].as_str(), Some(actor), "an own request: {record}");
            }
            _ => {}
        }
        if let Some(lead) = record["lead"]["id"].as_str() {
            lead.clone_into(&mut self.lead);
        }
    }

    fn decided_by_another(&self, actor: &str, record: &Value) {
        assert_ne!(
            record["requester"]["id"].as_str(),
            Some(actor),
            "an own request: {record}"
        );
        assert!(!ids(&record["holders"]).contains(&actor), "a holder: {record}");
        self.works_not(actor, "decided");
    }

    fn works_not(&self, actor: &str, what: &str) {
        assert!(
            self.lead != actor && !self.members.contains(actor),
            "{what} by one who works on the case"
        );
    }

    /// What an authorization covers was captured by a holder, after its approval and before its end.
    fn covered(&self, event: &Value, record: &Value) {
        if record["basis"]["kind"] != "authorization" {
            return;
        }
        let id = record["basis"]["id"].as_str().unwrap_or_else(|| panic!("{record}"));
        let by = self
            .approved
            .get(id)
            .unwrap_or_else(|| panic!("not approved then: {record}"));
        let captured = record["captured_at"].as_str().unwrap();
        assert!(
            captured >= by["effective_from"].as_str().unwrap(),
            "backwards: {record}"
        );
        assert!(captured < by["ends_at"].as_str().unwrap(), "after the end: {record}");
        assert!(
            ids(&by["holders"]).contains(&event["actor"]["id"].as_str().unwrap()),
            "no holder: {record}"
        );
        // What may be looked at unseen may be looked at openly.
        let height = |of: &Value| LEVELS.iter().position(|level| of["level"] == *level);
        assert!(height(record).is_some() && height(record) <= height(by), "{record}");
    }
}

/// The captures that a case's list shows to somebody are those whose doors are open to them.
fn captures_agree(app: &App, client: &Client, case: &Case) {
    let listed = client.get(&case.path("captures?limit=100"));
    let listed = if listed.status == 200 {
        listed.json()
    } else {
        json!({"items": []})
    };
    let listed: BTreeSet<&str> = ids(&listed["items"]).into_iter().collect();
    let recorded = app
        .events(&case.stream)
        .into_iter()
        .filter(|event| event["action"] == "capture.recorded");
    for event in recorded.take(40) {
        let id = event["object"]["id"].as_str().unwrap();
        let door = client.get(&format!("/api/v1/captures/{id}")).status == 200;
        assert_eq!(listed.contains(id), door, "{} and capture {id}", client.id);
    }
}

/// Lists, single doors and the explanation say the same of every case to everybody.
fn lists_say_what_doors_say(app: &App, cases: &[Case]) {
    for client in people(app) {
        let listed = client.get("/api/v1/cases?limit=100").is(200);
        let listed: BTreeSet<&str> = ids(&listed["items"]).into_iter().collect();
        for case in cases {
            let door = client.get(&case.path(""));
            let head = door.status == 200 && door.json()["sees"] == "chosen_captures";
            let door = door.status == 200;
            assert_eq!(listed.contains(case.id.as_str()), door, "{} and {}", client.id, case.id);
            captures_agree(app, client, case);
            if !door {
                continue;
            }
            if head {
                // Who was given chosen captures is told nothing else.
                for below in ["access", "subjects", "authorizations", "events", "grants"] {
                    assert_eq!(client.get(&case.path(below)).status, 404, "{below}");
                }
                continue;
            }
            let readers = client.get(&case.path("access"));
            if readers.status != 200 {
                // Who was proposed as lead sees what the case is about, and no more, but for what was chosen for them.
                assert_eq!(client.get(&case.path("subjects")).status, 403);
                continue;
            }
            let readers = readers.json();
            let told: BTreeSet<&str> = readers["people"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["user"]["id"].as_str().unwrap())
                .collect();
            for other in people(app) {
                let sees = other.get(&case.path("")).status == 200;
                assert_eq!(told.contains(other.id.as_str()), sees, "{} in {readers}", other.id);
            }
        }
    }
}

both_databases!(no_order_of_moves_lets_one_person_ask_and_decide_or_covers_backwards);
fn no_order_of_moves_lets_one_person_ask_and_decide_or_covers_backwards(app: &App) {
    let (mut approved, mut covered) = (0, 0);
    for seed in SEEDS {
        let mut world = World::new(app, seed);
        for _ in 0..STEPS {
            world.step();
        }
        for case in &world.cases {
            let mut past = Past::default();
            for (event, record) in records_of(app, &case.stream) {
                approved += usize::from(event["action"] == "authorization.approved");
                covered +=
                    usize::from(event["action"] == "capture.recorded" && record["basis"]["kind"] == "authorization");
                past.take(&event, &record);
            }
        }
        let some = world.cases.len().min(6);
        lists_say_what_doors_say(app, &world.cases[..some]);
    }
    // A world in which nothing happens proves nothing.
    assert!(approved >= 5 && covered >= 5, "{approved} approved, {covered} covered");
}
