//! What a model is determined by, together with its reviews and its seed.

use clap::Args;
use serde::{Deserialize, Serialize};
use train::program::{at_least_one, positive, probability, up_to};

/// How the networks are made and trained.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReaderSettings {
    /// Networks that judge together; they differ by the seed
    #[arg(long, default_value_t = 2, value_parser = up_to(100))]
    pub networks: usize,
    /// Features of a word's vector
    #[arg(long, default_value_t = 64, value_parser = up_to(10_000))]
    pub features: usize,
    /// Units of the recurrent layer, in each direction
    #[arg(long, default_value_t = 48, value_parser = up_to(10_000))]
    pub hidden: usize,
    /// Probability that an element of what is read or found is dropped in training
    #[arg(long, default_value_t = 0.65, allow_negative_numbers = true, value_parser = probability)]
    pub dropout: f64,
    /// Probability that a word is unknown in training
    #[arg(long, default_value_t = 0.15, allow_negative_numbers = true, value_parser = probability)]
    pub unknown: f64,
    /// What a log-count ratio of 1 adds to the elements of a word's vector at the start; 0: what is counted does not
    /// tell the networks anything
    #[arg(long, default_value_t = 0.1, allow_negative_numbers = true, value_parser = probability)]
    pub log_counts: f64,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 3e-3, allow_negative_numbers = true, value_parser = positive)]
    pub lr: f64,
    /// Passes over the reviews at most: it stops when those held out for that are no longer judged better
    #[arg(long, default_value_t = 12, value_parser = at_least_one::<u64>)]
    pub epochs: u64,
}

/// What they are if no flag is given.
#[cfg(test)]
impl Default for ReaderSettings {
    fn default() -> Self {
        let command = ReaderSettings::augment_args(clap::Command::new("sentiment"));
        <ReaderSettings as clap::FromArgMatches>::from_arg_matches(
            &command.get_matches_from(["sentiment"]),
        )
        .expect("the defaults")
    }
}
