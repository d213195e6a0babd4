//! The offline verifier, alone: no server, no database, no network.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(casetrail::bag::cli::run(std::env::args_os().skip(1)))
}
