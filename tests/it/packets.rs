//! Packets: asked for, built, verified by the offline verifier and by other people's tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use casetrail::bag::verify_path;
use casetrail::db::AnyConn;
use casetrail::proof::Digest;
use casetrail::proof::checkpoint::VerifyingKey;
use casetrail::verify::trust::Trust;
use diesel::prelude::*;
use diesel::sql_query;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::both_databases;
use crate::kit::{App, Case, Client, with};
use crate::skip::skip;

const SHOT: &[u8] = b"\x89PNG\r\n\x1a\n a screenshot";

/// Asks for a packet.
pub fn ask(client: &Client, case: &Case, body: Value) -> Value {
    client.post(&case.path("packets"), body).is(202)
}

fn path(packet: &Value) -> String {
    format!("/api/v1/packets/{}", packet["id"].as_str().unwrap())
}

/// The packet when its building ended.
pub fn ended(client: &Client, packet: &Value) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        let shown = client.get(&path(packet)).is(200);
        if ["ready", "failed"].contains(&shown["state"].as_str().unwrap()) {
            return shown;
        }
        std::thread::sleep(Duration::from_millis(15));
    }
    panic!("the packet is not built in time");
}

/// The packet when it is ready.
pub fn ready(client: &Client, packet: &Value) -> Value {
    let shown = ended(client, packet);
    assert_eq!(shown["state"], "ready", "{shown}");
    shown
}

/// Downloads into a folder of its own.
pub fn download(client: &Client, packet: &Value) -> (TempDir, PathBuf) {
    let answer = client.get(&format!("{}/file", path(packet)));
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/zip"));
    assert_eq!(packet["sha256"], json!(Digest::of(&answer.body)));
    assert_eq!(packet["size"], json!(answer.body.len()));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.zip");
    fs::write(&file, &answer.body).unwrap();
    (folder, file)
}

fn trust(app: &App) -> Trust {
    let vkey = app.lead.get("/api/v1/ledger/key").is(200)["vkey"]
        .as_str()
        .unwrap()
        .to_owned();
    Trust {
        key: Some(VerifyingKey::parse(&vkey).unwrap()),
        ..Trust::default()
    }
}

#[track_caller]
pub fn verifies(app: &App, file: &Path) {
    let report = verify_path(file, &trust(app));
    assert_eq!(
        report.exit_code,
        0,
        "{}",
        serde_json::to_string_pretty(&report).unwrap()
    );
    assert_eq!(verify_path(file, &Trust::default()).exit_code, 3);
}

/// Unpacks the stored entries with a reader of another make, where there is one.
pub fn unpack(file: &Path) -> Option<PathBuf> {
    let folder = file.parent().unwrap().join("unpacked");
    let script = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";
    let done = Command::new("python3")
        .args(["-c", script])
        .arg(file)
        .arg(&folder)
        .status();
    if !done.is_ok_and(|s| s.success()) {
        skip("a packet unpacked by another program", "there is no python3");
        return None;
    }
    Some(fs::read_dir(folder).unwrap().next().unwrap().unwrap().path())
}

/// A case with two captures that may leave, one held and one quarantined.
pub fn filled(app: &App) -> (Case, Vec<Value>) {
    let case = app.case();
    app.leave(&case);
    let with_file =
        |n: u8| app.post_with(json!({"text": format!("text {n}"), "files": [{"part": "shot", "role": "screenshot"}]}));
    let mut made: Vec<Value> = (0..2)
        .map(|n| app.lead.upload(&case, &with_file(n), &[("shot", SHOT)]).is(201))
        .collect();
    made.push(
        app.lead
            .log(
                &case,
                app.post_with(json!({"platform": "tiktok", "text": "secret of the held one"})),
            )
            .is(201),
    );
    made.push(
        app.lead
            .log(
                &case,
                app.post_with(json!({"platform": "tiktok", "text": "secret of the quarantined one"})),
            )
            .is(201),
    );
    let decision = format!("/api/v1/captures/{}/decision", made[3]["id"].as_str().unwrap());
    app.supervisor
        .post(&decision, json!({"outcome": "quarantine", "reason": "not ours"}))
        .is(200);
    (case, made)
}

