//! What the processes that decode do first: each limits itself before it touches a file. Then it decodes a picture, or becomes
//! the program that does.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::child::OUTPUT;
use super::decode::decode_input;
use super::print;
use super::redact;
use super::standard;
use crate::examination;

/// Address space, in bytes.
const MEMORY: u64 = 1536 << 20;
/// Processor time, in seconds.
const PROCESSOR: u64 = 20;
/// Open files.
const FILES: u64 = 64;

/// The process itself: sets its limits, then decodes the picture on its standard input, or becomes another program.
///
/// # Errors
/// Why the picture could not be decoded, or the program not started.
pub fn run_limited(args: &[OsString]) -> std::result::Result<(), String> {
    let long = args.first().is_some_and(|word| word == standard::WORD);
    let (memory, processor, output) = match long {
        true => standard::LIMITS,
        false => (MEMORY, PROCESSOR, OUTPUT),
    };
    let limits = [
        (Resource::As, memory),
        (Resource::Cpu, processor),
        (Resource::Fsize, output),
        (Resource::Nofile, FILES),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        limit(resource, most).map_err(|e| format!("a limit could not be set: {e}"))?;
    }
    let args = if long { &args[1..] } else { args };
    match args.split_first() {
        None => decode_input(),
        Some((word, kind)) if word == print::WORD => print::copy_input(kind),
        Some((word, kind)) if word == examination::WORD => {
            let kind = kind.first().and_then(|kind| kind.to_str()).unwrap_or_default();
            examination::examine_input(kind)
        }
        Some((word, args)) if word == redact::WORD => redact::redact_input(args),
        // It comes back only where the program could not be started.
        Some((program, args)) => Err(Command::new(program).args(args).env_clear().exec().to_string()),
    }
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
