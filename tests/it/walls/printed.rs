//! What is printed from code: the page and schema of actions, the two database schemas.

use std::collections::BTreeMap;
use std::fmt::Write;

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
