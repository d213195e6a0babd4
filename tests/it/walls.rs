//! The walls of docs and design, held over the source text: who may import what, who may write events, begin, commit
//! and delete, how long things may be, and that what is printed from code is printed anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A source file: its path below `src`, and its text without tests and comments.
struct Source {
    path: String,
    code: String,
    text: String,
}

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, all),
            false if path.extension().is_some_and(|e| e == "rs") => all.push(path),
            false => {}
        }
    }
}

fn sources() -> Vec<Source> {
    let mut all = Vec::new();
    files(Path::new("src"), &mut all);
    all.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        // Tests stand at the end of a file, or in files of their own.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let code = code
            .lines()
            .filter(|l| !l.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        Source {
            path: path.strip_prefix("src").unwrap().display().to_string(),
            code,
            text,
        }
    };
    let all: Vec<Source> = all.iter().map(read).collect();
    let tests: Vec<String> = all.iter().flat_map(test_only).collect();
    all.into_iter().filter(|s| !tests.contains(&s.path)).collect()
}

/// The files that this one declares for tests alone.
fn test_only(source: &Source) -> Vec<String> {
    let path = Path::new(&source.path);
    let folder = match path.file_name().and_then(|n| n.to_str()) {
        Some("mod.rs" | "lib.rs" | "main.rs") => path.parent().unwrap().to_owned(),
        _ => path.with_extension(""),
    };
    let mut all = Vec::new();
    for piece in source.text.split("#[cfg(test)]\n").skip(1) {
        let line = piece.lines().next().unwrap();
        let name = line
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub ")
            .strip_prefix("mod ")
            .and_then(|l| l.strip_suffix(';'));
        all.extend(name.map(|n| folder.join(format!("{n}.rs")).display().to_string()));
    }
    // What those declare is for tests too.
    if source.path == "policy/tests.rs" {
        all.extend(["policy/norm.rs".into(), "policy/matrix.rs".into()]);
    }
    all
}

/// Names that a file of one room may not use, where `of` says which files are meant.
fn none_uses(of: impl Fn(&str) -> bool, forbidden: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|s| of(&s.path)) {
        for (n, line) in source.code.lines().enumerate() {
            if let Some(name) = forbidden.iter().find(|name| line.contains(**name)) {
                found.push(format!("{}: {name} in code line {n}: {}", source.path, line.trim()));
            }
        }
    }
    found
}

#[track_caller]
fn holds(wall: &str, found: &[String]) {
    assert!(found.is_empty(), "{wall}\n{}", found.join("\n"));
}

#[test]
fn proof_is_pure() {
    let impure = [
        "std::fs",
        "std::net",
        "std::time",
        "std::thread",
        "std::env",
        "std::process",
        "async ",
        "unsafe ",
        "getrandom",
        "diesel",
        "actix",
        "tokio",
        "chrono",
        "crate::bag",
        "crate::clock",
        "crate::db",
        "crate::ledger",
    ];
    let pure = |path: &str| path.starts_with("proof/") || path.starts_with("verify/");
    let mut found = none_uses(pure, &impure);
    for source in sources().iter().filter(|s| pure(&s.path)) {
        let others = source
            .code
            .lines()
            .filter(|l| l.contains("crate::") && !l.contains("crate::proof"));
        found.extend(others.map(|l| format!("{}: {}", source.path, l.trim())));
    }
    holds("proof uses nothing but itself, and verify nothing but proof", &found);
    let lines = |room: &str| -> usize {
        let files = sources().into_iter().filter(|s| s.path.starts_with(room));
        files.map(|s| s.text.lines().count()).sum()
    };
    assert!(
        lines("proof/") <= 2600,
        "proof has {} lines: a second implementation repeats them all",
        lines("proof/")
    );
    let bag = none_uses(
        |p| p.starts_with("bag/"),
        &[
            "crate::db",
            "crate::error",
            "crate::http",
            "crate::ledger",
            "diesel",
            "actix",
            "tokio",
            "std::net",
        ],
    );
    holds("bag uses proof and files alone", &bag);
}

