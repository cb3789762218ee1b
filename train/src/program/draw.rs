//! [`Draw`]: the flags `--temperature`, `--top-k` and `--top-p`.

use clap::Args;
use layers::Sampling;

use super::{at_least_one, positive, share};

/// How what is written is drawn.
#[derive(Args, Clone, Debug)]
pub struct Draw {
    /// Below 1 more cautious, above 1 more daring
    #[arg(long, default_value_t = 0.8, allow_negative_numbers = true, value_parser = positive)]
    pub temperature: f64,
    /// Choose among so many of the likeliest symbols only
    #[arg(long, value_parser = at_least_one::<usize>)]
    pub top_k: Option<usize>,
    /// Choose among the likeliest symbols that have this probability together only
    #[arg(long, allow_negative_numbers = true, value_parser = share)]
    pub top_p: Option<f64>,
}

impl Draw {
    /// The same for [`Sampling::draw`].
    pub fn sampling(&self) -> Sampling {
        Sampling {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
        }
    }
}
