//! `casetrail log`: captures through the API, one a file or URL, or one a row of a manifest.
//!
//! A file is hashed first and its digest declared; the key of each request derives from case, file and row, so that
//! running the same command again within 24 hours logs nothing twice.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use reqwest::blocking::RequestBuilder;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};

use super::capture_args::{self, CaptureArgs, LogTask, PART, PreparedCapture, Source};
use super::client::{Client, ClientArgs, items, no_casetrail};
use super::failure::{Done, Failure};
use super::legible::legible;
use super::output::{self, Counted, ProgressDisplay};
use super::{items as named, manifest, said_once};
use crate::blobs::hash;
use crate::clock::{Clock, SystemClock};

/// What stands on the command line after `log`.
#[derive(Debug, clap::Args)]
pub struct LogArgs {
    /// The case, by id or number
    case: String,
    /// Files and URLs, a capture each; of a folder, each file in it
    #[arg(value_name = "FILE, FOLDER or URL", required_unless_present = "manifest")]
    items: Vec<OsString>,
    /// A capture for each row: columns file, kind, platform, url, captured_at, text, level, device, method, role, account, note, basis, reason; a header is required, flags fill empty cells; comma, semicolon or tab between cells
    #[arg(long, value_name = "CSV", conflicts_with = "items")]
    manifest: Option<PathBuf>,
    /// A line of JSON for each result
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    row: CaptureArgs,
    #[command(flatten)]
    client: ClientArgs,
}

/// What became of one.
enum Logged {
    /// The server's answer.
    New(Value),
    /// The same as this row of this run.
    Again(usize),
    /// A run before this one logged it.
    Before,
}

/// How many became what.
#[derive(Debug, Default, PartialEq, Eq)]
struct LogTally {
    logged: usize,
    held: usize,
    /// The same as an item that was there.
    duplicates: usize,
    /// Rows that say the same as one before them.
    repeated: usize,
    /// Logged by a run before this one.
    before: usize,
    failed: usize,
    /// Not tried, because they would fail as the one before did.
    not_sent: usize,
}

impl LogTally {
    fn count(&mut self, done: &Result<Logged, Failure>) {
        match done {
            Ok(Logged::New(capture)) => {
                match capture["state"] == "held" {
                    true => self.held += 1,
                    false => self.logged += 1,
                }
                self.duplicates += usize::from(items(&capture["duplicate_of"]).next().is_some());
            }
            Ok(Logged::Again(_)) => self.repeated += 1,
            Ok(Logged::Before) => self.before += 1,
            Err(_) => self.failed += 1,
        }
    }

    fn as_json(&self, case: &str) -> Value {
        json!({"summary": {
            "case": case, "logged": self.logged, "held": self.held, "duplicates": self.duplicates,
            "repeated": self.repeated, "logged_before": self.before, "failed": self.failed, "not_sent": self.not_sent,
        }})
    }

    fn as_text(&self, case: &str) -> String {
        let also = [
            (self.held, "held until a supervisor decides"),
            (self.duplicates, "of them the same as an item that was there"),
            (self.repeated, "the same as a row before, not logged again"),
            (self.before, "logged before"),
            (self.failed, "failed"),
            (self.not_sent, "not sent"),
        ];
        let mut text = format!("case {}: {} logged", output::clean(case), self.logged);
        for (n, what) in also.into_iter().filter(|(n, _)| *n > 0) {
            text += &format!(", {n} {what}");
        }
        if self.failed > 0 {
            text += ": mend what failed and run the same command again, nothing is logged twice within 24 hours";
        }
        text + "\n"
    }
}

/// Logs everything, one result a line; fails if one failed. Where all that follows would fail alike, the run ends there.
pub fn run(here: &str, args: &LogArgs) -> Done {
    let mut tasks = tasks(args)?;
    said_once::fill(&mut tasks)?;
    let client = Client::new(&args.client, here)?;
    let case = client.case(&args.case)?;
    let mut progress = if args.json {
        ProgressDisplay::quiet()
    } else {
        ProgressDisplay::new()
    };
    let (mut tally, mut rows, mut ended) = (LogTally::default(), HashMap::new(), None);
    for task in tasks {
        if ended.is_some() {
            tally.not_sent += 1;
            continue;
        }
        let done = log(&client, &case.id, &task, &mut progress).map(|logged| again(logged, task.number, &mut rows));
        tally.count(&done);
        ended = done.as_ref().err().filter(|f| f.ends_run()).cloned();
        progress.line(&if args.json {
            as_json(&task, &done)
        } else {
            as_text(&task, &done)
        });
    }
    progress.end();
    output::print(&match args.json {
        true => tally.as_json(&case.number).to_string() + "\n",
        false => tally.as_text(&case.number),
    });
    Ok(ExitCode::from(u8::from(tally.failed > 0)))
}

