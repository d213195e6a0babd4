//! Lists filter in SQL, single things are decided by policy: random worlds hold both to one answer.

use std::collections::BTreeSet;

use casetrail::captures::WaitingSort;
use casetrail::clock::new_id;
use casetrail::db::canonical;
use casetrail::db::tables::{
    authorization_holders, authorizations, captures, cases, events, grant_captures, grants, members, recusals, roster,
};
use casetrail::error::Kind;
use casetrail::gate::{RequestCtx, Scope};
use casetrail::identity::Credential;
use casetrail::ledger;
use casetrail::policy::{Act, Role};
use casetrail::proof::Digest;
use casetrail::users::{NewUser, ops};
use diesel::prelude::*;
use serde_json::json;

use crate::both_databases;
use crate::bytes::Random;
use crate::kit::{App, Client, beginning, days};

/// A failing world can be made again from its seed.
pub struct Dice(pub Random);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        usize::try_from(self.0.number() >> 33).unwrap() % sides
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }

    pub fn often(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

struct World {
    people: Vec<Client>,
    cases: Vec<String>,
    authorizations: Vec<(String, String)>,
    captures: Vec<String>,
}

const ROLES: &[&[Role]] = &[
    &[Role::Investigator],
    &[Role::Supervisor],
    &[Role::Supervisor],
    &[Role::Investigator, Role::Supervisor],
    &[Role::Prosecutor],
    &[Role::Prosecutor, Role::Supervisor],
    &[Role::Auditor],
    &[Role::Administrator],
    &[Role::Auditor, Role::Investigator],
];

fn people(app: &App, dice: &mut Dice) -> Vec<Client> {
    let units: Vec<String> = app.units.values().cloned().collect();
    let new: Vec<NewUser> = (0..9)
        .map(|n| NewUser {
            username: format!("person{n}"),
            name: format!("Person {n}"),
            roles: ROLES[n].to_vec(),
            unit_id: Some(dice.one(&units).clone()),
        })
        .collect();
    let made = app.state.gate.housekeep_blocking(ledger::operator("tests"), move |tx| {
        let one = |new: &NewUser| {
            let id = ops::create(tx, new, "no password", ops::Password::ToKeep)?
                .peek()
                .found
                .id
                .clone();
            let token = ops::token(tx, &id, None)?.peek().1.clone();
            Ok((id, token))
        };
        new.iter().map(one).collect::<casetrail::error::Result<Vec<_>>>()
    });
    made.unwrap()
        .into_iter()
        .map(|(id, token)| app.bearing_as(&id, &token))
        .collect()
}

/// Rows put in by hand: odd ones too, such as a lead who is no investigator any more.
fn world(app: &App, seed: u64) -> World {
    let mut dice = Dice(Random::new(seed));
    let people = people(app, &mut dice);
    let ids: Vec<String> = people.iter().map(|p| p.id.clone()).collect();
    let paths = app.state.gate.db().read_blocking(|conn| {
        use casetrail::db::tables::units;
        Ok(units::table
            .select((units::id, units::path))
            .load::<(String, String)>(conn)?)
    });
    let units = paths.unwrap();
    let made = app.state.gate.housekeep_blocking(ledger::operator("tests"), move |tx| {
        let mut dice = Dice(Random::new(seed ^ 0x5eed));
        let mut made = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..4 {
            put_delegation(tx.conn, &mut dice, &units, &ids)?;
        }
        for n in 0..14 {
            let case = put_case(tx.conn, &mut dice, &units, &ids, n)?;
            for person in &ids {
                put_relation(tx.conn, &mut dice, &case, person)?;
            }
            put_work(tx.conn, &mut dice, &case, &ids, &mut made)?;
            let of_case = made.2[made.2.len() - 2..].to_vec();
            for person in &ids {
                put_chosen(tx.conn, &mut dice, (&case, &of_case), person)?;
            }
            made.0.push(case);
        }
        Ok(made)
    });
    let (cases, authorizations, captures) = made.unwrap();
    World {
        people,
        cases,
        authorizations,
        captures,
    }
}

type Conn = casetrail::db::AnyConn;
type Done<T> = casetrail::error::Result<T>;

fn leaf() -> Vec<u8> {
    Digest::of(b"no event").as_bytes().to_vec()
}

fn put_case(conn: &mut Conn, dice: &mut Dice, units: &[(String, String)], people: &[String], n: usize) -> Done<String> {
    let id = new_id(beginning());
    let (unit, path) = dice.one(units).clone();
    let status = *dice.one(&["open", "open", "suspended", "closed"]);
    let handling = *dice.one(&["standard", "standard", "restricted", "confidential"]);
    let lead = dice.one(people).clone();
    let record = json!({
        "id": id, "number": format!("26-{n}"), "provisional": false, "title": "t", "kind": "online_crime", "status": status,
        "disposition": null, "handling": handling, "court_order": null, "time_zone": "UTC", "jurisdiction": null, "offense": null,
        "unit_id": unit, "lead": {"id": lead, "name": "x"}, "supervisor": null, "particulars": {},
        "opened_at": "2026-11-22T12:00:00.000000Z", "changed_at": "2026-11-22T12:00:00.000000Z", "version": 1, "reason": null,
    });
    diesel::insert_into(cases::table)
        .values((
            cases::id.eq(&id),
            cases::number.eq(format!("26-{n}")),
            cases::kind.eq("online_crime"),
            cases::status.eq(status),
            cases::handling.eq(handling),
            cases::unit_id.eq(unit),
            cases::unit_path.eq(path),
            cases::lead_id.eq(lead),
            cases::proposed_lead_id.eq(dice.often(50).then(|| dice.one(people).clone())),
            cases::opened_at.eq(beginning()),
            cases::changed_at.eq(beginning()),
            cases::items.eq(0i64),
            cases::held.eq(0i64),
            cases::authorizations.eq(0i64),
            cases::version.eq(1i64),
            cases::leaf.eq(leaf()),
            cases::body.eq(canonical(&record)?),
        ))
        .execute(conn)?;
    Ok(id)
}

/// A supervisor's reach over a unit for somebody: it counts only with the last event about it, and as far as whoever gave
/// it has the reach.
fn put_delegation(conn: &mut Conn, dice: &mut Dice, units: &[(String, String)], people: &[String]) -> Done<()> {
    let id = new_id(beginning());
    let (unit, _) = dice.one(units).clone();
    diesel::insert_into(events::table)
        .values((
            events::stream.eq("agency"),
            events::seq.eq(1_000_000 + i64::try_from(dice.roll(1_000_000_000)).unwrap()),
            events::leaf.eq(leaf()),
            events::at.eq(beginning()),
            events::action.eq("roster.entered"),
            events::object.eq(&id),
            events::body.eq(b"planted".to_vec()),
        ))
        .execute(conn)?;
    diesel::insert_into(roster::table)
        .values((
            roster::id.eq(&id),
            roster::kind.eq(*dice.one(&["delegation", "delegation", "on_call"])),
            roster::unit_id.eq(unit),
            roster::user_id.eq(dice.one(people)),
            roster::given_by.eq(dice.one(people)),
            roster::starts_at.eq(beginning() - days(1)),
            roster::until.eq(beginning() + *dice.one(&[-days(1), days(30), days(30)])),
            roster::ended_at.eq(dice.often(25).then(beginning)),
            roster::version.eq(1i64),
            roster::leaf.eq(leaf()),
            roster::body.eq("{}"),
        ))
        .execute(conn)?;
    Ok(())
}

fn put_relation(conn: &mut Conn, dice: &mut Dice, case: &str, person: &str) -> Done<()> {
    if dice.often(15) {
        let ended = dice.often(40).then(beginning);
        diesel::insert_into(members::table)
            .values((
                members::case_id.eq(case),
                members::user_id.eq(person),
                members::since.eq(1i64),
                members::ended_at.eq(ended),
            ))
            .execute(conn)?;
    }
    if dice.often(10) {
        diesel::insert_into(recusals::table)
            .values((
                recusals::case_id.eq(case),
                recusals::user_id.eq(person),
                recusals::id.eq(new_id(beginning())),
                recusals::leaf.eq(leaf()),
                recusals::body.eq("{}"),
            ))
            .execute(conn)?;
    }
    if dice.often(25) {
        let until = beginning() + *dice.one(&[-days(1), days(30), days(30)]);
        let (read, export, decide) = *dice.one(&[
            (true, false, false),
            (true, true, false),
            (true, false, true),
            (false, false, true),
            (false, true, false),
        ]);
        put_grant(conn, dice, (case, person, until), (read, export, decide), 0)?;
    }
    Ok(())
}

fn put_grant(
    conn: &mut Conn,
    dice: &mut Dice,
    (case, person, until): (&str, &str, i64),
    (read, export, decide): (bool, bool, bool),
    chosen: i64,
) -> Done<String> {
    let id = new_id(beginning());
    // A grant counts only with the last event about it.
    diesel::insert_into(events::table)
        .values((
            events::stream.eq(ledger::case_stream(case)),
            events::seq.eq(1_000_000 + i64::try_from(dice.roll(1_000_000_000)).unwrap()),
            events::leaf.eq(leaf()),
            events::at.eq(beginning()),
            events::action.eq("grant.given"),
            events::object.eq(&id),
            events::body.eq(b"planted".to_vec()),
        ))
        .execute(conn)?;
    diesel::insert_into(grants::table)
        .values((
            grants::id.eq(&id),
            grants::case_id.eq(case),
            grants::user_id.eq(person),
            grants::can_read.eq(read),
            grants::can_export.eq(export),
            grants::can_decide.eq(decide),
            grants::created_at.eq(1i64),
            grants::until.eq(until),
            grants::ended_at.eq(dice.often(25).then(beginning)),
            grants::version.eq(1i64),
            grants::leaf.eq(leaf()),
            grants::body.eq("{}"),
            grants::chosen.eq(chosen),
        ))
        .execute(conn)?;
    Ok(id)
}

/// A grant of some of these captures.
fn put_chosen(conn: &mut Conn, dice: &mut Dice, (case, captures): (&str, &[String]), person: &str) -> Done<()> {
    if !dice.often(30) {
        return Ok(());
    }
    let until = beginning() + *dice.one(&[-days(1), days(30), days(30)]);
    let chosen = match dice.often(70) {
        true => vec![dice.one(captures).clone()],
        false => captures.to_vec(),
    };
    let count = i64::try_from(chosen.len()).unwrap();
    let id = put_grant(conn, dice, (case, person, until), (true, false, false), count)?;
    for capture in chosen {
        diesel::insert_into(grant_captures::table)
            .values((grant_captures::grant_id.eq(&id), grant_captures::capture_id.eq(capture)))
            .execute(conn)?;
    }
    Ok(())
}

type Made = (Vec<String>, Vec<(String, String)>, Vec<String>);

fn put_work(conn: &mut Conn, dice: &mut Dice, case: &str, people: &[String], made: &mut Made) -> Done<()> {
    let (id, requester, holder) = (new_id(beginning()), dice.one(people).clone(), dice.one(people).clone());
    let at = "2026-11-22T12:00:00.000000Z";
    let state = *dice.one(&[
        "requested",
        "returned",
        "approved",
        "denied",
        "revoked",
        "expired",
        "emergency",
    ]);
    let record = json!({
        "id": id, "case_id": case, "number": 1, "state": state, "level": "overt", "holders": [{"id": holder, "name": "x"}],
        "platforms": ["web"], "accounts": [], "searches": [], "scope_note": null, "purpose": "p", "predicate": "p",
        "devices": ["agency"], "starts_at": at, "ends_at": "2026-12-22T12:00:00.000000Z", "review_at": null,
        "attestations": [], "requester": {"id": requester, "name": "x"}, "requested_at": at, "effective_from": null,
        "decision": null, "revoked": null, "version": 1,
    });
    diesel::insert_into(authorizations::table)
        .values((
            authorizations::id.eq(&id),
            authorizations::case_id.eq(case),
            authorizations::number.eq(1i64),
            authorizations::state.eq(state),
            authorizations::requester_id.eq(&requester),
            authorizations::starts_at.eq(beginning()),
            authorizations::ends_at.eq(beginning() + days(30)),
            authorizations::version.eq(1i64),
            authorizations::leaf.eq(leaf()),
            authorizations::body.eq(canonical(&record)?),
        ))
        .execute(conn)?;
    diesel::insert_into(authorization_holders::table)
        .values((
            authorization_holders::authorization_id.eq(&id),
            authorization_holders::user_id.eq(&holder),
        ))
        .execute(conn)?;
    for item in 1..=2i64 {
        made.2.push(put_capture(conn, dice, case, item, people, &id)?);
    }
    made.1.push((id, case.to_owned()));
    Ok(())
}

fn put_capture(
    conn: &mut Conn,
    dice: &mut Dice,
    case: &str,
    item: i64,
    people: &[String],
    authorization: &str,
) -> Done<String> {
    let (id, capturer) = (new_id(beginning()), dice.one(people).clone());
    let state = *dice.one(&["held", "logged", "reviewed", "quarantined"]);
    let basis = match dice.often(60) {
        true => json!({"kind": "authorization", "id": authorization, "reason": null}),
        false => json!({"kind": "exception", "id": null, "reason": "r"}),
    };
    let at = "2026-11-22T12:00:00.000000Z";
    let record = json!({
        "id": id, "case_id": case, "item": item, "version": 1, "kind": "link", "captured_at": at, "received_at": at,
        "capturer": {"id": capturer, "name": "x"}, "state": state, "basis": basis, "coverage": [], "flags": [], "files": [],
        "platform": "web", "url": "https://x.example/", "method": "api", "tool": {"name": "x", "version": "1"},
        "level": "overt", "device": "agency",
    });
    diesel::insert_into(captures::table)
        .values((
            captures::id.eq(&id),
            captures::case_id.eq(case),
            captures::item.eq(item),
            captures::kind.eq("link"),
            captures::state.eq(state),
            captures::basis.eq(basis["kind"].as_str().unwrap()),
            captures::capturer_id.eq(&capturer),
            captures::open_question.eq(state == "held"),
            captures::captured_at.eq(beginning()),
            captures::received_at.eq(beginning()),
            captures::version.eq(1i64),
            captures::seq.eq(0i64),
            captures::leaf.eq(leaf()),
            captures::body.eq(canonical(&record)?),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Everything that a list shows, over all of its pages.
fn listed(client: &Client, path: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let answer = client.get(&format!("{path}?limit=7{cursor}"));
        if answer.status == 403 {
            // Whoever may not list sees nothing.
            return all;
        }
        let page = answer.is(200);
        for item in page["items"].as_array().unwrap() {
            assert!(
                all.insert(item["id"].as_str().unwrap().to_owned()),
                "{path} shows {} twice",
                item["id"]
            );
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

fn visit(who: &Client) -> RequestCtx {
    RequestCtx {
        credential: Credential::Token(Digest::of(who.token.as_ref().unwrap().as_bytes())),
        address: String::new(),
        idempotency_key: None,
    }
}

/// What policy allows, asked one by one at the door.
async fn allowed(app: &App, who: &Client, act: Act, scopes: impl Iterator<Item = (String, Scope)>) -> BTreeSet<String> {
    let visit = visit(who);
    let mut all = BTreeSet::new();
    for (id, scope) in scopes {
        match app.state.gate.check(&visit, act, scope).await {
            Ok(_) => drop(all.insert(id)),
            Err(e) => assert!(matches!(e.kind, Kind::NotFound | Kind::Forbidden), "{e}"),
        }
    }
    all
}

/// The authorizations and captures in a state.
fn of_state(app: &App, state: &str) -> BTreeSet<String> {
    let read = app.state.gate.db().read_blocking(|conn| {
        let asked = authorizations::table.filter(authorizations::state.eq(state));
        let asked: Vec<String> = asked.select(authorizations::id).load(conn)?;
        let found = captures::table.filter(captures::state.eq(state));
        let found: Vec<String> = found.select(captures::id).load(conn)?;
        Ok(asked.into_iter().chain(found).collect())
    });
    read.unwrap()
}

/// The captures that lists of cases show are those that policy lets a person read, case by case; and who reads a case whole is
/// told all of it.
fn captures_agree(runtime: &actix_web::rt::SystemRunner, (app, world): (&App, &World), person: &Client, n: usize) {
    let of = world.captures.iter().map(|id| (id.clone(), Scope::Capture(id.clone())));
    let wanted = runtime.block_on(allowed(app, person, Act::CaptureRead, of));
    let lists = world.cases.iter().map(|id| (id.clone(), Scope::Case(id.clone())));
    let lists = runtime.block_on(allowed(app, person, Act::CaseCaptureList, lists));
    let mut found = BTreeSet::new();
    for case in &lists {
        let some = listed(person, &format!("/api/v1/cases/{case}/captures"));
        assert!(!some.is_empty(), "a list that exists has something in it");
        found.extend(some);
    }
    assert_eq!(found, wanted, "captures that person {n} {:?} reads", ROLES[n]);
    let whole = world.cases.iter().map(|id| (id.clone(), Scope::Case(id.clone())));
    let whole = runtime.block_on(allowed(app, person, Act::CaseRead, whole));
    let shown = person.get("/api/v1/cases?limit=100");
    let shown = if shown.status == 200 {
        shown.json()
    } else {
        json!({"items": []})
    };
    for case in shown["items"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        assert_eq!(case["lead_id"].is_string(), whole.contains(id), "{case}");
        assert_eq!(case["sees"] == "chosen_captures", !whole.contains(id), "{case}");
    }
}

/// What waits for a person is what policy lets them decide, and only what waits.
fn queue_agrees(runtime: &actix_web::rt::SystemRunner, (app, world): (&App, &World), person: &Client, n: usize) {
    let (gate, visit) = (&app.state.gate, visit(person));
    let found = runtime.block_on(casetrail::authorizations::to_decide(gate, &visit, (None, 1000)));
    let found: BTreeSet<String> =
        found.map_or_else(|_| BTreeSet::new(), |all| all.into_iter().map(|w| w.asked.id).collect());
    let of = world
        .authorizations
        .iter()
        .map(|(id, _)| (id.clone(), Scope::Authorization(id.clone())));
    let mut wanted = runtime.block_on(allowed(app, person, Act::AuthorizationDecide, of));
    let mut requested = of_state(app, "requested");
    requested.extend(of_state(app, "emergency"));
    wanted.retain(|id| requested.contains(id));
    assert_eq!(found, wanted, "requests that wait for person {n} {:?}", ROLES[n]);
    for (sort, state, act) in [
        (WaitingSort::Held, "held", Act::CaptureDecide),
        (WaitingSort::Review, "logged", Act::CaptureReview),
    ] {
        let found = runtime.block_on(casetrail::captures::waiting(gate, &visit, sort, (None, 1000)));
        let found: BTreeSet<String> = found.map_or_else(
            |_| BTreeSet::new(),
            |all| all.into_iter().map(|w| w.stored.capture.id).collect(),
        );
        let of = world.captures.iter().map(|id| (id.clone(), Scope::Capture(id.clone())));
        let mut wanted = runtime.block_on(allowed(app, person, act, of));
        let of = world.captures.iter().map(|id| (id.clone(), Scope::Capture(id.clone())));
        // Who works on a case reviews in it, too, but nothing waits for them as its supervisor.
        let decides = runtime.block_on(allowed(app, person, Act::CaptureDecide, of));
        let stated = of_state(app, state);
        wanted.retain(|id| stated.contains(id) && decides.contains(id));
        assert_eq!(
            found, wanted,
            "captures that wait for person {n} {:?}: {sort}",
            ROLES[n]
        );
    }
}

both_databases!(lists_and_policy_agree);
fn lists_and_policy_agree(app: &App) {
    let seed = if app.database == crate::kit::Database::Sqlite {
        20_261_122
    } else {
        4_417
    };
    app.goes_behind();
    let world = world(app, seed);
    let runtime = actix_web::rt::System::new();
    let mut seen = (0, 0, 0);
    for (n, person) in world.people.iter().enumerate() {
        let cases = world.cases.iter().map(|id| (id.clone(), Scope::Case(id.clone())));
        let wanted = runtime.block_on(allowed(app, person, Act::CaseHeadRead, cases));
        assert_eq!(
            listed(person, "/api/v1/cases"),
            wanted,
            "cases of person {n} {:?}, seed {seed}",
            ROLES[n]
        );
        seen.0 += wanted.len();
        captures_agree(&runtime, (app, &world), person, n);
        let of = world
            .authorizations
            .iter()
            .map(|(id, _)| (id.clone(), Scope::Authorization(id.clone())));
        let wanted = runtime.block_on(allowed(app, person, Act::AuthorizationRead, of));
        assert_eq!(
            listed(person, "/api/v1/authorizations"),
            wanted,
            "authorizations of person {n} {:?}, seed {seed}",
            ROLES[n]
        );
        seen.1 += wanted.len();
        let of = world.captures.iter().map(|id| (id.clone(), Scope::Capture(id.clone())));
        let wanted = runtime.block_on(allowed(app, person, Act::CaptureDecide, of));
        assert_eq!(
            listed(person, "/api/v1/captures"),
            wanted,
            "captures of person {n} {:?}, seed {seed}",
            ROLES[n]
        );
        seen.2 += wanted.len();
        queue_agrees(&runtime, (app, &world), person, n);
    }
    // The worlds are such that there is something to agree on.
    assert!(seen.0 > 20 && seen.1 > 20 && seen.2 > 5, "{seen:?}");
}

/// What a filter is given, and what it answers: the rule that it breaks, or nothing found.
type FilterTry = (&'static str, &'static str, &'static str, Option<&'static str>);

const NO_ID: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f778";

/// Every filter of every list, with values that name nothing.
const FILTER_TRIES: &[FilterTry] = &[
    ("/api/v1/users", "role", "boss", Some("one_of")),
    ("/api/v1/users", "search", "nobody-is-called-so", None),
    ("/api/v1/users", "unit_id", "north", Some("uuid")),
    ("/api/v1/users", "unit_id", NO_ID, None),
    ("/api/v1/cases", "number", "no-such-number", None),
    ("/api/v1/cases", "kind", "burglary", Some("one_of")),
    ("/api/v1/cases", "status", "lost", Some("one_of")),
    ("/api/v1/authorizations", "state", "lost", Some("one_of")),
    ("/api/v1/captures", "state", "lost", Some("one_of")),
    ("/api/v1/captures", "basis", "lost", Some("one_of")),
    ("/api/v1/cases/{id}/captures", "state", "lost", Some("one_of")),
    ("/api/v1/cases/{id}/captures", "basis", "lost", Some("one_of")),
    ("/api/v1/cases/{id}/captures", "kind", "lost", Some("one_of")),
    ("/api/v1/cases/{id}/captures", "sort", "lost", Some("one_of")),
    ("/api/v1/cases/{id}/captures", "platform", "no_such", None),
    ("/api/v1/cases/{id}/captures", "account", "no_such_handle", None),
    ("/api/v1/cases/{id}/captures", "captured_by", "lead", Some("uuid")),
    ("/api/v1/cases/{id}/captures", "captured_by", NO_ID, None),
    ("/api/v1/cases/{id}/captures", "covered", "perhaps", Some("boolean")),
    ("/api/v1/cases/{id}/captures", "new", "perhaps", Some("boolean")),
    ("/api/v1/cases/{id}/captures", "from", "soon", Some("rfc3339")),
    ("/api/v1/cases/{id}/captures", "to", "soon", Some("rfc3339")),
    ("/api/v1/access-requests", "list", "theirs", Some("one_of")),
    ("/api/v1/exceptions", "class", "lost", Some("one_of")),
    ("/api/v1/exceptions", "state", "lost", Some("one_of")),
    ("/api/v1/exceptions", "days", "soon", Some("range")),
    ("/api/v1/exceptions/csv", "class", "lost", Some("one_of")),
    ("/api/v1/exceptions/csv", "state", "lost", Some("one_of")),
    ("/api/v1/exceptions/csv", "days", "soon", Some("range")),
    ("/api/v1/reviews", "state", "lost", Some("one_of")),
    ("/api/v1/find", "q", "no-such-thing", None),
    ("/api/v1/find", "case", "26-1", Some("uuid")),
    ("/api/v1/find", "case", NO_ID, None),
    ("/api/v1/ledger/events", "action", "capture.lost", Some("one_of")),
    ("/api/v1/ledger/events", "kind", "lost", Some("one_of")),
    ("/api/v1/ledger/events", "case", "26-1", Some("uuid")),
    ("/api/v1/ledger/events", "case", NO_ID, None),
    ("/api/v1/ledger/events", "actor", NO_ID, None),
    ("/api/v1/ledger/events", "object", NO_ID, None),
    ("/api/v1/ledger/events", "from", "soon", Some("rfc3339")),
    ("/api/v1/ledger/events", "to", "soon", Some("rfc3339")),
];

/// The parameters of a call's query, as the API's description has them.
fn described(path: &str) -> BTreeSet<String> {
    let call = &crate::contract::API["paths"][path]["get"]["parameters"];
    let all = call
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| match one["$ref"].as_str() {
            Some(place) => crate::contract::API.pointer(place.trim_start_matches('#')).unwrap(),
            None => one,
        });
    all.filter(|one| one["in"] == "query")
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The calls that read, by their described paths.
fn reads() -> impl Iterator<Item = String> {
    let reads = crate::contract::operations().into_iter();
    reads.filter(|(method, _)| method == "GET").map(|(_, path)| path)
}

both_databases!(a_filter_that_names_nothing_is_told_alike_in_every_list);
fn a_filter_that_names_nothing_is_told_alike_in_every_list(app: &App) {
    let case = app.case();
    app.leave(&case);
    app.lead.log(&case, app.post()).is(201);
    for path in reads().filter(|path| described(path).contains("cursor")) {
        for name in described(&path)
            .iter()
            .filter(|name| !["limit", "cursor", "username"].contains(&name.as_str()))
        {
            let tried = FILTER_TRIES
                .iter()
                .any(|(of, filter, ..)| *of == path && filter == name);
            assert!(tried, "{name} of {path} is not tried");
        }
    }
    for (path, name, value, rule) in FILTER_TRIES {
        let who = match *path {
            "/api/v1/users" => &app.administrator,
            "/api/v1/ledger/events" => &app.auditor,
            "/api/v1/authorizations"
            | "/api/v1/captures"
            | "/api/v1/exceptions"
            | "/api/v1/exceptions/csv"
            | "/api/v1/reviews" => &app.supervisor,
            _ => &app.lead,
        };
        let q = if *path == "/api/v1/find" && *name != "q" {
            "q=7&"
        } else {
            ""
        };
        let answer = who.get(&format!("{}?{q}{name}={value}", path.replace("{id}", &case.id)));
        match rule {
            Some(rule) => drop(answer.refuses(422, name, rule)),
            None => assert_eq!(answer.is(200)["items"], json!([]), "{path} {name}={value}"),
        }
    }
    // A case that may not be seen is none, for a filter as for find.
    let hidden = app.stranger.get(&format!("/api/v1/find?q=7&case={}", case.id)).is(200);
    assert_eq!(
        hidden,
        app.stranger.get(&format!("/api/v1/find?q=7&case={NO_ID}")).is(200)
    );
}

both_databases!(every_call_takes_the_parameters_that_are_described);
fn every_call_takes_the_parameters_that_are_described(app: &App) {
    let mut lists = 0;
    for path in reads().filter(|path| path.starts_with("/api/v1/") || path.ends_with("z")) {
        let mut address = path.clone();
        while let (Some(from), Some(to)) = (address.find('{'), address.find('}')) {
            let filled = match &address[from..=to] {
                "{sha256}" => "ab".repeat(32),
                "{level}" => "0".to_owned(),
                "{tile}" => "000".to_owned(),
                _ => NO_ID.to_owned(),
            };
            address.replace_range(from..=to, &filled);
        }
        let refused = app
            .lead
            .get(&format!("{address}?no_such=1"))
            .refuses(422, "no_such", "unknown");
        let message = refused["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
        let taken: BTreeSet<String> = match message.split_once("; it has ") {
            Some((_, names)) => names.split(", ").map(str::to_owned).collect(),
            None => BTreeSet::new(),
        };
        assert_eq!(taken, described(&path), "{path}: {message}");
        lists += usize::from(taken.contains("cursor"));
    }
    assert!(lists > 15, "{lists} lists");
    for path in ["/api/v1/sessions", "/api/v1/sessions/refresh"] {
        app.nobody
            .post(&format!("{path}?no_such=1"), json!({}))
            .refuses(422, "no_such", "unknown");
    }
    let words = json!({"username": "lead", "password": crate::kit::PASSWORD, "remember": true});
    app.nobody
        .post("/api/v1/sessions", words)
        .refuses(422, "remember", "unknown");
    let token = json!({"refresh_token": "x", "remember": true});
    app.nobody
        .post("/api/v1/sessions/refresh", token)
        .refuses(422, "remember", "unknown");
}
