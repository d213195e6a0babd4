//! `casetrail examination`: what a program read in the files of an item, and another reading of them.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, ClientArgs, items, no_casetrail};
use super::failure::{Done, Failure};
use super::output::{self, Counted, ProgressDisplay};
use crate::http::paging::Page;
use crate::page::{EXAMINED, ExaminedView, examined, examined_with};

/// Time between two looks at an item whose files are being read.
const LOOK: Duration = Duration::from_millis(500);
/// How long it is waited for: longer than one that was asked for may take.
const LONGEST: Duration = Duration::from_mins(65);

/// What stands on the command line after `examination`.
#[derive(Debug, clap::Args)]
pub struct ExaminationArgs {
    /// The case, by id or number
    case: String,
    /// The number of the item in the case
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    item: u32,
    /// Have the files read once more, such as after another program was installed, and wait for it
    #[arg(long)]
    again: bool,
    /// Why they are read again, kept on the record
    #[arg(long, value_name = "TEXT", requires = "again")]
    note: Option<String>,
    /// The record of the examination as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    client: ClientArgs,
}

/// Shows the last examination of an item, or has another one made.
pub fn run(here: &str, args: &ExaminationArgs) -> Done {
    let client = Client::new(&args.client, here)?;
    let case = client.case(&args.case)?;
    let id = capture(&client, (&case.id, &case.number), args.item)?;
    let place = format!("/captures/{id}");
    if args.again {
        let note = args.note.as_ref().map_or(json!({}), |note| json!({"note": note}));
        client.post(&format!("{place}/examinations"), &note)?;
        wait(&client, &place)?;
    }
    let found = client.get(&place)?;
    if !found["withheld"].is_null() {
        let detail = format!(
            "item {} is closed to you: its files are read by the supervisor alone",
            args.item
        );
        return Err(Failure::failed(detail));
    }
    let record = &found["examination"];
    if record.is_null() {
        let detail = match found["files"].as_array().is_none_or(Vec::is_empty) {
            true => format!("item {} has no files", args.item),
            false => format!(
                "the files of item {} are not examined yet: ask again in a moment",
                args.item
            ),
        };
        return Err(Failure::failed(detail));
    }
    let told = match args.json {
        true => record.to_string() + "\n",
        false => text(&found, (&case.number, args.item)),
    };
    output::print(&told);
    Ok(ExitCode::SUCCESS)
}

/// The id of an item.
fn capture(client: &Client, (case, number): (&str, &str), item: u32) -> Result<String, Failure> {
    let after = match item - 1 {
        0 => String::new(),
        before => format!("&cursor={}", Page::cursor(&before.to_string())),
    };
    let listed = client.get(&format!("/cases/{case}/captures?sort=item&limit=1{after}"))?;
    let found = items(&listed["items"]).next();
    match found.filter(|found| found["item"] == item) {
        Some(found) => found["id"].as_str().map(str::to_owned).ok_or_else(no_casetrail),
        None => {
            let detail = format!("there is no item {item} in case {}", output::clean(number));
            Err(Failure::new(1, "not-found", detail))
        }
    }
}

fn wait(client: &Client, place: &str) -> Result<(), Failure> {
    let (mut progress, begun) = (ProgressDisplay::new(), Instant::now());
    while !client.get(place)?["examination_request"].is_null() {
        progress.show("the server reads the files", Counted::Things, 0, 0);
        if begun.elapsed() > LONGEST {
            progress.end();
            let detail = "the server has not read the files yet; it goes on: look later, without --again";
            return Err(Failure::failed(detail));
        }
        std::thread::sleep(LOOK);
    }
    progress.end();
    Ok(())
}

fn text(found: &Value, (case, item): (&str, u32)) -> String {
    let record = &found["examination"];
    let name = |sha256: &str| {
        let file = items(&found["files"]).find(|file| file["sha256"] == sha256);
        file.and_then(|file| file["name"].as_str().map(output::clean))
    };
    let at = output::clean(record["at"].as_str().unwrap_or_default());
    let mut told = format!(
        "{} item {item}, read by {}, {at}\n{EXAMINED}\n",
        output::clean(case),
        examined_with(record)
    );
    if !found["examination_request"].is_null() {
        told += "Another reading was asked for, and is not made yet.\n";
    }
    for file in examined(record, name) {
        told += &of_file(&file);
    }
    told
}

fn of_file(file: &ExaminedView) -> String {
    let mut told = format!("\n{}\n", file.heading);
    for flag in &file.flags {
        told += &format!("  ! {}: {}\n", flag.label, flag.value);
    }
    for fact in file.facts.iter().chain(&file.found) {
        told += &format!("  {}: {}\n", fact.label, fact.value);
    }
    if let Some(text) = &file.text {
        let lines = text.lines().map(|line| format!("    {line}\n"));
        told += &format!("  Text:\n{}", lines.collect::<String>());
    }
    told
}
