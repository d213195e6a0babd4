//! What servers, files and arguments say reaches a terminal without what could steer it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};

use casetrail::bag::terminal::steers;
use serde_json::json;

/// Clears the screen, says that all is well, goes back to the line's beginning, and turns what follows around.
const HOSTILE: &str = "x\u{1b}[2J\nPASSED: everything\r\u{9b}31m\u{202e}y";

/// A server that answers all with hostile words.
fn hostile_server() -> String {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", socket.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in socket.incoming() {
            let mut connection = connection.unwrap();
            let mut sent = vec![0; 1 << 16];
            let read = connection.read(&mut sent).unwrap_or(0);
            let (status, body) = match sent[..read].starts_with(b"GET /api/v1/cases?") {
                true => (
                    "200 OK",
                    json!({"items": [{"id": "019ab1c4-7000-7001-8f21-3c5a7e901eef", "number": HOSTILE}]}),
                ),
                false => (
                    "422 Unprocessable Content",
                    json!({"type": format!("/problems/{HOSTILE}"), "detail": HOSTILE,
                        "errors": [{"field": HOSTILE, "rule": HOSTILE, "message": HOSTILE}]}),
                ),
            };
            let body = body.to_string();
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ");
            let _ = write!(connection, "{head}{}\r\n\r\n{body}", body.len());
        }
    });
    address
}

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casetrail"));
    command.env_clear().args(args).output().unwrap()
}

/// The words of a command, on both ways out.
#[track_caller]
fn is_tame(done: &Output) -> String {
    let text = String::from_utf8([done.stdout.clone(), done.stderr.clone()].concat()).unwrap();
    assert!(!text.contains(|c| c != '\n' && steers(c)), "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("PASSED")), "{text}");
    text
}

#[test]
fn nothing_steers_a_terminal() {
    let (server, folder) = (hostile_server(), tempfile::tempdir().unwrap());
    let name = format!("{HOSTILE}.png").replace('/', "");
    let file = folder.path().join(&name);
    fs::write(&file, "x").unwrap();
    let file = file.to_str().unwrap();
    let here = ["--server", server.as_str(), "--token", "ct_x"];
    let shown = "x\\u001b[2J\\u000aPASSED: everything\\u000d\\u009b31m\\u202ey";
    for args in [
        [&["log", "26-1", file, "--level", "overt"][..], &here].concat(),
        [&["export", "26-1"], &here[..]].concat(),
        [
            &[
                "disclose",
                "019ab1c4-7000-7001-8f21-3c5a7e901eef",
                "--to",
                HOSTILE,
                "--emergency",
            ][..],
            &here,
        ]
        .concat(),
        vec!["verify", file],
        vec!["verify", file, file],
        vec!["verify", "--key", file, file],
        vec!["verify", &format!("--{HOSTILE}")],
        vec!["user", "list", "--data-dir", file],
        vec!["audit", "--data-dir", file],
        vec!["restore", file, "--data-dir", file],
    ] {
        let told = is_tame(&run(&args));
        assert!(!told.is_empty(), "{args:?}");
    }
    assert!(is_tame(&run(&[&["export", "26-1"], &here[..]].concat())).contains(shown));
    // What reads JSON gets what was meant.
    let told = run(&[
        &["log", "26-1", file, "--level", "overt", "--device", "agency", "--json"][..],
        &here,
    ]
    .concat());
    let line = is_tame(&told);
    let read: serde_json::Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    assert_eq!(read["what"], file);
}

#[test]
fn an_argument_that_is_none_is_told_tamely() {
    for args in [&["log", HOSTILE, "x", "--level", HOSTILE][..], &[HOSTILE]] {
        let told = is_tame(&run(args));
        assert!(!told.is_empty(), "{args:?}");
    }
}
