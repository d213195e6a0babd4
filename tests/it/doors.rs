//! What the doors let through and what they write down: small things that a hostile reader of the code found open.

use serde_json::json;

use crate::both_databases;
use crate::kit::App;
use crate::kit::browser::{Browser, sent};

both_databases!(of_a_stranger_little_is_read);
fn of_a_stranger_little_is_read(app: &App) {
    let long = "x".repeat(70_000);
    for path in ["/api/v1/sessions", "/api/v1/sessions/refresh"] {
        let answer = app.nobody.post(path, json!({"password": long, "refresh_token": long}));
        answer.problem(413, "too-large");
    }
    // A sign-in may bring a form back, and takes a place for it.
    let signs_in = || {
        let form = [("username", "lead"), ("password", "wrong"), ("carried", long.as_str())];
        sent(Browser::nobody(app).request("POST", "/sign-in"), &form)
    };
    signs_in().is(401);
    let taken: Vec<_> = std::iter::from_fn(|| app.state.forms.enter()).collect();
    signs_in().is(503);
    drop(taken);
    signs_in().is(401);
}
