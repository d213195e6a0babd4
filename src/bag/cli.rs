//! `casetrail verify` and `casetrail-verify`: arguments in, report out, exit code (contract section 1).

use std::ffi::OsString;
use std::path::PathBuf;

use super::verify_path;
use crate::proof::checkpoint::VerifyingKey;
use crate::proof::trust::{Trust, WitnessPolicy};
use crate::verify::{Finding, Report, Verdict, VerifyOutcome};

const USAGE: &str = "\
Checks a Casetrail packet, offline. What it trusts comes from these flags alone.

usage: casetrail verify <packet.zip or folder> [flags]
  --key VKEY-or-file   the log's key, from the agency itself and not from the packet
  --policy FILE        logs, witnesses and quorum (C2SP tlog-policy)
  --tsa-ca FILE        certificates of time authorities (not read by this version)
  --require-witness    fail unless a witness of the policy has cosigned
  --require-time       fail unless a time authority has stamped the checkpoint
  --json               the whole report as one JSON object

exit code: 0 everything passed and the signer is trusted, 1 something failed,
           2 it could not be read, 3 intact but no key was given
";

struct Options {
    packet: PathBuf,
    trust: Trust,
    json: bool,
}

/// Runs the verifier over the arguments after the command's name; gives the exit code.
pub fn run(args: impl Iterator<Item = OsString>) -> u8 {
    let options = match parse(args) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print(USAGE);
            return 0;
        }
        Err(message) => {
            eprintln!("{message}\n\n{USAGE}");
            return 2;
        }
    };
    let report = verify_path(&options.packet, &options.trust);
    if options.json {
        print(&(serde_json::to_string(&report).unwrap_or_default() + "\n"));
    } else {
        print(&text(&report));
    }
    report.exit_code
}

/// Writes to standard output; a reader that has gone away is no error of the packet's.
fn print(text: &str) {
    use std::io::Write;
    std::io::stdout().write_all(text.as_bytes()).ok();
}

fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Option<Options>, String> {
    let (mut packet, mut trust, mut json) = (None, Trust::default(), false);
    while let Some(arg) = args.next() {
        let mut value = || {
            args.next()
                .ok_or_else(|| format!("{} needs a value", arg.to_string_lossy()))
        };
        match arg.to_str() {
            Some("--help" | "-h") => return Ok(None),
            Some("--json") => json = true,
            Some("--require-witness") => trust.require_witness = true,
            Some("--require-time") => trust.require_time = true,
            Some("--key") => trust.key = Some(key(value()?)?),
            Some("--policy") => trust.policy = Some(WitnessPolicy::parse(&file(value()?)?)?),
            Some("--tsa-ca") => drop(file(value()?)?),
            Some(flag) if flag.starts_with("--") => return Err(format!("there is no flag {flag}")),
            _ if packet.is_some() => return Err("one packet at a time".into()),
            _ => packet = Some(PathBuf::from(arg)),
        }
    }
    let packet = packet.ok_or("which packet?")?;
    Ok(Some(Options { packet, trust, json }))
}

/// A key as text, or a file with one.
fn key(value: OsString) -> Result<VerifyingKey, String> {
    if let Some(Ok(key)) = value.to_str().map(VerifyingKey::parse) {
        return Ok(key);
    }
    let text = file(value.clone()).map_err(|error| match value.to_str() {
        // The shape of a key, and not of a path that anybody has.
        Some(text) if text.matches('+').count() >= 2 => {
            format!("--key is no valid key, nor a file: {text}\ncompare it with the agency's, letter by letter")
        }
        _ => error,
    })?;
    VerifyingKey::parse(text.trim_end()).map_err(|error| format!("{}: {error}", value.to_string_lossy()))
}

fn file(path: OsString) -> Result<String, String> {
    std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.to_string_lossy()))
}

/// The report for people: the outcome first, then what was checked, then what was found.
pub fn text(report: &Report) -> String {
    let mut out = headline(report);
    let c = &report.counts;
    out += &format!(
        "checked: {} files with {} bytes, {} events ({} withheld), {} records ({} withheld), {} captures, {} exhibits, {} proofs, {} signatures\n",
        c.files,
        c.bytes,
        c.events,
        c.events_withheld,
        c.records,
        c.records_withheld,
        c.captures,
        c.exhibits,
        c.proofs,
        c.signatures
    );
    if let Some(signer) = &report.signer {
        // A packet may fail although its signer is the one who is trusted.
        let trusted = |f: &Finding| f.rule == "signer" && f.verdict == Verdict::Passed;
        let whose = match report.findings.iter().any(trusted) {
            true => "signed by",
            false => "signed by the key in the packet",
        };
        out += &format!("{whose}: {}\n", clean(signer));
    }
    for anchor in &report.anchored {
        out += &format!("anchored until {} by {}\n", anchor.at, clean(&anchor.by));
    }
    let groups = [
        (Verdict::Failed, "FAILED"),
        (Verdict::Absent, "absent"),
        (Verdict::NotChecked, "not checked"),
        (Verdict::Passed, "passed"),
    ];
    for (verdict, name) in groups {
        for finding in report.findings.iter().filter(|finding| finding.verdict == verdict) {
            let (file, message) = (clean(&finding.file), clean(&finding.message));
            let place = if file.is_empty() {
                String::new()
            } else {
                format!("{file}: ")
            };
            out += &format!("{name}: {place}{message} [{}]\n", finding.rule);
        }
    }
    if report.more_failed > 0 {
        out += &format!("FAILED: and {} more\n", report.more_failed);
    }
    out
}

fn headline(report: &Report) -> String {
    let demo = report.packet.as_ref().is_some_and(|packet| packet.demo);
    let outcome = match report.outcome {
        VerifyOutcome::Passed => "PASSED: everything required passed, and the signer is trusted",
        VerifyOutcome::Failed => "FAILED: something in this packet is not as it must be",
        VerifyOutcome::Unreadable => "UNREADABLE: this is no packet that can be read",
        VerifyOutcome::SignerNotChecked => {
            "INTACT, SIGNER NOT CHECKED: nothing failed, but without --key anyone could have made it"
        }
    };
    let what = report.packet.as_ref().map(|packet| {
        format!(
            "packet {} ({}), of {}\n",
            clean(&packet.name),
            clean(&packet.purpose),
            clean(&packet.origin)
        )
    });
    format!(
        "{outcome}{}\n{}",
        if demo { " (DEMO)" } else { "" },
        what.unwrap_or_default()
    )
}

/// What a packet says reaches a terminal without what could steer it.
fn clean(text: &str) -> String {
    text.replace(steers, "?")
}

/// Whether a character could steer a terminal, or turn the direction in which it is read.
pub fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
