//! Refusals that come before a body is read: they reach whoever is still sending it, over HTTP/1.1 and HTTP/2, and stand in
//! place of "100 Continue".

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;

use crate::both_databases;
use crate::kit::App;
use crate::skip::skip;

/// The same installation once more, over TLS, which HTTP/2 needs.
struct Encrypted {
    url: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Encrypted {
    fn beside(app: &App) -> Self {
        let (tls, ..) = casetrail::app::tls(&app.state.settings).unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", socket.local_addr().unwrap());
        let (state, (tell, told)) = (app.state.clone(), mpsc::channel());
        let serve = async move {
            let server = casetrail::app::listen(state, socket, Some(tls), 1).unwrap();
            tell.send(server.handle()).unwrap();
            server.await.unwrap();
        };
        let thread = Some(std::thread::spawn(move || actix_web::rt::System::new().block_on(serve)));
        let handle = told.recv().unwrap();
        Self { url, handle, thread }
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        self.thread.take().unwrap().join().unwrap();
    }
}

const LARGE: usize = 40 << 20;

/// Sends a large body with curl; its exit code, the status, and the problem's type.
fn sent(url: &str, file: &Path, more: &[&str]) -> Option<(i32, String)> {
    let body = format!("@{}", file.display());
    let out = Command::new("curl")
        .args([
            "-sSk",
            "-m",
            "60",
            "-X",
            "POST",
            "--data-binary",
            &body,
            "-w",
            "\n%{http_code}",
        ])
        .args(more)
        .arg(url)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let kind = text.split("/problems/").nth(1).and_then(|rest| rest.split('"').next());
    let status = text.lines().last().unwrap_or_default();
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    Some((
        out.status.code().unwrap(),
        format!("{status} {}{errors}", kind.unwrap_or_default()),
    ))
}

both_databases!(a_refusal_reaches_who_is_still_sending);
fn a_refusal_reaches_who_is_still_sending(app: &App) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large");
    std::fs::write(&file, vec![b'x'; LARGE]).unwrap();
    let encrypted = Encrypted::beside(app);
    let bearer = format!("Authorization: Bearer {}", app.lead.token.as_ref().unwrap());
    let json = "Content-Type: application/json";
    let refusals = [
        ("/api/v1/cases", vec!["-H", json], "401 not-signed-in"),
        ("/api/v1/nothing", vec!["-H", &bearer, "-H", json], "404 not-found"),
        ("/api/v1/me", vec!["-H", &bearer, "-H", json], "405 method-not-allowed"),
        ("/api/v1/sessions", vec!["-H", json], "413 too-large"),
        ("/api/v1/cases", vec!["-H", &bearer, "-H", json], "413 too-large"),
        (
            "/api/v1/cases",
            vec!["-H", &bearer, "-H", "Content-Type: text/plain"],
            "415 unsupported-media-type",
        ),
    ];
    for (url, version) in [
        (&app.url, "--http1.1"),
        (&encrypted.url, "--http1.1"),
        (&encrypted.url, "--http2"),
    ] {
        for (path, headers, expected) in &refusals {
            // Once as curl does by itself, which waits for "100 Continue", and once at once.
            for waits in [vec![], vec!["-H", "Expect:"]] {
                let more: Vec<&str> = headers.iter().copied().chain(waits.clone()).chain([version]).collect();
                let Some(found) = sent(&format!("{url}{path}"), &file, &more) else {
                    return skip("refusals of large bodies", "there is no curl");
                };
                assert_eq!(found, (0, (*expected).to_owned()), "{version} {path} {waits:?}");
            }
        }
    }
}

/// Sends the head of a request that waits, and reads what comes first.
fn first_line(app: &App, method_and_path: &str, more: &str) -> (TcpStream, String) {
    let address = app.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!("{method_and_path} HTTP/1.1\r\nHost: {address}\r\nExpect: 100-continue\r\n{more}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let line = line(&mut stream);
    (stream, line)
}

fn line(stream: &mut TcpStream) -> String {
    let (mut all, mut byte) = (Vec::new(), [0]);
    while !all.ends_with(b"\r\n") && stream.read(&mut byte).unwrap() > 0 {
        all.push(byte[0]);
    }
    String::from_utf8(all).unwrap().trim_end().to_owned()
}

both_databases!(who_waits_is_refused_in_place_of_being_told_to_go_on);
fn who_waits_is_refused_in_place_of_being_told_to_go_on(app: &App) {
    let bearer = format!("Authorization: Bearer {}\r\n", app.lead.token.as_ref().unwrap());
    let case = app.case();
    let length = "Content-Length: 50000000\r\n";
    let json = "Content-Type: application/json\r\n";
    let multipart = "Content-Type: multipart/form-data; boundary=b\r\n";
    let upload = format!("POST /api/v1/cases/{}/captures", case.id);
    let stranger = format!("Authorization: Bearer {}\r\n", app.stranger.token.as_ref().unwrap());
    for (what, more, status) in [
        ("POST /api/v1/cases", format!("{length}{json}"), 401),
        ("POST /api/v1/nothing", format!("{length}{json}{bearer}"), 404),
        (&upload, format!("{length}{multipart}{stranger}"), 404),
        ("POST /api/v1/me", format!("{length}{json}{bearer}"), 405),
        ("POST /api/v1/cases", format!("{length}{json}{bearer}"), 413),
        (
            "POST /api/v1/cases",
            format!("{length}Content-Type: text/plain\r\n{bearer}"),
            415,
        ),
        (
            &upload,
            format!("Content-Length: 99999999999999\r\n{multipart}{bearer}"),
            503,
        ),
    ] {
        let (_, line) = first_line(app, what, &more);
        assert!(
            line.starts_with(&format!("HTTP/1.1 {status} ")),
            "{what} {more}: {line}"
        );
    }
    // Who is let in is told to go on, and served.
    let body = br#"{"title": "Threats", "kind": "online_crime", "particulars": {}}"#;
    let more = format!("Content-Length: {}\r\n{json}{bearer}", body.len());
    let (mut stream, told) = first_line(app, "POST /api/v1/cases", &more);
    assert_eq!(told, "HTTP/1.1 100 Continue");
    stream.write_all(body).unwrap();
    assert_eq!(line(&mut stream), "");
    let answer = line(&mut stream);
    assert!(
        answer.starts_with("HTTP/1.1 2") || answer.starts_with("HTTP/1.1 422"),
        "{answer}"
    );
}