#[test]
fn policy_and_models_touch_no_database_and_no_http() {
    let found = none_uses(
        |p| p.starts_with("policy/") || p.ends_with("model.rs"),
        &["AnyConn", "actix", "crate::http", "crate::gate", "crate::db::canonical"],
    );
    holds("policy and model.rs import neither a connection nor HTTP", &found);
    // The row of a packet derives how it is read; it runs no query.
    let found = none_uses(
        |p| (p.starts_with("policy/") || p.ends_with("model.rs")) && p != "packets/model.rs",
        &["diesel"],
    );
    holds("policy and model.rs import no diesel", &found);
}

#[test]
fn verbs_and_queries_know_no_http() {
    let verb = |p: &str| {
        [
            "ops.rs",
            "store.rs",
            "access.rs",
            "entries.rs",
            "judge.rs",
            "coverage.rs",
        ]
        .iter()
        .any(|n| p.ends_with(n))
    };
    holds(
        "ops.rs and store.rs import no HTTP",
        &none_uses(verb, &["actix", "crate::http", "HttpRequest"]),
    );
    let chance = ["SystemClock", "clock::random", "std::env", "SystemTime", "Utc::now"];
    holds(
        "verbs take time and chance as arguments",
        &none_uses(|p| verb(p) && !p.starts_with("identity/"), &chance),
    );
}

#[test]
fn features_import_along_one_line() {
    let line = ["cases", "subjects", "authorizations", "captures", "packets"];
    let mut found = Vec::new();
    for (n, room) in line.iter().enumerate() {
        let later: Vec<String> = line[n + 1..]
            .iter()
            .chain(&["custody"])
            .map(|l| format!("crate::{l}"))
            .collect();
        let later: Vec<&str> = later.iter().map(String::as_str).collect();
        found.extend(none_uses(|p| p.starts_with(&format!("{room}/")), &later));
    }
    // The state that handlers reach counts uploads; nothing else below a feature names one.
    let features = [
        "crate::cases",
        "crate::subjects",
        "crate::authorizations",
        "crate::captures",
        "crate::packets",
        "crate::users",
        "crate::custody",
    ];
    let below = [
        "clock.rs",
        "config.rs",
        "error.rs",
        "forms.rs",
        "blobs/",
        "policy/",
        "db/",
        "ledger/",
        "identity/",
        "gate/",
    ];
    found.extend(none_uses(|p| below.iter().any(|b| p.starts_with(b)), &features));
    found.extend(none_uses(|p| p.starts_with("http/") && p != "http/mod.rs", &features));
    holds(
        "features import along cases ← subjects ← authorizations ← captures ← packets",
        &found,
    );
}

#[test]
fn only_the_database_begins_and_commits() {
    let words = [
        "\"BEGIN",
        "\"COMMIT",
        "\"ROLLBACK",
        "\"SAVEPOINT",
        "BEGIN IMMEDIATE",
        ".transaction(",
    ];
    // The audit reads one state of PostgreSQL or SQLite, and writes nothing.
    let free = |p: &str| !p.starts_with("db/") && !p.starts_with("gate/") && p != "audit/mod.rs";
    holds("BEGIN and COMMIT stand in db", &none_uses(free, &words));
}

#[test]
fn only_the_ledger_writes_events() {
    let words = [
        "insert_into(events",
        "insert_into(records",
        "insert_into(outbox",
        "insert_into(leaves",
        "insert_into(tiles",
        "insert_into(checkpoints",
        "INSERT INTO events",
        "INSERT INTO records",
        "INSERT INTO leaves",
    ];
    holds(
        "events are written by the ledger alone",
        &none_uses(|p| !p.starts_with("ledger/"), &words),
    );
    // A new log is begun with what an old one held, by the operator and on a copy.
    let words = ["INSERT INTO outbox", "INSERT INTO tiles", "INSERT INTO checkpoints"];
    holds(
        "the tree and what waits for it are written by the ledger alone",
        &none_uses(|p| !p.starts_with("ledger/") && p != "cli/succeed.rs", &words),
    );
    let words = [
        "update(events",
        "update(records",
        "UPDATE events",
        "DELETE FROM events",
        "delete(events",
        "delete(records",
        "DELETE FROM records",
    ];
    holds("the ledger is never changed", &none_uses(|_| true, &words));
}

