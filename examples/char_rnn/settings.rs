//! The command line, and the settings that determine a run.

use std::path::PathBuf;

use clap::Args;
use layers::{CellKind, ParameterSet, Segments};
use serde::{Deserialize, Serialize};
use train::TextModel;
use train::program::{
    Draw, Outcome, Save, Settings, Threads, at_least_one, positive, probability, up_to,
};

#[derive(Args)]
pub struct TrainArgs {
    /// Files or directories of text; the sources of this workspace's libraries if none are given
    #[arg(long, num_args = 1..)]
    pub text: Vec<PathBuf>,
    /// Extensions of the files to read in directories, such as c,h
    #[arg(long, value_delimiter = ',')]
    pub ext: Vec<String>,
    #[command(flatten)]
    pub settings: Settings<RunSettings>,
    /// Passes over the text
    #[arg(long, default_value_t = 12, value_parser = at_least_one::<u64>)]
    pub epochs: u64,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub save: Save,
    /// Saved model to go on from, with its settings, up to --epochs
    #[arg(long)]
    pub resume: Option<PathBuf>,
}

/// What a run is determined by, together with its text.
#[derive(Args, Clone, Serialize, Deserialize)]
pub struct RunSettings {
    /// Read and write words, and not characters
    #[arg(long)]
    #[serde(default)]
    pub words: bool,
    /// Recurrent layer: rnn, lstm or gru
    #[arg(long, default_value = "lstm", value_parser = cell)]
    pub cell: String,
    /// Units of a layer
    #[arg(long, default_value_t = 128, value_parser = at_least_one::<usize>)]
    pub hidden: usize,
    /// Recurrent layers
    #[arg(long, default_value_t = 1, value_parser = up_to(1000))]
    pub layers: usize,
    /// Streams of text read side by side
    #[arg(long, default_value_t = 32, value_parser = at_least_one::<usize>)]
    pub batch: usize,
    /// Parts that the streams are cut in, to be computed side by side
    #[arg(long, default_value_t = 2, value_parser = at_least_one::<usize>)]
    pub parts: usize,
    /// Steps that gradients go back in time
    #[arg(long, default_value_t = 50, value_parser = at_least_one::<usize>)]
    pub steps: usize,
    /// Steps of a segment that is computed again on the way back: less memory where --steps is
    /// large, for more time
    #[arg(long, value_parser = at_least_one::<usize>, conflicts_with = "dropout")]
    pub recompute: Option<usize>,
    /// Megabytes for what grows with --steps, in each part: segments are chosen so that these do, for the
    /// least more time
    #[arg(long, value_parser = at_least_one::<usize>, conflicts_with_all = ["dropout", "recompute"])]
    #[serde(default)]
    pub memory: Option<usize>,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 2e-3, allow_negative_numbers = true, value_parser = positive)]
    pub lr: f64,
    /// Epochs over which the learning rate falls to a twentieth, along half a cosine; it stays
    /// what it is if this is not given
    #[arg(long, value_parser = at_least_one::<u64>)]
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
#[command(arg_required_else_help = true)]
pub struct SampleArgs {
    /// Saved model
    #[arg(long)]
    pub load: PathBuf,
    /// Text to go on from; a new line if none is given, or where the model has seen none, its first character
    #[arg(long)]
    pub prime: Option<String>,
    /// Characters, or words, to write
    #[arg(long, default_value_t = 500, value_parser = up_to(1_000_000_000))]
    pub length: usize,
    #[command(flatten)]
    pub draw: Draw,
    /// Rounds weights to bf16, which makes a large model write twice as fast
    #[arg(long)]
    pub bf16: bool,
    /// Seed of the choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Of so many megabytes.
fn bytes(megabytes: usize) -> usize {
    megabytes.saturating_mul(1_000_000)
}

fn cell(name: &str) -> Result<String, layers::UnknownCell> {
    Ok(name.parse::<CellKind>()?.to_string())
}

impl RunSettings {
    /// What is recomputed, if anything.
    pub fn segments(&self) -> Option<Segments> {
        let memory = self
            .memory
            .map(|megabytes| Segments::memory(bytes(megabytes)));
        memory.or(self.recompute.map(Segments::from))
    }

    /// That --memory is enough for a part of a mini-batch, the largest one.
    pub fn check_memory(&self, model: &TextModel, set: &ParameterSet) -> Outcome {
        let Some(megabytes) = self.memory else {
            return Ok(());
        };
        let (steps, texts) = (self.steps, self.batch.div_ceil(self.parts));
        let least = model.network.least_memory(set, texts, steps);
        if least > bytes(megabytes) {
            let least = least.div_ceil(bytes(1));
            return Err(format!(
                "--memory {megabytes}: {texts} texts of {steps} steps take at least {least} megabytes"
            )
            .into());
        }
        Ok(())
    }

    /// What a symbol is.
    pub fn unit(&self) -> &'static str {
        if self.words { "word" } else { "character" }
    }
}
