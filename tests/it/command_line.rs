//! `casetrail log` and `casetrail export` as people and scripts use them, against a real server.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::both_databases;
use crate::kit::{App, Case};

fn casetrail(app: &App) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casetrail"));
    command
        .env("CASETRAIL_SERVER", &app.url)
        .env("CASETRAIL_TOKEN", app.lead.token.as_ref().unwrap())
        .env_remove("CASETRAIL_LEVEL")
        .env_remove("CASETRAIL_DEVICE")
        .stdin(std::process::Stdio::null());
    command
}

fn log(app: &App, case: &Case) -> Command {
    let mut command = casetrail(app);
    command.args(["log", &case.id, "--json"]);
    command
}

/// The lines of JSON, the summary last.
fn lines(done: &Output) -> Vec<Value> {
    let told = String::from_utf8_lossy(&done.stdout);
    told.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

fn complaint(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).into_owned()
}

fn record_of(app: &App, case: &Case, event: &Value) -> Value {
    let seq = event["seq"].as_i64().unwrap();
    let stream = case.stream.clone();
    let read = move |conn: &mut _| casetrail::ledger::read::record(conn, &stream, seq);
    let (_, text) = app.state.gate.db().read_blocking(read).unwrap().unwrap();
    serde_json::from_str(&text).unwrap()
}

const FLAGS: [&str; 6] = ["--level", "overt", "--device", "agency", "--platform", "web"];

both_databases!(each_file_of_a_folder_has_a_result);
fn each_file_of_a_folder_has_a_result(app: &App) {
    let (case, folder) = (app.case(), tempfile::tempdir().unwrap());
    fs::create_dir(folder.path().join("sub")).unwrap();
    let names: [&[u8]; 4] = [b"Icon\r", b"caf\xe9.jpg", b"plain.txt", b"sub/empty"];
    for (n, name) in names.iter().enumerate() {
        let bytes = if n == 3 { String::new() } else { format!("content {n}") };
        fs::write(folder.path().join(OsStr::from_bytes(name)), bytes).unwrap();
    }
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = log(app, &case);
    command.args(FLAGS).args(["--url", "https://a.example/seen"]);
    let done = command.arg(folder.path()).output().unwrap();
    let told = lines(&done);
    let (summary, rows) = told.split_last().unwrap();
    assert_eq!(
        (done.status.code(), rows.len()),
        (Some(1), 5),
        "{}{:?}",
        complaint(&done),
        told
    );
    let failed: Vec<&Value> = rows.iter().filter(|row| row["ok"] == false).collect();
    assert_eq!(failed.len(), 1);
    assert!(
        failed[0]["error"]["detail"].as_str().unwrap().contains("named pipe"),
        "{}",
        failed[0]
    );
    // Nothing covers them: they are held, and counted as that.
    let counts = ["logged", "held", "failed", "not_sent"].map(|name| summary["summary"][name].as_u64().unwrap());
    assert_eq!(counts, [0, 4, 1, 0], "{summary}");
    let recorded = app
        .events(&case.stream)
        .into_iter()
        .filter(|event| event["action"] == "capture.recorded");
    let records: Vec<Value> = recorded.map(|event| record_of(app, &case, &event)).collect();
    let kept: Vec<&str> = records
        .iter()
        .map(|record| record["files"][0]["name"].as_str().unwrap())
        .collect();
    assert_eq!(kept, ["Icon\r", "caf\\xe9.jpg", "plain.txt", "empty"]);
    for record in &records {
        assert_eq!(record["captured_at_basis"], "file_date");
        assert!(
            record["flags"].as_array().unwrap().contains(&json!("guessed_time")),
            "{record}"
        );
    }
}

both_databases!(a_covert_capture_names_its_alias);
fn a_covert_capture_names_its_alias(app: &App) {
    let case = app.case();
    let alias = crate::aliases::approved(app);
    app.leave_of(&case, crate::aliases::covert(app, &[&alias]));
    for (named, counts) in [(None, [0, 1]), (Some(&alias), [1, 0])] {
        let mut command = log(app, &case);
        command.args(["--level", "covert", "--device", "agency", "--platform", "instagram"]);
        command.args(named.iter().flat_map(|id| ["--alias", id.as_str()]));
        let done = command.arg("https://a.example/group").output().unwrap();
        let summary = lines(&done).pop().unwrap();
        let told = ["logged", "held"].map(|name| summary["summary"][name].as_u64().unwrap());
        assert_eq!(told, counts, "{}{summary}", complaint(&done));
    }
}

