//! Where a request came from.

use actix_web::HttpRequest;

use super::App;
use crate::config::{forwarded, x_forwarded_for};

/// Headers by which a proxy says that it passes on what somebody else sent.
const PASSED_ON: &[&str] = &[
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
];

/// The client's IP address: the connection's, or what trusted proxies say. Of the two headers that say it, `Forwarded`
/// counts where the other is missing: a proxy that writes one of them passes the other on as the client sent it.
pub fn address(req: &HttpRequest) -> String {
    let Some(peer) = req.peer_addr().map(|a| a.ip()) else {
        return String::new();
    };
    let Some(app) = req.app_data::<App>() else {
        return peer.to_canonical().to_string();
    };
    let values = |name: &str| {
        req.headers()
            .get_all(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let said: Vec<_> = match req.headers().contains_key("x-forwarded-for") {
        true => values("x-forwarded-for").flat_map(x_forwarded_for).collect(),
        false => values("forwarded").flat_map(forwarded).collect(),
    };
    app.trusted_proxies.client(peer, &said).to_string()
}

/// Whether a request came from the machine itself. Behind a proxy on the same machine everyone comes from loopback; what it
/// passes on is not local.
pub fn is_at_machine(req: &HttpRequest) -> bool {
    let passed_on = PASSED_ON.iter().any(|name| req.headers().contains_key(*name));
    !passed_on && req.peer_addr().is_some_and(|a| a.ip().to_canonical().is_loopback())
}
