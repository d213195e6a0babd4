//! The command line: its arguments, the settings that its flags make, and its exit codes.
//!
//! Every command is a function in a file of its own. A failure is one line, below it a line for each field that broke a rule,
//! and an exit code: 2 for wrong arguments and unreadable input, 1 for all else.

mod audit;
mod backup;
mod capture_args;
#[cfg(feature = "pdf")]
mod certificates;
mod client;
mod demo;
mod disclose;
mod examination;
mod export;
mod failure;
mod install;
mod installation;
mod items;
mod legible;
mod log;
mod log_tally;
mod manifest;
mod new_log;
mod output;
mod policy;
mod rebuild;
mod restore;
mod said_once;
mod serve;
mod table;
#[cfg(test)]
mod whole_tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::Config;
use crate::pictures;
use failure::{Done, Failure};

/// The case log of an agency that investigates with open sources.
#[derive(Debug, Parser)]
#[command(
    name = "casetrail",
    version,
    arg_required_else_help = true,
    propagate_version = false
)]
struct CommandLine {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes; the rest of the settings stand in casetrail.toml and CASETRAIL_… variables.
#[derive(Debug, Args)]
#[command(next_help_heading = "Installation")]
struct Common {
    /// The folder for database, files, keys and packets [default: casetrail-data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The port [default: 8443, or 8080 with --http]
    #[arg(long, global = true)]
    port: Option<u16>,
    /// Plain HTTP on loopback, for a reverse proxy
    #[arg(long, global = true)]
    http: bool,
    /// sqlite://PATH or postgres://USER@HOST/NAME [default: casetrail.db in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// The folder of evidence files [default: files in the data folder]
    #[arg(long, global = true, value_name = "DIR")]
    files: Option<String>,
    /// Reverse proxies that are believed about a client's address, separated by commas
    #[arg(long, global = true, value_name = "NETWORKS")]
    trusted_proxies: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Run the server in a fresh folder, filled with a believable agency
    Demo(demo::DemoArgs),
    /// Add, list, reset, unlock or disable users of this installation
    #[command(subcommand)]
    User(install::UserCommand),
    /// Issue or revoke a token for a program
    #[command(subcommand)]
    Token(install::TokenCommand),
    /// Print the settings in force, and where each comes from
    Config,
    /// Write out and look at the templates of draft certificates
    #[cfg(feature = "pdf")]
    #[command(subcommand)]
    Certificates(certificates::CertificatesCommand),
    /// Log captures in a case, through the server
    Log(Box<log::LogArgs>),
    /// Show what the files of an item say of themselves, or have them read again
    Examination(examination::ExaminationArgs),
    /// Ask for a packet of a case, wait for it and download it
    Export(Box<export::ExportArgs>),
    /// Record to whom a packet went, and make a download link for them
    Disclose(Box<disclose::DiscloseArgs>),
    /// Show the agency's authorization policy, or propose a version of it
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Check a packet, offline: no server, no database
    #[command(disable_help_flag = true)]
    Verify {
        /// As `casetrail verify --help` says
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Read every file, record and event of an installation again
    Audit(audit::AuditArgs),
    /// Copy an installation, also while it serves
    Backup(backup::BackupArgs),
    /// Make an installation from a backup, and prove it
    Restore(restore::RestoreArgs),
    /// Make the database anew from the ledger and the files, in an empty one of either kind
    Rebuild(rebuild::RebuildArgs),
    /// Used by the server: decode one picture, under limits
    #[command(hide = true, disable_help_flag = true)]
    PictureDecoder {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

/// Runs a command line, its first word the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let line = match CommandLine::try_parse_from(&args) {
        Ok(line) => line,
        Err(e) => {
            let code = ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2));
            match e.use_stderr() {
                true => output::complain(tame(e, &args).trim_end()),
                // Where standard output is gone there is nobody to tell.
                false => drop(e.print()),
            }
            return code;
        }
    };
    match dispatch(line) {
        Ok(code) => code,
        Err(failure) => {
            output::complain(&format!("casetrail: {}", failure.text()));
            ExitCode::from(failure.code)
        }
    }
}

/// What is wrong with the arguments, told of them as they may be shown.
fn tame(e: clap::Error, args: &[OsString]) -> String {
    let shown = args.iter().map(|arg| output::clean(&arg.to_string_lossy()));
    let told = CommandLine::try_parse_from(shown).err().unwrap_or(e);
    told.render().to_string()
}

fn dispatch(line: CommandLine) -> Done {
    let CommandLine { common, command } = line;
    match command {
        Command::Serve => {
            serve::run(&common.settings()?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo(args) => {
            demo::run(&common.settings()?, common.data_dir, &args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::User(command) => install::user(&common.settings()?, command),
        Command::Token(command) => install::token(&common.settings()?, command),
        Command::Config => {
            output::print(&common.settings()?.print());
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(feature = "pdf")]
        Command::Certificates(command) => certificates::run(&common.settings()?, command),
        Command::Log(args) => log::run(&common.server(), &args),
        Command::Examination(args) => examination::run(&common.server(), &args),
        Command::Export(args) => export::run(&common.server(), *args),
        Command::Disclose(args) => disclose::run(&common.server(), &args),
        Command::Policy(command) => policy::run(&common.server(), &command),
        // The verifier is the same program that is also built alone.
        Command::Verify { args } => Ok(crate::bag::cli::run(args.into_iter()).into()),
        Command::Audit(args) => audit::run(&common.settings()?, &args),
        Command::Backup(args) => backup::run(&common.settings()?, &args),
        Command::Restore(args) => restore::run(&common, args),
        Command::Rebuild(args) => rebuild::run(&common.settings()?, &args),
        Command::PictureDecoder { args } => Ok(match pictures::run_limited(&args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }),
    }
}

impl Common {
    fn settings(&self) -> std::result::Result<Config, Failure> {
        Ok(Config::load(&self.flags())?)
    }

    fn flags(&self) -> Vec<(&'static str, String)> {
        let text = |path: &PathBuf| path.display().to_string();
        let all = [
            ("data_dir", self.data_dir.as_ref().map(text)),
            ("port", self.port.map(|p| p.to_string())),
            ("http", self.http.then(|| "true".to_owned())),
            ("database", self.database.clone()),
            ("files", self.files.clone()),
            ("trusted_proxies", self.trusted_proxies.clone()),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// The server on this machine, where a client is not told of another.
    fn server(&self) -> String {
        match self.http {
            true => format!("http://127.0.0.1:{}", self.port.unwrap_or(8080)),
            false => format!("https://127.0.0.1:{}", self.port.unwrap_or(8443)),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(text: &str) -> CommandLine {
        CommandLine::try_parse_from(text.split(' ')).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn verify_takes_everything_after_it_unparsed() {
        for text in [
            "casetrail verify --json p.zip --key k",
            "casetrail verify p.zip --help",
            "casetrail verify --key k p.zip",
        ] {
            let Command::Verify { args } = parse(text).command else {
                panic!("{text}")
            };
            assert_eq!(args.len(), text.split(' ').count() - 2, "{text}");
        }
    }

    #[test]
    fn flags_become_settings() {
        let common = parse("casetrail audit --data-dir /x --http --port 81 --files /y --database sqlite:///z").common;
        let flags = common.flags();
        assert_eq!(flags.len(), 5);
        assert!(flags.contains(&("data_dir", "/x".into())) && flags.contains(&("http", "true".into())));
        assert_eq!(common.server(), "http://127.0.0.1:81");
        assert_eq!(parse("casetrail config").common.server(), "https://127.0.0.1:8443");
    }
}