/// Where rows are deleted, and which: none of them is a record of anything.
const DELETES: &[(&str, &str)] = &[
    ("authorizations/ops.rs", "authorization_holders::table"),
    ("gate/repeat.rs", "idempotency::table"),
    ("jobs.rs", "old"),
    ("ledger/sequencer.rs", "outbox::table"),
    ("ledger/sequencer.rs", "outbox WHERE id IN"),
];

#[test]
fn rows_are_deleted_in_reviewed_places() {
    let mut found = Vec::new();
    for source in sources() {
        let deletes = ["diesel::delete(", "DELETE FROM "];
        for (n, delete) in deletes.iter().flat_map(|word| source.code.match_indices(word)) {
            let rest = &source.code[n + delete.len()..];
            if !DELETES
                .iter()
                .any(|(path, what)| source.path == *path && rest.starts_with(what))
            {
                found.push(format!("{}: {}", source.path, rest.lines().next().unwrap()));
            }
        }
    }
    // What a restore or a new log clears away is the operator's, on a copy.
    found.retain(|f| !f.starts_with("cli/restore.rs") && !f.starts_with("cli/succeed.rs"));
    holds("rows are deleted where this test says so", &found);
}

/// Where `expect` says why it cannot fail, and what it says.
const EXPECTED: &[&str] = &[];

#[test]
fn nothing_panics_that_could_answer() {
    let mut found = none_uses(|_| true, &[".unwrap()", "todo!(", "unimplemented!(", "dbg!("]);
    for source in sources() {
        for line in source
            .code
            .lines()
            .filter(|l| l.contains(".expect(\"") && !l.contains("self.expect(") && !l.contains("scan.expect("))
        {
            if !EXPECTED.iter().any(|e| line.contains(e)) {
                found.push(format!("{}: {}", source.path, line.trim()));
            }
        }
    }
    holds("no unwrap and no expect outside tests", &found);
}

#[test]
fn no_test_is_ignored() {
    let mut all = Vec::new();
    files(Path::new("tests"), &mut all);
    files(Path::new("src"), &mut all);
    let mark = ["#[", "ignore"].concat();
    let found: Vec<String> = all
        .iter()
        .filter(|p| std::fs::read_to_string(p).unwrap().contains(&mark))
        .map(|p| p.display().to_string())
        .collect();
    holds("no test is ignored", &found);
}

/// Lines of each function, by its name: from `fn` to the brace that closes it at its own indent.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut all = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let head = code
            .trim_start_matches("pub(super) ")
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub ");
        let head = head.trim_start_matches("async ").trim_start_matches("const ");
        let Some(name) = head.strip_prefix("fn ") else { continue };
        let close = format!("{}}}", " ".repeat(indent));
        let end = lines[n..]
            .iter()
            .position(|l| *l == close || (l.trim_end().ends_with('}') && l.starts_with(code)));
        all.push((name.split(['(', '<']).next().unwrap().to_owned(), end.unwrap_or(0) + 1));
    }
    all
}

#[test]
fn functions_and_files_stay_short() {
    let mut found = Vec::new();
    let mut lengths = Vec::new();
    for source in sources() {
        let long = source.text.lines().count();
        if long > 600 {
            found.push(format!("{}: {long} lines", source.path));
        }
        for (name, lines) in functions(&source.text) {
            lengths.push(lines);
            if lines > 80 {
                found.push(format!("{}: fn {name}: {lines} lines", source.path));
            }
        }
    }
    holds("functions have at most 80 lines, files 600", &found);
    lengths.sort_unstable();
    let (median, ninth) = (lengths[lengths.len() / 2], lengths[lengths.len() * 9 / 10]);
    assert!(median <= 12 && ninth <= 40, "median {median}, nine of ten {ninth}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever changes the schema says so by the environment"
)]
fn updating() -> bool {
    std::env::var_os("UPDATE_SCHEMA").is_some()
}