both_databases!(level_and_device_are_said_and_not_guessed);
fn level_and_device_are_said_and_not_guessed(app: &App) {
    let case = app.case();
    app.leaves_nothing(&case.stream, || {
        let done = log(app, &case).arg("https://a.example/1").output().unwrap();
        assert_eq!(done.status.code(), Some(2));
        assert!(complaint(&done).contains("CASETRAIL_LEVEL"), "{}", complaint(&done));
    });
    let mut own = log(app, &case);
    own.env("CASETRAIL_LEVEL", "discreet")
        .env("CASETRAIL_DEVICE", "personal");
    assert!(own.arg("https://a.example/1").status().unwrap().success());
    let record = app.last_record(&case.stream);
    assert_eq!(
        (&record["level"], &record["device"]),
        (&json!("discreet"), &json!("personal"))
    );
    assert_eq!(record["captured_at_basis"], "guessed");
}

both_databases!(what_repeats_is_counted);
fn what_repeats_is_counted(app: &App) {
    let (case, folder) = (app.case(), tempfile::tempdir().unwrap());
    app.leave(&case);
    let manifest = folder.path().join("rows.csv");
    let at = app.at(-1);
    let rows = format!(
        "URL ; captured_at;text\nhttps://a.example/1;{at};one\nhttps://a.example/1 ; {at} ; \"one\"\nhttps://a.example/1?utm_source=x;{at};other\n;;\n"
    );
    fs::write(&manifest, rows).unwrap();
    let mut command = log(app, &case);
    let done = command.args(FLAGS).arg("--manifest").arg(&manifest).output().unwrap();
    let told = lines(&done);
    assert!(done.status.success(), "{told:?}");
    assert_eq!((&told[1]["repeats_row"], told.len()), (&json!(1), 4));
    assert_eq!(told[2]["duplicate_of"][0]["item"], 1);
    let summary = &told[3]["summary"];
    let counts = ["logged", "duplicates", "repeated", "failed"].map(|name| summary[name].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 1, 0], "{summary}");
    app.leaves_nothing(&case.stream, || {
        fs::write(
            &manifest,
            "url,text\nhttps://a.example/2,\"open\nhttps://a.example/3,x\n",
        )
        .unwrap();
        let done = log(app, &case)
            .args(FLAGS)
            .arg("--manifest")
            .arg(&manifest)
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(2));
        assert!(complaint(&done).contains("line 2"), "{}", complaint(&done));
    });
}

both_databases!(what_is_there_already_is_counted_apart);
fn what_is_there_already_is_counted_apart(app: &App) {
    let (case, folder) = (app.case(), tempfile::tempdir().unwrap());
    app.leave(&case);
    fs::write(folder.path().join("a.txt"), "the same bytes").unwrap();
    let rows = "file,url,captured_at\na.txt,https://a.example/1,\n,https://a.example/2,\n,https://a.example/2,\n";
    fs::write(folder.path().join("rows.csv"), rows).unwrap();
    let run = || {
        let mut command = log(app, &case);
        let manifest = folder.path().join("rows.csv");
        let done = command.args(FLAGS).arg("--manifest").arg(manifest).output().unwrap();
        let mut told = lines(&done);
        let summary = told.pop().unwrap()["summary"].clone();
        let counts = ["logged", "duplicates", "repeated", "logged_before", "failed"];
        let words: Vec<String> = told
            .iter()
            .map(|row| row["result"].as_str().unwrap().to_owned())
            .collect();
        (words, counts.map(|name| summary[name].as_u64().unwrap()), told)
    };
    let (words, counts, told) = run();
    assert_eq!(words, ["logged", "logged", "repeated"], "{told:?}");
    assert_eq!(counts, [2, 0, 1, 0, 0]);
    app.leaves_nothing(&case.stream, || {
        let (words, counts, told) = run();
        assert_eq!(words, ["logged_before"; 3], "{told:?}");
        assert_eq!((counts, &told[0]["item"]), ([0, 0, 0, 3, 0], &json!(1)));
    });
    // The same bytes under another name are another capture, and say so.
    fs::copy(folder.path().join("a.txt"), folder.path().join("b.txt")).unwrap();
    let mut command = casetrail(app);
    command
        .args(["log", &case.id, "--url", "https://a.example/3"])
        .args(FLAGS);
    let done = command.arg(folder.path().join("b.txt")).output().unwrap();
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        told.contains("the same is there already: item 1") && told.contains("0 logged, 1 logged again, the same as"),
        "{told}"
    );
}

