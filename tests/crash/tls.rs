//! TLS without a restart: a pair that is replaced on the disk is shown to new connections, a broken one is not.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::kit::{Database, Home, Server};

/// The certificate that a new connection is shown.
fn certificate(server: &Server) -> Vec<u8> {
    let client = reqwest::blocking::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .tls_info(true)
        .build()
        .expect("a client");
    let url = format!("https://localhost:{}/healthz", server.addr.port());
    let answer = client.get(url).send().expect("an answer");
    let info = answer.extensions().get::<reqwest::tls::TlsInfo>().expect("TLS");
    info.peer_certificate().expect("a certificate").to_vec()
}

fn until(what: &str, done: impl Fn() -> bool) {
    let most = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < most, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Replaces a file as tools do that renew certificates.
fn replace(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    fs::write(&beside, text).expect("a file");
    fs::rename(&beside, file).expect("renamed");
}

#[test]
fn a_certificate_is_replaced_without_a_restart() {
    // Also done by the program itself, for its own process.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let home = Home::new(Database::Sqlite);
    let server = Server::start(home.command(&["serve", "--port", "0"]), &home.data);
    let (cert, key) = (home.data.join("tls/cert.pem"), home.data.join("tls/key.pem"));
    let first = certificate(&server);
    let refused = || {
        let warnings = server.log();
        warnings.matches("the old one stays in use").count()
    };

    replace(&cert, "no certificate");
    until("a broken certificate was not noticed", || {
        certificate(&server) == first && refused() == 1
    });

    // One after the other: a certificate without its key is no pair, and the old one stays.
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    replace(&cert, &made.cert.pem());
    until("half a pair was not noticed", || {
        certificate(&server) == first && refused() == 2
    });
    replace(&key, &made.signing_key.serialize_pem());
    until("the new certificate is not shown", || {
        certificate(&server) == made.cert.der().as_ref()
    });
    server.stop();
}
