//! Who may use whom: the floors of docs/ARCHITECTURE.md, the line of features, no circles, and what single rooms do without.

use std::collections::BTreeMap;

use super::arrows::{Arrow, arrows, circles, outside};
use super::source::{Source, room, sources};
use super::{holds, none_uses};

/// The table of rooms in docs/ARCHITECTURE.md, which is the only one: floor of each room, and the line of features.
struct Floors {
    of: BTreeMap<String, usize>,
    line: Vec<String>,
}

impl Floors {
    fn read() -> Self {
        let text = std::fs::read_to_string("docs/ARCHITECTURE.md").unwrap();
        let mut of = BTreeMap::new();
        let mut line = Vec::new();
        for row in text.lines() {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let [_, floor, rooms, _, rules, _] = cells[..] else {
                continue;
            };
            let Ok(floor) = floor.parse() else { continue };
            for room in ticked(rooms) {
                assert!(of.insert(room.to_owned(), floor).is_none(), "{room} stands twice");
            }
            for order in ticked(rules).filter(|t| t.contains('←')) {
                line = order.split('←').map(|r| format!("{}/", r.trim())).collect();
            }
        }
        Self { of, line }
    }

    /// Whether an arrow between rooms leads up, or along the line of features the wrong way.
    fn forbids(&self, from: &str, to: &str) -> bool {
        let on_line = |room: &str| self.line.iter().position(|l| l == room);
        match (on_line(from), on_line(to)) {
            (Some(from), Some(to)) => to > from,
            _ => self.of[to] > self.of[from],
        }
    }
}

