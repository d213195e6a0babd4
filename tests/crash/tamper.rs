//! Altered behind its back: the audit names it, and the database refuses what it can.

use std::fs;

use crate::both_databases;
use crate::kit::{self, Database, Home, Sql};

both_databases!(the_ledger_refuses_changes);
both_databases!(the_audit_names_what_was_altered);

fn the_ledger_refuses_changes(base: Database) {
    let home = Home::new(base);
    let mut sql = Sql::open(&home);
    let changes = [
        "UPDATE events SET body = body",
        "DELETE FROM events",
        "UPDATE records SET body = '{}'",
        "DELETE FROM records",
        "UPDATE leaves SET leaf = leaf",
        "DELETE FROM leaves",
        "UPDATE checkpoints SET note = ''",
        "DELETE FROM checkpoints",
        "UPDATE tiles SET level = level + 1",
        "DELETE FROM tiles",
    ];
    for change in changes {
        let refused = sql.run(change).expect_err(change).to_string();
        assert!(
            refused.contains("append-only") || refused.contains("only grows"),
            "{change}: {refused}"
        );
    }
    if base == Database::Postgres {
        for table in ["events", "records", "leaves", "checkpoints", "tiles"] {
            let refused = sql
                .run(&format!("TRUNCATE {table} CASCADE"))
                .expect_err(table)
                .to_string();
            assert!(refused.contains("append-only"), "TRUNCATE {table}: {refused}");
        }
    }
    drop(sql);
    home.assert_clean();
}

/// Takes away what guards a table.
fn unguard(sql: &mut Sql, table: &str) {
    match sql {
        Sql::Postgres(_) => sql
            .run(&format!("ALTER TABLE {table} DISABLE TRIGGER ALL"))
            .expect("triggers off"),
        Sql::Sqlite(_) => {
            #[derive(diesel::QueryableByName)]
            struct Name {
                #[diesel(sql_type = diesel::sql_types::Text)]
                name: String,
            }
            let names: Vec<Name> = sql.load(
                &format!("SELECT CAST(name AS TEXT) AS name FROM pg_or_sqlite WHERE tbl_name = '{table}'")
                    .replace("pg_or_sqlite", "sqlite_master WHERE type = 'trigger'")
                    .replacen("WHERE tbl_name", "AND tbl_name", 1),
            );
            for Name { name } in names {
                sql.run(&format!("DROP TRIGGER {name}")).expect("a trigger");
            }
        }
    }
}

/// One event of a capture: its stream and place.
const VICTIM: &str = "(SELECT leaf FROM events WHERE action = 'capture.recorded' ORDER BY at LIMIT 1)";

fn the_audit_names_what_was_altered(base: Database) {
    altered_file(base);
    let postgres = base == Database::Postgres;
    let byte = |column: &str, at: u32| match postgres {
        true => format!("set_byte({column}, {at}, (get_byte({column}, {at}) + 1) % 256)"),
        false => format!(
            "CAST(substr({column}, 1, {at}) || x'00' || substr({column}, {}) AS BLOB)",
            at + 2
        ),
    };
    altered(
        base,
        "records",
        &format!("UPDATE records SET body = replace(body, 'captured_at', 'captured_et') WHERE leaf = {VICTIM}"),
        "record",
    );
    altered(
        base,
        "events",
        &format!("UPDATE events SET body = {} WHERE leaf = {VICTIM}", byte("body", 40)),
        "event",
    );
    altered(base, "tiles", "DELETE FROM tiles WHERE level = 0 AND idx = 0", "tile");
    altered(
        base,
        "leaves",
        &format!(
            "UPDATE leaves SET leaf = {} WHERE idx = 3",
            if postgres {
                "decode(repeat('00', 32), 'hex')"
            } else {
                "zeroblob(32)"
            }
        ),
        "leaf",
    );
    altered(
        base,
        "records",
        &format!("DELETE FROM records WHERE leaf = {VICTIM}"),
        "record",
    );
    altered(
        base,
        "captures",
        "UPDATE captures SET state = 'reviewed' WHERE item = 1 AND state = 'logged'",
        "its column `state` says",
    );
}

fn altered(base: Database, table: &str, change: &str, word: &str) {
    let home = Home::new(base);
    let mut sql = Sql::open(&home);
    unguard(&mut sql, table);
    sql.run(change).unwrap_or_else(|e| panic!("{change}: {e}"));
    drop(sql);
    let (code, report) = home.audit();
    assert_eq!(code, 1, "{change}: {report}");
    let faults = report["faults"].as_array().expect("faults");
    let named = faults.iter().any(|f| f.to_string().contains(word));
    assert!(
        named && report["clean"] == false,
        "{change}: nothing names {word}: {faults:#?}"
    );
    // The one thing is named, not everything around it.
    assert!(faults.len() <= 40, "{change}: {} faults", faults.len());
}

fn altered_file(base: Database) {
    let home = Home::new(base);
    let folder = fs::read_dir(home.files().join("sha256"))
        .expect("files")
        .flatten()
        .flat_map(|d| fs::read_dir(d.path()).expect("files").flatten())
        .next()
        .expect("a file");
    let mut bytes = fs::read(folder.path()).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(folder.path(), &bytes).expect("a file");
    let name = folder.file_name().to_string_lossy().into_owned();
    let (code, report) = home.audit();
    assert_eq!(code, 1);
    assert!(report["faults"].to_string().contains(&name), "{report}");
    fs::remove_file(folder.path()).expect("a file");
    let (code, report) = home.audit();
    assert_eq!(code, 1);
    assert!(report["faults"].to_string().contains(&name), "{report}");
    kit::say(format!(
        "altered and removed file, record, event, leaf, tile and row on {base:?}: each is named"
    ));
}
