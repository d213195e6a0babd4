//! Starts that must fail, and databases that are busy: one clear line each, and nothing changed.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::both_databases;
use crate::database;
use crate::http::capture;
use crate::kit::{self, Database, Home, SERVE, Sql};
use crate::skip::skip;

both_databases!(a_newer_schema_is_refused);
both_databases!(an_older_schema_is_brought_forward);
both_databases!(numbers_that_a_crash_left_unfolded_are_folded_by_the_next_start);
both_databases!(a_key_that_is_missing_or_another);

/// It failed, and said one line with these words.
fn assert_refused(out: &Output, words: &[&str]) {
    let (told, shown) = (
        String::from_utf8_lossy(&out.stderr),
        String::from_utf8_lossy(&out.stdout),
    );
    assert!(!out.status.success(), "it did not fail: {told}{shown}");
    assert_ne!(out.status.code(), None, "it was killed by a signal");
    assert_eq!(shown, "", "nothing on standard output");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 1, "one line: {told}");
    assert!(lines[0].starts_with("casetrail: "), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    for word in words {
        assert!(told.contains(word), "{word:?} is not in: {told}");
    }
}

/// What an installation holds, but for files that only say who is at work.
fn state(home: &Home) -> (Vec<i64>, Vec<String>) {
    let mut sql = Sql::open(home);
    let tables = [
        "events",
        "records",
        "leaves",
        "users",
        "captures",
        "checkpoints",
        "outbox",
    ];
    let counts = tables
        .iter()
        .map(|t| sql.number(&format!("SELECT COUNT(*) AS n FROM {t}")))
        .collect();
    drop(sql);
    let mut names = Vec::new();
    list(&home.data, &mut names);
    names.sort();
    (counts, names)
}

fn list(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = path.display().to_string();
        if path.is_dir() {
            list(&path, names);
        } else if !name.ends_with("-wal")
            && !name.ends_with("-shm")
            && !name.ends_with(".lock")
            && !name.ends_with(".db")
        {
            names.push(format!("{name} {}", kit::sha256(&fs::read(&path).expect("a file"))));
        }
    }
}

fn assert_unchanged(home: &Home, args: &[&str], words: &[&str]) {
    let before = state(home);
    assert_refused(&home.run(args), words);
    assert_eq!(before, state(home), "{args:?} changed something");
}

fn a_newer_schema_is_refused(base: Database) {
    let home = Home::new(base);
    Sql::open(&home)
        .run("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')")
        .expect("a version");
    for args in [SERVE, &["audit"], &["user", "list"], &["backup", "out"]] {
        assert_unchanged(&home, args, &["newer version", "9999"]);
    }
}

