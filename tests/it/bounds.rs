//! What one caller can take of the server: bytes of an answer, entries in the access log, time of a connection.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use casetrail::http::tls;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tokio_rustls::TlsConnector;

use crate::both_databases;
use crate::kit::browser::Browser;
use crate::kit::{App, Database};

const PAGE: usize = 4 << 20;

/// As long as a text may be, in letters of four bytes.
fn long() -> String {
    "\u{1f9e5}".repeat(20_000)
}

/// All pages of a list; none is larger than a page may be.
fn pages(app: &App, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = app.lead.get(&format!("{path}?limit=100{cursor}"));
        assert!(answer.body.len() <= PAGE + 1_000, "{} bytes", answer.body.len());
        let page = answer.is(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

both_databases!(a_page_ends_at_its_bytes);
fn a_page_ends_at_its_bytes(app: &App) {
    let case = app.case();
    app.leave(&case);
    let text = long();
    let made: Vec<Value> = (0..60)
        .map(|_| app.lead.log(&case, app.post_with(json!({"text": text}))).is(201))
        .collect();
    let ids = |items: &[Value]| items.iter().map(|c| c["id"].clone()).collect::<Vec<_>>();
    let listed = pages(app, &case.path("captures"));
    assert_eq!(ids(&listed), ids(&made));
    let shown = listed[0]["text"].as_str().unwrap();
    assert_eq!((shown.chars().count(), &listed[0]["shortened"]), (2_000, &json!(true)));
    assert!(text.starts_with(shown));
    // The item alone has all of it, and in the ledger nothing is shortened.
    let one = app
        .lead
        .get(&format!("/api/v1/captures/{}", made[0]["id"].as_str().unwrap()))
        .is(200);
    assert_eq!(
        (one["text"].as_str(), &one["shortened"]),
        (Some(text.as_str()), &Value::Null)
    );
    let events = pages(app, &case.path("events"));
    let seqs: BTreeSet<i64> = events.iter().map(|e| e["event"]["seq"].as_i64().unwrap()).collect();
    assert_eq!(
        (events.len(), seqs.len()),
        (app.events(&case.stream).len(), events.len())
    );
    let recorded = events.iter().filter(|e| e["record"]["text"] == json!(text));
    assert_eq!(recorded.count(), 60);
    let browser = Browser::signed_in(app, "lead");
    for page in ["evidence", "timeline", "custody"] {
        let page = browser.get(&format!("/cases/{}/{page}", case.id)).is(200);
        assert!(page.text.len() < PAGE, "{} bytes", page.text.len());
    }
    // What is short says nothing of it.
    let subject = json!({"role": "victim", "name": "Ana"});
    app.lead.post(&case.path("subjects"), subject).is(201);
    assert!(
        pages(app, &case.path("subjects"))
            .iter()
            .all(|s| s.get("shortened").is_none())
    );
}

#[derive(QueryableByName)]
struct Streams {
    #[diesel(sql_type = BigInt)]
    streams: i64,
    #[diesel(sql_type = BigInt)]
    refused: i64,
}

fn streams(app: &App) -> (i64, i64) {
    let count = "SELECT count(DISTINCT stream) AS streams, \
                 count(CASE WHEN action = 'access.refused' THEN 1 END) AS refused FROM events";
    let found: Streams = app
        .state
        .gate
        .db()
        .read_blocking(|conn| Ok(sql_query(count).get_result(conn)?))
        .unwrap();
    (found.streams, found.refused)
}

both_databases!(made_up_ids_make_no_streams_and_few_entries);
fn made_up_ids_make_no_streams_and_few_entries(app: &App) {
    let case = app.case();
    app.stranger.get(&case.path("")).is(404);
    let (before, refused) = streams(app);
    let made_up = |n: usize| format!("019ab1c4-7000-7001-8f21-{n:012x}");
    for n in 0..100 {
        app.stranger.get(&format!("/api/v1/cases/{}", made_up(n))).is(404);
        app.stranger.get(&format!("/api/v1/captures/{}", made_up(n))).is(404);
    }
    let (after, entries) = streams(app);
    assert_eq!(after, before);
    assert!(entries - refused <= 10, "{} entries", entries - refused);
    // The next that is recorded tells of them.
    app.advance(61_000_000);
    app.stranger.get(&case.path("")).is(404);
    let told = app.last_record(&case.accesses);
    assert_eq!(told["others_before"], 200 - (entries - refused));
    // Others are not counted with them.
    app.far.get(&case.path("")).is(404);
    assert_eq!(app.last_record(&case.accesses)["others_before"], 0);
}

fn asks(connection: &mut TcpStream) -> Option<String> {
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    connection.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").ok()?;
    let mut head = [0; 15];
    connection.read_exact(&mut head).ok()?;
    Some(String::from_utf8_lossy(&head).into_owned())
}

both_databases!(idle_connections_of_one_place_keep_nobody_else_out);
fn idle_connections_of_one_place_keep_nobody_else_out(app: &App) {
    let address = app.url.trim_start_matches("http://").to_owned();
    let connect = || TcpStream::connect(&address).unwrap();
    let mut idle: Vec<TcpStream> = (0..32).map(|_| connect()).collect();
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    assert_eq!(asks(&mut connect()), None);
    assert!(begun.elapsed() < Duration::from_secs(8));
    app.nobody.from("127.0.0.9").get("/healthz").is(200);
    // One of them that asks is being opened no more.
    assert_eq!(asks(&mut idle[0]).as_deref(), Some("HTTP/1.1 200 OK"));
    assert_eq!(asks(&mut connect()).as_deref(), Some("HTTP/1.1 200 OK"));
}

/// Asks for a file, and reads only its first bytes.
fn begins(app: &App, path: &str) -> TcpStream {
    let mut connection = TcpStream::connect(app.url.trim_start_matches("http://")).unwrap();
    let token = app.lead.token.as_deref().unwrap();
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .unwrap();
    let mut head = [0; 15];
    connection.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    connection
}

fn rest(connection: &mut TcpStream) -> usize {
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut bytes, mut piece) = (0, vec![0; 1 << 20]);
    loop {
        match connection.read(&mut piece) {
            Ok(0) | Err(_) => return bytes,
            Ok(n) => bytes += n,
        }
    }
}

both_databases!(who_takes_nothing_of_an_answer_is_given_up);
fn who_takes_nothing_of_an_answer_is_given_up(app: &App) {
    let case = app.case();
    app.leave(&case);
    let bytes = vec![7; 64 << 20];
    let capture = app.post_with(json!({"files": [{"part": "f", "role": "original"}]}));
    let made = app.lead.upload(&case, &capture, &[("f", &bytes)]).is(201);
    let (id, file) = (
        made["id"].as_str().unwrap(),
        made["files"][0]["sha256"].as_str().unwrap(),
    );
    let path = format!("/api/v1/files/{id}/{file}");
    let mut stalls = begins(app, &path);
    // `upload_idle` is two seconds here.
    std::thread::sleep(Duration::from_secs(5));
    assert!(rest(&mut stalls) < bytes.len());
    let mut slow = begins(app, &path);
    let mut piece = vec![0; 8 << 20];
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(600));
        slow.read_exact(&mut piece).unwrap();
    }
}