/// A row that says the same as one before it gets that one's answer again.
fn again(logged: Logged, row: usize, rows: &mut HashMap<String, usize>) -> Logged {
    let Logged::New(capture) = logged else { return logged };
    let id = capture["id"].as_str().unwrap_or_default().to_owned();
    match *rows.entry(id).or_insert(row) {
        first if first < row => Logged::Again(first),
        _ => Logged::New(capture),
    }
}

fn tasks(args: &LogArgs) -> Result<Vec<LogTask>, Failure> {
    match &args.manifest {
        Some(file) => Ok(manifest::read(file, &args.row)?),
        None => Ok(named::tasks(&args.items, &args.row)),
    }
}

fn log(client: &Client, case: &str, task: &LogTask, progress: &mut ProgressDisplay) -> Result<Logged, Failure> {
    let row = task.row.clone()?;
    let source = task.file.as_deref().map(|path| read(path, progress)).transpose()?;
    let prepared = capture_args::prepare(case, &row, source, SystemClock.now())?;
    let moved = prepared.source.as_ref().map_or(0, |s| s.size);
    progress.show("sending", Counted::Bytes, 0, moved);
    match client.send(|| request(client, case, &prepared, progress)) {
        Ok(answer) => recorded(answer.json().unwrap_or_default()).map(Logged::New),
        // The same row with the time of another run: what it tells of is there.
        Err(f) if prepared.timed_now && f.problem == "idempotency-conflict" => Ok(Logged::Before),
        Err(f) => Err(f),
    }
}

/// What the server recorded; whatever says less than that recorded nothing.
fn recorded(capture: Value) -> Result<Value, Failure> {
    let said = capture["id"].is_string() && capture["item"].is_u64() && capture["state"].is_string();
    said.then_some(capture).ok_or_else(no_casetrail)
}

/// Hashes a file before it is sent, so that what arrives can be held against what was read.
fn read(path: &Path, progress: &mut ProgressDisplay) -> Result<Source, Failure> {
    let shown = legible(path.as_os_str());
    let unreadable = |e: io::Error| Failure::field("file", "readable", format!("{shown} cannot be read: {e}"));
    let about = named::regular(path, "file")?;
    let file = File::open(path).map_err(unreadable)?;
    let changed = about.modified().map_err(unreadable)?;
    let changed_at = chrono::DateTime::<chrono::Utc>::from(changed).timestamp_micros();
    let mut done = 0;
    let hashed = hash(file, |piece| {
        done += piece.len() as u64;
        progress.show("hashing", Counted::Bytes, done, about.len());
        Ok(())
    })
    .map_err(unreadable)?;
    Ok(Source {
        path: path.to_owned(),
        sha256: hashed.sha256,
        size: hashed.size,
        changed_at,
    })
}

fn request(
    client: &Client,
    case: &str,
    prepared: &PreparedCapture,
    progress: &ProgressDisplay,
) -> Result<RequestBuilder, Failure> {
    let request = client
        .http()
        .post(client.url(&format!("/cases/{case}/captures")))
        .header("Idempotency-Key", &prepared.key);
    let Some(source) = &prepared.source else {
        return Ok(request.json(&prepared.capture));
    };
    let file = progress.watched(File::open(&source.path)?);
    let capture = mime(Part::text(prepared.capture.to_string()), "application/json")?;
    // The name stands in the JSON, where it may be anything.
    let bytes = mime(Part::reader_with_length(file, source.size), "application/octet-stream")?.file_name(PART);
    Ok(request.multipart(Form::new().part("capture", capture).part(PART, bytes)))
}

fn mime(part: Part, mime: &str) -> Result<Part, Failure> {
    part.mime_str(mime).map_err(|e| Failure::failed(e.to_string()))
}

fn as_text(task: &LogTask, done: &Result<Logged, Failure>) -> String {
    let what = format!("{}. {}", task.number, output::clean(&task.what));
    match done {
        Ok(Logged::New(capture)) => {
            let text = |name: &str| output::clean(capture[name].as_str().unwrap_or("?"));
            let time = capture["captured_at"]
                .as_str()
                .map(|t| format!(", captured at {}", output::clean(t)))
                .unwrap_or_default();
            format!(
                "{what}: item {} {} {}{time}{}",
                capture["item"],
                text("state"),
                text("id"),
                remarks(capture)
            )
        }
        Ok(Logged::Again(row)) => format!("{what}: the same as row {row}; nothing was added"),
        Ok(Logged::Before) => format!("{what}: logged before, within the last 24 hours; nothing was added"),
        Err(f) => format!("{what}: FAILED: {}", f.text()),
    }
}

