//! What a test does when something it needs is missing.

use std::io::Write;

/// Says that a test does not run here, and why. Under CI, which has to supply everything, the test fails instead.
#[track_caller]
pub fn skip(test: &str, why: &str) {
    let told = format!("SKIPPED: {test}: {why}");
    assert!(!under_ci(), "this must run where CI is set. {told}");
    // Past the harness, which shows the output of failed tests alone. A closed standard error has no reader.
    let _ = writeln!(std::io::stderr(), "{told}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "CI services announce themselves in the environment"
)]
fn under_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}