/// Takes the database back to what the first schema had, with what it holds.
fn to_first_schema(home: &Home) {
    let (blob, functions) = match home.base {
        Database::Sqlite => ("BLOB", ""),
        Database::Postgres => (
            "BYTEA",
            "ALTER TABLE outbox ADD PRIMARY KEY (id); DROP FUNCTION hold_stream; DROP FUNCTION stream_lock;",
        ),
    };
    Sql::open(home)
        .run(&format!(
            "{functions} DROP INDEX captures_exceptions; DROP INDEX captures_covert; DROP INDEX captures_corrected_beyond; DROP INDEX authorizations_register; DROP INDEX authorizations_registered; DROP INDEX authorizations_against; DROP INDEX authorizations_additions; \
             CREATE TABLE kept_signoffs AS SELECT * FROM exception_signoffs; DROP TABLE exception_signoffs; CREATE TABLE kept_errors AS SELECT * FROM register_errors; DROP TABLE register_errors; \
             CREATE TABLE kept_misuse AS SELECT * FROM misuse_reports; DROP TABLE misuse_reports; CREATE TABLE kept_named AS SELECT * FROM misuse_named; DROP TABLE misuse_named; \
             CREATE TABLE kept_conduct AS SELECT * FROM conduct_acknowledgements; DROP TABLE conduct_acknowledgements; CREATE TABLE kept_flags AS SELECT * FROM impeachment_flags; DROP TABLE impeachment_flags; \
             CREATE TABLE kept_reviews AS SELECT * FROM reviews; DROP TABLE reviews; \
             CREATE TABLE kept_numbers AS SELECT id, register_number FROM authorizations; ALTER TABLE authorizations DROP COLUMN register_number; ALTER TABLE authorizations DROP COLUMN against_check; ALTER TABLE authorizations DROP COLUMN addition_waits; \
             ALTER TABLE captures DROP COLUMN exception; ALTER TABLE captures DROP COLUMN covert; CREATE TABLE kept_corrected AS SELECT id FROM captures WHERE corrected_beyond; ALTER TABLE captures DROP COLUMN corrected_beyond; \
             DROP INDEX capture_entries_asked; DROP INDEX captures_work; DROP INDEX cases_proposed; ALTER TABLE cases DROP COLUMN proposed_lead_id; DROP INDEX captures_by_captured; \
             DROP INDEX captures_by_posted; DROP INDEX captures_state; DROP INDEX captures_address; DROP INDEX events_at; DROP INDEX events_actor; \
             DROP INDEX events_action; DROP INDEX user_versions; DROP INDEX authorizations_number; DROP INDEX cases_by_number; ALTER TABLE cases DROP COLUMN number_key; \
             CREATE TABLE kept_roster AS SELECT * FROM roster; DROP TABLE roster; CREATE TABLE kept_recusals AS SELECT * FROM recusals; DROP TABLE recusals; \
             DROP TABLE pictures; DROP TABLE viewing; DROP TABLE seen_items; DROP TABLE uploads; DROP TABLE drafts; \
             DROP TABLE find_keys; DROP TABLE find_progress; DROP TABLE exhibit_numbers; CREATE TABLE kept_releases AS SELECT * FROM packet_releases; DROP TABLE packet_releases; CREATE TABLE kept_shared AS SELECT * FROM grant_captures; DROP TABLE grant_captures; CREATE TABLE kept_chosen AS SELECT id, chosen FROM grants; ALTER TABLE grants DROP COLUMN chosen; CREATE TABLE kept_access AS SELECT * FROM access_requests; DROP TABLE access_requests; CREATE TABLE kept_requests AS SELECT * FROM evidence_requests; DROP TABLE evidence_requests; CREATE TABLE kept_marks AS SELECT id, first_approver_id, closed FROM authorizations; \
             ALTER TABLE authorizations DROP COLUMN first_approver_id; ALTER TABLE authorizations DROP COLUMN closed; \
             CREATE TABLE kept_namings AS SELECT * FROM alias_namings; DROP TABLE alias_namings; CREATE TABLE kept_alias_disclosures AS SELECT * FROM alias_disclosures; DROP TABLE alias_disclosures; \
             CREATE TABLE kept_uses AS SELECT * FROM alias_uses; DROP TABLE alias_uses; CREATE TABLE kept_aliases AS SELECT * FROM aliases; DROP TABLE aliases; \
             CREATE TABLE kept_policies AS SELECT * FROM authorization_policies; DROP TABLE authorization_policies; CREATE TABLE kept_lists AS SELECT * FROM exhibit_lists; DROP TABLE exhibit_lists; CREATE TABLE kept_notices AS SELECT * FROM notices; DROP TABLE notices; \
             CREATE TABLE kept_derivatives AS SELECT * FROM derivatives; DROP TABLE derivatives; \
             CREATE TABLE kept_links AS SELECT * FROM disclosure_links; DROP TABLE disclosure_links; \
             CREATE TABLE kept_receipts AS SELECT * FROM acknowledgements; DROP TABLE acknowledgements; \
             ALTER TABLE captures DROP COLUMN platform; ALTER TABLE captures DROP COLUMN account; ALTER TABLE captures DROP COLUMN account_id; \
             ALTER TABLE captures DROP COLUMN posted_at; ALTER TABLE captures DROP COLUMN uncovered; \
             ALTER TABLE captures DROP COLUMN address_stem; ALTER TABLE sessions DROP COLUMN name; \
             ALTER TABLE sessions DROP COLUMN address; ALTER TABLE sessions DROP COLUMN used_at; ALTER TABLE sessions DROP COLUMN generation; ALTER TABLE sessions ADD COLUMN spent_hash {blob}; \
             ALTER TABLE captures DROP COLUMN basis_id; DROP TABLE jobs; ALTER TABLE packets ADD COLUMN step TEXT NOT NULL DEFAULT ''; \
             ALTER TABLE packets ADD COLUMN done BIGINT NOT NULL DEFAULT 0; \
             ALTER TABLE packets ADD COLUMN total BIGINT NOT NULL DEFAULT 0; ALTER TABLE packets ADD COLUMN error TEXT; \
             CREATE TABLE stream_heads \
             (stream TEXT NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, leaf {blob} NOT NULL, at BIGINT NOT NULL); \
             INSERT INTO stream_heads SELECT stream, seq, leaf, at FROM events e \
             WHERE seq = (SELECT MAX(seq) FROM events l WHERE l.stream = e.stream); \
             DELETE FROM __diesel_schema_migrations WHERE version > '0001'"
        ))
        .expect("the first schema");
}

