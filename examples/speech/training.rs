//! A training run, by backpropagation through time that is truncated: the recordings, one after another in an order
//! that changes with every epoch, are read in streams, a window at a time; gradients go back to the beginning of a
//! window, and the states go on into the next one.

use rand::seq::SliceRandom;
use train::prelude::*;
use train::program::{Outcome, Save, interrupted, note};

use crate::corpus::{Corpus, Place, Utterance, places};
use crate::settings::Learning;
use crate::speaker::{KEY, Speaker, saved};
use crate::voice::Voice;

/// Streams that are read side by side, their parts, and the frames of a window: 64 ms.
const STREAMS: usize = 8;
const PARTS: usize = 2;
const STEPS: usize = 16;
const CLIP: f64 = 1.0;
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
        Ok(Streams::new(windows, PARTS, |count| voice.zeros(count)))
    }
}

/// A speaker that has learned from these recordings. How well the test part is foreseen is shown after each epoch, and
/// has no say.
pub fn train(
    corpus: &Corpus,
    learning: &Learning,
    save: &Save,
    seed: u64,
) -> Outcome<(Speaker, History)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let Speaker {
        voice,
        mut parameters,
        names,
    } = Speaker::new(learning.hidden, learning.width, corpus.speakers.clone(), &mut rng);
    voice.begin_with(&mut parameters, &crate::baseline::baselines(&corpus.training)[0].predictor.coefficients);
    let text = Text::of(corpus.training.iter().chain(&corpus.test));
    let (mut order, held_out): (Vec<_>, Vec<_>) =
        (0..text.starts.len() - 1).partition(|&i| i < corpus.training.len());
    let mut held_out = text.streams(&held_out, &voice)?;
    let steps = text.streams(&order, &voice)?.windows().len() as u64;
    let mut trainer = Trainer::new(parameters, Adam::new(learning.lr)).clip(CLIP);
    let fit = Fit::new(0)
        .seed(seed)
        .schedule(Schedule::cosine(learning.epochs.saturating_mul(steps), LAST_RATE))
        .average(0.99)
        .stop_when(interrupted()?)
        .metadata(KEY, saved(&voice, &names))
        .describe(line);
    let mut fit = save.of(fit);
    for epoch in 1..=learning.epochs {
        order.shuffle(&mut rng);
        let mut streams = text.streams(&order, &voice)?;
        fit.set_epochs(epoch);
        let ended = fit.run_and_validate(
            &mut trainer,
            &mut streams,
            &mut held_out,
            |p, stretch, measures| {
                let places: Vec<_> = stretch.inputs.iter().map(|&i| text.places[i]).collect();
                let (loss, after) = voice.loss(p, &places, &stretch.carried, measures);
                Carried::store_all(&mut stretch.carried, &after);
                loss
            },
        )?;
        if ended == Ended::Stopped {
            note(format_args!(
                "stopped in epoch {epoch}; what is learned so far is judged"
            ));
            break;
        }
    }
    let history = fit.history().clone();
    let speaker = Speaker {
        voice,
        parameters: fit.averages().expect("averages").clone(),
        names,
    };
    Ok((speaker, history))
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
