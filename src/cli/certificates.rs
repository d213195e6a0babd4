//! `casetrail certificates`: the templates of draft certificates, written out for counsel to edit, and looked at.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::failure::{Done, Failure};
use super::output;
use crate::config::Config;
use crate::packets::certificates::asked::{FEDERAL, is_name};
use crate::packets::certificates::{check, folder};
use crate::paper::{FontShelf, SHIPPED};

/// What is done with templates.
#[derive(Debug, clap::Subcommand)]
pub enum CertificatesCommand {
    /// Write the program's own templates into the data folder, for counsel to edit
    Write {
        /// The jurisdiction, which is the folder's name
        #[arg(default_value = FEDERAL)]
        jurisdiction: String,
    },
    /// Make the certificates of a sample packet, and say what is wrong with the templates
    Check {
        /// The jurisdiction [default: every one that has templates]
        jurisdiction: Option<String>,
        /// An empty or new folder for the sample's PDFs
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// Writes templates, or looks at them.
pub fn run(config: &Config, command: CertificatesCommand) -> Done {
    let folder = config.certificates();
    match command {
        CertificatesCommand::Write { jurisdiction } => write(&folder, &jurisdiction),
        CertificatesCommand::Check { jurisdiction, out } => look(&folder, jurisdiction, out.as_deref()),
    }
}

fn write(folder: &Path, jurisdiction: &str) -> Done {
    if !is_name(jurisdiction) {
        let message = "must be a short name in lower-case letters, digits and hyphens, such as oregon";
        return Err(Failure::field("JURISDICTION", "name", message));
    }
    let own = folder.join(jurisdiction);
    if let Some((name, _)) = SHIPPED.iter().find(|(name, _)| own.join(name).exists()) {
        let message = format!(
            "{} is there already, and is not overwritten: name another jurisdiction, or move it away",
            own.join(name).display()
        );
        return Err(Failure::field("JURISDICTION", "taken", message));
    }
    fs::create_dir_all(&own).map_err(|e| unwritable(&own, &e))?;
    for (name, text) in SHIPPED {
        let file = own.join(name);
        put(&file, text.as_bytes()).map_err(|e| unwritable(&file, &e))?;
        output::print(&format!("{}\n", output::clean(&file.display().to_string())));
    }
    output::print(&format!(
        "Edit the words, then look at what they give: casetrail certificates check {jurisdiction} --out DIR\nPackets ask for them with jurisdiction {jurisdiction}. The server reads them anew for each packet.\n"
    ));
    Ok(ExitCode::SUCCESS)
}

/// A file that nobody else has made meanwhile.
fn put(file: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::File::create_new(file)?.write_all(bytes)
}

fn unwritable(path: &Path, e: &io::Error) -> Failure {
    Failure::failed(format!("{} cannot be written: {e}", path.display()))
}

fn look(folder: &Path, jurisdiction: Option<String>, out: Option<&Path>) -> Done {
    let all = match jurisdiction {
        Some(one) => match folder::known(folder, &one) {
            Ok(()) => vec![one],
            Err(e) => {
                let message = e.errors.first().map_or(e.detail.clone(), |error| error.message.clone());
                return Err(Failure::field("JURISDICTION", "exists", message));
            }
        },
        None => folder::jurisdictions(folder)?,
    };
    let fonts = FontShelf::default().take()?;
    let mut wrong = Vec::new();
    for jurisdiction in all {
        let made = check::samples(folder, &jurisdiction, &fonts);
        let shown = output::clean(&jurisdiction);
        match made {
            Ok(pdfs) => {
                output::print(&format!("{shown}: sound, {} PDFs\n", pdfs.len()));
                if let Some(out) = out {
                    keep(&out.join(&jurisdiction), &pdfs)?;
                }
            }
            Err(e) => {
                output::print(&format!("{shown}: a mistake\n"));
                wrong.push(e.detail);
            }
        }
    }
    match wrong.is_empty() {
        true => Ok(ExitCode::SUCCESS),
        false => Err(Failure::failed(wrong.join("\n"))),
    }
}

/// Writes the sample's PDFs; nothing is overwritten.
fn keep(folder: &Path, pdfs: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))?;
    for (path, pdf) in pdfs {
        let name = path.rsplit('/').next().unwrap_or(path);
        let file = folder.join(name);
        put(&file, pdf).map_err(|e| unwritable(&file, &e))?;
        output::print(&format!("  {}\n", output::clean(&file.display().to_string())));
    }
    Ok(())
}