/// A server brings it forward and goes on; but not where it shows that events were removed, which nothing else might show.
fn an_older_schema_is_brought_forward(base: Database) {
    let home = Home::new(base);
    to_first_schema(&home);
    for (cut, mend) in [("seq = seq + 1", "seq = seq - 1"), ("seq = seq - 1", "seq = seq + 1")] {
        let of_agency = |set: &str| format!("UPDATE stream_heads SET {set} WHERE stream = 'agency'");
        Sql::open(&home).run(&of_agency(cut)).expect("a head");
        assert_unchanged(&home, SERVE, &["removed at the end of a stream", "casetrail audit"]);
        Sql::open(&home).run(&of_agency(mend)).expect("a head");
    }
    let before = state(&home);
    assert_unchanged(&home, &["audit"], &["0002 is missing", "casetrail serve"]);
    let server = home.serve();
    let investigator = home.sign_in(&server, "investigator", 0);
    let path = format!("/api/v1/cases/{}/captures", home.case(0));
    investigator.post(&path, &capture("after the move", 0)).expect(201);
    investigator.get(&path).expect(200);
    server.stop();
    // No earlier release made the demonstration's exhibit list, redaction, requests and link: their rows come back as they were.
    Sql::open(&home)
        .run(
            "INSERT INTO exhibit_lists SELECT * FROM kept_lists; DROP TABLE kept_lists; \
             INSERT INTO derivatives SELECT * FROM kept_derivatives; DROP TABLE kept_derivatives; \
             UPDATE authorizations SET closed = (SELECT k.closed FROM kept_marks k WHERE k.id = authorizations.id), \
             first_approver_id = (SELECT k.first_approver_id FROM kept_marks k WHERE k.id = authorizations.id); DROP TABLE kept_marks; \
             INSERT INTO authorization_policies SELECT * FROM kept_policies; DROP TABLE kept_policies; \
             INSERT INTO aliases SELECT * FROM kept_aliases; DROP TABLE kept_aliases; \
             INSERT INTO alias_uses SELECT * FROM kept_uses; DROP TABLE kept_uses; \
             INSERT INTO alias_namings SELECT * FROM kept_namings; DROP TABLE kept_namings; \
             INSERT INTO alias_disclosures SELECT * FROM kept_alias_disclosures; DROP TABLE kept_alias_disclosures; \
             INSERT INTO roster SELECT * FROM kept_roster; DROP TABLE kept_roster; \
             INSERT INTO recusals SELECT * FROM kept_recusals; DROP TABLE kept_recusals; \
             INSERT INTO evidence_requests SELECT * FROM kept_requests; DROP TABLE kept_requests; \
             INSERT INTO access_requests SELECT * FROM kept_access; DROP TABLE kept_access; \
             INSERT INTO packet_releases SELECT * FROM kept_releases; DROP TABLE kept_releases; \
             INSERT INTO notices SELECT * FROM kept_notices; DROP TABLE kept_notices; \
             INSERT INTO exception_signoffs SELECT * FROM kept_signoffs; DROP TABLE kept_signoffs; INSERT INTO register_errors SELECT * FROM kept_errors; DROP TABLE kept_errors; \
             INSERT INTO misuse_reports SELECT * FROM kept_misuse; DROP TABLE kept_misuse; INSERT INTO misuse_named SELECT * FROM kept_named; DROP TABLE kept_named; \
             INSERT INTO conduct_acknowledgements SELECT * FROM kept_conduct; DROP TABLE kept_conduct; INSERT INTO impeachment_flags SELECT * FROM kept_flags; DROP TABLE kept_flags; \
             INSERT INTO reviews SELECT * FROM kept_reviews; DROP TABLE kept_reviews; \
             UPDATE authorizations SET register_number = (SELECT k.register_number FROM kept_numbers k WHERE k.id = authorizations.id); DROP TABLE kept_numbers; \
             INSERT INTO grant_captures SELECT * FROM kept_shared; DROP TABLE kept_shared; \
             UPDATE grants SET chosen = (SELECT k.chosen FROM kept_chosen k WHERE k.id = grants.id); DROP TABLE kept_chosen; \
             UPDATE captures SET corrected_beyond = TRUE WHERE id IN (SELECT id FROM kept_corrected); DROP TABLE kept_corrected; \
             INSERT INTO disclosure_links SELECT * FROM kept_links; DROP TABLE kept_links; \
             INSERT INTO acknowledgements SELECT * FROM kept_receipts; DROP TABLE kept_receipts",
        )
        .expect("the rows");
    home.assert_clean();
    let after = state(&home);
    assert!(before.0[0] < after.0[0], "more events than before");
}

