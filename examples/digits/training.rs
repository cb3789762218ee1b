//! A training run.

use sound::Recording;
use train::prelude::*;
use train::program::{Outcome, Save, interrupted, note};

use crate::features::Sample;
use crate::phrases;
use crate::recogniser::{KEY, Recogniser, loss};
use crate::settings::Learning;

/// Phrases of a mini-batch, and the parts it is cut in for threads.
const BATCH: usize = 16;
const PARTS: usize = 2;
/// Digits of a phrase, on average.
const DIGITS: usize = 3;
const CLIP: f64 = 5.0;
/// What the learning rate ends at, as a part of what it begins with.
const LAST_RATE: f64 = 0.05;

/// A recogniser that has learned from these recordings: other phrases in each epoch, of the same voices.
pub fn train(
    recordings: &[Recording],
    learning: &Learning,
    save: &Save,
    seed: u64,
) -> Outcome<Recogniser> {
    let sizes = learning.sizes();
    let Recogniser { layers, parameters } = Recogniser::new(sizes, seed);
    let mut trainer = Trainer::new(parameters, Adam::new(learning.lr)).clip(CLIP);
    let rounds = learning.digits.div_ceil(recordings.len());
    let steps = learning.epochs * (rounds * recordings.len()).div_ceil(DIGITS * BATCH) as u64;
    let fit = Fit::new(0)
        .seed(seed)
        .schedule(Schedule::cosine(steps, LAST_RATE))
        .stop_when(interrupted()?)
        .metadata(KEY, serde_json::to_value(sizes)?)
        .describe(line);
    let mut fit = save.of(fit);
    for epoch in 1..=learning.epochs {
        let samples =
            phrases::samples(recordings, rounds, learning.changes(), (seed << 32) + epoch);
        let mut batches = Samples::new(&samples[..], BATCH)
            .shuffled(seed)
            .sorted_by_length(4, |sample: &&Sample| sample.x.row_count())
            .in_parts(PARTS);
        fit.set_epochs(epoch);
        let ended = fit.run(&mut trainer, &mut batches, |p, batch, measures| {
            loss(&layers, p, batch, measures)
        })?;
        if ended == Ended::Stopped {
            note(format_args!(
                "stopped in epoch {epoch}; what is learned so far is judged"
            ));
            break;
        }
    }
    let parameters = trainer.into_parameters();
    Ok(Recogniser { layers, parameters })
}

fn line(report: &EpochReport) -> String {
    let measures = &report.training.measures;
    format!(
        "epoch {:2}: {:.3} nats a digit, {:5.1} % of digits wrong, {:.1} s",
        report.epoch,
        report.training.loss,
        100.0 * measures.get("digit error").unwrap_or(f64::NAN),
        report.seconds
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use sound::Sound;

    use super::*;
    use crate::features::RATE;
    use crate::settings::Cli;

    /// A digit of this world is a tone.
    fn recording(i: usize) -> Recording {
        let (digit, index) = (i % 3, i / 3);
        let pitch = [0.2, 0.6, 1.6][digit];
        let sample = |n: usize| 0.3 * (pitch * n as f32).sin();
        Recording {
            digit,
            speaker: "a flute".into(),
            index,
            sound: Sound {
                rate: RATE,
                samples: (0..900 + 100 * index).map(sample).collect(),
            },
        }
    }

    #[test]
    fn tones_are_learned() {
        let recordings: Vec<_> = (0..12).map(recording).collect();
        let flags = "digits --epochs 9 --digits 700 --hidden 12 --lr 0.03 --dropout 0 --speed 0.05";
        let cli = Cli::parse_from(flags.split(' '));
        let samples = phrases::samples(&recordings, 2, None, 99);
        let learned = train(&recordings, &cli.learning, &cli.save, 1).unwrap();
        let judged = learned.judge(&samples);
        assert!(judged.labelling.rate() < 0.3, "{judged:?}");
        let untrained = Recogniser::new(cli.learning.sizes(), 1).judge(&samples);
        assert!(untrained.labelling.rate() > 0.7, "{untrained:?}");
    }

    #[test]
    fn a_seed_learns_the_same_again() {
        let recordings: Vec<_> = (0..6).map(recording).collect();
        let cli = Cli::parse_from("digits --epochs 2 --digits 60 --hidden 4".split(' '));
        let learned = |seed| train(&recordings, &cli.learning, &cli.save, seed).unwrap();
        let beliefs = |seed| learned(seed).beliefs(&recordings[0].sound);
        assert_eq!(beliefs(1), beliefs(1));
        assert_ne!(beliefs(1), beliefs(2));
    }
}