/// The same server over TLS, on a thread of its own; with its certificate.
fn listens_with_tls(app: &App) -> (SocketAddr, ServerHandle, Vec<u8>) {
    let (cert, key) = (app.folder().join("cert.pem"), app.folder().join("key.pem"));
    tls::make(&cert, &key).unwrap();
    let (tls, ..) = tls::load(&cert, &key).unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, state) = (socket.local_addr().unwrap(), app.state.clone());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = casetrail::app::listen(state, socket, Some(tls), 1).unwrap();
            tell.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    (address, told.recv().unwrap(), std::fs::read(cert).unwrap())
}

/// Asks for something over HTTP/2 and takes no more of it than fits into the first window; answers after how long the
/// connection ended.
async fn lets_lie(address: SocketAddr, cert: &[u8]) -> Duration {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(cert).unwrap()).unwrap();
    let mut config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    let (mut sends, connection) = h2::client::handshake(stream).await.unwrap();
    let begun = Instant::now();
    let ended = tokio::spawn(connection);
    let request = http::Request::get("https://localhost/api/openapi.json")
        .body(())
        .unwrap();
    let (answer, _) = sends.send_request(request, true).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    let _ = tokio::time::timeout(Duration::from_secs(60), ended).await;
    begun.elapsed()
}

#[test]
fn an_answer_that_is_left_lying_ends_its_connection() {
    let app = App::with(Database::Sqlite, &[]);
    let (address, server, cert) = listens_with_tls(&app);
    let waits = tokio::runtime::Runtime::new().unwrap();
    let waited = waits.block_on(lets_lie(address, &cert));
    assert!(
        (Duration::from_secs(2)..Duration::from_secs(45)).contains(&waited),
        "{waited:?}"
    );
    waits.block_on(server.stop(false));
}

both_databases!(refusals_that_were_only_counted_are_recorded_after_all);
fn refusals_that_were_only_counted_are_recorded_after_all(app: &App) {
    let case = app.case();
    let path = format!("/api/v1/cases/{}", case.id);
    (0..5).for_each(|_| drop(app.stranger.get(&path).is(404)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let gate = &app.state.gate;
    let looks = || runtime.block_on(gate.record_left_refusals(gate.now()));
    looks();
    assert_eq!(app.count(&case.accesses, "access.refused"), 1, "the minute is not over");
    app.advance(61_000_000);
    for _ in 0..2 {
        looks();
        assert_eq!(app.count(&case.accesses, "access.refused"), 2);
    }
    let record = app.last_record(&case.accesses);
    assert_eq!(
        (&record["repeats_before"], &record["answer"]),
        (&json!(3), &json!("not-found"))
    );
    // A server that stops waits for no minute.
    app.advance(61_000_000);
    (0..3).for_each(|_| drop(app.stranger.get(&path).is(404)));
    runtime.block_on(gate.record_left_refusals(i64::MAX));
    assert_eq!(app.count(&case.accesses, "access.refused"), 4);
    assert_eq!(app.last_record(&case.accesses)["repeats_before"], 1);
}