/// A migration cannot fold; the program does so after it. Here it ended between the two.
fn numbers_that_a_crash_left_unfolded_are_folded_by_the_next_start(base: Database) {
    let home = Home::new(base);
    let server = home.serve();
    let investigator = home.sign_in(&server, "investigator", 0);
    let case = json!({"title": "Crash", "kind": "online_crime", "number": "Ü-\u{1fb3}-7", "particulars": {}});
    investigator.post("/api/v1/cases", &case).expect(201);
    server.stop();
    home.assert_clean();
    Sql::open(&home)
        .run("UPDATE cases SET number_key = lower(number); UPDATE find_progress SET next = -1")
        .expect("as the migrations leave it");
    home.serve().stop();
    home.assert_clean();
    let server = home.serve();
    let investigator = home.sign_in(&server, "investigator", 0);
    let found = investigator
        .get("/api/v1/cases?number=%C3%BC-%CE%B1%CE%B9-7")
        .expect(200)
        .json();
    assert_eq!(found["items"].as_array().expect("a list").len(), 1);
    server.stop();
}

fn a_key_that_is_missing_or_another(base: Database) {
    let home = Home::new(base);
    let key = home.data.join("keys/log.key");
    let kept = fs::read(&key).expect("a key");
    fs::remove_file(&key).expect("a key");
    assert_unchanged(&home, SERVE, &["log.key", "backup"]);
    fs::write(&key, "ab".repeat(32) + "\n").expect("a key");
    assert_unchanged(&home, SERVE, &["log.key", "another key"]);
    fs::write(&key, "no key\n").expect("a key");
    assert_unchanged(&home, SERVE, &["log.key"]);
    fs::write(&key, kept).expect("a key");
    let checkpoint = home.data.join("keys/log.checkpoint");
    let note = fs::read_to_string(&checkpoint).expect("a checkpoint");
    fs::write(&checkpoint, note.replacen("casetrail.demo", "casetrail.dem0", 1)).expect("a checkpoint");
    assert_unchanged(&home, SERVE, &["log.checkpoint", "damaged"]);
    fs::write(&checkpoint, note).expect("a checkpoint");
    home.serve().stop();
    home.assert_clean();
}