/// A file that is printed from code: the same, or written anew with UPDATE_SCHEMA=1.
#[track_caller]
fn printed(path: &str, text: &str) {
    if updating() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let first = text.lines().zip(found.lines()).position(|(a, b)| a != b);
    assert!(
        found == text,
        "{path} is not what the code prints (first at line {first:?}): run the tests once with UPDATE_SCHEMA=1 and look at the difference"
    );
}

#[test]
fn the_actions_are_printed() {
    use casetrail::ledger::{Action, Home};
    let home = |a: &Action| match a.home() {
        Home::Case => "case",
        Home::Access => "access",
        Home::Agency => "agency",
        Home::Any => "any",
    };
    let mut table = String::from(
        "# Actions\n\nEvery event's `action`, in the order of the registry in `src/ledger/action.rs`, from which this page is printed. \
         The stream says where it stands: `case` is custody that goes to court, `access` tells of views and refusals about a case, \
         `agency` holds the rest, and `any` concerns the stream itself.\n\n| action | stream | meaning |\n| --- | --- | --- |\n",
    );
    for action in Action::ALL {
        writeln!(
            table,
            "| `{}` | {} | {} |",
            action.as_str(),
            home(action),
            action.says()
        )
        .unwrap();
        let (noun, verb) = action.as_str().split_once('.').unwrap();
        assert!(
            [noun, verb]
                .iter()
                .all(|w| w.chars().all(|c| c.is_ascii_lowercase() || c == '_')),
            "{}",
            action.as_str()
        );
    }
    printed("docs/actions.md", &table);
    let words: Vec<&str> = Action::ALL.iter().map(|a| a.as_str()).collect();
    let streams: BTreeMap<&str, &str> = Action::ALL.iter().map(|a| (a.as_str(), home(a))).collect();
    let schema = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Action", "type": "string", "enum": words, "x-streams": streams,
    });
    printed(
        "schema/actions.json",
        &(serde_json::to_string_pretty(&schema).unwrap() + "\n"),
    );
    let mut sorted = words.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), words.len(), "an action stands twice");
}

mod schema {
    use casetrail::db::Location;
    use casetrail::db::migrate::migrate;
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_types::Text;

    use super::printed;
    use crate::kit;
    use crate::skip::skip;

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        sql: String,
    }

    #[test]
    fn sqlite_is_as_dumped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fresh.db");
        migrate(&Location::Sqlite(file.clone())).unwrap();
        let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        let query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY tbl_name, type DESC, name";
        let rows: Vec<Row> = diesel::sql_query(query).load(&mut conn).unwrap();
        let text: String = rows.iter().map(|r| format!("{};\n\n", r.sql)).collect();
        printed("schema/sqlite.sql", &text);
    }

    #[test]
    fn postgres_is_as_dumped() {
        if !kit::has_postgres() {
            return;
        }
        let database = kit::TestDatabase::new();
        migrate(&Location::Postgres(database.url())).unwrap();
        match dump(&database.url()) {
            Some(text) => printed("schema/postgres.sql", &text),
            None => skip("schema/postgres.sql", "there is no pg_dump"),
        }
    }

    /// The schema as `pg_dump` tells it, without what changes from version to version.
    fn dump(url: &str) -> Option<String> {
        let found = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path().join("bin/pg_dump"));
        let newest = found.filter(|p| p.exists()).max();
        let program = newest.unwrap_or_else(|| "pg_dump".into());
        let done = std::process::Command::new(program)
            .args(["--schema-only", "--no-owner", "--no-privileges", "--no-comments"])
            .arg(url)
            .output()
            .ok()?;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let text = String::from_utf8(done.stdout).unwrap();
        let mut out = String::new();
        for line in text.lines() {
            let noise = line.starts_with("--")
                || line.starts_with("SET ")
                || line.starts_with("SELECT pg_catalog.set_config")
                || line.starts_with('\\');
            if !noise && !(line.is_empty() && (out.is_empty() || out.ends_with("\n\n"))) {
                out += line;
                out.push('\n');
            }
        }
        Some(out)
    }
}
