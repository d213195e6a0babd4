//! What the processes that decode do first: each limits itself before it touches a file. Then it decodes a picture, or becomes
//! the program that does.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::archive;
use super::child::Budget;
use super::decode::decode_input;
use super::document;
use super::print;
use super::redact;
use crate::examination;

/// Open files.
const FILES: u64 = 64;

/// The process itself: sets the limits of the budget that the first argument names, then decodes the picture on its standard input, or becomes another program.
///
/// # Errors
/// Why the picture could not be decoded, or the program not started.
pub fn run_limited(args: &[OsString]) -> std::result::Result<(), String> {
    let (budget, args) = args.split_first().ok_or("no budget was named")?;
    let budget: Option<Budget> = budget.to_str().and_then(|word| word.parse().ok());
    let most = budget.ok_or("the budget is none")?.limits();
    // At the first limit of processor time a signal of its own ends it, so that nobody takes that for damage.
    cpu(most.processor).map_err(|e| format!("a limit could not be set: {e}"))?;
    let limits = [
        (Resource::As, most.memory),
        (Resource::Fsize, most.output),
        (Resource::Nofile, FILES),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        limit(resource, most).map_err(|e| format!("a limit could not be set: {e}"))?;
    }
    match args.split_first() {
        None => decode_input(),
        Some((word, kind)) if word == print::WORD => print::copy_input(kind),
        Some((word, kind)) if word == examination::WORD => {
            let kind = kind.first().and_then(|kind| kind.to_str()).unwrap_or_default();
            examination::examine_input(kind)
        }
        Some((word, args)) if word == redact::WORD => redact::redact_input(args),
        Some((word, args)) if word == archive::WORD => archive::sanitize_input(args),
        Some((word, args)) if word == document::WORD => document::draw_input(args),
        // It comes back only where the program could not be started.
        Some((program, args)) => Err(Command::new(program).args(args).env_clear().exec().to_string()),
    }
}

fn cpu(seconds: u64) -> io::Result<()> {
    let limits = Rlimit {
        current: Some(seconds),
        maximum: Some(seconds + 2),
    };
    Ok(setrlimit(Resource::Cpu, limits)?)
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let most = Some(most);
    Ok(setrlimit(
        resource,
        Rlimit {
            current: most,
            maximum: most,
        },
    )?)
}
