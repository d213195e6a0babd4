//! Starts the processes that decode, and waits for their end, up to the deadline.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::durable;
use crate::error::Result;
use crate::words;

/// The word after the program's name that makes it such a process.
const WORD: &str = "picture-decoder";
/// The name of the file that is worked on, in its folder.
pub(super) const INPUT: &str = "input";

/// Bytes of a file that a process writes for a picture.
pub(super) const OUTPUT: u64 = 64 << 20;
/// Bytes of all that it writes into its folder.
pub(super) const OUTPUTS: u64 = 2 * OUTPUT;
/// What the smallest file takes on a disk.
const SMALLEST: u64 = 4 << 10;

words! {
    /// For what a process is started, which says how much it may take.
    Budget {
        /// One picture.
        Picture = "picture",
        /// All pages of a document.
        Document = "document",
        /// All of a video or a sound.
        Film = "film",
    }
}

/// How much a process may take.
pub(super) struct ProcessLimits {
    /// Time on the clock.
    pub deadline: Duration,
    /// Processor time, in seconds.
    pub processor: u64,
    /// Address space, in bytes.
    pub memory: u64,
    /// Bytes of a file that it writes.
    pub output: u64,
}

impl Budget {
    /// How much that is.
    pub fn limits(self) -> ProcessLimits {
        let (deadline, processor, memory, output) = match self {
            Self::Picture => (30, 20, 1536 << 20, OUTPUT),
            Self::Document => (240, 180, 2048 << 20, 512 << 20),
            Self::Film => (1200, 600, 4096 << 20, 2048 << 20),
        };
        ProcessLimits {
            deadline: Duration::from_secs(deadline),
            processor,
            memory,
            output,
        }
    }

    /// Bytes of all that it writes into its folder.
    pub fn outputs(self) -> u64 {
        2 * self.limits().output
    }
}

/// What a process is started for.
pub(super) struct Decoding<'a> {
    /// This program.
    pub program: &'a Path,
    /// The folder of the file that is worked on.
    pub room: &'a Path,
    /// Fails where the work is to stop.
    pub go_on: &'a dyn Fn() -> Result<()>,
    /// How much it may take.
    pub budget: Budget,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecodingEnd {
    /// By itself, with success.
    Well,
    /// By itself, without.
    Badly,
    /// By a signal, mostly because it went past a limit.
    Broken(i32),
    /// At the deadline, after so many seconds.
    Late(u64),
    /// When its folder was full.
    Full,
}

/// The signal that ends a process whose processor time is over (SIGXCPU).
const OUT_OF_TIME: i32 = 24;

impl DecodingEnd {
    /// At which limit it was ended, where nothing says that the file is damaged.
    pub fn at_limit(self) -> Option<String> {
        match self {
            Self::Broken(OUT_OF_TIME) => Some("processor time".into()),
            Self::Late(seconds) => Some(format!("{seconds} seconds")),
            Self::Full => Some("what it may write".into()),
            Self::Well | Self::Badly | Self::Broken(_) => None,
        }
    }

    /// What that says of the file.
    pub fn reason(self) -> String {
        match self {
            Self::Well => "the decoder gave nothing".into(),
            Self::Badly => "the file is damaged, or of a kind that the decoder does not know".into(),
            Self::Broken(signal) => format!(
                "the decoder broke off (signal {signal}): the file is damaged, or needs more memory or time than a picture may take"
            ),
            Self::Full => "the decoder wrote more than a picture may take".into(),
            Self::Late(seconds) => format!("the decoder was not done after {seconds} seconds"),
        }
    }
}

impl Decoding<'_> {
    /// Runs a process whose standard input is a file of the folder, and whose standard output becomes one. Without
    /// arguments it decodes a picture; with them it becomes the program that they name.
    pub fn run(&self, input: &Path, output: &Path, args: &[OsString]) -> Result<DecodingEnd> {
        self.start(input, (durable::new_file(output)?, Stdio::null()), args)
    }

    /// The same, and what it complains goes where it writes: some programs tell their version so.
    pub fn hear(&self, input: &Path, output: &Path, args: &[OsString]) -> Result<DecodingEnd> {
        let file = durable::new_file(output)?;
        let same = file.try_clone()?.into();
        self.start(input, (file, same), args)
    }

    fn start(&self, input: &Path, (output, complaints): (File, Stdio), args: &[OsString]) -> Result<DecodingEnd> {
        let mut command = Command::new(self.program);
        command
            .arg(WORD)
            .arg(self.budget.as_str())
            .args(args)
            .env_clear()
            .current_dir(self.room)
            .stdin(File::open(input)?)
            .stdout(output)
            .stderr(complaints);
        let most = taken(self.room) + self.budget.outputs();
        let mut child = command.spawn()?;
        let ended = self.wait(&mut child, most);
        if ended.is_err() {
            end(&mut child);
        }
        ended
    }

    /// Waits for its end, and ends it where the folder takes more than `most` bytes.
    fn wait(&self, child: &mut Child, most: u64) -> Result<DecodingEnd> {
        let deadline = self.budget.limits().deadline;
        let (until, mut pause) = (Instant::now() + deadline, Duration::from_millis(1));
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(ended(status));
            }
            (self.go_on)()?;
            if Instant::now() > until {
                end(child);
                return Ok(DecodingEnd::Late(deadline.as_secs()));
            }
            if taken(self.room) > most {
                end(child);
                return Ok(DecodingEnd::Full);
            }
            sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

/// Bytes that a folder takes on the disk, with those in it. What goes away meanwhile takes none.
fn taken(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => SMALLEST + taken(&entry.path()),
        _ => entry.metadata().map_or(0, |file| file.len().max(SMALLEST)),
    };
    entries.map(size).fold(0, u64::saturating_add)
}

fn ended(status: ExitStatus) -> DecodingEnd {
    match status.signal() {
        Some(signal) => DecodingEnd::Broken(signal),
        None if status.success() => DecodingEnd::Well,
        None => DecodingEnd::Badly,
    }
}

/// Ends a process, and takes its end in so that it leaves the system's table.
fn end(child: &mut Child) {
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    let _ = child.wait();
}
