//! The `casetrail` program: the command line, handed to the library.
//!
//! libpq and the HTTP client find the system's certificates by themselves on Debian and its like; elsewhere set
//! `SSL_CERT_FILE` before starting. The program does not set it: the environment is shared with every thread.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One provider of cryptography for everything that speaks TLS, chosen before anything does.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("casetrail: another provider of cryptography is installed already");
        return ExitCode::FAILURE;
    }
    casetrail::cli::run(std::env::args_os())
}