#[test]
fn settings_that_are_wrong() {
    let home = Home::new(Database::Sqlite);
    let toml = home.dir.path().join("casetrail.toml");
    for (written, words) in [
        ("prot = 1\n", ["prot", "no setting"]),
        ("port = 99999\n", ["port", "65535"]),
        ("port = \n", ["casetrail.toml", ""]),
        ("upload_idle = \"soon\"\n", ["upload_idle", "whole number"]),
        ("uploads_per_user = 3\n", ["uploads_per_user", "64"]),
        ("database = \"mysql://x\"\n", ["database", "postgres://"]),
        ("bind = \"0.0.0.0\"\nhttp = true\n", ["bind", "loopback"]),
        ("files = \"s3://bucket\"\n", ["files", "not supported"]),
        ("origin = \"another.example/log\"\n", ["origin", "never changes"]),
    ] {
        fs::write(&toml, written).expect("settings");
        let args: &[&str] = if written.starts_with("port") { &["serve"] } else { SERVE };
        assert_unchanged(&home, args, &words);
    }
    fs::remove_file(&toml).expect("settings");
    home.serve().stop();
}

#[test]
fn a_port_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let home = Home::new(Database::Sqlite);
    assert_unchanged(
        &home,
        &["serve", "--http", "--port", &port],
        &["cannot listen", &port, "--port"],
    );
    // A fresh folder: its administrator must not be made, because the one-time password would be lost.
    let fresh = Home {
        data: home.dir.path().join("fresh"),
        ..Home::new(Database::Sqlite)
    };
    assert_refused(
        &fresh.run(&["serve", "--http", "--port", &port]),
        &["cannot listen", &port],
    );
    assert!(!fresh.data.exists(), "a failed start left {}", fresh.data.display());
    // Nor may a certificate that cannot be read cost the password.
    let broken = fresh
        .with("tls_cert", "/nowhere/cert.pem")
        .with("tls_key", "/nowhere/key.pem");
    assert_refused(&broken.run(&["serve", "--port", "0"]), &["/nowhere/"]);
    assert!(!broken.db_file().exists());
}

#[test]
fn a_second_server() {
    let home = Home::new(Database::Sqlite);
    let server = home.serve();
    // Nothing changes any more but by the second one.
    kit::await_signed(&home.data, &mut Sql::open(&home));
    assert_unchanged(&home, SERVE, &["another Casetrail runs"]);
    let port = server.addr.port().to_string();
    assert_refused(&home.run(&["serve", "--http", "--port", &port]), &[]);
    server.nobody().get("/readyz").expect(200);
    server.stop();
}

#[test]
fn a_folder_that_cannot_be_written() {
    let home = Home::new(Database::Sqlite);
    let file = home.dir.path().join("file");
    fs::write(&file, "no folder").expect("a file");
    let below = Home {
        data: file.join("data"),
        ..home
    };
    assert_refused(&below.run(SERVE), &["data_dir", "file/data"]);
    if !rustix::process::geteuid().is_root() {
        return skip("somebody else's folder", "only root can become somebody else");
    }
    // Somebody else's folder, of mode 0700.
    let home = Home::new(Database::Sqlite);
    std::os::unix::fs::chown(home.dir.path(), Some(65534), None).expect("chown");
    std::os::unix::fs::chown(&home.data, Some(0), None).expect("chown");
    let mut command = home.command(SERVE);
    let out = command.uid(65534).gid(65534).output();
    match out {
        Ok(out) => assert_refused(&out, &["data"]),
        Err(e) => skip("somebody else's folder", &format!("they cannot run the program ({e})")),
    }
    // A data folder that may be read and not written.
    let home = Home::new(Database::Sqlite);
    let all = ["-R", "a+rX"].map(std::ffi::OsStr::new);
    std::process::Command::new("chmod")
        .args(all)
        .arg(home.dir.path())
        .status()
        .expect("chmod");
    if let Ok(out) = home.command(SERVE).uid(65534).gid(65534).output() {
        assert_refused(&out, &["data"]);
    }
}

