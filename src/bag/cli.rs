//! `casetrail verify` and `casetrail-verify`: arguments in, report out, exit code (contract section 1).

use std::ffi::OsString;
use std::path::PathBuf;

use super::terminal::{complain, print, word};
use super::{render, verify_path};
use crate::proof::checkpoint::VerifyingKey;
use crate::verify::trust::{Trust, WitnessPolicy};
use crate::verify::{Finding, OTHERS, PAGE_RULE, PAPERS_RULE, Report, Verdict, VerifyOutcome};

const USAGE: &str = "\
Checks a Casetrail packet, offline. What it trusts comes from these flags alone.

usage: casetrail verify <packet.zip or folder> [flags]
  --key VKEY-or-file   the log's key, from the agency itself and not from the packet
  --policy FILE        logs, witnesses and quorum (C2SP tlog-policy)
  --tsa-ca FILE        certificates of time authorities (not read by this version)
  --require-witness    fail unless a witness of the policy has cosigned
  --require-time       fail unless a time authority has stamped the checkpoint
  --json               the whole report as one JSON object
  --render DIR         write this verifier's own page of the packet, with its exhibits, into a new folder;
                       only where nothing failed

exit code: 0 everything passed and the signer is trusted, 1 something failed,
           2 it could not be read, a flag could not be used, or --render could not write, 3 intact but no key was given
";

/// The rule that the words of the command broke.
const ARGUMENTS: &str = "arguments";

struct Options {
    packet: PathBuf,
    trust: Trust,
    /// Where this verifier's own page goes.
    render: Option<PathBuf>,
}

/// Runs the verifier over the arguments after the command's name; gives the exit code.
pub fn run(args: impl Iterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.collect();
    let form = match args.iter().any(|arg| arg == "--json") {
        true => ReportForm::Json,
        false => ReportForm::Text,
    };
    let options = match parse(args.into_iter()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print(USAGE);
            return 0;
        }
        Err(message) => return nothing_checked(form, &message),
    };
    let (report, rendered) = match &options.render {
        None => (verify_path(&options.packet, &options.trust), None),
        Some(folder) => match render::verify_and_render(&options.packet, &options.trust, folder) {
            Ok((report, rendered)) => (report, Some(rendered)),
            Err(message) => return nothing_checked(form, &message),
        },
    };
    if form == ReportForm::Json {
        print(&(serde_json::to_string(&report).unwrap_or_default() + "\n"));
    } else {
        print(&text(&report));
    }
    match rendered {
        None => report.exit_code,
        Some(Ok(page)) => {
            complain(&format!("rendered: {page}, made from the documents that were checked"));
            report.exit_code
        }
        Some(Err(why)) => {
            complain(&format!("not rendered: {why}"));
            // A packet that passed is not called a failed one.
            if report.exit_code == 1 { 1 } else { 2 }
        }
    }
}

/// How a report is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReportForm {
    Json,
    Text,
}

/// Says why nothing was checked: the outcome where a report would stand, and the words for whoever typed the command.
fn nothing_checked(form: ReportForm, message: &str) -> u8 {
    let why = message.split("\n\n").next().unwrap_or_default();
    let report = Report::refused(VerifyOutcome::Unreadable, "", ARGUMENTS, why.to_owned());
    print(&match form {
        ReportForm::Json => serde_json::to_string(&report).unwrap_or_default() + "\n",
        ReportForm::Text => first_line(&report) + "\n",
    });
    complain(message);
    report.exit_code
}

fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Option<Options>, String> {
    let (mut packet, mut trust, mut render) = (None, Trust::default(), None);
    while let Some(arg) = args.next() {
        let mut value = || {
            args.next()
                .ok_or_else(|| misused(&format!("{} needs a value", word(&arg.to_string_lossy()))))
        };
        match arg.to_str() {
            Some("--help" | "-h") => return Ok(None),
            Some("--json") => {}
            Some("--require-witness") => trust.require_witness = true,
            Some("--require-time") => trust.require_time = true,
            Some("--key") => trust.key = Some(key(value()?)?),
            Some("--policy") => trust.policy = Some(policy(value()?)?),
            Some("--render") => render = Some(PathBuf::from(value()?)),
            Some("--tsa-ca") => drop(file(value()?)?),
            Some(flag) if flag.starts_with("--") => return Err(misused(&format!("there is no flag {}", word(flag)))),
            _ if packet.is_some() => return Err(misused("one packet at a time")),
            _ => packet = Some(PathBuf::from(arg)),
        }
    }
    let packet = packet.ok_or_else(|| misused("which packet?"))?;
    Ok(Some(Options { packet, trust, render }))
}

/// What is wrong with the words of a command, and how it is used.
fn misused(what: &str) -> String {
    format!("{what}\n\n{USAGE}")
}

/// A key as text, or a file with one.
fn key(value: OsString) -> Result<VerifyingKey, String> {
    let typed = value.to_str().map(str::trim).unwrap_or_default();
    let read = match VerifyingKey::parse(typed) {
        Ok(key) => return Ok(key),
        Err(error) => error,
    };
    let bytes = file(value.clone()).map_err(|error| match typed.matches('+').count() {
        // The shape of a key, and not of a path that anybody has.
        2.. => format!(
            "--key is no file, and as a key it is {read}: {}\ncompare it with the agency's, letter by letter",
            word(typed)
        ),
        _ => error,
    })?;
    let text = decode(bytes);
    VerifyingKey::parse(text.trim()).map_err(|error| {
        let name = word(&value.to_string_lossy());
        format!("the key in {name} is {error}\ncompare it with the agency's, letter by letter")
    })
}

/// A small file: a key, a policy, certificates.
fn file(path: OsString) -> Result<Vec<u8>, String> {
    const MOST: u64 = 1 << 20;
    let refused = |why: &dyn std::fmt::Display| format!("{}: {why}", word(&path.to_string_lossy()));
    let about = std::fs::metadata(&path).map_err(|error| refused(&error))?;
    if !about.is_file() || about.len() > MOST {
        return Err(refused(&"is no regular file of at most 1 MB"));
    }
    std::fs::read(&path).map_err(|error| refused(&error))
}

/// What an editor wrote: UTF-8, or UTF-16 where a byte order mark says so. The mark is no part of it.
fn decode(bytes: Vec<u8>) -> String {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..]
            .chunks_exact(2)
            .map(|pair| from([pair[0], pair[1]]))
            .collect();
        String::from_utf16_lossy(&units)
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).into_owned(),
    }
}

/// A policy, whose octets stay what they are but in UTF-16.
fn policy(path: OsString) -> Result<WitnessPolicy, String> {
    let bytes = file(path)?;
    match bytes.as_slice() {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => WitnessPolicy::parse(decode(bytes)),
        _ => WitnessPolicy::parse(bytes),
    }
}

/// The report for people: the outcome first, then what failed and what was not checked, then the rest.
pub fn text(report: &Report) -> String {
    let mut out = headline(report);
    out += &findings(report, |f| f.verdict == Verdict::Failed, "FAILED");
    if report.more_failed > 0 {
        out += &format!("FAILED: and {} more\n", report.more_failed);
    }
    out += &findings(
        report,
        |f| f.verdict == Verdict::NotChecked && is_named_first(f),
        "not checked",
    );
    out += &findings(
        report,
        |f| f.verdict == Verdict::NotChecked && !is_named_first(f),
        "not checked",
    );
    out += &counts(report);
    if let Some(signer) = &report.signer {
        // A packet may fail although its signer is the one who is trusted.
        let whose = match report.finds("signer", Verdict::Passed) {
            true => "signed by",
            false => "signed by the key in the packet",
        };
        out += &format!("{whose}: {}\n", word(signer));
    }
    if let Some(evidence) = &report.evidence {
        out += &format!(
            "evidence hash, as the papers print it: {}\n",
            in_fours(&evidence.to_string())
        );
    }
    for anchor in &report.anchored {
        out += &format!("anchored until {} by {}\n", anchor.at, word(&anchor.by));
    }
    out += &findings(report, |f| f.verdict == Verdict::Absent, "absent");
    out + &findings(report, |f| f.verdict == Verdict::Passed, "passed")
}

