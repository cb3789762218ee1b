//! A training run.

use clap::Args;
use serde_json::json;
use train::prelude::*;
use train::program::{Outcome, Save, at_least_one, interrupted, note, positive, up_to};

use crate::network::Sample;
use crate::pairs::Parts;
use crate::translator::{KEY, Translator};

/// Mini-batches that are sorted by length together, and the parts that each is cut in for threads.
const WINDOW: usize = 20;
const PARTS: usize = 2;
/// The largest norm of a gradient.
const CLIP: f64 = 1.0;
/// What the learning rate ends at, as a part of what it begins with.
const LAST_RATE: f64 = 0.05;

/// How it learns.
#[derive(Args, Clone, Debug)]
pub struct Learning {
    /// Words that the training sentences have less often are unknown
    #[arg(long, default_value_t = 1, value_parser = up_to(1_000_000))]
    pub floor: usize,
    /// Passes over the pairs
    #[arg(long, default_value_t = 20, value_parser = at_least_one::<u64>)]
    pub epochs: u64,
    /// Pairs of a mini-batch
    #[arg(long, default_value_t = 32, value_parser = up_to(10_000))]
    pub batch: usize,
    /// Learning rate of Adam, from where it falls along a cosine
    #[arg(long, default_value_t = 5e-3, allow_negative_numbers = true, value_parser = positive)]
    pub lr: f64,
}

/// Learns from the training pairs, and tells after each epoch how probable it finds the others. What the last epoch
/// leaves is what is kept.
pub fn train(
    translator: Translator,
    parts: &Parts,
    learning: &Learning,
    save: &Save,
    seed: u64,
) -> Outcome<(Translator, History)> {
    let [training, validation] = [&parts.training, &parts.validation];
    let [training, validation] = [
        translator.samples(training)?,
        translator.samples(validation)?,
    ];
    let batches = |samples| {
        Samples::new(samples, learning.batch)
            .sorted_by_length(WINDOW, |sample: &&Sample| sample.target.len())
            .weighed_by(|sample: &&Sample| sample.target.len())
            .in_parts(PARTS)
    };
    let steps = learning.epochs * training.len().div_ceil(learning.batch) as u64;
    let mut trainer = Trainer::new(translator.parameters, Adam::new(learning.lr)).clip(CLIP);
    let fit = Fit::new(learning.epochs)
        .seed(seed)
        .schedule(Schedule::cosine(steps, LAST_RATE))
        .stop_when(interrupted()?)
        .metadata(KEY, json!(translator.known))
        .describe(line);
    let mut fit = save.of(fit);
    let ended = fit.run_and_validate(
        &mut trainer,
        &mut batches(&training[..]).shuffled(seed),
        &mut batches(&validation[..]),
        |p, batch, _| translator.network.loss(p, batch),
    )?;
    if ended == Ended::Stopped {
        note("stopped; what is learned so far translates");
    }
    let translator = Translator {
        parameters: trainer.into_parameters(),
        ..translator
    };
    Ok((translator, fit.history().clone()))
}

fn line(report: &EpochReport) -> String {
    let [training, validation] = [&report.training, report.scores()];
    format!(
        "epoch {:2}: learned {:.3} nats a word; validation {:.3} (perplexity {:.2}); {:.1} s",
        report.epoch,
        training.loss,
        validation.loss,
        validation.perplexity(),
        report.seconds
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::numbers;
    use crate::settings::Cli;

    #[test]
    fn numbers_are_learned_and_a_seed_learns_the_same_again() {
        let parts = numbers::parts(300, 1);
        let flags =
            "translate --epochs 8 --features 12 --hidden 10 --batch 8 --lr 0.01 --dropout 0.1";
        let cli = Cli::parse_from(flags.split(' '));
        let learned = |seed| {
            let new = Translator::new(&cli.sizes, &parts.training, cli.learning.floor, seed);
            train(new, &parts, &cli.learning, &cli.save, seed).expect("learned")
        };
        let (translator, history) = learned(1);
        let loss = |epoch: usize| history.epochs[epoch].scores().loss;
        let untrained = (translator.known.words()[1].len() as f64).ln();
        assert!(
            loss(0) < untrained && loss(7) < 0.8 * loss(0),
            "{history:?}"
        );
        let (again, other) = (learned(1).0, learned(2).0);
        let translated = |translator: &Translator| {
            let translated = translator.translate("4 7 1", Beam::default());
            translated.expect("finite").attention
        };
        assert_eq!(translated(&translator), translated(&again));
        assert_ne!(translated(&translator), translated(&other));
    }
}
