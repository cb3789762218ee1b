//! What is shown of a run: a bar in a terminal, a line for each epoch everywhere.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::history::{EpochReport, Scores};

/// Shows a run, or nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub is_shown: bool,
}

impl Progress {
    /// A bar over the mini-batches of an epoch, where the standard error is a terminal.
    pub fn bar(self, epoch: u64, epochs: u64, batches: usize, done: usize) -> ProgressBar {
        if !self.is_shown {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(batches as u64);
        if let Ok(style) =
            ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg} {eta}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(format!("epoch {epoch}/{epochs}"));
        bar.set_position(done as u64);
        bar
    }

    /// A line: it goes to the standard output.
    pub fn line(self, text: &str) -> io::Result<()> {
        if self.is_shown {
            let mut out = io::stdout().lock();
            writeln!(out, "{text}")?;
            out.flush()?;
        }
        Ok(())
    }
}

/// "epoch  3/20: loss 0.1234, accuracy 0.9412; validation loss 0.2345, accuracy 0.9000; 1.2 s, 34 % saved"
pub(super) fn describe(report: &EpochReport, epochs: u64) -> String {
    let width = epochs.to_string().len();
    let mut text = format!(
        "epoch {:width$}/{epochs}: {}",
        report.epoch,
        scores(&report.training)
    );
    if let Some(validation) = &report.validation {
        text += &format!("; validation {}", scores(validation));
    }
    text += &format!("; {:.1} s", report.seconds);
    if let Some(saving) = report.saving() {
        text += &format!(", {:.0} % of padded rows saved", 100.0 * saving);
    }
    text
}

fn scores(scores: &Scores) -> String {
    let each = scores.iter().map(|(name, x)| format!("{name} {x:.4}"));
    each.collect::<Vec<_>>().join(", ")
}
