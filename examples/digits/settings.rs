//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser};
use train::program::{Out, Save, Threads, at_least_one, positive, probability, up_to};

use crate::phrases::Changes;
use crate::recogniser::Sizes;

/// An excerpt of the Free Spoken Digit Dataset: see examples/data/README.md.
const EXCERPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/digits");

/// Learns to write down the digits that it hears.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    /// Folder of recordings DIGIT_SPEAKER_INDEX.wav, 8 kHz or more, mono
    #[arg(long, value_name = "FOLDER", default_value = EXCERPT, hide_default_value = true)]
    pub data: PathBuf,
    /// Speakers of whom nothing is learned, to be judged by; each in turn, or all for each there is. Unless given, it is
    /// judged by the first five recordings of each digit and speaker
    #[arg(long, value_name = "SPEAKER", value_delimiter = ',')]
    pub held_out: Vec<String>,
    /// WAV files of digits to write down, by the first model that is learned
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub transcribe: Vec<PathBuf>,
    /// Saved model to hear with, and nothing is learned
    #[arg(long, value_name = "FILE", conflicts_with_all = ["held_out", "path"])]
    pub load: Option<PathBuf>,
    #[command(flatten)]
    pub learning: Learning,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Runs with so many seeds from --seed on, and their spread
    #[arg(long, default_value_t = 1, value_parser = up_to(1000))]
    pub seeds: usize,
    #[command(flatten)]
    pub save: Save,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub out: Out,
}

/// How is learned.
#[derive(Args)]
pub struct Learning {
    /// Epochs to learn for
    #[arg(long, default_value_t = 25, value_parser = at_least_one::<u64>)]
    pub epochs: u64,
    /// Digits of an epoch, at least: recordings are dealt into phrases again and again
    #[arg(long, default_value_t = 2000, value_parser = up_to(1_000_000))]
    pub digits: usize,
    /// Units of a layer in each direction
    #[arg(long, default_value_t = 64, value_parser = up_to(1024))]
    pub hidden: usize,
    /// Recurrent layers in both directions
    #[arg(long, default_value_t = 1, value_parser = up_to(8))]
    pub layers: usize,
    /// Probability that an output of a layer is dropped
    #[arg(long, default_value_t = 0.3, allow_negative_numbers = true, value_parser = probability)]
    pub dropout: f64,
    /// Learning rate of Adam at the beginning; it falls to a twentieth
    #[arg(long, default_value_t = 1e-2, allow_negative_numbers = true, value_parser = positive)]
    pub lr: f64,
    /// Phrases are played up to so much faster or slower: 0.2 is a fifth
    #[arg(long, default_value_t = 0.15, allow_negative_numbers = true, value_parser = probability)]
    pub speed: f64,
    /// The most noise that is added to a phrase, as an amplitude
    #[arg(long, default_value_t = 0.02, allow_negative_numbers = true, value_parser = probability)]
    pub noise: f64,
    /// Learns from the recordings as they are: as --speed 0 --noise 0
    #[arg(long, conflicts_with_all = ["speed", "noise"])]
    pub plain: bool,
}

impl Learning {
    /// How recordings are changed.
    pub fn changes(&self) -> Option<Changes> {
        let changes = Changes {
            speed: self.speed,
            noise: self.noise as f32,
        };
        (!self.plain).then_some(changes)
    }

    pub fn sizes(&self) -> Sizes {
        Sizes {
            hidden: self.hidden,
            layers: self.layers,
            dropout: self.dropout,
        }
    }
}
