//! In step: at each step of an ECG, is it in a beat, and in which?
//!
//! h_t = [→h_t, ←h_t] of a recurrent layer in both directions, y_t = softmax(V h_t + d). Nothing is computed by hand:
//! that a beat comes early is for the layer to see, from the distance to those before and after it.

use std::ops::Range;

use clap::Args;
use rayon::prelude::*;
use train::prelude::*;
use train::program::{Outcome, at_least_one, note, up_to};

use crate::ecg::{Ecg, PREMATURE};

/// How the network is made and trained.
#[derive(Args, Clone, Debug)]
pub struct StepSettings {
    /// Blocks of time: each is judged by a model that has learned from the others
    #[arg(long, default_value_t = 5, value_parser = up_to(1000))]
    pub blocks: usize,
    /// Units of the layer that reads steps, in each direction
    #[arg(long, default_value_t = 24, value_parser = up_to(4096))]
    pub step_units: usize,
    /// Passes over the windows that are learned from
    #[arg(long, default_value_t = 30, value_parser = at_least_one::<u64>)]
    pub step_epochs: u64,
    /// Windows for each premature beat, beside those at regular distances
    #[arg(long, default_value_t = 12)]
    pub copies: usize,
}

/// Seconds of a window that is learned from.
const WINDOW: f64 = 4.0;
/// Seconds around a beat's annotation whose steps are those of the beat.
const REACH: f64 = 0.06;
/// Seconds on either side of a block that are learned from by nobody: a beat at its border is in none of them.
const GUARD: f64 = 1.0;
/// Windows of a mini-batch.
const BATCH: usize = 16;

/// That there are blocks, and each is long enough.
///
/// # Errors
/// If not.
pub fn check(ecg: &Ecg, settings: &StepSettings) -> Outcome {
    let (steps, blocks, least) = (ecg.steps(), settings.blocks, WINDOW + GUARD);
    if blocks >= 2 && steps / blocks >= ecg.seconds(least) {
        return Ok(());
    }
    let seconds = steps as f64 / ecg.rate;
    Err(format!(
        "--blocks {blocks}: expected 2 blocks or more, each of {least} s or more, and there are {seconds:.0} s"
    )
    .into())
}

/// p_t of each step, by a model that has not learned from the block that it is in.
///
/// # Errors
/// If the ECG is too short for the blocks, or a loss is not finite.
pub fn learn(ecg: &Ecg, settings: &StepSettings, seed: u64) -> Outcome<Vec<[f32; 3]>> {
    check(ecg, settings)?;
    let (steps, blocks) = (ecg.steps(), settings.blocks);
    let block = |i: usize| {
        let block = i * steps / blocks..(i + 1) * steps / blocks;
        judge(ecg, settings, seed, i, block)
    };
    let judged = (0..blocks)
        .into_par_iter()
        .map(block)
        .collect::<Outcome<Vec<_>>>()?;
    Ok(judged.concat())
}

/// Learns from all that is outside of a block, and judges it.
fn judge(
    ecg: &Ecg,
    settings: &StepSettings,
    seed: u64,
    number: usize,
    block: Range<usize>,
) -> Outcome<Vec<[f32; 3]>> {
    let others = others(ecg, &block);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let windows = windows(ecg, &others, settings.copies, &mut rng);

    let mut model = Sequential::new(ecg.x.col_count())
        .seed(seed)
        .bidirectional_lstm(settings.step_units)
        .dense(3)
        .classifier(Adam::new(1e-2));
    model.trainer().set_clip(Some(1.0));
    let minibatches = settings.step_epochs * windows.len().div_ceil(BATCH) as u64;
    let mut fit = Fit::new(settings.step_epochs)
        .silent()
        .seed(seed)
        .schedule(Schedule::cosine(minibatches, 0.02));
    model.fit_with(&mut fit, BATCH, &windows, &[])?;
    let loss = fit
        .history()
        .epochs
        .last()
        .map_or(f64::NAN, |epoch| epoch.training.loss);
    note(format_args!(
        "block {}: {} windows learned from, loss {loss:.4}",
        number + 1,
        windows.len()
    ));
    probabilities(&model, ecg, block)
}

/// What is before a block and what is behind it.
fn others(ecg: &Ecg, block: &Range<usize>) -> [Range<usize>; 2] {
    let guard = ecg.seconds(GUARD);
    let before = 0..block.start.saturating_sub(guard);
    [before, block.end + guard..ecg.steps()]
}

/// A window with the class of each of its steps.
type Window = (Matrix<f32>, Vec<usize>);

