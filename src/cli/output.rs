//! Output for people: results on standard output, progress and errors on standard error.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub use crate::bag::terminal::{complain, print, word as clean};

/// Time between two plain lines of progress.
const PLAIN: Duration = Duration::from_secs(5);
/// Time that must have passed before a new step gets a line; short steps need none.
const SHORT: Duration = Duration::from_secs(1);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Events, rows, steps.
    Things,
    /// Bytes.
    Bytes,
}

/// How far long work is: a bar on a terminal, a plain line every few seconds elsewhere.
pub struct ProgressDisplay {
    bar: Option<ProgressBar>,
    step: String,
    unit: Option<Counted>,
    told: Instant,
    silent: bool,
}

impl ProgressDisplay {
    /// On standard error, so that results on standard output stay clean.
    pub fn new() -> Self {
        let bar = std::io::stderr()
            .is_terminal()
            .then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
        Self {
            bar,
            step: String::new(),
            unit: None,
            told: Instant::now(),
            silent: false,
        }
    }

    /// For programs that read what a command prints: no plain lines, but a bar where somebody watches.
    pub fn quiet() -> Self {
        Self {
            silent: true,
            ..Self::new()
        }
    }

    /// Shows a step: so much done, of so much (0: not known).
    pub fn show(&mut self, step: &str, unit: Counted, done: u64, total: u64) {
        let changed = self.step != step;
        if changed {
            step.clone_into(&mut self.step);
        }
        match &self.bar {
            Some(bar) => {
                if changed || self.unit != Some(unit) {
                    self.unit = Some(unit);
                    bar.set_style(style(unit));
                    bar.set_message(clean(step));
                    bar.reset_eta();
                }
                bar.set_length(total.max(done));
                bar.set_position(done);
            }
            None if self.told.elapsed() < if changed { SHORT } else { PLAIN } => {}
            None => self.plain(unit, done, total),
        }
    }

    fn plain(&mut self, unit: Counted, done: u64, total: u64) {
        if self.silent {
            return;
        }
        self.told = Instant::now();
        let far = match unit {
            _ if total == 0 => String::new(),
            Counted::Things => format!(" {done} of {total}"),
            Counted::Bytes => format!(" {done} of {total} bytes"),
        };
        complain(&format!("{}{far}", self.step));
    }

    /// A file that moves the bar while another thread reads it.
    pub fn watched(&self, file: File) -> Box<dyn Read + Send> {
        match &self.bar {
            Some(bar) => Box::new(bar.wrap_read(file)),
            None => Box::new(file),
        }
    }

    /// Prints a result above the bar.
    pub fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| print(&format!("{text}\n"))),
            None => print(&format!("{text}\n")),
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(unit: Counted) -> ProgressStyle {
    let template = match unit {
        Counted::Things => "{msg:24} [{bar:30}] {human_pos}/{human_len} {eta}",
        Counted::Bytes => "{msg:24} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