both_databases!(the_audit_reads_packets_that_are_ready);
/// A packet is written without being read back; the audit reads it, and holds it to what was told.
fn the_audit_reads_packets_that_are_ready(app: &App) {
    let (case, _) = filled(app);
    let packet = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "court_exhibits"})),
    );
    let faults = || -> Vec<&str> {
        app.report()
            .faults
            .iter()
            .map(|f| f.rule)
            .filter(|rule| rule.starts_with("packet"))
            .collect()
    };
    assert_eq!((faults(), app.report().counts.packets), (vec![], 1));
    app.goes_behind();
    let file = app
        .folder()
        .join(format!("packets/{}.zip", packet["id"].as_str().unwrap()));
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert_eq!(faults(), ["packet-bytes"]);
    bytes[middle] ^= 1;
    fs::write(&file, &bytes[..middle]).unwrap();
    assert_eq!(faults(), ["packet-bytes"]);
    // Taking it away is allowed, and told.
    fs::remove_file(&file).unwrap();
    assert_eq!(faults(), Vec::<&str>::new());
    assert!(app.report().notices.iter().any(|n| n.rule == "packet-missing"));
    fs::write(&file, &bytes).unwrap();
    assert_eq!(faults(), Vec::<&str>::new());
}

both_databases!(a_packet_verifies_and_hides_nothing);
fn a_packet_verifies_and_hides_nothing(app: &App) {
    let (case, made) = filled(app);
    app.leaves_nothing(&case.stream, || {
        app.stranger
            .post(&case.path("packets"), json!({"purpose": "court_exhibits"}))
            .problem(404, "not-found");
        app.lead
            .post(&case.path("packets"), json!({"purpose": "court_exhibits"}))
            .problem(403, "forbidden");
        app.supervisor
            .post(&case.path("packets"), json!({"purpose": "court_exhibits"}))
            .problem(403, "forbidden");
        app.prosecutor
            .post(&case.path("packets"), json!({"purpose": "court_exhibits"}))
            .problem(404, "not-found");
    });
    let packet = app
        .exporter
        .post_keyed(
            &case.path("packets"),
            "p",
            &json!({"purpose": "court_exhibits", "recipient": "Court 3"}),
        )
        .is(202);
    assert_eq!(
        app.exporter
            .post_keyed(
                &case.path("packets"),
                "p",
                &json!({"purpose": "court_exhibits", "recipient": "Court 3"})
            )
            .is(202)["id"],
        packet["id"]
    );
    let shown = ready(&app.exporter, &packet);
    assert_eq!(app.count(&case.stream, "packet.requested"), 1);
    let issued = app
        .events(&case.stream)
        .into_iter()
        .find(|e| e["action"] == "packet.issued")
        .unwrap();
    assert_eq!(
        (&issued["actor"]["kind"], &issued["attest"]["size"]),
        (&json!("job"), &json!(4))
    );
    let (_keep, file) = app.leaves(&case.stream, "packet.downloaded", &app.exporter, || {
        download(&app.exporter, &shown)
    });
    verifies(app, &file);
    let bytes = fs::read(&file).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("text 0") && text.contains("text 1"));
    assert!(
        !text.contains("secret of the"),
        "what is withheld must not be in the packet"
    );
    let Some(bag) = unpack(&file) else { return };
    let inventory: Value = serde_json::from_slice(&fs::read(bag.join("data/inventory.json")).unwrap()).unwrap();
    let rows: Vec<(&Value, &Value)> = inventory["captures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (&r["id"], &r["status"]))
        .collect();
    let statuses = ["included", "included", "held", "quarantined"];
    assert_eq!(
        rows,
        made.iter()
            .zip(statuses)
            .map(|(m, s)| (&m["id"], Value::from(s)))
            .collect::<Vec<_>>()
            .iter()
            .map(|(a, b)| (*a, b))
            .collect::<Vec<_>>()
    );
    let sums = Command::new("sha256sum")
        .args(["--quiet", "-c", "manifest-sha256.txt"])
        .current_dir(&bag)
        .status()
        .unwrap();
    assert!(sums.success());
    let sums = Command::new("sha256sum")
        .args(["--quiet", "-c", "tagmanifest-sha256.txt"])
        .current_dir(&bag)
        .status()
        .unwrap();
    assert!(sums.success());
    verifies(app, &bag);
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = project.join("target/tools/bin/python");
    if !python.exists() {
        return skip(
            "a packet read by bagit.py, case_validate and rocrate",
            "they are not there: make setup",
        );
    }
    let reads = |tool: &mut Command| {
        let read = tool.output().unwrap();
        let said = [read.stdout, read.stderr].concat();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&said));
    };
    reads(Command::new(&python).args(["-m", "bagit", "--validate"]).arg(&bag));
    reads(
        Command::new(&python)
            .arg(project.join("tests/graphs.py"))
            .arg(bag.join("data")),
    );
}