#[test]
fn a_database_that_is_not_there() {
    let home = Home::new(Database::Sqlite);
    let nothing = home.dir.path().join("nothing");
    let away = Home {
        data: nothing.clone(),
        ..home
    };
    assert_refused(&away.run(&["audit"]), &["no installation"]);
    assert_refused(&away.run(&["user", "list"]), &["no installation"]);
    assert!(!nothing.exists());
    let began = Instant::now();
    let mut unreachable = Home::new(Database::Sqlite).with("database", "postgres://nobody:secret@127.0.0.1:1/none");
    for args in [SERVE, &["audit"]] {
        let out = unreachable.run(args);
        assert!(
            !String::from_utf8_lossy(&out.stderr).contains("secret"),
            "the password is told"
        );
        assert!(!out.status.success());
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    unreachable.env.clear();
    // A file that is no database.
    fs::write(unreachable.db_file(), kit::bytes(1, 8192)).expect("a file");
    for name in ["casetrail.db-wal", "casetrail.db-shm"] {
        fs::remove_file(unreachable.data.join(name)).ok();
    }
    for args in [SERVE, &["audit"]] {
        assert_refused(&unreachable.run(args), &["database"]);
    }
}

/// A backup's event waits its turn for longer than one request would: beside a busy server it would be refused else.
#[test]
fn a_backup_waits_for_a_database_that_is_locked() {
    let home = Home::new(Database::Sqlite);
    drop(home.serve());
    let mut other = Sql::open(&home);
    other.run("BEGIN EXCLUSIVE").expect("the lock");
    let out = std::thread::scope(|scope| {
        let backup = scope.spawn(|| home.run(&["backup", "copy"]));
        // SQLite's own patience is ten seconds.
        std::thread::sleep(Duration::from_secs(13));
        assert!(!backup.is_finished(), "it gave up, or did not need the lock");
        other.run("ROLLBACK").expect("the lock");
        backup.join().expect("the backup")
    });
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// Somebody else holds the database for longer than anyone waits: all who write are told so, soon and together.
#[test]
fn a_database_that_is_locked() {
    let home = Home::new(Database::Sqlite);
    let server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let before = database::captures(&mut Sql::open(&home));
    let path = format!("/api/v1/cases/{}/captures", home.case(0));
    let mut other = Sql::open(&home);
    other.run("BEGIN EXCLUSIVE").expect("the lock");
    let began = Instant::now();
    std::thread::scope(|scope| {
        for n in 0..20 {
            let (client, path) = (&client, &path);
            scope.spawn(move || {
                let answer = client.post(path, &capture(&format!("locked {n}"), 0)).expect(503);
                assert_eq!(answer.slug(), "database-busy");
                assert!(answer.header("retry-after").is_some_and(|s| s.parse::<u32>().is_ok()));
                assert!(
                    answer.json()["detail"]
                        .as_str()
                        .is_some_and(|d| d.contains("another process")),
                    "{:?}",
                    answer.json()
                );
            });
        }
        client.get("/api/v1/me").expect(200);
        server.nobody().get("/readyz").expect(200);
        assert!(began.elapsed() < Duration::from_secs(3), "reads wait for the lock");
    });
    let waited = began.elapsed();
    assert!(waited < Duration::from_secs(25), "20 writers waited {waited:?} in all");
    other.run("ROLLBACK").expect("the lock");
    drop(other);
    client.post(&path, &capture("free", 0)).expect(201);
    kit::say(format!(
        "locked by another process: 20 writers were told after {:.1} s in all",
        waited.as_secs_f64()
    ));
    let shown: Vec<String> = server
        .log()
        .lines()
        .filter(|l| l.contains("panicked"))
        .map(str::to_owned)
        .collect();
    assert!(shown.is_empty(), "{shown:?}");
    server.stop();
    assert_eq!(database::captures(&mut Sql::open(&home)), before + 1);
    home.assert_clean();
}