fn ticked(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The programs and the list of modules belong to no room.
fn is_root(path: &str) -> bool {
    matches!(path, "lib.rs" | "main.rs") || path.starts_with("bin/")
}

fn between_rooms() -> Vec<Arrow> {
    let mut all = arrows();
    all.retain(|a| !is_root(&a.from) && !is_root(&a.to) && room(&a.from) != room(&a.to));
    all
}

#[test]
fn every_room_has_its_floor() {
    let floors = Floors::read();
    let mut rooms: Vec<&str> = sources()
        .iter()
        .filter(|s| !is_root(&s.path))
        .map(Source::room)
        .collect();
    rooms.dedup();
    rooms.sort_unstable();
    let told: Vec<&str> = floors.of.keys().map(String::as_str).collect();
    assert_eq!(
        told, rooms,
        "the table of docs/ARCHITECTURE.md names every room, and none that is gone"
    );
    assert!(floors.line.len() > 4, "the table says along which line features import");
}

#[test]
fn no_arrow_leads_up() {
    let floors = Floors::read();
    let up: Vec<String> = between_rooms()
        .iter()
        .filter(|a| floors.forbids(room(&a.from), room(&a.to)))
        .map(Arrow::to_string)
        .collect();
    holds("a room imports from floors below it, features along their line", &up);
}

/// Circles that stand today: the arrow to cut, and what cuts it.
const CIRCLES: &[(&str, &str, &str)] = &[];

#[test]
fn modules_make_no_circle() {
    let mut all = arrows();
    all.retain(|a| !is_root(&a.from));
    let standing = circles(&all);
    let stands = |from: &str, to: &str| standing.iter().flatten().any(|a| a.from == from && a.to == to);
    let gone: Vec<_> = CIRCLES.iter().filter(|(from, to, _)| !stands(from, to)).collect();
    all.retain(|a| !CIRCLES.iter().any(|(from, to, _)| a.from == *from && a.to == *to));
    let told: Vec<String> = circles(&all)
        .iter()
        .map(|c| c.iter().map(|a| format!("{a}\n")).collect())
        .collect();
    holds("modules use each other in no circle", &told);
    assert!(
        gone.is_empty(),
        "in no circle any more, take them off the list: {gone:#?}"
    );
}

#[test]
fn rooms_make_no_circle() {
    let mut all = between_rooms();
    for arrow in &mut all {
        arrow.path = arrow.to_string();
        (arrow.from, arrow.to) = (room(&arrow.from).to_owned(), room(&arrow.to).to_owned());
    }
    let told: Vec<String> = circles(&all)
        .iter()
        .map(|c| c.iter().map(|a| format!("{}\n", a.path)).collect())
        .collect();
    holds("rooms use each other in no circle", &told);
}

/// Arrows into rooms, and paths into other crates, that some files may not have.
fn none_reaches(of: impl Fn(&str) -> bool, rooms: &[&str], crates: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for arrow in arrows().iter().filter(|a| of(&a.from)) {
        if rooms.iter().any(|r| arrow.to.starts_with(r)) {
            found.push(arrow.to_string());
        }
    }
    for source in sources().iter().filter(|s| of(&s.path)) {
        for (path, line) in outside(source) {
            if crates.iter().any(|c| path == *c || path.starts_with(&format!("{c}::"))) {
                found.push(format!("src/{}:{line}: {path}", source.path));
            }
        }
    }
    found
}

#[test]
fn proof_is_pure() {
    let pure = |path: &str| ["proof/", "verify/", "page/"].iter().any(|room| path.starts_with(room));
    let crates = [
        "std::fs",
        "std::net",
        "std::time",
        "std::thread",
        "std::env",
        "std::process",
        "getrandom",
        "diesel",
        "actix_web",
        "tokio",
        "chrono::Utc",
    ];
    let mut found = none_reaches(pure, &[], &crates);
    found.extend(none_uses(pure, &["async ", "unsafe "]));
    for arrow in arrows().iter().filter(|a| pure(&a.from)) {
        let may: &[&str] = match room(&arrow.from) {
            "verify/" => &["verify/", "proof/", "page/"],
            "page/" => &["page/", "proof/", "text.rs", "clock/"],
            _ => &["proof/"],
        };
        found.extend((!may.contains(&room(&arrow.to))).then(|| arrow.to_string()));
    }
    holds(
        "proof uses nothing but itself, page texts and times, verify both",
        &found,
    );
    let lines = sources()
        .iter()
        .filter(|s| s.room() == "proof/")
        .map(|s| s.text.lines().count());
    let lines: usize = lines.sum();
    assert!(
        lines <= 2850,
        "proof has {lines} lines: a second implementation repeats them all"
    );
    let mut bag = none_reaches(
        |p| p.starts_with("bag/"),
        &[],
        &["diesel", "actix_web", "tokio", "std::net"],
    );
    for arrow in arrows().iter().filter(|a| a.from.starts_with("bag/")) {
        let own = ["bag/", "page/", "proof/", "verify/"].contains(&room(&arrow.to));
        bag.extend((!own).then(|| arrow.to_string()));
    }
    holds("bag uses proof, the page, the verifier and files alone", &bag);
}

#[test]
fn policy_and_models_touch_no_database_and_no_http() {
    let pure = |p: &str| p.starts_with("policy/") || p.ends_with("/model.rs") || p.contains("/model/");
    let rows = |p: &str| MODELS_OF_ROWS.contains(&p);
    let found = none_reaches(pure, &["http/", "gate/"], &["actix_web"]);
    holds("policy and model.rs import neither HTTP nor the gate", &found);
    let found = none_reaches(|p| pure(p) && !rows(p), &["db/"], &["diesel"]);
    holds("policy and model.rs import no database", &found);
    for path in MODELS_OF_ROWS {
        let reads = none_reaches(|p| p == *path, &["db/"], &["diesel"]);
        assert!(!reads.is_empty(), "{path} knows no rows: take it off the list");
    }
}

/// Models that derive how their row is read; they run no query.
const MODELS_OF_ROWS: &[&str] = &["packets/model.rs"];

const FEATURES: &[&str] = &[
    "aliases/",
    "annual_reports/",
    "audits/",
    "authorization_policies/",
    "authorizations/",
    "captures/",
    "case_access/",
    "cases/",
    "conduct/",
    "custody/",
    "evidence_requests/",
    "exceptions/",
    "home/",
    "impeachment/",
    "installation/",
    "misuse/",
    "packets/",
    "roster/",
    "register/",
    "reviews/",
    "subjects/",
    "users/",
];

/// Files of features that know HTTP beside `api.rs`, `pages.rs` and `mod.rs`, and why.
const KNOW_HTTP: &[(&str, &str)] = &[
    ("audits/worker.rs", "reaches the server's state"),
    ("captures/derivatives/duplicate.rs", "reaches the server's state"),
    ("captures/derivatives/make.rs", "reaches the server's state"),
    ("captures/download.rs", "gives files out"),
    ("captures/examinations/job.rs", "reaches the server's state"),
    ("captures/pictures/job.rs", "reaches the server's state"),
    ("captures/pictures/serve.rs", "gives pictures out"),
    ("captures/upload.rs", "takes uploads"),
    ("captures/verify.rs", "answers with the check of a file"),
    ("captures/viewing.rs", "the handlers of a person's own settings"),
    ("custody/proofs.rs", "the handlers of the log"),
    ("packets/build.rs", "reaches the server's state"),
    ("packets/builder.rs", "reaches the server's state"),
    ("packets/duplicates.rs", "reaches the server's state"),
    ("packets/no_papers.rs", "takes what packets/papers.rs takes"),
    ("packets/papers.rs", "reaches the server's state"),
    ("packets/inspection.rs", "takes a file to verify"),
    ("users/credentials.rs", "the handlers of sessions and tokens"),
    ("users/sessions.rs", "the handlers of sessions"),
];

/// Whether a file of a feature is one of those that speak HTTP by their name.
fn speaks_http(path: &str) -> bool {
    let named = ["api.rs", "pages.rs", "mod.rs"]
        .iter()
        .any(|n| path.ends_with(&format!("/{n}")));
    // The parts of a `pages.rs` that has grown, as those of a `model.rs` lie in `model/`.
    named || path.contains("/pages/")
}

#[test]
fn verbs_and_queries_know_no_http() {
    let verb = |p: &str| FEATURES.iter().any(|f| p.starts_with(f)) && !speaks_http(p);
    let listed = |p: &str| KNOW_HTTP.iter().any(|(l, _)| *l == p);
    let mut found = none_reaches(|p| verb(p) && !listed(p), &["http/"], &["actix_web", "actix_files"]);
    // A read takes the page of a list that is asked for.
    found.retain(|f| !f.contains("/reads.rs → http/paging.rs"));
    holds(
        "of a feature's files only api.rs, pages.rs and mod.rs know HTTP",
        &found,
    );
    for (path, why) in KNOW_HTTP {
        let knows = none_reaches(|p| p == *path, &["http/"], &["actix_web", "actix_files"]);
        assert!(!knows.is_empty(), "{path} knows no HTTP ({why}): take it off the list");
    }
}

#[test]
fn verbs_take_time_and_chance_as_arguments() {
    let verb = |p: &str| FEATURES.iter().any(|f| p.starts_with(f));
    let mut found = none_reaches(
        verb,
        &[],
        &["std::env", "std::time::SystemTime", "chrono::Utc::now", "getrandom"],
    );
    found.extend(none_uses(verb, &["SystemClock", "clock::random"]));
    holds("features take time and chance as arguments", &found);
}
