//! The command line.

use std::path::PathBuf;

use clap::Parser;
use train::prelude::*;
use train::program::{Out, Save, Threads, up_to};

use crate::network::Sizes;
use crate::training::Learning;

/// Learns to translate, from pairs of sentences.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    /// Folder with the files train.en, train.fr, val.en, … and those of --test, a sentence on each line, compressed
    /// (train.en.gz) or not; unless given, numbers and their French words are translated into each other
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Languages, as the names of the files of --data end with them
    #[arg(long, num_args = 2, value_names = ["FROM", "INTO"], default_values = ["en", "fr"], requires = "data")]
    pub languages: Vec<String>,
    /// The part of --data to be judged by
    #[arg(
        long,
        value_name = "PART",
        default_value = "test_2016_flickr",
        requires = "data"
    )]
    pub test: String,
    /// Pairs of --data to learn from: the first ones
    #[arg(long, value_name = "PAIRS", value_parser = up_to(1 << 40), requires = "data")]
    pub first: Option<usize>,
    /// Numbers to draw, where no data are given
    #[arg(long, default_value_t = 3000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(20..=100_000))]
    pub numbers: usize,
    #[command(flatten)]
    pub sizes: Sizes,
    #[command(flatten)]
    pub learning: Learning,
    /// Translations that are followed side by side when one is looked for; 1 takes the likeliest word each time
    #[arg(long, default_value_t = Beam::default().width, value_parser = up_to(1000))]
    pub beam: usize,
    /// Sentence to be translated, again for each
    #[arg(long, value_name = "SENTENCE")]
    pub translate: Vec<String>,
    /// Saved translator; nothing is learned
    #[arg(long, value_name = "FILE", requires = "translate", conflicts_with_all = ["data", "path"])]
    pub load: Option<PathBuf>,
    /// Seed of numbers, parameters and all that is drawn
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub save: Save,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub out: Out,
}

impl Cli {
    /// How a translation is looked for.
    pub fn beam(&self) -> Beam {
        Beam {
            width: self.beam,
            ..Beam::default()
        }
    }
}
