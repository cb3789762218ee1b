//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser};
use train::Replace;
use train::program::{Draw, Out, Threads, at_least_one, positive, up_to};

use crate::corpus::EXCERPT;
use crate::voice::DIGITS;

/// Learns to say digits, sample by sample.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    /// Folder of recordings DIGIT_SPEAKER_INDEX.wav, 8 kHz or more, mono; an excerpt of a data set unless given
    #[arg(long, value_name = "FOLDER", default_value = EXCERPT, hide_default_value = true)]
    pub data: PathBuf,
    /// Speakers to learn from, or with --load those to speak as; all unless given
    #[arg(long, value_name = "SPEAKER", value_delimiter = ',')]
    pub speakers: Vec<String>,
    /// Digits to say after each other, such as 3,7,1
    #[arg(long, value_name = "DIGITS", value_delimiter = ',', value_parser = digit)]
    pub say: Vec<usize>,
    /// How often each digit is said, each time into a file of its own; the speakers take turns
    #[arg(long, default_value_t = 1, value_parser = up_to(1000))]
    pub count: usize,
    #[command(flatten)]
    pub draw: Draw,
    /// Saved model to speak with, and nothing is learned
    #[arg(long, value_name = "FILE", conflicts_with = "save")]
    pub load: Option<PathBuf>,
    #[command(flatten)]
    pub learning: Learning,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// File to save the model to, at the end; what is there is replaced if it is a saved model
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Replaces any file with --save
    #[arg(long, requires = "save")]
    force: bool,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub out: Out,
}

impl Cli {
    pub fn replaced(&self) -> Replace {
        match self.force {
            true => Replace::AnyFile,
            false => Replace::Checkpoint,
        }
    }
}

/// How is learned.
#[derive(Args)]
pub struct Learning {
    /// Epochs to learn for
    #[arg(long, default_value_t = 12, value_parser = at_least_one::<u64>)]
    pub epochs: u64,
    /// Units of the GRU
    #[arg(long, default_value_t = 128, value_parser = up_to(4096))]
    pub hidden: usize,
    /// Units of the layers between its states and the samples
    #[arg(long, default_value_t = 96, value_parser = up_to(4096))]
    pub width: usize,
    /// Learning rate of Adam at the beginning; it falls to a twentieth
    #[arg(long, default_value_t = 4e-3, allow_negative_numbers = true, value_parser = positive)]
    pub lr: f64,
}

fn digit(text: &str) -> Result<usize, String> {
    let digit = text.parse().ok().filter(|&digit| digit < DIGITS);
    digit.ok_or_else(|| "expected a digit from 0 to 9".into())
}