both_databases!(a_refusal_of_many_files_is_told_once);
fn a_refusal_of_many_files_is_told_once(app: &App) {
    let (case, folder) = (app.case(), tempfile::tempdir().unwrap());
    for name in ["a.png", "b.png", "c.png"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    app.leaves_nothing(&case.stream, || {
        let mut command = casetrail(app);
        command.args(["log", &case.id, "--level", "overt", "--device", "agency"]);
        let done = command.arg(folder.path()).output().unwrap();
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        assert_eq!(done.status.code(), Some(1));
        assert_eq!(told.matches("--kind document").count(), 1, "{told}");
        assert_eq!(told.matches("FAILED as 1.").count(), 2, "{told}");
        assert!(told.contains("3 failed (3 as 1.)"), "{told}");
    });
    let mut command = log(app, &case);
    command.args(["--level", "overt", "--device", "agency", "--kind", "document"]);
    let done = command.arg(folder.path()).output().unwrap();
    assert!(done.status.success(), "{:?}", lines(&done));
    // What the server refuses counts alike.
    let mut command = log(app, &case);
    command.args([
        "--level",
        "overt",
        "--device",
        "agency",
        "--url",
        "https://a.example",
        "--kind",
        "foto",
    ]);
    let done = command.arg(folder.path()).output().unwrap();
    let causes = lines(&done).pop().unwrap()["summary"]["causes"].clone();
    assert_eq!(
        (causes.as_array().unwrap().len(), &causes[0]["rows"]),
        (1, &json!(3)),
        "{causes}"
    );
}

both_databases!(a_cause_is_named_once_with_its_way_out);
fn a_cause_is_named_once_with_its_way_out(app: &App) {
    let case = app.case();
    let items = ["https://a.example/1", "https://a.example/2", "https://a.example/3"];
    let run = |settings: &[(&str, &str)]| {
        let mut command = log(app, &case);
        command
            .args(FLAGS)
            .args(items)
            .envs(settings.iter().copied())
            .output()
            .unwrap()
    };
    let token = format!("{}\r\n", app.lead.token.as_ref().unwrap());
    let done = run(&[("CASETRAIL_TOKEN", &token)]);
    assert!(done.status.success(), "{}", complaint(&done));
    let cases = [
        ("ct_of-somebody-else", app.url.clone(), "casetrail token add"),
        ("ct_two words", app.url.clone(), "copy it again"),
        ("ct_any", app.url.replace("http://", "https://"), "does not speak TLS"),
        ("ct_any", speaks_tls(), "https://"),
        ("ct_any", "http://127.0.0.1:1".into(), "is the server running"),
    ];
    for (token, server, words) in cases {
        let done = run(&[("CASETRAIL_TOKEN", token), ("CASETRAIL_SERVER", &server)]);
        let told = complaint(&done);
        assert!(!done.status.success() && told.contains(words), "{server}: {told}");
        assert_eq!((told.lines().count(), done.stdout.len()), (1, 0), "{told}");
    }
    // Where it shows on the way, the rest is not tried.
    let reads = app.grant(&case, &app.stranger, &["read"]);
    assert!(!reads.is_empty());
    let done = run(&[("CASETRAIL_TOKEN", app.stranger.token.as_ref().unwrap())]);
    let told = lines(&done);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(
        (&told[1]["summary"]["failed"], &told[1]["summary"]["not_sent"]),
        (&json!(1), &json!(2))
    );
}

/// What answers every connection as a server with TLS answers what is none.
fn speaks_tls() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(4) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1000]);
            let _ = stream.write_all(b"\x15\x03\x03\x00\x02\x02\x46");
        }
    });
    url
}

/// What answers each call as some other server may.
fn says(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(4) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 10_000]);
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
    });
    url
}

