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

/// The word after the program's name that makes it such a process.
const WORD: &str = "picture-decoder";
/// The name of the file that is worked on, in its folder.
pub(super) const INPUT: &str = "input";

/// Bytes of a file that it writes.
pub(super) const OUTPUT: u64 = 64 << 20;
/// Bytes of all that it writes into its folder.
pub(super) const OUTPUTS: u64 = 2 * OUTPUT;
/// What the smallest file takes on a disk.
const SMALLEST: u64 = 4 << 10;

/// How long a process may take on the clock, and how many bytes it may write into its folder. It limits memory, processor time
/// and each file itself, in `limited.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub deadline: Duration,
    pub outputs: u64,
}

/// Of what makes a picture.
pub(super) const PICTURE: Bounds = Bounds {
    deadline: Duration::from_secs(30),
    outputs: OUTPUTS,
};

/// What a process is started for.
pub(super) struct Decoding<'a> {
    /// This program.
    pub program: &'a Path,
    /// The folder of the file that is worked on.
    pub room: &'a Path,
    /// How long it may take, and how much it may write.
    pub bounds: Bounds,
    /// Fails where the work is to stop.
    pub go_on: &'a dyn Fn() -> Result<()>,
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

impl DecodingEnd {
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
            .args(args)
            .env_clear()
            .current_dir(self.room)
            .stdin(File::open(input)?)
            .stdout(output)
            .stderr(complaints);
        let most = taken(self.room) + self.bounds.outputs;
        let mut child = command.spawn()?;
        let ended = self.wait(&mut child, most);
        if ended.is_err() {
            end(&mut child);
        }
        ended
    }

    /// Waits for its end, and ends it where the folder takes more than `most` bytes.
    fn wait(&self, child: &mut Child, most: u64) -> Result<DecodingEnd> {
        let (until, mut pause) = (Instant::now() + self.bounds.deadline, Duration::from_millis(1));
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(ended(status));
            }
            (self.go_on)()?;
            if Instant::now() > until {
                end(child);
                return Ok(DecodingEnd::Late(self.bounds.deadline.as_secs()));
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