/// Why a capture is held, and what the server noticed about it.
fn remarks(capture: &Value) -> String {
    let mut out = String::new();
    if capture["state"] == "held" {
        let rules = items(&capture["coverage"]).filter(|c| c["passed"] != json!(true));
        let why: Vec<&str> = rules.filter_map(|c| c["why"].as_str()).collect();
        let why = output::clean(&why.join("; "));
        out += &format!("\n   held until a supervisor decides: {why}");
    }
    let same: Vec<String> = items(&capture["duplicate_of"])
        .map(|other| other["item"].to_string())
        .collect();
    if !same.is_empty() {
        out += &format!("\n   the same is there already: item {}", same.join(", "));
    }
    let flags: Vec<&str> = items(&capture["flags"]).filter_map(Value::as_str).collect();
    if !flags.is_empty() {
        out += &format!("\n   noticed: {}", output::clean(&flags.join(", ")));
    }
    out
}

fn as_json(task: &LogTask, done: &Result<Logged, Failure>) -> String {
    let mut line = json!({"row": task.number, "what": task.what, "ok": done.is_ok()});
    match done {
        Ok(Logged::New(capture)) => {
            for name in ["item", "state", "id", "captured_at", "flags", "duplicate_of"] {
                line[name] = capture[name].clone();
            }
        }
        Ok(Logged::Again(row)) => line["repeats_row"] = json!(row),
        Ok(Logged::Before) => line["state"] = json!("logged_before"),
        Err(f) => line["error"] = json!({"type": f.problem, "detail": f.detail, "errors": f.errors}),
    }
    line.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn job() -> LogTask {
        LogTask {
            number: 3,
            what: "a\u{1b}.png".into(),
            file: None,
            row: Ok(CaptureArgs::default()),
        }
    }

    #[test]
    fn results_say_item_state_and_why() {
        let held = json!({"item": 7, "state": "held", "id": "x", "captured_at": "t", "flags": ["late_entry"],
            "coverage": [{"rule": "window", "passed": false, "why": "ended yesterday"}, {"rule": "holder", "passed": true, "why": "no"}]});
        let text = as_text(&job(), &Ok(Logged::New(held.clone())));
        assert_eq!(
            text,
            "3. a\\u001b.png: item 7 held x, captured at t\n   held until a supervisor decides: ended yesterday\n   noticed: late_entry"
        );
        let line: Value = serde_json::from_str(&as_json(&job(), &Ok(Logged::New(held)))).unwrap();
        assert_eq!(
            (&line["row"], &line["item"], &line["ok"]),
            (&json!(3), &json!(7), &json!(true))
        );
    }

    #[test]
    fn failures_carry_field_rule_and_message() {
        let failure: Failure = Error::field("url", "required", "is missing").into();
        let line: Value = serde_json::from_str(&as_json(&job(), &Err(failure.clone()))).unwrap();
        assert_eq!(
            line["error"]["errors"][0],
            json!({"field": "url", "rule": "required", "message": "is missing"})
        );
        assert!(as_text(&job(), &Err(failure)).ends_with("FAILED: url: is missing"));
    }

    #[test]
    fn what_is_held_or_there_already_is_counted_as_that() {
        let made = |id: &str, state: &str, same: Value| {
            Ok(Logged::New(json!({"id": id, "state": state, "duplicate_of": same})))
        };
        let (mut tally, mut rows) = (LogTally::default(), HashMap::new());
        let all = [
            made("a", "logged", json!([])),
            made("b", "held", json!([{"item": 1}])),
            made("a", "logged", json!([])),
            Ok(Logged::Before),
            Err(Failure::failed("no")),
        ];
        for (n, done) in (1..).zip(all) {
            tally.count(&done.map(|logged| again(logged, n, &mut rows)));
        }
        tally.not_sent = 2;
        assert_eq!(
            tally.as_text("26-1"),
            "case 26-1: 1 logged, 1 held until a supervisor decides, 1 of them the same as an item that was there, 1 the same as a row before, not logged again, 1 logged before, 1 failed, 2 not sent: mend what failed and run the same command again, nothing is logged twice within 24 hours\n"
        );
        let said = &tally.as_json("26-1")["summary"];
        assert_eq!(
            (&said["held"], &said["repeated"], &said["duplicates"]),
            (&json!(1), &json!(1), &json!(1))
        );
    }
}
