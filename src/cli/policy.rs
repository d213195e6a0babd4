//! `casetrail policy`: the agency's authorization policy as the JSON document that counsel edits, read and proposed through
//! the server.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::client::{Client, ClientArgs, no_casetrail};
use super::failure::{Done, Failure};
use super::output;
use crate::durable;

/// The longest document that is read, in bytes; the server takes none that is longer.
const LONGEST: u64 = 1 << 20;

/// What is done with the policy.
#[derive(Debug, clap::Subcommand)]
pub enum PolicyCommand {
    /// Print the policy in force as JSON, or write it into a file to edit
    Show {
        /// A new file for it
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        client: ClientArgs,
    },
    /// Propose a version for a supervisor to countersign
    Propose {
        /// The document, as `casetrail policy show` prints it
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Why it is changed
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        client: ClientArgs,
    },
}

/// Shows or proposes.
pub fn run(here: &str, command: &PolicyCommand) -> Done {
    match command {
        PolicyCommand::Show { out, client } => show(&Client::new(client, here)?, out.as_deref()),
        PolicyCommand::Propose { file, reason, client } => {
            let terms = read(file)?;
            propose(&Client::new(client, here)?, &terms, reason)
        }
    }
}

fn show(client: &Client, out: Option<&Path>) -> Done {
    let policy = client.get("/authorization-policies/in-force")?;
    let terms = policy.get("terms").ok_or_else(no_casetrail)?;
    let text = format!("{terms:#}\n");
    match out {
        None => output::print(&text),
        Some(file) => {
            durable::new_file(file)
                .and_then(|mut to| to.write_all(text.as_bytes()))
                .map_err(|e| Failure::field("--out", "file", format!("{} cannot be written: {e}", file.display())))?;
            let number = &policy["number"];
            let told = format!(
                "Version {number} of the policy is in {0}. Edit it, then: casetrail policy propose {0} --reason TEXT\n",
                file.display()
            );
            output::print(&told);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Value, Failure> {
    let refuse = |rule: &str, why: String| Failure::field("FILE", rule, format!("{} {why}", file.display()));
    let mut text = Vec::new();
    // What the file system says of its size is not asked: a device says that it has none, and has no end.
    let read = File::open(file).and_then(|opened| opened.take(LONGEST + 1).read_to_end(&mut text));
    read.map_err(|e| refuse("file", format!("cannot be read: {e}")))?;
    if text.len() as u64 > LONGEST {
        return Err(refuse("length", "is longer than 1 MiB, and no policy is".to_owned()));
    }
    serde_json::from_slice(&text).map_err(|e| refuse("json", format!("is no JSON: {e}")))
}

fn propose(client: &Client, terms: &Value, reason: &str) -> Done {
    let made = client.post("/authorization-policies", &json!({"terms": terms, "reason": reason}))?;
    let (Some(number), Some(id)) = (made["number"].as_i64(), made["id"].as_str()) else {
        return Err(no_casetrail());
    };
    output::print(&format!(
        "Version {number} is proposed. It counts once a supervisor other than you adopts it:\n{}\n",
        client.page(&format!("/authorization-policies/{id}"))
    ));
    Ok(ExitCode::SUCCESS)
}