/// Windows that overlap by half, and some more around each premature beat, as there are few: at places drawn, so that
/// none is at the same place in all.
fn windows(ecg: &Ecg, parts: &[Range<usize>], copies: usize, rng: &mut ChaCha8Rng) -> Vec<Window> {
    let (length, classes) = (ecg.seconds(WINDOW), ecg.classes(REACH));
    let window = |start: usize| {
        (
            ecg.part(start, start + length),
            classes[start..start + length].to_vec(),
        )
    };
    let mut windows = Vec::new();
    for part in parts.iter().filter(|part| part.len() >= length) {
        let last = part.end - length;
        windows.extend((part.start..=last).step_by(length / 2).map(window));
        for beat in ecg.beats.iter().filter(|beat| beat.class == PREMATURE) {
            if part.contains(&(beat.step as usize)) {
                let place = |rng: &mut ChaCha8Rng| rng.random_range(length / 4..3 * length / 4);
                let start = |rng: &mut ChaCha8Rng| {
                    (beat.step as usize)
                        .saturating_sub(place(rng))
                        .clamp(part.start, last)
                };
                windows.extend((0..copies).map(|_| window(start(rng))));
            }
        }
    }
    windows
}

/// p_t of the steps of a block, read in windows like those that were learned from, of which the middle half counts.
/// What is read reaches into the blocks beside it: what has been learned there are other beats.
fn probabilities(model: &Classifier, ecg: &Ecg, block: Range<usize>) -> Outcome<Vec<[f32; 3]>> {
    let (half, quarter) = (ecg.seconds(WINDOW) / 2, ecg.seconds(WINDOW) / 4);
    let starts: Vec<_> = block.clone().step_by(half).collect();
    let from = |start: usize| start.saturating_sub(quarter);
    let read = |&start: &usize| ecg.part(from(start), (start + half + quarter).min(ecg.steps()));
    let mut p = Vec::with_capacity(block.len());
    for starts in starts.chunks(BATCH) {
        let windows: Vec<_> = starts.iter().map(read).collect();
        for (&start, rows) in starts.iter().zip(model.probabilities(&windows)?) {
            let kept = start..(start + half).min(block.end);
            p.extend(kept.map(|t| [0, 1, 2].map(|class| rows[(t - from(start), class)])));
        }
    }
    Ok(p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecg::{NORMAL, tests::counting};

    const SETTINGS: StepSettings = StepSettings {
        blocks: 3,
        step_units: 2,
        step_epochs: 1,
        copies: 5,
    };

    /// Each step's number is what is read there, so a window tells where it is from.
    #[test]
    fn nothing_of_a_block_is_learned_from() {
        let beats: Vec<_> = (0..30)
            .map(|i| (i as f64 * 10.0, 1 + usize::from(i % 4 == 0)))
            .collect();
        let ecg = counting(300, 10.0, &beats);
        let classes = ecg.classes(REACH);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let windows = windows(&ecg, &others(&ecg, &(100..200)), SETTINGS.copies, &mut rng);
        // At each half of 4 s in 0..90 and 210..300, and 5 for each of the beats at 0, 40, 80, 240 and 280.
        assert_eq!(windows.len(), 3 + 3 + 25);
        for (x, targets) in &windows {
            let steps: Vec<_> = x.data().iter().map(|&t| t as usize).collect();
            assert_eq!(steps.len(), 40);
            assert!(steps.iter().all(|t| !(90..210).contains(t)), "{steps:?}");
            assert!(
                steps
                    .iter()
                    .zip(targets)
                    .all(|(&t, &class)| class == classes[t])
            );
        }
    }

    #[test]
    fn each_step_is_judged_once() {
        for steps in [150, 201, 299] {
            let beats: Vec<_> = (0..steps / 10).map(|i| (i as f64 * 10.0, NORMAL)).collect();
            let p = learn(&counting(steps, 10.0, &beats), &SETTINGS, 1).expect("probabilities");
            assert_eq!(p.len(), steps);
            assert!(p.iter().all(|p| (p.iter().sum::<f32>() - 1.0).abs() < 1e-4));
        }
    }

    #[test]
    fn blocks_that_are_too_short_are_refused() {
        let ecg = counting(149, 10.0, &[(3.0, NORMAL)]);
        let refused = learn(&ecg, &SETTINGS, 1).expect_err("refused").to_string();
        assert_eq!(
            refused,
            "--blocks 3: expected 2 blocks or more, each of 5 s or more, and there are 15 s"
        );
    }
}
