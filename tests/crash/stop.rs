//! Told to stop: requests finish or are refused, and the process ends within ten seconds.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::both_databases;
use crate::database;
use crate::http::{END, read_answer};
use crate::kit::{self, Database, Home, Sql};

both_databases!(nothing_waits_for_the_tree_after_a_stop);

/// What was answered before the stop is in the tree and signed after it.
fn nothing_waits_for_the_tree_after_a_stop(base: Database) {
    let home = Home::new(base);
    for round in 0..3 {
        let mut server = home.serve();
        let client = home.sign_in(&server, "investigator", 0);
        for n in 0..20 {
            let file = kit::bytes(100 * round + n, 1000);
            client.upload(home.case(0), None, &file).expect("an answer").expect(201);
        }
        server.terminate();
        let began = Instant::now();
        assert!(server.wait(Duration::from_secs(10)).success(), "{}", server.log());
        kit::say(format!(
            "stopped after writes on {base:?}: ended after {:.1} s",
            began.elapsed().as_secs_f64()
        ));
        assert_eq!(Sql::open(&home).number("SELECT COUNT(*) AS n FROM outbox"), 0);
        let report = home.assert_clean();
        assert!(!report["notices"].to_string().contains("waiting"), "{report}");
    }
}

both_databases!(stopped_during_an_upload);

fn stopped_during_an_upload(base: Database) {
    let home = Home::new(base);
    let mut server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let before = database::captures(&mut Sql::open(&home));
    let size = 8 << 20;
    let mut stream = client.begin_upload(home.case(0), size).expect("an upload");
    let file = kit::bytes(11, usize::try_from(size).expect("a size"));
    stream.write_all(&file[..1 << 20]).expect("bytes");
    home.await_arriving(1);
    server.terminate();
    let began = Instant::now();
    for piece in file[1 << 20..].chunks(512 << 10) {
        std::thread::sleep(Duration::from_millis(60));
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    // It may be gone already; then there is no answer.
    let _ = stream.write_all(END);
    let answer = read_answer(&mut stream);
    let status = server.wait(Duration::from_secs(10));
    let ended = began.elapsed();
    assert!(status.success(), "{status}\n{}", server.log());
    assert!(ended < Duration::from_secs(10), "it took {ended:?}");
    let made = database::captures(&mut Sql::open(&home)) - before;
    match answer {
        Ok(answer) if answer.status == 201 => {
            let sha256 = kit::sha256(&file);
            assert_eq!(answer.json()["files"][0]["sha256"], sha256.as_str());
            assert_eq!(made, 1);
        }
        Ok(answer) => assert!(answer.status >= 400 && made == 0, "{}", answer.status),
        Err(_) => assert_eq!(made, 0, "kept and not told"),
    }
    kit::say(format!(
        "stopped during an upload on {base:?}: ended after {:.1} s, {made} kept",
        ended.as_secs_f64()
    ));
    home.assert_clean();
}

/// Told to stop as soon as it can be found: it is not too early to be heard.
#[test]
fn stopped_as_soon_as_it_listens() {
    let home = Home::new(Database::Sqlite);
    for _ in 0..5 {
        home.serve().stop();
    }
    home.assert_clean();
}

/// An upload that stalls, and idle connections, hold nobody up.
#[test]
fn stopped_while_a_client_stalls() {
    let home = Home::new(Database::Sqlite);
    let mut server = home.serve();
    let client = home.sign_in(&server, "investigator", 0);
    let mut stalled = client.begin_upload(home.case(0), 1_000_000).expect("an upload");
    stalled.write_all(&kit::bytes(1, 1000)).expect("bytes");
    let _idle = client.connect().expect("a connection");
    std::thread::sleep(Duration::from_millis(200));
    server.terminate();
    let began = Instant::now();
    let status = server.wait(Duration::from_secs(10));
    assert!(status.success(), "{status}");
    kit::say(format!(
        "stopped while a client stalls: ended after {:.1} s",
        began.elapsed().as_secs_f64()
    ));
    home.assert_clean();
}
