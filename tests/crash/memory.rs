//! Large files pass through; they do not pile up in memory.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::http::{Client, END, read_answer};
use crate::kit::{self, Database, Home};

const MIB: u64 = 1 << 20;
/// MiB that two files at once may add to the server's memory: a hundredth of their size.
const MOST_ADDED: u64 = 20;

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
    // The first paper in PDF loads its fonts, which stay; they are no file that passes through.
    home.sign_in(&server, "prosecutor", 1).packet(home.case(0));
    let memory = MemoryWatch::start(server.pid());
    let (before, began) = (memory.now(), Instant::now());
    let added = || (memory.most() - before) / MIB;
    let ids: Vec<String> = std::thread::scope(|scope| {
        let both = [1u64, 2].map(|seed| {
            let (home, client) = (&home, &client);
            scope.spawn(move || send(home, client, seed, size))
        });
        both.map(|t| t.join().expect("a client")).into()
    });
    let took = began.elapsed().as_secs_f64();
    let rate = 2.0 * (size / MIB) as f64 / took;
    kit::say(format!(
        "two files of {} MiB: {took:.1} s ({rate:.0} MiB/s), {} MiB more memory than the {} before",
        size / MIB,
        added(),
        before / MIB
    ));
    assert!(added() < MOST_ADDED, "{} MiB more memory", added());
    read_back(&client, &ids[0], size);
    assert!(added() < MOST_ADDED, "{} MiB more memory after reading", added());
    drop(memory);
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
    std::thread::sleep(Duration::from_millis(500));
    let (mut seen, mut piece) = (0u64, vec![0u8; MIB as usize]);
    while seen < size {
        let n = stream.read(&mut piece).expect("bytes");
        assert_ne!(n, 0, "ended after {seen} bytes");
        seen += n as u64;
    }
}

/// Looks every few milliseconds at the memory that a process has asked for (`RssAnon`). The kernel's own peak (`VmHWM`)
/// would count the pages of the program's file too: those of a development build take as much as everything else, and
/// the kernel drops and reads them again as it likes.
struct MemoryWatch {
    pid: u32,
    most: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MemoryWatch {
    fn start(pid: u32) -> Self {
        let (most, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (most, ended) = (most.clone(), ended.clone());
            move || {
                while !ended.load(Ordering::Acquire) {
                    if let Some(now) = anonymous_memory(pid) {
                        most.fetch_max(now, Ordering::AcqRel);
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        });
        Self {
            pid,
            most,
            ended,
            thread: Some(thread),
        }
    }

    fn now(&self) -> u64 {
        anonymous_memory(self.pid).expect("the server runs")
    }

    /// The most bytes seen so far, and no less than now.
    fn most(&self) -> u64 {
        self.most.load(Ordering::Acquire).max(self.now())
    }
}

impl Drop for MemoryWatch {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Bytes; `None` once the process has ended.
fn anonymous_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes << 10)
}
