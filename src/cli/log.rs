//! `casetrail log`: captures through the API, one a file or URL, or one a row of a manifest.
//!
//! A file is hashed first and its digest declared; the key of each request derives from case, file and row, so that
//! running the same command again within 24 hours logs nothing twice.

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
use super::log_tally::{FailureCauses, LogTally, Logged, SentRows};
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
    let mut run = LogRun {
        client: &client,
        case: &case.id,
        rows: SentRows::default(),
    };
    let (mut tally, mut causes, mut ended) = (LogTally::default(), FailureCauses::default(), false);
    for task in tasks {
        if ended {
            tally.not_sent += 1;
            continue;
        }
        let done = run.log(&task, &mut progress);
        tally.count(&done);
        let failed = done.as_ref().err();
        ended = failed.is_some_and(Failure::ends_run);
        let alike = failed.and_then(|f| causes.count(task.number, f));
        progress.line(&match alike {
            _ if args.json => as_json(&task, &done),
            Some(first) => format!("{}: FAILED as {first}.", shown(&task)),
            None => as_text(&task, &done),
        });
    }
    progress.end();
    output::print(&match args.json {
        true => tally.as_json(&case.number, &causes).to_string() + "\n",
        false => tally.as_text(&case.number, &causes),
    });
    Ok(ExitCode::from(u8::from(tally.failed > 0)))
}

fn tasks(args: &LogArgs) -> Result<Vec<LogTask>, Failure> {
    match &args.manifest {
        Some(file) => Ok(manifest::read(file, &args.row)?),
        None => Ok(named::tasks(&args.items, &args.row)),
    }
}

/// One run: where it logs, and what it sent.
struct LogRun<'a> {
    client: &'a Client,
    case: &'a str,
    rows: SentRows,
}

impl LogRun<'_> {
    fn log(&mut self, task: &LogTask, progress: &mut ProgressDisplay) -> Result<Logged, Failure> {
        let row = task.row.clone()?;
        let source = task.file.as_deref().map(|path| read(path, progress)).transpose()?;
        let prepared = capture_args::prepare(self.case, &row, source, SystemClock.now())?;
        if let Some(known) = self.rows.known(&prepared.key) {
            return Ok(known);
        }
        let logged = self.send(&prepared, progress)?;
        self.rows.remember(prepared.key, task.number, &logged);
        Ok(logged)
    }

    fn send(&self, prepared: &PreparedCapture, progress: &mut ProgressDisplay) -> Result<Logged, Failure> {
        let moved = prepared.source.as_ref().map_or(0, |s| s.size);
        progress.show("sending", Counted::Bytes, 0, moved);
        match self.client.send(|| request(self.client, self.case, prepared, progress)) {
            Ok(answer) => {
                let replayed = answer.headers().get("idempotency-replayed").is_some();
                let capture = recorded(answer.json().unwrap_or_default())?;
                Ok(match replayed {
                    true => Logged::Before(Some(capture)),
                    false => Logged::New(capture),
                })
            }
            // The same row with the time of another run: what it tells of is there.
            Err(f) if prepared.timed_now && f.problem == "idempotency-conflict" => Ok(Logged::Before(None)),
            Err(f) => Err(f),
        }
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

/// An item as its result names it.
fn shown(task: &LogTask) -> String {
    format!("{}. {}", task.number, output::clean(&task.what))
}

fn as_text(task: &LogTask, done: &Result<Logged, Failure>) -> String {
    let what = shown(task);
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
        Ok(Logged::Before(known)) => {
            let item = known.as_ref().map(|capture| format!(" as item {}", capture["item"]));
            let item = item.unwrap_or_default();
            format!("{what}: logged before{item}, within the last 24 hours; nothing was added")
        }
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
    let result = done.as_ref().map_or("failed", Logged::word);
    let mut line = json!({"row": task.number, "what": task.what, "ok": done.is_ok(), "result": result});
    match done {
        Ok(Logged::New(capture)) => {
            for name in ["item", "state", "id", "captured_at", "flags", "duplicate_of"] {
                line[name] = capture[name].clone();
            }
        }
        Ok(Logged::Again(row)) => line["repeats_row"] = json!(row),
        Ok(Logged::Before(known)) => {
            line["state"] = json!("logged_before");
            if let Some(capture) = known {
                line["item"] = capture["item"].clone();
                line["id"] = capture["id"].clone();
            }
        }
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
}
