//! Shows how far a stage is: a bar on a terminal, a plain line now and then elsewhere, nothing with `--quiet`.
//!
//! Nothing here reaches a table: the clock is read for display only.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A bar that moves, on standard error.
    Terminal,
    /// A line every five seconds, on standard error.
    Lines,
    /// Nothing.
    Silent,
}

impl Progress {
    /// A bar for a terminal, lines otherwise.
    #[must_use]
    pub fn detect() -> Self {
        use std::io::IsTerminal as _;
        if std::io::stderr().is_terminal() { Progress::Terminal } else { Progress::Lines }
    }

    /// Begins a stage's bar. Nothing is shown during the first second.
    #[must_use]
    pub fn bar(self, name: &str, unit: &str, total: Option<u64>) -> Bar {
        let bar = match self {
            Progress::Terminal => {
                let target = ProgressDrawTarget::stderr_with_hz(5);
                ProgressBar::with_draw_target(total, target)
            }
            Progress::Lines | Progress::Silent => ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden()),
        };
        let template = if total.is_some() {
            "{prefix:>11} {bar:30} {human_pos}/{human_len} {msg} {per_sec} {eta} left"
        } else {
            "{prefix:>11} {spinner} {human_pos} {msg} {per_sec}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        bar.set_message(unit.to_owned());
        let now = Instant::now();
        Bar(Arc::new(Inner {
            how: self,
            name: name.to_owned(),
            unit: unit.to_owned(),
            bar,
            begun: now,
            last: Mutex::new(now),
        }))
    }
}

/// A stage's bar; cheap to clone.
#[derive(Debug, Clone)]
pub struct Bar(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    how: Progress,
    name: String,
    unit: String,
    bar: ProgressBar,
    begun: Instant,
    last: Mutex<Instant>,
}

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

impl Bar {
    /// Some more are done.
    pub fn add(&self, count: u64) {
        self.0.bar.inc(count);
        if self.0.how == Progress::Lines
            && let Ok(mut last) = self.0.last.try_lock()
            && last.elapsed() >= LINE_EVERY
        {
            *last = Instant::now();
            self.line();
        }
    }

    /// Some were done in an earlier run.
    pub fn skip(&self, count: u64) {
        self.0.bar.inc(count);
        self.0.bar.reset_eta();
    }

    fn line(&self) {
        let done = self.0.bar.position();
        let seconds = self.0.begun.elapsed().as_secs_f64();
        let rate = self.0.bar.per_sec();
        let of = self.0.bar.length().map(|total| format!(" of {total}")).unwrap_or_default();
        let left = match self.0.bar.length() {
            Some(total) if rate > 0.0 && total > done => {
                format!(", about {:.0} s left", (total - done) as f64 / rate)
            }
            _ => String::new(),
        };
        eprintln!("{}: {done}{of} {} in {seconds:.0} s, {rate:.0} a second{left}", self.0.name, self.0.unit);
    }

    /// Prints a note; it changes no table.
    pub fn note(&self, text: &str) {
        if self.0.how != Progress::Silent {
            self.0.bar.suspend(|| eprintln!("{}: {text}", self.0.name));
        }
    }

    /// The stage is over.
    pub fn finish(&self) {
        if self.0.how == Progress::Lines && self.0.begun.elapsed() >= Duration::from_secs(1) {
            self.line();
        }
        self.0.bar.finish_and_clear();
    }
}
