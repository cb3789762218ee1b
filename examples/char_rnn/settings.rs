//! The command line, and the settings that determine a run.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::RangedU64ValueParser;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use layers::CellKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use train::Replace;

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
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..))]
    pub epochs: u64,
    /// Threads to compute with; the results do not depend on it
    #[arg(long, value_parser = up_to(4096))]
    pub threads: Option<usize>,
    /// File to save the model to, after each epoch; what is there is replaced if it is a saved model
    #[arg(long)]
    pub save: Option<PathBuf>,
    /// Replaces any file with --save
    #[arg(long, requires = "save")]
    pub force: bool,
    /// Saved model to go on from, with its settings, up to --epochs
    #[arg(long)]
    pub resume: Option<PathBuf>,
    /// The settings that were given, and not left as they are by default.
    #[arg(skip)]
    pub given: Vec<String>,
}

/// What a run is determined by, together with its text.
#[derive(Args, Clone, Serialize, Deserialize)]
pub struct Settings {
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
    /// Below 1 more cautious, above 1 more daring
    #[arg(long, default_value_t = 0.8, allow_negative_numbers = true, value_parser = positive)]
    pub temperature: f64,
    /// Choose among so many of the likeliest characters only
    #[arg(long, value_parser = at_least_one::<usize>)]
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

fn up_to(most: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=most)
}

fn at_least_one<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    let number = text.parse().ok().filter(|n| *n > N::from(0));
    number.ok_or("expected a whole number above 0".into())
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

impl Cli {
    /// What the program was called with.
    pub fn read() -> Result<Self, clap::Error> {
        let matches = Cli::command().try_get_matches()?;
        let mut cli = Cli::from_arg_matches(&matches)?;
        let settings = cli.train.settings.by_name();
        let given = |name: &&String| {
            let is_argument = matches.try_contains_id(name).is_ok();
            is_argument && matches.value_source(name) == Some(ValueSource::CommandLine)
        };
        cli.train.given = settings.keys().filter(given).cloned().collect();
        Ok(cli)
    }
}

impl TrainArgs {
    /// Which files --save may replace.
    pub fn replaced(&self) -> Replace {
        if self.force {
            Replace::AnyFile
        } else {
            Replace::Checkpoint
        }
    }

    /// A line for each setting that was given, and is another in the saved model.
    pub fn overruled(&self, saved: &Settings) -> Vec<String> {
        let (ours, saved) = (self.settings.by_name(), saved.by_name());
        let differing = self.given.iter().filter(|name| ours[*name] != saved[*name]);
        let line = |name: &String| match &saved[name] {
            Value::Null => format!("--{name} has no effect: the saved model goes on without"),
            value => format!("--{name} has no effect: the saved model goes on with {value}"),
        };
        differing.map(line).collect()
    }
}

impl Settings {
    fn by_name(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(settings)) => settings,
            _ => Map::new(),
        }
    }

    /// That the settings could have been given as arguments. Those of a file may be anything.
    pub fn check(&self) -> Result<(), String> {
        let argument = |(name, value): (&String, &Value)| match value {
            Value::Null | Value::Bool(false) => None,
            Value::Bool(true) => Some(format!("--{name}")),
            Value::String(text) => Some(format!("--{name}={text}")),
            value => Some(format!("--{name}={value}")),
        };
        let defaults = Cli::parse_from(["char_rnn"]).train.settings.by_name();
        let settings = self.by_name();
        let given = settings
            .iter()
            .filter(|(name, value)| defaults[*name] != **value);
        let program = [String::from("char_rnn")].into_iter();
        let parsed = Cli::try_parse_from(program.chain(given.filter_map(argument)));
        parsed.map(drop).map_err(|e| {
            e.to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .replacen("error: ", "", 1)
        })
    }
}