both_databases!(a_chosen_capture_leaves_the_others_as_not_selected);
fn a_chosen_capture_leaves_the_others_as_not_selected(app: &App) {
    let (case, made) = filled(app);
    let packet = ask(
        &app.exporter,
        &case,
        json!({"purpose": "discovery", "captures": [made[0]["id"]]}),
    );
    let shown = ready(&app.exporter, &packet);
    let (_keep, file) = download(&app.exporter, &shown);
    verifies(app, &file);
    let bytes = fs::read(&file).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("text 1"));
    let Some(bag) = unpack(&file) else { return };
    let inventory: Value = serde_json::from_slice(&fs::read(bag.join("data/inventory.json")).unwrap()).unwrap();
    let statuses: Vec<&str> = inventory["captures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["included", "not_selected", "held", "quarantined"]);
}

both_databases!(what_a_packet_may_not_hold_is_refused_with_its_reason);
fn what_a_packet_may_not_hold_is_refused_with_its_reason(app: &App) {
    let (case, made) = filled(app);
    let refuse = |captures: Value, field: &str, rule: &str| {
        let body = json!({"purpose": "court_exhibits", "captures": captures});
        app.exporter.post(&case.path("packets"), body).refuses(422, field, rule);
    };
    app.leaves_nothing(&case.stream, || {
        refuse(json!([made[2]["id"]]), "captures[0]", "held");
        refuse(json!([made[0]["id"], made[3]["id"]]), "captures[1]", "quarantined");
        refuse(json!([case.id]), "captures[0]", "unknown");
        refuse(json!([]), "captures", "not_empty");
        app.exporter
            .post(&case.path("packets"), json!({"purpose": "gift"}))
            .refuses(422, "purpose", "one_of");
        app.exporter
            .post(&case.path("packets"), json!({"purpose": "referral"}))
            .problem(403, "forbidden");
        app.lead
            .post(&case.path("packets"), json!({"purpose": "discovery"}))
            .problem(403, "forbidden");
        app.stranger
            .post(&case.path("packets"), json!({"purpose": "referral"}))
            .problem(404, "not-found");
    });
}

both_databases!(what_is_due_comes_before_a_packet);
fn what_is_due_comes_before_a_packet(app: &App) {
    let made = app
        .lead
        .post("/api/v1/cases", json!({"title": "A case", "kind": "online_crime"}))
        .is(201);
    let case = Case::named(made["id"].as_str().unwrap());
    app.grant(&case, &app.exporter, &["export"]);
    app.exporter
        .post(&case.path("packets"), json!({"purpose": "internal"}))
        .problem(409, "due-first");
}

both_databases!(an_empty_case_makes_a_packet);
fn an_empty_case_makes_a_packet(app: &App) {
    let case = app.case();
    let shown = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "internal"})),
    );
    let (_keep, file) = download(&app.exporter, &shown);
    verifies(app, &file);
}