#[test]
fn what_is_no_casetrail_server_logs_nothing() {
    for body in [r#"{"items":[{"id":"x","number":"26-1"}]}"#, "{}", "[1]", "<html>"] {
        let done = Command::new(env!("CARGO_BIN_EXE_casetrail"))
            .args([
                "log",
                "26-1",
                "https://a.example/1",
                "--level",
                "overt",
                "--device",
                "agency",
            ])
            .args(["--platform", "web", "--server", &says(body)])
            .env("CASETRAIL_TOKEN", "ct_x")
            .output()
            .unwrap();
        let told = format!("{}{}", String::from_utf8_lossy(&done.stdout), complaint(&done));
        assert_eq!(done.status.code(), Some(1), "{body}: {told}");
        assert!(
            told.contains("no Casetrail server") && !told.contains("1 logged"),
            "{body}: {told}"
        );
    }
}

both_databases!(where_a_packet_is_to_lie_is_checked_first);
fn where_a_packet_is_to_lie_is_checked_first(app: &App) {
    let case = app.case();
    let mut command = casetrail(app);
    command.env("CASETRAIL_TOKEN", app.exporter.token.as_ref().unwrap());
    let done = command
        .args(["export", &case.id, "--out", "/nowhere/p.zip"])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(complaint(&done).contains("/nowhere/p.zip"), "{}", complaint(&done));
    assert_eq!(app.count(&case.stream, "packet.requested"), 0);
}

both_databases!(the_policy_is_shown_edited_and_proposed);
fn the_policy_is_shown_edited_and_proposed(app: &App) {
    let policy = |args: &[&str], by: &crate::kit::Client| {
        let mut command = casetrail(app);
        command.env("CASETRAIL_TOKEN", by.token.as_ref().unwrap());
        command.arg("policy").args(args).output().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.json");
    let file = file.to_str().unwrap();
    let shown = policy(&["show"], &app.lead);
    let mut terms: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let in_force = app.lead.get("/api/v1/authorization-policies/in-force").is(200);
    assert_eq!(terms, in_force["terms"]);
    assert!(policy(&["show", "--out", file], &app.lead).status.success());
    assert_eq!(fs::read(file).unwrap(), shown.stdout);
    // Nothing is written over.
    assert_eq!(policy(&["show", "--out", file], &app.lead).status.code(), Some(2));
    terms["overt"]["longest_days"] = json!(30);
    fs::write(file, terms.to_string()).unwrap();
    let propose = ["propose", file, "--reason", "a month is enough"];
    app.leaves_none("authorization_policy", || {
        let refused = policy(&propose, &app.lead);
        assert!(
            !refused.status.success() && complaint(&refused).contains("may not"),
            "{refused:?}"
        );
    });
    let made = app.leaves("agency", "authorization_policy.proposed", &app.supervisor, || {
        policy(&propose, &app.supervisor)
    });
    assert!(made.status.success(), "{made:?}");
    let versions = app.supervisor.get("/api/v1/authorization-policies").is(200);
    let newest = &versions["items"][0];
    assert_eq!(
        (&newest["terms"], &newest["reason"]),
        (&terms, &json!("a month is enough"))
    );
    let told = String::from_utf8(made.stdout).unwrap();
    assert!(told.contains(newest["id"].as_str().unwrap()), "{told}");
    // What is wrong with it is told field by field, and what is no document is told of as that.
    terms["overt"]["longest_days"] = json!(0);
    for (content, code, told) in [
        (terms.to_string(), 1, "terms.overt.longest_days"),
        ("{".to_owned(), 2, "is no JSON"),
    ] {
        fs::write(file, content).unwrap();
        let refused = policy(&propose, &app.deputy);
        assert_eq!(refused.status.code(), Some(code), "{refused:?}");
        assert!(complaint(&refused).contains(told), "{refused:?}");
    }
    for (endless, told) in [("/dev/zero", "longer than 1 MiB"), ("/", "cannot be read")] {
        let refused = policy(&["propose", endless, "--reason", "x"], &app.deputy);
        assert!(
            refused.status.code() == Some(2) && complaint(&refused).contains(told),
            "{refused:?}"
        );
    }
    let missing = policy(&["propose", "/nowhere.json", "--reason", "x"], &app.deputy);
    assert_eq!(missing.status.code(), Some(2));
    assert!(complaint(&missing).contains("cannot be read"), "{missing:?}");
}
