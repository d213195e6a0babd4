//! Large files pass through; they do not pile up in memory.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Instant;

use crate::http::{Client, END, read_answer};
use crate::kit::{self, Database, Home};

const MIB: u64 = 1 << 20;
/// Memory of the server at the most, beside its program: 100 MB with the program of a release build (docs/performance.md,
/// row 8), which is 40 of them.
const MOST: u64 = 60 * MIB;

#[test]
fn two_large_files_at_once() {
    let big = std::env::var("CASETRAIL_BIG").is_ok_and(|b| b == "1");
    let size = if big { 8192 * MIB } else { 1024 * MIB };
    let home = Home::new(Database::Sqlite);
    let server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    client
        .upload(home.case(0), None, &kit::bytes(1, 1000))
        .expect("an answer")
        .expect(201);
    let (before, began) = (server.peak(), Instant::now());
    let ids: Vec<String> = std::thread::scope(|scope| {
        let both = [1u64, 2].map(|seed| {
            let (home, client) = (&home, &client);
            scope.spawn(move || send(home, client, seed, size))
        });
        both.map(|t| t.join().expect("a client")).into()
    });
    let (peak, took) = (server.peak(), began.elapsed().as_secs_f64());
    let rate = 2.0 * (size / MIB) as f64 / took;
    kit::say(format!(
        "two files of {} MiB: {took:.1} s ({rate:.0} MiB/s), at most {} MiB of memory ({} before)",
        size / MIB,
        peak / MIB,
        before / MIB
    ));
    assert!(peak < MOST, "{} MiB of memory", peak / MIB);
    read_back(&client, &ids[0], size);
    let peak = server.peak();
    assert!(peak < MOST, "{} MiB of memory after reading", peak / MIB);
    server.stop();
}

/// Sends a file that is made while it is sent.
fn send(home: &Home, client: &Client, seed: u64, size: u64) -> String {
    let piece = kit::bytes(seed, MIB as usize);
    let mut stream = client.begin_upload(home.case(0), size).expect("an upload");
    for n in 0..size / MIB {
        let mut own = n.to_le_bytes().to_vec();
        own.extend_from_slice(&piece[8..]);
        stream.write_all(&own).expect("bytes");
    }
    stream.write_all(END).expect("the end");
    let made = read_answer(&mut stream).expect("an answer").expect(201).json();
    assert_eq!(made["files"][0]["size"], size);
    format!(
        "{}/{}",
        made["id"].as_str().expect("an id"),
        made["files"][0]["sha256"].as_str().expect("a digest")
    )
}

/// Reads it slowly at first: what is not taken yet must not be read ahead.
fn read_back(client: &Client, id: &str, size: u64) {
    let mut stream = client.connect().expect("a connection");
    stream
        .write_all(client.head("GET", &format!("/api/v1/files/{id}"), &[], 0).as_bytes())
        .expect("a head");
    stream.shutdown(Shutdown::Write).ok();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let (mut seen, mut piece) = (0u64, vec![0u8; MIB as usize]);
    while seen < size {
        let n = stream.read(&mut piece).expect("bytes");
        assert_ne!(n, 0, "ended after {seen} bytes");
        seen += n as u64;
    }
}
