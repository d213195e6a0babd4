//! Slow clients: given up, capped, and no burden to others.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use crate::http::{MULTIPART, read_answer};
use crate::kit::{self, Database, Home};

#[test]
fn headers_that_drip() {
    let home = Home::new(Database::Sqlite);
    let server = home.serve();
    let mut stream = server.nobody().connect().expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_millis(250)))
        .expect("a timeout");
    let began = Instant::now();
    let drip = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: "
        .iter()
        .copied()
        .chain(std::iter::repeat(b'x'));
    let mut told = Vec::new();
    for byte in drip {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "a dripping client is still held"
        );
        let mut piece = [0u8; 512];
        let gone = stream.write_all(&[byte]).is_err();
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => told.extend_from_slice(&piece[..n]),
            Err(e) if !gone && matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(told.is_empty() || told.contains(" 408 "), "{told}");
    server.nobody().get("/healthz").expect(200);
    server.stop();
}

#[test]
fn a_body_that_stalls() {
    let home = Home::new(Database::Sqlite).with("upload_idle", "2");
    let server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let mut stream = client.begin_upload(home.case(0), 1_000_000).expect("an upload");
    stream.write_all(&kit::bytes(1, 400_000)).expect("bytes");
    let began = Instant::now();
    let answer = read_answer(&mut stream).expect("an answer").expect(408);
    let waited = began.elapsed();
    assert_eq!(answer.slug(), "too-slow");
    assert!(
        waited > Duration::from_millis(1500) && waited < Duration::from_secs(6),
        "given up after {waited:?}"
    );
    assert_eq!(
        std::fs::read_dir(home.files().join("incoming"))
            .expect("incoming")
            .count(),
        0
    );
    // What was dropped is an event about the case.
    let mut sql = kit::Sql::open(&home);
    assert_eq!(crate::database::events(&mut sql, "upload.dropped"), 1);
    server.stop();
    home.assert_clean();
}

/// A body that never begins is given up, too.
#[test]
fn json_that_stalls() {
    let home = Home::new(Database::Sqlite).with("upload_idle", "2");
    let server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let mut stream = client.connect().expect("a connection");
    let head = client.head(
        "POST",
        &format!("/api/v1/cases/{}/captures", home.case(0)),
        &[("content-type", MULTIPART)],
        5000,
    );
    stream.write_all(head.as_bytes()).expect("a head");
    let began = Instant::now();
    read_answer(&mut stream).expect("an answer").expect(408);
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    server.stop();
}

#[test]
fn one_person_fills_their_places_alone() {
    let home = Home::new(Database::Sqlite).with("upload_idle", "30");
    let server = home.serve();
    let (first, second) = (
        home.sign_in(&server, "investigator", 0),
        home.sign_in(&server, "investigator", 1),
    );
    let stalled: Vec<_> = (0..64)
        .map(|n| {
            let mut stream = first.begin_upload(home.case(0), 1_000_000).expect("an upload");
            stream.write_all(&kit::bytes(n, 300_000)).expect("bytes");
            stream
        })
        .collect();
    // They have their places when their files have been begun.
    home.await_arriving(64);
    let refused = first
        .upload(home.case(0), None, &kit::bytes(1, 1000))
        .expect("an answer")
        .expect(429);
    assert_eq!(refused.slug(), "too-many-uploads");
    assert!(refused.header("retry-after").is_some_and(|s| s.parse::<u32>().is_ok()));
    let began = Instant::now();
    second
        .upload(home.case(1), None, &kit::bytes(2, 1000))
        .expect("an answer")
        .expect(201);
    first.get("/api/v1/me").expect(200);
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "others wait: {:?}",
        began.elapsed()
    );
    drop(stalled);
    // Places are free again when their holders hang up.
    let until = Instant::now() + Duration::from_secs(15);
    while first
        .upload(home.case(0), None, &kit::bytes(3, 1000))
        .expect("an answer")
        .status
        != 201
    {
        assert!(Instant::now() < until, "places are not given back");
        std::thread::sleep(Duration::from_millis(100));
    }
    server.stop();
    home.assert_clean();
}
