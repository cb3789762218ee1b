//! The command line, and the settings that determine a run.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use layers::CellKind;
use serde::{Deserialize, Serialize};
use train::Schedule;

/// Trains a character model on text, and samples from it.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub train: TrainArgs,
}

#[derive(Subcommand)]
pub enum Command {
    /// Writes text with a model that was saved
    Sample(SampleArgs),
}

#[derive(Args)]
pub struct TrainArgs {
    /// Files or directories of text; this workspace's own sources if none are given
    #[arg(long, num_args = 1..)]
    pub text: Vec<PathBuf>,
    /// Extensions of the files to read in directories, such as c,h
    #[arg(long, value_delimiter = ',')]
    pub ext: Vec<String>,
    #[command(flatten)]
    pub settings: Settings,
    /// Passes over the text
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub epochs: u64,
    /// Threads to compute with; the results do not depend on it
    #[arg(long, value_parser = at_least_one)]
    pub threads: Option<usize>,
    /// File to save the model to, after each epoch
    #[arg(long)]
    pub save: Option<PathBuf>,
    /// Saved model to go on from, with its settings, up to --epochs
    #[arg(long)]
    pub resume: Option<PathBuf>,
}

/// What a run is determined by, together with its text.
#[derive(Args, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// Recurrent layer: rnn, lstm or gru
    #[arg(long, default_value = "lstm", value_parser = cell)]
    pub cell: String,
    /// Units of a layer
    #[arg(long, default_value_t = 128, value_parser = at_least_one)]
    pub hidden: usize,
    /// Recurrent layers
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    pub layers: usize,
    /// Streams of text read side by side
    #[arg(long, default_value_t = 32, value_parser = at_least_one)]
    pub batch: usize,
    /// Parts that the streams are cut in, to be computed side by side
    #[arg(long, default_value_t = 2, value_parser = at_least_one)]
    pub parts: usize,
    /// Steps that gradients go back in time
    #[arg(long, default_value_t = 50, value_parser = at_least_one)]
    pub steps: usize,
    /// Steps of a segment that is computed again on the way back: less memory where --steps is
    /// large, for more time
    #[arg(long, value_parser = at_least_one, conflicts_with = "dropout")]
    pub recompute: Option<usize>,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 2e-3, allow_negative_numbers = true, value_parser = positive)]
    pub lr: f64,
    /// Epochs over which the learning rate falls to a twentieth, along half a cosine; it stays
    /// what it is if this is not given
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub decay: Option<u64>,
    /// Threshold for the global norm of the gradients
    #[arg(long, default_value_t = 5.0, allow_negative_numbers = true, value_parser = positive)]
    pub clip: f64,
    /// Probability that an element of a layer's outputs is dropped
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = probability)]
    pub dropout: f64,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Args)]
pub struct SampleArgs {
    /// Saved model
    #[arg(long)]
    pub load: PathBuf,
    /// Text to go on from
    #[arg(long, default_value = "\n")]
    pub prime: String,
    /// Characters to write
    #[arg(long, default_value_t = 500)]
    pub length: usize,
    /// Below 1 more cautious, above 1 more daring
    #[arg(long, default_value_t = 0.8, allow_negative_numbers = true, value_parser = positive)]
    pub temperature: f64,
    /// Choose among so many of the likeliest characters only
    #[arg(long, value_parser = at_least_one)]
    pub top_k: Option<usize>,
    /// Choose among the likeliest characters that have this probability together only
    #[arg(long, allow_negative_numbers = true, value_parser = share)]
    pub top_p: Option<f64>,
    /// Seed of the choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

fn cell(name: &str) -> Result<String, String> {
    let kind: CellKind = name
        .parse()
        .map_err(|e: layers::UnknownCell| e.to_string())?;
    Ok(kind.to_string())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|&n| n > 0)
        .ok_or("expected a whole number above 0".into())
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text
        .parse()
        .ok()
        .filter(|&x: &f64| x > 0.0 && x.is_finite());
    number.ok_or("expected a number above 0".into())
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x| (0.0..1.0).contains(x));
    number.ok_or("expected a number from 0 to below 1".into())
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|&x| x > 0.0 && x <= 1.0);
    number.ok_or("expected a number above 0, and at most 1".into())
}

impl Settings {
    /// The learning rate at a step of a run with so many windows an epoch.
    pub fn learning_rate(&self, step: u64, windows: usize) -> f64 {
        let schedule = self.decay.map_or_else(Schedule::default, |epochs| {
            Schedule::cosine(epochs.saturating_mul(windows as u64), 0.05)
        });
        self.lr * schedule.factor(step)
    }
}
