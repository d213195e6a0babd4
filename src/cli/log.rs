//! `casetrail log`: captures through the API, one a file or URL, or one a row of a manifest.
//!
//! A file is hashed first and its digest declared; the key of each request derives from case, file and row, so that
//! running the same command again within 24 hours logs nothing twice.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use reqwest::blocking::RequestBuilder;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};

use super::capture_args::{self, CaptureArgs, LogTask, PART, PreparedCapture, Source};
use super::client::{Client, ClientArgs, items};
use super::failure::{Done, Failure};
use super::manifest;
use super::output::{self, Counted, ProgressDisplay};
use crate::blobs::hash;
use crate::clock::{Clock, SystemClock};

/// What stands on the command line after `log`.
#[derive(Debug, clap::Args)]
pub struct LogArgs {
    /// The case, by id or number
    case: String,
    /// Files and URLs, a capture each
    #[arg(value_name = "FILE or URL", required_unless_present = "manifest")]
    items: Vec<String>,
    /// A capture for each row: columns file, kind, platform, url, captured_at, text, level, device, method, role, account, note, basis, reason; a header is required, flags fill empty cells
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
    /// A run before this one logged it.
    Before,
}

/// Logs everything, one result a line; fails if one failed.
pub fn run(here: &str, args: &LogArgs) -> Done {
    let tasks = tasks(args)?;
    let client = Client::new(&args.client, here)?;
    let case = client.case(&args.case)?;
    let mut progress = if args.json {
        ProgressDisplay::quiet()
    } else {
        ProgressDisplay::new()
    };
    let mut failed = 0;
    let total = tasks.len();
    for task in tasks {
        let done = log(&client, &case.id, &task, &mut progress);
        failed += usize::from(done.is_err());
        progress.line(&if args.json {
            as_json(&task, &done)
        } else {
            as_text(&task, &done)
        });
    }
    progress.end();
    let logged = total - failed;
    output::print(&match args.json {
        true => json!({"summary": {"case": case.number, "logged": logged, "failed": failed}}).to_string() + "\n",
        false => summary(&case.number, logged, failed),
    });
    Ok(ExitCode::from(u8::from(failed > 0)))
}

fn tasks(args: &LogArgs) -> Result<Vec<LogTask>, Failure> {
    match &args.manifest {
        Some(file) => Ok(manifest::read(file, &args.row)?),
        None => Ok((1..)
            .zip(&args.items)
            .map(|(number, item)| task_of_item(number, item, &args.row))
            .collect()),
    }
}

fn task_of_item(number: usize, item: &str, flags: &CaptureArgs) -> LogTask {
    let mut row = flags.clone();
    let file = if capture_args::is_url(item) {
        row.url = Some(item.to_owned());
        None
    } else {
        Some(item.into())
    };
    LogTask {
        number,
        what: item.to_owned(),
        file,
        row: Ok(row),
    }
}

fn log(client: &Client, case: &str, task: &LogTask, progress: &mut ProgressDisplay) -> Result<Logged, Failure> {
    let row = task.row.clone()?;
    let source = task.file.as_deref().map(|path| read(path, progress)).transpose()?;
    let prepared = capture_args::prepare(case, &row, source, SystemClock.now())?;
    let moved = prepared.source.as_ref().map_or(0, |s| s.size);
    progress.show("sending", Counted::Bytes, 0, moved);
    match client.send(|| request(client, case, &prepared, progress)) {
        Ok(answer) => Ok(Logged::New(answer.json().map_err(|e| {
            Failure::failed(format!("the server's answer could not be read: {e}"))
        })?)),
        // The same row with the time of another run: what it tells of is there.
        Err(f) if prepared.timed_now && f.problem == "idempotency-conflict" => Ok(Logged::Before),
        Err(f) => Err(f),
    }
}

/// Hashes a file before it is sent, so that what arrives can be held against what was read.
fn read(path: &Path, progress: &mut ProgressDisplay) -> Result<Source, Failure> {
    let unreadable =
        |e: io::Error| Failure::field("file", "readable", format!("{} cannot be read: {e}", path.display()));
    let file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(unreadable(io::Error::other("is no file")));
    }
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
    let name = prepared.capture["files"][0]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let capture = mime(Part::text(prepared.capture.to_string()), "application/json")?;
    let bytes = mime(Part::reader_with_length(file, source.size), "application/octet-stream")?.file_name(name);
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
            for name in ["item", "state", "id", "captured_at", "flags"] {
                line[name] = capture[name].clone();
            }
        }
        Ok(Logged::Before) => line["state"] = json!("logged_before"),
        Err(f) => line["error"] = json!({"type": f.problem, "detail": f.detail, "errors": f.errors}),
    }
    line.to_string()
}

fn summary(case: &str, logged: usize, failed: usize) -> String {
    let rest = if failed == 0 {
        String::new()
    } else {
        format!(", {failed} failed: mend them and run the same command again, nothing is logged twice within 24 hours")
    };
    format!("case {}: {logged} logged{rest}\n", output::clean(case))
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
        assert!(summary("26-1", 2, 1).contains("1 failed"));
    }

    #[test]
    fn items_are_files_or_addresses() {
        let flags = CaptureArgs {
            url: Some("https://example.org/seen".into()),
            ..CaptureArgs::default()
        };
        let file = task_of_item(1, "a.png", &flags);
        assert_eq!(
            (file.file, file.row.unwrap().url),
            (Some(PathBuf::from("a.png")), Some("https://example.org/seen".into()))
        );
        let url = task_of_item(2, "https://example.org/1", &flags);
        assert_eq!(
            (url.file, url.row.unwrap().url),
            (None, Some("https://example.org/1".into()))
        );
    }
}