both_databases!(only_its_readers_follow_and_take_a_packet);
fn only_its_readers_follow_and_take_a_packet(app: &App) {
    let (case, _) = filled(app);
    let shown = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "internal"})),
    );
    for client in [
        &app.stranger,
        &app.far,
        &app.prosecutor,
        &app.auditor,
        &app.administrator,
    ] {
        client.get(&path(&shown)).problem(404, "not-found");
        client.get(&format!("{}/file", path(&shown))).problem(404, "not-found");
        client
            .post(
                &format!("{}/disclosures", path(&shown)),
                json!({"to": "x", "need": "y", "under": "z"}),
            )
            .problem(404, "not-found");
    }
    app.lead.get(&path(&shown)).problem(403, "forbidden");
    app.lead
        .get(&format!("{}/file", path(&shown)))
        .problem(403, "forbidden");
    // With the grant the packet goes too.
    app.advance(crate::kit::days(401));
    app.exporter
        .get(&format!("{}/file", path(&shown)))
        .problem(404, "not-found");
}

both_databases!(a_disclosure_says_what_went_to_whom);
fn a_disclosure_says_what_went_to_whom(app: &App) {
    let (case, _) = filled(app);
    let shown = ready(
        &app.exporter,
        &ask(&app.exporter, &case, json!({"purpose": "discovery"})),
    );
    let path = format!("{}/disclosures", path(&shown));
    let body = json!({"to": "Counsel for the defence", "need": "the trial", "under": "Brady", "request": "motion 4", "withheld": [{"what": "item 3", "why": "held"}]});
    app.lead.post(&path, body.clone()).problem(403, "forbidden");
    app.exporter.post(&path, json!({})).refuses(422, "to", "required");
    app.exporter
        .post(
            &path,
            with(body.clone(), json!({"disclosed_at": app.at(crate::kit::days(1))})),
        )
        .refuses(422, "disclosed_at", "past");
    let made = app.leaves(&case.stream, "packet.disclosed", &app.exporter, || {
        app.exporter.post_keyed(&path, "d", &body).is(201)
    });
    assert_eq!(
        app.leaves_nothing(&case.stream, || app.exporter.post_keyed(&path, "d", &body).is(201)),
        made
    );
    assert_eq!(made["packet"]["sha256"], shown["sha256"]);
    assert_eq!(app.exporter.get(&path).is(200)["items"], json!([made]));
}

both_databases!(damaged_evidence_ends_the_build);
fn damaged_evidence_ends_the_build(app: &App) {
    let (case, _) = filled(app);
    app.goes_behind();
    fs::write(app.file(&Digest::of(SHOT)), b"\x89PNG\r\n\x1a\n A SCREENSHOT").unwrap();
    let packet = ask(&app.exporter, &case, json!({"purpose": "internal"}));
    let shown = ended(&app.exporter, &packet);
    assert_eq!(shown["state"], "failed", "{shown}");
    app.exporter
        .get(&format!("{}/file", path(&packet)))
        .problem(409, "conflict");
    assert_eq!(
        (
            app.count(&case.stream, "packet.failed"),
            app.count(&case.stream, "packet.issued")
        ),
        (1, 0)
    );
    let left: Vec<_> = fs::read_dir(app.folder().join("packets")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

both_databases!(a_wrong_checksum_ends_the_build);
fn a_wrong_checksum_ends_the_build(app: &App) {
    let (case, _) = filled(app);
    app.goes_behind();
    for wrong in ["UPDATE files SET crc32 = 1", "UPDATE files SET crc32 = -1"] {
        let change = move |conn: &mut AnyConn| Ok(sql_query(wrong).execute(conn)?);
        app.db().write_blocking(change).unwrap();
        let shown = ended(
            &app.exporter,
            &ask(&app.exporter, &case, json!({"purpose": "internal"})),
        );
        assert_eq!(shown["state"], "failed", "{shown}");
        let why = shown["error"].to_string();
        assert!(
            ["item 1", "CRC-32", "not damaged", "casetrail audit"]
                .iter()
                .all(|w| why.contains(w)),
            "{shown}"
        );
    }
    let left: Vec<_> = fs::read_dir(app.folder().join("packets")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
