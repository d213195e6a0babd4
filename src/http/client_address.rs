//! Where a request came from.

use actix_web::HttpRequest;

/// Headers by which a proxy says that it passes on what somebody else sent.
const PASSED_ON: &[&str] = &[
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
];

/// The client's IP address.
pub fn address(req: &HttpRequest) -> String {
    let peer = req.peer_addr().map(|a| a.ip().to_canonical());
    peer.map(|ip| ip.to_string()).unwrap_or_default()
}

/// Whether a request came from the machine itself. Behind a proxy on the same machine everyone comes from loopback; what it
/// passes on is not local.
pub fn is_at_machine(req: &HttpRequest) -> bool {
    let passed_on = PASSED_ON.iter().any(|name| req.headers().contains_key(*name));
    !passed_on && req.peer_addr().is_some_and(|a| a.ip().to_canonical().is_loopback())
}
