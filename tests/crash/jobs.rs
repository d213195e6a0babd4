//! Packets when servers come and go: nobody fails another's, and a killed server's is taken up again.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use casetrail::bag::verify_path;
use casetrail::verify::trust::Trust;
use serde_json::{Value, json};

use crate::both_databases;
use crate::http::Client;
use crate::kit::{self, Database, Home, SERVE, Server, Sql};

/// More than the lease of a dead server, a look at the table and a build.
const TAKEN_UP: Duration = Duration::from_secs(60);

/// Evidence that takes a while to build a packet of.
fn fill(home: &Home, server: &Server) {
    let investigator = home.sign_in(server, "investigator", 0);
    for n in 0..6 {
        let file = kit::bytes(n, 24 << 20);
        investigator
            .upload(home.case(0), None, &file)
            .expect("an answer")
            .expect(201);
    }
}

fn ask(home: &Home, client: &Client) -> String {
    let wish = json!({"purpose": "court_exhibits"});
    let asked = client.post(&format!("/api/v1/cases/{}/packets", home.case(0)), &wish);
    asked.expect(202).json()["id"].as_str().expect("an id").to_owned()
}

fn shown(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/v1/packets/{id}")).expect(200).json()
}

/// Waits until the packet is in this state; it must not fail before.
fn await_state(client: &Client, id: &str, state: &str) -> Value {
    let until = Instant::now() + TAKEN_UP;
    loop {
        let packet = shown(client, id);
        if packet["state"] == state {
            return packet;
        }
        assert!(packet["state"] != "failed" && Instant::now() < until, "{packet}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Kills a server while it builds a packet; answers which.
fn kill_while_building(home: &Home, mut server: Server) -> String {
    let client = home.sign_in(&server, "prosecutor", 1);
    let id = ask(home, &client);
    await_state(&client, &id, "building");
    server.kill();
    let building = format!("SELECT COUNT(*) AS n FROM packets WHERE id = '{id}' AND state = 'building'");
    assert_eq!(Sql::open(home).number(&building), 1, "it was killed too late");
    id
}

/// The packet in this data folder is whole, as its own verifier sees it.
fn assert_verifies(data: &Path, id: &str) {
    let report = verify_path(&data.join(format!("packets/{id}.zip")), &Trust::default());
    // 3 says that the key was not given: everything else holds.
    let told = serde_json::to_string_pretty(&report).expect("JSON");
    assert_eq!(report.exit_code, 3, "{told}");
}

both_databases!(a_killed_servers_packet_is_taken_up_at_the_next_start);

fn a_killed_servers_packet_is_taken_up_at_the_next_start(base: Database) {
    let home = Home::new(base);
    let server = home.serve();
    fill(&home, &server);
    let id = kill_while_building(&home, server);
    let began = Instant::now();
    let server = home.serve();
    let client = home.sign_in(&server, "prosecutor", 1);
    await_state(&client, &id, "ready");
    kit::say(format!(
        "a killed server's packet on {base:?}: ready {:.1} s after the next start",
        began.elapsed().as_secs_f64()
    ));
    assert_verifies(&home.data, &id);
    server.stop();
    home.assert_clean();
    let left: Vec<_> = fs::read_dir(home.data.join("packets"))
        .expect("packets")
        .flatten()
        .collect();
    assert!(
        left.iter().all(|e| e.path().extension().is_some_and(|x| x == "zip")),
        "{left:?}"
    );
}

/// Told to stop while it builds, a server gives the packet back, and the next start builds it at once.
#[test]
fn a_stopped_servers_packet_is_taken_up_at_once() {
    let home = Home::new(Database::Sqlite);
    let server = home.serve();
    fill(&home, &server);
    let client = home.sign_in(&server, "prosecutor", 1);
    let id = ask(&home, &client);
    await_state(&client, &id, "building");
    server.stop();
    let began = Instant::now();
    let server = home.serve();
    let client = home.sign_in(&server, "prosecutor", 1);
    await_state(&client, &id, "ready");
    // Less than a lease (20 s), whatever else this machine does: the captures are examined beside it.
    assert!(began.elapsed() < Duration::from_secs(19), "{:?}", began.elapsed());
    assert_verifies(&home.data, &id);
    server.stop();
    home.assert_clean();
}

/// Two servers on one database, each with a data folder of its own and the files in a folder that both see.
#[test]
fn of_two_servers_each_leaves_the_others_packet_alone_and_takes_up_a_dead_ones() {
    if !crate::postgres::has_postgres() {
        return;
    }
    let home = Home::new(Database::Postgres);
    let files = home.files().display().to_string();
    let home = home.with("files", &files);
    let other = home.dir.path().join("other");
    kit::copy(&home.data, &other);
    let start_other = || Server::start(home.command_on(&other, SERVE), home.dir.path());

    let first = home.serve();
    fill(&home, &first);
    let client = home.sign_in(&first, "prosecutor", 1);
    let id = ask(&home, &client);
    await_state(&client, &id, "building");
    let second = start_other();
    await_state(&client, &id, "ready");
    second.stop();

    let id = kill_while_building(&home, first);
    let second = start_other();
    let client = home.sign_in(&second, "prosecutor", 1);
    await_state(&client, &id, "ready");
    assert_verifies(&other, &id);
    second.stop();
    let failed = "SELECT COUNT(*) AS n FROM packets WHERE state = 'failed'";
    assert_eq!(Sql::open(&home).number(failed), 0);
}