/// A hash in groups of four, as people compare it.
fn in_fours(hash: &str) -> String {
    let groups = hash.as_bytes().chunks(4).map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(" ")
}

fn counts(report: &Report) -> String {
    let c = &report.counts;
    format!(
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
    )
}

/// What changes the first line is explained before all else that was not checked.
fn is_named_first(finding: &Finding) -> bool {
    [OTHERS, PAPERS_RULE, PAGE_RULE].contains(&finding.rule)
}

fn findings(report: &Report, ours: impl Fn(&&Finding) -> bool, name: &str) -> String {
    let ours = report.findings.iter().filter(ours);
    ours.map(|finding| {
        let (file, message) = (word(&finding.file), word(&finding.message));
        let place = if file.is_empty() { file } else { format!("{file}: ") };
        format!("{name}: {place}{message} [{}]\n", finding.rule)
    })
    .collect()
}

fn headline(report: &Report) -> String {
    let demo = report.packet.as_ref().is_some_and(|packet| packet.demo);
    let what = report.packet.as_ref().map(|packet| {
        format!(
            "packet {} ({}), of {}\n",
            word(&packet.name),
            word(&packet.purpose),
            word(&packet.origin)
        )
    });
    format!(
        "{}{}\n{}\n{}",
        first_line(report),
        if demo { " (DEMO)" } else { "" },
        report.grades.line(),
        what.unwrap_or_default()
    )
}

/// The outcome, and what somebody who reads no further has to know.
fn first_line(report: &Report) -> String {
    if let Some(alone) = fails_alone(report) {
        return alone;
    }
    let but = [
        (
            report.finds(OTHERS, Verdict::NotChecked),
            "WITH SIGNATURES THAT NOBODY NAMED",
        ),
        (report.finds(PAPERS_RULE, Verdict::NotChecked), "OF ANOTHER LAYOUT"),
        (report.finds(PAGE_RULE, Verdict::NotChecked), "ITS PAGE NOT CHECKED"),
    ];
    let but: String = but
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, but)| format!(", {but}"))
        .collect();
    match report.outcome {
        VerifyOutcome::Passed => format!("PASSED{but}: everything required passed, and the signer is trusted"),
        VerifyOutcome::Failed => "FAILED: something in this packet is not as it must be".into(),
        VerifyOutcome::Unreadable if report.finds(ARGUMENTS, Verdict::Failed) => {
            "UNREADABLE: nothing was checked, because what the command names cannot be used".into()
        }
        VerifyOutcome::Unreadable => "UNREADABLE: this is no packet that can be read".into(),
        VerifyOutcome::SignerNotChecked => {
            format!("INTACT, SIGNER NOT CHECKED{but}: nothing failed, but without --key anyone could have made it")
        }
    }
}

/// The first line where nothing failed but what has gathered around the packet.
fn fails_alone(report: &Report) -> Option<String> {
    let (litter, zip) = (
        |rule: &str| rule == "layout.litter",
        |rule: &str| rule.starts_with("zip."),
    );
    if report.packet.is_none() || !report.fails_only(|rule| litter(rule) || zip(rule)) {
        return None;
    }
    let why = match (report.fails_only(litter), report.fails_only(zip)) {
        (true, _) => "FOR LITTER ALONE: an operating system left files in it",
        (_, true) => "FOR ITS ZIP ALONE: this is not the ZIP that was issued, but one packed again or changed",
        _ => "FOR ITS ZIP AND LITTER ALONE: it was packed again, with files that an operating system left",
    };
    let rest = match report.finds("signer", Verdict::Passed) {
        true => "everything else passed, and the signer is trusted",
        false => "everything else is intact, the signer was not checked",
    };
    Some(format!("FAILED, {why}; {rest}"))
}
