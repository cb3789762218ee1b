//! A training run, by truncated backpropagation through time: the recordings, one after another in an order that changes
//! with every epoch, are read in streams, a window at a time. Gradients go back to the beginning of a window, and the
//! states go on into the next one; only where a recording begins, they begin again.

use rand::seq::SliceRandom;
use train::prelude::*;
use train::program::{Outcome, interrupted, note};

use crate::corpus::{Corpus, Place, Utterance, places};
use crate::settings::Learning;
use crate::speaker::Speaker;
use crate::voice::{Sizes, Voice};

/// Streams that are read side by side, their parts, and the frames of a window: 80 ms.
const STREAMS: usize = 4;
const PARTS: usize = 2;
const STEPS: usize = 16;
const CLIP: f64 = 1.0;
/// How much of the averages of the parameters a step leaves: what is learned are they.
const AVERAGE: f64 = 0.99;
/// What the learning rate ends at, as a part of what it begins with.
const LAST_RATE: f64 = 0.05;

/// Utterances as a text, whose symbols are the numbers of places.
struct Text<'a> {
    places: Vec<Place<'a>>,
    /// The first place of each utterance, and the end.
    starts: Vec<usize>,
}

impl<'a> Text<'a> {
    fn of(utterances: impl Iterator<Item = &'a Utterance>) -> Self {
        let (mut all, mut starts) = (Vec::new(), vec![0]);
        for utterance in utterances {
            all.extend(places(utterance));
            starts.push(all.len());
        }
        Text {
            places: all,
            starts,
        }
    }

    /// In that order of the utterances.
    fn streams(&self, order: &[usize], voice: &Voice) -> Outcome<Streams> {
        let text: Vec<_> = order
            .iter()
            .flat_map(|&i| self.starts[i]..self.starts[i + 1])
            .collect();
        let streams = (text.len() / STEPS / 2).clamp(1, STREAMS);
        let windows = Windows::new(text, streams, STEPS).map_err(|e| format!("--data: {e}"))?;
        Ok(Streams::new(windows, PARTS, |count| {
            voice.upper.zeros(count)
        }))
    }

    /// Of a stretch, whose states go on.
    fn loss<'t>(
        &self,
        voice: &Voice,
        p: &Bound<'t>,
        stretch: &mut Stretch,
        measures: &mut Measures,
    ) -> Var<'t> {
        let places: Vec<_> = stretch.inputs.iter().map(|&i| self.places[i]).collect();
        let (loss, after) = voice.loss(p, &places, &stretch.carried, measures);
        Carried::store_all(&mut stretch.carried, &after);
        loss
    }
}

/// A speaker that has learned from these recordings, with a predictor that begins with these coefficients. How well
/// the test part is foreseen is shown after each epoch, and has no say.
pub fn train(
    corpus: &Corpus,
    coefficients: &[f64],
    learning: &Learning,
    seed: u64,
) -> Outcome<(Speaker, History)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let sizes = Sizes {
        speakers: corpus.speakers.len(),
        hidden: learning.hidden,
        width: learning.width,
    };
    let speaker = Speaker::new(sizes, corpus.speakers.clone(), coefficients, &mut rng);
    let Speaker {
        voice,
        parameters,
        names,
    } = speaker;
    let text = Text::of(corpus.training.iter().chain(&corpus.test));
    let (mut order, held_out): (Vec<_>, Vec<_>) =
        (0..text.starts.len() - 1).partition(|&i| i < corpus.training.len());
    let mut held_out = text.streams(&held_out, &voice)?;
    let steps = text.streams(&order, &voice)?.windows().len() as u64;
    let mut trainer = Trainer::new(parameters, Adam::new(learning.lr)).clip(CLIP);
    let mut fit = Fit::new(0)
        .seed(seed)
        .schedule(Schedule::cosine(
            learning.epochs.saturating_mul(steps),
            LAST_RATE,
        ))
        .average(AVERAGE)
        .stop_when(interrupted()?)
        .describe(line);
    for epoch in 1..=learning.epochs {
        order.shuffle(&mut rng);
        let mut streams = text.streams(&order, &voice)?;
        fit.set_epochs(epoch);
        let ended = fit.run_and_validate(
            &mut trainer,
            &mut streams,
            &mut held_out,
            |p, stretch, measures| text.loss(&voice, p, stretch, measures),
        )?;
        if ended == Ended::Stopped {
            note(format_args!(
                "stopped in epoch {epoch}; what is learned so far is judged"
            ));
            break;
        }
    }
    let parameters = fit.averages().unwrap_or(trainer.parameters()).clone();
    let speaker = Speaker {
        voice,
        parameters,
        names,
    };
    Ok((speaker, fit.history().clone()))
}

fn line(report: &EpochReport) -> String {
    let bits = |scores: &Scores| scores.measures.get("bits").unwrap_or(f64::NAN);
    format!(
        "epoch {:2}: {:.3} bits per sample, {:.3} of recordings held out, {:.1} s",
        report.epoch,
        bits(&report.training),
        bits(report.scores()),
        report.seconds
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::baseline::histogram_bits;
    use crate::corpus::tests::tones;
    use crate::predictor::LinearPredictor;
    use crate::settings::Cli;

    fn corpus() -> Corpus {
        Corpus {
            speakers: vec!["a flute".into(), "a horn".into()],
            training: tones(12),
            test: tones(6),
        }
    }

    fn learned(flags: &str, seed: u64) -> Speaker {
        let flags = format!("speech --hidden 16 --width 12 {flags}");
        let learning = Cli::parse_from(flags.split_whitespace()).learning;
        let corpus = corpus();
        let LinearPredictor { coefficients } = LinearPredictor::of(&corpus.training);
        let trained = train(&corpus, &coefficients, &learning, seed);
        trained.expect("learned").0
    }

    /// They differ in length by digit, and in pitch by digit and speaker.
    #[test]
    fn tones_are_learned() {
        let speaker = learned("--epochs 40 --lr 0.01", 1);
        let corpus = corpus();
        let (bits, histogram) = (
            speaker.bits(&corpus.test),
            histogram_bits(&corpus.training, &corpus.test),
        );
        assert!(bits < 0.6 * histogram, "{bits} {histogram}");
        let untrained = learned("--epochs 1 --lr 1e-9", 1).bits(&corpus.test);
        assert!(bits < untrained - 0.4, "{bits} {untrained}");
    }

    #[test]
    fn a_seed_learns_the_same_again() {
        let bits = |seed| learned("--epochs 2", seed).bits(&tones(1));
        assert_eq!(bits(1), bits(1));
        assert_ne!(bits(1), bits(2));
    }

    #[test]
    fn a_text_has_every_place_once_in_the_order_that_is_asked() {
        let tones = tones(3);
        let text = Text::of(tones.iter());
        let places: usize = tones.iter().map(|tone| tone.frames() + 1).sum();
        assert_eq!((text.places.len(), text.starts.len()), (places, 4));
        let voice = learned("--epochs 1", 1).voice;
        let mut streams = text.streams(&[2, 0, 1], &voice).expect("streams");
        Source::<f32>::begin(&mut streams, 1);
        let read = &Source::<f32>::parts(&mut streams, 0)[0].inputs;
        assert_eq!(read[0], text.starts[2]);
    }
}
